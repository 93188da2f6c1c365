/*
 * The block (base/image) begins with the customer; behind it stands what it points to. What is not
 * kept in a document is not kept here either, and reading one notes what customer_read would.
 */
#include "customer/customer_image.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "customer/customer_starts.h"

enum { SPARE = 2, SPARE_PART = 4, ROOM_STEP = 8 /* a divisor of CUSTOMER_TIMES_MOST */ };

struct customer_image {
    size_t room;        /* of the block */
    const char *counts; /* of the customer, who has none: see size_of_count */
    struct customer customer;
};

/* ---- Lists ---- */

/* Where a member of the item at `place` stands. */
#define AT(place, type, member) ((place) + offsetof(struct type, member))

/* Copies a list of the customer's; the place of its first item. */
#define PUT_LIST(maker, customer, name)                                                        \
    put_items(maker, offsetof(struct customer_image, customer.name.items),                     \
              offsetof(struct customer_image, customer.name.capacity), (customer)->name.items, \
              sizeof *(customer)->name.items, (customer)->name.count)

/* The same; then for each item what it points to: `place` is that of the item's copy. */
#define PUT_EACH(maker, customer, name, place)      \
    size_t place = PUT_LIST(maker, customer, name); \
    for (uint32_t i = 0; i < (customer)->name.count; i++, place += sizeof *(customer)->name.items)

static size_t put_items(struct image_maker *maker, size_t items, size_t capacity, const void *from,
                        size_t size, uint32_t count)
{
    size_t place = image_put(maker, from, size * count);
    memcpy(maker->bytes + capacity, &count, sizeof count);
    image_link(maker, items, place);
    return place;
}

static void put_until(struct image_maker *maker, size_t from, const struct customer_until *until)
{
    const struct customer_until none = {0};
    memcpy(maker->bytes + from, &none, sizeof none);
    if (!until->types || !until->types[0])
        return;
    image_texts(maker, AT(from, customer_until, types), until->types);
    image_text(maker, AT(from, customer_until, condition), until->condition);
}

/* Of the event that is read, its data alone; nothing of it where that has nothing. */
static void put_reads(struct image_maker *maker, size_t from, const struct value *reads)
{
    const struct value *data = value_get(reads, "data");
    struct value_member member = {.key = value_text("data")};
    struct value_map map = {.count = 1, .capacity = 1, .members = &member};
    struct value whole = value_null();
    if (reads->kind == VALUE_BOOL) {
        whole = value_bool(true);
    } else if (value_count(data)) {
        member.value = *data;
        whole = (struct value){.kind = VALUE_MAP, .map = &map};
    }
    image_value(maker, from, &whole);
}

static uint32_t rounded(uint32_t count)
{
    return (count + ROOM_STEP - 1) / ROOM_STEP * ROOM_STEP;
}

/* A count has room for a few more times than there are, and the next stands right behind them. */
static size_t size_of_count(const struct customer_count *count)
{
    return offsetof(struct customer_count, times) +
           sizeof *count->times * rounded(count->time_count);
}

static void put_counts(struct image_maker *maker, const struct customer *customer)
{
    size_t place = maker->length;
    image_link(maker, offsetof(struct customer_image, counts), place);
    for (uint32_t i = 0; i < customer->counts.count; i++)
        image_put(maker, &customer->counts.items[i], size_of_count(&customer->counts.items[i]));
    for (uint32_t i = 0; i < customer->counts.count; i++) {
        image_text(maker, AT(place, customer_count, type), customer->counts.items[i].type);
        place += size_of_count(&customer->counts.items[i]);
    }
}

/* With room for a few more. */
static void put_seen(struct image_maker *maker, size_t items, size_t capacity,
                     const struct customer_seen *from, uint32_t count)
{
    uint32_t room = rounded(count + 1);
    size_t place = image_room(maker, sizeof *from * room);
    if (count)
        memcpy(maker->bytes + place, from, sizeof *from * count);
    memcpy(maker->bytes + capacity, &room, sizeof room);
    image_link(maker, items, place);
}

#define PUT_SEEN(maker, customer, name)                                                       \
    put_seen(maker, offsetof(struct customer_image, customer.name.items),                     \
             offsetof(struct customer_image, customer.name.capacity), (customer)->name.items, \
             (customer)->name.count)

