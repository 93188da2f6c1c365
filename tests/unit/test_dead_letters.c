/* Dead letters, as nudgectl reads them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "redis_fixture.h"
#include "store/dead_letters.h"

static void test_read(void **state)
{
    struct redis_fixture redis;
    struct diag diag;
    (void)state;
    redis_fixture_open(&redis, NULL);
    struct session *session = redis_fixture_session(&redis);
    const struct reply *letters = dead_letters_read(session, "t", "10", &diag);
    assert_int_equal(letters->count, 0);

    redis_fixture_ask(&redis, "XADD t:dead 1-0 kind event reason json body %b", "\xff\0",
                      (size_t)2);
    redis_fixture_ask(&redis, "XADD t:dead 2-0 kind message reason expired detail late");
    letters = dead_letters_read(session, "t", "10", &diag);
    assert_int_equal(letters->count, 2);
    const struct reply *newest = reply_item(letters, 0), *oldest = reply_item(letters, 1);
    assert_string_equal(reply_item(newest, 0)->text, "2-0");
    assert_string_equal(dead_letters_field(newest, "detail")->text, "late");
    assert_string_equal(dead_letters_field(oldest, "reason")->text, "json");
    assert_string_equal(dead_letters_field(oldest, "detail")->text, "");
    assert_int_equal(dead_letters_field(oldest, "body")->length, 2);

    assert_int_equal(dead_letters_read(session, "t", "1", &diag)->count, 1);
    redis_fixture_ask(&redis, "SET t:dead text");
    assert_null(dead_letters_read(session, "t", "1", &diag));
    assert_string_equal(diag.code, "redis-wrongtype");
    session_close(&session);
    redis_fixture_close(&redis);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_read)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
