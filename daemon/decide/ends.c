/*
 * By `until` (ends_until): each journey and each open message is asked (is_end), and what its
 * condition saw is told. By a match that is none any more (ends_no_longer). Both are remembered,
 * for older starts that come later (ends_over).
 */
#include "decide/ends.h"

#include <string.h>

#include "customer/customer_ends.h"
#include "decide/because.h"
#include "decide/carried.h"
#include "decide/moving.h"
#include "decide/per.h"
#include "decide/starts.h"
#include "decide/withdraw.h"
#include "rules/condition_reads.h"

/* ---- By `until` ---- */

/* What an event may end: a journey, or an open message (`journey` NULL). */
struct begun {
    const char *rule, *origin;
    const struct customer_until *until;
    const struct value *reads;
    int64_t started_ms;
    const struct customer_journey *journey;
};

/* Whether what joined must be read first for the condition, or is known no more: of a message it is
 * not. */
static bool lacks_collected(struct deciding *d, const struct begun *begun,
                            const struct cel_program *condition)
{
    return condition && condition_reads_collected(condition, d->policy->segments, d->arena) &&
           (!begun->journey || starts_need_collected(d, begun->journey));
}

/* By what an event ends something, or does not. */
struct ending {
    bool asked; /* a condition was, and answered: */
    struct condition_reason reason;
    const char *fault; /* NULL, or why it did not */
};

/* Of an event that does not end a message nothing is told. */
static bool ask(struct deciding *d, const struct begun *begun, const struct cel_program *condition,
                const struct condition_scene *scene, struct ending *ending)
{
    const char *fault = NULL;
    enum condition_answer answer = condition_ask(condition, scene, d->arena, &fault);
    ending->fault = answer == CONDITION_FAILED ? fault : NULL;
    ending->asked = !d->trace.silent && condition && !ending->fault &&
                    (begun->journey || answer == CONDITION_TRUE);
    if (ending->asked)
        condition_reason_find(condition, scene, answer == CONDITION_TRUE, d->arena,
                              &ending->reason);
    return answer != CONDITION_FALSE;
}

/* Whether the rule, NULL: one that is gone, has the event's type among those of its `until`. */
static bool is_of_until(const struct deciding *d, const struct rule *rule,
                        const struct begun *begun)
{
    if (!rule)
        return rule_list_has(begun->until->types, d->event->type);
    const struct rule *const *ended = d->type->until;
    while (*ended && *ended != rule)
        ended++;
    return *ended != NULL;
}

/* Whether the event ends it: by its rule where that is here, else by what it carries. A condition
 * that cannot be compiled or answered counts as true: silence is the safe side. */
static bool is_end(struct deciding *d, const struct begun *begun, struct ending *ending)
{
    const struct rule *rule = ruleset_find(d->rules, begun->rule);
    struct cel_program *condition = rule ? rule->until_condition : NULL;
    ending->asked = false;
    ending->fault = NULL;
    if (!is_of_until(d, rule, begun) || d->event->time_ms < begun->started_ms)
        return false;
    if (!rule && !carried_compile(d, begun->until->condition, &condition))
        return true;
    struct customer_journey journey = {.started_ms = begun->started_ms};
    if (begun->journey)
        journey.collected = begun->journey->collected;
    bool lacks = lacks_collected(d, begun, condition);
    if (!starts_find(d, begun->origin, begun->until, begun->reads, condition, &journey.start) ||
        lacks)
        return true;
    struct condition_scene scene = deciding_scene(d, &journey);
    return ask(d, begun, condition, &scene, ending);
}

static void tell(struct deciding *d, struct value item, const struct ending *ending, bool ended)
{
    if (ending->fault)
        trace_note(&d->trace, item, "fault", value_text(ending->fault));
    else if (ending->asked)
        because_found(d, item, &ending->reason, ended);
}

static void remember(struct deciding *d, const struct rule *rule, const char *per,
                     struct value event)
{
    const struct customer_end end = {.rule = rule->name,
                                     .per = per,
                                     .at_ms = d->event->time_ms,
                                     .until_ms = d->event->time_ms + rule->max_age_ms,
                                     .event = event};
    if (end.until_ms >= d->now_ms)
        customer_ends_add(d->arena, d->customer, &end);
}

