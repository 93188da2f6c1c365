#include "web/web_path.h"

#include <string.h>

#include "base/hex.h"
#include "base/utf8.h"

/* The byte that "%xy" at `at` stands for; -1: it is none. */
static int escaped(struct slice text, size_t at)
{
    if (text.length - at < 3)
        return -1;
    int high = hex_value(text.text[at + 1]), low = hex_value(text.text[at + 2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/* Percent-decoded, with a NUL behind it and none within; its text is NULL where it cannot be. */
static struct slice decode(struct arena *arena, struct slice text, bool plus)
{
    char *out = arena_alloc(arena, text.length + 1);
    size_t length = 0;
    for (size_t i = 0; i < text.length; i++) {
        int c = (unsigned char)text.text[i];
        if (c == '%') {
            c = escaped(text, i);
            i += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        if (c <= 0)
            return (struct slice){0};
        out[length++] = (char)c;
    }
    out[length] = '\0';
    if (!utf8_valid(out, length))
        return (struct slice){0};
    return (struct slice){out, length};
}

/* Whether an escape stands for what may not be hidden so: a separator, or a control character. */
static bool hides_something(struct slice path)
{
    for (size_t i = 0; i < path.length; i++) {
        int c = path.text[i] == '%' ? escaped(path, i) : 'a';
        if (c < ' ' || c == '/' || c == '\\' || c == 0x7f || c == '%')
            return true;
    }
    return memchr(path.text, '\\', path.length) != NULL;
}

static bool is_clean(const char *path)
{
    for (const char *at = path; *at; at += strcspn(at, "/")) {
        size_t length = strcspn(++at, "/");
        bool dots = (length == 1 && at[0] == '.') || (length == 2 && at[0] == '.' && at[1] == '.');
        if (dots || (length == 0 && *at))
            return false;
    }
    return true;
}

bool web_path_read_form(struct arena *arena, struct slice text, struct web_fields *fields)
{
    struct web_field *items = arena_alloc(arena, sizeof *items * WEB_PATH_PARAMETERS_MOST);
    const char *at = text.text, *end = text.text + text.length;
    *fields = (struct web_fields){.items = items};
    while (at < end) {
        const char *and = memchr(at, '&', (size_t)(end - at));
        const struct slice part = slice_between(at, and? and : end);
        const char *equals = memchr(part.text, '=', part.length);
        const char *stop = part.text + part.length;
        at = and? and+1 : end;
        if (part.length == 0)
            continue;
        if (fields->count == WEB_PATH_PARAMETERS_MOST)
            return false;
        struct web_field *field = &items[fields->count++];
        field->name = decode(arena, slice_between(part.text, equals ? equals : stop), true);
        field->value = decode(arena, slice_between(equals ? equals + 1 : stop, stop), true);
        if (!field->name.text || !field->value.text)
            return false;
    }
    return true;
}

bool web_path_read(struct arena *arena, struct slice target, const char **path,
                   struct web_fields *query)
{
    const char *end = target.text + target.length;
    const char *mark = memchr(target.text, '?', target.length);
    const struct slice raw = slice_between(target.text, mark ? mark : end);
    if (raw.length == 0 || raw.text[0] != '/' || hides_something(raw) ||
        memchr(target.text, '#', target.length))
        return false;
    const struct slice decoded = decode(arena, raw, false);
    if (!decoded.text || !is_clean(decoded.text))
        return false;
    *path = decoded.text;
    return web_path_read_form(arena, slice_between(mark ? mark + 1 : end, end), query);
}
