/* What is bound to a gateway stands in that gateway's queue: who puts it there, who takes it, and
 * who ends it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "outbox_fixture.h"
#include "store/messages.h"

static const struct outbox_rate no_rate;

/* m1, uncertain at `gateway` and to be resent, is back in the outbox. */
static void put_bound(struct outbox_fixture *scene, const char *mid, const char *class_,
                      const char *gateway)
{
    outbox_fixture_put(scene, mid, class_, "resend");
    struct outbox_fixture_taken taken =
        outbox_fixture_take_with(scene, scene->outbox, gateway, 1, no_rate);
    assert_string_equal(taken.text, mid);
    struct outbox_result result = outbox_fixture_result_of(&taken, 0, OUTBOX_RESEND);
    result.at_ms = 5;
    assert_string_equal(outbox_fixture_settle(scene, scene->outbox, &result, 1), "1");
    assert_int_equal(outbox_fixture_sweep(scene, scene->outbox).swept.requeued, 1);
}

static void assert_in_queue(struct outbox_fixture *scene, const char *mid, const char *queue)
{
    char expected[64];
    snprintf(expected, sizeof expected, "[queued %s (nil) (nil)]", queue);
    assert_redis(&scene->redis, expected, "HMGET t:message:%s state queue owner entry", mid);
}

/* Its gateway takes it before all others of its class; nobody else does, and no tokens go for it.
 */
static void test_order(void **state)
{
    struct outbox_fixture *scene = *state;
    put_bound(scene, "bound", "marketing", "spare");
    put_bound(scene, "receipt", "transactional", "spare");
    outbox_fixture_put_many(scene, 2, "marketing");
    outbox_fixture_put_many(scene, 2, "transactional");
    assert_in_queue(scene, "bound", "email@spare");
    assert_redis(&scene->redis, "[email@spare]", "SMEMBERS t:queues");
    assert_string_equal(
        outbox_fixture_take_with(scene, scene->others, "main", 1, (struct outbox_rate){1, 3600000})
            .text,
        "transactional0");
    struct outbox_fixture_taken taken =
        outbox_fixture_take_with(scene, scene->others, "spare", 4, no_rate);
    assert_string_equal(taken.text, "receipt transactional1 bound marketing0");
    assert_string_equal(taken.queues[0], "email@spare");
    assert_string_equal(taken.queues[1], "email");
    assert_string_equal(taken.gateway, "spare");
    /* Given back it waits there again; delivered nothing of it is left. */
    struct outbox_result result = outbox_fixture_result_of(&taken, 0, OUTBOX_RELEASE);
    assert_string_equal(outbox_fixture_settle(scene, scene->others, &result, 1), "1");
    assert_in_queue(scene, "receipt", "email@spare");
    result = outbox_fixture_result_of(&taken, 2, OUTBOX_DONE);
    assert_string_equal(outbox_fixture_settle(scene, scene->others, &result, 1), "1");
    assert_redis(&scene->redis, "0", "XLEN t:outbox:email@spare:marketing");
    assert_redis(&scene->redis, "1", "XLEN t:outbox:email@spare:transactional");
}

/* While another gateway serves the channel, each has what is bound to it, and no more. */
static void test_own_only(void **state)
{
    struct outbox_fixture *scene = *state;
    put_bound(scene, "bound", "marketing", "spare");
    put_bound(scene, "receipt", "transactional", "spare");
    outbox_fixture_put_many(scene, 2, "marketing");
    outbox_fixture_put_many(scene, 2, "transactional");
    assert_int_equal(outbox_fixture_take_own(scene, "main", 9).count, 0);
    assert_string_equal(outbox_fixture_take_own(scene, "spare", 1).text, "receipt");
    assert_string_equal(outbox_fixture_take_own(scene, "spare", 9).text, "bound");
    assert_int_equal(outbox_fixture_take_own(scene, "spare", 9).count, 0);
    assert_int_equal(outbox_fixture_take(scene, 9).count, 4);
}

/* A dead daemon had one in hand that was bound, and one that is bound by that. */
static void test_takeover(void **state)
{
    struct outbox_fixture *scene = *state;
    put_bound(scene, "bound", "marketing", "spare");
    outbox_fixture_put(scene, "other", "marketing", "resend");
    assert_int_equal(outbox_fixture_take_with(scene, scene->outbox, "spare", 2, no_rate).count, 2);
    store_fixture_lapse(&scene->store);
    assert_int_equal(outbox_fixture_sweep(scene, scene->others).swept.resent, 2);
    assert_in_queue(scene, "bound", "email@spare");
    assert_in_queue(scene, "other", "email@spare");
    assert_redis(&scene->redis, "[]", "XINFO CONSUMERS t:outbox:email@spare:marketing nudged");
    struct outbox_fixture_taken taken =
        outbox_fixture_take_with(scene, scene->others, "spare", 2, no_rate);
    assert_string_equal(taken.text, "other bound");
    struct outbox_result results[] = {outbox_fixture_result_of(&taken, 0, OUTBOX_HOLD),
                                      outbox_fixture_result_of(&taken, 1, OUTBOX_LATER)};
    assert_string_equal(outbox_fixture_settle(scene, scene->others, results, 2), "1 1");
    assert_redis(&scene->redis, "[later (nil) (nil)]", "HMGET t:message:bound state queue entry");
    assert_redis(&scene->redis, "[uncertain (nil)]", "HMGET t:message:other state queue");
}

