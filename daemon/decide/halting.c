#include "decide/halting.h"

#include <string.h>

#include "base/bytes.h"
#include "decide/because_send.h"
#include "decide/journey.h"
#include "decide/room.h"

enum { AGAIN_MS = 24 * 3600 * 1000 }; /* nobody forgets what waits, should Redis do so */

/* ---- Whether a rule is paused ---- */

static void assume(struct deciding *d, const char *rule, bool halted)
{
    struct decision *decision = d->decision;
    for (uint32_t i = 0; i < decision->halt_count; i++)
        if (bytes_same_text(decision->halts[i].rule, rule))
            return;
    decision->halts = arena_grow(d->arena, decision->halts, decision->halt_count,
                                 &decision->halt_capacity, sizeof *decision->halts);
    decision->halts[decision->halt_count++] = (struct decision_halt){rule, halted};
}

static bool is_braked(const struct deciding *d, const char *rule)
{
    for (uint32_t i = 0; i < d->decision->brake_count; i++)
        if (bytes_same_text(d->decision->brakes[i], rule))
            return true;
    return false;
}

bool halting_is(struct deciding *d, const char *rule, enum trace_why *why)
{
    const char *by = "";
    for (size_t i = 0; i < (d->facts ? d->facts->halt_count : 0); i++)
        if (bytes_same_text(d->facts->halts[i].rule, rule))
            by = d->facts->halts[i].by ? d->facts->halts[i].by : "";
    assume(d, rule, *by);
    bool braked = is_braked(d, rule);
    if (why)
        *why = braked || bytes_same_text(by, "brake") ? TRACE_WHY_BRAKE : TRACE_WHY_BY_HAND;
    return *by || braked;
}

bool halting_is_over(struct deciding *d, const struct customer_journey *journey)
{
    return journey->halted_ms && !halting_is(d, journey->rule, NULL);
}

/* ---- At a send ---- */

static void brake(struct deciding *d, const char *rule)
{
    struct decision *decision = d->decision;
    assume(d, rule, false);
    if (is_braked(d, rule))
        return;
    decision->brakes = arena_grow(d->arena, decision->brakes, decision->brake_count,
                                  &decision->brake_capacity, sizeof *decision->brakes);
    decision->brakes[decision->brake_count++] = rule;
}

/* The clock stays: where it goes on a minute late, the next wait counts from then. */
bool halting_try(struct deciding *d, const struct rule *rule, const struct rule_step *step,
                 struct customer_journey *journey, const char *mid)
{
    enum trace_why why;
    if (mid && d->facts && rule_list_has(d->facts->braked, mid) && !halting_is(d, rule->name, NULL))
        brake(d, rule->name);
    if (!halting_is(d, rule->name, &why)) {
        journey->halted_ms = 0;
        return false;
    }
    if (!journey->halted_ms) {
        journey->halted_ms = d->now_ms;
        const struct value item = trace_add(&d->trace, rule->name, TRACE_PAUSED, why);
        because_template(d, item, step);
        because_paused(d, item, rule->name);
    }
    room_leave(journey);
    journey->step = step->id;
    journey->deadline_ms = d->now_ms + AGAIN_MS;
    journey->imposed = true;
    return true;
}

bool halting_stays(struct deciding *d, struct customer_journey *journey)
{
    if (!journey->halted_ms || !halting_is(d, journey->rule, NULL))
        return false;
    journey->deadline_ms = d->now_ms + AGAIN_MS;
    return true;
}

/* ---- Who waits ---- */

static struct decision_halted *row_of(struct deciding *d, const char *rule, const char *key)
{
    struct decision *decision = d->decision;
    for (uint32_t i = 0; i < decision->halted_count; i++)
        if (strcmp(decision->halted[i].rule, rule) == 0 &&
            strcmp(decision->halted[i].key, key) == 0)
            return &decision->halted[i];
    decision->halted = arena_grow(d->arena, decision->halted, decision->halted_count,
                                  &decision->halted_capacity, sizeof *decision->halted);
    decision->halted[decision->halted_count] = (struct decision_halted){.rule = rule, .key = key};
    return &decision->halted[decision->halted_count++];
}

void halting_begin(struct deciding *d, const struct customer *customer)
{
    for (uint32_t i = 0; i < customer->journeys.count; i++)
        if (customer->journeys.items[i].halted_ms)
            row_of(d, customer->journeys.items[i].rule, customer->key);
}

void halting_tell(struct deciding *d)
{
    const struct customer *customer = d->customer;
    for (uint32_t i = 0; i < customer->journeys.count; i++) {
        const struct customer_journey *journey = &customer->journeys.items[i];
        if (!journey->halted_ms)
            continue;
        struct decision_halted *row = row_of(d, journey->rule, customer->key);
        if (!row->since_ms || journey->halted_ms < row->since_ms)
            row->since_ms = journey->halted_ms;
    }
}
