#include "base/grapheme.h"

#include <unicode/ubrk.h>
#include <unicode/utext.h>

#include "base/utf8.h"

/* A boundary that is not far behind this many bytes is found without looking at the whole text. */
enum { BEYOND = 256 };

size_t grapheme_floor(const char *text, size_t length, size_t most)
{
    if (length <= most)
        return length;
    most = utf8_floor(text, most);
    UErrorCode status = U_ZERO_ERROR;
    UText *opened = utext_openUTF8(
        NULL, text, (int64_t)(length - most > BEYOND ? most + BEYOND : length), &status);
    UBreakIterator *breaks = ubrk_open(UBRK_CHARACTER, "", NULL, 0, &status);
    ubrk_setUText(breaks, opened, &status);
    int32_t at = (int32_t)most;
    if (U_SUCCESS(status) && !ubrk_isBoundary(breaks, at))
        at = ubrk_preceding(breaks, (int32_t)most);
    ubrk_close(breaks);
    utext_close(opened);
    return at > 0 ? (size_t)at : most;
}
