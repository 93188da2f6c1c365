/*
 * The objects, in the order in which they are built; app_destroy is its mirror:
 *
 *   log_group             what failed alike is told as one line, at the latest after a minute
 *   generation            what decides and what is rendered
 *   embedded              the private redis-server, where no Redis is configured
 *   shard                 all that is kept in Redis; its instance being READY starts the rest
 *   archive               every event as a line of a file, where the configuration wants it
 *   keeper                a thread that looks after that, and after what erasures leave
 *   pipeline, delivery    an event's life, a message's life
 *   reading               what comes to the pipeline: events that nothing reads do not
 *   sweeper               asks customers at the ticks of clocks
 *   teller                tells who watches a product of what happens to it
 *   host                  what is open to the web: nudged-web, where the configuration wants it
 *   backpressure          says how much room the outbox has, and wakes who waits for some
 *   lifecycle             the daemon's own states, and its orderly end
 *   reloading             reads what decides and what is rendered again
 *   pages                 the admin socket, for nudgectl
 *   signals, watchdog     what the system says, and wants to hear
 *
 * Callbacks come from the loop only, when all objects stand. Those here pass on what one object
 * says to another that it does not know.
 */
#include "app/app.h"

#include <event2/event.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <sysexits.h>

#include "app/admin_pages.h"
#include "app/backpressure.h"
#include "app/figures.h"
#include "app/lifecycle.h"
#include "app/pulse.h"
#include "app/reloading.h"
#include "app/rule_counts.h"
#include "archive/archive.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/log_group.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "config/config_redis.h"
#include "config/config_token_keys.h"
#include "config/generation.h"
#include "delivery/delivery.h"
#include "events/keeper.h"
#include "events/pipeline.h"
#include "events/reading.h"
#include "events/sweeper.h"
#include "host/host.h"
#include "redis/embedded.h"
#include "serve/notify.h"
#include "store/bulletins.h"
#include "store/shard.h"

enum { BULLETIN_MOST = 1 << 20 /* bytes */ };

struct app {
    struct config *config;         /* as it started */
    struct generation *generation; /* in force */
    struct event_base *base;
    struct log_group *log_group;
    struct embedded *embedded;
    struct shard *shard;
    struct archive *archive; /* NULL: none is kept */
    struct keeper *keeper;
    struct pipeline *pipeline;
    struct reading *reading;
    struct sweeper *sweeper;
    struct teller *teller;
    struct delivery *delivery;
    struct host *host; /* NULL: nothing is open to the web */
    struct backpressure *backpressure;
    struct lifecycle *lifecycle;
    struct reloading *reloading;
    struct admin_pages *pages;
    struct pulse pulse;
    struct event *signals[3], *watchdog, *tell;
    bool without_redis; /* and the log has said so */
};

/* ---- Reload ---- */

static void put_in_force(struct app *app, struct generation *generation)
{
    const struct config_log *log = &generation->config->keys.log;
    app->generation = generation;
    log_set_level((enum log_level)log->level);
    log_set_format((enum log_format)log->format);
    log_show_addresses(log->addresses);
    figures_reload(generation);
}

static void use(struct app *app, struct generation *next)
{
    generation_release(&app->generation);
    put_in_force(app, generation_hold(next));
    if (app->archive)
        archive_set_size(app->archive, next->config->keys.archive.size);
    keeper_set_keep(app->keeper, next->config->keys.archive.keep_ms);
    rule_sets_use(app->shard->rule_sets, next->digest, next->entries);
    instance_renew(app->shard->instance);
    delivery_reload(app->delivery);
    host_reload(app->host);
    log_with(LOG_LEVEL_INFO, LOG_FIELDS(LOG_NUMBER("rules", ruleset_count(next->rules))),
             "reloaded");
}