static void put_sends(struct image_maker *maker, const struct customer *customer)
{
    PUT_EACH(maker, customer, sends, place)
    {
        const struct customer_send *send = &customer->sends.items[i];
        image_text(maker, AT(place, customer_send, mid), send->mid);
        image_text(maker, AT(place, customer_send, rule), send->rule);
        image_text(maker, AT(place, customer_send, run), send->run);
        image_text(maker, AT(place, customer_send, per), send->per);
    }
}

static void put_open(struct image_maker *maker, const struct customer *customer)
{
    PUT_EACH(maker, customer, open, place)
    {
        const struct customer_open *open = &customer->open.items[i];
        image_text(maker, AT(place, customer_open, mid), open->mid);
        image_text(maker, AT(place, customer_open, rule), open->rule);
        image_text(maker, AT(place, customer_open, origin), open->origin);
        image_text(maker, AT(place, customer_open, topic), open->topic);
        image_text(maker, AT(place, customer_open, per), open->per);
        put_until(maker, AT(place, customer_open, until), &open->until);
        put_reads(maker, AT(place, customer_open, reads), &open->reads);
    }
}

static void put_collected(struct image_maker *maker, size_t from,
                          const struct customer_journey *journey)
{
    size_t place = image_put(maker, journey->collected.items,
                             sizeof *journey->collected.items * journey->collected.count);
    for (uint32_t i = 0; i < journey->collected.count; i++)
        image_text(maker,
                   AT(place + i * sizeof *journey->collected.items, customer_collected, origin),
                   journey->collected.items[i].origin);
    image_link(maker, AT(from, customer_journey, collected.items), place);
}

static void put_journey(struct image_maker *maker, size_t place,
                        const struct customer_journey *journey)
{
    const struct value null = value_null();
    image_text(maker, AT(place, customer_journey, rule), journey->rule);
    image_text(maker, AT(place, customer_journey, origin), journey->origin);
    image_text(maker, AT(place, customer_journey, per), journey->per);
    image_text(maker, AT(place, customer_journey, step), journey->step);
    image_value(maker, AT(place, customer_journey, start), &null);
    image_value(maker, AT(place, customer_journey, given),
                value_count(&journey->given) ? &journey->given : &null);
    image_value(maker, AT(place, customer_journey, sent),
                value_count(&journey->sent) ? &journey->sent : &null);
    put_until(maker, AT(place, customer_journey, until), &journey->until);
    put_reads(maker, AT(place, customer_journey, reads), &journey->reads);
    put_until(maker, AT(place, customer_journey, or_), &journey->or_);
    image_text(maker, AT(place, customer_journey, met), journey->met);
    image_value(maker, AT(place, customer_journey, met_event), &null);
    put_collected(maker, place, journey);
}

static void put_journeys(struct image_maker *maker, const struct customer *customer)
{
    PUT_EACH(maker, customer, journeys, place)
    put_journey(maker, place, &customer->journeys.items[i]);
}

static void put_ends(struct image_maker *maker, const struct customer *customer)
{
    PUT_EACH(maker, customer, ends, place)
    {
        image_text(maker, AT(place, customer_end, rule), customer->ends.items[i].rule);
        image_text(maker, AT(place, customer_end, per), customer->ends.items[i].per);
        image_value(maker, AT(place, customer_end, event), &customer->ends.items[i].event);
    }
}

static void put_layers(struct image_maker *maker, const struct customer *customer)
{
    PUT_EACH(maker, customer, layers, place)
    image_value(maker, AT(place, customer_layer, patch), &customer->layers.items[i].patch);
}

/* The profile; where there is one layer it mostly is that. */
static void put_profile(struct image_maker *maker, const struct customer *customer)
{
    const size_t from = offsetof(struct customer_image, customer.profile);
    uintptr_t layer, map;
    put_layers(maker, customer);
    if (customer->layers.count != 1 ||
        customer->profile.map != customer->layers.items[0].patch.map) {
        image_value(maker, from, &customer->profile);
        return;
    }
    memcpy(&layer, maker->bytes + offsetof(struct customer_image, customer.layers.items),
           sizeof layer);
    memcpy(&map, maker->bytes + AT(AT(layer, customer_layer, patch), value, map), sizeof map);
    image_link(maker, AT(from, value, map), map);
}

