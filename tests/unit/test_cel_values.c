/* Decimals, times, dates: what the language has beyond a document's values. */
#include "cel/cel_decimal.h"
#include "cel/cel_time.h"
#include "cel_fixture.h"

static const struct fixture_case decimals[] = {
    {"decimal('129.90')", "decimal(\"129.90\")"},
    {"decimal('+1')", "decimal(\"1\")"},
    {"decimal('-0.05')", "decimal(\"-0.05\")"},
    {"decimal('1e3')", "decimal(\"1000\")"},
    {"decimal('12.5e-3')", "decimal(\"0.0125\")"},
    {"decimal('12.5E+1')", "decimal(\"125\")"},
    {"decimal('0e-40') == 0 || true", "true"},
    {"decimal('1234567890123456789012345678901234')",
     "decimal(\"1234567890123456789012345678901234\")"},
    {"decimal('12345678901234567890123456789012345')",
     "compile: \"12345678901234567890123456789012345\" is no decimal of at most 34 digits"},
    {"decimal('0.0000000000000000000000000000000001')",
     "decimal(\"0.0000000000000000000000000000000001\")"},
    {"decimal('')", "compile: \"\" is no decimal of at most 34 digits"},
    {"decimal('1.')", "compile: \"1.\" is no decimal of at most 34 digits"},
    {"decimal('.5')", "compile: \".5\" is no decimal of at most 34 digits"},
    {"decimal('1.2.3')", "compile: \"1.2.3\" is no decimal of at most 34 digits"},
    {"decimal('1e')", "compile: \"1e\" is no decimal of at most 34 digits"},
    {"decimal('129,90')", "compile: \"129,90\" is no decimal of at most 34 digits"},
    {"decimal(0.1)", "decimal(\"0.1\")"},
    {"decimal(5u)", "decimal(\"5\")"},
    {"decimal(order.price)", "decimal(\"129.90\")"},
    {"decimal('0.1') + decimal('0.2') == decimal('0.3')", "true"},
    {"decimal('129.90') * 3 + order.price", "decimal(\"519.60\")"},
    {"decimal('1.10') - 1", "decimal(\"0.10\")"},
    {"1 - decimal('1.10')", "decimal(\"-0.10\")"},
    {"decimal('-1.5') * decimal('-1.5')", "decimal(\"2.25\")"},
    {"-decimal('1.5')", "decimal(\"-1.5\")"},
    {"decimal('9999999999999999999999999999999999') + 1",
     "compile: the exact result has more than 34 digits"},
    {"decimal('99999999999999999.9') * decimal('99999999999999999.9')",
     "compile: the exact result has more than 34 digits"},
    {"decimal('10000000000000000000000.00') * decimal('100.00')",
     "decimal(\"1000000000000000000000000.0000\")"},
    {"decimal('1.10') == decimal('1.1') && decimal('1.10') == 1.1", "true"},
    {"decimal('129.90') >= order.price && decimal('129.91') > order.price", "true"},
    {"decimal('-2') < decimal('-1.5') && decimal('-0') == 0", "true"},
    {"decimal('1e33') > decimal('0.0000000000000000000000000000000001')", "true"},
    {"decimal('1') < 1e300 && decimal('1') > -1e300", "true"},
    {"decimal('1') < double('NaN')", "false"},
    {"decimal('5') in [1, 5]", "true"},
    {"[decimal('2.0'), decimal('1.5')].sort()[0]", "decimal(\"1.5\")"},
    {"decimal('129.90') / 2", "compile: no such operation: a decimal / an integer"},
    {"decimal(order.price) * dyn(0.5)",
     "fails: a double is not exact: write decimal(\"0.9\") to compute with a decimal"},
    {"string(decimal('129.90')) + ' EUR'", "\"129.90 EUR\""},
    {"int(decimal('-129.90'))", "-129"},
    {"double(decimal('129.90'))", "129.9"},
    {"'%s %.1f %d'.format([decimal('1.25'), decimal('1.25'), decimal('3')])", "\"1.25 1.2 3\""},
    {"type(decimal('1')) == decimal", "true"},
    {"{decimal('1'): 2}", "compile: a decimal cannot be a key of a map"},
};

static void test_decimals(void **state)
{
    (void)state;
    FIXTURE_TABLE(decimals);
}

