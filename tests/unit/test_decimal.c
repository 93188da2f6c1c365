#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/decimal.h"

static const struct {
    double number;
    const char *text;
} shortest[] = {
    {0.0, "0.0"},
    {-0.0, "-0.0"},
    {80, "80.0"},
    {-80, "-80.0"},
    {0.1, "0.1"},
    {79.9, "79.9"},
    {0.1 + 0.2, "0.30000000000000004"},
    {1.0 / 3, "0.3333333333333333"},
    {123456789012345.0, "123456789012345.0"},
    {999999999999999.9, "999999999999999.9"},
    {9007199254740993.0, "9007199254740992.0"},
    {1e20, "100000000000000000000.0"},
    {123456789012345680000.0, "123456789012345680000.0"},
    {1e21, "1e+21"},
    {1.5e300, "1.5e+300"},
    {1.7976931348623157e308, "1.7976931348623157e+308"},
    {1e-6, "0.000001"},
    {1.25e-5, "0.0000125"},
    {9.5e-7, "9.5e-7"},
    {2.2250738585072014e-308, "2.2250738585072014e-308"},
    {5e-324, "5e-324"},
    {1.5e-323, "1.5e-323"},
    {5e-5, "0.00005"},
    {4.35, "4.35"},
    {0.000001234567890123, "0.000001234567890123"},
    {9.999999999999999e20, "999999999999999900000.0"},
};

static void the_shortest_text_is_printed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof shortest / sizeof *shortest; i++) {
        char text[DECIMAL_TEXT_SIZE];
        size_t length = decimal_print(shortest[i].number, text);
        assert_string_equal(text, shortest[i].text);
        assert_int_equal(length, strlen(text));
    }
}

static void what_is_not_finite_has_no_digits(void **state)
{
    (void)state;
    char text[DECIMAL_TEXT_SIZE] = "x";
    assert_int_equal(decimal_print((double)NAN, text), 0);
    assert_string_equal(text, "");
    assert_int_equal(decimal_print((double)-INFINITY, text), 0);
    assert_string_equal(text, "");
    assert_true(isinf(decimal_read("1e400", 5)));
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void check_both_ways(double number)
{
    char text[DECIMAL_TEXT_SIZE];
    size_t length = decimal_print(number, text);
    double again = decimal_read(text, length);
    if (!isfinite(number))
        assert_int_equal(length, 0);
    else if (memcmp(&number, &again, sizeof number) != 0 || length >= DECIMAL_TEXT_SIZE)
        fail_msg("%a is printed as %s", number, text);
}

static void random_doubles_read_back(void **state)
{
    (void)state;
    uint64_t seed = 0x2545f4914f6cdd1d;
    for (int i = 0; i < 50000; i++) {
        uint64_t bits = next_random(&seed);
        double number;
        memcpy(&number, &bits, sizeof number);
        check_both_ways(number);
        check_both_ways((double)(int64_t)(bits >> 20) / 100);
        check_both_ways((double)(bits >> 40) / 1e9);
    }
}

/* Prices are printed as the shortest text that strtod takes for the same. */
static void every_price_is_printed_as_it_is_said(void **state)
{
    (void)state;
    for (int cents = 0; cents < 200000; cents += 7) {
        char said[64], text[DECIMAL_TEXT_SIZE];
        snprintf(said, sizeof said, "%d.%02d", cents / 100, cents % 100);
        decimal_print(strtod(said, NULL), text);
        if (said[strlen(said) - 1] == '0')
            said[strlen(said) - 1] = '\0';
        assert_string_equal(text, said);
    }
}

static void the_exact_way_agrees_with_strtod(void **state)
{
    (void)state;
    uint64_t seed = 0x9e3779b97f4a7c15;
    int exact = 0;
    for (int i = 0; i < 20000; i++) {
        uint64_t digits = next_random(&seed) >> (next_random(&seed) % 64);
        int exponent = (int)(next_random(&seed) % 60) - 30;
        char text[64];
        double number;
        int length = snprintf(text, sizeof text, "%llue%d", (unsigned long long)digits, exponent);
        if (!decimal_exact(digits, exponent, &number))
            continue;
        exact++;
        assert_true(number == decimal_read(text, (size_t)length));
    }
    assert_in_range(exact, 1000, 20000);
    assert_false(decimal_exact((1ull << 53) + 1, 0, &(double){0}));
    assert_false(decimal_exact(1, 23, &(double){0}));
    assert_false(decimal_exact(1, -23, &(double){0}));
}

static void long_texts_are_read(void **state)
{
    (void)state;
    char text[2000];
    memset(text, '0', sizeof text);
    text[0] = '1';
    assert_true(decimal_read(text, 23) == 1e22);
    assert_true(isinf(decimal_read(text, sizeof text)));
    memcpy(text, "0.5", 3);
    assert_true(decimal_read(text, sizeof text) == 0.5);
}

static void integers_are_printed(void **state)
{
    (void)state;
    char text[DECIMAL_TEXT_SIZE];
    assert_int_equal(decimal_print_int(0, text), 1);
    assert_string_equal(text, "0");
    decimal_print_int(INT64_MIN, text);
    assert_string_equal(text, "-9223372036854775808");
    decimal_print_int(INT64_MAX, text);
    assert_string_equal(text, "9223372036854775807");
    assert_int_equal(decimal_print_natural(UINT64_MAX, text), 20);
    assert_string_equal(text, "18446744073709551615");
}

/* Where the machine has a locale with a decimal comma, nothing changes in it. */
static void no_locale_matters(void **state)
{
    static const char *const names[] = {"de_DE.UTF-8", "fi_FI.UTF-8", "ro_RO.UTF-8", "ru_RU.UTF-8"};
    bool found = false;
    for (size_t i = 0; i < sizeof names / sizeof *names && !found; i++)
        found = setlocale(LC_ALL, names[i]) != NULL;
    if (!found)
        skip();
    the_shortest_text_is_printed(state);
    assert_true(decimal_read("0.30000000000000004", 19) == 0.1 + 0.2);
    setlocale(LC_ALL, "C");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_shortest_text_is_printed),
        cmocka_unit_test(what_is_not_finite_has_no_digits),
        cmocka_unit_test(random_doubles_read_back),
        cmocka_unit_test(every_price_is_printed_as_it_is_said),
        cmocka_unit_test(the_exact_way_agrees_with_strtod),
        cmocka_unit_test(long_texts_are_read),
        cmocka_unit_test(integers_are_printed),
        cmocka_unit_test(no_locale_matters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
