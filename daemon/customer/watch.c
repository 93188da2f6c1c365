#include "customer/watch.h"

#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/utf8.h"
#include "base/whole.h"

static const char *const told[] = {"product.restocked", "product.price_changed"};

enum watch_word watch_word_of(const char *type)
{
    return bytes_same_text(type, "watch.added")     ? WATCH_ADDED
           : bytes_same_text(type, "watch.removed") ? WATCH_REMOVED
                                                    : WATCH_NO_WORD;
}

static const char *name_of(struct arena *arena, const struct value *value)
{
    char digits[DECIMAL_TEXT_SIZE];
    struct slice whole;
    if (value && whole_text(value, digits, &whole))
        return whole.length <= WATCH_PRODUCT_MOST ? arena_copy(arena, whole.text, whole.length)
                                                  : NULL;
    if (!value_is(value, VALUE_STRING) || !value->length || value->length > WATCH_PRODUCT_MOST ||
        utf8_has_control(value->string, value->length))
        return NULL;
    return value_to_text(arena, value);
}

const char *watch_product(struct arena *arena, const struct value *data)
{
    const char *name = name_of(arena, value_path(data, "product.sku"));
    return name ? name : name_of(arena, value_path(data, "product.id"));
}

bool watch_is_told(struct arena *arena, const struct shop_event *event, const struct diag *diag,
                   const char **product)
{
    bool is_told = false;
    if (!diag || strcmp(diag->code, "no-customer") != 0)
        return false;
    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        is_told = is_told || (event->type && strcmp(event->type, told[i]) == 0);
    if (!is_told)
        return false;
    *product = watch_product(arena, &event->data);
    return *product != NULL;
}

static void put(struct arena *arena, struct value map, const char *name, const char *text)
{
    value_set(arena, map, name, value_text(text));
}

/* Of an event with an id made of that; one without may truly happen again. */
static const char *id_of(struct arena *arena, const struct shop_event *event)
{
    char name[SHOP_EVENT_NAME_SIZE];
    if (!event->id[0])
        return arena_printf(arena, "told-%s", event->entry);
    shop_event_name(event->source, event->id, name);
    return arena_printf(arena, "told-%s", name);
}

const char *watch_told_event(struct arena *arena, const struct shop_event *event,
                             const char *product)
{
    struct value document = value_new_map(arena, 8), watch = value_new_map(arena, 2);
    char time[CLOCK_TEXT_SIZE];
    int64_t at_ms = event->time_ms < event->arrival_ms ? event->time_ms : event->arrival_ms;
    clock_format(at_ms, time);
    put(arena, watch, "product", product);
    put(arena, watch, "of", event->id[0] ? event->id : event->entry);
    struct value whole = value_new_map(arena, value_count(&event->data) + 1);
    for (uint32_t i = 0; i < value_count(&event->data); i++)
        value_add(arena, whole, event->data.map->members[i].key, event->data.map->members[i].value);
    value_set(arena, whole, "watch", watch);
    value_remove(whole, "customer");
    put(arena, document, "specversion", "1.0");
    put(arena, document, "type", event->type);
    put(arena, document, "id", id_of(arena, event));
    put(arena, document, "source", "nudged");
    put(arena, document, "time", arena_text(arena, time));
    value_set(arena, document, "hops", value_int(event->hops + 1));
    value_set(arena, document, "data", whole);
    return json_print_slice(arena, &document, 2 * json_event_limits.bytes).text;
}
