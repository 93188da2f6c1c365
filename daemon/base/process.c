#include "base/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/metrics.h"

/* Of /proc/self/stat, counted as proc(5) does, but from what stands behind the program's name. */
enum { FIELD_STATE = 3, FIELD_START = 22, FIELD_VIRTUAL = 23, FIELD_RESIDENT = 24 };

static bool read_stat(char *text, size_t size)
{
    int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    ssize_t length = fd >= 0 ? read(fd, text, size - 1) : -1;
    if (fd >= 0)
        close(fd);
    text[length > 0 ? length : 0] = '\0';
    return length > 0;
}

/* When the process began is told in ticks since boot. */
static void tell_start(int64_t ticks)
{
    struct timespec boot, now;
    clock_gettime(CLOCK_BOOTTIME, &boot);
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t booted_ms = (now.tv_sec - boot.tv_sec) * 1000 + (now.tv_nsec - boot.tv_nsec) / 1000000;
    metrics_set(METRIC_PROCESS_START, booted_ms + ticks * 1000 / sysconf(_SC_CLK_TCK));
}

static void tell_stat(void)
{
    char text[1024], *at, *rest;
    int64_t figure;
    if (!read_stat(text, sizeof text) || !(at = strrchr(text, ')')))
        return;
    at = strtok_r(at + 1, " ", &rest);
    for (int field = FIELD_STATE; at; field++, at = strtok_r(NULL, " ", &rest)) {
        if (sscanf(at, "%" SCNd64, &figure) != 1)
            continue;
        /* It is told once: the clock may be set meanwhile. */
        if (field == FIELD_START && !metrics_read(METRIC_PROCESS_START))
            tell_start(figure);
        else if (field == FIELD_VIRTUAL)
            metrics_set(METRIC_PROCESS_VIRTUAL, figure);
        else if (field == FIELD_RESIDENT)
            metrics_set(METRIC_PROCESS_RESIDENT, figure * sysconf(_SC_PAGESIZE));
    }
}

static int64_t microseconds(const struct timeval *time)
{
    return (int64_t)time->tv_sec * 1000000 + time->tv_usec;
}

static void tell_descriptors(void)
{
    struct rlimit most;
    DIR *folder = opendir("/proc/self/fd");
    int64_t count = 0;
    if (getrlimit(RLIMIT_NOFILE, &most) == 0)
        metrics_set(METRIC_PROCESS_FDS_MOST, (int64_t)most.rlim_cur);
    if (!folder)
        return;
    for (const struct dirent *entry; (entry = readdir(folder));)
        count += entry->d_name[0] != '.';
    closedir(folder);
    metrics_set(METRIC_PROCESS_FDS, count - 1); /* but the folder itself */
}

void process_measure(void)
{
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) == 0)
        metrics_set(METRIC_PROCESS_CPU,
                    microseconds(&usage.ru_utime) + microseconds(&usage.ru_stime));
    tell_stat();
    tell_descriptors();
}
