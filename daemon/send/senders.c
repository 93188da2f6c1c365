/*
 * Objects: one `struct senders` of the loop, and for each connection one `struct sender`,
 * a thread that sleeps until there is a job. A job is in one place at a time:
 *
 *   waiting --a thread takes it--> in that thread's hands --outcome--> done --collect--> owner
 *      \------------------------- draining: cut -----------------------/
 *
 * One mutex guards the lists and the counts. An eventfd tells the loop that `done`
 * is not empty: written once for all that are done until the loop collects.
 *
 * run_sender() is a thread's whole life, send_job() all that is done for a job in it. The
 * loop's side stands below: start and stop, then give and collect.
 */
#include "send/senders.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/mem.h"
#include "send/throttle.h"

/* A connection without work is given up after this: servers end it soon after, and it
 * keeps a place there that others may need. */
enum { REST_MS = 15000, ARENA_FIRST = 65536 };

struct senders_list {
    struct senders_job *first, *last;
};

/* One thread with its connection. */
struct sender {
    struct senders *senders;
    pthread_t thread;
    void *connection;
    bool rested;             /* the connection was given up for want of work */
    struct arena *arena;     /* of what is made from a job; empty between two */
    struct senders_job *job; /* in its hands */
};

struct senders {
    struct senders_settings settings;
    struct sender *threads;
    size_t thread_count;
    int event;
    atomic_bool cut; /* what is begun is to be given up */

    pthread_mutex_t lock; /* over all below */
    pthread_cond_t work;  /* something waits, or draining */
    struct senders_list waiting, done;
    size_t done_count;
    size_t busy; /* given and not collected */
    bool draining;

    struct throttle throttle; /* the loop's */
};

/* ---- Lists ---- */

static void append(struct senders_list *list, struct senders_job *job)
{
    job->next = NULL;
    if (list->last)
        list->last->next = job;
    else
        list->first = job;
    list->last = job;
}

static struct senders_job *shift(struct senders_list *list)
{
    struct senders_job *job = list->first;
    if (!job)
        return NULL;
    list->first = job->next;
    if (!list->first)
        list->last = NULL;
    job->next = NULL;
    return job;
}

/* With the lock held. True: the loop is to be told, when the lock is free again, so that it
 * does not wake up to wait for it. Where something was done before, it was told already. */
static bool finish(struct senders *senders, struct senders_job *job)
{
    bool first = !senders->done.first;
    append(&senders->done, job);
    senders->done_count++;
    return first;
}

static void wake_loop(struct senders *senders)
{
    uint64_t one = 1;
    if (write(senders->event, &one, sizeof one) < 0)
        return; /* only when 2^64 are uncollected: the loop is awake anyway */
}

/* ---- In a thread ---- */

static bool may_finish(void *context)
{
    const struct sender *sender = context;
    const struct senders_settings *settings = &sender->senders->settings;
    return !settings->may_finish || settings->may_finish(settings->context, sender->job);
}

static bool is_cut(void *context)
{
    const struct sender *sender = context;
    return atomic_load_explicit(&sender->senders->cut, memory_order_relaxed);
}

static void send_job(struct sender *sender)
{
    const struct senders_settings *settings = &sender->senders->settings;
    struct outcome *outcome = &sender->job->outcome;
    struct outgoing outgoing = {0};
    struct diag diag;
    if (settings->may_begin && !settings->may_begin(settings->context, sender->job)) {
        outcome_set(outcome, OUTCOME_CUT);
        return;
    }
    diag_clear(&diag);
    outcome_set(outcome, OUTCOME_DEAD);
    int64_t begun_us = clock_monotonic_us();
    if (settings->prepare(settings->context, sender->job, sender->arena, &outgoing, &diag)) {
        int64_t prepared_us = clock_monotonic_us();
        settings->kind->send(sender->connection, &outgoing, sender->arena, outcome);
        sender->job->prepare_us = prepared_us - begun_us;
        sender->job->send_us = clock_monotonic_us() - prepared_us;
    } else {
        struct buf line;
        buf_init(&line, 4096);
        diag_line(&diag, &line);
        outcome_words(outcome, buf_string(&line), line.length);
        buf_free(&line);
    }
    failpoint("send-answered");
    arena_reset(sender->arena);
    sender->rested = false;
}

static void rest(struct sender *sender)
{
    const struct gateway_kind *kind = sender->senders->settings.kind;
    if (kind->rest)
        kind->rest(sender->connection);
    sender->rested = true;
}

/* Waits for a job; false when there will be none. With the lock held. */
static bool next_job(struct sender *sender)
{
    struct senders *senders = sender->senders;
    while (!senders->draining && !senders->waiting.first) {
        if (sender->rested) {
            pthread_cond_wait(&senders->work, &senders->lock);
            continue;
        }
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += REST_MS / 1000;
        if (pthread_cond_timedwait(&senders->work, &senders->lock, &until) == ETIMEDOUT) {
            pthread_mutex_unlock(&senders->lock);
            rest(sender);
            pthread_mutex_lock(&senders->lock);
        }
    }
    sender->job = shift(&senders->waiting);
    return sender->job != NULL;
}

