#include "base/zone.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <unicode/ucal.h>
#include <unicode/ustring.h>

#include "base/mem.h"

enum { NAME_SIZE = 64, KEPT_MOST = 64, MINUTE_MS = 60000 };

struct zone {
    char name[NAME_SIZE];
    UCalendar *calendar;
};

/* Names of ICU's own, which the IANA data base does not have; some stand for several
 * places ("IST", "CST"), so that nobody should be taken at this word. */
static const char *const not_iana[] = {
    "ACT", "AET", "AGT", "ART", "AST", "BET", "BST", "CAT", "CNT", "CST", "CTT", "EAT", "ECT",
    "IET", "IST", "JST", "MIT", "NET", "NST", "PLT", "PNT", "PRT", "PST", "SST", "VST", NULL,
};

static bool is_ours_to_refuse(const char *name)
{
    for (size_t i = 0; not_iana[i]; i++)
        if (strcmp(name, not_iana[i]) == 0)
            return true;
    return strncmp(name, "SystemV/", 8) == 0 || strcmp(name, "Etc/Unknown") == 0;
}

/* One or two digits of hours, two of minutes, with or without a sign: "GMT-05:30", as
 * ICU calls it. False where the name is not of this form. */
static bool offset_id(const char *name, char id[NAME_SIZE])
{
    char sign = *name == '-' ? '-' : '+';
    if (*name == '-' || *name == '+')
        name++;
    size_t digits = strspn(name, "0123456789");
    if ((digits != 1 && digits != 2) || name[digits] != ':' ||
        strspn(name + digits + 1, "0123456789") != 2 || name[digits + 3])
        return false;
    int hours = atoi(name), minutes = atoi(name + digits + 1);
    snprintf(id, NAME_SIZE, "GMT%c%02d:%02d", sign, hours, minutes);
    return hours < 24 && minutes < 60;
}

static const char name_letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";

/* `id` is ASCII and shorter than NAME_SIZE. */
static void widen(const char *id, UChar wide[NAME_SIZE])
{
    u_charsToUChars(id, wide, (int32_t)strlen(id) + 1);
}

static bool system_id(const char *name, char id[NAME_SIZE])
{
    UChar wide[NAME_SIZE], canonical[NAME_SIZE];
    UErrorCode status = U_ZERO_ERROR;
    UBool is_system = false;
    if (is_ours_to_refuse(name) || name[strspn(name, name_letters)])
        return false;
    widen(name, wide);
    ucal_getCanonicalTimeZoneID(wide, -1, canonical, NAME_SIZE, &is_system, &status);
    snprintf(id, NAME_SIZE, "%s", name);
    return U_SUCCESS(status) && is_system;
}

static UCalendar *open_calendar(const char *id)
{
    UChar wide[NAME_SIZE];
    UErrorCode status = U_ZERO_ERROR;
    widen(id, wide);
    UCalendar *calendar = ucal_open(wide, -1, "en_US", UCAL_GREGORIAN, &status);
    /* No Julian calendar before 1582. */
    ucal_setGregorianChange(calendar, -9e18, &status);
    if (U_FAILURE(status) || !calendar)
        mem_exhausted();
    /* A time in the gap counts by the offset before it; of two equal ones, the first. */
    ucal_setAttribute(calendar, UCAL_LENIENT, 1);
    ucal_setAttribute(calendar, UCAL_SKIPPED_WALL_TIME, UCAL_WALLTIME_LAST);
    ucal_setAttribute(calendar, UCAL_REPEATED_WALL_TIME, UCAL_WALLTIME_FIRST);
    return calendar;
}

struct zone *zone_open(const char *name)
{
    char id[NAME_SIZE];
    if (strlen(name) >= NAME_SIZE || !(offset_id(name, id) || system_id(name, id)))
        return NULL;
    struct zone *zone = mem_zero(1, sizeof *zone);
    memcpy(zone->name, name, strlen(name) + 1);
    zone->calendar = open_calendar(id);
    return zone;
}

void zone_close(struct zone **zone)
{
    if (!*zone)
        return;
    ucal_close((*zone)->calendar);
    free(*zone);
    *zone = NULL;
}

