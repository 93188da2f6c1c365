/* What Redis says to a commit: the answer of commit.lua. */
#ifndef NUDGED_STORE_COMMIT_RESULT_H
#define NUDGED_STORE_COMMIT_RESULT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"
#include "base/slice.h"
#include "store/commit_items.h"

enum commit_outcome {
    COMMIT_DONE,  /* written now, or by an earlier run of the same commit */
    COMMIT_STALE, /* another writer was here: `document` and `records` are what stands now */
    COMMIT_FACTS, /* assumptions were wrong: `suppressed`, `declined`, `unknown`, `places`, `halts`,
                     `braked` */
    COMMIT_MOVED, /* a key leads elsewhere, or its document is another: all is to be read anew */
    COMMIT_BROKEN, /* a key that only this customer has is of a wrong type: `broken`, `what` */
    COMMIT_GONE,   /* `gone` ids are no longer pending at this consumer, ticks not in work */
    COMMIT_FAILED, /* no answer, or an error (OOM, READONLY, BUSY …): commit again later */
};

/* Except for COMMIT_DONE (and perhaps COMMIT_FAILED) nothing was written. */
struct commit_result {
    enum commit_outcome outcome;
    struct slice document;
    const struct slice *records; /* in the commit's order */
    size_t record_count;
    const char *const *suppressed; /* of free_hashes */
    size_t suppressed_count;
    const char *const *suppressions; /* what stands of each of them, in their order */
    size_t suppressions_count;
    const char *const *declined; /* of undeclined, "<hash>=<topic>" */
    size_t declined_count;
    const char *const *noes; /* by which each of them is, "<ms>=<topic>", in their order */
    size_t noes_count;
    const char *const *unknown; /* keys of emits under which nothing stands */
    size_t unknown_count;
    const struct commit_withdrawal *places; /* of withdrawals: where they are; `why` NULL */
    size_t place_count;
    const char *const *halts; /* rule, who paused it or "", since when (ms), rule, who … */
    size_t halts_count;
    const char *const *codeless; /* mids for which no code is left */
    size_t codeless_count;
    const char *const
        *low; /* COMMIT_DONE: lists of which few codes are left, and how many: a, 3, b … */
    size_t low_count;
    bool ran_before;          /* COMMIT_DONE: by an earlier run, which may have begun messages */
    const char *const *begun; /* COMMIT_DONE: mids that this daemon has in hand now */
    size_t begun_count;
    const char *const *braked; /* mids of which the brake lets none go */
    size_t braked_count;
    const char *const *gone;
    size_t gone_count;
    const char *moved; /* where a key leads by now, "" for nowhere; or the key of the document */
    const char *broken, *what; /* the key, as it stands in Redis; "is a hash, not a string" */
    const struct diag *fault;  /* FAILED alone */
};

#endif
