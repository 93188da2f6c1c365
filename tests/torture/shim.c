/*
 * Preloaded before a program: its n-th allocation, read or write fails, and no other.
 *
 *   TORTURE=KIND@N        malloc, read or write; N from 1; 0 only counts
 *   TORTURE_PROGRAM=NAME  in that program alone, not in those that it starts
 *   TORTURE_COUNT=FILE    gets how many there were, when the program ends by itself
 *
 * A read or write of a socket ends its connection both ways, as a reset does, with ECONNRESET or
 * EPIPE; of a file it is EIO or ENOSPC. Of pipes, event descriptors and the like none fails.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { KIND_NONE, KIND_MALLOC, KIND_READ, KIND_WRITE };

static enum kind armed;
static unsigned long wanted;
static atomic_ulong passed;

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);

static void __attribute__((constructor)) arm(void)
{
    static const char *const kinds[] = {"", "malloc", "read", "write"};
    const char *text = getenv("TORTURE"), *program = getenv("TORTURE_PROGRAM");
    const char *at = text ? strchr(text, '@') : NULL;
    if (!at || (program && strcmp(program, program_invocation_short_name) != 0))
        return;
    wanted = strtoul(at + 1, NULL, 10);
    for (int i = KIND_MALLOC; i <= KIND_WRITE; i++)
        if (strncmp(text, kinds[i], (size_t)(at - text)) == 0 && !kinds[i][at - text])
            armed = (enum kind)i;
}

static void __attribute__((destructor)) tell(void)
{
    char text[32];
    const char *path = getenv("TORTURE_COUNT");
    unsigned long count = atomic_load(&passed);
    bool counts = armed != KIND_NONE;
    armed = KIND_NONE;
    int file = counts && path ? open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600) : -1;
    if (file < 0)
        return;
    (void)!write(file, text, (size_t)snprintf(text, sizeof text, "%lu\n", count));
    close(file);
}

static bool fails(enum kind kind)
{
    return armed == kind && atomic_fetch_add(&passed, 1) + 1 == wanted;
}

/* ---- Allocations ---- */

static void *none(void)
{
    errno = ENOMEM;
    return NULL;
}

void *malloc(size_t size)
{
    return fails(KIND_MALLOC) ? none() : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return fails(KIND_MALLOC) ? none() : __libc_calloc(count, size);
}

void *realloc(void *block, size_t size)
{
    return fails(KIND_MALLOC) ? none() : __libc_realloc(block, size);
}

/* ---- Reads and writes ---- */

static bool spoils(enum kind kind, int fd)
{
    struct stat status;
    int keep = errno;
    if (armed != kind)
        return false;
    bool known = fstat(fd, &status) == 0 && (S_ISSOCK(status.st_mode) || S_ISREG(status.st_mode));
    errno = keep;
    if (!known || !fails(kind))
        return false;
    if (S_ISSOCK(status.st_mode)) {
        shutdown(fd, SHUT_RDWR);
        errno = kind == KIND_READ ? ECONNRESET : EPIPE;
    } else {
        errno = kind == KIND_READ ? EIO : ENOSPC;
    }
    return true;
}

/* The next function of that name: libc's, or the sanitizer's. */
#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define SPOILED(kind, type, name, parameters, arguments) \
    type name parameters                                 \
    {                                                    \
        static __typeof__(&name) next;                   \
        if (!next)                                       \
            next = NEXT(name);                           \
        return spoils(kind, fd) ? -1 : next arguments;   \
    }

SPOILED(KIND_READ, ssize_t, read, (int fd, void *to, size_t room), (fd, to, room))
SPOILED(KIND_READ, ssize_t, pread, (int fd, void *to, size_t room, off_t at), (fd, to, room, at))
SPOILED(KIND_READ, ssize_t, readv, (int fd, const struct iovec *to, int count), (fd, to, count))
SPOILED(KIND_READ, ssize_t, recv, (int fd, void *to, size_t room, int flags), (fd, to, room, flags))
SPOILED(KIND_READ, ssize_t, recvmsg, (int fd, struct msghdr *to, int flags), (fd, to, flags))
SPOILED(KIND_WRITE, ssize_t, write, (int fd, const void *from, size_t size), (fd, from, size))
SPOILED(KIND_WRITE, ssize_t, writev, (int fd, const struct iovec *from, int count),
        (fd, from, count))
SPOILED(KIND_WRITE, ssize_t, send, (int fd, const void *from, size_t size, int flags),
        (fd, from, size, flags))
SPOILED(KIND_WRITE, ssize_t, sendmsg, (int fd, const struct msghdr *from, int flags),
        (fd, from, flags))
