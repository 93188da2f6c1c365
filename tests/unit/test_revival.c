/* Dead letters that go back (revive.lua), as nudgectl asks for it and as the daemon does. */
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
#include "store/revival.h"

#define BODY                                                                                  \
    "{\"rule\":\"r\",\"template\":\"t\",\"to\":\"a@b.example\",\"decided\":1000,\"expires\":" \
    "61000}"

static const struct revival_terms by_hand = {.wait_ms = 2000, .anew = true, .word = "by hand"};

/* A message that was taken and has become a dead letter, whose id is outbox_fixture_letter(). */
static void bury(struct outbox_fixture *scene, const char *class_)
{
    char mid[32];
    snprintf(mid, sizeof mid, "%s0", class_);
    outbox_fixture_put_many(scene, 1, class_);
    redis_fixture_ask(&scene->redis, "HSET t:message:%s hash h said s topic news domain b.example",
                      mid);
    redis_fixture_ask(&scene->redis, "HDEL t:message:%s body", mid);
    redis_fixture_ask(&scene->redis, "SET t:body:%s %s", mid, BODY);
    struct outbox_fixture_taken taken = outbox_fixture_take(scene, 1);
    struct outbox_result result = outbox_fixture_result_of(&taken, 0, OUTBOX_DEAD);
    result.reason = "refused";
    result.detail = "554 no";
    assert_int_equal(taken.count, 1);
    assert_string_equal(outbox_fixture_settle(scene, scene->outbox, &result, 1), "1");
    assert_string_not_equal(outbox_fixture_letter(), "");
}

static enum revival_verdict retry_with(struct outbox_fixture *scene,
                                       const struct revival_letter *letter,
                                       const struct revival_terms *terms)
{
    struct session *session = redis_fixture_session(&scene->redis);
    enum revival_verdict verdict = REVIVAL_VERDICTS;
    struct diag diag = {0};
    if (!revival_retry(session, "t", terms, letter, 1, &verdict, &diag))
        print_message("%s\n", diag.text);
    session_close(&session);
    return verdict;
}

static enum revival_verdict retry(struct outbox_fixture *scene, const char *id)
{
    return retry_with(scene, &(struct revival_letter){.id = id}, &by_hand);
}

/* All that the message had, with its time anew; and the letter is gone. */
static void test_message(void **state)
{
    struct outbox_fixture *scene = *state;
    bury(scene, "marketing");
    const char *letter = redis_fixture_ask(&scene->redis, "XRANGE t:dead %s %s",
                                           outbox_fixture_letter(), outbox_fixture_letter());
    assert_non_null(strstr(letter, "topic news on_uncertain hold hash h said s domain b.example "
                                   "give_up 4700000000001 gateway main body {"));
    int64_t now_ms = outbox_fixture_take(scene, 1).now_ms;
    assert_int_equal(retry(scene, outbox_fixture_letter()), REVIVAL_DONE);
    assert_redis(&scene->redis, "0", "XLEN t:dead");
    assert_redis(
        &scene->redis, "[later id:7 email marketing news hold h s b.example main 0 (nil) (nil)]",
        "HMGET t:message:marketing0 state customer channel class topic on_uncertain hash said "
        "domain gateway attempts owner entry");
    assert_redis(&scene->redis, BODY, "GET t:body:marketing0");
    int64_t give_up = atoll(redis_fixture_ask(&scene->redis, "HGET t:message:marketing0 give_up"));
    int64_t at = atoll(redis_fixture_ask(&scene->redis, "ZSCORE t:later marketing0"));
    assert_in_range(give_up, now_ms + 60000, now_ms + 80000);
    assert_in_range(at, now_ms + 2000, now_ms + 22000);
    assert_int_equal(give_up - at, 58000);

    /* Run again, as when the answer was lost: it is gone. */
    assert_int_equal(retry(scene, outbox_fixture_letter()), REVIVAL_GONE);
    assert_redis(&scene->redis, "1", "XLEN t:events");
    assert_int_equal(retry(scene, "no-id"), REVIVAL_GONE);

    /* Due as it is, it waits for its event to be decided. */
    redis_fixture_ask(&scene->redis, "ZADD t:later 1 marketing0");
    outbox_fixture_sweep(scene, scene->outbox);
    assert_redis(&scene->redis, "later", "HGET t:message:marketing0 state");
    redis_fixture_ask(&scene->redis, "DEL t:events");
    redis_fixture_ask(&scene->redis, "ZADD t:later 1 marketing0");
    outbox_fixture_sweep(scene, scene->outbox);
    assert_string_equal(outbox_fixture_take(scene, 1).text, "marketing0");
}

