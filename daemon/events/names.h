/*
 * The names of a batch: every key that its events and deadlines have, and those to which they turn
 * out to lead. A work has names; works that share one are one person's, or must at least be
 * decided one after the other, and become one work.
 *
 * Reading goes by turns: what names_ask wants is read, names_learn takes the answer, which may
 * bring names that were not there before. All is known when names_ask wants nothing.
 */
#ifndef NUDGED_EVENTS_NAMES_H
#define NUDGED_EVENTS_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "customer/shop_event.h"
#include "decide/name.h"
#include "decide/person.h"
#include "decide/policy.h"
#include "events/work.h"
#include "store/customers.h"
#include "store/placement.h"

struct names;

struct names *names_new(void);
void names_destroy(struct names **names);
/* A batch begins: there are no names. What is given lives as long as it. */
void names_begin(struct names *names, const struct policy *policy, const char *const *key_paths,
                 const struct placement_home *home);

/* The name of a key; NULL where nobody has it. */
struct name *names_find(const struct names *names, const char *key);
/* Whether one of these keys, of whom nothing was known, has events in this very batch, which may
 * have come first: they will be known in the next round. Once for a work, as two may wait for each
 * other. */
bool names_bring(const struct names *names, struct work *work, const char *const *keys,
                 size_t count);

/* Gives a work the names of an event that it has, or the key of a deadline. Works that have one of
 * them already are merged into it. */
void names_add_event(struct names *names, struct arena *batch, struct work *work,
                     const struct shop_event *event);
void names_add_key(struct names *names, struct arena *batch, struct work *work, const char *key);

/* A round begins: nothing is known. */
void names_forget(struct names *names);
/* What is to be read now, in the arena of the round; false: nothing. */
bool names_ask(struct names *names, struct arena *round, struct customers_query *query);
/* The answer. */
void names_learn(struct names *names, struct arena *batch, struct arena *round,
                 const struct customers_found *found);

/* Whom the work's first events are about, or its deadline (decide/person). In the arena. */
struct person *names_person(const struct names *names, struct arena *round,
                            const struct work *work);

#endif
