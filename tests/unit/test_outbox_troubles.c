/* The outbox when daemons die, groups are destroyed and hashes are spoilt by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "outbox_fixture.h"

/* A hash that somebody has spoilt holds up no other message. */
static void test_take_of_a_broken_message(void **state)
{
    struct outbox_fixture *scene = *state;
    outbox_fixture_put_many(scene, 3, "marketing");
    redis_fixture_ask(&scene->redis, "HDEL t:message:marketing1 give_up body customer channel");
    struct outbox_fixture_taken taken = outbox_fixture_take(scene, 3);
    assert_string_equal(taken.text, "marketing0 marketing1(not whole) marketing2");
    struct outbox_result result = outbox_fixture_result_of(&taken, 1, OUTBOX_DEAD);
    result.reason = "not-whole";
    assert_string_equal(outbox_fixture_settle(scene, scene->outbox, &result, 1), "1");
    assert_redis(&scene->redis, "0", "EXISTS t:message:marketing1");
    assert_redis(&scene->redis, "1", "XLEN t:dead");
    assert_redis(&scene->redis, "2", "XLEN t:outbox:email:marketing");
}

/* By hand: a hash without channel and class neither holds up its settlement nor that of others,
 * and has both again. */
static void test_settlement_of_a_broken_message(void **state)
{
    struct outbox_fixture *scene = *state;
    outbox_fixture_put_many(scene, 2, "marketing");
    struct outbox_fixture_taken taken = outbox_fixture_take(scene, 2);
    struct outbox_result results[2] = {outbox_fixture_result_of(&taken, 0, OUTBOX_LATER),
                                       outbox_fixture_result_of(&taken, 1, OUTBOX_DONE)};
    redis_fixture_ask(&scene->redis, "HDEL t:message:marketing0 channel class customer");
    results[0].trace = "{}";
    assert_string_equal(outbox_fixture_settle(scene, scene->outbox, results, 2), "1 1");
    assert_redis(&scene->redis, "0", "XLEN t:outbox:email:marketing");
    assert_redis(&scene->redis, "email", "HGET t:message:marketing0 channel");
    assert_redis(&scene->redis, "marketing", "HGET t:message:marketing0 class");
}

/* … nor that of retries which are due. */
static void test_retry_of_a_broken_message(void **state)
{
    struct outbox_fixture *scene = *state;
    outbox_fixture_put_many(scene, 2, "marketing");
    struct outbox_fixture_taken taken = outbox_fixture_take(scene, 2);
    struct outbox_result results[2] = {outbox_fixture_result_of(&taken, 0, OUTBOX_LATER),
                                       outbox_fixture_result_of(&taken, 1, OUTBOX_LATER)};
    results[0].at_ms = results[1].at_ms = 1;
    assert_string_equal(outbox_fixture_settle(scene, scene->outbox, results, 2), "1 1");
    redis_fixture_ask(&scene->redis, "HDEL t:message:marketing0 class customer");
    struct outbox_fixture_swept swept = outbox_fixture_sweep(scene, scene->outbox);
    assert_string_equal(swept.code, "");
    assert_int_equal(swept.swept.buried, 1);
    assert_redis(&scene->redis, "1", "XLEN t:dead");
    assert_redis(&scene->redis, "0", "EXISTS t:message:marketing0");
    assert_string_equal(outbox_fixture_take(scene, 2).text, "marketing1");
}

/* By hand: a hash that is deleted while it is taken leaves nothing pending. */
static void test_settlement_of_a_deleted_message(void **state)
{
    struct outbox_fixture *scene = *state;
    outbox_fixture_put_many(scene, 2, "marketing");
    struct outbox_fixture_taken taken = outbox_fixture_take(scene, 2);
    struct outbox_result results[2] = {outbox_fixture_result_of(&taken, 0, OUTBOX_DEAD),
                                       outbox_fixture_result_of(&taken, 1, OUTBOX_DONE)};
    redis_fixture_ask(&scene->redis, "DEL t:message:marketing0");
    assert_string_equal(outbox_fixture_settle(scene, scene->outbox, results, 2), "2 1");
    assert_string_equal(outbox_fixture_settle(scene, scene->outbox, results, 2), "0 0");
    assert_redis(&scene->redis, "0", "XLEN t:outbox:email:marketing");
    assert_redis(&scene->redis, "0", "XLEN t:dead");
}

