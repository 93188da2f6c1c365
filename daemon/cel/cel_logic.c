/* Literals, containers, logic and the conditional. */
#include "cel/cel_compare.h"
#include "cel/cel_run.h"
#include "cel/cel_value.h"

bool cel_eval_constant(struct cel_run *run, const struct cel_node *node, struct value *result)
{
    (void)run;
    *result = node->value;
    return true;
}

bool cel_eval_unknown(struct cel_run *run, const struct cel_node *node, struct value *result)
{
    (void)result;
    return cel_fail(run, node, node->value.string);
}

/* An element or entry marked with `?`: its value, `present`, or false after cel_fail. */
static bool take_optional(struct cel_run *run, const struct cel_node *node, struct value *value,
                          bool *present)
{
    if (cel_kind(value) != CEL_KIND_OPTIONAL)
        return cel_fail_with(run, node, "%a where an optional is expected after `?`", value, value);
    *present = value->other != NULL;
    if (*present)
        *value = *(const struct value *)value->other;
    return true;
}

bool cel_eval_list(struct cel_run *run, const struct cel_node *node, struct value *result)
{
    if (!cel_spend(run, node, node->count))
        return false;
    struct value list = value_new_list(run->arena, node->count);
    for (uint32_t i = 0; i < node->count; i++) {
        const struct cel_node *child = node->children[i];
        struct value item;
        bool present = true;
        if (!cel_run_node(run, child, &item))
            return false;
        if ((child->flags & CEL_FLAG_ENTRY) && !take_optional(run, child, &item, &present))
            return false;
        if (present)
            list.list->items[list.list->count++] = item;
    }
    *result = list;
    return true;
}

/* A number of a document is a key by what it says: 80.0 is 80. */
static bool check_key(struct cel_run *run, const struct cel_node *node, const struct value *map,
                      struct value *key)
{
    if (cel_is_flexible(key) && key->kind == VALUE_DOUBLE) {
        int64_t whole;
        if (value_to_int(key, &whole))
            *key = value_int(whole);
    }
    if (!cel_is_key(key))
        return cel_fail_with(run, node, "%a cannot be a key of a map", key, key);
    if (cel_map_find(map, key, &run->budget))
        return cel_fail_with(run, node, "the key %v is in the map twice", key, key);
    return cel_spend(run, node, 1);
}

bool cel_map_add(struct cel_run *run, const struct cel_node *node, struct value map,
                 struct value *key, const struct value *value)
{
    if (!check_key(run, node, &map, key))
        return false;
    value_add(run->arena, map, *key, *value);
    return true;
}

bool cel_eval_map(struct cel_run *run, const struct cel_node *node, struct value *result)
{
    struct value map = value_new_map(run->arena, node->count / 2);
    for (uint32_t i = 0; i < node->count; i += 2) {
        const struct cel_node *first = node->children[i], *second = node->children[i + 1];
        struct value key, value;
        bool present = true;
        if (!cel_run_node(run, first, &key) || !cel_run_node(run, second, &value))
            return false;
        if ((first->flags & CEL_FLAG_ENTRY) && !take_optional(run, second, &value, &present))
            return false;
        if (present && !cel_map_add(run, first, map, &key, &value))
            return false;
    }
    *result = map;
    return true;
}

/* ---- Logic ---- */

bool cel_eval_not(struct cel_run *run, const struct cel_node *node, struct value *result)
{
    struct value value;
    if (!cel_run_node(run, node->children[0], &value))
        return false;
    if (value.kind != VALUE_BOOL)
        return cel_fail_with(run, node, "no such operation: !%a", &value, &value);
    *result = value_bool(!value.boolean);
    return true;
}

/* One operand that is `decisive` decides, whatever the others say or however they
 * fail; else the first failure is the result's. */
static bool evaluate_row(struct cel_run *run, const struct cel_node *node, bool decisive,
                         struct value *result)
{
    struct cel_error error;
    bool failed = false;
    for (uint32_t i = 0; i < node->count; i++) {
        struct value value;
        bool fine = cel_run_node(run, node->children[i], &value);
        if (fine && value.kind == VALUE_BOOL) {
            if (value.boolean == decisive) {
                *result = value;
                return true;
            }
            continue;
        }
        if (fine)
            cel_fail_with(run, node->children[i], "%a is no condition", &value, &value);
        if (run->budget < 0)
            return false;
        if (!failed)
            error = run->error;
        failed = true;
    }
    if (failed)
        run->error = error;
    else
        *result = value_bool(!decisive);
    return !failed;
}

bool cel_eval_and(struct cel_run *run, const struct cel_node *node, struct value *result)
{
    return evaluate_row(run, node, false, result);
}

bool cel_eval_or(struct cel_run *run, const struct cel_node *node, struct value *result)
{
    return evaluate_row(run, node, true, result);
}

bool cel_eval_conditional(struct cel_run *run, const struct cel_node *node, struct value *result)
{
    struct value test;
    if (!cel_run_node(run, node->children[0], &test))
        return false;
    if (test.kind != VALUE_BOOL)
        return cel_fail_with(run, node->children[0], "%a is no condition", &test, &test);
    return cel_run_node(run, node->children[test.boolean ? 1 : 2], result);
}
