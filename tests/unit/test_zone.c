#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/zone.h"

static struct zone *must_get(const char *name)
{
    struct zone *zone = zone_get(name);
    if (!zone)
        fail_msg("no zone `%s`", name);
    return zone;
}

static const struct {
    const char *zone;
    int64_t ms;
    struct zone_time local;
} instants[] = {
    /* The hour before and after each change of the clocks. */
    {"Europe/Helsinki", 1774745999999, {2026, 3, 29, 2, 59, 59, 999, 0, 87, 120}},
    {"Europe/Helsinki", 1774746000000, {2026, 3, 29, 4, 0, 0, 0, 0, 87, 180}},
    {"Europe/Helsinki", 1792888200000, {2026, 10, 25, 3, 30, 0, 0, 0, 297, 180}},
    {"Europe/Helsinki", 1792891800000, {2026, 10, 25, 3, 30, 0, 0, 0, 297, 120}},
    {"Europe/Bucharest", 1774746000000, {2026, 3, 29, 4, 0, 0, 0, 0, 87, 180}},
    {"Europe/Bucharest", 1792893600000, {2026, 10, 25, 4, 0, 0, 0, 0, 297, 120}},
    {"America/St_Johns", 1782916200000, {2026, 7, 1, 12, 0, 0, 0, 3, 181, -150}},
    {"Asia/Kolkata", 1782887400000, {2026, 7, 1, 12, 0, 0, 0, 3, 181, 330}},
    {"Asia/Tokyo", 1774722600000, {2026, 3, 29, 3, 30, 0, 0, 0, 87, 540}},
    /* Local mean time, 1:39:49 east. */
    {"Europe/Helsinki", -2208994789000, {1900, 1, 1, 0, 0, 0, 0, 1, 0, 99}},
    /* Dublin's mean time, 25:21 west of Greenwich, rounds down. */
    {"Europe/Dublin", -2208988800000, {1899, 12, 31, 23, 34, 39, 0, 0, 364, -26}},
    {"Europe/Helsinki", 4118115600000, {2100, 7, 1, 12, 0, 0, 0, 4, 181, 180}},
    {"Pacific/Apia", 1325239199000, {2011, 12, 29, 23, 59, 59, 0, 4, 362, -600}},
    {"Pacific/Apia", 1325239200000, {2011, 12, 31, 0, 0, 0, 0, 6, 364, 840}},
    /* No daylight saving any more; daylight saving again. */
    {"America/Mexico_City", 1782928800000, {2026, 7, 1, 12, 0, 0, 0, 3, 181, -360}},
    {"Africa/Cairo", 1782896400000, {2026, 7, 1, 12, 0, 0, 0, 3, 181, 180}},
    {"UTC", 0, {1970, 1, 1, 0, 0, 0, 0, 4, 0, 0}},
    {"UTC", -1, {1969, 12, 31, 23, 59, 59, 999, 3, 364, 0}},
    {"UTC", 951782400000, {2000, 2, 29, 0, 0, 0, 0, 2, 59, 0}},
    /* The Gregorian calendar before its time. */
    {"UTC", -12219292800000, {1582, 10, 15, 0, 0, 0, 0, 5, 287, 0}},
    {"UTC", -12219292800001, {1582, 10, 14, 23, 59, 59, 999, 4, 286, 0}},
    {"+02:00", 0, {1970, 1, 1, 2, 0, 0, 0, 4, 0, 120}},
    {"02:00", 0, {1970, 1, 1, 2, 0, 0, 0, 4, 0, 120}},
    {"-5:30", 0, {1969, 12, 31, 18, 30, 0, 0, 3, 364, -330}},
    {"-00:00", 0, {1970, 1, 1, 0, 0, 0, 0, 4, 0, 0}},
    {"+23:59", 0, {1970, 1, 1, 23, 59, 0, 0, 4, 0, 1439}},
};

static void test_local(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof instants / sizeof *instants; i++) {
        struct zone_time local;
        zone_local(must_get(instants[i].zone), instants[i].ms, &local);
        if (memcmp(&local, &instants[i].local, sizeof local) != 0)
            fail_msg("%s %lld: %d-%02d-%02d %02d:%02d:%02d.%03d, %d, %d, %d", instants[i].zone,
                     (long long)instants[i].ms, local.year, local.month, local.day, local.hour,
                     local.minute, local.second, local.millisecond, local.weekday,
                     local.day_of_year, local.offset);
    }
}

