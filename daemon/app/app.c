/*
 * The objects, in the order in which they are built; app_destroy is its mirror:
 *
 *   policy, generation    what decides and what is rendered
 *   embedded              the private redis-server, where no Redis is configured
 *   shard                 all that is kept in Redis; its instance being READY starts the rest
 *   pipeline, delivery    an event's life, a message's life
 *   pages                 the admin socket, for nudgectl
 *   signals, pulse        what moves its own state
 */
#include "app/app.h"

#include <event2/event.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "app/admin_pages.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "config/generation.h"
#include "delivery/delivery.h"
#include "events/pipeline.h"
#include "redis/embedded.h"
#include "serve/notify.h"
#include "store/shard.h"

enum {
    PULSE_MS = 500, /* back-pressure, the drain, the watchdog */
    DRAIN_PULSE_MS = 50,
    SETTLE_WAIT_MS = 5000, /* for the last results, after begun transfers were cut */
};

enum app_state {
    APP_STARTING, /* waiting for Redis and the lease */
    APP_RUNNING,
    APP_DRAINING, /* nothing new is taken; what was begun goes on */
    APP_CUTTING,  /* the drain's time is over: what was begun was cut, results are settled */
    APP_LEAVING,  /* the lease is given up */
    APP_STOPPED,
};

static const char *const state_names[] = {"starting", "running", "draining",
                                          "cutting",  "leaving", "stopped"};

struct app {
    struct config *config;
    struct policy policy;
    struct generation *generation;
    struct event_base *base;
    struct embedded *embedded;
    struct shard *shard;
    struct pipeline *pipeline;
    struct delivery *delivery;
    struct admin_pages *pages;
    struct event *signals[3], *pulse, *watchdog;
    enum app_state state;
    int64_t drain_until_ms;
    int64_t outbox_length;
    bool without_redis;      /* and the log has said so */
    bool crowded, measuring; /* the outbox is over its bound; its length is being asked */
    int status;
};

/* ---- State ---- */

static void enter(struct app *app, enum app_state state)
{
    app->state = state;
    notify_status("%s", state_names[state]);
    if (state == APP_STOPPED) {
        log_info("stopped");
        event_base_loopbreak(app->base);
    }
}

static void stop_with(struct app *app, const struct diag *fault, int status)
{
    log_diag(fault);
    app->status = status;
    enter(app, APP_STOPPED);
}

static void on_left(void *context)
{
    enter(context, APP_STOPPED);
}

static void leave(struct app *app)
{
    enter(app, APP_LEAVING);
    if (instance_state(app->shard->instance) == INSTANCE_READY &&
        connection_ready(app->shard->connection))
        instance_leave(app->shard->instance, on_left, app);
    else
        enter(app, APP_STOPPED);
}

/* Moves a stopping daemon on, as far as what is under way allows. */
static void wind_down(struct app *app)
{
    int64_t now_ms = clock_monotonic_ms();
    if (app->state != APP_DRAINING && app->state != APP_CUTTING)
        return;
    bool reading = !intake_stop(app->shard->intake);
    bool busy = reading || delivery_busy(app->delivery) || pipeline_busy(app->pipeline);
    if (!busy || (app->state == APP_CUTTING && now_ms >= app->drain_until_ms)) {
        leave(app);
    } else if (app->state == APP_DRAINING && now_ms >= app->drain_until_ms) {
        log_warning("the drain's time is over, what has not ended is cut drain_ms=%" PRId64,
                    app->config->keys.drain_ms);
        enter(app, APP_CUTTING);
        app->drain_until_ms = now_ms + SETTLE_WAIT_MS;
        delivery_cut(app->delivery);
    }
}

static void begin_stop(void *context)
{
    struct app *app = context;
    if (app->state > APP_RUNNING)
        return;
    notify_stopping();
    intake_stop(app->shard->intake);
    pipeline_stop_timers(app->pipeline);
    delivery_drain(app->delivery);
    app->drain_until_ms = clock_monotonic_ms() + app->config->keys.drain_ms;
    log_info("draining, nothing more is begun drain_ms=%" PRId64, app->config->keys.drain_ms);
    enter(app, APP_DRAINING);
    event_active(app->pulse, EV_TIMEOUT, 0);
}

/* ---- Reload ---- */

/* The new generation, or the old one with all faults in `out`. */
static bool reload(void *context, struct buf *out)
{
    struct app *app = context;
    struct diags diags = {0};
    notify_reloading();
    struct generation *next = generation_load(app->config, &diags);
    for (size_t i = 0; i < diags.count; i++) {
        log_diag(&diags.items[i]);
        if (out)
            diag_format(&diags.items[i], out);
    }
    diags_free(&diags);
    if (next) {
        generation_release(&app->generation);
        app->generation = next;
        log_info("reloaded rules=%zu", ruleset_count(next->rules));
    } else {
        metrics_add(METRIC_RELOADS_FAILED, 1);
        log_error("the reload was refused; the rules and templates before it stay in force");
    }
    if (app->state == APP_RUNNING)
        notify_ready();
    return next != NULL;
}

