#include <stdint.h>
#include <stdlib.h>

#include "base/json.h"

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
    arena_destroy(&arena);
    return 0;
}
