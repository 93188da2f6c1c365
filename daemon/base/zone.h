/*
 * Local time in an IANA time zone, by the system's own data (package tzdata; $TZDIR or
 * /usr/share/zoneinfo), which is kept up to date with the laws. Times are milliseconds since
 * 1970-01-01T00:00:00Z. Zones are opened once and kept by the caller; a zone
 * may be used by one thread at a time (another thread opens its own).
 */
#ifndef NUDGED_BASE_ZONE_H
#define NUDGED_BASE_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct zone;

struct zone_time {
    int year;  /* proleptic Gregorian */
    int month; /* 1 to 12 */
    int day;   /* 1 to 31 */
    int hour, minute, second, millisecond;
    int weekday;     /* 0: Sunday, to 6: Saturday */
    int day_of_year; /* from 0 */
    int offset;      /* minutes east of UTC */
};

/* NULL where `name` is no IANA zone (an alias such as "Europe/Kiev" is one; the case of
 * letters counts). "UTC" and
 * fixed offsets up to 23:59 are zones too: "+02:00", "-5:30", "02:00". */
struct zone *zone_open(const char *name);
void zone_close(struct zone **zone);

/* The zone kept for this thread under that name; opened at first use, at most 64 kept:
 * it stays until this thread has asked for 64 others, or ends, or for this one again after the
 * second zone_read_again. NULL as zone_open. Do not close it. */
struct zone *zone_get(const char *name);
/* The system's data may be others now: what is kept, in any thread, is read again when it is asked
 * for the next time. */
void zone_read_again(void);
/* Likewise; UTC where `name` is NULL or not known. Never NULL. */
struct zone *zone_or_utc(const char *name);

/* Before a zone had a standard time, its local mean time counts; `offset` is then
 * rounded down to minutes, the fields are exact. */
void zone_local(struct zone *zone, int64_t ms, struct zone_time *local);

/* What local time is called at that instant: "EEST", "CET", "-03" where the zone has no
 * letters for it, "UTC"; "" in a fixed offset. Valid as long as the zone is open. */
const char *zone_abbreviation(const struct zone *zone, int64_t ms);

/* The instant of a local time. One that daylight saving skips moves forward by
 * the length of the gap; of one that comes twice it is the first. Fields out of
 * range carry over (day 32 is in the next month); weekday, day_of_year and
 * offset are not read. */
int64_t zone_instant(struct zone *zone, const struct zone_time *local);

/* A time as clock_parse() reads it, to milliseconds since 1970; one that says no offset is local in
 * the zone of that name (zone_or_utc). False where it is no time. */
bool zone_parse(const char *zone, const char *text, size_t length, int64_t *ms);

#endif
