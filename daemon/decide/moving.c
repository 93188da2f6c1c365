/*
 * move lets a journey go from step to step; what only turns it, a branch, a share, a wait, is told
 * in the trace. Below it the ways in: moving_go_on for one whose time has come, moving_start, and
 * moving_end for one that is over before its last step.
 */
#include "decide/moving.h"

#include "customer/customer_size.h"
#include "customer/customer_starts.h"
#include "decide/ahead.h"
#include "decide/because.h"
#include "decide/carried.h"
#include "decide/collecting.h"
#include "decide/emitting.h"
#include "decide/fields.h"
#include "decide/journey.h"
#include "decide/per.h"
#include "decide/runs.h"
#include "decide/sending.h"
#include "decide/withdraw.h"

/* Whether the rule's `while` lets the journey act; where not, it is over. */
static bool may_act(struct deciding *d, const struct rule *rule,
                    const struct condition_scene *scene)
{
    const char *fault = NULL;
    if (condition_ask(rule->while_condition, scene, d->arena, &fault) == CONDITION_TRUE)
        return true;
    const struct value item =
        trace_add_fault(&d->trace, rule->name, TRACE_ENDED, TRACE_WHY_NO_LONGER, fault);
    if (!fault)
        because_condition(d, item, rule->while_condition, scene, false);
    return false;
}

/* ---- What is told of steps that only turn ---- */

static void tell_branch(struct deciding *d, const struct rule *rule, const struct rule_step *branch,
                        const struct condition_scene *scene)
{
    because_condition(d, trace_add(&d->trace, rule->name, TRACE_BRANCH, TRACE_WHY_IF),
                      branch->condition, scene, false);
}

static void tell_share(struct deciding *d, const struct rule *rule, const struct rule_step *split)
{
    uint32_t place;
    const struct rule_share *share = journey_share(split, d->customer, &place);
    const struct value item = trace_add_text(&d->trace, rule->name, TRACE_SHARE, share->name);
    because_text(d, item, "split", split->split);
    because_share(d, item, "place", place);
}

static void tell_wait(struct deciding *d, const struct rule *rule,
                      const struct customer_journey *journey)
{
    const char *const *types = journey->or_.types;
    const struct value item = trace_add_time(
        &d->trace, rule->name, types ? TRACE_WAITS_FOR : TRACE_WAITS, journey->deadline_ms);
    if (types)
        because_texts(d, item, "or", types);
}

static void tell_past(struct deciding *d, const struct rule *rule, const struct rule_step *wait,
                      const struct customer_journey *journey)
{
    because_number(d,
                   trace_add(&d->trace, rule->name, wait->skips ? TRACE_PASSED_OVER : TRACE_GOES_ON,
                             TRACE_WHY_PAST),
                   "since", journey->past_ms);
}

/* A branch in which the journey stands is not to be entered any more. */
static void tell_left_branch(struct deciding *d, const struct rule *rule,
                             const struct rule_step *branch, const struct condition_scene *scene)
{
    struct value item = trace_add(&d->trace, rule->name, TRACE_PASSED_OVER, TRACE_WHY_BRANCH);
    const char *fault;
    because_condition(d, item, branch->condition, scene,
                      condition_ask(branch->condition, scene, d->arena, &fault) == CONDITION_TRUE);
}

/* ---- Moving ---- */

/* A step that acts at once; false where the journey is over. */
static bool act(struct deciding *d, const struct rule *rule, const struct rule_step *step,
                const struct customer_journey *journey, const struct condition_scene *scene)
{
    const char *fault = "";
    if (!may_act(d, rule, scene) || !runs_admit(d, rule, step, journey) ||
        !sending_make_wanted(d, journey))
        return false;
    if (step->kind == RULE_STEP_SET ? fields_set(d, step, journey, &fault)
                                    : emitting_emit(d, rule, step, journey, &fault)) {
        runs_count(d, rule, journey);
        return true;
    }
    deciding_fail(d, journey, step, fault);
    return false;
}

