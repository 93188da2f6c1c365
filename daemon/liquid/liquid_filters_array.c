#include "liquid/liquid_filters.h"
#include "liquid/liquid_member.h"
#include "liquid/liquid_property.h"
#include "liquid/liquid_text.h"
#include "liquid/liquid_value.h"

static bool join(struct liquid_call *call)
{
    struct liquid_items items;
    struct liquid_part glue = {{" ", 1}, false};
    const struct value *given = liquid_filters_argument(call, 0);
    if (!liquid_filters_items(call, &call->input, &items) ||
        (given && !liquid_text_markup(call->run, given, &glue.text, &glue.safe)))
        return false;
    struct liquid_part *parts = liquid_run_room(call->run, sizeof *parts * items.count);
    if (!parts)
        return false;
    for (uint32_t i = 0; i < items.count; i++)
        if (!liquid_text_markup(call->run, &items.items[i], &parts[i].text, &parts[i].safe))
            return false;
    return liquid_filters_join(call, parts, items.count, &glue);
}

static bool first(struct liquid_call *call)
{
    return liquid_member_end(call->run, &call->input, false, &call->result);
}

static bool last(struct liquid_call *call)
{
    return liquid_member_end(call->run, &call->input, true, &call->result);
}

static bool size(struct liquid_call *call)
{
    struct value plain = call->input;
    if (!liquid_text_plain(call->run, &plain))
        return false;
    int64_t count = liquid_value_size(&plain);
    call->result = value_int(count < 0 ? 0 : count);
    return true;
}

static bool reverse(struct liquid_call *call)
{
    struct liquid_items items;
    if (!liquid_filters_items(call, &call->input, &items) ||
        !liquid_filters_list(call, items.count, &call->result))
        return false;
    for (uint32_t i = items.count; i-- > 0;)
        value_push(call->run->arena, call->result, items.items[i]);
    return true;
}

static bool concat(struct liquid_call *call)
{
    struct liquid_items items;
    const struct value *more = &call->arguments[0];
    if (more->kind != VALUE_LIST)
        return liquid_fail(call->run, "`concat` takes a list, not %s", value_kind_name(more->kind));
    if (!liquid_filters_items(call, &call->input, &items) ||
        !liquid_filters_list(call, items.count + more->list->count, &call->result))
        return false;
    for (uint32_t i = 0; i < items.count; i++)
        value_push(call->run->arena, call->result, items.items[i]);
    for (uint32_t i = 0; i < more->list->count; i++)
        value_push(call->run->arena, call->result, more->list->items[i]);
    return liquid_run_step(call->run, more->list->count / 8);
}

static bool map(struct liquid_call *call)
{
    struct liquid_items items;
    struct value property;
    if (!liquid_filters_items(call, &call->input, &items) ||
        !liquid_filters_list(call, items.count, &call->result))
        return false;
    for (uint32_t i = 0; i < items.count; i++) {
        if (liquid_property_of(call, &items.items[i], &call->arguments[0], &property) ==
            LIQUID_PROPERTY_FAILED)
            return false;
        value_push(call->run->arena, call->result, property);
    }
    return true;
}

/* Without what is nil, or has a property that is. */
static bool compact(struct liquid_call *call)
{
    struct liquid_items items;
    struct value result;
    const struct value *property = liquid_filters_argument(call, 0);
    if (!liquid_filters_items(call, &call->input, &items) ||
        !liquid_filters_list(call, items.count, &result))
        return false;
    for (uint32_t i = 0; i < items.count; i++) {
        struct value tested;
        enum liquid_property found =
            liquid_property_or_item(call, &items.items[i], property, &tested);
        if (found != LIQUID_PROPERTY_FOUND)
            return found == LIQUID_PROPERTY_NONE;
        if (tested.kind != VALUE_NULL)
            value_push(call->run->arena, result, items.items[i]);
    }
    call->result = result;
    return true;
}

/* A set of values: open addressing over the values themselves. */
struct set {
    const struct value **slots;
    uint32_t mask;
};

static bool set_open(struct liquid_call *call, uint32_t count, struct set *set)
{
    uint32_t size = 16;
    while (size < count * 2)
        size *= 2;
    set->mask = size - 1;
    set->slots = liquid_run_room(call->run, sizeof *set->slots * size);
    if (set->slots)
        memset(set->slots, 0, sizeof *set->slots * size);
    return set->slots;
}

/* False where the value is there already. */
static bool set_add(struct set *set, const struct value *value)
{
    uint32_t slot = liquid_value_hash(value) & set->mask;
    for (; set->slots[slot]; slot = (slot + 1) & set->mask)
        if (liquid_value_same(set->slots[slot], value))
            return false;
    set->slots[slot] = value;
    return true;
}

static bool uniq(struct liquid_call *call)
{
    struct liquid_items items;
    struct value result;
    struct set set;
    if (!liquid_filters_items(call, &call->input, &items) ||
        !liquid_filters_list(call, items.count, &result) || !set_open(call, items.count, &set))
        return false;
    struct value *keys = liquid_run_room(call->run, sizeof *keys * items.count);
    if (!keys)
        return false;
    /* One item alone is not asked for its property. */
    const struct value *property = items.count > 1 ? liquid_filters_argument(call, 0) : NULL;
    for (uint32_t i = 0; i < items.count; i++) {
        enum liquid_property found =
            liquid_property_or_item(call, &items.items[i], property, &keys[i]);
        if (found != LIQUID_PROPERTY_FOUND)
            return found == LIQUID_PROPERTY_NONE;
        if (set_add(&set, &keys[i]))
            value_push(call->run->arena, result, items.items[i]);
    }
    call->result = result;
    return true;
}

/* The argument for nil, false and what is empty; with allow_false only for nil and empty. */
static bool use_default(struct liquid_call *call)
{
    const struct value *options = liquid_filters_argument(call, 1);
    const struct value *allow = options ? value_get(options, "allow_false") : NULL;
    bool allowed = allow && liquid_value_true(allow);
    bool missing = allowed ? call->input.kind == VALUE_NULL : !liquid_value_true(&call->input);
    if (!missing && !liquid_value_empty(&call->input))
        call->result = call->input;
    else
        call->result = call->count ? call->arguments[0] : value_string("", 0);
    return true;
}

const struct liquid_filter liquid_filters_array[] = {
    {"compact", compact, 0, 1},
    {"concat", concat, 1, 1},
    {"default", use_default, 0, 2},
    {"first", first, 0, 0},
    {"join", join, 0, 1},
    {"last", last, 0, 0},
    {"map", map, 1, 1},
    {"reverse", reverse, 0, 0},
    {"size", size, 0, 0},
    {"sort", liquid_filters_sort, 0, 1},
    {"sort_natural", liquid_filters_sort_natural, 0, 1},
    {"uniq", uniq, 0, 1},
    {NULL, NULL, 0, 0},
};
