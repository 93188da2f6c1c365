/*
 * The body of a message as it is rendered: who it goes to, by which rule, and the data that its
 * template sees. It is stored in another form, which says nothing twice; docs/redis.md has both.
 */
#ifndef NUDGED_DECIDE_MESSAGE_BODY_H
#define NUDGED_DECIDE_MESSAGE_BODY_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/value.h"
#include "customer/customer.h"
#include "customer/shop_event.h"
#include "decide/policy.h"
#include "rules/condition.h"
#include "rules/rule.h"

struct message_body_input {
    const struct policy *policy;
    const struct rule *rule;
    const struct rule_step *step;
    const struct customer_journey *journey;
    const struct condition_scene *scene;
    const char *address;
    bool bare;          /* nobody will read it: only what may fail is made */
    int64_t arrived_ms; /* of the event that it is decided at; 0: it was waited for something */
};

/* The address that a send goes to: `to`, else the channel's field of the customer. NULL where
 * there is none. */
const char *message_body_address(const struct rule_step *step, const struct condition_scene *scene,
                                 struct arena *arena);

/* What a field of the customer has as an address. */
const char *message_body_mailbox(const struct customer *customer, const char *field,
                                 struct arena *arena);

/* A keyed hash of customer, rule, event and step: the same whenever this is decided again. */
const char *message_body_mid(const struct policy *policy, const char *customer, const char *rule,
                             const char *origin, const char *step, struct arena *arena);

/* `elsewhere` is true in it where the send has an address of its own (`to`): that may be of
 * somebody else, who bears not the customer's name, and cannot speak for them. False where an
 * expression of `from` or `data` fails: *fault says why. */
bool message_body_make(const struct message_body_input *input, struct arena *arena,
                       const char **mid, struct value *body, const char **fault);

/* The name of the event that a message came of: its id, or, where it has none, its journey's
 * origin;
 * "" where a former program told neither. */
enum { MESSAGE_BODY_EVENT_SIZE = SHOP_EVENT_ID_MOST + 1 };
const char *message_body_event(const struct value *body, char out[MESSAGE_BODY_EVENT_SIZE]);

/* What stands beside a stored body, in the message's hash. */
struct message_body_known {
    const char *mid, *customer, *channel, *class_, *topic, *on_uncertain;
    const char *code; /* that it was given; NULL or "": none */
};

/* The code that the message was given, as its template sees it. */
void message_body_give(struct arena *arena, struct value body, const char *code);

/* The form that is stored: without what is known or follows from the rest, the event once, of the
 * customer only what that event does not say. Shares its parts with `body`. */
struct value message_body_close(struct arena *arena, const struct value *body);

/* The body again, from what is stored; one that was stored whole (by a former program) is taken as
 * it is. */
struct value message_body_open(struct arena *arena, const struct value *stored,
                               const struct message_body_known *known);

#endif
