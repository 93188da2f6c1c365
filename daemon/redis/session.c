/*
 * Each call sends over redis/connection and turns the session's own loop until its answer is here:
 * session_open() until the connection is ready, session_call() for one command, session_drain() for
 * those that were pushed. What ends the connection ends the wait.
 */
#include "redis/session.h"

#include <errno.h>
#include <event2/event.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/mem.h"
#include "redis/cluster.h"
#include "redis/connection.h"

#define NAME "nudgectl"

enum { CALL_MS = 30000, ARGUMENTS_MOST = 32, DESCRIPTORS = 8 /* of a loop and a connection */ };

/* What sessions with the slots of one cluster share. */
struct ground {
    struct event_base *base;
    struct cluster *cluster; /* NULL: one Redis, which the address names */
    int users;
};

struct session {
    struct ground *ground;
    struct event_base *base; /* the ground's */
    struct connection *connection;
    struct arena *arena; /* of the last reply */
    struct connection_owner owner;
    bool ready; /* at some time */
    bool late;  /* the deadline of session_open passed */
    bool lost;
    char where[192]; /* whom it asks, for people */
    char reason[512];
    int64_t call_ms; /* that a command may take */
    size_t pushed;   /* commands without an answer */
};

static void on_state(void *context, bool ready, const char *reason)
{
    struct session *session = context;
    if (ready) {
        session->ready = true;
        return;
    }
    snprintf(session->reason, sizeof session->reason, "%s", reason);
    if (session->ready || !connection_promising(session->connection))
        session->lost = true;
}

static void on_late(evutil_socket_t fd, short events, void *context)
{
    struct session *session = context;
    (void)fd, (void)events;
    session->late = true;
}

static bool await_ready(struct session *session, int64_t deadline_ms, struct diag *diag)
{
    struct timeval after = clock_timeval(deadline_ms);
    struct event *late = evtimer_new(session->base, on_late, session);
    if (!late)
        mem_exhausted();
    evtimer_add(late, &after);
    while (!session->ready && !session->lost && !session->late)
        event_base_loop(session->base, EVLOOP_ONCE);
    event_free(late);
    if (session->ready)
        return true;
    if (*session->reason)
        diag_error(diag, "%s", session->reason);
    else
        diag_error(diag, "no connection to %s: no answer within %.3g s", session->where,
                   (double)deadline_ms / 1000);
    diag_code(diag, session->late ? "redis-timeout" : "redis-lost");
    return false;
}

/* libevent ends the program where it gets no descriptors for a loop: asked for before. */
static bool has_descriptors(struct diag *diag)
{
    int spare[DESCRIPTORS], count = 0, fault = 0;
    while (count < DESCRIPTORS && (spare[count] = eventfd(0, EFD_CLOEXEC)) >= 0)
        count++;
    if (count < DESCRIPTORS)
        fault = errno;
    while (count > 0)
        close(spare[--count]);
    return !fault || diag_error(diag, "no connection to Redis: %s", strerror(fault));
}

static struct ground *ground_new(const struct endpoint *endpoint, bool of_cluster)
{
    struct ground *ground = mem_zero(1, sizeof *ground);
    ground->base = event_base_new();
    if (!ground->base)
        mem_exhausted();
    if (of_cluster)
        ground->cluster = cluster_new(&(struct cluster_options){
            .base = ground->base, .endpoint = *endpoint, .name = NAME, .brief = true});
    return ground;
}

static void leave_ground(struct ground *ground)
{
    if (--ground->users > 0)
        return;
    cluster_destroy(&ground->cluster);
    event_base_free(ground->base);
    free(ground);
}

struct session *session_open(const struct endpoint *endpoint, int64_t deadline_ms,
                             struct diag *diag)
{
    return session_open_slot(endpoint, NULL, NULL, deadline_ms, diag);
}

static struct session *begin_session(const struct endpoint *endpoint, const char *key,
                                     struct session *beside)
{
    struct session *session = mem_zero(1, sizeof *session);
    session->ground = beside ? beside->ground : ground_new(endpoint, key || endpoint->master);
    session->ground->users++;
    session->base = session->ground->base;
    session->arena = arena_new(4096);
    session->call_ms = CALL_MS;
    endpoint_show(endpoint, session->where, sizeof session->where);
    session->connection =
        connection_new(&(struct connection_options){.base = session->base,
                                                    .endpoint = *endpoint,
                                                    .cluster = session->ground->cluster,
                                                    .key = key,
                                                    .name = NAME,
                                                    .on_state = on_state,
                                                    .context = session});
    return session;
}

