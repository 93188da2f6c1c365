/*
 * The public pages as routes: /u/TOKEN, /p/TOKEN and /c/TOKEN (web/link). Who has a token that was
 * signed may come in; whom it is about, and in which language, the daemon says; what is said by a
 * POST are events, and its page is sent when Redis has them.
 */
#ifndef NUDGED_WEB_PAGES_H
#define NUDGED_WEB_PAGES_H

#include "base/diag.h"
#include "mail/token_keys.h"
#include "web/page.h"
#include "web/web_route.h"
#include "web/web_settings.h"

struct pages {
    struct token_keys keys; /* none: the daemon is asked about every token */
    struct page_look look;
    const char *locale; /* the shop's; NULL: none */
};

/* `shop`: {name, url, email, locale}, each of which may be missing. Reads token_keys_file, and adds
 * its fault. All lies in the arena. */
void pages_load(struct arena *arena, const struct web_settings *settings, const struct value *shop,
                struct pages *pages, struct diags *diags);

/* What the routes' rows name. */
const struct web_answer *pages_admit(struct web_request *request);
void pages_serve(struct web_request *request, web_done *done, void *arg);

#endif
