/*
 * What cannot be mapped is read into blocks. A line lies whole in one of them: where a block ends
 * within a line, the line begins the next one (move_on). A block is used again when its last line
 * was given back.
 */
#include "simulate/line_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "simulate/mapped.h"

enum { BLOCK = 256 * 1024, SPARE_MOST = 4, FORGET_LINES = 1 << 15 };

/* `uses`: the lines that lie in it and were not given back, and one while the reader fills it. */
struct line_reader_block {
    struct line_reader_block *next; /* of the spare ones */
    uint32_t uses;
    size_t capacity, length;
    char data[];
};

struct line_reader {
    const char *name;
    int fd;
    struct mapped *map;              /* NULL: it is read into blocks */
    struct line_reader_block *block; /* that is filled */
    size_t at;                       /* in it, or in the map: where the next line begins */
    struct line_reader_block *spare;
    uint32_t spare_count;
    uint64_t number, bytes;
    bool ended;
};

struct line_reader *line_reader_open(const char *name, struct diag *diag)
{
    bool standard = strcmp(name, "-") == 0;
    int fd = standard ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
    struct stat status = {0};
    if (fd >= 0 && fstat(fd, &status) == 0 && S_ISDIR(status.st_mode)) {
        close(fd);
        fd = -1;
        errno = EISDIR;
    }
    if (fd < 0) {
        diag_error(diag, "cannot be read: %s", strerror(errno));
        diag_file(diag, name);
        return NULL;
    }
    struct line_reader *reader = mem_zero(1, sizeof *reader);
    reader->name = standard ? "(standard input)" : name;
    reader->fd = fd;
    if (!standard)
        reader->map = mapped_open(reader->name, fd);
    return reader;
}

const char *line_reader_name(const struct line_reader *reader)
{
    return reader->name;
}

bool line_reader_lasts(const struct line_reader *reader)
{
    return reader->map != NULL;
}

void line_reader_rewind(struct line_reader *reader)
{
    reader->at = reader->number = reader->bytes = 0;
}

void line_reader_forget(const struct line_reader *reader)
{
    if (reader->map)
        madvise((void *)reader->map->bytes, reader->map->size, MADV_DONTNEED);
}

uint64_t line_reader_bytes(const struct line_reader *reader)
{
    return reader->bytes;
}

/* ---- Blocks ---- */

static struct line_reader_block *take_block(struct line_reader *reader, size_t capacity)
{
    struct line_reader_block *block = reader->spare;
    if (block && capacity <= BLOCK) {
        reader->spare = block->next;
        reader->spare_count--;
    } else {
        block = mem_resize(NULL, sizeof *block + capacity);
        block->capacity = capacity;
    }
    block->length = 0;
    block->uses = 1;
    return block;
}

static void drop_use(struct line_reader *reader, struct line_reader_block *block)
{
    if (!block || --block->uses > 0)
        return;
    if (block->capacity != BLOCK || reader->spare_count >= SPARE_MOST) {
        free(block);
        return;
    }
    block->next = reader->spare;
    reader->spare = block;
    reader->spare_count++;
}

void line_reader_give_back(struct line_reader *reader, struct line *line)
{
    drop_use(reader, line->block);
    line->block = NULL;
}

void line_reader_close(struct line_reader **reader)
{
    struct line_reader *gone = *reader;
    if (!gone)
        return;
    drop_use(gone, gone->block);
    for (struct line_reader_block *block = gone->spare, *next; block; block = next) {
        next = block->next;
        free(block);
    }
    mapped_close(&gone->map);
    if (gone->fd != STDIN_FILENO)
        close(gone->fd);
    free(gone);
    *reader = NULL;
}

/* ---- Lines ---- */

/* Reads on behind what the block has. */
static bool fill(struct line_reader *reader, struct diag *diag)
{
    struct line_reader_block *block = reader->block;
    ssize_t got;
    do
        got = read(reader->fd, block->data + block->length, block->capacity - block->length);
    while (got < 0 && errno == EINTR);
    if (got < 0) {
        diag_error(diag, "cannot be read: %s", strerror(errno));
        diag_file(diag, reader->name);
    }
    if (got <= 0) {
        reader->ended = true;
        return false;
    }
    block->length += (size_t)got;
    reader->bytes += (uint64_t)got;
    return true;
}

/* Lets the line that has begun begin a block, with room for as much again. */
static void move_on(struct line_reader *reader)
{
    struct line_reader_block *old = reader->block;
    size_t begun = old ? old->length - reader->at : 0;
    struct line_reader_block *block = take_block(reader, begun < BLOCK / 2 ? BLOCK : 2 * begun);
    if (begun)
        memcpy(block->data, old->data + reader->at, begun);
    block->length = begun;
    drop_use(reader, old);
    reader->block = block;
    reader->at = 0;
}

/* Where the line ends; NULL: there is no more of it, or it is too large. */
static char *find_end(struct line_reader *reader, bool *large, struct diag *diag)
{
    size_t looked = 0;
    *large = false;
    for (;;) {
        struct line_reader_block *block = reader->block;
        size_t begun = block ? block->length - reader->at : 0;
        char *end =
            begun > looked ? memchr(block->data + reader->at + looked, '\n', begun - looked) : NULL;
        if (end)
            return end;
        looked = begun;
        *large = begun > LINE_READER_MOST;
        if (*large || reader->ended)
            return NULL;
        if (!block || block->length == block->capacity)
            move_on(reader);
        fill(reader, diag);
    }
}

/* The rest of a line that is too large. */
static void pass_over(struct line_reader *reader, struct diag *diag)
{
    struct line_reader_block *block = reader->block;
    char *end = NULL;
    do {
        block->length = 0;
        if (fill(reader, diag))
            end = memchr(block->data, '\n', block->length);
    } while (!end && !reader->ended);
    reader->at = end ? (size_t)(end + 1 - block->data) : block->length;
}

static bool next_mapped(struct line_reader *reader, struct line *line)
{
    const char *text = reader->map->bytes + reader->at;
    const size_t left = reader->map->size - reader->at;
    if (!left)
        return false;
    const char *end = memchr(text, '\n', left);
    const size_t length = end ? (size_t)(end - text) : left;
    *line = (struct line){.number = ++reader->number,
                          .text = length <= LINE_READER_MOST ? text : NULL,
                          .length = length,
                          .ended = end != NULL};
    reader->at += length + (end != NULL);
    reader->bytes = reader->at;
    if (reader->number % FORGET_LINES == 0)
        line_reader_forget(reader);
    return true;
}

bool line_reader_next(struct line_reader *reader, struct line *line, struct diag *diag)
{
    if (reader->map)
        return next_mapped(reader, line);
    bool large;
    char *end = find_end(reader, &large, diag);
    struct line_reader_block *block = reader->block;
    if (diag->text[0])
        return false;
    *line = (struct line){.number = ++reader->number};
    if (large) {
        move_on(reader); /* lines that still wait lie in the block */
        pass_over(reader, diag);
        return !diag->text[0];
    }
    if (!end && (!block || block->length == reader->at))
        return false;
    line->text = block->data + reader->at;
    line->length = end ? (size_t)(end - line->text) : block->length - reader->at;
    line->block = block;
    line->ended = end != NULL;
    block->uses++;
    reader->at += line->length + (end != NULL);
    return true;
}
