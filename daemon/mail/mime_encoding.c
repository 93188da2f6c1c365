#include "mail/mime_encoding.h"

#include <stdint.h>
#include <string.h>

#include "base/base64.h"

enum { LINE_MOST = 76 };

/* At `at` stands a line end of any kind: its width, else 0. */
static size_t line_end(const char *text, size_t length, size_t at)
{
    if (text[at] == '\n')
        return 1;
    if (text[at] == '\r')
        return at + 1 < length && text[at + 1] == '\n' ? 2 : 1;
    return 0;
}

static bool ends_line(const char *text, size_t length, size_t at)
{
    return at >= length || line_end(text, length, at) > 0;
}

/* What stands for itself wherever it is on a line: 0; what need not: 1. A space is plain
 * here, as it is everywhere but at the end of a line. */
static const uint8_t special[256] = {[0 ... 31] = 1, ['='] = 1, [127 ... 255] = 1};

static inline bool is_plain(char c)
{
    return !special[(unsigned char)c];
}

/* How many bytes stand for themselves, eight at a time where all of them do: between ' ' and
 * '~', and no '='. */
static size_t plain_run(const char *text, size_t length)
{
    static const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
    size_t at = 0;
    for (uint64_t eight; length - at >= sizeof eight; at += sizeof eight) {
        memcpy(&eight, text + at, sizeof eight);
        uint64_t equals = eight ^ '=' * ones; /* a byte is 0 where it is '=' */
        if (((eight - ' ' * ones) | (eight + ones) | (equals - ones)) & high)
            break;
    }
    while (at < length && is_plain(text[at]))
        at++;
    return at;
}

/* RFC 2045, section 6.7, with the advice of its notes: what a gateway may change at the
 * begin of a line (a mailbox's "From ", SMTP's dot) or at its end (a space) is escaped. */
static bool qp_escapes(const char *text, size_t length, size_t at, size_t column)
{
    char c = text[at];
    if (c == ' ' || c == '\t')
        return ends_line(text, length, at + 1);
    if (!is_plain(c))
        return true;
    if (column > 0)
        return false;
    return c == '.' || (c == 'F' && length - at >= 5 && memcmp(text + at, "From ", 5) == 0);
}

/* How many bytes from `at` on, within a line, stand for themselves; `most` at most. */
static size_t qp_run(const char *text, size_t length, size_t at, size_t most)
{
    size_t to = at + plain_run(text + at, length - at < most ? length - at : most);
    while (to > at && text[to - 1] == ' ' && ends_line(text, length, to))
        to--;
    return to - at;
}

bool mime_encoding_quoted_printable(struct buf *out, const char *text, size_t length)
{
    enum { ROOM = LINE_MOST - 1 }; /* the last place is for the soft line end's '=' */
    static const char hex[] = "0123456789ABCDEF";
    size_t column = 0;
    for (size_t at = 0, width; at < length; at += width) {
        if ((width = line_end(text, length, at))) {
            buf_add(out, "\r\n", 2);
            column = 0;
            continue;
        }
        if (column && (width = qp_run(text, length, at, ROOM - column))) {
            buf_add(out, text + at, width);
            column += width;
            continue;
        }
        bool escapes = qp_escapes(text, length, at, column);
        width = 1;
        if (column + (escapes ? 3 : 1) > ROOM) {
            buf_add(out, "=\r\n", 3);
            width = column = 0;
        } else if (escapes) {
            unsigned char c = (unsigned char)text[at];
            const char escaped[3] = {'=', hex[c >> 4], hex[c & 15]};
            buf_add(out, escaped, 3);
            column += 3;
        } else {
            buf_char(out, text[at]);
            column++;
        }
    }
    return !out->full;
}

static inline unsigned char count_escaped(const char *text, size_t length)
{
    unsigned char escaped = 0;
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        bool is = ((c < ' ') | (c > '~') | (c == '=')) & (c != '\n');
        escaped = (unsigned char)(escaped + is);
    }
    return escaped;
}

/* In blocks of a length that the compiler knows, so that it takes many bytes at a time. */
bool mime_encoding_prefers_quoted_printable(const char *text, size_t length)
{
    enum { BLOCK = 128 };
    size_t escaped = 0, at = 0;
    for (; length - at >= BLOCK; at += BLOCK)
        escaped += count_escaped(text + at, BLOCK);
    escaped += count_escaped(text + at, length - at);
    return length + 2 * escaped <= (length + 2) / 3 * 4;
}

bool mime_encoding_base64(struct buf *out, const void *bytes, size_t length)
{
    enum { LINE_BYTES = LINE_MOST / 4 * 3 };
    const unsigned char *from = bytes;
    while (length) {
        size_t taken = length < LINE_BYTES ? length : LINE_BYTES;
        char line[LINE_MOST + 2];
        size_t size = base64_encode(from, taken, BASE64_STANDARD | BASE64_PADDED, line);
        memcpy(line + size, "\r\n", 2);
        if (!buf_add(out, line, size + 2))
            return false;
        from += taken;
        length -= taken;
    }
    return true;
}

bool mime_encoding_base64_text(struct buf *out, const char *text, size_t length)
{
    struct buf canonical;
    buf_init(&canonical, 2 * length + 2);
    for (size_t at = 0, width; at < length; at += width) {
        width = line_end(text, length, at);
        if (width) {
            buf_add(&canonical, "\r\n", 2);
            continue;
        }
        for (width = 1; !ends_line(text, length, at + width); width++)
            ;
        buf_add(&canonical, text + at, width);
    }
    bool fits = mime_encoding_base64(out, buf_string(&canonical), canonical.length);
    buf_free(&canonical);
    return fits;
}
