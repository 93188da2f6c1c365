/*
 * evhttp reads requests and writes answers; this file owns the socket (its
 * mode, what was left behind by a dead process) and looks up the route.
 *
 * Who holds the lock of "<path>.lock" owns the path. Without it, of two daemons that start
 * at once where a dead one's socket is left, each could remove what the other has just made.
 */
#include "serve/admin.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"

struct admin {
    struct evhttp *http;
    struct evconnlistener *listener; /* the evhttp's */
    struct event *listen_again;      /* every second, where it could not accept */
    struct sockaddr_un address;
    int lock; /* a descriptor, kept open */
    const struct admin_route *routes;
    void *context;
    bool closing;
};

enum { BACKLOG = 16, REST_SECONDS = 1 };

/* ---- Answers ---- */

void admin_metrics(void *context, const struct admin_request *request, struct admin_reply *reply)
{
    (void)context;
    (void)request;
    reply->type = "text/plain; version=0.0.4; charset=utf-8";
    metrics_format(&reply->body);
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
    if (!body || evbuffer_add(body, buf_string(&reply->body), reply->body.length))
        mem_exhausted();
    evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type", reply->type);
    evhttp_send_reply(request, reply->status, NULL, body);
    evbuffer_free(body);
}

/* A client that has gone away is nothing to us. The daemon that is about to end
 * writes what it has answered, past the event loop: for the answer to POST /stop. */
static void on_close(struct evhttp_connection *connection, void *arg)
{
    const struct admin *admin = arg;
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

/* ---- Requests ---- */

static const char *method_of(const struct evhttp_request *request)
{
    return evhttp_request_get_command(request) == EVHTTP_REQ_POST ? "POST" : "GET";
}

/* The route, or NULL with the status of the refusal. */
static const struct admin_route *find_route(const struct admin *admin, const char *method,
                                            const char *path, int *status)
{
    *status = 404;
    for (const struct admin_route *route = admin->routes; route->path; route++) {
        if (strcmp(route->path, path))
            continue;
        if (!strcmp(route->method, method))
            return route;
        *status = 405;
    }
    return NULL;
}

static void fill_reply(const struct admin *admin, const char *method,
                       const struct admin_request *request, struct admin_reply *reply)
{
    int refusal;
    const struct admin_route *route = find_route(admin, method, request->path, &refusal);
    if (route) {
        route->handler(admin->context, request, reply);
        return;
    }
    struct diag diag;
    diag_error(&diag, refusal == 404 ? "no such path" : "not by %s", method);
    reply->status = refusal;
    diag_format(&diag, &reply->body);
}

static void on_request(struct evhttp_request *http, void *arg)
{
    struct admin *admin = arg;
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(http);
    struct evbuffer *input = evhttp_request_get_input_buffer(http);
    size_t length = evbuffer_get_length(input);
    char *body = mem_alloc(length + 1);
    evbuffer_remove(input, body, length);
    body[length] = '\0';

    const char *path = evhttp_uri_get_path(uri);
    const char *query = evhttp_uri_get_query(uri);
    struct admin_request request = {path ? path : "", query ? query : "", body, length};
    struct admin_reply reply = {200, "text/plain; charset=utf-8", {0}};
    buf_init(&reply.body, ADMIN_ANSWER_MOST);

    evhttp_connection_set_closecb(evhttp_request_get_connection(http), on_close, admin);
    fill_reply(admin, method_of(http), &request, &reply);
    send_reply(http, &reply);
    buf_free(&reply.body);
    free(body);
}

/* ---- The socket ---- */

static bool make_address(struct sockaddr_un *address, const char *path, struct diag *diag)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address->sun_path) {
        diag_error(diag, "the path of the admin socket is too long: %s", path);
        diag_hint(diag, "%zu bytes at most", sizeof address->sun_path - 1);
        return false;
    }
    strcpy(address->sun_path, path);
    return true;
}

static bool refuse_taken(const struct sockaddr_un *address, struct diag *diag)
{
    diag_error(diag, "another daemon listens at %s", address->sun_path);
    diag_hint(diag, "end it, or give this one another state folder");
    return false;
}

/* The descriptor that holds the lock, or -1. The file stays: to remove it would begin the
 * race anew. */
