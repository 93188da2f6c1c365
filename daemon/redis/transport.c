#include "redis/transport.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/dns.h>
#include <event2/util.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/mem.h"
#include "redis/tls_session.h"

enum {
    AT_ONCE = 256 * 1024, /* bytes read or written before others have their turn */
    PIECE = 64 * 1024,
    /* One over which nothing goes for long is asked for by the kernel: whether there is a way. */
    ALIVE_AFTER_S = 10,
    ALIVE_EVERY_S = 5,
    ALIVE_TRIES = 3,
};

struct transport {
    struct event_base *base;
    struct evdns_base *dns; /* made at the first name */
    const struct endpoint *endpoint;
    char *piece; /* made at the first read */
};

struct transport *transport_new(struct event_base *base, const struct endpoint *endpoint)
{
    struct transport *transport = mem_zero(1, sizeof *transport);
    *transport = (struct transport){.base = base, .endpoint = endpoint};
    return transport;
}

void transport_destroy(struct transport **transport)
{
    if (!*transport)
        return;
    if ((*transport)->dns)
        evdns_base_free((*transport)->dns, 0);
    free((*transport)->piece);
    free(*transport);
    *transport = NULL;
}

/* A machine without a resolv.conf still knows its /etc/hosts. */
static struct evdns_base *resolver(struct transport *transport)
{
    if (transport->dns || endpoint_is_number(transport->endpoint->host))
        return transport->dns;
    transport->dns = evdns_base_new(transport->base, EVDNS_BASE_INITIALIZE_NAMESERVERS |
                                                         EVDNS_BASE_DISABLE_WHEN_INACTIVE);
    if (!transport->dns) {
        transport->dns = evdns_base_new(transport->base, EVDNS_BASE_DISABLE_WHEN_INACTIVE);
        if (!transport->dns)
            mem_exhausted();
        evdns_base_load_hosts(transport->dns, "/etc/hosts");
    }
    return transport->dns;
}

static struct bufferevent *open_tls(struct transport *transport, struct diag *diag)
{
    SSL *session = tls_session_new(transport->endpoint, diag);
    if (!session)
        return NULL;
    struct bufferevent *stream = bufferevent_openssl_socket_new(
        transport->base, -1, session, BUFFEREVENT_SSL_CONNECTING, BEV_OPT_CLOSE_ON_FREE);
    if (!stream)
        mem_exhausted();
    /* Redis closes without a TLS goodbye when it is killed: an end is an end. */
    bufferevent_openssl_set_allow_dirty_shutdown(stream, 1);
    return stream;
}

struct bufferevent *transport_open(struct transport *transport, struct diag *diag)
{
    struct bufferevent *stream;
    if (transport->endpoint->kind == ENDPOINT_TLS)
        stream = open_tls(transport, diag);
    else if (!(stream = bufferevent_socket_new(transport->base, -1, BEV_OPT_CLOSE_ON_FREE)))
        mem_exhausted();
    if (!stream)
        return NULL;
    bufferevent_set_max_single_read(stream, AT_ONCE);
    bufferevent_set_max_single_write(stream, AT_ONCE);
    return stream;
}

static int connect_socket(struct bufferevent *stream, const char *path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    memcpy(to.sun_path, path, strlen(path)); /* endpoint_parse saw that it fits */
    return bufferevent_socket_connect(stream, (struct sockaddr *)&to, sizeof to);
}

bool transport_connect(struct transport *transport, struct bufferevent *stream, struct diag *diag)
{
    const struct endpoint *endpoint = transport->endpoint;
    int result = endpoint->kind == ENDPOINT_UNIX
                     ? connect_socket(stream, endpoint->path)
                     : bufferevent_socket_connect_hostname(stream, resolver(transport), AF_UNSPEC,
                                                           endpoint->host, endpoint->port);
    return result == 0 || diag_error(diag, "%s", strerror(errno));
}

void transport_connected(const struct transport *transport, struct bufferevent *stream)
{
    static const struct {
        int level, name, value;
    } options[] = {
        {IPPROTO_TCP, TCP_NODELAY, 1},
        {SOL_SOCKET, SO_KEEPALIVE, 1},
        {IPPROTO_TCP, TCP_KEEPIDLE, ALIVE_AFTER_S},
        {IPPROTO_TCP, TCP_KEEPINTVL, ALIVE_EVERY_S},
        {IPPROTO_TCP, TCP_KEEPCNT, ALIVE_TRIES},
    };
    evutil_socket_t socket = bufferevent_getfd(stream);
    if (transport->endpoint->kind == ENDPOINT_UNIX)
        return;
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        setsockopt(socket, options[i].level, options[i].name, &options[i].value,
                   sizeof options[i].value);
}

/* With TLS libevent reads all that there is. */
static size_t read_on(struct transport *transport, struct bufferevent *stream)
{
    if (transport->endpoint->kind == ENDPOINT_TLS)
        return 0;
    if (!transport->piece)
        transport->piece = mem_alloc(PIECE);
    const ssize_t got = recv(bufferevent_getfd(stream), transport->piece, PIECE, MSG_DONTWAIT);
    return got > 0 ? (size_t)got : 0;
}

void transport_read(struct transport *transport, struct bufferevent *stream,
                    void (*take)(void *context, const char *bytes, size_t length), void *context)
{
    struct evbuffer *input = bufferevent_get_input(stream);
    size_t length;
    while ((length = evbuffer_get_contiguous_space(input)) > 0) {
        take(context, (const char *)evbuffer_pullup(input, (ev_ssize_t)length), length);
        evbuffer_drain(input, length);
    }
    for (size_t all = 0; all < AT_ONCE; all += length) {
        if ((length = read_on(transport, stream)) > 0)
            take(context, transport->piece, length);
        if (length < PIECE)
            break;
    }
}

/* What TLS itself says against the connection; NULL where it is the socket's end alone. libevent
 * gives SSL_ERROR_SYSCALL in place of a code of OpenSSL where a write met a closed socket; what the
 * server said before it closed may still wait to be read. */
static const char *tls_reason(struct bufferevent *stream, SSL *session)
{
    const char *reason = ERR_reason_error_string(bufferevent_get_openssl_error(stream));
    return reason || !session ? reason : tls_session_last_words(session);
}

bool transport_fault(struct bufferevent *stream, short events, struct diag *diag)
{
    int code = EVUTIL_SOCKET_ERROR();
    int dns = bufferevent_socket_get_dns_error(stream);
    SSL *session = bufferevent_openssl_get_ssl(stream);
    long verified = session ? SSL_get_verify_result(session) : X509_V_OK;
    const char *tls = tls_reason(stream, session);

    if (verified != X509_V_OK)
        return diag_error(diag, "the certificate: %s", X509_verify_cert_error_string(verified));
    if (tls)
        return diag_error(diag, "TLS: %s", tls);
    if (dns)
        return diag_error(diag, "the name: %s", evutil_gai_strerror(dns));
    if (events & BEV_EVENT_EOF)
        return diag_error(diag, "closed by the other side");
    return diag_error(diag, "%s", code ? evutil_socket_error_to_string(code) : "unknown error");
}
