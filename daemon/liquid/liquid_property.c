#include "liquid/liquid_property.h"

#include "base/utf8.h"
#include "liquid/liquid_member.h"
#include "liquid/liquid_text.h"
#include "liquid/liquid_value.h"

static enum liquid_property property_failed(struct liquid_call *call, const struct value *property)
{
    struct slice text = {"", 0};
    if (liquid_text_of(call->run, property, &text))
        liquid_fail(call->run, "the items have no property `%.*s`", (int)text.length, text.text);
    return LIQUID_PROPERTY_FAILED;
}

/* The character at a place, from the end where that is negative. */
static bool character(const struct value *item, int64_t place, struct value *result)
{
    const char *at = item->string, *end = at + item->length;
    if (place < 0)
        place += liquid_value_size(item);
    if (place < 0)
        return false;
    while (place > 0 && at < end) {
        at += utf8_width(at, (size_t)(end - at));
        place--;
    }
    if (at == end)
        return false;
    *result = value_string(at, utf8_width(at, (size_t)(end - at)));
    return true;
}

static enum liquid_property string_property(struct liquid_call *call, const struct value *item,
                                            const struct value *property, struct value *result)
{
    if (property->kind == VALUE_INT)
        character(item, property->integer, result);
    else if (property->kind != VALUE_STRING)
        return property_failed(call, property);
    else if (memmem(item->string, item->length, property->string, property->length))
        *result = *property;
    return LIQUID_PROPERTY_FOUND;
}

/* An integer's property is one of its bits, as in the reference implementation. */
static int64_t bit(int64_t integer, int64_t place)
{
    return place < 0 ? 0 : integer >> (place < 63 ? place : 63) & 1;
}

/* A place given as a decimal is cut to an integer, as the reference implementation does. */
static void whole_place(struct value *place)
{
    if (place->kind == VALUE_DOUBLE && place->real > -1e15 && place->real < 1e15)
        *place = value_int((int64_t)place->real);
}

bool liquid_property_possible(const struct value *item)
{
    if (item->kind == VALUE_EXTENSION)
        return !liquid_is(item, LIQUID_EXTENSION_RANGE);
    return item->kind == VALUE_MAP || item->kind == VALUE_LIST || item->kind == VALUE_STRING ||
           item->kind == VALUE_INT || item->kind == VALUE_UINT;
}

enum liquid_property liquid_property_of(struct liquid_call *call, const struct value *item,
                                        const struct value *property, struct value *result)
{
    struct value plain = *property;
    *result = value_null();
    if (!liquid_property_possible(item))
        return LIQUID_PROPERTY_NONE;
    if (!liquid_text_plain(call->run, &plain))
        return LIQUID_PROPERTY_FAILED;
    whole_place(&plain);
    switch ((enum value_kind)item->kind) {
    case VALUE_STRING:
        return string_property(call, item, &plain, result);
    case VALUE_INT:
    case VALUE_UINT:
        if (plain.kind != VALUE_INT)
            return property_failed(call, &plain);
        *result = value_int(bit(item->integer, plain.integer));
        return LIQUID_PROPERTY_FOUND;
    case VALUE_LIST: /* only as a property's value */
        return property_failed(call, &plain);
    default:
        liquid_member_get(call->run, item, &plain, result);
        return LIQUID_PROPERTY_FOUND;
    }
}

enum liquid_property liquid_property_or_item(struct liquid_call *call, const struct value *item,
                                             const struct value *property, struct value *result)
{
    if (property && property->kind != VALUE_NULL)
        return liquid_property_of(call, item, property, result);
    *result = *item;
    return LIQUID_PROPERTY_FOUND;
}
