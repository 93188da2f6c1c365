/* base/bytes, of every length, with something else at every place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"

enum { LONGEST = 40 };

static void test_same(void **state)
{
    (void)state;
    char a[LONGEST], b[LONGEST];
    for (size_t length = 0; length <= LONGEST; length++) {
        memset(a, 'x', sizeof a);
        memset(b, 'x', sizeof b);
        assert_true(bytes_are_same(a, b, length));
        for (size_t at = 0; at < length; at++) {
            b[at] = 'y';
            assert_false(bytes_are_same(a, b, length));
            b[at] = 'x';
        }
    }
}

static void test_control(void **state)
{
    (void)state;
    char text[LONGEST];
    for (size_t length = 0; length <= LONGEST; length++)
        for (size_t at = 0; at < length; at++)
            for (int c = 0; c < 256; c++) {
                memset(text, 'x', sizeof text);
                text[at] = (char)c;
                assert_int_equal(bytes_have_control(text, length), c < ' ' || c == 0x7f);
                assert_int_equal(bytes_have_high(text, length), c >= 0x80);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same),
        cmocka_unit_test(test_control),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