/* What deciding is told. */
static void test_event(void **state)
{
    struct outbox_fixture *scene = *state;
    bury(scene, "transactional");
    retry(scene, outbox_fixture_letter());
    const char *event = redis_fixture_ask(&scene->redis, "XRANGE t:events - +");
    char id[96];
    snprintf(id, sizeof id, "\"id\":\"transactional0.requeued.%s\"", outbox_fixture_letter());
    const char *const parts[] = {id,
                                 "\"type\":\"message.requeued\"",
                                 "\"source\":\"nudged\"",
                                 "\"customer\":{\"key\":\"id:7\"}",
                                 "\"reason\":\"by hand\"",
                                 "\"class\":\"transactional\"",
                                 "\"topic\":\"news\"",
                                 "\"decided\":1000",
                                 "\"body\":\"{\\\"rule\\\":\\\"r\\\""};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!strstr(event, parts[i]))
            fail_msg("%s is not in %s", parts[i], event);
}

/* Each keeps the letter where it is, and writes nothing. */
static void test_objections(void **state)
{
    static const struct {
        const char *command; /* before it is tried */
        enum revival_verdict verdict;
        const char *after; /* undoes it */
    } cases[] = {
        {"HSET t:suppressed h x", REVIVAL_SUPPRESSED, "DEL t:suppressed"},
        {"HSET t:said s -5=news", REVIVAL_UNSUBSCRIBED, "DEL t:said"},
        {"HSET t:said s -5", REVIVAL_UNSUBSCRIBED, "DEL t:said"},
        {"HSET t:said s !1000=00", REVIVAL_ERASED, "DEL t:said"},
        {"SET t:message:marketing0 x", REVIVAL_WAITS, "DEL t:message:marketing0"},
        {"SET t:body:marketing0 x", REVIVAL_WAITS, "DEL t:body:marketing0"},
        {"SET t:later x", REVIVAL_VERDICTS, "DEL t:later"},
        {"SET t:due x", REVIVAL_VERDICTS, "DEL t:due"},
    };
    struct outbox_fixture *scene = *state;
    bury(scene, "marketing");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        redis_fixture_ask(&scene->redis, cases[i].command);
        assert_int_equal(retry(scene, outbox_fixture_letter()), cases[i].verdict);
        assert_redis(&scene->redis, "1", "XLEN t:dead");
        assert_redis(&scene->redis, "0", "XLEN t:events");
        redis_fixture_ask(&scene->redis, cases[i].after);
        assert_redis(&scene->redis, "0", "EXISTS t:message:marketing0 t:body:marketing0 t:later");
    }
    const struct revival_terms same = {.word = "gateway suspected"};
    redis_fixture_ask(&scene->redis, "HSET t:said s -5=other\n!999=00");
    assert_int_equal(
        retry_with(scene, &(struct revival_letter){.id = outbox_fixture_letter()}, &same),
        REVIVAL_DONE);
    assert_redis(&scene->redis, "4700000000001", "HGET t:message:marketing0 give_up");
}

static const char *add(struct outbox_fixture *scene, const char *fields)
{
    char command[512];
    snprintf(command, sizeof command, "return redis.call('XADD', 't:dead', '*', %s)", fields);
    return redis_fixture_ask(&scene->redis, "EVAL %s 0", command);
}

#define OLD \
    "'kind', 'message', 'reason', 'refused', 'detail', 'x', 'customer', 'id:7', 'mid', 'm', "

/* One of a former program has no more than this: what the body has, and what the caller knows. */
static void test_former_program(void **state)
{
    struct outbox_fixture *scene = *state;
    const char *id = add(scene, OLD "'channel', 'email', 'class', 'marketing', 'body', '" BODY "'");
    const struct revival_letter letter = {.id = id, .hash = "h", .said = "s"};
    redis_fixture_ask(&scene->redis, "HSET t:said s -5=other");
    assert_int_equal(retry_with(scene, &letter, &by_hand),
                     REVIVAL_UNSUBSCRIBED); /* its topic is not known */
    redis_fixture_ask(&scene->redis, "DEL t:said");
    assert_int_equal(retry_with(scene, &letter, &by_hand), REVIVAL_DONE);
    assert_redis(&scene->redis, "[later hold h s (nil) (nil)]",
                 "HMGET t:message:m state on_uncertain hash said topic gateway");
}

