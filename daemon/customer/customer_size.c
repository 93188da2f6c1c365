/*
 * How much room a document has, told without printing where that will do: what one part of it takes
 * (customer_size_of_*), whether the profile and one part more fit (customer_size_has_room,
 * customer_size_merge), and the same at a glance, by bounds (customer_size_about_*).
 */
#include "customer/customer_size.h"

#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "customer/customer_print.h"
#include "customer/customer_profile.h"

enum {
    PAST_BYTES = 13,       /* of one that none counts, at least */
    SEEN_BYTES = 21,       /* of an identity and its time, at least, … */
    RUN_BYTES = 18,        /* … less this where a send names it by its place, which then has it */
    MOMENT_BYTES = 6,      /* of an event that an earlier one may tie with, at least */
    SCALAR_BYTES = 24,     /* of a number, at most */
    ESCAPED_MOST = 6,      /* of one byte of a text */
    LAYER_BYTES = 18,      /* of a layer without what it says */
    JOURNEY_BYTES = 360,   /* of a journey without its texts and values, at most */
    OPEN_BYTES = 180,      /* likewise of an open message */
    RESERVE_BYTES = 10240, /* for what no rule decides about: words, keys, ends, counts, moments */
    SMALL_BYTES = CUSTOMER_DOCUMENT_MOST / 2,
};

/* The bytes of an item that was printed, with a comma; as many as a document may have where it is
 * larger. */
static size_t end_item(struct buf *text)
{
    size_t bytes = text->full ? CUSTOMER_DOCUMENT_MOST : text->length + 1;
    buf_free(text);
    return bytes;
}

size_t customer_size_of_journey(const struct customer_journey *journey)
{
    struct buf text;
    buf_init(&text, CUSTOMER_DOCUMENT_MOST);
    customer_print_journey(&text, journey);
    return end_item(&text);
}

static size_t size_of_open(const struct customer_open *open)
{
    struct buf text;
    buf_init(&text, CUSTOMER_DOCUMENT_MOST);
    customer_print_open(&text, open);
    return end_item(&text);
}

size_t customer_size_of_value(const struct value *value, size_t most)
{
    size_t bytes = json_size(value);
    return bytes <= most ? bytes : most + 1;
}

size_t customer_size_of_fields(const struct customer *customer)
{
    return customer_size_of_value(&customer->fields, CUSTOMER_DOCUMENT_MOST) +
           customer_size_of_value(&customer->fields_at, CUSTOMER_DOCUMENT_MOST);
}

/* So much goes at least when the document is printed and is too large. */
static size_t comfort(const struct customer *customer)
{
    uint32_t seen = customer->seen.count, past = 0;
    for (uint32_t i = 0; i < customer->sends.count; i++)
        past += customer->sends.items[i].until_ms <= customer->sends.items[i].at_ms;
    past = past > customer->open.count ? past - customer->open.count : 0; /* those stay */
    seen = seen > CUSTOMER_RING_MOST ? seen - CUSTOMER_RING_MOST : 0;
    uint32_t named = seen < customer->sends.count ? seen : customer->sends.count;
    return (size_t)(seen + customer->ring.count) * SEEN_BYTES + (size_t)past * PAST_BYTES -
           (size_t)named * RUN_BYTES;
}

static size_t profile_bytes(const struct customer *customer)
{
    size_t bytes = 2;
    for (uint32_t i = 0; i < customer->layers.count && bytes <= CUSTOMER_PROFILE_MOST; i++)
        bytes += LAYER_BYTES +
                 customer_size_of_value(&customer->layers.items[i].patch, CUSTOMER_PROFILE_MOST);
    return bytes;
}

/* What fields may still come to, of a customer that has any. */
static size_t room_of_fields(const struct customer *customer)
{
    if (value_count(&customer->fields) + value_count(&customer->defaults) == 0)
        return 0;
    size_t bytes = customer_size_of_fields(customer);
    return bytes < CUSTOMER_FIELDS_MOST ? CUSTOMER_FIELDS_MOST - bytes : 0;
}

