/*
 * The `web` section of nudged.yaml as its table reads it. The daemon reads it for `check`;
 * nudged-web gets the same mapping over the socket pair, with paths that are whole, and reads it by
 * the same table.
 */
#ifndef NUDGED_WEB_WEB_SETTINGS_H
#define NUDGED_WEB_WEB_SETTINGS_H

#include <stdint.h>

#include "base/settings.h"
#include "base/value.h"

struct web_tls {
    const char *certificate_file, *key_file; /* PEM; NULL: none */
};

/* What a stranger may take up. */
struct web_limits {
    int64_t body, head, buffered; /* bytes: of one request, of its head, of all requests together */
    int64_t connections, per_client;
    int64_t idle_ms, head_ms, request_ms;
    struct setting_rate rate; /* requests of one client */
};

struct web_settings {
    const char *listen; /* "127.0.0.1:8025"; NULL: nowhere */
    const char
        *socket; /* where a nudged-web that systemd started finds the daemon; NULL: nowhere */
    struct web_tls tls;
    struct value proxies; /* list of texts: networks */
    struct web_limits limits;
    const char *tokens_file; /* who may push events; NULL: nobody, and /v1/events is not there */
    int64_t wait_replicas;   /* the daemon's: that must have what is said to be taken; 0: none */
    int64_t wait_ms;         /* likewise: how long that is waited for */
    /* Of the routes, each beside its own. */
    const char *mappings;   /* a folder */
    struct value webhooks;  /* web/hooks reads it */
    const char *public_url; /* where the pages stand, without a slash at its end; NULL: unknown */
    const char *token_keys_file; /* NULL: none */
    const char *texts_file;      /* of the pages; NULL: none */
    const char *colour;          /* of the pages: "#rrggbb"; NULL: a green */
    const char *sns_ca_file; /* the daemon's: whom it believes to be Amazon; NULL: the system's */
};

/* Ends with a row without a key. */
extern const struct setting web_settings_table[];

#endif