/* The new generation, or the old one with all faults in `told`. */
static bool on_loaded(void *context, struct reloading_loaded *loaded, struct buf *told)
{
    struct app *app = context;
    bool good = loaded->generation != NULL;
    reloading_tell(loaded, told);
    pulse_reloaded(&app->pulse, good, clock_wall_ms());
    if (good) {
        use(app, loaded->generation);
    } else {
        figures_reload(NULL);
        log_with(LOG_LEVEL_ERROR, LOG_FIELDS(LOG_ID(LOG_ID_RELOAD_REFUSED)),
                 "the reload was refused; all stays in force as it was before it");
    }
    if (lifecycle_state(app->lifecycle) == LIFECYCLE_RUNNING)
        notify_ready();
    return good;
}

static void reload(void *context, reloading_on_done *done, void *asker)
{
    struct app *app = context;
    notify_reloading();
    reloading_begin(app->reloading, done, asker);
}

/* ---- Callbacks ---- */

static void on_connection(void *context, bool ready, const char *reason)
{
    struct app *app = context;
    bool starting = lifecycle_state(app->lifecycle) == LIFECYCLE_STARTING;
    if (ready)
        log_info("connected to Redis");
    else if (app->without_redis || (app->embedded && starting))
        log_debug("still no Redis: %s", reason);
    else
        log_warning("no Redis, trying again: %s", reason);
    app->without_redis = !ready;
    if (!ready && starting)
        notify_status("waiting for Redis: %s", reason);
}

static void on_instance(void *context, enum instance_state state, const struct diag *fault)
{
    struct app *app = context;
    if (state == INSTANCE_REFUSED)
        lifecycle_fail(app->lifecycle, fault, EX_CONFIG);
    else if (state == INSTANCE_REPLACED)
        lifecycle_fail(app->lifecycle, fault, EX_UNAVAILABLE);
    else if (state == INSTANCE_READY && lifecycle_run(app->lifecycle)) {
        log_with(LOG_LEVEL_INFO,
                 LOG_FIELDS(LOG_ID(LOG_ID_RUNNING),
                            LOG_TEXT("instance", instance_consumer(app->shard->instance)),
                            LOG_NUMBER("rules", ruleset_count(app->generation->rules))),
                 "running");
        keeper_wake(app->keeper);
    }
}

static void on_embedded(void *context, enum embedded_state state, const struct diag *fault)
{
    struct app *app = context;
    if (state == EMBEDDED_FAILED)
        lifecycle_fail(app->lifecycle, fault, EX_UNAVAILABLE);
    else if (state == EMBEDDED_LOCKING)
        log_info("waiting for the redis-server before this one to end");
}

static void on_batch(void *context, const struct intake_batch *batch)
{
    struct app *app = context;
    reading_take(app->reading, batch);
}

static struct generation *current_generation(void *context)
{
    struct app *app = context;
    return app->generation;
}

static const struct room *rooms_now(void *context)
{
    struct app *app = context;
    return backpressure_rooms(app->backpressure);
}

static void on_decided(void *context, uint32_t messages)
{
    struct app *app = context;
    backpressure_decided(app->backpressure, messages);
}

static void on_sent(void *context, uint32_t messages)
{
    struct app *app = context;
    backpressure_sent(app->backpressure, messages);
}

static void on_messages(void *context)
{
    struct app *app = context;
    delivery_wake(app->delivery);
}

static void on_room(void *context)
{
    const struct app *app = context;
    pipeline_look(app->pipeline);
}

static void on_erased(void *context)
{
    struct app *app = context;
    keeper_wake(app->keeper);
}

static void on_watchdog(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what, (void)context;
    notify_alive();
}

static struct archive_lost lost_of(const struct app *app)
{
    return app->archive ? archive_lost(app->archive, clock_wall_ms()) : (struct archive_lost){0};
}

