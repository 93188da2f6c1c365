/*
 * A link's life:
 *
 *   WAITING --timer--> CONNECTING --event--> GREETING --PING answered--> READY
 *      ^                   |                     |                         |
 *      +------- lose(): the stream is closed, calls in flight fail --------+
 *
 * Calls stand in `flight`, in the order in which Redis will answer them; when the link is lost they
 * move to `lost`, from where they are answered one by one.
 */
#include "redis/server_link.h"

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
#include "base/mem.h"
#include "base/metrics.h"
#include "base/secret_file.h"
#include "redis/backoff.h"
#include "redis/resp.h"
#include "redis/transport.h"

enum {
    CONNECT_MOST_MS = 10000, /* name, socket and TLS together */
    LOADING_MS = 100,        /* between two PINGs of a server that is loading */
    OUTPUT_MOST = 64 * 1024 * 1024,
    REPLY_MOST = 256 * 1024 * 1024,
};

struct server_link {
    enum server_link_state state;
    struct event_base *base;
    struct arena *arena; /* of the address and the options' texts */
    struct endpoint endpoint;
    const char *name;
    size_t output_most, reply_most;
    void (*on_message)(void *context, const struct reply *reply);
    void *context; /* of on_message */
    struct server_link_holder *holders;
    unsigned news; /* number of what is told to them */

    struct transport *transport;
    struct bufferevent *stream; /* NULL in WAITING */
    struct reply_reader *reader;
    struct event *timer;    /* WAITING: next try; CONNECTING: its end; GREETING: next PING */
    struct event *deadline; /* of the call in flight whose deadline is nearest, or earlier */
    struct backoff backoff;
    int64_t deadline_at; /* clock_monotonic_ms; 0: not set */
    struct connection_calls flight, lost;
    int busy;   /* handlers on the stack */
    bool ended; /* destroyed while a handler was on the stack */
};

