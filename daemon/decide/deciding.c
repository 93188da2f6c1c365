/*
 * A journey moves (deciding_move, near the end) by the steps of decide/journey. Where it wants to
 * send, that is only kept at first (add_want): all wants of one event, or of one moment, are then
 * asked about together (deciding_grant), in the order of the rules' priorities. Before that, one
 * that must wait for the end of quiet hours or for room stays at its step (try_send). One that the
 * policy lets pass becomes a message (add_message); one that cannot be made fails its journey,
 * which had moved on behind it in the meantime (fail_want).
 *
 * deciding_end and deciding_withdraw are the way back: a message of this very decision is taken
 * out of it, one of an earlier decision is to be deleted from the outbox, and one that a sender
 * has already gets a mark, by which it ends when it comes back.
 */
#include "decide/deciding.h"

#include <stdlib.h>
#include <string.h>

#include "customer/customer_size.h"
#include "decide/journey.h"
#include "decide/message_body.h"
#include "decide/starts.h"

/* A journey's wish to send, until the policy has been asked. */
struct deciding_want {
    const struct rule *rule; /* NULL: its journey has failed meanwhile */
    const struct rule_step *step;
    struct customer_journey journey;
    uint32_t order; /* in which it came */
};

struct condition_scene deciding_scene(const struct deciding *d,
                                      const struct customer_journey *journey)
{
    return (struct condition_scene){
        .event = d->event ? &d->event->document : NULL,
        .start = journey ? &journey->start : NULL,
        .customer = d->customer,
        .shop = &d->policy->shop,
        .zone = d->policy->zone,
        .now_ms = d->now_ms,
        .segments = d->policy->segments,
    };
}

/* ---- What ends journeys ---- */

/* Each source is compiled once in a decision. */
struct deciding_until {
    const char *source;
    struct cel_program *condition; /* NULL: it cannot be compiled */
    struct deciding_until *next;
};

struct customer_until deciding_until(const struct rule *rule)
{
    const struct cel_program *condition = rule->until_condition;
    return (struct customer_until){.types = rule->until,
                                   .condition = condition ? cel_text(condition) : NULL};
}

bool deciding_until_condition(struct deciding *d, const char *source,
                              struct cel_program **condition)
{
    struct deciding_until *until = d->untils;
    struct diag diag;
    *condition = NULL;
    if (!source)
        return true;
    while (until && strcmp(until->source, source) != 0)
        until = until->next;
    if (!until) {
        until = arena_alloc(d->arena, sizeof *until);
        *until = (struct deciding_until){.source = source, .next = d->untils};
        until->condition = condition_compile(d->arena, source, strlen(source), NULL, NULL, &diag);
        d->untils = until;
    }
    *condition = until->condition;
    return until->condition != NULL;
}

/* ---- What journeys want to send ---- */

static void add_want(struct deciding *d, const struct rule *rule, const struct rule_step *step,
                     const struct customer_journey *journey)
{
    d->wants = arena_grow(d->arena, d->wants, d->want_count, &d->want_capacity, sizeof *d->wants);
    d->wants[d->want_count] = (struct deciding_want){
        .rule = rule, .step = step, .journey = *journey, .order = d->want_count};
    d->want_count++;
}

static int by_priority(const void *a, const void *b)
{
    const struct deciding_want *one = a, *two = b;
    if (one->rule->priority != two->rule->priority)
        return one->rule->priority > two->rule->priority ? -1 : 1;
    int names = strcmp(one->rule->name, two->rule->name);
    return names ? names : one->order < two->order ? -1 : 1;
}

static int64_t counts_until(const struct deciding *d, const struct rule *rule)
{
    return policy_counts_until(d->policy, rule, rule->class == RULE_MARKETING, d->now_ms);
}

/* Whether some event may withdraw the rule's messages alone. */
static bool may_withdraw(const struct rule *rule)
{
    return rule->class == RULE_MARKETING || rule->until[0] || rule->again == RULE_RESTART ||
           rule->again == RULE_IGNORE;
}

static struct customer_open open_of(const struct deciding_want *want, const char *mid,
                                    int64_t give_up_ms)
{
    const struct rule *rule = want->rule;
    return (struct customer_open){.mid = mid,
                                  .rule = rule->name,
                                  .origin = want->journey.origin,
                                  .topic = rule->topic,
                                  .started_ms = want->journey.started_ms,
                                  .give_up_ms = give_up_ms,
                                  .until = deciding_until(rule),
                                  .reads = want->journey.reads,
                                  .marketing = rule->class == RULE_MARKETING};
}

