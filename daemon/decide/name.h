/*
 * A name: a key by which events speak of a customer, with what is kept under it. A key of the first
 * path is an id; another leads to whom it names. Whose the names of some events are, decide/person
 * says.
 */
#ifndef NUDGED_DECIDE_NAME_H
#define NUDGED_DECIDE_NAME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"
#include "decide/policy.h"

struct work;

struct name {
    const char *text;   /* the key */
    const char *hash;   /* its short one (decide/policy) */
    struct work *work;  /* of events/: that has it; NULL: none, it is only known to be a key */
    bool is_id;         /* it never leads to another key */
    bool is_away;       /* what is known of it stands in another shard */
    bool is_old;        /* as programs of the first format spelt it: nobody is named so any more */
    struct name *after; /* of decide/name_table */
    bool is_alone;      /* an event without an id has it, or a deadline */

    /* As it was read; in events/ as long as the round. */
    bool is_read;
    const char *target;    /* where it leads; NULL: nowhere */
    const char *redirect;  /* the same as it stands in Redis, behind it since when it does if that
                              is known (name_redirect) */
    int64_t since_ms;      /* likewise; 0: it is not known */
    struct slice document; /* that stands under it; text NULL: none */
    struct slice record;   /* of P:said, likewise */
    struct name *person;   /* whose it is (decide/person sets it); NULL: nobody's yet */
    bool is_taken;         /* it leads to the person that is decided, or will */
    bool is_relied;        /* that it leads where it does was taken for granted */
    bool is_broken;        /* its document cannot be read: it is let be */
};

/* Fills in a zeroed one of which nothing is known; its hash lies in the arena. `key` is not copied.
 */
void name_enter(struct name *name, struct arena *arena, const struct policy *policy,
                const char *const *key_paths, const char *key, bool is_old);

/* Where it leads by a redirect as it was read, which is referred to; text NULL: nowhere. */
void name_lead(struct name *name, struct arena *arena, const char *redirect);

/* A redirect to a person of another shard: "id:7", a line's end, and since when. */
const char *name_redirect(struct arena *arena, const char *key, int64_t since_ms);

#endif
