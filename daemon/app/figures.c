#include "app/figures.h"

#include <string.h>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/process.h"
#include "decide/trace_reasons.h"
#include "delivery/settlement.h"
#include "events/work_figures.h"

void figures_begin(const struct config *config)
{
    metrics_set_to(METRIC_BUILD_INFO, METRIC_LABELS(PACKAGE_VERSION), 1);
    for (int i = 0; i < TRACE_REASON_COUNT; i++)
        metrics_add_to(METRIC_MESSAGES_DEAD, METRIC_LABELS(trace_reason_word((enum trace_reason)i)),
                       0);
    for (size_t i = 0; i < config->gateway_count; i++) {
        const char *const *gateway = METRIC_LABELS(config->gateways[i].name);
        metrics_add_to(METRIC_MESSAGES_RETRIED, gateway, 0);
        metrics_add_to(METRIC_MESSAGES_PASSED, gateway, 0);
        metrics_add_to(METRIC_MESSAGES_UNCERTAIN, gateway, 0);
        for (int kind = 0; kind < OUTCOME_KINDS; kind++)
            metrics_add_to(METRIC_ATTEMPTS,
                           METRIC_LABELS(config->gateways[i].name,
                                         trace_what_word(settlement_what((enum outcome_kind)kind))),
                           0);
    }
}

static bool has_rule(const void *context, const char *name)
{
    const struct generation *generation = context;
    return ruleset_find(generation->rules, name) != NULL;
}

static bool knows_type(const void *context, const char *type)
{
    const struct generation *generation = context;
    return work_figures_know(generation->rules, type);
}

void figures_reload(const struct generation *generation)
{
    metrics_set(METRIC_LAST_RELOAD, clock_wall_ms());
    metrics_set(METRIC_LAST_RELOAD_SUCCESS, generation != NULL);
    if (!generation) {
        metrics_add(METRIC_RELOADS_FAILED, 1);
        return;
    }
    metrics_keep("rule", has_rule, generation);
    metrics_keep("type", knows_type, generation);
}

/* Rules that this daemon does not have are told together. */
static void look_at_paused(const struct admin_pages_view *view)
{
    size_t count;
    const struct paused *rules = halted_rules(view->workers.halted, &count);
    metrics_forget(METRIC_RULE_PAUSED);
    for (size_t i = 0; i < count; i++) {
        const char *by = strcmp(rules[i].by, "brake") == 0 ? rules[i].by : "hand";
        bool known = has_rule(view->generation, rules[i].name);
        metrics_set_to(METRIC_RULE_PAUSED, METRIC_LABELS(known ? rules[i].name : NULL, by), 1);
    }
}

void figures_look(const struct admin_pages_view *view)
{
    metrics_set(METRIC_READY, view->working);
    metrics_set(METRIC_REDIS_UP, view->workers.redis);
    metrics_set(METRIC_RULES, (int64_t)view->rules);
    metrics_set(METRIC_GENERATION, view->workers.rules_number);
    metrics_set(METRIC_OUTBOX_LATER, view->workers.sum.later);
    metrics_set(METRIC_OUTBOX_UNCERTAIN, view->workers.sum.uncertain);
    metrics_set(METRIC_OUTBOX_FULL, view->workers.sum.full);
    metrics_set(METRIC_GATEWAYS_PAUSED, view->workers.sum.paused);
    look_at_paused(view);
    gateways_figures(view->gateways);
    process_measure();
}
