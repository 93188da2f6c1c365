/*
 * What each client has taken up: its connections, and a bucket of requests that fills with time.
 * The table is bounded: while it is full of clients that are worth remembering, all new ones share
 * one row.
 *
 * Times are clock_monotonic_ms().
 */
#ifndef NUDGED_WEB_WEB_CLIENTS_H
#define NUDGED_WEB_WEB_CLIENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/setting.h"
#include "web/web_network.h"

enum { WEB_CLIENTS_MOST = 1 << 16 };

struct web_client {
    struct web_address address; /* as web_network_client() has it */
    struct web_client *next;    /* of its row */
    size_t users;               /* connections and requests that refer to it: it stays */
    size_t connections;
    double requests; /* left in the bucket */
    int64_t at_ms;   /* when that was so */
};

struct web_clients;

struct web_clients *web_clients_new(struct setting_rate rate);
void web_clients_destroy(struct web_clients **clients);

/* The client of an address, held until web_clients_release. */
struct web_client *web_clients_hold(struct web_clients *clients, const struct web_address *address,
                                    int64_t now_ms);
void web_clients_release(struct web_client *client);

/* Whether one more request is in the bucket. */
bool web_clients_may(struct web_clients *clients, struct web_client *client, int64_t now_ms);
/* Takes one out of it; it may owe up to one bucket. */
void web_clients_take(struct web_clients *clients, struct web_client *client, int64_t now_ms);
/* Seconds until one is in it again, at least 1. */
int web_clients_wait_s(const struct web_clients *clients, const struct web_client *client);

#endif