/* What could not be withdrawn any more, or not be counted, must not be sent. NONE: it may. */
static enum trace_why lacks_room(const struct deciding *d, const struct deciding_want *want)
{
    static const char mid[] = "0123456789abcdef0123456789abcdef"; /* as long as all are */
    const struct customer_open open = open_of(want, mid, d->now_ms);
    if (!customer_may_count(d->customer, counts_until(d, want->rule), d->now_ms))
        return TRACE_WHY_TOO_MANY_MESSAGES;
    bool counts = counts_until(d, want->rule) > d->now_ms;
    if (!counts && !may_withdraw(want->rule))
        return TRACE_WHY_NONE;
    if (may_withdraw(want->rule) && d->customer->open.count >= CUSTOMER_OPEN_MOST)
        return TRACE_WHY_TOO_MANY_MESSAGES;
    return customer_size_has_room(d->customer, customer_size_of_open(&open)) ? TRACE_WHY_NONE
                                                                             : TRACE_WHY_TOO_LARGE;
}

/* Keeps in the customer's document that the message was decided. Where there are many, one that
 * nothing withdraws but an erasure is not kept among those that are open. */
static void remember(struct deciding *d, const struct deciding_want *want,
                     const struct decision_message *message)
{
    const struct rule *rule = want->rule;
    const struct customer_open open = open_of(want, message->mid, message->give_up_ms);
    size_t bytes = customer_size_of_open(&open);
    if (decision_lift(d->decision, message->mid))
        customer_drop_send(d->customer, message->mid); /* one message, and so one place */
    customer_add_send(d->arena, d->customer, &open, counts_until(d, rule), d->now_ms);
    if (may_withdraw(rule) ||
        (d->customer->open.count < CUSTOMER_OPEN_ANY && customer_size_has_room(d->customer, bytes)))
        customer_add_open(d->arena, d->customer, &open);
    d->customer->bytes += bytes;
}

/* False where an expression of its data fails: *fault says why. */
static bool add_message(struct deciding *d, const struct deciding_want *want, const char *address,
                        const struct policy_address *known, const struct condition_scene *scene,
                        const char **fault)
{
    const struct message_body_input body = {.policy = d->policy,
                                            .rule = want->rule,
                                            .step = want->step,
                                            .journey = &want->journey,
                                            .scene = scene,
                                            .address = address};
    struct decision_message message = {.rule = want->rule,
                                       .step = want->step,
                                       .address = *known,
                                       .give_up_ms =
                                           room_give_up_ms(&want->journey, want->rule, d->now_ms)};
    if (!message_body_make(&body, d->arena, &message.mid, &message.body, fault))
        return false;
    decision_add_message(d->decision, d->arena, &message);
    remember(d, want, &message);
    trace_add_send(&d->trace, want->rule->name, want->step->template, message.mid);
    return true;
}

/* An expression of a step failed. */
static void add_error(struct deciding *d, const struct customer_journey *journey,
                      const struct rule_step *step, const char *fault)
{
    d->decision->counts.failed++;
    trace_add_error(&d->trace, journey->rule, fault);
    decision_add_dead(d->decision, d->arena, d->customer, journey, step->id, TRACE_REASON_ERROR,
                      fault);
}

static bool is_same_journey(const struct customer_journey *a, const struct customer_journey *b)
{
    return strcmp(a->rule, b->rule) == 0 && strcmp(a->origin, b->origin) == 0;
}

/* Ends a journey that has moved on behind a send which cannot be made. */
static void fail_want(struct deciding *d, const struct deciding_want *failed, const char *fault)
{
    struct customer *customer = d->customer;
    add_error(d, &failed->journey, failed->step, fault);
    for (uint32_t i = customer->journeys.count; i-- > 0;)
        if (is_same_journey(&customer->journeys.items[i], &failed->journey))
            customer_drop_journey(customer, i);
    for (struct deciding_want *want = d->wants; want < d->wants + d->want_count; want++)
        if (want > failed && is_same_journey(&want->journey, &failed->journey))
            want->rule = NULL;
}

static void refuse_for_room(struct deciding *d, const struct deciding_want *want,
                            enum trace_why why)
{
    d->decision->counts.refused++;
    trace_add(&d->trace, want->rule->name, TRACE_REFUSED, why);
    decision_add_dead(d->decision, d->arena, d->customer, &want->journey, want->step->id,
                      why == TRACE_WHY_TOO_LARGE ? TRACE_REASON_TOO_LARGE
                                                 : TRACE_REASON_TOO_MANY_MESSAGES,
                      "no more messages can be remembered");
}

static void grant_one(struct deciding *d, const struct deciding_want *want)
{
    const struct policy *policy = d->policy;
    const struct condition_scene scene = deciding_scene(d, &want->journey);
    const char *address = message_body_address(want->step, &scene, d->arena), *fault;
    const struct policy_address known = policy_address(policy, address, d->arena);
    enum trace_why refusal = policy_refusal(policy, d->facts, want->rule, want->journey.origin,
                                            &known, &scene, d->arena);
    if (refusal) {
        d->decision->counts.refused++;
        trace_add(&d->trace, want->rule->name, TRACE_REFUSED, refusal);
    } else if ((refusal = lacks_room(d, want))) {
        refuse_for_room(d, want, refusal);
    } else if (!add_message(d, want, address, &known, &scene, &fault)) {
        fail_want(d, want, fault);
    }
}

