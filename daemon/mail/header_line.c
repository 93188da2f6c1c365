#include "mail/header_line.h"

#include <string.h>

#include "base/grapheme.h"
#include "base/utf8.h"

enum {
    REPLACEMENT = 0xfffd,
    WIDEST = 3 /* its bytes, for one that is invalid */,
    ENDING_MOST = 16
};

static bool ends_line(uint32_t point)
{
    return utf8_is_control(point) || point == 0x2028 || point == 0x2029;
}

const char *header_line_clean(struct arena *arena, struct slice text, size_t most)
{
    char *line = arena_alloc(arena, WIDEST * text.length + 1);
    size_t length = 0, width;
    bool blank = false; /* the last character stands for what was taken out */
    for (size_t at = 0; at < text.length; at += width) {
        uint32_t point = utf8_decode(text.text + at, text.length - at, &width);
        bool ends = ends_line(point);
        blank = ends || (blank && point == ' ');
        if (blank && (length == 0 || line[length - 1] == ' '))
            continue;
        length += utf8_encode(ends ? ' ' : point, line + length);
    }
    struct slice bare = utf8_trim((struct slice){line, length});
    bare.length = grapheme_floor(bare.text, bare.length, most);
    bare = utf8_trim(bare); /* a space at the cut */
    return arena_copy(arena, bare.text, bare.length);
}

const char *header_line_file(struct arena *arena, const char *name)
{
    const char *whole = header_line_clean(arena, slice_of(name), SIZE_MAX);
    const char *ending = strrchr(whole, '.');
    size_t length = strlen(whole), kept = ending ? strlen(ending) : 0;
    if (length <= HEADER_LINE_FILE_MOST)
        return whole;
    if (kept > ENDING_MOST)
        kept = 0;
    size_t cut = grapheme_floor(whole, length - kept, HEADER_LINE_FILE_MOST - kept);
    return arena_printf(arena, "%.*s%s", (int)cut, whole, kept ? ending : "");
}
