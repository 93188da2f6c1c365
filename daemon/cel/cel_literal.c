/*
 * A number is a double where it has a point or an exponent (float_length), else an integer:
 * decimal or 0x, unsigned with a u behind it. The one that only a minus makes an int is left
 * to the parser (CEL_TOKEN_NEGATIVE).
 *
 * Of a string, the closing quotes are found first (find_end), then what is between is copied
 * and its escapes are resolved (take_body).
 */
#include "cel/cel_literal.h"

#include <math.h>
#include <string.h>

#include "base/decimal.h"
#include "base/hex.h"
#include "base/utf8.h"
#include "cel/cel_diag.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* ---- Numbers ---- */

static bool bad_number(struct cel_lexer *lexer, uint32_t width, const char *message)
{
    return cel_diag_error(lexer->diag, lexer->text, lexer->length, lexer->at, width, message, NULL);
}

/* The length of a floating-point number at `at`, or 0 where it is none. */
static uint32_t float_length(const char *at)
{
    uint32_t length = 0;
    bool is_float = false;
    while (is_digit(at[length]))
        length++;
    if (at[length] == '.' && is_digit(at[length + 1])) {
        is_float = true;
        length++;
        while (is_digit(at[length]))
            length++;
    }
    if (at[length] == 'e' || at[length] == 'E') {
        uint32_t digits = length + 1;
        if (at[digits] == '+' || at[digits] == '-')
            digits++;
        if (is_digit(at[digits])) {
            is_float = true;
            for (length = digits; is_digit(at[length]);)
                length++;
        }
    }
    return is_float ? length : 0;
}

static bool read_float(struct cel_lexer *lexer, uint32_t length, struct cel_token *token)
{
    const char *digits = lexer->text + lexer->at;
    if (*digits == '.') { /* as JSON has it */
        digits = arena_printf(lexer->arena, "0%.*s", (int)length, digits);
        length++;
    }
    double number = decimal_read(digits, length);
    if (isinf(number))
        return bad_number(lexer, length, "the number is too large for a double");
    token->value = value_double(number);
    return true;
}

static bool read_integer(struct cel_lexer *lexer, uint32_t *length, struct cel_token *token)
{
    const char *at = lexer->text + lexer->at;
    bool hex = at[0] == '0' && (at[1] == 'x' || at[1] == 'X') && hex_value(at[2]) >= 0;
    uint32_t base = hex ? 16 : 10, end = hex ? 2 : 0;
    uint64_t number = 0;
    bool over = false;
    for (; hex ? hex_value(at[end]) >= 0 : is_digit(at[end]); end++)
        over |= __builtin_mul_overflow(number, base, &number) ||
                __builtin_add_overflow(number, (uint64_t)hex_value(at[end]), &number);
    bool is_unsigned = at[end] == 'u' || at[end] == 'U';
    *length = end + is_unsigned;
    if (over || (!is_unsigned && number > (uint64_t)INT64_MAX + 1))
        return bad_number(lexer, *length, "the number does not fit into 64 bits");
    if (is_unsigned) {
        token->value = (struct value){.kind = VALUE_UINT, .natural = number};
    } else if (number > INT64_MAX) {
        token->kind = CEL_TOKEN_NEGATIVE;
        token->value = value_int(INT64_MIN);
    } else {
        token->value = value_int((int64_t)number);
    }
    return true;
}

bool cel_literal_number(struct cel_lexer *lexer, struct cel_token *token)
{
    token->kind = CEL_TOKEN_LITERAL;
    uint32_t length = float_length(lexer->text + lexer->at);
    bool fine = length ? read_float(lexer, length, token) : read_integer(lexer, &length, token);
    if (!fine)
        return false;
    char next = lexer->text[lexer->at + length];
    if (is_digit(next) || next == '_' || (next >= 'a' && next <= 'z') ||
        (next >= 'A' && next <= 'Z')) {
        bad_number(lexer, length + 1, "a number is followed by a letter");
        if (strchr("smhdw", next))
            diag_hint(lexer->diag, "a length of time stands in quotes: duration(\"%.*s\")",
                      (int)length + 1, lexer->text + lexer->at);
        return false;
    }
    token->length = length;
    lexer->at += length;
    return true;
}

/* ---- Strings ---- */

struct quoted {
    struct cel_lexer *lexer;
    bool bytes, raw, triple;
    char quote;
    const char *at;
    char *out;
};

static bool bad_escape(struct quoted *quoted, uint32_t width, const char *message)
{
    struct cel_lexer *lexer = quoted->lexer;
    const char *hint = "write \\\\ for a backslash, or put r before the string";
    return cel_diag_error(lexer->diag, lexer->text, lexer->length,
                          (uint32_t)(quoted->at - lexer->text), width, message, hint);
}

