#include "decide/replay_clocks.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/mem.h"
#include "rules/condition.h"

void replay_clocks_open(struct replay_clocks *clocks, const struct ruleset *rules, const char *zone)
{
    *clocks = (struct replay_clocks){.zone = zone};
    clocks->rules = mem_zero(ruleset_count(rules) + 1, sizeof *clocks->rules);
    for (size_t i = 0; i < ruleset_count(rules); i++)
        if (ruleset_at(rules, i)->clock)
            clocks->rules[clocks->count++] = ruleset_at(rules, i);
}

void replay_clocks_close(struct replay_clocks *clocks)
{
    free(clocks->rules);
    *clocks = (struct replay_clocks){0};
}

static struct zone *zone_of(const struct replay_clocks *clocks, const struct customer *customer,
                            struct arena *arena)
{
    const char *zone = rule_clock_zone(condition_zone(customer, NULL, arena));
    return zone_or_utc(zone ? zone : clocks->zone);
}

int64_t replay_clocks_next(const struct replay_clocks *clocks, const struct customer *customer,
                           int64_t after_ms, struct arena *arena)
{
    int64_t first_ms = 0;
    if (!clocks->count)
        return 0;
    struct zone *zone = zone_of(clocks, customer, arena);
    int64_t place = rule_clock_place(customer_first_key(customer));
    for (uint32_t i = 0; i < clocks->count; i++) {
        const struct rule_clock *clock = clocks->rules[i]->clock;
        int64_t offset_ms = rule_clock_offset(clock->spread_ms, place);
        struct rule_tick tick;
        if (!clocks->rules[i]->enabled ||
            !rule_clock_next(clock, zone, after_ms - offset_ms, &tick))
            continue;
        if (!first_ms || tick.time_ms + offset_ms < first_ms)
            first_ms = tick.time_ms + offset_ms;
    }
    return first_ms;
}

static int by_moment(const void *a, const void *b)
{
    const struct decide_tick *one = a, *two = b;
    if (one->moment_ms != two->moment_ms)
        return one->moment_ms < two->moment_ms ? -1 : 1;
    return one->time_ms < two->time_ms ? -1 : one->time_ms > two->time_ms;
}

const struct decide_tick *replay_clocks_due(const struct replay_clocks *clocks,
                                            const struct customer *customer, int64_t after_ms,
                                            int64_t now_ms, struct arena *arena, size_t *count)
{
    *count = 0;
    if (!clocks->count)
        return NULL;
    struct decide_tick *ticks = arena_alloc(arena, sizeof *ticks * clocks->count);
    struct zone *zone = zone_of(clocks, customer, arena);
    int64_t place = rule_clock_place(customer_first_key(customer));
    for (uint32_t i = 0; i < clocks->count; i++) {
        const struct rule_clock *clock = clocks->rules[i]->clock;
        int64_t offset_ms = rule_clock_offset(clock->spread_ms, place);
        struct rule_tick *tick = arena_alloc(arena, sizeof *tick);
        if (clocks->rules[i]->enabled && rule_clock_last(clock, zone, now_ms - offset_ms, tick) &&
            tick->time_ms + offset_ms > after_ms)
            ticks[(*count)++] = (struct decide_tick){.rule = clocks->rules[i]->name,
                                                     .name = tick->name,
                                                     .time_ms = tick->time_ms,
                                                     .moment_ms = tick->time_ms + offset_ms};
    }
    if (*count > 1)
        qsort(ticks, *count, sizeof *ticks, by_moment);
    return ticks;
}
