/*
 * A pool: blocks of memory that come and go by the million, of some dozens to some hundreds of
 * bytes. One that is given back serves the next of its size, and no neighbour is touched. What was
 * taken of the system is kept until the pool ends. Not for use by two threads at a time.
 */
#ifndef NUDGED_BASE_POOL_H
#define NUDGED_BASE_POOL_H

#include <stddef.h>
#include <stdint.h>

enum { POOL_STEP = 32, POOL_CLASSES = 64 }; /* larger blocks are taken of the heap one by one */

/* All zero at first. */
struct pool {
    void *free[POOL_CLASSES]; /* by size; each leads to the next */
    char *at, *end;           /* what is left of the newest chunk */
    void **chunks;            /* owned */
    size_t chunk_count, chunk_capacity;
    struct pool_large *large;
};

/* Ends all blocks; little of their memory is kept. */
void pool_clear(struct pool *pool);
/* Likewise; none is kept. */
void pool_free(struct pool *pool);

/* Aligned to 16 bytes, not zeroed. Never NULL (base/mem). */
void *pool_alloc(struct pool *pool, size_t size) __attribute__((returns_nonnull));
/* `size`: as it was asked for. NULL is let be. */
void pool_return(struct pool *pool, void *block, size_t size);

/* Makes room for one more item in an array of `count` items, of which there were 0 at first, with
 * room for `*capacity`: returns the array, moved where it had to grow. */
void *pool_grow(struct pool *pool, void *items, uint32_t count, uint32_t *capacity, size_t size)
    __attribute__((returns_nonnull));

#endif