const char *zone_name(const struct zone *zone)
{
    return zone->name;
}

/* One for each thread, freed when the thread ends. */
struct cache {
    struct {
        struct zone *zone;
        uint64_t used; /* the value of `clock` at the last use */
    } kept[KEPT_MOST];
    uint64_t clock;
};

static _Thread_local struct cache *cache;
static pthread_key_t cache_key;
static pthread_once_t cache_once = PTHREAD_ONCE_INIT;

static void free_cache(void *of_thread)
{
    struct cache *old = of_thread;
    for (size_t i = 0; i < KEPT_MOST; i++)
        zone_close(&old->kept[i].zone);
    free(old);
    cache = NULL;
}

static void make_cache_key(void)
{
    if (pthread_key_create(&cache_key, free_cache) != 0)
        mem_exhausted();
}

static struct cache *own_cache(void)
{
    if (!cache) {
        pthread_once(&cache_once, make_cache_key);
        cache = mem_zero(1, sizeof *cache);
        if (pthread_setspecific(cache_key, cache) != 0)
            mem_exhausted();
    }
    return cache;
}

struct zone *zone_get(const char *name)
{
    struct cache *own = own_cache();
    size_t oldest = 0;
    for (size_t i = 0; i < KEPT_MOST; i++) {
        if (own->kept[i].zone && strcmp(own->kept[i].zone->name, name) == 0) {
            own->kept[i].used = ++own->clock;
            return own->kept[i].zone;
        }
        if (own->kept[i].used < own->kept[oldest].used)
            oldest = i;
    }
    struct zone *zone = zone_open(name);
    if (!zone)
        return NULL;
    zone_close(&own->kept[oldest].zone);
    own->kept[oldest].zone = zone;
    own->kept[oldest].used = ++own->clock;
    return zone;
}

/* Nothing that is asked of an open calendar fails: its errors are those of memory. */
static int32_t field(const struct zone *zone, UCalendarDateFields name, UErrorCode *status)
{
    return ucal_get(zone->calendar, name, status);
}

void zone_local(struct zone *zone, int64_t ms, struct zone_time *local)
{
    UErrorCode status = U_ZERO_ERROR;
    ucal_setMillis(zone->calendar, (UDate)ms, &status);
    int32_t offset_ms =
        field(zone, UCAL_ZONE_OFFSET, &status) + field(zone, UCAL_DST_OFFSET, &status);
    *local = (struct zone_time){
        .year = field(zone, UCAL_EXTENDED_YEAR, &status),
        .month = field(zone, UCAL_MONTH, &status) + 1,
        .day = field(zone, UCAL_DATE, &status),
        .hour = field(zone, UCAL_HOUR_OF_DAY, &status),
        .minute = field(zone, UCAL_MINUTE, &status),
        .second = field(zone, UCAL_SECOND, &status),
        .millisecond = field(zone, UCAL_MILLISECOND, &status),
        .weekday = field(zone, UCAL_DAY_OF_WEEK, &status) - UCAL_SUNDAY,
        .day_of_year = field(zone, UCAL_DAY_OF_YEAR, &status) - 1,
        .offset = (offset_ms - ((offset_ms % MINUTE_MS) + MINUTE_MS) % MINUTE_MS) / MINUTE_MS,
    };
    if (U_FAILURE(status))
        mem_exhausted();
}

int64_t zone_instant(struct zone *zone, const struct zone_time *local)
{
    UCalendar *calendar = zone->calendar;
    UErrorCode status = U_ZERO_ERROR;
    ucal_clear(calendar);
    ucal_set(calendar, UCAL_EXTENDED_YEAR, local->year);
    ucal_set(calendar, UCAL_MONTH, local->month - 1);
    ucal_set(calendar, UCAL_DATE, local->day);
    ucal_set(calendar, UCAL_HOUR_OF_DAY, local->hour);
    ucal_set(calendar, UCAL_MINUTE, local->minute);
    ucal_set(calendar, UCAL_SECOND, local->second);
    ucal_set(calendar, UCAL_MILLISECOND, local->millisecond);
    UDate instant = ucal_getMillis(calendar, &status);
    if (U_FAILURE(status))
        mem_exhausted();
    return (int64_t)instant;
}
