/*
 * Two maps by name: what stands (customer->fields), and when it was set (customer->fields_at),
 * which has those that were removed too. Both are made anew where something changes.
 */
#include "customer/customer_fields.h"

#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "customer/customer_size.h"

enum { WORD_BYTES = 32 /* of a field and when it was set, without name and value, at most */ };

static int64_t set_ms(const struct customer *customer, const struct value *name)
{
    int64_t ms = 0;
    const struct value *at = value_find(&customer->fields_at, name->string, name->length);
    return at && value_to_int(at, &ms) ? ms : 0;
}

static const struct value *find(const struct value *map, const struct value *name)
{
    return value_find(map, name->string, name->length);
}

/* A copy of the map without the name. */
static struct value without(struct arena *arena, const struct value *map, const struct value *name)
{
    struct value rest = value_new_map(arena, value_count(map) + 1);
    for (uint32_t i = 0; i < value_count(map); i++)
        if (!value_same(&map->map->members[i].key, name))
            value_add(arena, rest, map->map->members[i].key, map->map->members[i].value);
    return rest;
}

static void put(struct arena *arena, struct customer *customer, struct value name,
                const struct value *value, int64_t at_ms)
{
    customer->fields = without(arena, &customer->fields, &name);
    customer->fields_at = without(arena, &customer->fields_at, &name);
    if (value->kind != VALUE_NULL)
        value_add(arena, customer->fields, name, *value);
    value_add(arena, customer->fields_at, name, value_int(at_ms));
}

static void forget(struct arena *arena, struct customer *customer, const struct value *name)
{
    customer->fields = without(arena, &customer->fields, name);
    customer->fields_at = without(arena, &customer->fields_at, name);
}

/* The one that was set longest ago, of those that are `removed` or of all; NULL: there is none. */
static const struct value *oldest(const struct customer *customer, bool removed)
{
    const struct value *found = NULL;
    for (uint32_t i = 0; i < value_count(&customer->fields_at); i++) {
        const struct value *name = &customer->fields_at.map->members[i].key;
        if (removed && find(&customer->fields, name))
            continue;
        if (!found || set_ms(customer, name) < set_ms(customer, found))
            found = name;
    }
    return found;
}

/* That a field was removed is remembered as long as there is room. */
static bool fits(struct arena *arena, struct customer *customer)
{
    const struct value *name;
    while (customer_size_of_fields(customer) > CUSTOMER_FIELDS_MOST) {
        if (!(name = oldest(customer, true)))
            return false;
        forget(arena, customer, name);
    }
    return true;
}

/* As the document will have it. False: it is nothing that JSON can say. */
static bool as_read(struct arena *arena, const struct value *value, struct value *read)
{
    struct buf text;
    struct diag diag;
    if (value->kind == VALUE_BOOL || value->kind == VALUE_NULL) {
        *read = *value;
        return true;
    }
    if (value->kind == VALUE_INT) {
        *read =
            (struct value){.kind = VALUE_INT, .flags = VALUE_FLEXIBLE, .integer = value->integer};
        return true;
    }
    buf_init(&text, CUSTOMER_FIELDS_MOST);
    bool printed = json_print(&text, value) && !text.full;
    const char *copy = printed ? arena_copy(arena, buf_string(&text), text.length) : NULL;
    bool good = printed && json_read(arena, copy, text.length, &json_file_limits, read, &diag);
    buf_free(&text);
    return good;
}

