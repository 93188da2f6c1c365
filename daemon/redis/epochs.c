#include "redis/epochs.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/mem.h"

enum { FILE_MOST = 64 * 1024 };

struct known {
    const char *master;
    int64_t epoch;
    struct known *next;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* of all that stands here */
static struct known *first;                               /* for the time of the process */
static char *file;                                        /* where they are kept; NULL: nowhere */
static bool is_kept;                                      /* it has what is known */

static struct known *find(const char *master)
{
    struct known *known = first;
    while (known && strcmp(known->master, master) != 0)
        known = known->next;
    return known;
}

static struct known *need(const char *master)
{
    struct known *known = find(master);
    if (known)
        return known;
    known = mem_alloc(sizeof *known);
    *known = (struct known){.master = mem_text(master), .epoch = -1, .next = first};
    return first = known;
}

/* ---- The file: "<epoch> <master>" in lines ---- */

static void read_lines(char *text)
{
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        char *end = line;
        int64_t epoch = strtoll(line, &end, 10);
        if (end > line && *end == ' ' && end[1] && need(end + 1)->epoch < 0 && epoch >= 0)
            need(end + 1)->epoch = epoch;
    }
}

static bool write_lines(FILE *out)
{
    bool good = out != NULL;
    for (const struct known *known = first; known && good; known = known->next)
        if (known->epoch >= 0)
            good = fprintf(out, "%" PRId64 " %s\n", known->epoch, known->master) > 0;
    return out && fclose(out) == 0 && good;
}

/* Beside it, and moved: who reads it sees all or nothing. */
static void keep(void)
{
    char beside[4096];
    int length = snprintf(beside, sizeof beside, "%s.new", file);
    if (length > 0 && (size_t)length < sizeof beside && write_lines(fopen(beside, "we")))
        is_kept = rename(beside, file) == 0;
}

void epochs_keep(const char *path, bool write)
{
    struct arena *arena = arena_new(512);
    struct diag ignored;
    const char *text;
    size_t length;
    pthread_mutex_lock(&mutex);
    if (file_read(arena, path, FILE_MOST, &text, &length, &ignored))
        read_lines(arena_copy(arena, text, length));
    free(file);
    file = write ? mem_text(path) : NULL;
    is_kept = true;
    pthread_mutex_unlock(&mutex);
    arena_destroy(&arena);
}

/* ---- What is followed ---- */

int64_t epochs_followed(const char *master)
{
    pthread_mutex_lock(&mutex);
    const struct known *known = find(master);
    const int64_t epoch = known ? known->epoch : -1;
    pthread_mutex_unlock(&mutex);
    return epoch;
}

void epochs_follow(const char *master, int64_t epoch)
{
    pthread_mutex_lock(&mutex);
    struct known *known = need(master);
    is_kept = is_kept && known->epoch == epoch;
    known->epoch = epoch;
    if (file && !is_kept)
        keep();
    pthread_mutex_unlock(&mutex);
}