static void test_broken(void **state)
{
    static const struct {
        const char *fields;
        enum revival_verdict verdict;
    } cases[] = {
        {OLD "'channel', 'email', 'class', 'marketing', 'body', 'x'", REVIVAL_BROKEN},
        {OLD "'channel', 'email', 'class', 'marketing'", REVIVAL_BROKEN},
        {OLD "'channel', 'email', 'class', 'else', 'body', '" BODY "'", REVIVAL_BROKEN},
        {OLD "'channel', '', 'class', 'marketing', 'body', '" BODY "'", REVIVAL_BROKEN},
        {OLD "'channel', 'email', 'class', 'marketing', 'mark', 'until', 'body', '" BODY "'",
         REVIVAL_WITHDRAWN},
        {"'kind', 'journey', 'body', '{}'", REVIVAL_NEVER},
        {"'some', 'thing'", REVIVAL_NEVER},
        {"'kind', 'event', 'body', ''", REVIVAL_BROKEN},
        {"'kind', 'timer', 'customer', ''", REVIVAL_BROKEN},
        {"'kind', 'timer', 'customer', 'id:7'", REVIVAL_NOBODY},
    };
    struct outbox_fixture *scene = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(retry(scene, add(scene, cases[i].fields)), cases[i].verdict);
    assert_redis(&scene->redis, "10", "XLEN t:dead");
    assert_redis(&scene->redis, "0", "EXISTS t:message:m t:body:m t:later t:due");
    assert_redis(&scene->redis, "0", "XLEN t:events");
    const struct revival_terms same = {.word = ""};
    const char *id = add(
        scene, OLD "'channel', 'email', 'class', 'marketing', 'give_up', '5', 'body', '" BODY "'");
    assert_int_equal(retry_with(scene, &(struct revival_letter){.id = id}, &same), REVIVAL_LATE);
}

static void test_other_kinds(void **state)
{
    struct outbox_fixture *scene = *state;
    const char *raw = add(scene, "'kind', 'event', 'body', 'any\\255'");
    assert_int_equal(retry(scene, raw), REVIVAL_DONE);
    const char *other = add(scene, "'kind', 'event', 'body', '{}'");
    assert_int_equal(
        retry_with(scene, &(struct revival_letter){.id = other, .instead = slice_of("{\"a\":1}")},
                   &by_hand),
        REVIVAL_DONE);
    const char *pushed = redis_fixture_ask(&scene->redis, "XRANGE t:events - +");
    assert_non_null(strstr(pushed, "[event any\xff]"));
    assert_non_null(strstr(pushed, "[event {\"a\":1}]"));
    for (int key = 7; key <= 9; key++) {
        char command[64];
        snprintf(command, sizeof command, "SET t:customer:id:%d {}", key);
        redis_fixture_ask(&scene->redis, command);
    }
    redis_fixture_ask(&scene->redis, "ZADD t:due 5 id:8 9999999999999 id:9");
    for (int key = 7; key <= 9; key++) {
        char fields[64];
        snprintf(fields, sizeof fields, "'kind', 'timer', 'customer', 'id:%d'", key);
        assert_int_equal(retry(scene, add(scene, fields)), REVIVAL_DONE);
    }
    assert_redis(&scene->redis, "5", "ZSCORE t:due id:8");
    int64_t now_ms = outbox_fixture_take(scene, 1).now_ms;
    assert_in_range(atoll(redis_fixture_ask(&scene->redis, "ZSCORE t:due id:7")), now_ms - 20000,
                    now_ms);
    assert_in_range(atoll(redis_fixture_ask(&scene->redis, "ZSCORE t:due id:9")), now_ms - 20000,
                    now_ms);
    assert_redis(&scene->redis, "0", "XLEN t:dead");
}

/* ---- By the daemon ---- */

struct heard {
    bool done;
    char text[64];
};

static void on_done(void *context, const struct diag *fault, const enum revival_verdict *verdicts,
                    size_t count)
{
    struct heard *heard = context;
    heard->done = true;
    if (fault)
        snprintf(heard->text, sizeof heard->text, "%s", fault->code);
    for (size_t i = 0; i < count; i++)
        snprintf(heard->text + 2 * i, sizeof heard->text - 2 * i, "%d ", verdicts[i]);
}

static const char *start(struct outbox_fixture *scene, struct heard *heard, const char *const *ids,
                         size_t count)
{
    static const struct revival_terms terms = {.wait_ms = 0, .word = "gateway suspected"};
    struct connection_owner owner = {0};
    *heard = (struct heard){0};
    revival_start(scene->store.scripts, &owner, &terms, ids, count, on_done, heard);
    assert_false(heard->done);
    redis_fixture_run(&scene->redis, &heard->done);
    return heard->text;
}

static void test_daemon(void **state)
{
    struct outbox_fixture *scene = *state;
    struct heard heard;
    bury(scene, "marketing");
    const char *const ids[] = {"1-1", outbox_fixture_letter()};
    assert_string_equal(start(scene, &heard, ids, 2), "1 0 ");
    assert_redis(&scene->redis, "4700000000001", "HGET t:message:marketing0 give_up");
    redis_fixture_ask(&scene->redis, "DEL t:said");
    redis_fixture_ask(&scene->redis, "SET t:said x");
    assert_string_equal(start(scene, &heard, ids, 2), "redis-wrongkey");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, outbox_fixture_open, outbox_fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_message),        TEST(test_event),  TEST(test_objections),
        TEST(test_former_program), TEST(test_broken), TEST(test_other_kinds),
        TEST(test_daemon),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
