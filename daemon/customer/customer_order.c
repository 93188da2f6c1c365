#include "customer/customer_order.h"

#include <stdlib.h>
#include <string.h>

enum { LATE_MOST_MS = 10 * 60 * 1000 }; /* by how much an entry is decided after later ones */

/* False: the event is of no entry. */
static bool read_entry(const struct shop_event *event, struct customer_moment *moment)
{
    const char *dash = strchr(event->entry, '-');
    *moment = (struct customer_moment){.time_ms = event->time_ms, .entry_ms = event->arrival_ms};
    if (!dash || moment->entry_ms <= 0)
        return false;
    moment->number = strtoll(dash + 1, NULL, 10);
    return true;
}

static bool is_later(const struct customer_moment *moment, const struct customer_moment *than)
{
    return moment->entry_ms != than->entry_ms ? moment->entry_ms > than->entry_ms
                                              : moment->number > than->number;
}

/* Whether an event of that time came later than the moment, and was decided. */
static bool is_taken(const struct customer *customer, const struct customer_moment *moment)
{
    for (uint32_t i = 0; i < customer->moments.count; i++)
        if (customer->moments.items[i].time_ms == moment->time_ms &&
            is_later(&customer->moments.items[i], moment))
            return true;
    return false;
}

int64_t customer_order_time(const struct customer *customer, const struct shop_event *event)
{
    struct customer_moment moment;
    if (!customer->moments.count || !read_entry(event, &moment))
        return event->time_ms;
    while (is_taken(customer, &moment))
        moment.time_ms--;
    return moment.time_ms;
}

void customer_order_add(struct arena *arena, struct customer *customer,
                        const struct shop_event *event)
{
    struct customer_moment moment;
    if (!read_entry(event, &moment))
        return;
    if (moment.time_ms == moment.entry_ms && moment.number == 0)
        return; /* no earlier entry has that time */
    if (customer->moments.count >= CUSTOMER_MOMENTS_MOST)
        CUSTOMER_LIST_DROP(customer->moments, 0);
    CUSTOMER_LIST_PUSH(arena, customer->moments, moment);
}

void customer_order_prune(struct customer *customer, int64_t now_ms)
{
    for (uint32_t i = customer->moments.count; i-- > 0;)
        if (customer->moments.items[i].entry_ms < now_ms - LATE_MOST_MS)
            CUSTOMER_LIST_DROP(customer->moments, i);
}
