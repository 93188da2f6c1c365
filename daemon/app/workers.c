/*
 * Of many shards: on_heard() learns which daemons there are, and share() begins and drains workers
 * by that; look(), while some are drained, ends those that have nothing under way. A worker that is
 * drained is never begun again: another one follows it, if the shard falls back to this daemon.
 */
#include "app/workers.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "app/assignment.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "events/mover.h"
#include "redis/cluster.h"
#include "store/keys.h"
#include "store/members.h"
#include "store/reach.h"

enum {
    LOOK_MS = 50, /* while some are drained: have they ended? */
    TURNS = 2,    /* batches of all shards that are under way at once */
};

/* The place of a shard. */
struct place {
    struct workers *workers;
    struct worker *worker; /* NULL: this daemon does not work on it */
    bool works, draining, leaving, left;
};

struct workers {
    struct workers_options options;
    struct arena *arena;
    struct endpoint endpoint;
    struct cluster *cluster; /* NULL: a single Redis */
    struct turns *turns;
    struct workspaces *workspaces;
    struct placement placement;
    struct place *places;
    size_t count;
    struct reach *reach; /* NULL, as what follows: there is one shard */
    struct mover *mover; /* of what is pushed as if there were one */
    struct members *members;
    char **daemons; /* as heard last */
    size_t daemon_count;
    struct event *look; /* one worker or more is drained */
    bool ready, connected, draining;
    bool whole;     /* all workers that it began with have worked */
    size_t leaving; /* at the end: so many have not left yet */
    void (*left)(void *context);
    void *left_context;
};

/* ---- Callbacks of workers ---- */

static struct generation *current_generation(void *context)
{
    const struct place *place = context;
    const struct worker_options *all = &place->workers->options.worker;
    return all->generation(place->workers->options.context);
}

/* Of many shards the first connection that comes or goes is told. */
static void on_connection(void *context, bool ready, const char *reason)
{
    struct workers *workers = ((const struct place *)context)->workers;
    if (workers->reach && workers->connected == ready && ready)
        return;
    workers->connected = ready;
    workers->options.worker.on_connection(workers->options.context, ready, reason);
}

static void take_part(struct workers *workers)
{
    if (workers->ready)
        return;
    workers->ready = true;
    if (workers->mover)
        mover_start(workers->mover);
    workers->options.on_ready(workers->options.context);
}

static bool all_work(const struct workers *workers)
{
    for (size_t i = 0; i < workers->count; i++)
        if (workers->places[i].worker && !workers->places[i].works)
            return false;
    return true;
}

static void on_ready(void *context, struct worker *worker)
{
    struct place *place = context;
    struct workers *workers = place->workers;
    (void)worker;
    place->works = true;
    workers->whole = workers->whole || all_work(workers);
    if (workers->reach)
        log_with(LOG_LEVEL_INFO, LOG_FIELDS(LOG_NUMBER("shard", place - workers->places)),
                 "this daemon works on a shard");
    take_part(workers);
}

static void on_refused(void *context, const struct diag *fault, int status)
{
    const struct workers *workers = ((const struct place *)context)->workers;
    workers->options.worker.on_refused(workers->options.context, fault, status);
}

static void on_erased(void *context)
{
    const struct workers *workers = ((const struct place *)context)->workers;
    workers->options.worker.on_erased(workers->options.context);
}

/* ---- Sharing ---- */

static void begin(struct workers *workers, size_t shard)
{
    struct place *place = &workers->places[shard];
    struct worker_options options = workers->options.worker;
    options.endpoint = &workers->endpoint;
    options.cluster = workers->cluster;
    options.turns = workers->turns;
    options.workspaces = workers->workspaces;
    options.number = shard;
    options.routes = workers_routes(workers);
    options.generation = current_generation;
    options.on_connection = on_connection;
    options.on_ready = on_ready;
    options.on_refused = on_refused;
    options.on_erased = on_erased;
    options.context = place;
    *place = (struct place){.workers = workers};
    place->worker = worker_new(&options);
}

static void look_again(struct workers *workers)
{
    const struct timeval wait = clock_timeval(LOOK_MS);
    event_add(workers->look, &wait);
}

static void drain(struct workers *workers, size_t shard)
{
    struct place *place = &workers->places[shard];
    place->draining = true;
    worker_drain(place->worker);
    log_with(LOG_LEVEL_INFO, LOG_FIELDS(LOG_NUMBER("shard", shard)),
             "other daemons work on a shard now");
    look_again(workers);
}

static void share(struct workers *workers)
{
    const char *name = workers->options.worker.config->keys.instance;
    for (size_t i = 0; i < workers->count; i++) {
        const struct place *place = &workers->places[i];
        bool wanted =
            assignment_has((const char *const *)workers->daemons, workers->daemon_count, name, i);
        if (wanted && !place->worker)
            begin(workers, i);
        else if (!wanted && place->worker && !place->draining)
            drain(workers, i);
    }
}

