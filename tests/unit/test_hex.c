#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/hex.h"

static void test_every_byte(void **state)
{
    (void)state;
    static const char small[] = "0123456789abcdef", capital[] = "0123456789ABCDEF";
    for (int byte = 0; byte < 256; byte++) {
        char c = (char)byte;
        const char *at = c ? strchr(small, c) : NULL, *other = c ? strchr(capital, c) : NULL;
        assert_int_equal(hex_value(c), at ? at - small : other ? other - capital : -1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
