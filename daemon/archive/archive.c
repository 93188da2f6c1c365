/*
 * The file: open_file() goes on with the newest of this name that is neither old nor full, behind
 * its last whole line, or begins one; put() writes; retire() is its end. What another thread may
 * ask for is under the lock: descriptors that still have to be forced to the disk.
 */
#include "archive/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/archive_files.h"
#include "archive/archive_line.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/log_group.h"
#include "base/log_once.h"
#include "base/mem.h"
#include "base/metrics.h"

enum {
    WRITE_AT = 1 << 20,      /* bytes that are gathered before they are written in any case */
    GATHERED_MOST = 2 << 20, /* that, and one event with its line */
    RETIRED_MOST = 8,        /* files that wait to be forced to the disk; a further one does not */
    TAIL = 512 * 1024,       /* longer than any line */
};

struct archive {
    char *folder, *name;
    int64_t size_most;
    struct buf lines;
    int64_t line_count;
    char *path; /* of the file; NULL: none is open */
    int fd;     /* -1: none is open */
    int64_t size, begun_ms;
    int64_t named_ms; /* the newest name that a file of ours was given; 0: none */
    struct log_group *log_group;
    struct log_once told;
    bool is_told;            /* that it has a fault: so its end is too */
    char fault[512];         /* of the last that failed */
    bool failed;             /* since then nothing was written */
    int64_t lost;            /* lines, since it failed */
    struct archive_lost all; /* of late */

    pthread_mutex_t lock; /* over what follows, and over `fd` where it changes */
    bool unsynced;        /* the open file was written to */
    int retired[RETIRED_MOST];
    size_t retired_count;
    int64_t rotations;
    int64_t erased_ms; /* when somebody was, the last time; 0: never */
};

/* ---- The file ---- */

static bool fail(struct archive *archive, const char *what, const char *path)
{
    snprintf(archive->fault, sizeof archive->fault, "cannot %s %.400s: %s", what, path,
             strerror(errno));
    return false;
}

static void use(struct archive *archive, int fd, char *path, int64_t begun_ms, int64_t size)
{
    pthread_mutex_lock(&archive->lock);
    archive->fd = fd;
    archive->unsynced = false;
    pthread_mutex_unlock(&archive->lock);
    archive->path = path;
    archive->begun_ms = begun_ms;
    archive->size = size;
}

/* Its lock goes when the last descriptor is closed: from then on others may look after it. */
static void retire(struct archive *archive)
{
    if (archive->fd < 0)
        return;
    pthread_mutex_lock(&archive->lock);
    int fd = archive->fd;
    bool waits = archive->unsynced && archive->retired_count < RETIRED_MOST;
    if (waits)
        archive->retired[archive->retired_count++] = fd;
    archive->fd = -1;
    archive->unsynced = false;
    archive->rotations++;
    pthread_mutex_unlock(&archive->lock);
    if (!waits)
        close(fd);
    free(archive->path);
    archive->path = NULL;
}

/* Cuts off what a killed daemon wrote half of a line of: its event comes again. False where that
 * cannot be known. */
static bool find_end(int fd, int64_t *size)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return false;
    char *tail = mem_alloc(TAIL);
    off_t from = status.st_size > TAIL ? status.st_size - TAIL : 0;
    ssize_t length = pread(fd, tail, TAIL, from);
    const char *last = length > 0 ? memrchr(tail, '\n', (size_t)length) : NULL;
    *size = last ? from + (last - tail) + 1 : 0;
    bool good = length >= 0 && (last || from == 0) &&
                (*size == status.st_size || ftruncate(fd, *size) == 0);
    free(tail);
    return good;
}

/* A file that was begun then has been written to for long enough. */
static bool is_over(struct archive *archive, int64_t begun_ms, int64_t now_ms)
{
    int64_t age_ms = now_ms - begun_ms;
    pthread_mutex_lock(&archive->lock);
    bool erased = archive->erased_ms >= begun_ms;
    pthread_mutex_unlock(&archive->lock);
    return age_ms >= ARCHIVE_FILES_DAY_MS || (erased && age_ms >= ARCHIVE_ERASED_MS);
}

/* Where it is neither over nor full. Of many within one second the last ones are
 * named after later ones. */
