#include "cel/cel_predicate.h"

#include <string.h>

#include "cel/cel_compare.h"
#include "cel/cel_run.h"

/* What a predicate may search: as much as its term may cost. */
enum { STRING_MOST = CEL_PREDICATE_COST_MOST * CEL_BYTES_PER_ELEMENT };

static enum cel_answer ask_in(const struct value *constants, uint32_t count,
                              const struct value *value)
{
    int64_t budget = CEL_PREDICATE_COST_MOST;
    if (value->kind == VALUE_EXTENSION)
        return CEL_ANSWER_UNKNOWN;
    for (uint32_t i = 0; i < count; i++)
        if (cel_equal(value, &constants[i], &budget))
            return CEL_ANSWER_TRUE;
    return CEL_ANSWER_FALSE;
}

static enum cel_answer ask_text(enum cel_predicate predicate, const struct value *part,
                                const struct value *value)
{
    if (value->kind != VALUE_STRING || value->length > STRING_MOST)
        return CEL_ANSWER_UNKNOWN;
    if (part->length > value->length)
        return CEL_ANSWER_FALSE;
    const char *from = value->string;
    bool holds;
    if (predicate == CEL_PREDICATE_CONTAINS)
        holds = memmem(from, value->length, part->string, part->length) != NULL;
    else
        holds = memcmp(predicate == CEL_PREDICATE_ENDS ? from + value->length - part->length : from,
                       part->string, part->length) == 0;
    return holds ? CEL_ANSWER_TRUE : CEL_ANSWER_FALSE;
}

enum cel_answer cel_predicate_ask(enum cel_predicate predicate, const struct value *constants,
                                  uint32_t count, const struct value *value)
{
    double bound;
    if (cel_predicate_is_order(predicate) && value_to_double(constants, &bound))
        return cel_predicate_order(predicate, bound, value);
    if (predicate == CEL_PREDICATE_IN)
        return ask_in(constants, count, value);
    if (predicate != CEL_PREDICATE_TRUE)
        return ask_text(predicate, constants, value);
    if (value->kind != VALUE_BOOL)
        return CEL_ANSWER_UNKNOWN;
    return value->boolean ? CEL_ANSWER_TRUE : CEL_ANSWER_FALSE;
}
