#include "archive/archive_files.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"

#define PREFIX "events-"
#define SUFFIX ".jsonl"

enum { TIME_LENGTH = sizeof "2026-11-29T10-00-00" - 1, WHO_MOST = 64 };

static void put_who(const char *who, char out[WHO_MOST + 1])
{
    size_t length = strlen(who) < WHO_MOST ? strlen(who) : WHO_MOST;
    for (size_t i = 0; i < length; i++)
        out[i] = isalnum((unsigned char)who[i]) || strchr("-_.", who[i]) ? who[i] : '_';
    out[length] = '\0';
}

void archive_files_name(int64_t begun_ms, const char *who, char out[ARCHIVE_FILES_NAME_SIZE])
{
    char time[CLOCK_TEXT_SIZE], name[WHO_MOST + 1];
    clock_print_second(begun_ms / 1000, time);
    for (char *c = time; *c; c++)
        if (*c == ':')
            *c = '-';
    put_who(who, name);
    snprintf(out, ARCHIVE_FILES_NAME_SIZE, PREFIX "%s.%s" SUFFIX, time, name);
}

bool archive_files_read(const char *name, const char *who, int64_t *begun_ms)
{
    const size_t before = sizeof PREFIX - 1, after = sizeof SUFFIX - 1, length = strlen(name);
    char time[TIME_LENGTH + 2], own[WHO_MOST + 1];
    if (length < before + TIME_LENGTH + 1 + after || strncmp(name, PREFIX, before) != 0 ||
        strcmp(name + length - after, SUFFIX) != 0 || name[before + TIME_LENGTH] != '.')
        return false;
    memcpy(time, name + before, TIME_LENGTH);
    time[13] = time[16] = ':';
    memcpy(time + TIME_LENGTH, "Z", 2);
    if (!clock_parse(time, TIME_LENGTH + 1, begun_ms))
        return false;
    if (!who)
        return true;
    put_who(who, own);
    const char *at = name + before + TIME_LENGTH + 1;
    size_t own_length = (size_t)(name + length - after - at);
    return strlen(own) == own_length && memcmp(own, at, own_length) == 0;
}

bool archive_files_list(struct arena *arena, const char *folder, const char *const **names,
                        size_t *count, struct diag *diag)
{
    const char *const *found;
    size_t found_count;
    const char **ours;
    *count = 0;
    *names = ours = arena_zero(arena, sizeof *ours);
    if (access(folder, F_OK) != 0 && errno == ENOENT)
        return true;
    if (!file_list(arena, folder, SUFFIX, false, &found, &found_count, diag))
        return false;
    *names = ours = arena_zero(arena, sizeof *ours * (found_count + 1));
    for (size_t i = 0; i < found_count; i++) {
        int64_t begun_ms;
        if (archive_files_read(found[i], NULL, &begun_ms))
            ours[(*count)++] = found[i];
    }
    return true;
}

/* Who has the lock may have put another file in its place meanwhile, or deleted it. */
static bool is_still(int fd, const char *path)
{
    struct stat open_file, there;
    return fstat(fd, &open_file) == 0 && stat(path, &there) == 0 &&
           open_file.st_ino == there.st_ino && open_file.st_dev == there.st_dev;
}

int archive_files_lock(const char *path)
{
    int fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || (flock(fd, LOCK_EX | LOCK_NB) == 0 && is_still(fd, path)))
        return fd;
    close(fd);
    errno = EWOULDBLOCK;
    return -1;
}
