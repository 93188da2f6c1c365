/*
 * A layer is a merge patch. Two of them are kept apart (without): what the newer mentions is taken
 * out of the older, member by member. Where the older says something that is no map and the newer
 * adds to a map, a null is left of the older: it says that nothing older stands there.
 */
#include "customer/customer_profile.h"

#include <string.h>

/* The member of the same key, or NULL. */
static const struct value *find(const struct value *map, const struct value *key)
{
    return value_find(map, key->string, key->length);
}

static bool touches(const struct value *older, const struct value *newer)
{
    for (uint32_t i = 0; i < value_count(older); i++)
        if (find(newer, &older->map->members[i].key))
            return true;
    return false;
}

/* What is left of a patch when a newer one has been taken out of it. */
static struct value without(struct arena *arena, const struct value *older,
                            const struct value *newer)
{
    if (!touches(older, newer))
        return *older;
    struct value left = value_new_map(arena, value_count(older));
    for (uint32_t i = 0; i < value_count(older); i++) {
        const struct value_member *member = &older->map->members[i];
        const struct value *change = find(newer, &member->key);
        if (!change) {
            value_add(arena, left, member->key, member->value);
        } else if (change->kind == VALUE_MAP && member->value.kind != VALUE_MAP) {
            value_add(arena, left, member->key, value_null());
        } else if (change->kind == VALUE_MAP) {
            struct value part = without(arena, &member->value, change);
            if (value_count(&part) > 0)
                value_add(arena, left, member->key, part);
        }
    }
    return left;
}

/* Two patches as one: nulls stay. */
static struct value compose(struct arena *arena, const struct value *older,
                            const struct value *newer)
{
    if (!value_is(older, VALUE_MAP) || newer->kind != VALUE_MAP)
        return *newer;
    struct value both = value_new_map(arena, value_count(older) + value_count(newer));
    for (uint32_t i = 0; i < value_count(older); i++) {
        const struct value_member *member = &older->map->members[i];
        const struct value *change = find(newer, &member->key);
        value_add(arena, both, member->key,
                  change ? compose(arena, &member->value, change) : member->value);
    }
    for (uint32_t i = 0; i < value_count(newer); i++)
        if (!find(older, &newer->map->members[i].key))
            value_add(arena, both, newer->map->members[i].key, newer->map->members[i].value);
    return both;
}

static bool has_null(const struct value *map)
{
    for (uint32_t i = 0; i < value_count(map); i++) {
        const struct value *value = &map->map->members[i].value;
        if (value->kind == VALUE_NULL || (value->kind == VALUE_MAP && has_null(value)))
            return true;
    }
    return false;
}

/* ---- Layers ---- */

void customer_profile_fold(struct arena *arena, struct customer *customer)
{
    struct value folded = value_new_map(arena, 0);
    uint32_t count = customer->layers.count;
    if (count == 1 && !has_null(&customer->layers.items[0].patch)) {
        customer->profile = customer->layers.items[0].patch;
        return;
    }
    for (uint32_t i = count; i-- > 0;)
        folded = value_merge(arena, &folded, &customer->layers.items[i].patch);
    customer->profile = folded;
}

static void insert(struct arena *arena, struct customer *customer, uint32_t index,
                   const struct customer_layer *layer)
{
    customer->layers.items = arena_grow(arena, customer->layers.items, customer->layers.count,
                                        &customer->layers.capacity, sizeof *customer->layers.items);
    memmove(&customer->layers.items[index + 1], &customer->layers.items[index],
            sizeof *customer->layers.items * (customer->layers.count++ - index));
    customer->layers.items[index] = *layer;
}

/* The two oldest become one, of the newer's time: what it says is not filled by what came between.
 */
static void keep_bound(struct arena *arena, struct customer *customer)
{
    while (customer->layers.count > CUSTOMER_LAYERS_MOST) {
        const struct customer_layer *oldest = &customer->layers.items[--customer->layers.count];
        struct customer_layer *before = &customer->layers.items[customer->layers.count - 1];
        before->patch = compose(arena, &oldest->patch, &before->patch);
    }
}

