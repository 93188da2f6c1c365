/*
 * All customers of a zone have the same ticks, each at their own place behind them: so those
 * between which the time lies are worked out once for a zone and a clock (find_span). Around a tick
 * half of them are before it and half behind it: the last two are remembered.
 */
#include "decide/replay_clocks.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "rules/condition.h"

/* From one tick to the next. */
struct span {
    int64_t from_ms, to_ms; /* to before there */
    bool has_last, has_next;
    struct rule_tick last; /* at from_ms */
    int64_t next_ms;
};

struct spans {
    struct span newest, before; /* empty at first */
};

struct replay_clocks_zone {
    char *name;         /* owned */
    struct spans *last; /* of each rule, that were asked for last; owned */
};

void replay_clocks_open(struct replay_clocks *clocks, const struct ruleset *rules, const char *zone)
{
    *clocks = (struct replay_clocks){.zone = zone};
    clocks->rules = mem_zero(ruleset_count(rules) + 1, sizeof *clocks->rules);
    for (size_t i = 0; i < ruleset_count(rules); i++)
        if (ruleset_at(rules, i)->clock && ruleset_at(rules, i)->enabled)
            clocks->rules[clocks->count++] = ruleset_at(rules, i);
}

void replay_clocks_close(struct replay_clocks *clocks)
{
    for (uint32_t i = 0; i < clocks->zone_count; i++) {
        free(clocks->zones[i].name);
        free(clocks->zones[i].last);
    }
    free(clocks->zones);
    free(clocks->rules);
    *clocks = (struct replay_clocks){0};
}

/* ---- Whose turn it is ---- */

/* There are no more of them than the system knows. */
static uint32_t need_zone(struct replay_clocks *clocks, const char *name)
{
    for (uint32_t i = 0; i < clocks->zone_count; i++)
        if (strcmp(clocks->zones[i].name, name) == 0)
            return i;
    clocks->zones = mem_resize(clocks->zones, sizeof *clocks->zones * (clocks->zone_count + 1));
    clocks->zones[clocks->zone_count] = (struct replay_clocks_zone){
        .name = mem_text(name), .last = mem_zero(clocks->count + 1, sizeof(struct spans))};
    return clocks->zone_count++;
}

struct replay_clocks_turn replay_clocks_turn_of(struct replay_clocks *clocks,
                                                const struct customer *customer,
                                                struct arena *arena)
{
    if (!clocks->count)
        return (struct replay_clocks_turn){0};
    const char *zone = rule_clock_zone(condition_zone(customer, NULL, arena));
    return (struct replay_clocks_turn){.place = rule_clock_place(customer_first_key(customer)),
                                       .zone = need_zone(clocks, zone ? zone : clocks->zone)};
}

/* ---- Ticks ---- */

static bool is_within(const struct span *span, int64_t at_ms)
{
    return at_ms >= span->from_ms && at_ms < span->to_ms;
}

static const struct span *find_span(struct replay_clocks *clocks, uint32_t zone, uint32_t rule,
                                    int64_t at_ms)
{
    struct spans *last = &clocks->zones[zone].last[rule];
    struct span *span = &last->newest;
    struct rule_tick next;
    if (is_within(span, at_ms))
        return span;
    if (is_within(&last->before, at_ms))
        return &last->before;
    last->before = *span;
    const struct rule_clock *clock = clocks->rules[rule]->clock;
    struct zone *is = zone_or_utc(clocks->zones[zone].name);
    span->has_last = rule_clock_last(clock, is, at_ms, &span->last);
    span->has_next = rule_clock_next(clock, is, at_ms, &next);
    span->from_ms = span->has_last ? span->last.time_ms : INT64_MIN;
    span->to_ms = span->has_next ? next.time_ms : INT64_MAX;
    span->next_ms = next.time_ms;
    return span;
}

int64_t replay_clocks_next(struct replay_clocks *clocks, struct replay_clocks_turn turn,
                           int64_t after_ms)
{
    int64_t first_ms = 0;
    for (uint32_t i = 0; i < clocks->count; i++) {
        int64_t offset_ms = rule_clock_offset(clocks->rules[i]->clock->spread_ms, turn.place);
        const struct span *span = find_span(clocks, turn.zone, i, after_ms - offset_ms);
        if (span->has_next && (!first_ms || span->next_ms + offset_ms < first_ms))
            first_ms = span->next_ms + offset_ms;
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

const struct decide_tick *replay_clocks_due(struct replay_clocks *clocks,
                                            struct replay_clocks_turn turn, int64_t after_ms,
                                            int64_t now_ms, struct arena *arena, size_t *count)
{
    *count = 0;
    if (!clocks->count)
        return NULL;
    struct decide_tick *ticks = arena_alloc(arena, sizeof *ticks * clocks->count);
    for (uint32_t i = 0; i < clocks->count; i++) {
        int64_t offset_ms = rule_clock_offset(clocks->rules[i]->clock->spread_ms, turn.place);
        const struct span *span = find_span(clocks, turn.zone, i, now_ms - offset_ms);
        if (span->has_last && span->last.time_ms + offset_ms > after_ms)
            ticks[(*count)++] = (struct decide_tick){.rule = clocks->rules[i]->name,
                                                     .name = arena_text(arena, span->last.name),
                                                     .time_ms = span->last.time_ms,
                                                     .moment_ms = span->last.time_ms + offset_ms};
    }
    if (*count > 1)
        qsort(ticks, *count, sizeof *ticks, by_moment);
    return ticks;
}
