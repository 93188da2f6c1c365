#include "liquid/liquid_loop.h"

#include "liquid/liquid_value.h"

struct value liquid_loop_value(struct liquid_loop *loop)
{
    return (struct value){.kind = VALUE_EXTENSION, .length = LIQUID_EXTENSION_LOOP, .other = loop};
}

struct value liquid_loop_table_value(struct liquid_table *table)
{
    return (struct value){
        .kind = VALUE_EXTENSION, .length = LIQUID_EXTENSION_TABLE, .other = table};
}

enum member {
    NO_MEMBER,
    INDEX,
    INDEX0,
    RINDEX,
    RINDEX0,
    FIRST,
    LAST,
    LENGTH,
    NAME, /* of `forloop` only, as the next */
    PARENT,
    COL, /* of `tablerowloop` only, as the next ones */
    COL0,
    COL_FIRST,
    COL_LAST,
    ROW,
};

static enum member find_member(const struct slice *name)
{
    static const char *const names[] = {
        [INDEX] = "index",       [INDEX0] = "index0", [RINDEX] = "rindex",
        [RINDEX0] = "rindex0",   [FIRST] = "first",   [LAST] = "last",
        [LENGTH] = "length",     [NAME] = "name",     [PARENT] = "parentloop",
        [COL] = "col",           [COL0] = "col0",     [COL_FIRST] = "col_first",
        [COL_LAST] = "col_last", [ROW] = "row",
    };
    for (enum member i = INDEX; i <= ROW; i++)
        if (slice_is(*name, names[i]))
            return i;
    return NO_MEMBER;
}

/* What both have; nil else. */
static struct value shared_member(enum member member, int64_t index, int64_t length)
{
    switch (member) {
    case INDEX:
        return value_int(index + 1);
    case INDEX0:
        return value_int(index);
    case RINDEX:
        return value_int(length - index);
    case RINDEX0:
        return value_int(length - index - 1);
    case FIRST:
        return value_bool(index == 0);
    case LAST:
        return value_bool(index == length - 1);
    case LENGTH:
        return value_int(length);
    default:
        return value_null();
    }
}

static struct value table_member(enum member member, const struct liquid_table *table)
{
    switch (member) {
    case COL:
        return value_int(table->column);
    case COL0:
        return value_int(table->column - 1);
    case COL_FIRST:
        return value_bool(table->column == 1);
    case COL_LAST:
        return value_bool(table->column == table->columns);
    case ROW:
        return value_int(table->row);
    default:
        return shared_member(member, table->index, table->length);
    }
}

void liquid_loop_member(const struct value *value, const struct slice *name, struct value *member)
{
    enum member which = find_member(name);
    if (liquid_is(value, LIQUID_EXTENSION_TABLE)) {
        *member = table_member(which, value->other);
        return;
    }
    const struct liquid_loop *loop = value->other;
    if (which == NAME)
        *member = value_string(loop->name.text, loop->name.length);
    else if (which == PARENT)
        *member =
            loop->parent ? liquid_loop_value((struct liquid_loop *)loop->parent) : value_null();
    else
        *member = shared_member(which, loop->index, loop->length);
}

struct liquid_series liquid_loop_series(const struct value *value)
{
    struct liquid_series series = {.from = value};
    if (value->kind == VALUE_STRING)
        series.count = value->length > 0;
    else if (value->kind == VALUE_LIST || value->kind == VALUE_MAP)
        series.count = value_count(value);
    else if (liquid_is(value, LIQUID_EXTENSION_RANGE))
        series.count = liquid_value_size(value);
    return series;
}

int64_t liquid_loop_cut(const struct liquid_series *series, int64_t limit, int64_t *from)
{
    int64_t end;
    if (limit == INT64_MAX || __builtin_add_overflow(*from, limit, &end) || end > series->count)
        end = series->count;
    if (*from < 0)
        *from = 0;
    if (series->from->kind == VALUE_STRING) {
        *from = 0;
        return series->count;
    }
    return end > *from ? end - *from : 0;
}

bool liquid_loop_item(struct liquid_run *run, const struct liquid_series *series, int64_t index,
                      struct value *item)
{
    const struct value *from = series->from;
    if (from->kind == VALUE_LIST) {
        *item = from->list->items[index];
    } else if (from->kind == VALUE_MAP) {
        struct value_list *pair = liquid_run_room(run, sizeof *pair + 2 * sizeof *pair->items);
        if (!pair)
            return false;
        *pair = (struct value_list){.count = 2, .capacity = 2, .items = (void *)(pair + 1)};
        pair->items[0] = from->map->members[index].key;
        pair->items[1] = from->map->members[index].value;
        *item = (struct value){.kind = VALUE_LIST, .list = pair};
    } else if (from->kind == VALUE_STRING) {
        *item = *from;
    } else {
        const struct liquid_range *range = from->other;
        *item = value_int(range->from + index);
    }
    return true;
}
