/*
 * A history is cut into parts by people (simulate/parts), and each circle of them is replayed by
 * itself, by the caller's thread or another one (work), and what is to be told is put in order
 * (simulate/sheet): what is known of somebody is at hand until all that they did is decided, and
 * nothing else need be.
 *
 * That people of two circles have to do with each other after all is seen when it happens
 * (on_other, on_strange) or at the end (said_names_meet). Then it was for nothing, and one replay
 * has all of them (simulate_whole), as of a history that cannot be read twice.
 */
#include "simulate/simulation.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "config/config.h"
#include "rules/condition_reads.h"
#include "simulate/parts.h"
#include "simulate/pass.h"
#include "simulate/said_names.h"
#include "simulate/sheet.h"

enum {
    THREADS_MOST = 2,
    OTHERS_MOST = 8,
    PROGRESS_FIRST = 4 /* a quarter of all is to deal out */
};

static void open_figures(struct simulation *simulation, const struct simulation_options *options)
{
    *simulation = (struct simulation){0};
    tally_open(&simulation->tally, options->generation->rules);
    people_open(&simulation->people, &options->people);
}

void simulation_free(struct simulation *simulation)
{
    tally_close(&simulation->tally);
    people_close(&simulation->people);
    hours_free(&simulation->hours);
}

static void join_figures(struct simulation *simulation, struct simulation *other)
{
    tally_join(&simulation->tally, &other->tally);
    people_join(&simulation->people, &other->people);
    hours_join(&simulation->hours, &other->hours);
    if (other->first_ms && (!simulation->first_ms || other->first_ms < simulation->first_ms))
        simulation->first_ms = other->first_ms;
    if (other->last_ms > simulation->last_ms)
        simulation->last_ms = other->last_ms;
    simulation->no_events += other->no_events;
    simulation->known += other->known;
}

/* ---- All at once ---- */

static bool tell_now(void *context, enum pass_told what, const struct replay_order *order,
                     struct slice text)
{
    return pass_tell_caller(context, what, order, text);
}

static bool simulate_whole(struct simulation *simulation, const struct simulation_options *options,
                           struct history *history, struct diag *diag)
{
    struct pass pass;
    open_figures(simulation, options);
    pass_open(&pass, options, simulation);
    pass.tell = tell_now;
    pass.context = (void *)options;
    pass.ahead = true;
    pass_begin(&pass);
    struct feed *feed = feed_new(history, &pass.form, options->threads > 1);
    bool done = pass_take(&pass, feed, diag);
    feed_destroy(&feed);
    if (done)
        pass_finish(&pass, simulation->last_ms);
    pass_end(&pass);
    pass_close(&pass);
    return done;
}

/* ---- In parts ---- */

struct cutting {
    const struct simulation_options *options;
    const struct parts *parts;
    uint64_t bytes;            /* of the history */
    atomic_uint next;          /* the part that nobody has yet */
    atomic_bool failed;        /* they are not apart, or cannot be read */
    atomic_uint_fast64_t last; /* line of which anybody wants to know */
    struct worker {
        struct cutting *cutting;
        struct pass pass;
        struct simulation simulation;
        struct sheet *sheet;
        struct said_names said;
        struct map *asked; /* names, by the circle that is replayed */
        uint32_t part, circle;
        bool tells_progress;
        pthread_t thread;
    } workers[THREADS_MOST];
    struct sheet *sheets[THREADS_MOST];
    uint32_t worker_count;
    bool stopped; /* by a line that is no event */
};

static bool note(void *context, enum pass_told what, const struct replay_order *order,
                 struct slice text)
{
    struct worker *worker = context;
    sheet_add(worker->sheet, &(struct sheet_item){*order, what, text});
    if (what != PASS_NO_EVENT || !worker->cutting->options->strict)
        return true;
    uint64_t last = atomic_load(&worker->cutting->last);
    while (order->number < last &&
           !atomic_compare_exchange_weak(&worker->cutting->last, &last, order->number))
        ;
    return false;
}

