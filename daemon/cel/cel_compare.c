#include "cel/cel_compare.h"

#include <string.h>

#include "cel/cel_decimal.h"
#include "cel/cel_value.h"

static enum cel_order compare_bytes(const struct value *a, const struct value *b)
{
    uint32_t shorter = a->length < b->length ? a->length : b->length;
    int order = shorter ? memcmp(a->string, b->string, shorter) : 0;
    if (order == 0)
        return cel_order_of(a->length<b->length, a->length> b->length);
    return order < 0 ? CEL_ORDER_LESS : CEL_ORDER_GREATER;
}

/* Seconds, then nanoseconds: of a duration they may be negative. */
static enum cel_order compare_times(const struct value *a, const struct value *b)
{
    if (a->integer != b->integer)
        return cel_order_of(a->integer < b->integer, true);
    int32_t x = (int32_t)a->length, y = (int32_t)b->length;
    return cel_order_of(x<y, x> y);
}

bool cel_comparable(uint32_t a, uint32_t b)
{
    const uint32_t numbers =
        1u << VALUE_INT | 1u << VALUE_UINT | 1u << VALUE_DOUBLE | 1u << CEL_KIND_DECIMAL;
    const uint32_t others = 1u << VALUE_BOOL | 1u << VALUE_STRING | 1u << VALUE_BYTES |
                            1u << VALUE_TIMESTAMP | 1u << VALUE_DURATION;
    if ((numbers >> a & 1) && (numbers >> b & 1))
        return true;
    return a == b && (others >> a & 1);
}

enum cel_order cel_compare(const struct value *a, const struct value *b)
{
    if (cel_is_number(a) && cel_is_number(b))
        return cel_number_compare(a, b);
    if (a->kind == VALUE_EXTENSION || b->kind == VALUE_EXTENSION)
        return cel_decimal_compare(a, b);
    if (a->kind != b->kind)
        return CEL_ORDER_NONE;
    switch (a->kind) {
    case VALUE_BOOL:
        return cel_order_of(a->boolean<b->boolean, a->boolean> b->boolean);
    case VALUE_STRING:
    case VALUE_BYTES:
        return compare_bytes(a, b);
    case VALUE_TIMESTAMP:
    case VALUE_DURATION:
        return compare_times(a, b);
    default:
        return CEL_ORDER_NONE;
    }
}

static bool equal_lists(const struct value_list *a, const struct value_list *b, int64_t *budget)
{
    if (a->count != b->count)
        return false;
    for (uint32_t i = 0; i < a->count; i++)
        if (!cel_equal(&a->items[i], &b->items[i], budget))
            return false;
    return true;
}

static bool equal_maps(const struct value *a, const struct value *b, int64_t *budget)
{
    if (a->map->count != b->map->count)
        return false;
    for (uint32_t i = 0; i < a->map->count; i++) {
        const struct value_member *member = &a->map->members[i];
        const struct value *other = cel_map_find(b, &member->key, budget);
        if (!other || !cel_equal(&member->value, other, budget))
            return false;
    }
    return true;
}

static bool equal_extensions(const struct value *a, const struct value *b, int64_t *budget)
{
    if (cel_kind(a) == CEL_KIND_DECIMAL || cel_kind(b) == CEL_KIND_DECIMAL)
        return cel_decimal_compare(a, b) == CEL_ORDER_EQUAL;
    if (a->kind != b->kind || a->length != b->length)
        return false;
    if (a->length == CEL_EXTENSION_OPTIONAL && a->other && b->other)
        return cel_equal(a->other, b->other, budget);
    return a->other == b->other;
}

bool cel_equal(const struct value *a, const struct value *b, int64_t *budget)
{
    if (--*budget < 0)
        return false;
    if (cel_is_number(a) && cel_is_number(b))
        return cel_number_compare(a, b) == CEL_ORDER_EQUAL;
    if (a->kind == VALUE_EXTENSION || b->kind == VALUE_EXTENSION)
        return equal_extensions(a, b, budget);
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case VALUE_NULL:
        return true;
    case VALUE_STRING:
    case VALUE_BYTES:
        return a->length == b->length && memcmp(a->string, b->string, a->length) == 0;
    case VALUE_LIST:
        return equal_lists(a->list, b->list, budget);
    case VALUE_MAP:
        return equal_maps(a, b, budget);
    default:
        return cel_compare(a, b) == CEL_ORDER_EQUAL;
    }
}

bool cel_is_key(const struct value *value)
{
    return value->kind == VALUE_STRING || value->kind == VALUE_INT || value->kind == VALUE_UINT ||
           value->kind == VALUE_BOOL;
}

const struct value *cel_map_find(const struct value *map, const struct value *key, int64_t *budget)
{
    if (key->kind == VALUE_STRING)
        return value_find(map, key->string, key->length);
    bool number = cel_is_number(key);
    if (!number && key->kind != VALUE_BOOL)
        return NULL;
    *budget -= map->map->count;
    for (uint32_t i = 0; i < map->map->count; i++) {
        const struct value *other = &map->map->members[i].key;
        if (number ? cel_is_number(other) && cel_number_compare(key, other) == CEL_ORDER_EQUAL
                   : other->kind == VALUE_BOOL && other->boolean == key->boolean)
            return &map->map->members[i].value;
    }
    return NULL;
}
