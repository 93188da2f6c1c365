/*
 * A pool: blocks of memory that come and go by the million, of some dozens to some hundreds of
 * bytes. One that is given back serves the next of its size, and no neighbour is touched. What was
 * taken of the system is kept until the pool ends. Not for use by two threads at a time.
 */
#ifndef NUDGED_BASE_POOL_H
#define NUDGED_BASE_POOL_H

#include <stddef.h>

enum { POOL_STEP = 32, POOL_CLASSES = 64 }; /* larger blocks are the heap's */

/* All zero at first. */
struct pool {
    void *free[POOL_CLASSES]; /* by size; each leads to the next */
    char *at, *end;           /* what is left of the newest chunk */
    void **chunks;            /* owned */
    size_t chunk_count, chunk_capacity;
};

/* Ends all blocks but large ones, which are to be given back before. */
void pool_free(struct pool *pool);

/* Aligned to 16 bytes, not zeroed. Never NULL (base/mem). */
void *pool_alloc(struct pool *pool, size_t size) __attribute__((returns_nonnull));
/* `size`: as it was asked for. NULL is let be. */
void pool_return(struct pool *pool, void *block, size_t size);

#endif
