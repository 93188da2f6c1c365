/*
 * live() is the thread: once a second it forces the archive to the disk, and once a minute, or when
 * there is reason to (is_due), it makes a round: look_after, over one session with Redis.
 */
#include "events/keeper.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "archive/archive.h"
#include "archive/archive_line.h"
#include "archive/archive_sweep.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/log_once.h"
#include "base/mem.h"
#include "events/erasures.h"
#include "redis/session.h"
#include "store/keys.h"

enum {
    SYNC_MS = 1000,
    ROUND_MS = 60000,
    CONNECT_MS = 2000,
};

struct keeper {
    struct keeper_options options;
    struct policy policy;
    struct arena *arena;       /* of the prefixes */
    struct erasures *erasures; /* of each shard; the same session may be of several */
    size_t shards;
    pthread_t thread;
    pthread_mutex_t lock; /* over what follows, up to the blank line */
    pthread_cond_t news;
    bool ends, awake, wanted; /* `awake`: it was woken once; `wanted`: since the last round */
    int64_t keep_ms;

    int64_t round_at, synced_at, part_at; /* clock_monotonic_ms */
    int64_t rotations;                    /* of the archive, at the last round */
    struct log_once told;
};

/* ---- Between the parts ---- */

/* Waits so long, or until it is woken; false: it is to end. */
static bool wait_for(struct keeper *keeper, int64_t ms, bool any_news)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += ms % 1000 * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&keeper->lock);
    int late = 0;
    while (!late && !keeper->ends && !(any_news && keeper->wanted))
        late = pthread_cond_timedwait(&keeper->news, &keeper->lock, &until);
    bool goes_on = !keeper->ends;
    pthread_mutex_unlock(&keeper->lock);
    return goes_on;
}

static void sync_archive(struct keeper *keeper)
{
    int fd;
    keeper->synced_at = clock_monotonic_ms();
    while (keeper->options.archive && (fd = archive_unsynced(keeper->options.archive)) >= 0) {
        if (fdatasync(fd) != 0)
            log_warning("the archive could not be forced to the disk");
        close(fd);
    }
}

/* As long as the part took, so that events are not slowed by it. */
static bool go_on(void *context)
{
    struct keeper *keeper = context;
    int64_t now_ms = clock_monotonic_ms(), took_ms = now_ms - keeper->part_at;
    if (now_ms - keeper->synced_at >= SYNC_MS)
        sync_archive(keeper);
    bool goes_on = wait_for(keeper, took_ms < SYNC_MS ? took_ms : SYNC_MS, false);
    keeper->part_at = clock_monotonic_ms();
    return goes_on;
}

/* ---- A round ---- */

/* Which shard a line's person is in does not matter: it names them to all. */
static bool ask_all(const struct keeper *keeper, const struct erasures_text *texts, size_t count,
                    bool *gone, struct diag *diag)
{
    bool here[ARCHIVE_SWEEP_LINES];
    memset(gone, false, count * sizeof *gone);
    for (size_t shard = 0; shard < keeper->shards; shard++) {
        if (!erasures_ask(&keeper->erasures[shard], texts, count, here, diag))
            return false;
        for (size_t i = 0; i < count; i++)
            gone[i] = gone[i] || here[i];
    }
    return true;
}

static bool judge(void *context, const struct slice *lines, size_t count, bool *gone,
                  struct diag *diag)
{
    struct keeper *keeper = context;
    struct erasures_text texts[ARCHIVE_SWEEP_LINES];
    struct arena *arena = arena_new(16 * 1024);
    for (size_t i = 0; i < count; i++) {
        struct archive_line line;
        bool ours = archive_line_read(arena, lines[i], &line);
        texts[i] = (struct erasures_text){.text = ours ? line.event : lines[i],
                                          .customer = "",
                                          .entry = ours ? line.entry : "0-0"};
    }
    bool good = ask_all(keeper, texts, count, gone, diag);
    arena_destroy(&arena);
    return good;
}

/* Without Redis only what is too old goes: `erased_ms` is 0 then. */
static bool sweep(struct keeper *keeper, int64_t erased_ms, struct diag *diag)
{
    struct archive_swept swept;
    pthread_mutex_lock(&keeper->lock);
    int64_t keep_ms = keeper->keep_ms;
    pthread_mutex_unlock(&keeper->lock);
    const struct archive_sweep asked = {.folder = keeper->options.config->keys.archive.folder,
                                        .now_ms = clock_wall_ms(),
                                        .keep_ms = keep_ms,
                                        .erased_ms = erased_ms,
                                        .judge = judge,
                                        .go_on = go_on,
                                        .context = keeper};
    if (!keeper->options.archive)
        return true;
    keeper->part_at = clock_monotonic_ms();
    bool good = archive_sweep_run(&asked, &swept, diag);
    if (swept.files)
        log_with(LOG_LEVEL_INFO, LOG_FIELDS(LOG_NUMBER("files", swept.files)),
                 "files of the archive were too old and are deleted");
    if (swept.lines)
        log_with(LOG_LEVEL_INFO, LOG_FIELDS(LOG_NUMBER("lines", swept.lines)),
                 "lines of erased people are out of the archive");
    return good;
}

/* In one shard; `*erased_ms`: when somebody was erased last, in any so far. */
static bool forget(const struct erasures *erasures, int64_t *erased_ms, struct diag *diag)
{
    struct erasures_gone gone;
    int64_t newest_ms = 0;
    bool good =
        erasures_drop_new(erasures, &gone, diag) && erasures_newest(erasures, &newest_ms, diag);
    if (newest_ms > *erased_ms)
        *erased_ms = newest_ms;
    if (gone.letters || gone.returns)
        log_with(
            LOG_LEVEL_INFO,
            LOG_FIELDS(LOG_NUMBER("letters", gone.letters), LOG_NUMBER("returns", gone.returns)),
            "what was left of erased people is deleted");
    return good;
}

