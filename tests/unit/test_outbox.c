/* The outbox: take.lua, settle.lua, requeue.lua. */
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "outbox_fixture.h"

static void test_take(void **state)
{
    struct outbox_fixture *scene = *state;
    outbox_fixture_put_many(scene, 2, "marketing");
    outbox_fixture_put_many(scene, 2, "transactional");
    redis_fixture_ask(&scene->redis, "HSET t:message:transactional0 attempts 3");
    struct outbox_fixture_taken taken = outbox_fixture_take(scene, 3);
    assert_string_equal(taken.text, "transactional0 transactional1 marketing0");
    assert_string_equal(taken.body, "{\"m\":\"transactional0\"}");
    assert_int_equal(taken.attempts, 3);
    assert_int_equal(taken.give_up_ms, 4700000000001);
    assert_string_equal(taken.gateway, "");
    assert_int_equal(taken.wait_ms, 0);
    char expected[128];
    snprintf(expected, sizeof expected, "[taken %s %s main]",
             instance_consumer(scene->store.instance), taken.entries[0]);
    assert_redis(&scene->redis, expected,
                 "HMGET t:message:transactional0 state owner entry gateway");
    assert_string_equal(outbox_fixture_take(scene, 3).text, "marketing1");
    assert_string_equal(outbox_fixture_take(scene, 3).text, "");
    assert_string_equal(outbox_fixture_take(scene, 0).text, "");
}

/* What was withdrawn is dropped, and others are given in its place. */
static void test_take_drops_what_is_gone(void **state)
{
    struct outbox_fixture *scene = *state;
    outbox_fixture_put_many(scene, 6, "marketing");
    redis_fixture_ask(&scene->redis, "DEL t:message:marketing0 t:message:marketing1 "
                                     "t:message:marketing2 t:message:marketing4");
    assert_string_equal(outbox_fixture_take(scene, 2).text, "marketing3 marketing5");
    assert_redis(&scene->redis, "2", "XLEN t:outbox:email:marketing");
    assert_non_null(strstr(
        redis_fixture_ask(&scene->redis, "XPENDING t:outbox:email:marketing nudged"), "[2 "));
}

/* Many withdrawn messages stand before one that is to be sent by a single connection. */
static void test_take_passes_the_withdrawn(void **state)
{
    struct outbox_fixture *scene = *state;
    redis_fixture_ask(&scene->redis, "EVAL %s 0",
                      "for i = 1, 2500 do redis.call('XADD', 't:outbox:email:marketing', '*', "
                      "'mid', 'w' .. i) end");
    outbox_fixture_put(scene, "live", "marketing", "hold");
    for (int i = 0; i < 2; i++)
        assert_int_equal(outbox_fixture_take(scene, 1).wait_ms, 1); /* nothing, and there is more */
    assert_string_equal(outbox_fixture_take(scene, 1).text, "live");
    assert_redis(&scene->redis, "1", "XLEN t:outbox:email:marketing");
}

/* What all share is looked at before anything is taken. */
static void test_take_of_a_wrong_key(void **state)
{
    static const char *const keys[] = {
        "t:outbox:email:marketing", "t:paused", "t:suppressed", "t:said", "t:events", "t:dead"};
    struct outbox_fixture *scene = *state;
    outbox_fixture_put(scene, "receipt", "transactional", "resend");
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        redis_fixture_ask(&scene->redis, "RENAME %s aside", keys[i]);
        redis_fixture_ask(&scene->redis, "SET %s spoilt", keys[i]);
        assert_string_equal(outbox_fixture_take(scene, 2).text, "redis-wrongkey");
        assert_redis(&scene->redis, "queued", "HGET t:message:receipt state");
        redis_fixture_ask(&scene->redis, "DEL %s", keys[i]);
        redis_fixture_ask(&scene->redis, "RENAME aside %s", keys[i]);
    }
    assert_string_equal(outbox_fixture_take(scene, 2).text, "receipt");
}

