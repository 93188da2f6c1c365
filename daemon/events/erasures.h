/*
 * What an erasure cannot find by a key is looked through for everybody who was erased: dead letters
 * and lines of the archive. A text is an erased person's where it names one, by a key or by an
 * address wherever that stands in it, and is from before that. Whom it names is asked by keyed
 * hashes (P:said): nobody who was erased is known here.
 */
#ifndef NUDGED_EVENTS_ERASURES_H
#define NUDGED_EVENTS_ERASURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "customer/shop_event.h"
#include "decide/policy.h"
#include "redis/session.h"

struct erasures {
    struct session *session;
    const char *prefix;
    const struct policy *policy;
    struct shop_event_form form;
};

struct erasures_text {
    struct slice text;    /* an event's JSON, or any bytes */
    const char *customer; /* a key of whom it is about, besides; "": not known */
    const char *entry;    /* "<ms>-<n>": when it came */
};

/* All by which a text names people: the short hashes of keys and of mailboxes; NULL-terminated, in
 * the arena. */
const char *const *erasures_names(const struct erasures *erasures, const struct erasures_text *text,
                                  struct arena *arena);

/* `gone[i]`: texts[i] is of somebody who was erased since. False with `diag`. */
bool erasures_ask(const struct erasures *erasures, const struct erasures_text *texts, size_t count,
                  bool *gone, struct diag *diag);

/* What goes of all who were erased since they were looked through last. */
struct erasures_gone {
    uint64_t letters; /* dead ones that were deleted */
    uint64_t returns; /* mails of which nobody knows any more whom a bounce is about */
};

/* Looks through dead letters and what bounces are told by. False with `diag`: some may be gone. */
bool erasures_drop(const struct erasures *erasures, struct erasures_gone *gone, struct diag *diag);

/* The same where somebody was erased since that was last done, by whomever. */
bool erasures_drop_new(const struct erasures *erasures, struct erasures_gone *gone,
                       struct diag *diag);

/* When somebody was erased last, by Redis' clock; 0: nobody was. */
bool erasures_newest(const struct erasures *erasures, int64_t *at_ms, struct diag *diag);

#endif
