/*
 * `nudgectl customer import`: what `export` gave becomes part of what is known, as when two keys
 * prove to be one person's: nothing older goes over something newer, and a no stays. Messages never
 * come along, and nobody comes back who was erased since, unless that is said.
 */
#ifndef NUDGED_CTL_SUBJECT_IMPORT_H
#define NUDGED_CTL_SUBJECT_IMPORT_H

#include <stdbool.h>

#include "config/generation.h"
#include "ctl/shards.h"

struct subject_import {
    struct context *context;
    const struct shards *shards;
    struct generation *generation;
    bool journeys;      /* what runs goes on here */
    bool after_erasure; /* who was erased since comes back */
};

enum subject_import_outcome {
    SUBJECT_IMPORT_DONE,
    SUBJECT_IMPORT_THERE, /* it is part of what is known already */
    SUBJECT_IMPORT_ERASED,
    SUBJECT_IMPORT_FAILED, /* `diag` */
    SUBJECT_IMPORT_OUTCOMES
};

struct subject_import_done {
    const char *key;           /* of the person, in the arena */
    const char *const *others; /* keys that are another person's here, and stay theirs */
    uint32_t journeys, suppressed;
    int64_t erased_ms; /* SUBJECT_IMPORT_ERASED: when they were */
};

/* One export. It may be imported again. */
enum subject_import_outcome subject_import_one(const struct subject_import *import,
                                               const struct value *exported, struct arena *arena,
                                               struct subject_import_done *done, struct diag *diag);

#endif
