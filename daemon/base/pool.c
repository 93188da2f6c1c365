#include "base/pool.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* A small pool takes little: each chunk is as large as all before it, within these bounds. */
enum { FIRST_CHUNK = 64 << 10, LARGEST_CHUNK = 32 << 20 };

/* Stands before a large block: with its neighbours, so that all end with the pool. */
struct pool_large {
    struct pool_large *before, *after;
};

_Static_assert(sizeof(struct pool_large) % 16 == 0, "what is behind it is aligned as it is");

static void free_larges(struct pool *pool)
{
    for (struct pool_large *large = pool->large, *after; large; large = after) {
        after = large->after;
        free(large);
    }
    pool->large = NULL;
}

void pool_clear(struct pool *pool)
{
    free_larges(pool);
    memset(pool->free, 0, sizeof pool->free);
    while (pool->chunk_count > 1)
        free(pool->chunks[--pool->chunk_count]);
    if (!pool->chunk_count)
        return;
    pool->at = pool->chunks[0];
    pool->end = pool->at + FIRST_CHUNK;
}

void pool_free(struct pool *pool)
{
    free_larges(pool);
    for (size_t i = 0; i < pool->chunk_count; i++)
        free(pool->chunks[i]);
    free(pool->chunks);
    *pool = (struct pool){0};
}

static void add_chunk(struct pool *pool)
{
    if (pool->chunk_count == pool->chunk_capacity) {
        pool->chunk_capacity = pool->chunk_capacity ? 2 * pool->chunk_capacity : 16;
        pool->chunks = mem_resize(pool->chunks, sizeof *pool->chunks * pool->chunk_capacity);
    }
    size_t size = FIRST_CHUNK;
    for (size_t i = 1; i < pool->chunk_count && size < LARGEST_CHUNK; i++)
        size *= 2;
    pool->at = size % MEM_LARGE_PAGE ? mem_alloc(size) : mem_pages(size);
    pool->end = pool->at + size;
    pool->chunks[pool->chunk_count++] = pool->at;
}

static void *alloc_large(struct pool *pool, size_t size)
{
    struct pool_large *large = mem_alloc(sizeof *large + size);
    *large = (struct pool_large){.after = pool->large};
    if (pool->large)
        pool->large->before = large;
    pool->large = large;
    return large + 1;
}

static void free_large(struct pool *pool, void *block)
{
    struct pool_large *large = (struct pool_large *)block - 1;
    if (large->after)
        large->after->before = large->before;
    if (large->before)
        large->before->after = large->after;
    else
        pool->large = large->after;
    free(large);
}

/* POOL_CLASSES and above: it is large. */
static size_t class_of(size_t size)
{
    return size ? (size - 1) / POOL_STEP : 0;
}

void *pool_alloc(struct pool *pool, size_t size)
{
    size_t class = class_of(size), whole = (class + 1) * POOL_STEP;
    if (class >= POOL_CLASSES)
        return alloc_large(pool, size);
    void *block = pool->free[class];
    if (block) {
        memcpy(&pool->free[class], block, sizeof(void *));
        return block;
    }
    if ((size_t)(pool->end - pool->at) < whole)
        add_chunk(pool);
    block = pool->at;
    pool->at += whole;
    return block;
}

void pool_return(struct pool *pool, void *block, size_t size)
{
    size_t class = class_of(size);
    if (!block)
        return;
    if (class >= POOL_CLASSES) {
        free_large(pool, block);
        return;
    }
    memcpy(block, &pool->free[class], sizeof(void *));
    pool->free[class] = block;
}

void *pool_grow(struct pool *pool, void *items, uint32_t count, uint32_t *capacity, size_t size)
{
    const uint32_t had = *capacity;
    if (count < had)
        return items;
    if (had > UINT32_MAX / 2)
        mem_exhausted();
    *capacity = had ? 2 * had : 2;
    void *grown = pool_alloc(pool, size * *capacity);
    if (count)
        memcpy(grown, items, size * count);
    pool_return(pool, had ? items : NULL, size * had);
    return grown;
}