static bool go_on_with(struct archive *archive, const char *name, int64_t begun_ms, int64_t now_ms)
{
    char path[4096];
    int64_t size;
    if (is_over(archive, begun_ms, now_ms))
        return false;
    snprintf(path, sizeof path, "%s/%s", archive->folder, name);
    int fd = archive_files_lock(path);
    if (fd >= 0 && find_end(fd, &size) && size < archive->size_most &&
        lseek(fd, size, SEEK_SET) == size) {
        use(archive, fd, mem_text(path), begun_ms < now_ms ? begun_ms : now_ms, size);
        return true;
    }
    if (fd >= 0)
        close(fd);
    return false;
}

/* With the newest of this name; not with an older one, for files are in the order of their names.
 * One that a wrong clock named does not count. */
static bool go_on(struct archive *archive, int64_t now_ms)
{
    struct arena *arena = arena_new(16 * 1024);
    const char *const *names;
    size_t count = 0;
    int64_t begun_ms;
    struct diag diag;
    bool newest = false, found = false;
    if (!archive_files_list(arena, archive->folder, &names, &count, &diag))
        count = 0;
    for (size_t i = count; i-- > 0 && !newest;) {
        newest = archive_files_read(names[i], archive->name, &begun_ms) &&
                 begun_ms - now_ms < ARCHIVE_FILES_DAY_MS;
        found = newest && go_on_with(archive, names[i], begun_ms, now_ms);
    }
    if (newest && begun_ms > archive->named_ms)
        archive->named_ms = begun_ms;
    arena_destroy(&arena);
    return found;
}

/* Its name is behind all that were given, so that names are in the order of what they hold, also
 * where several files are of the same second, and where one of these is gone. A name that a wrong
 * clock gave does not count. */
static int64_t next_name(const struct archive *archive, int64_t now_ms)
{
    bool near = archive->named_ms - now_ms < ARCHIVE_FILES_DAY_MS;
    return near && archive->named_ms + 1000 > now_ms ? archive->named_ms + 1000 : now_ms;
}

/* Where the name is taken it is that of the next second. */
static bool begin_file(struct archive *archive, int64_t now_ms)
{
    char name[ARCHIVE_FILES_NAME_SIZE], path[4096];
    int fd;
    int64_t named_ms = next_name(archive, now_ms);
    do {
        archive_files_name(named_ms, archive->name, name);
        snprintf(path, sizeof path, "%s/%s", archive->folder, name);
        fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        named_ms += 1000;
    } while (fd < 0 && errno == EEXIST);
    if (fd < 0)
        return fail(archive, "begin", path);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        fail(archive, "lock", path);
        close(fd);
        return false;
    }
    archive->named_ms = named_ms - 1000;
    use(archive, fd, mem_text(path), now_ms, 0);
    return true;
}

static bool open_file(struct archive *archive, int64_t now_ms)
{
    if (mkdir(archive->folder, 0700) != 0 && errno != EEXIST)
        return fail(archive, "make the folder", archive->folder);
    return go_on(archive, now_ms) || begin_file(archive, now_ms);
}

/* Who deletes or moves the file, or its folder, shall not have it written to where nobody finds it,
 * nor looks for who was erased. */
static bool is_there(const struct archive *archive)
{
    struct stat open, named;
    return archive->fd >= 0 && fstat(archive->fd, &open) == 0 &&
           lstat(archive->path, &named) == 0 && open.st_dev == named.st_dev &&
           open.st_ino == named.st_ino;
}

/* ---- Writing ---- */

/* All of it, or nothing. */
static bool put(struct archive *archive)
{
    const char *bytes = archive->lines.data;
    size_t left = archive->lines.length;
    while (left > 0) {
        ssize_t written = write(archive->fd, bytes, left);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0) {
            fail(archive, "write to", archive->path);
            if (ftruncate(archive->fd, archive->size) != 0 ||
                lseek(archive->fd, archive->size, SEEK_SET) != archive->size)
                retire(archive);
            return false;
        }
        bytes += written;
        left -= (size_t)written;
    }
    archive->size += (int64_t)archive->lines.length;
    pthread_mutex_lock(&archive->lock);
    archive->unsynced = true;
    pthread_mutex_unlock(&archive->lock);
    return true;
}

static void note_written(struct archive *archive)
{
    if (archive->failed && archive->is_told)
        log_with(LOG_LEVEL_WARNING, LOG_FIELDS(LOG_NUMBER("lost", archive->lost)),
                 "events are archived again");
    archive->failed = archive->is_told = false;
    archive->lost = 0;
    log_once_forget(&archive->told);
    metrics_add(METRIC_ARCHIVE_WRITTEN, archive->line_count);
}

