/* Gateways that were paused: what nudgectl writes, and what takes and passes make of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "outbox_fixture.h"
#include "redis/session.h"
#include "store/paused.h"

static const struct outbox_rate no_rate;

static void test_records(void **state)
{
    struct outbox_fixture *scene = *state;
    struct session *session = redis_fixture_session(&scene->redis);
    struct arena *arena = arena_new(256);
    struct paused *gateways;
    size_t count;
    bool done;
    struct diag diag;
    assert_true(paused_set(session, "t", KEY_PAUSED, "main", "ana \"on duty\"", &done, &diag) &&
                done);
    assert_true(paused_set(session, "t", KEY_PAUSED, "main", "ben", &done, &diag) && !done);
    assert_true(paused_set(session, "t", KEY_PAUSED, "extra", NULL, &done, &diag) && done);
    redis_fixture_ask(&scene->redis, "HSET t:paused hand yes");
    assert_true(paused_list(session, "t", KEY_PAUSED, arena, &gateways, &count, &diag));
    assert_int_equal(count, 3);
    assert_string_equal(gateways[0].name, "extra");
    assert_null(gateways[0].by);
    assert_string_equal(gateways[1].name, "hand");
    assert_int_equal(gateways[1].at_ms, 0);
    assert_string_equal(gateways[2].by, "ana \"on duty\"");
    assert_true(gateways[2].at_ms > 1700000000000);
    assert_true(paused_clear(session, "t", KEY_PAUSED, "main", &done, &diag) && done);
    assert_true(paused_clear(session, "t", KEY_PAUSED, "main", &done, &diag) && !done);
    redis_fixture_ask(&scene->redis, "DEL t:paused");
    redis_fixture_ask(&scene->redis, "SET t:paused spoilt");
    assert_false(paused_set(session, "t", KEY_PAUSED, "main", NULL, &done, &diag));
    assert_false(paused_clear(session, "t", KEY_PAUSED, "main", &done, &diag));
    assert_false(paused_list(session, "t", KEY_PAUSED, arena, &gateways, &count, &diag));
    arena_destroy(&arena);
    session_close(&session);
}

/* What it has in hand goes on; what is its own waits, all else goes by others. */
static void test_take_and_pass(void **state)
{
    struct outbox_fixture *scene = *state;
    int64_t number = 0, wait_ms;
    outbox_fixture_put_many(scene, 2, "transactional");
    struct outbox_fixture_taken taken = outbox_fixture_take(scene, 1);
    assert_false(taken.paused);
    redis_fixture_ask(&scene->redis, "HSET t:paused main {} spare {}");
    assert_string_equal(
        outbox_fixture_pass(scene, scene->outbox, &taken, "spare", no_rate, &number, &wait_ms),
        "wait");
    assert_in_range(wait_ms, 1, 1000);
    assert_redis(&scene->redis, "main", "HGET t:message:transactional0 gateway");
    redis_fixture_ask(&scene->redis, "HDEL t:paused spare");
    struct outbox_fixture_taken none = outbox_fixture_take(scene, 1);
    assert_true(none.paused && none.count == 0);
    assert_string_equal(outbox_fixture_take_with(scene, scene->others, "spare", 1, no_rate).text,
                        "transactional1");
    struct outbox_result result = outbox_fixture_result_of(&taken, 0, OUTBOX_RESEND);
    assert_string_equal(outbox_fixture_settle(scene, scene->outbox, &result, 1), "1");
    redis_fixture_ask(&scene->redis, "ZADD t:later 5 transactional0");
    outbox_fixture_sweep(scene, scene->outbox);
    assert_int_equal(outbox_fixture_take(scene, 1).count, 0);
    assert_int_equal(outbox_fixture_take_with(scene, scene->others, "spare", 1, no_rate).count, 0);
    redis_fixture_ask(&scene->redis, "DEL t:paused");
    assert_string_equal(outbox_fixture_take(scene, 1).text, "transactional0");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, outbox_fixture_open, outbox_fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_records), TEST(test_take_and_pass)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
