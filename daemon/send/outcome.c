#include "send/outcome.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

void outcome_set(struct outcome *outcome, enum outcome_kind kind)
{
    *outcome = (struct outcome){.kind = kind};
}

void outcome_words(struct outcome *outcome, const char *bytes, size_t length)
{
    size_t used = 0;
    for (size_t at = 0; at < length;) {
        size_t width;
        uint32_t point = utf8_decode(bytes + at, length - at, &width);
        const char *from = bytes + at;
        at += width;
        if (utf8_is_control(point) || point == ' ' || point == 0x2028 || point == 0x2029) {
            if (used == 0 || outcome->text[used - 1] == ' ')
                continue;
            from = " ";
            width = 1;
        } else if (point == 0xfffd && width == 1) {
            from = "?";
        }
        if (used + width >= sizeof outcome->text)
            break;
        memcpy(outcome->text + used, from, width);
        used += width;
    }
    if (used > 0 && outcome->text[used - 1] == ' ')
        used--;
    outcome->text[used] = '\0';
}

void outcome_printf(struct outcome *outcome, const char *format, ...)
{
    char text[4 * OUTCOME_TEXT_SIZE];
    va_list args;
    va_start(args, format);
    if (vsnprintf(text, sizeof text, format, args) < 0)
        text[0] = '\0';
    va_end(args);
    outcome_words(outcome, text, strlen(text));
}
