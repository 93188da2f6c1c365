/* The customer's document as JSON. Short member names: a document is read and
 * printed at every decision. docs/redis.md lists them. */
#include <string.h>

#include "base/json.h"
#include "core/customer.h"

static const struct json_limits limits = {
    .bytes = CUSTOMER_DOCUMENT_MOST + 1024, .depth = 48, .nodes = 65536, .duplicate_keys = true};

static const char *text_of(struct arena *arena, const struct value *map, const char *name)
{
    const char *text = value_to_text(arena, value_get(map, name));
    return text ? text : "";
}

static int64_t int_of(const struct value *map, const char *name)
{
    int64_t number;
    return value_to_int(value_get(map, name), &number) ? number : 0;
}

static struct value map_of(struct arena *arena, const struct value *map, const char *name)
{
    const struct value *value = value_get(map, name);
    return value_is(value, VALUE_MAP) ? *value : value_new_map(arena, 0);
}

static struct value any_of(const struct value *map, const char *name)
{
    const struct value *value = value_get(map, name);
    return value ? *value : value_null();
}

static bool flag_of(const struct value *map, const char *name)
{
    const struct value *value = value_get(map, name);
    return value_is(value, VALUE_BOOL) && value->boolean;
}

/* Allocates `list` for the items of root's list `name`; the items. */
#define READ_LIST(arena, list, root, name, from)                                     \
    const struct value *from = value_get(root, name);                                \
    (list).capacity = value_is(from, VALUE_LIST) ? value_count(from) : 0;            \
    (list).items = arena_alloc(arena, sizeof *(list).items * ((list).capacity + 1)); \
    (list).count = 0;                                                                \
    for (uint32_t i = 0; i < (list).capacity; i++)

static void read_counts(struct arena *arena, struct customer *customer, const struct value *root)
{
    READ_LIST(arena, customer->counts, root, "counts", from)
    {
        const struct value *item = &from->list->items[i];
        struct customer_count *count = &customer->counts.items[customer->counts.count++];
        *count = (struct customer_count){.type = text_of(arena, item, "type"),
                                         .count = int_of(item, "n"),
                                         .first_ms = int_of(item, "first"),
                                         .last_ms = int_of(item, "last")};
        const struct value *times = value_get(item, "times");
        for (uint32_t t = 0; t < value_count(times) && t < CUSTOMER_TIMES_MOST; t++)
            if (value_to_int(&times->list->items[t], &count->times[t]))
                count->time_count++;
    }
}

static void read_sends(struct arena *arena, struct customer *customer, const struct value *root)
{
    READ_LIST(arena, customer->sends, root, "sends", from)
    {
        const struct value *item = &from->list->items[i];
        customer->sends.items[customer->sends.count++] =
            (struct customer_send){.mid = text_of(arena, item, "mid"),
                                   .rule = text_of(arena, item, "rule"),
                                   .run = text_of(arena, item, "run"),
                                   .at_ms = int_of(item, "at"),
                                   .marketing = flag_of(item, "marketing")};
    }
}

static void read_totals(struct arena *arena, struct customer *customer, const struct value *root)
{
    READ_LIST(arena, customer->totals, root, "totals", from)
    {
        const struct value *item = &from->list->items[i];
        customer->totals.items[customer->totals.count++] =
            (struct customer_total){.rule = text_of(arena, item, "rule"),
                                    .count = int_of(item, "n"),
                                    .last_ms = int_of(item, "last")};
    }
}

static void read_open(struct arena *arena, struct customer *customer, const struct value *root)
{
    READ_LIST(arena, customer->open, root, "open", from)
    {
        const struct value *item = &from->list->items[i];
        customer->open.items[customer->open.count++] =
            (struct customer_open){.mid = text_of(arena, item, "mid"),
                                   .rule = text_of(arena, item, "rule"),
                                   .origin = text_of(arena, item, "origin"),
                                   .topic = text_of(arena, item, "topic"),
                                   .started_ms = int_of(item, "started"),
                                   .give_up_ms = int_of(item, "give_up"),
                                   .start = any_of(item, "start"),
                                   .marketing = flag_of(item, "marketing")};
    }
}

static void read_journeys(struct arena *arena, struct customer *customer, const struct value *root)
{
    READ_LIST(arena, customer->journeys, root, "journeys", from)
    {
        const struct value *item = &from->list->items[i];
        customer->journeys.items[customer->journeys.count++] =
            (struct customer_journey){.rule = text_of(arena, item, "rule"),
                                      .origin = text_of(arena, item, "origin"),
                                      .run = text_of(arena, item, "run"),
                                      .step = text_of(arena, item, "step"),
                                      .deadline_ms = int_of(item, "at"),
                                      .clock_ms = int_of(item, "clock"),
                                      .started_ms = int_of(item, "started"),
                                      .since_ms = int_of(item, "since"),
                                      .start = any_of(item, "start")};
    }
}

