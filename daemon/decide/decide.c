/*
 * The policy. Read it from decide() at the end upwards:
 *
 *   decide ─┬─ consider_event    one event of the customer; twice is once
 *           │    learn             what it tells: profile, counts, opt-outs, lost messages
 *           │    end_journeys      whose `until` it is: what runs ends, what waits is withdrawn
 *           │    start_journeys    whose `on` it is: all `if`s first, then each match acts
 *           │      no_longer         again: restart, and `if` is false: ends what runs
 *           │      try_rule          enabled, young enough, not over already, again
 *           └─ resume_due        journeys whose time has come, in the order of deadlines
 *
 *   Both let journeys move on (move) until they wait or end. A send is only a want at
 *   first; grant then asks the policy about all wants of the event, or of the moment, best
 *   priority first, so that the best message gets the last place under a cap.
 *
 * What is decided is kept in the customer's document (customer/customer), in the decision
 * (decide/decision), and in the trace (decide/trace).
 */
#include "decide/decide.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "decide/journey.h"
#include "decide/message_body.h"
#include "decide/trace.h"
#include "rules/rule_index.h"

enum {
    MINUTE_MS = 60 * 1000,
    DAY_MS = 24 * 60 * 60 * 1000,
};

/* A journey's wish to send, until the policy has been asked. */
struct want {
    const struct rule *rule; /* NULL: its journey has failed meanwhile */
    const struct rule_step *step;
    struct customer_journey journey;
    uint32_t order; /* in which it came */
};

struct deciding {
    const struct decide_input *input;
    struct arena *arena;
    struct customer *customer;
    struct decision *decision;
    const struct shop_event *event; /* NULL at a timer */
    struct want *wants;
    uint32_t want_count, want_capacity;
    struct trace trace;
    bool effect; /* the event did something worth remembering its id for */
};

static struct condition_scene scene_of(const struct deciding *d,
                                       const struct customer_journey *journey)
{
    return (struct condition_scene){
        .event = d->event ? &d->event->document : NULL,
        .start = journey ? &journey->start : NULL,
        .customer = d->customer,
        .shop = &d->input->policy->shop,
        .zone = d->input->policy->zone,
        .now_ms = d->input->now_ms,
        .segments = d->input->policy->segments,
    };
}

/* ---- Messages ---- */

static int by_priority(const void *a, const void *b)
{
    const struct want *one = a, *two = b;
    if (one->rule->priority != two->rule->priority)
        return one->rule->priority > two->rule->priority ? -1 : 1;
    int names = strcmp(one->rule->name, two->rule->name);
    return names ? names : one->order < two->order ? -1 : 1;
}

/* Keeps in the customer's document that the message was decided. */
static void remember(struct deciding *d, const struct want *want,
                     const struct decision_message *message)
{
    const struct rule *rule = want->rule;
    struct customer_open open = {.mid = message->mid,
                                 .rule = rule->name,
                                 .origin = want->journey.origin,
                                 .topic = rule->topic,
                                 .started_ms = want->journey.started_ms,
                                 .give_up_ms = message->give_up_ms,
                                 .start =
                                     rule->until_condition ? want->journey.start : value_null(),
                                 .marketing = rule->class == RULE_MARKETING};
    customer_add_send(d->arena, d->customer, &open, want->journey.run, d->input->now_ms);
}

