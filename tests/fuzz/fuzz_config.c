/* nudged.yaml: a configuration, which prints as one that reads as the same, or faults with words.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config/config.h"

/* What was read from memory, printed; false where it is faulty. */
static bool load(const void *bytes, size_t size, struct buf *out)
{
    char path[32];
    struct diags diags = {0};
    int file = memfd_create("nudged.yaml", MFD_CLOEXEC);
    if (file < 0 || write(file, bytes, size) != (ssize_t)size)
        abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    struct config *config = config_load(path, &diags);
    for (size_t i = 0; i < diags.count; i++)
        if (!diags.items[i].text[0])
            abort();
    if (!config != (diags.errors > 0) || (config && !config_print(config, out)))
        abort();
    bool good = config != NULL;
    config_destroy(&config);
    diags_free(&diags);
    close(file);
    return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf once, twice;
    buf_init(&once, 64 << 20);
    buf_init(&twice, 64 << 20);
    if (load(data, size, &once) && load(once.data, once.length, &twice) &&
        strcmp(buf_string(&once), buf_string(&twice)) != 0)
        abort();
    buf_free(&once);
    buf_free(&twice);
    return 0;
}
