/*
 * archive_sweep_run, read upwards: each file is deleted (is_old), or looked through once for each
 * newer erasure: first it is only read (find_gone), and where lines of it must go it is copied
 * without them (copy_file). What a killed daemon left of a copy is deleted first.
 */
#include "archive/archive_sweep.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "archive/archive_files.h"
#include "base/arena.h"
#include "base/file.h"

enum { STATE_MOST = 4 << 20, PATH_SIZE = 4096 };

struct sweeping {
    const struct archive_sweep *asked;
    struct archive_swept *swept;
    struct diag *diag;
    struct arena *arena; /* of the folder */
    const char *const *names;
    size_t count;
    int64_t *until; /* of each file: up to which erasure it was looked through */
    int state;      /* descriptor of `.swept`, with its lock */
    bool ended;     /* told to */
};

static bool fail(const struct sweeping *sweeping, const char *what, const char *path)
{
    return diag_error(sweeping->diag, "cannot %s %s: %s", what, path, strerror(errno));
}

static const char *path_of(const struct sweeping *sweeping, const char *before, const char *name,
                           const char *after, char path[PATH_SIZE])
{
    snprintf(path, PATH_SIZE, "%s/%s%s%s", sweeping->asked->folder, before, name, after);
    return path;
}

static bool goes_on(struct sweeping *sweeping)
{
    sweeping->ended = sweeping->ended || !sweeping->asked->go_on(sweeping->asked->context);
    return !sweeping->ended;
}

/* ---- What was done before ---- */

static bool lock_state(struct sweeping *sweeping)
{
    char path[PATH_SIZE];
    path_of(sweeping, "", ".swept", "", path);
    sweeping->state = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    return sweeping->state >= 0 && flock(sweeping->state, LOCK_EX | LOCK_NB) == 0;
}

