/*
 * Where a journey wants to send, it waits at its step for the end of quiet hours or for room
 * (sending_try), or its want is kept (add_want). Wants are granted in the order of the rules'
 * priorities. One that the policy lets pass becomes a message (add_message); one that cannot be
 * made fails its journey, which had moved on behind it in the meantime (fail_want). Whoever is held
 * out stops at the send, for that is asked last: behind one that is refused they go on
 * (stop_behind).
 */
#include "decide/sending.h"

#include <stdlib.h>
#include <string.h>

#include "base/share.h"
#include "customer/customer_size.h"
#include "decide/because_send.h"
#include "decide/carried.h"
#include "decide/given.h"
#include "decide/halting.h"
#include "decide/journey.h"
#include "decide/message_body.h"
#include "decide/once.h"

/* A journey's wish to send, until the policy has been asked. */
struct sending_want {
    const struct rule *rule; /* NULL: its journey has failed meanwhile */
    const struct rule_step *step;
    struct customer_journey journey;
    uint32_t order; /* in which it came */
    bool held_out;  /* the journey stands at the send */

    /* Made before a step of some rule changed what it sees (sending_make_wanted). */
    bool made;
    bool consented;              /* then already, before the run itself set something */
    enum trace_why refusal;      /* likewise: it is not sent; NONE: it may be */
    const char *address, *fault; /* `fault`: it cannot be made */
    struct decision_message message;
};

/* What the policy says to a send, and all that it is asked by. */
struct asked {
    struct condition_scene scene;
    const char *address;
    struct policy_address known;
    enum trace_why refusal;
};

static struct asked ask_policy(const struct deciding *d, const struct sending_want *want)
{
    struct asked asked = {.scene = deciding_scene(d, &want->journey)};
    asked.address =
        want->made ? want->address : message_body_address(want->step, &asked.scene, d->arena);
    asked.known = policy_address(d->policy, asked.address, d->arena);
    asked.refusal = policy_refusal(d->policy, d->facts, want->rule, want->journey.origin,
                                   &asked.known, want->consented, &asked.scene, d->arena);
    return asked;
}

/* ---- Wanted, or to wait ---- */

bool sending_has_room(const struct deciding *d, enum rule_class class,
                      const struct customer_journey *journey)
{
    uint32_t held_out = 0; /* they take none */
    for (uint32_t i = 0; i < d->want_count; i++)
        held_out += d->wants[i].held_out;
    return room_is_there(d->facts ? d->facts->rooms : NULL, class,
                         d->decision->message_count + d->want_count - held_out, journey);
}

static bool is_held_out(const struct deciding *d, const struct rule *rule)
{
    return rule->holdout &&
           share_place("holdout", rule->name, customer_first_key(d->customer)) < rule->holdout;
}

/* True where the send waits for room, or goes on doing so. One that would be refused needs none,
 * nor does who is held out. */
static bool waits_for_room(struct deciding *d, const struct rule *rule,
                           const struct rule_step *step, struct customer_journey *journey)
{
    const struct sending_want want = {.rule = rule, .step = step, .journey = *journey};
    if (sending_has_room(d, rule->class, journey) || is_held_out(d, rule) ||
        ask_policy(d, &want).refusal)
        return false;
    bool first = !journey->full_ms;
    room_wait(journey, rule, step, d->now_ms);
    if (first)
        because_template(
            d, trace_add_time(&d->trace, rule->name, TRACE_OUTBOX_FULL, journey->deadline_ms),
            step);
    return true;
}

static enum sending_next add_want(struct deciding *d, const struct rule *rule,
                                  const struct rule_step *step,
                                  const struct customer_journey *journey)
{
    const bool held_out = is_held_out(d, rule);
    d->wants = arena_grow(d->arena, d->wants, d->want_count, &d->want_capacity, sizeof *d->wants);
    d->wants[d->want_count] = (struct sending_want){.rule = rule,
                                                    .step = step,
                                                    .journey = *journey,
                                                    .order = d->want_count,
                                                    .held_out = held_out};
    d->want_count++;
    return held_out ? SENDING_STOPS : SENDING_GOES_ON;
}

/* ---- At the step ---- */

/* A send is refused, whatever the policy would say; the item of the trace. */
static struct value pass_over(struct deciding *d, const struct rule *rule,
                              const struct rule_step *step, enum trace_why why)
{
    d->decision->counts.refused++;
    const struct value item = trace_add(&d->trace, rule->name, TRACE_REFUSED, why);
    because_template(d, item, step);
    return item;
}