/* A daemon dies with messages in its senders' hands. */
static void test_takeover(void **state)
{
    struct outbox_fixture *scene = *state;
    outbox_fixture_put_many(scene, 1, "marketing"); /* hold */
    outbox_fixture_put(scene, "receipt", "transactional", "resend");
    outbox_fixture_put(scene, "gone", "transactional", "resend");
    struct outbox_fixture_taken taken = outbox_fixture_take(scene, 3);
    assert_string_equal(taken.text, "receipt gone marketing0");
    redis_fixture_ask(&scene->redis, "DEL t:message:gone");

    struct outbox_fixture_swept swept =
        outbox_fixture_sweep(scene, scene->others); /* it lives: nothing happens */
    assert_int_equal(swept.swept.resent + swept.swept.uncertain, 0);
    store_fixture_lapse(&scene->store);
    swept = outbox_fixture_sweep(scene, scene->others);
    assert_int_equal(swept.swept.resent, 1);
    assert_int_equal(swept.swept.uncertain, 1);
    assert_redis(&scene->redis, "[uncertain 1]", "HMGET t:message:marketing0 state attempts");
    assert_redis(&scene->redis, "[marketing0]", "ZRANGE t:uncertain 0 -1");
    assert_redis(&scene->redis, "2", "LLEN t:trace:id:7");
    assert_non_null(strstr(redis_fixture_ask(&scene->redis, "LRANGE t:trace:id:7 0 -1"),
                           "\"did\":[{\"rule\":\"\",\"what\":\"uncertain\","
                           "\"why\":\"its daemon ended: resend\",\"mid\":\"receipt\"}]"));
    swept = outbox_fixture_sweep(scene, scene->others);
    assert_int_equal(swept.swept.resent + swept.swept.uncertain, 0);
    assert_null(
        strstr(redis_fixture_ask(&scene->redis, "XINFO CONSUMERS t:outbox:email:marketing nudged"),
               "one:")); /* nothing was pending any more */

    struct outbox_fixture_taken again =
        outbox_fixture_take_with(scene, scene->others, "main", 3, (struct outbox_rate){0});
    assert_string_equal(again.text, "receipt");
    assert_string_equal(again.gateway, "main");
    assert_int_equal(again.attempts, 1);

    /* It was only frozen: what it says now does not count. */
    struct outbox_result late[3] = {outbox_fixture_result_of(&taken, 0, OUTBOX_DONE),
                                    outbox_fixture_result_of(&taken, 1, OUTBOX_DONE),
                                    outbox_fixture_result_of(&taken, 2, OUTBOX_DONE)};
    store_fixture_revive(&scene->store);
    assert_string_equal(outbox_fixture_settle(scene, scene->outbox, late, 3), "0 0 0");
    assert_redis(&scene->redis, "2", "EXISTS t:message:receipt t:message:marketing0");
    struct outbox_result done = outbox_fixture_result_of(&again, 0, OUTBOX_DONE);
    assert_string_equal(outbox_fixture_settle(scene, scene->outbox, &done, 1),
                        "0"); /* not its own */
    assert_string_equal(outbox_fixture_settle(scene, scene->others, &done, 1), "1");
}

/* The same daemon started again under its name has another epoch: its old consumer is dead. */
static void test_takeover_by_epoch(void **state)
{
    struct outbox_fixture *scene = *state;
    outbox_fixture_put(scene, "receipt", "transactional", "resend");
    outbox_fixture_take(scene, 1);
    redis_fixture_ask(&scene->redis, "SET t:instance:one 1");
    assert_int_equal(outbox_fixture_sweep(scene, scene->others).swept.resent, 1);
}

