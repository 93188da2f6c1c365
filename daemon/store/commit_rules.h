/* What a commit carries of rules that may be paused, and of codes: items of lists of commit.lua. */
#ifndef NUDGED_STORE_COMMIT_RULES_H
#define NUDGED_STORE_COMMIT_RULES_H

#include <stdbool.h>
#include <stdint.h>

/* Of a rule: whether it is assumed to be paused. */
struct commit_halt {
    const char *rule;
    bool halted;
};

/* Since when sends of a rule wait, as it is paused, of a customer; 0: none does. */
struct commit_halted {
    const char *rule, *customer;
    int64_t since_ms;
};

/* A message that is given a code of a list: that of its run, where it has one. */
struct commit_code {
    const char *mid, *list, *run;
    int64_t expire_ms; /* of what the run has, since 1970 */
};

/* What a run that goes on has is kept. */
struct commit_run {
    const char *run;
    int64_t expire_ms;
};

/* A message that counts for its rule's brake: no more than `most` in any `per_ms`. */
struct commit_braked {
    const char *mid, *rule;
    int64_t most, per_ms;
};

#endif
