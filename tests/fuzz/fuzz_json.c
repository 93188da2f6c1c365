#include <stdint.h>
#include <stdlib.h>

#include "base/json_shape.h"

/* Of the texts before it one may have had the same shape. */
static void check_shape(const char *text, size_t length, struct arena *arena)
{
    static struct json_shapes *shapes;
    struct json_shape *shape;
    struct value plain, value;
    struct diag diag;
    if (!shapes || arena_used(json_shapes_arena(shapes)) > 1 << 20) {
        json_shapes_destroy(&shapes);
        shapes = json_shapes_new(&json_event_limits);
    }
    bool good = json_read(arena, text, length, &json_event_limits, &plain, &diag);
    for (int i = 0; i < 2; i++)
        if (json_shapes_read(shapes, arena, text, length, &value, &shape, &diag) != good ||
            (good && !value_equal(&value, &plain)))
            abort();
}

/* What is read prints, and what was printed reads as the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(4096);
    struct json_limits limits = json_event_limits;
    limits.duplicate_keys = size & 1;
    struct value value, again;
    struct diag diag;
    struct buf out;
    buf_init(&out, 16 << 20);
    if (json_read(arena, (const char *)data, size, &limits, &value, &diag) &&
        (!json_print(&out, &value) ||
         !json_read(arena, out.data, out.length, &json_file_limits, &again, &diag) ||
         !value_equal(&value, &again)))
        abort();
    buf_free(&out);
    check_shape((const char *)data, size, arena);
    arena_destroy(&arena);
    return 0;
}
