/*
 * Each node is a question, which is open as long as it has a link: from ask_next() to take() or
 * give_up(). Its answers come in the order of what it was asked (on_state), of a node one, of a
 * Sentinel three. Of these the epoch comes first: a failover between the answers makes an address
 * look older than it is, never newer.
 *
 * Of nodes one question is open at a time, and the first answer ends all. Sentinels have all theirs
 * open from the start: go_on() ends it when nobody is waited for any more, and weigh() takes the
 * best of the answers, unless it is older than what was followed (is_believed). Who is late
 * (on_late) is silent, and not waited for until SILENT_MS are over or it answers in time.
 */
#include "redis/learning.h"

#include <event2/event.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/log_once.h"
#include "base/mem.h"
#include "redis/epochs.h"
#include "redis/server_link.h"

enum {
    NODE_MOST_MS = 2000, /* for one node's answer, connecting included */
    REST_MOST_MS = 500,  /* for all other Sentinels, once one has answered */
    SILENT_MS = 30000,
    REASON_SIZE = 512,
};

/* A Sentinel that did not answer in time. */
struct silent {
    struct endpoint_seed node; /* its host is ours */
    int64_t until_ms;          /* clock_monotonic_ms() */
    struct silent *next;
};

struct question {
    struct learning *learning;
    struct endpoint_seed node;
    struct server_link *link; /* NULL: it is not open */
    struct server_link_holder holder;
    bool awaited;                    /* while it is open nothing ends */
    int64_t epoch;                   /* what a Sentinel said of the master: how new it is, */
    const struct reply *address;     /* and where; */
    struct topology_peers peers;     /* and of the others */
    const struct topology *topology; /* NULL: it has not answered, or not to the point */
};

struct learning {
    struct event_base *base;
    const struct endpoint *endpoint;
    learning_on_end *on_end;
    void *context;
    struct event *late;
    struct arena *arena; /* of the questions and of what is learnt */
    struct question *questions;
    size_t count, turn; /* those before `turn` were asked */
    bool under_way;
    char reason[REASON_SIZE]; /* why the last that gave no answer gave none */
    struct silent *silent;
    struct log_once refused;
};

static void ask_next(struct learning *learning);

/* ---- Who was silent ---- */

static struct silent **find_silent(struct learning *learning, const struct endpoint_seed *node)
{
    struct silent **at = &learning->silent;
    while (*at && ((*at)->node.port != node->port || strcmp((*at)->node.host, node->host) != 0))
        at = &(*at)->next;
    return at;
}

static void forget_silent(struct silent **at)
{
    struct silent *over = *at;
    if (!over)
        return;
    *at = over->next;
    free((char *)(uintptr_t)over->node.host);
    free(over);
}

static void note_silent(struct learning *learning, const struct endpoint_seed *node)
{
    struct silent *silent = *find_silent(learning, node);
    if (!silent) {
        silent = mem_alloc(sizeof *silent);
        *silent =
            (struct silent){.node = {mem_text(node->host), node->port}, .next = learning->silent};
        learning->silent = silent;
    }
    silent->until_ms = clock_monotonic_ms() + SILENT_MS;
}

static void forget_old(struct learning *learning)
{
    const int64_t now_ms = clock_monotonic_ms();
    for (struct silent **at = &learning->silent; *at;)
        if ((*at)->until_ms <= now_ms)
            forget_silent(at);
        else
            at = &(*at)->next;
}

/* ---- Which answer counts ---- */

/* A Sentinel that was cut off may name a master that was replaced, and takes itself for one. */
static const struct question *best_of(const struct learning *learning)
{
    const struct question *best = NULL;
    for (size_t i = 0; i < learning->turn; i++) {
        const struct question *question = &learning->questions[i];
        if (question->topology && (!best || question->epoch > best->epoch))
            best = question;
    }
    return best;
}

/* Whether one before it was the same Sentinel, by another name: each knows all but itself. */
static bool is_repeated(const struct learning *learning, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (learning->questions[i].topology &&
            learning->questions[i].peers.mark == learning->questions[index].peers.mark)
            return true;
    return false;
}

