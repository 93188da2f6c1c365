/*
 * A connection holds a link. To a single Redis the link is its own, and all that happens to it
 * happens to the connection. Over a cluster the link is that of the slot's master, which the
 * cluster hands over (on_link); then
 *
 *   the link is ready --probe()--> EXISTS answered with a number: READY
 *         ^                              |                        |
 *         +---- after a while ---- fall(): calls in flight fail --+
 *
 * Who was told ASK knows that the slot is on its way to another node. When its master then fails,
 * the replica that takes over has never heard of that, and would serve what is left of the slot as
 * if it were all. So whoever serves it next, but for that other node itself, is believed only when
 * that one has none of its keys (ask_other()).
 *
 * A master that Sentinels watch is ready when it says that it is one (redis/server_link), and then
 * a Sentinel still says so (on_sure()): it may have hung for long before it answered.
 *
 * A call that can't be sent stands in `refused` until the loop comes round, so that its callback
 * does not come from within connection_send().
 */
#include "redis/connection.h"

#include <event2/event.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log_once.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "redis/backoff.h"
#include "redis/cluster.h"
#include "redis/connection_call.h"
#include "redis/redirect.h"
#include "redis/server_link.h"
#include "redis/slot.h"
#include "redis/witness.h"

enum {
    COMMAND_ARGUMENTS = 32, /* of connection_command */
    PROBE_MOST_MS = 1000,   /* between two questions whether the slot is served */
    HOST_SIZE = 256,
    CALM_MS = 10000, /* ready for so long: what comes then has nothing to do with before */
};

struct connection {
    bool ready;
    int64_t times_ready;  /* each but the first counts as a reconnect */
    struct log_once told; /* the reason that on_state heard last */
    connection_on_state *on_state;
    void *context;
    struct server_link *link; /* over a cluster it is not ours, and NULL while none is known */
    struct server_link_holder holder;
    struct event *soon; /* for what must not happen inside the caller's call */
    struct connection_calls refused, lost;
    int busy;   /* handlers on the stack */
    bool ended; /* destroyed while a handler was on the stack */

    /* Over a cluster. */
    struct cluster *cluster;
    struct cluster_seat seat;
    char *key, *name; /* NULL: none */
    bool probing;
    struct event *again;        /* the next probe */
    struct endpoint_seed other; /* where the slot was on its way to; host NULL: nowhere */
    struct witness *witness;    /* that one, while it is asked */
    struct backoff backoff;
    int64_t ready_at; /* clock_monotonic_ms */
};

/* ---- Handlers ---- */

/* A callback inside may destroy the connection, which then ends with the last of them. */

static void free_connection(struct connection *connection)
{
    event_free(connection->soon);
    if (connection->again)
        event_free(connection->again);
    witness_destroy(&connection->witness);
    free((char *)(uintptr_t)connection->other.host);
    free(connection->key);
    free(connection->name);
    free(connection);
}

static void enter(struct connection *connection)
{
    connection->busy++;
}

static void leave(struct connection *connection)
{
    if (--connection->busy == 0 && connection->ended)
        free_connection(connection);
}

/* ---- State ---- */

/* Says why there is no connection, unless that was said last. */
static void tell(struct connection *connection, const char *reason)
{
    if (log_once_is_news(&connection->told, reason) && connection->on_state)
        connection->on_state(connection->context, false, reason);
}

/* The one function through which the state changes, and on_state hears of it. */
static void turn(struct connection *connection, bool ready, const char *reason)
{
    connection->ready = ready;
    if (!ready) {
        tell(connection, reason);
        return;
    }
    if (connection->times_ready++)
        metrics_add(METRIC_REDIS_RECONNECTS, 1);
    log_once_forget(&connection->told);
    if (connection->on_state)
        connection->on_state(connection->context, true, NULL);
}

static void on_link_state(void *context, bool ready, const char *reason)
{
    struct connection *connection = context;
    enter(connection);
    turn(connection, ready, reason);
    leave(connection);
}

