/*
 * clock_probe CLOCK ZONE FROM UNTIL: prints the ticks of a clock, written as in a rule, from the
 * first after FROM on, in milliseconds: "name ms" each. Each is asked for from before and from
 * behind: the newest at its time must be itself.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/yaml.h"
#include "rules/rule_clock_read.h"

static const struct rule_clock *read_clock(struct arena *arena, const char *text)
{
    struct diags diags = {0};
    struct diag diag;
    struct value documents;
    const struct yaml_options options = {.bytes = 4096};
    const struct settings_source source = {.file = "clock", .text = text, .length = strlen(text)};
    const struct rule_reader reader = {.arena = arena, .source = &source, .diags = &diags};
    if (!yaml_read(arena, text, source.length, &options, &documents, &diag)) {
        diag_print(&diag, stderr);
        exit(2);
    }
    const struct rule_clock *clock = rule_clock_read(&reader, &documents.list->items[0]);
    for (size_t i = 0; !clock && i < diags.count; i++)
        diag_print(&diags.items[i], stderr);
    diags_free(&diags);
    return clock;
}

int main(int argc, char **argv)
{
    struct arena *arena = arena_new(4096);
    const struct rule_clock *clock = argc == 5 ? read_clock(arena, argv[1]) : NULL;
    struct zone *zone = clock ? zone_get(argv[2]) : NULL;
    struct rule_tick tick, again;
    if (!zone)
        return 2;
    int64_t until_ms = strtoll(argv[4], NULL, 10);
    tick.time_ms = strtoll(argv[3], NULL, 10);
    while (rule_clock_next(clock, zone, tick.time_ms, &tick) && tick.time_ms <= until_ms) {
        printf("%s %" PRId64 "\n", tick.name, tick.time_ms);
        if (!rule_clock_last(clock, zone, tick.time_ms, &again) ||
            strcmp(again.name, tick.name) != 0 ||
            (rule_clock_last(clock, zone, tick.time_ms - 1, &again) &&
             strcmp(again.name, tick.name) >= 0))
            return 1;
    }
    arena_destroy(&arena);
    return 0;
}
