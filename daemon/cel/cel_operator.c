/*
 * The operators on values, and their evaluators. operate() hands + - * / % to the module of the
 * operands' types: numbers, times, decimals; strings and lists are joined here. Order and
 * equality are cel_compare's; each has an evaluator of its own, so that the operator is not
 * asked for again in every run.
 */
#include <string.h>

#include "cel/cel_compare.h"
#include "cel/cel_decimal.h"
#include "cel/cel_number.h"
#include "cel/cel_run.h"
#include "cel/cel_time.h"
#include "cel/cel_value.h"

static const char no_operation[] = "no such operation: %a %o %b";

/* a + b of two strings or two byte sequences. */
static bool join_bytes(struct cel_run *run, const struct cel_node *node, const struct value *a,
                       const struct value *b, struct value *result)
{
    if (a->length == 0 || b->length == 0) {
        *result = a->length ? *a : *b;
        return true;
    }
    size_t length = (size_t)a->length + b->length;
    if (length > CEL_STRING_MOST)
        return cel_fail(run, node, "the string is too long");
    if (!cel_spend_bytes(run, node, length))
        return false;
    char *bytes = arena_alloc(run->arena, length + 1);
    memcpy(bytes, a->string, a->length);
    memcpy(bytes + a->length, b->string, b->length);
    bytes[length] = '\0';
    *result = value_string(bytes, length);
    result->kind = a->kind;
    return true;
}

static bool join_lists(struct cel_run *run, const struct cel_node *node, const struct value *a,
                       const struct value *b, struct value *result)
{
    uint32_t count = a->list->count + b->list->count;
    if (!cel_spend(run, node, count))
        return false;
    *result = value_new_list(run->arena, count);
    if (a->list->count)
        memcpy(result->list->items, a->list->items, sizeof *a->list->items * a->list->count);
    if (b->list->count)
        memcpy(result->list->items + a->list->count, b->list->items,
               sizeof *b->list->items * b->list->count);
    result->list->count = count;
    return true;
}

static bool is_time(const struct value *value)
{
    return value->kind == VALUE_TIMESTAMP || value->kind == VALUE_DURATION;
}

static bool operate(struct cel_run *run, const struct cel_node *node, enum cel_operator op,
                    const struct value *a, const struct value *b, struct value *result)
{
    const char *fault = no_operation;
    if (cel_is_number(a) && cel_is_number(b))
        fault = cel_number_operate(op, a, b, result);
    else if (cel_kind(a) == CEL_KIND_DECIMAL || cel_kind(b) == CEL_KIND_DECIMAL)
        fault = cel_decimal_operate(run->arena, op, a, b, result);
    else if (is_time(a) && is_time(b))
        fault = cel_time_operate(op, a, b, result);
    else if (op == CEL_ADD && a->kind == b->kind &&
             (a->kind == VALUE_STRING || a->kind == VALUE_BYTES))
        return join_bytes(run, node, a, b, result);
    else if (op == CEL_ADD && a->kind == VALUE_LIST && b->kind == VALUE_LIST)
        return join_lists(run, node, a, b, result);
    return fault ? cel_fail_with(run, node, fault, a, b) : true;
}

/* Both operands; false where one fails. */
static bool operands(struct cel_run *run, const struct cel_node *node, struct value *a,
                     struct value *b)
{
    return cel_run_node(run, node->children[0], a) && cel_run_node(run, node->children[1], b);
}

bool cel_eval_binary(struct cel_run *run, const struct cel_node *node, struct value *result)
{
    struct value a, b;
    return operands(run, node, &a, &b) && operate(run, node, node->op, &a, &b, result);
}