static void on_other(void *context, const char *key)
{
    struct worker *worker = context;
    uint32_t circle = parts_circle_of(worker->cutting->parts, map_hash(key, strlen(key)));
    if (circle != worker->circle && circle != PARTS_NOWHERE)
        atomic_store(&worker->cutting->failed, true);
}

static void on_strange(void *context)
{
    struct worker *worker = context;
    atomic_store(&worker->cutting->failed, true);
}

static void see_asked(void *context, const char *name)
{
    struct worker *worker = context;
    said_names_ask(&worker->said, name, worker->circle);
}

static void see_told(void *context, const char *name)
{
    struct worker *worker = context;
    said_names_tell(&worker->said, name, worker->circle);
}

static void on_asked(void *context, const char *name)
{
    struct worker *worker = context;
    if (!map_put(worker->asked, name, strlen(name), worker))
        see_asked(worker, name);
}

static void replay_circle(struct worker *worker, struct feed *feed)
{
    struct pass *pass = &worker->pass;
    struct diag fault = {0};
    if (map_count(worker->asked))
        map_clear(worker->asked);
    pass->last = atomic_load(&worker->cutting->last);
    pass_renew(pass);
    if (pass_take(pass, feed, &fault))
        pass_finish(pass, pass->last_ms);
    else if (fault.text[0])
        atomic_store(&worker->cutting->failed, true);
    replay_each_name(pass->replay, see_asked, see_told, worker);
}

static void *work(void *context)
{
    struct worker *worker = context;
    struct cutting *cutting = worker->cutting;
    const struct simulation_options *options = cutting->options;
    const uint32_t count = parts_count(cutting->parts);
    struct feed *feed = feed_new_of_parts(&worker->pass.form);
    pass_begin(&worker->pass);
    worker->pass.last_ms = parts_last_ms(cutting->parts);
    while ((worker->part = atomic_fetch_add(&cutting->next, 1)) < count &&
           !atomic_load(&cutting->failed)) {
        feed_open(feed, cutting->parts, worker->part);
        while (feed_next_circle(feed, &worker->circle))
            replay_circle(worker, feed);
        if (worker->tells_progress && options->on_progress)
            options->on_progress(options->context,
                                 cutting->bytes / PROGRESS_FIRST +
                                     (cutting->bytes - cutting->bytes / PROGRESS_FIRST) / count *
                                         (worker->part + 1));
    }
    pass_end(&worker->pass);
    feed_destroy(&feed);
    return NULL;
}

/* False: there is no file to note things in. */
static bool add_worker(struct cutting *cutting)
{
    struct worker *worker = &cutting->workers[cutting->worker_count];
    *worker = (struct worker){.cutting = cutting, .sheet = sheet_new()};
    if (!worker->sheet)
        return false;
    worker->asked = map_new();
    open_figures(&worker->simulation, cutting->options);
    pass_open(&worker->pass, cutting->options, &worker->simulation);
    worker->pass.tell = note;
    worker->pass.on_other = on_other;
    worker->pass.on_asked = on_asked;
    worker->pass.on_strange = on_strange;
    worker->pass.context = worker;
    worker->tells_progress = cutting->worker_count == 0;
    cutting->sheets[cutting->worker_count++] = worker->sheet;
    return true;
}

static void drop_worker(struct worker *worker)
{
    pass_close(&worker->pass);
    simulation_free(&worker->simulation);
    said_names_free(&worker->said);
    map_destroy(&worker->asked);
    sheet_destroy(&worker->sheet);
}

static void work_all(struct cutting *cutting)
{
    uint32_t started = 1;
    while (started < cutting->worker_count &&
           pthread_create(&cutting->workers[started].thread, NULL, work,
                          &cutting->workers[started]) == 0)
        started++;
    work(&cutting->workers[0]);
    while (--started > 0)
        pthread_join(cutting->workers[started].thread, NULL);
}

static bool see_item(void *context, const struct sheet_item *item)
{
    struct cutting *cutting = context;
    cutting->stopped =
        !pass_tell_caller(cutting->options, (enum pass_told)item->kind, &item->order, item->text);
    return !cutting->stopped;
}

