/*
 * `forloop` and `tablerowloop`, and what loops go over.
 */
#ifndef NUDGED_LIQUID_LIQUID_LOOP_H
#define NUDGED_LIQUID_LIQUID_LOOP_H

#include "base/slice.h"
#include "liquid/liquid_run.h"

struct liquid_loop {
    struct slice name; /* "item-order.items" */
    int64_t index, length;
    const struct liquid_loop *parent; /* or NULL */
};

struct liquid_table {
    int64_t index, length;
    int64_t row, column, columns;
};

struct value liquid_loop_value(struct liquid_loop *loop);
struct value liquid_loop_table_value(struct liquid_table *table);

/* `forloop.index` and its like; nil for a name that there is not. */
void liquid_loop_member(const struct value *value, const struct slice *name, struct value *member);

/* What a loop goes over: the items of a list, the numbers of a range, the [key, value]
 * pairs of a map, a string once (where it is not empty). */
struct liquid_series {
    const struct value *from;
    int64_t count; /* 0 for what is none of these */
};

struct liquid_series liquid_loop_series(const struct value *value);
/* The part that a loop goes through: `count` items from *from on, where `limit` and *from
 * may be any numbers (INT64_MAX: no limit). A string is always gone through whole. */
int64_t liquid_loop_cut(const struct liquid_series *series, int64_t limit, int64_t *from);
/* False where memory ran out. */
bool liquid_loop_item(struct liquid_run *run, const struct liquid_series *series, int64_t index,
                      struct value *item);

#endif
