#include "ctl/eml.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/base64.h"
#include "base/hex.h"
#include "base/slice.h"

/* Quoted-printable (RFC 2045, 6.7), or the Q encoding of headers, where '_' is a space. */
static size_t decode_quoted(struct slice from, bool header, char *out)
{
    const char *at = from.text, *end = at + from.length;
    size_t length = 0;
    while (at < end) {
        char c = *at++;
        if (c == '_' && header) {
            out[length++] = ' ';
        } else if (c == '=' && end - at >= 2 && hex_value(at[0]) >= 0 && hex_value(at[1]) >= 0) {
            out[length++] = (char)(hex_value(at[0]) * 16 + hex_value(at[1]));
            at += 2;
        } else if (c == '=' && !header) { /* a soft line break */
            at += at < end && *at == '\r';
            at += at < end && *at == '\n';
        } else if (c != '\r') {
            out[length++] = c;
        }
    }
    return length;
}

/* The bytes of =?utf-8?Q?…?= at the beginning, or 0 where there is no encoded word. */
static size_t decode_word(struct slice text, char *out, size_t *written)
{
    const char *charset = text.text + 2, *end = text.text + text.length;
    const char *encoding = memchr(charset, '?', (size_t)(end - charset));
    if (!encoding || end - encoding < 4 || encoding[2] != '?')
        return 0;
    const char *begin = encoding + 3, *stop = memmem(begin, (size_t)(end - begin), "?=", 2);
    if (!stop)
        return 0;
    struct slice word = slice_between(begin, stop);
    bool base64 = toupper((unsigned char)encoding[1]) == 'B';
    *written =
        base64 ? base64_salvage(word.text, word.length, out) : decode_quoted(word, true, out);
    return (size_t)(stop + 2 - text.text);
}

static const char *decode_header(struct arena *arena, struct slice text)
{
    const char *at = text.text, *end = at + text.length;
    char *out = arena_alloc(arena, text.length + 1);
    size_t length = 0, word_end = 0;
    while (at < end) {
        size_t written = 0, used = 0;
        if (end - at > 6 && at[0] == '=' && at[1] == '?') {
            /* White space between two encoded words is not part of the text. */
            size_t from =
                word_end && strspn(out + word_end, " ") >= length - word_end ? word_end : length;
            used = decode_word(slice_between(at, end), out + from, &written);
            if (used)
                length = word_end = from + written;
        }
        if (!used && *at != '\r' && *at != '\n')
            out[length++] = *at == '\t' ? ' ' : *at;
        out[length] = '\0';
        at += used ? used : 1;
    }
    return out;
}

/* The end of the header section: behind its last line. */
static const char *headers_end(struct slice mail)
{
    const char *end = memmem(mail.text, mail.length, "\r\n\r\n", 4);
    return end ? end + 2 : mail.text + mail.length;
}

/* Without a text where there is none. */
static struct slice find_header(struct slice mail, const char *name)
{
    const char *at = mail.text, *end = headers_end(mail);
    size_t length = strlen(name);
    while (at < end) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        line_end = line_end ? line_end + 1 : end;
        while (line_end < end && (*line_end == ' ' || *line_end == '\t')) {
            const char *next = memchr(line_end, '\n', (size_t)(end - line_end));
            line_end = next ? next + 1 : end;
        }
        if ((size_t)(line_end - at) > length && at[length] == ':' &&
            strncasecmp(at, name, length) == 0) {
            at += length + 1;
            while (at < line_end && *at == ' ')
                at++;
            return slice_between(at, line_end);
        }
        at = line_end;
    }
    return (struct slice){NULL, 0};
}

const char *eml_header(struct arena *arena, const char *mail, size_t length, const char *name)
{
    struct slice value = find_header((struct slice){mail, length}, name);
    return value.text ? decode_header(arena, value) : NULL;
}

/* The value of boundary="…", or NULL. */
static const char *boundary_of(struct arena *arena, const char *type)
{
    const char *at = type ? strcasestr(type, "boundary=") : NULL;
    if (!at)
        return NULL;
    at += strlen("boundary=");
    bool quoted = *at == '"';
    at += quoted;
    return arena_printf(arena, "\r\n--%.*s", (int)strcspn(at, quoted ? "\"" : "; \r\n"), at);
}

static const char *find_part(struct arena *arena, struct slice entity, const char *type, int depth)
{
    const char *content = eml_header(arena, entity.text, entity.length, "Content-Type");
    const char *boundary = boundary_of(arena, content);
    const char *body = headers_end(entity), *end = entity.text + entity.length;
    if (boundary && depth < 4) {
        size_t length = strlen(boundary);
        const char *found = NULL, *next;
        while (!found && (body = memmem(body, (size_t)(end - body), boundary, length))) {
            body += length;
            next = memmem(body, (size_t)(end - body), boundary, length);
            if (!next)
                return NULL;
            found = find_part(arena, slice_between(body, next), type, depth + 1);
        }
        return found;
    }
    if (!content || strncasecmp(content, type, strlen(type)) != 0)
        return NULL;
    struct slice text = slice_between(body < end ? body + 2 : body, end);
    const char *encoding =
        eml_header(arena, entity.text, entity.length, "Content-Transfer-Encoding");
    char *out = arena_alloc(arena, text.length + 1);
    size_t length = text.length;
    if (encoding && strncasecmp(encoding, "base64", 6) == 0)
        length = base64_salvage(text.text, text.length, out);
    else if (encoding && strncasecmp(encoding, "quoted", 6) == 0)
        length = decode_quoted(text, false, out);
    else
        memcpy(out, text.text, length);
    out[length] = '\0';
    return out;
}

const char *eml_part(struct arena *arena, const char *mail, size_t length, const char *type)
{
    return find_part(arena, (struct slice){mail, length}, type, 0);
}
