#include "store/reach.h"

#include <stdlib.h>

#include "base/mem.h"
#include "store/keys.h"
#include "store/script_table.h"

struct reach {
    struct connection *unsharded;
    struct connection **connections; /* by shard; of one Redis all are that one */
    struct scripts **scripts;        /* by shard */
    size_t count;
    bool shared;
};

static struct connection *open_connection(const struct reach_options *options, const char *key)
{
    return connection_new(&(struct connection_options){.base = options->base,
                                                       .endpoint = *options->endpoint,
                                                       .cluster = options->cluster,
                                                       .key = key,
                                                       .name = "nudged-reach"});
}

static void open_shard(struct reach *reach, const struct reach_options *options,
                       struct arena *arena, size_t shard)
{
    const char *prefix = placement_prefix(options->placement, arena, shard);
    reach->connections[shard] =
        reach->shared ? reach->unsharded : open_connection(options, keys_absent(arena, prefix));
    reach->scripts[shard] =
        scripts_new(reach->connections[shard], prefix, script_table, SCRIPT_COUNT);
}

struct reach *reach_new(const struct reach_options *options)
{
    struct reach *reach = mem_zero(1, sizeof *reach);
    struct arena *arena = arena_new(512);
    const char *events = keys_spell(arena, options->placement->prefix, KEY_EVENTS, NULL);
    reach->shared = !endpoint_is_cluster(options->endpoint);
    reach->unsharded = open_connection(options, arena_printf(arena, "{%s}:absent", events));
    reach->count = placement_count(options->placement);
    reach->connections = mem_zero(reach->count, sizeof(struct connection *));
    reach->scripts = mem_zero(reach->count, sizeof(struct scripts *));
    for (size_t i = 0; i < reach->count; i++)
        open_shard(reach, options, arena, i);
    arena_destroy(&arena);
    return reach;
}

void reach_destroy(struct reach **reach)
{
    struct reach *ended = *reach;
    if (!ended)
        return;
    *reach = NULL;
    for (size_t i = 0; i < ended->count; i++) {
        if (!ended->shared)
            connection_destroy(&ended->connections[i]);
        scripts_destroy(&ended->scripts[i]);
    }
    connection_destroy(&ended->unsharded);
    free(ended->connections);
    free(ended->scripts);
    free(ended);
}

struct scripts *reach_scripts(const struct reach *reach, size_t shard)
{
    return reach->scripts[shard];
}

struct connection *reach_unsharded(const struct reach *reach)
{
    return reach->unsharded;
}
