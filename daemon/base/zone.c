/*
 * A zone is opened by its name, of a file or of an offset (zone_open), and kept for the thread that
 * asked (zone_get, renew). Then instants and local times (zone_local, zone_instant); texts of them
 * (zone_parse).
 */
#include "base/zone.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/zone_civil.h"
#include "base/zone_file.h"

enum { NAME_SIZE = 64, KEPT_MOST = 64, MINUTE = 60, DAY = 86400, DAY_MS = DAY * 1000 };

/* No offset is further from another than this: what held so long before a local time,
 * taken for UTC, held before any change near it. */
enum { SURELY = 26 * 3600 };

/* With all other fields at their utmost, milliseconds still fit 64 bits. */
enum { YEARS_MOST = 100000000 };

struct zone {
    char name[NAME_SIZE];
    struct zone_file file; /* of a fixed offset, no change and one type */
    unsigned edition;      /* of the system's data, as far as we were told */
    struct zone *former;   /* of the edition before, which somebody may hold still; or NULL */
};

static atomic_uint edition_now;

/* One or two digits of hours, two of minutes, with or without a sign; in seconds. */
static bool parse_offset(const char *name, int32_t *seconds)
{
    int sign = *name == '-' ? -1 : 1;
    if (*name == '-' || *name == '+')
        name++;
    size_t digits = strspn(name, "0123456789");
    if ((digits != 1 && digits != 2) || name[digits] != ':' ||
        strspn(name + digits + 1, "0123456789") != 2 || name[digits + 3])
        return false;
    int hours = atoi(name), minutes = atoi(name + digits + 1);
    *seconds = sign * (hours * 60 + minutes) * MINUTE;
    return hours < 24 && minutes < 60;
}

struct zone *zone_open(const char *name)
{
    struct zone_file file = {0};
    if (strlen(name) >= NAME_SIZE ||
        !(strcmp(name, "UTC") == 0 || parse_offset(name, &file.offsets[0]) ||
          zone_file_read(name, &file)))
        return NULL;
    struct zone *zone = mem_zero(1, sizeof *zone);
    memcpy(zone->name, name, strlen(name) + 1);
    zone->file = file;
    zone->edition = atomic_load(&edition_now);
    return zone;
}

void zone_close(struct zone **zone)
{
    if (!*zone)
        return;
    zone_close(&(*zone)->former);
    zone_file_free(&(*zone)->file);
    free(*zone);
    *zone = NULL;
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

void zone_read_again(void)
{
    atomic_fetch_add(&edition_now, 1);
}

/* Where it cannot be read (its package is being replaced) what was read before holds. */
static void renew(struct zone **kept)
{
    struct zone *old = *kept, *zone = zone_open(old->name);
    old->edition = atomic_load(&edition_now);
    if (!zone)
        return;
    zone_close(&old->former);
    zone->former = old;
    *kept = zone;
}

struct zone *zone_get(const char *name)
{
    struct cache *own = own_cache();
    size_t oldest = 0;
    for (size_t i = 0; i < KEPT_MOST; i++) {
        if (own->kept[i].zone && strcmp(own->kept[i].zone->name, name) == 0) {
            own->kept[i].used = ++own->clock;
            if (own->kept[i].zone->edition != atomic_load(&edition_now))
                renew(&own->kept[i].zone);
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

struct zone *zone_or_utc(const char *name)
{
    struct zone *zone = name ? zone_get(name) : NULL;
    return zone ? zone : zone_get("UTC");
}

void zone_local(struct zone *zone, int64_t ms, struct zone_time *local)
{
    int64_t second = zone_civil_floor(ms, 1000);
    int32_t offset = zone_file_offset(&zone->file, second);
    int64_t wall = second + offset, days = zone_civil_floor(wall, DAY);
    int of_day = (int)(wall - days * DAY);
    struct zone_civil date = zone_civil_date(days);
    *local = (struct zone_time){
        .year = (int)date.year,
        .month = date.month,
        .day = date.day,
        .hour = of_day / 3600,
        .minute = of_day / MINUTE % 60,
        .second = of_day % MINUTE,
        .millisecond = (int)((ms % 1000 + 1000) % 1000),
        .weekday = zone_civil_weekday(days),
        .day_of_year = (int)(days - zone_civil_days(date.year, 1, 1)),
        .offset = (int)zone_civil_floor(offset, MINUTE),
    };
}

const char *zone_abbreviation(const struct zone *zone, int64_t ms)
{
    if (strcmp(zone->name, "UTC") == 0)
        return "UTC";
    return zone_file_name(&zone->file, zone_civil_floor(ms, 1000));
}

int64_t zone_instant(struct zone *zone, const struct zone_time *local)
{
    int64_t year = local->year < -YEARS_MOST  ? -YEARS_MOST
                   : local->year > YEARS_MOST ? YEARS_MOST
                                              : local->year;
    int64_t days = zone_civil_days(year, local->month, local->day);
    int64_t ms = days * DAY_MS + local->hour * INT64_C(3600000) + local->minute * INT64_C(60000) +
                 local->second * INT64_C(1000) + local->millisecond;
    int64_t wall = zone_civil_floor(ms, 1000);
    int32_t before = zone_file_offset(&zone->file, wall - SURELY);
    int32_t after = zone_file_offset(&zone->file, wall + SURELY);
    if (before == after)
        return ms - INT64_C(1000) * before;
    /* By the offset before the change, unless it is over by then: so the first of two
     * equal times counts, and one in the gap moves forward by its length. */
    bool is_over = zone_file_offset(&zone->file, wall - before) != before;
    bool is_gap = zone_file_offset(&zone->file, wall - after) != after;
    return ms - INT64_C(1000) * (is_over && !is_gap ? after : before);
}

bool zone_parse(const char *zone, const char *text, size_t length, int64_t *ms)
{
    char in_utc[64];
    struct zone_time local;
    if (clock_parse(text, length, ms))
        return true;
    if (length + 1 > sizeof in_utc)
        return false;
    memcpy(in_utc, text, length);
    in_utc[length] = 'Z';
    if (!clock_parse(in_utc, length + 1, ms))
        return false;
    zone_local(zone_or_utc(NULL), *ms, &local);
    *ms = zone_instant(zone_or_utc(zone), &local);
    return true;
}