static void test_take_needs_the_lease(void **state)
{
    struct outbox_fixture *scene = *state;
    outbox_fixture_put_many(scene, 1, "marketing");
    store_fixture_lapse(&scene->store);
    assert_string_equal(outbox_fixture_take(scene, 1).text, "redis-lease");
    assert_string_equal(outbox_fixture_sweep(scene, scene->outbox).code, "redis-lease");
    store_fixture_revive(&scene->store);
    assert_string_equal(outbox_fixture_take(scene, 1).text, "marketing0");
}

static void test_done(void **state)
{
    struct outbox_fixture *scene = *state;
    outbox_fixture_put_many(scene, 2, "marketing");
    struct outbox_fixture_taken taken = outbox_fixture_take(scene, 2);
    struct outbox_result results[2] = {outbox_fixture_result_of(&taken, 0, OUTBOX_DONE),
                                       outbox_fixture_result_of(&taken, 1, OUTBOX_DONE)};
    results[0].trace = "{\"sent\":1}";
    results[0].event = "{\"type\":\"message.sent\"}";
    assert_string_equal(outbox_fixture_settle(scene, scene->outbox, results, 2), "1 1");
    assert_redis(&scene->redis, "0", "EXISTS t:message:marketing0 t:message:marketing1");
    assert_redis(&scene->redis, "0", "XLEN t:outbox:email:marketing");
    assert_redis(&scene->redis, "[{\"sent\":1}]", "LRANGE t:trace:id:7 0 -1");
    assert_redis(&scene->redis, "1", "XLEN t:events");
    assert_in_range(atoll(redis_fixture_ask(&scene->redis, "PTTL t:trace:id:7")),
                    OUTBOX_FIXTURE_DAY_MS - 60000, OUTBOX_FIXTURE_DAY_MS);
    assert_string_equal(outbox_fixture_settle(scene, scene->outbox, results, 2), "0 0"); /* twice */
    assert_redis(&scene->redis, "1", "XLEN t:events");
    assert_redis(&scene->redis, "1", "LLEN t:trace:id:7");
    outbox_fixture_assert_idle(scene);
}

/* A trace that lives already keeps its own end. */
static void test_trace_keeps_its_expiry(void **state)
{
    struct outbox_fixture *scene = *state;
    outbox_fixture_put_many(scene, 1, "marketing");
    redis_fixture_ask(&scene->redis, "LPUSH t:trace:id:7 old");
    redis_fixture_ask(&scene->redis, "PEXPIREAT t:trace:id:7 9999999999999");
    struct outbox_fixture_taken taken = outbox_fixture_take(scene, 1);
    struct outbox_result result = outbox_fixture_result_of(&taken, 0, OUTBOX_DONE);
    result.trace = "new";
    assert_string_equal(outbox_fixture_settle(scene, scene->outbox, &result, 1), "1");
    assert_redis(&scene->redis, "[new old]", "LRANGE t:trace:id:7 0 -1");
    assert_redis(&scene->redis, "9999999999999", "PEXPIRETIME t:trace:id:7");
}

static const char *settle_with_trace(struct outbox_fixture *scene, const char *mid,
                                     const char *what, const char *why, int at)
{
    char line[512];
    redis_fixture_ask(&scene->redis, "ZADD t:later 1 %s", mid);
    outbox_fixture_sweep(scene, scene->outbox);
    struct outbox_fixture_taken taken = outbox_fixture_take(scene, 1);
    struct outbox_result result = outbox_fixture_result_of(&taken, 0, OUTBOX_LATER);
    snprintf(line, sizeof line,
             "{\"at\":%d,\"did\":[{\"rule\":\"r\",\"what\":\"%s\",\"why\":\"%s\",\"gateway\":\"g\","
             "\"mid\":\"%s\"}]}",
             at, what, why, mid);
    result.trace = line;
    assert_string_equal(outbox_fixture_settle(scene, scene->outbox, &result, 1), "1");
    return redis_fixture_ask(&scene->redis, "LRANGE t:trace:id:7 0 -1");
}

