#include "web/pages.h"

#include <string.h>
#include <unistd.h>

#include "web/page_texts_file.h"

static const char *text_of(struct arena *arena, const struct value *shop, const char *name)
{
    const struct value *value = value_get(shop, name);
    return value && value->length ? value_to_text(arena, value) : NULL;
}

/* "mail.shop.example" of "https://mail.shop.example:8443/x". */
static const char *host_of(struct arena *arena, const char *url)
{
    const char *host = url ? strstr(url, "://") : NULL;
    return host ? arena_copy(arena, host + 3, strcspn(host + 3, ":/?#")) : NULL;
}

void pages_load(struct arena *arena, const struct web_settings *settings, const struct value *shop,
                struct pages *pages, struct diags *diags)
{
    struct diag diag = {0};
    const char *name = text_of(arena, shop, "name");
    *pages =
        (struct pages){.locale = text_of(arena, shop, "locale"), .languages = page_languages_own};
    if (settings->texts_file)
        page_texts_file_load(arena, settings->texts_file, &pages->languages, diags);
    pages->look = page_look_make(arena, name ? name : host_of(arena, settings->public_url),
                                 text_of(arena, shop, "url"), text_of(arena, shop, "email"),
                                 settings->colour);
    /* The daemon makes the one in its state folder, so that before its first start there is none;
     * and in a unit of its own nudged-web may not read what is the daemon's. */
    if (settings->token_keys_file && access(settings->token_keys_file, R_OK) == 0 &&
        !token_keys_load(arena, settings->token_keys_file, &pages->keys, &diag))
        diags_add(diags, &diag);
}