/* Sums and products of random integers, against 128-bit arithmetic. */
static void test_decimal_arithmetic(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 16);
    uint64_t seed = 42;
    for (int i = 0; i < 20000; i++) {
        int64_t numbers[2];
        struct value values[2], result;
        for (int n = 0; n < 2; n++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            numbers[n] = (int64_t)seed >> (seed >> 58);
            char text[32];
            int length = snprintf(text, sizeof text, "%lld.%02d", (long long)numbers[n], 0);
            assert_true(cel_decimal_parse(arena, text, (size_t)length, &values[n]));
        }
        static const enum cel_operator ops[] = {CEL_ADD, CEL_SUBTRACT, CEL_MULTIPLY};
        __int128 a = numbers[0], b = numbers[1];
        __int128 wanted[] = {a + b, a - b, a * b};
        for (int op = 0; op < 3; op++) {
            if (cel_decimal_operate(arena, ops[op], &values[0], &values[1], &result))
                continue; /* over 34 digits */
            struct cel_decimal exact = *(const struct cel_decimal *)result.other;
            __int128 whole = (__int128)exact.digits;
            for (uint32_t place = 0; place < exact.places; place++)
                whole /= 10;
            assert_true((exact.negative ? -whole : whole) == wanted[op]);
        }
        assert_int_equal(cel_decimal_compare(&values[0], &values[1]), a < b ? -1 : a > b);
        arena_reset(arena);
    }
    arena_destroy(&arena);
}

static const struct fixture_case times[] = {
    {"timestamp('2026-03-01T10:00:00+02:00')", "timestamp(\"2026-03-01T08:00:00Z\")"},
    {"timestamp('2026-03-01t10:00:00.120z')", "timestamp(\"2026-03-01T10:00:00.12Z\")"},
    {"timestamp('0001-01-01T00:00:00Z')", "timestamp(\"0001-01-01T00:00:00Z\")"},
    {"timestamp('9999-12-31T23:59:59.999999999Z')",
     "timestamp(\"9999-12-31T23:59:59.999999999Z\")"},
    {"timestamp('2024-02-29T00:00:00Z') + duration('1d')", "timestamp(\"2024-03-01T00:00:00Z\")"},
    {"timestamp('1969-12-31T23:59:59.5Z')", "timestamp(\"1969-12-31T23:59:59.5Z\")"},
    {"int(timestamp('1969-12-31T23:59:59Z'))", "-1"},
    {"timestamp('2026-03-01T10:00:00Z') - timestamp('2026-02-28T09:59:58.5Z')",
     "duration(\"86401.5s\")"},
    {"timestamp('2026-03-01T10:00:00Z') - duration('0.5s')",
     "timestamp(\"2026-03-01T09:59:59.5Z\")"},
    {"duration('1h30m') == duration('90m')", "true"},
    {"duration('-1.5h')", "duration(\"-5400s\")"},
    {"duration('7d') + duration('2w')", "duration(\"1814400s\")"},
    {"duration('1d12h')", "duration(\"129600s\")"},
    {"duration('1ms1us1ns')", "duration(\"0.001001001s\")"},
    {"duration('1\u00b5s')", "duration(\"0.000001s\")"},
    {"duration('0')", "duration(\"0s\")"},
    {"duration('+.5s')", "duration(\"0.5s\")"},
    {"-duration('0.5s')", "duration(\"-0.5s\")"},
    {"duration('-0.5s').getMilliseconds()", "-500"},
    {"duration('90m').getHours()", "1"},
    {"duration('9223372036s') < duration('9223372036.8s')", "true"},
    {"duration('9223372037s')",
     "compile: \"9223372037s\" is no duration such as \"1h30m\" or \"7d\""},
    {"duration('1')", "compile: \"1\" is no duration such as \"1h30m\" or \"7d\""},
    {"duration('1h 30m')", "compile: \"1h 30m\" is no duration such as \"1h30m\" or \"7d\""},
    {"duration('')", "compile: \"\" is no duration such as \"1h30m\" or \"7d\""},
    {"duration('h')", "compile: \"h\" is no duration such as \"1h30m\" or \"7d\""},
    {"timestamp('9999-12-31T23:59:59Z') + duration('1s')",
     "compile: the timestamp or duration is out of range"},
    {"timestamp('2026-03-01T10:00:00Z').getHours('Europe/Helsinki')", "12"},
    {"timestamp('2026-03-01T10:00:00Z').getHours('-02:30')", "7"},
    {"timestamp('2026-03-01T10:00:00Z').getMinutes('02:30')", "30"},
    {"timestamp('2026-03-01T10:00:00Z').getHours('Nowhere/Land')",
     "compile: there is no time zone \"Nowhere/Land\""},
    {"timestamp('2026-03-01T10:00:00Z').getHours('+02:60')",
     "compile: there is no time zone \"+02:60\""},
    {"timestamp('2026-03-01T10:00:00Z').getHours('+24:00')",
     "compile: there is no time zone \"+24:00\""},
    {"timestamp('2026-03-01T10:00:00Z').getHours('US/Central')", "4"},
    {"timestamp(253402300800)", "compile: the timestamp is out of range"},
    {"timestamp('9999-12-31T23:00:00Z').getFullYear('+02:00')", "10000"},
    {"duration('-9223372036.854775808s') - duration('1ns')",
     "compile: the timestamp or duration is out of range"},
    {"timestamp('2026-03-01T10:00:00Z').getDayOfWeek()", "0"},
    {"timestamp('2026-12-31T23:30:00Z').getFullYear('Europe/Helsinki')", "2027"},
    {"timestamp('2026-12-31T23:30:00Z').getDayOfYear()", "364"},
    {"timestamp('2026-12-31T23:30:00Z').getMonth() + timestamp(0).getDate()", "12"},
    {"timestamp(order.created) < now && now() == now", "true"},
};

