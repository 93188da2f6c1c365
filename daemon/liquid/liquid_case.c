#include "liquid/liquid_case.h"

#include <unicode/ucasemap.h>

#include "base/mem.h"

static bool is_ascii(const struct slice *text)
{
    for (size_t i = 0; i < text->length; i++)
        if ((unsigned char)text->text[i] >= 0x80)
            return false;
    return true;
}

static char ascii_case(enum liquid_case way, char c)
{
    if (way == LIQUID_UPPER)
        return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* The root locale: no language's own rules, as Turkish has for i. Opened each time,
 * because a map may be used by one thread only, and that costs less than a microsecond. */
static int32_t icu_case(enum liquid_case way, const struct slice *text, char *to, int32_t size)
{
    UErrorCode status = U_ZERO_ERROR;
    UCaseMap *map = ucasemap_open("", 0, &status);
    if (!map)
        mem_exhausted();
    status = U_ZERO_ERROR;
    int32_t length =
        way == LIQUID_UPPER
            ? ucasemap_utf8ToUpper(map, to, size, text->text, (int32_t)text->length, &status)
            : ucasemap_utf8ToLower(map, to, size, text->text, (int32_t)text->length, &status);
    ucasemap_close(map);
    return U_FAILURE(status) && status != U_BUFFER_OVERFLOW_ERROR ? -1 : length;
}

size_t liquid_case_length(enum liquid_case way, const struct slice *text)
{
    if (is_ascii(text) || text->length > INT32_MAX / 4)
        return text->length;
    int32_t length = icu_case(way, text, NULL, 0);
    return length < 0 ? text->length : (size_t)length;
}

void liquid_case_convert(enum liquid_case way, const struct slice *text, char *to, size_t length)
{
    bool ascii = is_ascii(text) || text->length > INT32_MAX / 4;
    if (!ascii && icu_case(way, text, to, (int32_t)length) >= 0)
        return;
    for (size_t i = 0; i < text->length && i < length; i++)
        to[i] = ascii_case(way, text->text[i]);
}

int liquid_case_compare(const struct slice *a, const struct slice *b)
{
    size_t shared = a->length < b->length ? a->length : b->length;
    for (size_t i = 0; i < shared; i++) {
        unsigned char x = (unsigned char)ascii_case(LIQUID_LOWER, a->text[i]);
        unsigned char y = (unsigned char)ascii_case(LIQUID_LOWER, b->text[i]);
        if (x != y)
            return x < y ? -1 : 1;
    }
    return (a->length > b->length) - (a->length < b->length);
}
