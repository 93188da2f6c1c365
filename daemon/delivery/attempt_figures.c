#include "delivery/attempt_figures.h"

#include "base/metrics.h"
#include "delivery/settlement.h"

void attempt_figures_count(const struct attempt *attempt)
{
    const char *result = trace_what_word(settlement_what(attempt->job.outcome.kind));
    if (attempt->late)
        return;
    metrics_add_to(METRIC_ATTEMPTS, METRIC_LABELS(attempt->gateway, result), 1);
    if (attempt->job.prepare_us)
        metrics_observe(METRIC_RENDER_SECONDS, attempt->job.prepare_us);
    if (attempt->job.send_us)
        metrics_observe_in(METRIC_SEND_SECONDS, METRIC_LABELS(attempt->gateway),
                           attempt->job.send_us);
}

/* The name of its rule; NULL where that is not loaded: it is not told by its name. */
static const char *rule_of(const struct attempt *attempt)
{
    const char *name = value_to_text(attempt->arena, value_get(&attempt->message, "rule"));
    return name && ruleset_find(attempt->generation->rules, name) ? name : NULL;
}

static void count_sent(const struct attempt *attempt, int64_t now_ms)
{
    int64_t decided_ms, after_ms;
    metrics_add_to(METRIC_MESSAGES_SENT,
                   METRIC_LABELS(rule_of(attempt), attempt->channel, attempt->gateway), 1);
    if (!value_to_int(value_get(&attempt->message, "decided"), &decided_ms) ||
        !value_to_int(value_get(&attempt->message, "after"), &after_ms))
        return;
    int64_t took_ms = now_ms - decided_ms + after_ms;
    metrics_observe(METRIC_EVENT_TO_ACCEPTANCE_SECONDS, took_ms > 0 ? took_ms * 1000 : 0);
}

static void count_dead(const struct attempt *attempt)
{
    metrics_add_to(METRIC_MESSAGES_DEAD, METRIC_LABELS(attempt->result.reason), 1);
}

/* A retry that comes to nothing, as its time is over, is a dead letter. */
void attempt_figures_finish(const struct attempt *attempt, int64_t now_ms)
{
    enum outcome_kind kind = attempt->job.outcome.kind;
    enum outbox_verdict verdict = attempt->result.verdict;
    if (kind == OUTCOME_SENT)
        count_sent(attempt, now_ms);
    else if (verdict == OUTBOX_DEAD)
        count_dead(attempt);
    else if (kind != OUTCOME_UNCERTAIN)
        metrics_add_to(METRIC_MESSAGES_RETRIED, METRIC_LABELS(attempt->gateway), 1);
    if (kind == OUTCOME_UNCERTAIN && verdict != OUTBOX_LACKING)
        metrics_add_to(METRIC_MESSAGES_UNCERTAIN, METRIC_LABELS(attempt->gateway), 1);
}

void attempt_figures_unbegun(const struct attempt *attempt)
{
    if (attempt->result.verdict == OUTBOX_DEAD)
        count_dead(attempt);
}
