/* decimal(): exact prices. */
#include "cel/cel_decimal.h"
#include "cel/cel_function.h"

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

const struct cel_function cel_functions_money[] = {
    {"decimal", "s>X", decimal_from_string, "the exact number that the string says: \"129.90\""},
    {"decimal", "i>X", decimal_from_number, "the int, exactly"},
    {"decimal", "u>X", decimal_from_number, "the uint, exactly"},
    {"decimal", "d>X", decimal_from_number, "the fewest digits that say the same double"},
    {"decimal", "X>X", decimal_itself, "the decimal itself"},
    {0},
};
