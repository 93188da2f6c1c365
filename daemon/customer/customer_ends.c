#include "customer/customer_ends.h"

#include <string.h>

/* The oldest of a rule that a condition is asked about, or (NULL) of all; and how many there are.
 */
static uint32_t find_oldest(const struct customer *customer, const char *rule, uint32_t *oldest)
{
    const struct customer_end *items = customer->ends.items;
    uint32_t count = 0;
    for (uint32_t i = 0; i < customer->ends.count; i++) {
        bool asked = items[i].event.kind != VALUE_NULL;
        if (rule ? !asked || strcmp(items[i].rule, rule) != 0 : !items[i].rule[0])
            continue;
        if (count++ == 0 || items[i].at_ms < items[*oldest].at_ms)
            *oldest = i;
    }
    return count;
}

/* The end that stands for all of its kind, and is only made newer: that of a rule without a
 * condition, or of every rule. */
static struct customer_end *find_newest(struct customer *customer, const char *rule)
{
    for (uint32_t i = 0; i < customer->ends.count; i++) {
        struct customer_end *end = &customer->ends.items[i];
        if (strcmp(end->rule, rule) == 0 && (!rule[0] || end->event.kind == VALUE_NULL))
            return end;
    }
    return NULL;
}

static void make_newer(struct customer_end *known, const struct customer_end *end)
{
    if (end->at_ms > known->at_ms)
        known->at_ms = end->at_ms;
    if (end->until_ms > known->until_ms)
        known->until_ms = end->until_ms;
}

static void add_newest(struct arena *arena, struct customer *customer,
                       const struct customer_end *end)
{
    struct customer_end *known = find_newest(customer, end->rule);
    if (known)
        make_newer(known, end);
    else
        CUSTOMER_LIST_PUSH(arena, customer->ends, *end);
}

void customer_ends_add(struct arena *arena, struct customer *customer,
                       const struct customer_end *end)
{
    uint32_t oldest = 0;
    if (end->event.kind == VALUE_NULL) {
        add_newest(arena, customer, end);
    } else {
        CUSTOMER_LIST_PUSH(arena, customer->ends, *end);
        if (find_oldest(customer, end->rule, &oldest) > CUSTOMER_ENDS_OF_RULE)
            CUSTOMER_LIST_DROP(customer->ends, oldest);
    }
    if (find_oldest(customer, NULL, &oldest) <= CUSTOMER_ENDS_MOST)
        return;
    struct customer_end every = customer->ends.items[oldest];
    every.rule = "";
    every.event = value_bool(true);
    CUSTOMER_LIST_DROP(customer->ends, oldest);
    add_newest(arena, customer, &every);
}

void customer_ends_prune(struct customer *customer, int64_t now_ms)
{
    for (uint32_t i = customer->ends.count; i-- > 0;)
        if (customer->ends.items[i].until_ms < now_ms)
            CUSTOMER_LIST_DROP(customer->ends, i);
}

void customer_ends_shed(struct customer *customer)
{
    for (uint32_t i = 0; i < customer->ends.count; i++)
        if (customer->ends.items[i].event.kind == VALUE_MAP)
            customer->ends.items[i].event = value_bool(true);
}
