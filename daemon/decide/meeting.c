#include "decide/meeting.h"

#include <string.h>

#include "customer/customer_starts.h"
#include "decide/because.h"
#include "decide/carried.h"
#include "decide/emitting.h"
#include "decide/journey.h"
#include "decide/moving.h"
#include "decide/starts.h"

/* Whether the event is of a type that the journey waits for, of a time within the wait. What it has
 * emitted itself it did before it waited, though that is handled behind all that the present event
 * does. */
static bool may_meet(struct deciding *d, const struct customer_journey *journey)
{
    const struct shop_event *event = d->event;
    if (!journey->or_.types || !rule_list_has(journey->or_.types, event->type) ||
        event->time_ms < journey->since_ms || event->time_ms > journey->deadline_ms)
        return false;
    const struct rule *rule = ruleset_find(d->rules, journey->rule);
    return !rule || !emitting_is_own(d, rule, journey);
}

/* A condition that fails does not meet: nothing says that this is what was waited for. */
static bool is_met(struct deciding *d, const struct customer_journey *journey)
{
    struct cel_program *condition;
    const char *fault;
    if (!carried_compile(d, journey->or_.condition, &condition))
        return false;
    struct condition_scene scene = deciding_scene(d, journey);
    scene.event = &d->event->document;
    enum condition_answer answer = condition_ask(condition, &scene, d->arena, &fault);
    if (answer == CONDITION_FAILED) {
        d->decision->counts.failed++;
        trace_add_no_match(&d->trace, journey->rule, fault);
    } else if (answer == CONDITION_FALSE) {
        because_condition(d, trace_add(&d->trace, journey->rule, TRACE_STAYS, TRACE_WHY_OR),
                          condition, &scene, false);
    }
    return answer == CONDITION_TRUE;
}

/* Whether it goes on here; else by the daemon that it is left to, or it ends when it is due. */
static bool goes_on_here(const struct deciding *d, const struct customer_journey *journey,
                         const struct rule **rule, uint32_t *at)
{
    return journey_lost(d->rules, journey, rule, at) == TRACE_WHY_NONE &&
           !journey_is_left(d->rules, d->others, journey, d->now_ms);
}

void meeting_ask(struct deciding *d)
{
    for (uint32_t i = 0; i < d->customer->journeys.count; i++) {
        struct customer_journey *journey = &d->customer->journeys.items[i];
        const struct rule *rule;
        uint32_t at;
        if (!may_meet(d, journey))
            continue;
        bool needs = journey->or_.condition || goes_on_here(d, journey, &rule, &at);
        journey->meets = !(needs && starts_need(d, journey)) && is_met(d, journey);
    }
}

/* What the journey knows of the event from now on. */
static void meet(struct deciding *d, struct customer_journey *journey)
{
    const struct shop_event *event = d->event;
    journey->meets = false;
    journey->met = event->origin;
    journey->met_event = event->document;
    journey->waited = true;
    journey->or_ = (struct customer_until){0};
    journey->clock_ms = event->time_ms;
    journey->deadline_ms = d->now_ms;
    d->effect = true;
    customer_starts_add(d->arena, d->customer, event->origin, &event->document);
    trace_add(&d->trace, journey->rule, TRACE_GOES_ON, TRACE_WHY_MET);
}

static struct customer_journey *first_met(struct customer *customer, uint32_t *index)
{
    for (*index = 0; *index < customer->journeys.count; ++*index)
        if (customer->journeys.items[*index].meets)
            return &customer->journeys.items[*index];
    return NULL;
}

void meeting_go_on(struct deciding *d)
{
    struct customer_journey *met;
    uint32_t index, at;
    while ((met = first_met(d->customer, &index))) {
        const struct rule *rule;
        meet(d, met);
        if (!goes_on_here(d, met, &rule, &at))
            continue;
        if (met->start.kind != VALUE_MAP) {
            starts_lose(d, index);
            continue;
        }
        struct customer_journey journey = *met;
        if (moving_go_on(d, rule, at, &journey))
            d->customer->journeys.items[index] = journey;
        else
            customer_drop_journey(d->customer, index);
    }
}
