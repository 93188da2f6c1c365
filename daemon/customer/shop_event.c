/*
 * From a stream entry's JSON to an event (shop_event_read, at the end). In this order:
 *
 *   attributes   type, id, source, hops, time; of the short form too, where all else is data
 *   data         a map; with what it says of the customer
 *   keys         which customer, by all of the configured paths that lead to one
 *   names        `identity`, to know the event again; `origin`, to name what starts from it
 *   document     what conditions see as `event`
 *
 * The first fault refuses the event: its code is the reason of the dead letter.
 */
#include "customer/shop_event.h"

#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/decimal.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/json_place.h"

/* Members of the short form that are attributes, not data. */
static const struct slice attributes[] = {{"type", 4},    {"id", 2},   {"source", 6},
                                          {"subject", 7}, {"time", 4}, {"specversion", 11},
                                          {"hops", 4}};

/* An entry may have been added under any id: later than year 9999 is year 9999. */
int64_t shop_event_arrival(const char *entry)
{
    const int64_t latest = 253402300799999;
    int64_t ms = 0;
    for (; *entry >= '0' && *entry <= '9' && ms < latest; entry++)
        ms = ms * 10 + (*entry - '0');
    return ms < latest ? ms : latest;
}

static bool refuse(struct diag *diag, const char *code, const char *text)
{
    diag_error(diag, "%s", text);
    diag_code(diag, code);
    return false;
}

/* A text attribute; "" where it is absent. */
static bool read_attribute(struct arena *arena, const struct value *root, const char *name,
                           size_t most, const char **text, struct diag *diag)
{
    const struct value *value = value_get(root, name);
    *text = "";
    if (!value || value->kind == VALUE_NULL)
        return true;
    if (value->kind == VALUE_INT && strcmp(name, "id") == 0) {
        char digits[DECIMAL_TEXT_SIZE];
        *text = arena_copy(arena, digits, decimal_print_int(value->integer, digits));
        return true;
    }
    if (value->kind != VALUE_STRING || value->length > most ||
        bytes_have_control(value->string, value->length)) {
        diag_error(diag, "`%s` must be a text%s of at most %zu bytes without control characters",
                   name, strcmp(name, "id") == 0 ? " or a whole number," : "", most);
        diag_code(diag, arena_printf(arena, "bad-%s", name));
        return false;
    }
    *text = arena_copy(arena, value->string, value->length);
    return true;
}

/* As shops write times: RFC 3339, or a number since 1970. */
static bool parse_time(const struct value *time, int64_t *ms)
{
    double number;
    if (time->kind == VALUE_STRING)
        return clock_parse(time->string, time->length, ms);
    return value_to_double(time, &number) && clock_of_number(number, ms);
}

static bool read_time(const struct value *root, int64_t skew_ms, struct shop_event *event,
                      struct diag *diag)
{
    const struct value *time = value_get(root, "time");
    event->time_ms = event->arrival_ms;
    if (!time || time->kind == VALUE_NULL)
        return true;
    if (!parse_time(time, &event->time_ms))
        return refuse(diag, "bad-time",
                      "`time` must be a time as of RFC 3339, such as "
                      "\"2026-03-01T10:00:00+02:00\", or seconds since 1970");
    if (event->time_ms > event->arrival_ms + skew_ms)
        event->time_ms = event->arrival_ms;
    return true;
}

static bool is_attribute(const struct value *key)
{
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++)
        if (key->length == attributes[i].length &&
            bytes_are_same(key->string, attributes[i].text, key->length))
            return true;
    return false;
}

static bool read_data(struct arena *arena, const struct value *root, struct shop_event *event,
                      struct diag *diag)
{
    if (!value_get(root, "specversion")) {
        event->data = value_new_map(arena, root->map->count);
        for (uint32_t i = 0; i < root->map->count; i++)
            if (!is_attribute(&root->map->members[i].key))
                value_add(arena, event->data, root->map->members[i].key,
                          root->map->members[i].value);
        return true;
    }
    const struct value *data = value_get(root, "data");
    if (data && data->kind != VALUE_MAP && data->kind != VALUE_NULL)
        return refuse(diag, "bad-data", "`data` must be an object");
    event->data = value_is(data, VALUE_MAP) ? *data : value_new_map(arena, 0);
    return true;
}

static bool has_key(const struct shop_event *event, const struct customer_key *key)
{
    for (uint32_t i = 0; i < event->key_count; i++)
        if ((key->is_id && event->keys[i].is_id) || strcmp(key->text, event->keys[i].text) == 0)
            return true;
    return false;
}

