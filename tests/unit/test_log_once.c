#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/log_once.h"

static void test_told_once(void **state)
{
    (void)state;
    struct log_once once = {0};
    assert_true(log_once_is_news(&once, "BUSY a script runs"));
    assert_false(log_once_is_news(&once, "BUSY a script runs"));
    assert_true(log_once_is_news(&once, "NOPERM no permission"));
    assert_false(log_once_is_news(&once, "NOPERM no permission"));
    assert_true(log_once_is_news(&once, "BUSY a script runs"));
}

static void test_over(void **state)
{
    (void)state;
    struct log_once once = {0}, other = {0};
    assert_true(log_once_is_news(&once, "refused"));
    assert_true(log_once_is_news(&other, "refused"));
    log_once_forget(&once);
    assert_true(log_once_is_news(&once, "refused"));
    assert_false(log_once_is_news(&other, "refused"));
}

static void test_empty(void **state)
{
    (void)state;
    struct log_once once = {0};
    assert_true(log_once_is_news(&once, ""));
    assert_false(log_once_is_news(&once, ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_told_once),
        cmocka_unit_test(test_over),
        cmocka_unit_test(test_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
