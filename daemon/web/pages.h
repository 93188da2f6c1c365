/* What the public pages (web/page_route) have loaded: keys, looks, the shop's language. */
#ifndef NUDGED_WEB_PAGES_H
#define NUDGED_WEB_PAGES_H

#include "base/diag.h"
#include "mail/token_keys.h"
#include "web/page.h"
#include "web/web_settings.h"

struct pages {
    struct token_keys keys; /* none: the daemon is asked about every token */
    struct page_look look;
    struct page_languages languages;
    const char *locale; /* the shop's; NULL: none */
};

/* `shop`: {name, url, email, locale}, each of which may be missing. Reads token_keys_file, and adds
 * its fault. All lies in the arena. */
void pages_load(struct arena *arena, const struct web_settings *settings, const struct value *shop,
                struct pages *pages, struct diags *diags);

#endif
