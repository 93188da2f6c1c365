/* Counts by name at moments, and what they were in a second. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "app/pulse.h"
#include "ctl/tally.h"

static void expect_rate(struct tally *tally, const char *name, double rate)
{
    const struct tally_row *row = tally_row(tally, name);
    assert_non_null(row);
    assert_float_equal(row->rates[0], rate, 0.001);
}

static void rates_are_of_the_last_moments(void **state)
{
    (void)state;
    struct tally *tally = tally_new();
    for (int i = 0; i < 20; i++) {
        tally_begin(tally, 1000 + i * 1000);
        tally_add(tally, "relay", 0, i < 10 ? 0 : (i - 9) * 30);
        tally_add(tally, "relay", 0, 7); /* another daemon's */
        if (i == 9)
            expect_rate(tally, "relay", 0);
        if (i == 10)
            expect_rate(tally, "relay", 6); /* 30 in five seconds */
        if (i == 19)
            expect_rate(tally, "relay", 30);
    }
    assert_int_equal(tally_row(tally, "relay")->counts[0], 307);
    assert_null(tally_row(tally, "other"));
    tally_destroy(&tally);
}

static void what_is_new_or_begun_anew_has_no_rate(void **state)
{
    (void)state;
    struct tally *tally = tally_new();
    size_t count;
    tally_begin(tally, 0);
    tally_rows(tally, &count);
    assert_int_equal(count, 0);
    tally_add(tally, "a", 0, 100);
    expect_rate(tally, "a", 0);
    tally_begin(tally, 1000);
    tally_add(tally, "a", 0, 20); /* the daemon began again */
    tally_add(tally, "b", 0, 20);
    expect_rate(tally, "a", 0);
    expect_rate(tally, "b", 0);
    tally_destroy(&tally);
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