/* More than half have answered of those that any of them knows. */
static bool are_most(const struct learning *learning)
{
    size_t answered = 0, all = 0;
    for (size_t i = 0; i < learning->turn; i++) {
        const struct question *question = &learning->questions[i];
        if (!question->topology || !question->peers.known)
            continue;
        answered += !is_repeated(learning, i);
        all = question->peers.count + 1 > all ? question->peers.count + 1 : all;
    }
    return 2 * answered > all;
}

/* Where Sentinels are set up anew, epochs begin anew: most of them say so. */
static bool is_believed(const struct learning *learning, const struct question *best)
{
    return best->epoch >= epochs_followed(learning->endpoint->master) || are_most(learning);
}

static void refuse(struct learning *learning, const struct question *best)
{
    struct diag diag;
    diag_error(&diag,
               "%s:%d names a master of epoch %" PRId64 ", and one of epoch %" PRId64
               " was followed before; most Sentinels do not answer",
               best->node.host, best->node.port, best->epoch,
               epochs_followed(learning->endpoint->master));
    snprintf(learning->reason, sizeof learning->reason, "%s", diag.text);
    if (log_once_is_news(&learning->refused, diag.text))
        log_with(LOG_LEVEL_WARNING, LOG_FIELDS(LOG_TEXT("reason", diag.text)),
                 "a Sentinel that knows less than was known is not believed");
}

/* ---- The end ---- */

static void end(struct learning *learning, const struct topology *topology)
{
    event_del(learning->late);
    for (size_t i = 0; i < learning->turn; i++)
        server_link_destroy(&learning->questions[i].link);
    learning->under_way = false;
    learning->on_end(learning->context, topology, topology ? NULL : learning->reason);
}

static void weigh(struct learning *learning)
{
    const struct question *best = best_of(learning);
    if (best && is_believed(learning, best)) {
        log_once_forget(&learning->refused);
        epochs_follow(learning->endpoint->master, best->epoch);
        end(learning, best->topology);
        return;
    }
    if (best)
        refuse(learning, best);
    end(learning, NULL);
}

/* What was told is enough where only silent ones are left to tell more. */
static bool is_enough(const struct learning *learning)
{
    const struct question *best = best_of(learning);
    for (size_t i = 0; i < learning->turn; i++)
        if (learning->questions[i].link && learning->questions[i].awaited)
            return false;
    return best && is_believed(learning, best);
}

static bool is_open(const struct learning *learning)
{
    size_t i = 0;
    while (i < learning->turn && !learning->questions[i].link)
        i++;
    return i < learning->turn;
}

static void go_on(struct learning *learning)
{
    if (learning->turn < learning->count)
        ask_next(learning);
    else if (!learning->endpoint->master)
        end(learning, NULL);
    else if (is_enough(learning) || !is_open(learning))
        weigh(learning);
}

/* ---- Answers ---- */

/* There is no answer. */
static void give_up(struct question *question, const char *reason)
{
    struct learning *learning = question->learning;
    server_link_destroy(&question->link);
    snprintf(learning->reason, sizeof learning->reason, "%s", reason);
    go_on(learning);
}

static void take(struct question *question, const struct topology *topology)
{
    const struct timeval rest = clock_timeval(REST_MOST_MS);
    struct learning *learning = question->learning;
    if (!learning->endpoint->master) {
        end(learning, topology);
        return;
    }
    if (!best_of(learning))
        evtimer_add(learning->late, &rest);
    server_link_destroy(&question->link);
    forget_silent(find_silent(learning, &question->node));
    question->topology = topology;
    go_on(learning);
}

static void on_answer(struct question *question, const struct topology *topology,
                      const struct diag *fault)
{
    struct diag why;
    if (topology) {
        take(question, topology);
        return;
    }
    diag_error(&why, "%s:%d: %s", question->node.host, question->node.port, fault->text);
    give_up(question, why.text);
}

/* In all four: without an answer, on_state has heard of it. */

static void on_slots(void *context, const struct reply *reply, const struct diag *fault)
{
    struct question *question = context;
    struct arena *arena = question->learning->arena;
    struct topology *topology = arena_alloc(arena, sizeof *topology);
    struct diag diag;
    (void)fault;
    if (!reply)
        return;
    bool read = topology_read(arena, reply, question->node.host, topology, &diag);
    on_answer(question, read ? topology : NULL, &diag);
}

