#include "ctl/json_line.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/json.h"
#include "ctl/plain.h"

enum { LINE_MOST = 64 << 20 };

void json_line_print(const struct value *value)
{
    struct buf line;
    buf_init(&line, LINE_MOST);
    json_print(&line, value);
    plain_json(buf_string(&line), line.length);
    putchar('\n');
    buf_free(&line);
}

void json_line_add(struct arena *arena, struct value map, const struct json_line_count *counts)
{
    for (; counts->name; counts++)
        value_set(arena, map, counts->name, value_int(counts->count));
}

void json_line_counts(const struct json_line_count *counts)
{
    struct arena *arena = arena_new(1024);
    struct value row = value_new_map(arena, 4);
    json_line_add(arena, row, counts);
    json_line_print(&row);
    arena_destroy(&arena);
}
