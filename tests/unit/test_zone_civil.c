#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/zone_civil.h"

static void test_every_day(void **state)
{
    (void)state;
    struct zone_civil before = zone_civil_date(-800001);
    for (int64_t days = -800000; days <= 800000; days++) {
        struct zone_civil date = zone_civil_date(days);
        assert_int_equal(zone_civil_days(date.year, date.month, date.day), days);
        assert_in_range(zone_civil_weekday(days), 0, 6);
        if (date.day == 1)
            assert_true(before.day >= 28 &&
                        (date.month == 1 ? before.month == 12 && before.year + 1 == date.year
                                         : before.month + 1 == date.month));
        else
            assert_true(date.day == before.day + 1 && date.month == before.month);
        before = date;
    }
    assert_int_equal(zone_civil_weekday(0), 4);
    assert_int_equal(zone_civil_weekday(-5), 6);
}

/* Against the arithmetic of days. */
static void test_months(void **state)
{
    (void)state;
    for (int64_t year = -401; year <= 2401; year++) {
        int64_t new_year = zone_civil_days(year, 1, 1);
        assert_int_equal(zone_civil_days(year, 13, 1) - new_year, 365 + zone_civil_leap(year));
        for (int64_t month = 1; month <= 12; month++)
            assert_int_equal(zone_civil_month_days(year, month),
                             zone_civil_days(year, month + 1, 1) - zone_civil_days(year, month, 1));
    }
    assert_true(zone_civil_leap(2000));
    assert_true(zone_civil_leap(2024));
    assert_false(zone_civil_leap(1900));
    assert_false(zone_civil_leap(2023));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_day),
        cmocka_unit_test(test_months),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
