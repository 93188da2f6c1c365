#include "store/reach.h"

#include <stdlib.h>

#include "base/mem.h"
#include "store/script_table.h"

struct reach {
    struct connection *connection;
    struct scripts **scripts; /* by shard */
    size_t count;
};

struct reach *reach_new(struct event_base *base, const struct endpoint *endpoint,
                        const struct placement *placement)
{
    struct reach *reach = mem_zero(1, sizeof *reach);
    struct arena *arena = arena_new(512);
    reach->connection = connection_new(
        &(struct connection_options){.base = base, .endpoint = *endpoint, .name = "nudged-reach"});
    reach->count = placement_count(placement);
    reach->scripts = mem_zero(reach->count, sizeof(struct scripts *));
    for (size_t i = 0; i < reach->count; i++)
        reach->scripts[i] = scripts_new(reach->connection, placement_prefix(placement, arena, i),
                                        script_table, SCRIPT_COUNT);
    arena_destroy(&arena);
    return reach;
}

void reach_destroy(struct reach **reach)
{
    struct reach *ended = *reach;
    if (!ended)
        return;
    *reach = NULL;
    connection_destroy(&ended->connection);
    for (size_t i = 0; i < ended->count; i++)
        scripts_destroy(&ended->scripts[i]);
    free(ended->scripts);
    free(ended);
}

struct scripts *reach_scripts(const struct reach *reach, size_t shard)
{
    return reach->scripts[shard];
}

struct connection *reach_unsharded(const struct reach *reach)
{
    return reach->connection;
}