static void add_seen(struct customer_seen *seen, const struct value *identity,
                     const struct value *at)
{
    memset(seen, 0, sizeof *seen);
    if (value_is(identity, VALUE_STRING) && identity->length < sizeof seen->identity)
        memcpy(seen->identity, identity->string, identity->length);
    if (!value_to_int(at, &seen->at_ms))
        seen->at_ms = 0;
}

static void read_seen(struct arena *arena, struct customer *customer, const struct value *root)
{
    const struct value *seen = value_get(root, "seen");
    const struct value *ring = value_get(root, "ring");
    uint32_t seen_count = value_is(seen, VALUE_MAP) ? value_count(seen) : 0;
    uint32_t ring_count = value_is(ring, VALUE_MAP) ? value_count(ring) : 0;
    customer->seen.capacity = seen_count;
    customer->seen.items = arena_alloc(arena, sizeof *customer->seen.items * (seen_count + 1));
    for (uint32_t i = 0; i < seen_count; i++)
        add_seen(&customer->seen.items[customer->seen.count++], &seen->map->members[i].key,
                 &seen->map->members[i].value);
    customer->ring.capacity = ring_count;
    customer->ring.items = arena_alloc(arena, sizeof *customer->ring.items * (ring_count + 1));
    for (uint32_t i = 0; i < ring_count; i++)
        add_seen(&customer->ring.items[customer->ring.count++], &ring->map->members[i].key,
                 &ring->map->members[i].value);
}

struct customer *customer_read(struct arena *arena, const char *key, const char *text,
                               size_t length, struct diag *diag)
{
    struct value root;
    if (!json_read(arena, text, length, &limits, &root, diag))
        return NULL;
    if (root.kind != VALUE_MAP || int_of(&root, "format") != CUSTOMER_FORMAT) {
        diag_error(diag, "the customer's document has a format that this program does not know");
        diag_code(diag, "document-format");
        return NULL;
    }
    struct customer *customer = arena_zero(arena, sizeof *customer);
    customer->key = key;
    customer->version = text_of(arena, &root, "version");
    customer->profile = map_of(arena, &root, "profile");
    customer->profile_ms = int_of(&root, "profile_ms");
    customer->fields = map_of(arena, &root, "fields");
    customer->optouts = map_of(arena, &root, "optouts");
    read_counts(arena, customer, &root);
    read_sends(arena, customer, &root);
    read_totals(arena, customer, &root);
    read_open(arena, customer, &root);
    read_journeys(arena, customer, &root);
    read_seen(arena, customer, &root);
    return customer;
}

/* Printing: each put_ writes `,"name":value`. */
static void put_name(struct buf *out, const char *name)
{
    if (out->length && out->data[out->length - 1] != '{')
        buf_char(out, ',');
    buf_char(out, '"');
    buf_text(out, name);
    buf_add(out, "\":", 2);
}

static void put_text(struct buf *out, const char *name, const char *text)
{
    put_name(out, name);
    json_print_string(out, text, strlen(text));
}

static void put_digits(struct buf *out, int64_t number)
{
    char digits[24], *at = digits + sizeof digits;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do
        *--at = (char)('0' + rest % 10);
    while (rest /= 10);
    if (number < 0)
        *--at = '-';
    buf_add(out, at, (size_t)(digits + sizeof digits - at));
}

static void put_int(struct buf *out, const char *name, int64_t number)
{
    put_name(out, name);
    put_digits(out, number);
}

static void put_value(struct buf *out, const char *name, const struct value *value)
{
    put_name(out, name);
    json_print(out, value);
}

static void put_flag(struct buf *out, const char *name, bool set)
{
    if (!set)
        return;
    put_name(out, name);
    buf_add(out, "true", 4);
}

static void open_item(struct buf *out, uint32_t index)
{
    buf_text(out, index ? ",{" : "{");
}

static void put_counts(struct buf *out, const struct customer *customer)
{
    put_name(out, "counts");
    buf_char(out, '[');
    for (uint32_t i = 0; i < customer->counts.count; i++) {
        const struct customer_count *count = &customer->counts.items[i];
        open_item(out, i);
        put_text(out, "type", count->type);
        put_int(out, "n", count->count);
        put_int(out, "first", count->first_ms);
        put_int(out, "last", count->last_ms);
        put_name(out, "times");
        for (uint32_t t = 0; t < count->time_count; t++) {
            buf_char(out, t ? ',' : '[');
            put_digits(out, count->times[t]);
        }
        buf_text(out, count->time_count ? "]}" : "[]}");
    }
    buf_char(out, ']');
}

