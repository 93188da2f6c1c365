#include "decide/starts.h"

#include <string.h>

#include "rules/condition_reads.h"

static bool is_same_condition(const struct customer_until *kept,
                              const struct cel_program *condition)
{
    return kept->condition && strcmp(kept->condition, cel_text(condition)) == 0;
}

/* True where it stands in Redis, as far as is known. */
static bool need(struct deciding *d, const char *origin)
{
    const struct customer_start *start = customer_starts_find(d->customer, origin);
    if (!start || !start->stored || start->gone || start->event.kind == VALUE_MAP)
        return false;
    decision_need(d->decision, d->arena, origin);
    return true;
}

bool starts_find(struct deciding *d, const char *origin, const struct customer_until *kept,
                 const struct value *reads, const struct cel_program *condition,
                 struct value *start)
{
    const struct customer_start *known = customer_starts_find(d->customer, origin);
    if (known && known->event.kind == VALUE_MAP) {
        *start = known->event;
        return true;
    }
    bool lacks = condition && (!is_same_condition(kept, condition) || reads->kind == VALUE_BOOL);
    if (lacks &&
        condition_reads_root(condition, CONDITION_ROOT_START, d->policy->segments, d->arena)) {
        need(d, origin);
        return false;
    }
    *start = lacks ? value_null() : *reads;
    if (start->kind == VALUE_NULL) {
        *start = value_new_map(d->arena, 1);
        value_add(d->arena, *start, value_text("data"), value_new_map(d->arena, 0));
    }
    return true;
}

const struct value *starts_event(struct deciding *d, const char *origin)
{
    const struct customer_start *known = customer_starts_find(d->customer, origin);
    if (known && known->event.kind == VALUE_MAP)
        return &known->event;
    need(d, origin);
    return NULL;
}

bool starts_need(struct deciding *d, const struct customer_journey *journey)
{
    bool needs = need(d, journey->origin);
    needs |= starts_need_collected(d, journey); /* all of them at once */
    needs |= journey->met && need(d, journey->met);
    return needs;
}

bool starts_need_collected(struct deciding *d, const struct customer_journey *journey)
{
    bool needs = false;
    for (uint32_t i = 0; i < journey->collected.count; i++)
        needs |= need(d, journey->collected.items[i].origin);
    return needs;
}

void starts_lose(struct deciding *d, uint32_t index)
{
    struct customer_journey journey = d->customer->journeys.items[index];
    decision_add_dead(d->decision, d->arena, d->customer, &journey, journey.step,
                      TRACE_REASON_START_LOST, "the event that started it is not in Redis");
    trace_add(&d->trace, journey.rule, TRACE_ENDED, TRACE_WHY_START_LOST);
    customer_drop_journey(d->customer, index);
}
