#include "decide/deciding.h"

#include "customer/customer_starts.h"

struct condition_scene deciding_scene(const struct deciding *d,
                                      const struct customer_journey *journey)
{
    bool met = journey && journey->met_event.kind == VALUE_MAP;
    return (struct condition_scene){
        .event = met        ? &journey->met_event
                 : d->event ? &d->event->document
                            : NULL,
        .start = journey ? &journey->start : NULL,
        .started_ms = journey ? journey->started_ms : 0,
        .waited = journey && journey->waited,
        .collected = journey && journey->collected.count
                         ? customer_starts_collected(d->arena, d->customer, journey)
                         : value_null(),
        .customer = d->customer,
        .shop = &d->policy->shop,
        .zone = d->policy->zone,
        .now_ms = d->now_ms,
        .segments = d->policy->segments,
        .lookups = d->lookups,
    };
}

void deciding_fail(struct deciding *d, const struct customer_journey *journey,
                   const struct rule_step *step, const char *fault)
{
    d->decision->counts.failed++;
    trace_add_error(&d->trace, journey->rule, fault);
    decision_add_dead(d->decision, d->arena, d->customer, journey, step->id, TRACE_REASON_ERROR,
                      fault);
}

void deciding_end_trace(struct deciding *d)
{
    struct value line;
    if (trace_end(&d->trace, &line))
        decision_add_trace(d->decision, d->arena, line);
}
