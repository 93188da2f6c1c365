#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/duration_guess.h"

static const int64_t day = 86400000;

/* `expected` -1: refused, and nothing written. */
static void check(const char *text, int64_t expected)
{
    int64_t ms = -1;
    bool taken = duration_parse(text, strlen(text), &ms);
    if (taken != (expected >= 0) || ms != expected)
        fail_msg("`%s`: %s, %lld", text, taken ? "taken" : "refused", (long long)ms);
}

static void test_parse(void **state)
{
    (void)state;
    const struct {
        const char *text;
        int64_t ms;
    } cases[] = {
        {"1h", 3600000},
        {"90s", 90000},
        {"1h30m", 5400000},
        {"2w", 14 * day},
        {"250ms", 250},
        {"1.5h", 5400000},
        {"0s", 0},
        {"0ms", 0},
        {"1w2d3h4m5s6ms", 9 * day + 11045006},
        {"1h0.5s", 3600500},
        {"0.333h", 1198800},
        {"0.125s", 125},
        {"007d", 7 * day},
        {"3650d", 3650 * day},
        {"87600h", 3650 * day},
        {"999999999ms", 999999999},
        {"1.0ms", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check(cases[i].text, cases[i].ms);
    int64_t ms;
    assert_true(duration_parse("1h30m", 2, &ms));
    assert_int_equal(ms, 3600000);
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "0.25ms0",    "0.000000001w",
        "3650d1ms",   "1000000000ms",
        "999999999w", "0.5ms",
        "1.5h30m",    "30m1h",
        "1h1h",       "1ms1s",
        "",           "1",
        "0",          "h",
        "-1h",        "+1h",
        "1 h",        " 1h",
        "1h ",        "1H",
        "1min",       "1hours",
        "1.h",        ".5h",
        "1..5h",      "1h30",
        "1,5h",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        check(texts[i], -1);
    int64_t ms;
    assert_false(duration_parse("1h\0", 3, &ms));
}

static void test_format(void **state)
{
    (void)state;
    const struct {
        int64_t ms;
        const char *text;
    } cases[] = {
        {0, "0s"},
        {1, "1ms"},
        {1500, "1s500ms"},
        {5400000, "1h30m"},
        {14 * day, "2w"},
        {10 * day, "10d"},
        {7 * day + 1000, "7d1s"},
        {365 * day, "365d"},
        {3650 * day, "3650d"},
        {-5400000, "-1h30m"},
        {INT64_MAX, "106751991167d7h12m55s807ms"},
        {INT64_MIN, "-106751991167d7h12m55s808ms"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[DURATION_TEXT_SIZE];
        assert_string_equal(duration_format(cases[i].ms, text), cases[i].text);
    }
}

static void test_guesses(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"3 days", "3d"},
        {"3days", "3d"},
        {"1 Hour", "1h"},
        {"3D", "3d"},
        {"90 secs", "90s"},
        {"2 weeks", "2w"},
        {"week", "1w"},
        {"2 months", "60d"},
        {" 5 min", "5m"},
        {"5 mins", "5m"},
        {"3 parsecs", ""},
        {"", ""},
        {"-3 days", ""},
        {"3 days ago", ""},
        {"tomorrow", ""},
        {"9999999999 days", ""},
        {"4000d", ""},
        {"600 months", ""},
        {"2 years", "730d"},
        {"1M", ""},
        {"1h 30m", "1h30m"},
        {"1 hour and 30 minutes", "1h30m"},
        {"an hour", "1h"},
        {"1 day, 2 hours", "1d2h"},
        {"30m 1h", ""},
        {"daily", "1d"},
        {"weekly", "1w"},
        {"P1D", "1d"},
        {"PT1H30M", "1h30m"},
        {"P1M", "30d"},
        {"P1DT2H", "1d2h"},
        {"P", ""},
        {"PT", ""},
        {"01:00:00", "1h"},
        {"00:30:15", "30m15s"},
        {"1:30", ""},
        {"01:60:00", ""},
        {"one", ""},
        {"an", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[DURATION_TEXT_SIZE];
        bool guessed = duration_guess(cases[i][0], strlen(cases[i][0]), text);
        assert_string_equal(text, cases[i][1]);
        assert_int_equal(guessed, text[0] != '\0');
    }
}

static void test_reads_what_it_writes(void **state)
{
    (void)state;
    uint64_t random = 1;
    for (int i = 0; i < 20000; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        int64_t ms = (int64_t)((random >> 16) % (uint64_t)(3650 * day)), again = -1;
        if (i % 2)
            ms -= ms % 60000;
        char text[DURATION_TEXT_SIZE];
        duration_format(ms, text);
        assert_true(duration_parse(text, strlen(text), &again));
        assert_int_equal(again, ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_format),
        cmocka_unit_test(test_guesses),
        cmocka_unit_test(test_reads_what_it_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
