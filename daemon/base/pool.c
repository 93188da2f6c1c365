#include "base/pool.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* A small pool takes little: each chunk is as large as all before it, within these bounds. */
enum { FIRST_CHUNK = 64 << 10, LARGEST_CHUNK = 32 << 20 };

void pool_free(struct pool *pool)
{
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

/* POOL_CLASSES and above: it is the heap's. */
static size_t class_of(size_t size)
{
    return size ? (size - 1) / POOL_STEP : 0;
}

void *pool_alloc(struct pool *pool, size_t size)
{
    size_t class = class_of(size), whole = (class + 1) * POOL_STEP;
    if (class >= POOL_CLASSES)
        return mem_alloc(size);
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
    if (class >= POOL_CLASSES) {
        free(block);
    } else if (block) {
        memcpy(block, &pool->free[class], sizeof(void *));
        pool->free[class] = block;
    }
}
