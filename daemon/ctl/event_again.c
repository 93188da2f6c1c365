#include "ctl/event_again.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"

enum { TEXT_MOST = 1 << 20 };

bool event_again_is_whole(const char *reason)
{
    return strcmp(reason, "json-size") != 0;
}

/* Whether it is the document of an event that could be read, and not be decided: what conditions
 * see of it, in which the data stand apart. */
static bool is_document(const struct value *event)
{
    static const char *const members[] = {"type", "id", "source", "time", "data", "hops"};
    uint32_t count = value_count(event);
    bool same = count == 5 || count == 6;
    for (uint32_t i = 0; same && i < count; i++)
        same = value_is_text(&event->map->members[i].key, members[i]);
    return same && value_is(value_get(event, "data"), VALUE_MAP);
}

struct slice event_again(struct arena *arena, int64_t letter_ms, struct slice body)
{
    struct value event;
    struct diag unreadable;
    char time[CLOCK_TEXT_SIZE];
    if (!json_read(arena, body.text, body.length, &json_file_limits, &event, &unreadable) ||
        event.kind != VALUE_MAP)
        return body;
    const struct value *own = value_get(&event, "time");
    bool timed = own && own->kind != VALUE_NULL;
    bool apart = is_document(&event);
    if (timed && !apart)
        return body;
    if (!timed)
        value_set(arena, event, "time", value_text(clock_format(letter_ms, time)));
    if (apart)
        value_set(arena, event, "specversion", value_text("1.0"));
    return json_print_slice(arena, &event, TEXT_MOST);
}
