/* Optional values: optional.of, hasValue, or, optMap (cel-go, cel/library.go). */
#include "cel/cel_compare.h"
#include "cel/cel_function.h"
#include "cel/cel_run.h"
#include "cel/cel_value.h"

bool cel_eval_optional_map(struct cel_run *run, const struct cel_node *node, struct value *result)
{
    struct value optional, mapped;
    if (!cel_run_node(run, node->children[0], &optional))
        return false;
    if (cel_kind(&optional) != CEL_KIND_OPTIONAL)
        return cel_fail_with(run, node, "%a is no optional", &optional, &optional);
    if (!optional.other) {
        *result = optional;
        return true;
    }
    run->locals[node->slot] = *(const struct value *)optional.other;
    if (!cel_run_node(run, node->children[1], &mapped))
        return false;
    if (!(node->flags & CEL_FLAG_FLAT))
        *result = cel_optional_of(run->arena, &mapped);
    else if (cel_kind(&mapped) == CEL_KIND_OPTIONAL)
        *result = mapped;
    else
        return cel_fail_with(run, node->children[1], "optFlatMap() makes %a, no optional", &mapped,
                             &mapped);
    return true;
}

bool cel_eval_or_else(struct cel_run *run, const struct cel_node *node, struct value *result)
{
    struct value optional;
    bool unwrap = node->flags & CEL_FLAG_UNWRAP;
    if (!cel_run_node(run, node->children[0], &optional))
        return false;
    if (cel_kind(&optional) != CEL_KIND_OPTIONAL)
        return cel_fail_with(run, node, "%a is no optional", &optional, &optional);
    if (optional.other) {
        *result = unwrap ? *(const struct value *)optional.other : optional;
        return true;
    }
    if (!cel_run_node(run, node->children[1], result))
        return false;
    if (!unwrap && cel_kind(result) != CEL_KIND_OPTIONAL)
        return cel_fail_with(run, node->children[1], "or() takes an optional, not %a", result,
                             result);
    return true;
}

static bool optional_none(struct cel_call *call)
{
    *call->result = cel_optional_none();
    return true;
}

static bool optional_of(struct cel_call *call)
{
    *call->result = cel_optional_of(call->run->arena, &call->arguments[0]);
    return true;
}

static bool is_zero(const struct value *value)
{
    switch (cel_kind(value)) {
    case VALUE_NULL:
        return true;
    case VALUE_BOOL:
        return !value->boolean;
    case VALUE_INT:
    case VALUE_UINT:
        return value->integer == 0;
    case VALUE_DOUBLE:
        return value->real == 0;
    case VALUE_STRING:
    case VALUE_BYTES:
        return value->length == 0;
    case VALUE_LIST:
    case VALUE_MAP:
        return value_count(value) == 0;
    case VALUE_TIMESTAMP:
    case VALUE_DURATION:
        return value->integer == 0 && value->length == 0;
    case CEL_KIND_OPTIONAL:
        return value->other == NULL;
    case CEL_KIND_DECIMAL: {
        struct value zero = value_int(0);
        return cel_compare(value, &zero) == CEL_ORDER_EQUAL;
    }
    default:
        return false;
    }
}

static bool optional_of_non_zero(struct cel_call *call)
{
    const struct value *value = &call->arguments[0];
    *call->result = is_zero(value) ? cel_optional_none() : cel_optional_of(call->run->arena, value);
    return true;
}

static bool optional_has_value(struct cel_call *call)
{
    *call->result = value_bool(call->arguments[0].other != NULL);
    return true;
}

static bool optional_value(struct cel_call *call)
{
    const struct value *inner = call->arguments[0].other;
    if (!inner)
        return cel_call_fail(call, "value() of an optional that has none");
    *call->result = *inner;
    return true;
}

static bool optional_unwrap(struct cel_call *call)
{
    const struct value_list *list = call->arguments[0].list;
    if (!cel_spend(call->run, call->node, list->count))
        return false;
    *call->result = value_new_list(call->run->arena, list->count);
    for (uint32_t i = 0; i < list->count; i++) {
        const struct value *item = &list->items[i];
        if (cel_kind(item) != CEL_KIND_OPTIONAL)
            return cel_fail_with(call->run, call->node, "%f() of a list that holds %a", item, item);
        if (item->other)
            value_push(call->run->arena, *call->result, *(const struct value *)item->other);
    }
    return true;
}

static bool list_first(struct cel_call *call)
{
    const struct value_list *list = call->arguments[0].list;
    *call->result =
        list->count ? cel_optional_of(call->run->arena, &list->items[0]) : cel_optional_none();
    return true;
}

static bool list_last(struct cel_call *call)
{
    const struct value_list *list = call->arguments[0].list;
    *call->result = list->count ? cel_optional_of(call->run->arena, &list->items[list->count - 1])
                                : cel_optional_none();
    return true;
}

const struct cel_function cel_functions_optional[] = {
    {"optional.none", ">O", optional_none, "an optional without a value"},
    {"optional.of", "A>O", optional_of, "an optional with that value"},
    {"optional.ofNonZeroValue", "A>O", optional_of_non_zero,
     "likewise; without one for 0, \"\", false, null, [] and {}"},
    {"optional.unwrap", "l>l", optional_unwrap, "the values of a list's optionals that have one"},
    {"unwrapOpt", "l.>l", optional_unwrap, "the values of a list's optionals that have one"},
    {"hasValue", "O.>b", optional_has_value, "whether the optional has a value"},
    {"value", "O.>A", optional_value, "the optional's value; an error where it has none"},
    {"first", "l.>O", list_first, "the list's first element, if it has one"},
    {"last", "l.>O", list_last, "the list's last element, if it has one"},
    {0},
};
