#include "decide/tick_event.h"

#include <inttypes.h>

#include "base/clock.h"

struct value tick_event_document(int64_t time_ms, struct arena *arena)
{
    struct value document = value_new_map(arena, 3);
    char time[CLOCK_TEXT_SIZE];
    clock_format(time_ms, time);
    value_add(arena, document, value_text("type"), value_text("clock"));
    value_add(arena, document, value_text("time"), value_text(arena_text(arena, time)));
    value_add(arena, document, value_text("data"), value_new_map(arena, 0));
    return document;
}

struct shop_event *tick_event(int64_t time_ms, int64_t moment_ms, const char *key,
                              struct arena *arena)
{
    struct shop_event *event = arena_zero(arena, sizeof *event);
    *event = (struct shop_event){.entry = "",
                                 .type = "clock",
                                 .id = "",
                                 .source = "",
                                 .key = key,
                                 .time_ms = moment_ms,
                                 .arrival_ms = moment_ms,
                                 .internal = true,
                                 .document = tick_event_document(time_ms, arena)};
    event->data = *value_get(&event->document, "data");
    shop_event_name("clock", arena_printf(arena, "%" PRId64 " %s", time_ms, key), event->origin);
    return event;
}
