/* cel_print: values as an expression writes them. */
#include <math.h>
#include <string.h>

#include "cel/cel.h"
#include "cel/cel_text.h"
#include "cel/cel_value.h"

enum { DEPTH_MOST = 64 };

static bool print(struct buf *out, const struct value *value, uint32_t depth);

static bool print_bytes(struct buf *out, const struct value *value)
{
    bool fine = buf_text(out, "b\"");
    for (uint32_t i = 0; fine && i < value->length; i++) {
        unsigned char c = (unsigned char)value->string[i];
        fine = c >= ' ' && c < 127 && c != '"' && c != '\\' ? buf_char(out, (char)c)
                                                            : buf_printf(out, "\\x%02x", c);
    }
    return fine && buf_char(out, '"');
}

static bool print_list(struct buf *out, const struct value_list *list, uint32_t depth)
{
    bool fine = buf_char(out, '[');
    for (uint32_t i = 0; fine && i < list->count; i++)
        fine = (i == 0 || buf_text(out, ", ")) && print(out, &list->items[i], depth);
    return fine && buf_char(out, ']');
}

static bool print_map(struct buf *out, const struct value_map *map, uint32_t depth)
{
    bool fine = buf_char(out, '{');
    for (uint32_t i = 0; fine && i < map->count; i++)
        fine = (i == 0 || buf_text(out, ", ")) && print(out, &map->members[i].key, depth) &&
               buf_text(out, ": ") && print(out, &map->members[i].value, depth);
    return fine && buf_char(out, '}');
}

static bool print_call(struct buf *out, const char *name, const struct value *value)
{
    return buf_text(out, name) && buf_text(out, "(\"") && cel_text_add(out, value) &&
           buf_text(out, "\")");
}

static bool print_double(struct buf *out, const struct value *value)
{
    size_t before = out->length;
    if (!isfinite(value->real))
        return buf_text(out, "double(\"") && cel_text_add(out, value) && buf_text(out, "\")");
    /* A number of a document as it is; one of the expression as a double's literal. */
    if (!cel_text_add(out, value))
        return false;
    bool whole = !strpbrk(out->data + before, ".e");
    return !whole || (value->flags & VALUE_FLEXIBLE) || buf_text(out, ".0");
}

static bool print(struct buf *out, const struct value *value, uint32_t depth)
{
    if (depth == DEPTH_MOST)
        return buf_text(out, "…");
    switch (cel_kind(value)) {
    case VALUE_DOUBLE:
        return print_double(out, value);
    case VALUE_UINT:
        return cel_text_add(out, value) && buf_char(out, 'u');
    case VALUE_STRING:
        return cel_text_add_quoted(out, value->string, value->length);
    case VALUE_BYTES:
        return print_bytes(out, value);
    case VALUE_LIST:
        return print_list(out, value->list, depth + 1);
    case VALUE_MAP:
        return print_map(out, value->map, depth + 1);
    case VALUE_TIMESTAMP:
        return print_call(out, "timestamp", value);
    case VALUE_DURATION:
        return print_call(out, "duration", value);
    case CEL_KIND_DECIMAL:
        return print_call(out, "decimal", value);
    case CEL_KIND_OPTIONAL:
        if (!value->other)
            return buf_text(out, "optional.none()");
        return buf_text(out, "optional.of(") && print(out, value->other, depth + 1) &&
               buf_char(out, ')');
    default:
        return cel_text_add(out, value) || (!out->full && buf_text(out, "…"));
    }
}

bool cel_print(struct buf *out, const struct value *value)
{
    return print(out, value, 0);
}
