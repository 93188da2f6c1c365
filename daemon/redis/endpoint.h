/*
 * Where a Redis is:
 *   redis://[user[:password]@]host[:port][/db]     port 6379, db 0
 *   redis://:password@host                         the user `default`
 *   rediss://…                                     the same over TLS
 *   unix:///path/to/socket[?db=1]                  user and password as ?user=…&password=…
 *   redis+cluster://[user[:password]@]a[:port],b[:port],…    a Redis Cluster, by some of its nodes
 *   rediss+cluster://…                             the same over TLS
 *   redis+sentinel://[user[:password]@]a[:port],b[:port],…/name[/db]   the master that these
 *                                                  Sentinels (port 26379) know by that name
 *   rediss+sentinel://…                            the same over TLS, to Sentinels as well
 * Percent-encoding (RFC 3986) in user, password, host and path is decoded; an IPv6
 * address stands in brackets. What a URL does not say, files and the name for TLS, is filled in
 * by whoever read it.
 */
#ifndef NUDGED_REDIS_ENDPOINT_H
#define NUDGED_REDIS_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/diag.h"

enum endpoint_kind { ENDPOINT_TCP, ENDPOINT_TLS, ENDPOINT_UNIX };

/* A node that is asked what the cluster looks like, or a Sentinel. */
struct endpoint_seed {
    const char *host;
    int port; /* 1 to 65535 */
};

enum { ENDPOINT_SEEDS_MOST = 64 };

struct endpoint {
    enum endpoint_kind kind;
    const char *host;     /* TCP and TLS */
    int port;             /* 1 to 65535 */
    const char *path;     /* Unix socket, at most 107 bytes */
    const char *user;     /* NULL: none */
    const char *password; /* NULL: no AUTH */
    int database;         /* 0 to 99,999; of a cluster 0 */

    /* Of a cluster, or of Sentinels: `host` and `port` are those of the first. */
    const struct endpoint_seed *seeds;
    size_t seed_count;  /* 0: it is where `host` and `port` say */
    const char *master; /* as Sentinels call it; who is there must be one. NULL: no Sentinels */

    /* Not of the URL. Files are read at each connecting: what replaces them counts from then on. */
    const char *password_file;          /* its first line, in place of `password`; NULL: that */
    const char *ca_file;                /* TLS: certificates to trust; NULL: the system's */
    const char *cert_file, *key_file;   /* TLS: what we show; NULL: nothing */
    const char *server_name;            /* TLS: whose certificate it must be; NULL: `host`'s */
    const char *sentinel_user;          /* by which Sentinels are spoken to; NULL: none */
    const char *sentinel_password_file; /* NULL: no AUTH, unless there is a user */
};

/* All texts lie in the arena; what is not of the URL is NULL. */
bool endpoint_parse(struct arena *arena, const char *url, struct endpoint *endpoint,
                    struct diag *diag);

/* A Redis Cluster, whose keys lie where their slots do. */
bool endpoint_is_cluster(const struct endpoint *endpoint);

/* How one of its nodes is reached, or the master that Sentinels named. Texts are those given. */
struct endpoint endpoint_at(const struct endpoint *endpoint, const struct endpoint_seed *where);
/* How one that says what there is is reached: a node of the cluster, or a Sentinel. */
struct endpoint endpoint_asked(const struct endpoint *endpoint, const struct endpoint_seed *where);

/* Whether a host is an IPv4 or IPv6 address, not a name. */
bool endpoint_is_number(const char *host);

/* With all its texts in the arena. */
struct endpoint endpoint_copy(struct arena *arena, const struct endpoint *endpoint);

/* For logs: "redis://host:6379/0", "redis+cluster://a:7000,b:7000" or
 * "redis+sentinel://a:26379,b:26379/name/0", never with user or password. */
const char *endpoint_show(const struct endpoint *endpoint, char *out, size_t size);

#endif