/* False where an expression of its data fails: *fault says why. */
static bool add_message(struct deciding *d, const struct want *want, const char *address,
                        const char *address_hash, const struct condition_scene *scene,
                        const char **fault)
{
    const struct message_body_input body = {.policy = d->input->policy,
                                            .rule = want->rule,
                                            .step = want->step,
                                            .journey = &want->journey,
                                            .scene = scene,
                                            .address = address};
    struct decision_message message = {.rule = want->rule,
                                       .step = want->step,
                                       .address_hash = address_hash,
                                       .give_up_ms = d->input->now_ms + want->rule->give_up_ms};
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
static void fail_want(struct deciding *d, const struct want *failed, const char *fault)
{
    struct customer *customer = d->customer;
    add_error(d, &failed->journey, failed->step, fault);
    for (uint32_t i = customer->journeys.count; i-- > 0;)
        if (is_same_journey(&customer->journeys.items[i], &failed->journey))
            customer_drop_journey(customer, i);
    for (struct want *want = d->wants; want < d->wants + d->want_count; want++)
        if (want > failed && is_same_journey(&want->journey, &failed->journey))
            want->rule = NULL;
}

static void grant_one(struct deciding *d, const struct want *want)
{
    const struct policy *policy = d->input->policy;
    const struct condition_scene scene = scene_of(d, &want->journey);
    const char *address = message_body_address(want->step, &scene, d->arena), *fault, *hash = NULL;
    if (address)
        hash = policy_address_hash(policy, address, arena_alloc(d->arena, POLICY_HASH_SIZE));
    enum trace_why refusal = policy_refusal(policy, d->input->facts, want->rule, want->journey.run,
                                            hash, &scene, d->arena);
    if (refusal) {
        d->decision->counts.refused++;
        trace_add(&d->trace, want->rule->name, TRACE_REFUSED, refusal);
    } else if (!add_message(d, want, address, hash, &scene, &fault)) {
        fail_want(d, want, fault);
    }
}

/* Asks the policy about all that the journeys want to send, best first. */
static void grant(struct deciding *d)
{
    if (d->want_count > 1)
        qsort(d->wants, d->want_count, sizeof *d->wants, by_priority);
    for (uint32_t i = 0; i < d->want_count; i++)
        if (d->wants[i].rule)
            grant_one(d, &d->wants[i]);
    d->want_count = 0;
}

/* Withdraws an open message, unless a sender has it already. */
static void withdraw(struct deciding *d, uint32_t index, enum trace_why why)
{
    struct customer_open open = d->customer->open.items[index];
    if (d->input->facts && policy_listed(d->input->facts->taken, open.mid)) {
        customer_drop_open(d->customer, index);
        trace_add_withdrawal(&d->trace, open.rule, TRACE_TOO_LATE, why, open.mid);
        return;
    }
    if (!decision_take_back(d->decision, open.mid))
        decision_withdraw(d->decision, d->arena, open.mid);
    customer_drop_send(d->customer, open.mid);
    trace_add_withdrawal(&d->trace, open.rule, TRACE_WITHDRAWN, why, open.mid);
    d->effect = true;
}

static void withdraw_run(struct deciding *d, const char *rule, const char *origin,
                         enum trace_why why)
{
    for (uint32_t i = d->customer->open.count; i-- > 0;)
        if (strcmp(d->customer->open.items[i].rule, rule) == 0 &&
            strcmp(d->customer->open.items[i].origin, origin) == 0)
            withdraw(d, i, why);
}

/* ---- Journeys ---- */

static void add_want(struct deciding *d, const struct rule *rule, const struct rule_step *step,
                     const struct customer_journey *journey)
{
    d->wants = arena_grow(d->arena, d->wants, d->want_count, &d->want_capacity, sizeof *d->wants);
    d->wants[d->want_count] =
        (struct want){.rule = rule, .step = step, .journey = *journey, .order = d->want_count};
    d->want_count++;
}

/* Lets a journey move from step number `at` until it waits (true) or ends. */
static bool move(struct deciding *d, const struct rule *rule, uint32_t at,
                 struct customer_journey *journey)
{
    struct condition_scene scene = scene_of(d, journey);
    const struct rule_step *step;
    const char *fault = "";
    journey->since_ms = ruleset_since(d->input->rules);
    for (;;) {
        switch (journey_move(rule, &at, journey, &scene, d->arena, &step, &fault)) {
        case JOURNEY_SENDS: {
            int64_t quiet_until =
                rule->class == RULE_MARKETING
                    ? policy_quiet_until(d->input->policy, d->customer, d->input->now_ms, d->arena)
                    : 0;
            if (!quiet_until) {
                add_want(d, rule, step, journey);
                break;
            }
            journey_wait_at(journey, step, quiet_until);
            trace_add_time(&d->trace, rule->name, TRACE_QUIET_HOURS, quiet_until);
            return true;
        }
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

static void end_journey(struct deciding *d, uint32_t index, enum trace_why why)
{
    struct customer_journey journey = d->customer->journeys.items[index];
    customer_drop_journey(d->customer, index);
    trace_add(&d->trace, journey.rule, TRACE_ENDED, why);
    withdraw_run(d, journey.rule, journey.origin, why);
    d->effect = true;
}

static void start_journey(struct deciding *d, const struct rule *rule, const char *run)
{
    const struct shop_event *event = d->event;
    struct customer *customer = d->customer;
    struct customer_journey journey = {
        .rule = rule->name,
        .origin = event->origin,
        .run = run,
        .clock_ms = event->time_ms,
        .started_ms = event->time_ms,
        .start = event->document,
    };
    d->effect = true;
    if (!move(d, rule, 0, &journey))
        return;
    if (customer->journeys.count == CUSTOMER_JOURNEYS_MOST) {
        trace_add(&d->trace, rule->name, TRACE_REFUSED, TRACE_WHY_TOO_MANY_JOURNEYS);
        decision_add_dead(d->decision, d->arena, customer, &journey, journey.step,
                          TRACE_REASON_TOO_MANY_JOURNEYS, "64 journeys run for this customer");
        return;
    }
    customer->journeys.items =
        arena_grow(d->arena, customer->journeys.items, customer->journeys.count,
                   &customer->journeys.capacity, sizeof *customer->journeys.items);
    customer->journeys.items[customer->journeys.count++] = journey;
}

/* ---- Events ---- */

static void unsubscribe(struct deciding *d, const char *topic)
{
    struct customer *customer = d->customer;
    int64_t at_ms = d->event->time_ms, known_ms;
    if (value_to_int(value_get(&customer->optouts, topic), &known_ms) && known_ms > at_ms)
        at_ms = known_ms;
    value_set(d->arena, customer->optouts, topic, value_int(at_ms));
    d->effect = true;
    for (uint32_t i = customer->open.count; i-- > 0;)
        if (customer->open.items[i].marketing &&
            customer_opted_out(customer, customer->open.items[i].topic))
            withdraw(d, i, TRACE_WHY_UNSUBSCRIBED);
}

/* Lifts an opt-out, or all of them, but none that is newer than this event. */
static void resubscribe(struct deciding *d, const char *topic)
{
    const struct value *old = &d->customer->optouts;
    struct value left = value_new_map(d->arena, value_count(old));
    for (uint32_t i = 0; i < value_count(old); i++) {
        const struct value_member *member = &old->map->members[i];
        int64_t at_ms;
        bool named = strcmp(topic, "all") == 0 || value_is_text(&member->key, topic);
        bool newer = value_to_int(&member->value, &at_ms) && at_ms > d->event->time_ms;
        if (!named || newer)
            value_add(d->arena, left, member->key, member->value);
    }
    d->customer->optouts = left;
    d->effect = true;
}

/* A topic that cannot be read stands for all of them, but lifts nothing: silence is the
 * safe side. */
static void learn_opt_out(struct deciding *d)
{
    const struct value *topic = value_get(&d->event->data, "topic");
    const char *name = topic && topic->kind != VALUE_NULL ? value_to_text(d->arena, topic) : "all";
    if (strcmp(d->event->type, "customer.unsubscribed") == 0)
        unsubscribe(d, name && *name ? name : "all");
    else if (strcmp(d->event->type, "customer.resubscribed") == 0 && name)
        resubscribe(d, name);
}

/* Delivery tells that a message never arrived: its place under the caps is free. */
static void learn_delivery(struct deciding *d)
{
    const struct shop_event *event = d->event;
    if (!event->internal ||
        (strcmp(event->type, "message.failed") != 0 && strcmp(event->type, "message.bounced") != 0))
        return;
    const char *mid = value_to_text(d->arena, value_path(&event->data, "message.id"));
    if (mid)
        customer_drop_send(d->customer, mid);
}

/* What the event tells of the customer. */
static void learn(struct deciding *d)
{
    const struct shop_event *event = d->event;
    if (event->customer.kind == VALUE_MAP)
        customer_merge(d->arena, d->customer, &event->customer, event->time_ms);
    if (ruleset_counts(d->input->rules, event->type))
        customer_add_count(d->arena, d->customer, event->type, event->time_ms);
    learn_opt_out(d);
    learn_delivery(d);
}

/* Whether the event ends what started with `start` at `started_ms`. A condition that
 * cannot be answered counts as true: silence is the safe side. */
static bool is_end(struct deciding *d, const struct rule *rule, const struct value *start,
                   int64_t started_ms)
{
    if (d->event->time_ms < started_ms)
        return false;
    struct customer_journey journey = {.start = *start};
    struct condition_scene scene = scene_of(d, &journey);
    const char *fault;
    return condition_ask(rule->until_condition, &scene, d->arena, &fault) != CONDITION_FALSE;
}

/* The rule of that name, if the event ends what it started. */
static const struct rule *ended_rule(const struct deciding *d, const char *name)
{
    const struct rule *rule = ruleset_find(d->input->rules, name);
    return rule && rule_has_type(rule->until, d->event->type) ? rule : NULL;
}

/* Ends what runs, and withdraws what waits in the outbox, of the rules whose
 * `until` this event is. */
static void end_journeys(struct deciding *d)
{
    struct customer *customer = d->customer;
    if (!*ruleset_until(d->input->rules, d->event->type))
        return;
    for (uint32_t i = customer->journeys.count; i-- > 0;) {
        const struct customer_journey *journey = &customer->journeys.items[i];
        const struct rule *rule = ended_rule(d, journey->rule);
        if (rule && is_end(d, rule, &journey->start, journey->started_ms))
            end_journey(d, i, TRACE_WHY_UNTIL);
    }
    for (uint32_t i = customer->open.count; i-- > 0;) {
        const struct customer_open *open = &customer->open.items[i];
        const struct rule *rule = ended_rule(d, open->rule);
        if (rule && is_end(d, rule, &open->start, open->started_ms))
            withdraw(d, i, TRACE_WHY_UNTIL);
    }
}

/* An event of `until` that is newer than this one has been here already: events
 * may arrive out of order. A condition would need that event again; it is not asked. */
static bool already_over(const struct deciding *d, const struct rule *rule)
{
    for (const char *const *type = rule->until; *type && !rule->until_condition; type++) {
        const struct customer_count *count = customer_find_count(d->customer, *type);
        if (count && count->last_ms > d->event->time_ms)
            return true;
    }
    return false;
}

/* What runs of this rule gives way to the event, or keeps it from starting anew. A
 * restart goes on with the run that it ends: *run is that of the older journey. */
static bool make_way(struct deciding *d, const struct rule *rule, const char **run)
{
    struct customer *customer = d->customer;
    if (rule->again == RULE_PARALLEL || rule->again == RULE_AGAIN_UNSET)
        return true;
    for (uint32_t i = customer->journeys.count; i-- > 0;) {
        const struct customer_journey *journey = &customer->journeys.items[i];
        if (strcmp(journey->rule, rule->name) != 0)
            continue;
        if (rule->again == RULE_IGNORE || d->event->time_ms < journey->started_ms) {
            trace_add(&d->trace, rule->name, TRACE_IGNORED,
                      rule->again == RULE_IGNORE ? TRACE_WHY_AGAIN : TRACE_WHY_OLDER);
            return false;
        }
        *run = journey->run;
        end_journey(d, i, TRACE_WHY_RESTART);
    }
    return true;
}

/* Whether a rule of `again: restart` answered no. */
static bool is_refusal(const struct deciding *d, const struct rule *rule,
                       const struct rule_answer *answers, uint32_t count)
{
    if (!rule || rule->again != RULE_RESTART || !rule->enabled ||
        !rule_has_type(rule->on, d->event->type))
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (answers[i].rule == rule)
            return false;
    return true;
}

/* With `again: restart`, an event that no longer matches ends the journey. */
static void no_longer(struct deciding *d, const struct rule_answer *answers, uint32_t count)
{
    for (uint32_t i = d->customer->journeys.count; i-- > 0;) {
        const struct customer_journey *journey = &d->customer->journeys.items[i];
        const struct rule *rule = ruleset_find(d->input->rules, journey->rule);
        if (d->event->time_ms >= journey->started_ms && is_refusal(d, rule, answers, count))
            end_journey(d, i, TRACE_WHY_NO_LONGER);
    }
}

static void try_rule(struct deciding *d, const struct rule *rule)
{
    const char *run = d->event->origin;
    if (!rule->enabled)
        trace_add(&d->trace, rule->name, TRACE_PASSED_OVER, TRACE_WHY_DISABLED);
    else if (d->input->now_ms - d->event->time_ms > rule->max_age_ms)
        trace_add(&d->trace, rule->name, TRACE_PASSED_OVER, TRACE_WHY_MAX_AGE);
    else if (already_over(d, rule))
        trace_add(&d->trace, rule->name, TRACE_PASSED_OVER, TRACE_WHY_UNTIL);
    else if (make_way(d, rule, &run))
        start_journey(d, rule, run);
}

/* Why rules did not match. */
static void tell_unmatched(struct deciding *d, const struct rule_index *index,
                           const struct rule_answer *answers, uint32_t count)
{
    uint32_t rules;
    const struct rule *const *rule = rule_index_rules(index, &rules);
    trace_add_refusals(&d->trace, rule, rules, answers, count);
    for (uint32_t i = 0; i < count; i++) {
        if (answers[i].answer != CONDITION_FAILED)
            continue;
        d->decision->counts.failed++;
        trace_add_no_match(&d->trace, answers[i].rule->name, answers[i].fault);
    }
}

/* All conditions are asked before any rule acts: none sees what another one did. */
static void start_journeys(struct deciding *d)
{
    const struct rule_index *index = ruleset_index(d->input->rules, d->event->type);
    struct condition_scene scene = scene_of(d, NULL);
    struct condition_view view;
    uint32_t count;
    if (!index)
        return;
    condition_view_open(&view, &scene, d->arena);
    const struct rule_answer *answers = rule_index_ask(index, &view, d->arena, &count);
    tell_unmatched(d, index, answers, count);
    no_longer(d, answers, count);
    for (uint32_t i = 0; i < count; i++)
        if (answers[i].answer == CONDITION_TRUE)
            try_rule(d, answers[i].rule);
}

static void keep_trace(struct deciding *d)
{
    struct value line;
    if (trace_end(&d->trace, &line))
        decision_add_trace(d->decision, d->arena, line);
}

static void consider_event(struct deciding *d, const struct shop_event *event)
{
    int64_t keep_ms = event->id[0] ? d->input->policy->dedupe_keep_ms : MINUTE_MS;
    d->event = event;
    d->effect = false;
    trace_begin(&d->trace, d->arena, d->input->now_ms, event);
    if (customer_has_seen(d->customer, event->identity, event->arrival_ms - keep_ms)) {
        d->decision->counts.duplicate++;
        trace_add(&d->trace, NULL, TRACE_PASSED_OVER, TRACE_WHY_DUPLICATE);
    } else {
        d->decision->counts.decided++;
        learn(d);
        end_journeys(d);
        start_journeys(d);
        grant(d);
        customer_add_seen(d->arena, d->customer, event->identity, event->arrival_ms, d->effect);
    }
    keep_trace(d);
}

/* ---- Timers ---- */

/* Why a journey cannot go on under the present rules; NONE: it can, at *at. */
static enum trace_why lost_rule(const struct rule *rule, const struct customer_journey *journey,
                                uint32_t *at)
{
    if (!rule)
        return TRACE_WHY_RULE_REMOVED;
    if (!rule->enabled)
        return TRACE_WHY_DISABLED;
    const struct rule_step *step = rule_find_step(rule, journey->step);
    if (!step)
        return TRACE_WHY_RULE_CHANGED;
    *at = (uint32_t)(step - rule->steps);
    return TRACE_WHY_NONE;
}

static void resume(struct deciding *d, uint32_t index)
{
    struct customer_journey journey = d->customer->journeys.items[index];
    const struct rule *rule = ruleset_find(d->input->rules, journey.rule);
    uint32_t at = 0;
    enum trace_why lost = lost_rule(rule, &journey, &at);
    if (lost) {
        end_journey(d, index, lost);
        return;
    }
    if (move(d, rule, at, &journey)) {
        d->customer->journeys.items[index] = journey;
        return;
    }
    customer_drop_journey(d->customer, index);
}

/* The running journey that is due first; false where none is. One that a daemon with
 * newer rules has touched is left to it. */
static bool first_due(const struct deciding *d, uint32_t *index)
{
    int64_t first = INT64_MAX;
    for (uint32_t i = 0; i < d->customer->journeys.count; i++) {
        const struct customer_journey *journey = &d->customer->journeys.items[i];
        if (journey->deadline_ms > d->input->due_ms || journey->deadline_ms >= first ||
            journey_is_left(journey, ruleset_since(d->input->rules), d->input->now_ms))
            continue;
        first = journey->deadline_ms;
        *index = i;
    }
    return first != INT64_MAX;
}

/* In the order of their deadlines; what is due at the same moment (the end of quiet hours)
 * shares the places under a cap by priority. */
static void resume_due(struct deciding *d)
{
    uint32_t index = 0, left = CUSTOMER_JOURNEYS_MOST; /* zero-length waits must end */
    int64_t moment_ms = 0;
    d->event = NULL;
    trace_begin(&d->trace, d->arena, d->input->now_ms, NULL);
    while (left > 0 && first_due(d, &index)) {
        int64_t deadline_ms = d->customer->journeys.items[index].deadline_ms;
        if (d->want_count > 0 && deadline_ms != moment_ms) {
            grant(d);
            continue; /* a send that failed has ended its journey */
        }
        moment_ms = deadline_ms;
        left--;
        resume(d, index);
    }
    grant(d);
    keep_trace(d);
}

/* The oldest send that some limit or cap still counts. */
static int64_t sends_since(const struct decide_input *input)
{
    int64_t keep_ms = DAY_MS;
    if (ruleset_longest_limit(input->rules) > keep_ms)
        keep_ms = ruleset_longest_limit(input->rules);
    if (input->policy->cap.per_ms > keep_ms)
        keep_ms = input->policy->cap.per_ms;
    return input->now_ms - keep_ms;
}

void decide(const struct decide_input *input, struct arena *arena, struct decision *decision)
{
    struct deciding d = {
        .input = input, .arena = arena, .customer = input->customer, .decision = decision};
    memset(decision, 0, sizeof *decision);
    customer_prune(input->customer, input->now_ms, sends_since(input),
                   input->now_ms - input->policy->dedupe_keep_ms);
    for (size_t i = 0; i < input->event_count; i++)
        consider_event(&d, input->events[i]);
    if (input->due_ms)
        resume_due(&d);
    decision_set_deadlines(decision, input->customer, ruleset_since(input->rules), input->now_ms);
}
