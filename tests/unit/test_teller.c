/* Who watches a product is told of it: once, in parts, and only while the stream is short. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/teller.h"
#include "store_fixture.h"

struct scene {
    struct redis_fixture redis;
    struct store_fixture one, two;
    struct teller *tellers[2];
};

static const char event[] = "{\"type\":\"product.restocked\"}";

static int open_scene(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);
    redis_fixture_open(&scene->redis, NULL);
    store_fixture_open(&scene->one, &scene->redis, "one");
    store_fixture_open(&scene->two, &scene->redis, "two");
    struct store_fixture *const stores[] = {&scene->one, &scene->two};
    for (int i = 0; i < 2; i++)
        scene->tellers[i] =
            teller_new(scene->redis.base, stores[i]->scripts, stores[i]->instance, stores[i]->beat);
    *state = scene;
    return 0;
}

static int close_scene(void **state)
{
    struct scene *scene = *state;
    teller_destroy(&scene->tellers[0]);
    teller_destroy(&scene->tellers[1]);
    store_fixture_close(&scene->one);
    store_fixture_close(&scene->two);
    redis_fixture_close(&scene->redis);
    free(scene);
    return 0;
}

static void watch(struct scene *scene, const char *entry, int number)
{
    redis_fixture_ask(&scene->redis, "ZADD t:watch:POT 5 id:%d", number);
    redis_fixture_ask(&scene->redis, "HSET t:watching:id:%d POT 5", number);
    redis_fixture_ask(&scene->redis, "ZADD t:telling:%s 5 id:%d", entry, number);
}

/* As commit.lua puts it: customers 1 to `count` are to be told. */
static void put(struct scene *scene, const char *entry, int count)
{
    for (int i = 1; i <= count; i++)
        watch(scene, entry, i);
    redis_fixture_ask(&scene->redis, "HSET t:tell %s POT\n%s", entry, event);
}

static bool is_told(void *context)
{
    struct scene *scene = context;
    return strcmp(redis_fixture_ask(&scene->redis, "EXISTS t:tell"), "0") == 0;
}

static void run(struct scene *scene)
{
    teller_start(scene->tellers[0]);
    redis_fixture_run_until(&scene->redis, is_told, scene);
}

static int calls(struct scene *scene, const char *command)
{
    char name[64];
    snprintf(name, sizeof name, "cmdstat_%s:calls=", command);
    const char *at = strstr(redis_fixture_ask(&scene->redis, "INFO commandstats"), name);
    return at ? atoi(at + strlen(name)) : 0;
}

static int wanted;

static bool has_looked(void *context)
{
    return calls(context, "hkeys") >= wanted;
}

/* It looks three times more. */
static void let_look(struct scene *scene)
{
    wanted = calls(scene, "hkeys") + 3;
    redis_fixture_run_until(&scene->redis, has_looked, scene);
}

/* ---- The tests ---- */

/* By two daemons together, in parts of a hundred. */
static void test_each_once(void **state)
{
    struct scene *scene = *state;
    put(scene, "7-0", 250);
    teller_start(scene->tellers[1]);
    run(scene);
    assert_redis(&scene->redis, "250", "XLEN t:events");
    assert_int_equal(calls(scene, "zpopmin"), 3);
    for (int i = 1; i <= 250; i++) {
        char own[32];
        snprintf(own, sizeof own, "own id:%d]", i);
        const char *all = redis_fixture_ask(&scene->redis, "XRANGE t:events - +");
        const char *first = strstr(all, own);
        assert_non_null(first);
        assert_null(strstr(first + 1, own));
    }
    assert_redis(&scene->redis, "0", "EXISTS t:telling:7-0");
    assert_non_null(strstr(redis_fixture_ask(&scene->redis, "XRANGE t:events - + COUNT 1"), event));
}