/* By hand, from uncertain. */
static void test_uncertain(void **state)
{
    struct outbox_fixture *scene = *state;
    struct session *session = redis_fixture_session(&scene->redis);
    const struct messages_word word = {.is_held = true, .trace_keep_ms = 1000};
    const char *mid = "marketing0";
    enum messages_verdict verdict;
    struct diag diag;
    outbox_fixture_put_many(scene, 1, "marketing");
    outbox_fixture_take_and_settle(scene, OUTBOX_HOLD);
    assert_true(messages_settle(session, "t", &word, &mid, 1, &verdict, &diag));
    assert_int_equal(verdict, MESSAGES_DONE);
    assert_in_queue(scene, "marketing0", "email@main");
    assert_string_equal(outbox_fixture_take(scene, 1).text, "marketing0");
    session_close(&session);
}

/* A former program left what is bound in the queue of the channel. */
static void test_former_place(void **state)
{
    struct outbox_fixture *scene = *state;
    outbox_fixture_put_many(scene, 3, "marketing");
    redis_fixture_ask(&scene->redis, "HSET t:message:marketing0 bound 1 gateway spare");
    redis_fixture_ask(&scene->redis, "HSET t:message:marketing1 bound 1 gateway main");
    assert_string_equal(outbox_fixture_take(scene, 5).text, "marketing1 marketing2");
    assert_in_queue(scene, "marketing0", "email@spare");
    assert_string_equal(outbox_fixture_take_with(scene, scene->others, "spare", 2, no_rate).text,
                        "marketing0");
}

/* Nobody takes for it: from its give_up on it is a dead letter that says why. */
static void test_end(void **state)
{
    static const struct {
        const char *queue, *reason;
    } rows[] = {
        {"email@main", "gave-up"},
        {"email@removed", "no-gateway"},
        {"chat@main", "no-channel"},
    };
    struct outbox_fixture *scene = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        outbox_fixture_put(scene, "m", "marketing", "resend");
        redis_fixture_ask(&scene->redis, "XTRIM t:outbox:email:marketing MAXLEN 0");
        redis_fixture_ask(&scene->redis, "HSET t:message:m bound 1 gateway main");
        redis_fixture_ask(&scene->redis, "XADD t:outbox:%s:marketing * mid m", rows[i].queue);
        redis_fixture_ask(&scene->redis, "SADD t:queues %s", rows[i].queue);
        assert_int_equal(outbox_fixture_sweep(scene, scene->outbox).swept.buried, 0);
        assert_redis(&scene->redis, "queued", "HGET t:message:m state");
        assert_redis(&scene->redis, "1", "SISMEMBER t:queues %s", rows[i].queue);
        redis_fixture_ask(&scene->redis, "HSET t:message:m give_up 5");
        assert_int_equal(outbox_fixture_sweep(scene, scene->outbox).swept.buried, 1);
        outbox_fixture_sweep(scene, scene->outbox);
        assert_redis(&scene->redis, "0", "EXISTS t:message:m");
        assert_redis(&scene->redis, "0", "SISMEMBER t:queues %s", rows[i].queue);
        assert_redis(&scene->redis, "0", "EXISTS t:outbox:%s:marketing", rows[i].queue);
        char expected[64];
        snprintf(expected, sizeof expected, " reason %s detail ", rows[i].reason);
        assert_non_null(
            strstr(redis_fixture_ask(&scene->redis, "XREVRANGE t:dead + - COUNT 1"), expected));
    }
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
    put_bound(scene, "bound", "marketing", "spare");
    outbox_fixture_put_many(scene, 2, "marketing");
    redis_fixture_ask(&scene->redis, "SADD t:queues chat@main");
    redis_fixture_ask(&scene->redis, "XADD t:outbox:chat@main:marketing * mid x");
    outbox_length(scene->outbox, on_length, &length); /* of its own channels */
    redis_fixture_run_until(&scene->redis, has_length, &length);
    assert_int_equal(length, 3);
}

/* A stream that is none stops its own gateway, and what is to go there goes by the channel. */
static void test_wrong_keys(void **state)
{
    struct outbox_fixture *scene = *state;
    put_bound(scene, "bound", "marketing", "spare");
    redis_fixture_ask(&scene->redis, "RENAME t:outbox:email@spare:marketing aside");
    redis_fixture_ask(&scene->redis, "SET t:outbox:email@spare:marketing spoilt");
    outbox_fixture_put_many(scene, 2, "marketing");
    assert_string_equal(outbox_fixture_take_with(scene, scene->outbox, "spare", 1, no_rate).text,
                        "redis-wrongkey");
    assert_string_equal(outbox_fixture_sweep(scene, scene->outbox).code, "redis-wrongkey");
    assert_string_equal(outbox_fixture_take(scene, 1).text, "marketing0");
    redis_fixture_ask(&scene->redis, "HSET t:message:late bound 1 gateway spare state later "
                                     "channel email class marketing");
    redis_fixture_ask(&scene->redis, "ZADD t:later 5 late");
    outbox_fixture_sweep(scene, scene->outbox);
    assert_redis(&scene->redis, "[queued (nil)]", "HMGET t:message:late state queue");
    redis_fixture_ask(&scene->redis, "DEL t:outbox:email@spare:marketing");
    redis_fixture_ask(&scene->redis, "RENAME aside t:outbox:email@spare:marketing");
    redis_fixture_ask(&scene->redis, "DEL t:queues");
    redis_fixture_ask(&scene->redis, "SET t:queues spoilt");
    assert_string_equal(outbox_fixture_sweep(scene, scene->outbox).code, "redis-wrongkey");
    assert_string_equal(outbox_fixture_take_with(scene, scene->others, "spare", 1, no_rate).text,
                        "bound");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, outbox_fixture_open, outbox_fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_order),    TEST(test_takeover), TEST(test_uncertain), TEST(test_former_place),
        TEST(test_own_only), TEST(test_end),      TEST(test_length),    TEST(test_wrong_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