/* Lines of "<name> <ms>". */
static void read_state(struct sweeping *sweeping)
{
    char path[PATH_SIZE], *rest = NULL;
    const char *text;
    size_t length;
    struct diag ignored;
    sweeping->until = arena_zero(sweeping->arena, sizeof(int64_t) * (sweeping->count + 1));
    if (!file_read(sweeping->arena, path_of(sweeping, "", ".swept", "", path), STATE_MOST, &text,
                   &length, &ignored))
        return;
    char *lines = arena_copy(sweeping->arena, text, length);
    for (char *line = strtok_r(lines, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        char *space = strchr(line, ' ');
        if (!space)
            continue;
        *space = '\0';
        for (size_t i = 0; i < sweeping->count; i++)
            if (strcmp(sweeping->names[i], line) == 0)
                sweeping->until[i] = strtoll(space + 1, NULL, 10);
    }
}

/* Written in place: what it lacks is looked through again, that is all. */
static void write_state(const struct sweeping *sweeping)
{
    struct buf text;
    buf_init(&text, STATE_MOST);
    for (size_t i = 0; i < sweeping->count; i++)
        if (sweeping->until[i])
            buf_printf(&text, "%s %" PRId64 "\n", sweeping->names[i], sweeping->until[i]);
    bool noted = ftruncate(sweeping->state, 0) == 0 &&
                 pwrite(sweeping->state, buf_string(&text), text.length, 0) >= 0;
    (void)noted;
    buf_free(&text);
}

/* ---- One file ---- */

/* A file that is read by lines; the last may lack its end. */
struct reading {
    FILE *file;
    char *line;
    size_t capacity;
};

static bool begin_reading(const struct sweeping *sweeping, int fd, const char *path,
                          struct reading *reading)
{
    int own = dup(fd); /* fclose closes it; the lock stays with the other */
    *reading = (struct reading){.file = own < 0 ? NULL : fdopen(own, "r")};
    if (reading->file && fseeko(reading->file, 0, SEEK_SET) == 0)
        return true;
    if (!reading->file && own >= 0)
        close(own);
    return fail(sweeping, "read", path);
}

static void end_reading(struct reading *reading)
{
    if (reading->file)
        fclose(reading->file);
    free(reading->line);
}

/* The numbers of lines that must go, in order. */
struct gone {
    uint64_t *lines;
    uint32_t count, capacity;
};

/* The next so many lines, whole ones; what is behind the last of them is half a line, which a
 * killed daemon left: `*torn`. */
static size_t read_lines(struct reading *reading, struct arena *arena,
                         struct slice lines[ARCHIVE_SWEEP_LINES], bool *torn)
{
    size_t count = 0;
    ssize_t length;
    while (count < ARCHIVE_SWEEP_LINES && !*torn &&
           (length = getline(&reading->line, &reading->capacity, reading->file)) > 0) {
        *torn = reading->line[length - 1] != '\n';
        if (!*torn)
            lines[count++] = (struct slice){arena_copy(arena, reading->line, (size_t)length - 1),
                                            (size_t)length - 1};
    }
    return count;
}

static bool find_gone(struct sweeping *sweeping, struct reading *reading, struct arena *keep,
                      struct gone *gone)
{
    struct slice lines[ARCHIVE_SWEEP_LINES];
    bool is_gone[ARCHIVE_SWEEP_LINES], good = true, torn = false;
    struct arena *arena = arena_new(256 * 1024);
    uint64_t number = 0;
    for (size_t count;
         good && goes_on(sweeping) && (count = read_lines(reading, arena, lines, &torn)) > 0;) {
        good =
            sweeping->asked->judge(sweeping->asked->context, lines, count, is_gone, sweeping->diag);
        for (size_t i = 0; good && i < count; i++, number++)
            if (is_gone[i]) {
                gone->lines = arena_grow(keep, gone->lines, gone->count, &gone->capacity,
                                         sizeof *gone->lines);
                gone->lines[gone->count++] = number;
            }
        arena_reset(arena);
    }
    arena_destroy(&arena);
    return good && !sweeping->ended;
}

/* Its size, but for what goes; -1: it cannot be written. */
static int64_t copy_lines(struct sweeping *sweeping, struct reading *reading,
                          const struct gone *gone, FILE *to)
{
    uint64_t number = 0;
    uint32_t next = 0;
    int64_t size = 0;
    ssize_t length;
    for (; (length = getline(&reading->line, &reading->capacity, reading->file)) > 0; number++) {
        if (next < gone->count && gone->lines[next] == number) {
            next++;
            continue;
        }
        if (reading->line[length - 1] != '\n')
            break;
        if (fwrite(reading->line, 1, (size_t)length, to) != (size_t)length)
            return -1;
        size += length;
        if (number % ARCHIVE_SWEEP_LINES == 0 && !goes_on(sweeping))
            return -1;
    }
    return fflush(to) == 0 && fsync(fileno(to)) == 0 ? size : -1;
}

/* What is moved is on the disk; whether the move is matters to nobody but the next sweep. */
static bool copy_file(struct sweeping *sweeping, struct reading *reading, const struct gone *gone,
                      const char *name)
{
    char path[PATH_SIZE], beside[PATH_SIZE];
    path_of(sweeping, "", name, "", path);
    path_of(sweeping, ".", name, ".new", beside);
    int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    FILE *to = fd < 0 ? NULL : fdopen(fd, "w");
    if (!to) {
        if (fd >= 0)
            close(fd);
        return fail(sweeping, "write", beside);
    }
    errno = 0;
    int64_t size = copy_lines(sweeping, reading, gone, to);
    bool good = size >= 0 && !sweeping->ended;
    if (!good && !sweeping->ended)
        fail(sweeping, "write", beside);
    fclose(to);
    if (good && size > 0)
        good = rename(beside, path) == 0 || fail(sweeping, "move", beside);
    else if (good)
        good = unlink(path) == 0 || fail(sweeping, "delete", path);
    unlink(beside);
    return good;
}

static bool clean(struct sweeping *sweeping, const char *name, int fd)
{
    char path[PATH_SIZE];
    struct arena *keep = arena_new(16 * 1024);
    struct gone gone = {0};
    struct reading reading;
    bool good = begin_reading(sweeping, fd, path_of(sweeping, "", name, "", path), &reading) &&
                find_gone(sweeping, &reading, keep, &gone);
    if (good && gone.count) {
        rewind(reading.file);
        good = copy_file(sweeping, &reading, &gone, name);
        sweeping->swept->lines += good ? gone.count : 0;
    }
    end_reading(&reading);
    arena_destroy(&keep);
    return good;
}

/* ---- The folder ---- */

/* Its newest line is at most a day newer than the file. */
static bool is_old(const struct sweeping *sweeping, const char *name)
{
    int64_t begun_ms;
    return archive_files_read(name, NULL, &begun_ms) &&
           begun_ms + ARCHIVE_FILES_DAY_MS + sweeping->asked->keep_ms < sweeping->asked->now_ms;
}

static bool sweep_file(struct sweeping *sweeping, size_t index)
{
    const char *name = sweeping->names[index];
    char path[PATH_SIZE];
    bool old = is_old(sweeping, name), good = true;
    if (!old && sweeping->until[index] >= sweeping->asked->erased_ms)
        return true;
    int fd = archive_files_lock(path_of(sweeping, "", name, "", path));
    if (fd < 0) /* somebody writes to it, or it is gone */
        return errno == EWOULDBLOCK || errno == ENOENT || fail(sweeping, "open", path);
    if (old && unlink(path) == 0) {
        sweeping->swept->files++;
    } else if (!old) {
        good = clean(sweeping, name, fd);
        sweeping->until[index] = good ? sweeping->asked->erased_ms : sweeping->until[index];
        write_state(sweeping);
    }
    close(fd);
    return good;
}

/* Copies that were never moved. */
static void delete_copies(const struct sweeping *sweeping)
{
    DIR *folder = opendir(sweeping->asked->folder);
    const struct dirent *entry;
    char path[PATH_SIZE];
    while (folder && (entry = readdir(folder))) {
        size_t length = strlen(entry->d_name);
        if (length > 4 && strncmp(entry->d_name, ".events-", 8) == 0 &&
            strcmp(entry->d_name + length - 4, ".new") == 0)
            unlink(path_of(sweeping, "", entry->d_name, "", path));
    }
    if (folder)
        closedir(folder);
}

static bool sweep_all(struct sweeping *sweeping)
{
    bool good = true;
    if (!archive_files_list(sweeping->arena, sweeping->asked->folder, &sweeping->names,
                            &sweeping->count, sweeping->diag))
        return false;
    read_state(sweeping);
    delete_copies(sweeping);
    for (size_t i = 0; good && i < sweeping->count && goes_on(sweeping); i++)
        good = sweep_file(sweeping, i);
    return good || sweeping->ended;
}

bool archive_sweep_run(const struct archive_sweep *sweep, struct archive_swept *swept,
                       struct diag *diag)
{
    struct sweeping sweeping = {
        .asked = sweep, .swept = swept, .diag = diag, .arena = arena_new(16 * 1024), .state = -1};
    *swept = (struct archive_swept){0};
    bool good = access(sweep->folder, F_OK) != 0 || !lock_state(&sweeping) || sweep_all(&sweeping);
    if (sweeping.state >= 0)
        close(sweeping.state);
    arena_destroy(&sweeping.arena);
    return good;
}