/* Lets a journey move on from step number `at`; as moving_go_on. */
static bool move(struct deciding *d, const struct rule *rule, uint32_t at,
                 struct customer_journey *journey)
{
    struct condition_scene scene = deciding_scene(d, journey);
    const struct rule_step *step;
    const char *fault = "";
    journey->rules = d->others ? d->others->number : 0;
    journey->until = carried_until(rule);
    journey->reads = carried_reads(d, rule, &journey->start);
    if (!journey->per)
        journey->per = per_of_start(d, rule, &journey->start);
    ahead_of_steps(d, rule, journey);
    for (;;) {
        switch (journey_move(rule, &at, journey, &scene, d->arena, &step, &fault)) {
        case JOURNEY_SENDS:
            if (!may_act(d, rule, &scene))
                return false;
            switch (sending_try(d, rule, step, journey)) {
            case SENDING_GOES_ON:
                break;
            case SENDING_WAITS:
                return true;
            case SENDING_STOPS:
                return false;
            }
            break;
        case JOURNEY_SETS:
        case JOURNEY_EMITS:
            if (!act(d, rule, step, journey, &scene))
                return false;
            break;
        case JOURNEY_WAITS:
            tell_wait(d, rule, journey);
            return true;
        case JOURNEY_PASSES:
            tell_past(d, rule, step, journey);
            break;
        case JOURNEY_SKIPS:
            tell_branch(d, rule, step, &scene);
            break;
        case JOURNEY_SHARES:
            tell_share(d, rule, step);
            break;
        case JOURNEY_ENDS:
            return false;
        case JOURNEY_FAILS:
            deciding_fail(d, journey, step, fault);
            return false;
        }
    }
}

bool moving_go_on(struct deciding *d, const struct rule *rule, uint32_t at,
                  struct customer_journey *journey)
{
    const struct condition_scene scene = deciding_scene(d, journey);
    const struct rule_step *step = &rule->steps[at];
    const char *fault = "";
    bool late = journey_is_late(journey, d->now_ms);
    journey->or_ = (struct customer_until){0};
    if (late)
        journey->clock_ms = d->now_ms;
    if (!late && !journey->imposed)
        return move(d, rule, at, journey);
    switch (journey_ask_branches(rule, &at, &scene, d->arena, &step, &fault)) {
    case CONDITION_FAILED:
        deciding_fail(d, journey, step, fault);
        return false;
    case CONDITION_FALSE:
        tell_left_branch(d, rule, step, &scene);
        room_leave(journey);
        journey->halted_ms = 0;
        break;
    case CONDITION_TRUE:
        break;
    }
    return move(d, rule, at, journey);
}

void moving_refuse(struct deciding *d, const struct customer_journey *journey, enum trace_why why)
{
    bool large = why == TRACE_WHY_TOO_LARGE;
    trace_add(&d->trace, journey->rule, TRACE_REFUSED, why);
    decision_add_dead(d->decision, d->arena, d->customer, journey, journey->step,
                      large ? TRACE_REASON_TOO_LARGE : TRACE_REASON_TOO_MANY_JOURNEYS,
                      large ? "the customer's document has no room for it"
                            : "64 journeys run for this customer");
}

/* Among those of the document, as it waits. */
static void keep(struct deciding *d, const struct customer_journey *journey)
{
    struct customer *customer = d->customer;
    size_t bytes = customer_size_about_journey(customer, journey);
    if (!journey->full_ms && room_running(customer) >= CUSTOMER_JOURNEYS_MOST) {
        moving_refuse(d, journey, TRACE_WHY_TOO_MANY_JOURNEYS);
    } else if (!customer_size_has_room(customer, bytes)) {
        moving_refuse(d, journey, TRACE_WHY_TOO_LARGE);
    } else {
        customer->bytes += bytes;
        CUSTOMER_LIST_PUSH(d->arena, customer->journeys, *journey);
    }
}

void moving_start(struct deciding *d, const struct rule *rule, const char *per)
{
    const struct shop_event *event = d->event;
    struct customer_journey journey = {
        .rule = rule->name,
        .origin = event->origin,
        .per = per,
        .clock_ms = event->time_ms,
        .started_ms = event->time_ms,
        .start = event->document,
    };
    d->effect = true;
    decision_add_started(d->decision, d->arena, rule->name);
    customer_starts_add(d->arena, d->customer, event->origin, &event->document);
    if (rule->again == RULE_COLLECT)
        collecting_begin(d, &journey);
    uint32_t told = trace_count(&d->trace), wanted = d->want_count;
    if (move(d, rule, 0, &journey))
        keep(d, &journey);
    else if (trace_count(&d->trace) == told && d->want_count == wanted)
        trace_add(&d->trace, rule->name, TRACE_MATCHED, TRACE_WHY_NONE);
}

void moving_grant(struct deciding *d)
{
    struct sending_stopped *stopped;
    uint32_t count;
    while ((count = sending_grant(d, &stopped)))
        for (uint32_t i = 0; i < count; i++) {
            if (!d->event)
                lookups_begin(d->lookups);
            if (move(d, stopped[i].rule, stopped[i].at, &stopped[i].journey))
                keep(d, &stopped[i].journey);
        }
}

struct value moving_end(struct deciding *d, uint32_t index, enum trace_why why)
{
    struct customer_journey journey = d->customer->journeys.items[index];
    customer_drop_journey(d->customer, index);
    const struct value item = trace_add(&d->trace, journey.rule, TRACE_ENDED, why);
    withdraw_run(d, journey.rule, journey.origin, why);
    d->effect = true;
    return item;
}
