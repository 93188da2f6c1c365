/*
 * A connection's life:
 *
 *   WAITING --timer--> CONNECTING --event--> GREETING --PING answered--> READY
 *      ^                   |                     |                         |
 *      +------- lose(): the stream is closed, calls in flight fail --------+
 *
 * Calls stand in `flight`, in the order in which Redis will answer them. A call that can't
 * be sent stands in `refused` until the loop comes round, so that its callback does not
 * come from within connection_send().
 */
#include "redis/connection.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log_once.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/secret_file.h"
#include "redis/backoff.h"
#include "redis/connection_call.h"
#include "redis/resp.h"
#include "redis/transport.h"

enum {
    CONNECT_MOST_MS = 10000, /* name, socket and TLS together */
    LOADING_MS = 100,        /* between two PINGs of a server that is loading */
    OUTPUT_MOST = 64 * 1024 * 1024,
    REPLY_MOST = 256 * 1024 * 1024,
    COMMAND_ARGUMENTS = 32, /* of connection_command */
};

struct connection {
    enum connection_state state;
    struct event_base *base;
    struct arena *arena; /* of the address and the options' texts */
    struct endpoint endpoint;
    const char *name;
    size_t output_most, reply_most;
    connection_on_state *on_state;
    void *context;

    struct transport *transport;
    struct bufferevent *stream; /* NULL in WAITING */
    struct reply_reader *reader;
    struct event *timer;    /* WAITING: next try; CONNECTING: its end; GREETING: next PING */
    struct event *deadline; /* of the call in flight whose deadline is nearest, or earlier */
    struct event *soon;     /* for what must not happen inside the caller's call */
    struct backoff backoff;
    int64_t deadline_at; /* clock_monotonic_ms; 0: not set */
    struct connection_calls flight, refused;
    bool was_ready;       /* at some time: the next time counts as a reconnect */
    struct log_once told; /* the reason that on_state heard last */
    int busy;             /* handlers on the stack */
    bool ended;           /* destroyed while a handler was on the stack */
};

