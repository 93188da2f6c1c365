/*
 * Where a Redis is:
 *   redis://[user[:password]@]host[:port][/db]     port 6379, db 0
 *   redis://:password@host                         the user `default`
 *   rediss://…                                     the same over TLS
 *   unix:///path/to/socket[?db=1]                  user and password as ?user=…&password=…
 * Percent-encoding (RFC 3986) in user, password, host and path is decoded; an IPv6
 * address stands in brackets.
 */
#ifndef NUDGED_STORE_ADDRESS_H
#define NUDGED_STORE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/diag.h"

enum address_kind { ADDRESS_TCP, ADDRESS_TLS, ADDRESS_UNIX };

struct address {
    enum address_kind kind;
    const char *host;     /* TCP and TLS */
    int port;             /* 1 to 65535 */
    const char *path;     /* Unix socket, at most 107 bytes */
    const char *user;     /* NULL: none */
    const char *password; /* NULL: no AUTH */
    int database;         /* 0 to 99,999 */
};

/* All texts lie in the arena. */
bool address_parse(struct arena *arena, const char *url, struct address *address,
                   struct diag *diag);

/* For logs: "redis://host:6379/0", never with user or password. */
const char *address_show(const struct address *address, char *out, size_t size);

#endif
