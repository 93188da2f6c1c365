/*
 * Objects: one `struct senders` of the loop; for each connection a `sender`, whose dialogues run in
 * a fiber; and few `runner`s, threads with a part of the senders each. A job is in one place at a
 * time:
 *
 *   waiting --a sender takes it--> in that sender's hands --outcome--> done --collect--> owner
 *      \------------------------- draining: cut -----------------------/
 *
 * A sender that finds nothing waiting lies down on its runner's stack, from which the one that lay
 * down last is taken up first: as few connections work as can keep up, and the others' are given up
 * after a while. A runner none of whose senders can go on sleeps:
 *
 *   WORKING --nothing to do--> ASLEEP, or WATCHING where others work, and none of them watches
 *      ^                          |
 *      +----------- woken --------+
 *
 * A job wakes a runner only where none is about to look for one (expected); who watches does so
 * soon, lest a job waits behind one that works long.
 *
 * One mutex guards the lists, the stacks and the runners' states. An eventfd tells the loop that
 * `done` is not empty: written once for all that are done until the loop collects.
 *
 * run_runner() is a thread's whole life, run_sender() a fiber's, send_job() all that is done for a
 * job in it. The loop's side stands below: start and stop, then give and collect.
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
#include <unistd.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/fiber_loop.h"
#include "base/mem.h"
#include "send/throttle.h"

enum {
    REST_MS = 15000, /* a connection without work is given up after this: servers end it soon
                        after, and it keeps a place there that others may need */
    WATCH_MS = 1,    /* a runner sleeps no longer while another one works */
    SCRATCH_FIRST = 65536,
    KEPT_FIRST = 1024,
};

struct senders_list {
    struct senders_job *first, *last;
    size_t count;
};

/* One connection. */
struct sender {
    struct runner *runner;
    struct fiber_wait wait; /* its fiber, and what that waits for */
    void *connection;
    struct arena *arena;     /* of what goes out and comes back; empty between two jobs */
    struct senders_job *job; /* in its hands; NULL: it lies on the stack, or is to end */
    struct sender *below;    /* there */
    int64_t rest_ms;         /* its connection is given up then; INT64_MAX: that was done */
};

enum runner_state {
    RUNNER_WORKING,
    RUNNER_COMING,   /* it was woken, or will be in a moment: it looks for jobs soon, … */
    RUNNER_WATCHING, /* … so does this one, */
    RUNNER_ASLEEP,   /* but not this one */
    RUNNER_ENDED,
};

/* One thread with its connections. */
struct runner {
    struct senders *senders;
    pthread_t thread;
    struct fiber_loop *loop;
    struct arena *scratch; /* what is made from a job lies there until its sender gives way */
    struct sender *members;
    size_t count;
    enum runner_state state;
    size_t free;             /* of its senders have no job */
    struct sender *idle;     /* these, for itself alone; */
    enum runner_state rests; /* as it last had nothing to do; for itself alone */
    int64_t rest_ms;         /* of none of them the connection is to be given up earlier */
};

struct senders {
    struct senders_settings settings;
    struct runner *runners;
    struct sender *members; /* of all of them */
    size_t runner_count, started;
    int event;
    atomic_bool cut; /* what is begun is to be given up */

    pthread_mutex_t lock; /* over all of this */
    struct senders_list waiting, done;
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
    list->count++;
}