static void on_epoch(void *context, const struct reply *reply, const struct diag *fault)
{
    struct question *question = context;
    (void)fault;
    if (reply)
        question->epoch = topology_epoch(reply);
}

static void on_address(void *context, const struct reply *reply, const struct diag *fault)
{
    struct question *question = context;
    (void)fault;
    if (reply)
        question->address = reply_copy(question->learning->arena, reply);
}

static void on_others(void *context, const struct reply *reply, const struct diag *fault)
{
    struct question *question = context;
    struct arena *arena = question->learning->arena;
    struct topology *topology = arena_alloc(arena, sizeof *topology);
    struct diag diag;
    (void)fault;
    if (!reply)
        return;
    question->peers = topology_peers(reply);
    bool read = topology_read_sentinel(arena, question->address, reply, &question->node,
                                       question->learning->endpoint->master, topology, &diag);
    on_answer(question, read ? topology : NULL, &diag);
}

/* ---- Asking ---- */

static void put(struct question *question, connection_callback *callback, const char *const *argv,
                size_t argc)
{
    const struct connection_request request = {
        .argc = argc, .argv = argv, .callback = callback, .context = question};
    struct connection_call *call = connection_call_new(&request);
    if (!server_link_send(question->link, &request, call)) /* three short ones always fit */
        connection_call_free(call);
}

static void on_state(void *context, bool ready, const char *reason)
{
    struct question *question = context;
    const char *master = question->learning->endpoint->master;
    if (!ready) {
        give_up(question, reason);
    } else if (master) {
        put(question, on_epoch, (const char *[]){"SENTINEL", "MASTER", master}, 3);
        put(question, on_address, (const char *[]){"SENTINEL", "GET-MASTER-ADDR-BY-NAME", master},
            3);
        put(question, on_others, (const char *[]){"SENTINEL", "SENTINELS", master}, 3);
    } else {
        put(question, on_slots, (const char *[]){"CLUSTER", "SLOTS"}, 2);
    }
}

/* All that are open: of nodes that is the last. */
static void on_late(evutil_socket_t fd, short events, void *context)
{
    struct learning *learning = context;
    const bool of_sentinels = learning->endpoint->master;
    (void)fd, (void)events;
    for (size_t i = 0; i < learning->turn; i++) {
        struct question *question = &learning->questions[i];
        if (!question->link)
            continue;
        server_link_destroy(&question->link);
        snprintf(learning->reason, sizeof learning->reason, "%s:%d did not answer within %d s",
                 question->node.host, question->node.port, NODE_MOST_MS / 1000);
        if (of_sentinels)
            note_silent(learning, &question->node);
    }
    go_on(learning);
}

static void ask_next(struct learning *learning)
{
    const struct timeval after = clock_timeval(NODE_MOST_MS);
    struct question *question = &learning->questions[learning->turn++];
    evtimer_add(learning->late, &after);
    question->awaited = !*find_silent(learning, &question->node);
    question->link = server_link_new(&(struct server_link_options){
        .base = learning->base,
        .endpoint = endpoint_asked(learning->endpoint, &question->node),
        .name = "nudged:topology"});
    question->holder = (struct server_link_holder){.on_state = on_state, .context = question};
    server_link_attach(question->link, &question->holder);
}

/* ---- The object ---- */

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
    for (size_t i = 0; i < ended->turn; i++)
        server_link_destroy(&ended->questions[i].link);
    while (ended->silent)
        forget_silent(&ended->silent);
    event_free(ended->late);
    arena_destroy(&ended->arena);
    free(ended);
}

void learning_start(struct learning *learning, const struct endpoint_seed *nodes, size_t count)
{
    arena_reset(learning->arena);
    learning->questions = arena_zero(learning->arena, count * sizeof *learning->questions);
    for (size_t i = 0; i < count; i++)
        learning->questions[i] =
            (struct question){.learning = learning,
                              .node = {arena_text(learning->arena, nodes[i].host), nodes[i].port}};
    learning->count = count;
    learning->turn = 0;
    learning->under_way = true;
    forget_old(learning);
    do
        ask_next(learning);
    while (learning->endpoint->master && learning->turn < count);
}

bool learning_under_way(const struct learning *learning)
{
    return learning->under_way;
}
