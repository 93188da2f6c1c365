/*
 * form_read, at the end, chooses by the type. An encoded form is cut at '&' and '=' and decoded;
 * one of many parts is cut at its boundary, and each part has a head, of which the name is read.
 */
#include "web/form.h"

#include <string.h>
#include <strings.h>

#include "base/hex.h"

enum { BOUNDARY_MOST = 70 /* RFC 2046, 5.1.1 */ };

struct reading {
    struct arena *arena;
    struct form_field *fields;
    uint32_t count, capacity;
};

static bool add(struct reading *reading, const char *name, const char *value)
{
    if (!name || !value || reading->count == FORM_FIELDS_MOST)
        return false;
    reading->fields = arena_grow(reading->arena, reading->fields, reading->count,
                                 &reading->capacity, sizeof *reading->fields);
    reading->fields[reading->count++] = (struct form_field){name, value};
    return true;
}

static const char *find(const char *from, const char *end, const char *what, size_t length)
{
    return from <= end ? memmem(from, (size_t)(end - from), what, length) : NULL;
}

/* NULL where there is a NUL in it. */
static const char *text_between(struct arena *arena, const char *from, const char *end)
{
    return memchr(from, '\0', (size_t)(end - from)) ? NULL
                                                    : arena_copy(arena, from, (size_t)(end - from));
}

/* ---- application/x-www-form-urlencoded ---- */

/* NULL where a '%' has no two digits behind it, or is a NUL. */
static const char *decode(struct arena *arena, const char *from, const char *end)
{
    char *text = arena_alloc(arena, (size_t)(end - from) + 1), *to = text;
    for (; from < end; from++) {
        char c = *from == '+' ? ' ' : *from;
        if (*from == '%') {
            int high = end - from > 2 ? hex_value(from[1]) : -1;
            int low = high < 0 ? -1 : hex_value(from[2]);
            if (low < 0)
                return NULL;
            c = (char)(high << 4 | low);
            from += 2;
        }
        if (!c)
            return NULL;
        *to++ = c;
    }
    *to = '\0';
    return text;
}

static bool read_encoded(struct reading *reading, struct slice body)
{
    const char *end = body.text + body.length;
    for (const char *at = body.text; at < end;) {
        const char *stop = memchr(at, '&', (size_t)(end - at));
        stop = stop ? stop : end;
        const char *equals = memchr(at, '=', (size_t)(stop - at));
        const char *name = decode(reading->arena, at, equals ? equals : stop);
        if (stop > at &&
            !add(reading, name, decode(reading->arena, equals ? equals + 1 : stop, stop)))
            return false;
        at = stop + 1;
    }
    return true;
}

/* ---- multipart/form-data ---- */

/* The value of a parameter behind a ';' (RFC 2045, 5.1), in quotes or bare. */
static const char *parameter(struct arena *arena, const char *from, const char *end,
                             const char *name)
{
    size_t length = strlen(name);
    for (const char *at = memchr(from, ';', (size_t)(end - from)); at;
         at = memchr(at, ';', (size_t)(end - at))) {
        for (at++; at < end && (*at == ' ' || *at == '\t');)
            at++;
        if ((size_t)(end - at) <= length || strncasecmp(at, name, length) != 0 || at[length] != '=')
            continue;
        const char *value = at + length + 1;
        bool quoted = value < end && *value == '"';
        const char *stop = quoted ? memchr(value + 1, '"', (size_t)(end - value - 1)) : value;
        while (!quoted && stop < end && !strchr("; \t", *stop))
            stop++;
        return stop ? text_between(arena, value + quoted, stop) : NULL;
    }
    return NULL;
}

/* The name in the head of a part; NULL where it has none. */
static const char *name_in(struct arena *arena, const char *head, const char *end)
{
    static const char field[] = "Content-Disposition:";
    while (head < end) {
        const char *stop = find(head, end, "\r\n", 2);
        stop = stop ? stop : end;
        if ((size_t)(stop - head) > sizeof field - 1 &&
            strncasecmp(head, field, sizeof field - 1) == 0)
            return parameter(arena, head, stop, "name");
        head = stop + 2;
    }
    return NULL;
}

/* One part, without the line breaks around it. */
static bool read_part(struct reading *reading, const char *part, const char *end)
{
    const char *blank = find(part, end, "\r\n\r\n", 4);
    if (!blank)
        return false;
    return add(reading, name_in(reading->arena, part, blank),
               text_between(reading->arena, blank + 4, end));
}

static bool read_parts(struct reading *reading, const char *type, struct slice body)
{
    const char *boundary = parameter(reading->arena, type, type + strlen(type), "boundary");
    if (!boundary || !*boundary || strlen(boundary) > BOUNDARY_MOST)
        return false;
    const char *line = arena_printf(reading->arena, "\r\n--%s", boundary);
    size_t length = strlen(line);
    const char *end = body.text + body.length;
    /* The first one stands at the beginning, where no line ends. */
    if (body.length < length - 2 || memcmp(body.text, line + 2, length - 2) != 0)
        return false;
    const char *at = body.text + length - 2;
    while (end - at >= 2 && memcmp(at, "--", 2) != 0) {
        const char *stop = find(at, end, line, length);
        if (!stop || stop - at < 2 || memcmp(at, "\r\n", 2) != 0 ||
            !read_part(reading, at + 2, stop))
            return false;
        at = stop + length;
    }
    return end - at >= 2;
}

/* ---- Either ---- */

static bool is_type(const char *type, const char *name)
{
    size_t length = strlen(name);
    return strncasecmp(type, name, length) == 0 && (!type[length] || strchr("; \t", type[length]));
}

bool form_read(struct arena *arena, const char *type, struct slice body, struct form *form)
{
    struct reading reading = {.arena = arena};
    bool right = body.length <= FORM_BODY_MOST;
    if (right && body.length > 0) {
        if (!type || is_type(type, "application/x-www-form-urlencoded"))
            right = read_encoded(&reading, body);
        else
            right = is_type(type, "multipart/form-data") && read_parts(&reading, type, body);
    }
    *form = (struct form){reading.fields, reading.count};
    return right;
}

const char *form_get(const struct form *form, const char *name)
{
    for (size_t i = 0; i < form->count; i++)
        if (strcmp(form->fields[i].name, name) == 0)
            return form->fields[i].value;
    return NULL;
}

bool form_has(const struct form *form, const char *name, const char *value)
{
    for (size_t i = 0; i < form->count; i++)
        if (strcmp(form->fields[i].name, name) == 0 && strcmp(form->fields[i].value, value) == 0)
            return true;
    return false;
}
