/*
 * An arena: memory for what lives exactly as long as one event, one message
 * or one generation of rules. Allocation is a pointer bump; everything is
 * given back at once. Not for use by two threads at a time.
 */
#ifndef NUDGED_BASE_ARENA_H
#define NUDGED_BASE_ARENA_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

struct arena *arena_new(size_t first_chunk);
void arena_destroy(struct arena **arena);

/* Forgets all that was allocated; keeps the largest chunk for the next round. */
void arena_reset(struct arena *arena);

/* Bytes handed out since the last reset: what a caller checks a bound against. */
size_t arena_used(const struct arena *arena);

/* Whether it was allocated there, and not forgotten. */
bool arena_has(const struct arena *arena, const void *bytes);

/* Aligned to 8 bytes, not zeroed. Never NULL (base/mem). */
void *arena_alloc(struct arena *arena, size_t size) __attribute__((returns_nonnull));
void *arena_zero(struct arena *arena, size_t size) __attribute__((returns_nonnull));

/* Makes room for one more item in an array of `count` items with room for
 * `*capacity`: returns the array, moved where it had to grow. */
void *arena_grow(struct arena *arena, void *items, uint32_t count, uint32_t *capacity, size_t size)
    __attribute__((returns_nonnull));

/* Copies, always NUL-terminated. */
char *arena_copy(struct arena *arena, const void *bytes, size_t length)
    __attribute__((returns_nonnull));
char *arena_text(struct arena *arena, const char *text) __attribute__((returns_nonnull));
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3), returns_nonnull));
char *arena_vprintf(struct arena *arena, const char *format, va_list args)
    __attribute__((format(printf, 2, 0), returns_nonnull));

#endif
