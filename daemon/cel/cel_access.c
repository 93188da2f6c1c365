/*
 * Where values come from: names, members, elements. A path (order.customer.email), which most
 * of what rules ask is, walks from place to place without copying (cel_eval_path); what has an
 * optional in it goes step by step, as single selects do (select_member).
 */
#include <string.h>

#include "cel/cel_compare.h"
#include "cel/cel_number.h"
#include "cel/cel_run.h"
#include "cel/cel_time.h"
#include "cel/cel_value.h"

/* ---- Names ---- */

static bool is_absent(const struct value *value)
{
    return value->kind == VALUE_EXTENSION && value->length == CEL_ABSENT;
}

static bool is_late(const struct value *value)
{
    return value->kind == VALUE_EXTENSION && value->length == CEL_LATE;
}

/* Where the value of a root, member or local stands; NULL after cel_fail. */
static const struct value *place_of(struct cel_run *run, const struct cel_node *node)
{
    const struct value *value;
    if (node->kind == CEL_NODE_LOCAL)
        return &run->locals[node->slot];
    if (node->kind == CEL_NODE_ROOT) {
        value = run->input->roots ? &run->input->roots[node->slot] : NULL;
        if (value && is_late(value))
            run->input->bind(run->input->bind_context, node->slot);
        if (value && !is_absent(value))
            return value;
        cel_fail(run, node, "%n: not known here");
        return NULL;
    }
    value = value_find(run->input->members, node->value.string, node->value.length);
    if (!value)
        cel_fail(run, node, "%n: no such field");
    return value;
}

static bool copy_place(struct cel_run *run, const struct cel_node *node, struct value *result)
{
    const struct value *value = place_of(run, node);
    if (value)
        *result = *value;
    return value != NULL;
}

bool cel_eval_root(struct cel_run *run, const struct cel_node *node, struct value *result)
{
    return copy_place(run, node, result);
}

bool cel_eval_member(struct cel_run *run, const struct cel_node *node, struct value *result)
{
    return copy_place(run, node, result);
}

bool cel_eval_local(struct cel_run *run, const struct cel_node *node, struct value *result)
{
    *result = run->locals[node->slot];
    return true;
}

bool cel_eval_now(struct cel_run *run, const struct cel_node *node, struct value *result)
{
    int64_t ms = run->input->now_ms, seconds = ms / 1000;
    if (!cel_time_timestamp(seconds, (ms - seconds * 1000) * 1000000, result))
        return cel_fail(run, node, "the present time is out of range");
    return true;
}

/* Variables of cel.bind: evaluated when they are first read, so that a value that
 * fails does no harm where it is not needed. Until then the local is marked absent. */
bool cel_eval_bind(struct cel_run *run, const struct cel_node *node, struct value *result)
{
    run->locals[node->slot] = (struct value){.kind = VALUE_EXTENSION, .length = CEL_ABSENT};
    return cel_run_node(run, node->children[1], result);
}

bool cel_eval_bound(struct cel_run *run, const struct cel_node *node, struct value *result)
{
    struct value *local = &run->locals[node->slot];
    if (is_absent(local)) {
        struct value value;
        const struct cel_node *bind = node->special;
        if (!cel_run_node(run, bind->children[0], &value))
            return false;
        *local = value;
    }
    *result = *local;
    return true;
}

/* ---- Members ---- */

/* The member of a map; an optional one of it where that is asked for. */
static bool select_plain(struct cel_run *run, const struct cel_node *node,
                         const struct value *object, bool optional, struct value *result)
{
    if (object->kind != VALUE_MAP)
        return cel_fail_with(run, node, "%n: %a has no fields", object, object);
    const struct value *member = value_find(object, node->value.string, node->value.length);
    if (node->flags & CEL_FLAG_TEST)
        *result = value_bool(member != NULL);
    else if (optional)
        *result = member ? cel_optional_of(run->arena, member) : cel_optional_none();
    else if (member)
        *result = *member;
    else
        return cel_fail(run, node, "%n: no such field");
    return true;
}

