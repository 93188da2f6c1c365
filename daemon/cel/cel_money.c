/* decimal(): exact prices; and sums, which are exact wherever their numbers are. */
#include "cel/cel_decimal.h"
#include "cel/cel_function.h"
#include "cel/cel_number.h"
#include "cel/cel_value.h"

static bool decimal_from_string(struct cel_call *call)
{
    const struct value *text = &call->arguments[0];
    if (!cel_decimal_parse(call->run->arena, text->string, text->length, call->result))
        return cel_fail_with(call->run, call->node, "%v is no decimal of at most 34 digits", text,
                             text);
    return true;
}

static bool decimal_from_number(struct cel_call *call)
{
    if (!cel_decimal_from(call->run->arena, &call->arguments[0], call->result))
        return cel_fail_with(call->run, call->node, "%v is no decimal of at most 34 digits",
                             &call->arguments[0], &call->arguments[0]);
    return true;
}

static bool decimal_itself(struct cel_call *call)
{
    *call->result = call->arguments[0];
    return true;
}

/* ---- Sums ---- */

/* What the numbers of a list are, all of them, or some. */
struct numbers {
    bool all_document, some_real, some_decimal;
};

static bool look_at(struct cel_call *call, const struct value_list *list, struct numbers *numbers)
{
    *numbers = (struct numbers){.all_document = true};
    for (uint32_t i = 0; i < list->count; i++) {
        const struct value *item = &list->items[i];
        bool decimal = cel_kind(item) == CEL_KIND_DECIMAL;
        if (!decimal && !cel_is_number(item))
            return cel_fail_with(call->run, call->node, "sum() adds numbers, and there is %a", item,
                                 item);
        numbers->all_document = numbers->all_document && cel_is_flexible(item);
        numbers->some_real = numbers->some_real || item->kind == VALUE_DOUBLE;
        numbers->some_decimal = numbers->some_decimal || decimal;
    }
    return true;
}

/* NULL when *sum is a decimal, else what is wrong. */
static const char *sum_exactly(struct arena *arena, const struct value_list *list,
                               struct value *sum)
{
    const char *fault = NULL;
    *sum = value_int(0);
    for (uint32_t i = 0; i < list->count && !fault; i++) {
        const struct value before = *sum;
        fault = cel_decimal_operate(arena, CEL_ADD, &before, &list->items[i], sum);
    }
    return fault;
}

static bool sum_plainly(struct cel_call *call, const struct value_list *list)
{
    struct value *sum = call->result;
    *sum = list->items[0];
    for (uint32_t i = 1; i < list->count; i++) {
        const struct value before = *sum, *item = &list->items[i];
        bool fits = before.kind == item->kind || cel_is_flexible(&before) || cel_is_flexible(item);
        const char *fault = fits ? cel_number_operate(CEL_ADD, &before, item, sum)
                                 : "sum() cannot add %a and %b: write double(x) or decimal(x)";
        if (fault)
            return cel_fail_with(call->run, call->node, fault, &before, item);
    }
    return true;
}

/* A document's numbers that are not whole are added by their digits: ten times 0.1 is 1. */
static bool list_sum(struct cel_call *call)
{
    const struct value_list *list = call->arguments[0].list;
    struct value *sum = call->result, exact;
    struct numbers numbers;
    if (!cel_spend(call->run, call->node, list->count) || !look_at(call, list, &numbers))
        return false;
    const char *fault = numbers.some_decimal || (numbers.all_document && numbers.some_real)
                            ? sum_exactly(call->run->arena, list, &exact)
                            : NULL;
    if (numbers.some_decimal) {
        *sum = exact;
        return !fault || cel_call_fail(call, fault);
    }
    if (numbers.all_document && numbers.some_real && !fault)
        *sum = value_double(cel_decimal_to_double(&exact));
    else if (list->count)
        return sum_plainly(call, list);
    else
        *sum = value_int(0);
    sum->flags |= VALUE_FLEXIBLE; /* it fits whatever stands beside it */
    return true;
}

const struct cel_function cel_functions_money[] = {
    {"decimal", "s>X", decimal_from_string, "the exact number that the string says: \"129.90\""},
    {"decimal", "i>X", decimal_from_number, "the int, exactly"},
    {"decimal", "u>X", decimal_from_number, "the uint, exactly"},
    {"decimal", "d>X", decimal_from_number, "the fewest digits that say the same double"},
    {"decimal", "X>X", decimal_itself, "the decimal itself"},
    {"sum", "l.>N", list_sum, "the sum of the list's numbers; 0 of none"},
    {0},
};
