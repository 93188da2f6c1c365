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

/* `gone[i]`: texts[i] is of somebody who was erased since. False with `diag`. */
bool erasures_ask(const struct erasures *erasures, const struct erasures_text *texts, size_t count,
                  bool *gone, struct diag *diag);

/* Deletes all such dead letters; how many. False with `diag`: some may be deleted. */
bool erasures_drop_letters(const struct erasures *erasures, uint64_t *dropped, struct diag *diag);

/* When somebody was erased last, by Redis' clock; 0: nobody was. */
bool erasures_newest(const struct erasures *erasures, int64_t *at_ms, struct diag *diag);
/* Up to which of these the dead letters were looked through, and that they were. */
bool erasures_letters_until(const struct erasures *erasures, int64_t *at_ms, struct diag *diag);
bool erasures_note_letters(const struct erasures *erasures, int64_t at_ms, struct diag *diag);

#endif
