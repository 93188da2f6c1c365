#include "cel/cel_value.h"

#include <math.h>

#include "cel/cel.h"
#include "cel/cel_decimal.h"

static const struct cel_type_name types[CEL_KIND_COUNT] = {
    [VALUE_NULL] = {"null_type", VALUE_NULL, "null"},
    [VALUE_BOOL] = {"bool", VALUE_BOOL, "a boolean"},
    [VALUE_INT] = {"int", VALUE_INT, "an integer"},
    [VALUE_DOUBLE] = {"double", VALUE_DOUBLE, "a double"},
    [VALUE_STRING] = {"string", VALUE_STRING, "a string"},
    [VALUE_LIST] = {"list", VALUE_LIST, "a list"},
    [VALUE_MAP] = {"map", VALUE_MAP, "a map"},
    [VALUE_UINT] = {"uint", VALUE_UINT, "an unsigned integer"},
    [VALUE_BYTES] = {"bytes", VALUE_BYTES, "bytes"},
    [VALUE_TIMESTAMP] = {"google.protobuf.Timestamp", VALUE_TIMESTAMP, "a timestamp"},
    [VALUE_DURATION] = {"google.protobuf.Duration", VALUE_DURATION, "a duration"},
    [CEL_KIND_OPTIONAL] = {"optional_type", CEL_KIND_OPTIONAL, "an optional"},
    [CEL_KIND_TYPE] = {"type", CEL_KIND_TYPE, "a type"},
    [CEL_KIND_DECIMAL] = {"decimal", CEL_KIND_DECIMAL, "a decimal"},
};

const struct cel_type_name *cel_type_of_kind(uint32_t kind)
{
    return kind < CEL_KIND_COUNT && types[kind].name ? &types[kind] : NULL;
}

const struct cel_type_name *cel_type_named(const char *name, size_t length)
{
    for (uint32_t kind = 0; kind < CEL_KIND_COUNT; kind++)
        if (types[kind].name && strlen(types[kind].name) == length &&
            memcmp(types[kind].name, name, length) == 0)
            return &types[kind];
    return NULL;
}

struct value cel_type_value(const struct cel_type_name *type)
{
    return (struct value){
        .kind = VALUE_EXTENSION, .length = CEL_EXTENSION_TYPE, .other = (void *)(uintptr_t)type};
}

struct value cel_optional_of(struct arena *arena, const struct value *value)
{
    struct value *inner = arena_alloc(arena, sizeof *inner);
    *inner = *value;
    return (struct value){
        .kind = VALUE_EXTENSION, .length = CEL_EXTENSION_OPTIONAL, .other = inner};
}

struct value cel_optional_none(void)
{
    return (struct value){.kind = VALUE_EXTENSION, .length = CEL_EXTENSION_OPTIONAL};
}

/* Comparison */

static enum cel_order order_of(bool less, bool more)
{
    return less ? CEL_LESSER : more ? CEL_MORE : CEL_SAME;
}

static enum cel_order compare_doubles(double a, double b)
{
    if (isnan(a) || isnan(b))
        return CEL_NO_ORDER;
    return order_of(a<b, a> b);
}

static double as_double(const struct value *value)
{
    return value->kind == VALUE_DOUBLE ? value->real
           : value->kind == VALUE_INT  ? (double)value->integer
                                       : (double)value->natural;
}

enum cel_order cel_compare_numbers(const struct value *a, const struct value *b)
{
    if (a->kind == VALUE_DOUBLE || b->kind == VALUE_DOUBLE)
        return compare_doubles(as_double(a), as_double(b));
    bool a_negative = a->kind == VALUE_INT && a->integer < 0;
    bool b_negative = b->kind == VALUE_INT && b->integer < 0;
    if (a_negative || b_negative) {
        if (a_negative && b_negative)
            return order_of(a->integer<b->integer, a->integer> b->integer);
        return a_negative ? CEL_LESSER : CEL_MORE;
    }
    return order_of(a->natural<b->natural, a->natural> b->natural);
}

static enum cel_order compare_bytes(const struct value *a, const struct value *b)
{
    uint32_t shorter = a->length < b->length ? a->length : b->length;
    int order = shorter ? memcmp(a->string, b->string, shorter) : 0;
    if (order == 0)
        return order_of(a->length<b->length, a->length> b->length);
    return order < 0 ? CEL_LESSER : CEL_MORE;
}

/* Seconds, then nanoseconds: of a duration they may be negative. */
static enum cel_order compare_times(const struct value *a, const struct value *b)
{
    if (a->integer != b->integer)
        return order_of(a->integer < b->integer, true);
    int32_t x = (int32_t)a->length, y = (int32_t)b->length;
    return order_of(x<y, x> y);
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
        return cel_compare_numbers(a, b);
    if (a->kind == VALUE_EXTENSION || b->kind == VALUE_EXTENSION)
        return cel_decimal_compare(a, b);
    if (a->kind != b->kind)
        return CEL_NO_ORDER;
    switch (a->kind) {
    case VALUE_BOOL:
        return order_of(a->boolean<b->boolean, a->boolean> b->boolean);
    case VALUE_STRING:
    case VALUE_BYTES:
        return compare_bytes(a, b);
    case VALUE_TIMESTAMP:
    case VALUE_DURATION:
        return compare_times(a, b);
    default:
        return CEL_NO_ORDER;
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
        return cel_decimal_compare(a, b) == CEL_SAME;
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
        return cel_compare_numbers(a, b) == CEL_SAME;
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
        return cel_compare(a, b) == CEL_SAME;
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
        if (number ? cel_is_number(other) && cel_compare_numbers(key, other) == CEL_SAME
                   : other->kind == VALUE_BOOL && other->boolean == key->boolean)
            return &map->map->members[i].value;
    }
    return NULL;
}