static bool has_workers(const struct workers *workers)
{
    for (size_t i = 0; i < workers->count; i++)
        if (workers->places[i].worker)
            return true;
    return false;
}

static void forget_daemons(struct workers *workers)
{
    for (size_t i = 0; i < workers->daemon_count; i++)
        free(workers->daemons[i]);
    free(workers->daemons);
}

static void on_heard(void *context, const char *const *names, size_t count)
{
    struct workers *workers = context;
    forget_daemons(workers);
    workers->daemons = mem_zero(count, sizeof(char *));
    workers->daemon_count = count;
    for (size_t i = 0; i < count; i++)
        workers->daemons[i] = mem_text(names[i]);
    share(workers);
    if (!has_workers(workers)) /* others have them all */
        take_part(workers);
}

static void on_another_number(void *context, const struct diag *fault)
{
    const struct workers *workers = context;
    workers->options.worker.on_refused(workers->options.context, fault, EX_CONFIG);
}

static void on_place_left(void *context)
{
    struct place *place = context;
    place->left = true; /* it is freed by the next look: the call comes from within it */
}

static void on_look(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct workers *workers = context;
    bool more = false;
    for (size_t i = 0; i < workers->count && !workers->draining; i++) {
        struct place *place = &workers->places[i];
        if (place->left) {
            worker_destroy(&place->worker);
            *place = (struct place){.workers = workers};
        } else if (place->draining && !place->leaving && !worker_busy(place->worker)) {
            place->leaving = true;
            worker_leave(place->worker, on_place_left, place);
        }
        more = more || place->draining;
    }
    if (more)
        look_again(workers);
}

/* ---- The object ---- */

static void open_shards(struct workers *workers)
{
    const struct worker_options *all = &workers->options.worker;
    workers->reach = reach_new(&(struct reach_options){.base = all->base,
                                                       .endpoint = &workers->endpoint,
                                                       .cluster = workers->cluster,
                                                       .placement = &workers->placement});
    workers->mover = mover_new(&(struct mover_options){
        .base = all->base,
        .source = reach_unsharded(workers->reach),
        .stream = keys_spell(workers->arena, workers->placement.prefix, KEY_EVENTS, NULL),
        .routes = workers_routes(workers),
        .form = config_event_form(all->config),
        .name = all->config->keys.instance});
    workers->look = evtimer_new(all->base, on_look, workers);
    if (!workers->look)
        mem_exhausted();
    workers->members =
        members_new(&(struct members_options){.base = all->base,
                                              .scripts = reach_scripts(workers->reach, 0),
                                              .name = all->config->keys.instance,
                                              .shards = workers->count,
                                              .on_heard = on_heard,
                                              .on_refused = on_another_number,
                                              .context = workers});
}

struct workers *workers_new(const struct workers_options *options)
{
    struct workers *workers = mem_zero(1, sizeof *workers);
    workers->options = *options;
    workers->arena = arena_new(512);
    workers->endpoint = endpoint_copy(workers->arena, options->worker.endpoint);
    workers->placement = config_placement(options->worker.config);
    workers->count = placement_count(&workers->placement);
    workers->places = mem_zero(workers->count, sizeof *workers->places);
    if (workers->endpoint.seed_count)
        workers->cluster = cluster_new(&(struct cluster_options){
            .base = options->worker.base, .endpoint = workers->endpoint, .name = "nudged"});
    workers->workspaces = workspaces_new();
    if (workers->placement.shards) {
        workers->turns = turns_new(options->worker.base, TURNS);
        open_shards(workers);
    } else {
        begin(workers, 0);
    }
    return workers;
}

void workers_destroy(struct workers **workers)
{
    struct workers *w = *workers;
    if (!w)
        return;
    *workers = NULL;
    members_destroy(&w->members);
    mover_destroy(&w->mover);
    for (size_t i = 0; i < w->count; i++)
        worker_destroy(&w->places[i].worker);
    workspaces_destroy(&w->workspaces);
    turns_destroy(&w->turns);
    if (w->look)
        event_free(w->look);
    reach_destroy(&w->reach);
    cluster_destroy(&w->cluster);
    forget_daemons(w);
    free(w->places);
    arena_destroy(&w->arena);
    free(w);
}

/* ---- All of them ---- */

void workers_drain(struct workers *workers)
{
    workers->draining = true;
    if (workers->members)
        members_leave(workers->members);
    if (workers->mover)
        mover_stop(workers->mover);
    for (size_t i = 0; i < workers->count; i++)
        if (workers->places[i].worker)
            worker_drain(workers->places[i].worker);
}

bool workers_busy(const struct workers *workers)
{
    bool busy = workers->mover && mover_busy(workers->mover);
    for (size_t i = 0; i < workers->count; i++)
        if (workers->places[i].worker && !workers->places[i].left)
            busy = worker_busy(workers->places[i].worker) || busy;
    return busy;
}

