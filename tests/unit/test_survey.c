/* What waits on one prefix, and since when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "redis_fixture.h"
#include "store/survey.h"

static void fill(struct redis_fixture *redis)
{
    static const char *const steps[] = {
        "XADD t:events 5000-0 event {}",
        "XADD t:events 6000-0 event {}",
        "LPUSH t:inbox {} {} {}",
        "ZADD t:due 7000 id:7 99999999999999 id:8",
        "ZADD t:taken 1 id:9",
        "ZADD t:later 1 m1 2 m2",
        "ZADD t:later 3 m7",
        "ZADD t:uncertain 8000 m3 8001 m7",
        "ZADD t:full:marketing 1 id:10",
        "XADD t:dead 1000-0 kind event",
        "XADD t:dead 9000-0 kind event",
        "SADD t:channels email sms",
        "SADD t:queues email@relay",
        "XADD t:outbox:email:transactional 3000-0 mid m4",
        "XADD t:outbox:email@relay:transactional 2000-0 mid m5",
        "XADD t:outbox:email:marketing 4000-0 mid m6",
    };
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        redis_fixture_ask(redis, steps[i]);
}

static void expect_queue(const struct survey_queue *queue, const char *channel, const char *class,
                         int64_t count, int64_t since_ms)
{
    assert_string_equal(queue->channel, channel);
    assert_string_equal(queue->class, class);
    assert_int_equal(queue->count, count);
    assert_int_equal(queue->since_ms, since_ms);
}

static void expect_filled(const struct survey *survey)
{
    assert_int_equal(survey->events, 2);
    assert_int_equal(survey->events_since_ms, 5000);
    assert_int_equal(survey->inbox, 3);
    assert_int_equal(survey->timers, 2);
    assert_int_equal(survey->due, 1);
    assert_int_equal(survey->due_since_ms, 7000);
    assert_int_equal(survey->deciding, 1);
    assert_int_equal(survey->later, 2);
    assert_int_equal(survey->uncertain, 2);
    assert_int_equal(survey->withdrawn, 1);
    assert_int_equal(survey->uncertain_since_ms, 8000);
    assert_int_equal(survey->full_marketing, 1);
    assert_int_equal(survey->dead, 2);
    assert_int_equal(survey->dead_newest_ms, 9000);
    assert_int_equal(survey->queue_count, 4);
    expect_queue(&survey->queues[0], "email", "transactional", 2, 2000);
    expect_queue(&survey->queues[1], "email", "marketing", 1, 4000);
    expect_queue(&survey->queues[2], "sms", "transactional", 0, 0);
    expect_queue(&survey->queues[3], "sms", "marketing", 0, 0);
}

static void what_waits_is_told(void **state)
{
    struct redis_fixture redis;
    struct survey survey;
    struct diag diag;
    (void)state;
    redis_fixture_open(&redis, NULL);
    struct session *session = redis_fixture_session(&redis);
    struct arena *arena = arena_new(1024);
    assert_true(survey_read(session, "t", "t:inbox", arena, &survey, &diag));
    assert_int_equal(survey.events + survey.timers + survey.dead + survey.due_since_ms, 0);
    assert_int_equal(survey.queue_count, 0);
    assert_true(survey.now_ms > 1700000000000);
    fill(&redis);
    assert_true(survey_read(session, "t", "t:inbox", arena, &survey, &diag));
    expect_filled(&survey);
    assert_true(survey_read(session, "t", "", arena, &survey, &diag)); /* no list */
    assert_int_equal(survey.inbox, 0);
    arena_destroy(&arena);
    session_close(&session);
    redis_fixture_close(&redis);
}

static void a_key_of_another_type_hides_nothing_else(void **state)
{
    static const char *const keys[] = {"t:due",
                                       "t:events",
                                       "t:dead",
                                       "t:later",
                                       "t:queues",
                                       "t:channels",
                                       "t:outbox:sms:marketing"};
    struct redis_fixture redis;
    struct survey survey;
    struct diag diag;
    char command[64];
    (void)state;
    redis_fixture_open(&redis, NULL);
    struct session *session = redis_fixture_session(&redis);
    struct arena *arena = arena_new(1024);
    fill(&redis);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        snprintf(command, sizeof command, "SET %s text", keys[i]);
        redis_fixture_ask(&redis, command);
        assert_true(survey_read(session, "t", "t:inbox", arena, &survey, &diag));
        assert_int_equal(survey.uncertain, 2);
    }
    assert_int_equal(survey.events + survey.timers + survey.dead + survey.later, 0);
    arena_destroy(&arena);
    session_close(&session);
    redis_fixture_close(&redis);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_waits_is_told),
        cmocka_unit_test(a_key_of_another_type_hides_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
