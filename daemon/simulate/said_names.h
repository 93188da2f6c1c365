/*
 * On which names parts of a simulation know a word that somebody said, and which they have asked
 * for: where one knows what another has asked for, they are not apart.
 */
#ifndef NUDGED_SIMULATE_SAID_NAMES_H
#define NUDGED_SIMULATE_SAID_NAMES_H

#include <stdbool.h>
#include <stdint.h>

struct said_name {
    uint64_t hash; /* of the name */
    uint32_t part;
};

/* All zero at first; the lists are owned. */
struct said_names {
    struct said_name *asked, *told;
    uint32_t asked_count, told_count;
};

void said_names_free(struct said_names *names);
/* A name may come up any number of times. */
void said_names_ask(struct said_names *names, const char *name, uint32_t part);
void said_names_tell(struct said_names *names, const char *name, uint32_t part);
/* Whether what one part was told another has asked for, or was told too. Puts them in order. */
bool said_names_meet(struct said_names *names);
/* Takes all of the other's. */
void said_names_join(struct said_names *names, const struct said_names *other);

#endif
