/* tokens_file and token_keys_file: read, or told what is wrong without what is secret. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mail/token_keys.h"
#include "web/tokens_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data, *key;
    struct arena *arena = arena_new(8192);
    struct diags diags = {0};
    struct diag diag = {0};
    struct token_keys keys;
    struct tokens_file *file = tokens_file_read(text, size, "tokens", &diags);
    if (!file != (diags.errors > 0))
        abort();
    for (size_t i = 0; file && tokens_file_key(file, i, &key); i++)
        if (strncmp(key, "whsec_", 6) != 0 || tokens_file_find(file, key, strlen(key)))
            abort();
    tokens_file_destroy(&file);
    diags_free(&diags);
    if (token_keys_read(arena, "keys", text, size, &keys, &diag)) {
        if (!token_keys_newest(&keys) || keys.count > TOKEN_KEYS_MOST)
            abort();
    } else if (!diag.text[0]) {
        abort();
    }
    arena_destroy(&arena);
    return 0;
}