static void test_times(void **state)
{
    (void)state;
    FIXTURE_TABLE(times);
}

static const char *const bad_times[] = {
    "",
    "2026-03-01",
    "2026-03-01T10:00:00",
    "2026-03-01 10:00:00Z",
    "2026-02-30T10:00:00Z",
    "2025-02-29T10:00:00Z",
    "2026-13-01T10:00:00Z",
    "2026-00-01T10:00:00Z",
    "2026-03-00T10:00:00Z",
    "2026-03-01T24:00:00Z",
    "2026-03-01T10:60:00Z",
    "2026-03-01T10:00:60Z",
    "2026-03-01T10:00:00.Z",
    "2026-03-01T10:00:00.1234567890Z",
    "2026-03-01T10:00:00+2:00",
    "2026-03-01T10:00:00+24:00",
    "2026-03-01T10:00:00Zx",
    "0000-03-01T10:00:00Z",
    "0001-01-01T00:00:00+01:00",
};

static void test_bad_times(void **state)
{
    (void)state;
    struct value value;
    for (size_t i = 0; i < sizeof bad_times / sizeof *bad_times; i++)
        if (cel_time_parse_timestamp(bad_times[i], strlen(bad_times[i]), &value))
            fail_msg("%s", bad_times[i]);
}

/* Every day of some centuries: text to seconds and back. */
static void test_calendar(void **state)
{
    (void)state;
    char text[CEL_TIME_TEXT_SIZE];
    for (int64_t day = -300000; day < 300000; day += 1) {
        struct value stamp, again;
        assert_true(cel_time_timestamp(day * 86400 + 3661, 5, &stamp));
        size_t length = cel_time_print_timestamp(&stamp, text);
        assert_true(cel_time_parse_timestamp(text, length, &again));
        assert_true(again.integer == stamp.integer && again.length == stamp.length);
    }
}