/* ---- Sending ---- */

void connection_send(struct connection *connection, const struct connection_request *request)
{
    struct connection_call *call = connection_call_new(request);
    call->holder = &connection->holder;
    if (!connection->ready)
        call->fault = "redis-lost";
    else if (!server_link_send(connection->link, request, call))
        call->fault = "redis-full";
    if (call->fault) {
        connection_call_append(&connection->refused, call);
        event_active(connection->soon, EV_TIMEOUT, 0);
    }
}

void connection_command(struct connection *connection, struct connection_owner *owner,
                        connection_callback *callback, void *context, const char *command, ...)
{
    const char *argv[COMMAND_ARGUMENTS] = {command};
    size_t argc = 1;
    va_list args;
    va_start(args, command);
    while (argc < COMMAND_ARGUMENTS && (argv[argc] = va_arg(args, const char *)))
        argc++;
    va_end(args);
    connection_send(
        connection,
        &(struct connection_request){
            .argc = argc, .argv = argv, .owner = owner, .callback = callback, .context = context});
}

static void on_soon(evutil_socket_t fd, short events, void *context)
{
    struct connection *connection = context;
    struct connection_calls refused = connection->refused;
    struct connection_call *call;
    (void)fd, (void)events;
    connection->refused = (struct connection_calls){0};
    enter(connection);
    while ((call = connection_call_shift(&refused))) {
        struct diag diag;
        bool is_full = strcmp(call->fault, "redis-full") == 0;
        diag_error(&diag,
                   is_full ? "too much is waiting to be sent to Redis" : "no connection to Redis");
        diag_code(&diag, call->fault);
        if (connection->ended)
            connection_call_free(call);
        else
            connection_call_answer(call, NULL, &diag);
    }
    leave(connection);
}

/* ---- Over a cluster ---- */

static void ask_again(struct connection *connection)
{
    struct timeval after = clock_timeval(backoff_next(&connection->backoff));
    evtimer_add(connection->again, &after);
}

static void stop_probing(struct connection *connection)
{
    connection->probing = false;
    witness_destroy(&connection->witness);
}

/* The slot is not served, or not as a whole, where it was; what is in flight fails. */
static void fall(struct connection *connection, const char *reason)
{
    struct connection_call *call;
    struct diag fault;
    if (connection->ready && clock_monotonic_ms() - connection->ready_at > CALM_MS)
        backoff_reset(&connection->backoff);
    stop_probing(connection);
    if (connection->link)
        server_link_recall(connection->link, &connection->holder, &connection->lost);
    if (connection->key)
        diag_error(&fault, "no connection to the master of slot %d (%s): %s", connection->seat.slot,
                   connection->key, reason);
    else
        diag_error(&fault, "no connection to the master `%s`: %s",
                   cluster_endpoint(connection->cluster)->master, reason);
    diag_code(&fault, "redis-lost");
    turn(connection, false, fault.text);
    while ((call = connection_call_shift(&connection->lost)))
        connection_call_answer(call, NULL, &fault);
}

static void note_other(struct connection *connection, const char *host, int port)
{
    free((char *)(uintptr_t)connection->other.host);
    connection->other = (struct endpoint_seed){host ? mem_text(host) : NULL, port};
}

static void become_ready(struct connection *connection)
{
    note_other(connection, NULL, 0);
    connection->ready_at = clock_monotonic_ms();
    turn(connection, true, NULL);
}

static void on_word(void *context, int64_t count, const char *reason)
{
    struct connection *connection = context;
    struct diag diag;
    enter(connection);
    stop_probing(connection);
    if (count == 0) {
        become_ready(connection);
    } else {
        diag_error(&diag, "it was on its way to %s:%d, where %s%s", connection->other.host,
                   connection->other.port,
                   count > 0 ? "some of its keys are left: redis-cli --cluster fix"
                             : "some of its keys may be: ",
                   count > 0 ? "" : reason);
        ask_again(connection);
        fall(connection, diag.text);
    }
    leave(connection);
}