static const struct {
    const char *zone;
    int wall[7]; /* year, month, day, hour, minute, second, millisecond */
    int64_t ms;
} locals[] = {
    {"Europe/Helsinki", {2026, 3, 29, 2, 59}, 1774745940000},
    {"Europe/Helsinki", {2026, 3, 29, 4}, 1774746000000},
    /* Skipped: forward by the hour of the gap. */
    {"Europe/Helsinki", {2026, 3, 29, 3}, 1774746000000},
    {"Europe/Helsinki", {2026, 3, 29, 3, 30}, 1774747800000},
    {"Europe/Helsinki", {2026, 3, 29, 3, 59}, 1774749540000},
    {"Europe/Bucharest", {2026, 3, 29, 3, 30}, 1774747800000},
    {"America/St_Johns", {2026, 3, 8, 2, 15}, 1772948700000},
    /* Half an hour only. */
    {"Australia/Lord_Howe", {2026, 10, 4, 2, 15}, 1791042300000},
    /* A whole day. */
    {"Pacific/Apia", {2011, 12, 30}, 1325239200000},
    {"Pacific/Apia", {2011, 12, 30, 10}, 1325275200000},
    /* Twice: the first. */
    {"Europe/Helsinki", {2026, 10, 25, 3}, 1792886400000},
    {"Europe/Helsinki", {2026, 10, 25, 3, 30}, 1792888200000},
    {"Europe/Helsinki", {2026, 10, 25, 4}, 1792893600000},
    {"Europe/Bucharest", {2026, 10, 25, 3, 30}, 1792888200000},
    {"America/New_York", {2026, 11, 1, 1, 30}, 1793511000000},
    /* No daylight saving. */
    {"Asia/Tokyo", {2026, 3, 29, 3, 30}, 1774722600000},
    {"Europe/Helsinki", {1900, 1, 1}, -2208994789000},
    {"Europe/Helsinki", {2100, 7, 1, 12}, 4118115600000},
    {"+02:00", {1970, 1, 1, 2}, 0},
    {"UTC", {1970, 1, 1, 0, 0, 0, 1}, 1},
    /* Fields that carry over. */
    {"UTC", {2026, 1, 32}, 1769904000000},
    {"UTC", {2026, 2, 29}, 1772323200000},
    {"UTC", {2026, 13, 1}, 1798761600000},
    {"UTC", {2026, 0, 1}, 1764547200000},
    {"UTC", {2026, 3, 0}, 1772236800000},
    {"UTC", {2026, 3, -1}, 1772150400000},
    {"UTC", {2026, 3, 1, 24}, 1772409600000},
    {"UTC", {2026, 3, 1, -1}, 1772319600000},
    {"UTC", {2026, 3, 1, 0, 90, 90, 1500}, 1772328691500},
    {"Europe/Helsinki", {2026, 10, 24, 27, 30}, 1792888200000},
};

static void test_instant(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof locals / sizeof *locals; i++) {
        const int *wall = locals[i].wall;
        struct zone_time local = {
            .year = wall[0],
            .month = wall[1],
            .day = wall[2],
            .hour = wall[3],
            .minute = wall[4],
            .second = wall[5],
            .millisecond = wall[6],
            /* Never read, whatever they say. */
            .weekday = 99,
            .day_of_year = -7,
            .offset = 12345,
        };
        int64_t ms = zone_instant(must_get(locals[i].zone), &local);
        if (ms != locals[i].ms)
            fail_msg("%s, row %zu: %lld instead of %lld", locals[i].zone, i, (long long)ms,
                     (long long)locals[i].ms);
    }
}

static void test_utmost(void **state)
{
    (void)state;
    const struct zone_time late = {INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX,
                                   INT32_MAX, INT32_MAX, 0,         0,         0};
    const struct zone_time early = {INT32_MIN, INT32_MIN, INT32_MIN, INT32_MIN, INT32_MIN,
                                    INT32_MIN, INT32_MIN, 0,         0,         0};
    struct zone_time local;
    struct zone *zone = must_get("Europe/Helsinki");
    assert_true(zone_instant(zone, &late) > INT64_MAX / 2);
    assert_true(zone_instant(zone, &early) < INT64_MIN / 2);
    zone_local(zone, INT64_MAX, &local);
    assert_in_range(local.year, 292000000, 293000000);
    zone_local(zone, INT64_MIN, &local);
    assert_in_range(-(int64_t)local.year, 292000000, 293000000);
}

static bool same_wall(const struct zone_time *a, const struct zone_time *b)
{
    return a->year == b->year && a->month == b->month && a->day == b->day && a->hour == b->hour &&
           a->minute == b->minute && a->second == b->second && a->millisecond == b->millisecond;
}

/* Each quarter of an hour of two years: there and back is the same instant, or, of a
 * local time that comes twice, the first. */