/* Every key that the event has. */
static void find_keys(struct arena *arena, const struct value *root,
                      const struct shop_event_form *form, struct shop_event *event)
{
    uint32_t capacity = 0;
    for (const char *const *path = form->key_paths; *path; path++) {
        const struct value *holder = strcmp(*path, "subject") == 0 ? root : &event->data;
        const struct value *value = value_path(holder, *path);
        struct customer_key key;
        if (!value || !customer_key_make(arena, form->key_paths, *path, value, &key) ||
            has_key(event, &key))
            continue;
        event->keys =
            arena_grow(arena, event->keys, event->key_count, &capacity, sizeof *event->keys);
        event->keys[event->key_count++] = key;
    }
}

/* nudged's own events have one key, as it stands in Redis. */
static bool read_own_key(struct arena *arena, const struct value *customer,
                         const struct shop_event_form *form, struct shop_event *event)
{
    const char *named = form->own && form->own[0] ? form->own : NULL;
    const char *text = named ? named : value_to_text(arena, value_get(customer, "key"));
    if (!event->internal || !text)
        return false;
    event->keys = arena_alloc(arena, sizeof *event->keys);
    event->keys[0] = customer_key_of(arena, form->key_paths, text);
    event->key_count = 1;
    event->customer = value_null();
    return true;
}

static bool read_keys(struct arena *arena, const struct value *root,
                      const struct shop_event_form *form, struct shop_event *event,
                      struct diag *diag)
{
    const struct value *customer = value_get(&event->data, "customer");
    if (customer && customer->kind != VALUE_MAP && customer->kind != VALUE_NULL)
        return refuse(diag, "bad-customer", "`customer` must be an object");
    event->customer = value_is(customer, VALUE_MAP) ? *customer : value_null();
    if (!read_own_key(arena, customer, form, event))
        find_keys(arena, root, form, event);
    if (event->key_count == 0)
        return refuse(diag, "no-customer",
                      "no customer: neither `customer.id` nor `customer.email` is there");
    event->key = event->keys[0].text;
    return true;
}

static bool read_hops(const struct value *root, struct shop_event *event, struct diag *diag)
{
    const struct value *hops = value_get(root, "hops");
    if (!hops)
        return true;
    if (hops->kind != VALUE_INT || hops->integer < 0)
        return refuse(diag, "bad-hops", "`hops` must be a whole number");
    if (hops->integer > SHOP_EVENT_HOPS_MOST)
        return refuse(diag, "loop", "over 8 events in a chain: rules feed each other");
    event->hops = (uint32_t)hops->integer;
    return true;
}

static void spread_hex(char out[17], const void *bytes, size_t length)
{
    uint64_t spread = digest_spread(bytes, length);
    unsigned char big_endian[8];
    for (int i = 7; i >= 0; i--, spread >>= 8)
        big_endian[i] = (unsigned char)spread;
    digest_hex(big_endian, sizeof big_endian, out);
}

void shop_event_name(const char *source, const char *id, char name[SHOP_EVENT_NAME_SIZE])
{
    char both[2 * SHOP_EVENT_ID_MOST + 2];
    size_t length = strnlen(source, SHOP_EVENT_ID_MOST), of_id = strnlen(id, SHOP_EVENT_ID_MOST);
    memcpy(both, source, length);
    both[length++] = '\n';
    memcpy(both + length, id, of_id);
    spread_hex(name, both, length + of_id);
}

