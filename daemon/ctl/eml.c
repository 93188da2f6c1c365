#include "ctl/eml.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

struct span {
    const char *at, *end;
};

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
}

/* RFC 4648; what is not of its alphabet is passed over. Returns the bytes written. */
static size_t decode_base64(struct span from, char *out)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned bits = 0, held = 0;
    size_t length = 0;
    for (; from.at < from.end && *from.at != '='; from.at++) {
        const char *digit = *from.at ? strchr(alphabet, *from.at) : NULL;
        if (!digit)
            continue;
        bits = bits << 6 | (unsigned)(digit - alphabet);
        held += 6;
        if (held >= 8) {
            held -= 8;
            out[length++] = (char)(bits >> held & 0xff);
        }
    }
    return length;
}

/* Quoted-printable (RFC 2045, 6.7), or the Q encoding of headers, where '_' is a space. */
static size_t decode_quoted(struct span from, bool header, char *out)
{
    size_t length = 0;
    while (from.at < from.end) {
        char c = *from.at++;
        if (c == '_' && header) {
            out[length++] = ' ';
        } else if (c == '=' && from.end - from.at >= 2 && hex_digit(from.at[0]) >= 0 &&
                   hex_digit(from.at[1]) >= 0) {
            out[length++] = (char)(hex_digit(from.at[0]) * 16 + hex_digit(from.at[1]));
            from.at += 2;
        } else if (c == '=' && !header) { /* a soft line break */
            from.at += from.at < from.end && *from.at == '\r';
            from.at += from.at < from.end && *from.at == '\n';
        } else if (c != '\r') {
            out[length++] = c;
        }
    }
    return length;
}

/* The bytes of =?utf-8?Q?…?= at `at`, or 0 where there is no encoded word. */
static size_t decode_word(struct span text, char *out, size_t *written)
{
    const char *charset = text.at + 2;
    const char *encoding = memchr(charset, '?', (size_t)(text.end - charset));
    if (!encoding || text.end - encoding < 4 || encoding[2] != '?')
        return 0;
    struct span word = {.at = encoding + 3};
    word.end = memmem(word.at, (size_t)(text.end - word.at), "?=", 2);
    if (!word.end)
        return 0;
    bool base64 = toupper((unsigned char)encoding[1]) == 'B';
    *written = base64 ? decode_base64(word, out) : decode_quoted(word, true, out);
    return (size_t)(word.end + 2 - text.at);
}

static const char *decode_header(struct arena *arena, struct span text)
{
    char *out = arena_alloc(arena, (size_t)(text.end - text.at) + 1);
    size_t length = 0, word_end = 0;
    while (text.at < text.end) {
        size_t written = 0, used = 0;
        if (text.end - text.at > 6 && text.at[0] == '=' && text.at[1] == '?') {
            /* White space between two encoded words is not part of the text. */
            size_t from =
                word_end && strspn(out + word_end, " ") >= length - word_end ? word_end : length;
            used = decode_word(text, out + from, &written);
            if (used)
                length = word_end = from + written;
        }
        if (!used && *text.at != '\r' && *text.at != '\n')
            out[length++] = *text.at == '\t' ? ' ' : *text.at;
        out[length] = '\0';
        text.at += used ? used : 1;
    }
    return out;
}

/* The end of the header section: behind its last line. */
static const char *headers_end(struct span mail)
{
    const char *end = memmem(mail.at, (size_t)(mail.end - mail.at), "\r\n\r\n", 4);
    return end ? end + 2 : mail.end;
}

static struct span find_header(struct span mail, const char *name)
{
    const char *end = headers_end(mail);
    size_t length = strlen(name);
    while (mail.at < end) {
        const char *line_end = memchr(mail.at, '\n', (size_t)(end - mail.at));
        line_end = line_end ? line_end + 1 : end;
        while (line_end < end && (*line_end == ' ' || *line_end == '\t')) {
            const char *next = memchr(line_end, '\n', (size_t)(end - line_end));
            line_end = next ? next + 1 : end;
        }
        if ((size_t)(line_end - mail.at) > length && mail.at[length] == ':' &&
            strncasecmp(mail.at, name, length) == 0) {
            mail.at += length + 1;
            while (mail.at < line_end && *mail.at == ' ')
                mail.at++;
            return (struct span){mail.at, line_end};
        }
        mail.at = line_end;
    }
    return (struct span){NULL, NULL};
}

const char *eml_header(struct arena *arena, const char *mail, size_t length, const char *name)
{
    struct span value = find_header((struct span){mail, mail + length}, name);
    return value.at ? decode_header(arena, value) : NULL;
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

static const char *find_part(struct arena *arena, struct span entity, const char *type, int depth)
{
    const char *content =
        eml_header(arena, entity.at, (size_t)(entity.end - entity.at), "Content-Type");
    const char *boundary = boundary_of(arena, content);
    struct span body = {headers_end(entity), entity.end};
    if (boundary && depth < 4) {
        size_t length = strlen(boundary);
        const char *found = NULL, *next;
        while (!found &&
               (body.at = memmem(body.at, (size_t)(body.end - body.at), boundary, length))) {
            body.at += length;
            next = memmem(body.at, (size_t)(body.end - body.at), boundary, length);
            if (!next)
                return NULL;
            found = find_part(arena, (struct span){body.at, next}, type, depth + 1);
        }
        return found;
    }
    if (!content || strncasecmp(content, type, strlen(type)) != 0)
        return NULL;
    body.at += body.at < body.end ? 2 : 0;
    const char *encoding =
        eml_header(arena, entity.at, (size_t)(entity.end - entity.at), "Content-Transfer-Encoding");
    char *out = arena_alloc(arena, (size_t)(body.end - body.at) + 1);
    size_t length = (size_t)(body.end - body.at);
    if (encoding && strncasecmp(encoding, "base64", 6) == 0)
        length = decode_base64(body, out);
    else if (encoding && strncasecmp(encoding, "quoted", 6) == 0)
        length = decode_quoted(body, false, out);
    else
        memcpy(out, body.at, length);
    out[length] = '\0';
    return out;
}

const char *eml_part(struct arena *arena, const char *mail, size_t length, const char *type)
{
    return find_part(arena, (struct span){mail, mail + length}, type, 0);
}
