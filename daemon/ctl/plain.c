#include "ctl/plain.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

void plain_print(const char *text, size_t length)
{
    for (size_t at = 0, width; at < length; at += width) {
        uint32_t point = utf8_decode(text + at, length - at, &width);
        if (utf8_is_unshown(point) || point == 0xfffd)
            putchar('?');
        else
            fwrite(text + at, 1, width, stdout);
    }
}

void plain_text(const char *text)
{
    if (text)
        plain_print(text, strlen(text));
}

const char *plain_of(struct arena *arena, const char *text)
{
    size_t length = text ? strlen(text) : 0;
    char *plain = arena_alloc(arena, length + 1);
    plain[utf8_show(text ? text : "", length, plain, length)] = '\0';
    return plain;
}

void plain_json(const char *text, size_t length)
{
    for (size_t at = 0, width; at < length; at += width) {
        uint32_t point = utf8_decode(text + at, length - at, &width);
        bool invalid = point == 0xfffd && width == 1;
        if (point == '\n' || point == '\t' || (!invalid && !utf8_is_unshown(point)))
            fwrite(text + at, 1, width, stdout);
        else if (point > 0xffff) /* RFC 8259, 7: a pair of surrogates */
            printf("\\u%04x\\u%04x", 0xd7c0 + (unsigned)(point >> 10),
                   0xdc00 + (unsigned)(point & 0x3ff));
        else
            printf("\\u%04x", (unsigned)point);
    }
}