/* Now is Sunday, 2026-03-01 10:30 in Helsinki (+02:00, summer time from 29 March). */
static const struct fixture_case dates[] = {
    {"next_date(customer.birthday, '09:00')", "timestamp(\"2026-05-17T06:00:00Z\")"},
    {"next_date('1990-01-10', '09:00')", "timestamp(\"2027-01-10T07:00:00Z\")"},
    {"next_date('1990-03-01', '10:31')", "timestamp(\"2026-03-01T08:31:00Z\")"},
    {"next_date('1990-03-01', '10:30')", "timestamp(\"2027-03-01T08:30:00Z\")"},
    {"next_date('2000-02-29', '09:00')", "timestamp(\"2027-02-28T07:00:00Z\")"},
    {"next_date('2000-03-29', '03:30')", "timestamp(\"2026-03-29T01:30:00Z\")"},
    {"next_date('12-24', '18:00')", "timestamp(\"2026-12-24T16:00:00Z\")"},
    {"next_date('--12-24', '18:00')", "timestamp(\"2026-12-24T16:00:00Z\")"},
    {"next_date('1990-05-17T23:30:00Z', '09:00')", "timestamp(\"2026-05-17T06:00:00Z\")"},
    {"next_date(timestamp('1990-05-17T23:30:00Z'), '09:00')",
     "timestamp(\"2026-05-18T06:00:00Z\")"},
    {"next_date('1990-02-30', '09:00')",
     "compile: this is no date such as \"1990-05-17\" or \"05-17\""},
    {"next_date('1990-13-01', '09:00')",
     "compile: this is no date such as \"1990-05-17\" or \"05-17\""},
    {"next_date('17.5.1990', '09:00')",
     "compile: this is no date such as \"1990-05-17\" or \"05-17\""},
    {"next_date('', '09:00')", "compile: this is no date such as \"1990-05-17\" or \"05-17\""},
    {"next_date('1990-05-17', '9:00')", "compile: this is no time of day such as \"09:00\""},
    {"next_date('1990-05-17', '24:00')", "compile: this is no time of day such as \"09:00\""},
};

static void test_dates(void **state)
{
    (void)state;
    FIXTURE_TABLE(dates);
}

/* Likewise: Sunday, 2026-03-01 10:30 in Helsinki. */
static const struct fixture_case todays[] = {
    {"is_today('1990-03-01')", "true"},
    {"is_today('03-01') && is_today('--03-01') && is_today('1990-03-01T23:00:00Z')", "true"},
    {"is_today('1990-03-02') || is_today('1990-01-03')", "false"},
    {"is_today(customer.birthday)", "false"},
    {"is_today(now)", "true"},
    {"is_today(timestamp('1990-02-28T22:00:00Z'))", "true"}, /* midnight in Helsinki */
    {"is_today(timestamp('1990-02-28T21:59:59Z'))", "false"},
    {"is_today('2000-02-29')", "false"},
    {"is_today('5-17')", "compile: this is no date such as \"1990-05-17\" or \"05-17\""},
    {"is_today('17.05.1990')", "compile: this is no date such as \"1990-05-17\" or \"05-17\""},
    {"is_today(customer.name)", "fails: \"Ana\" is no date such as \"1990-05-17\""},
    {"is_today(order.total)", "fails: is_today() is not for an integer"},
    {"is_today(19)", "compile: is_today() is not for an integer"},
    {"is_today()", "compile: is_today() takes 1 argument, not 0"},
    {"customer.birthday.is_today()", "compile: is_today() takes its value as an argument"},
};

static void test_todays(void **state)
{
    (void)state;
    FIXTURE_TABLE(todays);
}

/* The day begins and ends by the customer's clock, whatever daylight saving does to it. */
static void test_today_by_zone(void **state)
{
    static const struct {
        const char *zone, *now, *date;
        bool today;
    } cases[] = {
        {"Asia/Kolkata", "2026-05-16T18:30:00Z", "05-17", true},
        {"Asia/Kolkata", "2026-05-16T18:29:59Z", "05-17", false},
        {"America/New_York", "2026-05-17T03:59:59Z", "05-16", true},
        {"America/New_York", "2026-03-08T04:59:59Z", "03-07", true}, /* the short day */
        {"America/New_York", "2026-03-08T05:00:00Z", "03-08", true},
        {"America/New_York", "2026-03-09T03:59:59Z", "03-08", true},
        {"America/New_York", "2026-03-09T04:00:00Z", "03-08", false},
        {"Europe/Bucharest", "2026-10-24T21:00:00Z", "10-25", true}, /* the long one */
        {"Europe/Bucharest", "2026-10-25T21:59:59Z", "10-25", true},
        {"Europe/Bucharest", "2026-10-25T22:00:00Z", "10-25", false},
        {"Australia/Lord_Howe", "2026-10-03T13:29:59Z", "10-03", true},
        {"Australia/Lord_Howe", "2026-10-03T13:30:00Z", "10-04", true},
        {"Europe/Helsinki", "2027-02-28T12:00:00Z", "02-29", true},
        {"Europe/Helsinki", "2027-03-01T12:00:00Z", "02-29", false},
        {"Europe/Helsinki", "2028-02-28T12:00:00Z", "02-29", false},
        {"Europe/Helsinki", "2028-02-29T12:00:00Z", "02-29", true},
        {"Europe/Helsinki", "2028-02-29T12:00:00Z", "02-28", false},
    };
    (void)state;
    struct fixture fixture;
    fixture_start(&fixture);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct value now;
        assert_true(cel_time_parse_timestamp(cases[i].now, strlen(cases[i].now), &now));
        fixture.input.now_ms = now.integer * 1000;
        fixture.input.zone = cases[i].zone;
        const char *text = arena_printf(fixture.arena, "is_today('%s')", cases[i].date);
        assert_string_equal(fixture_eval(&fixture, text), cases[i].today ? "true" : "false");
    }
    fixture.input.zone = "Nowhere/Land";
    assert_string_equal(fixture_eval(&fixture, "is_today('05-17')"),
                        "fails: is_today(): the time zone is not known");
    fixture_end(&fixture);
}

