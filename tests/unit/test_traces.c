/* Customers' traces, as nudgectl reads them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "redis_fixture.h"
#include "store/traces.h"

static void test_read(void **state)
{
    struct redis_fixture redis;
    struct arena *arena = arena_new(256);
    const char *const *customers;
    struct diag diag;
    size_t count;
    (void)state;
    redis_fixture_open(&redis, NULL);
    struct session *session = redis_fixture_session(&redis);
    assert_true(traces_customers(session, "t", arena, &customers, &count, &diag));
    assert_int_equal(count, 0);
    assert_int_equal(traces_read(session, "t", "id:7", &diag)->count, 0);

    redis_fixture_ask(&redis, "LPUSH t:trace:id:7 older newer");
    redis_fixture_ask(&redis, "LPUSH other:trace:id:8 line");
    const struct reply *lines = traces_read(session, "t", "id:7", &diag);
    assert_int_equal(lines->count, 2);
    assert_string_equal(reply_item(lines, 0)->text, "newer");
    assert_true(traces_customers(session, "t", arena, &customers, &count, &diag));
    assert_int_equal(count, 1);
    assert_string_equal(customers[0], "id:7");

    redis_fixture_ask(&redis, "SET t:trace:id:9 text");
    assert_null(traces_read(session, "t", "id:9", &diag));
    assert_string_equal(diag.code, "redis-wrongtype");
    session_close(&session);
    redis_fixture_close(&redis);
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_read)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
