/*
 * All customers of a zone have the same ticks, each at their own place behind them: so those
 * between which the time lies are worked out once for a zone and a clock (find_span), and kept in
 * order, as customers come one after the other or all at once. Who asks next mostly asks for the
 * same, or for the one behind it.
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

enum { SPANS_MOST = 4096 };

/* Those of one rule that were worked out, in order. */
struct spans {
    struct span *items; /* owned */
    uint32_t count;
    uint32_t last; /* that was asked for */
};

struct replay_clocks_zone {
    char *name;          /* owned */
    struct spans *spans; /* of each rule; owned */
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
        for (uint32_t rule = 0; rule < clocks->count; rule++)
            free(clocks->zones[i].spans[rule].items);
        free(clocks->zones[i].name);
        free(clocks->zones[i].spans);
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
        .name = mem_text(name), .spans = mem_zero(clocks->count + 1, sizeof(struct spans))};
    return clocks->zone_count++;
}

struct replay_clocks_turn replay_clocks_turn_of(struct replay_clocks *clocks,
                                                const struct customer *customer,
                                                struct arena *arena)
{
    if (!clocks->count)
        return (struct replay_clocks_turn){0};
    const char *zone = condition_zone(customer, clocks->zone, arena);
    return (struct replay_clocks_turn){.place = rule_clock_place(customer_first_key(customer)),
                                       .zone = need_zone(clocks, zone)};
}

/* ---- Ticks ---- */

static bool is_within(const struct span *span, int64_t at_ms)
{
    return at_ms >= span->from_ms && at_ms < span->to_ms;
}

/* The place of the first that ends behind that time. */
static uint32_t place_of(const struct spans *spans, int64_t at_ms)
{
    uint32_t from = 0, to = spans->count;
    while (from < to) {
        uint32_t middle = from + (to - from) / 2;
        if (spans->items[middle].to_ms > at_ms)
            to = middle;
        else
            from = middle + 1;
    }
    return from;
}

static struct span make_span(const struct rule_clock *clock, struct zone *zone, int64_t at_ms)
{
    struct rule_tick next = {0};
    struct span span = {.has_last = false};
    span.has_last = rule_clock_last(clock, zone, at_ms, &span.last);
    span.has_next = rule_clock_next(clock, zone, at_ms, &next);
    span.from_ms = span.has_last ? span.last.time_ms : INT64_MIN;
    span.to_ms = span.has_next ? next.time_ms : INT64_MAX;
    span.next_ms = next.time_ms;
    return span;
}

static void insert(struct spans *spans, uint32_t place, const struct span *span)
{
    spans->items = mem_grow(spans->items, spans->count, sizeof *spans->items);
    memmove(&spans->items[place + 1], &spans->items[place],
            sizeof *spans->items * (spans->count++ - place));
    spans->items[place] = *span;
}

static const struct span *find_span(struct replay_clocks *clocks, uint32_t zone, uint32_t rule,
                                    int64_t at_ms)
{
    struct spans *spans = &clocks->zones[zone].spans[rule];
    for (uint32_t i = spans->last; i < spans->count && i < spans->last + 2; i++)
        if (is_within(&spans->items[i], at_ms))
            return &spans->items[spans->last = i];
    if (spans->count == SPANS_MOST)
        spans->count = 0;
    uint32_t place = place_of(spans, at_ms);
    if (place == spans->count || !is_within(&spans->items[place], at_ms)) {
        const struct span span =
            make_span(clocks->rules[rule]->clock, zone_or_utc(clocks->zones[zone].name), at_ms);
        insert(spans, place, &span);
    }
    return &spans->items[spans->last = place];
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