/* Adds a layer where it belongs. True: it is the newest. */
static bool add(struct arena *arena, struct customer *customer, const struct value *patch,
                int64_t at_ms)
{
    struct customer_layer layer = {.at_ms = at_ms, .patch = *patch};
    uint32_t at = 0;
    for (; at < customer->layers.count && customer->layers.items[at].at_ms > at_ms; at++)
        layer.patch = without(arena, &layer.patch, &customer->layers.items[at].patch);
    for (uint32_t i = customer->layers.count; i-- > at;) {
        struct customer_layer *older = &customer->layers.items[i];
        older->patch = without(arena, &older->patch, &layer.patch);
        if (value_count(&older->patch) == 0)
            CUSTOMER_LIST_DROP(customer->layers, i);
    }
    if (value_count(&layer.patch) > 0)
        insert(arena, customer, at, &layer);
    keep_bound(arena, customer);
    return at == 0;
}

void customer_profile_merge(struct arena *arena, struct customer *customer,
                            const struct value *patch, int64_t at_ms)
{
    if (add(arena, customer, patch, at_ms) && customer->layers.count > 1)
        customer->profile = value_merge(arena, &customer->profile, patch);
    else
        customer_profile_fold(arena, customer);
}

bool customer_profile_repeats(const struct customer *customer, const struct value *patch,
                              int64_t at_ms)
{
    const struct customer_layer *newest = customer->layers.items;
    return customer->layers.count && newest->at_ms <= at_ms && value_same(&newest->patch, patch);
}

bool customer_profile_repeat(struct customer *customer, const struct value *patch, int64_t at_ms)
{
    if (!customer_profile_repeats(customer, patch, at_ms))
        return false;
    customer->layers.items[0].at_ms = at_ms;
    return true;
}

void customer_profile_join(struct arena *arena, struct customer *customer,
                           const struct customer *other)
{
    for (uint32_t i = other->layers.count; i-- > 0;)
        add(arena, customer, &other->layers.items[i].patch, other->layers.items[i].at_ms);
    customer_profile_fold(arena, customer);
}

void customer_profile_set(struct arena *arena, struct customer *customer, struct value profile,
                          int64_t at_ms)
{
    customer->layers.count = 0;
    customer_profile_merge(arena, customer, &profile, at_ms);
}

struct value customer_profile_drop_oldest(struct arena *arena, struct customer *customer)
{
    const struct value oldest = customer->layers.items[--customer->layers.count].patch;
    customer_profile_fold(arena, customer);
    return oldest;
}

void customer_profile_read(struct arena *arena, struct customer *customer,
                           const struct value *layers)
{
    for (uint32_t i = 0; i < value_count(layers); i++) {
        const struct value *pair = &layers->list->items[i];
        int64_t at_ms = 0;
        if (!value_is(pair, VALUE_LIST) || value_count(pair) != 2 ||
            !value_is(&pair->list->items[1], VALUE_MAP) ||
            !value_to_int(&pair->list->items[0], &at_ms))
            continue;
        const struct customer_layer layer = {.at_ms = at_ms, .patch = pair->list->items[1]};
        insert(arena, customer, customer->layers.count, &layer);
    }
    keep_bound(arena, customer);
    customer_profile_fold(arena, customer);
}

struct value customer_profile_mentioned(struct arena *arena, const struct customer *customer)
{
    struct value all = value_new_map(arena, 0);
    for (uint32_t i = customer->layers.count; i-- > 0;)
        all = compose(arena, &all, &customer->layers.items[i].patch);
    return all;
}

int64_t customer_profile_ms(const struct customer *customer, const struct value *patch)
{
    for (uint32_t i = 0; i < customer->layers.count; i++)
        if (touches(&customer->layers.items[i].patch, patch))
            return customer->layers.items[i].at_ms;
    return 0;
}
