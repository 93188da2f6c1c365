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

/* Under AddressSanitizer, what is not handed out may not be touched. */
#if defined(__SANITIZE_ADDRESS__)
#define ARENA_WATCHED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_WATCHED 1
#endif
#endif

enum { ARENA_ALIGNMENT = 8 };

/* To be looked at by base/arena alone. */
struct arena {
    char *next, *end; /* what is left of the newest chunk */
    struct arena_chunk *newest;
    struct arena_chunk *spare; /* kept empty, for those to come */
    size_t filled;             /* bytes handed out from chunks that are not the newest */
    uintptr_t lowest, above;   /* all chunks lie in between: arena_has mostly says no by that */
};

struct arena *arena_new(size_t first_chunk);
void arena_destroy(struct arena **arena);

/* Forgets all that was allocated; keeps the largest chunk for the next round. */
void arena_reset(struct arena *arena);

/* Likewise; keeps more chunks, of `most` bytes together: of what fills and is forgotten again and
 * again the system need not make new pages each time. */
void arena_reset_keeping(struct arena *arena, size_t most);

/* Bytes handed out since the last reset: what a caller checks a bound against. */
size_t arena_used(const struct arena *arena);

/* Whether it was allocated there, and not forgotten. */
bool arena_has(const struct arena *arena, const void *bytes);

/* As arena_alloc, wherever it has to come from. */
void *arena_take(struct arena *arena, size_t size) __attribute__((returns_nonnull));

/* Aligned to 8 bytes, not zeroed. Never NULL (base/mem). */
__attribute__((returns_nonnull)) static inline void *arena_alloc(struct arena *arena, size_t size)
{
    size_t whole = (size + ARENA_ALIGNMENT - 1) & ~(size_t)(ARENA_ALIGNMENT - 1);
    char *block = arena->next;
#ifdef ARENA_WATCHED
    return arena_take(arena, size);
#endif
    if (whole < size || whole > (size_t)(arena->end - block))
        return arena_take(arena, size);
    arena->next = block + whole;
    return block;
}
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
