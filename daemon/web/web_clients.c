#include "web/web_clients.h"

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/mem.h"

enum { ROWS = 4096, SWEPT_AT_ONCE = 4 /* rows looked through for each new client */ };

struct web_clients {
    double most, per_ms; /* of a bucket */
    unsigned char seed[16];
    struct web_client *rows[ROWS];
    size_t count, swept; /* the next row to be looked through */
    struct web_client others;
};

struct web_clients *web_clients_new(struct setting_rate rate)
{
    struct web_clients *clients = mem_zero(1, sizeof *clients);
    clients->most = (double)rate.count;
    clients->per_ms = (double)rate.count / (double)rate.per_ms;
    clients->others.requests = clients->most;
    digest_random(clients->seed, sizeof clients->seed);
    return clients;
}

void web_clients_destroy(struct web_clients **clients)
{
    struct web_clients *ended = *clients;
    if (!ended)
        return;
    *clients = NULL;
    for (size_t i = 0; i < ROWS; i++)
        while (ended->rows[i]) {
            struct web_client *next = ended->rows[i]->next;
            free(ended->rows[i]);
            ended->rows[i] = next;
        }
    free(ended);
}

static void refill(const struct web_clients *clients, struct web_client *client, int64_t now_ms)
{
    client->requests += (double)(now_ms - client->at_ms) * clients->per_ms;
    if (client->requests > clients->most)
        client->requests = clients->most;
    client->at_ms = now_ms;
}

/* Frees those of a row that nothing is known of: their bucket is full, and nobody holds them. */
static void sweep(struct web_clients *clients, struct web_client **at, int64_t now_ms)
{
    while (*at) {
        struct web_client *client = *at;
        refill(clients, client, now_ms);
        if (client->users == 0 && client->requests >= clients->most) {
            *at = client->next;
            free(client);
            clients->count--;
        } else {
            at = &client->next;
        }
    }
}

/* The seed keeps a stranger from choosing addresses that share a row. */
static struct web_client **row_of(struct web_clients *clients, const struct web_address *address)
{
    unsigned char bytes[sizeof clients->seed + WEB_NETWORK_BYTES];
    memcpy(bytes, clients->seed, sizeof clients->seed);
    memcpy(bytes + sizeof clients->seed, address->bytes, WEB_NETWORK_BYTES);
    return &clients->rows[digest_spread(bytes, sizeof bytes) % ROWS];
}

struct web_client *web_clients_hold(struct web_clients *clients, const struct web_address *address,
                                    int64_t now_ms)
{
    const struct web_address key = web_network_client(address);
    struct web_client **row = row_of(clients, &key), *client = *row;
    while (client && memcmp(&client->address, &key, sizeof key) != 0)
        client = client->next;
    if (!client) {
        for (int i = 0; i < SWEPT_AT_ONCE; i++)
            sweep(clients, &clients->rows[clients->swept++ % ROWS], now_ms);
        if (clients->count >= WEB_CLIENTS_MOST) {
            client = &clients->others;
        } else {
            client = mem_zero(1, sizeof *client);
            *client = (struct web_client){
                .address = key, .next = *row, .requests = clients->most, .at_ms = now_ms};
            *row = client;
            clients->count++;
        }
    }
    client->users++;
    return client;
}

void web_clients_release(struct web_client *client)
{
    client->users--;
}

bool web_clients_may(struct web_clients *clients, struct web_client *client, int64_t now_ms)
{
    refill(clients, client, now_ms);
    return client->requests >= 1;
}

void web_clients_take(struct web_clients *clients, struct web_client *client, int64_t now_ms)
{
    refill(clients, client, now_ms);
    client->requests -= 1;
    if (client->requests < -clients->most)
        client->requests = -clients->most;
}

int web_clients_wait_s(const struct web_clients *clients, const struct web_client *client)
{
    double ms = (1 - client->requests) / clients->per_ms;
    return ms < 1000 ? 1 : ms > 3600000 ? 3600 : (int)(ms / 1000) + 1;
}
