#include "simulate/mapped.h"

#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/mem.h"

static struct mapped *all;

static const struct mapped *find(const void *address)
{
    for (const struct mapped *mapped = all; mapped; mapped = mapped->next)
        if ((uintptr_t)address - (uintptr_t)mapped->bytes < mapped->size)
            return mapped;
    return NULL;
}

static void say(const char *text)
{
    ssize_t ignored = write(STDERR_FILENO, text, strlen(text));
    (void)ignored;
}

/* What is of no file is a fault of the program: it comes once more, and is the end of it. */
static void on_bus(int number, siginfo_t *info, void *context)
{
    (void)context;
    const struct mapped *mapped = find(info->si_addr);
    if (!mapped) {
        signal(number, SIG_DFL);
        return;
    }
    say(mapped->name);
    say(": error: cannot be read: it became shorter meanwhile\n");
    _exit(EX_DATAERR);
}

struct mapped *mapped_open(const char *name, int fd)
{
    struct stat status;
    if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_size <= 0)
        return NULL;
    void *bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED)
        return NULL;
    struct mapped *mapped = mem_zero(1, sizeof *mapped);
    *mapped =
        (struct mapped){.name = name, .bytes = bytes, .size = (size_t)status.st_size, .next = all};
    all = mapped;
    struct sigaction action = {.sa_sigaction = on_bus, .sa_flags = SA_SIGINFO};
    sigaction(SIGBUS, &action, NULL);
    return mapped;
}

void mapped_close(struct mapped **mapped)
{
    struct mapped *gone = *mapped;
    if (!gone)
        return;
    struct mapped **link = &all;
    while (*link != gone)
        link = &(*link)->next;
    *link = gone->next;
    munmap((void *)gone->bytes, gone->size);
    free(gone);
    *mapped = NULL;
}
