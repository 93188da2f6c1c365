#include "serve/notify.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#ifdef HAVE_LIBSYSTEMD
#include <systemd/sd-daemon.h>
#endif

static void tell(const char *state)
{
#ifdef HAVE_LIBSYSTEMD
    sd_notify(0, state);
#else
    (void)state;
#endif
}

void notify_ready(void)
{
    tell("READY=1");
}

/* The time lets systemd tell the READY=1 that ends this reload from an earlier
 * one (Type=notify-reload of systemd 253; older ones pass over it). */
void notify_reloading(void)
{
    char state[64];
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t us = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
    snprintf(state, sizeof state, "RELOADING=1\nMONOTONIC_USEC=%" PRId64, us);
    tell(state);
}

void notify_stopping(void)
{
    tell("STOPPING=1");
}

/* A line break would begin another assignment. */
void notify_status(const char *format, ...)
{
    char state[512] = "STATUS=";
    va_list args;
    va_start(args, format);
    vsnprintf(state + 7, sizeof state - 7, format, args);
    va_end(args);
    for (char *c = state; *c; c++) {
        if (*c == '\n')
            *c = ' ';
    }
    tell(state);
}

int64_t notify_watchdog_ms(void)
{
#ifdef HAVE_LIBSYSTEMD
    uint64_t us = 0;
    if (sd_watchdog_enabled(0, &us) > 0)
        return (int64_t)(us / 2000);
#endif
    return 0;
}

void notify_alive(void)
{
    tell("WATCHDOG=1");
}
