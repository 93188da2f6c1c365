/* Rates, which hold over all daemons: shared_rate.lua, by way of take.lua. */
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

enum { HOUR_MS = 3600000, SLOT_MS = HOUR_MS / 64 + 2 };

/* How many of five a take gives. */
static struct outbox_fixture_taken take_five(struct outbox_fixture *scene, struct outbox_rate rate)
{
    return outbox_fixture_take_with(scene, scene->outbox, "main", 5, rate);
}

static void test_window(void **state)
{
    struct outbox_fixture *scene = *state;
    const struct outbox_rate rate = {.count = 3, .per_ms = HOUR_MS};
    outbox_fixture_put_many(scene, 12, "marketing");
    struct outbox_fixture_taken taken =
        outbox_fixture_take_with(scene, scene->outbox, "main", 2, rate);
    assert_int_equal(taken.count, 2);
    assert_int_equal(taken.wait_ms, 0); /* not the rate held it to two */
    taken = outbox_fixture_take_with(scene, scene->others, "main", 5, rate);
    assert_int_equal(taken.count, 1); /* one bound for all daemons */
    assert_in_range(taken.wait_ms, HOUR_MS, HOUR_MS + SLOT_MS + OUTBOX_TOKEN_MS);
    taken = take_five(scene, rate);
    assert_int_equal(taken.count, 0);
    assert_in_range(taken.wait_ms, HOUR_MS - 60000, HOUR_MS + SLOT_MS + OUTBOX_TOKEN_MS);
    assert_int_equal(outbox_fixture_take_with(scene, scene->outbox, "spare", 1, rate).count, 1);

    /* Not one more within the hour, however often it is asked. */
    outbox_fixture_age(scene, "t:rate:main", HOUR_MS - SLOT_MS);
    taken = take_five(scene, rate);
    assert_int_equal(taken.count, 0);
    assert_in_range(taken.wait_ms, 1, 2 * SLOT_MS + OUTBOX_TOKEN_MS);
    outbox_fixture_age(scene, "t:rate:main", taken.wait_ms);
    taken = take_five(scene, rate);
    assert_int_equal(taken.count, 3);
    assert_in_range(atoll(redis_fixture_ask(&scene->redis, "PTTL t:rate:main")), HOUR_MS,
                    HOUR_MS + SLOT_MS + OUTBOX_TOKEN_MS);
    assert_redis(&scene->redis, "1", "HLEN t:rate:main"); /* what counts no more is gone */
}

static void test_outbox_empty_first(void **state)
{
    struct outbox_fixture *scene = *state;
    outbox_fixture_put_many(scene, 4, "marketing");
    struct outbox_fixture_taken taken = take_five(scene, (struct outbox_rate){9, HOUR_MS});
    assert_int_equal(taken.count, 4);
    assert_int_equal(taken.wait_ms, 0);
}

/* What is let go begins within 100 ms: so much longer it counts. */
static void test_time_to_begin(void **state)
{
    struct outbox_fixture *scene = *state;
    outbox_fixture_put_many(scene, 4, "marketing");
    struct outbox_fixture_taken taken = take_five(scene, (struct outbox_rate){2, 1000});
    assert_int_equal(taken.count, 2);
    assert_in_range(taken.wait_ms, 1000 + OUTBOX_TOKEN_MS, 1000 + OUTBOX_TOKEN_MS + 18);
}

/* Slots of any age: what the wait says is when one more goes, and not a ms before. */
static void test_wait_is_exact(void **state)
{
    struct outbox_fixture *scene = *state;
    const struct outbox_rate rate = {.count = 10, .per_ms = HOUR_MS};
    outbox_fixture_put_many(scene, 40, "marketing");
    for (int i = 0; i < 5; i++) {
        assert_int_equal(outbox_fixture_take_with(scene, scene->outbox, "main", 2, rate).count, 2);
        outbox_fixture_age(scene, "t:rate:main", 5 * 60000);
    }
    for (int i = 0; i < 5; i++) {
        struct outbox_fixture_taken taken = take_five(scene, rate);
        assert_int_equal(taken.count, 0);
        assert_in_range(taken.wait_ms, 1000, HOUR_MS);
        outbox_fixture_age(scene, "t:rate:main", taken.wait_ms - 1000);
        assert_int_equal(take_five(scene, rate).count, 0);
        outbox_fixture_age(scene, "t:rate:main", 1000);
        assert_int_equal(take_five(scene, rate).count, 2);
    }
}

/* At most 64 slots and the one begun, however many takes there are. */
static void test_slots_are_bounded(void **state)
{
    struct outbox_fixture *scene = *state;
    const struct outbox_rate rate = {.count = 500, .per_ms = HOUR_MS};
    outbox_fixture_put_many(scene, 200, "marketing");
    for (int i = 0; i < 200; i++) {
        assert_int_equal(outbox_fixture_take_with(scene, scene->outbox, "main", 1, rate).count, 1);
        outbox_fixture_age(scene, "t:rate:main", SLOT_MS / 2);
    }
    assert_in_range(atoi(redis_fixture_ask(&scene->redis, "HLEN t:rate:main")), 60, 65);
}

