#include "liquid/liquid_compare.h"

#include "liquid/liquid_evaluate.h"
#include "liquid/liquid_text.h"
#include "liquid/liquid_value.h"

static bool is_word(const struct liquid_expression *expression)
{
    return expression->kind == LIQUID_EMPTY || expression->kind == LIQUID_BLANK;
}

/* The words are tests, not values: each is equal to what passes it, not to itself. */
static bool equal_word(struct liquid_run *run, const struct liquid_expression *word,
                       const struct liquid_expression *other, bool *result)
{
    struct value value;
    *result = false;
    if (is_word(other))
        return true;
    if (!liquid_evaluate_plain(run, other, &value))
        return false;
    *result = word->kind == LIQUID_EMPTY ? liquid_value_empty(&value) : liquid_value_blank(&value);
    return true;
}

bool liquid_compare_equal(struct liquid_run *run, const struct liquid_expression *left,
                          const struct liquid_expression *right, bool *result)
{
    struct value a, b;
    if (is_word(left))
        return equal_word(run, left, right, result);
    if (is_word(right))
        return equal_word(run, right, left, result);
    if (!liquid_evaluate_plain(run, left, &a) || !liquid_evaluate_plain(run, right, &b))
        return false;
    *result = liquid_value_equal(&a, &b);
    return true;
}

static bool list_contains(struct liquid_run *run, const struct value *list,
                          const struct value *item, bool *result)
{
    for (uint32_t i = 0; i < list->list->count && !*result; i++)
        *result = liquid_value_equal(&list->list->items[i], item);
    return liquid_run_step(run, list->list->count / 8);
}

static bool range_contains(const struct value *range, const struct value *item)
{
    const struct liquid_range *bounds = range->other;
    struct value from = value_int(bounds->from), to = value_int(bounds->to);
    enum liquid_order low = liquid_value_order(&from, item);
    enum liquid_order high = liquid_value_order(item, &to);
    return (low == LIQUID_LESS || low == LIQUID_SAME) &&
           (high == LIQUID_LESS || high == LIQUID_SAME);
}

static bool contains(struct liquid_run *run, const struct value *left, const struct value *right,
                     bool *result)
{
    struct slice text;
    *result = false;
    if (!liquid_value_true(left) || !liquid_value_true(right))
        return true;
    if (left->kind == VALUE_LIST)
        return list_contains(run, left, right, result);
    if (left->kind == VALUE_MAP)
        *result = right->kind == VALUE_STRING && value_find(left, right->string, right->length);
    else if (liquid_is(left, LIQUID_EXTENSION_RANGE))
        *result = range_contains(left, right);
    if (left->kind != VALUE_STRING)
        return true;
    if (!liquid_text_of(run, right, &text))
        return false;
    *result = text.length == 0 || memmem(left->string, left->length, text.text, text.length);
    return true;
}

static bool compare_order(struct liquid_run *run, enum liquid_operator relation,
                          const struct value *a, const struct value *b, bool *result)
{
    enum liquid_order order = liquid_value_order(a, b);
    if (order == LIQUID_INCOMPARABLE)
        return liquid_fail(run, "%s cannot be compared with %s", value_kind_name(a->kind),
                           value_kind_name(b->kind));
    *result = (order == LIQUID_LESS && (relation == LIQUID_BELOW || relation == LIQUID_AT_MOST)) ||
              (order == LIQUID_MORE && (relation == LIQUID_ABOVE || relation == LIQUID_AT_LEAST)) ||
              (order == LIQUID_SAME && (relation == LIQUID_AT_MOST || relation == LIQUID_AT_LEAST));
    return true;
}

bool liquid_compare(struct liquid_run *run, enum liquid_operator relation,
                    const struct liquid_expression *left, const struct liquid_expression *right,
                    bool *result)
{
    struct value a, b;
    if (relation == LIQUID_UNKNOWN)
        return liquid_fail(run, "an operator that there is not");
    if (relation == LIQUID_EQUAL || relation == LIQUID_UNEQUAL) {
        if (!liquid_compare_equal(run, left, right, result))
            return false;
        *result = *result == (relation == LIQUID_EQUAL);
        return true;
    }
    if (relation == LIQUID_TRUTH) {
        if (!liquid_evaluate(run, left, &a))
            return false;
        *result = liquid_value_true(&a);
        return true;
    }
    *result = false;
    if (is_word(left) || (is_word(right) && relation != LIQUID_CONTAINS))
        return true;
    if (!liquid_evaluate_plain(run, left, &a) || !liquid_evaluate_plain(run, right, &b))
        return false;
    if (relation == LIQUID_CONTAINS)
        return contains(run, &a, &b, result);
    return compare_order(run, relation, &a, &b, result);
}
