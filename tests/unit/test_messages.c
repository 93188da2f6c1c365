/* Messages that are not sent yet, as nudgectl reads them and has its word on them (by_hand.lua). */
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

struct heard {
    int most, count;
    char text[1024]; /* "m1=queued m2=later" */
};

static bool on_item(void *context, const struct messages_item *item)
{
    struct heard *heard = context;
    size_t length = strlen(heard->text);
    snprintf(heard->text + length, sizeof heard->text - length, "%s%s=%s", length ? " " : "",
             item->mid, messages_field(item, "state"));
    return ++heard->count < heard->most;
}

static const char *walked(struct outbox_fixture *scene, bool held, int most)
{
    static struct heard heard;
    static struct diag diag;
    struct session *session = redis_fixture_session(&scene->redis);
    heard = (struct heard){.most = most};
    bool good = held ? messages_walk_uncertain(session, "t", on_item, &heard, &diag)
                     : messages_walk_outbox(session, "t", on_item, &heard, &diag);
    session_close(&session);
    return good ? heard.text : diag.code;
}

static void settle_as(struct outbox_fixture *scene, enum outbox_verdict verdict)
{
    outbox_fixture_take_and_settle(scene, verdict);
}

static void test_walk(void **state)
{
    struct outbox_fixture *scene = *state;
    redis_fixture_ask(&scene->redis, "SADD t:channels sms email gone");
    outbox_fixture_put(scene, "m1", "marketing", "hold");
    settle_as(scene, OUTBOX_LATER);
    outbox_fixture_put(scene, "m2", "marketing", "hold");
    settle_as(scene, OUTBOX_HOLD);
    outbox_fixture_put(scene, "m3", "marketing", "hold");
    outbox_fixture_take(scene, 1);
    outbox_fixture_put(scene, "m4", "marketing", "hold");
    outbox_fixture_put(scene, "m5", "transactional", "hold");
    outbox_fixture_put(scene, "m6", "transactional", "hold");
    redis_fixture_ask(&scene->redis, "DEL t:message:m6"); /* withdrawn */
    redis_fixture_ask(&scene->redis, "ZADD t:later 5 no-message");
    assert_string_equal(walked(scene, false, 99), "m5=queued m3=taken m4=queued m1=later");
    assert_string_equal(walked(scene, false, 2), "m5=queued m3=taken");
    assert_string_equal(walked(scene, true, 99), "m2=uncertain");
    redis_fixture_ask(&scene->redis, "SET t:message:m5 x");
    redis_fixture_ask(&scene->redis, "HSET t:body:m4 x y");
    assert_string_equal(walked(scene, false, 99), "m3=taken m4=queued m1=later");
    redis_fixture_ask(&scene->redis, "DEL t:uncertain");
    redis_fixture_ask(&scene->redis, "SET t:uncertain x");
    assert_string_equal(walked(scene, true, 99), "redis-wrongtype");
}

/* More of one time than a page has, and a stream of more than a page. */
static void test_pages(void **state)
{
    struct outbox_fixture *scene = *state;
    redis_fixture_ask(&scene->redis, "SADD t:channels email");
    redis_fixture_ask(
        &scene->redis, "EVAL %s 0",
        "for i = 1, 1000 do local m = 'x' .. i redis.call('HSET', 't:message:' .. m, 'state', "
        "i <= 450 and 'queued' or 'later') if i <= 450 then redis.call('XADD', "
        "'t:outbox:email:marketing', '*', 'mid', m) else redis.call('ZADD', 't:later', i < 960 and "
        "5 "
        "or i, m) end end");
    struct heard heard = {.most = 2000};
    struct session *session = redis_fixture_session(&scene->redis);
    struct diag diag = {0};
    assert_true(messages_walk_outbox(session, "t", on_item, &heard, &diag));
    assert_int_equal(heard.count, 1000);
    session_close(&session);
}

static enum messages_verdict say(struct outbox_fixture *scene, const char *mid,
                                 struct messages_word word)
{
    struct session *session = redis_fixture_session(&scene->redis);
    enum messages_verdict verdict = MESSAGES_VERDICTS;
    struct diag diag = {0};
    word.trace_keep_ms = 1000000;
    if (!messages_settle(session, "t", &word, &mid, 1, &verdict, &diag))
        print_message("%s\n", diag.text);
    session_close(&session);
    return verdict;
}

static const struct messages_word retry = {0}, drop = {.drop = true},
                                  retry_held = {.is_held = true},
                                  drop_held = {.is_held = true, .drop = true};

