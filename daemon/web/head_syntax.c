#include "web/head_syntax.h"

#include <string.h>

bool head_syntax_is_token(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_method(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!head_syntax_is_token((unsigned char)text[i]))
            return false;
    return length > 0 && length <= HEAD_METHOD_MOST;
}

/* Visible characters of ASCII: all else stands there percent-encoded. */
static bool is_target(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] <= ' ' || text[i] >= 0x7f)
            return false;
    return length > 0;
}

/* METHOD SP TARGET SP HTTP/1.x, with one blank in each place. */
static enum web_refusal read_request_line(struct head_syntax *syntax, const char *bytes,
                                          const char *line, size_t length)
{
    const char *blank = memchr(line, ' ', length);
    const char *target = blank ? blank + 1 : NULL;
    const char *end = line + length;
    const char *version = target ? memchr(target, ' ', (size_t)(end - target)) : NULL;
    if (!version || !is_method(line, (size_t)(blank - line)))
        return WEB_REFUSAL_BAD_REQUEST;
    if (version - target > HEAD_TARGET_MOST)
        return WEB_REFUSAL_PATH_SIZE;
    const struct slice protocol = slice_between(version + 1, end);
    if (!is_target(target, (size_t)(version - target)) || protocol.length != 8 ||
        memcmp(protocol.text, "HTTP/", 5) != 0)
        return WEB_REFUSAL_BAD_REQUEST;
    if (!slice_is(protocol, "HTTP/1.1") && !slice_is(protocol, "HTTP/1.0"))
        return WEB_REFUSAL_VERSION;
    syntax->named = true;
    syntax->method_at = (size_t)(line - bytes);
    syntax->method_length = (size_t)(blank - line);
    syntax->target_at = (size_t)(target - bytes);
    syntax->target_length = (size_t)(version - target);
    return WEB_REFUSAL_NONE;
}

/* Name, colon, and no control character but the tab behind it (RFC 9110, 5.5). */
static enum web_refusal read_field(struct head_syntax *syntax, const char *line, size_t length)
{
    size_t name = 0;
    while (name < length && head_syntax_is_token((unsigned char)line[name]))
        name++;
    if (name == 0 || name == length || line[name] != ':')
        return WEB_REFUSAL_BAD_REQUEST;
    for (size_t i = name; i < length; i++) {
        unsigned char c = (unsigned char)line[i];
        if ((c < ' ' && c != '\t') || c == 0x7f)
            return WEB_REFUSAL_BAD_REQUEST;
    }
    return ++syntax->fields > HEAD_FIELDS_MOST ? WEB_REFUSAL_HEAD_SIZE : WEB_REFUSAL_NONE;
}

/* What has no line end yet can be wrong already: a control character, above all of another
 * protocol.
 */
static bool may_become_line(const char *line, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)line[i];
        bool last_cr = c == '\r' && i + 1 == length;
        if ((c < ' ' && c != '\t' && !last_cr) || c == 0x7f)
            return false;
    }
    return true;
}

enum head_progress head_syntax_look(struct head_syntax *syntax, const char *bytes, size_t length,
                                    size_t most, enum web_refusal *refusal)
{
    const char *end = bytes + length;
    *refusal = WEB_REFUSAL_BAD_REQUEST;
    for (;;) {
        const char *line = bytes + syntax->at;
        const char *lf = memchr(line, '\n', (size_t)(end - line));
        if (!lf)
            break;
        if (lf == line || lf[-1] != '\r')
            return HEAD_WRONG;
        size_t size = (size_t)(lf - 1 - line);
        if (size == 0 && !syntax->named && syntax->at > 0)
            return HEAD_WRONG; /* one empty line before the first is passed over (RFC 9112, 2.2) */
        syntax->at = (size_t)(lf + 1 - bytes);
        if (syntax->at > most) {
            *refusal = WEB_REFUSAL_HEAD_SIZE;
            return HEAD_WRONG;
        }
        if (size == 0 && syntax->named)
            return HEAD_WHOLE;
        if (size == 0)
            continue;
        *refusal = syntax->named ? read_field(syntax, line, size)
                                 : read_request_line(syntax, bytes, line, size);
        if (*refusal)
            return HEAD_WRONG;
        *refusal = WEB_REFUSAL_BAD_REQUEST;
    }
    size_t rest = length - syntax->at;
    if (!may_become_line(bytes + syntax->at, rest))
        return HEAD_WRONG;
    if (!syntax->named && rest > HEAD_TARGET_MOST + HEAD_METHOD_MOST + 16) {
        *refusal = WEB_REFUSAL_PATH_SIZE;
        return HEAD_WRONG;
    }
    if (length >= most) {
        *refusal = WEB_REFUSAL_HEAD_SIZE;
        return HEAD_WRONG;
    }
    return HEAD_MORE;
}

struct slice head_syntax_method(const struct head_syntax *syntax, const char *bytes)
{
    return (struct slice){bytes + syntax->method_at, syntax->method_length};
}

struct slice head_syntax_target(const struct head_syntax *syntax, const char *bytes)
{
    return (struct slice){bytes + syntax->target_at, syntax->target_length};
}