/* Of an optional, an optional; of one that has no value, none. */
static bool select_member(struct cel_run *run, const struct cel_node *node,
                          const struct value *object, struct value *result)
{
    if (cel_kind(object) != CEL_KIND_OPTIONAL)
        return select_plain(run, node, object, node->flags & CEL_FLAG_OPTIONAL, result);
    if (object->other)
        return select_plain(run, node, object->other, true, result);
    *result = node->flags & CEL_FLAG_TEST ? value_bool(false) : cel_optional_none();
    return true;
}

bool cel_eval_select(struct cel_run *run, const struct cel_node *node, struct value *result)
{
    struct value object;
    return cel_run_node(run, node->children[0], &object) &&
           select_member(run, node, &object, result);
}

bool cel_eval_path(struct cel_run *run, const struct cel_node *node, struct value *result)
{
    const struct value *value = place_of(run, node->children[0]);
    if (!value)
        return false;
    for (uint32_t i = 1; i < node->count; i++) {
        const struct cel_node *step = node->children[i];
        if (value->kind != VALUE_MAP) {
            /* An optional, or nothing that has members: one step by the book. */
            struct value object = *value;
            for (; i < node->count; i++) {
                if (!select_member(run, node->children[i], &object, result))
                    return false;
                object = *result;
            }
            return true;
        }
        value = value_find(value, step->value.string, step->value.length);
        if (!value)
            return cel_fail(run, step, "%n: no such field");
    }
    *result = *value;
    return true;
}

/* ---- Elements ---- */

/* The element of a list, or NULL: out of range, or the index is no whole number. */
static const struct value *list_element(const struct value *list, const struct value *index,
                                        bool *fits)
{
    struct value at;
    *fits = cel_is_number(index);
    if (!*fits)
        return NULL;
    if (!cel_number_fit(index, VALUE_INT, &at)) {
        *fits = index->kind != VALUE_DOUBLE;
        return NULL;
    }
    if (at.integer < 0 || at.integer >= list->list->count)
        return NULL;
    return &list->list->items[at.integer];
}

static bool index_plain(struct cel_run *run, const struct cel_node *node,
                        const struct value *object, const struct value *index, bool optional,
                        struct value *result)
{
    const struct value *element = NULL;
    bool fits = true;
    if (object->kind == VALUE_LIST) {
        element = list_element(object, index, &fits);
    } else if (object->kind == VALUE_MAP) {
        element = cel_map_find(object, index, &run->budget);
        fits = cel_is_key(index) || cel_is_number(index);
        if (!cel_spend(run, node, 0))
            return false;
    } else {
        return cel_fail_with(run, node, "%n: %a has no elements", object, object);
    }
    if (!fits)
        return cel_fail_with(run, node, "%n: %b is no index of %a", object, index);
    if (optional)
        *result = element ? cel_optional_of(run->arena, element) : cel_optional_none();
    else if (element)
        *result = *element;
    else
        return cel_fail(run, node,
                        object->kind == VALUE_LIST ? "%n: index out of range" : "%n: no such key");
    return true;
}

bool cel_eval_index(struct cel_run *run, const struct cel_node *node, struct value *result)
{
    struct value object, index;
    if (!cel_run_node(run, node->children[0], &object) ||
        !cel_run_node(run, node->children[1], &index))
        return false;
    if (cel_kind(&object) != CEL_KIND_OPTIONAL)
        return index_plain(run, node, &object, &index, node->flags & CEL_FLAG_OPTIONAL, result);
    if (object.other)
        return index_plain(run, node, object.other, &index, true, result);
    *result = cel_optional_none();
    return true;
}

bool cel_eval_in_set(struct cel_run *run, const struct cel_node *node, struct value *result)
{
    struct value item;
    if (!cel_run_node(run, node->children[0], &item))
        return false;
    *result = value_bool(item.kind == VALUE_STRING &&
                         value_find(&node->value, item.string, item.length) != NULL);
    return true;
}
