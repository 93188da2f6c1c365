/*
 * The keys of nudged.yaml as the table (config_table.c) reads them.
 */
#ifndef NUDGED_CONFIG_CONFIG_KEYS_H
#define NUDGED_CONFIG_CONFIG_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/settings.h"
#include "base/value.h"
#include "web/web_settings.h"

struct config_redis {
    const char *url; /* NULL: a private redis-server */
    const char *user, *password_file;
    const char *sentinel_user, *sentinel_password_file;
    const char *ca_file, *cert_file, *key_file, *server_name; /* of TLS */
    const char *prefix, *server;
    int64_t shards; /* 0: one, under `prefix` itself */
    int fsync;      /* 0: everysec, 1: always */
    bool accept_loss;
};

struct config_log {
    int level;  /* enum log_level */
    int format; /* enum log_format */
    bool addresses, messages;
};

struct config_customer {
    struct value keys; /* list of texts */
    struct value fields;
    int64_t keep_ms;
};

struct config_events {
    int64_t skew_ms, batch;
    const char *list;
    int list_push; /* 0: LPUSH, 1: RPUSH */
};

struct config_quiet {
    int from, to;
};

struct config_policy {
    struct value consent;
    struct setting_rate cap, brake;
    struct config_quiet quiet;
};

/* Every event, as files. */
struct config_archive {
    const char *folder; /* NULL: none is kept */
    int64_t keep_ms, size;
};

/* Of whom this machine may write to. */
struct config_deliver {
    struct value only; /* list of texts */
};

struct config_mail {
    const char *from, *reply_to, *bounces, *bounce_domain, *unsubscribe_url, *unsubscribe_mailto,
        *preferences_url, *confirm_url, *list_id, *feedback_id, *message_id_domain;
};

/* The keys as the table reads them. */
struct config_keys {
    const char *state, *rules, *templates, *secret_file, *instance;
    struct config_redis redis;
    struct config_log log;
    struct config_customer customer;
    struct config_events events;
    struct config_archive archive;
    int64_t dedupe_keep_ms, settle_ms, clocks_rate, dead_keep_ms, outbox_most, drain_ms;
    struct config_policy policy;
    struct config_deliver deliver;
    struct config_mail mail;
    struct value shop, segments, topics, gateways, channels;
    const char *admin_socket;
    const char *metrics_listen; /* NULL: nowhere */
    struct web_settings web;
};

/* Ends with a row without a key. */
extern const struct setting config_settings[];
/* What nudged itself reads of `shop`, each a text. */
extern const struct setting config_shop_settings[];

#endif
