/* Dead letters, as nudgectl reads them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "redis_fixture.h"
#include "store/dead_letters.h"

struct heard {
    int most; /* then it is enough */
    int count;
    char first[32], last[32];
};

static bool on_letter(void *context, const struct reply *letter)
{
    struct heard *heard = context;
    const char *id = reply_item(letter, 0)->text;
    if (heard->count++ == 0)
        snprintf(heard->first, sizeof heard->first, "%s", id);
    snprintf(heard->last, sizeof heard->last, "%s", id);
    return heard->count < heard->most;
}

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
    struct heard heard = {.most = 10};
    assert_false(dead_letters_walk(session, "t", on_letter, &heard, &diag));
    assert_false(
        dead_letters_find(session, "t", (const char *const[]){"1-0"}, 1, on_letter, &heard, &diag));
    assert_string_equal(diag.code, "redis-wrongtype");
    session_close(&session);
    redis_fixture_close(&redis);
}

/* Each page once, and no further than is wanted; what is not there is not told. */
static void test_walk(void **state)
{
    static const char *const ids[] = {"7-0", "999-0", "250-0"};
    struct redis_fixture redis;
    struct diag diag;
    bool dropped[3];
    (void)state;
    redis_fixture_open(&redis, NULL);
    struct session *session = redis_fixture_session(&redis);
    redis_fixture_ask(&redis, "EVAL %s 0",
                      "for i = 1, 250 do redis.call('XADD', 't:dead', i .. '-0', 'n', i) end");
    struct heard all = {.most = 1000}, some = {.most = 101}, found = {.most = 10};
    assert_true(dead_letters_walk(session, "t", on_letter, &all, &diag));
    assert_int_equal(all.count, 250);
    assert_string_equal(all.first, "250-0");
    assert_string_equal(all.last, "1-0");
    assert_true(dead_letters_walk(session, "t", on_letter, &some, &diag));
    assert_string_equal(some.last, "150-0");
    assert_true(dead_letters_find(session, "t", ids, 3, on_letter, &found, &diag));
    assert_int_equal(found.count, 2);
    assert_string_equal(found.last, "250-0");
    assert_true(dead_letters_drop(session, "t", ids, 3, dropped, &diag));
    assert_true(dropped[0] && !dropped[1] && dropped[2]);
    assert_redis(&redis, "248", "XLEN t:dead");
    session_close(&session);
    redis_fixture_close(&redis);
}

static void test_id(void **state)
{
    (void)state;
    assert_true(dead_letters_is_id("1772352000000-0"));
    static const char *const others[] = {"",
                                         "-",
                                         "1",
                                         "1-",
                                         "-1",
                                         "1-1-1",
                                         "a-1",
                                         "1-1 ",
                                         "1-+",
                                         "0123456789abcdef0123456789abcdef",
                                         "100000000000000000000-1"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(dead_letters_is_id(others[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_read), cmocka_unit_test(test_walk),
                                       cmocka_unit_test(test_id)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
