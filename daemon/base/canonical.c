#include "base/canonical.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"

static int by_name(const void *a, const void *b)
{
    const struct value *one = &(*(const struct value_member *const *)a)->key;
    const struct value *two = &(*(const struct value_member *const *)b)->key;
    size_t length = one->length < two->length ? one->length : two->length;
    int order = one->kind == VALUE_STRING && two->kind == VALUE_STRING
                    ? memcmp(one->string, two->string, length)
                    : (int)one->kind - (int)two->kind;
    return order ? order : (one->length > two->length) - (one->length < two->length);
}

static void print_map(struct buf *out, const struct value *map)
{
    uint32_t count = value_count(map);
    const struct value_member **members = mem_zero(count + 1, sizeof *members);
    for (uint32_t i = 0; i < count; i++)
        members[i] = &map->map->members[i];
    if (count)
        qsort(members, count, sizeof *members, by_name);
    buf_char(out, '{');
    for (uint32_t i = 0; i < count; i++) {
        buf_text(out, i ? "," : "");
        json_print(out, &members[i]->key);
        buf_char(out, ':');
        canonical_print(out, &members[i]->value);
    }
    buf_char(out, '}');
    free(members);
}

bool canonical_print(struct buf *out, const struct value *value)
{
    if (value->kind == VALUE_MAP) {
        print_map(out, value);
    } else if (value->kind == VALUE_LIST) {
        buf_char(out, '[');
        for (uint32_t i = 0; i < value_count(value); i++) {
            buf_text(out, i ? "," : "");
            canonical_print(out, &value->list->items[i]);
        }
        buf_char(out, ']');
    } else {
        json_print(out, value);
    }
    return !out->full;
}