static void put_sends(struct buf *out, const struct customer *customer)
{
    put_name(out, "sends");
    buf_char(out, '[');
    for (uint32_t i = 0; i < customer->sends.count; i++) {
        const struct customer_send *send = &customer->sends.items[i];
        open_item(out, i);
        put_text(out, "mid", send->mid);
        put_text(out, "rule", send->rule);
        put_text(out, "run", send->run);
        put_int(out, "at", send->at_ms);
        put_flag(out, "marketing", send->marketing);
        buf_char(out, '}');
    }
    buf_char(out, ']');
}

static void put_totals(struct buf *out, const struct customer *customer)
{
    put_name(out, "totals");
    buf_char(out, '[');
    for (uint32_t i = 0; i < customer->totals.count; i++) {
        const struct customer_total *total = &customer->totals.items[i];
        open_item(out, i);
        put_text(out, "rule", total->rule);
        put_int(out, "n", total->count);
        put_int(out, "last", total->last_ms);
        buf_char(out, '}');
    }
    buf_char(out, ']');
}

static void put_open(struct buf *out, const struct customer *customer)
{
    put_name(out, "open");
    buf_char(out, '[');
    for (uint32_t i = 0; i < customer->open.count; i++) {
        const struct customer_open *open = &customer->open.items[i];
        open_item(out, i);
        put_text(out, "mid", open->mid);
        put_text(out, "rule", open->rule);
        put_text(out, "origin", open->origin);
        put_text(out, "topic", open->topic);
        put_int(out, "started", open->started_ms);
        put_int(out, "give_up", open->give_up_ms);
        if (open->start.kind != VALUE_NULL)
            put_value(out, "start", &open->start);
        put_flag(out, "marketing", open->marketing);
        buf_char(out, '}');
    }
    buf_char(out, ']');
}

static void put_journeys(struct buf *out, const struct customer *customer)
{
    put_name(out, "journeys");
    buf_char(out, '[');
    for (uint32_t i = 0; i < customer->journeys.count; i++) {
        const struct customer_journey *journey = &customer->journeys.items[i];
        open_item(out, i);
        put_text(out, "rule", journey->rule);
        put_text(out, "origin", journey->origin);
        put_text(out, "run", journey->run);
        put_text(out, "step", journey->step);
        put_int(out, "at", journey->deadline_ms);
        put_int(out, "clock", journey->clock_ms);
        put_int(out, "started", journey->started_ms);
        put_int(out, "since", journey->since_ms);
        put_value(out, "start", &journey->start);
        buf_char(out, '}');
    }
    buf_char(out, ']');
}

static void put_seen(struct buf *out, const char *name, const struct customer_seen *items,
                     uint32_t count)
{
    put_name(out, name);
    buf_char(out, '{');
    for (uint32_t i = 0; i < count; i++)
        put_int(out, items[i].identity, items[i].at_ms);
    buf_char(out, '}');
}

static void print_whole(const struct customer *customer, const char *version, struct buf *out)
{
    buf_char(out, '{');
    put_text(out, "version", version);
    put_int(out, "format", CUSTOMER_FORMAT);
    put_value(out, "profile", &customer->profile);
    put_int(out, "profile_ms", customer->profile_ms);
    put_value(out, "fields", &customer->fields);
    put_value(out, "optouts", &customer->optouts);
    put_counts(out, customer);
    put_sends(out, customer);
    put_totals(out, customer);
    put_open(out, customer);
    put_journeys(out, customer);
    put_seen(out, "seen", customer->seen.items, customer->seen.count);
    put_seen(out, "ring", customer->ring.items, customer->ring.count);
    buf_char(out, '}');
}

/* Makes the document smaller by what is only kept for comfort; false at the end. */
static bool shed(struct customer *customer, int round)
{
    switch (round) {
    case 0:
        customer->ring.count = 0;
        return true;
    case 1:
        for (uint32_t i = 0; i < customer->counts.count; i++)
            customer->counts.items[i].time_count = 0;
        return true;
    case 2:
        if (customer->seen.count > CUSTOMER_RING_MOST) {
            customer->seen.items += customer->seen.count - CUSTOMER_RING_MOST;
            customer->seen.count = customer->seen.capacity = CUSTOMER_RING_MOST;
        }
        return true;
    default:
        return false;
    }
}

bool customer_print(struct customer *customer, const char *version, struct buf *out)
{
    size_t before = out->length;
    int round = 0;
    do {
        buf_cut(out, before);
        out->full = false;
        print_whole(customer, version, out);
        if (!out->full && out->length - before <= CUSTOMER_DOCUMENT_MOST)
            return true;
    } while (shed(customer, round++));
    return false;
}