#define FAILED(at, what, why, more)                                                \
    "{\"at\":" at ",\"did\":[{\"rule\":\"r\",\"what\":\"" what "\",\"why\":\"" why \
    "\",\"gateway\":\"g\",\"mid\":\"m\"" more "}]}"

/* Failures that are equal are one line, and flush nothing. */
static void test_a_run_of_failures(void **state)
{
    struct outbox_fixture *scene = *state;
    redis_fixture_ask(&scene->redis, "RPUSH t:trace:id:7 before");
    redis_fixture_ask(&scene->redis, "PEXPIREAT t:trace:id:7 9999999999999");
    outbox_fixture_put(scene, "m", "marketing", "resend");
    settle_with_trace(scene, "m", "retry", "451 4.3.0 try 77 later", 10);
    for (int i = 0; i < 150; i++)
        settle_with_trace(scene, "m", "retry", "451 4.3.0 queue 12345", 20 + i);
    assert_string_equal(
        settle_with_trace(scene, "m", "retry", "451 4.3.0 the last", 500),
        "[" FAILED("500", "retry", "451 4.3.0 the last", ",\"times\":152,\"first\":10") " before]");
    /* Another cause is another line; both runs go on beside each other. */
    settle_with_trace(scene, "m", "unavailable", "no connection", 600);
    settle_with_trace(scene, "m", "retry", "452 4.2.2 full", 700);
    settle_with_trace(scene, "m", "unavailable", "no connection", 800);
    assert_string_equal(
        settle_with_trace(scene, "m", "retry", "451 4.3.0 x", 900),
        "[" FAILED("900", "retry", "451 4.3.0 x", ",\"times\":153,\"first\":10") " " FAILED(
            "800", "unavailable", "no connection",
            ",\"times\":2,\"first\":600") " " FAILED("700", "retry", "452 4.2.2 full",
                                                     "") " before]");
    assert_redis(&scene->redis, "9999999999999", "PEXPIRETIME t:trace:id:7");
    /* What is no failure ends the run. */
    settle_with_trace(scene, "m", "cut", "stopping", 1000);
    assert_non_null(strstr(settle_with_trace(scene, "m", "retry", "451 4.3.0 x", 1100),
                           "[" FAILED("1100", "retry", "451 4.3.0 x", "") " "));
}

/* A trace has a bound, however many messages one customer gets. */
static void test_trace_is_bounded(void **state)
{
    struct outbox_fixture *scene = *state;
    outbox_fixture_put_many(scene, 1, "marketing");
    redis_fixture_ask(&scene->redis, "EVAL %s 0",
                      "for i = 1, 150 do redis.call('LPUSH', 't:trace:id:7', 'old') end");
    struct outbox_fixture_taken taken = outbox_fixture_take(scene, 1);
    struct outbox_result result = outbox_fixture_result_of(&taken, 0, OUTBOX_DONE);
    result.trace = "new";
    assert_string_equal(outbox_fixture_settle(scene, scene->outbox, &result, 1), "1");
    assert_redis(&scene->redis, "100", "LLEN t:trace:id:7");
    assert_redis(&scene->redis, "new", "LINDEX t:trace:id:7 0");
}

