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
#include "base/json_shape.h"
#include "base/whole.h"
#include "base/zone.h"

/* Members of the short form that are attributes, not data. */
static const struct slice attributes[] = {{"type", 4},    {"id", 2},   {"source", 6},
                                          {"subject", 7}, {"time", 4}, {"specversion", 11},
                                          {"hops", 4}};

enum { MEMBERS_MOST = 24 /* a map of more has an index */ };

/* Of all texts of a shape: where the values stand, in bytes behind the root's map; 0: nowhere. */
struct layout {
    const char *const *key_paths; /* whose places `keys` are */
    uint32_t type, id, source, time, hops, data, customer, keys[SHOP_EVENT_KEYS_MOST];
    bool full; /* it is no short form, of which the data are these members of the root: */
    uint32_t members[MEMBERS_MOST], member_count;
    uint64_t marks;
    struct customer_key_kind kinds[SHOP_EVENT_KEYS_MOST];
};

/* An event's tree; with a layout nothing needs to be looked for in it. */
struct tree {
    const struct value *root;
    const struct layout *layout; /* NULL: none is known */
};

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

static const struct value *at_place(const struct value *root, uint32_t place)
{
    return place ? (const struct value *)((const char *)root->map + place) : NULL;
}

/* The root's member that has its place in the layout. */
#define MEMBER(tree, name) \
    ((tree)->layout ? at_place((tree)->root, (tree)->layout->name) : value_get((tree)->root, #name))

/* A text attribute; "" where it is absent. */
static bool read_attribute(struct arena *arena, const struct value *value, const char *name,
                           size_t most, const char **text, struct diag *diag)
{
    char digits[DECIMAL_TEXT_SIZE];
    bool may_be_number = strcmp(name, "id") == 0;
    *text = "";
    if (!value || value->kind == VALUE_NULL)
        return true;
    struct slice said = {value->string, value->length};
    if ((value->kind != VALUE_STRING && !(may_be_number && whole_text(value, digits, &said))) ||
        said.length > most || bytes_have_control(said.text, said.length)) {
        diag_error(diag, "`%s` must be a text%s of at most %zu bytes without control characters",
                   name, may_be_number ? " or a whole number," : "", most);
        diag_code(diag, arena_printf(arena, "bad-%s", name));
        return false;
    }
    *text = arena_copy(arena, said.text, said.length);
    return true;
}

/* As shops write times: RFC 3339, without an offset too, or a number since 1970. */
static bool parse_time(const struct value *time, const char *zone, int64_t *ms)
{
    double number;
    if (time->kind == VALUE_STRING)
        return zone_parse(zone, time->string, time->length, ms);
    return value_to_double(time, &number) && clock_of_number(number, ms);
}

static bool read_time(const struct tree *tree, const struct shop_event_form *form,
                      struct shop_event *event, struct diag *diag)
{
    const struct value *time = MEMBER(tree, time);
    event->time_ms = event->arrival_ms;
    if (!time || time->kind == VALUE_NULL)
        return true;
    if (!parse_time(time, form->zone, &event->time_ms))
        return refuse(diag, "bad-time",
                      "`time` must be a time as in RFC 3339, such as "
                      "\"2026-03-01T10:00:00+02:00\", or seconds since 1970");
    if (event->time_ms > event->arrival_ms + form->skew_ms)
        event->time_ms = event->arrival_ms;
    return true;
}

static bool is_attribute(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++)
        if (length == attributes[i].length && bytes_are_same(name, attributes[i].text, length))
            return true;
    return false;
}

static bool is_full(const struct tree *tree)
{
    return tree->layout ? tree->layout->full : value_get(tree->root, "specversion") != NULL;
}

/* Of the short form, what is no attribute. */
static struct value gather_data(struct arena *arena, const struct value_map *root)
{
    struct value data = value_new_map(arena, root->count);
    for (uint32_t i = 0; i < root->count; i++)
        if (!is_attribute(root->members[i].key.string, root->members[i].key.length))
            value_add(arena, data, root->members[i].key, root->members[i].value);
    return data;
}

static struct value copy_data(struct arena *arena, const struct value_map *root,
                              const struct layout *layout)
{
    struct value data = value_new_map(arena, layout->member_count);
    for (uint32_t i = 0; i < layout->member_count; i++)
        data.map->members[i] = root->members[layout->members[i]];
    data.map->count = layout->member_count;
    data.map->marks = layout->marks;
    return data;
}

static bool read_data(struct arena *arena, const struct tree *tree, struct shop_event *event,
                      struct diag *diag)
{
    if (!is_full(tree)) {
        event->data = tree->layout ? copy_data(arena, tree->root->map, tree->layout)
                                   : gather_data(arena, tree->root->map);
        return true;
    }
    const struct value *data = MEMBER(tree, data);
    if (data && data->kind != VALUE_MAP && data->kind != VALUE_NULL)
        return refuse(diag, "bad-data", "`data` must be an object");
    event->data = value_is(data, VALUE_MAP) ? *data : value_new_map(arena, 0);
    return true;
}

static bool has_key(const struct shop_event *event, const struct customer_key *key)
{
    for (uint32_t i = 0; i < event->key_count; i++)
        if ((key->is_id && event->keys[i].is_id) ||
            (key->hash == event->keys[i].hash && strcmp(key->text, event->keys[i].text) == 0))
            return true;
    return false;
}

static const struct value *find_key(const struct value *root, const char *path,
                                    const struct value *data)
{
    return value_path(strcmp(path, "subject") == 0 ? root : data, path);
}

/* The key at that place of the layout, which may be known. */
static bool read_key(struct arena *arena, const struct layout *layout,
                     const struct shop_event_form *form, size_t at, const struct value *value,
                     struct customer_key *key)
{
    if (!form->known || value->kind != VALUE_STRING)
        return customer_key_read(arena, &layout->kinds[at], value, key);
    const struct slice text = {value->string, value->length};
    struct slice *known = &form->known->keys[at].value;
    if (!known->text || known->length != text.length ||
        !bytes_are_same(known->text, text.text, text.length)) {
        if (!customer_key_read(arena, &layout->kinds[at], value, key))
            return false;
        *known = text;
        form->known->keys[at].key = *key;
    }
    *key = form->known->keys[at].key;
    return true;
}

/* Every key that the event has. */
static void find_keys(struct arena *arena, const struct tree *tree,
                      const struct shop_event_form *form, struct shop_event *event)
{
    uint32_t capacity = 0;
    for (const char *const *path = form->key_paths; *path; path++) {
        const struct layout *layout = tree->layout;
        const size_t at = (size_t)(path - form->key_paths);
        const struct value *value = layout ? at_place(tree->root, layout->keys[at])
                                           : find_key(tree->root, *path, &event->data);
        struct customer_key key;
        if (!value)
            continue;
        if (!(layout ? read_key(arena, layout, form, at, value, &key)
                     : customer_key_make(arena, form->key_paths, *path, value, &key)) ||
            has_key(event, &key))
            continue;
        event->keys =
            arena_grow(arena, event->keys, event->key_count, &capacity, sizeof *event->keys);
        event->keys[event->key_count++] = key;
    }
}

/* Before those that it has itself stands the key that another shard knew it to lead to. */
static void lead(struct arena *arena, const struct shop_event_form *form, struct shop_event *event)
{
    const struct customer_key first = customer_key_of(arena, form->key_paths, form->whose);
    struct customer_key *keys = arena_alloc(arena, sizeof *keys * (event->key_count + 1));
    uint32_t count = 0;
    keys[count++] = first;
    for (uint32_t i = 0; i < event->key_count; i++)
        if (!event->keys[i].is_id && strcmp(event->keys[i].text, first.text) != 0)
            keys[count++] = event->keys[i];
    event->keys = keys;
    event->key_count = count;
    event->is_led = true;
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

/* Each place at which a key may stand is named: there is at least one. */
static bool refuse_keyless(struct arena *arena, const char *const *paths, struct diag *diag)
{
    const char *text = arena_printf(arena, "`%s`", paths[0]);
    if (!paths[1])
        return refuse(diag, "no-customer",
                      arena_printf(arena, "no customer: %s is not there", text));
    for (size_t i = 1; paths[i]; i++)
        text = arena_printf(arena, "%s nor `%s`", text, paths[i]);
    return refuse(diag, "no-customer",
                  arena_printf(arena, "no customer: neither %s is there", text));
}

static bool read_keys(struct arena *arena, const struct tree *tree,
                      const struct shop_event_form *form, struct shop_event *event,
                      struct diag *diag)
{
    const struct value *customer = tree->layout ? at_place(tree->root, tree->layout->customer)
                                                : value_get(&event->data, "customer");
    if (customer && customer->kind != VALUE_MAP && customer->kind != VALUE_NULL)
        return refuse(diag, "bad-customer", "`customer` must be an object");
    event->customer = value_is(customer, VALUE_MAP) ? *customer : value_null();
    if (!read_own_key(arena, customer, form, event))
        find_keys(arena, tree, form, event);
    if (event->key_count == 0)
        return refuse_keyless(arena, form->key_paths, diag);
    if (form->whose)
        lead(arena, form, event);
    event->key = event->keys[0].text;
    return true;
}

static bool read_hops(const struct tree *tree, struct shop_event *event, struct diag *diag)
{
    const struct value *hops = MEMBER(tree, hops);
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

void shop_event_name_by(struct shop_event *event, int64_t number)
{
    char both[sizeof event->identity + sizeof number];
    memcpy(both, event->identity, sizeof event->identity);
    memcpy(both + sizeof event->identity, &number, sizeof number);
    spread_hex(event->origin, both, sizeof both);
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

static void put(struct value_map *map, const char *name, size_t length, struct value value)
{
    struct value_member *member = &map->members[map->count++];
    member->key = value_string(name, length);
    member->value = value;
    map->marks |= bytes_mark(name, length);
}

#define PUT(map, name, value) put(map, name, sizeof name - 1, value)

static void make_document(struct arena *arena, struct shop_event *event)
{
    char *time = arena_alloc(arena, CLOCK_TEXT_SIZE);
    clock_format(event->time_ms, time);
    event->document = value_new_map(arena, 6);
    struct value_map *map = event->document.map;
    PUT(map, "type", value_text(event->type));
    PUT(map, "id", value_text(event->id));
    PUT(map, "source", value_text(event->source));
    PUT(map, "time", value_text(time));
    PUT(map, "data", event->data);
    if (event->hops) /* goes on with the journeys and messages that it starts */
        PUT(map, "hops", value_int(event->hops));
}

void shop_event_complete(struct arena *arena, struct shop_event *event)
{
    name_event("", 0, event);
    make_document(arena, event);
}

/* What the tree says of the event, but whom it is about. */
static bool read_what(struct arena *arena, const struct tree *tree,
                      const struct shop_event_form *form, struct shop_event *event,
                      struct diag *diag)
{
    if (tree->root->kind != VALUE_MAP)
        return refuse(diag, "no-object", "an event must be a JSON object");
    if (!read_attribute(arena, MEMBER(tree, type), "type", SHOP_EVENT_TYPE_MOST, &event->type,
                        diag) ||
        !read_attribute(arena, MEMBER(tree, id), "id", SHOP_EVENT_ID_MOST, &event->id, diag) ||
        !read_attribute(arena, MEMBER(tree, source), "source", SHOP_EVENT_ID_MOST, &event->source,
                        diag))
        return false;
    if (!event->type[0])
        return refuse(diag, "no-type", "no `type`");
    event->login = form->login;
    event->internal = form->own || (form->former && strcmp(event->source, "nudged") == 0);
    return read_hops(tree, event, diag) && read_time(tree, form, event, diag) &&
           read_data(arena, tree, event, diag);
}

static bool read_tree(struct arena *arena, const struct tree *tree,
                      const struct shop_event_form *form, struct shop_event *event,
                      struct diag *diag)
{
    return read_what(arena, tree, form, event, diag) && read_keys(arena, tree, form, event, diag);
}

/* ---- What all texts of a shape have in common ---- */

static uint32_t place_of(const struct value *root, const struct value *value)
{
    return value ? (uint32_t)((const char *)value - (const char *)root->map) : 0;
}

/* In the short form a path leads from the root too, but to no attribute. */
static uint32_t place_of_data(const struct value *root, const char *path)
{
    const struct value *data = value_get(root, "specversion") ? value_get(root, "data") : root;
    size_t length = strcspn(path, ".");
    return data == root && is_attribute(path, length) ? 0 : place_of(root, value_path(data, path));
}

static void lay_data(struct layout *layout, const struct value_map *root)
{
    for (uint32_t i = 0; i < root->count; i++) {
        const struct value *key = &root->members[i].key;
        if (is_attribute(key->string, key->length))
            continue;
        layout->members[layout->member_count++] = i;
        layout->marks |= bytes_mark(key->string, key->length);
    }
}

/* NULL: it has none. */
static const struct layout *layout_of(struct arena *arena, const struct value *root,
                                      const struct shop_event_form *form)
{
    uint32_t count = 0;
    while (form->key_paths[count])
        count++;
    if (count > SHOP_EVENT_KEYS_MOST || root->map->count > MEMBERS_MOST)
        return NULL;
    struct layout *layout = arena_zero(arena, sizeof *layout);
    layout->key_paths = form->key_paths;
    layout->type = place_of(root, value_get(root, "type"));
    layout->id = place_of(root, value_get(root, "id"));
    layout->source = place_of(root, value_get(root, "source"));
    layout->time = place_of(root, value_get(root, "time"));
    layout->hops = place_of(root, value_get(root, "hops"));
    layout->data = place_of(root, value_get(root, "data"));
    layout->full = value_get(root, "specversion");
    layout->customer = place_of_data(root, "customer");
    for (uint32_t i = 0; i < count; i++) {
        const char *path = form->key_paths[i];
        layout->keys[i] = strcmp(path, "subject") == 0 ? place_of(root, value_get(root, path))
                                                       : place_of_data(root, path);
        layout->kinds[i] = customer_key_kind_of(form->key_paths, path);
    }
    lay_data(layout, root->map);
    return layout;
}

/* The text's tree. */
static bool read_text(struct arena *arena, const char *text, size_t length,
                      const struct shop_event_form *form, struct value *root, struct tree *tree,
                      struct diag *diag)
{
    struct json_shape *shape;
    *tree = (struct tree){.root = root};
    if (!form->shapes)
        return json_read(arena, text, length, &json_event_limits, root, diag);
    if (!json_shapes_read(form->shapes, arena, text, length, root, &shape, diag))
        return false;
    if (shape && !shape->note)
        shape->note = layout_of(json_shapes_arena(form->shapes), root, form);
    tree->layout = shape ? shape->note : NULL;
    if (tree->layout && tree->layout->key_paths != form->key_paths)
        tree->layout = NULL;
    return true;
}

/* ---- An event ---- */

const char *shop_event_key(struct arena *arena, const char *text, size_t length,
                           const struct shop_event_form *form)
{
    struct shop_event event = {.internal = form->own != NULL};
    struct value root;
    struct tree tree;
    struct diag ignored;
    bool read = read_text(arena, text, length, form, &root, &tree, &ignored) &&
                root.kind == VALUE_MAP && read_data(arena, &tree, &event, &ignored) &&
                read_keys(arena, &tree, form, &event, &ignored);
    return read ? event.key : NULL;
}

struct value shop_event_document(struct arena *arena, const char *text, size_t length,
                                 const char *entry, const struct shop_event_form *form)
{
    struct shop_event event = {.entry = entry, .arrival_ms = shop_event_arrival(entry)};
    struct value root;
    struct tree tree;
    struct diag diag;
    if (!read_text(arena, text, length, form, &root, &tree, &diag) ||
        !read_what(arena, &tree, form, &event, &diag))
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
    struct tree tree;
    *event = (struct shop_event){.entry = entry, .arrival_ms = shop_event_arrival(entry)};
    if (!read_text(arena, text, length, form, &root, &tree, diag))
        return false;
    if (!read_tree(arena, &tree, form, event, diag)) {
        place_fault(text, length, &root, diag);
        return false;
    }
    name_event(text, length, event);
    if (!form->unmarked)
        mark_content(text, length, event->content);
    make_document(arena, event);
    /* A clock that is fast makes nothing newer than what comes later. */
    if (event->time_ms > event->arrival_ms)
        event->time_ms = event->arrival_ms;
    return true;
}
