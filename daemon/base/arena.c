/*
 * Memory that is handed out from chunks, the newest first, and given back all at once: chunks,
 * arena_reset, what is asked of it, arena_alloc, and copies of things made by that.
 */
#include "base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef ARENA_WATCHED
#include <sanitizer/asan_interface.h>
#define FORBID(from, size) __asan_poison_memory_region(from, size)
#define PERMIT(from, size) __asan_unpoison_memory_region(from, size)
#else
#define FORBID(from, size) ((void)(from), (void)(size))
#define PERMIT(from, size) ((void)(from), (void)(size))
#endif

#include "base/mem.h"

enum {
    SMALLEST_CHUNK = 256,
    LARGEST_GROWTH = 1 << 20,
    LARGE_ITEM = 256, /* of these an array begins with one */
    FIRST_ITEMS = 4,
};

struct arena_chunk {
    struct arena_chunk *older;
    size_t size;
    _Alignas(ARENA_ALIGNMENT) char bytes[];
};

static void widen(struct arena *arena, const struct arena_chunk *chunk)
{
    uintptr_t from = (uintptr_t)chunk->bytes;
    if (!arena->above || from < arena->lowest)
        arena->lowest = from;
    if (from + chunk->size > arena->above)
        arena->above = from + chunk->size;
}

static struct arena_chunk *make_chunk(size_t size)
{
    struct arena_chunk *chunk = mem_alloc(sizeof *chunk + size);
    chunk->size = size;
    FORBID(chunk->bytes, size);
    return chunk;
}

/* Of at least so many bytes: a spare one that will do, or a new one. */
static void add_chunk(struct arena *arena, size_t size)
{
    struct arena_chunk **spare = &arena->spare;
    while (*spare && (*spare)->size < size)
        spare = &(*spare)->older;
    struct arena_chunk *chunk = *spare;
    if (chunk)
        *spare = chunk->older;
    else
        chunk = make_chunk(size);
    chunk->older = arena->newest;
    arena->newest = chunk;
    arena->next = chunk->bytes;
    arena->end = chunk->bytes + chunk->size;
    widen(arena, chunk);
}

struct arena *arena_new(size_t first_chunk)
{
    struct arena *arena = mem_zero(1, sizeof *arena);
    add_chunk(arena, first_chunk < SMALLEST_CHUNK ? SMALLEST_CHUNK : first_chunk);
    return arena;
}

static void free_chunk(struct arena_chunk *chunk)
{
    PERMIT(chunk->bytes, chunk->size);
    free(chunk);
}

static void free_chunks(struct arena_chunk *chunk)
{
    while (chunk) {
        struct arena_chunk *older = chunk->older;
        free_chunk(chunk);
        chunk = older;
    }
}

void arena_destroy(struct arena **arena)
{
    if (!*arena)
        return;
    free_chunks((*arena)->newest);
    free_chunks((*arena)->spare);
    free(*arena);
    *arena = NULL;
}

/* Chunks only grow, but one made for a single large block may stand below a smaller one. */
static struct arena_chunk *find_largest(struct arena_chunk *chunks)
{
    struct arena_chunk *largest = chunks;
    for (struct arena_chunk *chunk = chunks; chunk; chunk = chunk->older)
        if (chunk->size > largest->size)
            largest = chunk;
    return largest;
}

/* Of chunks that are in use by nobody, of `most` bytes at most. */
static void keep_spare(struct arena *arena, struct arena_chunk *chunks, size_t most)
{
    while (chunks) {
        struct arena_chunk *chunk = chunks;
        chunks = chunk->older;
        if (chunk->size > most) {
            free_chunk(chunk);
            continue;
        }
        most -= chunk->size;
        FORBID(chunk->bytes, chunk->size);
        chunk->older = arena->spare;
        arena->spare = chunk;
    }
}

void arena_reset_keeping(struct arena *arena, size_t most)
{
    struct arena_chunk *largest = find_largest(arena->newest), *spare = arena->spare;
    struct arena_chunk **link = &arena->newest;
    while (*link != largest)
        link = &(*link)->older;
    *link = largest->older;
    arena->spare = NULL;
    size_t left = most > largest->size ? most - largest->size : 0;
    keep_spare(arena, arena->newest, left);
    for (struct arena_chunk *chunk = arena->spare; chunk; chunk = chunk->older)
        left -= chunk->size;
    keep_spare(arena, spare, left);
    FORBID(largest->bytes, largest->size);
    largest->older = NULL;
    arena->newest = largest;
    arena->next = largest->bytes;
    arena->end = largest->bytes + largest->size;
    arena->filled = 0;
}

void arena_reset(struct arena *arena)
{
    arena_reset_keeping(arena, 0);
}

size_t arena_used(const struct arena *arena)
{
    return arena->filled + (size_t)(arena->next - arena->newest->bytes);
}

bool arena_has(const struct arena *arena, const void *bytes)
{
    uintptr_t at = (uintptr_t)bytes;
    if (at - arena->lowest >= arena->above - arena->lowest)
        return false;
    for (const struct arena_chunk *chunk = arena->newest; chunk; chunk = chunk->older)
        if (at - (uintptr_t)chunk->bytes < chunk->size)
            return true;
    return false;
}

static void make_room(struct arena *arena, size_t size)
{
    size_t grown = arena->newest->size < LARGEST_GROWTH ? arena->newest->size * 2 : LARGEST_GROWTH;
    arena->filled += (size_t)(arena->next - arena->newest->bytes);
    add_chunk(arena, size > grown ? size : grown);
}

void *arena_take(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX / 2)
        mem_exhausted();
    size_t whole = (size + ARENA_ALIGNMENT - 1) & ~(size_t)(ARENA_ALIGNMENT - 1);
    if (whole > (size_t)(arena->end - arena->next))
        make_room(arena, whole);
    void *block = arena->next;
    arena->next += whole;
    PERMIT(block, size);
    return block;
}

void *arena_zero(struct arena *arena, size_t size)
{
    return memset(arena_alloc(arena, size), 0, size);
}

void *arena_grow(struct arena *arena, void *items, uint32_t count, uint32_t *capacity, size_t size)
{
    if (items && count < *capacity)
        return items;
    if (*capacity > UINT32_MAX / 2)
        mem_exhausted();
    if (*capacity)
        *capacity *= 2;
    else
        *capacity = size < LARGE_ITEM ? FIRST_ITEMS : 1;
    void *grown = arena_alloc(arena, size * *capacity);
    if (count)
        memcpy(grown, items, size * count);
    return grown;
}

char *arena_copy(struct arena *arena, const void *bytes, size_t length)
{
    char *copy = arena_alloc(arena, length + 1);
    if (length)
        memcpy(copy, bytes, length);
    copy[length] = '\0';
    return copy;
}

char *arena_text(struct arena *arena, const char *text)
{
    return arena_copy(arena, text, strlen(text));
}

char *arena_vprintf(struct arena *arena, const char *format, va_list args)
{
    char line[256]; /* printed once, where it is short */
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(line, sizeof line, format, again);
    va_end(again);
    if (length < 0)
        return arena_text(arena, "");
    if ((size_t)length < sizeof line)
        return arena_copy(arena, line, (size_t)length);
    char *text = arena_alloc(arena, (size_t)length + 1);
    vsnprintf(text, (size_t)length + 1, format, args);
    return text;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = arena_vprintf(arena, format, args);
    va_end(args);
    return text;
}
