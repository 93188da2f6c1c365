#include "config/config_token_keys.h"

#include <string.h>
#include <unistd.h>

#include "config/new_secret.h"

bool config_token_keys(struct config *config, bool may_create, struct diag *diag)
{
    struct token_keys filed = {0};
    const char *path = config->keys.web.token_keys_file;
    char line[TOKEN_KEYS_LINE_SIZE];
    if (path && may_create && config->own_token_keys && access(path, F_OK) != 0) {
        token_keys_new_line(line);
        if (!new_secret_write(path, line, diag))
            return false;
    }
    if (path && !token_keys_load(config->arena, path, &filed, diag))
        return false;
    struct token_key *keys = arena_alloc(config->arena, (filed.count + 1) * sizeof *keys);
    keys[0] = config_secret_key(config);
    if (filed.count)
        memcpy(keys + 1, filed.items, filed.count * sizeof *keys);
    config->token_keys = (struct token_keys){keys, filed.count + 1};
    return true;
}
