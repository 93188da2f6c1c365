/*
 * An image is the customer and, for each part (a list, or what is read together), one block
 * (base/image) that begins with its items; behind them stands what they point to. A part points
 * into no other: so one that did not change stays as it is. What is not kept in a document is not
 * kept here either, and reading one notes what customer_read would. Read it from
 * customer_image_make upwards, then customer_image_read at the end.
 */
#include "customer/customer_image.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "customer/customer_alike.h"
#include "customer/customer_profile.h"
#include "customer/customer_settled.h"

enum { ROOM_STEP = 8 /* a divisor of CUSTOMER_TIMES_MOST */, SPARE = 2 };

enum part {
    PART_PROFILE, /* struct profile_part, then the layers */
    PART_FIELDS,  /* struct fields_part */
    PART_COUNTS,  /* see size_of_count */
    PART_SENDS,
    PART_TOTALS,
    PART_OPEN,
    PART_JOURNEYS,
    PART_ENDS,
    PART_KEYS, /* struct keys_part, then the keys */
    PART_SAID,
    PART_SEEN,
    PART_RING,
    PARTS,
};

_Static_assert((int)PARTS == (int)CUSTOMER_IMAGE_PARTS, "the maker has a place for each");

struct profile_part {
    struct value profile;
};

struct fields_part {
    struct value fields, fields_at;
};

struct keys_part {
    const char *first;
};

struct customer_image {
    struct customer customer; /* its lists are those of the blocks, but for counts: it has none */
    void *blocks[PARTS];      /* owned; NULL where there is nothing */
    uint32_t sizes[PARTS];    /* of the blocks, in bytes */
};

/* ---- Items, and what they point to ---- */

/* Where a member of the item at `place` stands. */
#define AT(place, type, member) ((place) + offsetof(struct type, member))

/* Copies a list of the customer's; the place of its first item. */
#define PUT_LIST(maker, list) image_put(maker, (list).items, sizeof *(list).items *(list).count)

/* The same; then for each item what it points to: `place` is that of the item's copy. */
#define PUT_EACH(maker, list, place)      \
    size_t place = PUT_LIST(maker, list); \
    for (uint32_t i = 0; i < (list).count; i++, place += sizeof *(list).items)

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
    if (reads->kind == VALUE_NULL) {
        image_null(maker, from);
        return;
    }
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
    for (uint32_t i = 0; i < customer->counts.count; i++)
        image_put(maker, &customer->counts.items[i], size_of_count(&customer->counts.items[i]));
    for (uint32_t i = 0; i < customer->counts.count; i++) {
        image_text(maker, AT(place, customer_count, type), customer->counts.items[i].type);
        place += size_of_count(&customer->counts.items[i]);
    }
}

/* With room for a few more. */
static void put_seen(struct image_maker *maker, const struct customer_seen *from, uint32_t count)
{
    size_t place = image_room(maker, sizeof *from * rounded(count));
    if (count)
        memcpy(maker->bytes + place, from, sizeof *from * count);
}

static void put_sends(struct image_maker *maker, const struct customer *customer)
{
    PUT_EACH(maker, customer->sends, place)
    {
        const struct customer_send *send = &customer->sends.items[i];
        image_text(maker, AT(place, customer_send, mid), send->mid);
        image_text(maker, AT(place, customer_send, rule), send->rule);
        image_text(maker, AT(place, customer_send, run), send->run);
        image_text(maker, AT(place, customer_send, per), send->per);
    }
}

static void put_totals(struct image_maker *maker, const struct customer *customer)
{
    PUT_EACH(maker, customer->totals, place)
    image_text(maker, AT(place, customer_total, rule), customer->totals.items[i].rule);
}

static void put_open(struct image_maker *maker, const struct customer *customer)
{
    PUT_EACH(maker, customer->open, place)
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
    size_t place = PUT_LIST(maker, journey->collected);
    for (uint32_t i = 0; i < journey->collected.count; i++)
        image_text(maker,
                   AT(place + i * sizeof *journey->collected.items, customer_collected, origin),
                   journey->collected.items[i].origin);
    image_link(maker, AT(from, customer_journey, collected.items), place);
}

/* Of a container that may be empty, null. */
static void put_some(struct image_maker *maker, size_t from, const struct value *value)
{
    if (value_count(value))
        image_value(maker, from, value);
    else
        image_null(maker, from);
}

