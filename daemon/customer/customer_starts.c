#include "customer/customer_starts.h"

#include <string.h>

#include "base/bytes.h"

struct customer_start *customer_starts_find(const struct customer *customer, const char *origin)
{
    for (uint32_t i = 0; i < customer->starts.count; i++)
        if (bytes_same_text(customer->starts.items[i].origin, origin))
            return &customer->starts.items[i];
    return NULL;
}

static void add(struct arena *arena, struct customer *customer, const struct customer_start *start)
{
    if (customer_starts_find(customer, start->origin))
        return;
    CUSTOMER_LIST_PUSH(arena, customer->starts, *start);
}

void customer_starts_add(struct arena *arena, struct customer *customer, const char *origin,
                         const struct value *event)
{
    add(arena, customer, &(struct customer_start){.origin = origin, .event = *event});
}

void customer_starts_note(struct arena *arena, struct customer *customer, const char *origin)
{
    add(arena, customer, &(struct customer_start){.origin = origin, .stored = true});
}

static bool has_met(const struct customer_journey *journey, const char *origin)
{
    return journey->met && bytes_same_text(journey->met, origin);
}

void customer_starts_learn(struct customer *customer, const char *origin, const struct value *event)
{
    struct customer_start *start = customer_starts_find(customer, origin);
    if (!start || start->event.kind != VALUE_NULL)
        return;
    start->gone = !event;
    if (!event)
        return;
    start->event = *event;
    for (uint32_t i = 0; i < customer->journeys.count; i++) {
        struct customer_journey *journey = &customer->journeys.items[i];
        if (bytes_same_text(journey->origin, origin))
            journey->start = *event;
        if (has_met(journey, origin))
            journey->met_event = *event;
    }
}

struct value customer_starts_collected(struct arena *arena, const struct customer *customer,
                                       const struct customer_journey *journey)
{
    struct value list = value_new_list(arena, journey->collected.count);
    for (uint32_t i = 0; i < journey->collected.count; i++) {
        const char *origin = journey->collected.items[i].origin;
        const struct customer_start *start = customer_starts_find(customer, origin);
        const struct value *data = start ? value_get(&start->event, "data") : NULL;
        if (data)
            value_push(arena, list, *data);
    }
    return list;
}

static bool has_collected(const struct customer_journey *journey, const char *origin)
{
    for (uint32_t i = 0; i < journey->collected.count; i++)
        if (bytes_same_text(journey->collected.items[i].origin, origin))
            return true;
    return false;
}

bool customer_starts_needs(const struct customer *customer, const char *origin)
{
    for (uint32_t i = 0; i < customer->journeys.count; i++)
        if (bytes_same_text(customer->journeys.items[i].origin, origin) ||
            has_collected(&customer->journeys.items[i], origin) ||
            has_met(&customer->journeys.items[i], origin))
            return true;
    for (uint32_t i = 0; i < customer->open.count; i++)
        if (customer->open.items[i].reads.kind != VALUE_NULL &&
            bytes_same_text(customer->open.items[i].origin, origin))
            return true;
    return false;
}
