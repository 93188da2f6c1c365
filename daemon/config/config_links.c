#include "config/config_links.h"

#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "config/secret_file.h"

static const char *own(struct arena *arena, const char *url, const char *path)
{
    size_t length = url ? strlen(url) : 0;
    while (length && url[length - 1] == '/')
        length--;
    return length ? arena_printf(arena, "%.*s%s{token}", (int)length, url, path) : NULL;
}

struct config_links config_links_of(struct arena *arena, const struct config_keys *keys)
{
    const struct config_mail *mail = &keys->mail;
    const char *url = keys->web.public_url;
    return (struct config_links){
        .unsubscribe = mail->unsubscribe_url ? mail->unsubscribe_url : own(arena, url, "/u/"),
        .preferences = mail->preferences_url ? mail->preferences_url : own(arena, url, "/p/"),
        .confirm = mail->confirm_url ? mail->confirm_url : own(arena, url, "/c/"),
    };
}

static struct token_key secret_key(const struct config *config)
{
    return (struct token_key){.id = TOKEN_KEYS_SECRET_ID,
                              .bytes = config->secret,
                              .length = config->secret_length,
                              .open = true};
}

struct token_key config_links_key(const struct config *config)
{
    const struct token_key *newest = token_keys_newest(&config->token_keys);
    return newest ? *newest : secret_key(config);
}

bool config_links_keys(struct config *config, bool may_create, struct diag *diag)
{
    struct token_keys filed = {0};
    const char *path = config->keys.web.token_keys_file;
    char line[TOKEN_KEYS_LINE_SIZE];
    if (path && may_create && config->own_token_keys && access(path, F_OK) != 0) {
        token_keys_new_line(line);
        if (!secret_file_make(path, line, diag))
            return false;
    }
    if (path && !token_keys_load(config->arena, path, &filed, diag))
        return false;
    struct token_key *keys = arena_alloc(config->arena, (filed.count + 1) * sizeof *keys);
    keys[0] = secret_key(config);
    if (filed.count)
        memcpy(keys + 1, filed.items, filed.count * sizeof *keys);
    config->token_keys = (struct token_keys){keys, filed.count + 1};
    return true;
}
