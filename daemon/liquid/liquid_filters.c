#include "liquid/liquid_filters.h"

#include "liquid/liquid_escape.h"
#include "liquid/liquid_loop.h"
#include "liquid/liquid_text.h"
#include "liquid/liquid_value.h"

static const struct liquid_filter *const tables[] = {
    liquid_filters_string, liquid_filters_replace, liquid_filters_html,   liquid_filters_encode,
    liquid_filters_math,   liquid_filters_array,   liquid_filters_select, liquid_filters_date,
};

enum { TABLES = sizeof tables / sizeof *tables };

const struct liquid_filter *liquid_filter_standard(const char *name, size_t length)
{
    for (size_t i = 0; i < TABLES; i++)
        for (const struct liquid_filter *row = tables[i]; row->name; row++)
            if (strlen(row->name) == length && memcmp(row->name, name, length) == 0)
                return row;
    return NULL;
}

void liquid_filters_names(const struct liquid_filter *host,
                          const char *names[LIQUID_FILTER_NAMES_MOST])
{
    size_t count = 0;
    for (; host && host->name && count < LIQUID_FILTER_NAMES_MOST - 1; host++)
        names[count++] = host->name;
    for (size_t i = 0; i < TABLES; i++)
        for (const struct liquid_filter *row = tables[i];
             row->name && count < LIQUID_FILTER_NAMES_MOST - 1; row++)
            names[count++] = row->name;
    names[count] = NULL;
}

bool liquid_filters_text(struct liquid_call *call, const struct value *value, const char *fallback,
                         struct slice *text)
{
    if (value)
        return liquid_text_of(call->run, value, text);
    *text = slice_of(fallback);
    return true;
}

bool liquid_filters_integer(struct liquid_call *call, const struct value *value, int64_t *integer)
{
    struct value plain = *value;
    if (!liquid_text_plain(call->run, &plain))
        return false;
    return liquid_value_integer(&plain, integer) ||
           liquid_fail(call->run, "the argument must be an integer, not %s",
                       value_kind_name(value->kind));
}

bool liquid_filters_number(struct liquid_call *call, const struct value *value,
                           struct liquid_number *number)
{
    return liquid_number_of(value, number) || liquid_fail(call->run, "the number is infinite");
}

bool liquid_filters_give(struct liquid_call *call, const char *text, size_t length, bool safe)
{
    call->result = value_string(text, length);
    call->safe = safe;
    return true;
}

static size_t part_length(const struct liquid_part *part, bool safe)
{
    return safe && !part->safe ? liquid_escape_length(part->text.text, part->text.length)
                               : part->text.length;
}

static char *put_part(char *to, const struct liquid_part *part, bool safe)
{
    size_t length = part_length(part, safe);
    if (safe && !part->safe)
        liquid_escape_to(to, part->text.text, part->text.length);
    else
        memcpy(to, part->text.text, length);
    return to + length;
}

bool liquid_filters_join(struct liquid_call *call, const struct liquid_part *parts, size_t count,
                         const struct liquid_part *glue)
{
    bool safe = false;
    size_t length = 0;
    for (size_t i = 0; i < count; i++)
        safe = safe || parts[i].safe;
    for (size_t i = 0; i < count; i++)
        length += part_length(&parts[i], safe) + (glue && i ? part_length(glue, safe) : 0);
    char *text = liquid_run_room(call->run, length);
    if (!text)
        return false;
    char *to = text;
    for (size_t i = 0; i < count; i++) {
        if (glue && i)
            to = put_part(to, glue, safe);
        to = put_part(to, &parts[i], safe);
    }
    return liquid_filters_give(call, text, length, safe);
}

bool liquid_filters_list(struct liquid_call *call, uint32_t capacity, struct value *list)
{
    if (!liquid_run_fits(call->run, sizeof(struct value) * capacity))
        return false;
    *list = value_new_list(call->run->arena, capacity);
    return true;
}

bool liquid_filters_push(struct liquid_call *call, struct value list, struct value item)
{
    if (list.list->count == list.list->capacity &&
        !liquid_run_fits(call->run, sizeof item * 2 * list.list->capacity))
        return false;
    value_push(call->run->arena, list, item);
    return true;
}

static uint32_t count_flat(const struct value_list *list, bool *nested)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < list->count; i++)
        if (list->items[i].kind == VALUE_LIST) {
            *nested = true;
            count += count_flat(list->items[i].list, nested);
        } else {
            count++;
        }
    return count;
}

static struct value *flatten(struct value *to, const struct value_list *list)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (list->items[i].kind == VALUE_LIST)
            to = flatten(to, list->items[i].list);
        else
            *to++ = list->items[i];
    return to;
}

static bool range_items(struct liquid_call *call, const struct value *input,
                        struct liquid_items *items)
{
    struct liquid_series series = liquid_loop_series(input);
    uint64_t steps = (uint64_t)series.count;
    if (!liquid_run_step(call->run, steps < INT32_MAX ? steps : INT32_MAX))
        return false;
    struct value *copy = liquid_run_room(call->run, sizeof *copy * (size_t)series.count);
    for (int64_t i = 0; copy && i < series.count; i++)
        liquid_loop_item(call->run, &series, i, &copy[i]);
    *items = (struct liquid_items){copy, (uint32_t)series.count};
    return copy;
}

bool liquid_filters_items(struct liquid_call *call, const struct value *input,
                          struct liquid_items *items)
{
    *items = (struct liquid_items){input, input->kind != VALUE_NULL};
    if (liquid_is(input, LIQUID_EXTENSION_RANGE))
        return range_items(call, input, items);
    if (input->kind != VALUE_LIST)
        return true;
    bool nested = false;
    uint32_t count = count_flat(input->list, &nested);
    if (!liquid_run_step(call->run, count / 8))
        return false;
    *items = (struct liquid_items){input->list->items, count};
    if (!nested)
        return true;
    struct value *copy = liquid_run_room(call->run, sizeof *copy * count);
    if (!copy)
        return false;
    flatten(copy, input->list);
    items->items = copy;
    return true;
}