static void test_later(void **state)
{
    struct outbox_fixture *scene = *state;
    outbox_fixture_put_many(scene, 1, "marketing");
    struct outbox_fixture_taken taken = outbox_fixture_take(scene, 1);
    struct outbox_result result = outbox_fixture_result_of(&taken, 0, OUTBOX_LATER);
    result.charge = true;
    assert_string_equal(outbox_fixture_settle(scene, scene->outbox, &result, 1), "1");
    assert_string_equal(outbox_fixture_settle(scene, scene->outbox, &result, 1), "0");
    assert_redis(&scene->redis, "[later 1 (nil) (nil)]",
                 "HMGET t:message:marketing0 state attempts owner entry");
    assert_redis(&scene->redis, "4000000000000", "ZSCORE t:later marketing0");
    outbox_fixture_assert_idle(scene);
    assert_redis(&scene->redis, "0", "XLEN t:outbox:email:marketing");

    struct outbox_fixture_swept swept = outbox_fixture_sweep(scene, scene->outbox);
    assert_int_equal(swept.swept.requeued, 0);
    assert_int_equal(swept.swept.next_ms, 3000);
    redis_fixture_ask(&scene->redis, "ZADD t:later 5 marketing0 6 cancelled");
    swept = outbox_fixture_sweep(scene, scene->outbox);
    assert_int_equal(swept.swept.requeued, 2);
    assert_redis(&scene->redis, "0", "EXISTS t:later t:message:cancelled");
    taken = outbox_fixture_take_with(scene, scene->others, "spare", 1, (struct outbox_rate){0});
    assert_string_equal(taken.text, "marketing0");
    assert_int_equal(taken.attempts, 1);
    assert_string_equal(taken.gateway, ""); /* any gateway may */
    assert_redis(&scene->redis, "spare", "HGET t:message:marketing0 gateway");
}

/* A retry after so long: by Redis' clock, whatever the machine's says. */
static void test_later_by_redis_clock(void **state)
{
    struct outbox_fixture *scene = *state;
    outbox_fixture_put_many(scene, 1, "marketing");
    struct outbox_fixture_taken taken = outbox_fixture_take(scene, 1);
    struct outbox_result result = outbox_fixture_result_of(&taken, 0, OUTBOX_LATER);
    result.at_ms = 0;
    result.after_ms = 60000;
    assert_string_equal(outbox_fixture_settle(scene, scene->outbox, &result, 1), "1");
    assert_in_range(atoll(redis_fixture_ask(&scene->redis, "ZSCORE t:later marketing0")),
                    taken.now_ms + 60000, taken.now_ms + 65000);
}

static void test_resend_is_bound(void **state)
{
    struct outbox_fixture *scene = *state;
    outbox_fixture_put_many(scene, 1, "marketing");
    outbox_fixture_take_and_settle(scene, OUTBOX_RESEND);
    assert_redis(&scene->redis, "0", "HGET t:message:marketing0 attempts"); /* no charge */
    redis_fixture_ask(&scene->redis, "ZADD t:later 5 marketing0");
    outbox_fixture_sweep(scene, scene->outbox);
    assert_int_equal(
        outbox_fixture_take_with(scene, scene->others, "spare", 1, (struct outbox_rate){0}).count,
        0);
    struct outbox_fixture_taken taken =
        outbox_fixture_take_with(scene, scene->others, "main", 1, (struct outbox_rate){0});
    assert_string_equal(taken.gateway, "main");
    /* Bound it stays, through a retry that was certain. */
    struct outbox_result result = outbox_fixture_result_of(&taken, 0, OUTBOX_LATER);
    assert_string_equal(outbox_fixture_settle(scene, scene->others, &result, 1), "1");
    redis_fixture_ask(&scene->redis, "ZADD t:later 5 marketing0");
    outbox_fixture_sweep(scene, scene->outbox);
    assert_string_equal(outbox_fixture_take(scene, 1).gateway, "main");
}

static void test_hold(void **state)
{
    struct outbox_fixture *scene = *state;
    outbox_fixture_put_many(scene, 1, "marketing");
    struct outbox_fixture_taken taken = outbox_fixture_take(scene, 1);
    struct outbox_result result = outbox_fixture_result_of(&taken, 0, OUTBOX_HOLD);
    result.charge = true;
    assert_string_equal(outbox_fixture_settle(scene, scene->outbox, &result, 1), "1");
    assert_redis(&scene->redis, "[uncertain 1 main 1]",
                 "HMGET t:message:marketing0 state bound gateway attempts");
    assert_redis(&scene->redis, "[marketing0]", "ZRANGE t:uncertain 0 -1");
    assert_string_equal(outbox_fixture_take(scene, 1).text, "");
    outbox_fixture_assert_idle(scene);
    /* It is nobody's now: the same answer once more, or another, changes nothing. */
    result.verdict = OUTBOX_DONE;
    assert_string_equal(outbox_fixture_settle(scene, scene->outbox, &result, 1), "0");
    assert_redis(&scene->redis, "1", "EXISTS t:message:marketing0");
}

