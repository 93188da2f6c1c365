#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "liquid/liquid_number.h"

static const struct {
    double real;
    const char *text;
} printed[] = {
    {0, "0.0"},
    {-0.0, "-0.0"},
    {1, "1.0"},
    {-129.9, "-129.9"},
    {0.1, "0.1"},
    {0.0001, "0.0001"},
    {0.00012, "0.00012"},
    {0.00009, "9.0e-05"},
    {1e14, "100000000000000.0"},
    {123456789012345.0, "123456789012345.0"},
    {1e15, "1.0e+15"},
    {3000000000000000.5, "3000000000000000.5"},
    {3000000000000001.0, "3.000000000000001e+15"},
    {-1.5e-300, "-1.5e-300"},
    {1.7976931348623157e308, "1.7976931348623157e+308"},
    {5e-324, "5.0e-324"},
    {0.21611564636388508, "0.21611564636388508"},
    {INFINITY, "Infinity"},
    {-INFINITY, "-Infinity"},
    {NAN, "NaN"},
};

static void doubles_are_printed_shortest(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof printed / sizeof *printed; i++) {
        char text[LIQUID_NUMBER_TEXT_SIZE];
        size_t length = liquid_number_print(printed[i].real, text);
        assert_int_equal(length, strlen(printed[i].text));
        assert_memory_equal(text, printed[i].text, length);
    }
}

static const struct {
    const char *text;
    bool decimal;
    int64_t digits;
    int scale;
} read[] = {
    {"12", false, 12, 0}, {" -12.50 ", true, -125, 1}, {"12.5x", false, 12, 0},
    {"+7", false, 7, 0},  {"1_000", false, 1000, 0},   {"1__0", false, 1, 0},
    {"_1", false, 0, 0},  {"1e5", false, 1, 0},        {".5", false, 0, 0},
    {"5.", false, 5, 0},  {"1.2.3", false, 1, 0},      {"", false, 0, 0},
    {"-", false, 0, 0},   {"abc", false, 0, 0},        {"000.500", true, 5, 1},
};

static void texts_begin_with_a_number(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof read / sizeof *read; i++) {
        struct liquid_number number = liquid_number_text(read[i].text, strlen(read[i].text));
        assert_int_equal(number.decimal, read[i].decimal);
        assert_int_equal((int64_t)number.digits, read[i].digits);
        assert_int_equal(number.scale, read[i].scale);
    }
}

static const struct {
    const char *text;
    bool is;
    int64_t integer;
} strict[] = {
    {"12", true, 12},
    {" -1_2\n", true, -12},
    {"0x1f", true, 31},
    {"0b101", true, 5},
    {"0o17", true, 15},
    {"017", true, 15},
    {"0", true, 0},
    {"+5", true, 5},
    {"9223372036854775808", true, INT64_MAX},
    {"-99999999999999999999", true, -INT64_MAX},
    {"08", false, 0},
    {"", false, 0},
    {"-", false, 0},
    {"1.0", false, 0},
    {"12x", false, 0},
    {"1__2", false, 0},
    {"_1", false, 0},
    {"1_", false, 0},
    {"0x", false, 0},
};

static void strict_integers_are_all_of_the_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof strict / sizeof *strict; i++) {
        int64_t integer = 0;
        assert_int_equal(liquid_number_strict(strict[i].text, strlen(strict[i].text), &integer),
                         strict[i].is);
        if (strict[i].is)
            assert_int_equal(integer, strict[i].integer);
    }
}

static struct liquid_number number(const char *text)
{
    return liquid_number_text(text, strlen(text));
}

/* What is exact, and what is rounded to a double because it would need too many digits. */
static void sums_and_products_are_exact(void **state)
{
    struct arena *arena = arena_new(256);
    (void)state;
    struct liquid_number sum = liquid_number_add(number("0.1"), number("0.2"));
    assert_int_equal(liquid_number_compare(sum, number("0.3")), 0);
    sum = liquid_number_add(number("99999999999999999999.99"), number("0.01"));
    assert_int_equal(liquid_number_compare(sum, number("100000000000000000000.0")), 0);
    struct liquid_number product = liquid_number_multiply(number("4.35"), number("100"));
    assert_true(liquid_number_value(arena, &product).real == 435.0);
    struct value big = {.kind = VALUE_DOUBLE, .real = 1e300}, small = value_double(1e-300);
    struct liquid_number a, b, quotient, remainder;
    assert_true(liquid_number_of(&big, &a));
    assert_true(liquid_number_of(&small, &b));
    sum = liquid_number_add(a, b);
    assert_true(liquid_number_value(arena, &sum).real == 1e300);
    product = liquid_number_multiply(a, b);
    assert_true(liquid_number_value(arena, &product).real == 1.0);
    assert_true(liquid_number_divide(b, a, &quotient));
    assert_true(liquid_number_value(arena, &quotient).real == 0.0);
    assert_true(liquid_number_modulo(a, number("7.0"), &remainder));
    assert_int_equal(liquid_number_compare(a, b), 1);
    assert_false(liquid_number_divide(a, number("0"), &quotient));
    arena_destroy(&arena);
}

static const struct {
    const char *text;
    int64_t places;
    const char *rounded;
} roundings[] = {
    {"2.5", 0, "3"},
    {"-2.5", 0, "-3"},
    {"2.4999", 0, "2"},
    {"1.005", 2, "1.01"},
    {"1.2", 5, "1.2"},
    {"155", -1, "160"},
    {"-155", -1, "-160"},
    {"5.666", -2, "0"},
    {"51.0", -2, "100"},
    {"9.99", 1, "10.0"},
    {"7", 2, "7"},
    {"0.5", -400, "0"},
    {"123456.789", -3, "123000"},
};

static void halves_are_rounded_away_from_zero(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof roundings / sizeof *roundings; i++) {
        struct liquid_number rounded =
            liquid_number_round(number(roundings[i].text), roundings[i].places);
        assert_int_equal(liquid_number_compare(rounded, number(roundings[i].rounded)), 0);
        if (roundings[i].places <= 0)
            assert_false(rounded.decimal);
    }
    struct liquid_number below = number("-2.1");
    assert_int_equal((int64_t)liquid_number_floor(below).digits, -3);
    assert_int_equal((int64_t)liquid_number_ceil(below).digits, -2);
    assert_int_equal(liquid_number_truncate(&below), -2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(doubles_are_printed_shortest),
        cmocka_unit_test(texts_begin_with_a_number),
        cmocka_unit_test(strict_integers_are_all_of_the_text),
        cmocka_unit_test(sums_and_products_are_exact),
        cmocka_unit_test(halves_are_rounded_away_from_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
