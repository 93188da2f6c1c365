#include "ctl/plain.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

void plain_print(const char *text, size_t length)
{
    for (size_t at = 0, width; at < length; at += width) {
        uint32_t point = utf8_decode(text + at, length - at, &width);
        bool line_end = point == 0x2028 || point == 0x2029;
        if (utf8_is_control(point) || line_end || point == 0xfffd)
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