/* A reload makes of 65 short slots some that count for long: they are not kept beside 64 others. */
static void test_another_rate(void **state)
{
    struct outbox_fixture *scene = *state;
    redis_fixture_ask(
        &scene->redis, "EVAL %s 0",
        "local t = redis.call('TIME') local now = t[1] * 1000 for i = 1, 200 do "
        "redis.call('HSET', 't:rate:main', string.format('%.0f', now - i * 16), 1) end");
    outbox_fixture_put_many(scene, 10, "marketing");
    assert_int_equal(take_five(scene, (struct outbox_rate){203, HOUR_MS}).count, 3);
    assert_in_range(atoi(redis_fixture_ask(&scene->redis, "HLEN t:rate:main")), 64, 65);
    assert_int_equal(take_five(scene, (struct outbox_rate){203, HOUR_MS}).count, 0);
    assert_int_equal(take_five(scene, (struct outbox_rate){205, HOUR_MS}).count, 2);
}

/* The clock was set back an hour: what lies ahead counts as let go now, and ends in its time. */
static void test_clock_set_back(void **state)
{
    struct outbox_fixture *scene = *state;
    const struct outbox_rate rate = {.count = 3, .per_ms = 60000};
    outbox_fixture_put_many(scene, 10, "marketing");
    assert_int_equal(outbox_fixture_take_with(scene, scene->outbox, "main", 2, rate).count, 2);
    outbox_fixture_age(scene, "t:rate:main", -HOUR_MS);
    struct outbox_fixture_taken taken = take_five(scene, rate);
    assert_int_equal(taken.count, 1);
    assert_in_range(taken.wait_ms, 59000, 60000 + 2 * 940 + OUTBOX_TOKEN_MS);
    assert_int_equal(take_five(scene, rate).count, 0);
    outbox_fixture_age(scene, "t:rate:main", taken.wait_ms);
    assert_int_equal(take_five(scene, rate).count, 3);
}

/* The bucket of the last release: what it lacked counts as let go now. */
static void test_former_bucket(void **state)
{
    struct outbox_fixture *scene = *state;
    const struct outbox_rate rate = {.count = 3, .per_ms = HOUR_MS};
    outbox_fixture_put_many(scene, 10, "marketing");
    redis_fixture_ask(&scene->redis, "EVAL %s 0",
                      "local t = redis.call('TIME') redis.call('HSET', 't:rate:main', 'tokens', "
                      "'0.500000', 'at', string.format('%.0f', t[1] * 1000 - 1200000))");
    struct outbox_fixture_taken taken = take_five(scene, rate);
    assert_int_equal(taken.count, 1); /* a third of the hour: 1.5 were there */
    assert_int_equal(take_five(scene, rate).count, 0);
    assert_redis(&scene->redis, "[(nil) (nil)]", "HMGET t:rate:main tokens at");
    outbox_fixture_age(scene, "t:rate:main", taken.wait_ms);
    assert_int_equal(take_five(scene, rate).count, 3);

    redis_fixture_ask(&scene->redis, "DEL t:rate:main");
    redis_fixture_ask(&scene->redis, "HSET t:rate:main tokens nonsense at 9e99");
    assert_int_equal(take_five(scene, rate).count, 0);
    redis_fixture_ask(&scene->redis, "DEL t:rate:main");
    redis_fixture_ask(&scene->redis, "HSET t:rate:main word 7 7 word");
    assert_int_equal(take_five(scene, rate).count, 3);
    redis_fixture_ask(&scene->redis, "DEL t:rate:main");
    redis_fixture_ask(&scene->redis, "SET t:rate:main spoilt");
    assert_string_equal(take_five(scene, rate).text, "redis-wrongkey");
}

/* A token holds from Redis' time on, by the machine's clock. */
static void test_token_time(void **state)
{
    struct outbox_fixture *scene = *state;
    outbox_fixture_put_many(scene, 3, "marketing");
    assert_int_equal(outbox_fixture_take(scene, 1).token_ms, 0); /* no rate, no token */
    struct outbox_fixture_taken first = take_five(scene, (struct outbox_rate){1, HOUR_MS});
    struct outbox_fixture_taken next = take_five(scene, (struct outbox_rate){2, HOUR_MS});
    assert_true(first.token_ms > 0);
    const int64_t passed_ms = next.now_ms - first.now_ms;
    assert_true(next.token_ms >= first.token_ms && next.token_ms <= first.token_ms + passed_ms + 5);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, outbox_fixture_open, outbox_fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_window),         TEST(test_outbox_empty_first), TEST(test_time_to_begin),
        TEST(test_wait_is_exact),  TEST(test_slots_are_bounded),  TEST(test_another_rate),
        TEST(test_clock_set_back), TEST(test_former_bucket),      TEST(test_token_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
