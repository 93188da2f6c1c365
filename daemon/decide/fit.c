#include "decide/fit.h"

#include <string.h>

#include "customer/customer_print.h"
#include "customer/customer_size.h"
#include "customer/customer_starts.h"
#include "decide/trace.h"

static bool is_new(const struct customer *customer, const struct customer_journey *journey)
{
    const struct customer_start *start = customer_starts_find(customer, journey->origin);
    return start && !start->stored;
}

/* The largest journey; of those that began just now where there are any. */
static uint32_t find_largest(const struct customer *customer)
{
    uint32_t largest = 0;
    size_t most = 0;
    bool new = false;
    for (uint32_t i = 0; i < customer->journeys.count; i++) {
        const struct customer_journey *journey = &customer->journeys.items[i];
        size_t bytes = customer_size_of_journey(journey);
        if (is_new(customer, journey) < new || (is_new(customer, journey) == new &&bytes <= most))
            continue;
        new = is_new(customer, journey);
        most = bytes;
        largest = i;
    }
    return largest;
}

static void drop_journey(struct customer *customer, struct decision *decision, struct arena *arena,
                         int64_t now_ms)
{
    uint32_t index = find_largest(customer);
    struct customer_journey journey = customer->journeys.items[index];
    struct value line;
    struct trace trace = {.acts = &decision->acts};
    trace_begin(&trace, arena, now_ms, NULL);
    trace_add(&trace, journey.rule, TRACE_ENDED, TRACE_WHY_TOO_LARGE);
    if (trace_end(&trace, &line))
        decision_add_trace(decision, arena, line);
    decision_add_dead(decision, arena, customer, &journey, journey.step, TRACE_REASON_TOO_LARGE,
                      "the customer's document has no room for it");
    customer_drop_journey(customer, index);
}

/* The newer half of a list stays. False where it is empty. */
#define HALVE(list)                                                                    \
    ((list).count > 0 && (memmove((list).items, (list).items + ((list).count + 1) / 2, \
                                  sizeof *(list).items * ((list).count / 2)),          \
                          (list).count /= 2, true))

bool fit_drop(struct customer *customer, struct decision *decision, struct arena *arena,
              int64_t now_ms)
{
    if (customer->journeys.count == 0)
        return HALVE(customer->open) || HALVE(customer->sends) || HALVE(customer->totals) ||
               HALVE(customer->counts);
    drop_journey(customer, decision, arena, now_ms);
    return true;
}

bool fit_print(struct customer *customer, const char *version, struct decision *decision,
               struct arena *arena, int64_t now_ms, struct buf *out)
{
    while (!customer_print(customer, version, out)) {
        if (!fit_drop(customer, decision, arena, now_ms))
            return false;
        buf_clear(out);
    }
    return true;
}
