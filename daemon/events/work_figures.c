#include "events/work_figures.h"

#include "base/metrics.h"
#include "decide/trace_words.h"

void work_figures_read(const struct ruleset *rules, const char *type)
{
    bool known = type && work_figures_know(rules, type);
    metrics_add_to(METRIC_EVENTS_READ, METRIC_LABELS(known ? type : NULL), 1);
}

bool work_figures_know(const struct ruleset *rules, const char *type)
{
    return value_get(ruleset_events(rules), type) || ruleset_counts(rules, type) ||
           *ruleset_on(rules, type) || *ruleset_until(rules, type);
}

static void count_dead(const struct work *work)
{
    const char *const *reason = METRIC_LABELS(work->reason);
    if (work->given_up && work->event_count)
        metrics_add_to(METRIC_EVENTS_DEAD, reason, work->chosen);
    else if (work->given_up && work->due_ms)
        metrics_add_to(METRIC_TIMERS_DEAD, reason, 1);
    for (uint32_t i = 0; i < work->decision.dead_count; i++)
        metrics_add_to(METRIC_JOURNEYS_DEAD,
                       METRIC_LABELS(trace_reason_word(work->decision.dead[i].reason)), 1);
}

static void count_refused(const struct decision *decision)
{
    for (uint32_t i = 0; i < decision->acts.count; i++) {
        const struct act *act = &decision->acts.items[i];
        if (act->what == TRACE_REFUSED)
            metrics_add_to(METRIC_MESSAGES_REFUSED,
                           METRIC_LABELS(act->rule, trace_why_word(act->why)), 1);
    }
}

static void count_messages(const struct decision *decision)
{
    for (uint32_t i = 0; i < decision->message_count; i++)
        metrics_add_to(
            METRIC_MESSAGES_DECIDED,
            METRIC_LABELS(decision->messages[i].rule->name, decision->messages[i].step->channel),
            1);
    for (uint32_t i = 0; i < decision->withdrawn_count; i++) {
        enum customer_place place = decision->withdrawn[i].place;
        if (place == CUSTOMER_PLACE_WAITS || place == CUSTOMER_PLACE_UNCERTAIN)
            metrics_add(METRIC_MESSAGES_CANCELLED, 1); /* the others end later, or did before */
    }
}

void work_figures_count(const struct work *work)
{
    const struct decision *decision = &work->decision;
    count_dead(work);
    count_messages(decision);
    count_refused(decision);
    for (uint32_t i = 0; i < decision->started_count; i++)
        metrics_add_to(METRIC_JOURNEYS_STARTED, METRIC_LABELS(decision->started[i]), 1);
    metrics_add(METRIC_COMMITS, 1);
    metrics_add(METRIC_EVENTS_DECIDED, decision->counts.decided);
    metrics_add(METRIC_EVENTS_ERASED, decision->counts.erased);
    metrics_add(METRIC_EVENTS_NOBODY, decision->counts.nobody);
    metrics_add(METRIC_EVENTS_DUPLICATE, decision->counts.duplicate);
    metrics_add(METRIC_EVENTS_DIFFERENT, decision->counts.differs);
    metrics_add(METRIC_CONDITIONS_FAILED, decision->counts.failed);
}

void work_figures_count_quiet(const struct work *work)
{
    count_refused(&work->decision);
    metrics_add(METRIC_CONDITIONS_FAILED, work->decision.counts.failed);
}
