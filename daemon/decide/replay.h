/*
 * Replays events of any number of customers on a clock of its own, as the daemon would decide them:
 * the same decide(), the same joining of keys, documents and facts in memory. No I/O. For rule
 * tests and simulations; the same input gives the same decisions.
 *
 * Order: the events of an instant as they come, then what nudged itself makes of them (events of
 * messages, events for other customers), then what is due at that instant, clocks before deadlines.
 * A message that is granted counts as taken and sent at once.
 */
#ifndef NUDGED_DECIDE_REPLAY_H
#define NUDGED_DECIDE_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/value.h"
#include "customer/customer.h"
#include "customer/shop_event.h"
#include "decide/decision.h"
#include "decide/policy.h"
#include "decide/replay_order.h"
#include "rules/ruleset.h"

struct replay;

/* One decision; all of it is gone when the callback returns. */
struct replay_decided {
    const char *customer;           /* the key under which they stand */
    void **note;                    /* what the callback keeps of that key; NULL at first */
    const struct shop_event *event; /* NULL: a deadline */
    const struct decision *decision;
    const struct customer *const *joined; /* who proved to be the same person */
    size_t joined_count;
    int64_t now_ms;
    struct replay_order order;
};

struct replay_options {
    const struct ruleset *rules;
    const struct policy *policy;
    struct shop_event_form form;
    int64_t keep_ms;            /* of customers */
    const struct value *tables; /* what lookup() reads: a map of maps; NULL: there are none */
    bool silent;                /* nobody reads the trace */
    bool bare;                  /* nor, unless rules ask for message.sent, the bodies of messages */
    bool one_by_one;            /* who is decided next is mostly who was decided last */
    bool unsent;                /* messages stay in the outbox for ever: each can be withdrawn */
    void (*on_decided)(void *context, const struct replay_decided *decided);
    /* An event of nudged's own became a dead letter; or a customer cannot be decided. */
    void (*on_dead)(void *context, const struct replay_order *order, const struct diag *diag);
    /* An event is made for the customer of that key, if they are known. NULL: nobody asks. */
    void (*on_other)(void *context, const char *key);
    /* Somebody's word on this name is asked for (struct policy_address's `said`). Likewise. */
    void (*on_asked)(void *context, const char *name);
    void *context;
};

/* All that the options refer to must outlive it. */
struct replay *replay_new(const struct replay_options *options);
void replay_destroy(struct replay **replay);
/* Makes it as it was when it was new: nobody is known. But who is suppressed stays so. */
void replay_renew(struct replay *replay);

/* Lets the clock run to `at_ms`, where it is later than now, with every deadline before that; then
 * decides the event (JSON), which arrives at that time. False: it is no event, and `diag` has why.
 */
bool replay_event(struct replay *replay, const char *text, size_t length, int64_t at_ms,
                  struct diag *diag);

/* The same of an event that was read already; its text is `text`, its number that of
 * replay_order. It arrives at its `arrival_ms`. With `one_by_one` both stay until replay_settle or
 * replay_renew, or until the replay ends. */
void replay_take(struct replay *replay, const struct shop_event *event, struct slice text,
                 uint64_t number);

/* Lets go of the events that were taken. */
void replay_settle(struct replay *replay);

/* Says which events will be taken, NULL for what is none, when the one at the place `from` is about
 * to be: that what is known of their customers is at hand by then. Changes nothing else. */
void replay_expect(struct replay *replay, const struct shop_event *const *events, size_t count,
                   size_t from);

/* Lets the clock run to `at_ms`, where it is later than now, with every deadline before that. */
void replay_wait(struct replay *replay, int64_t at_ms);

/* Lets the clock run to `until_ms`, with the deadlines of that instant. */
void replay_run(struct replay *replay, int64_t until_ms);

int64_t replay_now_ms(const struct replay *replay);

/* Nobody writes to that address any more. */
void replay_suppress(struct replay *replay, const char *address);

/* Every name by which somebody was known (struct name's `hash`), and those on which somebody has
 * said a word: each as often as it comes up. */
void replay_each_name(struct replay *replay, void (*see)(void *context, const char *name),
                      void (*see_said)(void *context, const char *name), void *context);

/* Every customer that is known, in the order in which their keys were first named; `arena` is empty
 * before each. */
void replay_each(struct replay *replay, struct arena *arena,
                 void (*see)(void *context, const struct customer *customer), void *context);

/* The customer of that key, in the arena; NULL: there is none. */
struct customer *replay_customer(struct replay *replay, const char *key, struct arena *arena);

#endif
