#include "redis/topology.h"

#include <string.h>

#include "base/digest.h"
#include "redis/slot.h"

struct reading {
    struct arena *arena;
    const char *asked;
    struct endpoint_seed *nodes;
    struct topology_range *ranges;
    size_t node_count, node_room, range_count;
};

static size_t add_node(struct reading *reading, const char *host, int port)
{
    for (size_t i = 0; i < reading->node_count; i++)
        if (reading->nodes[i].port == port && strcmp(reading->nodes[i].host, host) == 0)
            return i;
    if (reading->node_count == reading->node_room) {
        struct endpoint_seed *wider =
            arena_alloc(reading->arena, 2 * reading->node_room * sizeof *wider);
        memcpy(wider, reading->nodes, reading->node_count * sizeof *wider);
        reading->nodes = wider;
        reading->node_room *= 2;
    }
    reading->nodes[reading->node_count] =
        (struct endpoint_seed){arena_text(reading->arena, host), port};
    return reading->node_count++;
}

/* {host, port, id, …} */
static bool read_node(struct reading *reading, const struct reply *row, size_t *node)
{
    const char *host = reply_text(reply_item(row, 0));
    int64_t port;
    if (!reply_number(reply_item(row, 1), &port) || port < 1 || port > 65535)
        return false;
    if (!host || !*host || strcmp(host, "?") == 0)
        host = reading->asked;
    *node = add_node(reading, host, (int)port);
    return true;
}

/* {first, last, master, replica…} */
static bool read_range(struct reading *reading, const struct reply *row)
{
    struct topology_range *range = &reading->ranges[reading->range_count];
    int64_t first, last;
    size_t master, replica;
    if (!reply_number(reply_item(row, 0), &first) || !reply_number(reply_item(row, 1), &last) ||
        first < 0 || last < first || last >= SLOT_COUNT ||
        !read_node(reading, reply_item(row, 2), &master))
        return false;
    range->master = reading->nodes[master];
    range->first = (int)first;
    range->last = (int)last;
    reading->range_count++;
    for (size_t i = 3; i < row->count; i++)
        if (!read_node(reading, reply_item(row, i), &replica))
            return false;
    return true;
}

bool topology_read(struct arena *arena, const struct reply *reply, const char *asked,
                   struct topology *topology, struct diag *diag)
{
    enum { ROOM = 16 };
    struct reading reading = {.arena = arena, .asked = asked, .node_room = ROOM};
    if (reply->kind != REPLY_LIST)
        return diag_error(diag, "%s",
                          reply->kind == REPLY_ERROR ? reply->text : "no list of slots");
    reading.nodes = arena_alloc(arena, ROOM * sizeof *reading.nodes);
    reading.ranges = arena_alloc(arena, (reply->count + 1) * sizeof *reading.ranges);
    for (size_t i = 0; i < reply->count; i++)
        if (!read_range(&reading, reply_item(reply, i)))
            return diag_error(diag, "no list of slots as CLUSTER SLOTS has it");
    if (!reading.range_count)
        return diag_error(diag, "it knows no node that serves a slot");
    *topology = (struct topology){.nodes = reading.nodes,
                                  .node_count = reading.node_count,
                                  .ranges = reading.ranges,
                                  .range_count = reading.range_count};
    return true;
}

/* ---- Sentinels ---- */

/* {host, port}, as texts */
static bool read_address(struct arena *arena, const struct reply *address, const char *master,
                         struct endpoint_seed *seed, struct diag *diag)
{
    const char *host = reply_text(reply_item(address, 0));
    int64_t port;
    if (address->kind == REPLY_ERROR)
        return diag_error(diag, "%s", address->text);
    if (address->kind == REPLY_NIL)
        return diag_error(diag, "it watches no master of the name `%s`", master);
    if (!host || !*host || !reply_number(reply_item(address, 1), &port) || port < 1 || port > 65535)
        return diag_error(diag, "no address of a master");
    *seed = (struct endpoint_seed){arena_text(arena, host), (int)port};
    return true;
}

/* A flat list of names and values. */
static const struct reply *field(const struct reply *row, const char *name)
{
    for (size_t i = 0; i + 1 < row->count; i += 2) {
        const char *text = reply_text(reply_item(row, i));
        if (text && strcmp(text, name) == 0)
            return reply_item(row, i + 1);
    }
    return reply_item(row, row->count); /* nil */
}

int64_t topology_epoch(const struct reply *master)
{
    int64_t epoch;
    if (master->kind != REPLY_LIST || !reply_number(field(master, "config-epoch"), &epoch))
        return -1;
    return epoch;
}

struct topology_peers topology_peers(const struct reply *others)
{
    struct topology_peers peers = {.known = others->kind == REPLY_LIST};
    for (size_t i = 0; peers.known && i < others->count; i++) {
        const char *id = reply_text(field(reply_item(others, i), "runid"));
        peers.mark += id ? digest_spread(id, strlen(id)) : 0;
        peers.count++;
    }
    return peers;
}

static void add_others(struct reading *reading, const struct reply *others)
{
    for (size_t i = 0; others->kind == REPLY_LIST && i < others->count; i++) {
        const struct reply *row = reply_item(others, i);
        const char *host = reply_text(field(row, "ip"));
        int64_t port;
        if (host && *host && reply_number(field(row, "port"), &port) && port > 0 && port <= 65535)
            add_node(reading, host, (int)port);
    }
}

bool topology_read_sentinel(struct arena *arena, const struct reply *address,
                            const struct reply *others, const struct endpoint_seed *asked,
                            const char *master, struct topology *topology, struct diag *diag)
{
    enum { ROOM = 8 };
    struct topology_range *all = arena_alloc(arena, sizeof *all);
    struct reading reading = {.arena = arena, .node_room = ROOM};
    *all = (struct topology_range){.last = SLOT_COUNT - 1};
    if (!read_address(arena, address, master, &all->master, diag))
        return false;
    reading.nodes = arena_alloc(arena, ROOM * sizeof *reading.nodes);
    add_node(&reading, asked->host, asked->port);
    add_others(&reading, others);
    *topology = (struct topology){
        .nodes = reading.nodes, .node_count = reading.node_count, .ranges = all, .range_count = 1};
    return true;
}

/* ---- What was read ---- */

static struct endpoint_seed copy_seed(struct arena *arena, const struct endpoint_seed *seed)
{
    return (struct endpoint_seed){arena_text(arena, seed->host), seed->port};
}

struct topology topology_copy(struct arena *arena, const struct topology *topology)
{
    struct topology copy = *topology;
    struct endpoint_seed *nodes = arena_alloc(arena, copy.node_count * sizeof *nodes);
    struct topology_range *ranges = arena_alloc(arena, copy.range_count * sizeof *ranges);
    for (size_t i = 0; i < copy.node_count; i++)
        nodes[i] = copy_seed(arena, &topology->nodes[i]);
    for (size_t i = 0; i < copy.range_count; i++) {
        ranges[i] = topology->ranges[i];
        ranges[i].master = copy_seed(arena, &topology->ranges[i].master);
    }
    copy.nodes = nodes;
    copy.ranges = ranges;
    return copy;
}

const struct endpoint_seed *topology_master(const struct topology *topology, int slot)
{
    for (size_t i = 0; i < topology->range_count; i++) {
        const struct topology_range *range = &topology->ranges[i];
        if (range->first <= slot && slot <= range->last)
            return &range->master;
    }
    return NULL;
}
