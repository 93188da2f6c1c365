#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

enum { NAMES_MOST = 10000, DEPTH_MOST = 16 };

static bool fault(struct diag *diag, const char *path, const char *what)
{
    diag_error(diag, "%s: %s", what, strerror(errno));
    diag_file(diag, path);
    return false;
}

static bool refuse(struct diag *diag, const char *path, const char *why)
{
    diag_error(diag, "%s", why);
    diag_file(diag, path);
    return false;
}

static bool too_large(struct diag *diag, const char *path, size_t most)
{
    diag_error(diag, "is larger than %zu bytes", most);
    diag_file(diag, path);
    return false;
}

/* Until the end of the file, whatever fstat() said of its size: it may grow meanwhile. */
static bool read_all(int fd, const char *path, struct buf *out, struct diag *diag)
{
    char chunk[16384];
    for (;;) {
        ssize_t got = read(fd, chunk, sizeof chunk);
        if (got == 0)
            return true;
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fault(diag, path, "cannot be read");
        if (!buf_add(out, chunk, (size_t)got))
            return too_large(diag, path, out->limit);
    }
}

static bool read_regular(int fd, const char *path, struct buf *out, struct diag *diag)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return fault(diag, path, "cannot be read");
    if (!S_ISREG(status.st_mode))
        return refuse(diag, path, "is not a regular file");
    if (status.st_size > 0 && (uintmax_t)status.st_size > out->limit)
        return too_large(diag, path, out->limit);
    return read_all(fd, path, out, diag);
}

bool file_read(struct arena *arena, const char *path, size_t most, const char **text,
               size_t *length, struct diag *diag)
{
    /* Non-blocking, so that a FIFO in the place of a file does not hold us up. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return fault(diag, path, "cannot be opened");
    struct buf bytes;
    buf_init(&bytes, most);
    bool done = read_regular(fd, path, &bytes, diag);
    close(fd);
    if (done) {
        *text = arena_copy(arena, buf_string(&bytes), bytes.length);
        *length = bytes.length;
    }
    buf_free(&bytes);
    return done;
}

struct listing {
    struct arena *arena;
    const char *root;
    const char *suffix;
    bool deep;
    const char **names; /* freed by file_list; the names themselves lie in the arena */
    size_t count;
    struct diag *diag;
};

static bool ends_with(const char *name, const char *suffix)
{
    size_t length = strlen(name), tail = strlen(suffix);
    return length >= tail && strcmp(name + length - tail, suffix) == 0;
}

static bool add_name(struct listing *list, const char *name)
{
    if (list->count == NAMES_MOST) {
        diag_error(list->diag, "holds more than %d files", NAMES_MOST);
        diag_file(list->diag, list->root);
        return false;
    }
    list->names = mem_grow(list->names, list->count, sizeof *list->names);
    list->names[list->count++] = arena_text(list->arena, name);
    return true;
}

static bool list_folder(struct listing *list, int parent, const char *name, const char *below,
                        unsigned depth);

/* `path` is the entry's name below the root. Links to files are followed; links to
 * folders are not, so there is no way round in a circle. A link that leads nowhere is
 * listed: whoever reads it says so, where leaving it out would hide a missing file. */
static bool list_entry(struct listing *list, int folder, const char *name, const char *path,
                       unsigned depth)
{
    struct stat status;
    if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return true; /* gone since it was read from the folder */
    if (S_ISDIR(status.st_mode))
        return !list->deep || list_folder(list, folder, name, path, depth + 1);
    if (!ends_with(name, list->suffix))
        return true;
    if (S_ISLNK(status.st_mode) && fstatat(folder, name, &status, 0) == 0 &&
        !S_ISREG(status.st_mode))
        return true;
    if (!S_ISREG(status.st_mode) && !S_ISLNK(status.st_mode))
        return true;
    return add_name(list, path);
}

static bool walk(struct listing *list, DIR *folder, const char *below, unsigned depth)
{
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(folder);
        if (!entry)
            return errno == 0 || fault(list->diag, list->root, "cannot be listed");
        if (entry->d_name[0] == '.')
            continue;
        const char *path = entry->d_name;
        if (below)
            path = arena_printf(list->arena, "%s/%s", below, entry->d_name);
        if (!list_entry(list, dirfd(folder), entry->d_name, path, depth))
            return false;
    }
}

/* `below`: the folder's name below the root; NULL for the root itself. */
static bool list_folder(struct listing *list, int parent, const char *name, const char *below,
                        unsigned depth)
{
    const char *path = below ? arena_printf(list->arena, "%s/%s", list->root, below) : list->root;
    if (depth > DEPTH_MOST)
        return refuse(list->diag, path, "lies too deep: 16 folders in each other at most");
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return fault(list->diag, path, "cannot be listed");
    DIR *folder = fdopendir(fd);
    if (!folder)
        mem_exhausted();
    bool done = walk(list, folder, below, depth);
    closedir(folder);
    return done;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

bool file_list(struct arena *arena, const char *folder, const char *suffix, bool deep,
               const char *const **names, size_t *count, struct diag *diag)
{
    struct listing list = {
        .arena = arena, .root = folder, .suffix = suffix, .deep = deep, .diag = diag};
    bool done = list_folder(&list, AT_FDCWD, folder, NULL, 0);
    if (done) {
        const char **sorted = arena_zero(arena, sizeof *sorted * (list.count + 1));
        if (list.count) {
            memcpy(sorted, list.names, sizeof *sorted * list.count);
            qsort(sorted, list.count, sizeof *sorted, by_bytes);
        }
        *names = sorted;
        *count = list.count;
    }
    free(list.names);
    return done;
}
