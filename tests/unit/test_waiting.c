/* What waits outside of the outbox, counted; and wake.lua: who waits for room is woken once. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/customers.h"
#include "store/script_table.h"
#include "store/waiting.h"
#include "store_fixture.h"

struct scene {
    struct redis_fixture redis;
    struct store_fixture store;
    struct waiting waiting;
    struct customers *customers;
};

static int open_scene(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);
    redis_fixture_open(&scene->redis, NULL);
    store_fixture_open(&scene->store, &scene->redis, "one");
    scene->customers = customers_new(scene->store.scripts, scene->store.instance);
    *state = scene;
    return 0;
}

static int close_scene(void **state)
{
    struct scene *scene = *state;
    customers_destroy(&scene->customers);
    store_fixture_close(&scene->store);
    redis_fixture_close(&scene->redis);
    free(scene);
    return 0;
}

/* A customer with a document waits since `since`, and for a deadline far away. */
static void wait_for_room(struct scene *scene, const char *class, const char *customer, int since)
{
    redis_fixture_ask(&scene->redis, "SET t:customer:%s {}", customer);
    redis_fixture_ask(&scene->redis, "ZADD t:full:%s %d %s", class, since, customer);
    redis_fixture_ask(&scene->redis, "ZADD t:due 99999999999999 %s", customer);
}

/* Five of each class: t1 … t5 and m1 … m5, the first waits longest. */
static void fill(struct scene *scene)
{
    for (int i = 5; i > 0; i--) {
        const char name[][3] = {{'t', (char)('0' + i), 0}, {'m', (char)('0' + i), 0}};
        wait_for_room(scene, "transactional", name[0], 100 + i);
        wait_for_room(scene, "marketing", name[1], i);
    }
}

static const char *wake(struct scene *scene, int transactional, int marketing, int most)
{
    return redis_fixture_ask(&scene->redis, "EVAL %s 0 t %d %d %d", script_table[SCRIPT_WAKE],
                             transactional, marketing, most);
}

/* Who is due now, in the order of their names. */
static const char *due(struct scene *scene)
{
    return redis_fixture_ask(&scene->redis, "EVAL %s 0",
                             "local due = redis.call('ZRANGE', 't:due', 0, 4999999999999, "
                             "'BYSCORE') table.sort(due) return table.concat(due, ' ')");
}

static bool counted(void *context)
{
    struct scene *scene = context;
    return scene->waiting.full_marketing;
}

static void test_counts(void **state)
{
    struct scene *scene = *state;
    redis_fixture_ask(&scene->redis, "ZADD t:later 1 a 2 b");
    redis_fixture_ask(&scene->redis, "ZADD t:uncertain 1 a 2 b 3 c");
    redis_fixture_ask(&scene->redis, "ZADD t:full:transactional 1 ana");
    redis_fixture_ask(&scene->redis, "ZADD t:full:marketing 1 ana 2 bob 3 cyd 4 dan");
    waiting_ask(&scene->waiting, scene->store.scripts);
    redis_fixture_run_until(&scene->redis, counted, scene);
    assert_int_equal(scene->waiting.later, 2);
    assert_int_equal(scene->waiting.uncertain, 3);
    assert_int_equal(scene->waiting.full_transactional, 1);
    assert_int_equal(scene->waiting.full_marketing, 4);
}

static bool is_due(void *context)
{
    return *due(context);
}

/* Who waits longest, transactional first; what they take up is not there for the others. */
static void test_order(void **state)
{
    struct scene *scene = *state;
    fill(scene);
    waiting_wake(&scene->waiting, scene->store.scripts, 3, -7);
    redis_fixture_run_until(&scene->redis, is_due, scene);
    assert_string_equal(due(scene), "t1 t2 t3");
    assert_string_equal(wake(scene, 0, 0, 100), "0");
    assert_string_equal(wake(scene, 20, 7, 100), "4");
    assert_string_equal(due(scene), "m1 m2 t1 t2 t3 t4 t5");
    assert_string_equal(wake(scene, 20, 20, 2), "0"); /* so many of each are woken already */
    assert_string_equal(wake(scene, 20, 20, 4), "2"); /* m3, m4 */
    assert_redis(&scene->redis, "[m1 m2 m3 m4 m5]", "ZRANGE t:full:marketing 0 -1");
}