/* Of a single Redis all shards have the same. */
static struct session *open_session(const struct keeper *keeper, struct arena *arena, size_t shard,
                                    struct diag *diag)
{
    const struct endpoint *endpoint = &keeper->options.endpoint;
    struct session *first = shard ? keeper->erasures[0].session : NULL;
    if (!endpoint_is_cluster(endpoint))
        return first ? first : session_open(endpoint, CONNECT_MS, diag);
    const char *key = keys_absent(arena, keeper->erasures[shard].prefix);
    return session_open_slot(endpoint, key, first, CONNECT_MS, diag);
}

static bool open_sessions(struct keeper *keeper, struct diag *diag)
{
    struct arena *arena = arena_new(512);
    bool opened = true;
    for (size_t i = 0; i < keeper->shards && opened; i++) {
        keeper->erasures[i].session = open_session(keeper, arena, i, diag);
        opened = keeper->erasures[i].session != NULL;
    }
    arena_destroy(&arena);
    return opened;
}

/* The first last, beside which the others are. */
static void close_sessions(struct keeper *keeper)
{
    for (size_t i = keeper->shards; i-- > 0;) {
        struct session **session = &keeper->erasures[i].session;
        if (i && !endpoint_is_cluster(&keeper->options.endpoint))
            *session = NULL;
        session_close(session);
    }
}

static void look_after(struct keeper *keeper)
{
    struct diag diag = {0};
    int64_t erased_ms = 0;
    bool good = open_sessions(keeper, &diag);
    for (size_t i = 0; i < keeper->shards && good; i++)
        good = forget(&keeper->erasures[i], &erased_ms, &diag);
    if (good && erased_ms && keeper->options.archive)
        archive_erased(keeper->options.archive, erased_ms);
    good = sweep(keeper, good ? erased_ms : 0, &diag) && good;
    close_sessions(keeper);
    if (good)
        log_once_forget(&keeper->told);
    else if (log_once_is_news(&keeper->told, diag.text))
        log_warning("what is left of erased people cannot be looked through now: %s", diag.text);
}

static bool is_due(struct keeper *keeper)
{
    struct archive *archive = keeper->options.archive;
    int64_t now_ms = clock_monotonic_ms(), rotations = archive ? archive_rotations(archive) : 0;
    pthread_mutex_lock(&keeper->lock);
    bool due = keeper->awake && (keeper->wanted || rotations != keeper->rotations ||
                                 now_ms - keeper->round_at >= ROUND_MS);
    if (due)
        keeper->wanted = false;
    pthread_mutex_unlock(&keeper->lock);
    if (due) {
        keeper->rotations = rotations;
        keeper->round_at = now_ms;
    }
    return due;
}

static void *live(void *context)
{
    struct keeper *keeper = context;
    while (wait_for(keeper, keeper->options.archive ? SYNC_MS : ROUND_MS, true)) {
        sync_archive(keeper);
        if (is_due(keeper))
            look_after(keeper);
    }
    return NULL;
}

/* ---- The object ---- */

static void make_erasures(struct keeper *keeper)
{
    const struct config *config = keeper->options.config;
    const struct placement placement = config_placement(config);
    keeper->shards = placement_count(&placement);
    keeper->erasures = mem_zero(keeper->shards, sizeof *keeper->erasures);
    for (size_t i = 0; i < keeper->shards; i++)
        keeper->erasures[i] =
            (struct erasures){.prefix = placement_prefix(&placement, keeper->arena, i),
                              .policy = &keeper->policy,
                              .form = config_event_form(config)};
}

struct keeper *keeper_new(const struct keeper_options *options)
{
    struct keeper *keeper = mem_zero(1, sizeof *keeper);
    pthread_condattr_t attributes;
    sigset_t all, before;
    keeper->options = *options;
    keeper->keep_ms = options->config->keys.archive.keep_ms;
    config_policy(options->config, &keeper->policy);
    keeper->arena = arena_new(512);
    make_erasures(keeper);
    pthread_mutex_init(&keeper->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&keeper->news, &attributes);
    pthread_condattr_destroy(&attributes);
    sigfillset(&all); /* signals are the loop's */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int fault = pthread_create(&keeper->thread, NULL, live, keeper);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (fault)
        mem_exhausted();
    return keeper;
}

void keeper_destroy(struct keeper **keeper)
{
    struct keeper *ended = *keeper;
    if (!ended)
        return;
    *keeper = NULL;
    pthread_mutex_lock(&ended->lock);
    ended->ends = true;
    pthread_cond_signal(&ended->news);
    pthread_mutex_unlock(&ended->lock);
    pthread_join(ended->thread, NULL);
    pthread_cond_destroy(&ended->news);
    pthread_mutex_destroy(&ended->lock);
    free(ended->erasures);
    arena_destroy(&ended->arena);
    free(ended);
}

void keeper_wake(struct keeper *keeper)
{
    pthread_mutex_lock(&keeper->lock);
    keeper->awake = keeper->wanted = true;
    pthread_cond_signal(&keeper->news);
    pthread_mutex_unlock(&keeper->lock);
}

void keeper_set_keep(struct keeper *keeper, int64_t keep_ms)
{
    pthread_mutex_lock(&keeper->lock);
    keeper->keep_ms = keep_ms;
    pthread_mutex_unlock(&keeper->lock);
}
