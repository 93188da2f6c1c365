#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/percent.h"

static void test_encode(void **state)
{
    (void)state;
    static const struct {
        const char *text, *safe, *encoded;
    } cases[] = {
        {"", PERCENT_UNRESERVED, ""},
        {"azAZ09-._~", PERCENT_UNRESERVED, "azAZ09-._~"},
        {"a b/c?d=e&f%", PERCENT_UNRESERVED, "a%20b%2Fc%3Fd%3De%26f%25"},
        {"äb\xff\x01", PERCENT_UNRESERVED, "%C3%A4b%FF%01"},
        {"/run/my redis.sock", PERCENT_UNRESERVED "/", "/run/my%20redis.sock"},
        {"-.", "", "%2D%2E"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf out;
        buf_init(&out, 64);
        assert_true(percent_encode(&out, cases[i].text, cases[i].safe));
        assert_string_equal(buf_string(&out), cases[i].encoded);
        buf_free(&out);
    }
}

static void test_full(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 4);
    assert_false(percent_encode(&out, "ab c", PERCENT_UNRESERVED));
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_encode),
        cmocka_unit_test(test_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
