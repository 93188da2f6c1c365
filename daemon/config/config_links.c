#include "config/config_links.h"

#include <string.h>

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