static void test_dead(void **state)
{
    struct outbox_fixture *scene = *state;
    outbox_fixture_put_many(scene, 1, "marketing");
    struct outbox_fixture_taken taken = outbox_fixture_take(scene, 1);
    struct outbox_result result = outbox_fixture_result_of(&taken, 0, OUTBOX_DEAD);
    result.reason = "rejected";
    result.detail = "550 5.1.1 no";
    result.suppress = "hash";
    result.suppress_reason = "5.1.1 \"no\"";
    assert_string_equal(outbox_fixture_settle(scene, scene->outbox, &result, 1), "1");
    const char *id = redis_fixture_ask(&scene->redis, "EVAL %s 0",
                                       "return redis.call('XRANGE', 't:dead', '-', '+')[1][1]");
    assert_string_equal(outbox_fixture_letter(), id);
    assert_string_equal(outbox_fixture_settle(scene, scene->outbox, &result, 1), "0");
    assert_string_equal(outbox_fixture_letter(), "");
    assert_redis(&scene->redis, "0", "EXISTS t:message:marketing0");
    assert_redis(&scene->redis, "1", "XLEN t:dead");
    assert_non_null(strstr(redis_fixture_ask(&scene->redis, "XRANGE t:dead - +"),
                           "[kind message reason rejected detail 550 5.1.1 no customer id:7 mid "
                           "marketing0 channel email class marketing on_uncertain hold give_up "
                           "4700000000001 gateway main body {\"m\":\"marketing0\"}]"));
    const char *held = redis_fixture_ask(&scene->redis, "HGET t:suppressed hash");
    assert_ptr_equal(strstr(held, "{\"reason\":\"5.1.1 \\\"no\\\"\",\"at\":1"), held);
    outbox_fixture_assert_idle(scene);
}

/* Its time was over with an attempt whose answer was lost: no other gateway may have it then,
 * either. */
static void test_dead_and_may_have_arrived(void **state)
{
    struct outbox_fixture *scene = *state;
    outbox_fixture_put_many(scene, 1, "marketing");
    struct outbox_fixture_taken taken = outbox_fixture_take(scene, 1);
    struct outbox_result result = outbox_fixture_result_of(&taken, 0, OUTBOX_DEAD);
    result.reason = "gave-up";
    result.may_have_arrived = true;
    assert_string_equal(outbox_fixture_settle(scene, scene->outbox, &result, 1), "1");
    assert_non_null(
        strstr(redis_fixture_ask(&scene->redis, "XRANGE t:dead - +"), "gateway main bound 1 body"));
    outbox_fixture_assert_idle(scene);
}

static void test_release(void **state)
{
    struct outbox_fixture *scene = *state;
    outbox_fixture_put_many(scene, 2, "marketing");
    struct outbox_fixture_taken taken = outbox_fixture_take(scene, 1);
    struct outbox_result result = outbox_fixture_result_of(&taken, 0, OUTBOX_RELEASE);
    assert_string_equal(outbox_fixture_settle(scene, scene->outbox, &result, 1), "1");
    /* The answer was lost, and it is said again: there is no second entry. */
    assert_string_equal(outbox_fixture_settle(scene, scene->outbox, &result, 1), "0");
    assert_redis(&scene->redis, "2", "XLEN t:outbox:email:marketing");
    assert_string_equal(outbox_fixture_take(scene, 2).text, "marketing1 marketing0");
    assert_string_equal(outbox_fixture_settle(scene, scene->outbox, &result, 1),
                        "0"); /* another entry now */
    assert_redis(&scene->redis, "taken", "HGET t:message:marketing0 state");
}

