/*
 * The objects, in the order in which they are built; worker_destroy is its mirror:
 *
 *   shard                 all that is kept in its Redis; its instance being READY starts the rest
 *   pipeline, delivery    an event's life, a message's life
 *   mover                 brings to their shards what came to this one and is not its own
 *   words                 of many shards: what is said of addresses comes to theirs
 *   reading               what comes to the pipeline: events that nothing reads do not
 *   sweeper               asks customers at the ticks of clocks
 *   teller                tells who watches a product of what happens to it
 *   backpressure          says how much room the outbox has, and wakes who waits for some
 *
 * Callbacks pass on what one object says to another that it does not know.
 */
#include "app/worker.h"

#include <event2/event.h>
#include <stdlib.h>
#include <sysexits.h>

#include "app/backpressure.h"
#include "base/digest.h"
#include "base/mem.h"
#include "delivery/delivery.h"
#include "events/mover.h"
#include "events/pipeline.h"
#include "events/reading.h"
#include "store/address_words.h"
#include "store/keys.h"
#include "store/teller.h"

struct worker {
    struct worker_options options;
    struct arena *arena;
    struct shard *shard;
    struct pipeline *pipeline;
    struct mover *mover;         /* NULL: there is one shard */
    struct address_words *words; /* likewise */
    struct reading *reading;
    struct sweeper *sweeper;
    struct teller *teller;
    struct delivery *delivery;
    struct backpressure *backpressure;
    bool working, draining;
    struct event *soon; /* leaves without a word, where Redis is away */
    void (*left)(void *context);
    void *left_context;
};

/* ---- Callbacks ---- */

static void on_connection(void *context, bool ready, const char *reason)
{
    const struct worker *worker = context;
    worker->options.on_connection(worker->options.context, ready, reason);
}

static void start(struct worker *worker)
{
    worker->working = true;
    intake_resume(worker->shard->intake);
    if (worker->mover) {
        mover_start(worker->mover);
        address_words_start(worker->words);
    }
    pipeline_start_timers(worker->pipeline);
    sweeper_start(worker->sweeper);
    teller_start(worker->teller);
    delivery_start(worker->delivery);
    backpressure_start(worker->backpressure);
}

static void on_instance(void *context, enum instance_state state, const struct diag *fault)
{
    struct worker *worker = context;
    const struct worker_options *options = &worker->options;
    if (state == INSTANCE_REFUSED)
        options->on_refused(options->context, fault, EX_CONFIG);
    else if (state == INSTANCE_REPLACED)
        options->on_refused(options->context, fault, EX_UNAVAILABLE);
    else if (state == INSTANCE_READY && !worker->working && !worker->draining) {
        start(worker);
        options->on_ready(options->context, worker);
    }
}

static void on_batch(void *context, const struct intake_batch *batch)
{
    struct worker *worker = context;
    reading_take(worker->reading, batch);
}

static struct generation *current_generation(void *context)
{
    const struct worker *worker = context;
    return worker->options.generation(worker->options.context);
}

static const struct room *rooms_now(void *context)
{
    struct worker *worker = context;
    return backpressure_rooms(worker->backpressure);
}

static void on_decided(void *context, uint32_t messages)
{
    struct worker *worker = context;
    backpressure_decided(worker->backpressure, messages);
}

static void on_sent(void *context, uint32_t messages)
{
    struct worker *worker = context;
    backpressure_sent(worker->backpressure, messages);
}

static void on_events_done(void *context)
{
    struct worker *worker = context;
    reading_look(worker->reading);
}

static void on_messages(void *context)
{
    struct worker *worker = context;
    delivery_wake(worker->delivery);
}

/* What is of another shard stands where the mover finds it. */
static void on_strays(void *context)
{
    const struct worker *worker = context;
    if (worker->mover)
        mover_wake(worker->mover);
}

static void on_room(void *context)
{
    const struct worker *worker = context;
    pipeline_look(worker->pipeline);
}

static void on_erased(void *context)
{
    const struct worker *worker = context;
    worker->options.on_erased(worker->options.context);
}

/* So it is in all shards, each of which counts its part of the brake. */
static void on_braked(void *context, const char *rule, int64_t now_ms)
{
    const struct worker *worker = context;
    const struct routes *routes = &worker->options.routes;
    for (size_t i = 0; routes->scripts_of && i < placement_count(&routes->placement); i++) {
        struct scripts *scripts = routes_scripts(routes, i);
        if (scripts && i != worker->options.number)
            halted_brake(scripts, rule, now_ms);
    }
}

/* ---- Building ---- */

/* Joined by commas: all daemons on one P must agree. */
static const char *joined_keys(const struct worker *worker)
{
    const struct config *config = worker->options.config;
    const char *joined = "";
    for (const char *const *key = config->customer_keys; *key; key++)
        joined = arena_printf(worker->arena, "%s%s%s", joined, *joined ? "," : "", *key);
    return joined;
}