/* A lease that is gone for a moment: Redis was away, or its clock was set forward. What the
 * daemon has just sent it still settles. */
static void test_takeover_waits(void **state)
{
    struct outbox_fixture *scene = *state;
    outbox_fixture_put(scene, "receipt", "transactional", "resend");
    outbox_fixture_put(scene, "offer", "marketing", "hold");
    struct outbox_fixture_taken taken = outbox_fixture_take(scene, 2);
    store_fixture_lose_lease(&scene->store);
    for (int i = 0; i < 2; i++) {
        struct outbox_fixture_swept swept = outbox_fixture_sweep(scene, scene->others);
        assert_int_equal(swept.swept.resent + swept.swept.uncertain, 0);
        assert_int_equal(swept.swept.next_ms, 3000); /* not at once again and again */
    }
    struct outbox_result done = outbox_fixture_result_of(&taken, 0, OUTBOX_DONE);
    assert_string_equal(outbox_fixture_settle(scene, scene->outbox, &done, 1), "1");
    /* The mark was made after this moment: the clock was set back, and the wait begins anew. */
    const char *consumer = instance_consumer(scene->store.instance);
    redis_fixture_ask(&scene->redis, "HSET t:gone %s 9000000000000", consumer);
    assert_int_equal(outbox_fixture_sweep(scene, scene->others).swept.uncertain, 0);
    redis_fixture_ask(&scene->redis, "HSET t:gone %s 1", consumer);
    assert_int_equal(outbox_fixture_sweep(scene, scene->others).swept.uncertain, 1);
}

/* Nobody but sweeps makes the mark: a daemon that was killed is seen gone by one of them, and is
 * dead for those that come later. */
static void test_takeover_of_one_that_was_killed(void **state)
{
    struct outbox_fixture *scene = *state;
    const char *consumer = instance_consumer(scene->store.instance);
    outbox_fixture_put(scene, "offer", "marketing", "hold");
    struct outbox_fixture_taken taken = outbox_fixture_take(scene, 1);
    store_fixture_lose_lease(&scene->store);
    assert_int_equal(outbox_fixture_sweep(scene, scene->others).swept.uncertain, 0);
    assert_in_range(atoll(redis_fixture_ask(&scene->redis, "HGET t:gone %s", consumer)),
                    taken.now_ms, taken.now_ms + 60000);
    assert_in_range(atoll(redis_fixture_ask(&scene->redis, "PTTL t:gone")), 60000, 3600000);
    redis_fixture_ask(&scene->redis, "HINCRBY t:gone %s -10000", consumer);
    assert_int_equal(outbox_fixture_sweep(scene, scene->others).swept.uncertain, 1);
}

/* More than one sweep takes over: none is forgotten between two of them. */
static void test_takeover_of_very_many(void **state)
{
    struct outbox_fixture *scene = *state;
    const size_t many = 1100;
    outbox_fixture_put_many(scene, (int)many, "marketing");
    assert_int_equal(outbox_fixture_take(scene, many).count, many);
    store_fixture_lapse(&scene->store);
    size_t uncertain = 0, sweeps = 0;
    for (struct outbox_fixture_swept swept = {.swept.uncertain = 1}; swept.swept.uncertain;
         sweeps++) {
        swept = outbox_fixture_sweep(scene, scene->others);
        uncertain += swept.swept.uncertain;
    }
    assert_int_equal(uncertain, many);
    assert_true(sweeps > 2);
    assert_redis(&scene->redis, "1100", "ZCARD t:uncertain");
    outbox_fixture_assert_idle(scene);
}

/* An entry that was read, and its message not taken: nobody began it, so it is sent once, to be
 * sure, and not charged. What was withdrawn while it was taken leaves nothing behind. */