struct session *session_open_slot(const struct endpoint *endpoint, const char *key,
                                  struct session *beside, int64_t deadline_ms, struct diag *diag)
{
    if (!has_descriptors(diag))
        return NULL;
    struct session *session = begin_session(endpoint, key, beside);
    if (!await_ready(session, deadline_ms, diag))
        session_close(&session);
    return session;
}

struct session *session_begin_slot(const struct endpoint *endpoint, const char *key,
                                   struct session *beside, struct diag *diag)
{
    return has_descriptors(diag) ? begin_session(endpoint, key, beside) : NULL;
}

void session_await(struct session *session, int64_t deadline_ms)
{
    struct diag diag;
    if (session->ready || session->lost || await_ready(session, deadline_ms, &diag))
        return;
    session->lost = true;
    snprintf(session->reason, sizeof session->reason, "%s", diag.text);
}

bool session_is_lost(const struct session *session)
{
    return session->lost;
}

bool session_still(const struct session *session, struct diag *diag)
{
    return !session->lost || diag_fault(diag, "redis-lost", "%s", session->reason);
}

bool session_shares_link(const struct session *one, const struct session *other)
{
    return connection_shares_link(one->connection, other->connection);
}

void session_hurry(struct session *session, int64_t call_ms)
{
    session->call_ms = call_ms;
}

const char *session_key(const struct session *session)
{
    return connection_key(session->connection);
}

void session_close(struct session **session)
{
    struct session *ended = *session;
    if (!ended)
        return;
    *session = NULL;
    connection_silence(&ended->owner);
    connection_destroy(&ended->connection);
    leave_ground(ended->ground);
    arena_destroy(&ended->arena);
    free(ended);
}

/* ---- One command ---- */

struct session_wait {
    struct session *session;
    const struct reply *reply;
    struct diag *diag;
    bool done;
};

static void on_reply(void *context, const struct reply *reply, const struct diag *fault)
{
    struct session_wait *wait = context;
    wait->done = true;
    if (reply && reply->kind != REPLY_ERROR)
        wait->reply = reply_copy(wait->session->arena, reply);
    else if (reply)
        reply_fault(reply, wait->diag);
    else
        *wait->diag = *fault;
}

const struct reply *session_call(struct session *session, size_t argc, const char *const *argv,
                                 const size_t *lengths, struct diag *diag)
{
    struct session_wait wait = {.session = session, .diag = diag};
    if (!session_still(session, diag))
        return NULL;
    arena_reset(session->arena);
    connection_send(session->connection,
                    &(struct connection_request){.argc = argc,
                                                 .argv = argv,
                                                 .lengths = lengths,
                                                 .deadline_ms = session->call_ms,
                                                 .owner = &session->owner,
                                                 .callback = on_reply,
                                                 .context = &wait});
    while (!wait.done)
        event_base_loop(session->base, EVLOOP_ONCE);
    return wait.reply;
}

const struct reply *session_command(struct session *session, struct diag *diag, const char *command,
                                    ...)
{
    const char *argv[ARGUMENTS_MOST] = {command};
    size_t argc = 1;
    va_list args;
    va_start(args, command);
    while (argc < ARGUMENTS_MOST && (argv[argc] = va_arg(args, const char *)))
        argc++;
    va_end(args);
    return session_call(session, argc, argv, NULL, diag);
}

/* ---- Many commands ---- */

struct session_pushed {
    struct session *session;
    session_callback *callback;
    void *context;
};

static void on_pushed(void *context, const struct reply *reply, const struct diag *fault)
{
    struct session_pushed *pushed = context;
    pushed->session->pushed--;
    if (pushed->callback)
        pushed->callback(pushed->context, reply, fault);
}

void session_push(struct session *session, size_t argc, const char *const *argv,
                  const size_t *lengths, session_callback *callback, void *context)
{
    struct session_pushed *pushed = mem_alloc(sizeof *pushed);
    *pushed = (struct session_pushed){.session = session, .callback = callback, .context = context};
    session->pushed++;
    connection_send(session->connection,
                    &(struct connection_request){.argc = argc,
                                                 .argv = argv,
                                                 .lengths = lengths,
                                                 .deadline_ms = session->call_ms,
                                                 .owner = &session->owner,
                                                 .callback = on_pushed,
                                                 .context = pushed,
                                                 .release = free});
}

void session_drain(struct session *session, size_t most)
{
    while (session->pushed > most)
        event_base_loop(session->base, EVLOOP_ONCE);
}