static void test_there_and_back(void **state)
{
    (void)state;
    static const char *const names[] = {"Europe/Helsinki",     "America/St_Johns",
                                        "Australia/Lord_Howe", "Africa/Casablanca",
                                        "Asia/Kathmandu",      "Pacific/Apia"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct zone *zone = must_get(names[i]);
        int64_t start = i == 5 ? 1304208000000 : 1767225600000; /* Apia: around 2011-12-30 */
        int twice = 0;
        for (int64_t ms = start; ms < start + INT64_C(15778800000); ms += 900000) {
            struct zone_time local, again;
            zone_local(zone, ms, &local);
            int64_t back = zone_instant(zone, &local);
            if (back == ms)
                continue;
            assert_true(back < ms);
            zone_local(zone, back, &again);
            assert_true(same_wall(&local, &again));
            assert_int_equal((again.offset - local.offset) * INT64_C(60000), ms - back);
            twice++;
        }
        assert_in_range(twice, 0, 4);
    }
}

static void test_good_names(void **state)
{
    (void)state;
    static const char *const good[] = {
        "UTC",
        "GMT",
        "Europe/Helsinki",
        "Europe/Kiev",
        "Europe/Kyiv",
        "US/Eastern",
        "Etc/GMT+5",
        "EST",
        "CET",
        "Asia/Calcutta",
        "Zulu",
        "Japan",
        "GB-Eire",
        "America/New_York",
        "+00:00",
        "-5:30",
        "9:30",
        "EST5EDT",
        "America/Argentina/Buenos_Aires",
        "Etc/UTC",
        "Pacific/Apia",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct zone *zone = zone_open(good[i]);
        if (!zone)
            fail_msg("`%s` was refused", good[i]);
        zone_close(&zone);
        assert_null(zone);
    }
}

static void test_bad_names(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "Europe/Nowhere",
        "europe/helsinki",
        "PST",
        "IST",
        "CST",
        "GMT+2",
        "GMT+02:00",
        "UTC+2",
        "+2",
        "+0200",
        "+24:00",
        "+02:60",
        "+2:0",
        "+02:00x",
        "++02:00",
        "Etc/Unknown",
        "SystemV/EST5",
        " UTC",
        "UTC ",
        "Europe/",
        "+123:00",
        "Helsinki",
        "Европа/Хельсинки",
        "Europe/Helsinki\n",
        "Europe/Helsinki/and/a/name/that/is/longer/than/any/zone/ever/was",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (zone_open(bad[i]) || zone_get(bad[i]))
            fail_msg("`%s` was taken", bad[i]);
    }
    assert_ptr_equal(zone_or_utc("Helsinki"), zone_get("UTC"));
    assert_ptr_equal(zone_or_utc(NULL), zone_get("UTC"));
    assert_ptr_equal(zone_or_utc("Europe/Helsinki"), zone_get("Europe/Helsinki"));
    struct zone *none = NULL;
    zone_close(&none);
}

/* Names "+00:01" and so on: as many zones as anyone wants. */
static struct zone *numbered(int n)
{
    char name[16];
    snprintf(name, sizeof name, "+%02d:%02d", n / 60, n % 60);
    return must_get(name);
}

static void test_cache(void **state)
{
    (void)state;
    struct zone *helsinki = must_get("Europe/Helsinki");
    assert_ptr_equal(must_get("Europe/Helsinki"), helsinki);
    for (int i = 0; i < 63; i++)
        numbered(i);
    /* It was used before all of these, and is still there; and now it is the youngest. */
    assert_ptr_equal(must_get("Europe/Helsinki"), helsinki);
    for (int i = 100; i < 163; i++)
        numbered(i);
    assert_ptr_equal(must_get("Europe/Helsinki"), helsinki);
    for (int i = 200; i < 900; i++) {
        struct zone_time local;
        zone_local(numbered(i), 0, &local);
        assert_int_equal(local.offset, i);
    }
    struct zone_time local;
    zone_local(must_get("Europe/Helsinki"), 0, &local);
    assert_int_equal(local.offset, 120);
}

static void *in_thread(void *zone_of_main)
{
    struct zone_time local;
    struct zone *zone = zone_get("Europe/Bucharest");
    for (int i = 0; i < 1000; i++)
        zone_local(zone, 1774746000000, &local);
    return zone && zone != zone_of_main && local.hour == 4 ? zone_of_main : NULL;
}

/* Each thread has zones of its own, which go with it (the leak detector looks). */
static void test_threads(void **state)
{
    (void)state;
    struct zone *own = must_get("Europe/Bucharest");
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, in_thread, own), 0);
    for (int i = 0; i < 4; i++) {
        void *result;
        pthread_join(threads[i], &result);
        assert_ptr_equal(result, own);
    }
}