static void count_lost(struct archive *archive, int64_t now_ms)
{
    archive_lost_add(&archive->all, archive->line_count, now_ms);
    archive->lost += archive->line_count;
    archive->failed = true;
    metrics_add(METRIC_ARCHIVE_LOST, archive->line_count);
}

static void note_lost(struct archive *archive, int64_t now_ms)
{
    count_lost(archive, now_ms);
    if (!log_once_is_news(&archive->told, archive->fault) ||
        !log_group_is_news(archive->log_group, clock_monotonic_ms(), "faults of the archive", NULL))
        return;
    archive->is_told = true;
    log_with(LOG_LEVEL_ERROR, LOG_FIELDS(LOG_DETAIL(archive->fault)),
             "events are decided, but not archived");
}

void archive_write(struct archive *archive, int64_t now_ms)
{
    if (archive->lines.length == 0)
        return;
    archive_rotate(archive, now_ms);
    if (!is_there(archive))
        retire(archive);
    if ((archive->fd >= 0 || open_file(archive, now_ms)) && put(archive))
        note_written(archive);
    else
        note_lost(archive, now_ms);
    buf_clear(&archive->lines);
    archive->line_count = 0;
    if (archive->size >= archive->size_most)
        retire(archive);
}

void archive_add(struct archive *archive, const char *entry, const char *event, size_t length,
                 int64_t now_ms)
{
    archive_line_put(&archive->lines, entry, event, length);
    archive->line_count++;
    if (archive->lines.length >= WRITE_AT)
        archive_write(archive, now_ms);
}

void archive_rotate(struct archive *archive, int64_t now_ms)
{
    if (is_over(archive, archive->begun_ms, now_ms) || now_ms < archive->begun_ms)
        retire(archive);
}

/* ---- For others ---- */

struct archive_lost archive_lost(const struct archive *archive, int64_t now_ms)
{
    struct archive_lost lost = archive->all;
    lost.why = archive->fault;
    lost.goes_on = archive->failed;
    return archive_lost_is(&lost, now_ms) ? lost : (struct archive_lost){0};
}

int64_t archive_rotations(struct archive *archive)
{
    pthread_mutex_lock(&archive->lock);
    int64_t rotations = archive->rotations;
    pthread_mutex_unlock(&archive->lock);
    return rotations;
}

void archive_erased(struct archive *archive, int64_t erased_ms)
{
    pthread_mutex_lock(&archive->lock);
    if (erased_ms > archive->erased_ms)
        archive->erased_ms = erased_ms;
    pthread_mutex_unlock(&archive->lock);
}

int archive_unsynced(struct archive *archive)
{
    int fd = -1;
    pthread_mutex_lock(&archive->lock);
    if (archive->retired_count > 0) {
        fd = archive->retired[--archive->retired_count];
    } else if (archive->unsynced) {
        archive->unsynced = false;
        fd = fcntl(archive->fd, F_DUPFD_CLOEXEC, 0);
    }
    pthread_mutex_unlock(&archive->lock);
    return fd;
}

void archive_set_size(struct archive *archive, int64_t size_most)
{
    archive->size_most = size_most;
}

struct archive *archive_new(const struct archive_options *options, struct diag *diag)
{
    struct archive *archive = mem_zero(1, sizeof *archive);
    archive->folder = mem_text(options->folder);
    archive->name = mem_text(options->name);
    archive->size_most = options->size_most;
    archive->log_group = options->log_group;
    archive->fd = -1;
    pthread_mutex_init(&archive->lock, NULL);
    buf_init(&archive->lines, GATHERED_MOST);
    if (!open_file(archive, options->now_ms)) {
        diag_error(diag, "the archive: %s", archive->fault);
        archive_destroy(&archive);
    }
    return archive;
}

void archive_destroy(struct archive **archive)
{
    struct archive *ended = *archive;
    int fd;
    if (!ended)
        return;
    *archive = NULL;
    retire(ended);
    while ((fd = archive_unsynced(ended)) >= 0) {
        fdatasync(fd);
        close(fd);
    }
    pthread_mutex_destroy(&ended->lock);
    buf_free(&ended->lines);
    free(ended->folder);
    free(ended->name);
    free(ended);
}
