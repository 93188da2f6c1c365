/* What comes to P:events goes to the shards that it belongs to, once and in order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "events/mover.h"
#include "redis_fixture.h"
#include "store/placement.h"
#include "store/script_table.h"

enum { SHARDS = 4 };

struct scene {
    struct redis_fixture redis;
    struct arena *arena;
    struct connection *connection;
    struct scripts *shards[SHARDS];
    struct placement placement;
    struct mover *mover, *other;
    int gone; /* a shard that cannot be had; -1: none */
};

static const char *const paths[] = {"customer.id", NULL};

static struct scripts *scripts_of(void *context, size_t shard)
{
    struct scene *scene = context;
    return (int)shard == scene->gone ? NULL : scene->shards[shard];
}

static struct mover *new_mover(struct scene *scene, const char *name)
{
    return mover_new(&(struct mover_options){
        .base = scene->redis.base,
        .source = scene->connection,
        .stream = "t:events",
        .routes = {.placement = scene->placement, .scripts_of = scripts_of, .context = scene},
        .form = {.key_paths = paths},
        .name = name});
}

static bool is_connected(void *context)
{
    struct scene *scene = context;
    return connection_ready(scene->connection);
}

static int open_scene(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);
    struct diag diag;
    struct endpoint endpoint;
    scene->gone = -1;
    scene->arena = arena_new(4096);
    scene->placement = (struct placement){.prefix = "t", .shards = SHARDS};
    redis_fixture_open(&scene->redis, NULL);
    assert_true(endpoint_parse(scene->arena, scene->redis.url, &endpoint, &diag));
    scene->connection = connection_new(
        &(struct connection_options){.base = scene->redis.base, .endpoint = endpoint});
    for (size_t k = 0; k < SHARDS; k++)
        scene->shards[k] =
            scripts_new(scene->connection, placement_prefix(&scene->placement, scene->arena, k),
                        script_table, SCRIPT_COUNT);
    scene->mover = new_mover(scene, "one");
    scene->other = new_mover(scene, "two");
    redis_fixture_run_until(&scene->redis, is_connected, scene);
    *state = scene;
    return 0;
}

static int close_scene(void **state)
{
    struct scene *scene = *state;
    mover_destroy(&scene->mover);
    mover_destroy(&scene->other);
    for (size_t k = 0; k < SHARDS; k++)
        scripts_destroy(&scene->shards[k]);
    connection_destroy(&scene->connection);
    redis_fixture_close(&scene->redis);
    arena_destroy(&scene->arena);
    free(scene);
    return 0;
}

/* ---- What is pushed, and what is there ---- */

static void push(struct scene *scene, const char *event)
{
    redis_fixture_ask(&scene->redis, "XADD t:events * event %s", event);
}

static void push_of(struct scene *scene, const char *id, int number)
{
    char event[128];
    snprintf(event, sizeof event, "{\"type\":\"a\",\"customer\":{\"id\":\"%s\"},\"n\":%d}", id,
             number);
    push(scene, event);
}

static int length_of(struct scene *scene, const char *stream)
{
    return atoi(redis_fixture_ask(&scene->redis, "XLEN %s", stream));
}

static const char *stream_of(struct scene *scene, size_t shard)
{
    return arena_printf(scene->arena, "%s:events",
                        placement_prefix(&scene->placement, scene->arena, shard));
}

/* The numbers of a customer's events, as their shard has them. */
static const char *numbers_of(struct scene *scene, const char *id)
{
    static char numbers[256];
    size_t shard = placement_of(&scene->placement, arena_printf(scene->arena, "id:%s", id));
    const char *entries =
        redis_fixture_ask(&scene->redis, "XRANGE %s - +", stream_of(scene, shard));
    const char *who = arena_printf(scene->arena, "\"id\":\"%s\"},\"n\":", id);
    numbers[0] = '\0';
    while ((entries = strstr(entries, who))) {
        entries += strlen(who);
        snprintf(numbers + strlen(numbers), sizeof numbers - strlen(numbers), "%d ", atoi(entries));
    }
    return numbers;
}

static bool is_empty(void *context)
{
    struct scene *scene = context;
    return length_of(scene, "t:events") == 0 && !mover_busy(scene->mover);
}

/* ---- The tests ---- */

static void test_each_to_its_shard_in_order(void **state)
{
    struct scene *scene = *state;
    static const char *const ids[] = {"7", "ana", "\xc3\xa4\xc3\xb6", "1001", "x"};
    for (int n = 1; n <= 90; n++) /* more than a batch */
        for (size_t i = 0; i < 5; i++)
            push_of(scene, ids[i], n % 50);
    mover_start(scene->mover);
    redis_fixture_run_until(&scene->redis, is_empty, scene);
    char expected[256] = "";
    for (int n = 1; n <= 90; n++)
        snprintf(expected + strlen(expected), sizeof expected - strlen(expected), "%d ", n % 50);
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(numbers_of(scene, ids[i]), expected);
    int all = 0;
    for (size_t k = 0; k < SHARDS; k++)
        all += length_of(scene, stream_of(scene, k));
    assert_int_equal(all, 450);
}

