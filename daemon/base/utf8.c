/*
 * Sequences are decoded one by one (utf8_decode); runs of ASCII are passed over eight bytes at a
 * time (utf8_invalid, utf8_count).
 */
#include "base/utf8.h"

#include <string.h>

static bool continues(unsigned char byte)
{
    return (byte & 0xc0) == 0x80;
}

uint32_t utf8_decode(const char *text, size_t length, size_t *width)
{
    const unsigned char *s = (const unsigned char *)text;
    *width = 1;
    if (s[0] < 0x80)
        return s[0];
    if (s[0] >= 0xc2 && s[0] <= 0xdf && length >= 2 && continues(s[1])) {
        *width = 2;
        return (uint32_t)(s[0] & 0x1f) << 6 | (s[1] & 0x3f);
    }
    if ((s[0] & 0xf0) == 0xe0 && length >= 3 && continues(s[1]) && continues(s[2])) {
        uint32_t point =
            (uint32_t)(s[0] & 0x0f) << 12 | (uint32_t)(s[1] & 0x3f) << 6 | (s[2] & 0x3f);
        if (point < 0x800 || (point >= 0xd800 && point <= 0xdfff))
            return 0xfffd;
        *width = 3;
        return point;
    }
    if (s[0] >= 0xf0 && s[0] <= 0xf4 && length >= 4 && continues(s[1]) && continues(s[2]) &&
        continues(s[3])) {
        uint32_t point = (uint32_t)(s[0] & 0x07) << 18 | (uint32_t)(s[1] & 0x3f) << 12 |
                         (uint32_t)(s[2] & 0x3f) << 6 | (s[3] & 0x3f);
        if (point < 0x10000 || point > 0x10ffff)
            return 0xfffd;
        *width = 4;
        return point;
    }
    return 0xfffd;
}

size_t utf8_width(const char *text, size_t length)
{
    size_t width;
    utf8_decode(text, length, &width);
    return width;
}

size_t utf8_invalid(const char *text, size_t length)
{
    size_t at = 0;
    while (at < length) {
        uint64_t eight;
        if (length - at >= sizeof eight) {
            memcpy(&eight, text + at, sizeof eight);
            if (!(eight & 0x8080808080808080u)) {
                at += sizeof eight;
                continue;
            }
        }
        if (!(text[at] & 0x80)) {
            at++;
            continue;
        }
        size_t width;
        utf8_decode(text + at, length - at, &width);
        if (width == 1)
            return at;
        at += width;
    }
    return length;
}

const char *utf8_advice(const char *text, size_t length)
{
    bool utf_16 = length >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 ||
                                  memcmp(text, "\xfe\xff", 2) == 0 || !text[0] || !text[1]);
    if (utf_16)
        return "the file is UTF-16: save it as UTF-8";
    return utf8_valid(text, length) ? NULL : "save the file as UTF-8";
}

size_t utf8_encode(uint32_t c, char out[4])
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c >= 0xd800 && c <= 0xdfff)
        return 0;
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3f));
        out[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    if (c > 0x10ffff)
        return 0;
    out[0] = (char)(0xf0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3f));
    out[2] = (char)(0x80 | (c >> 6 & 0x3f));
    out[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

size_t utf8_count(const char *text, size_t length)
{
    size_t count = 0;
    for (size_t at = 0; at < length; at += utf8_width(text + at, length - at))
        count++;
    return count;
}

bool utf8_is_unshown(uint32_t point)
{
    return utf8_is_control(point) || point == 0x61c || point == 0x200e || point == 0x200f ||
           (point >= 0x2028 && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069) ||
           point == 0xfeff || (point >= 0xfff9 && point <= 0xfffb) ||
           (point >= 0xe0000 && point <= 0xe007f);
}

size_t utf8_show(const char *text, size_t length, char *to, size_t room)
{
    size_t used = 0, width;
    for (size_t at = 0; at < length; at += width) {
        uint32_t point = utf8_decode(text + at, length - at, &width);
        bool invalid = point == 0xfffd && width == 1;
        bool shown = !invalid && !utf8_is_unshown(point);
        size_t needed = shown ? width : 1;
        if (used + needed > room)
            break;
        if (shown)
            memcpy(to + used, text + at, width);
        else
            to[used] = point == '\t' ? ' ' : '?';
        used += needed;
    }
    return used;
}

bool utf8_is_space(uint32_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || c == 0x85 || c == 0xa0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
           c == 0x205f || c == 0x3000;
}

struct slice utf8_trim(struct slice text)
{
    size_t width;
    while (text.length && utf8_is_space(utf8_decode(text.text, text.length, &width))) {
        text.text += width;
        text.length -= width;
    }
    while (text.length) {
        size_t last = utf8_floor(text.text, text.length - 1);
        if (!utf8_is_space(utf8_decode(text.text + last, text.length - last, &width)))
            break;
        text.length = last;
    }
    return text;
}

size_t utf8_one_line(const char *text, size_t length, char *to, size_t room)
{
    size_t used = 0, width;
    for (size_t at = 0; at < length; at += width) {
        uint32_t point = utf8_decode(text + at, length - at, &width);
        bool space = utf8_is_space(point) || utf8_is_control(point);
        bool whole = !space && !utf8_is_unshown(point) && !(point == 0xfffd && width == 1);
        if (space && (used == 0 || to[used - 1] == ' '))
            continue;
        if (used + (whole ? width : 1) > room)
            break;
        if (whole)
            memcpy(to + used, text + at, width);
        else
            to[used] = space ? ' ' : '?';
        used += whole ? width : 1;
    }
    return used > 0 && to[used - 1] == ' ' ? used - 1 : used;
}

size_t utf8_floor(const char *text, size_t most)
{
    size_t at = most;
    while (at > 0 && most - at < 3 && continues((unsigned char)text[at]))
        at--;
    unsigned char lead = (unsigned char)text[at];
    size_t width = lead < 0xc2 || lead > 0xf4 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    return at + width > most ? at : most;
}

bool utf8_has_control(const char *text, size_t length)
{
    for (size_t at = 0, width; at < length; at += width)
        if (utf8_is_control(utf8_decode(text + at, length - at, &width)))
            return true;
    return false;
}