static void ask_other(struct connection *connection)
{
    connection->probing = true;
    connection->witness =
        witness_new(&(struct witness_options){.base = event_get_base(connection->again),
                                              .endpoint = cluster_endpoint(connection->cluster),
                                              .where = &connection->other,
                                              .slot = connection->seat.slot,
                                              .on_word = on_word,
                                              .context = connection});
}

/* Its fault was told where it was found. */
static void on_probed(void *context, const struct reply *reply, const struct diag *fault)
{
    struct connection *connection = context;
    (void)fault;
    if (!reply || !connection->probing)
        return;
    connection->probing = false;
    enter(connection);
    if (reply->kind != REPLY_INTEGER) {
        ask_again(connection);
        fall(connection, reply->text);
    } else if (connection->other.host && !cluster_sits_at(&connection->seat, &connection->other)) {
        ask_other(connection);
    } else {
        become_ready(connection);
    }
    leave(connection);
}

static void probe(struct connection *connection)
{
    const struct connection_request request = {.argc = 2,
                                               .argv = (const char *[]){"EXISTS", connection->key},
                                               .callback = on_probed,
                                               .context = connection};
    if (connection->probing || connection->ready)
        return;
    struct connection_call *call = connection_call_new(&request);
    call->holder = &connection->holder;
    connection->probing = server_link_send(connection->link, &request, call);
    if (connection->probing)
        return;
    connection_call_free(call);
    ask_again(connection);
}

static void on_again(evutil_socket_t fd, short events, void *context)
{
    struct connection *connection = context;
    (void)fd, (void)events;
    if (connection->link && server_link_state(connection->link) == SERVER_LINK_READY)
        probe(connection);
}

static void on_cluster_link_state(void *context, bool ready, const char *reason)
{
    struct connection *connection = context;
    if (ready) {
        probe(connection);
        return;
    }
    stop_probing(connection);
    cluster_doubt(connection->cluster, NULL);
    on_link_state(connection, false, reason);
}

static bool on_cluster_error(void *context, struct connection_call *call, const struct reply *reply)
{
    struct connection *connection = context;
    char host[HOST_SIZE];
    int port;
    if (!redirect_is(reply))
        return false;
    if (redirect_names(reply->text, "ASK", host, sizeof host, &port))
        note_other(connection, host, port);
    connection_call_append(&connection->lost, call);
    cluster_doubt(connection->cluster, reply->text);
    ask_again(connection);
    enter(connection);
    fall(connection, reply->text);
    leave(connection);
    return true;
}

/* Another master serves the slot, or none that is known. */
static void on_link(void *context, struct server_link *link, const char *reason)
{
    struct connection *connection = context;
    enter(connection);
    if (connection->ready || reason)
        fall(connection, reason ? reason : "another one serves it now");
    if (connection->link)
        server_link_detach(connection->link, &connection->holder);
    stop_probing(connection);
    connection->link = connection->ended ? NULL : link;
    if (connection->link) {
        server_link_attach(link, &connection->holder);
        if (connection->key)
            on_again(-1, 0, connection);
    }
    leave(connection);
}

/* ---- Behind Sentinels ---- */

static void on_sure(void *context)
{
    struct connection *connection = context;
    enter(connection);
    if (server_link_state(connection->link) == SERVER_LINK_READY)
        become_ready(connection);
    leave(connection);
}

static void on_master_link_state(void *context, bool ready, const char *reason)
{
    struct connection *connection = context;
    if (ready) {
        cluster_confirm(connection->cluster, &connection->seat);
        return;
    }
    cluster_doubt(connection->cluster, NULL);
    on_link_state(connection, false, reason);
}

/* It is a replica by now; the link that is made in place of this one will find out. */
static bool on_master_error(void *context, struct connection_call *call, const struct reply *reply)
{
    struct connection *connection = context;
    if (!reply_is_error(reply, "READONLY"))
        return false;
    connection_call_append(&connection->lost, call);
    enter(connection);
    fall(connection, reply->text);
    if (connection->link) /* nobody has ended the connection over that */
        server_link_drop(connection->link, "it is a replica by now");
    leave(connection);
    return true;
}

