#include "decide/collecting.h"

#include <string.h>

#include "customer/customer_size.h"
#include "customer/customer_starts.h"

enum { ITEM_BYTES = 40 }; /* in the document, besides the origin: a time, a size, commas, quotes */

static int64_t bytes_of(const struct shop_event *event)
{
    return (int64_t)customer_size_of_value(&event->data, CUSTOMER_COLLECTED_BYTES);
}

static bool has(const struct customer_journey *journey, const char *origin)
{
    for (uint32_t i = 0; i < journey->collected.count; i++)
        if (strcmp(journey->collected.items[i].origin, origin) == 0)
            return true;
    return false;
}

static bool is_too_much(const struct customer_journey *journey)
{
    int64_t bytes = 0;
    for (uint32_t i = 0; i < journey->collected.count; i++)
        bytes += journey->collected.items[i].bytes;
    return journey->collected.count > CUSTOMER_COLLECTED_MOST ||
           (journey->collected.count > 1 && bytes > CUSTOMER_COLLECTED_BYTES);
}

/* Of the same time behind. Other copies of the journey keep the list that they have. */
static void insert(struct arena *arena, struct customer_journey *journey,
                   const struct customer_collected *collected)
{
    const struct customer_journey before = *journey;
    uint32_t next = 0;
    if (has(journey, collected->origin))
        return;
    memset(&journey->collected, 0, sizeof journey->collected);
    while (next < before.collected.count && before.collected.items[next].at_ms <= collected->at_ms)
        CUSTOMER_LIST_PUSH(arena, journey->collected, before.collected.items[next++]);
    CUSTOMER_LIST_PUSH(arena, journey->collected, *collected);
    while (next < before.collected.count)
        CUSTOMER_LIST_PUSH(arena, journey->collected, before.collected.items[next++]);
    while (is_too_much(journey))
        CUSTOMER_LIST_DROP(journey->collected, 0);
}

/* Of one that began under rules which did not collect, the start. */
static void need_start(struct arena *arena, struct customer_journey *journey)
{
    const struct customer_collected start = {.origin = journey->origin,
                                             .at_ms = journey->started_ms};
    if (journey->collected.count == 0)
        insert(arena, journey, &start);
}

static struct customer_collected collected_of(const struct shop_event *event)
{
    return (struct customer_collected){
        .origin = event->origin, .at_ms = event->time_ms, .bytes = bytes_of(event)};
}

void collecting_begin(const struct deciding *d, struct customer_journey *journey)
{
    const struct customer_collected start = collected_of(d->event);
    insert(d->arena, journey, &start);
}

bool collecting_add(struct deciding *d, struct customer_journey *journey)
{
    const struct customer_collected collected = collected_of(d->event);
    size_t bytes = strlen(collected.origin) + ITEM_BYTES;
    if (!customer_size_has_room(d->customer, bytes))
        return false;
    need_start(d->arena, journey);
    insert(d->arena, journey, &collected);
    customer_starts_add(d->arena, d->customer, d->event->origin, &d->event->document);
    d->customer->bytes += bytes;
    return true;
}

void collecting_join(struct deciding *d, struct customer_journey *journey,
                     const struct customer_journey *other)
{
    struct customer_journey all = *other;
    need_start(d->arena, journey);
    need_start(d->arena, &all);
    for (uint32_t i = 0; i < all.collected.count; i++)
        insert(d->arena, journey, &all.collected.items[i]);
}
