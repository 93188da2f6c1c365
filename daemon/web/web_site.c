#include "web/web_site.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/mem.h"
#include "web/hooks.h"

static const char *const *texts_of(struct arena *arena, const struct value *list)
{
    const char **texts = arena_zero(arena, sizeof *texts * (value_count(list) + 1));
    for (uint32_t i = 0; value_is(list, VALUE_LIST) && i < value_count(list); i++)
        texts[i] = value_to_text(arena, &list->list->items[i]);
    return texts;
}

static bool read_proxies(struct web_site *site, struct diags *diags)
{
    const struct value *wrong;
    if (web_proxies_read(site->arena, &site->settings.proxies, &site->proxies, &wrong))
        return true;
    settings_fault(diags, NULL, wrong, DIAG_ERROR, "`proxies` has what is no network");
    return false;
}

static bool read_settings(struct web_site *site, struct slice settings, struct diags *diags)
{
    struct value map;
    struct diag diag = {0};
    const struct slice own = slice_copy(site->arena, settings);
    if (!json_read(site->arena, own.text, own.length, &json_file_limits, &map, &diag)) {
        diags_add(diags, &diag);
        return false;
    }
    site->customer_keys = texts_of(site->arena, value_get(&map, "customer_keys"));
    site->mappings = value_to_text(site->arena, value_get(&map, "mappings"));
    const struct value *shop = value_get(&map, "shop");
    site->shop = shop ? *shop : value_null();
    return settings_read(web_settings_table, value_get(&map, "web"), NULL, &site->settings,
                         site->arena, diags) &&
           read_proxies(site, diags);
}

/* Each part reads its files here, and adds its faults to `diags`. */
static bool load_parts(struct web_site *site, struct diags *diags)
{
    if (site->settings.tokens_file)
        site->tokens = tokens_file_load(site->settings.tokens_file, diags);
    pages_load(site->arena, &site->settings, &site->shop, &site->pages, diags);
    site->hooks = hooks_read(&site->settings.webhooks, site->mappings, true, NULL, diags);
    return diags->errors == 0;
}

struct web_site *web_site_load(struct slice settings, struct ask *ask, struct diags *diags)
{
    struct web_site *site = mem_zero(1, sizeof *site);
    site->arena = arena_new(64 * 1024);
    site->ask = ask;
    if (!read_settings(site, settings, diags) || !load_parts(site, diags))
        web_site_destroy(&site);
    return site;
}

void web_site_destroy(struct web_site **site)
{
    if (!*site)
        return;
    tokens_file_destroy(&(*site)->tokens);
    hooks_destroy(&(*site)->hooks);
    arena_destroy(&(*site)->arena);
    free(*site);
    *site = NULL;
}