static void test_retry(void **state)
{
    struct outbox_fixture *scene = *state;
    outbox_fixture_put(scene, "m1", "marketing", "hold");
    assert_int_equal(say(scene, "m1", retry), MESSAGES_QUEUED);
    assert_int_equal(say(scene, "none", retry), MESSAGES_GONE);
    assert_int_equal(say(scene, "m1", retry_held), MESSAGES_GONE);
    struct outbox_fixture_taken taken = outbox_fixture_take(scene, 1);
    assert_int_equal(say(scene, "m1", retry), MESSAGES_TAKEN);
    struct outbox_result result = outbox_fixture_result_of(&taken, 0, OUTBOX_LATER);
    outbox_fixture_settle(scene, scene->outbox, &result, 1);
    redis_fixture_ask(&scene->redis, "HSET t:message:m1 hash h said s topic news");
    static const struct {
        const char *command, *after;
        enum messages_verdict verdict;
    } rows[] = {{"HSET t:suppressed h x", "DEL t:suppressed", MESSAGES_SUPPRESSED},
                {"HSET t:said s -5=news", "DEL t:said", MESSAGES_UNSUBSCRIBED},
                {"HSET t:message:m1 mark until", "HDEL t:message:m1 mark", MESSAGES_WITHDRAWN},
                {"SET t:dead x", "DEL t:dead", MESSAGES_VERDICTS}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        redis_fixture_ask(&scene->redis, rows[i].command);
        assert_int_equal(say(scene, "m1", retry), rows[i].verdict);
        assert_redis(&scene->redis, "4000000000000", "ZSCORE t:later m1");
        redis_fixture_ask(&scene->redis, rows[i].after);
    }
    struct messages_word dry = retry;
    dry.dry = true;
    assert_int_equal(say(scene, "m1", dry), MESSAGES_DONE);
    assert_redis(&scene->redis, "4000000000000", "ZSCORE t:later m1");
    assert_int_equal(say(scene, "m1", retry), MESSAGES_DONE);
    assert_int_equal(say(scene, "m1", retry), MESSAGES_DONE);
    outbox_fixture_sweep(scene, scene->outbox);
    assert_string_equal(outbox_fixture_take(scene, 1).text, "m1");
}

/* Its place is free where nobody can have got it; what stands in the outbox is passed over. */
static void test_drop(void **state)
{
    struct outbox_fixture *scene = *state;
    outbox_fixture_put(scene, "m1", "marketing", "hold");
    struct messages_word dry = drop;
    dry.dry = true;
    assert_int_equal(say(scene, "m1", dry), MESSAGES_DONE);
    assert_redis(&scene->redis, "0", "XLEN t:dead");
    assert_int_equal(say(scene, "m1", drop), MESSAGES_DONE);
    assert_int_equal(say(scene, "m1", drop), MESSAGES_GONE);
    assert_redis(&scene->redis, "1", "XLEN t:dead");
    assert_non_null(strstr(redis_fixture_ask(&scene->redis, "XRANGE t:events - +"),
                           "\"type\":\"message.withdrawn\""));
    assert_non_null(strstr(redis_fixture_ask(&scene->redis, "LRANGE t:trace:id:7 0 -1"),
                           "\"what\":\"dropped\",\"why\":\"by hand\",\"mid\":\"m1\""));
    redis_fixture_ask(&scene->redis, "DEL t:events");
    outbox_fixture_put(scene, "m2", "marketing", "hold");
    settle_as(scene, OUTBOX_RESEND); /* it may have arrived */
    assert_int_equal(say(scene, "m2", drop), MESSAGES_DONE);
    assert_redis(&scene->redis, "0", "XLEN t:events");
    assert_redis(&scene->redis, "0", "ZCARD t:later");
    assert_string_equal(outbox_fixture_take(scene, 1).text, "");
    assert_redis(&scene->redis, "0", "XLEN t:outbox:email:marketing");
}

/* In a sender's hand it ends when it comes back undelivered. */
static void test_drop_of_the_taken(void **state)
{
    struct outbox_fixture *scene = *state;
    outbox_fixture_put(scene, "m1", "marketing", "hold");
    struct outbox_fixture_taken taken = outbox_fixture_take(scene, 1);
    assert_int_equal(say(scene, "m1", drop), MESSAGES_MARKED);
    assert_int_equal(say(scene, "m1", drop), MESSAGES_MARKED);
    struct outbox_result result = outbox_fixture_result_of(&taken, 0, OUTBOX_LATER);
    assert_string_equal(outbox_fixture_settle(scene, scene->outbox, &result, 1), "3");
    assert_redis(&scene->redis, "0", "EXISTS t:message:m1 t:later");
    assert_redis(&scene->redis, "0", "XLEN t:dead");
    assert_redis(&scene->redis, "1", "XLEN t:events");
}

static void test_held(void **state)
{
    struct outbox_fixture *scene = *state;
    for (int i = 1; i <= 3; i++) {
        char mid[16];
        snprintf(mid, sizeof mid, "m%d", i);
        outbox_fixture_put(scene, mid, "marketing", "hold");
        settle_as(scene, OUTBOX_HOLD);
    }
    redis_fixture_ask(&scene->redis, "HSET t:message:m1 hash h");
    redis_fixture_ask(&scene->redis, "HSET t:suppressed h x");
    assert_int_equal(say(scene, "m1", retry_held), MESSAGES_SUPPRESSED);
    redis_fixture_ask(&scene->redis, "DEL t:suppressed");
    assert_int_equal(say(scene, "m1", retry), MESSAGES_GONE); /* not of the outbox */
    assert_int_equal(say(scene, "m1", retry_held), MESSAGES_DONE);
    assert_redis(&scene->redis, "[queued 1]", "HMGET t:message:m1 state bound");
    redis_fixture_ask(&scene->redis, "HSET t:message:m2 mark until");
    assert_int_equal(say(scene, "m2", retry_held), MESSAGES_WITHDRAWN);
    assert_redis(&scene->redis, "0", "EXISTS t:message:m2");
    assert_int_equal(say(scene, "m3", drop_held), MESSAGES_DONE);
    assert_redis(&scene->redis, "0", "ZCARD t:uncertain");
    assert_redis(&scene->redis, "0", "XLEN t:events");
    assert_non_null(strstr(redis_fixture_ask(&scene->redis, "XRANGE t:dead - +"),
                           "detail it was uncertain, and dropped by hand"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, outbox_fixture_open, outbox_fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_walk),
                                       TEST(test_pages),
                                       TEST(test_retry),
                                       TEST(test_drop),
                                       TEST(test_drop_of_the_taken),
                                       TEST(test_held)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