/* Whether the parts were apart, and all is told. */
static bool put_together(struct cutting *cutting, struct simulation *simulation)
{
    struct worker *first = &cutting->workers[0];
    for (uint32_t i = 1; i < cutting->worker_count; i++)
        said_names_join(&first->said, &cutting->workers[i].said);
    if (atomic_load(&cutting->failed) || said_names_meet(&first->said))
        return false;
    open_figures(simulation, cutting->options);
    for (uint32_t i = 0; i < cutting->worker_count; i++)
        join_figures(simulation, &cutting->workers[i].simulation);
    return true;
}

/* False: they are not apart, and nothing was told. */
static bool simulate_parts(struct simulation *simulation, const struct simulation_options *options,
                           const struct parts *parts, uint64_t bytes, bool *done, struct diag *diag)
{
    struct cutting cutting = {.options = options, .parts = parts, .bytes = bytes};
    atomic_init(&cutting.last, UINT64_MAX);
    bool apart = add_worker(&cutting);
    for (int i = 1; i < options->threads && i < THREADS_MOST; i++)
        add_worker(&cutting);
    if (apart)
        work_all(&cutting);
    apart = apart && put_together(&cutting, simulation);
    if (apart && !sheet_read(cutting.sheets, cutting.worker_count, see_item, &cutting))
        diag_error(diag, "what is to be told cannot be kept in a file: %s", strerror(errno));
    *done = !cutting.stopped && !diag->text[0];
    for (uint32_t i = 0; i < cutting.worker_count; i++)
        drop_worker(&cutting.workers[i]);
    return apart;
}

/* ---- Which of them ---- */

struct others {
    struct arena *arena;
    const char *names[OTHERS_MOST + 1];
    uint32_t count;
};

static void add_other(void *context, const char *member, size_t length)
{
    struct others *others = context;
    if (others->count < OTHERS_MOST)
        others->names[others->count++] = arena_copy(others->arena, member, length);
}

/* What rules read of a customer to find another one. */
static struct others find_others(const struct ruleset *rules, struct arena *arena)
{
    struct others others = {.arena = arena};
    for (size_t i = 0; i < ruleset_count(rules); i++)
        for (uint32_t s = 0; s < ruleset_at(rules, i)->step_count; s++)
            if (ruleset_at(rules, i)->steps[s].for_whom)
                condition_reads_members(ruleset_at(rules, i)->steps[s].for_whom, add_other,
                                        &others);
    return others;
}

static void on_dealt(void *context, uint64_t bytes)
{
    const struct simulation_options *options = context;
    options->on_progress(options->context, bytes / PROGRESS_FIRST);
}

static struct parts *deal_out(const struct simulation_options *options, struct history *history,
                              struct diag *diag)
{
    const struct shop_event_form form = config_event_form(options->generation->config);
    if (options->parts == 1 || !history_lasts(history))
        return NULL;
    struct arena *arena = arena_new(4096);
    const struct others others = find_others(options->generation->rules, arena);
    const struct parts_options dealt = {
        .form = &form, .others = others.names, .to_ms = options->to_ms, .count = options->parts};
    struct parts *parts =
        parts_new(history, &dealt, options->on_progress ? on_dealt : NULL, (void *)options, diag);
    arena_destroy(&arena);
    return parts;
}

bool simulation_run(struct simulation *simulation, const struct simulation_options *options,
                    struct history *history, struct diag *diag)
{
    struct diag fault = {0};
    struct parts *parts = deal_out(options, history, &fault);
    bool done = false;
    bool told =
        parts && simulate_parts(simulation, options, parts, history_bytes(history), &done, diag);
    parts_free(&parts);
    if (told && done && fault.text[0]) {
        *diag = fault;
        done = false;
    }
    if (!told) {
        if (history_lasts(history))
            history_rewind(history);
        done = simulate_whole(simulation, options, history, diag);
    }
    simulation->busiest = hours_busiest(&simulation->hours, &simulation->busiest_ms);
    return done;
}
