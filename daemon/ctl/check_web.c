#include "ctl/check_web.h"

#include "web/web_site.h"

void check_web(const struct config *config, struct diags *diags)
{
    struct web_site *site = web_site_load(slice_of(config->web_text), NULL, diags);
    web_site_destroy(&site);
}