enum customer_fields_answer customer_fields_set(struct arena *arena, struct customer *customer,
                                                const char *name, const struct value *value,
                                                int64_t at_ms)
{
    struct customer before = *customer;
    struct value read;
    size_t bytes = customer_size_of_value(value, CUSTOMER_FIELDS_MOST);
    if (bytes > CUSTOMER_FIELDS_MOST)
        return CUSTOMER_FIELDS_LARGE;
    if (!as_read(arena, value, &read))
        return CUSTOMER_FIELDS_NONE;
    bytes += 2 * strlen(name) + WORD_BYTES;
    if (customer->bytes + bytes <= CUSTOMER_FIELDS_MOST) { /* then they fit, whatever they are */
        customer->bytes += bytes;
        put(arena, customer, value_text(name), &read, at_ms);
        return CUSTOMER_FIELDS_SET;
    }
    size_t size = customer_size_of_fields(customer);
    put(arena, customer, value_text(name), &read, at_ms);
    size_t now = customer_size_of_fields(customer);
    if (now > CUSTOMER_FIELDS_MOST) {
        bool small = fits(arena, customer);
        now = customer_size_of_fields(customer);
        if (!small && now > size) {
            customer->fields = before.fields;
            customer->fields_at = before.fields_at;
            return CUSTOMER_FIELDS_LARGE;
        }
    }
    if (now > size)
        customer->bytes += now - size;
    return CUSTOMER_FIELDS_SET;
}

struct value customer_fields_get(const struct customer *customer, const char *name)
{
    const struct value *value = value_get(&customer->fields, name);
    if (!value)
        value = value_get(&customer->defaults, name);
    return value ? *value : value_null();
}

/* ---- Two documents ---- */

static const struct value *member(const struct value *map, uint32_t index)
{
    return &map->map->members[index].key;
}

struct value customer_fields_mentioned(struct arena *arena, const struct customer *customer)
{
    struct value all = value_new_map(arena, value_count(&customer->fields_at));
    for (uint32_t i = 0; i < value_count(&customer->fields_at); i++) {
        const struct value *name = member(&customer->fields_at, i);
        const struct value *value = find(&customer->fields, name);
        value_add(arena, all, *name, value ? *value : value_null());
    }
    return all;
}

void customer_fields_prefer(struct arena *arena, struct customer *customer,
                            const struct customer *other, const char *name, bool theirs)
{
    const struct value key = value_text(name), null = value_null();
    const struct value *mine = find(&customer->fields, &key);
    int64_t my_ms = set_ms(customer, &key), other_ms = set_ms(other, &key);
    if (theirs == (other_ms > my_ms) || !find(&customer->fields_at, &key))
        return;
    put(arena, customer, key, mine ? mine : &null, theirs ? other_ms - 1 : other_ms);
}

void customer_fields_join(struct arena *arena, struct customer *customer,
                          const struct customer *other)
{
    const struct value null = value_null();
    for (uint32_t i = 0; i < value_count(&other->fields_at); i++) {
        const struct value *name = member(&other->fields_at, i);
        const struct value *value = find(&other->fields, name);
        bool known = find(&customer->fields_at, name) || find(&customer->fields, name);
        if (!known || set_ms(other, name) > set_ms(customer, name))
            put(arena, customer, *name, value ? value : &null, set_ms(other, name));
    }
}

bool customer_fields_differ(const struct customer *customer, const struct customer *other,
                            const char *name, struct value *value)
{
    const struct value key = value_text(name);
    const struct value *mine = find(&customer->fields, &key), *theirs = find(&other->fields, &key);
    bool newer = set_ms(other, &key) > set_ms(customer, &key);
    const struct value *lost = newer ? mine : theirs, *stays = newer ? theirs : mine;
    if (!lost || (stays && value_equal(lost, stays)))
        return false;
    if (!stays && !find(newer ? &other->fields_at : &customer->fields_at, &key))
        return false; /* the other never knew it */
    *value = *lost;
    return true;
}

struct value customer_fields_fit(struct arena *arena, struct customer *customer)
{
    if (fits(arena, customer))
        return value_null();
    const struct value *name = oldest(customer, false);
    if (!name) /* somebody wrote them by hand */
        name = member(&customer->fields, 0);
    struct value dropped = value_new_map(arena, 1);
    const struct value *value = find(&customer->fields, name);
    value_add(arena, dropped, *name, value ? *value : value_null());
    forget(arena, customer, name);
    return dropped;
}
