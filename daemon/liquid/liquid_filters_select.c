#include "liquid/liquid_filters.h"
#include "liquid/liquid_property.h"
#include "liquid/liquid_text.h"
#include "liquid/liquid_value.h"

/*
 * where, reject, has, find and find_index test a property of each item: for truth, or
 * for being equal to a value that is not nil. An item that has no properties makes the
 * whole filter nil.
 */
struct test {
    struct liquid_items items;
    const struct value *property, *wanted; /* `wanted` may be NULL */
};

static bool open_test(struct liquid_call *call, struct test *test)
{
    const struct value *wanted = liquid_filters_argument(call, 1);
    test->property = &call->arguments[0];
    test->wanted = wanted && wanted->kind != VALUE_NULL ? wanted : NULL;
    return liquid_filters_items(call, &call->input, &test->items);
}

static enum liquid_property passes(struct liquid_call *call, const struct test *test,
                                   uint32_t index, bool *result)
{
    struct value value;
    const struct value *item = &test->items.items[index];
    enum liquid_property found = liquid_property_of(call, item, test->property, &value);
    if (found != LIQUID_PROPERTY_FOUND)
        return found;
    struct value wanted = test->wanted ? *test->wanted : value_null();
    if (!liquid_text_plain(call->run, &value) || !liquid_text_plain(call->run, &wanted))
        return LIQUID_PROPERTY_FAILED;
    *result = test->wanted ? liquid_value_equal(&value, &wanted) : liquid_value_true(&value);
    return found;
}

static bool select_items(struct liquid_call *call, bool wanted)
{
    struct test test;
    struct value list;
    if (!open_test(call, &test) || !liquid_filters_list(call, test.items.count, &list))
        return false;
    for (uint32_t i = 0; i < test.items.count; i++) {
        bool result = false;
        enum liquid_property found = passes(call, &test, i, &result);
        if (found != LIQUID_PROPERTY_FOUND)
            return found == LIQUID_PROPERTY_NONE;
        if (result == wanted)
            value_push(call->run->arena, list, test.items.items[i]);
    }
    call->result = list;
    return true;
}

static bool where(struct liquid_call *call)
{
    return select_items(call, true);
}

static bool reject(struct liquid_call *call)
{
    return select_items(call, false);
}

/* The first that passes: its place, -1 where none does, -2 where the filter is nil. */
static bool find_first(struct liquid_call *call, struct test *test, int64_t *place)
{
    *place = -1;
    if (!open_test(call, test))
        return false;
    for (uint32_t i = 0; i < test->items.count && *place == -1; i++) {
        bool result = false;
        enum liquid_property found = passes(call, test, i, &result);
        if (found == LIQUID_PROPERTY_FAILED)
            return false;
        if (found == LIQUID_PROPERTY_NONE)
            *place = -2;
        else if (result)
            *place = i;
    }
    return true;
}

static bool has(struct liquid_call *call)
{
    struct test test;
    int64_t place;
    if (!find_first(call, &test, &place))
        return false;
    call->result = place == -2 ? value_null() : value_bool(place >= 0);
    return true;
}

static bool find(struct liquid_call *call)
{
    struct test test;
    int64_t place;
    if (!find_first(call, &test, &place))
        return false;
    call->result = place >= 0 ? test.items.items[place] : value_null();
    return true;
}

static bool find_index(struct liquid_call *call)
{
    struct test test;
    int64_t place;
    if (!find_first(call, &test, &place))
        return false;
    call->result = place >= 0 ? value_int(place) : value_null();
    return true;
}

/* Of a value that is a list all that it holds. */
static bool add_value(struct liquid_call *call, const struct value *value,
                      struct liquid_number *sum)
{
    struct liquid_items items;
    struct liquid_number number;
    if (!liquid_filters_items(call, value, &items))
        return false;
    for (uint32_t i = 0; i < items.count; i++) {
        if (!liquid_filters_number(call, &items.items[i], &number))
            return false;
        *sum = liquid_number_add(*sum, number);
    }
    return true;
}

static bool sum(struct liquid_call *call)
{
    struct liquid_items items;
    struct liquid_number total = {0};
    const struct value *property = liquid_filters_argument(call, 0);
    if (!liquid_filters_items(call, &call->input, &items))
        return false;
    for (uint32_t i = 0; i < items.count; i++) {
        struct value value;
        if (liquid_property_or_item(call, &items.items[i], property, &value) ==
                LIQUID_PROPERTY_FAILED ||
            !add_value(call, &value, &total))
            return false;
    }
    call->result = liquid_number_value(call->run->arena, &total);
    return true;
}

const struct liquid_filter liquid_filters_select[] = {
    {"find", find, 1, 2}, {"find_index", find_index, 1, 2},
    {"has", has, 1, 2},   {"reject", reject, 1, 2},
    {"sum", sum, 0, 1},   {"where", where, 1, 2},
    {NULL, NULL, 0, 0},
};