/* What it does and what its gateways are like, for nudgectl, which asks all daemons at once. */
static void tell_bulletin(const struct app *app)
{
    const struct archive_lost lost = lost_of(app);
    struct buf bulletin;
    buf_init(&bulletin, BULLETIN_MOST);
    buf_printf(&bulletin,
               "{\"at\":%" PRId64 ",\"state\":\"%s\",\"rules\":%zu,\"decided\":%" PRId64
               ",\"sent\":%" PRId64 ",",
               clock_wall_ms(), lifecycle_word(app->lifecycle),
               ruleset_count(app->generation->rules), metrics_read(METRIC_EVENTS_DECIDED),
               metrics_read(METRIC_MESSAGES_SENT));
    pulse_write(&app->pulse, &bulletin);
    buf_text(&bulletin, ",");
    archive_lost_write(&lost, &bulletin);
    buf_text(&bulletin, ",");
    rule_counts_write(&bulletin);
    buf_text(&bulletin, ",\"gateways\":[");
    delivery_status(app->delivery, &bulletin);
    buf_text(&bulletin, "]}");
    if (!bulletin.full)
        bulletins_put(app->shard->scripts, instance_consumer(app->shard->instance),
                      (struct slice){.text = buf_string(&bulletin), .length = bulletin.length});
    buf_free(&bulletin);
}

static void on_tell(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct app *app = context;
    const struct timeval next = clock_timeval(clock_beat_ms());
    const struct pulse_sample sample = {.at_ms = clock_monotonic_ms(),
                                        .events = metrics_read(METRIC_EVENTS_DECIDED),
                                        .messages = metrics_read(METRIC_MESSAGES_SENT)};
    event_add(app->tell, &next);
    pulse_note(&app->pulse, &sample);
    log_group_tell(app->log_group, sample.at_ms);
    if (app->archive)
        archive_rotate(app->archive, clock_wall_ms());
    if (connection_ready(app->shard->connection) &&
        lifecycle_state(app->lifecycle) == LIFECYCLE_RUNNING) {
        tell_bulletin(app);
        levels_ask(app->shard->levels);
        halted_ask(app->shard->halted);
    }
}

static void on_signal(evutil_socket_t number, short what, void *context)
{
    (void)what;
    struct app *app = context;
    if (number == SIGHUP)
        reload(app, NULL, NULL);
    else
        lifecycle_drain(app->lifecycle);
}

/* ---- What the admin pages ask ---- */

static struct admin_pages_view view_of(const void *context)
{
    const struct app *app = context;
    const struct shard *shard = app->shard;
    bool redis = connection_ready(shard->connection);
    bool running = lifecycle_state(app->lifecycle) == LIFECYCLE_RUNNING;
    return (struct admin_pages_view){
        .state = lifecycle_word(app->lifecycle),
        .instance = instance_consumer(shard->instance),
        .working = running && redis && instance_lease_valid(shard->instance),
        .redis = redis,
        .denied = instance_denial(shard->instance),
        .rules = ruleset_count(app->generation->rules),
        .rules_number = rule_sets_number(shard->rule_sets, app->generation->digest),
        .generation = app->generation,
        .outbox = backpressure_outbox(app->backpressure),
        .later = shard->waiting.later,
        .full = shard->waiting.full_transactional + shard->waiting.full_marketing,
        .uncertain = shard->waiting.uncertain,
        .paused = shard->waiting.paused,
        .delivery = app->delivery,
        .wrong_keys = shard->wrong_keys,
        .halted = shard->halted,
        .clocks = sweeper_view(app->sweeper),
        .archive_lost = lost_of(app),
        .pulse = &app->pulse,
    };
}

static void stop(void *context)
{
    struct app *app = context;
    lifecycle_drain(app->lifecycle);
}

/* ---- Building ---- */

static bool load_generation(struct app *app)
{
    struct diags diags = {0};
    struct generation *generation = generation_load(app->config, &diags);
    for (size_t i = 0; i < diags.count; i++)
        diag_print(&diags.items[i], stderr);
    diags_free(&diags);
    if (generation)
        put_in_force(app, generation);
    return generation != NULL;
}

