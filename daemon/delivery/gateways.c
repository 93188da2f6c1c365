/* What comes back from senders (collect) and whom that concerns; then destinations by configuration
 * or name, with their bounds as they are now; at the end the object. */
#include "delivery/gateways.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

/* A gateway of the configuration, with the loop's watch over its senders. */
struct gateway {
    struct gateways *gateways;
    struct destination destination;
    struct event *readable;
};

struct gateways {
    struct gateways_options options;
    struct gateway *gateways; /* in the order of the configuration */
    size_t count;
    struct gateways_member *members; /* by shard; without callbacks: none */
    size_t turn;                     /* the shard that hears first of free connections, or room */
    struct event *given_back;        /* room was */
    struct blame *blame;
    struct sent *sent;
    struct hand *hand; /* NULL: it cannot be had */
};

/* ---- What comes back ---- */

static void on_outcome(void *context, struct senders_job *job)
{
    struct gateway *gateway = context;
    struct attempt *attempt = attempt_of(job);
    const struct gateways_member *member = &gateway->gateways->members[attempt->shard->number];
    member->on_outcome(member->context, &gateway->destination, attempt);
}

/* Another one comes first each time: connections are few. */
static void tell(struct gateways *gateways, bool freed)
{
    gateways->turn++;
    for (size_t i = 0; i < gateways->options.shards; i++) {
        const struct gateways_member *member =
            &gateways->members[(gateways->turn + i) % gateways->options.shards];
        void (*callback)(void *context) = freed ? member->on_freed : member->on_given_back;
        if (callback)
            callback(member->context);
    }
}

static void on_given_back(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    tell(context, false);
}

static void collect(struct gateway *gateway)
{
    senders_collect(gateway->destination.senders, clock_monotonic_ms(), on_outcome, gateway);
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct gateway *gateway = context;
    collect(gateway);
    tell(gateway->gateways, true);
}

void gateways_give_back(struct gateways *gateways, struct destination *destination)
{
    if (!destination->wanted)
        return;
    destination->wanted = false;
    event_active(gateways->given_back, EV_TIMEOUT, 0);
}

void gateways_forgive(struct gateways *gateways, const struct destination *destination,
                      int64_t wait_ms)
{
    for (size_t i = 0; i < gateways->options.shards; i++)
        if (gateways->members[i].on_blamed)
            gateways->members[i].on_blamed(gateways->members[i].context, destination, wait_ms);
}

struct sent *gateways_sent(struct gateways *gateways)
{
    return gateways->sent;
}

struct hand *gateways_hand(struct gateways *gateways)
{
    return gateways->hand;
}

struct blame *gateways_blame(struct gateways *gateways)
{
    return gateways->blame;
}

/* ---- Members ---- */

void gateways_join(struct gateways *gateways, size_t shard, const struct gateways_member *member,
                   struct amends *amends)
{
    gateways->members[shard] = *member;
    blame_join(gateways->blame, shard, amends);
}

void gateways_leave(struct gateways *gateways, size_t shard)
{
    gateways->members[shard] = (struct gateways_member){0};
    blame_join(gateways->blame, shard, NULL);
}

/* ---- Destinations ---- */

static size_t index_of(const struct gateways *gateways, const struct config_gateway *config)
{
    return (size_t)(config - gateways->options.config->gateways);
}

struct destination *gateways_of(struct gateways *gateways, const struct config_gateway *config)
{
    return &gateways->gateways[index_of(gateways, config)].destination;
}

struct destination *gateways_named(struct gateways *gateways, const char *name)
{
    for (size_t i = 0; i < gateways->count; i++)
        if (strcmp(gateways->gateways[i].destination.config->name, name) == 0)
            return &gateways->gateways[i].destination;
    return NULL;
}

/* Its gateways are those of the start, in their order. */
const struct gateway_common *gateways_common(const struct gateways *gateways,
                                             const struct destination *destination)
{
    const struct gateways_options *options = &gateways->options;
    const struct config *now = options->generation(options->context)->config;
    return now->gateways[index_of(gateways, destination->config)].settings;
}

struct outbox_gateway gateways_bounds(struct gateways *gateways,
                                      const struct destination *destination)
{
    return destination_bounds(gateways_of(gateways, destination->config),
                              gateways_common(gateways, destination));
}

void gateways_drain(struct gateways *gateways)
{
    for (size_t i = 0; i < gateways->count; i++)
        senders_drain(gateways->gateways[i].destination.senders);
}

void gateways_cut(struct gateways *gateways)
{
    for (size_t i = 0; i < gateways->count; i++) {
        struct gateway *gateway = &gateways->gateways[i];
        senders_stop(gateway->destination.senders);
        collect(gateway);
    }
}

void gateways_figures(const struct gateways *gateways)
{
    for (size_t i = 0; i < gateways->count; i++)
        destination_figures(&gateways->gateways[i].destination);
}

void gateways_status(const struct gateways *gateways, struct buf *out)
{
    for (size_t i = 0; i < gateways->count; i++) {
        buf_text(out, i ? "," : "");
        destination_status(&gateways->gateways[i].destination, out);
    }
}

/* ---- The object ---- */

static bool open_gateway(struct gateways *gateways, const struct config_gateway *config,
                         struct diag *diag)
{
    struct gateway *gateway = &gateways->gateways[gateways->count];
    gateway->gateways = gateways;
    if (!destination_open(&gateway->destination, config, diag))
        return false;
    gateway->readable = event_new(gateways->options.base, senders_fd(gateway->destination.senders),
                                  EV_READ | EV_PERSIST, on_readable, gateway);
    if (!gateway->readable)
        mem_exhausted();
    event_add(gateway->readable, NULL);
    gateways->count++;
    return true;
}

static struct hand *open_hand(const struct config *config)
{
    const char *folder = config->keys.state;
    struct diag fault;
    diag_clear(&fault);
    struct hand *hand =
        folder ? hand_open(folder, config->lasting_name, config->keys.instance, &fault) : NULL;
    if (folder && !hand) {
        fault.level = DIAG_WARNING;
        diag_hint(&fault, "what is in hand when this daemon is killed will all be uncertain");
        log_diag(&fault);
    }
    return hand;
}

struct gateways *gateways_new(const struct gateways_options *options, struct diag *diag)
{
    struct gateways *gateways = mem_zero(1, sizeof *gateways);
    const struct config *config = options->config;
    bool opened = true;
    gateways->options = *options;
    gateways->members = mem_zero(options->shards, sizeof *gateways->members);
    gateways->blame = blame_new(options->shards);
    gateways->sent = sent_new();
    gateways->hand = open_hand(config);
    gateways->given_back = event_new(options->base, -1, 0, on_given_back, gateways);
    if (!gateways->given_back)
        mem_exhausted();
    gateways->gateways = mem_zero(config->gateway_count, sizeof *gateways->gateways);
    for (size_t i = 0; i < config->gateway_count && opened; i++)
        opened = open_gateway(gateways, &config->gateways[i], diag);
    if (!opened)
        gateways_destroy(&gateways);
    return gateways;
}

void gateways_destroy(struct gateways **gateways)
{
    struct gateways *ended = *gateways;
    if (!ended)
        return;
    *gateways = NULL;
    for (size_t i = 0; i < ended->count; i++) {
        event_free(ended->gateways[i].readable);
        destination_close(&ended->gateways[i].destination);
    }
    blame_destroy(&ended->blame);
    sent_destroy(&ended->sent);
    hand_close(&ended->hand);
    event_free(ended->given_back);
    free(ended->members);
    free(ended->gateways);
    free(ended);
}