/* ---- Callbacks ---- */

static void on_connection(void *context, bool ready, const char *reason)
{
    struct app *app = context;
    if (ready)
        log_info("connected to Redis");
    else if (app->without_redis || (app->embedded && app->state == APP_STARTING))
        log_debug("still no Redis: %s", reason);
    else
        log_warning("no Redis, trying again: %s", reason);
    app->without_redis = !ready;
    if (!ready && app->state == APP_STARTING)
        notify_status("waiting for Redis: %s", reason);
}

static void on_instance(void *context, enum instance_state state, const struct diag *fault)
{
    struct app *app = context;
    if (state == INSTANCE_REFUSED || state == INSTANCE_REPLACED) {
        stop_with(app, fault, state == INSTANCE_REFUSED ? EX_CONFIG : EX_UNAVAILABLE);
        return;
    }
    if (state != INSTANCE_READY || app->state != APP_STARTING)
        return;
    enter(app, APP_RUNNING);
    intake_resume(app->shard->intake);
    pipeline_start_timers(app->pipeline);
    delivery_start(app->delivery);
    notify_ready();
    log_info("running instance=%s rules=%zu", instance_consumer(app->shard->instance),
             ruleset_count(app->generation->rules));
}

static void on_embedded(void *context, enum embedded_state state, const struct diag *fault)
{
    struct app *app = context;
    if (state == EMBEDDED_FAILED)
        stop_with(app, fault, EX_UNAVAILABLE);
    else if (state == EMBEDDED_LOCKING)
        log_info("waiting for the redis-server before this one to end");
}

static void on_batch(void *context, const struct intake_batch *batch)
{
    struct app *app = context;
    pipeline_take(app->pipeline, batch);
}

static struct generation *current_generation(void *context)
{
    struct app *app = context;
    return app->generation;
}

static void on_messages(void *context)
{
    struct app *app = context;
    delivery_wake(app->delivery);
}

/* Back-pressure: no new events while too many messages wait, for their first try or a next one. */
static void on_length(void *context, int64_t length)
{
    struct app *app = context;
    app->measuring = false;
    if (length < 0 || app->state != APP_RUNNING)
        return;
    app->outbox_length = length;
    int64_t messages = length + app->shard->waiting.later, most = app->config->keys.outbox_most;
    if (!app->crowded && messages > most) {
        log_warning("the outbox is over its bound, events wait messages=%" PRId64, messages);
        intake_pause(app->shard->intake);
        app->crowded = true;
    } else if (app->crowded && messages < most - most / 10) {
        log_info("the outbox is below its bound again messages=%" PRId64, messages);
        intake_resume(app->shard->intake);
        app->crowded = false;
    }
}

static void on_pulse(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct app *app = context;
    bool running = app->state == APP_RUNNING;
    const struct timeval next = clock_timeval(running ? PULSE_MS : DRAIN_PULSE_MS);
    if (running && !app->measuring) {
        app->measuring = true;
        waiting_ask(&app->shard->waiting, app->shard->scripts); /* answered before the length */
        outbox_length(app->shard->outbox, on_length, app);
    }
    wind_down(app);
    event_add(app->pulse, &next);
}

static void on_watchdog(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    (void)context;
    notify_alive();
}

static void on_signal(evutil_socket_t number, short what, void *context)
{
    (void)what;
    struct app *app = context;
    if (number == SIGHUP)
        reload(app, NULL);
    else
        begin_stop(app);
}

/* ---- What the admin pages ask ---- */

static struct admin_pages_view view_of(const void *context)
{
    const struct app *app = context;
    bool redis = connection_ready(app->shard->connection);
    return (struct admin_pages_view){
        .state = state_names[app->state],
        .instance = instance_consumer(app->shard->instance),
        .working = app->state == APP_RUNNING && redis && instance_lease_valid(app->shard->instance),
        .redis = redis,
        .rules = ruleset_count(app->generation->rules),
        .outbox = app->outbox_length,
        .later = app->shard->waiting.later,
        .uncertain = app->shard->waiting.uncertain,
        .delivery = app->delivery,
    };
}

/* ---- Building ---- */

static bool load_generation(struct app *app)
{
    struct diags diags = {0};
    app->generation = generation_load(app->config, &diags);
    for (size_t i = 0; i < diags.count; i++)
        diag_print(&diags.items[i], stderr);
    diags_free(&diags);
    return app->generation != NULL;
}

