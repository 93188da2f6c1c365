/* What is left to be done on one prefix. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "redis_fixture.h"
#include "store/backlog.h"

static void test_count(void **state)
{
    static const char *const steps[] = {
        "XADD t:events * event {}",
        "ZADD t:due 1 id:7",
        "ZADD t:taken 1 id:8",
        "ZADD t:later 1 m1",
        "SADD t:channels email",
        "XADD t:outbox:email:transactional * mid m2",
        "XADD t:outbox:email:marketing * mid m3",
    };
    struct redis_fixture redis;
    struct diag diag;
    int64_t count;
    (void)state;
    redis_fixture_open(&redis, NULL);
    struct session *session = redis_fixture_session(&redis);
    assert_true(backlog_count(session, "t", &count, &diag));
    assert_int_equal(count, 0);
    redis_fixture_ask(&redis, "XADD t:dead * kind event");
    redis_fixture_ask(&redis, "ZADD t:uncertain 1 m4");
    redis_fixture_ask(&redis, "XADD t:outbox:gone:marketing * mid m5"); /* no daemon had it ever */
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        redis_fixture_ask(&redis, steps[i]);
        assert_true(backlog_count(session, "t", &count, &diag));
        assert_int_equal(count, i < 4 ? i + 1 : i);
    }
    redis_fixture_ask(&redis, "SET t:due text");
    assert_false(backlog_count(session, "t", &count, &diag));
    assert_string_equal(diag.code, "redis-wrongtype");
    session_close(&session);
    redis_fixture_close(&redis);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_count)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
