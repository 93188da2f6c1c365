#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/word.h"

static void test_plain(void **state)
{
    static const char *const plain[] = {"a", "sms", "mail-2", "a_b", "shop.example", "A9", "_x"};
    static const char *const other[] = {"", "a b", "-a", ".", "a/b", "a\"b", "ț", "a:b", "{a}"};
    char longest[WORD_MOST + 2];
    (void)state;
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        assert_true(word_is_plain(plain[i], strlen(plain[i])));
    for (size_t i = 0; i < sizeof other / sizeof *other; i++)
        assert_false(word_is_plain(other[i], strlen(other[i])));
    assert_false(word_is_plain("a\0b", 3));
    memset(longest, 'x', sizeof longest);
    assert_true(word_is_plain(longest, WORD_MOST));
    assert_false(word_is_plain(longest, WORD_MOST + 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_plain)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
