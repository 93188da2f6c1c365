/* Which messages, or runs, have the places under a limit or under the cap, and until when. */
#ifndef NUDGED_DECIDE_PLACES_H
#define NUDGED_DECIDE_PLACES_H

#include <stdint.h>

#include "base/arena.h"
#include "decide/policy.h"

struct places {
    const struct customer_send **sends; /* that count, the oldest first */
    uint32_t count;
    struct setting_rate rate;
    int64_t free_ms; /* when the next one has a place; 0: there is one */
};

/* Of the rule's limit: of each other run the newest message. In the arena. */
struct places places_of_limit(const struct rule *rule, const struct customer *customer,
                              const char *run, int64_t now_ms, struct arena *arena);
/* Of `policy.cap`. */
struct places places_of_cap(const struct policy *policy, const struct customer *customer,
                            int64_t now_ms, struct arena *arena);

#endif