static void test_dead_letters_are_dropped(void **state)
{
    struct outbox_fixture *scene = *state;
    redis_fixture_ask(
        &scene->redis, "EVAL %s 0",
        "for i = 1, 500 do redis.call('XADD', 't:dead', i .. '-1', 'kind', 'old') end "
        "redis.call('XADD', 't:dead', '*', 'kind', 'new')");
    outbox_fixture_sweep(scene, scene->outbox);
    assert_in_range(atoi(redis_fixture_ask(&scene->redis, "XLEN t:dead")), 1, 101);
    assert_non_null(
        strstr(redis_fixture_ask(&scene->redis, "XREVRANGE t:dead + - COUNT 1"), "new"));
}

static void on_length(void *context, int64_t length)
{
    int64_t *into = context;
    *into = length;
}

static bool has_length(void *context)
{
    return *(int64_t *)context != -2;
}

static void test_length(void **state)
{
    struct outbox_fixture *scene = *state;
    int64_t length = -2;
    outbox_fixture_put_many(scene, 5, "marketing");
    outbox_fixture_put_many(scene, 2, "transactional");
    redis_fixture_ask(&scene->redis, "XADD t:outbox:sms:marketing * mid x");
    outbox_fixture_take(scene, 2);
    outbox_length(scene->outbox, on_length, &length);
    redis_fixture_run_until(&scene->redis, has_length, &length);
    assert_int_equal(length, 8);
    redis_fixture_end(&scene->redis, SIGKILL);
    length = -2;
    outbox_length(scene->outbox, on_length, &length);
    redis_fixture_run_until(&scene->redis, has_length, &length);
    assert_int_equal(length, -1);
}

static void test_full_server(void **state)
{
    struct outbox_fixture *scene = *state;
    outbox_fixture_put_many(scene, 2, "marketing");
    redis_fixture_ask(&scene->redis, "CONFIG SET maxmemory 1");
    struct outbox_fixture_taken taken = outbox_fixture_take(scene, 2);
    struct outbox_result results[2] = {outbox_fixture_result_of(&taken, 0, OUTBOX_DONE),
                                       outbox_fixture_result_of(&taken, 1, OUTBOX_LATER)};
    assert_string_equal(outbox_fixture_settle(scene, scene->outbox, results, 2), "1 1");
    assert_string_equal(outbox_fixture_sweep(scene, scene->outbox).code, "");
}

static void test_lost(void **state)
{
    struct outbox_fixture *scene = *state;
    const struct outbox_result result = {
        .entry = "1-1", .mid = "x", .channel = "email", .class_ = "marketing"};
    redis_fixture_end(&scene->redis, SIGKILL);
    assert_string_equal(outbox_fixture_take(scene, 1).text, "redis-lost");
    assert_string_equal(outbox_fixture_settle(scene, scene->outbox, &result, 1), "redis-lost");
    assert_string_equal(outbox_fixture_sweep(scene, scene->outbox).code, "redis-lost");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, outbox_fixture_open, outbox_fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_take),
        TEST(test_take_drops_what_is_gone),
        TEST(test_take_passes_the_withdrawn),
        TEST(test_take_of_a_wrong_key),
        TEST(test_take_needs_the_lease),
        TEST(test_done),
        TEST(test_trace_keeps_its_expiry),
        TEST(test_trace_is_bounded),
        TEST(test_a_run_of_failures),
        TEST(test_later),
        TEST(test_later_by_redis_clock),
        TEST(test_resend_is_bound),
        TEST(test_hold),
        TEST(test_dead),
        TEST(test_dead_and_may_have_arrived),
        TEST(test_release),
        TEST(test_dead_letters_are_dropped),
        TEST(test_length),
        TEST(test_full_server),
        TEST(test_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