static bool build_generation(struct app *app, struct diag *diag)
{
    if (!config_make_state(app->config, diag) || !config_secret(app->config, true, diag) ||
        !config_token_keys(app->config, true, diag))
        return false;
    log_set_secret(app->config->secret, app->config->secret_length);
    if (!load_generation(app))
        return diag_error(diag, "rules or templates are broken: nothing was started");
    return true;
}

/* The private redis-server, where none is configured. */
static bool build_embedded(struct app *app, struct diag *diag)
{
    const struct config_redis *redis = &app->config->keys.redis;
    if (redis->url)
        return true;
    const struct embedded_options options = {.base = app->base,
                                             .folder = app->config->keys.state,
                                             .program = redis->server,
                                             .fsync = redis->fsync ? "always" : "everysec",
                                             .on_state = on_embedded,
                                             .context = app};
    app->embedded = embedded_start(&options, diag);
    return app->embedded != NULL;
}

/* Joined by commas: all daemons on one P must agree. */
static const char *joined_keys(const struct config *config)
{
    const char *joined = "";
    for (const char *const *key = config->customer_keys; *key; key++)
        joined = arena_printf(config->arena, "%s%s%s", joined, *joined ? "," : "", *key);
    return joined;
}

static const char *const *channel_names(const struct config *config)
{
    const char **channels =
        arena_alloc(config->arena, sizeof *channels * (config->channel_count + 1));
    for (size_t i = 0; i < config->channel_count; i++)
        channels[i] = config->channels[i].name;
    return channels;
}

static const char *const *gateway_names(const struct config *config)
{
    const char **gateways =
        arena_alloc(config->arena, sizeof *gateways * (config->gateway_count + 1));
    for (size_t i = 0; i < config->gateway_count; i++)
        gateways[i] = config->gateways[i].name;
    return gateways;
}

static bool build_shard(struct app *app, struct diag *diag)
{
    const struct config_keys *keys = &app->config->keys;
    unsigned char digest[DIGEST_SIZE];
    char fingerprint[17];
    digest_hmac(app->config->secret, app->config->secret_length, "fingerprint", 11, digest);
    digest_hex(digest, 8, fingerprint);
    const struct instance_agreement agreements[] = {
        {"secret", fingerprint, "the fingerprint of `secret_file`"},
        {"customer_keys", joined_keys(app->config), "`customer.keys`"},
    };
    struct shard_options options = {.base = app->base,
                                    .prefix = keys->redis.prefix,
                                    .secret = app->config->secret,
                                    .secret_length = app->config->secret_length,
                                    .instance = keys->instance,
                                    .accept_loss = keys->redis.accept_loss,
                                    .agreements = agreements,
                                    .agreement_count = sizeof agreements / sizeof *agreements,
                                    .channels = channel_names(app->config),
                                    .channel_count = app->config->channel_count,
                                    .gateways = gateway_names(app->config),
                                    .gateway_count = app->config->gateway_count,
                                    .batch = (size_t)keys->events.batch,
                                    .inbox = keys->events.list,
                                    .inbox_left = keys->events.list_push == 1,
                                    .settle_ms = keys->settle_ms,
                                    .clocks_rate = keys->clocks_rate,
                                    .dead_keep_ms = keys->dead_keep_ms,
                                    .trace_keep_ms = keys->customer.keep_ms,
                                    .log_group = app->log_group,
                                    .on_connection = on_connection,
                                    .on_instance = on_instance,
                                    .on_batch = on_batch,
                                    .context = app};
    const char *private = app->embedded ? embedded_url(app->embedded) : NULL;
    if (!config_redis_endpoint(app->config, private, &options.endpoint, diag))
        return false;
    app->shard = shard_new(&options);
    rule_sets_use(app->shard->rule_sets, app->generation->digest, app->generation->entries);
    return true;
}

