/*
 * The one document kept for each customer: profile, counters, running
 * journeys, recent sends, messages not yet taken, ids of recent events. It is
 * read from its JSON into an arena, changed in place by deciding, and printed
 * whole again. Every list in it has a bound.
 */
#ifndef NUDGED_CUSTOMER_CUSTOMER_H
#define NUDGED_CUSTOMER_CUSTOMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/value.h"
#include "customer/customer_record.h"

/* A customer of whom nothing is known. `key` is not copied. */
struct customer *customer_new(struct arena *arena, const char *key);

/* Reads a document; `text` must live as long as the result. NULL where it is
 * none of ours (a newer format, broken): the customer must then be left alone. */
struct customer *customer_read(struct arena *arena, const char *key, const char *text,
                               size_t length, struct diag *diag);

/* Lets customer_value keep what it made, in the arena, until something changes. */
void customer_keep_value(struct arena *arena, struct customer *customer);
/* What expressions and templates call `customer`: the profile under what rules set, and its
 * defaults. */
struct value customer_value(struct arena *arena, const struct customer *customer);

/* The member of that name of customer_value(); NULL: there is none. */
const struct value *customer_get(const struct customer *customer, const char *name);

/* The key by which the person has their share of every split, for ever. */
const char *customer_first_key(const struct customer *customer);

const struct customer_count *customer_find_count(const struct customer *customer, const char *type);
void customer_add_count(struct arena *arena, struct customer *customer, const char *type,
                        int64_t at_ms);
const struct customer_total *customer_find_total(const struct customer *customer, const char *rule);

/* Remembers a message that was decided, among sends and totals. `until_ms`: as of customer_send. */
void customer_add_send(struct arena *arena, struct customer *customer,
                       const struct customer_open *message, int64_t until_ms, int64_t now_ms);
/* And as one that may still be withdrawn. */
void customer_add_open(struct arena *arena, struct customer *customer,
                       const struct customer_open *message);
/* Remembers a run of a rule that sends nothing, which has done something now; what a limit counts
 * of it. */
void customer_add_run(struct arena *arena, struct customer *customer,
                      const struct customer_journey *journey, int64_t until_ms, int64_t now_ms);
/* Whether one more message, or run, can be counted until then. */
bool customer_may_count(const struct customer *customer, int64_t until_ms, int64_t now_ms);
/* Forgets it: it was withdrawn or never arrived; its place under caps is given back. */
void customer_drop_send(struct customer *customer, const char *mid);
/* As it was decided first, where it was so more than once; NULL: it is not known. */
const struct customer_send *customer_find_send(const struct customer *customer, const char *mid);
void customer_drop_open(struct customer *customer, uint32_t index);
void customer_drop_journey(struct customer *customer, uint32_t index);

/* The event as it was seen: by id within `keep_ms`, or as one of the newest; NULL: it was not. */
const struct customer_seen *customer_find_seen(const struct customer *customer,
                                               const char *identity, int64_t since_ms);
static inline bool customer_has_seen(const struct customer *customer, const char *identity,
                                     int64_t since_ms)
{
    return customer_find_seen(customer, identity, since_ms) != NULL;
}
/* `content`: as of shop_event; "": not known. */
void customer_add_seen(struct arena *arena, struct customer *customer, const char *identity,
                       const char *content, int64_t at_ms, bool effect);
/* An event of the same name will be another one. */
void customer_forget_seen(struct customer *customer, const char *identity);

/* A key that leads to this person: the newest of them now. */
void customer_add_key(struct arena *arena, struct customer *customer, const char *key);

/* Drops what is too old to matter: sends that nothing counts any more, but the newest of a day;
 * ids before `seen_ms`; remembered ends past their end. Open messages go by withdraw_let_go(). */
void customer_prune(struct customer *customer, int64_t now_ms, int64_t seen_ms);

#endif