static void put_journey(struct image_maker *maker, size_t place,
                        const struct customer_journey *journey)
{
    image_text(maker, AT(place, customer_journey, rule), journey->rule);
    image_text(maker, AT(place, customer_journey, origin), journey->origin);
    image_text(maker, AT(place, customer_journey, per), journey->per);
    image_text(maker, AT(place, customer_journey, step), journey->step);
    image_null(maker, AT(place, customer_journey, start));
    put_some(maker, AT(place, customer_journey, given), &journey->given);
    put_some(maker, AT(place, customer_journey, sent), &journey->sent);
    put_until(maker, AT(place, customer_journey, until), &journey->until);
    put_reads(maker, AT(place, customer_journey, reads), &journey->reads);
    put_until(maker, AT(place, customer_journey, or_), &journey->or_);
    image_text(maker, AT(place, customer_journey, met), journey->met);
    image_null(maker, AT(place, customer_journey, met_event));
    put_collected(maker, place, journey);
}

static void put_journeys(struct image_maker *maker, const struct customer *customer)
{
    PUT_EACH(maker, customer->journeys, place)
    put_journey(maker, place, &customer->journeys.items[i]);
}

static void put_ends(struct image_maker *maker, const struct customer *customer)
{
    PUT_EACH(maker, customer->ends, place)
    {
        image_text(maker, AT(place, customer_end, rule), customer->ends.items[i].rule);
        image_text(maker, AT(place, customer_end, per), customer->ends.items[i].per);
        image_value(maker, AT(place, customer_end, event), &customer->ends.items[i].event);
    }
}

/* Where there is one layer the profile mostly is that. */
static bool is_layer(const struct customer *customer)
{
    return customer->layers.count == 1 &&
           customer->profile.map == customer->layers.items[0].patch.map;
}

/* The profile is in the order that it has when the document is read. */
static void put_profile(struct image_maker *maker, const struct customer *customer,
                        struct arena *arena)
{
    const struct value null = value_null();
    const size_t profile = image_room(maker, sizeof(struct profile_part));
    struct customer folded = *customer;
    customer_profile_fold(arena, &folded);
    PUT_EACH(maker, customer->layers, place)
    image_value(maker, AT(place, customer_layer, patch), &customer->layers.items[i].patch);
    image_value(maker, profile, is_layer(&folded) ? &null : &folded.profile);
}

static void put_fields(struct image_maker *maker, const struct customer *customer)
{
    const size_t place = image_room(maker, sizeof(struct fields_part));
    image_value(maker, AT(place, fields_part, fields), &customer->fields);
    image_value(maker, AT(place, fields_part, fields_at), &customer->fields_at);
}

static void put_keys(struct image_maker *maker, const struct customer *customer)
{
    const size_t first = image_room(maker, sizeof(struct keys_part));
    {
        PUT_EACH(maker, customer->keys, place)
        image_text(maker, place, customer->keys.items[i]);
    }
    image_text(maker, first, customer->first.key);
}

static void put_said(struct image_maker *maker, const struct customer *customer)
{
    PUT_EACH(maker, customer->said, place)
    image_text(maker, AT(place, customer_said, topic), customer->said.items[i].topic);
}

static void put_part(struct image_maker *maker, enum part part, const struct customer *customer,
                     struct arena *arena)
{
    switch (part) {
    case PART_PROFILE:
        put_profile(maker, customer, arena);
        break;
    case PART_FIELDS:
        put_fields(maker, customer);
        break;
    case PART_COUNTS:
        put_counts(maker, customer);
        break;
    case PART_SENDS:
        put_sends(maker, customer);
        break;
    case PART_TOTALS:
        put_totals(maker, customer);
        break;
    case PART_OPEN:
        put_open(maker, customer);
        break;
    case PART_JOURNEYS:
        put_journeys(maker, customer);
        break;
    case PART_ENDS:
        put_ends(maker, customer);
        break;
    case PART_KEYS:
        put_keys(maker, customer);
        break;
    case PART_SAID:
        put_said(maker, customer);
        break;
    case PART_SEEN:
        put_seen(maker, customer->seen.items, customer->seen.count);
        break;
    case PART_RING:
        put_seen(maker, customer->ring.items, customer->ring.count);
        break;
    case PARTS:
        break;
    }
}

/* ---- What has changed ---- */

/* Whether the counts have room where they are. */
static bool has_counts(const struct customer_image *image, const struct customer *customer)
{
    const char *at = image->blocks[PART_COUNTS];
    if (image->customer.counts.count != customer->counts.count)
        return false;
    for (uint32_t i = 0; i < customer->counts.count; i++) {
        const struct customer_count *was = (const struct customer_count *)at;
        if (rounded(was->time_count) != rounded(customer->counts.items[i].time_count))
            return false;
        at += size_of_count(was);
    }
    return true;
}

