#include "mail/html_strict_text.h"

#include <stdint.h>
#include <string.h>

#include "base/hex.h"
#include "base/utf8.h"

/* References that stand in mails; all others are left to the parser. */
static const struct {
    const char *name, *text;
} names[] = {
    {"amp", "&"},       {"lt", "<"},        {"gt", ">"},       {"quot", "\""}, {"apos", "'"},
    {"nbsp", "\u00a0"}, {"copy", "©"},      {"reg", "®"},      {"trade", "™"}, {"hellip", "…"},
    {"ndash", "–"},     {"mdash", "—"},     {"lsquo", "‘"},    {"rsquo", "’"}, {"ldquo", "“"},
    {"rdquo", "”"},     {"laquo", "«"},     {"raquo", "»"},    {"bull", "•"},  {"middot", "·"},
    {"times", "×"},     {"euro", "€"},      {"pound", "£"},    {"larr", "←"},  {"rarr", "→"},
    {"shy", "\u00ad"},  {"zwnj", "\u200c"}, {"zwj", "\u200d"},
};

/*
 * Characters that the parser takes as they are: not control characters, of which it makes
 * U+FFFD, and not those that no text has.
 */
static bool is_plain(const char *text, size_t length)
{
    static const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
    const unsigned char *s = (const unsigned char *)text;
    for (size_t at = 0; at < length; at++) {
        uint64_t eight;
        while (length - at > sizeof eight) {
            memcpy(&eight, s + at, sizeof eight);
            if (((eight - 0x20 * ones) | (eight + ones)) & high)
                break; /* not all of them between ' ' and '~' */
            at += sizeof eight;
        }
        unsigned char c = s[at], next = at + 1 < length ? s[at + 1] : 0;
        if ((c < ' ' && !html_strict_is_blank((char)c)) || c == 0x7f ||
            (c == 0xc2 && next < 0xa0) ||                  /* U+0080 to U+009F */
            (c == 0xef && next == 0xb7) ||                 /* with U+FDD0 to U+FDEF */
            (c == 0xbf && (next == 0xbe || next == 0xbf))) /* U+xxFFFE, U+xxFFFF */
            return false;
    }
    return true;
}

/* ---- References ---- */

static bool is_character(uint32_t c)
{
    return !utf8_is_control(c) && !(c >= 0xd800 && c <= 0xdfff) && !(c >= 0xfdd0 && c <= 0xfdef) &&
           (c & 0xfffe) != 0xfffe && c <= 0x10ffff;
}

/* "#38" or "#x26"; the bytes written, 0: not sure. */
static size_t decode_number(const char *text, size_t length, char out[4])
{
    int base = length > 1 && (text[1] | 0x20) == 'x' ? 16 : 10;
    uint32_t c = 0;
    size_t at = base == 16 ? 2 : 1;
    if (at == length || length - at > 6)
        return 0;
    for (; at < length; at++) {
        int digit = hex_value(text[at]);
        if (digit < 0 || digit >= base)
            return 0;
        c = c * (uint32_t)base + (uint32_t)digit;
    }
    return is_character(c) ? utf8_encode(c, out) : 0;
}

/* What stands between `&` and `;`. */
static size_t decode(const char *text, size_t length, char out[4])
{
    if (length && text[0] == '#')
        return decode_number(text, length, out);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i].name) == length && memcmp(names[i].name, text, length) == 0) {
            size_t bytes = strlen(names[i].text);
            memcpy(out, names[i].text, bytes);
            return bytes;
        }
    return 0;
}

/*
 * At an `&`: the bytes that it stands for, and how many it takes. Before white space it is
 * no reference (13.2.5.72), and in an address "&name=" is none either (13.2.5.73).
 */
static size_t decode_at(const char *text, size_t length, bool value, char out[4], size_t *width)
{
    size_t size = 1;
    while (size < length && size < 32 && (html_strict_is_word(text[size]) || text[size] == '#'))
        size++;
    char after = size < length ? text[size] : '\0';
    if (after == ';') {
        *width = size + 1;
        return decode(text + 1, size - 1, out);
    }
    bool bare = size == 1 && html_strict_is_blank(after);
    bool parameter = value && size > 1 && after == '=' && !memchr(text, '#', size);
    if (!bare && !parameter)
        return 0;
    *width = 1;
    out[0] = '&';
    return 1;
}

bool html_strict_text(struct html_outline *outline, const char *text, size_t length)
{
    const char *end = text + length;
    if (!outline)
        return true;
    if (!is_plain(text, length))
        return false;
    while (text < end) {
        const char *mark = memchr(text, '&', (size_t)(end - text));
        html_outline_text(outline, text, (size_t)((mark ? mark : end) - text));
        if (!mark)
            break;
        char decoded[4];
        size_t width = 0, bytes = decode_at(mark, (size_t)(end - mark), false, decoded, &width);
        if (!bytes)
            return false;
        html_outline_text(outline, decoded, bytes);
        text = mark + width;
    }
    return true;
}

const char *html_strict_value(struct arena *arena, const char *text, size_t length)
{
    if (!is_plain(text, length) || memchr(text, '\r', length))
        return NULL;
    char *value = arena_alloc(arena, length + 1), *to = value; /* a reference only shrinks */
    for (size_t at = 0, width; at < length; at += width) {
        const char *mark = memchr(text + at, '&', length - at);
        width = (size_t)((mark ? mark : text + length) - (text + at));
        memcpy(to, text + at, width);
        to += width;
        if (!width) {
            size_t bytes = decode_at(text + at, length - at, true, to, &width);
            if (!bytes)
                return NULL;
            to += bytes;
        }
    }
    *to = '\0';
    return value;
}