static const char *const *channel_names(const struct worker *worker)
{
    const struct config *config = worker->options.config;
    const char **channels =
        arena_alloc(worker->arena, sizeof *channels * (config->channel_count + 1));
    for (size_t i = 0; i < config->channel_count; i++)
        channels[i] = config->channels[i].name;
    return channels;
}

static const char *const *gateway_names(const struct worker *worker)
{
    const struct config *config = worker->options.config;
    const char **gateways =
        arena_alloc(worker->arena, sizeof *gateways * (config->gateway_count + 1));
    for (size_t i = 0; i < config->gateway_count; i++)
        gateways[i] = config->gateways[i].name;
    return gateways;
}

static struct shard *open_shard(struct worker *worker)
{
    const struct worker_options *options = &worker->options;
    const struct config *config = options->config;
    const struct config_keys *keys = &config->keys;
    const struct placement placement = config_placement(config);
    const struct generation *generation = current_generation(worker);
    unsigned char digest[DIGEST_SIZE];
    char fingerprint[17];
    digest_hmac(config->secret, config->secret_length, "fingerprint", 11, digest);
    digest_hex(digest, 8, fingerprint);
    const struct instance_agreement agreements[] = {
        {"secret", fingerprint, "the fingerprint of `secret_file`"},
        {"customer_keys", joined_keys(worker), "`customer.keys`"},
        {"shards", arena_printf(worker->arena, "%zu", placement.shards), "`redis.shards`"},
    };
    const size_t agreed = sizeof agreements / sizeof *agreements;
    struct shard *shard = shard_new(&(struct shard_options){
        .base = options->base,
        .endpoint = *options->endpoint,
        .cluster = options->cluster,
        .turns = options->turns,
        .number = options->number,
        .prefix = placement_prefix(&placement, worker->arena, options->number),
        .secret = config->secret,
        .secret_length = config->secret_length,
        .instance = keys->instance,
        .accept_loss = keys->redis.accept_loss,
        .agreements = agreements,
        .agreement_count = placement.shards ? agreed : agreed - 1,
        .channels = channel_names(worker),
        .channel_count = config->channel_count,
        .gateways = gateway_names(worker),
        .gateway_count = config->gateway_count,
        .batch = (size_t)keys->events.batch,
        .inbox = keys->events.list,
        .inbox_left = keys->events.list_push == 1,
        .settle_ms = keys->settle_ms,
        .clocks_rate = (double)keys->clocks_rate / (double)placement_count(&placement),
        .dead_keep_ms = keys->dead_keep_ms,
        .trace_keep_ms = keys->customer.keep_ms,
        .log_group = options->log_group,
        .on_connection = on_connection,
        .on_instance = on_instance,
        .on_batch = on_batch,
        .context = worker,
    });
    rule_sets_use(shard->rule_sets, generation->digest, generation->entries);
    return shard;
}

static struct mover *open_mover(const struct worker *worker)
{
    const struct worker_options *options = &worker->options;
    const struct shard *shard = worker->shard;
    if (!options->routes.scripts_of)
        return NULL;
    return mover_new(&(struct mover_options){
        .base = options->base,
        .source = shard->connection,
        .stream = keys_spell(worker->arena, scripts_prefix(shard->scripts), KEY_STRAYS, NULL),
        .routes = options->routes,
        .form = config_event_form(options->config)});
}

static void build_pipeline(struct worker *worker)
{
    const struct worker_options *options = &worker->options;
    const struct pipeline_options pipeline = {
        .base = options->base,
        .shard = worker->shard,
        .customer_keep_ms = options->config->keys.customer.keep_ms,
        .log_group = options->log_group,
        .archive = options->archive,
        .workspaces = options->workspaces,
        .generation = current_generation,
        .rooms = rooms_now,
        .on_decided = on_decided,
        .on_sent = on_sent,
        .on_events_done = on_events_done,
        .on_messages = on_messages,
        .on_strays = on_strays,
        .home = {&worker->options.routes.placement, options->number},
        .on_erased = on_erased,
        .on_braked = on_braked,
        .context = worker,
    };
    worker->pipeline = pipeline_new(&pipeline);
    worker->mover = open_mover(worker);
    if (worker->mover)
        worker->words = address_words_new(options->base, worker->shard->scripts, &options->routes);
    worker->reading =
        reading_new(&(struct reading_options){.shard = worker->shard,
                                              .archive = options->archive,
                                              .pipeline = worker->pipeline,
                                              .workspaces = options->workspaces,
                                              .customer_keep_ms = pipeline.customer_keep_ms,
                                              .placement = &worker->options.routes.placement,
                                              .place = options->number,
                                              .mover = worker->mover,
                                              .generation = current_generation,
                                              .context = worker});
    worker->sweeper = sweeper_new(&(struct sweeper_options){.base = options->base,
                                                            .shard = worker->shard,
                                                            .pipeline = worker->pipeline,
                                                            .generation = current_generation,
                                                            .context = worker});
    worker->teller = teller_new(options->base, worker->shard->scripts, worker->shard->instance,
                                worker->shard->beat);
}

