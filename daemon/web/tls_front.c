/*
 * A head waits in the pair until it is whole, and the kernel counts each piece there by what it
 * costs, some 768 bytes. So the pieces of who sends them very small are put together, once there
 * are many of them without an answer: any head that comes in its time has room.
 *
 * A connection is a `relay`: `outer` is the client's, with TLS, `inner` our end of the pair.
 *
 *   PASSING -> CLOSING (nothing more comes from inside; what waits goes out) -> LINGERING -> freed
 *
 * What one side cannot take stops the reading of the other. When the inner side has said all, the
 * client is told (close_notify) and what it still sends is read for a moment: else the kernel would
 * take back what was sent to it. When the client ends, the inner side sees an end behind all that
 * came before. How long any of this may take is for the inner side to say (web/visits), but for the
 * end itself.
 */
#include "web/tls_front.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

enum {
    HELD_MOST = 64 << 10, /* bytes on the way to one side */
    PIECE = 4096,
    PIECES_AT_ONCE = 64,
    GATHER_MS = 100,
    PAIR_BYTES = 208 << 10, /* what Linux allows anybody */
    CLOSING_MS = 10000,     /* for a client that is slow to take its answer */
    LINGER_MS = 1000,
    SPARE = 8, /* relays above the bound, whose client is being told that there is no room */
};

enum relay_state {
    RELAY_PASSING,
    RELAY_CLOSING,
    RELAY_LINGERING,
};

struct relay {
    struct tls_front *front;
    struct relay *next, *before;
    enum relay_state state;
    SSL *session; /* of `outer` */
    struct bufferevent *outer, *inner;
    struct event *timer; /* PASSING: passes what was gathered; else: its end */
    size_t pieces;       /* that went inside since something came from there */
    bool secured;        /* the handshake is done */
    bool client_ended;   /* all that it sent goes on, then the end */
};

struct tls_front {
    struct tls_front_options options;
    SSL_CTX *context;
    struct relay *first;
    size_t count;
};

/* ---- The end of a relay ---- */

static void free_relay(struct relay *relay)
{
    struct tls_front *front = relay->front;
    if (relay->before)
        relay->before->next = relay->next;
    else
        front->first = relay->next;
    if (relay->next)
        relay->next->before = relay->before;
    front->count--;
    bufferevent_free(relay->outer);
    bufferevent_free(relay->inner);
    event_free(relay->timer);
    free(relay);
}

static void set_timer(struct relay *relay, int64_t ms)
{
    const struct timeval after = clock_timeval(ms);
    evtimer_add(relay->timer, &after);
}

static size_t waiting(struct bufferevent *stream)
{
    return evbuffer_get_length(bufferevent_get_output(stream));
}

static void linger(struct relay *relay)
{
    relay->state = RELAY_LINGERING;
    bufferevent_enable(relay->outer, EV_READ);
    ERR_clear_error();
    SSL_shutdown(relay->session);
    ERR_clear_error();
    shutdown(bufferevent_getfd(relay->outer), SHUT_WR);
    set_timer(relay, LINGER_MS);
}

/* The inner side has said all. */
static void close_outer(struct relay *relay)
{
    if (relay->client_ended) {
        free_relay(relay);
        return;
    }
    relay->state = RELAY_CLOSING;
    evtimer_del(relay->timer);
    bufferevent_enable(relay->outer, EV_READ); /* so that its end is seen */
    if (waiting(relay->outer))
        set_timer(relay, relay->secured ? CLOSING_MS : LINGER_MS);
    else
        linger(relay);
}

/* ---- Bytes ---- */

/* From one side to the other, which stops the first where it has enough. */
static void pass(struct bufferevent *from, struct bufferevent *to)
{
    struct evbuffer *out = bufferevent_get_output(to);
    if (evbuffer_add_buffer(out, bufferevent_get_input(from)) != 0)
        mem_exhausted();
    if (evbuffer_get_length(out) >= HELD_MOST)
        bufferevent_disable(from, EV_READ);
}

static void drop(struct bufferevent *stream)
{
    struct evbuffer *input = bufferevent_get_input(stream);
    evbuffer_drain(input, evbuffer_get_length(input));
}

static void pass_inside(struct relay *relay)
{
    relay->pieces++;
    pass(relay->outer, relay->inner);
}

/* A small piece behind many others waits a little for the next one. */
static void on_outer_read(struct bufferevent *outer, void *context)
{
    struct relay *relay = context;
    if (relay->state == RELAY_LINGERING)
        drop(outer);
    else if (relay->pieces < PIECES_AT_ONCE || relay->state != RELAY_PASSING ||
             evbuffer_get_length(bufferevent_get_input(outer)) >= PIECE)
        pass_inside(relay);
    else if (!evtimer_pending(relay->timer, NULL))
        set_timer(relay, GATHER_MS);
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    struct relay *relay = context;
    if (relay->state == RELAY_PASSING)
        pass_inside(relay);
    else
        free_relay(relay);
}

static void on_inner_read(struct bufferevent *inner, void *context)
{
    struct relay *relay = context;
    relay->pieces = 0;
    if (relay->client_ended)
        drop(inner);
    else
        pass(inner, relay->outer);
}

/* The client has taken it all. */
static void on_outer_written(struct bufferevent *outer, void *context)
{
    (void)outer;
    struct relay *relay = context;
    if (relay->state == RELAY_CLOSING)
        linger(relay);
    else if (relay->state == RELAY_PASSING)
        bufferevent_enable(relay->inner, EV_READ);
}

static void on_inner_written(struct bufferevent *inner, void *context)
{
    struct relay *relay = context;
    if (relay->client_ended)
        shutdown(bufferevent_getfd(inner), SHUT_WR);
    else
        bufferevent_enable(relay->outer, EV_READ);
}