static void test_takeover_of_what_was_not_begun(void **state)
{
    struct outbox_fixture *scene = *state;
    outbox_fixture_put(scene, "read", "marketing", "hold");
    outbox_fixture_put(scene, "gone", "marketing", "hold");
    redis_fixture_ask(&scene->redis, "XREADGROUP GROUP nudged dead:5 STREAMS %s >",
                      "t:outbox:email:marketing");
    redis_fixture_ask(&scene->redis, "DEL t:message:gone");
    redis_fixture_ask(&scene->redis, "HSET t:gone dead:5 1");
    struct outbox_fixture_swept swept = outbox_fixture_sweep(scene, scene->others);
    assert_int_equal(swept.swept.resent + swept.swept.uncertain, 0);
    outbox_fixture_assert_idle(scene);
    assert_redis(&scene->redis, "1", "XLEN t:outbox:email:marketing");
    struct outbox_fixture_taken taken = outbox_fixture_take(scene, 3);
    assert_string_equal(taken.text, "read");
    assert_int_equal(taken.attempts, 0);
    assert_string_equal(taken.gateway, "");
}

/* What a daemon had before its connection was lost, and has no more, is uncertain; what it took
 * since is in its hand, and what others have is theirs. */
static void test_forgotten_settlement(void **state)
{
    struct outbox_fixture *scene = *state;
    outbox_fixture_put(scene, "old", "marketing", "hold");
    assert_string_equal(outbox_fixture_take(scene, 1).text, "old");
    outbox_fixture_put(scene, "begun", "transactional", "resend");
    redis_fixture_ask(&scene->redis, "DEL t:outbox:email:transactional");
    redis_fixture_ask(&scene->redis, "HSET t:message:begun state taken owner %s entry - take 1",
                      instance_consumer(scene->store.instance));
    char since[96];
    snprintf(since, sizeof since, "1 %s", instance_consumer(scene->store.instance));
    redis_fixture_ask(&scene->redis, "HSET t:begun:email:transactional begun %s", since);
    assert_int_equal(outbox_fixture_sweep(scene, scene->outbox).swept.uncertain, 0);
    outbox_note_loss(scene->outbox);
    outbox_fixture_put(scene, "new", "marketing", "hold");
    assert_string_equal(outbox_fixture_take(scene, 1).text, "new");
    outbox_note_loss(scene->others);
    assert_int_equal(outbox_fixture_sweep(scene, scene->others).swept.uncertain, 0);
    const struct outbox_swept swept = outbox_fixture_sweep(scene, scene->outbox).swept;
    assert_int_equal(swept.uncertain, 1);
    assert_int_equal(swept.resent, 1);
    assert_redis(&scene->redis, "uncertain", "HGET t:message:old state");
    assert_redis(&scene->redis, "queued", "HGET t:message:begun state");
    assert_redis(&scene->redis, "taken", "HGET t:message:new state");
    assert_redis(&scene->redis, "0", "EXISTS t:begun:email:transactional");
    assert_int_equal(outbox_fixture_sweep(scene, scene->outbox).swept.uncertain, 0);
}

/* A record of another type is a dead letter where it was met, and what is not ours stays. Others
 * go on. */
static void assert_spoilt(struct outbox_fixture *scene, const char *mid)
{
    char wanted[64];
    snprintf(wanted, sizeof wanted, "reason not-whole detail what Redis had of it");
    const char *const letter = redis_fixture_ask(&scene->redis, "XREVRANGE t:dead + - COUNT 1");
    assert_non_null(strstr(letter, wanted));
    snprintf(wanted, sizeof wanted, "mid %s ", mid);
    assert_non_null(strstr(letter, wanted));
    assert_redis(&scene->redis, "text", "GET t:message:%s", mid);
    redis_fixture_ask(&scene->redis, "DEL t:message:%s", mid);
}

static void spoil(struct outbox_fixture *scene, const char *mid)
{
    redis_fixture_ask(&scene->redis, "SET t:message:%s text", mid);
}

