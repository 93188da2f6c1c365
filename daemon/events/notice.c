#include "events/notice.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"

enum { NOTICE_BYTES = 4096 };

static const char *const types[] = {
    [NOTICE_CLAIMED] = "customer.claimed",
    [NOTICE_DISCLAIMED] = "customer.disclaimed",
    [NOTICE_ERASED] = "customer.erased",
    [NOTICE_MOVED] = "customer.moved",
};

static enum notice_kind kind_of(const char *type)
{
    for (int kind = NOTICE_CLAIMED; kind <= NOTICE_MOVED; kind++)
        if (strcmp(types[kind], type) == 0)
            return (enum notice_kind)kind;
    return NOTICE_NONE;
}

struct notice notice_read(struct arena *arena, const struct shop_event *event)
{
    struct notice notice = {.kind = event->internal ? kind_of(event->type) : NOTICE_NONE};
    if (!notice.kind)
        return notice;
    const struct value *strong = value_get(&event->data, "strong");
    notice.by = value_to_text(arena, value_get(&event->data, "by"));
    notice.strong = value_is(strong, VALUE_BOOL) && strong->boolean;
    value_to_int(value_get(&event->data, "until"), &notice.until_ms);
    bool led = event->is_led && notice.kind == NOTICE_CLAIMED;
    return notice.by && !led ? notice : (struct notice){.kind = NOTICE_NONE};
}

struct slice notice_print(struct arena *arena, const struct notice *notice, int64_t at_ms)
{
    char time[CLOCK_TEXT_SIZE];
    struct value map = value_new_map(arena, 6);
    clock_format(at_ms, time);
    value_add(arena, map, value_text("type"), value_text(types[notice->kind]));
    value_add(arena, map, value_text("source"), value_text("nudged"));
    value_add(arena, map, value_text("time"), value_text(time));
    value_add(arena, map, value_text("by"), value_text(notice->by));
    if (notice->strong)
        value_add(arena, map, value_text("strong"), value_bool(true));
    if (notice->until_ms)
        value_add(arena, map, value_text("until"), value_int(notice->until_ms));
    return json_print_slice(arena, &map, NOTICE_BYTES);
}