static bool build_archive(struct app *app, struct diag *diag)
{
    const struct config_archive *keys = &app->config->keys.archive;
    if (!keys->folder)
        return true;
    const struct archive_options options = {.folder = keys->folder,
                                            .name = app->config->archive_name,
                                            .size_most = keys->size,
                                            .now_ms = clock_wall_ms(),
                                            .log_group = app->log_group};
    app->archive = archive_new(&options, diag);
    return app->archive != NULL;
}

static bool build_keeper(struct app *app, struct diag *diag)
{
    struct keeper_options options = {.config = app->config, .archive = app->archive};
    const char *private = app->embedded ? embedded_url(app->embedded) : NULL;
    if (!config_redis_endpoint(app->config, private, &options.endpoint, diag))
        return false;
    app->keeper = keeper_new(&options);
    return true;
}

static bool build_lives(struct app *app, struct diag *diag)
{
    const struct pipeline_options pipeline = {
        .base = app->base,
        .shard = app->shard,
        .customer_keep_ms = app->config->keys.customer.keep_ms,
        .log_group = app->log_group,
        .archive = app->archive,
        .generation = current_generation,
        .rooms = rooms_now,
        .on_decided = on_decided,
        .on_sent = on_sent,
        .on_messages = on_messages,
        .on_erased = on_erased,
        .context = app,
    };
    const struct delivery_options delivery = {
        .base = app->base,
        .config = app->config,
        .shard = app->shard,
        .log_group = app->log_group,
        .generation = current_generation,
        .on_room = on_room,
        .context = app,
    };
    app->pipeline = pipeline_new(&pipeline);
    app->reading =
        reading_new(&(struct reading_options){.shard = app->shard,
                                              .archive = app->archive,
                                              .pipeline = app->pipeline,
                                              .customer_keep_ms = pipeline.customer_keep_ms,
                                              .generation = current_generation,
                                              .context = app});
    app->sweeper = sweeper_new(&(struct sweeper_options){.base = app->base,
                                                         .shard = app->shard,
                                                         .pipeline = app->pipeline,
                                                         .generation = current_generation,
                                                         .context = app});
    app->teller = teller_new(app->base, app->shard->scripts, app->shard->instance);
    app->delivery = delivery_new(&delivery, diag);
    if (!app->delivery)
        return false;
    const struct outbox_at_once at_once = delivery_at_once(app->delivery);
    pipeline_begin_by(app->pipeline, &at_once);
    return true;
}

static bool build_host(struct app *app, struct diag *diag)
{
    struct diags diags = {0};
    bool failed, right = host_check(app->config, &diags);
    for (size_t i = 0; i < diags.count; i++)
        diag_print(&diags.items[i], stderr);
    diags_free(&diags);
    if (!right)
        return diag_error(diag, "what `web` names is broken: nothing was started");
    app->host = host_new(&(struct host_options){.base = app->base,
                                                .scripts = app->shard->scripts,
                                                .log_group = app->log_group,
                                                .generation = current_generation,
                                                .context = app},
                         &failed, diag);
    return !failed;
}

static void build_lifecycle(struct app *app)
{
    const struct backpressure_options backpressure = {
        .base = app->base, .shard = app->shard, .most = app->config->keys.outbox_most};
    app->backpressure = backpressure_new(&backpressure);
    const struct lifecycle_options lifecycle = {.base = app->base,
                                                .shard = app->shard,
                                                .pipeline = app->pipeline,
                                                .reading = app->reading,
                                                .sweeper = app->sweeper,
                                                .teller = app->teller,
                                                .delivery = app->delivery,
                                                .host = app->host,
                                                .backpressure = app->backpressure,
                                                .log_group = app->log_group,
                                                .drain_ms = app->config->keys.drain_ms};
    app->lifecycle = lifecycle_new(&lifecycle);
}

