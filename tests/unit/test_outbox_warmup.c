/* A bound on the messages of a day that grows by the day: shared_bounds.lua, by way of take.lua. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "outbox_fixture.h"

enum { HOUR_MS = 3600000, DAY_MS = 24 * HOUR_MS };

static const struct outbox_gateway new_server = {
    .name = "main", .warmup = {.first = 4, .growth = 1.5, .until = 10}};

static struct outbox_fixture_taken take(struct outbox_fixture *scene, size_t most)
{
    return outbox_fixture_take_by(scene, scene->outbox, &new_server, most);
}

/* As if so many ms had passed since all of it. */
static void pass_time(struct outbox_fixture *scene, int64_t ms)
{
    outbox_fixture_age(scene, "t:warmup:main", ms);
    redis_fixture_ask(&scene->redis, "HINCRBY t:warmup:main since %lld", -(long long)ms);
}

/* 4, 6, 9, and then 13 would be more than 10: from then on there is no bound. */
static void test_days(void **state)
{
    static const size_t days[] = {4, 6, 9};
    struct outbox_fixture *scene = *state;
    outbox_fixture_put_many(scene, 60, "marketing");
    for (size_t day = 0; day < 3; day++) {
        struct outbox_fixture_taken taken = take(scene, 2);
        assert_int_equal(taken.count, 2);
        pass_time(scene, 2 * HOUR_MS);
        taken = take(scene, 12);
        assert_int_equal(taken.count, days[day] - 2);
        /* The next day has more before the first of this one counts no more. */
        assert_in_range(taken.wait_ms, DAY_MS - 2 * HOUR_MS - 60000, DAY_MS - 2 * HOUR_MS);
        pass_time(scene, DAY_MS - 3 * HOUR_MS);
        taken = take(scene, 12);
        assert_int_equal(taken.count, 0);
        assert_in_range(taken.wait_ms, HOUR_MS - 60000, HOUR_MS);
        pass_time(scene, 5 * HOUR_MS); /* all of it is over, and four hours of the next */
        redis_fixture_ask(&scene->redis, "HINCRBY t:warmup:main since %d", 4 * HOUR_MS);
    }
    struct outbox_fixture_taken taken = take(scene, 30);
    assert_int_equal(taken.count, 30);
    assert_int_equal(taken.wait_ms, 0);
    assert_redis(&scene->redis, "-1", "PTTL t:warmup:main");
}

/* The day is any day: what went at its end counts for the first hours of the next. */
static void test_any_day(void **state)
{
    struct outbox_fixture *scene = *state;
    outbox_fixture_put_many(scene, 20, "marketing");
    assert_int_equal(take(scene, 1).count, 1);
    pass_time(scene, 23 * HOUR_MS);
    assert_int_equal(take(scene, 12).count, 3);
    pass_time(scene, 2 * HOUR_MS);
    assert_int_equal(take(scene, 12).count, 3); /* of six */
}

/* No message, no day: it begins with the first one. */
static void test_begins_with_the_first(void **state)
{
    struct outbox_fixture *scene = *state;
    assert_int_equal(take(scene, 5).count, 0);
    assert_redis(&scene->redis, "0", "EXISTS t:warmup:main");
    outbox_fixture_put_many(scene, 20, "marketing");
    struct outbox_fixture_taken taken = take(scene, 5);
    assert_int_equal(taken.count, 4);
    assert_true(taken.token_ms > 0);
    char since[24];
    snprintf(since, sizeof since, "%" PRId64, taken.now_ms);
    assert_redis(&scene->redis, since, "HGET t:warmup:main since");
    assert_int_equal(
        outbox_fixture_take_with(scene, scene->outbox, "spare", 1, (struct outbox_rate){1, HOUR_MS})
            .count,
        1);
}

/* The clock was a year ahead and was set right: it begins anew, and the row of a day counts still.
 */
static void test_clock_set_back(void **state)
{
    struct outbox_fixture *scene = *state;
    outbox_fixture_put_many(scene, 20, "marketing");
    assert_int_equal(take(scene, 3).count, 3);
    pass_time(scene, -365LL * DAY_MS);
    assert_int_equal(take(scene, 5).count, 1);
    assert_in_range(atoll(redis_fixture_ask(&scene->redis, "HGET t:warmup:main since")),
                    1700000000000, take(scene, 1).now_ms);
    redis_fixture_ask(&scene->redis, "HSET t:warmup:main since nonsense");
    assert_int_equal(take(scene, 5).count, 0);
    redis_fixture_ask(&scene->redis, "DEL t:warmup:main");
    redis_fixture_ask(&scene->redis, "SET t:warmup:main spoilt");
    assert_string_equal(take(scene, 5).text, "redis-wrongkey");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, outbox_fixture_open, outbox_fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_days),
        TEST(test_any_day),
        TEST(test_begins_with_the_first),
        TEST(test_clock_set_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
