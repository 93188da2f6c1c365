#include "redis/learning.h"

#include <event2/event.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/mem.h"
#include "redis/server_link.h"

enum { NODE_MOST_MS = 2000 /* for one node's answer, connecting included */ };

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
};

static void ask(struct learning *learning);

static void end(struct learning *learning, const struct topology *topology, const char *reason)
{
    event_del(learning->late);
    server_link_destroy(&learning->link);
    learning->on_end(learning->context, topology, reason);
}

static void give_up(struct learning *learning, const char *reason)
{
    server_link_destroy(&learning->link);
    if (++learning->turn < learning->count)
        ask(learning);
    else
        end(learning, NULL, reason);
}

static void on_slots(void *context, const struct reply *reply, const struct diag *fault)
{
    struct learning *learning = context;
    struct topology *topology = arena_alloc(learning->arena, sizeof *topology);
    const struct endpoint_seed *node = &learning->nodes[learning->turn];
    struct diag diag, why;
    (void)fault;
    if (!reply) /* on_state has heard of it */
        return;
    if (topology_read(learning->arena, reply, node->host, topology, &diag)) {
        end(learning, topology, NULL);
        return;
    }
    diag_error(&why, "%s:%d: %s", node->host, node->port, diag.text);
    give_up(learning, why.text);
}

static void on_state(void *context, bool ready, const char *reason)
{
    static const char *const argv[] = {"CLUSTER", "SLOTS"};
    const struct connection_request request = {
        .argc = 2, .argv = argv, .callback = on_slots, .context = context};
    struct learning *learning = context;
    if (!ready) {
        give_up(learning, reason);
        return;
    }
    struct connection_call *call = connection_call_new(&request);
    if (!server_link_send(learning->link, &request, call)) /* the first always fits */
        connection_call_free(call);
}

static void on_late(evutil_socket_t fd, short events, void *context)
{
    struct learning *learning = context;
    const struct endpoint_seed *node = &learning->nodes[learning->turn];
    struct diag diag;
    (void)fd, (void)events;
    diag_error(&diag, "%s:%d did not answer within %d s", node->host, node->port,
               NODE_MOST_MS / 1000);
    give_up(learning, diag.text);
}

static void ask(struct learning *learning)
{
    struct timeval after = clock_timeval(NODE_MOST_MS);
    struct endpoint endpoint = *learning->endpoint;
    endpoint.host = learning->nodes[learning->turn].host;
    endpoint.port = learning->nodes[learning->turn].port;
    endpoint.seed_count = 0;
    evtimer_add(learning->late, &after);
    learning->link = server_link_new(&(struct server_link_options){
        .base = learning->base, .endpoint = endpoint, .name = "nudged:topology"});
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
    ask(learning);
}

bool learning_under_way(const struct learning *learning)
{
    return learning->link;
}
