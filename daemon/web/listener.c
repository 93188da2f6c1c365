/*
 * libmicrohttpd in external mode: its epoll descriptor is one event of our loop. A connection is a
 * `seat`: libmicrohttpd's, and our visit. It is suspended at first, and after each answer, until
 * web/visits has seen that the next head is right; so libmicrohttpd reads nothing that was not
 * looked at. Should it have read ahead all the same, as a client sends requests before their turn
 * (pipelining), the next one has no pass, and the connection ends: the client sends it again. TLS
 * ends before that (web/tls_front): libmicrohttpd has none.
 *
 * A request is a `turn`: its exchange, and when to hand over the answer. libmicrohttpd may queue
 * one before the body (it then closes), or when all was read.
 */
#include "web/listener.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/mem.h"
#include "web/exchange.h"
#include "web/tls_front.h"
#include "web/visits.h"

enum { REST_MS = 1000 /* while no descriptor is left */ };

/* So that a connection begins within MHD_add_connection, as it does in 0.9.75 of itself. */
#if MHD_VERSION >= 0x00097707
#define ONE_THREAD MHD_USE_NO_THREAD_SAFETY
#else
#define ONE_THREAD 0
#endif

struct listener {
    struct listener_options options;
    struct exchange_world world;
    struct MHD_Daemon *http;
    struct tls_front *tls; /* NULL: a proxy has it */
    struct event *ready;   /* libmicrohttpd's epoll descriptor */
    struct event *timer;   /* of its own timeouts */
    struct evconnlistener *door;
    struct event *rest; /* opens the door again */
    struct seat *arriving, *finished;
    bool draining;
};

struct seat {
    struct listener *listener;
    struct visit *visit;
    struct MHD_Connection *connection; /* NULL: not yet */
    struct turn *turn;                 /* the request under way */
    struct seat *next_finished;
    bool is_finished, suspended;
};

struct turn {
    struct seat *seat;
    struct exchange *exchange;
    struct slice target;             /* as it came */
    bool begun;                      /* the head was looked at */
    const struct web_answer *answer; /* waits for the end of a request without a body */
};

/* ---- The loop ---- */

static void suspend(struct seat *seat)
{
    if (seat->suspended)
        return;
    seat->suspended = true;
    MHD_suspend_connection(seat->connection);
}

static void resume(struct seat *seat)
{
    if (!seat->suspended)
        return;
    seat->suspended = false;
    MHD_resume_connection(seat->connection);
    event_active(seat->listener->ready, EV_READ, 0);
}

/* Those whose answer went out wait for their next request. */
static void let_wait(struct listener *listener)
{
    while (listener->finished) {
        struct seat *seat = listener->finished;
        listener->finished = seat->next_finished;
        seat->is_finished = false;
        suspend(seat);
        visits_wait(seat->visit);
    }
}

static void run(struct listener *listener)
{
    unsigned long long left;
    MHD_run(listener->http);
    let_wait(listener);
    if (MHD_get_timeout(listener->http, &left) == MHD_YES) {
        const struct timeval after = clock_timeval((int64_t)left);
        event_add(listener->timer, &after);
    } else {
        event_del(listener->timer);
    }
}

static void on_ready(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    run(context);
}

/* ---- Answers ---- */

static struct MHD_Response *make_response(const struct web_answer *answer, bool close)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        answer->body.length, (void *)(uintptr_t)answer->body.text, MHD_RESPMEM_MUST_COPY);
    char seconds[16];
    if (!response)
        mem_exhausted();
    if (answer->type)
        MHD_add_response_header(response, "Content-Type", answer->type);
    if (!answer->cache)
        MHD_add_response_header(response, "Cache-Control", "no-store");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    if (close)
        MHD_add_response_header(response, "Connection", "close");
    if (answer->retry_after_s > 0) {
        snprintf(seconds, sizeof seconds, "%d", answer->retry_after_s);
        MHD_add_response_header(response, "Retry-After", seconds);
    }
    for (size_t i = 0; i < answer->header_count; i++)
        MHD_add_response_header(response, answer->headers[i].name, answer->headers[i].value);
    return response;
}

/* What ends after a chunked body is told by each server in its own way: nothing follows it. */
static enum MHD_Result queue(struct turn *turn, const struct web_answer *answer)
{
    struct exchange *exchange = turn->exchange;
    bool close = answer->close || exchange->head.chunked || turn->seat->listener->draining;
    struct MHD_Response *response = make_response(answer, close);
    enum MHD_Result queued =
        MHD_queue_response(turn->seat->connection, (unsigned)answer->status, response);
    MHD_destroy_response(response);
    exchange_sent(exchange, answer);
    return queued;
}