static bool build_policy(struct app *app, struct diag *diag)
{
    const unsigned char *secret;
    size_t length;
    if (!config_make_state(app->config, diag) ||
        !config_secret(app->config, true, &secret, &length, diag))
        return false;
    config_policy(app->config, secret, length, &app->policy);
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

static bool build_shard(struct app *app, struct diag *diag)
{
    const struct config_keys *keys = &app->config->keys;
    unsigned char digest[DIGEST_SIZE];
    char fingerprint[17];
    digest_hmac(app->policy.secret, app->policy.secret_length, "fingerprint", 11, digest);
    digest_hex(digest, 8, fingerprint);
    const struct instance_agreement agreements[] = {
        {"secret", fingerprint, "the fingerprint of `secret_file`"},
        {"customer_keys", joined_keys(app->config), "`customer.keys`"},
    };
    struct shard_options options = {.base = app->base,
                                    .ca_file = keys->redis.ca_file,
                                    .prefix = keys->redis.prefix,
                                    .instance = keys->instance,
                                    .accept_loss = keys->redis.accept_loss,
                                    .agreements = agreements,
                                    .agreement_count = sizeof agreements / sizeof *agreements,
                                    .channels = channel_names(app->config),
                                    .channel_count = app->config->channel_count,
                                    .batch = (size_t)keys->events.batch,
                                    .inbox = keys->events.list,
                                    .inbox_left = keys->events.list_push == 1,
                                    .settle_ms = keys->settle_ms,
                                    .dead_keep_ms = keys->dead_keep_ms,
                                    .trace_keep_ms = keys->customer.keep_ms,
                                    .on_connection = on_connection,
                                    .on_instance = on_instance,
                                    .on_batch = on_batch,
                                    .context = app};
    const char *url = app->embedded ? embedded_url(app->embedded) : keys->redis.url;
    if (!endpoint_parse(app->config->arena, url, &options.endpoint, diag))
        return false;
    app->shard = shard_new(&options);
    return true;
}

static bool build_lives(struct app *app, struct diag *diag)
{
    const struct pipeline_options pipeline = {
        .base = app->base,
        .shard = app->shard,
        .policy = &app->policy,
        .form = config_event_form(app->config),
        .customer_keep_ms = app->config->keys.customer.keep_ms,
        .generation = current_generation,
        .on_messages = on_messages,
        .context = app,
    };
    const struct delivery_options delivery = {
        .base = app->base,
        .config = app->config,
        .shard = app->shard,
        .policy = &app->policy,
        .generation = current_generation,
        .context = app,
    };
    app->pipeline = pipeline_new(&pipeline);
    app->delivery = delivery_new(&delivery, diag);
    return app->delivery != NULL;
}

static bool build_pages(struct app *app, struct diag *diag)
{
    const struct admin_pages_options options = {
        .base = app->base,
        .socket = app->config->keys.admin_socket,
        .look = view_of,
        .reload = reload,
        .stop = begin_stop,
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
    const struct timeval soon = clock_timeval(PULSE_MS);
    int64_t alive_ms = notify_watchdog_ms();
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        app->signals[i] = watch(app, numbers[i], EV_SIGNAL | EV_PERSIST, on_signal);
        event_add(app->signals[i], NULL);
    }
    app->pulse = watch(app, -1, 0, on_pulse);
    event_add(app->pulse, &soon);
    if (!alive_ms)
        return;
    const struct timeval alive = clock_timeval(alive_ms);
    app->watchdog = watch(app, -1, EV_PERSIST, on_watchdog);
    event_add(app->watchdog, &alive);
}

struct app *app_new(struct config *config, struct diag *diag)
{
    struct app *app = mem_zero(1, sizeof *app);
    app->config = config;
    signal(SIGPIPE, SIG_IGN);
    app->base = event_base_new();
    if (!app->base)
        mem_exhausted();
    if (!build_policy(app, diag) || !build_embedded(app, diag) || !build_shard(app, diag) ||
        !build_lives(app, diag) || !build_pages(app, diag)) {
        app_destroy(&app);
        return NULL;
    }
    build_events(app);
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
    free_event(&a->pulse);
    for (size_t i = 0; i < sizeof a->signals / sizeof *a->signals; i++)
        free_event(&a->signals[i]);
    admin_pages_close(&a->pages);
    delivery_destroy(&a->delivery);
    pipeline_destroy(&a->pipeline);
    shard_destroy(&a->shard);
    embedded_destroy(&a->embedded);
    generation_release(&a->generation);
    event_base_free(a->base);
    config_destroy(&a->config);
    free(a);
    *app = NULL;
}

int app_run(struct app *app)
{
    log_info("starting config=%s redis=%s", app->config->file[0] ? app->config->file : "(none)",
             app->embedded ? "private" : "configured");
    event_base_dispatch(app->base);
    return app->status;
}
