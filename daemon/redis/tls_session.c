#include "redis/tls_session.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string.h>

enum { LAST_RECORDS = 16 };

static bool tls_fault(struct diag *diag, const char *what)
{
    unsigned long code = ERR_get_error();
    const char *reason =
        ERR_SYSTEM_ERROR(code) ? strerror(ERR_GET_REASON(code)) : ERR_reason_error_string(code);
    ERR_clear_error();
    return diag_error(diag, "%s: %s", what, reason ? reason : "unknown error");
}

static bool trust(SSL_CTX *tls, const char *ca_file, struct diag *diag)
{
    int loaded =
        ca_file ? SSL_CTX_load_verify_file(tls, ca_file) : SSL_CTX_set_default_verify_paths(tls);
    return loaded == 1 || tls_fault(diag, ca_file ? ca_file : "the system's certificates");
}

/* OpenSSL would ask at the terminal. */
static int no_passphrase(char *text, int size, int for_writing, void *context)
{
    (void)text, (void)size, (void)for_writing, (void)context;
    return -1;
}

static bool show_certificate(SSL_CTX *tls, const struct endpoint *endpoint, struct diag *diag)
{
    const char *cert = endpoint->cert_file, *key = endpoint->key_file;
    SSL_CTX_set_default_passwd_cb(tls, no_passphrase);
    if (cert && SSL_CTX_use_certificate_chain_file(tls, cert) != 1)
        return tls_fault(diag, cert);
    if (cert && SSL_CTX_use_PrivateKey_file(tls, key ? key : cert, SSL_FILETYPE_PEM) != 1)
        return tls_fault(diag, key ? key : cert);
    return true;
}

/* The certificate must be for the name that is given, or for the endpoint's host, name or number.
 */
static bool expect_server(SSL *session, const struct endpoint *endpoint)
{
    const char *name = endpoint->server_name ? endpoint->server_name : endpoint->host;
    if (endpoint_is_number(name))
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), name) == 1;
    return SSL_set1_host(session, name) == 1 && SSL_set_tlsext_host_name(session, name) == 1;
}

struct ssl_st *tls_session_new(const struct endpoint *endpoint, struct diag *diag)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_client_method());
    SSL *session = NULL;
    if (!tls) {
        tls_fault(diag, "TLS cannot be set up");
        return NULL;
    }
    SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION);
    if (trust(tls, endpoint->ca_file, diag) && show_certificate(tls, endpoint, diag)) {
        session = SSL_new(tls);
        if (!session || !expect_server(session, endpoint)) {
            tls_fault(diag, "TLS cannot be set up");
            SSL_free(session);
            session = NULL;
        }
    }
    SSL_CTX_free(tls); /* the session keeps it */
    return session;
}

const char *tls_session_last_words(struct ssl_st *session)
{
    char unread[512];
    if (!SSL_is_init_finished(session))
        return NULL; /* reading would go on with the handshake */
    ERR_clear_error();
    for (int record = 0; record < LAST_RECORDS; record++) {
        if (SSL_read(session, unread, sizeof unread) <= 0)
            break;
    }
    const char *reason = ERR_reason_error_string(ERR_get_error());
    ERR_clear_error();
    return reason;
}