static void on_all_left(void *context)
{
    struct workers *workers = context;
    if (--workers->leaving == 0)
        workers->left(workers->left_context);
}

void workers_leave(struct workers *workers, void (*done)(void *context), void *context)
{
    workers->left = done;
    workers->left_context = context;
    for (size_t i = 0; i < workers->count; i++)
        workers->leaving += workers->places[i].worker && !workers->places[i].leaving;
    size_t leaving = workers->leaving;
    for (size_t i = 0; i < workers->count; i++)
        if (workers->places[i].worker && !workers->places[i].leaving)
            worker_leave(workers->places[i].worker, on_all_left, workers);
    if (!leaving)
        done(context);
}

void workers_reload(struct workers *workers)
{
    for (size_t i = 0; i < workers->count; i++)
        if (workers->places[i].worker)
            worker_reload(workers->places[i].worker);
}

void workers_wait(const struct workers *workers, struct event *timer)
{
    const struct worker *only = workers->count == 1 ? workers->places[0].worker : NULL;
    const struct timeval second = clock_timeval(clock_beat_ms());
    if (only)
        beat_wait(worker_shard(only)->beat, timer, -1);
    else
        event_add(timer, &second);
}

void workers_beat(struct workers *workers)
{
    for (size_t i = 0; i < workers->count; i++)
        if (workers->places[i].worker)
            worker_beat(workers->places[i].worker);
}

static struct scripts *scripts_of(void *context, size_t shard)
{
    return workers_scripts(context, shard);
}

struct routes workers_routes(struct workers *workers)
{
    if (!workers->reach)
        return (struct routes){0};
    return (struct routes){
        .placement = workers->placement, .scripts_of = scripts_of, .context = workers};
}

struct scripts *workers_scripts(const struct workers *workers, size_t shard)
{
    return workers->reach ? reach_scripts(workers->reach, shard)
                          : worker_shard(workers->places[0].worker)->scripts;
}

/* ---- What they are like ---- */

static void add_clocks(struct sweeper_view *sum, const struct sweeper_view *clocks)
{
    if (clocks->state == CLOCKS_SCAN || !sum->rules)
        sum->state = clocks->state;
    sum->keys += clocks->keys;
    sum->customers += clocks->customers;
    sum->rules = clocks->rules > sum->rules ? clocks->rules : sum->rules;
    sum->behind += clocks->behind;
}

static void add_view(struct workers_view *view, const struct worker *worker)
{
    const struct worker_view one = worker_view(worker);
    view->sum.outbox += one.outbox;
    view->sum.later += one.later;
    view->sum.uncertain += one.uncertain;
    view->sum.paused = one.paused > view->sum.paused ? one.paused : view->sum.paused;
    view->sum.full += one.full;
    view->sum.behind += one.behind;
    add_clocks(&view->sum.clocks, &one.clocks);
}

static void add_shard(struct workers_view *view, const struct workers *workers,
                      const struct place *place)
{
    const struct shard *shard = worker_shard(place->worker);
    const struct generation *generation =
        workers->options.worker.generation(workers->options.context);
    int64_t number = rule_sets_number(shard->rule_sets, generation->digest);
    const char *denied = instance_denial(shard->instance);
    view->shards++;
    view->works = view->works && worker_works(place->worker);
    view->redis = view->redis && connection_ready(shard->connection);
    view->denied = view->denied ? view->denied : denied;
    view->refused = view->refused ? view->refused : shard_refusal(shard);
    view->rules_number = number > view->rules_number ? number : view->rules_number;
    view->halted = view->halted ? view->halted : shard->halted;
    add_view(view, place->worker);
}

struct workers_view workers_view(const struct workers *workers)
{
    struct workers_view view = {.works = workers->ready, .redis = true, .instance = ""};
    for (size_t i = 0; i < workers->count; i++) {
        const struct place *place = &workers->places[i];
        bool joins = workers->whole && !place->works; /* others work on it as long */
        if (place->worker && !place->draining && !joins)
            add_shard(&view, workers, place);
    }
    if (!workers->reach)
        view.instance = instance_consumer(worker_shard(workers->places[0].worker)->instance);
    else if (workers->ready)
        view.instance = workers->options.worker.config->keys.instance;
    if (workers->reach)
        view.redis =
            view.redis && connection_ready(scripts_connection(workers_scripts(workers, 0)));
    return view;
}

const struct wrong_key *workers_wrong_key(const struct workers *workers, int64_t now_ms,
                                          size_t index)
{
    for (size_t i = 0; i < workers->count; i++) {
        const struct wrong_key *key = NULL;
        size_t at = 0;
        if (!workers->places[i].worker)
            continue;
        const struct wrong_keys *keys = worker_shard(workers->places[i].worker)->wrong_keys;
        while ((key = wrong_keys_at(keys, now_ms, at)) && at < index)
            at++;
        if (key)
            return key;
        index -= at;
    }
    return NULL;
}