static void test_spoilt_before_it_is_taken(void **state)
{
    struct outbox_fixture *scene = *state;
    outbox_fixture_put_many(scene, 4, "marketing");
    spoil(scene, "marketing1");
    redis_fixture_ask(&scene->redis, "HSET t:message:marketing2 state no_such_state");
    struct outbox_fixture_taken taken = outbox_fixture_take(scene, 5);
    assert_string_equal(taken.text, "marketing0 marketing3");
    assert_int_equal(taken.buried, 2);
    assert_redis(&scene->redis, "2", "XLEN t:dead");
    assert_redis(&scene->redis, "0", "EXISTS t:message:marketing2");
    assert_redis(&scene->redis, "2", "XLEN t:outbox:email:marketing");
}

static void test_spoilt_in_hand(void **state)
{
    static const enum outbox_verdict verdicts[] = {OUTBOX_LATER, OUTBOX_HOLD, OUTBOX_RELEASE,
                                                   OUTBOX_DEAD};
    struct outbox_fixture *scene = *state;
    outbox_fixture_put_many(scene, 6, "marketing");
    struct outbox_fixture_taken taken = outbox_fixture_take(scene, 6);
    struct outbox_result results[6];
    for (size_t i = 0; i < 6; i++)
        results[i] = outbox_fixture_result_of(&taken, i, i < 4 ? verdicts[i] : OUTBOX_DONE);
    for (size_t i = 0; i < 5; i++)
        spoil(scene, taken.mids[i]);
    assert_string_equal(outbox_fixture_settle(scene, scene->outbox, results, 6), "4 4 4 4 4 1");
    assert_string_equal(outbox_fixture_settle(scene, scene->outbox, results, 6), "0 0 0 0 0 0");
    assert_redis(&scene->redis, "4", "XLEN t:dead"); /* not of the one that was sent */
    assert_spoilt(scene, "marketing3");
    assert_redis(&scene->redis, "0", "XLEN t:outbox:email:marketing");
    assert_redis(&scene->redis, "0", "EXISTS t:later t:uncertain");
}

/* A field that is no number, and a trace that is no list. */
static void test_spoilt_fields(void **state)
{
    struct outbox_fixture *scene = *state;
    outbox_fixture_put_many(scene, 2, "marketing");
    struct outbox_fixture_taken taken = outbox_fixture_take(scene, 2);
    struct outbox_result results[2] = {outbox_fixture_result_of(&taken, 0, OUTBOX_LATER),
                                       outbox_fixture_result_of(&taken, 1, OUTBOX_LATER)};
    results[0].charge = results[1].charge = true;
    results[0].trace = "{}";
    redis_fixture_ask(&scene->redis, "HSET t:message:marketing0 attempts many");
    redis_fixture_ask(&scene->redis, "SET t:trace:id:7 text");
    assert_string_equal(outbox_fixture_settle(scene, scene->outbox, results, 2), "1 1");
    assert_redis(&scene->redis, "[later 1]", "HMGET t:message:marketing0 state attempts");
    assert_redis(&scene->redis, "[later 1]", "HMGET t:message:marketing1 state attempts");
}

static void test_spoilt_while_it_waits(void **state)
{
    struct outbox_fixture *scene = *state;
    outbox_fixture_put_many(scene, 2, "marketing");
    struct outbox_fixture_taken taken = outbox_fixture_take(scene, 2);
    struct outbox_result results[2] = {outbox_fixture_result_of(&taken, 0, OUTBOX_LATER),
                                       outbox_fixture_result_of(&taken, 1, OUTBOX_LATER)};
    results[0].at_ms = results[1].at_ms = 1;
    assert_string_equal(outbox_fixture_settle(scene, scene->outbox, results, 2), "1 1");
    spoil(scene, "marketing0");
    struct outbox_fixture_swept swept = outbox_fixture_sweep(scene, scene->outbox);
    assert_string_equal(swept.code, "");
    assert_int_equal(swept.swept.buried, 1);
    assert_spoilt(scene, "marketing0");
    assert_string_equal(outbox_fixture_take(scene, 2).text, "marketing1");
}

