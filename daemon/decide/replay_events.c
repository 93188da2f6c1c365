#include "decide/replay_events.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/mem.h"

enum { EVENT_MOST = 256 * 1024 };

static void add(struct replay_events *events, struct slice event, const char *key,
                const struct replay_order *order)
{
    if (events->count == events->capacity) {
        events->capacity = events->capacity ? 2 * events->capacity : 16;
        events->items = mem_resize(events->items, sizeof *events->items * events->capacity);
    }
    events->items[events->count++] =
        (struct replay_own){.event = {mem_copy(event.text, event.length), event.length},
                            .key = mem_text(key),
                            .depth = order->depth + 1,
                            .number = order->number};
}

static void put(struct arena *arena, struct value map, const char *name, const char *text)
{
    value_add(arena, map, value_text(name), value_text(text));
}

/* As delivery/message_event has it, of a gateway that took it at once. */
static struct value describe(const struct decision_message *message, struct arena *arena)
{
    static const char *const from_body[] = {"rule",  "step",  "template", "to", "channel",
                                            "class", "topic", "data",     NULL};
    struct value told = value_new_map(arena, 10);
    put(arena, told, "id", message->mid);
    for (const char *const *name = from_body; *name; name++) {
        const struct value *member = value_get(&message->body, *name);
        if (member && (member->kind != VALUE_MAP || value_count(member)))
            value_add(arena, told, value_text(*name), *member);
    }
    put(arena, told, "gateway", "replay");
    return told;
}

static void tell(struct replay_events *events, const char *key,
                 const struct decision_message *message, const struct replay_order *order,
                 struct arena *arena)
{
    struct value event = value_new_map(arena, 6);
    int64_t hops = 0;
    value_to_int(value_get(&message->body, "hops"), &hops);
    put(arena, event, "type", "message.sent");
    put(arena, event, "source", "nudged");
    put(arena, event, "id", arena_printf(arena, "%s.sent", message->mid));
    value_add(arena, event, value_text("hops"), value_int(hops + 1));
    value_add(arena, event, value_text("message"), describe(message, arena));
    add(events, json_print_slice(arena, &event, EVENT_MOST), key, order);
}

void replay_events_tell(struct replay_events *events, const struct ruleset *rules,
                        const char *customer, const struct decision *decision,
                        const struct replay_order *order, struct arena *arena)
{
    for (uint32_t i = 0; i < decision->emit_count; i++) {
        if (decision->emits[i].event.kind == VALUE_NULL)
            continue;
        add(events, json_print_slice(arena, &decision->emits[i].event, EVENT_MOST),
            decision->emits[i].key, order);
    }
    for (uint32_t i = 0; i < decision->message_count && ruleset_counts(rules, "message.sent"); i++)
        tell(events, customer, &decision->messages[i], order, arena);
}

static void forget(struct replay_own *own)
{
    free((char *)own->event.text);
    free((char *)own->key);
}

struct replay_own replay_events_next(struct replay_events *events, struct arena *arena)
{
    struct replay_own *next = &events->items[events->first++];
    struct replay_own copy = *next;
    copy.event = slice_copy(arena, next->event);
    copy.key = arena_text(arena, next->key);
    forget(next);
    if (replay_events_are_none(events))
        events->first = events->count = 0;
    return copy;
}

void replay_events_clear(struct replay_events *events)
{
    while (events->first < events->count)
        forget(&events->items[events->first++]);
    events->first = events->count = 0;
}

void replay_events_free(struct replay_events *events)
{
    replay_events_clear(events);
    free(events->items);
    *events = (struct replay_events){0};
}
