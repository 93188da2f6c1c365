#include "config/config_links.h"

#include <string.h>

#include "mail/uri.h"

static const char *own(struct arena *arena, const char *url, const char *path)
{
    size_t length = url ? strlen(url) : 0;
    while (length && url[length - 1] == '/')
        length--;
    return length ? arena_printf(arena, "%.*s%s{token}", (int)length, url, path) : NULL;
}

/* In ASCII where it can be; config_check() tells of the others. */
static const char *ascii(struct arena *arena, const char *url)
{
    const char *uri = url ? uri_ascii(arena, url) : NULL;
    return uri ? uri : url;
}

struct config_links config_links_of(struct arena *arena, const struct config_keys *keys)
{
    const struct config_mail *mail = &keys->mail;
    const char *url = keys->web.public_url;
    const char *page = mail->unsubscribe_url ? mail->unsubscribe_url : own(arena, url, "/u/");
    const char *topics = mail->preferences_url ? mail->preferences_url : own(arena, url, "/p/");
    const char *yes = mail->confirm_url ? mail->confirm_url : own(arena, url, "/c/");
    return (struct config_links){.unsubscribe = ascii(arena, page),
                                 .preferences = ascii(arena, topics),
                                 .confirm = ascii(arena, yes)};
}
