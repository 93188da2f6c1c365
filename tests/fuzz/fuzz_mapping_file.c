/* A file that maps a webhook, as a shop writes it: a mapping, or faults with words. */
#include <stdint.h>
#include <stdlib.h>

#include "web/mapping.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(64 * 1024);
    struct diags diags = {0};
    struct mapping *mapping =
        mapping_read(arena, "shop", "shop.yaml", (const char *)data, size, &diags);
    if (!mapping != (diags.errors > 0))
        abort();
    for (size_t i = 0; i < diags.count; i++)
        if (!diags.items[i].text[0])
            abort();
    diags_free(&diags);
    arena_destroy(&arena);
    return 0;
}
