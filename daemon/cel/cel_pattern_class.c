/*
 * From below: one character (cel_pattern_character reads it, cel_pattern_put writes it so that
 * it stands for itself in ICU), a letter that stands for a set of them (\d, \p{Greek}), and a
 * class in brackets, made of both and of ranges. Each moves the cursor behind what it took.
 */
#include "cel/cel_pattern_class.h"

#include <ctype.h>
#include <string.h>

#include "base/hex.h"
#include "base/utf8.h"

enum { UNICODE_LAST = 0x10FFFF };

/* [:alpha:] and its like are ASCII in RE2, Unicode in ICU. */
struct posix {
    const char *name, *members;
};

static const struct posix posix_classes[] = {
    {"alnum", "0-9A-Za-z"},
    {"alpha", "A-Za-z"},
    {"ascii", "\\x{0}-\\x{7f}"},
    {"blank", "\\t "},
    {"cntrl", "\\x{0}-\\x{1f}\\x{7f}"},
    {"digit", "0-9"},
    {"graph", "!-~"},
    {"lower", "a-z"},
    {"print", " -~"},
    {"punct", "!-/:-@\\[-`{-~"},
    {"space", "\\t-\\r "},
    {"upper", "A-Z"},
    {"word", "0-9A-Za-z_"},
    {"xdigit", "0-9A-Fa-f"},
};

char cel_pattern_peek(const struct cel_pattern_cursor *cursor, size_t ahead)
{
    return ahead < (size_t)(cursor->end - cursor->at) ? cursor->at[ahead] : '\0';
}

/* Behind \x: two digits, or any number of them in braces. */
static bool take_hexadecimal(struct cel_pattern_cursor *cursor, uint32_t *character)
{
    bool braces = cel_pattern_peek(cursor, 0) == '{';
    size_t digits = 0;
    cursor->at += braces;
    *character = 0;
    for (int digit; (braces || digits < 2) && *character <= UNICODE_LAST &&
                    (digit = hex_value(cel_pattern_peek(cursor, 0))) >= 0;
         digits++, cursor->at++)
        *character = *character << 4 | (uint32_t)digit;
    if (!braces)
        return digits == 2;
    bool closed = cel_pattern_peek(cursor, 0) == '}';
    cursor->at += closed;
    return closed && digits > 0 && *character <= UNICODE_LAST;
}

static bool is_octal(char c)
{
    return c >= '0' && c <= '7';
}

/* Up to three digits; a single one, unless it is 0, would be a back-reference. */
static bool take_octal(struct cel_pattern_cursor *cursor, uint32_t *character)
{
    char first = *cursor->at;
    if (first != '0' && !is_octal(cel_pattern_peek(cursor, 1)))
        return false;
    *character = 0;
    for (int i = 0; i < 3 && is_octal(cel_pattern_peek(cursor, 0)); i++)
        *character = *character << 3 | (uint32_t)(*cursor->at++ - '0');
    return true;
}

bool cel_pattern_character(struct cel_pattern_cursor *cursor, uint32_t *character)
{
    static const char letters[] = "afnrtv", meant[] = "\a\f\n\r\t\v";
    if (cursor->at == cursor->end)
        return false;
    if (*cursor->at != '\\') {
        size_t width;
        *character = utf8_decode(cursor->at, (size_t)(cursor->end - cursor->at), &width);
        cursor->at += width;
        return true;
    }
    if (++cursor->at == cursor->end)
        return false;
    if (is_octal(*cursor->at))
        return take_octal(cursor, character);
    char letter = *cursor->at++;
    if (letter == 'x')
        return take_hexadecimal(cursor, character);
    const char *found = memchr(letters, letter, sizeof letters - 1);
    *character = (unsigned char)(found ? meant[found - letters] : letter);
    return found || (*character < 0x80 && !isalnum((unsigned char)letter));
}

void cel_pattern_put(struct buf *out, uint32_t character)
{
    if (character < ' ' || character >= 0x7f)
        buf_printf(out, "\\x{%x}", (unsigned)character);
    else if (isalnum((int)character))
        buf_char(out, (char)character);
    else
        buf_printf(out, "\\%c", (char)character);
}

