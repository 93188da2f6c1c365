#include "liquid/liquid_escape.h"

#include <stdint.h>
#include <string.h>

enum { PLAIN, AMPERSAND, LESS, GREATER, QUOTE, APOSTROPHE };

static const unsigned char special[256] = {
    ['&'] = AMPERSAND, ['<'] = LESS, ['>'] = GREATER, ['"'] = QUOTE, ['\''] = APOSTROPHE};

static const struct {
    const char *text;
    uint32_t length;
    char character;
} entities[] = {
    [AMPERSAND] = {"&amp;", 5, '&'},   [LESS] = {"&lt;", 4, '<'},
    [GREATER] = {"&gt;", 4, '>'},      [QUOTE] = {"&quot;", 6, '"'},
    [APOSTROPHE] = {"&#39;", 5, '\''},
};

bool liquid_escape(struct buf *out, const char *text, size_t length)
{
    const char *end = text + length, *run = text;
    for (; text < end; text++) {
        unsigned which = special[(unsigned char)*text];
        if (which == PLAIN)
            continue;
        buf_add(out, run, (size_t)(text - run));
        buf_add(out, entities[which].text, entities[which].length);
        run = text + 1;
    }
    return buf_add(out, run, (size_t)(end - run));
}

size_t liquid_escape_length(const char *text, size_t length)
{
    size_t sum = length;
    for (size_t i = 0; i < length; i++) {
        unsigned which = special[(unsigned char)text[i]];
        if (which != PLAIN)
            sum += entities[which].length - 1;
    }
    return sum;
}

void liquid_escape_to(char *to, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned which = special[(unsigned char)text[i]];
        if (which == PLAIN) {
            *to++ = text[i];
            continue;
        }
        memcpy(to, entities[which].text, entities[which].length);
        to += entities[which].length;
    }
}

size_t liquid_escape_undo(char *to, const char *text, size_t length)
{
    char *start = to;
    for (size_t i = 0; i < length;) {
        size_t width = 1;
        char c = text[i];
        for (unsigned e = AMPERSAND; c == '&' && e <= APOSTROPHE; e++)
            if (length - i >= entities[e].length &&
                memcmp(text + i, entities[e].text, entities[e].length) == 0) {
                c = entities[e].character;
                width = entities[e].length;
                break;
            }
        *to++ = c;
        i += width;
    }
    return (size_t)(to - start);
}