static inline uint64_t mix(uint64_t hash, uint64_t part)
{
    hash = (hash ^ part) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

/* Of all bytes, eight at a time: any event is read, few come twice. */
static void mark_content(const char *text, size_t length, char content[5])
{
    uint64_t hash = length, part;
    size_t at = 0;
    for (; length - at >= sizeof part; at += sizeof part) {
        memcpy(&part, text + at, sizeof part);
        hash = mix(hash, part);
    }
    part = 0;
    memcpy(&part, text + at, length - at);
    if (at < length)
        hash = mix(hash, part);
    uint32_t mark = (uint32_t)(hash >> 32) & 0xffff;
    mark = mark ? mark : 1; /* 0 is not known */
    digest_hex((const unsigned char[]){(unsigned char)(mark >> 8), (unsigned char)mark}, 2,
               content);
}

static void name_event(const char *text, size_t length, struct shop_event *event)
{
    if (event->id[0]) {
        shop_event_name(event->source, event->id, event->identity);
        memcpy(event->origin, event->identity, sizeof event->origin);
        return;
    }
    /* The same JSON may come again another day: what starts from it is named by
     * its place in the stream. */
    spread_hex(event->identity, text, length);
    spread_hex(event->origin, event->entry, strlen(event->entry));
}

static void make_document(struct arena *arena, struct shop_event *event)
{
    char time[CLOCK_TEXT_SIZE];
    clock_format(event->time_ms, time);
    event->document = value_new_map(arena, 6);
    value_add(arena, event->document, value_text("type"), value_text(event->type));
    value_add(arena, event->document, value_text("id"), value_text(event->id));
    value_add(arena, event->document, value_text("source"), value_text(event->source));
    value_add(arena, event->document, value_text("time"), value_text(arena_text(arena, time)));
    value_add(arena, event->document, value_text("data"), event->data);
    if (event->hops) /* goes on with the journeys and messages that it starts */
        value_add(arena, event->document, value_text("hops"), value_int(event->hops));
}

void shop_event_complete(struct arena *arena, struct shop_event *event)
{
    name_event("", 0, event);
    make_document(arena, event);
}

/* What the tree says of the event, but whom it is about. */
static bool read_what(struct arena *arena, const struct value *root,
                      const struct shop_event_form *form, struct shop_event *event,
                      struct diag *diag)
{
    if (root->kind != VALUE_MAP)
        return refuse(diag, "no-object", "an event must be a JSON object");
    if (!read_attribute(arena, root, "type", SHOP_EVENT_TYPE_MOST, &event->type, diag) ||
        !read_attribute(arena, root, "id", SHOP_EVENT_ID_MOST, &event->id, diag) ||
        !read_attribute(arena, root, "source", SHOP_EVENT_ID_MOST, &event->source, diag))
        return false;
    if (!event->type[0])
        return refuse(diag, "no-type", "no `type`");
    event->login = form->login;
    event->internal = form->own || (form->former && strcmp(event->source, "nudged") == 0);
    return read_hops(root, event, diag) && read_time(root, form->skew_ms, event, diag) &&
           read_data(arena, root, event, diag);
}

static bool read_tree(struct arena *arena, const struct value *root,
                      const struct shop_event_form *form, struct shop_event *event,
                      struct diag *diag)
{
    return read_what(arena, root, form, event, diag) && read_keys(arena, root, form, event, diag);
}

const char *shop_event_key(struct arena *arena, const char *text, size_t length,
                           const struct shop_event_form *form)
{
    struct shop_event event = {.internal = form->own != NULL};
    struct value root;
    struct diag ignored;
    bool read = json_read(arena, text, length, &json_event_limits, &root, &ignored) &&
                root.kind == VALUE_MAP && read_data(arena, &root, &event, &ignored) &&
                read_keys(arena, &root, form, &event, &ignored);
    return read ? event.key : NULL;
}

struct value shop_event_document(struct arena *arena, const char *text, size_t length,
                                 const char *entry, const struct shop_event_form *form)
{
    struct shop_event event = {.entry = entry, .arrival_ms = shop_event_arrival(entry)};
    struct value root;
    struct diag diag;
    if (!json_read(arena, text, length, &json_event_limits, &root, &diag) ||
        !read_what(arena, &root, form, &event, &diag))
        return value_null();
    make_document(arena, &event);
    return event.document;
}

/* Where in the text the member stands that a fault's code names. */
static void place_fault(const char *text, size_t length, const struct value *root,
                        struct diag *diag)
{
    static const struct {
        const char *code, *path;
    } places[] = {{"no-type", "type"},          {"bad-type", "type"}, {"bad-id", "id"},
                  {"bad-source", "source"},     {"bad-time", "time"}, {"bad-data", "data"},
                  {"bad-customer", "customer"}, {"bad-hops", "hops"}, {"loop", "hops"},
                  {"no-customer", "customer"}};
    bool full = value_get(root, "specversion");
    for (size_t i = 0; diag && i < sizeof places / sizeof *places; i++) {
        if (strcmp(diag->code, places[i].code) != 0)
            continue;
        bool in_data = full && strcmp(places[i].path, "customer") == 0;
        json_place_fault(diag, text, length, in_data ? "data.customer" : places[i].path);
        return;
    }
    json_place_fault(diag, text, length, "");
}

bool shop_event_read(struct arena *arena, const char *text, size_t length, const char *entry,
                     const struct shop_event_form *form, struct shop_event *event,
                     struct diag *diag)
{
    struct value root;
    *event = (struct shop_event){.entry = entry, .arrival_ms = shop_event_arrival(entry)};
    if (!json_read(arena, text, length, &json_event_limits, &root, diag))
        return false;
    if (!read_tree(arena, &root, form, event, diag)) {
        place_fault(text, length, &root, diag);
        return false;
    }
    name_event(text, length, event);
    mark_content(text, length, event->content);
    make_document(arena, event);
    /* A clock that is fast makes nothing newer than what comes later. */
    if (event->time_ms > event->arrival_ms)
        event->time_ms = event->arrival_ms;
    return true;
}