static void put_names(struct image_maker *maker, const struct customer *customer)
{
    {
        PUT_EACH(maker, customer, totals, place)
        image_text(maker, AT(place, customer_total, rule), customer->totals.items[i].rule);
    }
    {
        PUT_EACH(maker, customer, keys, place)
        image_text(maker, place, customer->keys.items[i]);
    }
    {
        PUT_EACH(maker, customer, said, place)
        image_text(maker, AT(place, customer_said, topic), customer->said.items[i].topic);
    }
}

/* ---- An image ---- */

static void put_all(struct image_maker *maker, const struct customer *customer)
{
    struct customer_image image = {.customer = *customer};
    image.customer.defaults = value_null();
    image.customer.known = NULL;
    image.customer.counts.items = NULL;
    memset(&image.customer.starts, 0, sizeof image.customer.starts);
    image.customer.said_unrecorded = false;
    image_begin(maker);
    image_put(maker, &image, sizeof image);
    image_text(maker, offsetof(struct customer_image, customer.version), customer->version);
    image_text(maker, offsetof(struct customer_image, customer.first.key), customer->first.key);
    put_profile(maker, customer);
    image_value(maker, offsetof(struct customer_image, customer.fields), &customer->fields);
    image_value(maker, offsetof(struct customer_image, customer.fields_at), &customer->fields_at);
    put_counts(maker, customer);
    put_sends(maker, customer);
    put_open(maker, customer);
    put_journeys(maker, customer);
    put_ends(maker, customer);
    put_names(maker, customer);
    PUT_SEEN(maker, customer, seen);
    PUT_SEEN(maker, customer, ring);
}

size_t customer_image_make(struct image_maker *maker, const struct customer *customer)
{
    put_all(maker, customer);
    return maker->length;
}

/* Most are a little larger than before. */
struct customer_image *customer_image_put(const struct image_maker *maker,
                                          struct customer_image *old, size_t bytes)
{
    size_t room = old ? old->room : 0;
    if (room < maker->length) {
        free(old);
        room = maker->length + maker->length / SPARE_PART;
        old = mem_alloc(room);
    }
    image_copy(maker, old);
    old->room = room;
    old->customer.bytes = bytes;
    return old;
}

size_t customer_image_bytes(const struct customer_image *image)
{
    return image->customer.bytes;
}

/* ---- What most events change ---- */

#define IS_SAME(a, b, name)                                                     \
    is_same((a)->name.items, (a)->name.count, (b)->name.items, (b)->name.count, \
            sizeof *(a)->name.items)

static bool is_same(const void *a, uint32_t a_count, const void *b, uint32_t b_count, size_t size)
{
    return a_count == b_count && (a_count == 0 || memcmp(a, b, size * a_count) == 0);
}

static bool is_same_layers(const struct customer *was, const struct customer *is)
{
    if (was->layers.count != is->layers.count)
        return false;
    for (uint32_t i = 0; i < is->layers.count; i++)
        if (!value_same(&was->layers.items[i].patch, &is->layers.items[i].patch))
            return false;
    return true;
}

static bool is_same_keys(const struct customer *was, const struct customer *is)
{
    if (was->keys.count != is->keys.count)
        return false;
    for (uint32_t i = 0; i < is->keys.count; i++)
        if (strcmp(was->keys.items[i], is->keys.items[i]) != 0)
            return false;
    return true;
}

/* Whether the counts have room where they are. */
static bool has_room(const struct customer_image *image, const struct customer *customer)
{
    const char *at = image->counts;
    if (image->customer.counts.count != customer->counts.count)
        return false;
    for (uint32_t i = 0; i < customer->counts.count; i++) {
        const struct customer_count *was = (const struct customer_count *)at;
        if (rounded(was->time_count) != rounded(customer->counts.items[i].time_count))
            return false;
        at += size_of_count(was);
    }
    return customer->seen.count <= image->customer.seen.capacity &&
           customer->ring.count <= image->customer.ring.capacity;
}

