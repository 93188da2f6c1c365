#include "liquid/liquid_evaluate.h"

#include "liquid/liquid_member.h"
#include "liquid/liquid_number.h"
#include "liquid/liquid_scope.h"
#include "liquid/liquid_text.h"
#include "liquid/liquid_value.h"

bool liquid_evaluate_plain(struct liquid_run *run, const struct liquid_expression *expression,
                           struct value *value)
{
    return liquid_evaluate(run, expression, value) && liquid_text_plain(run, value);
}

static bool range_bound(struct liquid_run *run, const struct liquid_expression *expression,
                        int64_t *bound)
{
    struct value value;
    if (!liquid_evaluate_plain(run, expression, &value))
        return false;
    if (value.kind == VALUE_STRING) {
        struct liquid_number number = liquid_number_text(value.string, value.length);
        *bound = liquid_number_truncate(&number);
        return true;
    }
    if (value.kind == VALUE_NULL) {
        *bound = 0;
        return true;
    }
    if (liquid_value_integer(&value, bound))
        return true;
    liquid_fail(run, "a range needs integers");
    return liquid_run_place(run, expression->offset);
}

/* The name of a path that begins with one in brackets; `text` NULL where it is no string. */
static bool evaluate_root(struct liquid_run *run, const struct liquid_expression *path,
                          struct liquid_name *name)
{
    struct value root;
    *name = (struct liquid_name){0};
    if (!liquid_evaluate_plain(run, path->root, &root))
        return false;
    if (root.kind == VALUE_STRING)
        *name = liquid_name_of(root.string, root.length);
    return true;
}

static bool take_command(struct liquid_run *run, enum liquid_command command, struct value *value)
{
    struct value from = *value;
    if (command != LIQUID_SIZE)
        return liquid_member_end(run, &from, command == LIQUID_LAST, value);
    if (!liquid_text_plain(run, &from))
        return false;
    int64_t size = liquid_value_size(&from);
    *value = size < 0 ? value_null() : value_int(size);
    return true;
}

/* The member, or else `.size`, `.first`, `.last`; nil where there is nothing. */
static bool take_step(struct liquid_run *run, const struct liquid_step *step, struct value *value)
{
    struct value member;
    if (step->name.text) {
        if (liquid_member_named(run, value, &step->name, &member))
            *value = member;
        else if (step->command)
            return take_command(run, step->command, value);
        else
            *value = value_null();
        return true;
    }
    struct value key;
    if (!liquid_evaluate_plain(run, step->index, &key))
        return false;
    *value = liquid_member_get(run, value, &key, &member) ? member : value_null();
    return true;
}

/* From member to member without copies, as long as they are members of maps. */
static bool evaluate_path(struct liquid_run *run, const struct liquid_expression *path,
                          struct value *value)
{
    static const struct value nil = {.kind = VALUE_NULL};
    const struct liquid_name *name = &path->name;
    struct liquid_name computed;
    if (!name->text) {
        if (!evaluate_root(run, path, &computed))
            return false;
        name = &computed;
    }
    const struct value *at = name->text ? liquid_scope_variable(run, run->scope, name) : NULL;
    if (!at)
        at = &nil;
    for (uint32_t i = 0; i < path->step_count; i++) {
        const struct liquid_step *step = &path->steps[i];
        const struct value *member = NULL;
        if (step->name.text)
            member = value_find(at, step->name.text, step->name.length);
        if (member) {
            at = member;
            continue;
        }
        *value = *at;
        if (!take_step(run, step, value))
            return false;
        at = value;
    }
    *value = *at;
    return true;
}

bool liquid_evaluate(struct liquid_run *run, const struct liquid_expression *expression,
                     struct value *value)
{
    switch ((enum liquid_expression_kind)expression->kind) {
    case LIQUID_CONSTANT:
    case LIQUID_EMPTY:
    case LIQUID_BLANK:
        *value = expression->constant;
        return true;
    case LIQUID_PATH:
        return evaluate_path(run, expression, value);
    case LIQUID_RANGE:
        break;
    }
    int64_t from, to;
    if (!range_bound(run, expression->from, &from) || !range_bound(run, expression->to, &to))
        return false;
    if (!liquid_run_fits(run, 0))
        return false;
    *value = liquid_value_range(run->arena, from, to);
    return true;
}