static void tell_quiet(struct deciding *d, const struct rule *rule, const struct rule_step *step,
                       int64_t until_ms)
{
    const struct value item = trace_add_time(&d->trace, rule->name, TRACE_QUIET_HOURS, until_ms);
    because_template(d, item, step);
    because_quiet(d, item);
}

/* The message that the send would be, where some were granted before that must not be. */
static const char *mid_of(const struct deciding *d, const struct rule *rule,
                          const struct rule_step *step, const struct customer_journey *journey)
{
    return message_body_mid(d->policy, d->customer->key, rule->name, journey->origin, step->id,
                            d->arena);
}

/* Whether a commit has found that no code is left for the send. */
static bool has_no_code(const struct deciding *d, const struct rule *rule,
                        const struct rule_step *step, const struct customer_journey *journey)
{
    return step->code && d->facts && d->facts->codeless &&
           given_lacks(d, mid_of(d, rule, step, journey));
}

static const char *braked_mid(const struct deciding *d, const struct rule *rule,
                              const struct rule_step *step, const struct customer_journey *journey)
{
    return d->facts && d->facts->braked ? mid_of(d, rule, step, journey) : NULL;
}

enum sending_next sending_try(struct deciding *d, const struct rule *rule,
                              const struct rule_step *step, struct customer_journey *journey)
{
    enum sending_next next = SENDING_GOES_ON;
    int64_t quiet_until = rule->class == RULE_MARKETING
                              ? policy_quiet_until(d->policy, d->customer, d->now_ms, d->arena)
                              : 0;
    if (once_was_sent(journey, step->id)) {
        because_template(d, trace_add(&d->trace, rule->name, TRACE_PASSED_OVER, TRACE_WHY_SENT),
                         step);
    } else if (room_gave_up(journey, d->now_ms)) {
        because_number(d, pass_over(d, rule, step, TRACE_WHY_OUTBOX_FULL), "since",
                       journey->full_ms);
    } else if (has_no_code(d, rule, step, journey)) {
        because_text(d, pass_over(d, rule, step, TRACE_WHY_NO_CODE), "code", step->code);
    } else if (halting_try(d, rule, step, journey, braked_mid(d, rule, step, journey))) {
        return SENDING_WAITS;
    } else if (quiet_until) {
        room_leave(journey);
        journey_wait_at(journey, step, quiet_until, true);
        tell_quiet(d, rule, step, quiet_until);
        return SENDING_WAITS;
    } else if (waits_for_room(d, rule, step, journey)) {
        return SENDING_WAITS;
    } else {
        if (journey_is_late(journey, d->now_ms))
            journey->clock_ms = d->now_ms;
        next = add_want(d, rule, step, journey);
    }
    room_leave(journey);
    return next;
}

/* ---- Granted, or refused ---- */

static int by_priority(const void *a, const void *b)
{
    const struct sending_want *one = a, *two = b;
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

static struct customer_open open_of(const struct sending_want *want, const char *mid,
                                    int64_t give_up_ms)
{
    const struct rule *rule = want->rule;
    return (struct customer_open){.mid = mid,
                                  .rule = rule->name,
                                  .origin = want->journey.origin,
                                  .topic = rule->topic,
                                  .per = want->journey.per,
                                  .started_ms = want->journey.started_ms,
                                  .give_up_ms = give_up_ms,
                                  .until = carried_until(rule),
                                  .reads = want->journey.reads,
                                  .marketing = rule->class == RULE_MARKETING};
}

/* What could not be withdrawn any more, or not be counted, must not be sent. NONE: it may. */
static enum trace_why lacks_room(const struct deciding *d, const struct sending_want *want)
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
    return customer_size_has_room(d->customer, customer_size_about_open(d->customer, &open))
               ? TRACE_WHY_NONE
               : TRACE_WHY_TOO_LARGE;
}

/* Keeps in the customer's document that the message was decided. Where there are many, one that
 * nothing withdraws but an erasure is not kept among those that are open. */
static void remember(struct deciding *d, const struct sending_want *want,
                     const struct decision_message *message)
{
    const struct rule *rule = want->rule;
    const struct customer_open open = open_of(want, message->mid, message->give_up_ms);
    size_t bytes = customer_size_about_open(d->customer, &open);
    for (uint32_t i = d->customer->open.count; i-- > 0;)
        if (strcmp(d->customer->open.items[i].mid, message->mid) == 0)
            customer_drop_open(d->customer, i); /* withdrawn before, and held since */
    if (decision_lift(d->decision, message->mid))
        customer_drop_send(d->customer, message->mid); /* one message, and so one place */
    customer_add_send(d->arena, d->customer, &open, counts_until(d, rule), d->now_ms);
    if (may_withdraw(rule) ||
        (d->customer->open.count < CUSTOMER_OPEN_ANY && customer_size_has_room(d->customer, bytes)))
        customer_add_open(d->arena, d->customer, &open);
    d->customer->bytes += bytes;
}

