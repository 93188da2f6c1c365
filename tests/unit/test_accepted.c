/* Whom gateways accepted last: the newest, and no more than the bound. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "send/accepted.h"

/* Spread, and such that buckets collide. */
static uint64_t recipient(uint64_t n)
{
    return n * 4096 + n % 3;
}

static void the_newest_are_minded(void **state)
{
    (void)state;
    struct accepted *accepted = accepted_new();
    assert_false(accepted_has(accepted, recipient(1)));
    for (uint64_t n = 1; n <= ACCEPTED_MOST; n++)
        accepted_add(accepted, recipient(n));
    for (uint64_t n = 1; n <= ACCEPTED_MOST; n++)
        assert_true(accepted_has(accepted, recipient(n)));
    accepted_add(accepted, recipient(1)); /* is the newest again */
    accepted_add(accepted, recipient(1));
    accepted_add(accepted, recipient(ACCEPTED_MOST + 1));
    assert_true(accepted_has(accepted, recipient(1)));
    assert_false(accepted_has(accepted, recipient(2)));
    for (uint64_t n = 3; n <= ACCEPTED_MOST + 1; n++)
        assert_true(accepted_has(accepted, recipient(n)));
    accepted_destroy(&accepted);
    assert_null(accepted);
}

static void over_and_over(void **state)
{
    (void)state;
    struct accepted *accepted = accepted_new();
    for (uint64_t n = 1; n <= 5 * ACCEPTED_MOST; n++)
        accepted_add(accepted, n % 7 ? n : 7); /* 7 is never forgotten */
    assert_true(accepted_has(accepted, 7));
    assert_true(accepted_has(accepted, 4 * ACCEPTED_MOST + 1));
    assert_false(accepted_has(accepted, 2 * ACCEPTED_MOST + 1));
    accepted_destroy(&accepted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_are_minded),
        cmocka_unit_test(over_and_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
