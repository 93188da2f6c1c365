/*
 * What the routes stand on: the settings, the way to the daemon, and what each part has loaded from
 * its files before nudged-web confines itself. After that nothing is opened any more.
 */
#ifndef NUDGED_WEB_WEB_SITE_H
#define NUDGED_WEB_WEB_SITE_H

#include "base/arena.h"
#include "base/diag.h"
#include "web/ask.h"
#include "web/pages.h"
#include "web/tokens_file.h"
#include "web/web_proxies.h"
#include "web/web_settings.h"

struct hooks;

struct web_site {
    struct arena *arena; /* of all here */
    struct ask *ask;     /* not its own */
    struct web_settings settings;
    struct web_proxies proxies;
    const char *const *customer_keys; /* where an event says whose it is; NULL-terminated */
    struct tokens_file *tokens;       /* NULL: none is configured */
    /* Of the parts, each beside its own. */
    const char *mappings; /* the folder of the shop's mappings; may not be there */
    struct hooks *hooks;
    struct value shop; /* {name, url, email, locale}, each if it is known */
    struct pages pages;
};

/* `settings`: {"web": the section, with whole paths, "customer_keys": [path…],
 * "shop": {name, url, email, locale}}, as JSON. NULL with all faults. */
struct web_site *web_site_load(struct slice settings, struct ask *ask, struct diags *diags);
void web_site_destroy(struct web_site **site);

#endif