void deciding_grant(struct deciding *d)
{
    if (d->want_count > 1)
        qsort(d->wants, d->want_count, sizeof *d->wants, by_priority);
    for (uint32_t i = 0; i < d->want_count; i++)
        if (d->wants[i].rule)
            grant_one(d, &d->wants[i]);
    d->want_count = 0;
}

/* ---- What is in the outbox ---- */

void deciding_withdraw(struct deciding *d, uint32_t index, enum trace_why why)
{
    static const enum trace_what whats[] = {
        [CUSTOMER_PLACE_WAITS] = TRACE_WITHDRAWN,
        [CUSTOMER_PLACE_HAND] = TRACE_MARKED,
        [CUSTOMER_PLACE_UNCERTAIN] = TRACE_WITHDRAWN_LATE,
        [CUSTOMER_PLACE_GONE] = TRACE_TOO_LATE,
    };
    struct customer_open open = d->customer->open.items[index];
    enum customer_place place = policy_place(d->facts, open.mid, CUSTOMER_PLACE_WAITS);
    bool taken_back = decision_take_back(d->decision, open.mid);
    if (taken_back && place != CUSTOMER_PLACE_HAND)
        place = CUSTOMER_PLACE_WAITS;
    else if (place != CUSTOMER_PLACE_GONE)
        decision_withdraw(d->decision, d->arena, open.mid, place, why);
    customer_drop_open(d->customer, index);
    if (place == CUSTOMER_PLACE_WAITS) /* else it keeps its place: somebody may get it yet */
        customer_drop_send(d->customer, open.mid);
    trace_add_withdrawal(&d->trace, open.rule, whats[place], why, open.mid);
    d->effect = d->effect || place != CUSTOMER_PLACE_GONE;
}

/* Most have been delivered long since: of many the older ones are assumed to be gone, and the
 * commit looks. Those that are not stay. */
void deciding_let_go(struct deciding *d)
{
    struct customer *customer = d->customer;
    if (customer->open.count <= CUSTOMER_OPEN_ASKED)
        return;
    for (uint32_t i = customer->open.count - CUSTOMER_OPEN_ASKED / 2; i-- > 0;) {
        const char *mid = customer->open.items[i].mid;
        if (policy_place(d->facts, mid, CUSTOMER_PLACE_GONE) != CUSTOMER_PLACE_GONE)
            continue;
        decision_withdraw(d->decision, d->arena, mid, CUSTOMER_PLACE_GONE, TRACE_WHY_NONE);
        customer_drop_open(customer, i);
    }
}

static void withdraw_run(struct deciding *d, const char *rule, const char *origin,
                         enum trace_why why)
{
    for (uint32_t i = d->customer->open.count; i-- > 0;)
        if (strcmp(d->customer->open.items[i].rule, rule) == 0 &&
            strcmp(d->customer->open.items[i].origin, origin) == 0)
            deciding_withdraw(d, i, why);
}

/* ---- Room in the outbox ---- */

bool deciding_has_room(const struct deciding *d, enum rule_class class,
                       const struct customer_journey *journey)
{
    return room_is_there(d->facts ? d->facts->rooms : NULL, class,
                         d->decision->message_count + d->want_count, journey);
}

/* Whether the send would be refused: then it needs no room. */
static bool is_refused(const struct deciding *d, const struct rule *rule,
                       const struct rule_step *step, const struct customer_journey *journey)
{
    const struct condition_scene scene = deciding_scene(d, journey);
    const char *address = message_body_address(step, &scene, d->arena);
    const struct policy_address known = policy_address(d->policy, address, d->arena);
    return policy_refusal(d->policy, d->facts, rule, journey->origin, &known, &scene, d->arena);
}

/* True where the send waits for room, or goes on doing so. */
static bool waits_for_room(struct deciding *d, const struct rule *rule,
                           const struct rule_step *step, struct customer_journey *journey)
{
    if (deciding_has_room(d, rule->class, journey) || is_refused(d, rule, step, journey))
        return false;
    bool first = !journey->full_ms;
    room_wait(journey, rule, step, d->now_ms);
    if (first)
        trace_add_time(&d->trace, rule->name, TRACE_OUTBOX_FULL, journey->deadline_ms);
    return true;
}

/* ---- Journeys ---- */

