/*
 * Functions of all values, then the conversions (cel-spec, "Types and Conversions"): one C
 * function for each pair of types, the tables at the end of each half. A number of a document
 * that is converted is a strict one afterwards.
 */
#include <string.h>

#include "base/decimal.h"
#include "base/utf8.h"
#include "cel/cel_decimal.h"
#include "cel/cel_function.h"
#include "cel/cel_number.h"
#include "cel/cel_text.h"
#include "cel/cel_time.h"
#include "cel/cel_value.h"

static bool give_string(struct cel_call *call, const char *bytes, size_t length)
{
    *call->result = value_string(arena_copy(call->run->arena, bytes, length), length);
    return true;
}

static bool give_argument(struct cel_call *call)
{
    *call->result = call->arguments[0];
    return true;
}

static bool size_of(struct cel_call *call)
{
    const struct value *value = &call->arguments[0];
    size_t size;
    if (value->kind == VALUE_STRING) {
        if (!cel_spend_bytes(call->run, call->node, value->length))
            return false;
        size = utf8_count(value->string, value->length);
    } else {
        size = value->kind == VALUE_BYTES ? value->length : value_count(value);
    }
    *call->result = value_int((int64_t)size);
    return true;
}

static bool type_of(struct cel_call *call)
{
    const struct cel_type_name *type = cel_type_of_kind(cel_kind(&call->arguments[0]));
    if (!type)
        return cel_call_fail(call, "type() of a foreign value");
    *call->result = cel_type_value(type);
    return true;
}

static bool now(struct cel_call *call)
{
    return cel_eval_now(call->run, call->node, call->result);
}

const struct cel_function cel_functions_core[] = {
    {"dyn", "A>A", give_argument, "the value itself, of a type that is not known before"},
    {"now", ">T!", now, "the time of the decision, as the variable `now`"},
    {"size", "s:>i", size_of, "characters of a string"},
    {"size", "y:>i", size_of, "bytes"},
    {"size", "l:>i", size_of, "elements of a list"},
    {"size", "m:>i", size_of, "entries of a map"},
    {"type", "A>Y", type_of, "the type: int, string, list, …"},
    {0},
};

/* ---- Conversions ---- */

/* Digits with a sign before them; false where it is none or does not fit. */
static bool read_integer(const struct value *text, bool *negative, uint64_t *number)
{
    const char *at = text->string, *end = at + text->length;
    *negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    if (at == end)
        return false;
    for (*number = 0; at < end; at++) {
        if (*at < '0' || *at > '9' || __builtin_mul_overflow(*number, 10, number) ||
            __builtin_add_overflow(*number, (uint64_t)(*at - '0'), number))
            return false;
    }
    return true;
}

static bool int_from_string(struct cel_call *call)
{
    bool negative;
    uint64_t number;
    if (!read_integer(&call->arguments[0], &negative, &number) ||
        number > (uint64_t)INT64_MAX + negative)
        return cel_fail_with(call->run, call->node, "%v is no int", &call->arguments[0],
                             &call->arguments[0]);
    *call->result = value_int(negative ? (int64_t)(0 - number) : (int64_t)number);
    return true;
}

static bool uint_from_string(struct cel_call *call)
{
    const struct value *text = &call->arguments[0];
    bool negative;
    uint64_t number;
    if (!read_integer(text, &negative, &number) || negative || text->string[0] == '+')
        return cel_fail_with(call->run, call->node, "%v is no uint", text, text);
    *call->result = (struct value){.kind = VALUE_UINT, .natural = number};
    return true;
}

/* int() and uint() drop what is behind the point. */
static bool int_from_double(struct cel_call *call)
{
    double real = call->arguments[0].real;
    if (!cel_number_in_int(real))
        return cel_call_fail(call, "the double does not fit into an int");
    *call->result = value_int((int64_t)real);
    return true;
}

static bool uint_from_double(struct cel_call *call)
{
    double real = call->arguments[0].real;
    if (!cel_number_in_uint(real) || real < 0)
        return cel_call_fail(call, "the double does not fit into a uint");
    *call->result = (struct value){.kind = VALUE_UINT, .natural = (uint64_t)real};
    return true;
}

static bool int_from_uint(struct cel_call *call)
{
    if (!cel_number_fit(&call->arguments[0], VALUE_INT, call->result))
        return cel_call_fail(call, "the uint does not fit into an int");
    return true;
}

static bool uint_from_int(struct cel_call *call)
{
    if (!cel_number_fit(&call->arguments[0], VALUE_UINT, call->result))
        return cel_call_fail(call, "a negative int does not fit into a uint");
    return true;
}

static bool int_from_timestamp(struct cel_call *call)
{
    *call->result = value_int(call->arguments[0].integer);
    return true;
}

static bool int_from_decimal(struct cel_call *call)
{
    int64_t number;
    if (!cel_decimal_to_int(&call->arguments[0], &number))
        return cel_call_fail(call, "the decimal does not fit into an int");
    *call->result = value_int(number);
    return true;
}

/* A strict number, whatever it came from. */
static bool same_number(struct cel_call *call)
{
    *call->result = call->arguments[0];
    call->result->flags = 0;
    return true;
}

static bool double_from_number(struct cel_call *call)
{
    cel_number_fit(&call->arguments[0], VALUE_DOUBLE, call->result);
    call->result->flags = 0;
    return true;
}

