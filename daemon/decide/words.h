/*
 * What a person says of being written to, and of being known at all: their yes and no, and their
 * erasure. What the records of P:said have of it stands over an older document; what is said
 * goes into the records of all names of the person: their keys, and the mailboxes that channels
 * write to.
 */
#ifndef NUDGED_DECIDE_WORDS_H
#define NUDGED_DECIDE_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "customer/said.h"
#include "decide/deciding.h"

/* The event says yes or no, or erases: what is decided for others, who have an address in common
 * with them, may depend on it. */
bool words_are_in(const struct shop_event *event);
bool words_erases(const struct shop_event *event);

/* Takes over what the records of the customer's keys have, before anything else. They must stay
 * until words_end. `joins`: somebody will be joined, with words of their own. */
void words_begin(struct deciding *d, const struct said_text *records, size_t count, bool joins);

/* Whether the event happened or arrived before the person was erased, or is that erasure: by its
 * id, as who has come back may be erased again in the same words. */
bool words_is_past(const struct deciding *d, const struct shop_event *event);

/* Whether what was seen before says something new: a no that has no id of its own (the shop gave it
 * none, or a provider tells it of the same mail), and a yes stands over the first. */
bool words_are_new(const struct deciding *d, const struct shop_event *event);

/* Who was erased in this decision is named anew by the event. */
void words_name(struct deciding *d);

/* What the event says to marketing; after it was merged into the profile. */
void words_learn(struct deciding *d);

/* The event erases the person: of the document, and of what was decided so far, nothing stays but
 * each no. */
void words_erase(struct deciding *d);

/* Names whose records lack it learn what stands. */
void words_end(struct deciding *d);

#endif