/* Who watches it no more, or is gone, is told nothing, and is on the product's list no longer. */
static void test_who_watches_no_more(void **state)
{
    struct scene *scene = *state;
    put(scene, "7-0", 3);
    redis_fixture_ask(&scene->redis, "HSET t:watching:id:2 POT -9");
    redis_fixture_ask(&scene->redis, "DEL t:watching:id:3");
    run(scene);
    assert_redis(&scene->redis, "1", "XLEN t:events");
    assert_redis(&scene->redis, "[id:1]", "ZRANGE t:watch:POT 0 -1");
}

/* The older event is told first, and each has its own. */
static void test_two_events(void **state)
{
    struct scene *scene = *state;
    put(scene, "8-0", 120);
    put(scene, "7-0", 1);
    run(scene);
    assert_redis(&scene->redis, "121", "XLEN t:events");
    assert_redis(&scene->redis, "[]", "KEYS t:telling:*");
}

static void test_full_stream(void **state)
{
    struct scene *scene = *state;
    put(scene, "7-0", 1);
    for (int i = 0; i < 2000; i++)
        redis_fixture_ask(&scene->redis, "XADD t:events * event x");
    teller_start(scene->tellers[0]);
    let_look(scene);
    assert_redis(&scene->redis, "2000", "XLEN t:events");
    assert_redis(&scene->redis, "1", "XTRIM t:events MAXLEN 1999");
    redis_fixture_run_until(&scene->redis, is_told, scene);
    assert_redis(&scene->redis, "2000", "XLEN t:events");
}

/* What somebody has put in the place of a list is no list: it goes, and the next one is told. */
static void test_spoilt_list(void **state)
{
    struct scene *scene = *state;
    put(scene, "8-0", 1);
    redis_fixture_ask(&scene->redis, "SET t:telling:7-0 spoilt");
    redis_fixture_ask(&scene->redis, "HSET t:tell 7-0 POT\n%s", event);
    redis_fixture_ask(&scene->redis, "HSET t:tell 6-0 spoilt");
    run(scene);
    assert_redis(&scene->redis, "1", "XLEN t:events");
    assert_redis(&scene->redis, "0", "EXISTS t:telling:7-0");
}

/* A key that all share: nobody is told, and nothing lost, until it is mended. */
static void test_wrong_key(void **state)
{
    struct scene *scene = *state;
    put(scene, "7-0", 2);
    redis_fixture_ask(&scene->redis, "RENAME t:events kept");
    redis_fixture_ask(&scene->redis, "SET t:events spoilt");
    const int before = calls(scene, "evalsha");
    teller_start(scene->tellers[0]);
    while (calls(scene, "evalsha") < before + 2)
        redis_fixture_turn(&scene->redis);
    assert_redis(&scene->redis, "2", "ZCARD t:telling:7-0");
    redis_fixture_ask(&scene->redis, "RENAME kept t:events");
    redis_fixture_run_until(&scene->redis, is_told, scene);
    assert_redis(&scene->redis, "2", "XLEN t:events");
}

/* Whose lease is gone tells nobody: another does. */
static void test_lease_is_gone(void **state)
{
    struct scene *scene = *state;
    put(scene, "7-0", 2);
    store_fixture_lapse(&scene->one);
    const int before = calls(scene, "evalsha");
    teller_start(scene->tellers[0]);
    while (calls(scene, "evalsha") < before + 1)
        redis_fixture_turn(&scene->redis);
    assert_redis(&scene->redis, "2", "ZCARD t:telling:7-0");
    teller_stop(scene->tellers[0]);
    teller_start(scene->tellers[1]);
    redis_fixture_run_until(&scene->redis, is_told, scene);
    assert_redis(&scene->redis, "2", "XLEN t:events");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_scene, close_scene)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_each_once),     TEST(test_who_watches_no_more), TEST(test_two_events),
        TEST(test_full_stream),   TEST(test_spoilt_list),         TEST(test_wrong_key),
        TEST(test_lease_is_gone),
    };
    return cmocka_run_group_tests_name("teller", tests, NULL, NULL);
}
