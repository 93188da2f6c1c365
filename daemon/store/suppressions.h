/* P:suppressed as nudgectl changes and shows it (the daemon: store/suppressed). */
#ifndef NUDGED_STORE_SUPPRESSIONS_H
#define NUDGED_STORE_SUPPRESSIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "redis/session.h"

struct suppressions_item {
    const char *hash;     /* of an address */
    const char *old_hash; /* the one by which the first format knew it; NULL: the same */
    const char *customer; /* whose trace tells it; NULL: nobody's */
    const char *reason;   /* to add */
    int64_t at_ms;        /* to add; 0: now */
};

/* Suppresses them, or lifts that; `changed[i]`: it was not so before. False with `diag`: it may be
 * asked again. */
bool suppressions_change(struct session *session, const char *prefix, bool add,
                         const struct suppressions_item *items, size_t count, int64_t trace_keep_ms,
                         bool *changed, struct diag *diag);

bool suppressions_count(struct session *session, const char *prefix, int64_t *count,
                        struct diag *diag);

/* Hears all, in no order, each at least once: the hash, and what stands there (JSON,
 * docs/redis.md). False: that is enough. */
typedef bool suppressions_on_item(void *context, const char *hash, const struct reply *text);
bool suppressions_walk(struct session *session, const char *prefix, suppressions_on_item *on_item,
                       void *context, struct diag *diag);

#endif
