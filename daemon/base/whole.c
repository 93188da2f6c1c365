#include "base/whole.h"

#include <math.h>

enum { EXACT_BITS = 53 /* of a double */ };

/* Past 64 bits, and without a point or an exponent. */
static bool is_spelled_whole(const struct value *value)
{
    if (!(value->flags & VALUE_SPELLED))
        return false;
    for (uint32_t i = value->text[0] == '-'; i < value->length; i++)
        if (value->text[i] < '0' || value->text[i] > '9')
            return false;
    return true;
}

bool whole_text(const struct value *value, char digits[DECIMAL_TEXT_SIZE], struct slice *text)
{
    int64_t integer = value->integer;
    if (value->kind == VALUE_DOUBLE) {
        if (is_spelled_whole(value)) {
            *text = (struct slice){value->text, value->length};
            return true;
        }
        if (!(fabs(value->real) <= ldexp(1, EXACT_BITS)) || floor(value->real) != value->real)
            return false;
        integer = (int64_t)value->real;
    } else if (value->kind != VALUE_INT) {
        return false;
    }
    *text = (struct slice){digits, decimal_print_int(integer, digits)};
    return true;
}
