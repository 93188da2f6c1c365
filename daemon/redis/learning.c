/*
 * One is asked at a time (ask), and its answers come in the order of the questions (on_state): of a
 * node one, of a Sentinel three. Of these the epoch comes first: a failover between the answers
 * makes an address look older than it is, never newer. Who does not answer (on_late, on_state) is
 * passed over; weigh() keeps the best of what Sentinels say until all were asked.
 */
#include "redis/learning.h"

#include <event2/event.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/mem.h"
#include "redis/server_link.h"

enum {
    NODE_MOST_MS = 2000, /* for one node's answer, connecting included */
    REST_MOST_MS = 500,  /* likewise, once a Sentinel has answered */
};

struct learning {
    struct event_base *base;
    const struct endpoint *endpoint;
    learning_on_end *on_end;
    void *context;
    struct event *late;
    struct arena *arena; /* of the nodes and of what is learnt */
    struct endpoint_seed *nodes;
    size_t count, turn;       /* who is asked */
    struct server_link *link; /* NULL: nobody is */
    struct server_link_holder holder;
    int64_t epoch;               /* what the Sentinel said of the master: how new it is, */
    const struct reply *address; /* and where */
    const struct topology *best; /* of the highest epoch among Sentinels; NULL: none yet */
    int64_t best_epoch;
};

static void ask(struct learning *learning);

static void end(struct learning *learning, const struct topology *topology, const char *reason)
{
    event_del(learning->late);
    server_link_destroy(&learning->link);
    learning->on_end(learning->context, topology, reason);
}

static void ask_next(struct learning *learning, const char *reason)
{
    server_link_destroy(&learning->link);
    if (++learning->turn < learning->count)
        ask(learning);
    else
        end(learning, learning->best, reason);
}

/* A Sentinel that was cut off may name a master that was replaced, and takes itself for one: the
 * others are asked as well. */
static void weigh(struct learning *learning, const struct topology *topology)
{
    if (!learning->best || learning->epoch > learning->best_epoch) {
        learning->best = topology;
        learning->best_epoch = learning->epoch;
    }
    ask_next(learning, NULL);
}

static void on_answer(struct learning *learning, const struct topology *topology,
                      const struct diag *fault)
{
    const struct endpoint_seed *node = &learning->nodes[learning->turn];
    struct diag why;
    if (topology && learning->endpoint->master) {
        weigh(learning, topology);
    } else if (topology) {
        end(learning, topology, NULL);
    } else {
        diag_error(&why, "%s:%d: %s", node->host, node->port, fault->text);
        ask_next(learning, why.text);
    }
}

/* In all four: without an answer, on_state has heard of it. */

static void on_slots(void *context, const struct reply *reply, const struct diag *fault)
{
    struct learning *learning = context;
    struct topology *topology = arena_alloc(learning->arena, sizeof *topology);
    const char *asked = learning->nodes[learning->turn].host;
    struct diag diag;
    (void)fault;
    if (!reply)
        return;
    bool read = topology_read(learning->arena, reply, asked, topology, &diag);
    on_answer(learning, read ? topology : NULL, &diag);
}

static void on_epoch(void *context, const struct reply *reply, const struct diag *fault)
{
    struct learning *learning = context;
    (void)fault;
    if (reply)
        learning->epoch = topology_epoch(reply);
}

static void on_address(void *context, const struct reply *reply, const struct diag *fault)
{
    struct learning *learning = context;
    (void)fault;
    if (reply)
        learning->address = reply_copy(learning->arena, reply);
}

static void on_others(void *context, const struct reply *reply, const struct diag *fault)
{
    struct learning *learning = context;
    struct topology *topology = arena_alloc(learning->arena, sizeof *topology);
    struct diag diag;
    (void)fault;
    if (!reply)
        return;
    bool read = topology_read_sentinel(learning->arena, learning->address, reply,
                                       &learning->nodes[learning->turn], learning->endpoint->master,
                                       topology, &diag);
    on_answer(learning, read ? topology : NULL, &diag);
}

static void put(struct learning *learning, connection_callback *callback, const char *const *argv,
                size_t argc)
{
    const struct connection_request request = {
        .argc = argc, .argv = argv, .callback = callback, .context = learning};
    struct connection_call *call = connection_call_new(&request);
    if (!server_link_send(learning->link, &request, call)) /* three short ones always fit */
        connection_call_free(call);
}

static void on_state(void *context, bool ready, const char *reason)
{
    struct learning *learning = context;
    const char *master = learning->endpoint->master;
    if (!ready) {
        ask_next(learning, reason);
    } else if (master) {
        put(learning, on_epoch, (const char *[]){"SENTINEL", "MASTER", master}, 3);
        put(learning, on_address, (const char *[]){"SENTINEL", "GET-MASTER-ADDR-BY-NAME", master},
            3);
        put(learning, on_others, (const char *[]){"SENTINEL", "SENTINELS", master}, 3);
    } else {
        put(learning, on_slots, (const char *[]){"CLUSTER", "SLOTS"}, 2);
    }
}

static void on_late(evutil_socket_t fd, short events, void *context)
{
    struct learning *learning = context;
    const struct endpoint_seed *node = &learning->nodes[learning->turn];
    struct diag diag;
    (void)fd, (void)events;
    diag_error(&diag, "%s:%d did not answer within %d s", node->host, node->port,
               NODE_MOST_MS / 1000);
    ask_next(learning, diag.text);
}

static void ask(struct learning *learning)
{
    struct timeval after = clock_timeval(learning->best ? REST_MOST_MS : NODE_MOST_MS);
    evtimer_add(learning->late, &after);
    learning->link = server_link_new(&(struct server_link_options){
        .base = learning->base,
        .endpoint = endpoint_asked(learning->endpoint, &learning->nodes[learning->turn]),
        .name = "nudged:topology"});
    learning->holder = (struct server_link_holder){.on_state = on_state, .context = learning};
    server_link_attach(learning->link, &learning->holder);
}

struct learning *learning_new(struct event_base *base, const struct endpoint *endpoint,
                              learning_on_end *on_end, void *context)
{
    struct learning *learning = mem_zero(1, sizeof *learning);
    learning->base = base;
    learning->endpoint = endpoint;
    learning->on_end = on_end;
    learning->context = context;
    learning->arena = arena_new(2048);
    learning->late = evtimer_new(base, on_late, learning);
    if (!learning->late)
        mem_exhausted();
    return learning;
}

void learning_destroy(struct learning **learning)
{
    struct learning *ended = *learning;
    if (!ended)
        return;
    *learning = NULL;
    server_link_destroy(&ended->link);
    event_free(ended->late);
    arena_destroy(&ended->arena);
    free(ended);
}

void learning_start(struct learning *learning, const struct endpoint_seed *nodes, size_t count)
{
    arena_reset(learning->arena);
    learning->nodes = arena_alloc(learning->arena, count * sizeof *nodes);
    for (size_t i = 0; i < count; i++)
        learning->nodes[i] =
            (struct endpoint_seed){arena_text(learning->arena, nodes[i].host), nodes[i].port};
    learning->count = count;
    learning->turn = 0;
    learning->best = NULL;
    ask(learning);
}

bool learning_under_way(const struct learning *learning)
{
    return learning->link;
}
