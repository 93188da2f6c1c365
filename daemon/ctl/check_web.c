#include "ctl/check_web.h"

#include <string.h>

#include "web/hooks.h"
#include "web/web_site.h"

static bool is_told(const struct diags *diags, const struct diag *diag)
{
    for (size_t i = 0; i < diags->count; i++)
        if (strcmp(diags->items[i].text, diag->text) == 0)
            return true;
    return false;
}

/* Here the places in nudged.yaml are known, which nudged-web is not told. */
static void check_hooks(const struct config *config, struct diags *diags)
{
    const struct web_settings *web = &config->keys.web;
    struct hooks *hooks = hooks_read(&web->webhooks, web->mappings, true, &config->source, diags);
    hooks_destroy(&hooks);
}

void check_web(const struct config *config, struct diags *diags)
{
    struct diags found = {0};
    check_hooks(config, diags);
    struct web_site *site = web_site_load(slice_of(config->web_text), NULL, &found);
    web_site_destroy(&site);
    for (size_t i = 0; i < found.count; i++)
        if (!is_told(diags, &found.items[i]))
            diags_add(diags, &found.items[i]);
    diags_free(&found);
}
