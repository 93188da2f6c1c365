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

static void on_answer(void *context, const struct reply *reply, const struct diag *fault)
{
    (void)reply;
    (void)fault;
    *(bool *)context = true;
}

/* Returns when what was asked for has been answered. */
static void lift(struct store_fixture *store, struct redis_fixture *redis)
{
    char first[] = "h1", last[] = "h3";
    const char *const hashes[] = {first, "unknown", last};
    bool answered = false;
    suppressed_lift(store->scripts, hashes, 3);
    first[1] = last[1] = 'x'; /* what is asked for was copied */
    connection_command(scripts_connection(store->scripts), NULL, on_answer, &answered, "PING",
                       NULL);
    redis_fixture_run(redis, &answered);
}

static void test_lift(void **state)
{
    struct redis_fixture redis;
    struct store_fixture store;
    (void)state;
    redis_fixture_open(&redis, NULL);
    store_fixture_open(&store, &redis, "one");

    redis_fixture_ask(&redis, "HSET t:suppressed h1 {} h2 {} h3 {}");
    lift(&store, &redis);
    assert_redis(&redis, "[h2]", "HKEYS t:suppressed");
    redis_fixture_ask(&redis, "SET t:suppressed text"); /* Redis refuses: logged */
    lift(&store, &redis);
    assert_redis(&redis, "text", "GET t:suppressed");
    redis_fixture_end(&redis, SIGKILL);
    lift(&store, &redis);

    store_fixture_close(&store);
    redis_fixture_close(&redis);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lift)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
