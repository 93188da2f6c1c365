#include "customer/customer_ends.h"

#include <string.h>

/* Those that there may be many of, by kind. */
enum kind { OF_ANY_RULE, ASKED_OF_RULE, OF_VALUES_OF_RULE };

static bool is_of(const struct customer_end *end, enum kind kind, const char *rule)
{
    bool asked = end->event.kind != VALUE_NULL;
    if (kind == OF_ANY_RULE)
        return end->rule[0];
    return strcmp(end->rule, rule) == 0 && (kind == ASKED_OF_RULE ? asked : !asked && end->per);
}

/* The oldest of a kind; and how many there are. `rule`: of all but OF_ANY_RULE. */
static uint32_t find_oldest(const struct customer *customer, enum kind kind, const char *rule,
                            uint32_t *oldest)
{
    const struct customer_end *items = customer->ends.items;
    uint32_t count = 0;
    for (uint32_t i = 0; i < customer->ends.count; i++)
        if (is_of(&items[i], kind, rule) && (count++ == 0 || items[i].at_ms < items[*oldest].at_ms))
            *oldest = i;
    return count;
}

/* The end that stands for all of its kind, and is only made newer: that of a rule, or of a value of
 * its `per`, without a condition, or of every rule. */
static struct customer_end *find_newest(struct customer *customer, const struct customer_end *like)
{
    for (uint32_t i = 0; i < customer->ends.count; i++) {
        struct customer_end *end = &customer->ends.items[i];
        if (strcmp(end->rule, like->rule) == 0 &&
            (!end->rule[0] ||
             (end->event.kind == VALUE_NULL && customer_journey_same_value(end->per, like->per))))
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
    struct customer_end *known = find_newest(customer, end);
    if (known)
        make_newer(known, end);
    else
        CUSTOMER_LIST_PUSH(arena, customer->ends, *end);
}

/* The end becomes one that stands for more. */
static void widen(struct arena *arena, struct customer *customer, uint32_t index, const char *rule,
                  struct value event)
{
    struct customer_end wide = customer->ends.items[index];
    wide.rule = rule;
    wide.per = NULL;
    wide.event = event;
    CUSTOMER_LIST_DROP(customer->ends, index);
    add_newest(arena, customer, &wide);
}

void customer_ends_add(struct arena *arena, struct customer *customer,
                       const struct customer_end *end)
{
    uint32_t oldest = 0;
    if (end->event.kind == VALUE_NULL) {
        add_newest(arena, customer, end);
        if (find_oldest(customer, OF_VALUES_OF_RULE, end->rule, &oldest) > CUSTOMER_ENDS_OF_PER)
            widen(arena, customer, oldest, end->rule, value_null());
    } else {
        CUSTOMER_LIST_PUSH(arena, customer->ends, *end);
        if (find_oldest(customer, ASKED_OF_RULE, end->rule, &oldest) > CUSTOMER_ENDS_OF_RULE)
            CUSTOMER_LIST_DROP(customer->ends, oldest);
    }
    if (find_oldest(customer, OF_ANY_RULE, NULL, &oldest) > CUSTOMER_ENDS_MOST)
        widen(arena, customer, oldest, "", value_bool(true));
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