static struct senders_job *shift(struct senders_list *list)
{
    struct senders_job *job = list->first;
    if (!job)
        return NULL;
    list->first = job->next;
    list->count--;
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

/* ---- A sender's fiber ---- */

static bool may_finish(void *context)
{
    const struct sender *sender = context;
    const struct senders_settings *settings = &sender->runner->senders->settings;
    return !settings->may_finish || settings->may_finish(settings->context, sender->job);
}

static bool is_cut(void *context)
{
    const struct sender *sender = context;
    return atomic_load_explicit(&sender->runner->senders->cut, memory_order_relaxed);
}

/* What lies in the scratch arena ends here: others of the runner go on. */
static int wait_in_fiber(void *context, struct pollfd *fds, size_t count, int64_t until_ms)
{
    struct sender *sender = context;
    arena_reset(sender->runner->scratch);
    return fiber_loop_wait(sender->runner->loop, &sender->wait, fds, count, until_ms);
}

/* Out of the scratch arena comes what is to be there while it is sent. */
static void keep(struct arena *arena, struct outgoing *outgoing)
{
    const char **const texts[] = {&outgoing->mid, &outgoing->channel, &outgoing->envelope_from,
                                  &outgoing->envelope_to};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (*texts[i])
            *texts[i] = arena_text(arena, *texts[i]);
    outgoing->body = arena_copy(arena, outgoing->body, outgoing->body_length);
}

static void send_job(struct sender *sender)
{
    const struct senders_settings *settings = &sender->runner->senders->settings;
    struct arena *scratch = sender->runner->scratch;
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
    if (settings->prepare(settings->context, sender->job, scratch, &outgoing, &diag)) {
        keep(sender->arena, &outgoing);
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
    if (settings->ended)
        settings->ended(settings->context, sender->job);
    arena_reset(sender->arena);
    arena_reset(scratch);
}

/* With the lock held: no job is in its hands. */
static void lie_down(struct sender *sender)
{
    struct runner *runner = sender->runner;
    sender->below = runner->idle;
    runner->idle = sender;
    runner->free++;
    sender->rest_ms = clock_monotonic_ms() + REST_MS;
    if (sender->rest_ms < runner->rest_ms)
        runner->rest_ms = sender->rest_ms;
}

/* Hands in the job that it has, and takes the next one; false where none waits. */
static bool next_job(struct sender *sender)
{
    struct senders *senders = sender->runner->senders;
    pthread_mutex_lock(&senders->lock);
    bool tell = finish(senders, sender->job);
    sender->job = shift(&senders->waiting);
    if (!sender->job)
        lie_down(sender);
    pthread_mutex_unlock(&senders->lock);
    if (tell)
        wake_loop(senders);
    return sender->job != NULL;
}

/* Resumed with a job, or without one, which is the end. */
static void run_sender(void *context)
{
    struct sender *sender = context;
    while (sender->job) {
        do
            send_job(sender);
        while (next_job(sender));
        fiber_give_way();
    }
}

/* ---- A runner's thread ---- */

/* With the lock held: how many jobs somebody is about to look for. */
static size_t expected(const struct senders *senders)
{
    size_t count = 0;
    for (size_t i = 0; i < senders->runner_count; i++) {
        const struct runner *runner = &senders->runners[i];
        if (runner->state == RUNNER_COMING || runner->state == RUNNER_WATCHING)
            count += runner->free;
    }
    return count;
}

/* With the lock held: who is to be woken for what waits, when the lock is free again; NULL: nobody
 * need be, or nobody can. */
static struct runner *wake_up(struct senders *senders)
{
    if (senders->waiting.count <= expected(senders))
        return NULL;
    for (size_t i = 0; i < senders->runner_count; i++) {
        struct runner *runner = &senders->runners[i];
        if (runner->state == RUNNER_ASLEEP && runner->free) {
            runner->state = RUNNER_COMING;
            return runner;
        }
    }
    return NULL;
}

static bool another_is(const struct runner *runner, enum runner_state state)
{
    const struct senders *senders = runner->senders;
    for (size_t i = 0; i < senders->runner_count; i++)
        if (&senders->runners[i] != runner && senders->runners[i].state == state)
            return true;
    return false;
}

/* With the lock held. */
static enum runner_state state_without_work(const struct runner *runner)
{
    if (runner->senders->draining && runner->free == runner->count)
        return RUNNER_ENDED;
    bool watches = another_is(runner, RUNNER_WORKING) && !another_is(runner, RUNNER_WATCHING);
    return watches ? RUNNER_WATCHING : RUNNER_ASLEEP;
}

/* One of its senders, with a job that waited; NULL: there is none, and it may sleep. */
static struct sender *take_up(struct runner *runner)
{
    struct senders *senders = runner->senders;
    struct sender *sender = runner->idle;
    struct runner *woken = NULL;
    pthread_mutex_lock(&senders->lock);
    if (sender && (sender->job = shift(&senders->waiting))) {
        runner->idle = sender->below;
        runner->free--;
        runner->state = RUNNER_WORKING;
    } else {
        sender = NULL;
        runner->state = runner->rests = state_without_work(runner);
        woken = wake_up(senders);
    }
    pthread_mutex_unlock(&senders->lock);
    if (woken)
        fiber_loop_wake(woken->loop);
    return sender;
}

/* Gives up the connections that were idle for long. */
static void rest_idle(struct runner *runner, int64_t now_ms)
{
    const struct gateway_kind *kind = runner->senders->settings.kind;
    runner->rest_ms = INT64_MAX;
    for (struct sender *sender = runner->idle; sender; sender = sender->below) {
        if (sender->rest_ms <= now_ms) {
            if (kind->rest)
                kind->rest(sender->connection);
            sender->rest_ms = INT64_MAX;
        }
        if (sender->rest_ms < runner->rest_ms)
            runner->rest_ms = sender->rest_ms;
    }
}

static void sleep_until_woken(struct runner *runner)
{
    struct senders *senders = runner->senders;
    const int64_t now_ms = clock_monotonic_ms();
    const int64_t watch_ms = runner->rests == RUNNER_WATCHING ? now_ms + WATCH_MS : INT64_MAX;
    if (runner->rest_ms <= now_ms)
        rest_idle(runner, now_ms);
    fiber_loop_sleep(runner->loop, watch_ms < runner->rest_ms ? watch_ms : runner->rest_ms);
    pthread_mutex_lock(&senders->lock);
    runner->state = RUNNER_WORKING;
    pthread_mutex_unlock(&senders->lock);
}

static void open_members(struct runner *runner)
{
    const struct senders_settings *settings = &runner->senders->settings;
    struct gateway_hooks hooks = {.may_finish = may_finish,
                                  .is_cut = is_cut,
                                  .wait = settings->kind->blocks ? NULL : wait_in_fiber};
    runner->scratch = arena_new(SCRATCH_FIRST);
    for (size_t i = 0; i < runner->count; i++) {
        struct sender *sender = &runner->members[i];
        hooks.context = sender;
        sender->connection = settings->kind->open(settings->gateway, &hooks);
        sender->arena = arena_new(KEPT_FIRST);
    }
}

static void close_members(struct runner *runner)
{
    for (size_t i = 0; i < runner->count; i++) {
        struct sender *sender = &runner->members[i];
        fiber_resume(sender->wait.fiber); /* to its end */
        fiber_destroy(&sender->wait.fiber);
        arena_destroy(&sender->arena);
        runner->senders->settings.kind->close(sender->connection);
    }
    arena_destroy(&runner->scratch);
}

static void *run_runner(void *context)
{
    struct runner *runner = context;
    struct sender *sender;
    open_members(runner);
    for (;;) {
        while ((sender = take_up(runner)))
            fiber_resume(sender->wait.fiber);
        if (runner->rests == RUNNER_ENDED)
            break;
        sleep_until_woken(runner);
        fiber_loop_run(runner->loop);
        if (atomic_load(&runner->senders->cut))
            fiber_loop_rouse(runner->loop);
    }
    close_members(runner);
    return NULL;
}

/* ---- Start and stop ---- */

/* As many as can work at once; and two, so that what one has to wait for makes not all wait. */
static size_t runners_of(const struct senders_settings *settings)
{
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    const size_t most = processors > 2 ? (size_t)processors : 2;
    return settings->kind->blocks || settings->connections < most ? settings->connections : most;
}

static struct senders *new_senders(const struct senders_settings *settings)
{
    struct senders *senders = mem_zero(1, sizeof *senders);
    senders->settings = *settings;
    senders->runner_count = runners_of(settings);
    senders->runners = mem_zero(senders->runner_count, sizeof *senders->runners);
    senders->members = mem_zero(settings->connections, sizeof *senders->members);
    senders->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&senders->lock, NULL);
    throttle_init(&senders->throttle, settings->connections);
    return senders;
}

/* Its share of the senders, and its loop. Returns an errno, or 0. */
static int make_runner(struct senders *senders, struct runner *runner)
{
    const size_t number = (size_t)(runner - senders->runners), count = senders->runner_count;
    const size_t connections = senders->settings.connections;
    const size_t first = number * connections / count;
    runner->senders = senders;
    runner->state = RUNNER_COMING;
    runner->rest_ms = INT64_MAX;
    runner->members = &senders->members[first];
    runner->count = (number + 1) * connections / count - first;
    runner->loop = fiber_loop_new();
    if (!runner->loop)
        return errno;
    for (size_t i = runner->count; i-- > 0;) {
        struct sender *sender = &runner->members[i];
        sender->runner = runner;
        sender->wait.fiber = fiber_new(run_sender, sender);
        if (!sender->wait.fiber)
            return errno;
        lie_down(sender);
        sender->rest_ms = INT64_MAX;
    }
    return 0;
}

static void free_runner(struct runner *runner)
{
    for (size_t i = 0; i < runner->count; i++)
        fiber_destroy(&runner->members[i].wait.fiber);
    fiber_loop_destroy(&runner->loop);
}

/* Threads take no signals: the loop has them all. */
static int spawn_runners(struct senders *senders)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int fault = 0;
    for (size_t i = 0; !fault && i < senders->runner_count; i++)
        fault = make_runner(senders, &senders->runners[i]);
    while (!fault && senders->started < senders->runner_count) {
        struct runner *runner = &senders->runners[senders->started];
        char name[16]; /* as the kernel holds it */
        fault = pthread_create(&runner->thread, NULL, run_runner, runner);
        if (fault)
            break;
        snprintf(name, sizeof name, "%.15s", senders->settings.name);
        pthread_setname_np(runner->thread, name);
        senders->started++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return fault;
}

struct senders *senders_start(const struct senders_settings *settings, struct diag *diag)
{
    struct senders *senders = new_senders(settings);
    int fault = senders->event < 0 ? errno : spawn_runners(senders);
    if (!fault)
        return senders;
    diag_error(diag, "gateway `%s`: cannot start its %zu connections: %s", settings->name,
               settings->connections, strerror(fault));
    senders_destroy(&senders);
    return NULL;
}

static void wake_all(const struct senders *senders)
{
    for (size_t i = 0; i < senders->started; i++)
        fiber_loop_wake(senders->runners[i].loop);
}

static void give_back(struct senders *senders, bool drain)
{
    struct senders_job *job;
    bool tell = false;
    pthread_mutex_lock(&senders->lock);
    senders->draining |= drain;
    while ((job = shift(&senders->waiting)) != NULL) {
        outcome_set(&job->outcome, OUTCOME_CUT);
        tell |= finish(senders, job);
    }
    pthread_mutex_unlock(&senders->lock);
    if (tell)
        wake_loop(senders);
}

void senders_recall(struct senders *senders)
{
    give_back(senders, false);
}

void senders_drain(struct senders *senders)
{
    give_back(senders, true);
    wake_all(senders);
}

void senders_stop(struct senders *senders)
{
    senders_drain(senders);
    atomic_store(&senders->cut, true);
    wake_all(senders);
    for (size_t i = 0; i < senders->started; i++)
        pthread_join(senders->runners[i].thread, NULL);
    senders->started = 0;
}

void senders_destroy(struct senders **pointer)
{
    struct senders *senders = *pointer;
    if (!senders)
        return;
    senders_stop(senders);
    for (size_t i = 0; i < senders->runner_count; i++)
        free_runner(&senders->runners[i]);
    pthread_mutex_destroy(&senders->lock);
    if (senders->event >= 0)
        close(senders->event);
    free(senders->members);
    free(senders->runners);
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

size_t senders_room_ahead(struct senders *senders, size_t ahead, int64_t now_ms)
{
    const size_t connections = senders->settings.connections, most = connections + ahead;
    bool slowed = throttle_allowed(&senders->throttle, now_ms) < connections;
    return senders->draining || slowed || senders->busy >= most ? 0 : most - senders->busy;
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
    struct runner *woken = NULL;
    bool tell = false;
    senders->busy++;
    pthread_mutex_lock(&senders->lock);
    if (senders->draining) {
        outcome_set(&job->outcome, OUTCOME_CUT);
        tell = finish(senders, job);
    } else {
        append(&senders->waiting, job);
        woken = wake_up(senders);
    }
    pthread_mutex_unlock(&senders->lock);
    if (woken)
        fiber_loop_wake(woken->loop);
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
    if (throttle_allowed(&senders->throttle, now_ms) < senders->settings.connections)
        senders_recall(senders);
}