static void lose(struct server_link *link, const char *code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void on_greeted(void *context, const struct reply *reply, const struct diag *fault);
static void on_role(void *context, const struct reply *reply, const struct diag *fault);

/* ---- Handlers ---- */

/* A callback inside may destroy the link, which then ends with the last of them. */

static void free_link(struct server_link *link)
{
    if (link->stream)
        bufferevent_free(link->stream);
    transport_destroy(&link->transport);
    reply_reader_destroy(&link->reader);
    event_free(link->timer);
    event_free(link->deadline);
    arena_destroy(&link->arena);
    free(link);
}

static void enter(struct server_link *link)
{
    link->busy++;
}

static void leave(struct server_link *link)
{
    if (--link->busy == 0 && link->ended)
        free_link(link);
}

/* ---- Holders ---- */

static struct server_link_holder *untold(const struct server_link *link)
{
    struct server_link_holder *holder = link->holders;
    while (holder && holder->told == link->news)
        holder = holder->next;
    return holder;
}

/* Each hears it once, though those who hear it may come, go, or end the link. */
static void tell(struct server_link *link, bool ready, const char *reason)
{
    struct server_link_holder *holder;
    link->news++;
    while (!link->ended && (holder = untold(link))) {
        holder->told = link->news;
        holder->on_state(holder->context, ready, reason);
    }
}

static void answer(struct connection_call *call, const struct reply *reply)
{
    struct server_link_holder *holder = call->holder;
    if (reply->kind != REPLY_ERROR || !holder || !holder->on_error ||
        !holder->on_error(holder->context, call, reply))
        connection_call_answer(call, reply, NULL);
}

/* ---- Time ---- */

static void set_timer(struct event *timer, int64_t ms)
{
    struct timeval after = clock_timeval(ms);
    evtimer_add(timer, &after);
}

static void watch_deadline(struct server_link *link, int64_t deadline)
{
    if (link->deadline_at && link->deadline_at <= deadline)
        return;
    int64_t left = deadline - clock_monotonic_ms();
    link->deadline_at = deadline;
    set_timer(link->deadline, left > 0 ? left : 0);
}

/* The one function through which the state changes, and the holders hear of it. */
static void move_to(struct server_link *link, enum server_link_state state, const char *reason)
{
    link->state = state;
    if (state == SERVER_LINK_READY)
        backoff_reset(&link->backoff);
    if (state == SERVER_LINK_READY || reason)
        tell(link, state == SERVER_LINK_READY, reason);
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

/* A single command may be bigger than the output's bound: refused, it would be so for ever. */
bool server_link_send(struct server_link *link, const struct connection_request *request,
                      struct connection_call *call)
{
    struct evbuffer *output = bufferevent_get_output(link->stream);
    size_t length = request->command.text
                        ? request->command.length
                        : resp_size(request->argc, request->argv, request->lengths);
    size_t before = evbuffer_get_length(output);
    if (before && before + length > link->output_most)
        return false;
    append(output, request, length);
    connection_call_append(&link->flight, call);
    watch_deadline(link, call->deadline);
    return true;
}

/* ---- Greeting ---- */

static void ask(struct server_link *link, connection_callback *callback, const char *const *argv,
                size_t argc)
{
    const struct connection_request request = {
        .argc = argc, .argv = argv, .callback = callback, .context = link};
    struct connection_call *call = connection_call_new(&request);
    if (!server_link_send(link, &request, call)) /* a few short commands always fit */
        connection_call_free(call);
}

static void greet(struct server_link *link, const char *const *argv, size_t argc)
{
    ask(link, on_greeted, argv, argc);
}

static void ping(struct server_link *link)
{
    greet(link, (const char *[]){"PING"}, 1);
}

/* False where there is a file of the password that cannot be read. */
static bool log_in(struct server_link *link, struct diag *diag)
{
    const struct endpoint *endpoint = &link->endpoint;
    char first_line[SECRET_FILE_MOST];
    const char *password = endpoint->password;
    if (endpoint->password_file) {
        if (!secret_file_read(endpoint->password_file, first_line, diag))
            return false;
        password = first_line;
    }
    if (password && endpoint->user)
        greet(link, (const char *[]){"AUTH", endpoint->user, password}, 3);
    else if (password)
        greet(link, (const char *[]){"AUTH", password}, 2);
    explicit_bzero(first_line, sizeof first_line);
    return true;
}

static void introduce(struct server_link *link)
{
    const struct endpoint *endpoint = &link->endpoint;
    char database[16];
    struct diag diag;
    if (!log_in(link, &diag)) {
        lose(link, "redis-lost", "%s", diag.text);
        return;
    }
    if (endpoint->database) {
        snprintf(database, sizeof database, "%d", endpoint->database);
        greet(link, (const char *[]){"SELECT", database}, 2);
    }
    if (link->name)
        greet(link, (const char *[]){"CLIENT", "SETNAME", link->name}, 3);
    if (endpoint->master)
        ask(link, on_role, (const char *[]){"ROLE"}, 1);
    ping(link);
}

/* Whom Sentinels name may have been demoted, and not know it yet, or be a replica that is still to
 * be promoted. */
static void on_role(void *context, const struct reply *reply, const struct diag *fault)
{
    struct server_link *link = context;
    (void)fault;
    if (!reply || link->state != SERVER_LINK_GREETING)
        return;
    const char *role = reply_text(reply_item(reply, 0));
    if (reply->kind == REPLY_ERROR)
        lose(link, "redis-lost", "refused by Redis: %s", reply->text);
    else if (!role || strcmp(role, "master") != 0)
        lose(link, "redis-lost", "it is no master of `%s`, its role is %s", link->endpoint.master,
             role ? role : "unknown");
}

/* Answers to AUTH, SELECT, CLIENT and PING, in this order; the last one decides. */
static void on_greeted(void *context, const struct reply *reply, const struct diag *fault)
{
    static const char *const hopeless[] = {"WRONGPASS", "NOAUTH", "ERR"};
    struct server_link *link = context;
    (void)fault;
    if (!reply || link->state != SERVER_LINK_GREETING)
        return;
    for (size_t i = 0; i < sizeof hopeless / sizeof *hopeless; i++) {
        if (reply_is_error(reply, hopeless[i])) {
            lose(link, "redis-lost", "refused by Redis: %s", reply->text);
            return;
        }
    }
    if (link->flight.first)
        return;
    if (reply_is_error(reply, "LOADING")) {
        tell(link, false, "Redis is loading its data");
        set_timer(link->timer, LOADING_MS);
        return;
    }
    move_to(link, SERVER_LINK_READY, NULL);
}

/* ---- Connecting, and losing ---- */

static void on_readable(struct bufferevent *stream, void *context);
static void on_event(struct bufferevent *stream, short events, void *context);

static void open_stream(struct server_link *link)
{
    struct diag diag;
    link->stream = transport_open(link->transport, &diag);
    if (!link->stream) {
        lose(link, "redis-lost", "%s", diag.text);
        return;
    }
    link->reader = reply_reader_new(link->reply_most);
    bufferevent_setcb(link->stream, on_readable, NULL, on_event, link);
    move_to(link, SERVER_LINK_CONNECTING, NULL);
    set_timer(link->timer, CONNECT_MOST_MS);
    if (!transport_connect(link->transport, link->stream, &diag) && link->stream)
        lose(link, "redis-lost", "%s", diag.text);
}

static void on_timer(evutil_socket_t fd, short events, void *context)
{
    struct server_link *link = context;
    (void)fd, (void)events;
    enter(link);
    switch (link->state) {
    case SERVER_LINK_WAITING:
        open_stream(link);
        break;
    case SERVER_LINK_CONNECTING:
        lose(link, "redis-timeout", "no connection within %d s%s", CONNECT_MOST_MS / 1000,
             link->endpoint.kind == ENDPOINT_TLS ? "; perhaps this port speaks no TLS" : "");
        break;
    case SERVER_LINK_GREETING:
        ping(link);
        break;
    case SERVER_LINK_READY:
        break;
    }
    leave(link);
}

static void on_event(struct bufferevent *stream, short events, void *context)
{
    struct server_link *link = context;
    struct diag diag;
    enter(link);
    if (events & BEV_EVENT_CONNECTED) {
        transport_connected(link->transport, stream);
        evtimer_del(link->timer);
        bufferevent_enable(stream, EV_READ | EV_WRITE);
        move_to(link, SERVER_LINK_GREETING, NULL);
        introduce(link);
    } else {
        transport_fault(stream, events, &diag);
        lose(link, "redis-lost", "%s", diag.text);
    }
    leave(link);
}

/* Closes the stream and fails what is in flight; the next try comes after a while. */
static void lose(struct server_link *link, const char *code, const char *format, ...)
{
    char where[192];
    struct diag text, fault;
    struct connection_call *call;
    va_list args;

    va_start(args, format);
    diag_verror(&text, format, args);
    va_end(args);
    diag_error(&fault, "no connection to %s: %s",
               endpoint_show(&link->endpoint, where, sizeof where), text.text);
    diag_code(&fault, code);

    connection_calls_move(&link->lost, &link->flight);
    if (link->stream)
        bufferevent_free(link->stream);
    link->stream = NULL;
    reply_reader_destroy(&link->reader);
    evtimer_del(link->deadline);
    link->deadline_at = 0;
    set_timer(link->timer, backoff_next(&link->backoff));
    move_to(link, SERVER_LINK_WAITING, fault.text);
    while ((call = connection_call_shift(&link->lost)))
        connection_call_answer(call, NULL, &fault);
}

/* ---- Reading ---- */

/* What a fail-point puts in the place of an answer. */
static const struct reply refused_on_purpose = {
    .kind = REPLY_ERROR, .text = "ERR failed on purpose", .length = 21};

static void feed(void *context, const char *bytes, size_t length)
{
    const struct server_link *link = context;
    reply_reader_feed(link->reader, bytes, length);
}

static void on_readable(struct bufferevent *stream, void *context)
{
    struct server_link *link = context;
    enum reply_progress progress = REPLY_MORE;
    const struct reply *reply;
    struct diag diag;

    transport_read(link->transport, stream, feed, link);
    enter(link);
    /* A callback may have ended the link, or the stream. */
    while (link->stream == stream && !link->ended) {
        progress = reply_reader_next(link->reader, &reply, &diag);
        if (progress != REPLY_READY)
            break;
        struct connection_call *call = connection_call_shift(&link->flight);
        if (!call && link->on_message) {
            link->on_message(link->context, reply);
            continue;
        }
        if (!call) {
            lose(link, "redis-lost", "an answer that nobody asked for");
            break;
        }
        if (failpoint("redis-reply"))
            reply = &refused_on_purpose;
        metrics_observe(METRIC_REDIS_SECONDS, clock_monotonic_us() - call->begun_us);
        answer(call, reply);
    }
    if (progress == REPLY_BROKEN)
        lose(link, "redis-lost", "%s", diag.text);
    leave(link);
}

/* Some call's deadline may have passed; one that was answered meanwhile set the timer too. */
static void on_deadline(evutil_socket_t fd, short events, void *context)
{
    struct server_link *link = context;
    int64_t nearest = INT64_MAX;
    (void)fd, (void)events;
    link->deadline_at = 0;
    for (struct connection_call *call = link->flight.first; call; call = call->next) {
        if (call->deadline < nearest)
            nearest = call->deadline;
    }
    enter(link);
    if (nearest <= clock_monotonic_ms())
        lose(link, "redis-timeout", "a command was not answered in time");
    else if (nearest != INT64_MAX)
        watch_deadline(link, nearest);
    leave(link);
}

/* ---- The outside ---- */

struct server_link *server_link_new(const struct server_link_options *options)
{
    struct server_link *link = mem_zero(1, sizeof *link);
    link->base = options->base;
    link->arena = arena_new(512);
    link->endpoint = endpoint_copy(link->arena, &options->endpoint);
    link->name = options->name ? arena_text(link->arena, options->name) : NULL;
    link->output_most = options->output_most ? options->output_most : OUTPUT_MOST;
    link->reply_most = options->reply_most ? options->reply_most : REPLY_MOST;
    link->on_message = options->on_message;
    link->context = options->context;
    link->transport = transport_new(link->base, &link->endpoint);
    link->timer = evtimer_new(link->base, on_timer, link);
    link->deadline = evtimer_new(link->base, on_deadline, link);
    if (!link->timer || !link->deadline)
        mem_exhausted();
    set_timer(link->timer, 0);
    return link;
}

void server_link_destroy(struct server_link **link)
{
    struct server_link *ended = *link;
    if (!ended)
        return;
    *link = NULL;
    ended->ended = true;
    ended->holders = NULL;
    ended->on_message = NULL;
    connection_call_drop_all(&ended->flight);
    connection_call_drop_all(&ended->lost);
    if (!ended->busy)
        free_link(ended);
}

void server_link_attach(struct server_link *link, struct server_link_holder *holder)
{
    holder->next = link->holders;
    holder->told = link->news;
    link->holders = holder;
}

static void silence(struct connection_calls *calls, const struct server_link_holder *holder)
{
    for (struct connection_call *call = calls->first; call; call = call->next) {
        if (call->holder != holder)
            continue;
        connection_call_silence(call);
        call->holder = NULL;
    }
}

void server_link_detach(struct server_link *link, struct server_link_holder *holder)
{
    struct server_link_holder **at = &link->holders;
    while (*at && *at != holder)
        at = &(*at)->next;
    if (*at)
        *at = holder->next;
    silence(&link->flight, holder);
    silence(&link->lost, holder);
}

void server_link_drop(struct server_link *link, const char *reason)
{
    if (link->state == SERVER_LINK_WAITING)
        return;
    enter(link);
    lose(link, "redis-lost", "%s", reason);
    leave(link);
}

enum server_link_state server_link_state(const struct server_link *link)
{
    return link->state;
}

void server_link_recall(struct server_link *link, const struct server_link_holder *holder,
                        struct connection_calls *calls)
{
    struct connection_calls flight = link->flight;
    struct connection_call *call;
    link->flight = (struct connection_calls){0};
    while ((call = connection_call_shift(&flight))) {
        if (call->holder == holder) {
            connection_call_append(&link->flight, connection_call_stand_in(call));
            connection_call_append(calls, call);
        } else {
            connection_call_append(&link->flight, call);
        }
    }
}
