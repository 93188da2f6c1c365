#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"

/* Milliseconds from `date -u -d … +%s`. */
static const struct {
    int64_t ms;
    const char *text;
} both_ways[] = {
    {0, "1970-01-01T00:00:00Z"},
    {1, "1970-01-01T00:00:00.001Z"},
    {-1, "1969-12-31T23:59:59.999Z"},
    {-1000, "1969-12-31T23:59:59Z"},
    {1772352000123, "2026-03-01T08:00:00.123Z"},
    {1709164800000, "2024-02-29T00:00:00Z"},
    {951782400000, "2000-02-29T00:00:00Z"},
    {-2203891200000, "1900-03-01T00:00:00Z"},
    {4107542400050, "2100-03-01T00:00:00.050Z"},
    {-62167219200000, "0000-01-01T00:00:00Z"},
    {253402300799999, "9999-12-31T23:59:59.999Z"},
};

static void test_both_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof both_ways / sizeof *both_ways; i++) {
        char text[CLOCK_TEXT_SIZE];
        int64_t ms = 42;
        assert_string_equal(clock_format(both_ways[i].ms, text), both_ways[i].text);
        assert_true(clock_parse(text, strlen(text), &ms));
        assert_int_equal(ms, both_ways[i].ms);
    }
}

static void test_format_bounds(void **state)
{
    (void)state;
    char text[CLOCK_TEXT_SIZE];
    assert_string_equal(clock_format(INT64_MIN, text), "0000-01-01T00:00:00Z");
    assert_string_equal(clock_format(INT64_MAX, text), "9999-12-31T23:59:59.999Z");
    assert_int_equal(clock_print_second(INT64_MIN, text), 19);
    assert_string_equal(text, "0000-01-01T00:00:00");
    assert_int_equal(clock_print_second(INT64_MAX, text), 19);
    assert_string_equal(text, "9999-12-31T23:59:59");
    assert_int_equal(clock_print_second(1772352000, text), 19);
    assert_string_equal(text, "2026-03-01T08:00:00");
}

static const struct {
    const char *text;
    int64_t ms;
} read_only[] = {
    {"2026-03-01T10:00:00+02:00", 1772352000000},
    {"2026-03-01T02:30:00-05:30", 1772352000000},
    {"2026-03-01T10:00:00+0200", 1772352000000},
    {"2026-03-01T02:30:00.5-0530", 1772352000500},
    {"2026-03-01t08:00:00z", 1772352000000},
    {"2026-03-01 08:00:00Z", 1772352000000},
    {"2026-03-01T08:00:00-00:00", 1772352000000},
    {"2026-03-01T08:00:00.1Z", 1772352000100},
    {"2026-03-01T08:00:00.129999999999Z", 1772352000129},
    {"2016-12-31T23:59:60Z", 1483228800000},
    {"2017-01-01T01:59:60.5+02:00", 1483228800500},
    {"0000-01-01T00:00:00+23:59", -62167219200000 - 1439 * 60000},
};

static void test_parse(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof read_only / sizeof *read_only; i++) {
        int64_t ms = 42;
        if (!clock_parse(read_only[i].text, strlen(read_only[i].text), &ms))
            fail_msg("%s: refused", read_only[i].text);
        if (ms != read_only[i].ms)
            fail_msg("%s: %lld", read_only[i].text, (long long)ms);
    }
}