static bool double_from_decimal(struct cel_call *call)
{
    *call->result = value_double(cel_decimal_to_double(&call->arguments[0]));
    return true;
}

static bool double_from_string(struct cel_call *call)
{
    double number;
    if (!cel_text_double(&call->arguments[0], &number))
        return cel_fail_with(call->run, call->node, "%v is no double", &call->arguments[0],
                             &call->arguments[0]);
    *call->result = value_double(number);
    return true;
}

static bool bool_from_string(struct cel_call *call)
{
    static const char *const words[2][5] = {{"0", "f", "false", "FALSE", "False"},
                                            {"1", "t", "true", "TRUE", "True"}};
    for (int word = 0; word < 10; word++) {
        if (value_is_text(&call->arguments[0], words[word / 5][word % 5])) {
            *call->result = value_bool(word / 5);
            return true;
        }
    }
    return cel_fail_with(call->run, call->node, "%v is no bool", &call->arguments[0],
                         &call->arguments[0]);
}

static bool string_from_scalar(struct cel_call *call)
{
    struct buf text;
    buf_init(&text, 256);
    cel_text_add(&text, &call->arguments[0]);
    bool fine = give_string(call, buf_string(&text), text.length);
    buf_free(&text);
    return fine;
}

static bool string_from_bytes(struct cel_call *call)
{
    const struct value *bytes = &call->arguments[0];
    if (!cel_spend_bytes(call->run, call->node, bytes->length))
        return false;
    if (!utf8_valid(bytes->string, bytes->length))
        return cel_call_fail(call, "the bytes are no valid UTF-8");
    *call->result = *bytes;
    call->result->kind = VALUE_STRING;
    return true;
}

static bool bytes_from_string(struct cel_call *call)
{
    *call->result = call->arguments[0];
    call->result->kind = VALUE_BYTES;
    call->result->flags = 0;
    return true;
}

static bool timestamp_from_string(struct cel_call *call)
{
    const struct value *text = &call->arguments[0];
    if (!cel_time_parse_timestamp(text->string, text->length, call->result))
        return cel_fail_with(call->run, call->node,
                             "%v is no timestamp such as \"2026-03-01T10:00:00Z\"", text, text);
    return true;
}

static bool timestamp_from_int(struct cel_call *call)
{
    if (!cel_time_timestamp(call->arguments[0].integer, 0, call->result))
        return cel_call_fail(call, "the timestamp is out of range");
    return true;
}

static bool duration_from_string(struct cel_call *call)
{
    const struct value *text = &call->arguments[0];
    if (!cel_time_parse_duration(text->string, text->length, call->result))
        return cel_fail_with(call->run, call->node, "%v is no duration such as \"1h30m\" or \"7d\"",
                             text, text);
    return true;
}

const struct cel_function cel_functions_convert[] = {
    {"bool", "b>b", give_argument, "the boolean itself"},
    {"bool", "s>b", bool_from_string, "true, t or 1; false, f or 0"},
    {"bytes", "y>y", give_argument, "the bytes themselves"},
    {"bytes", "s>y", bytes_from_string, "the string's UTF-8"},
    {"double", "d>d", same_number, "the double itself"},
    {"double", "i>d", double_from_number, "the int as a double"},
    {"double", "u>d", double_from_number, "the uint as a double"},
    {"double", "s>d", double_from_string, "the number that the string says"},
    {"double", "X>d", double_from_decimal, "the double nearest to the decimal"},
    {"duration", "D>D", give_argument, "the duration itself"},
    {"duration", "s>D", duration_from_string, "\"1h30m\", \"90s\", \"250ms\", \"7d\", \"2w\""},
    {"int", "i>i", same_number, "the int itself"},
    {"int", "u>i", int_from_uint, "the uint as an int"},
    {"int", "d>i", int_from_double, "the double without what is behind its point"},
    {"int", "s>i", int_from_string, "the integer that the string says"},
    {"int", "T>i", int_from_timestamp, "seconds since 1970"},
    {"int", "X>i", int_from_decimal, "the decimal without what is behind its point"},
    {"string", "s>s", give_argument, "the string itself"},
    {"string", "b>s", string_from_scalar, "\"true\" or \"false\""},
    {"string", "i>s", string_from_scalar, "the number's digits"},
    {"string", "u>s", string_from_scalar, "the number's digits"},
    {"string", "d>s", string_from_scalar, "the fewest digits that say the same number"},
    {"string", "y>s", string_from_bytes, "the bytes read as UTF-8"},
    {"string", "T>s", string_from_scalar, "\"2026-03-01T10:00:00Z\""},
    {"string", "D>s", string_from_scalar, "\"5400s\""},
    {"string", "X>s", string_from_scalar, "\"129.90\""},
    {"timestamp", "T>T", give_argument, "the timestamp itself"},
    {"timestamp", "s>T", timestamp_from_string, "RFC 3339: \"2026-03-01T10:00:00+02:00\""},
    {"timestamp", "i>T", timestamp_from_int, "of seconds since 1970"},
    {"uint", "u>u", same_number, "the uint itself"},
    {"uint", "i>u", uint_from_int, "the int as a uint"},
    {"uint", "d>u", uint_from_double, "the double without what is behind its point"},
    {"uint", "s>u", uint_from_string, "the integer that the string says"},
    {0},
};
