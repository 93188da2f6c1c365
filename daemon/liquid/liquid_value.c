#include "liquid/liquid_value.h"

#include "base/utf8.h"
#include "liquid/liquid_lex.h"
#include "liquid/liquid_name.h"
#include "liquid/liquid_number.h"

struct value liquid_value_range(struct arena *arena, int64_t from, int64_t to)
{
    struct liquid_range *range = arena_alloc(arena, sizeof *range);
    *range = (struct liquid_range){from, to};
    return (struct value){
        .kind = VALUE_EXTENSION, .length = LIQUID_EXTENSION_RANGE, .other = range};
}

static bool is_number(const struct value *value)
{
    return value->kind == VALUE_INT || value->kind == VALUE_DOUBLE || value->kind == VALUE_UINT;
}

bool liquid_value_equal(const struct value *a, const struct value *b)
{
    if (liquid_is(a, LIQUID_EXTENSION_RANGE) && liquid_is(b, LIQUID_EXTENSION_RANGE)) {
        const struct liquid_range *x = a->other, *y = b->other;
        return x->from == y->from && x->to == y->to;
    }
    return value_equal(a, b);
}

bool liquid_value_same(const struct value *a, const struct value *b)
{
    return a->kind == b->kind && liquid_value_equal(a, b);
}

static uint32_t mix(uint32_t hash, uint64_t more)
{
    return (hash ^ (uint32_t)more ^ (uint32_t)(more >> 32)) * 16777619u;
}

/* Maps are equal in any order, so only their count takes part. */
uint32_t liquid_value_hash(const struct value *value)
{
    uint32_t hash = mix(2166136261u, value->kind);
    switch ((enum value_kind)value->kind) {
    case VALUE_BOOL:
        return mix(hash, value->boolean);
    case VALUE_INT:
    case VALUE_UINT:
        return mix(hash, value->natural);
    case VALUE_DOUBLE:
        return mix(hash, (uint64_t)(int64_t)(value->real > -1e15 && value->real < 1e15
                                                 ? value->real * 1000
                                                 : 0));
    case VALUE_STRING:
        return mix(hash, liquid_name_hash(value->string, value->length));
    case VALUE_LIST:
        for (uint32_t i = 0; i < value->list->count; i++)
            hash = mix(hash, liquid_value_hash(&value->list->items[i]));
        return hash;
    case VALUE_MAP:
        return mix(hash, value->map->count);
    default:
        return hash;
    }
}

bool liquid_value_empty(const struct value *value)
{
    return (value->kind == VALUE_STRING && value->length == 0) ||
           ((value->kind == VALUE_LIST || value->kind == VALUE_MAP) && value_count(value) == 0);
}

bool liquid_value_blank(const struct value *value)
{
    if (!liquid_value_true(value) || liquid_value_empty(value))
        return true;
    if (value->kind != VALUE_STRING)
        return false;
    for (uint32_t i = 0; i < value->length; i++)
        if (!liquid_lex_space(value->string[i]))
            return false;
    return true;
}

static enum liquid_order order_of(int sign)
{
    return sign < 0 ? LIQUID_LESS : sign > 0 ? LIQUID_MORE : LIQUID_SAME;
}

static enum liquid_order order_numbers(const struct value *a, const struct value *b)
{
    if (a->kind == VALUE_INT && b->kind == VALUE_INT)
        return order_of((a->integer > b->integer) - (a->integer < b->integer));
    struct liquid_number x, y;
    if (!liquid_number_of(a, &x) || !liquid_number_of(b, &y))
        return LIQUID_NO_ORDER;
    return order_of(liquid_number_compare(x, y));
}

static enum liquid_order order_strings(const struct value *a, const struct value *b)
{
    uint32_t shared = a->length < b->length ? a->length : b->length;
    int sign = memcmp(a->string, b->string, shared);
    return order_of(sign ? sign : (a->length > b->length) - (a->length < b->length));
}

static bool has_order(const struct value *value)
{
    return is_number(value) || value->kind == VALUE_STRING || value->kind == VALUE_TIMESTAMP;
}

enum liquid_order liquid_value_order(const struct value *a, const struct value *b)
{
    if (is_number(a) && is_number(b))
        return order_numbers(a, b);
    if (!has_order(a) || !has_order(b))
        return LIQUID_NO_ORDER;
    if (a->kind != b->kind)
        return LIQUID_INCOMPARABLE;
    if (a->kind == VALUE_STRING)
        return order_strings(a, b);
    if (a->integer != b->integer)
        return order_of(a->integer < b->integer ? -1 : 1);
    return order_of((a->length > b->length) - (a->length < b->length));
}

int64_t liquid_value_size(const struct value *value)
{
    switch ((enum value_kind)value->kind) {
    case VALUE_STRING:
        return (int64_t)utf8_count(value->string, value->length);
    case VALUE_LIST:
    case VALUE_MAP:
        return value_count(value);
    case VALUE_INT:
    case VALUE_UINT:
        return sizeof(int64_t);
    case VALUE_EXTENSION:
        if (liquid_is(value, LIQUID_EXTENSION_RANGE)) {
            const struct liquid_range *range = value->other;
            int64_t count;
            if (range->to < range->from)
                return 0;
            if (__builtin_sub_overflow(range->to, range->from, &count) || count == INT64_MAX)
                return INT64_MAX;
            return count + 1;
        }
        return -1;
    default:
        return -1;
    }
}

bool liquid_value_integer(const struct value *value, int64_t *integer)
{
    if (value->kind == VALUE_INT)
        *integer = value->integer;
    else if (value->kind == VALUE_STRING)
        return liquid_number_strict(value->string, value->length, integer);
    else if (value->kind == VALUE_DOUBLE && (value->flags & VALUE_SPELLED))
        return liquid_number_strict(value->text, value->length, integer);
    else if (value->kind == VALUE_UINT)
        *integer = value->natural > INT64_MAX ? INT64_MAX : (int64_t)value->natural;
    else
        return false;
    return true;
}
