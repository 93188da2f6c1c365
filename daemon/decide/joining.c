/*
 * What follows from a join, in this order: consent (a no of either stays), what ended, journeys
 * that are kept apart, the bounds of journeys and of the profile, opt-outs.
 */
#include "decide/joining.h"

#include <string.h>

#include "customer/customer_join.h"
#include "customer/customer_profile.h"
#include "customer/customer_size.h"
#include "decide/again.h"
#include "decide/because.h"
#include "decide/collecting.h"
#include "decide/ends.h"
#include "decide/fields.h"
#include "decide/moving.h"
#include "decide/per.h"
#include "decide/room.h"
#include "decide/starts.h"
#include "decide/withdraw.h"

/* What an end may end: a journey, or an open message. */
struct begun {
    const char *rule, *origin, *per;
    const struct customer_until *until;
    const struct value *reads;
    int64_t started_ms;
};

/* Why an end that one side saw, and that is newer, ends what started on the other. */
static enum trace_why over(struct deciding *d, const struct begun *begun, struct ends_past *past)
{
    const struct rule *rule = ruleset_find(d->rules, begun->rule);
    struct value start;
    if (!rule)
        return TRACE_WHY_NONE;
    if (!starts_find(d, begun->origin, begun->until, begun->reads, rule->until_condition, &start))
        start = value_null();
    return ends_over(d, rule, begun->per, &start, begun->started_ms, past);
}

static void apply_ends(struct deciding *d)
{
    struct customer *customer = d->customer;
    struct ends_past past = {0};
    enum trace_why why;
    for (uint32_t i = customer->journeys.count; i-- > 0;) {
        const struct customer_journey *journey = &customer->journeys.items[i];
        const struct begun begun = {journey->rule,   journey->origin, journey->per,
                                    &journey->until, &journey->reads, journey->started_ms};
        if ((why = over(d, &begun, &past)))
            because_past(d, moving_end(d, i, why), &past);
    }
    for (uint32_t i = customer->open.count; i-- > 0;) {
        const struct customer_open *open = &customer->open.items[i];
        const struct begun begun = {open->rule,   open->origin, open->per,
                                    &open->until, &open->reads, open->started_ms};
        if ((why = over(d, &begun, &past)))
            because_past(d, withdraw_message(d, i, why), &past);
    }
}

/* Whether one is newer than the other; of the same moment the one that stands behind it. */
static bool is_newer(const struct customer *customer, uint32_t index, uint32_t other)
{
    int64_t ms = customer->journeys.items[index].started_ms;
    int64_t other_ms = customer->journeys.items[other].started_ms;
    return ms > other_ms || (ms == other_ms && index > other);
}

/* Another journey of the same rule and value, newer, or where it collects older, than this one;
 * NULL: there is none. */
static struct customer_journey *before(struct deciding *d, const struct rule *rule, uint32_t index)
{
    const struct customer *customer = d->customer;
    const struct customer_journey *journey = &customer->journeys.items[index];
    for (uint32_t i = 0; i < customer->journeys.count; i++) {
        struct customer_journey *other = &customer->journeys.items[i];
        if (i != index && strcmp(other->rule, journey->rule) == 0 && again_keeps_one(rule, other) &&
            is_newer(customer, i, index) == (rule->again != RULE_COLLECT) &&
            per_is(d, rule, other->per, other->origin, journey->per))
            return other;
    }
    return NULL;
}

static void keep_apart(struct deciding *d)
{
    struct customer *customer = d->customer;
    for (uint32_t i = customer->journeys.count; i-- > 0;) {
        const struct customer_journey *journey = &customer->journeys.items[i];
        const struct rule *rule = ruleset_find(d->rules, journey->rule);
        struct customer_journey *stays =
            rule && again_keeps_one(rule, journey) ? before(d, rule, i) : NULL;
        if (stays && rule->again == RULE_COLLECT)
            collecting_join(d, stays, journey);
        if (stays)
            moving_end(d, i, TRACE_WHY_JOINED);
    }
}

/* Of those that do not wait for room, which the bound does not count. */
static uint32_t oldest_journey(const struct customer *customer)
{
    uint32_t oldest = 0;
    int64_t oldest_ms = INT64_MAX;
    for (uint32_t i = 0; i < customer->journeys.count; i++) {
        const struct customer_journey *journey = &customer->journeys.items[i];
        if (journey->full_ms || journey->started_ms >= oldest_ms)
            continue;
        oldest = i;
        oldest_ms = journey->started_ms;
    }
    return oldest;
}

/* Past the bound the oldest go. */
static void keep_bound(struct deciding *d)
{
    struct customer *customer = d->customer;
    while (room_running(customer) > CUSTOMER_JOURNEYS_MOST) {
        uint32_t oldest = oldest_journey(customer);
        moving_refuse(d, &customer->journeys.items[oldest], TRACE_WHY_TOO_MANY_JOURNEYS);
        customer_drop_journey(customer, oldest);
    }
}

/* The profiles of both may be too large for one: what is oldest goes. */
static void keep_profile(struct deciding *d)
{
    struct customer *customer = d->customer;
    while (customer->layers.count > 1 && !customer_size_profile_fits(customer)) {
        const struct value oldest = customer_profile_drop_oldest(d->arena, customer);
        trace_add(&d->trace, NULL, TRACE_PASSED_OVER, TRACE_WHY_PROFILE_TOO_LARGE);
        decision_add_unsaid(d->decision, d->arena, customer, oldest, TRACE_REASON_PROFILE_TOO_LARGE,
                            "the oldest of what was known under two keys");
    }
}

/* ---- Consent ---- */

static bool consents(struct deciding *d, const struct customer *customer)
{
    struct condition_scene scene = deciding_scene(d, NULL);
    struct customer asked = *customer;
    asked.defaults = d->policy->field_defaults;
    scene.customer = &asked;
    return policy_consents(d->policy, &scene, d->arena);
}

/* Where the two differ the no stays, whichever is newer: what it was read from is as it was
 * where the answer was no. */
static void join_one(struct deciding *d, const struct customer *other)
{
    struct customer *customer = d->customer;
    bool mine = consents(d, customer), theirs = consents(d, other);
    struct value no = value_null();
    if (mine != theirs) {
        const struct value said = customer_profile_mentioned(d->arena, mine ? other : customer);
        no = policy_consent_of(d->policy, &said, d->arena);
        fields_keep_no(d, other, mine);
    }
    fields_tell_join(d, other);
    customer_join(d->arena, customer, other);
    if (value_count(&no))
        customer_profile_merge(d->arena, customer, &no, customer_profile_ms(customer, &no));
    trace_add_joined(&d->trace, other->key);
}

void joining_join(struct deciding *d, const struct customer *const *others, size_t count)
{
    if (count == 0)
        return;
    d->event = NULL;
    trace_begin(&d->trace, d->arena, d->now_ms, NULL);
    for (size_t i = 0; i < count; i++)
        join_one(d, others[i]);
    apply_ends(d);
    keep_apart(d);
    keep_bound(d);
    keep_profile(d);
    fields_keep_bound(d);
    withdraw_declined(d);
    d->joined = d->trace.did;
}

void joining_tell(struct deciding *d)
{
    if (d->joined.kind == VALUE_LIST)
        trace_take(&d->trace, &d->joined);
    d->joined = value_null();
}

void joining_end(struct deciding *d)
{
    if (d->joined.kind != VALUE_LIST)
        return;
    trace_begin(&d->trace, d->arena, d->now_ms, NULL);
    joining_tell(d);
    deciding_end_trace(d);
}