static void lose(struct connection *connection, const char *code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void on_greeted(void *context, const struct reply *reply, const struct diag *fault);

static void answer_all(struct connection *connection, struct connection_calls *list,
                       const struct diag *fault)
{
    struct connection_call *call;
    while (!connection->ended && (call = connection_call_shift(list)))
        connection_call_answer(call, NULL, fault);
    connection_call_drop_all(list);
}

/* ---- Handlers ---- */

/* A callback inside may destroy the connection, which then ends with the last of them. */

static void free_connection(struct connection *connection)
{
    connection_call_drop_all(&connection->flight);
    connection_call_drop_all(&connection->refused);
    if (connection->stream)
        bufferevent_free(connection->stream);
    transport_destroy(&connection->transport);
    reply_reader_destroy(&connection->reader);
    event_free(connection->timer);
    event_free(connection->deadline);
    event_free(connection->soon);
    arena_destroy(&connection->arena);
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

/* ---- Time ---- */

static void set_timer(struct event *timer, int64_t ms)
{
    struct timeval after = clock_timeval(ms);
    evtimer_add(timer, &after);
}

static void watch_deadline(struct connection *connection, int64_t deadline)
{
    if (connection->deadline_at && connection->deadline_at <= deadline)
        return;
    int64_t left = deadline - clock_monotonic_ms();
    connection->deadline_at = deadline;
    set_timer(connection->deadline, left > 0 ? left : 0);
}

/* Says why there is no connection, unless that was said last. */
static void tell(struct connection *connection, const char *reason)
{
    if (log_once_is_news(&connection->told, reason) && connection->on_state)
        connection->on_state(connection->context, false, reason);
}

/* The one function through which the state changes, and on_state hears of it. */
static void move_to(struct connection *connection, enum connection_state state, const char *reason)
{
    connection->state = state;
    if (state == CONNECTION_READY) {
        backoff_reset(&connection->backoff);
        if (connection->was_ready)
            metrics_add(METRIC_REDIS_RECONNECTS, 1);
        connection->was_ready = true;
        log_once_forget(&connection->told);
        if (connection->on_state)
            connection->on_state(connection->context, true, NULL);
    } else if (reason) {
        tell(connection, reason);
    }
}

/* ---- Sending ---- */

static void append(struct evbuffer *output, const struct connection_request *request, size_t length)
{
    const struct slice *command = &request->command;
    struct evbuffer_iovec place;
    if (evbuffer_reserve_space(output, (ev_ssize_t)length, &place, 1) != 1)
        mem_exhausted();
    if (command->text)
        memcpy(place.iov_base, command->text, length);
    else
        resp_print(place.iov_base, request->argc, request->argv, request->lengths);
    place.iov_len = length;
    evbuffer_commit_space(output, &place, 1);
}

/* Sends; the caller has looked at the state. False where the output is full. A single command may
 * be bigger than its bound: refused, it would be so for ever. */
static bool transmit(struct connection *connection, const struct connection_request *request,
                     struct connection_call *call)
{
    struct evbuffer *output = bufferevent_get_output(connection->stream);
    size_t length = request->command.text
                        ? request->command.length
                        : resp_size(request->argc, request->argv, request->lengths);
    size_t before = evbuffer_get_length(output);
    if (before && before + length > connection->output_most)
        return false;
    append(output, request, length);
    connection_call_append(&connection->flight, call);
    watch_deadline(connection, call->deadline);
    return true;
}

void connection_send(struct connection *connection, const struct connection_request *request)
{
    struct connection_call *call = connection_call_new(request);
    if (connection->state != CONNECTION_READY)
        call->fault = "redis-lost";
    else if (!transmit(connection, request, call))
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

/* ---- Greeting ---- */

static void greet(struct connection *connection, const char *const *argv, size_t argc)
{
    const struct connection_request request = {
        .argc = argc, .argv = argv, .callback = on_greeted, .context = connection};
    struct connection_call *call = connection_call_new(&request);
    if (!transmit(connection, &request, call)) /* four short commands always fit */
        connection_call_free(call);
}

static void ping(struct connection *connection)
{
    greet(connection, (const char *[]){"PING"}, 1);
}

/* False where there is a file of the password that cannot be read. */
static bool log_in(struct connection *connection, struct diag *diag)
{
    const struct endpoint *endpoint = &connection->endpoint;
    char first_line[SECRET_FILE_MOST];
    const char *password = endpoint->password;
    if (endpoint->password_file) {
        if (!secret_file_read(endpoint->password_file, first_line, diag))
            return false;
        password = first_line;
    }
    if (password && endpoint->user)
        greet(connection, (const char *[]){"AUTH", endpoint->user, password}, 3);
    else if (password)
        greet(connection, (const char *[]){"AUTH", password}, 2);
    explicit_bzero(first_line, sizeof first_line);
    return true;
}

static void introduce(struct connection *connection)
{
    const struct endpoint *endpoint = &connection->endpoint;
    char database[16];
    struct diag diag;
    if (!log_in(connection, &diag)) {
        lose(connection, "redis-lost", "%s", diag.text);
        return;
    }
    if (endpoint->database) {
        snprintf(database, sizeof database, "%d", endpoint->database);
        greet(connection, (const char *[]){"SELECT", database}, 2);
    }
    if (connection->name)
        greet(connection, (const char *[]){"CLIENT", "SETNAME", connection->name}, 3);
    ping(connection);
}

/* Answers to AUTH, SELECT, CLIENT and PING, in this order; the last one decides. */
static void on_greeted(void *context, const struct reply *reply, const struct diag *fault)
{
    static const char *const hopeless[] = {"WRONGPASS", "NOAUTH", "ERR"};
    struct connection *connection = context;
    (void)fault;
    if (!reply || connection->state != CONNECTION_GREETING)
        return;
    for (size_t i = 0; i < sizeof hopeless / sizeof *hopeless; i++) {
        if (reply_is_error(reply, hopeless[i])) {
            lose(connection, "redis-lost", "refused by Redis: %s", reply->text);
            return;
        }
    }
    if (connection->flight.first)
        return;
    if (reply_is_error(reply, "LOADING")) {
        tell(connection, "Redis is loading its data");
        set_timer(connection->timer, LOADING_MS);
        return;
    }
    move_to(connection, CONNECTION_READY, NULL);
}

/* ---- Connecting, and losing ---- */

static void on_readable(struct bufferevent *stream, void *context);
static void on_event(struct bufferevent *stream, short events, void *context);

static void open_stream(struct connection *connection)
{
    struct diag diag;
    connection->stream = transport_open(connection->transport, &diag);
    if (!connection->stream) {
        lose(connection, "redis-lost", "%s", diag.text);
        return;
    }
    connection->reader = reply_reader_new(connection->reply_most);
    bufferevent_setcb(connection->stream, on_readable, NULL, on_event, connection);
    move_to(connection, CONNECTION_CONNECTING, NULL);
    set_timer(connection->timer, CONNECT_MOST_MS);
    if (!transport_connect(connection->transport, connection->stream, &diag) && connection->stream)
        lose(connection, "redis-lost", "%s", diag.text);
}

static void on_timer(evutil_socket_t fd, short events, void *context)
{
    struct connection *connection = context;
    (void)fd, (void)events;
    enter(connection);
    switch (connection->state) {
    case CONNECTION_WAITING:
        open_stream(connection);
        break;
    case CONNECTION_CONNECTING:
        lose(connection, "redis-timeout", "no connection within %d s", CONNECT_MOST_MS / 1000);
        break;
    case CONNECTION_GREETING:
        ping(connection);
        break;
    case CONNECTION_READY:
        break;
    }
    leave(connection);
}

static void on_event(struct bufferevent *stream, short events, void *context)
{
    struct connection *connection = context;
    struct diag diag;
    enter(connection);
    if (events & BEV_EVENT_CONNECTED) {
        transport_connected(connection->transport, stream);
        evtimer_del(connection->timer);
        bufferevent_enable(stream, EV_READ | EV_WRITE);
        move_to(connection, CONNECTION_GREETING, NULL);
        introduce(connection);
    } else {
        transport_fault(stream, events, &diag);
        lose(connection, "redis-lost", "%s", diag.text);
    }
    leave(connection);
}

/* Closes the stream and fails what is in flight; the next try comes after a while. */
static void lose(struct connection *connection, const char *code, const char *format, ...)
{
    char where[192];
    struct diag text, fault;
    struct connection_calls flight = connection->flight;
    va_list args;

    va_start(args, format);
    diag_verror(&text, format, args);
    va_end(args);
    diag_error(&fault, "no connection to %s: %s",
               endpoint_show(&connection->endpoint, where, sizeof where), text.text);
    diag_code(&fault, code);

    connection->flight = (struct connection_calls){0};
    if (connection->stream)
        bufferevent_free(connection->stream);
    connection->stream = NULL;
    reply_reader_destroy(&connection->reader);
    evtimer_del(connection->deadline);
    connection->deadline_at = 0;
    set_timer(connection->timer, backoff_next(&connection->backoff));
    move_to(connection, CONNECTION_WAITING, fault.text);
    answer_all(connection, &flight, &fault);
}

/* ---- Reading ---- */

/* What a fail-point puts in the place of an answer. */
static const struct reply refused_on_purpose = {
    .kind = REPLY_ERROR, .text = "ERR failed on purpose", .length = 21};

static void on_readable(struct bufferevent *stream, void *context)
{
    struct connection *connection = context;
    struct evbuffer *input = bufferevent_get_input(stream);
    enum reply_progress progress = REPLY_MORE;
    const struct reply *reply;
    struct diag diag;
    size_t length;

    while ((length = evbuffer_get_contiguous_space(input)) > 0) {
        reply_reader_feed(connection->reader, evbuffer_pullup(input, (ev_ssize_t)length), length);
        evbuffer_drain(input, length);
    }
    enter(connection);
    /* A callback may have ended the connection, or the stream. */
    while (connection->stream == stream && !connection->ended) {
        progress = reply_reader_next(connection->reader, &reply, &diag);
        if (progress != REPLY_READY)
            break;
        struct connection_call *call = connection_call_shift(&connection->flight);
        if (!call) {
            lose(connection, "redis-lost", "an answer that nobody asked for");
            break;
        }
        if (failpoint("redis-reply"))
            reply = &refused_on_purpose;
        metrics_observe(METRIC_REDIS_SECONDS, clock_monotonic_us() - call->begun_us);
        connection_call_answer(call, reply, NULL);
    }
    if (progress == REPLY_BROKEN)
        lose(connection, "redis-lost", "%s", diag.text);
    leave(connection);
}

/* Some call's deadline may have passed; one that was answered meanwhile set the timer too. */
static void on_deadline(evutil_socket_t fd, short events, void *context)
{
    struct connection *connection = context;
    int64_t nearest = INT64_MAX;
    (void)fd, (void)events;
    connection->deadline_at = 0;
    for (struct connection_call *call = connection->flight.first; call; call = call->next) {
        if (call->deadline < nearest)
            nearest = call->deadline;
    }
    enter(connection);
    if (nearest <= clock_monotonic_ms())
        lose(connection, "redis-timeout", "a command was not answered in time");
    else if (nearest != INT64_MAX)
        watch_deadline(connection, nearest);
    leave(connection);
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

/* ---- The outside ---- */

static const char *keep(struct arena *arena, const char *text)
{
    return text ? arena_text(arena, text) : NULL;
}

struct connection *connection_new(const struct connection_options *options)
{
    struct connection *connection = mem_zero(1, sizeof *connection);
    struct arena *arena = arena_new(512);
    connection->arena = arena;
    connection->base = options->base;
    connection->endpoint = endpoint_copy(arena, &options->endpoint);
    connection->name = keep(arena, options->name);
    connection->output_most = options->output_most ? options->output_most : OUTPUT_MOST;
    connection->reply_most = options->reply_most ? options->reply_most : REPLY_MOST;
    connection->on_state = options->on_state;
    connection->context = options->context;
    connection->transport = transport_new(options->base, &connection->endpoint);
    connection->timer = evtimer_new(options->base, on_timer, connection);
    connection->deadline = evtimer_new(options->base, on_deadline, connection);
    connection->soon = evtimer_new(options->base, on_soon, connection);
    if (!connection->timer || !connection->deadline || !connection->soon)
        mem_exhausted();
    set_timer(connection->timer, 0);
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
    connection_call_drop_all(&ended->flight);
    connection_call_drop_all(&ended->refused);
    if (!ended->busy)
        free_connection(ended);
}

bool connection_ready(const struct connection *connection)
{
    return connection->state == CONNECTION_READY;
}

enum connection_state connection_state(const struct connection *connection)
{
    return connection->state;
}

void connection_silence(struct connection_owner *owner)
{
    while (owner->first)
        connection_call_silence(owner->first);
}
