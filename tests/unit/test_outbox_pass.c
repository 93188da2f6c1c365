/* A message that was taken is handed to another gateway: pass.lua. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "outbox_fixture.h"

static const struct outbox_rate no_rate, two_an_hour = {.count = 2, .per_ms = 3600000};

/* Takes the one message m1 for the gateway `main`. */
static struct outbox_fixture_taken take_one(struct outbox_fixture *scene, const char *class_)
{
    outbox_fixture_put(scene, "m1", class_, "resend");
    struct outbox_fixture_taken taken = outbox_fixture_take(scene, 1);
    assert_string_equal(taken.text, "m1");
    return taken;
}

static void assert_pass(struct outbox_fixture *scene, const struct outbox_fixture_taken *taken,
                        const char *expected)
{
    int64_t number = 0;
    assert_string_equal(
        outbox_fixture_pass(scene, scene->outbox, taken, "spare", no_rate, &number, NULL),
        expected);
    assert_redis(&scene->redis, strcmp(expected, "passed") == 0 ? "spare" : "main",
                 "HGET t:message:m1 gateway");
}

/* Its name stands in the message, and each other answer counts for it as before. */
static void test_passed(void **state)
{
    struct outbox_fixture *scene = *state;
    struct outbox_fixture_taken taken = take_one(scene, "marketing");
    assert_pass(scene, &taken, "passed");
    assert_redis(&scene->redis, "[taken spare (nil)]", "HMGET t:message:m1 state gateway bound");
    struct outbox_result result = outbox_fixture_result_of(&taken, 0, OUTBOX_RESEND);
    assert_string_equal(outbox_fixture_settle(scene, scene->outbox, &result, 1), "1");
    redis_fixture_ask(&scene->redis, "ZADD t:later 5 m1");
    outbox_fixture_sweep(scene, scene->outbox);
    assert_string_equal(outbox_fixture_take_with(scene, scene->others, "spare", 1, no_rate).gateway,
                        "spare");
}

/* A token of the other gateway; none is taken twice for one pass, whose answer was lost. */
static void test_token(void **state)
{
    struct outbox_fixture *scene = *state;
    struct outbox_fixture_taken taken = take_one(scene, "marketing");
    int64_t first = 0, again = 0, third = 0, wait_ms;
    for (int i = 0; i < 3; i++)
        assert_string_equal(
            outbox_fixture_pass(scene, scene->outbox, &taken, "spare", two_an_hour, &first, NULL),
            "passed");
    assert_redis(&scene->redis, "[1]", "HVALS t:rate:spare");
    /* The same gateway again: its token had grown old. */
    assert_string_equal(
        outbox_fixture_pass(scene, scene->outbox, &taken, "spare", two_an_hour, &again, NULL),
        "passed");
    assert_true(again != first);
    assert_string_equal(
        outbox_fixture_pass(scene, scene->outbox, &taken, "spare", two_an_hour, &third, &wait_ms),
        "wait");
    assert_in_range(wait_ms, 3590000, 3660000);
    /* No token: nothing was written. */
    taken.wait_ms = third;
    assert_string_equal(outbox_fixture_pass(scene, scene->outbox, &taken, "main",
                                            (struct outbox_rate){1, 3600000}, &third, NULL),
                        "passed");
    assert_redis(&scene->redis, "main", "HGET t:message:m1 gateway");
}

static void test_withdrawn(void **state)
{
    struct outbox_fixture *scene = *state;
    struct outbox_fixture_taken taken = take_one(scene, "marketing");
    redis_fixture_ask(&scene->redis, "HSET t:message:m1 hash h said s topic news");
    redis_fixture_ask(&scene->redis, "HSET t:said s -1764370000000=news");
    assert_pass(scene, &taken, "withdrawn unsubscribed");
    redis_fixture_ask(&scene->redis, "HSET t:suppressed h {}");
    assert_pass(scene, &taken, "withdrawn suppressed");
    redis_fixture_ask(&scene->redis, "HSET t:message:m1 mark until");
    assert_pass(scene, &taken, "withdrawn until");
    /* What the daemon says then ends it. */
    struct outbox_result result = outbox_fixture_result_of(&taken, 0, OUTBOX_RELEASE);
    assert_string_equal(outbox_fixture_settle(scene, scene->outbox, &result, 1), "3");
    assert_redis(&scene->redis, "0", "EXISTS t:message:m1");
}

/* A receipt goes to one who declined marketing. */
static void test_transactional(void **state)
{
    struct outbox_fixture *scene = *state;
    struct outbox_fixture_taken taken = take_one(scene, "transactional");
    redis_fixture_ask(&scene->redis, "HSET t:message:m1 said s topic orders");
    redis_fixture_ask(&scene->redis, "HSET t:said s -1764370000000");
    assert_pass(scene, &taken, "passed");
}

/* What is bound stays with its gateway; what is not this daemon's, where it is. */
static void test_gone(void **state)
{
    struct outbox_fixture *scene = *state;
    struct outbox_fixture_taken taken = take_one(scene, "marketing");
    redis_fixture_ask(&scene->redis, "HSET t:message:m1 bound 1");
    assert_pass(scene, &taken, "gone");
    int64_t number = 0;
    assert_string_equal(
        outbox_fixture_pass(scene, scene->outbox, &taken, "main", no_rate, &number, NULL),
        "passed");
    redis_fixture_ask(&scene->redis, "HDEL t:message:m1 bound");
    redis_fixture_ask(&scene->redis, "HSET t:message:m1 entry 5-5");
    assert_pass(scene, &taken, "gone");
    redis_fixture_ask(&scene->redis, "HSET t:message:m1 entry %s owner two:9", taken.entries[0]);
    assert_pass(scene, &taken, "gone");
    redis_fixture_ask(&scene->redis, "DEL t:message:m1");
    number = 0;
    assert_string_equal(
        outbox_fixture_pass(scene, scene->outbox, &taken, "spare", no_rate, &number, NULL), "gone");
    redis_fixture_ask(&scene->redis, "SET t:message:m1 spoilt");
    assert_string_equal(
        outbox_fixture_pass(scene, scene->outbox, &taken, "spare", no_rate, &number, NULL), "gone");
}

/* A daemon that was frozen past its lease begins nothing at another gateway. */
static void test_lease(void **state)
{
    struct outbox_fixture *scene = *state;
    struct outbox_fixture_taken taken = take_one(scene, "marketing");
    store_fixture_lapse(&scene->store);
    assert_pass(scene, &taken, "redis-lease");
    assert_int_equal(outbox_fixture_sweep(scene, scene->others).swept.resent, 1);
    store_fixture_revive(&scene->store);
    assert_pass(scene, &taken, "gone");
}

static void test_troubles(void **state)
{
    static const char *const keys[] = {"t:rate:spare", "t:suppressed", "t:said"};
    struct outbox_fixture *scene = *state;
    struct outbox_fixture_taken taken = take_one(scene, "marketing");
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        redis_fixture_ask(&scene->redis, "SET %s spoilt", keys[i]);
        assert_pass(scene, &taken, "redis-wrongkey");
        redis_fixture_ask(&scene->redis, "DEL %s", keys[i]);
    }
    redis_fixture_ask(&scene->redis, "SCRIPT FLUSH");
    redis_fixture_ask(&scene->redis, "CONFIG SET maxmemory 1");
    assert_pass(scene, &taken, "passed");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, outbox_fixture_open, outbox_fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_passed), TEST(test_token), TEST(test_withdrawn), TEST(test_transactional),
        TEST(test_gone),   TEST(test_lease), TEST(test_troubles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
