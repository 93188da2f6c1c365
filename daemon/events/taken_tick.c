#include "events/taken_tick.h"

#include <string.h>

#include "events/zones.h"
#include "rules/rule_clock.h"

bool taken_tick_read(const struct generation *generation, struct arena *arena, const char *text,
                     struct clocks_taken *taken, struct decide_tick *tick)
{
    struct rule_tick *at = arena_alloc(arena, sizeof *at);
    if (!clocks_read_taken(arena, text, taken))
        return false;
    const struct rule *rule = ruleset_find(generation->rules, taken->rule);
    bool is_shop = strcmp(taken->zone, zones_shop) == 0;
    struct zone *zone = zone_get(is_shop ? generation->policy.zone : taken->zone);
    if (!rule || !rule->clock || !zone || !rule_clock_last(rule->clock, zone, taken->time_ms, at))
        return false;
    int64_t offset_ms = rule_clock_offset(rule->clock->spread_ms, taken->place);
    *tick = (struct decide_tick){.rule = rule->name,
                                 .name = at->name,
                                 .time_ms = taken->time_ms,
                                 .moment_ms = taken->time_ms + offset_ms};
    return true;
}

void taken_tick_check(struct taken_tick_told *told, struct arena *arena, const struct work *work)
{
    bool is_here = work->zone_now && strcmp(work->indexed, work->key) == 0;
    const char *zone = is_here ? work->zone_now : "";
    if (strcmp(zone, work->zone) == 0)
        return;
    told->found = arena_grow(arena, told->found, told->found_count, &told->found_capacity,
                             sizeof *told->found);
    told->found[told->found_count++] = (struct clocks_found){.customer = work->indexed,
                                                             .indexed = work->zone,
                                                             .place = work->place,
                                                             .zone = arena_text(arena, zone)};
}

void taken_tick_add_quiet(struct taken_tick_told *told, struct arena *arena,
                          const struct work *work)
{
    for (uint32_t i = 0; i < work->tick_count; i++)
        work_list_add(arena, &told->quiet, work->taken.texts[i]);
}

void taken_tick_tell(struct taken_tick_told *told, struct clocks *clocks, clocks_on_done *callback,
                     void *context)
{
    if (told->quiet.count || told->found_count)
        clocks_asked(clocks, told->quiet.texts, told->quiet.count, told->found, told->found_count,
                     callback, context);
    *told = (struct taken_tick_told){0};
}
