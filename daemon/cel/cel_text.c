#include "cel/cel_text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/decimal.h"
#include "base/utf8.h"
#include "cel/cel_decimal.h"
#include "cel/cel_time.h"
#include "cel/cel_value.h"

static bool add_infinite(struct buf *out, double number)
{
    return buf_text(out, isnan(number) ? "NaN" : number < 0 ? "-Infinity" : "Infinity");
}

/* An integer of a document that is too large for 64 bits: its digits are exact. */
static bool is_spelled_integer(const struct value *value)
{
    if (!(value->flags & VALUE_SPELLED))
        return false;
    for (uint32_t i = 0; i < value->length; i++)
        if ((value->text[i] < '0' || value->text[i] > '9') && value->text[i] != '-')
            return false;
    return true;
}

static bool add_double(struct buf *out, double number)
{
    char text[DECIMAL_TEXT_SIZE];
    if (!isfinite(number))
        return add_infinite(out, number);
    size_t length = decimal_print(number, text);
    if (length > 2 && memcmp(text + length - 2, ".0", 2) == 0)
        length -= 2;
    return buf_add(out, text, length);
}

bool cel_text_add_fixed(struct buf *out, double number)
{
    char text[DECIMAL_TEXT_SIZE];
    if (!isfinite(number))
        return add_infinite(out, number);
    decimal_print(number, text);
    char *exponent = strchr(text, 'e');
    if (!exponent)
        return add_double(out, number);
    /* The shortest digits, moved by hand: printf would give others. */
    char digits[DECIMAL_TEXT_SIZE];
    int count = 0, places = 0, power;
    sscanf(exponent + 1, "%d", &power);
    for (const char *at = text; at < exponent; at++) {
        if (*at >= '0' && *at <= '9')
            digits[count++] = *at;
        places += count > 0 && strchr(text, '.') && at > strchr(text, '.');
    }
    int whole = count - places + power; /* digits before the point */
    bool fine = number < 0 ? buf_char(out, '-') : true;
    if (whole <= 0)
        fine = fine && buf_text(out, "0.");
    for (int i = whole; i < 0; i++)
        fine = fine && buf_char(out, '0');
    for (int i = 0; i < count || i < whole; i++) {
        if (i == whole && i > 0)
            fine = fine && buf_char(out, '.');
        fine = fine && buf_char(out, i < count ? digits[i] : '0');
    }
    return fine;
}

bool cel_text_add(struct buf *out, const struct value *value)
{
    char text[CEL_DECIMAL_TEXT_SIZE];
    _Static_assert((int)CEL_DECIMAL_TEXT_SIZE >= (int)CEL_TIME_TEXT_SIZE, "text holds either");
    switch (cel_kind(value)) {
    case VALUE_NULL:
        return buf_text(out, "null");
    case VALUE_BOOL:
        return buf_text(out, value->boolean ? "true" : "false");
    case VALUE_INT:
        return buf_add(out, text, decimal_print_int(value->integer, text));
    case VALUE_UINT:
        return buf_add(out, text, decimal_print_natural(value->natural, text));
    case VALUE_DOUBLE:
        return is_spelled_integer(value) ? buf_add(out, value->text, value->length)
                                         : add_double(out, value->real);
    case VALUE_STRING:
        return buf_add(out, value->string, value->length);
    case VALUE_TIMESTAMP:
        return buf_add(out, text, cel_time_print_timestamp(value, text));
    case VALUE_DURATION:
        return buf_add(out, text, cel_time_print_duration(value, text));
    case CEL_KIND_DECIMAL:
        return buf_add(out, text, cel_decimal_text(value, text));
    case CEL_KIND_TYPE:
        return buf_text(out, ((const struct cel_type_name *)value->other)->name);
    default:
        return false;
    }
}

/* ---- Reading ---- */

static bool is_word(const struct value *text, size_t from, const char *word)
{
    return text->length - from == strlen(word) &&
           strncasecmp(text->string + from, word, strlen(word)) == 0;
}

/* Digits with a point among them and an exponent behind. */
static bool is_decimal(const char *text, size_t length)
{
    size_t at = 0, digits = 0;
    for (; at < length && text[at] >= '0' && text[at] <= '9'; at++)
        digits++;
    if (at < length && text[at] == '.')
        for (at++; at < length && text[at] >= '0' && text[at] <= '9'; at++)
            digits++;
    if (digits == 0)
        return false;
    if (at < length && (text[at] == 'e' || text[at] == 'E')) {
        at++;
        if (at < length && (text[at] == '+' || text[at] == '-'))
            at++;
        if (at == length)
            return false;
        while (at < length && text[at] >= '0' && text[at] <= '9')
            at++;
    }
    return at == length;
}

bool cel_text_double(const struct value *text, double *number)
{
    enum { DIGITS_MOST = 400 };
    char digits[DIGITS_MOST];
    bool negative = text->length > 0 && text->string[0] == '-';
    size_t from = negative || (text->length > 0 && text->string[0] == '+');
    if (is_word(text, from, "inf") || is_word(text, from, "infinity")) {
        *number = negative ? -INFINITY : INFINITY;
        return true;
    }
    if (is_word(text, 0, "nan")) {
        *number = NAN;
        return true;
    }
    size_t length = text->length - from;
    const char *start = text->string + from;
    if (length == 0 || length > DIGITS_MOST - 3 || !is_decimal(start, length))
        return false;
    /* As JSON has it: a digit on each side of a point. */
    size_t written = 0;
    for (size_t i = 0; i < length; i++) {
        if (start[i] == '.' && i == 0)
            digits[written++] = '0';
        bool bare =
            start[i] == '.' && (i + 1 == length || start[i + 1] == 'e' || start[i + 1] == 'E');
        digits[written++] = start[i];
        if (bare)
            digits[written++] = '0';
    }
    *number = decimal_read(digits, written);
    if (negative)
        *number = -*number;
    return isfinite(*number);
}

/* ---- Quoting ---- */

bool cel_text_add_quoted(struct buf *out, const char *bytes, size_t length)
{
    static const char specials[] = "\a\b\f\n\r\t\v\"\\", letters[] = "abfnrtv\"\\";
    bool fine = buf_char(out, '"');
    for (size_t at = 0; fine && at < length;) {
        const char *special = bytes[at] ? strchr(specials, bytes[at]) : NULL;
        size_t width;
        if (special) {
            fine = buf_char(out, '\\') && buf_char(out, letters[special - specials]);
            at++;
            continue;
        }
        uint32_t code = utf8_decode(bytes + at, length - at, &width);
        char character[4];
        fine = buf_add(out, character, utf8_encode(code, character));
        at += width;
    }
    return fine && buf_char(out, '"');
}
