/*
 * Seats are placed with nodes. What was learnt (on_learnt) places those anew whose slot another
 * node serves; a node is there as long as seats are placed with it, and its link, which they share,
 * as well. A doubt sets the timer, the timer begins to learn; until that has ended no further doubt
 * does anything. Who wants to be sure (cluster_confirm) waits for what is learnt from then on: each
 * time of learning has a number.
 */
#include "redis/cluster.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/mem.h"
#include "redis/backoff.h"
#include "redis/learning.h"
#include "redis/redirect.h"
#include "redis/sentinel_watch.h"

enum {
    LEARN_MOST_MS = 1000, /* between two times */
    CALM_MS = 10000,      /* without a doubt: what comes then has nothing to do with before */
    HOST_SIZE = 256,
};

struct cluster_node {
    struct endpoint_seed where; /* its host is the node's */
    struct server_link *link;   /* NULL: all seats have their own */
    size_t seats;
    struct cluster_node *next;
};

struct cluster {
    struct event_base *base;
    struct arena *arena; /* of the address and the name */
    struct endpoint endpoint;
    const char *name;
    struct cluster_node *nodes;
    struct cluster_seat *seats;
    unsigned news; /* number of what is told to them */

    struct arena *learnt; /* of the topology */
    struct topology topology;
    struct learning *learning;
    unsigned learnings, wanted;   /* how many times it has begun, and is to begin at least */
    struct sentinel_watch *watch; /* NULL: none */
    struct event *timer;          /* pending: there is a doubt */
    struct backoff backoff;
    int64_t doubted_at; /* clock_monotonic_ms; 0: never */
    size_t turn;        /* who is asked first, next time */
    char hint[HOST_SIZE];
    int hint_port; /* 0: none */
};

/* ---- Nodes ---- */

static bool is_same(const struct endpoint_seed *one, const struct endpoint_seed *other)
{
    return one->port == other->port && strcmp(one->host, other->host) == 0;
}

static struct cluster_node *node_at(struct cluster *cluster, const struct endpoint_seed *where)
{
    struct cluster_node *node = cluster->nodes;
    while (node && !is_same(&node->where, where))
        node = node->next;
    if (node)
        return node;
    node = mem_zero(1, sizeof *node);
    node->where = (struct endpoint_seed){mem_text(where->host), where->port};
    node->next = cluster->nodes;
    cluster->nodes = node;
    return node;
}

static void leave_node(struct cluster *cluster, struct cluster_node *node)
{
    struct cluster_node **at = &cluster->nodes;
    if (!node || --node->seats > 0)
        return;
    while (*at != node)
        at = &(*at)->next;
    *at = node->next;
    server_link_destroy(&node->link);
    free((char *)(uintptr_t)node->where.host);
    free(node);
}

static struct server_link *link_to(const struct cluster *cluster, const struct cluster_node *node,
                                   struct server_link_options options)
{
    options.base = cluster->base;
    options.endpoint = endpoint_at(&cluster->endpoint, &node->where);
    return server_link_new(&options);
}

/* ---- Seats ---- */

static struct server_link *link_of(struct cluster *cluster, struct cluster_seat *seat)
{
    struct cluster_node *node = seat->node;
    if (seat->own)
        return seat->link = link_to(cluster, node, seat->options);
    if (!node->link)
        node->link = link_to(cluster, node, (struct server_link_options){.name = cluster->name});
    return node->link;
}

static void make_sure(const struct cluster *cluster, struct cluster_seat *seat)
{
    if (!seat->since || seat->since > cluster->learnings)
        return;
    seat->since = 0;
    seat->on_sure(seat->context);
}