static void test_spoilt_under_a_dead_daemon(void **state)
{
    struct outbox_fixture *scene = *state;
    outbox_fixture_put_many(scene, 3, "marketing");
    assert_int_equal(outbox_fixture_take(scene, 3).count, 3);
    spoil(scene, "marketing1");
    redis_fixture_ask(&scene->redis, "HSET t:message:marketing2 attempts many");
    store_fixture_lapse(&scene->store);
    struct outbox_fixture_swept swept = outbox_fixture_sweep(scene, scene->others);
    assert_string_equal(swept.code, "");
    assert_int_equal(swept.swept.uncertain, 2);
    assert_int_equal(swept.swept.buried, 1);
    assert_spoilt(scene, "marketing1");
    assert_redis(&scene->redis, "1", "HGET t:message:marketing2 attempts");
    outbox_fixture_assert_idle(scene);
}

/* The group is destroyed while messages are being sent, and made again from the beginning. */
static void test_group_destroyed(void **state)
{
    struct outbox_fixture *scene = *state;
    outbox_fixture_put(scene, "mine", "marketing", "hold");
    outbox_fixture_put(scene, "dead", "marketing", "hold");
    outbox_fixture_put(scene, "free", "marketing", "hold");
    struct outbox_fixture_taken mine = outbox_fixture_take(scene, 1);
    outbox_fixture_take_with(scene, scene->others, "main", 1, (struct outbox_rate){0});
    redis_fixture_ask(&scene->redis, "XGROUP DESTROY t:outbox:email:marketing nudged");
    store_fixture_lapse(&scene->other);

    assert_string_equal(outbox_fixture_take(scene, 5).text, "free"); /* not `mine` a second time */
    assert_int_equal(outbox_fixture_sweep(scene, scene->outbox).swept.uncertain, 1);
    assert_redis(&scene->redis, "uncertain", "HGET t:message:dead state");
    assert_redis(&scene->redis, "[dead]", "ZRANGE t:uncertain 0 -1");
    struct outbox_result done = outbox_fixture_result_of(&mine, 0, OUTBOX_DONE);
    assert_string_equal(outbox_fixture_settle(scene, scene->outbox, &done, 1), "1");
    assert_redis(&scene->redis, "1", "XLEN t:outbox:email:marketing");
}

/* Destroyed, and its owner lives elsewhere: the entry is its owner's again, and is claimed from
 * it when it dies. */
static void test_group_destroyed_under_another(void **state)
{
    struct outbox_fixture *scene = *state;
    outbox_fixture_put(scene, "theirs", "marketing", "hold");
    outbox_fixture_take_with(scene, scene->others, "main", 1, (struct outbox_rate){0});
    redis_fixture_ask(&scene->redis, "XGROUP DESTROY t:outbox:email:marketing nudged");
    assert_string_equal(outbox_fixture_take(scene, 5).text, "");
    assert_redis(&scene->redis, "taken", "HGET t:message:theirs state");
    store_fixture_lapse(&scene->other);
    assert_int_equal(outbox_fixture_sweep(scene, scene->outbox).swept.uncertain, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, outbox_fixture_open, outbox_fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_take_of_a_broken_message),
        TEST(test_settlement_of_a_broken_message),
        TEST(test_retry_of_a_broken_message),
        TEST(test_settlement_of_a_deleted_message),
        TEST(test_takeover),
        TEST(test_takeover_by_epoch),
        TEST(test_takeover_waits),
        TEST(test_takeover_of_one_that_was_killed),
        TEST(test_takeover_of_very_many),
        TEST(test_takeover_of_what_was_not_begun),
        TEST(test_forgotten_settlement),
        TEST(test_spoilt_before_it_is_taken),
        TEST(test_spoilt_in_hand),
        TEST(test_spoilt_fields),
        TEST(test_spoilt_while_it_waits),
        TEST(test_spoilt_under_a_dead_daemon),
        TEST(test_group_destroyed),
        TEST(test_group_destroyed_under_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