bool cel_eval_negate(struct cel_run *run, const struct cel_node *node, struct value *result)
{
    struct value a;
    if (!cel_run_node(run, node->children[0], &a))
        return false;
    const char *fault = "no such operation: -%a";
    if (cel_is_number(&a))
        fault = cel_number_negate(&a, result);
    else if (cel_kind(&a) == CEL_KIND_DECIMAL)
        fault = cel_decimal_negate(run->arena, &a, result);
    else if (a.kind == VALUE_DURATION)
        fault = cel_time_operate(CEL_SUBTRACT, &(struct value){.kind = VALUE_DURATION}, &a, result);
    return fault ? cel_fail_with(run, node, fault, &a, &a) : true;
}

/* Order. Numbers that cannot be compared (NaN) are neither less nor more. */
static bool compare(struct cel_run *run, const struct cel_node *node, const struct value *a,
                    const struct value *b, enum cel_order *order)
{
    if (cel_is_number(a) && cel_is_number(b)) {
        *order = cel_number_compare(a, b);
        return true;
    }
    if (!cel_comparable(cel_kind(a), cel_kind(b)))
        return cel_fail_with(run, node, no_operation, a, b);
    *order = cel_compare(a, b);
    return true;
}

static bool evaluate_order(struct cel_run *run, const struct cel_node *node, enum cel_order *order)
{
    struct value a, b;
    return operands(run, node, &a, &b) && compare(run, node, &a, &b, order);
}

bool cel_eval_less(struct cel_run *run, const struct cel_node *node, struct value *result)
{
    enum cel_order order;
    if (!evaluate_order(run, node, &order))
        return false;
    *result = value_bool(order == CEL_ORDER_LESS);
    return true;
}

bool cel_eval_less_equal(struct cel_run *run, const struct cel_node *node, struct value *result)
{
    enum cel_order order;
    if (!evaluate_order(run, node, &order))
        return false;
    *result = value_bool(order == CEL_ORDER_LESS || order == CEL_ORDER_EQUAL);
    return true;
}

bool cel_eval_greater(struct cel_run *run, const struct cel_node *node, struct value *result)
{
    enum cel_order order;
    if (!evaluate_order(run, node, &order))
        return false;
    *result = value_bool(order == CEL_ORDER_GREATER);
    return true;
}

bool cel_eval_greater_equal(struct cel_run *run, const struct cel_node *node, struct value *result)
{
    enum cel_order order;
    if (!evaluate_order(run, node, &order))
        return false;
    *result = value_bool(order == CEL_ORDER_GREATER || order == CEL_ORDER_EQUAL);
    return true;
}

/* ---- Equality ---- */

static bool evaluate_equal(struct cel_run *run, const struct cel_node *node, bool *equal)
{
    struct value a, b;
    if (!operands(run, node, &a, &b))
        return false;
    *equal = cel_equal(&a, &b, &run->budget);
    return cel_spend(run, node, 0);
}

bool cel_eval_equal(struct cel_run *run, const struct cel_node *node, struct value *result)
{
    bool equal;
    if (!evaluate_equal(run, node, &equal))
        return false;
    *result = value_bool(equal);
    return true;
}

bool cel_eval_unequal(struct cel_run *run, const struct cel_node *node, struct value *result)
{
    bool equal;
    if (!evaluate_equal(run, node, &equal))
        return false;
    *result = value_bool(!equal);
    return true;
}

static bool contains(struct cel_run *run, const struct cel_node *node, const struct value *item,
                     const struct value *container, struct value *result)
{
    bool found = false;
    if (container->kind == VALUE_MAP) {
        found = cel_map_find(container, item, &run->budget) != NULL;
    } else if (container->kind == VALUE_LIST) {
        const struct value_list *list = container->list;
        for (uint32_t i = 0; i < list->count && !found; i++)
            found = cel_equal(item, &list->items[i], &run->budget);
    } else {
        return cel_fail_with(run, node, "`in` looks into a list or a map, not %b", item, container);
    }
    *result = value_bool(found);
    return cel_spend(run, node, 0);
}

bool cel_eval_in(struct cel_run *run, const struct cel_node *node, struct value *result)
{
    struct value item, container;
    return operands(run, node, &item, &container) && contains(run, node, &item, &container, result);
}
