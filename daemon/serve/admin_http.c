/*
 * evhttp reads requests and writes answers; here the route is looked up, and what comes from
 * elsewhere refused.
 *
 * On a port connections are bounded, as any program of the machine may open them: evhttp does not
 * tell when one ends, so the bufferevent of each is held here, and looked at each second. One that
 * has no descriptor, or neither reads nor writes any more, was let go by evhttp.
 */
#include "serve/admin_http.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "serve/loopback.h"

enum { REST_MS = 1000 };

struct admin_http {
    struct admin_http *next; /* of all that are open */
    struct admin_http_options options;
    struct evhttp *http;
    struct evconnlistener *listener; /* the evhttp's */
    struct event *listen_again;      /* every second, where it could not accept */
    struct bufferevent *streams[ADMIN_HTTP_CONNECTIONS]; /* of a port's connections; NULL: free */
    struct admin_later *later;                           /* answers that are to come */
    bool closing;
};

static struct admin_http *all_open; /* of the loop's thread */

struct admin_later {
    struct admin_reply reply; /* first: a handler has its address */
    struct admin_later *next;
    struct admin_http *admin;
    struct evhttp_request *http; /* NULL: who asked is gone */
    bool kept;                   /* beyond its handler */
};

/* ---- Answers ---- */

void admin_metrics(void *context, const struct admin_request *request, struct admin_reply *reply)
{
    (void)context;
    (void)request;
    reply->type = "text/plain; version=0.0.4; charset=utf-8";
    metrics_format(&reply->body);
}

/* To HEAD with the length that GET would have, and nothing of that (RFC 9110, 9.3.2). */
static void put_body(struct evhttp_request *request, const struct admin_reply *reply,
                     struct evbuffer *body)
{
    char length[32];
    if (evhttp_request_get_command(request) == EVHTTP_REQ_HEAD) {
        snprintf(length, sizeof length, "%zu", reply->body.length);
        evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Length", length);
    } else if (evbuffer_add(body, reply->body.data, reply->body.length)) {
        mem_exhausted();
    }
}

static void send_reply(struct evhttp_request *request, struct admin_reply *reply)
{
    if (reply->body.full) {
        reply->status = 500;
        reply->type = "text/plain; charset=utf-8";
        buf_clear(&reply->body);
        buf_text(&reply->body, "the answer is too large\n");
    }
    struct evbuffer *body = evbuffer_new();
    if (!body)
        mem_exhausted();
    put_body(request, reply, body);
    evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type", reply->type);
    evhttp_send_reply(request, reply->status, NULL, body);
    evbuffer_free(body);
}

/* A client that has gone away is nothing to us. The daemon that is about to end
 * writes what it has answered, past the event loop: for the answer to POST /stop. */
static void on_close(struct evhttp_connection *connection, void *arg)
{
    const struct admin_http *admin = arg;
    for (struct admin_later *later = admin->later; later; later = later->next)
        if (later->http && evhttp_request_get_connection(later->http) == connection)
            later->http = NULL;
    if (!admin->closing)
        return;
    struct bufferevent *stream = evhttp_connection_get_bufferevent(connection);
    struct evbuffer *output = bufferevent_get_output(stream);
    size_t length = evbuffer_get_length(output);
    char *bytes = mem_alloc(length + 1);
    ssize_t copied = evbuffer_copyout(output, bytes, length);
    if (copied > 0)
        (void)!send(bufferevent_getfd(stream), bytes, (size_t)copied, MSG_NOSIGNAL | MSG_DONTWAIT);
    free(bytes);
}

/* ---- Answers that come later ---- */

struct admin_later *admin_later(struct admin_reply *reply)
{
    struct admin_later *later = (struct admin_later *)reply;
    later->kept = true;
    later->next = later->admin->later;
    later->admin->later = later;
    return later;
}

struct admin_reply *admin_later_reply(struct admin_later *later)
{
    return &later->reply;
}

static void free_later(struct admin_later *later)
{
    buf_free(&later->reply.body);
    free(later);
}

