#include "liquid/liquid_member.h"

#include "base/utf8.h"
#include "liquid/liquid_loop.h"
#include "liquid/liquid_scope.h"
#include "liquid/liquid_text.h"
#include "liquid/liquid_value.h"

bool liquid_member_named(struct liquid_run *run, const struct value *value,
                         const struct liquid_name *name, struct value *member)
{
    if (value->kind == VALUE_MAP) {
        const struct value *found = value_find(value, name->text, name->length);
        if (found)
            *member = *found;
        return found;
    }
    if (value->kind != VALUE_EXTENSION)
        return false;
    if (liquid_is(value, LIQUID_EXTENSION_LOOP) || liquid_is(value, LIQUID_EXTENSION_TABLE)) {
        struct slice slice = {name->text, name->length};
        liquid_loop_member(value, &slice, member);
        return true;
    }
    if (liquid_is(value, LIQUID_EXTENSION_SELF)) {
        const struct value *found = liquid_scope_variable(run, value->other, name);
        *member = found ? *found : value_null();
        return true;
    }
    return false;
}

static bool get_placed(const struct value *value, int64_t place, struct value *member)
{
    if (value->kind != VALUE_LIST)
        return false;
    int64_t count = value->list->count;
    if (place < 0)
        place += count;
    if (place < 0 || place >= count)
        return false;
    *member = value->list->items[place];
    return true;
}

bool liquid_member_get(struct liquid_run *run, const struct value *value, const struct value *key,
                       struct value *member)
{
    if (key->kind == VALUE_INT)
        return get_placed(value, key->integer, member);
    if (key->kind != VALUE_STRING)
        return false;
    struct liquid_name name = {key->string, key->length, 0};
    if (liquid_is(value, LIQUID_EXTENSION_SELF))
        name.hash = liquid_name_hash(name.text, name.length);
    return liquid_member_named(run, value, &name, member);
}

static struct value first_character(const struct value *value)
{
    size_t width = value->length ? utf8_width(value->string, value->length) : 0;
    return value_string(value->string, width);
}

static struct value last_character(const struct value *value)
{
    if (value->length == 0)
        return *value;
    size_t start = utf8_floor(value->string, value->length - 1);
    return value_string(value->string + start, value->length - start);
}

bool liquid_member_end(struct liquid_run *run, const struct value *value, bool last,
                       struct value *result)
{
    *result = value_null();
    if (value->kind == VALUE_STRING) {
        struct value plain = *value;
        if (!liquid_text_plain(run, &plain))
            return false;
        *result = last ? last_character(&plain) : first_character(&plain);
    } else if (value->kind == VALUE_LIST) {
        get_placed(value, last ? -1 : 0, result);
    } else if (value->kind == VALUE_MAP && !last && value_count(value) > 0) {
        struct liquid_series series = liquid_loop_series(value);
        return liquid_loop_item(run, &series, 0, result);
    } else if (liquid_is(value, LIQUID_EXTENSION_RANGE)) {
        const struct liquid_range *range = value->other;
        *result = value_int(last ? range->to : range->from);
    }
    return true;
}