/* Whether the part can stay where it is. */
static bool stays(const struct customer_image *image, enum part part, const struct customer *is)
{
    const struct customer *was = &image->customer;
    switch (part) {
    case PART_PROFILE:
        return customer_alike_profile(was, is);
    case PART_FIELDS:
        return customer_alike_fields(was, is);
    case PART_COUNTS:
        return has_counts(image, is);
    case PART_SENDS:
        return CUSTOMER_ALIKE(was->sends, is->sends);
    case PART_TOTALS:
        return CUSTOMER_ALIKE(was->totals, is->totals);
    case PART_OPEN:
        return CUSTOMER_ALIKE(was->open, is->open);
    case PART_JOURNEYS:
        return CUSTOMER_ALIKE(was->journeys, is->journeys);
    case PART_ENDS:
        return CUSTOMER_ALIKE(was->ends, is->ends);
    case PART_KEYS:
        return customer_alike_keys(was, is);
    case PART_SAID:
        return CUSTOMER_ALIKE(was->said, is->said);
    case PART_SEEN:
        return rounded(was->seen.count) == rounded(is->seen.count);
    case PART_RING:
        return rounded(was->ring.count) == rounded(is->ring.count);
    case PARTS:
        break;
    }
    return true;
}

/* ---- An image ---- */

void customer_image_maker_clear(struct customer_image_maker *maker)
{
    maker->retired_count = 0;
    memset(maker->parts, 0, sizeof maker->parts);
    pool_clear(&maker->pool);
}

void customer_image_maker_free(struct customer_image_maker *maker)
{
    customer_image_settle(maker);
    pool_free(&maker->pool);
    free(maker->retired);
    image_maker_free(&maker->maker);
    *maker = (struct customer_image_maker){0};
}

void customer_image_retire(struct customer_image_maker *maker, void *block, size_t size)
{
    if (!block)
        return;
    if (maker->retired_count == maker->retired_capacity) {
        maker->retired_capacity = maker->retired_capacity ? 2 * maker->retired_capacity : 32;
        maker->retired =
            mem_resize(maker->retired, sizeof *maker->retired * maker->retired_capacity);
    }
    maker->retired[maker->retired_count++] = (struct customer_image_retired){block, size};
}

void customer_image_settle(struct customer_image_maker *maker)
{
    while (maker->retired_count) {
        const struct customer_image_retired *retired = &maker->retired[--maker->retired_count];
        pool_return(&maker->pool, retired->block, retired->size);
    }
}

void customer_image_drop(struct customer_image_maker *maker, struct customer_image **image)
{
    for (enum part part = 0; *image && part < PARTS; part++)
        customer_image_retire(maker, (*image)->blocks[part], (*image)->sizes[part]);
    customer_image_retire(maker, *image, sizeof **image);
    *image = NULL;
}

static void make_part(struct customer_image_maker *maker, enum part part,
                      const struct customer *customer, struct arena *arena)
{
    struct customer_image_part *made = &maker->parts[part];
    image_begin(&maker->maker);
    put_part(&maker->maker, part, customer, arena);
    made->is_new = true;
    made->size = (uint32_t)maker->maker.length;
    made->block = made->size ? pool_alloc(&maker->pool, made->size) : NULL;
    if (made->block)
        image_copy(&maker->maker, made->block);
}

size_t customer_image_make(struct customer_image_maker *maker, const struct customer_image *image,
                           const struct customer *customer, struct arena *arena)
{
    size_t bytes = sizeof *image;
    for (enum part part = 0; part < PARTS; part++) {
        pool_return(&maker->pool, maker->parts[part].block, maker->parts[part].size);
        maker->parts[part] = (struct customer_image_part){0};
        if (!image || !stays(image, part, customer))
            make_part(maker, part, customer, arena);
        bytes += maker->parts[part].is_new ? maker->parts[part].size : image->sizes[part];
    }
    return bytes;
}

/* What each part may say else. */
static void take_scalars(struct customer *image, const struct customer *customer, size_t bytes)
{
    image->bytes = bytes;
    image->version = customer->version;
    image->first.at_ms = customer->first.at_ms;
    image->keys_until_ms = customer->keys_until_ms;
}

static void take_counts(struct customer_image *image, const struct customer *customer)
{
    char *at = image->blocks[PART_COUNTS];
    for (uint32_t i = 0; i < customer->counts.count; i++) {
        struct customer_count *count = (struct customer_count *)at;
        const char *type = count->type;
        size_t size = size_of_count(&customer->counts.items[i]);
        memcpy(count, &customer->counts.items[i], size);
        count->type = type;
        at += size;
    }
}

/* A list that is all of its part. */
#define TAKE_LIST(image, part, customer, name)             \
    ((image)->customer.name.items = (image)->blocks[part], \
     (image)->customer.name.count = (image)->customer.name.capacity = (customer)->name.count)