static bool is_same_journey(const struct customer_journey *a, const struct customer_journey *b)
{
    return strcmp(a->rule, b->rule) == 0 && strcmp(a->origin, b->origin) == 0;
}

/* Where the journey goes on behind the send. */
static void remember_step(struct deciding *d, const struct sending_want *want)
{
    struct customer *customer = d->customer;
    for (uint32_t i = 0; i < customer->journeys.count; i++)
        if (is_same_journey(&customer->journeys.items[i], &want->journey))
            once_remember(d->arena, &customer->journeys.items[i], want->step->id);
}

/* The run's other sends, now and later, share its code. */
static void share_code(struct deciding *d, const struct sending_want *want, const char *run)
{
    struct customer *customer = d->customer;
    for (uint32_t i = 0; i < customer->journeys.count; i++)
        if (is_same_journey(&customer->journeys.items[i], &want->journey))
            given_remember(d, &customer->journeys.items[i], want->step->code, run);
    for (struct sending_want *other = d->wants; other < d->wants + d->want_count; other++)
        if (is_same_journey(&other->journey, &want->journey))
            given_remember(d, &other->journey, want->step->code, run);
}

/* What is sent; where that cannot be made the want has a fault. */
static void make(struct deciding *d, struct sending_want *want, const struct asked *asked)
{
    const struct message_body_input body = {.policy = d->policy,
                                            .rule = want->rule,
                                            .step = want->step,
                                            .journey = &want->journey,
                                            .scene = &asked->scene,
                                            .address = asked->address,
                                            .bare = d->bare,
                                            .arrived_ms = d->event ? d->event->arrival_ms : 0};
    want->message = (struct decision_message){
        .rule = want->rule,
        .step = want->step,
        .address = asked->known,
        .give_up_ms = room_give_up_ms(&want->journey, want->rule, d->now_ms)};
    want->made = true;
    want->address = asked->address;
    if (message_body_make(&body, d->arena, &want->message.mid, &want->message.body, &want->fault))
        want->fault = NULL;
}

static void add_message(struct deciding *d, struct sending_want *want)
{
    struct decision_message *message = &want->message;
    if (want->step->code) {
        message->run = given_run(&want->journey, want->step->code, message->mid, d->arena);
        share_code(d, want, message->run);
    }
    decision_add_message(d->decision, d->arena, message);
    remember(d, want, message);
    remember_step(d, want);
    trace_add_send(&d->trace, want->rule->name, want->step->template, message->mid);
}

/* Ends a journey that has moved on behind a send which is not made. */
static void end_run(struct deciding *d, const struct sending_want *failed)
{
    struct customer *customer = d->customer;
    for (uint32_t i = customer->journeys.count; i-- > 0;)
        if (is_same_journey(&customer->journeys.items[i], &failed->journey))
            customer_drop_journey(customer, i);
    for (struct sending_want *want = d->wants; want < d->wants + d->want_count; want++)
        if (want > failed && is_same_journey(&want->journey, &failed->journey))
            want->rule = NULL;
}

static void fail_want(struct deciding *d, const struct sending_want *want, const char *fault)
{
    deciding_fail(d, &want->journey, want->step, fault);
    end_run(d, want);
}

static void tell_held_out(struct deciding *d, const struct rule *rule)
{
    because_held_out(d, trace_add(&d->trace, rule->name, TRACE_ENDED, TRACE_WHY_HOLDOUT), rule);
}

/* Where something else refused the send, the journey of who is held out goes on behind it. */
static void stop_behind(const struct sending_want *want, struct sending_stopped *stopped)
{
    *stopped = (struct sending_stopped){.rule = want->rule,
                                        .at = (uint32_t)(want->step - want->rule->steps) + 1,
                                        .journey = want->journey};
    room_leave(&stopped->journey);
}

static void refuse_for_room(struct deciding *d, const struct sending_want *want, enum trace_why why)
{
    pass_over(d, want->rule, want->step, why);
    decision_add_dead(d->decision, d->arena, d->customer, &want->journey, want->step->id,
                      why == TRACE_WHY_TOO_LARGE ? TRACE_REASON_TOO_LARGE
                                                 : TRACE_REASON_TOO_MANY_MESSAGES,
                      "no more messages can be remembered");
}

static void refuse(struct deciding *d, const struct sending_want *want, const struct asked *asked)
{
    const struct because_send send = {.rule = want->rule,
                                      .step = want->step,
                                      .run = want->journey.origin,
                                      .address = &asked->known,
                                      .scene = &asked->scene};
    d->decision->counts.refused++;
    because_refused(d, trace_add(&d->trace, want->rule->name, TRACE_REFUSED, asked->refusal),
                    asked->refusal, &send);
}

