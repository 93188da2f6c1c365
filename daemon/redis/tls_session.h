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

#endif
