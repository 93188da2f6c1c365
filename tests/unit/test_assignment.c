#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "app/assignment.h"

enum { SHARDS = 256 };

static const char *const four[] = {"ana", "bo", "cai", "dee"};

static size_t count_workers(const char *const *daemons, size_t count, size_t shard)
{
    size_t workers = 0;
    for (size_t i = 0; i < count; i++)
        workers += assignment_has(daemons, count, daemons[i], shard);
    return workers;
}

static void test_each_shard_has_two(void **state)
{
    (void)state;
    for (size_t shard = 0; shard < SHARDS; shard++) {
        assert_int_equal(count_workers(four, 1, shard), 1);
        assert_int_equal(count_workers(four, 2, shard), 2);
        assert_int_equal(count_workers(four, 4, shard), 2);
    }
}

/* A half of them each; by chance a few more or less. */
static void test_they_share_evenly(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        size_t has = 0;
        for (size_t shard = 0; shard < SHARDS; shard++)
            has += assignment_has(four, 4, four[i], shard);
        assert_in_range(has, SHARDS / 2 - SHARDS / 8, SHARDS / 2 + SHARDS / 8);
    }
}

/* Who stays keeps what they had when one goes. */
static void test_one_that_goes_moves_no_shard_but_its_own(void **state)
{
    (void)state;
    for (size_t shard = 0; shard < SHARDS; shard++)
        for (size_t i = 0; i < 3; i++)
            if (assignment_has(four, 4, four[i], shard))
                assert_true(assignment_has(four, 3, four[i], shard));
}

/* The order in which they are named does not matter, nor whether one is among them. */
static void test_all_come_to_the_same(void **state)
{
    (void)state;
    const char *const turned[] = {"dee", "bo", "ana", "cai"};
    for (size_t shard = 0; shard < SHARDS; shard++) {
        for (size_t i = 0; i < 4; i++)
            assert_int_equal(assignment_has(four, 4, four[i], shard),
                             assignment_has(turned, 4, four[i], shard));
        assert_int_equal(assignment_has(four, 3, "dee", shard),
                         assignment_has(four, 4, "dee", shard));
    }
}

static void test_long_names_differ(void **state)
{
    (void)state;
    static const char most[] = "0123456789012345678901234567890123456789012345678901234567890123";
    char other[sizeof most];
    size_t differ = 0;
    snprintf(other, sizeof other, "%s", most);
    other[sizeof other - 2] = 'x';
    const char *const names[] = {most, other, "ana"};
    for (size_t shard = 0; shard < SHARDS; shard++)
        differ += assignment_has(names, 3, most, shard) != assignment_has(names, 3, other, shard);
    assert_true(differ > SHARDS / 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_shard_has_two),
        cmocka_unit_test(test_they_share_evenly),
        cmocka_unit_test(test_one_that_goes_moves_no_shard_but_its_own),
        cmocka_unit_test(test_all_come_to_the_same),
        cmocka_unit_test(test_long_names_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
