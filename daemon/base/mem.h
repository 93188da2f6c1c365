/*
 * Memory that is always there: an allocation that fails ends the program in
 * this one place, with one line on standard error and exit status 71
 * (EX_OSERR). No caller checks for NULL.
 */
#ifndef NUDGED_BASE_MEM_H
#define NUDGED_BASE_MEM_H

#include <stddef.h>

void *mem_alloc(size_t size) __attribute__((malloc, returns_nonnull));
void *mem_zero(size_t count, size_t size) __attribute__((malloc, returns_nonnull));
void *mem_resize(void *block, size_t size) __attribute__((returns_nonnull));
enum { MEM_LARGE_PAGE = 2 << 20 };
/* `size`, a multiple of MEM_LARGE_PAGE: in large pages where the system has such. For what is all
 * used, and read here and there: with pages of 4 KB where each of them lies is looked up in memory
 * too. To be freed as the others. */
void *mem_pages(size_t size) __attribute__((malloc, returns_nonnull));
/* Makes room for one more item in an array of `count` items, whose room is the next power of two:
 * returns the array, moved where it had to grow. */
void *mem_grow(void *items, size_t count, size_t size) __attribute__((returns_nonnull));
char *mem_text(const char *text) __attribute__((malloc, returns_nonnull));
char *mem_copy(const void *bytes, size_t length) /* NUL-terminated */
    __attribute__((malloc, returns_nonnull));

/* To be called once, before there are threads: what is large is had from the system by itself, and
 * given back to it when it is freed. (glibc's own bound for that rises with what is freed, and what
 * is below it leaves holes in its heaps.) */
void mem_begin(void);
/* Gives back to the system what is free. Takes a few milliseconds; others who want memory wait. */
void mem_trim(void);

/* Ends the program for want of memory, as the functions above do. */
void mem_exhausted(void) __attribute__((noreturn));

#endif
