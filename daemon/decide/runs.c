#include "decide/runs.h"

#include <string.h>

#include "customer/customer_size.h"
#include "decide/because_send.h"
#include "decide/policy.h"

static bool is_limited(const struct rule *rule)
{
    return rule->limit.count && !rule->sends;
}

static bool is_counted(const struct customer *customer, const struct customer_journey *journey)
{
    for (uint32_t i = 0; i < customer->sends.count; i++)
        if (!customer->sends.items[i].mid[0] &&
            strcmp(customer->sends.items[i].rule, journey->rule) == 0 &&
            strcmp(customer->sends.items[i].run, journey->origin) == 0)
            return true;
    return false;
}

static int64_t counts_until(const struct deciding *d, const struct rule *rule)
{
    return policy_counts_until(d->policy, rule, false, d->now_ms);
}

/* What could not be counted must not be done. NONE: it can. */
static enum trace_why lacks_room(const struct deciding *d, const struct rule *rule,
                                 const struct customer_journey *journey)
{
    if (is_counted(d->customer, journey))
        return TRACE_WHY_NONE;
    if (!customer_may_count(d->customer, counts_until(d, rule), d->now_ms))
        return TRACE_WHY_TOO_MANY_MESSAGES;
    return customer_size_has_room(d->customer, CUSTOMER_SIZE_PLACE) ? TRACE_WHY_NONE
                                                                    : TRACE_WHY_TOO_LARGE;
}

bool runs_admit(struct deciding *d, const struct rule *rule, const struct rule_step *step,
                const struct customer_journey *journey)
{
    if (!is_limited(rule))
        return true;
    enum trace_why why = TRACE_WHY_LIMIT;
    if (!policy_limits(rule, d->customer, journey->origin, d->now_ms)) {
        why = lacks_room(d, rule, journey);
        if (!why)
            return true;
        decision_add_dead(d->decision, d->arena, d->customer, journey, step->id,
                          why == TRACE_WHY_TOO_LARGE ? TRACE_REASON_TOO_LARGE
                                                     : TRACE_REASON_TOO_MANY_MESSAGES,
                          "no more runs can be remembered");
    }
    const struct value item = trace_add(&d->trace, rule->name, TRACE_REFUSED, why);
    if (why == TRACE_WHY_LIMIT)
        because_limited(d, item, rule, journey->origin);
    return false;
}

void runs_count(struct deciding *d, const struct rule *rule, const struct customer_journey *journey)
{
    if (!is_limited(rule))
        return;
    if (!is_counted(d->customer, journey))
        d->customer->bytes += CUSTOMER_SIZE_PLACE;
    customer_add_run(d->arena, d->customer, journey, counts_until(d, rule), d->now_ms);
}
