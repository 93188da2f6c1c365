/* What daemons say of their gateways, and what waits for one: as nudgectl reads it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "outbox_fixture.h"
#include "store/bulletins.h"
#include "store/gateway_queues.h"

static bool is_told(void *context)
{
    struct outbox_fixture *scene = context;
    return strcmp(redis_fixture_ask(&scene->redis, "EXISTS t:bulletin:one"), "1") == 0;
}

static void test_bulletins(void **state)
{
    struct outbox_fixture *scene = *state;
    struct session *session = redis_fixture_session(&scene->redis);
    struct arena *arena = arena_new(1024);
    struct bulletins_item *items;
    struct diag diag;
    size_t count;
    redis_fixture_ask(&scene->redis, "DEL t:sets");
    redis_fixture_ask(&scene->redis, "HSET t:sets two x one x");
    bulletins_put(scene->store.scripts, "one", slice_of("[1]"));
    redis_fixture_run_until(&scene->redis, is_told, scene);
    assert_true(bulletins_read(session, "t", arena, &items, &count, &diag));
    assert_int_equal(count, 2);
    assert_string_equal(items[0].daemon, "one");
    assert_true(slice_is(items[0].text, "[1]"));
    assert_null(items[1].text.text);
    assert_string_not_equal(redis_fixture_ask(&scene->redis, "PTTL t:bulletin:one"), "-1");
    redis_fixture_ask(&scene->redis, "DEL t:sets");
    redis_fixture_ask(&scene->redis, "SET t:sets x");
    assert_false(bulletins_read(session, "t", arena, &items, &count, &diag));
    arena_destroy(&arena);
    session_close(&session);
}

static void test_queues(void **state)
{
    static const char *const channels[] = {"email", "bulk", NULL};
    struct outbox_fixture *scene = *state;
    struct session *session = redis_fixture_session(&scene->redis);
    struct gateway_queues queues;
    struct diag diag;
    outbox_fixture_put_many(scene, 3, "marketing");
    outbox_fixture_take_with(scene, scene->outbox, "main", 2, (struct outbox_rate){5, 3600000});
    redis_fixture_ask(&scene->redis, "XADD t:outbox:bulk:marketing * mid x");
    redis_fixture_ask(&scene->redis, "XADD t:outbox:email:transactional * mid y");
    redis_fixture_ask(&scene->redis, "XADD t:outbox:email@main:transactional * mid z");
    /* Nothing waits there; and the last one went long ago. */
    redis_fixture_ask(&scene->redis, "SET t:outbox:bulk:transactional x");
    redis_fixture_ask(&scene->redis, "HSET t:rate:main 5 100");
    assert_true(gateway_queues_read(session, "t", "main", channels, 3600000, &queues, &diag));
    assert_int_equal(queues.transactional, 1);
    assert_int_equal(queues.marketing, 4);
    assert_int_equal(queues.bound, 1);
    assert_int_equal(queues.used, 2);
    assert_true(gateway_queues_read(session, "t", "main", channels, 0, &queues, &diag));
    assert_int_equal(queues.used, 0);
    session_close(&session);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, outbox_fixture_open, outbox_fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_bulletins), TEST(test_queues)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
