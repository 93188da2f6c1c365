#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/size.h"

static void test_parse(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t bytes;
    } cases[] = {
        {"0", 0},
        {"512", 512},
        {"512B", 512},
        {"64KiB", 65536},
        {"256 KiB", 262144},
        {"1MB", 1000000},
        {"1MiB", 1048576},
        {"2GiB", INT64_C(2147483648)},
        {"3kB", 3000},
        {"3KB", 3000},
        {"1TB", INT64_C(1000000000000)},
        {"8388607TiB", INT64_C(8388607) << 40},
        {"9223372036854775807", INT64_MAX},
        {"8388608TiB", -1},
        {"9223372036854775808", -1},
        {"99999999999999999999", -1},
        {"", -1},
        {"KiB", -1},
        {"-1", -1},
        {"+1", -1},
        {"1.5MiB", -1},
        {"1mb", -1},
        {"1  MB", -1},
        {"1 ", -1},
        {" 1", -1},
        {"1MiBs", -1},
        {"1M", -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t bytes = -1;
        bool taken = size_parse(cases[i].text, strlen(cases[i].text), &bytes);
        if (taken != (cases[i].bytes >= 0) || (taken && bytes != cases[i].bytes))
            fail_msg("`%s`: %s, %lld", cases[i].text, taken ? "taken" : "refused",
                     (long long)bytes);
    }
}

static void test_format(void **state)
{
    (void)state;
    static const struct {
        int64_t bytes;
        const char *text;
    } cases[] = {
        {0, "0"},
        {1, "1"},
        {1025, "1025"},
        {65536, "64KiB"},
        {1000000, "1MB"},
        {1048576, "1MiB"},
        {1500, "1500"},
        {2000, "2kB"},
        {INT64_C(3) << 30, "3GiB"},
        {INT64_MAX, "9223372036854775807"},
        {-5, "-5"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[SIZE_TEXT_SIZE];
        int64_t again;
        assert_string_equal(size_format(cases[i].bytes, text), cases[i].text);
        if (cases[i].bytes < 0)
            continue;
        assert_true(size_parse(text, strlen(text), &again));
        assert_int_equal(again, cases[i].bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_format),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
