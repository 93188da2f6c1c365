/*
 * The objects, in the order in which they are built; app_destroy is its mirror:
 *
 *   log_group             what failed alike is told as one line, at the latest after a minute
 *   generation            what decides and what is rendered
 *   embedded              the private redis-server, where no Redis is configured
 *   archive               every event as a line of a file, where the configuration wants it
 *   keeper                a thread that looks after that, and after what erasures leave
 *   gateways              where messages go, with their sender threads
 *   workers               all that works on a shard, for each of this daemon's (app/worker); the
 *                         first one that has its lease starts the rest
 *   host                  what is open to the web: nudged-web, where the configuration wants it
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
#include "app/figures.h"
#include "app/lifecycle.h"
#include "app/pulse.h"
#include "app/reloading.h"
#include "app/rule_counts.h"
#include "app/workers.h"
#include "archive/archive.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/log_group.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/zone.h"
#include "config/config_redis.h"
#include "config/config_token_keys.h"
#include "config/generation.h"
#include "delivery/gateways.h"
#include "events/keeper.h"
#include "host/host.h"
#include "redis/embedded.h"
#include "serve/notify.h"
#include "store/bulletins.h"

enum { BULLETIN_MOST = 1 << 20 /* bytes */ };

struct app {
    struct config *config;         /* as it started */
    struct generation *generation; /* in force */
    struct event_base *base;
    struct log_group *log_group;
    struct embedded *embedded;
    struct archive *archive; /* NULL: none is kept */
    struct keeper *keeper;
    struct gateways *gateways;
    struct workers *workers;
    struct host *host; /* NULL: nothing is open to the web */
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
    zone_read_again();
    if (app->archive)
        archive_set_size(app->archive, next->config->keys.archive.size);
    keeper_set_keep(app->keeper, next->config->keys.archive.keep_ms);
    workers_reload(app->workers);
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
    const char *hint = ready ? NULL : config_redis_hint(app->config, reason);
    if (ready)
        log_info("connected to Redis");
    else if (app->without_redis || (app->embedded && starting))
        log_debug("still no Redis: %s", reason);
    else
        log_warning("no Redis, trying again: %s%s%s", reason, hint ? "; " : "", hint ? hint : "");
    app->without_redis = !ready;
    if (!ready && starting)
        notify_status("waiting for Redis: %s", reason);
}

static void on_refused(void *context, const struct diag *fault, int status)
{
    struct app *app = context;
    lifecycle_fail(app->lifecycle, fault, status);
}

static void on_ready(void *context)
{
    struct app *app = context;
    if (!lifecycle_run(app->lifecycle))
        return;
    const struct workers_view view = workers_view(app->workers);
    log_with(LOG_LEVEL_INFO,
             LOG_FIELDS(LOG_ID(LOG_ID_RUNNING), LOG_TEXT("instance", view.instance),
                        LOG_NUMBER("rules", ruleset_count(app->generation->rules))),
             "running");
    keeper_wake(app->keeper);
}

static void on_embedded(void *context, enum embedded_state state, const struct diag *fault)
{
    struct app *app = context;
    if (state == EMBEDDED_FAILED)
        lifecycle_fail(app->lifecycle, fault, EX_UNAVAILABLE);
    else if (state == EMBEDDED_LOCKING)
        log_info("waiting for the redis-server before this one to end");
}

static struct generation *current_generation(void *context)
{
    struct app *app = context;
    return app->generation;
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
    gateways_status(app->gateways, &bulletin);
    buf_text(&bulletin, "]}");
    if (!bulletin.full)
        bulletins_put(workers_scripts(app->workers, 0), app->config->keys.instance,
                      (struct slice){.text = buf_string(&bulletin), .length = bulletin.length});
    buf_free(&bulletin);
}

