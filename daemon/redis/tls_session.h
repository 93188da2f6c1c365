/* A TLS session to a Redis, from 1.2 on: whom it trusts, what it shows, whose certificate it wants.
 */
#ifndef NUDGED_REDIS_TLS_SESSION_H
#define NUDGED_REDIS_TLS_SESSION_H

#include "base/diag.h"
#include "redis/endpoint.h"

struct ssl_st; /* OpenSSL's SSL */

/* The endpoint's files are read each time, so certificates may be replaced while the daemon runs.
 * NULL with `diag`, which names the file that it is about. The caller's to free. */
struct ssl_st *tls_session_new(const struct endpoint *endpoint, struct diag *diag);

/* After a write that met a closed socket: what the server said before it closed, such as the alert
 * that it wants a certificate (RFC 8446, section 6.2), in words of OpenSSL's own memory; NULL where
 * it said nothing. Reads what is left of the session, which is of no use after that. */
const char *tls_session_last_words(struct ssl_st *session);

#endif