/* Appends a code point, or the octet of that number in a bytes literal. */
static bool put_code(struct quoted *quoted, uint32_t code, uint32_t width, bool octet)
{
    if (quoted->bytes && octet) {
        *quoted->out++ = (char)(unsigned char)code;
    } else {
        size_t written = utf8_encode(code, quoted->out);
        if (written == 0)
            return bad_escape(quoted, width, "the escape is no Unicode character");
        quoted->out += written;
    }
    quoted->at += width;
    return true;
}

/* \xHH, \uHHHH, \UHHHHHHHH: `digits` after the letter. */
static bool hex_escape(struct quoted *quoted, uint32_t digits)
{
    uint32_t code = 0;
    for (uint32_t i = 0; i < digits; i++) {
        int digit = hex_value(quoted->at[2 + i]);
        if (digit < 0)
            return bad_escape(quoted, 2 + i, "the escape has too few hexadecimal digits");
        code = code << 4 | (uint32_t)digit;
    }
    if (quoted->bytes && digits > 2)
        return bad_escape(quoted, 2 + digits, "bytes have no \\u and \\U escapes");
    return put_code(quoted, code, 2 + digits, digits == 2);
}

static bool octal_escape(struct quoted *quoted)
{
    const char *at = quoted->at;
    if (at[1] > '3' || at[2] < '0' || at[2] > '7' || at[3] < '0' || at[3] > '7')
        return bad_escape(quoted, 2, "an octal escape has three digits, \\000 to \\377");
    uint32_t code = (uint32_t)((at[1] - '0') * 64 + (at[2] - '0') * 8 + at[3] - '0');
    return put_code(quoted, code, 4, true);
}

static bool take_escape(struct quoted *quoted)
{
    static const char simple[][2] = {
        {'\\', '\\'}, {'?', '?'},  {'"', '"'},  {'\'', '\''}, {'`', '`'},  {'a', '\a'},
        {'b', '\b'},  {'f', '\f'}, {'n', '\n'}, {'r', '\r'},  {'t', '\t'}, {'v', '\v'},
    };
    char letter = quoted->at[1];
    for (size_t i = 0; i < sizeof simple / sizeof *simple; i++) {
        if (simple[i][0] == letter) {
            *quoted->out++ = simple[i][1];
            quoted->at += 2;
            return true;
        }
    }
    if (letter == 'x' || letter == 'X')
        return hex_escape(quoted, 2);
    if (letter == 'u' || letter == 'U')
        return hex_escape(quoted, letter == 'u' ? 4 : 8);
    if (letter >= '0' && letter <= '7')
        return octal_escape(quoted);
    return bad_escape(quoted, 2, "no such escape in a string");
}

/* Moves `end` to the closing quotes; false where there are none. */
static bool find_end(const struct quoted *quoted, const char *limit, const char **end)
{
    char quote = quoted->quote;
    for (const char *at = quoted->at; at < limit; at++) {
        if (*at == quote && (!quoted->triple || (at[1] == quote && at[2] == quote))) {
            *end = at;
            return true;
        }
        if (!quoted->triple && (*at == '\n' || *at == '\r'))
            return false;
        if (*at == '\\' && !quoted->raw)
            at++;
    }
    return false;
}

/* No character grows when it is decoded: the room of the source is enough. */
static bool take_body(struct quoted *quoted, const char *end)
{
    while (quoted->at < end) {
        if (*quoted->at == '\\' && !quoted->raw) {
            if (!take_escape(quoted))
                return false;
        } else {
            *quoted->out++ = *quoted->at++;
        }
    }
    return true;
}

bool cel_literal_string(struct cel_lexer *lexer, uint32_t prefix, struct cel_token *token)
{
    const char *start = lexer->text + lexer->at, *end;
    struct quoted quoted = {.lexer = lexer, .at = start + prefix, .quote = start[prefix]};
    for (uint32_t i = 0; i < prefix; i++) {
        quoted.bytes |= start[i] == 'b' || start[i] == 'B';
        quoted.raw |= start[i] == 'r' || start[i] == 'R';
    }
    quoted.triple = quoted.at[1] == quoted.quote && quoted.at[2] == quoted.quote;
    uint32_t quotes = quoted.triple ? 3 : 1;
    quoted.at += quotes;
    if (!find_end(&quoted, lexer->text + lexer->length, &end))
        return cel_diag_error(lexer->diag, lexer->text, lexer->length, lexer->at, prefix + quotes,
                              "the string is not closed", NULL);

    char *out = arena_alloc(lexer->arena, (size_t)(end - quoted.at) + 4);
    quoted.out = out;
    if (!take_body(&quoted, end))
        return false;
    *quoted.out = '\0';
    token->kind = CEL_TOKEN_LITERAL;
    token->value = value_string(out, (size_t)(quoted.out - out));
    if (quoted.bytes)
        token->value.kind = VALUE_BYTES;
    token->length = (uint32_t)(end - start) + quotes;
    lexer->at += token->length;
    return true;
}