static void build_delivery(struct worker *worker)
{
    const struct worker_options *options = &worker->options;
    const struct placement placement = config_placement(options->config);
    worker->delivery = delivery_new(&(struct delivery_options){
        .base = options->base,
        .config = options->config,
        .shard = worker->shard,
        .routes = options->routes,
        .gateways = options->gateways,
        .log_group = options->log_group,
        .generation = current_generation,
        .on_room = on_room,
        .context = worker,
    });
    const struct outbox_at_once at_once = delivery_at_once(worker->delivery);
    pipeline_begin_by(worker->pipeline, &at_once);
    worker->backpressure = backpressure_new(&(struct backpressure_options){
        .base = options->base,
        .shard = worker->shard,
        .most = placement_part(&placement, options->config->keys.outbox_most)});
}

static void on_soon(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    const struct worker *worker = context;
    worker->left(worker->left_context);
}

struct worker *worker_new(const struct worker_options *options)
{
    struct worker *worker = mem_zero(1, sizeof *worker);
    worker->options = *options;
    worker->arena = arena_new(512);
    worker->soon = evtimer_new(options->base, on_soon, worker);
    if (!worker->soon)
        mem_exhausted();
    worker->shard = open_shard(worker);
    build_pipeline(worker);
    build_delivery(worker);
    return worker;
}

void worker_destroy(struct worker **worker)
{
    struct worker *w = *worker;
    if (!w)
        return;
    *worker = NULL;
    backpressure_destroy(&w->backpressure);
    delivery_destroy(&w->delivery);
    teller_destroy(&w->teller);
    sweeper_destroy(&w->sweeper);
    reading_destroy(&w->reading);
    address_words_destroy(&w->words);
    mover_destroy(&w->mover);
    pipeline_destroy(&w->pipeline);
    shard_destroy(&w->shard);
    event_free(w->soon);
    arena_destroy(&w->arena);
    free(w);
}

/* ---- Its life ---- */

struct shard *worker_shard(const struct worker *worker)
{
    return worker->shard;
}

bool worker_works(const struct worker *worker)
{
    return worker->working && connection_ready(worker->shard->connection) &&
           instance_lease_valid(worker->shard->instance);
}

void worker_drain(struct worker *worker)
{
    if (worker->draining)
        return;
    worker->draining = true;
    backpressure_stop(worker->backpressure);
    intake_stop(worker->shard->intake);
    if (worker->mover) {
        mover_stop(worker->mover);
        address_words_stop(worker->words);
    }
    pipeline_stop_timers(worker->pipeline);
    sweeper_stop(worker->sweeper);
    teller_stop(worker->teller);
    delivery_drain(worker->delivery);
}

bool worker_busy(const struct worker *worker)
{
    bool reading = !intake_stop(worker->shard->intake);
    return reading || reading_busy(worker->reading) || delivery_busy(worker->delivery) ||
           pipeline_busy(worker->pipeline) ||
           (worker->mover && (mover_busy(worker->mover) || address_words_busy(worker->words)));
}

void worker_leave(struct worker *worker, void (*done)(void *context), void *context)
{
    const struct shard *shard = worker->shard;
    if (instance_state(shard->instance) == INSTANCE_READY && connection_ready(shard->connection)) {
        instance_leave(shard->instance, done, context);
        return;
    }
    worker->left = done;
    worker->left_context = context;
    event_active(worker->soon, EV_TIMEOUT, 0);
}

void worker_reload(struct worker *worker)
{
    const struct generation *generation = current_generation(worker);
    rule_sets_use(worker->shard->rule_sets, generation->digest, generation->entries);
    instance_renew(worker->shard->instance);
    delivery_reload(worker->delivery);
}

void worker_beat(struct worker *worker)
{
    if (!connection_ready(worker->shard->connection) || !worker->working || worker->draining)
        return;
    levels_ask(worker->shard->levels);
    halted_ask(worker->shard->halted);
}

struct worker_view worker_view(const struct worker *worker)
{
    const struct waiting *waiting = &worker->shard->waiting;
    return (struct worker_view){
        .outbox = backpressure_outbox(worker->backpressure),
        .later = waiting->later,
        .uncertain = waiting->uncertain,
        .paused = waiting->paused,
        .full = waiting->full_transactional + waiting->full_marketing,
        .behind = delivery_behind(worker->delivery),
        .clocks = sweeper_view(worker->sweeper),
    };
}