static void on_answer(void *own)
{
    struct turn *turn = own;
    resume(turn->seat);
}

/* ---- Requests ---- */

/* libmicrohttpd has the request line: a turn begins. */
static void *on_target(void *context, const char *target, struct MHD_Connection *connection)
{
    struct listener *listener = context;
    struct seat *seat =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    struct turn *turn = mem_zero(1, sizeof *turn);
    turn->seat = seat;
    turn->exchange = exchange_new(&listener->world, seat->visit, turn);
    turn->target = slice_copy(turn->exchange->request.arena, slice_of(target ? target : ""));
    seat->turn = turn;
    return turn;
}

struct gathering {
    struct arena *arena;
    struct web_field *items;
    uint32_t count, capacity;
};

static enum MHD_Result gather(void *context, enum MHD_ValueKind kind, const char *name,
                              size_t name_length, const char *value, size_t value_length)
{
    (void)kind;
    struct gathering *gathering = context;
    gathering->items = arena_grow(gathering->arena, gathering->items, gathering->count,
                                  &gathering->capacity, sizeof *gathering->items);
    const struct slice trimmed =
        slice_trim((struct slice){value ? value : "", value ? value_length : 0}, " \t");
    gathering->items[gathering->count++] =
        (struct web_field){slice_copy(gathering->arena, (struct slice){name, name_length}),
                           slice_copy(gathering->arena, trimmed)};
    return MHD_YES;
}

/* Whether it is the request whose head web/visits has seen. */
static bool has_pass(struct turn *turn, const struct exchange_head *head)
{
    struct visit *visit = turn->seat->visit;
    bool pass = visit->pass && slice_is(head->method, visit->method) &&
                digest_spread(head->target.text, head->target.length) == visit->target &&
                head->headers.count == visit->syntax.fields;
    visit->pass = false;
    return pass;
}

static enum MHD_Result begin(struct turn *turn, const char *method, const char *version)
{
    struct exchange *exchange = turn->exchange;
    struct gathering gathering = {.arena = exchange->request.arena};
    MHD_get_connection_values_n(turn->seat->connection, MHD_HEADER_KIND, gather, &gathering);
    const struct exchange_head head = {.method = slice_of(method),
                                       .target = turn->target,
                                       .version_1_1 = strcmp(version, "HTTP/1.1") == 0,
                                       .headers = {gathering.items, gathering.count}};
    turn->begun = true;
    if (!has_pass(turn, &head)) {
        ask_count_refusal(exchange->world->site->ask, "none", WEB_REFUSAL_PIPELINED, 0);
        exchange->state = EXCHANGE_SENT;
        return MHD_NO;
    }
    const struct web_answer *answer = exchange_begin(exchange, &head);
    if (answer && (answer->close || exchange->head.length || exchange->head.chunked))
        return queue(turn, answer);
    turn->answer = answer; /* so that the connection may stay */
    return MHD_YES;
}

static enum MHD_Result finish(struct turn *turn)
{
    const struct web_answer *answer = turn->answer ? turn->answer : exchange_serve(turn->exchange);
    if (answer)
        return queue(turn, answer);
    suspend(turn->seat);
    return MHD_YES;
}

/* Within a body libmicrohttpd takes no answer: we say it ourselves. */
static enum MHD_Result break_off(struct turn *turn, const struct web_answer *no)
{
    struct seat *seat = turn->seat;
    turn->exchange->state = EXCHANGE_SENT;
    suspend(seat);
    visits_refuse(seat->visit, no->refusal);
    return MHD_YES;
}

/* First with the head alone, then with each piece of the body, then when it is whole, and once more
 * when the answer has come. */
static enum MHD_Result on_request(void *context, struct MHD_Connection *connection,
                                  const char *path, const char *method, const char *version,
                                  const char *data, size_t *length, void **own)
{
    (void)context, (void)connection, (void)path;
    struct turn *turn = *own;
    struct exchange *exchange = turn->exchange;
    if (!turn->begun)
        return begin(turn, method, version);
    if (exchange->state == EXCHANGE_ANSWERED)
        return queue(turn, exchange->answer);
    if (exchange->state == EXCHANGE_SERVING)
        return MHD_NO; /* the listener ends */
    if (exchange->state == EXCHANGE_SENT)
        return MHD_YES;
    if (*length == 0)
        return finish(turn);
    const struct web_answer *no = exchange_add(exchange, data, *length);
    *length = 0;
    return no ? break_off(turn, no) : MHD_YES;
}