void ends_until(struct deciding *d)
{
    struct customer *customer = d->customer;
    struct ending ending;
    for (uint32_t i = customer->journeys.count; i-- > 0;) {
        const struct customer_journey *journey = &customer->journeys.items[i];
        if (is_end(d,
                   &(struct begun){journey->rule, journey->origin, &journey->until, &journey->reads,
                                   journey->started_ms, journey},
                   &ending))
            tell(d, moving_end(d, i, TRACE_WHY_UNTIL), &ending, true);
        else if (ending.asked)
            tell(d, trace_add(&d->trace, journey->rule, TRACE_STAYS, TRACE_WHY_UNTIL), &ending,
                 false);
    }
    for (uint32_t i = customer->open.count; i-- > 0;) {
        const struct customer_open *open = &customer->open.items[i];
        if (is_end(d,
                   &(struct begun){open->rule, open->origin, &open->until, &open->reads,
                                   open->started_ms, NULL},
                   &ending))
            tell(d, withdraw_message(d, i, TRACE_WHY_UNTIL), &ending, true);
    }
    /* Of those without a condition the customer's counts have the newest. */
    for (const struct rule *const *rule = d->type->until; *rule; rule++)
        if (!rule_list_has((*rule)->until_plain, d->event->type))
            remember(d, *rule, NULL, carried_event(d, *rule));
}

/* ---- By a match that is none any more ---- */

static void end_value(struct deciding *d, const struct rule *rule, const char *per,
                      const struct condition_view *view)
{
    struct customer *customer = d->customer;
    int64_t at_ms = d->event->time_ms;
    for (uint32_t i = customer->journeys.count; i-- > 0;) {
        const struct customer_journey *journey = &customer->journeys.items[i];
        if (at_ms >= journey->started_ms && strcmp(journey->rule, rule->name) == 0 &&
            per_is(d, rule, journey->per, journey->origin, per))
            because_view(d, moving_end(d, i, TRACE_WHY_NO_LONGER), rule->condition, view, false);
    }
    for (uint32_t i = customer->open.count; i-- > 0;) {
        const struct customer_open *open = &customer->open.items[i];
        if (at_ms >= open->started_ms && strcmp(open->rule, rule->name) == 0 &&
            per_is(d, rule, open->per, open->origin, per) && !withdraw_is_too_late(d, open))
            because_view(d, withdraw_message(d, i, TRACE_WHY_NO_LONGER), rule->condition, view,
                         false);
    }
}

void ends_no_longer(struct deciding *d, const struct condition_view *view,
                    const struct rule_answers *answers)
{
    const char *per, *fault;
    for (uint32_t i = 0; i < answers->refusal_count; i++) {
        const struct rule *rule = answers->refusals[i];
        if (!per_ask(rule, view, d->arena, &per, &fault))
            continue;
        end_value(d, rule, per, view);
        remember(d, rule, per, value_null());
    }
}

void ends_at_tick(struct deciding *d, const struct rule *rule, const struct condition_view *view)
{
    const char *per, *fault;
    if (rule->again == RULE_RESTART && per_ask(rule, view, d->arena, &per, &fault))
        end_value(d, rule, per, view);
}

/* ---- What came before an older start ---- */

static bool is_end_of(const struct customer_end *end, const struct rule *rule, int64_t started_ms)
{
    return end->at_ms > started_ms && (!end->rule[0] || strcmp(end->rule, rule->name) == 0);
}

/* Whether a remembered event of `until` ends what began with `start`. */
static bool stops_start(const struct deciding *d, const struct rule *rule,
                        const struct customer_end *end, const struct value *start,
                        int64_t started_ms)
{
    const struct customer_journey journey = {.start = *start, .started_ms = started_ms};
    struct condition_scene scene = deciding_scene(d, &journey);
    const char *fault;
    if (end->event.kind != VALUE_MAP)
        return true;
    const char *type = value_to_text(d->arena, value_get(&end->event, "type"));
    if (type && !rule_list_has(rule->until, type)) /* it is of the rule as it was */
        return false;
    scene.event = &end->event;
    return condition_ask(rule->until_condition, &scene, d->arena, &fault) != CONDITION_FALSE;
}

/* Of the value, or of all. */
static bool is_of_value(const struct customer_end *end, const struct rule *rule, const char *per)
{
    return !rule->per || !per || !end->per || strcmp(end->per, per) == 0;
}

enum trace_why ends_over(const struct deciding *d, const struct rule *rule, const char *per,
                         const struct value *start, int64_t started_ms, struct ends_past *past)
{
    bool restarts = rule->again == RULE_RESTART;
    for (const char *const *type = rule->until_plain; *type; type++) {
        const struct customer_count *count = customer_find_count(d->customer, *type);
        if (count && count->last_ms > started_ms) {
            *past = (struct ends_past){count->last_ms, *type};
            return TRACE_WHY_UNTIL;
        }
    }
    for (uint32_t i = 0; i < d->customer->ends.count; i++) {
        const struct customer_end *end = &d->customer->ends.items[i];
        if (!is_end_of(end, rule, started_ms))
            continue;
        past->at_ms = end->at_ms;
        if (restarts && is_of_value(end, rule, per) &&
            (end->event.kind == VALUE_NULL || !end->rule[0]))
            return TRACE_WHY_NO_LONGER;
        if (rule->until_condition && end->event.kind != VALUE_NULL &&
            stops_start(d, rule, end, start, started_ms))
            return TRACE_WHY_UNTIL;
    }
    *past = (struct ends_past){0};
    return TRACE_WHY_NONE;
}