static void test_abbreviations(void **state)
{
    (void)state;
    static const struct {
        const char *zone;
        int64_t ms;
        const char *name;
    } cases[] = {
        {"Europe/Helsinki", 1774745999999, "EET"},
        {"Europe/Helsinki", 1774746000000, "EEST"},
        {"Europe/Helsinki", 4118115600000, "EEST"},
        {"Europe/Helsinki", -2300000000000, "HMT"},
        {"America/New_York", 1774746000000, "EDT"},
        {"America/Sao_Paulo", 1774746000000, "-03"},
        {"Europe/London", 1767225600000, "GMT"},
        {"UTC", 0, "UTC"},
        {"Etc/UTC", 0, "UTC"},
        {"+02:00", 0, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(zone_abbreviation(zone_get(cases[i].zone), cases[i].ms), cases[i].name);
}

static int offset_of(const struct zone *zone)
{
    struct zone_time local;
    zone_local((struct zone *)zone, 1774746000000, &local);
    return local.offset;
}

static void test_parse(void **state)
{
    (void)state;
    static const struct {
        const char *zone, *text;
        int64_t ms; /* -1: it is no time */
    } cases[] = {
        {"Europe/Helsinki", "2026-03-01T10:00:00", 1772352000000},
        {"Europe/Helsinki", "2026-03-01 10:00:00.1239", 1772352000123},
        {"Europe/Helsinki", "2026-07-01T10:00:00", 1782889200000},
        {"Europe/Helsinki", "2026-03-01T10:00:00Z", 1772359200000}, /* it says its own */
        {"Europe/Helsinki", "2026-03-01T10:00:00-0500", 1772377200000},
        {"Europe/Helsinki", "2026-03-29T03:30:00", 1774747800000}, /* skipped: 04:30 */
        {"Europe/Helsinki", "2026-10-25T03:30:00", 1792888200000}, /* twice: the first */
        {"+05:30", "2026-03-01T13:30:00", 1772352000000},
        {NULL, "2026-03-01T08:00:00", 1772352000000},
        {"Nowhere/City", "2026-03-01T08:00:00", 1772352000000},
        {NULL, "2024-02-29T00:00:00", 1709164800000},
        {NULL, "2023-02-29T00:00:00", -1},
        {NULL, "2026-03-01T08:00", -1},
        {NULL, "2026-03-01", -1},
        {NULL, "2026-03-01T08:00:00 ", -1},
        {NULL, "2026-03-01T08:00:00+", -1},
        {NULL, "2026-03-01T08:00:00+02", -1},
        {NULL, "2026-03-01T08:00:00.", -1},
        {NULL, "2026-03-01T08:00:00.0000000000000000000000000000000000000000000000000", -1},
        {NULL, "", -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t ms = -1;
        if (!zone_parse(cases[i].zone, cases[i].text, strlen(cases[i].text), &ms))
            ms = -1;
        if (ms != cases[i].ms)
            fail_msg("%s: %lld", cases[i].text, (long long)ms);
    }
}

/* A law has changed, and the package with it: so it is from the next reload on. */
static void test_read_again(void **state)
{
    (void)state;
    char folder[] = "/tmp/nudged-zone-XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/Zone", folder);
    assert_int_equal(symlink("/usr/share/zoneinfo/Asia/Tokyo", path), 0);
    setenv("TZDIR", folder, 1);
    struct zone *first = must_get("Zone");
    unlink(path);
    assert_int_equal(symlink("/usr/share/zoneinfo/Asia/Kolkata", path), 0);
    assert_ptr_equal(must_get("Zone"), first);
    zone_read_again();
    struct zone *second = must_get("Zone");
    assert_int_equal(offset_of(second), 330);
    assert_int_equal(offset_of(first), 540); /* who has it may go on with it */
    assert_ptr_equal(must_get("Zone"), second);
    unlink(path); /* as while the package is replaced */
    zone_read_again();
    assert_ptr_equal(must_get("Zone"), second);
    unsetenv("TZDIR");
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_local),          cmocka_unit_test(test_instant),
        cmocka_unit_test(test_there_and_back), cmocka_unit_test(test_good_names),
        cmocka_unit_test(test_bad_names),      cmocka_unit_test(test_cache),
        cmocka_unit_test(test_threads),        cmocka_unit_test(test_utmost),
        cmocka_unit_test(test_abbreviations),  cmocka_unit_test(test_read_again),
        cmocka_unit_test(test_parse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
