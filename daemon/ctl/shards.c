#include "ctl/shards.h"

#include <stdlib.h>
#include <string.h>

static struct shards *new_shards(const struct context *context, struct arena *arena)
{
    struct shards *shards = arena_zero(arena, sizeof *shards);
    shards->placement = config_placement(context->config);
    shards->count = placement_count(&shards->placement);
    shards->items = arena_zero(arena, sizeof *shards->items * shards->count);
    for (size_t k = 0; k < shards->count; k++)
        shards->items[k] = (struct shards_item){
            .number = k, .prefix = placement_prefix(&shards->placement, arena, k)};
    return shards;
}

const struct shards *shards_open(struct context *context)
{
    if (!context_config(context))
        return NULL;
    struct shards *shards = new_shards(context, context->config->arena);
    for (size_t k = 0; k < shards->count; k++)
        if (!(shards->items[k].session = context_session_of(context, k)))
            return NULL;
    return shards;
}

const struct shards *shards_try(struct context *context, struct arena *arena, int64_t timeout_ms,
                                struct diag *diag)
{
    struct shards *shards = new_shards(context, arena);
    for (size_t k = 0; k < shards->count; k++)
        if (!(shards->items[k].session = context_try_session_of(context, k, timeout_ms, diag))) {
            shards_blame(shards, &shards->items[k], diag);
            return NULL;
        }
    return shards;
}

const struct shards_item *shards_of(const struct shards *shards, const char *key)
{
    return &shards->items[placement_of(&shards->placement, key)];
}

bool shards_numbered(const struct shards *shards)
{
    return shards->placement.shards > 0;
}

const char *shards_show(const struct shards *shards, const struct shards_item *item,
                        struct arena *arena, const char *id)
{
    return shards_numbered(shards) ? arena_printf(arena, "%zu/%s", item->number, id) : id;
}

bool shards_read(const struct shards *shards, const char *text, const struct shards_item **item,
                 const char **id)
{
    size_t digits = strspn(text, "0123456789");
    *item = NULL;
    *id = text;
    if (!shards_numbered(shards) || !digits || text[digits] != '/')
        return true;
    unsigned long number = strtoul(text, NULL, 10);
    if (digits > 5 || number >= shards->count)
        return false;
    *item = &shards->items[number];
    *id = text + digits + 1;
    return true;
}

bool shards_blame(const struct shards *shards, const struct shards_item *item, struct diag *diag)
{
    char text[sizeof diag->text];
    if (!shards_numbered(shards))
        return false;
    memcpy(text, diag->text, sizeof text);
    snprintf(diag->text, sizeof diag->text, "shard %zu: %.*s", item->number, (int)sizeof text - 32,
             text);
    return false;
}
