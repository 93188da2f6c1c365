/* Counts by name at moments, and what they were in a second. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "app/pulse.h"
#include "ctl/pace.h"

static void expect_rate(struct pace *pace, const char *name, double rate)
{
    const struct pace_row *row = pace_row(pace, name);
    assert_non_null(row);
    assert_float_equal(row->rates[0], rate, 0.001);
}

static void rates_are_of_the_last_moments(void **state)
{
    (void)state;
    struct pace *pace = pace_new();
    for (int i = 0; i < 20; i++) {
        pace_begin(pace, 1000 + i * 1000);
        pace_add(pace, "relay", 0, i < 10 ? 0 : (i - 9) * 30);
        pace_add(pace, "relay", 0, 7); /* another daemon's */
        if (i == 9)
            expect_rate(pace, "relay", 0);
        if (i == 10)
            expect_rate(pace, "relay", 6); /* 30 in five seconds */
        if (i == 19)
            expect_rate(pace, "relay", 30);
    }
    assert_int_equal(pace_row(pace, "relay")->counts[0], 307);
    assert_null(pace_row(pace, "other"));
    pace_destroy(&pace);
}

static void what_is_new_or_begun_anew_has_no_rate(void **state)
{
    (void)state;
    struct pace *pace = pace_new();
    size_t count;
    pace_begin(pace, 0);
    pace_rows(pace, &count);
    assert_int_equal(count, 0);
    pace_add(pace, "a", 0, 100);
    expect_rate(pace, "a", 0);
    pace_begin(pace, 1000);
    pace_add(pace, "a", 0, 20); /* the daemon began again */
    pace_add(pace, "b", 0, 20);
    expect_rate(pace, "a", 0);
    expect_rate(pace, "b", 0);
    pace_destroy(&pace);
}

static void a_pulse_is_of_the_last_minute(void **state)
{
    (void)state;
    struct pulse pulse;
    pulse_begin(&pulse, 0);
    assert_float_equal(pulse_events(&pulse), 0, 0);
    for (int i = 0; i <= 200; i++) {
        const struct pulse_sample sample = {
            .at_ms = i * 1000, .events = i < 140 ? 0 : (i - 140) * 6, .messages = i};
        pulse_note(&pulse, &sample);
        if (i == 1)
            assert_float_equal(pulse_messages(&pulse), 1, 0.001);
    }
    assert_float_equal(pulse_events(&pulse), 6, 0.001);
    assert_float_equal(pulse_messages(&pulse), 1, 0.001);
}

static void a_refused_reload_is_told_until_a_good_one(void **state)
{
    (void)state;
    struct pulse pulse;
    struct buf out;
    buf_init(&out, 1000);
    pulse_begin(&pulse, 5);
    pulse_reloaded(&pulse, false, 6);
    pulse_write(&pulse, &out);
    assert_non_null(strstr(buf_string(&out), "\"reloaded_at\":5,"));
    assert_non_null(strstr(buf_string(&out), "\"reload_failed_at\":6"));
    buf_clear(&out);
    pulse_reloaded(&pulse, true, 7);
    pulse_write(&pulse, &out);
    assert_non_null(strstr(buf_string(&out), "\"reloaded_at\":7,"));
    assert_null(strstr(buf_string(&out), "reload_failed_at"));
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rates_are_of_the_last_moments),
        cmocka_unit_test(what_is_new_or_begun_anew_has_no_rate),
        cmocka_unit_test(a_pulse_is_of_the_last_minute),
        cmocka_unit_test(a_refused_reload_is_told_until_a_good_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
