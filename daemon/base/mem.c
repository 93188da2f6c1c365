#include "base/mem.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/failpoint.h"

enum {
    LARGE = 128 * 1024,  /* bytes */
    SPARE = 1024 * 1024, /* at the end of the heap: what comes and goes there costs no faults */
};

void mem_begin(void)
{
    mallopt(M_MMAP_THRESHOLD, LARGE);
    mallopt(M_TRIM_THRESHOLD, SPARE);
}

void mem_trim(void)
{
    malloc_trim(0);
}

void mem_exhausted(void)
{
    static const char line[] = "nudged: out of memory\n";
    ssize_t ignored = write(STDERR_FILENO, line, sizeof line - 1);
    (void)ignored;
    _exit(EX_OSERR);
}

static void *must(void *block)
{
    if (!block || failpoint("alloc"))
        mem_exhausted();
    return block;
}

void *mem_alloc(size_t size)
{
    return must(malloc(size ? size : 1));
}

void *mem_pages(size_t size)
{
    void *block = must(aligned_alloc(MEM_LARGE_PAGE, size));
    madvise(block, size, MADV_HUGEPAGE); /* a wish, which the system may not have heard of */
    return block;
}

void *mem_zero(size_t count, size_t size)
{
    return must(calloc(count ? count : 1, size ? size : 1));
}

void *mem_resize(void *block, size_t size)
{
    return must(realloc(block, size ? size : 1));
}

void *mem_grow(void *items, size_t count, size_t size)
{
    return count & (count - 1) ? items : must(reallocarray(items, count ? 2 * count : 1, size));
}

char *mem_copy(const void *bytes, size_t length)
{
    char *copy = mem_alloc(length + 1);
    if (length)
        memcpy(copy, bytes, length);
    copy[length] = '\0';
    return copy;
}

char *mem_text(const char *text)
{
    return mem_copy(text, strlen(text));
}
