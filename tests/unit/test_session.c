/* The synchronous client. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "redis/session.h"
#include "redis_fixture.h"

struct counted {
    int good, bad;
};

static void count(void *context, const struct reply *reply, const struct diag *fault)
{
    struct counted *counted = context;
    assert_true(!reply == !!fault);
    if (reply && reply->kind != REPLY_ERROR)
        counted->good++;
    else
        counted->bad++;
}

static void test_all(void **state)
{
    struct redis_fixture redis;
    struct arena *arena = arena_new(256);
    struct endpoint endpoint;
    struct diag diag;
    struct counted counted = {0};
    (void)state;
    redis_fixture_open(&redis, NULL);
    assert_true(endpoint_parse(arena, redis.url, &endpoint, &diag));
    struct session *session = session_open(&endpoint, 5000, &diag);
    assert_non_null(session);

    const struct reply *reply = session_command(session, &diag, "ECHO", "word", NULL);
    assert_string_equal(reply_text(reply), "word");
    assert_null(session_command(session, &diag, "INCR", NULL));
    assert_string_equal(diag.code, "redis-err");
    session_command(session, &diag, "RPUSH", "list", "a", "b", NULL);
    reply = session_command(session, &diag, "LRANGE", "list", "0", "-1", NULL);
    assert_int_equal(reply->count, 2);
    assert_string_equal(reply_text(reply_item(reply, 1)), "b");

    for (int i = 0; i < 1000; i++) {
        const char *argv[] = {i % 10 ? "INCR" : "INCRNOT", "n"};
        session_push(session, 2, argv, NULL, count, &counted);
        session_drain(session, 100);
        assert_true(counted.good + counted.bad >= i + 1 - 100);
    }
    session_drain(session, 0);
    assert_int_equal(counted.good, 900);
    assert_int_equal(counted.bad, 100);
    assert_redis(&redis, "900", "GET n");

    redis_fixture_end(&redis, SIGKILL);
    assert_null(session_command(session, &diag, "PING", NULL));
    assert_string_equal(diag.code, "redis-lost");
    session_push(session, 1, (const char *const[]){"PING"}, NULL, count, &counted);
    session_drain(session, 0);
    assert_int_equal(counted.bad, 101);
    session_push(session, 1, (const char *const[]){"PING"}, NULL, count, &counted);
    session_close(&session); /* with one under way */
    session_close(&session);

    assert_null(session_open(&endpoint, 5000, &diag));
    assert_non_null(strstr(diag.text, "redis.sock"));
    arena_destroy(&arena);
    redis_fixture_close(&redis);
}

/* A server that does not answer: the deadline of the opening. */
static void test_deadline(void **state)
{
    struct redis_fixture redis;
    struct arena *arena = arena_new(256);
    struct endpoint endpoint;
    struct diag diag;
    (void)state;
    redis_fixture_open(&redis, NULL);
    assert_true(endpoint_parse(arena, redis.url, &endpoint, &diag));
    redis_fixture_signal(&redis, SIGSTOP);
    int64_t begin = clock_monotonic_ms();
    assert_null(session_open(&endpoint, 150, &diag));
    assert_true(clock_monotonic_ms() - begin >= 140);
    assert_string_equal(diag.code, "redis-timeout");
    redis_fixture_signal(&redis, SIGCONT);
    arena_destroy(&arena);
    redis_fixture_close(&redis);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all),
        cmocka_unit_test(test_deadline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