static void take_lists(struct customer_image *image, const struct customer *customer)
{
    image->customer.counts.count = customer->counts.count;
    TAKE_LIST(image, PART_SENDS, customer, sends);
    TAKE_LIST(image, PART_TOTALS, customer, totals);
    TAKE_LIST(image, PART_OPEN, customer, open);
    TAKE_LIST(image, PART_JOURNEYS, customer, journeys);
    TAKE_LIST(image, PART_ENDS, customer, ends);
    TAKE_LIST(image, PART_SAID, customer, said);
    TAKE_LIST(image, PART_SEEN, customer, seen);
    TAKE_LIST(image, PART_RING, customer, ring);
}

static void take_profile(struct customer_image *image, const struct customer *customer)
{
    const struct profile_part *part = image->blocks[PART_PROFILE];
    struct customer *is = &image->customer;
    is->layers.items = (struct customer_layer *)(part + 1);
    is->layers.count = is->layers.capacity = customer->layers.count;
    is->profile = part->profile.kind == VALUE_MAP ? part->profile : is->layers.items[0].patch;
}

static void take_names(struct customer_image *image, const struct customer *customer)
{
    const struct fields_part *fields = image->blocks[PART_FIELDS];
    const struct keys_part *keys = image->blocks[PART_KEYS];
    struct customer *is = &image->customer;
    take_profile(image, customer);
    is->fields = fields->fields;
    is->fields_at = fields->fields_at;
    is->first.key = keys->first;
    is->keys.items = (const char **)(keys + 1);
    is->keys.count = is->keys.capacity = customer->keys.count;
}

/* What is brought up to date where it stands. */
static void update(struct customer_image *image, const struct customer *customer)
{
    struct customer *is = &image->customer;
    for (uint32_t i = 0; i < customer->layers.count; i++)
        is->layers.items[i].at_ms = customer->layers.items[i].at_ms;
    take_counts(image, customer);
    if (is->seen.count)
        memcpy(is->seen.items, customer->seen.items, sizeof *is->seen.items * is->seen.count);
    if (is->ring.count)
        memcpy(is->ring.items, customer->ring.items, sizeof *is->ring.items * is->ring.count);
}

enum customer_image_change customer_image_put(struct customer_image_maker *maker,
                                              struct customer_image **image,
                                              const struct customer *customer, size_t bytes)
{
    bool named = maker->parts[PART_PROFILE].is_new || maker->parts[PART_FIELDS].is_new ||
                 maker->parts[PART_KEYS].is_new;
    if (!*image) {
        *image = pool_alloc(&maker->pool, sizeof **image);
        memset(*image, 0, sizeof **image);
    }
    for (enum part part = 0; part < PARTS; part++) {
        struct customer_image_part *made = &maker->parts[part];
        if (!made->is_new)
            continue;
        customer_image_retire(maker, (*image)->blocks[part], (*image)->sizes[part]);
        (*image)->blocks[part] = made->block;
        (*image)->sizes[part] = made->size;
        *made = (struct customer_image_part){0};
    }
    take_scalars(&(*image)->customer, customer, bytes);
    take_lists(*image, customer);
    if (named)
        take_names(*image, customer);
    update(*image, customer);
    return named ? CUSTOMER_IMAGE_NAMED : CUSTOMER_IMAGE_SAME;
}

const struct customer *customer_image_peek(const struct customer_image *image)
{
    return &image->customer;
}

bool customer_image_note(struct customer_image *image, const struct shop_event *event)
{
    struct customer *is = &image->customer;
    if (is->ring.count < CUSTOMER_RING_MOST && is->ring.count == rounded(is->ring.count))
        return false;
    is->ring.capacity = CUSTOMER_RING_MOST; /* so nothing is allocated */
    customer_add_seen(NULL, is, event->identity, event->content, event->arrival_ms, false);
    is->ring.capacity = is->ring.count;
    if (event->customer.kind == VALUE_MAP)
        is->layers.items[0].at_ms = event->time_ms;
    return true;
}

/* ---- Reading ---- */

static void fetch(const void *from, size_t bytes)
{
    enum { LINE = 64, LINES_MOST = 8 };
    for (size_t at = 0; at < bytes && at < (size_t)LINES_MOST * LINE; at += LINE)
        __builtin_prefetch((const char *)from + at);
}

void customer_image_expect(const struct customer_image *image, bool parts)
{
    if (!parts)
        fetch(image, sizeof *image);
    for (enum part part = 0; parts && part < PARTS; part++)
        fetch(image->blocks[part], image->sizes[part]);
}

static void read_counts(const struct customer_image *image, struct arena *arena,
                        struct customer *customer)
{
    const char *from = image->blocks[PART_COUNTS];
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

struct customer *customer_image_read(const struct customer_image *image, struct arena *arena,
                                     const char *key)
{
    struct customer *customer = arena_alloc(arena, sizeof *customer);
    *customer = image->customer;
    customer->key = key;
    read_counts(image, arena, customer);
    customer_settled_copy_lists(customer, arena);
    return customer;
}