static void *run_sender(void *context)
{
    struct sender *sender = context;
    struct senders *senders = sender->senders;
    const struct gateway_kind *kind = senders->settings.kind;
    const struct gateway_hooks hooks = {
        .may_finish = may_finish, .is_cut = is_cut, .context = sender};
    sender->connection = kind->open(senders->settings.gateway, &hooks);
    sender->arena = arena_new(ARENA_FIRST);
    sender->rested = true;
    pthread_mutex_lock(&senders->lock);
    while (next_job(sender)) {
        pthread_mutex_unlock(&senders->lock);
        send_job(sender);
        pthread_mutex_lock(&senders->lock);
        if (!finish(senders, sender->job))
            continue;
        pthread_mutex_unlock(&senders->lock);
        wake_loop(senders);
        pthread_mutex_lock(&senders->lock);
    }
    pthread_mutex_unlock(&senders->lock);
    arena_destroy(&sender->arena);
    kind->close(sender->connection);
    return NULL;
}

/* ---- Start and stop ---- */

static struct senders *new_senders(const struct senders_settings *settings)
{
    struct senders *senders = mem_zero(1, sizeof *senders);
    senders->settings = *settings;
    senders->threads = mem_zero(settings->connections, sizeof *senders->threads);
    senders->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&senders->lock, NULL);
    pthread_condattr_t clock;
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&senders->work, &clock);
    pthread_condattr_destroy(&clock);
    throttle_init(&senders->throttle, settings->connections);
    return senders;
}

/* Threads take no signals: the loop has them all. */
static int spawn_threads(struct senders *senders)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int fault = 0;
    while (!fault && senders->thread_count < senders->settings.connections) {
        struct sender *sender = &senders->threads[senders->thread_count];
        sender->senders = senders;
        fault = pthread_create(&sender->thread, NULL, run_sender, sender);
        if (!fault) {
            char name[16]; /* as the kernel holds it */
            snprintf(name, sizeof name, "%.15s", senders->settings.name);
            pthread_setname_np(sender->thread, name);
            senders->thread_count++;
        }
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return fault;
}

struct senders *senders_start(const struct senders_settings *settings, struct diag *diag)
{
    struct senders *senders = new_senders(settings);
    int fault = senders->event < 0 ? errno : spawn_threads(senders);
    if (!fault)
        return senders;
    diag_error(diag, "gateway `%s`: cannot start its %zu threads: %s", settings->name,
               settings->connections, strerror(fault));
    senders_destroy(&senders);
    return NULL;
}

void senders_drain(struct senders *senders)
{
    struct senders_job *job;
    bool tell = false;
    pthread_mutex_lock(&senders->lock);
    senders->draining = true;
    while ((job = shift(&senders->waiting)) != NULL) {
        outcome_set(&job->outcome, OUTCOME_CUT);
        tell |= finish(senders, job);
    }
    pthread_cond_broadcast(&senders->work);
    pthread_mutex_unlock(&senders->lock);
    if (tell)
        wake_loop(senders);
}

void senders_stop(struct senders *senders)
{
    senders_drain(senders);
    atomic_store(&senders->cut, true);
    while (senders->thread_count > 0)
        pthread_join(senders->threads[--senders->thread_count].thread, NULL);
}

void senders_destroy(struct senders **pointer)
{
    struct senders *senders = *pointer;
    if (!senders)
        return;
    senders_stop(senders);
    pthread_cond_destroy(&senders->work);
    pthread_mutex_destroy(&senders->lock);
    if (senders->event >= 0)
        close(senders->event);
    free(senders->threads);
    free(senders);
    *pointer = NULL;
}

/* ---- For the loop ---- */

size_t senders_room(struct senders *senders, int64_t now_ms)
{
    size_t allowed = throttle_allowed(&senders->throttle, now_ms);
    pthread_mutex_lock(&senders->lock);
    /* What is done and not collected has its thread back, but the loop is behind. */
    size_t free = senders->draining || senders->busy >= allowed ? 0 : allowed - senders->busy;
    pthread_mutex_unlock(&senders->lock);
    return free;
}

int64_t senders_quiet_ms(const struct senders *senders, int64_t now_ms)
{
    return throttle_quiet_ms(&senders->throttle, now_ms);
}

size_t senders_busy(struct senders *senders)
{
    pthread_mutex_lock(&senders->lock);
    size_t busy = senders->busy;
    pthread_mutex_unlock(&senders->lock);
    return busy;
}

void senders_give(struct senders *senders, struct senders_job *job)
{
    pthread_mutex_lock(&senders->lock);
    bool begins = !senders->draining, tell = false;
    senders->busy++;
    if (begins) {
        append(&senders->waiting, job);
    } else {
        outcome_set(&job->outcome, OUTCOME_CUT);
        tell = finish(senders, job);
    }
    pthread_mutex_unlock(&senders->lock);
    if (begins)
        pthread_cond_signal(&senders->work);
    if (tell)
        wake_loop(senders);
}

int senders_fd(const struct senders *senders)
{
    return senders->event;
}

void senders_collect(struct senders *senders, int64_t now_ms,
                     void (*callback)(void *context, struct senders_job *job), void *context)
{
    uint64_t count;
    if (read(senders->event, &count, sizeof count) < 0 && errno != EAGAIN)
        return;
    pthread_mutex_lock(&senders->lock);
    struct senders_list done = senders->done;
    senders->done = (struct senders_list){0};
    senders->busy -= senders->done_count;
    senders->done_count = 0;
    pthread_mutex_unlock(&senders->lock);

    struct senders_job *job;
    while ((job = shift(&done)) != NULL) {
        throttle_report(&senders->throttle, &job->outcome, now_ms);
        callback(context, job);
    }
}
