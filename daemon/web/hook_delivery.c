#include "web/hook_delivery.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/hex.h"
#include "base/json.h"
#include "base/utf8.h"

enum { FORM_MOST = 1024 * 1024, FIELDS_MOST = 1024, JSON_MOST = 16 * 1024 * 1024 };

const struct json_limits hook_delivery_json = {
    .bytes = JSON_MOST, .depth = 64, .nodes = 262144, .duplicate_keys = false};

const char *hook_delivery_header(const struct hook_delivery *delivery, const char *name,
                                 struct arena *arena)
{
    char *low = arena_text(arena, name);
    for (char *at = low; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    return value_to_text(arena, value_get(&delivery->headers, low));
}

/* ---- Forms: application/x-www-form-urlencoded, as WHATWG's URL reads them ---- */

static struct value unescape(struct arena *arena, const char *from, const char *end)
{
    char *text = arena_alloc(arena, (size_t)(end - from) + 1);
    size_t length = 0;
    for (; from < end; from++) {
        int high = *from == '%' && end - from > 2 ? hex_value(from[1]) : -1,
            low = high >= 0 ? hex_value(from[2]) : -1;
        text[length++] = low >= 0 ? (char)(high * 16 + low) : *from == '+' ? ' ' : *from;
        from += low >= 0 ? 2 : 0;
    }
    for (size_t at = utf8_invalid(text, length); at < length;
         at += utf8_invalid(text + at, length - at))
        text[at] = '?';
    text[length] = '\0';
    return value_string(text, length);
}

/* Of a name that stands there twice the first counts. */
static bool read_form(struct slice body, struct arena *arena, struct value *map, struct diag *diag)
{
    *map = value_new_map(arena, 8);
    if (body.length > FORM_MOST)
        return diag_fault(diag, "form-size", "a form of more than %d bytes", FORM_MOST);
    for (const char *at = body.text, *end = at + body.length; at < end;) {
        const char *and = memchr(at, '&', (size_t)(end - at)), *stop = and? and : end;
        const char *is = memchr(at, '=', (size_t)(stop - at));
        const struct value name = unescape(arena, at, is ? is : stop);
        if (value_count(map) == FIELDS_MOST)
            return diag_fault(diag, "form-size", "a form of more than %d fields", FIELDS_MOST);
        if (stop > at && !value_find(map, name.string, name.length))
            value_add(arena, *map, name, unescape(arena, is ? is + 1 : stop, stop));
        at = stop + 1;
    }
    return true;
}

/* ---- The body ---- */

/* "application/json; charset=utf-8", "application/cloudevents+json" */
static bool is_type(const char *content_type, const char *type, const char *suffix)
{
    size_t length = strcspn(content_type, "; \t"), tail = strlen(suffix);
    return (length == strlen(type) && strncasecmp(content_type, type, length) == 0) ||
           (tail && length > tail && strncasecmp(content_type + length - tail, suffix, tail) == 0);
}

struct value hook_delivery_text(struct arena *arena, struct slice bytes)
{
    char *text = arena_copy(arena, bytes.text ? bytes.text : "", bytes.length);
    for (size_t at = utf8_invalid(text, bytes.length); at < bytes.length;
         at += utf8_invalid(text + at, bytes.length - at))
        text[at] = '?';
    return value_string(text, bytes.length);
}

bool hook_delivery_body(const struct hook_delivery *delivery, struct arena *arena,
                        struct value *body, struct diag *diag)
{
    const char *type = hook_delivery_header(delivery, "content-type", arena);
    if (type && is_type(type, "application/x-www-form-urlencoded", ""))
        return read_form(delivery->body, arena, body, diag);
    bool json = json_read(arena, delivery->body.text, delivery->body.length, &hook_delivery_json,
                          body, diag);
    if (json || (type && is_type(type, "application/json", "+json")))
        return json;
    *body = hook_delivery_text(arena, delivery->body); /* SNS says text/plain, and is JSON */
    return true;
}