/* Whether the journey goes on, should it have stopped at the send. */
static bool grant_one(struct deciding *d, struct sending_want *want)
{
    if (!d->event)
        lookups_begin(d->lookups);
    struct asked asked = ask_policy(d, want);
    if (want->refusal)
        asked.refusal = want->refusal;
    if (asked.refusal) {
        refuse(d, want, &asked);
    } else if ((asked.refusal = lacks_room(d, want))) {
        refuse_for_room(d, want, asked.refusal);
    } else if (want->held_out) {
        tell_held_out(d, want->rule);
    } else {
        if (!want->made)
            make(d, want, &asked);
        if (want->fault)
            fail_want(d, want, want->fault);
        else
            add_message(d, want);
    }
    return want->held_out && asked.refusal;
}

/* Those whose journey has failed have no place in the order of rules. */
static void forget_failed(struct deciding *d)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < d->want_count; i++)
        if (d->wants[i].rule)
            d->wants[kept++] = d->wants[i];
    d->want_count = kept;
}

uint32_t sending_grant(struct deciding *d, struct sending_stopped **stopped)
{
    uint32_t count = 0;
    forget_failed(d);
    *stopped = arena_alloc(d->arena, sizeof **stopped * (d->want_count + 1));
    if (d->want_count > 1)
        qsort(d->wants, d->want_count, sizeof *d->wants, by_priority);
    for (uint32_t i = 0; i < d->want_count; i++)
        if (d->wants[i].rule && grant_one(d, &d->wants[i]))
            stop_behind(&d->wants[i], &(*stopped)[count++]);
    d->want_count = 0;
    return count;
}

/* ---- Before something changes ---- */

/* The journey is over: of what it wants nothing from this send on is sent. */
static void fail_acting(struct deciding *d, struct sending_want *failed)
{
    const struct customer_journey journey = failed->journey;
    deciding_fail(d, &journey, failed->step, failed->fault);
    for (struct sending_want *want = failed; want < d->wants + d->want_count; want++)
        if (want->rule && is_same_journey(&want->journey, &journey))
            want->rule = NULL;
}

/* The run acts behind the send: what it sets is no word on whether that is wanted, and where it is
 * refused no other rule's is, as what could not be made then would end a journey that has acted. A
 * place under the cap may still become free. False: it cannot be made. */
static bool settle_own(struct deciding *d, struct sending_want *want)
{
    const struct asked asked = ask_policy(d, want);
    want->consented = !asked.refusal || asked.refusal == TRACE_WHY_CAP;
    if (!want->consented)
        want->refusal = asked.refusal;
    else if (!want->made)
        make(d, want, &asked);
    if (want->fault && asked.refusal)
        want->refusal = asked.refusal;
    return !want->fault || want->refusal;
}

/* Another run's, if it is permitted by now. */
static void settle_other(struct deciding *d, struct sending_want *want)
{
    const struct asked asked = ask_policy(d, want);
    if (!asked.refusal)
        make(d, want, &asked);
}

bool sending_make_wanted(struct deciding *d, const struct customer_journey *journey)
{
    for (size_t i = 0; i < d->want_count; i++) {
        struct sending_want *want = &d->wants[i];
        if (!want->rule || want->held_out || want->refusal || want->consented)
            continue;
        if (!is_same_journey(&want->journey, journey)) {
            if (!want->made)
                settle_other(d, want);
        } else if (!settle_own(d, want)) {
            fail_acting(d, want);
            return false;
        }
    }
    return true;
}

/* ---- Sent after all ---- */

enum trace_why sending_refusal(const struct deciding *d, const struct rule *rule,
                               const struct customer_journey *journey, const char *to)
{
    const struct sending_want want = {.rule = rule, .journey = *journey};
    const struct policy_address known = policy_address(d->policy, to, d->arena);
    struct condition_scene scene = deciding_scene(d, journey);
    scene.event = NULL; /* that of the message is its start */
    enum trace_why refusal =
        policy_refusal(d->policy, d->facts, rule, journey->origin, &known, false, &scene, d->arena);
    return refusal ? refusal : lacks_room(d, &want);
}

void sending_count(struct deciding *d, const struct rule *rule,
                   const struct customer_journey *journey, const char *mid, int64_t give_up_ms)
{
    const struct sending_want want = {.rule = rule, .journey = *journey};
    const struct decision_message message = {.mid = mid, .give_up_ms = give_up_ms};
    remember(d, &want, &message);
}