/* ---- Ends ---- */

/* Nobody is there to read an answer; the inner side hears so behind what came before. */
static void end_inner(struct relay *relay)
{
    relay->client_ended = true;
    pass_inside(relay);
    if (!waiting(relay->inner))
        shutdown(bufferevent_getfd(relay->inner), SHUT_WR);
}

/* Also where no TLS came about. */
static void on_outer_event(struct bufferevent *outer, short events, void *context)
{
    struct relay *relay = context;
    if (events & BEV_EVENT_CONNECTED) {
        relay->secured = true;
        return;
    }
    if (!relay->secured && ERR_reason_error_string(bufferevent_get_openssl_error(outer)))
        relay->front->options.on_no_tls(relay->front->options.context);
    if (relay->state == RELAY_PASSING)
        end_inner(relay);
    else
        free_relay(relay);
}

/* The listener has closed it, or will say no more. */
static void on_inner_event(struct bufferevent *inner, short events, void *context)
{
    (void)inner;
    struct relay *relay = context;
    if (relay->state == RELAY_PASSING)
        close_outer(relay);
    else if (events & BEV_EVENT_WRITING)
        bufferevent_disable(relay->inner, EV_WRITE);
}

/* ---- A new relay ---- */

static struct bufferevent *open_outer(const struct tls_front *front, int fd, SSL *session)
{
    struct bufferevent *stream = bufferevent_openssl_socket_new(
        front->options.base, fd, session, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
    if (!stream)
        mem_exhausted();
    /* An end is an end: what was cut off lacks its length, or its last chunk. */
    bufferevent_openssl_set_allow_dirty_shutdown(stream, 1);
    return stream;
}

static struct bufferevent *open_inner(const struct tls_front *front, int fd)
{
    struct bufferevent *stream =
        bufferevent_socket_new(front->options.base, fd, BEV_OPT_CLOSE_ON_FREE);
    if (!stream)
        mem_exhausted();
    return stream;
}

static void begin(struct tls_front *front, int fd, int inner)
{
    int on = 1;
    struct relay *relay = mem_zero(1, sizeof *relay);
    relay->front = front;
    relay->session = SSL_new(front->context);
    relay->timer = evtimer_new(front->options.base, on_timer, relay);
    if (!relay->session || !relay->timer)
        mem_exhausted();
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    relay->outer = open_outer(front, fd, relay->session);
    relay->inner = open_inner(front, inner);
    bufferevent_setcb(relay->outer, on_outer_read, on_outer_written, on_outer_event, relay);
    bufferevent_setcb(relay->inner, on_inner_read, on_inner_written, on_inner_event, relay);
    bufferevent_enable(relay->outer, EV_READ | EV_WRITE);
    bufferevent_enable(relay->inner, EV_READ | EV_WRITE);
    relay->next = front->first;
    if (front->first)
        front->first->before = relay;
    front->first = relay;
    front->count++;
}

int tls_front_take(struct tls_front *front, int fd)
{
    int pair[2];
    if (front->count >= front->options.connections + SPARE ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0) {
        close(fd);
        return -1;
    }
    const int bytes = PAIR_BYTES;
    setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    begin(front, fd, pair[0]);
    return pair[1];
}

/* The inner side has said something, or all, that the relay has not come to yet. */
static bool is_unread(const struct relay *relay)
{
    char first;
    return recv(bufferevent_getfd(relay->inner), &first, 1, MSG_PEEK | MSG_DONTWAIT) >= 0;
}

bool tls_front_busy(const struct tls_front *front)
{
    for (const struct relay *relay = front->first; relay; relay = relay->next)
        if (relay->state != RELAY_LINGERING &&
            (waiting(relay->outer) || (relay->state == RELAY_PASSING && is_unread(relay))))
            return true;
    return false;
}

/* ---- The certificate ---- */

static bool fault(struct diag *diag, const char *what)
{
    unsigned long code = ERR_get_error();
    const char *reason =
        ERR_SYSTEM_ERROR(code) ? strerror(ERR_GET_REASON(code)) : ERR_reason_error_string(code);
    ERR_clear_error();
    return diag_error(diag, "%s: %s", what, reason ? reason : "unknown error");
}

/* OpenSSL would ask at the terminal. */
static int no_passphrase(char *text, int size, int for_writing, void *context)
{
    (void)text, (void)size, (void)for_writing, (void)context;
    return -1;
}

static bool load(SSL_CTX *context, const struct tls_front_options *options, struct diag *diag)
{
    SSL_CTX_set_default_passwd_cb(context, no_passphrase);
    if (SSL_CTX_use_certificate_chain_file(context, options->certificate_file) != 1)
        return fault(diag, options->certificate_file);
    if (SSL_CTX_use_PrivateKey_file(context, options->key_file, SSL_FILETYPE_PEM) != 1)
        return fault(diag, options->key_file);
    return true;
}

static SSL_CTX *new_context(const struct tls_front_options *options, struct diag *diag)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    if (!context)
        mem_exhausted();
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF); /* clients keep their tickets */
    if (load(context, options, diag))
        return context;
    SSL_CTX_free(context);
    return NULL;
}

/* ---- The outside ---- */

struct tls_front *tls_front_new(const struct tls_front_options *options, struct diag *diag)
{
    SSL_CTX *context = new_context(options, diag);
    if (!context)
        return NULL;
    struct tls_front *front = mem_zero(1, sizeof *front);
    front->options = *options;
    front->context = context;
    return front;
}

void tls_front_destroy(struct tls_front **front)
{
    struct tls_front *ended = *front;
    if (!ended)
        return;
    *front = NULL;
    while (ended->first)
        free_relay(ended->first);
    SSL_CTX_free(ended->context);
    free(ended);
}
