/* The list of addresses that must not be written to. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "store/suppressed.h"
#include "store_fixture.h"

struct result {
    bool done;
    char text[64]; /* "101", or the fault's code */
};

static void on_checked(void *context, const struct diag *fault, const bool *held, size_t count)
{
    struct result *result = context;
    result->done = true;
    if (fault)
        snprintf(result->text, sizeof(result->text), "%s", fault->code);
    for (size_t i = 0; i < count; i++)
        result->text[i] = held[i] ? '1' : '0';
}

static void on_added(void *context, const struct diag *fault)
{
    struct result *result = context;
    result->done = true;
    snprintf(result->text, sizeof(result->text), "%s", fault ? fault->code : "ok");
}

static void test_all(void **state)
{
    static const char *const hashes[] = {"h1", "h2", "h3"};
    struct redis_fixture redis;
    struct store_fixture store;
    struct result checked = {0}, added = {0}, again = {0}, wrong = {0}, lost = {0};
    (void)state;
    redis_fixture_open(&redis, NULL);
    store_fixture_open(&store, &redis, "one");
    struct suppressed *suppressed = suppressed_new(store.scripts);

    suppressed_add(suppressed, "h2", "a \"reason\"", 1700000000000, on_added, &added);
    suppressed_add(suppressed, "h3", "", 5, NULL, NULL);
    suppressed_check(suppressed, hashes, 3, on_checked, &checked);
    assert_false(checked.done);
    redis_fixture_run(&redis, &checked.done);
    assert_string_equal(checked.text, "011");
    assert_string_equal(added.text, "ok");
    suppressed_add(suppressed, "h2", "later", 1800000000000, on_added, &again);
    redis_fixture_run(&redis, &again.done);
    assert_string_equal(again.text, "ok");
    assert_redis(&redis, "{\"reason\":\"a \\\"reason\\\"\",\"at\":1700000000000}",
                 "HGET t:suppressed h2"); /* the older one is kept */

    redis_fixture_ask(&redis, "SET t:suppressed text");
    suppressed_check(suppressed, hashes, 3, on_checked, &wrong);
    redis_fixture_run(&redis, &wrong.done);
    assert_string_equal(wrong.text, "redis-wrongtype");
    redis_fixture_end(&redis, SIGKILL);
    suppressed_check(suppressed, hashes, 3, on_checked, &lost);
    redis_fixture_run(&redis, &lost.done);
    assert_string_equal(lost.text, "redis-lost");

    suppressed_destroy(&suppressed);
    store_fixture_close(&store);
    redis_fixture_close(&redis);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