bool customer_size_has_room(const struct customer *customer, size_t bytes)
{
    if (customer->bytes + bytes <= SMALL_BYTES)
        return true;
    size_t profile = profile_bytes(customer);
    size_t reserve = RESERVE_BYTES - customer->moments.count * MOMENT_BYTES;
    if (profile < CUSTOMER_PROFILE_MOST)
        reserve += CUSTOMER_PROFILE_MOST - profile;
    reserve += room_of_fields(customer);
    return customer->bytes + bytes <= CUSTOMER_DOCUMENT_MOST - reserve + comfort(customer);
}

bool customer_size_profile_fits(const struct customer *customer)
{
    return profile_bytes(customer) <= CUSTOMER_PROFILE_MOST;
}

/* Bytes of it as JSON, but for what is escaped: at most a sixth of what it may be. */
static size_t plain_size(const struct value *value)
{
    size_t size = 2 + value_count(value);
    if (value->kind == VALUE_STRING || value->flags & VALUE_SPELLED)
        return 2 + value->length;
    if (value->kind == VALUE_LIST) {
        for (uint32_t i = 0; i < value->list->count; i++)
            size += plain_size(&value->list->items[i]);
        return size;
    }
    if (value->kind != VALUE_MAP)
        return SCALAR_BYTES;
    for (uint32_t i = 0; i < value->map->count; i++)
        size += value->map->members[i].key.length + 3 + plain_size(&value->map->members[i].value);
    return size;
}

static size_t plain_text(const char *text)
{
    return text ? strlen(text) : 0;
}

static size_t plain_until(const struct customer_until *until)
{
    size_t size = plain_text(until->condition);
    for (const char *const *type = until->types; type && *type; type++)
        size += strlen(*type) + 3;
    return size;
}

static size_t plain_journey(const struct customer_journey *journey)
{
    size_t size = JOURNEY_BYTES + plain_text(journey->rule) + plain_text(journey->origin) +
                  plain_text(journey->per) + plain_text(journey->step) + plain_text(journey->met) +
                  plain_until(&journey->until) + plain_until(&journey->or_) +
                  plain_size(&journey->reads) + plain_size(&journey->given) +
                  plain_size(&journey->sent);
    for (uint32_t i = 0; i < journey->collected.count; i++)
        size += plain_text(journey->collected.items[i].origin) + 2 * SCALAR_BYTES;
    return size;
}

static size_t plain_open(const struct customer_open *open)
{
    return OPEN_BYTES + plain_text(open->mid) + plain_text(open->rule) + plain_text(open->origin) +
           plain_text(open->topic) + plain_text(open->per) + plain_until(&open->until) +
           plain_size(&open->reads);
}

/* Whether so much has room in a small document, whatever is escaped of it. */
static bool has_ease(const struct customer *customer, size_t plain)
{
    return customer->bytes + ESCAPED_MOST * plain <= SMALL_BYTES;
}

size_t customer_size_about_journey(const struct customer *customer,
                                   const struct customer_journey *journey)
{
    size_t plain = plain_journey(journey);
    return has_ease(customer, plain) ? plain : customer_size_of_journey(journey);
}

size_t customer_size_about_open(const struct customer *customer, const struct customer_open *open)
{
    size_t plain = plain_open(open);
    return (has_ease(customer, plain) ? plain : size_of_open(open)) + CUSTOMER_SIZE_PLACE;
}

bool customer_size_merge(struct arena *arena, struct customer *customer, const struct value *patch,
                         int64_t at_ms)
{
    if (customer->bytes <= CUSTOMER_PROFILE_MOST && customer_profile_repeat(customer, patch, at_ms))
        return true;
    size_t bytes = plain_size(patch) + LAYER_BYTES;
    struct customer before = *customer;
    bool asks = customer->bytes + ESCAPED_MOST * bytes > CUSTOMER_PROFILE_MOST; /* else it fits,
                                                                                   whatever it is */
    if (asks && customer->layers.count) {
        before.layers.items = arena_alloc(arena, sizeof *before.layers.items * before.layers.count);
        memcpy(before.layers.items, customer->layers.items,
               sizeof *before.layers.items * before.layers.count);
        before.layers.capacity = before.layers.count;
    }
    if (asks)
        bytes = customer_size_of_value(patch, CUSTOMER_PROFILE_MOST) + LAYER_BYTES;
    customer_profile_merge(arena, customer, patch, at_ms);
    if (asks && !customer_size_profile_fits(customer)) {
        *customer = before;
        return false;
    }
    customer->bytes += bytes;
    return true;
}
