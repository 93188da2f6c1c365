/* What a journey remembers of its own sends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "decide/once.h"

static void test_by_step(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1024);
    struct customer_journey journey = {.sent = value_null()};
    assert_false(once_was_sent(&journey, "a"));
    once_remember(arena, &journey, "a");
    struct customer_journey copy = journey;
    once_remember(arena, &journey, "b");
    assert_true(once_was_sent(&journey, "a"));
    assert_true(once_was_sent(&journey, "b"));
    assert_false(once_was_sent(&journey, "c"));
    assert_false(once_was_sent(&copy, "b")); /* a copy is another journey */
    arena_destroy(&arena);
}

/* The newest are kept. */
static void test_bound(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1024);
    struct customer_journey journey = {.sent = value_null()};
    char step[16];
    for (int i = 0; i <= ONCE_MOST; i++) {
        snprintf(step, sizeof step, "s%d", i);
        once_remember(arena, &journey, step);
    }
    assert_int_equal(value_count(&journey.sent), ONCE_MOST);
    assert_false(once_was_sent(&journey, "s0"));
    assert_true(once_was_sent(&journey, "s1"));
    assert_true(once_was_sent(&journey, step));
    arena_destroy(&arena);
}

/* What somebody wrote into the document by hand is none. */
static void test_strange(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1024);
    struct customer_journey journey = {.sent = value_new_list(arena, 3)};
    value_push(arena, journey.sent, value_int(7));
    value_push(arena, journey.sent, value_text("short"));
    assert_false(once_was_sent(&journey, "a"));
    once_remember(arena, &journey, "a");
    assert_true(once_was_sent(&journey, "a"));
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_by_step), cmocka_unit_test(test_bound),
                                       cmocka_unit_test(test_strange)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