static void join_slot(struct connection *connection, const struct connection_options *options)
{
    connection->key = mem_text(options->key);
    connection->backoff.most_ms = PROBE_MOST_MS;
    connection->again = evtimer_new(options->base, on_again, connection);
    if (!connection->again)
        mem_exhausted();
    connection->holder.on_state = on_cluster_link_state;
    connection->holder.on_error = on_cluster_error;
    connection->seat.slot = slot_of(options->key, strlen(options->key));
    connection->seat.own = options->blocking;
}

static void join_master(struct connection *connection)
{
    connection->holder.on_state = on_master_link_state;
    connection->holder.on_error = on_master_error;
    connection->seat.own = true;
    connection->seat.on_sure = on_sure;
}

static struct server_link_options link_options(const struct connection_options *options)
{
    return (struct server_link_options){.base = options->base,
                                        .endpoint = options->endpoint,
                                        .name = options->name,
                                        .output_most = options->output_most,
                                        .reply_most = options->reply_most,
                                        .on_message = options->on_message,
                                        .context = options->context};
}

static void join_cluster(struct connection *connection, const struct connection_options *options)
{
    connection->cluster = options->cluster;
    connection->name = options->name ? mem_text(options->name) : NULL;
    connection->seat = (struct cluster_seat){
        .options = link_options(options), .on_link = on_link, .context = connection};
    connection->seat.options.name = connection->name;
    if (endpoint_is_cluster(cluster_endpoint(options->cluster)))
        join_slot(connection, options);
    else
        join_master(connection);
    cluster_sit(connection->cluster, &connection->seat);
}

static void leave_cluster(struct connection *connection)
{
    if (connection->link)
        server_link_detach(connection->link, &connection->holder);
    connection->link = NULL;
    cluster_rise(connection->cluster, &connection->seat);
}

/* ---- The outside ---- */

struct connection *connection_new(const struct connection_options *options)
{
    struct connection *connection = mem_zero(1, sizeof *connection);
    connection->on_state = options->on_state;
    connection->context = options->context;
    connection->holder =
        (struct server_link_holder){.on_state = on_link_state, .context = connection};
    connection->soon = evtimer_new(options->base, on_soon, connection);
    if (!connection->soon)
        mem_exhausted();
    if (options->cluster) {
        join_cluster(connection, options);
        return connection;
    }
    const struct server_link_options link = link_options(options);
    connection->link = server_link_new(&link);
    server_link_attach(connection->link, &connection->holder);
    return connection;
}

void connection_destroy(struct connection **connection)
{
    struct connection *ended = *connection;
    if (!ended)
        return;
    *connection = NULL;
    ended->ended = true;
    ended->on_state = NULL;
    connection_call_drop_all(&ended->refused);
    connection_call_drop_all(&ended->lost);
    if (ended->cluster)
        leave_cluster(ended);
    else
        server_link_destroy(&ended->link);
    if (!ended->busy)
        free_connection(ended);
}

void connection_drop(struct connection *connection, const char *reason)
{
    if (connection->link && (!connection->cluster || connection->seat.own))
        server_link_drop(connection->link, reason);
}

bool connection_ready(const struct connection *connection)
{
    return connection->ready;
}

int64_t connection_times_ready(const struct connection *connection)
{
    return connection->times_ready;
}

bool connection_promising(const struct connection *connection)
{
    return connection->link &&
           (connection->cluster || server_link_state(connection->link) == SERVER_LINK_GREETING);
}

const char *connection_key(const struct connection *connection)
{
    return connection->key;
}

bool connection_shares_link(const struct connection *one, const struct connection *other)
{
    return one == other || (one->link && one->link == other->link);
}

void connection_silence(struct connection_owner *owner)
{
    while (owner->first)
        connection_call_silence(owner->first);
}
