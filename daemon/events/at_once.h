/*
 * One event of a customer, decided and committed at once, for nudgectl: by the same code as a
 * daemon decides it by, with or without daemons, and beside whatever they do: who was faster is
 * read anew.
 */
#ifndef NUDGED_EVENTS_AT_ONCE_H
#define NUDGED_EVENTS_AT_ONCE_H

#include <stdbool.h>
#include <stdint.h>

#include "config/generation.h"
#include "decide/decide.h"
#include "redis/session.h"

#define AT_ONCE_SOURCE "nudgectl" /* of what at_once_event makes */

struct at_once {
    struct session *session;     /* of the customer's shard, … */
    const char *prefix;          /* … the prefix of that, … */
    size_t shard;                /* … and its number */
    const struct config *config; /* with its secret */
    const struct generation *generation;
    const struct shop_event *event;    /* of no entry */
    const struct customer *brought;    /* becomes part of the customer; NULL: nothing does */
    const struct decide_start *starts; /* of what is brought */
    size_t start_count;
    /* Of an event that is only tried: nothing is written, but all facts are asked. NULL: it counts.
     */
    void (*on_tried)(void *context, const char *key, const struct decision *decision);
    void *context;
    int64_t now_ms;           /* when it is tried; 0: now, by Redis' clock */
    const struct room *rooms; /* in the outbox, by enum rule_class; NULL: for all */
};

/* What was committed, in the arena. */
struct at_once_done {
    const char *key;     /* of the customer */
    const char **erased; /* all keys under which the event has erased them; NULL-terminated */
    uint32_t withdrawn[CUSTOMER_PLACE_GONE + 1]; /* messages, by where they were */
};

/* False with `diag`: nothing was written, or Redis' answer was lost, and it may be asked again. */
bool at_once_decide(const struct at_once *at_once, struct arena *arena, struct at_once_done *done,
                    struct diag *diag);

/* An event of now that nudgectl makes, of the customer with these keys, the first of them theirs;
 * `type` and keys are not copied. Its id is its own. */
struct shop_event *at_once_event(struct arena *arena, const char *type,
                                 const struct customer_key *keys, uint32_t key_count,
                                 int64_t now_ms);

#endif