static bool is_same_else(const struct customer *was, const struct customer *is)
{
    return is_same_layers(was, is) && was->fields.map == is->fields.map &&
           was->fields_at.map == is->fields_at.map && was->first.key == is->first.key &&
           was->keys_until_ms == is->keys_until_ms && IS_SAME(was, is, sends) &&
           IS_SAME(was, is, totals) && IS_SAME(was, is, open) && IS_SAME(was, is, journeys) &&
           IS_SAME(was, is, ends) && is_same_keys(was, is) && IS_SAME(was, is, said);
}

static void update_counts(const struct customer_image *image, const struct customer *customer)
{
    char *at = (char *)image->counts;
    for (uint32_t i = 0; i < customer->counts.count; i++) {
        struct customer_count *was = (struct customer_count *)at;
        const char *type = was->type;
        size_t size = size_of_count(&customer->counts.items[i]);
        memcpy(was, &customer->counts.items[i], size);
        was->type = type;
        at += size;
    }
}

#define UPDATE_SEEN(was, is, name)                                          \
    ((was)->name.count = (is)->name.count,                                  \
     (is)->name.count ? memcpy((was)->name.items, (is)->name.items,         \
                               sizeof *(is)->name.items * (is)->name.count) \
                      : NULL)

bool customer_image_update(struct customer_image *image, const struct customer *customer)
{
    struct customer *was = &image->customer;
    if (!is_same_else(was, customer) || !has_room(image, customer))
        return false;
    for (uint32_t i = 0; i < customer->layers.count; i++)
        was->layers.items[i].at_ms = customer->layers.items[i].at_ms;
    update_counts(image, customer);
    UPDATE_SEEN(was, customer, seen);
    UPDATE_SEEN(was, customer, ring);
    return true;
}

/* ---- Reading ---- */

/* A copy of the list, with a little room. */
#define COPY(arena, list)                                                          \
    do {                                                                           \
        const void *from_ = (list).items;                                          \
        (list).capacity = (list).count + SPARE;                                    \
        (list).items = arena_alloc(arena, sizeof *(list).items * (list).capacity); \
        if ((list).count)                                                          \
            memcpy((list).items, from_, sizeof *(list).items *(list).count);       \
    } while (0)

static void read_counts(const struct customer_image *image, struct arena *arena,
                        struct customer *customer)
{
    const char *from = image->counts;
    customer->counts.capacity = customer->counts.count + SPARE;
    struct customer_count *counts = arena_alloc(arena, sizeof *counts * customer->counts.capacity);
    for (uint32_t i = 0; i < customer->counts.count; i++) {
        size_t size = size_of_count((const struct customer_count *)from);
        memcpy(&counts[i], from, size);
        from += size;
    }
    customer->counts.items = counts;
}

struct customer *customer_image_see(const struct customer_image *image, struct arena *arena,
                                    const char *key)
{
    struct customer *customer = arena_alloc(arena, sizeof *customer);
    *customer = image->customer;
    customer->key = key;
    read_counts(image, arena, customer);
    return customer;
}

/* As customer_read notes them. */
static void note_starts(struct arena *arena, struct customer *customer)
{
    for (uint32_t i = 0; i < customer->open.count; i++)
        if (customer->open.items[i].reads.kind != VALUE_NULL)
            customer_starts_note(arena, customer, customer->open.items[i].origin);
    for (uint32_t i = 0; i < customer->journeys.count; i++) {
        struct customer_journey *journey = &customer->journeys.items[i];
        customer_starts_note(arena, customer, journey->origin);
        if (journey->collected.count)
            COPY(arena, journey->collected);
        for (uint32_t c = 0; c < journey->collected.count; c++)
            customer_starts_note(arena, customer, journey->collected.items[c].origin);
        if (journey->met)
            customer_starts_note(arena, customer, journey->met);
    }
}

struct customer *customer_image_read(const struct customer_image *image, struct arena *arena,
                                     const char *key)
{
    struct customer *customer = arena_alloc(arena, sizeof *customer);
    *customer = image->customer;
    customer->key = key;
    COPY(arena, customer->layers);
    read_counts(image, arena, customer);
    COPY(arena, customer->sends);
    COPY(arena, customer->totals);
    COPY(arena, customer->open);
    COPY(arena, customer->journeys);
    COPY(arena, customer->ends);
    COPY(arena, customer->seen);
    COPY(arena, customer->ring);
    COPY(arena, customer->keys);
    COPY(arena, customer->said);
    note_starts(arena, customer);
    return customer;
}