static const char *const refused[] = {
    "",
    "2026",
    "2026-03-01",
    "2026-03-01T08:00Z",
    "2026-03-01T08:00:00",
    "2026-03-01T08:00:00.Z",
    "2026-03-01T08:00:00,5Z",
    "2026-03-01T08:00:00Z ",
    " 2026-03-01T08:00:00Z",
    "2026-03-01T08:00:00ZZ",
    "2026-03-01T08:00:00+020",
    "2026-03-01T08:00:00+2:00",
    "2026-03-01T08:00:00+02:",
    "2026-03-01T08:00:00+02::00",
    "2026-03-01T08:00:00+0260",
    "2026-03-01T08:00:00+24:00",
    "2026-03-01T08:00:00+02:60",
    "2026-03-01T08:00:00+02",
    "2026-03-01X08:00:00Z",
    "2026-00-01T08:00:00Z",
    "2026-13-01T08:00:00Z",
    "2026-02-29T08:00:00Z",
    "1900-02-29T08:00:00Z",
    "2026-04-31T08:00:00Z",
    "2026-03-00T08:00:00Z",
    "2026-03-01T24:00:00Z",
    "2026-03-01T08:60:00Z",
    "2026-03-01T08:00:61Z",
    "2026-03-01T08:00:60Z",
    "2016-12-31T23:59:60+01:00",
    "26-03-01T08:00:00Z",
    "+026-03-01T08:00:00Z",
    "2026-3-1T08:00:00Z",
};

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        int64_t ms = 42;
        if (clock_parse(refused[i], strlen(refused[i]), &ms))
            fail_msg("`%s` was taken as %lld", refused[i], (long long)ms);
        assert_int_equal(ms, 42);
    }
    int64_t ms;
    assert_false(clock_parse("2026-03-01T08:00:00\0", 20, &ms));
}

static const struct {
    double number;
    int64_t ms; /* -1: refused */
} numbers[] = {
    {0, 0},
    {5, 5000},
    {1772352000, 1772352000000},
    {1772352000.123, 1772352000123},
    {1772352000.5, 1772352000500},
    {1772352000123, 1772352000123},
    {1772352000123.9, 1772352000123},
    {253402300799, 253402300799000}, /* the last second of the year 9999 */
    {253402300800, 253402300800},    /* and so many milliseconds */
    {253402300799999, 253402300799999},
    {253402300800000, -1},
    {1772352000123456, -1}, /* microseconds */
    {-1, -1},
    {1e300, -1},
    {INFINITY, -1},
    {NAN, -1},
};

static void test_numbers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        int64_t ms = -1;
        assert_int_equal(clock_of_number(numbers[i].number, &ms), numbers[i].ms >= 0);
        assert_int_equal(ms, numbers[i].ms);
    }
}

/* Every day of eight centuries, against the C library's calendar. */
static void test_every_day(void **state)
{
    (void)state;
    for (int64_t day = -135140; day < 157055; day++) {
        char text[CLOCK_TEXT_SIZE], expected[CLOCK_TEXT_SIZE];
        time_t seconds = (time_t)(day * 86400 + 45296);
        struct tm utc;
        int64_t ms;
        strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &utc));
        assert_string_equal(clock_format(seconds * 1000, text), expected);
        assert_true(clock_parse(text, strlen(text), &ms));
        assert_int_equal(ms, seconds * 1000);
    }
}

static void test_clocks_run(void **state)
{
    (void)state;
    int64_t ms = clock_monotonic_ms(), wall = clock_wall_ms();
    assert_true(clock_monotonic_ms() >= ms);
    assert_in_range((int64_t)time(NULL) * 1000 - wall + 2000, 0, 60000);
}

static void test_timeval(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        long seconds, microseconds;
    } cases[] = {{0, 0, 0}, {1, 0, 1000}, {999, 0, 999000}, {1000, 1, 0}, {86400001, 86400, 1000}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct timeval time = clock_timeval(cases[i].ms);
        assert_int_equal(time.tv_sec, cases[i].seconds);
        assert_int_equal(time.tv_usec, cases[i].microseconds);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_ways),  cmocka_unit_test(test_format_bounds),
        cmocka_unit_test(test_parse),      cmocka_unit_test(test_refused),
        cmocka_unit_test(test_numbers),    cmocka_unit_test(test_every_day),
        cmocka_unit_test(test_clocks_run), cmocka_unit_test(test_timeval),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