static const struct fixture_case sums[] = {
    {"[1, 2, 3].sum()", "6"},
    {"[1u, 2u].sum()", "3u"},
    {"[1.5, 2.5].sum()", "4.0"},
    {"[].sum()", "0"},
    {"[].sum() * 0.5 == 0.0 && [].sum() >= 0 && type([].sum()) == int", "true"},
    {"[decimal('0.10'), decimal('0.20')].sum()", "decimal(\"0.30\")"},
    {"[decimal('129.90'), 1, order.price].sum()", "decimal(\"260.80\")"},
    {"[order.total, decimal('0.5')].sum()", "decimal(\"80.5\")"},
    {"order.items.map(i, i.price).sum()", "16.5"},
    {"order.items.map(i, i.price * 2).sum() == 33", "true"},
    {"order.items.map(i, i.price).sum() * 0.5 < 10", "true"},
    {"order.items.map(i, decimal(i.price)).sum() == decimal('16.5')", "true"},
    {"order.items.filter(i, i.price > 100).map(i, i.price).sum() == 0", "true"},
    {"[order.total, order.count].sum()", "83"},
    {"[order.total, order.whole].sum()", "160"},
    {"[order.price, order.price, order.price].sum() == 389.7", "true"}, /* 389.70000000000005 */
    {"[order.big, order.big].sum()", "18446744073709552000"},
    {"[order.total, 0.5].sum()", "80.5"},
    {"[order.total, 5].sum()", "85"},
    {"[9223372036854775807, 1].sum()", "compile: integer overflow"},
    {"[1, 2.5].sum()",
     "compile: sum() cannot add an integer and a double: write double(x) or decimal(x)"},
    {"[decimal('1'), 2.5].sum()",
     "compile: a double is not exact: write decimal(\"0.9\") to compute with a decimal"},
    {"['1', '2'].sum()", "compile: sum() adds numbers, and each of these is a string"},
    {"order.tags.sum()", "fails: sum() adds numbers, and there is a string"},
    {"order.items.sum()", "fails: sum() adds numbers, and there is a map"},
    {"[order.total, order.coupon].sum()", "fails: sum() adds numbers, and there is null"},
    {"order.total.sum()", "fails: sum() is not for an integer"},
    {"'12'.sum()", "compile: sum() is not for a string"},
    {"[1, 2].sum() + 'a'", "compile: no such operation: a number + a string"},
};

static void test_sums(void **state)
{
    (void)state;
    FIXTURE_TABLE(sums);
}

/* 29 February in a year that has one. */
static void test_leap_day(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_start(&fixture);
    fixture.input.now_ms = 1830297600000; /* 2028-01-01 */
    assert_string_equal(fixture_eval(&fixture, "next_date('2000-02-29', '09:00')"),
                        "timestamp(\"2028-02-29T07:00:00Z\")");
    fixture.input.zone = "Nowhere/Land";
    assert_string_equal(fixture_eval(&fixture, "next_date('2000-02-29', '09:00')"),
                        "fails: next_date(): the time zone is not known");
    fixture_end(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decimals), cmocka_unit_test(test_decimal_arithmetic),
        cmocka_unit_test(test_times),    cmocka_unit_test(test_bad_times),
        cmocka_unit_test(test_calendar), cmocka_unit_test(test_dates),
        cmocka_unit_test(test_leap_day), cmocka_unit_test(test_todays),
        cmocka_unit_test(test_sums),     cmocka_unit_test(test_today_by_zone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
