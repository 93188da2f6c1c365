/*
 * Preloaded into redis-server: its wall clock runs ahead by the milliseconds that stand, as an
 * int64_t, in the file $LATE_CLOCK. So that a test need not wait for a day, and can set a clock
 * back. The monotonic clock stays as it is.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static int64_t ahead_ms(void)
{
    static const volatile int64_t none = 0, *ahead;
    if (ahead)
        return *ahead;
    const char *path = getenv("LATE_CLOCK");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *page = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof none, PROT_READ, MAP_SHARED, fd, 0);
    if (fd >= 0)
        close(fd);
    ahead = page == MAP_FAILED ? &none : page;
    return *ahead;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone)
{
    int (*real)(struct timeval *, void *) = dlsym(RTLD_NEXT, "gettimeofday");
    int status = real(time, zone);
    int64_t us = (int64_t)time->tv_sec * 1000000 + time->tv_usec + ahead_ms() * 1000;
    time->tv_sec = (time_t)(us / 1000000);
    time->tv_usec = (suseconds_t)(us % 1000000);
    return status;
}

time_t time(time_t *seconds)
{
    struct timeval now;
    gettimeofday(&now, NULL);
    if (seconds)
        *seconds = now.tv_sec;
    return now.tv_sec;
}
