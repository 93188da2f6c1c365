#include "redis/transport.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/dns.h>
#include <event2/util.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/mem.h"

enum { READ_AT_ONCE = 256 * 1024 };

struct transport {
    struct event_base *base;
    struct evdns_base *dns; /* made at the first name */
    const struct endpoint *endpoint;
    const char *ca_file;
    SSL_CTX *tls; /* made at the first need */
};

struct transport *transport_new(struct event_base *base, const struct endpoint *endpoint,
                                const char *ca_file)
{
    struct transport *transport = mem_zero(1, sizeof *transport);
    *transport = (struct transport){.base = base, .endpoint = endpoint, .ca_file = ca_file};
    return transport;
}

void transport_destroy(struct transport **transport)
{
    if (!*transport)
        return;
    if ((*transport)->dns)
        evdns_base_free((*transport)->dns, 0);
    SSL_CTX_free((*transport)->tls);
    free(*transport);
    *transport = NULL;
}

static bool is_literal(const char *host)
{
    unsigned char bytes[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

/* A machine without a resolv.conf still knows its /etc/hosts. */
static struct evdns_base *resolver(struct transport *transport)
{
    if (transport->dns || is_literal(transport->endpoint->host))
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

static bool tls_fault(struct diag *diag, const char *what)
{
    const char *reason = ERR_reason_error_string(ERR_get_error());
    ERR_clear_error();
    return diag_error(diag, "%s: %s", what, reason ? reason : "unknown error");
}

static bool prepare_tls(struct transport *transport, struct diag *diag)
{
    if (transport->tls)
        return true;
    SSL_CTX *tls = SSL_CTX_new(TLS_client_method());
    if (!tls)
        return tls_fault(diag, "TLS cannot be set up");
    SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION);
    int loaded = transport->ca_file ? SSL_CTX_load_verify_file(tls, transport->ca_file)
                                    : SSL_CTX_set_default_verify_paths(tls);
    if (loaded != 1) {
        tls_fault(diag, transport->ca_file ? transport->ca_file : "the system's certificates");
        SSL_CTX_free(tls);
        return false;
    }
    transport->tls = tls;
    return true;
}

/* The certificate must be for the host of the endpoint, name or number. */
static bool expect_host(SSL *session, const char *host)
{
    if (is_literal(host))
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host) == 1;
    return SSL_set1_host(session, host) == 1 && SSL_set_tlsext_host_name(session, host) == 1;
}

static struct bufferevent *open_tls(struct transport *transport, struct diag *diag)
{
    if (!prepare_tls(transport, diag))
        return NULL;
    SSL *session = SSL_new(transport->tls);
    if (!session || !expect_host(session, transport->endpoint->host)) {
        SSL_free(session);
        tls_fault(diag, "TLS cannot be set up");
        return NULL;
    }
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
    if (stream)
        bufferevent_set_max_single_read(stream, READ_AT_ONCE);
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
    int on = 1;
    evutil_socket_t socket = bufferevent_getfd(stream);
    if (transport->endpoint->kind == ENDPOINT_UNIX)
        return;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
}

bool transport_fault(struct bufferevent *stream, short events, struct diag *diag)
{
    int code = EVUTIL_SOCKET_ERROR();
    int dns = bufferevent_socket_get_dns_error(stream);
    unsigned long tls = bufferevent_get_openssl_error(stream);
    SSL *session = bufferevent_openssl_get_ssl(stream);
    long verified = session ? SSL_get_verify_result(session) : X509_V_OK;

    if (verified != X509_V_OK)
        return diag_error(diag, "the certificate: %s", X509_verify_cert_error_string(verified));
    if (tls)
        return diag_error(diag, "TLS: %s", ERR_reason_error_string(tls));
    if (dns)
        return diag_error(diag, "the name: %s", evutil_gai_strerror(dns));
    if (events & BEV_EVENT_EOF)
        return diag_error(diag, "closed by the other side");
    return diag_error(diag, "%s", code ? evutil_socket_error_to_string(code) : "unknown error");
}