void admin_later_send(struct admin_later *later)
{
    struct admin_later **place = &later->admin->later;
    while (*place != later)
        place = &(*place)->next;
    *place = later->next;
    if (later->http)
        send_reply(later->http, &later->reply);
    free_later(later);
}

/* ---- Requests ---- */

enum {
    GETS = EVHTTP_REQ_GET | EVHTTP_REQ_HEAD,
    /* What is none of these evhttp answers with 501. */
    METHODS = GETS | EVHTTP_REQ_POST | EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS |
              EVHTTP_REQ_TRACE | EVHTTP_REQ_PATCH
};

/* A route is for GET and HEAD, or for POST. */
static bool takes(const struct admin_route *route, enum evhttp_cmd_type method)
{
    return strcmp(route->method, "GET") == 0 ? (method & GETS) != 0 : method == EVHTTP_REQ_POST;
}

/* The route; NULL: there is none, or none by this method (`*by_others`). */
static const struct admin_route *find_route(const struct admin_http *admin,
                                            enum evhttp_cmd_type method, const char *path,
                                            const struct admin_route **by_others)
{
    *by_others = NULL;
    for (const struct admin_route *route = admin->options.routes; route->path; route++) {
        if (strcmp(route->path, path))
            continue;
        if (takes(route, method))
            return route;
        *by_others = route;
    }
    return NULL;
}

static void fill_reply(const struct admin_http *admin, struct evhttp_request *http,
                       const struct admin_request *request, struct admin_reply *reply)
{
    const struct admin_route *others,
        *route = find_route(admin, evhttp_request_get_command(http), request->path, &others);
    struct diag diag;
    if (route) {
        route->handler(admin->options.context, request, reply);
        return;
    }
    const char *allowed = !others ? NULL : takes(others, EVHTTP_REQ_GET) ? "GET, HEAD" : "POST";
    reply->status = allowed ? 405 : 404;
    if (allowed) {
        evhttp_add_header(evhttp_request_get_output_headers(http), "Allow", allowed);
        diag_error(&diag, "only by %s", allowed);
    } else {
        diag_error(&diag, "no such path");
    }
    diag_format(&diag, &reply->body);
}

/* Whether the request means this machine. A client without a Host is no browser. */
static bool is_for_us(const struct admin_http *admin, struct evhttp_request *http)
{
    const char *host = evhttp_find_header(evhttp_request_get_input_headers(http), "Host");
    return !admin->options.is_port || !host || loopback_is_host(host);
}

/* 421 (RFC 9110, 15.5.20). */
static void refuse_host(struct admin_reply *reply)
{
    reply->status = 421;
    buf_text(&reply->body, "error: only for 127.0.0.1, [::1] and localhost\n");
}

static void on_request(struct evhttp_request *http, void *arg)
{
    struct admin_http *admin = arg;
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(http);
    struct evbuffer *input = evhttp_request_get_input_buffer(http);
    size_t length = evbuffer_get_length(input);
    char *body = mem_alloc(length + 1);
    evbuffer_remove(input, body, length);
    body[length] = '\0';

    const char *path = evhttp_uri_get_path(uri);
    const char *query = evhttp_uri_get_query(uri);
    struct admin_request request = {path ? path : "", query ? query : "", body, length};
    struct admin_later *answer = mem_alloc(sizeof *answer);
    *answer = (struct admin_later){
        .reply = {200, "text/plain; charset=utf-8", {0}}, .admin = admin, .http = http};
    buf_init(&answer->reply.body, ADMIN_ANSWER_MOST);

    evhttp_connection_set_closecb(evhttp_request_get_connection(http), on_close, admin);
    if (is_for_us(admin, http))
        fill_reply(admin, http, &request, &answer->reply);
    else
        refuse_host(&answer->reply);
    if (!answer->kept) {
        send_reply(http, &answer->reply);
        free_later(answer);
    }
    free(body);
}

/* ---- Connections of a port ---- */

/* Nobody is taken for a while. */
static void rest(struct admin_http *admin)
{
    const struct timeval second = clock_timeval(REST_MS);
    evconnlistener_disable(admin->listener);
    event_add(admin->listen_again, &second);
}