/* One that is due, or being decided, is woken already, by whichever daemon; it takes up room until
 * its commit. One that has no document waits no more. */
static void test_once(void **state)
{
    struct scene *scene = *state;
    fill(scene);
    redis_fixture_ask(&scene->redis, "DEL t:full:transactional");
    assert_string_equal(wake(scene, 2, 2, 100), "2");
    assert_string_equal(wake(scene, 2, 2, 100), "0");
    redis_fixture_ask(&scene->redis, "ZREM t:due m1");
    redis_fixture_ask(&scene->redis, "ZADD t:taken 99999999999999 m1");
    assert_string_equal(wake(scene, 2, 2, 100), "0");
    redis_fixture_ask(&scene->redis, "ZREM t:full:marketing m1"); /* its commit */
    redis_fixture_ask(&scene->redis, "DEL t:customer:m3");
    assert_string_equal(wake(scene, 2, 2, 100), "0");
    assert_redis(&scene->redis, "[m2 m4 m5]", "ZRANGE t:full:marketing 0 -1");
    assert_string_equal(wake(scene, 2, 2, 100), "1");
    assert_string_equal(due(scene), "m2 m4");
}

static void on_commit(void *context, const struct commit_result *result)
{
    int *outcome = context;
    *outcome = (int)result->outcome;
}

static bool has_outcome(void *context)
{
    return *(int *)context >= 0;
}

static enum commit_outcome commit(struct scene *scene, const struct commit *commit)
{
    int outcome = -1;
    store_fixture_commit(scene->customers, commit, on_commit, &outcome);
    redis_fixture_run_until(&scene->redis, has_outcome, &outcome);
    return (enum commit_outcome)outcome;
}

/* A commit brings a customer into the queues and out of them. Whose key becomes another's waits no
 * longer. */
static void test_commit(void **state)
{
    struct scene *scene = *state;
    const struct commit_full waits[] = {{"transactional", 0}, {"marketing", 17}},
                             over[] = {{"transactional", 0}, {"marketing", 0}};
    const struct commit_join join = {"id:8", "1-1-1"};
    struct commit one = {.customer = "id:7",
                         .seen = "",
                         .version = "1-9-1",
                         .document = {"{\"version\":\"1-9-1\"}", 19},
                         .expire_ms = 9999999999999,
                         .full = waits,
                         .full_count = 2};
    redis_fixture_ask(&scene->redis, "ZADD t:full:transactional 5 id:7 6 id:8 7 id:9");
    redis_fixture_ask(&scene->redis, "SET t:customer:id:8 %s", "{\"version\":\"1-1-1\"}");
    assert_int_equal(commit(scene, &one), COMMIT_DONE);
    assert_redis(&scene->redis, "[id:7 17]", "ZRANGE t:full:marketing 0 -1 WITHSCORES");
    assert_redis(&scene->redis, "[id:8 id:9]", "ZRANGE t:full:transactional 0 -1");
    one.seen = "1-9-1";
    one.version = "2-9-2";
    one.document = (struct slice){"{\"version\":\"2-9-2\"}", 19};
    one.full = over;
    one.joins = &join;
    one.join_count = 1;
    redis_fixture_ask(&scene->redis, "RENAME t:full:transactional t:aside");
    redis_fixture_ask(&scene->redis, "SET t:full:transactional text");
    assert_int_equal(commit(scene, &one), COMMIT_FAILED);
    redis_fixture_ask(&scene->redis, "RENAME t:aside t:full:transactional");
    assert_int_equal(commit(scene, &one), COMMIT_DONE);
    assert_redis(&scene->redis, "0", "EXISTS t:full:marketing");
    assert_redis(&scene->redis, "[id:9]", "ZRANGE t:full:transactional 0 -1");
}

static void test_wrong_type(void **state)
{
    struct scene *scene = *state;
    fill(scene);
    redis_fixture_ask(&scene->redis, "SET t:full:marketing text");
    assert_non_null(strstr(wake(scene, 9, 9, 100), "WRONGKEY t:full:marketing"));
    assert_string_equal(due(scene), "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_scene, close_scene)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_counts), TEST(test_order),      TEST(test_once),
        TEST(test_commit), TEST(test_wrong_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
