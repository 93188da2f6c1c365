/*
 * The machine's clocks, for deadlines and backoffs. No decision uses them:
 * those go by Redis' TIME.
 */
#ifndef NUDGED_BASE_CLOCK_H
#define NUDGED_BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/time.h>

/* Milliseconds since boot, sleep included (CLOCK_BOOTTIME): never goes back. */
int64_t clock_monotonic_ms(void);
/* Microseconds of a clock that never goes back, for measuring (CLOCK_MONOTONIC). */
int64_t clock_monotonic_us(void);
/* Milliseconds that the calling thread has worked (CLOCK_THREAD_CPUTIME_ID): for limits on
 * work that a busy machine must not shorten. */
int64_t clock_thread_ms(void);
int64_t clock_thread_us(void);
/* Milliseconds since 1970 (CLOCK_REALTIME). */
int64_t clock_wall_ms(void);

/* Milliseconds until the next whole second of clock_monotonic_ms(), 1 to 1,000. What looks once in
 * a second looks then, so that a program that is idle wakes up once for all of it. */
int64_t clock_beat_ms(void);

/* So many milliseconds, which are not negative, as an event loop's timers want them. */
static inline struct timeval clock_timeval(int64_t ms)
{
    return (struct timeval){.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
}

enum { CLOCK_TEXT_SIZE = 32 };

/* RFC 3339 in UTC, "2026-03-01T08:00:00Z", with ".123" when there are milliseconds.
 * What lies outside the years 0000 to 9999 shows as their first or last instant. */
const char *clock_format(int64_t ms, char out[CLOCK_TEXT_SIZE]);

/* The date and the time of day alone, of a second since 1970: "2026-03-01T08:00:00". Returns its
 * length. */
size_t clock_print_second(int64_t second, char out[CLOCK_TEXT_SIZE]);

/* RFC 3339 with any offset to milliseconds since 1970; false where it is no such time.
 * Digits past the milliseconds are dropped; a leap second (23:59:60 UTC) is the second
 * after it; a space may stand for the "T", and the offset may lack its colon. */
bool clock_parse(const char *text, size_t length, int64_t *ms);

/* Seconds since 1970, or milliseconds where that many seconds would lie beyond the year 9999; to
 * milliseconds. False where it is neither, or before 1970. */
bool clock_of_number(double number, int64_t *ms);

#endif
