#include "cel/cel_lists.h"

#include <string.h>

#include "cel/cel_compare.h"
#include "cel/cel_function.h"
#include "cel/cel_value.h"

/* ---- Sorting ---- */

/* Merges the sorted runs [from, middle) and [middle, to) of groups into `out`. */
static void merge(const struct value *items, struct value *out, uint32_t from, uint32_t middle,
                  uint32_t to, uint32_t width)
{
    uint32_t left = from, right = middle;
    for (uint32_t at = from; at < to; at++) {
        bool take_left = right >= to ||
                         (left < middle && cel_compare(&items[left * width],
                                                       &items[right * width]) != CEL_ORDER_GREATER);
        uint32_t taken = take_left ? left++ : right++;
        memcpy(&out[at * width], &items[taken * width], sizeof *items * width);
    }
}

bool cel_sort(struct cel_run *run, const struct cel_node *node, struct value *items, uint32_t count,
              uint32_t width)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct value *key = &items[i * width];
        if (!cel_comparable(cel_kind(&items[0]), cel_kind(key)) ||
            cel_compare(key, key) != CEL_ORDER_EQUAL)
            return cel_fail_with(run, node, "%a and %b cannot be sorted", &items[0], key);
    }
    if (count < 2)
        return true;
    if (!cel_spend(run, node, (int64_t)count * 8))
        return false;
    struct value *from = items, *to = arena_alloc(run->arena, sizeof *items * count * width);
    for (uint32_t size = 1; size < count; size *= 2) {
        for (uint32_t at = 0; at < count; at += 2 * size) {
            uint32_t middle = at + size < count ? at + size : count;
            uint32_t end = at + 2 * size < count ? at + 2 * size : count;
            merge(from, to, at, middle, end, width);
        }
        struct value *swap = from;
        from = to;
        to = swap;
    }
    if (from != items)
        memcpy(items, from, sizeof *items * count * width);
    return true;
}

static struct value copy_list(struct cel_run *run, const struct value *list, uint32_t from,
                              uint32_t count)
{
    struct value copy = value_new_list(run->arena, count);
    if (count)
        memcpy(copy.list->items, list->list->items + from, sizeof *copy.list->items * count);
    copy.list->count = count;
    return copy;
}

static bool list_sort(struct cel_call *call)
{
    const struct value *list = &call->arguments[0];
    if (!cel_spend(call->run, call->node, list->list->count))
        return false;
    *call->result = copy_list(call->run, list, 0, list->list->count);
    return cel_sort(call->run, call->node, call->result->list->items, list->list->count, 1);
}

static bool list_reverse(struct cel_call *call)
{
    const struct value_list *list = call->arguments[0].list;
    if (!cel_spend(call->run, call->node, list->count))
        return false;
    *call->result = value_new_list(call->run->arena, list->count);
    for (uint32_t i = list->count; i > 0; i--)
        value_push(call->run->arena, *call->result, list->items[i - 1]);
    return true;
}

static bool list_slice(struct cel_call *call)
{
    const struct value *list = &call->arguments[0];
    int64_t from = call->arguments[1].integer, to = call->arguments[2].integer;
    if (from < 0 || to < from || to > list->list->count)
        return cel_call_fail(call, "slice() is out of the list's range");
    if (!cel_spend(call->run, call->node, to - from))
        return false;
    *call->result = copy_list(call->run, list, (uint32_t)from, (uint32_t)(to - from));
    return true;
}

static bool holds(struct cel_call *call, const struct value_list *list, const struct value *item)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (cel_equal(&list->items[i], item, &call->run->budget))
            return true;
    return false;
}

static bool list_distinct(struct cel_call *call)
{
    const struct value_list *list = call->arguments[0].list;
    *call->result = value_new_list(call->run->arena, 0);
    for (uint32_t i = 0; i < list->count && call->run->budget >= 0; i++)
        if (!holds(call, call->result->list, &list->items[i]))
            value_push(call->run->arena, *call->result, list->items[i]);
    return cel_spend(call->run, call->node, list->count);
}

static bool flatten(struct cel_call *call, const struct value_list *list, int64_t depth)
{
    if (!cel_spend(call->run, call->node, list->count))
        return false;
    for (uint32_t i = 0; i < list->count; i++) {
        const struct value *item = &list->items[i];
        if (item->kind != VALUE_LIST || depth == 0)
            value_push(call->run->arena, *call->result, *item);
        else if (!flatten(call, item->list, depth - 1))
            return false;
    }
    return true;
}

static bool list_flatten(struct cel_call *call)
{
    int64_t depth = call->count == 2 ? call->arguments[1].integer : 1;
    if (depth < 0)
        return cel_call_fail(call, "flatten() takes no negative depth");
    *call->result = value_new_list(call->run->arena, 0);
    return flatten(call, call->arguments[0].list, depth);
}

static bool lists_range(struct cel_call *call)
{
    int64_t count = call->arguments[0].integer;
    if (count < 0)
        count = 0;
    if (!cel_spend(call->run, call->node, count))
        return false;
    *call->result = value_new_list(call->run->arena, (uint32_t)count);
    for (int64_t i = 0; i < count; i++)
        value_push(call->run->arena, *call->result, value_int(i));
    return true;
}

/* ---- Sets ---- */

/* Whether each (or, `any`: one) of b's elements is among a's. */
static bool overlap(struct cel_call *call, const struct value *a, const struct value *b, bool any)
{
    for (uint32_t i = 0; i < b->list->count && call->run->budget >= 0; i++)
        if (holds(call, a->list, &b->list->items[i]) == any)
            return any;
    return !any;
}

static bool sets_contains(struct cel_call *call)
{
    *call->result = value_bool(overlap(call, &call->arguments[0], &call->arguments[1], false));
    return cel_spend(call->run, call->node, 1);
}

static bool sets_intersects(struct cel_call *call)
{
    *call->result = value_bool(overlap(call, &call->arguments[0], &call->arguments[1], true));
    return cel_spend(call->run, call->node, 1);
}

static bool sets_equivalent(struct cel_call *call)
{
    const struct value *a = &call->arguments[0], *b = &call->arguments[1];
    *call->result = value_bool(overlap(call, a, b, false) && overlap(call, b, a, false));
    return cel_spend(call->run, call->node, 1);
}

const struct cel_function cel_functions_lists[] = {
    {"distinct", "l.>l", list_distinct, "the list with each value once"},
    {"flatten", "l.>l", list_flatten, "lists within the list, put in their place"},
    {"flatten", "l.i>l", list_flatten, "likewise, so many levels deep"},
    {"lists.range", "i>l", lists_range, "[0, 1, …, n - 1]"},
    {"reverse", "l.>l", list_reverse, "the list, last element first"},
    {"slice", "l.ii>l", list_slice, "the elements from the first index up to the second"},
    {"sort", "l.>l", list_sort, "the list, least element first"},
    {"sets.contains", "ll>b", sets_contains, "all elements of the second are in the first"},
    {"sets.equivalent", "ll>b", sets_equivalent, "each holds all elements of the other"},
    {"sets.intersects", "ll>b", sets_intersects, "they have an element in common"},
    {0},
};
