#include "decide/quiet.h"

#include "decide/tick_event.h"

static bool is_quiet(const struct rule *rule, const struct condition_view *view,
                     struct arena *arena)
{
    const char *fault;
    if (!rule || !rule->clock || !rule->enabled)
        return true;
    return rule->again != RULE_RESTART && !rule->lookups &&
           condition_view_ask(rule->condition, view, arena, &fault) == CONDITION_FALSE;
}

bool quiet_ticks(const struct decide_input *input, struct arena *arena)
{
    struct value event = value_null();
    struct condition_scene scene = {.event = &event,
                                    .customer = input->customer,
                                    .shop = &input->policy->shop,
                                    .zone = input->policy->zone,
                                    .now_ms = input->now_ms,
                                    .segments = input->policy->segments};
    struct condition_view view;
    for (size_t i = 0; i < input->tick_count; i++) {
        const struct decide_tick *tick = &input->ticks[i];
        if (i == 0 || tick->time_ms != input->ticks[i - 1].time_ms) {
            event = tick_event_document(tick->time_ms, arena);
            condition_view_open(&view, &scene, arena);
        }
        if (!is_quiet(ruleset_find(input->rules, tick->rule), &view, arena))
            return false;
    }
    return true;
}