static bool build_pages(struct app *app, struct diag *diag)
{
    const struct admin_pages_options options = {
        .base = app->base,
        .socket = app->config->keys.admin_socket,
        .listen = app->config->keys.metrics_listen,
        .look = view_of,
        .reload = reload,
        .stop = stop,
        .context = app,
    };
    app->pages = admin_pages_open(&options, diag);
    return app->pages != NULL;
}

static struct event *watch(struct app *app, evutil_socket_t fd, short what,
                           event_callback_fn callback)
{
    struct event *event = event_new(app->base, fd, what, callback, app);
    if (!event)
        mem_exhausted();
    return event;
}

static void build_events(struct app *app)
{
    const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
    const struct timeval first = clock_timeval(clock_beat_ms());
    int64_t alive_ms = notify_watchdog_ms();
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        app->signals[i] = watch(app, numbers[i], EV_SIGNAL | EV_PERSIST, on_signal);
        event_add(app->signals[i], NULL);
    }
    app->tell = watch(app, -1, 0, on_tell);
    event_add(app->tell, &first);
    if (!alive_ms)
        return;
    const struct timeval alive = clock_timeval(alive_ms);
    app->watchdog = watch(app, -1, EV_PERSIST, on_watchdog);
    event_add(app->watchdog, &alive);
}

static bool build(struct app *app, struct diag *diag)
{
    if (!build_generation(app, diag) || !build_embedded(app, diag) || !build_shard(app, diag) ||
        !build_archive(app, diag) || !build_keeper(app, diag) || !build_lives(app, diag) ||
        !build_host(app, diag))
        return false;
    build_lifecycle(app);
    app->reloading = reloading_new(&(struct reloading_options){
        .base = app->base, .config = app->config, .loaded = on_loaded, .context = app});
    if (!build_pages(app, diag))
        return false;
    build_events(app);
    return true;
}

struct app *app_new(struct config *config, struct diag *diag)
{
    struct app *app = mem_zero(1, sizeof *app);
    app->config = config;
    app->log_group = log_group_new();
    pulse_begin(&app->pulse, clock_wall_ms());
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is told by write(2) */
    figures_begin(config);
    app->base = event_base_new();
    if (!app->base)
        mem_exhausted();
    if (!build(app, diag))
        app_destroy(&app);
    return app;
}

static void free_event(struct event **event)
{
    if (*event)
        event_free(*event);
    *event = NULL;
}

void app_destroy(struct app **app)
{
    struct app *a = *app;
    if (!a)
        return;
    free_event(&a->watchdog);
    free_event(&a->tell);
    for (size_t i = 0; i < sizeof a->signals / sizeof *a->signals; i++)
        free_event(&a->signals[i]);
    reloading_destroy(&a->reloading);
    admin_pages_close(&a->pages);
    lifecycle_destroy(&a->lifecycle);
    backpressure_destroy(&a->backpressure);
    host_destroy(&a->host);
    delivery_destroy(&a->delivery);
    teller_destroy(&a->teller);
    sweeper_destroy(&a->sweeper);
    reading_destroy(&a->reading);
    pipeline_destroy(&a->pipeline);
    keeper_destroy(&a->keeper);
    archive_destroy(&a->archive);
    shard_destroy(&a->shard);
    embedded_destroy(&a->embedded);
    generation_release(&a->generation);
    event_base_free(a->base);
    log_group_destroy(&a->log_group);
    log_set_secret(NULL, 0); /* it is the configuration's */
    config_destroy(&a->config);
    free(a);
    *app = NULL;
}

int app_run(struct app *app)
{
    log_with(LOG_LEVEL_INFO,
             LOG_FIELDS(LOG_TEXT("config", app->config->file[0] ? app->config->file : "(none)"),
                        LOG_TEXT("redis", app->embedded ? "private" : "configured")),
             "starting");
    event_base_dispatch(app->base);
    return lifecycle_status(app->lifecycle);
}