static void test_what_is_told_goes_to_all_and_what_is_no_event_to_the_first(void **state)
{
    struct scene *scene = *state;
    push(scene, "{\"type\":\"product.restocked\",\"id\":\"r\",\"product\":{\"sku\":\"P\"}}");
    mover_start(scene->mover);
    redis_fixture_run_until(&scene->redis, is_empty, scene);
    for (size_t k = 0; k < SHARDS; k++)
        assert_int_equal(length_of(scene, stream_of(scene, k)), 1);
    push(scene, "nonsense");
    push(scene, "{\"type\":\"a\"}");
    redis_fixture_ask(&scene->redis, "XADD t:events * other 1");
    redis_fixture_run_until(&scene->redis, is_empty, scene);
    assert_int_equal(length_of(scene, stream_of(scene, 0)), 4);
    assert_int_equal(length_of(scene, stream_of(scene, 1)), 1);
    assert_non_null(
        strstr(redis_fixture_ask(&scene->redis, "XRANGE t{0}:events - +"), "[no-event ]"));
}

static void test_marks_stay(void **state)
{
    struct scene *scene = *state;
    size_t shard = placement_of(&scene->placement, "id:7");
    redis_fixture_ask(&scene->redis, "XADD t:events * event %s own id:7 login shop",
                      "{\"type\":\"a\"}");
    mover_start(scene->mover);
    redis_fixture_run_until(&scene->redis, is_empty, scene);
    assert_non_null(
        strstr(redis_fixture_ask(&scene->redis, "XRANGE %s - +", stream_of(scene, shard)),
               "[event {\"type\":\"a\"} own id:7 login shop]"));
}

static bool has_swept(void *context)
{
    struct scene *scene = context;
    return length_of(scene, "t:events") == 3 && !mover_busy(scene->mover);
}

/* A shard that is away keeps its own, and their order; all others have theirs. */
static void check_away(struct scene *scene, const char *away, const char *there)
{
    scene->gone = (int)placement_of(&scene->placement, arena_printf(scene->arena, "id:%s", away));
    for (int n = 1; n <= 3; n++) {
        push_of(scene, away, n);
        push_of(scene, there, n);
    }
    mover_start(scene->mover);
    redis_fixture_run_until(&scene->redis, has_swept, scene);
    assert_string_equal(numbers_of(scene, there), "1 2 3 ");
    assert_string_equal(numbers_of(scene, away), "");
    scene->gone = -1;
    redis_fixture_run_until(&scene->redis, is_empty, scene);
    assert_string_equal(numbers_of(scene, away), "1 2 3 ");
}

static void test_a_shard_is_away(void **state)
{
    struct scene *scene = *state;
    assert_int_not_equal(placement_of(&scene->placement, "id:1"), 0);
    check_away(scene, "1", "7");
}

/* It is there that they agree who does it. */
static void test_the_first_shard_is_away(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(placement_of(&scene->placement, "id:7"), 0);
    check_away(scene, "7", "1");
}

/* Both find the same, as one that was thought dead and is not: who comes second adds nothing. */
static void test_two_at_once(void **state)
{
    struct scene *scene = *state;
    for (int n = 1; n <= 30; n++)
        push_of(scene, "7", n);
    redis_fixture_ask(&scene->redis, "COPY t:events saved");
    mover_start(scene->mover);
    redis_fixture_run_until(&scene->redis, is_empty, scene);
    int before = length_of(scene, stream_of(scene, placement_of(&scene->placement, "id:7")));
    mover_stop(scene->mover);
    redis_fixture_ask(&scene->redis, "COPY saved t:events REPLACE");
    redis_fixture_ask(&scene->redis, "DEL t{0}:mover");
    mover_start(scene->other);
    redis_fixture_run_until(&scene->redis, is_empty, scene);
    assert_int_equal(before, 30);
    assert_int_equal(length_of(scene, stream_of(scene, placement_of(&scene->placement, "id:7"))),
                     30);
}

static bool is_waiting(void *context)
{
    struct scene *scene = context;
    return !mover_busy(scene->other) &&
           strcmp(redis_fixture_ask(&scene->redis, "EXISTS asked"), "1") == 0;
}

/* Who does it does it alone; another one begins when that has ended. */
static void test_one_of_many(void **state)
{
    struct scene *scene = *state;
    redis_fixture_ask(&scene->redis, "SET t{0}:mover three PX 200");
    push_of(scene, "7", 1);
    mover_start(scene->other);
    redis_fixture_ask(&scene->redis, "SET asked 1");
    redis_fixture_run_until(&scene->redis, is_waiting, scene);
    redis_fixture_run_until(&scene->redis, is_empty, scene);
    assert_string_equal(redis_fixture_ask(&scene->redis, "GET t{0}:mover"), "two");
    assert_string_equal(numbers_of(scene, "7"), "1 ");
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, open_scene, close_scene)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(test_each_to_its_shard_in_order),
        SCENE(test_what_is_told_goes_to_all_and_what_is_no_event_to_the_first),
        SCENE(test_marks_stay),
        SCENE(test_a_shard_is_away),
        SCENE(test_the_first_shard_is_away),
        SCENE(test_two_at_once),
        SCENE(test_one_of_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
