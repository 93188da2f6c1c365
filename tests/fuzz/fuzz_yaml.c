#include <stdint.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/yaml.h"

/* What is read prints as JSON, and a mistake has a text and a place. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const keys[] = {"if", "set", "to", NULL};
    const struct yaml_options options = {
        .file = "fuzz.yaml", .bytes = 65536, .nodes = 5000, .expression_keys = keys};
    struct arena *arena = arena_new(4096);
    struct value documents;
    struct diag diag = {0};
    struct buf out;
    buf_init(&out, 64 << 20);
    if (!yaml_read(arena, (const char *)data, size, &options, &documents, &diag)) {
        if (!diag.text[0] || !diag.code[0] || !diag.line || !diag.column)
            abort();
    } else {
        json_print(&out, &documents);
    }
    buf_free(&out);
    arena_destroy(&arena);
    return 0;
}