static void on_completed(void *context, struct MHD_Connection *connection, void **own,
                         enum MHD_RequestTerminationCode how)
{
    (void)connection;
    struct listener *listener = context;
    struct turn *turn = *own;
    if (!turn)
        return;
    struct seat *seat = turn->seat;
    *own = NULL;
    seat->turn = NULL;
    if (how == MHD_REQUEST_TERMINATED_WITH_ERROR && turn->exchange->state == EXCHANGE_READING &&
        seat->visit->state == VISIT_INSIDE && turn->begun)
        ask_count_refusal(listener->options.site->ask, "none", WEB_REFUSAL_BAD_BODY, 0);
    exchange_free(&turn->exchange);
    free(turn);
    if (!seat->is_finished) {
        seat->is_finished = true;
        seat->next_finished = listener->finished;
        listener->finished = seat;
    }
}

/* ---- Connections ---- */

static void count_open(struct listener *listener)
{
    ask_set_open(listener->options.site->ask, visits_count(listener->world.visits));
}

static void forget_finished(struct seat *seat)
{
    struct seat **at = &seat->listener->finished;
    while (*at && *at != seat)
        at = &(*at)->next_finished;
    if (*at)
        *at = seat->next_finished;
}

static void on_notice(void *context, struct MHD_Connection *connection, void **own,
                      enum MHD_ConnectionNotificationCode what)
{
    struct listener *listener = context;
    struct seat *seat = what == MHD_CONNECTION_NOTIFY_STARTED ? listener->arriving : *own;
    if (!seat)
        return;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        seat->connection = connection;
        *own = seat;
        return;
    }
    forget_finished(seat);
    visits_forget(seat->visit);
    free(seat);
    *own = NULL;
    count_open(listener);
}

/* It hears nothing more of it than its end. */
static void turn_away(struct listener *listener)
{
    ask_count_refusal(listener->options.site->ask, "none", WEB_REFUSAL_CONNECTIONS, 0);
}

static void take_seat(struct listener *listener, struct visit *visit)
{
    static const struct sockaddr nobody = {.sa_family = AF_UNIX}; /* the visit knows who it is */
    struct seat *seat = mem_zero(1, sizeof *seat);
    seat->listener = listener;
    seat->visit = visit;
    visit->own = seat;
    listener->arriving = seat;
    MHD_add_connection(listener->http, visit->fd, &nobody, sizeof nobody);
    listener->arriving = NULL;
    if (!seat->connection) { /* it has closed the socket */
        visits_forget(visit);
        free(seat);
        return;
    }
    suspend(seat);
    count_open(listener);
    visits_wait(visit);
    event_active(listener->ready, EV_READ, 0);
}

static void on_connection(struct evconnlistener *door, evutil_socket_t fd, struct sockaddr *address,
                          int length, void *context)
{
    (void)door, (void)length;
    struct listener *listener = context;
    struct web_address peer = {0};
    web_network_of_peer(address, &peer);
    if (listener->tls && (fd = tls_front_take(listener->tls, fd)) < 0) {
        turn_away(listener);
        return;
    }
    struct visit *visit = visits_begin(listener->world.visits, fd, &peer);
    if (visit)
        take_seat(listener, visit);
}

/* No descriptor is left: who waits goes on waiting, and the loop must not turn over it. */
static void on_accept_error(struct evconnlistener *door, void *context)
{
    struct listener *listener = context;
    const struct timeval rest = clock_timeval(REST_MS);
    turn_away(listener);
    evconnlistener_disable(door);
    event_add(listener->rest, &rest);
}

static void on_rest(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    struct listener *listener = context;
    if (!listener->draining)
        evconnlistener_enable(listener->door);
}

/* ---- What web/visits says ---- */

static void on_pass(void *context, struct visit *visit)
{
    (void)context;
    resume(visit->own);
}

static void on_over(void *context, struct visit *visit)
{
    (void)context;
    struct seat *seat = visit->own;
    shutdown(visit->fd, SHUT_RDWR);
    if (!seat->turn || seat->turn->exchange->state != EXCHANGE_SERVING)
        resume(seat);
}

static void on_late(void *context, struct visit *visit)
{
    (void)context;
    struct seat *seat = visit->own;
    bool reading = seat->turn && seat->turn->exchange->state == EXCHANGE_READING;
    if (!reading) {
        visits_end(visit);
        return;
    }
    suspend(seat); /* the rest of the body is nobody's */
    visits_refuse(visit, WEB_REFUSAL_BODY_TIME);
}

static void on_no_tls(void *context)
{
    struct listener *listener = context;
    ask_count_refusal(listener->options.site->ask, "none", WEB_REFUSAL_BAD_REQUEST, 0);
}