static int take_lock(const struct sockaddr_un *address, struct diag *diag)
{
    char path[sizeof address->sun_path + 8];
    snprintf(path, sizeof path, "%s.lock", address->sun_path);
    int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0)
        return lock;
    if (lock >= 0 && errno == EWOULDBLOCK)
        refuse_taken(address, diag);
    else
        diag_error(diag, "cannot lock %s: %s", path, strerror(errno));
    if (lock >= 0)
        close(lock);
    return -1;
}

/* True where nothing stands at the address, or nothing any more. */
static bool clear_way(const struct sockaddr_un *address, struct diag *diag)
{
    struct stat status;
    if (lstat(address->sun_path, &status))
        return errno == ENOENT || diag_error(diag, "%s: %s", address->sun_path, strerror(errno));
    if (!S_ISSOCK(status.st_mode))
        return diag_error(diag, "%s is there and is not a socket", address->sun_path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return diag_error(diag, "socket: %s", strerror(errno));
    bool refused =
        connect(fd, (const struct sockaddr *)address, sizeof *address) < 0 && errno == ECONNREFUSED;
    close(fd);
    if (!refused)
        return refuse_taken(address, diag);
    if (unlink(address->sun_path))
        return diag_error(diag, "cannot remove %s: %s", address->sun_path, strerror(errno));
    return true;
}

/* The mode is set before bind(2), which takes it over for the file (unix(7) under
 * Linux), so there is no moment at which others could connect. */
static int listen_at(const struct sockaddr_un *address, struct diag *diag)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        diag_error(diag, "socket: %s", strerror(errno));
        return -1;
    }
    if (fchmod(fd, 0600) || bind(fd, (const struct sockaddr *)address, sizeof *address) ||
        listen(fd, BACKLOG)) {
        diag_error(diag, "cannot listen at %s: %s", address->sun_path, strerror(errno));
        close(fd);
        return -1;
    }
    return fd;
}

/* No descriptor is left: who waits goes on waiting, and the loop must not turn over it. The
 * listener's argument is evhttp's own, so the timer that ends the rest runs all the time. */
static void on_accept_error(struct evconnlistener *listener, void *http)
{
    (void)http;
    log_warning("the admin socket cannot take a connection: %s", strerror(errno));
    evconnlistener_disable(listener);
}

static void on_listen_again(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct admin *admin = arg;
    evconnlistener_enable(admin->listener);
}

static struct evhttp *new_http(struct event_base *base, struct admin *admin)
{
    struct evhttp *http = evhttp_new(base);
    if (!http)
        mem_exhausted();
    evhttp_set_allowed_methods(http, EVHTTP_REQ_GET | EVHTTP_REQ_POST);
    evhttp_set_max_headers_size(http, ADMIN_HEADERS_MOST);
    evhttp_set_max_body_size(http, ADMIN_BODY_MOST);
    evhttp_set_timeout(http, ADMIN_SECONDS);
    evhttp_set_gencb(http, on_request, admin);
    return http;
}

struct admin *admin_open(struct event_base *base, const char *path,
                         const struct admin_route *routes, void *context, struct diag *diag)
{
    struct sockaddr_un address;
    int lock;
    if (!make_address(&address, path, diag) || (lock = take_lock(&address, diag)) < 0)
        return NULL;
    int fd = clear_way(&address, diag) ? listen_at(&address, diag) : -1;
    if (fd < 0) {
        close(lock);
        return NULL;
    }
    struct admin *admin = mem_zero(1, sizeof *admin);
    admin->address = address;
    admin->lock = lock;
    admin->routes = routes;
    admin->context = context;
    admin->http = new_http(base, admin);
    admin->listen_again = event_new(base, -1, EV_PERSIST, on_listen_again, admin);
    struct evhttp_bound_socket *bound = evhttp_accept_socket_with_handle(admin->http, fd);
    if (!bound || !admin->listen_again)
        mem_exhausted();
    admin->listener = evhttp_bound_socket_get_listener(bound);
    evconnlistener_set_error_cb(admin->listener, on_accept_error);
    const struct timeval rest = {.tv_sec = REST_SECONDS};
    event_add(admin->listen_again, &rest);
    return admin;
}

void admin_destroy(struct admin **pointer)
{
    struct admin *admin = *pointer;
    if (!admin)
        return;
    *pointer = NULL;
    admin->closing = true;
    unlink(admin->address.sun_path);
    evhttp_free(admin->http);
    event_free(admin->listen_again);
    close(admin->lock);
    free(admin);
}