/* Takes the seat to who serves its slot, unless it is there. Its holder may end it meanwhile. */
static void place(struct cluster *cluster, struct cluster_seat *seat,
                  const struct endpoint_seed *where, const char *reason)
{
    struct cluster_node *before = seat->node;
    struct server_link *own = seat->link;
    if (where && before && is_same(&before->where, where)) {
        make_sure(cluster, seat);
        return;
    }
    seat->since = 0;
    seat->link = NULL;
    seat->node = where ? node_at(cluster, where) : NULL;
    if (where)
        seat->node->seats++;
    seat->on_link(seat->context, where ? link_of(cluster, seat) : NULL, reason);
    server_link_destroy(&own);
    leave_node(cluster, before);
}

static struct cluster_seat *untold(const struct cluster *cluster)
{
    struct cluster_seat *seat = cluster->seats;
    while (seat && seat->told == cluster->news)
        seat = seat->next;
    return seat;
}

/* What is known by now, or `reason`: it could not be asked, which those hear who know nobody, or
 * are not sure of it. */
static void place_all(struct cluster *cluster, const char *reason)
{
    struct cluster_seat *seat;
    cluster->news++;
    while ((seat = untold(cluster))) {
        const struct endpoint_seed *master = topology_master(&cluster->topology, seat->slot);
        seat->told = cluster->news;
        if (reason && seat->node && !seat->since)
            continue;
        place(cluster, seat, reason ? NULL : master,
              reason   ? reason
              : master ? NULL
                       : "no node of the cluster serves it");
    }
}

/* What is learnt already may be older than what is asked for now. */
static void learn_at_once(struct cluster *cluster)
{
    const struct timeval now = {0};
    cluster->wanted = cluster->learnings + 1;
    if (!learning_under_way(cluster->learning))
        evtimer_add(cluster->timer, &now);
}

/* ---- Learning ---- */

/* Somebody's master is not known, or no Sentinel to listen to. */
static bool is_lacking(const struct cluster *cluster, bool learnt)
{
    const struct cluster_seat *seat = cluster->seats;
    while (seat && seat->node)
        seat = seat->next;
    return seat || (cluster->watch && !learnt);
}

static void on_learnt(void *context, const struct topology *topology, const char *reason)
{
    struct cluster *cluster = context;
    struct diag diag;
    if (topology) {
        arena_reset(cluster->learnt);
        cluster->topology = topology_copy(cluster->learnt, topology);
        place_all(cluster, NULL);
        if (cluster->watch)
            sentinel_watch_listen(cluster->watch, cluster->topology.nodes,
                                  cluster->topology.node_count);
    } else {
        diag_error(&diag, "no %s: %s",
                   cluster->endpoint.master ? "Sentinel says which is the master"
                                            : "node of the cluster says what it looks like",
                   reason);
        place_all(cluster, diag.text);
    }
    if (cluster->wanted > cluster->learnings)
        learn_at_once(cluster);
    else if (is_lacking(cluster, topology != NULL))
        cluster_doubt(cluster, NULL);
}

static void on_news(void *context, bool hears)
{
    struct cluster *cluster = context;
    if (hears)
        learn_at_once(cluster);
    else
        cluster_doubt(cluster, NULL);
}

static void add_candidate(struct endpoint_seed *nodes, size_t *count, struct endpoint_seed node)
{
    for (size_t i = 0; i < *count; i++)
        if (is_same(&nodes[i], &node))
            return;
    nodes[(*count)++] = node;
}

/* Whom an answer named, then those who are known, beginning with who answered last (of Sentinels),
 * or with another one where that was soon in doubt, as one of them may be wrong; then the seeds. */
static void on_timer(evutil_socket_t fd, short events, void *context)
{
    struct cluster *cluster = context;
    const struct topology *known = &cluster->topology;
    const struct endpoint *endpoint = &cluster->endpoint;
    size_t count = 0, most = 1 + known->node_count + endpoint->seed_count;
    struct endpoint_seed *nodes = mem_zero(most, sizeof *nodes);
    (void)fd, (void)events;
    if (cluster->hint_port)
        add_candidate(nodes, &count, (struct endpoint_seed){cluster->hint, cluster->hint_port});
    for (size_t i = 0; i < known->node_count; i++)
        add_candidate(nodes, &count, known->nodes[(cluster->turn + i) % known->node_count]);
    for (size_t i = 0; i < endpoint->seed_count; i++)
        add_candidate(nodes, &count, endpoint->seeds[i]);
    cluster->turn++;
    cluster->learnings++;
    cluster->hint_port = 0;
    learning_start(cluster->learning, nodes, count);
    free(nodes);
}