static void let_go(struct bufferevent **stream)
{
    if (*stream)
        bufferevent_decref(*stream);
    *stream = NULL;
}

/* Lets go of those that have ended, and says how many have not. */
static size_t count_streams(struct admin_http *admin)
{
    size_t count = 0;
    for (size_t i = 0; i < ADMIN_HTTP_CONNECTIONS; i++) {
        struct bufferevent **stream = &admin->streams[i];
        if (*stream && (bufferevent_getfd(*stream) < 0 ||
                        !(bufferevent_get_enabled(*stream) & (EV_READ | EV_WRITE))))
            let_go(stream);
        count += *stream != NULL;
    }
    return count;
}

/* evhttp asks for the stream of each connection. Who comes while there are too many waits in the
 * kernel's queue. */
static struct bufferevent *new_stream(struct event_base *base, void *arg)
{
    struct admin_http *admin = arg;
    struct bufferevent *stream = bufferevent_socket_new(base, -1, 0);
    if (!stream)
        mem_exhausted();
    size_t count = count_streams(admin), i = 0;
    while (i < ADMIN_HTTP_CONNECTIONS && admin->streams[i])
        i++;
    if (i < ADMIN_HTTP_CONNECTIONS) {
        bufferevent_incref(stream);
        admin->streams[i] = stream;
    }
    if (count + 1 >= ADMIN_HTTP_CONNECTIONS)
        rest(admin);
    return stream;
}

/* ---- Listening ---- */

/* No descriptor is left: who waits goes on waiting, and the loop must not turn over it. The
 * listener's argument is evhttp's own. */
static void on_accept_error(struct evconnlistener *listener, void *http)
{
    struct admin_http *admin = all_open;
    (void)listener;
    log_warning("the admin socket, or the port of figures, cannot take a connection: %s",
                strerror(errno));
    while (admin && admin->http != http)
        admin = admin->next;
    if (admin)
        rest(admin);
}

static void on_listen_again(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct admin_http *admin = arg;
    if (count_streams(admin) < ADMIN_HTTP_CONNECTIONS)
        evconnlistener_enable(admin->listener);
    else
        rest(admin);
}

static void make_http(struct admin_http *admin)
{
    admin->http = evhttp_new(admin->options.base);
    if (!admin->http)
        mem_exhausted();
    evhttp_set_allowed_methods(admin->http, METHODS);
    evhttp_set_max_headers_size(admin->http, ADMIN_HEADERS_MOST);
    evhttp_set_max_body_size(admin->http, ADMIN_BODY_MOST);
    evhttp_set_timeout(admin->http, ADMIN_SECONDS);
    evhttp_set_gencb(admin->http, on_request, admin);
    if (admin->options.is_port)
        evhttp_set_bevcb(admin->http, new_stream, admin);
}

struct admin_http *admin_http_open(const struct admin_http_options *options)
{
    struct admin_http *admin = mem_zero(1, sizeof *admin);
    admin->options = *options;
    make_http(admin);
    admin->listen_again = event_new(options->base, -1, 0, on_listen_again, admin);
    struct evhttp_bound_socket *bound = evhttp_accept_socket_with_handle(admin->http, options->fd);
    if (!bound || !admin->listen_again)
        mem_exhausted();
    admin->listener = evhttp_bound_socket_get_listener(bound);
    evconnlistener_set_error_cb(admin->listener, on_accept_error);
    admin->next = all_open;
    all_open = admin;
    return admin;
}

void admin_http_close(struct admin_http **http)
{
    struct admin_http *admin = *http;
    if (!admin)
        return;
    *http = NULL;
    struct admin_http **place = &all_open;
    while (*place != admin)
        place = &(*place)->next;
    *place = admin->next;
    admin->closing = true;
    evhttp_free(admin->http);
    while (admin->later) {
        struct admin_later *later = admin->later;
        admin->later = later->next;
        free_later(later);
    }
    event_free(admin->listen_again);
    for (size_t i = 0; i < ADMIN_HTTP_CONNECTIONS; i++)
        let_go(&admin->streams[i]);
    free(admin);
}
