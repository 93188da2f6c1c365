#include "web/head_rules.h"

#include <string.h>
#include <strings.h>

#include "web/head_syntax.h"

enum { LENGTH_DIGITS_MOST = 15 };

/* Names whose fields may stand in several lines, for they are lists (RFC 9110, 5.3), or are read by
 * nobody here. */
static bool is_list(const char *name)
{
    static const char *const names[] = {"accept",
                                        "accept-charset",
                                        "accept-encoding",
                                        "accept-language",
                                        "baggage",
                                        "cache-control",
                                        "connection",
                                        "cookie",
                                        "forwarded",
                                        "if-match",
                                        "if-none-match",
                                        "pragma",
                                        "te",
                                        "tracestate",
                                        "trailer",
                                        "upgrade",
                                        "via",
                                        "warning",
                                        "x-forwarded-for",
                                        "x-forwarded-host",
                                        "x-forwarded-port",
                                        "x-forwarded-proto",
                                        NULL};
    for (const char *const *at = names; *at; at++)
        if (strcasecmp(*at, name) == 0)
            return true;
    return false;
}

static bool is_name(struct slice name)
{
    for (size_t i = 0; i < name.length; i++)
        if (!head_syntax_is_token((unsigned char)name.text[i]))
            return false;
    return name.length > 0;
}

/* Host names, addresses, a port: nothing that another might read as a path or a login. */
static bool is_host(struct slice host)
{
    for (size_t i = 0; i < host.length; i++) {
        unsigned char c = (unsigned char)host.text[i];
        bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (!plain && !strchr("-._~:[]%", c))
            return false;
    }
    return true;
}

static bool read_length(struct slice text, uint64_t *length)
{
    *length = 0;
    if (text.length == 0 || text.length > LENGTH_DIGITS_MOST)
        return false;
    for (size_t i = 0; i < text.length; i++) {
        if (text.text[i] < '0' || text.text[i] > '9')
            return false;
        *length = *length * 10 + (uint64_t)(text.text[i] - '0');
    }
    return true;
}

static bool is_coding(struct slice value, const char *word)
{
    return value.length == strlen(word) && strncasecmp(value.text, word, value.length) == 0;
}

/* One field by itself. */
static enum web_refusal read_field(const struct web_field *field, bool version_1_1,
                                   struct head_rules *rules)
{
    const char *name = field->name.text;
    struct slice value = slice_trim(field->value, " \t");
    if (!is_name(field->name) || memchr(field->value.text, '\0', field->value.length))
        return WEB_REFUSAL_BAD_REQUEST;
    if (strcasecmp(name, "content-length") == 0)
        return read_length(value, &rules->length) ? WEB_REFUSAL_NONE : WEB_REFUSAL_BAD_LENGTH;
    if (strcasecmp(name, "transfer-encoding") == 0) {
        rules->chunked = is_coding(value, "chunked") && version_1_1;
        return rules->chunked ? WEB_REFUSAL_NONE : WEB_REFUSAL_BAD_LENGTH;
    }
    if (strcasecmp(name, "host") == 0)
        return is_host(value) ? WEB_REFUSAL_NONE : WEB_REFUSAL_BAD_REQUEST;
    if (strcasecmp(name, "content-encoding") == 0)
        return is_coding(value, "identity") ? WEB_REFUSAL_NONE : WEB_REFUSAL_MEDIA_TYPE;
    if (strcasecmp(name, "expect") == 0) {
        rules->expects = is_coding(value, "100-continue");
        return rules->expects ? WEB_REFUSAL_NONE : WEB_REFUSAL_EXPECTATION;
    }
    return WEB_REFUSAL_NONE;
}

/* Names that stand there twice: a length or a coding by its own word. */
static enum web_refusal look_for_doubles(const struct web_fields *headers)
{
    for (size_t i = 0; i < headers->count; i++)
        for (size_t j = i + 1; j < headers->count; j++) {
            const char *name = headers->items[i].name.text;
            if (strcasecmp(name, headers->items[j].name.text) != 0 || is_list(name))
                continue;
            return strcasecmp(name, "content-length") == 0 ||
                           strcasecmp(name, "transfer-encoding") == 0
                       ? WEB_REFUSAL_BAD_LENGTH
                       : WEB_REFUSAL_BAD_REQUEST;
        }
    return WEB_REFUSAL_NONE;
}

enum web_refusal head_rules_read(const struct web_fields *headers, bool version_1_1,
                                 struct head_rules *rules)
{
    bool length = false, host = false;
    *rules = (struct head_rules){0};
    if (headers->count > HEAD_FIELDS_MOST)
        return WEB_REFUSAL_HEAD_SIZE;
    enum web_refusal refusal = look_for_doubles(headers);
    for (size_t i = 0; !refusal && i < headers->count; i++) {
        const char *name = headers->items[i].name.text;
        refusal = read_field(&headers->items[i], version_1_1, rules);
        length |= strcasecmp(name, "content-length") == 0;
        host |= strcasecmp(name, "host") == 0;
    }
    if (!refusal && rules->chunked && length)
        return WEB_REFUSAL_BAD_LENGTH;
    if (!refusal && version_1_1 && !host)
        return WEB_REFUSAL_BAD_REQUEST;
    return refusal;
}

/* The line at `at`, its CRLF a NUL; *at is then behind it. */
static char *cut_line(char **at)
{
    char *line = *at, *end = strchr(line, '\r');
    *end = '\0';
    *at = end + 2;
    return line;
}

enum web_refusal head_rules_read_bytes(char *bytes, size_t length, struct head_rules *rules)
{
    struct web_field items[HEAD_FIELDS_MOST];
    struct web_fields fields = {.items = items};
    char *at = bytes, *end = bytes + length, *line = cut_line(&at);
    if (!*line)
        line = cut_line(&at);
    size_t first = strlen(line);
    bool version_1_1 = first > 0 && line[first - 1] == '1';
    while (at < end && *(line = cut_line(&at)) && fields.count < HEAD_FIELDS_MOST) {
        char *colon = strchr(line, ':');
        *colon = '\0';
        items[fields.count++] =
            (struct web_field){slice_of(line), slice_trim(slice_of(colon + 1), " \t")};
    }
    return head_rules_read(&fields, version_1_1, rules);
}
