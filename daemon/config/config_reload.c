#include "config/config_reload.h"

#include <string.h>

#include "config/config_token_keys.h"

static const struct config_gateway *gateway_named(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->gateway_count; i++)
        if (strcmp(config->gateways[i].name, name) == 0)
            return &config->gateways[i];
    return NULL;
}

static void put_gateway(struct buf *changed, const char *name)
{
    buf_printf(changed, "%sgateways.%s", changed->length ? ", " : "", name);
}

/* The gateway as it started, with what a reload may change as the file says now. */
static struct config_gateway next_gateway(struct arena *arena, const struct config_gateway *started,
                                          const struct config_gateway *read, struct buf *changed)
{
    struct config_gateway next = *started;
    char prefix[256];
    next.place = NULL; /* of the file as it was */
    if (!read || strcmp(read->kind->name, started->kind->name) != 0) {
        put_gateway(changed, started->name);
        return next;
    }
    const struct setting *table = started->kind->settings;
    snprintf(prefix, sizeof prefix, "gateways.%s.", started->name);
    settings_changed(table, prefix, started->settings, read->settings, changed);
    void *settings = arena_alloc(arena, started->kind->settings_size);
    memcpy(settings, read->settings, started->kind->settings_size);
    settings_keep(table, started->settings, settings);
    if (started->kind->complete)
        started->kind->complete(started->kind, settings, arena);
    next.place = read->place;
    next.settings = settings;
    return next;
}

/* In the order in which they started: by that others know them. */
static void keep_gateways(const struct config *started, struct config *next, struct buf *changed)
{
    struct config_gateway *rows =
        arena_zero(next->arena, sizeof *rows * (started->gateway_count + 1));
    for (size_t i = 0; i < started->gateway_count; i++)
        rows[i] = next_gateway(next->arena, &started->gateways[i],
                               gateway_named(next, started->gateways[i].name), changed);
    for (size_t i = 0; i < next->gateway_count; i++)
        if (!gateway_named(started, next->gateways[i].name))
            put_gateway(changed, next->gateways[i].name);
    next->keys.gateways = started->keys.gateways;
    next->gateways = rows;
    next->gateway_count = started->gateway_count;
}

struct config *config_reload(const struct config *started, struct buf *changed, struct diags *diags)
{
    struct diag diag = {0};
    struct config *next = config_load(*started->file ? started->file : NULL, diags);
    if (!next)
        return NULL;
    settings_changed(config_settings, "", &started->keys, &next->keys, changed);
    settings_keep(config_settings, &started->keys, &next->keys);
    keep_gateways(started, next, changed);
    next->own_secret = started->own_secret;
    next->channels = started->channels;
    next->channel_count = started->channel_count;
    next->known_channels = started->known_channels;
    next->mail_channels = started->mail_channels;
    next->customer_keys = started->customer_keys;
    next->secret = started->secret;
    next->secret_length = started->secret_length;
    if (!config_token_keys(next, true, &diag)) {
        diags_add(diags, &diag);
        config_destroy(&next);
    }
    return next;
}