/* \d and its like are ASCII in RE2; within a class ICU takes a class for an element. */
static const char *ascii_class(char letter)
{
    switch (letter) {
    case 'd':
        return "[0-9]";
    case 'D':
        return "[^0-9]";
    case 'w':
        return "[0-9A-Za-z_]";
    case 'W':
        return "[^0-9A-Za-z_]";
    case 's':
        return "[\\t\\n\\f\\r ]";
    case 'S':
        return "[^\\t\\n\\f\\r ]";
    default:
        return NULL;
    }
}

/* \pL, \p{Greek}, \P{Greek}, \p{^Greek}. */
static bool take_property(struct cel_pattern_cursor *cursor)
{
    bool negated = cursor->at[1] == 'P';
    const char *name = cursor->at + 2, *close = name + 1;
    if (name == cursor->end)
        return false;
    cursor->at = close;
    if (*name == '{') {
        close = memchr(name, '}', (size_t)(cursor->end - name));
        if (!close)
            return false;
        cursor->at = close + 1;
        if (*++name == '^') {
            negated = !negated;
            name++;
        }
    }
    for (const char *c = name; c < close; c++)
        if (!isalpha((unsigned char)*c) && *c != '_')
            return false;
    return buf_printf(cursor->out, "\\%c{%.*s}", negated ? 'P' : 'p', (int)(close - name), name);
}

bool cel_pattern_is_set(const struct cel_pattern_cursor *cursor)
{
    char letter = cel_pattern_peek(cursor, 1);
    return cel_pattern_peek(cursor, 0) == '\\' &&
           (ascii_class(letter) || letter == 'p' || letter == 'P');
}

bool cel_pattern_take_set(struct cel_pattern_cursor *cursor)
{
    const char *ascii = ascii_class(cel_pattern_peek(cursor, 1));
    if (!ascii)
        return take_property(cursor);
    cursor->at += 2;
    return buf_text(cursor->out, ascii);
}

/* The end of a [:name:] that comes next; NULL where none does. */
static const char *posix_end(const struct cel_pattern_cursor *cursor)
{
    if (cel_pattern_peek(cursor, 0) != '[' || cel_pattern_peek(cursor, 1) != ':')
        return NULL;
    const char *name = cursor->at + 2;
    return memmem(name, (size_t)(cursor->end - name), ":]", 2);
}

static bool take_posix(struct cel_pattern_cursor *cursor, const char *end)
{
    const char *name = cursor->at + 2;
    bool negated = *name == '^';
    name += negated;
    cursor->at = end + 2;
    for (size_t i = 0; i < sizeof posix_classes / sizeof *posix_classes; i++) {
        const struct posix *posix = &posix_classes[i];
        if (strlen(posix->name) == (size_t)(end - name) &&
            memcmp(posix->name, name, (size_t)(end - name)) == 0)
            return buf_printf(cursor->out, negated ? "[^%s]" : "[%s]", posix->members);
    }
    return false;
}

/* A character or a range of them. */
static bool take_range(struct cel_pattern_cursor *cursor)
{
    uint32_t low, high;
    if (!cel_pattern_character(cursor, &low))
        return false;
    cel_pattern_put(cursor->out, low);
    bool range = cel_pattern_peek(cursor, 0) == '-' && cel_pattern_peek(cursor, 1) != ']';
    if (!range)
        return true;
    cursor->at++;
    if (!cel_pattern_character(cursor, &high) || high < low)
        return false;
    buf_char(cursor->out, '-');
    cel_pattern_put(cursor->out, high);
    return true;
}

static bool take_element(struct cel_pattern_cursor *cursor)
{
    const char *end = posix_end(cursor);
    if (end)
        return take_posix(cursor, end);
    return cel_pattern_is_set(cursor) ? cel_pattern_take_set(cursor) : take_range(cursor);
}

bool cel_pattern_take_class(struct cel_pattern_cursor *cursor)
{
    buf_char(cursor->out, '[');
    cursor->at++;
    if (cel_pattern_peek(cursor, 0) == '^') {
        buf_char(cursor->out, '^');
        cursor->at++;
    }
    do { /* a bracket that stands first closes nothing */
        if (!take_element(cursor))
            return false;
    } while (cel_pattern_peek(cursor, 0) != ']');
    cursor->at++;
    return buf_char(cursor->out, ']');
}