/* A send: wanted, or passed over. False where it waits at its step instead. */
static bool try_send(struct deciding *d, const struct rule *rule, const struct rule_step *step,
                     struct customer_journey *journey)
{
    int64_t quiet_until = rule->class == RULE_MARKETING
                              ? policy_quiet_until(d->policy, d->customer, d->now_ms, d->arena)
                              : 0;
    if (room_gave_up(journey, d->now_ms)) {
        d->decision->counts.refused++;
        trace_add(&d->trace, rule->name, TRACE_REFUSED, TRACE_WHY_OUTBOX_FULL);
    } else if (quiet_until) {
        room_leave(journey);
        journey_wait_at(journey, step, quiet_until, true);
        trace_add_time(&d->trace, rule->name, TRACE_QUIET_HOURS, quiet_until);
        return false;
    } else if (waits_for_room(d, rule, step, journey)) {
        return false;
    } else {
        if (journey_is_late(journey, d->now_ms))
            journey->clock_ms = d->now_ms;
        add_want(d, rule, step, journey);
    }
    room_leave(journey);
    return true;
}

bool deciding_move(struct deciding *d, const struct rule *rule, uint32_t at,
                   struct customer_journey *journey)
{
    struct condition_scene scene = deciding_scene(d, journey);
    const struct rule_step *step;
    const char *fault = "";
    journey->rules = d->others ? d->others->number : 0;
    journey->until = deciding_until(rule);
    journey->reads = starts_reads(d, rule, &journey->start);
    for (;;) {
        switch (journey_move(rule, &at, journey, &scene, d->arena, &step, &fault)) {
        case JOURNEY_SENDS:
            if (!try_send(d, rule, step, journey))
                return true;
            break;
        case JOURNEY_WAITS:
            trace_add_time(&d->trace, rule->name, TRACE_WAITS, journey->deadline_ms);
            return true;
        case JOURNEY_ENDS:
            return false;
        case JOURNEY_FAILS:
            add_error(d, journey, step, fault);
            return false;
        }
    }
}

void deciding_end(struct deciding *d, uint32_t index, enum trace_why why)
{
    struct customer_journey journey = d->customer->journeys.items[index];
    customer_drop_journey(d->customer, index);
    trace_add(&d->trace, journey.rule, TRACE_ENDED, why);
    withdraw_run(d, journey.rule, journey.origin, why);
    d->effect = true;
}

bool deciding_go_on(struct deciding *d, const struct rule *rule, uint32_t at,
                    struct customer_journey *journey)
{
    const struct condition_scene scene = deciding_scene(d, journey);
    const struct rule_step *step = &rule->steps[at];
    const char *fault = "";
    bool late = journey_is_late(journey, d->now_ms);
    if (late)
        journey->clock_ms = d->now_ms;
    if (!late && !journey->imposed)
        return deciding_move(d, rule, at, journey);
    switch (journey_ask_branches(rule, &at, &scene, d->arena, &step, &fault)) {
    case CONDITION_FAILED:
        add_error(d, journey, step, fault);
        return false;
    case CONDITION_FALSE:
        trace_add(&d->trace, rule->name, TRACE_PASSED_OVER, TRACE_WHY_BRANCH);
        room_leave(journey);
        break;
    case CONDITION_TRUE:
        break;
    }
    return deciding_move(d, rule, at, journey);
}

void deciding_start(struct deciding *d, const struct rule *rule)
{
    const struct shop_event *event = d->event;
    struct customer *customer = d->customer;
    struct customer_journey journey = {
        .rule = rule->name,
        .origin = event->origin,
        .clock_ms = event->time_ms,
        .started_ms = event->time_ms,
        .start = event->document,
    };
    d->effect = true;
    customer_starts_add(d->arena, customer, event->origin, &event->document);
    if (!deciding_move(d, rule, 0, &journey))
        return;
    if (!journey.full_ms && room_running(customer) >= CUSTOMER_JOURNEYS_MOST) {
        trace_add(&d->trace, rule->name, TRACE_REFUSED, TRACE_WHY_TOO_MANY_JOURNEYS);
        decision_add_dead(d->decision, d->arena, customer, &journey, journey.step,
                          TRACE_REASON_TOO_MANY_JOURNEYS, "64 journeys run for this customer");
        return;
    }
    size_t bytes = customer_size_of_journey(&journey);
    if (!customer_size_has_room(customer, bytes)) {
        trace_add(&d->trace, rule->name, TRACE_REFUSED, TRACE_WHY_TOO_LARGE);
        decision_add_dead(d->decision, d->arena, customer, &journey, journey.step,
                          TRACE_REASON_TOO_LARGE, "the customer's document has no room for it");
        return;
    }
    customer->bytes += bytes;
    customer->journeys.items =
        arena_grow(d->arena, customer->journeys.items, customer->journeys.count,
                   &customer->journeys.capacity, sizeof *customer->journeys.items);
    customer->journeys.items[customer->journeys.count++] = journey;
}
