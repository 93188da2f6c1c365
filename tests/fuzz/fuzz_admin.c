/* Requests to the admin socket, and to the port of figures, which every program of the machine can
 * reach. */
#include <event2/event.h>
#include <event2/util.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "serve/admin_http.h"

static struct sockaddr_un address;
static const socklen_t family_length = sizeof address.sun_family;

static void echo(void *context, const struct admin_request *request, struct admin_reply *reply)
{
    (void)context;
    if (strlen(request->body) > request->length || request->length > ADMIN_BODY_MOST)
        abort();
    buf_printf(&reply->body, "%s|%s|%s", request->path, request->query, request->body);
}

static const struct admin_route routes[] = {
    {"GET", "/status", echo}, {"POST", "/reload", echo}, {"GET", "/metrics", admin_metrics}, {0}};

/* At an address of its own that the kernel makes. */
static int listen_somewhere(void)
{
    socklen_t length = sizeof address;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    address.sun_family = AF_UNIX;
    if (bind(fd, (struct sockaddr *)&address, family_length) || listen(fd, 8) ||
        getsockname(fd, (struct sockaddr *)&address, &length))
        abort();
    return fd;
}

static void ask(struct event_base *base, const uint8_t *data, size_t size)
{
    char answer[65536];
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof address.sun_family + 6))
        abort();
    evutil_make_socket_nonblocking(fd);
    for (size_t at = 0, tries = 0; at < size && tries < 64; tries++) {
        ssize_t sent = send(fd, data + at, size - at, MSG_NOSIGNAL);
        at += sent > 0 ? (size_t)sent : 0;
        event_base_loop(base, EVLOOP_NONBLOCK);
    }
    shutdown(fd, SHUT_WR);
    for (int i = 0; i < 8; i++) {
        event_base_loop(base, EVLOOP_NONBLOCK);
        (void)!recv(fd, answer, sizeof answer, 0);
    }
    close(fd);
    event_base_loop(base, EVLOOP_NONBLOCK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    signal(SIGPIPE, SIG_IGN);
    for (int is_port = 0; is_port < 2; is_port++) {
        struct event_base *base = event_base_new();
        const struct admin_http_options options = {
            .base = base, .fd = listen_somewhere(), .is_port = is_port, .routes = routes};
        struct admin_http *http = admin_http_open(&options);
        ask(base, data, size);
        admin_http_close(&http);
        event_base_free(base);
    }
    return 0;
}
