#include "web/listener.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"

enum { FIRST_CHUNK = 4096 };

struct listener {
    struct listener_options options;
    struct MHD_Daemon *http;
    struct event *ready, *timer; /* of its epoll descriptor, and of its own timeouts */
    struct evconnlistener *door;
    bool draining;
    size_t open; /* requests under way */
};

enum exchange_state {
    EXCHANGE_READING,  /* the body comes */
    EXCHANGE_SERVING,  /* the route has it; the connection is suspended */
    EXCHANGE_ANSWERED, /* `answer` waits to be queued */
    EXCHANGE_SENDING,  /* libmicrohttpd has the answer */
};

/* One request and its answer. */
struct exchange {
    struct listener *listener;
    struct MHD_Connection *connection;
    enum exchange_state state;
    struct web_request request;
    struct buf body;
    const struct web_answer *answer;
    bool in_serve; /* the route is being called: its answer comes at once */
};

/* ---- The loop ---- */

static void run(struct listener *listener)
{
    MHD_UNSIGNED_LONG_LONG left;
    MHD_run(listener->http);
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

static struct MHD_Response *make_response(const struct web_answer *answer)
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
    if (answer->close)
        MHD_add_response_header(response, "Connection", "close");
    if (answer->retry_after_s > 0) {
        snprintf(seconds, sizeof seconds, "%d", answer->retry_after_s);
        MHD_add_response_header(response, "Retry-After", seconds);
    }
    for (size_t i = 0; i < answer->header_count; i++)
        MHD_add_response_header(response, answer->headers[i].name, answer->headers[i].value);
    return response;
}

static enum MHD_Result queue(struct exchange *exchange, const struct web_answer *answer)
{
    struct ask *ask = exchange->listener->options.site->ask;
    const struct web_route *route = exchange->request.route;
    const char *name = route ? route->name : "none";
    struct MHD_Response *response = make_response(answer);
    enum MHD_Result queued =
        MHD_queue_response(exchange->connection, (unsigned)answer->status, response);
    MHD_destroy_response(response);
    exchange->state = EXCHANGE_SENDING;
    ask_count_answer(ask, name, answer->status);
    if (answer->refusal)
        ask_count_refusal(ask, name, answer->refusal);
    return queued;
}

static enum MHD_Result refuse(struct exchange *exchange, enum web_refusal refusal)
{
    return queue(exchange, web_answer_refuse(exchange->request.arena, refusal, NULL));
}

static void on_done(void *arg, const struct web_answer *answer)
{
    struct exchange *exchange = arg;
    exchange->answer = answer;
    exchange->state = EXCHANGE_ANSWERED;
    if (exchange->in_serve)
        return;
    MHD_resume_connection(exchange->connection);
    event_active(exchange->listener->ready, EV_READ, 0);
}

static enum MHD_Result serve(struct exchange *exchange)
{
    struct web_request *request = &exchange->request;
    request->body = (struct slice){buf_string(&exchange->body), exchange->body.length};
    exchange->state = EXCHANGE_SERVING;
    exchange->in_serve = true;
    request->route->serve(request, on_done, exchange);
    exchange->in_serve = false;
    if (exchange->state == EXCHANGE_ANSWERED)
        return queue(exchange, exchange->answer);
    MHD_suspend_connection(exchange->connection);
    return MHD_YES;
}

/* ---- The head ---- */

struct gathering {
    struct exchange *exchange;
    struct web_field *items;
    uint32_t count, capacity;
};

static enum MHD_Result gather(void *context, enum MHD_ValueKind kind, const char *name,
                              size_t name_length, const char *value, size_t value_length)
{
    (void)kind;
    struct gathering *gathering = context;
    struct arena *arena = gathering->exchange->request.arena;
    gathering->items = arena_grow(arena, gathering->items, gathering->count, &gathering->capacity,
                                  sizeof *gathering->items);
    gathering->items[gathering->count++] = (struct web_field){
        .name = slice_copy(arena, (struct slice){name, name_length}),
        .value = slice_copy(arena, (struct slice){value ? value : "", value ? value_length : 0})};
    return MHD_YES;
}

static struct web_fields fields_of(struct exchange *exchange, enum MHD_ValueKind kind)
{
    struct gathering gathering = {.exchange = exchange};
    MHD_get_connection_values_n(exchange->connection, kind, gather, &gathering);
    return (struct web_fields){gathering.items, gathering.count};
}

static enum web_method method_of(const char *method)
{
    return strcmp(method, "POST") == 0   ? WEB_POST
           : strcmp(method, "GET") == 0  ? WEB_GET
           : strcmp(method, "HEAD") == 0 ? WEB_HEAD
                                         : 0;
}

static void fill_client(struct exchange *exchange)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    char *out = exchange->request.client;
    const struct sockaddr *address = info ? info->client_addr : NULL;
    if (address && address->sa_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr, out,
                  WEB_CLIENT_SIZE);
    else if (address && address->sa_family == AF_INET6)
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, out,
                  WEB_CLIENT_SIZE);
}

static const char *allowed(struct arena *arena, int methods)
{
    return arena_printf(arena, "%s%s%s", methods & WEB_GET ? "GET, HEAD" : "",
                        (methods & WEB_GET) && (methods & WEB_POST) ? ", " : "",
                        methods & WEB_POST ? "POST" : "");
}

