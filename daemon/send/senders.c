/*
 * Objects: one `struct senders` of the loop, and for each connection one `struct sender`,
 * a thread that sleeps until there is a job. A job is in one place at a time:
 *
 *   waiting --a thread takes it--> in that thread's hands --outcome--> done --collect--> owner
 *      \------------------------- draining: cut -----------------------/
 *
 * A thread that finds nothing waiting lies down on a stack, from which the next job wakes the one
 * that lay down last: as few of them work as can keep up, and what these need is still in the
 * processor's caches. The others' connections are given up after a while.
 *
 * One mutex guards the lists and the stack. An eventfd tells the loop that `done`
 * is not empty: written once for all that are done until the loop collects.
 *
 * run_sender() is a thread's whole life, send_job() all that is done for a job in it. The
 * loop's side stands below: start and stop, then give and collect.
 */
#include "send/senders.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
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
    struct senders_job *job; /* in its hands; given to it with `work`, where it was idle */
    sem_t work;              /* it has a job, or is to end */
    struct sender *below;    /* on the stack of the idle */
};

struct senders {
    struct senders_settings settings;
    struct sender *threads;
    size_t thread_count;
    int event;
    atomic_bool cut; /* what is begun is to be given up */

    pthread_mutex_t lock; /* over all of this */
    struct senders_list waiting, done;
    struct sender *idle;
    bool draining; /* set by the loop alone */

    /* The loop's. */
    size_t busy; /* given and not collected */
    struct throttle throttle;
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

/* With the lock held. */
static struct sender *wake_up(struct senders *senders, struct senders_job *job)
{
    struct sender *sender = senders->idle;
    senders->idle = sender->below;
    sender->job = job;
    return sender;
}

static void lie_down(struct sender *sender)
{
    struct senders *senders = sender->senders;
    sender->below = senders->idle;
    senders->idle = sender;
}

static void sleep_until_woken(struct sender *sender)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += REST_MS / 1000;
    for (;;) {
        int fault = sender->rested ? sem_wait(&sender->work)
                                   : sem_clockwait(&sender->work, CLOCK_MONOTONIC, &until);
        if (!fault)
            return;
        if (errno == ETIMEDOUT)
            rest(sender);
    }
}

/* Hands in the job that it has, and waits for the next one; false when there will be none. */
static bool next_job(struct sender *sender)
{
    struct senders *senders = sender->senders;
    pthread_mutex_lock(&senders->lock);
    bool tell = sender->job && finish(senders, sender->job);
    sender->job = shift(&senders->waiting);
    bool idle = !sender->job && !senders->draining;
    if (idle)
        lie_down(sender);
    pthread_mutex_unlock(&senders->lock);
    if (tell)
        wake_loop(senders);
    if (idle)
        sleep_until_woken(sender);
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
    while (next_job(sender))
        send_job(sender);
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
        sem_init(&sender->work, 0, 0);
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
    while (senders->idle)
        sem_post(&wake_up(senders, NULL)->work);
    pthread_mutex_unlock(&senders->lock);
    if (tell)
        wake_loop(senders);
}

void senders_stop(struct senders *senders)
{
    senders_drain(senders);
    atomic_store(&senders->cut, true);
    while (senders->thread_count > 0) {
        struct sender *sender = &senders->threads[--senders->thread_count];
        pthread_join(sender->thread, NULL);
        sem_destroy(&sender->work);
    }
}

void senders_destroy(struct senders **pointer)
{
    struct senders *senders = *pointer;
    if (!senders)
        return;
    senders_stop(senders);
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
    /* What is done and not collected has its thread back, but the loop is behind. */
    return senders->draining || senders->busy >= allowed ? 0 : allowed - senders->busy;
}

int64_t senders_quiet_ms(const struct senders *senders, int64_t now_ms)
{
    return throttle_quiet_ms(&senders->throttle, now_ms);
}

size_t senders_busy(struct senders *senders)
{
    return senders->busy;
}

void senders_give(struct senders *senders, struct senders_job *job)
{
    struct sender *woken = NULL;
    bool tell = false;
    senders->busy++;
    pthread_mutex_lock(&senders->lock);
    if (senders->draining) {
        outcome_set(&job->outcome, OUTCOME_CUT);
        tell = finish(senders, job);
    } else if (senders->idle) {
        woken = wake_up(senders, job);
    } else {
        append(&senders->waiting, job);
    }
    pthread_mutex_unlock(&senders->lock);
    if (woken)
        sem_post(&woken->work);
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
    pthread_mutex_unlock(&senders->lock);

    /* All of them have their threads back before the first callback may give another job. */
    for (const struct senders_job *job = done.first; job; job = job->next)
        senders->busy--;
    struct senders_job *job;
    while ((job = shift(&done)) != NULL) {
        throttle_report(&senders->throttle, &job->outcome, now_ms);
        callback(context, job);
    }
}