static void on_tell(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct app *app = context;
    const struct pulse_sample sample = {.at_ms = clock_monotonic_ms(),
                                        .events = metrics_read(METRIC_EVENTS_DECIDED),
                                        .messages = metrics_read(METRIC_MESSAGES_SENT)};
    workers_wait(app->workers, app->tell);
    pulse_note(&app->pulse, &sample);
    log_group_tell(app->log_group, sample.at_ms);
    if (app->archive)
        archive_rotate(app->archive, clock_wall_ms());
    if (lifecycle_state(app->lifecycle) == LIFECYCLE_RUNNING) {
        if (connection_ready(scripts_connection(workers_scripts(app->workers, 0))))
            tell_bulletin(app);
        workers_beat(app->workers);
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
    const struct workers_view workers = workers_view(app->workers);
    bool running = lifecycle_state(app->lifecycle) == LIFECYCLE_RUNNING;
    return (struct admin_pages_view){
        .state = lifecycle_word(app->lifecycle),
        .working = running && workers.works && workers.redis,
        .rules = ruleset_count(app->generation->rules),
        .generation = app->generation,
        .workers = workers,
        .all = app->workers,
        .gateways = app->gateways,
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
    config_redis_remember(app->config, true);
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

static bool find_redis(const struct app *app, struct endpoint *endpoint, struct diag *diag)
{
    const char *private = app->embedded ? embedded_url(app->embedded) : NULL;
    return config_redis_endpoint(app->config, private, endpoint, diag);
}

static bool build_archive(struct app *app, struct diag *diag)
{
    const struct config_archive *keys = &app->config->keys.archive;
    if (!keys->folder)
        return true;
    const struct archive_options options = {.folder = keys->folder,
                                            .name = app->config->lasting_name,
                                            .size_most = keys->size,
                                            .now_ms = clock_wall_ms(),
                                            .log_group = app->log_group};
    app->archive = archive_new(&options, diag);
    return app->archive != NULL;
}

static bool build_keeper(struct app *app, struct diag *diag)
{
    struct keeper_options options = {.config = app->config, .archive = app->archive};
    if (!find_redis(app, &options.endpoint, diag))
        return false;
    app->keeper = keeper_new(&options);
    return true;
}

static bool build_workers(struct app *app, struct diag *diag)
{
    const struct placement placement = config_placement(app->config);
    struct endpoint endpoint;
    if (!find_redis(app, &endpoint, diag))
        return false;
    app->gateways = gateways_new(&(struct gateways_options){.base = app->base,
                                                            .config = app->config,
                                                            .shards = placement_count(&placement),
                                                            .generation = current_generation,
                                                            .context = app},
                                 diag);
    if (!app->gateways)
        return false;
    app->workers =
        workers_new(&(struct workers_options){.worker = {.base = app->base,
                                                         .config = app->config,
                                                         .endpoint = &endpoint,
                                                         .gateways = app->gateways,
                                                         .archive = app->archive,
                                                         .log_group = app->log_group,
                                                         .generation = current_generation,
                                                         .on_connection = on_connection,
                                                         .on_refused = on_refused,
                                                         .on_erased = on_erased},
                                              .on_ready = on_ready,
                                              .context = app});
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
                                                .scripts = workers_scripts(app->workers, 0),
                                                .routes = workers_routes(app->workers),
                                                .log_group = app->log_group,
                                                .generation = current_generation,
                                                .context = app},
                         &failed, diag);
    return !failed;
}

static void build_lifecycle(struct app *app)
{
    const struct lifecycle_options lifecycle = {.base = app->base,
                                                .workers = app->workers,
                                                .gateways = app->gateways,
                                                .host = app->host,
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
    int64_t alive_ms = notify_watchdog_ms();
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        app->signals[i] = watch(app, numbers[i], EV_SIGNAL | EV_PERSIST, on_signal);
        event_add(app->signals[i], NULL);
    }
    app->tell = watch(app, -1, 0, on_tell);
    workers_wait(app->workers, app->tell);
    if (!alive_ms)
        return;
    const struct timeval alive = clock_timeval(alive_ms);
    app->watchdog = watch(app, -1, EV_PERSIST, on_watchdog);
    event_add(app->watchdog, &alive);
}

static bool build(struct app *app, struct diag *diag)
{
    if (!build_generation(app, diag) || !build_embedded(app, diag) || !build_archive(app, diag) ||
        !build_keeper(app, diag) || !build_workers(app, diag) || !build_host(app, diag))
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
    host_destroy(&a->host);
    if (a->gateways)
        gateways_cut(a->gateways);
    workers_destroy(&a->workers);
    gateways_destroy(&a->gateways);
    keeper_destroy(&a->keeper);
    archive_destroy(&a->archive);
    embedded_destroy(&a->embedded);
    generation_release(&a->generation);
    event_base_free(a->base);
    log_group_destroy(&a->log_group);
    log_set_secret(NULL, 0); /* it is the configuration's */
    config_destroy(&a->config);
    free(a);
    *app = NULL;
}

/* A turn is from one look for news to the next; while it waits no time of the processor goes by. */
static void run_loop(struct app *app)
{
    int64_t before_us = clock_thread_us();
    while (lifecycle_state(app->lifecycle) != LIFECYCLE_STOPPED) {
        event_base_loop(app->base, EVLOOP_ONCE);
        int64_t now_us = clock_thread_us();
        metrics_observe(METRIC_LOOP_PAUSE_SECONDS, now_us - before_us);
        before_us = now_us;
    }
}

int app_run(struct app *app)
{
    log_with(LOG_LEVEL_INFO,
             LOG_FIELDS(LOG_TEXT("config", app->config->file[0] ? app->config->file : "(none)"),
                        LOG_TEXT("redis", app->embedded ? "private" : "configured")),
             "starting");
    run_loop(app);
    return lifecycle_status(app->lifecycle);
}
