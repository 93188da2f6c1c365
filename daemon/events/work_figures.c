#include "events/work_figures.h"

#include "base/metrics.h"

void work_figures_count(const struct work *work)
{
    const struct decision *decision = &work->decision;
    if (work->given_up && work->event_count)
        metrics_add(METRIC_EVENTS_DEAD, work->chosen);
    else if (work->given_up && work->due_ms)
        metrics_add(METRIC_TIMERS_DEAD, 1);
    metrics_add(METRIC_COMMITS, 1);
    metrics_add(METRIC_EVENTS_DECIDED, decision->counts.decided);
    metrics_add(METRIC_EVENTS_ERASED, decision->counts.erased);
    metrics_add(METRIC_EVENTS_DUPLICATE, decision->counts.duplicate);
    metrics_add(METRIC_CONDITIONS_FAILED, decision->counts.failed);
    metrics_add(METRIC_MESSAGES_REFUSED, decision->counts.refused);
    metrics_add(METRIC_MESSAGES_DECIDED, decision->message_count);
    for (uint32_t i = 0; i < decision->withdrawn_count; i++) {
        enum customer_place place = decision->withdrawn[i].place;
        if (place == CUSTOMER_PLACE_WAITS || place == CUSTOMER_PLACE_UNCERTAIN)
            metrics_add(METRIC_MESSAGES_CANCELLED, 1); /* the others end later, or did before */
    }
}