static void on_refused(void *context, enum web_refusal refusal)
{
    struct listener *listener = context;
    int status = web_refusal_row(refusal)->status;
    ask_count_answer(listener->options.site->ask, "none", status);
    ask_count_refusal(listener->options.site->ask, "none", refusal, status);
}

/* ---- The outside ---- */

static bool open_http(struct listener *listener, struct diag *diag)
{
    const struct web_limits *limits = &listener->options.site->settings.limits;
    listener->http = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_NO_LISTEN_SOCKET | ONE_THREAD, 0, NULL,
        NULL, on_request, listener, MHD_OPTION_URI_LOG_CALLBACK, on_target, listener,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, listener, MHD_OPTION_NOTIFY_CONNECTION,
        on_notice, listener, MHD_OPTION_CONNECTION_LIMIT, (unsigned)limits->connections + 16,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, 2 * (size_t)limits->head + 16384,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
    return listener->http || diag_error(diag, "libmicrohttpd cannot be started");
}

/* True also where there is no TLS of our own. */
static bool open_tls(struct listener *listener, struct diag *diag)
{
    const struct web_settings *settings = &listener->options.site->settings;
    if (!settings->tls.certificate_file)
        return true;
    listener->tls = tls_front_new(
        &(struct tls_front_options){.base = listener->options.base,
                                    .certificate_file = settings->tls.certificate_file,
                                    .key_file = settings->tls.key_file,
                                    .connections = (size_t)settings->limits.connections,
                                    .on_no_tls = on_no_tls,
                                    .context = listener},
        diag);
    return listener->tls != NULL;
}

static void watch(struct listener *listener)
{
    const struct listener_options *options = &listener->options;
    const union MHD_DaemonInfo *epoll =
        MHD_get_daemon_info(listener->http, MHD_DAEMON_INFO_EPOLL_FD);
    listener->ready =
        event_new(options->base, epoll->epoll_fd, EV_READ | EV_PERSIST, on_ready, listener);
    listener->timer = event_new(options->base, -1, 0, on_ready, listener);
    listener->rest = event_new(options->base, -1, 0, on_rest, listener);
    evutil_make_socket_nonblocking(options->fd);
    listener->door = evconnlistener_new(
        options->base, on_connection, listener,
        LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_DISABLED, 0, options->fd);
    if (!listener->ready || !listener->timer || !listener->rest || !listener->door)
        mem_exhausted();
    evconnlistener_set_error_cb(listener->door, on_accept_error);
    event_add(listener->ready, NULL);
}

struct listener *listener_new(const struct listener_options *options, struct diag *diag)
{
    struct listener *listener = mem_zero(1, sizeof *listener);
    struct web_site *site = options->site;
    listener->options = *options;
    if (!open_tls(listener, diag) || !open_http(listener, diag)) {
        tls_front_destroy(&listener->tls);
        free(listener);
        return NULL;
    }
    watch(listener);
    listener->world = (struct exchange_world){
        .site = site,
        .routes = options->routes,
        .on_answer = on_answer,
        .visits = visits_new(&(struct visits_options){.base = options->base,
                                                      .limits = &site->settings.limits,
                                                      .proxies = &site->proxies,
                                                      .on_pass = on_pass,
                                                      .on_late = on_late,
                                                      .on_over = on_over,
                                                      .on_refused = on_refused,
                                                      .context = listener})};
    return listener;
}

void listener_start(struct listener *listener)
{
    evconnlistener_enable(listener->door);
}

void listener_drain(struct listener *listener)
{
    evconnlistener_disable(listener->door);
    listener->draining = true;
    visits_drain(listener->world.visits);
}

bool listener_busy(const struct listener *listener)
{
    return visits_busy(listener->world.visits) || (listener->tls && tls_front_busy(listener->tls));
}

/* libmicrohttpd may not be stopped while connections are suspended. */
static void close_all(struct listener *listener)
{
    for (struct visit *visit = visits_first(listener->world.visits); visit; visit = visit->next) {
        shutdown(visit->fd, SHUT_RDWR);
        resume(visit->own);
    }
    MHD_run(listener->http);
}

void listener_destroy(struct listener **listener)
{
    struct listener *ended = *listener;
    if (!ended)
        return;
    *listener = NULL;
    close_all(ended);
    MHD_stop_daemon(ended->http);
    visits_destroy(&ended->world.visits);
    tls_front_destroy(&ended->tls);
    event_free(ended->ready);
    event_free(ended->timer);
    event_free(ended->rest);
    evconnlistener_free(ended->door);
    free(ended);
}
