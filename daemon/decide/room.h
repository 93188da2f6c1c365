/*
 * Room in the outbox. Where there is none a send waits at its step: its journey stands in the
 * document with `full`, since when, and goes on where there is room, or when the rule's `give_up`
 * has come. Messages are counted by who decides; here is what the count means to a journey.
 */
#ifndef NUDGED_DECIDE_ROOM_H
#define NUDGED_DECIDE_ROOM_H

#include <stdbool.h>
#include <stdint.h>

#include "customer/customer.h"
#include "rules/rule.h"

/* For the messages of one class. */
struct room {
    int64_t left; /* so many more may be put there; none where it is 0 or less */
    bool queued;  /* sends wait already: one that has not waited stands behind them */
};

enum { ROOM_CLASSES = RULE_TRANSACTIONAL + 1 };

/* Whether there is room for a send of the journey. `rooms`: by enum rule_class; NULL: for all.
 * `used`: messages that are decided and not in the count yet. */
bool room_is_there(const struct room *rooms, enum rule_class class, uint32_t used,
                   const struct customer_journey *journey);

/* Leaves the journey waiting for room at a send, from now, or from when it first did. */
void room_wait(struct customer_journey *journey, const struct rule *rule,
               const struct rule_step *step, int64_t now_ms);
/* The journey waits for room no longer. */
void room_leave(struct customer_journey *journey);

/* The send's time is over while it waited. */
bool room_gave_up(const struct customer_journey *journey, int64_t now_ms);
/* When the send's time is over, whether or not it waited. */
int64_t room_give_up_ms(const struct customer_journey *journey, const struct rule *rule,
                        int64_t now_ms);

/* Journeys of the customer that do not wait for room. */
uint32_t room_running(const struct customer *customer);
/* Since when the customer waits for room of the class; 0: not. */
int64_t room_since(const struct customer *customer, enum rule_class class);

#endif
