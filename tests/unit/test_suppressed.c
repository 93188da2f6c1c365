/* The list of addresses that must not be written to. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/suppressed.h"
#include "store_fixture.h"

struct answer {
    bool came, failed;
};

static void on_done(void *context, const struct diag *fault)
{
    *(struct answer *)context = (struct answer){.came = true, .failed = fault != NULL};
}

/* Return, when the answer is there, whether it went well. What is asked for was copied. */
static bool lift(struct store_fixture *store, struct redis_fixture *redis)
{
    char first[] = "h1", last[] = "h3";
    const char *const hashes[] = {first, "unknown", last};
    struct answer answer = {0};
    suppressed_lift(&(struct suppressed_call){.scripts = store->scripts,
                                              .callback = on_done,
                                              .context = &answer},
                    hashes, 3, "bounced");
    first[1] = last[1] = 'x';
    redis_fixture_run(redis, &answer.came);
    return !answer.failed;
}

static bool add(struct store_fixture *store, struct redis_fixture *redis)
{
    char first[] = "h1";
    const char *const hashes[] = {first, "h2"};
    struct answer answer = {0};
    suppressed_add(&(struct suppressed_call){.scripts = store->scripts,
                                             .callback = on_done,
                                             .context = &answer},
                   hashes, 2, "bounced", 1772445600000);
    first[1] = 'x';
    redis_fixture_run(redis, &answer.came);
    return !answer.failed;
}

static void test_lift(void **state)
{
    struct redis_fixture redis;
    struct store_fixture store;
    (void)state;
    redis_fixture_open(&redis, NULL);
    store_fixture_open(&store, &redis, "one");

    redis_fixture_ask(&redis, "HSET t:suppressed h1 %s h2 %s h3 %s", "{\"reason\":\"bounced\"}",
                      "{\"reason\":\"bounced\"}", "{\"reason\":\"bounced\",\"at\":5}");
    assert_true(lift(&store, &redis));
    assert_redis(&redis, "[h2]", "HKEYS t:suppressed");
    /* Of another reason, or of no form: it stays. */
    redis_fixture_ask(&redis, "HSET t:suppressed h1 %s h3 oops", "{\"reason\":\"complaint\"}");
    assert_true(lift(&store, &redis));
    assert_redis(&redis, "3", "HLEN t:suppressed");
    redis_fixture_ask(&redis, "DEL t:suppressed");
    redis_fixture_ask(&redis, "SET t:suppressed text"); /* Redis refuses */
    assert_false(lift(&store, &redis));
    assert_redis(&redis, "text", "GET t:suppressed");
    redis_fixture_end(&redis, SIGKILL);
    assert_false(lift(&store, &redis));

    store_fixture_close(&store);
    redis_fixture_close(&redis);
}

static void test_add(void **state)
{
    struct redis_fixture redis;
    struct store_fixture store;
    (void)state;
    redis_fixture_open(&redis, NULL);
    store_fixture_open(&store, &redis, "one");

    redis_fixture_ask(&redis, "HSET t:suppressed h1 {}");
    assert_true(add(&store, &redis));
    assert_true(add(&store, &redis));
    assert_redis(&redis, "{}", "HGET t:suppressed h1");
    assert_redis(&redis, "{\"reason\":\"bounced\",\"at\":1772445600000}", "HGET t:suppressed h2");
    redis_fixture_ask(&redis, "SET t:suppressed text");
    assert_false(add(&store, &redis));

    store_fixture_close(&store);
    redis_fixture_close(&redis);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lift), cmocka_unit_test(test_add)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