static enum MHD_Result begin(struct exchange *exchange, const char *path, const char *method)
{
    struct web_request *request = &exchange->request;
    request->path = arena_text(request->arena, path);
    request->method = method_of(method);
    request->headers = fields_of(exchange, MHD_HEADER_KIND);
    request->query = fields_of(exchange, MHD_GET_ARGUMENT_KIND);
    fill_client(exchange);
    request->route =
        web_route_find(exchange->listener->options.routes, request->path, &request->rest);
    if (!request->route)
        return refuse(exchange, WEB_REFUSAL_NOT_FOUND);
    int methods = request->route->methods | (request->route->methods & WEB_GET ? WEB_HEAD : 0);
    if (!(methods & (int)request->method)) {
        struct web_answer *answer = web_answer_refuse(request->arena, WEB_REFUSAL_METHOD, NULL);
        web_answer_header(answer, "Allow", allowed(request->arena, request->route->methods));
        return queue(exchange, answer);
    }
    const struct web_answer *no = request->route->admit ? request->route->admit(request) : NULL;
    return no ? queue(exchange, no) : MHD_YES;
}

/* ---- What libmicrohttpd calls ---- */

static struct exchange *new_exchange(struct listener *listener, struct MHD_Connection *connection)
{
    struct exchange *exchange = mem_zero(1, sizeof *exchange);
    exchange->listener = listener;
    exchange->connection = connection;
    exchange->request.arena = arena_new(FIRST_CHUNK);
    exchange->request.site = listener->options.site;
    buf_init(&exchange->body, (size_t)listener->options.site->settings.limits.body);
    listener->open++;
    return exchange;
}

/* First with the head alone, then with each piece of the body, then once more when it is whole or
 * the answer is there. */
static enum MHD_Result on_request(void *context, struct MHD_Connection *connection,
                                  const char *path, const char *method, const char *version,
                                  const char *data, size_t *length, void **own)
{
    (void)version;
    struct listener *listener = context;
    struct exchange *exchange = *own;
    if (!exchange) {
        *own = exchange = new_exchange(listener, connection);
        return begin(exchange, path, method);
    }
    if (exchange->state == EXCHANGE_ANSWERED)
        return queue(exchange, exchange->answer);
    if (exchange->state != EXCHANGE_READING)
        return MHD_YES;
    if (*length == 0)
        return serve(exchange);
    bool fits = buf_add(&exchange->body, data, *length);
    *length = 0;
    return fits ? MHD_YES : refuse(exchange, WEB_REFUSAL_BODY_SIZE);
}

static void on_completed(void *context, struct MHD_Connection *connection, void **own,
                         enum MHD_RequestTerminationCode how)
{
    (void)connection, (void)how;
    struct listener *listener = context;
    struct exchange *exchange = *own;
    if (!exchange)
        return;
    *own = NULL;
    listener->open--;
    buf_free(&exchange->body);
    arena_destroy(&exchange->request.arena);
    free(exchange);
}

/* ---- The door ---- */

static void on_connection(struct evconnlistener *door, evutil_socket_t fd, struct sockaddr *address,
                          int length, void *context)
{
    (void)door;
    struct listener *listener = context;
    MHD_add_connection(listener->http, fd, address, (socklen_t)length);
    run(listener);
}

/* ---- The outside ---- */

static void watch(struct listener *listener)
{
    const struct listener_options *options = &listener->options;
    const union MHD_DaemonInfo *epoll =
        MHD_get_daemon_info(listener->http, MHD_DAEMON_INFO_EPOLL_FD);
    listener->ready =
        event_new(options->base, epoll->epoll_fd, EV_READ | EV_PERSIST, on_ready, listener);
    listener->timer = event_new(options->base, -1, 0, on_ready, listener);
    listener->door = evconnlistener_new(
        options->base, on_connection, listener,
        LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_DISABLED, 0, options->fd);
    if (!listener->ready || !listener->timer || !listener->door)
        mem_exhausted();
    event_add(listener->ready, NULL);
}

struct listener *listener_new(const struct listener_options *options, struct diag *diag)
{
    struct listener *listener = mem_zero(1, sizeof *listener);
    const struct web_limits *limits = &options->site->settings.limits;
    listener->options = *options;
    listener->http = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_NO_LISTEN_SOCKET, 0, NULL, NULL,
        on_request, listener, MHD_OPTION_NOTIFY_COMPLETED, on_completed, listener,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)limits->connections,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)limits->head + 16384,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)(limits->idle_ms / 1000),
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
    if (!listener->http) {
        diag_error(diag, "libmicrohttpd cannot be started");
        free(listener);
        return NULL;
    }
    watch(listener);
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
}

bool listener_busy(const struct listener *listener)
{
    return listener->open > 0;
}

void listener_destroy(struct listener **listener)
{
    struct listener *ended = *listener;
    if (!ended)
        return;
    *listener = NULL;
    event_free(ended->ready);
    event_free(ended->timer);
    evconnlistener_free(ended->door);
    MHD_stop_daemon(ended->http);
    free(ended);
}