static void note_hint(struct cluster *cluster, const char *error)
{
    char host[HOST_SIZE];
    int port;
    if (!redirect_names(error, "MOVED", host, sizeof host, &port))
        return;
    memcpy(cluster->hint, host, sizeof host);
    cluster->hint_port = port;
}

void cluster_doubt(struct cluster *cluster, const char *error)
{
    int64_t now_ms = clock_monotonic_ms();
    bool is_first = !cluster->doubted_at;
    if (error)
        note_hint(cluster, error);
    if (now_ms - cluster->doubted_at > CALM_MS) {
        backoff_reset(&cluster->backoff);
        cluster->turn = cluster->endpoint.master ? 0 : cluster->turn;
    }
    cluster->doubted_at = now_ms;
    if (learning_under_way(cluster->learning) || evtimer_pending(cluster->timer, NULL))
        return;
    struct timeval after = clock_timeval(is_first ? 0 : backoff_next(&cluster->backoff));
    evtimer_add(cluster->timer, &after);
}

void cluster_confirm(struct cluster *cluster, struct cluster_seat *seat)
{
    learn_at_once(cluster);
    seat->since = cluster->wanted;
}

/* ---- The outside ---- */

const struct endpoint *cluster_endpoint(const struct cluster *cluster)
{
    return &cluster->endpoint;
}

bool cluster_sits_at(const struct cluster_seat *seat, const struct endpoint_seed *where)
{
    return seat->node && is_same(&seat->node->where, where);
}

struct cluster *cluster_new(const struct cluster_options *options)
{
    struct cluster *cluster = mem_zero(1, sizeof *cluster);
    cluster->base = options->base;
    cluster->arena = arena_new(1024);
    cluster->endpoint = endpoint_copy(cluster->arena, &options->endpoint);
    cluster->name = options->name ? arena_text(cluster->arena, options->name) : NULL;
    cluster->learnt = arena_new(1024);
    cluster->learning = learning_new(options->base, &cluster->endpoint, on_learnt, cluster);
    cluster->backoff.most_ms = LEARN_MOST_MS;
    cluster->timer = evtimer_new(options->base, on_timer, cluster);
    if (!cluster->timer)
        mem_exhausted();
    if (cluster->endpoint.master && !options->brief)
        cluster->watch = sentinel_watch_new(options->base, &cluster->endpoint, on_news, cluster);
    return cluster;
}

void cluster_destroy(struct cluster **cluster)
{
    struct cluster *ended = *cluster;
    if (!ended)
        return;
    *cluster = NULL;
    sentinel_watch_destroy(&ended->watch);
    learning_destroy(&ended->learning);
    event_free(ended->timer);
    arena_destroy(&ended->learnt);
    arena_destroy(&ended->arena);
    free(ended);
}

void cluster_sit(struct cluster *cluster, struct cluster_seat *seat)
{
    const struct endpoint_seed *master = topology_master(&cluster->topology, seat->slot);
    seat->next = cluster->seats;
    seat->told = cluster->news;
    cluster->seats = seat;
    if (master)
        place(cluster, seat, master, NULL);
    else
        cluster_doubt(cluster, NULL);
}

void cluster_rise(struct cluster *cluster, struct cluster_seat *seat)
{
    struct cluster_seat **at = &cluster->seats;
    while (*at != seat)
        at = &(*at)->next;
    *at = seat->next;
    server_link_destroy(&seat->link);
    leave_node(cluster, seat->node);
}
