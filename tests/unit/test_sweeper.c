/* The sweeper over real parts: who is known comes into the index, and is asked at a tick that was
 * missed, once; rules without clocks let it rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "events/sweeper.h"
#include "folder_fixture.h"
#include "redis_fixture.h"

#define CLOCK "name: hourly\non: {every: hour, spread: 0s}\nmax_age: 2h\n"

struct scene {
    struct redis_fixture redis;
    char folder[FOLDER_FIXTURE_SIZE];
    struct config *config;
    struct generation *generation;
    struct shard *shard;
    struct workspaces *workspaces;
    struct pipeline *pipeline;
    struct sweeper *sweeper;
    bool entered;
    enum clocks_state state; /* that is waited for */
};

static struct generation *generation(void *context)
{
    const struct scene *scene = context;
    return scene->generation;
}

static const struct room *rooms(void *context)
{
    static const struct room there[ROOM_CLASSES] = {{.left = 100}, {.left = 100}};
    (void)context;
    return there;
}

static void on_decided(void *context, uint32_t messages)
{
    (void)context;
    assert_int_equal(messages, 0);
}

static void on_nothing(void *context)
{
    (void)context;
}

static void on_connection(void *context, bool ready, const char *reason)
{
    (void)context;
    (void)reason;
    (void)ready;
}

static void on_instance(void *context, enum instance_state state, const struct diag *fault)
{
    struct scene *scene = context;
    if (state != INSTANCE_READY)
        fail_msg("%s", fault->text);
    scene->entered = true;
}

static void on_batch(void *context, const struct intake_batch *batch)
{
    (void)context;
    (void)batch;
}

static void load(struct scene *scene, const char *rules)
{
    struct diags diags = {0};
    folder_fixture_put(scene->folder, "rules/rules.yaml", rules);
    generation_release(&scene->generation);
    scene->generation = generation_load(scene->config, &diags);
    for (size_t i = 0; i < diags.count; i++)
        diag_print(&diags.items[i], stderr);
    assert_non_null(scene->generation);
    diags_free(&diags);
}

static void open_config(struct scene *scene)
{
    struct diags diags = {0};
    char file[FOLDER_FIXTURE_SIZE + 16];
    folder_fixture_make(scene->folder);
    folder_fixture_put(scene->folder, "nudged.yaml", "state: state\n");
    folder_fixture_put(scene->folder, "templates/m.text.liquid", "---\nsubject: m\n---\nm");
    snprintf(file, sizeof file, "%s/nudged.yaml", scene->folder);
    scene->config = config_load(file, &diags);
    for (size_t i = 0; i < diags.count; i++)
        diag_print(&diags.items[i], stderr);
    assert_non_null(scene->config);
    diags_free(&diags);
}

static void open_shard(struct scene *scene)
{
    static const char *const channels[] = {"email"};
    struct arena *arena = arena_new(256);
    struct diag diag;
    struct shard_options options = {.base = scene->redis.base,
                                    .prefix = "t",
                                    .instance = "one",
                                    .accept_loss = true,
                                    .channels = channels,
                                    .channel_count = 1,
                                    .batch = 100,
                                    .settle_ms = 0,
                                    .clocks_rate = 100000,
                                    .on_connection = on_connection,
                                    .on_instance = on_instance,
                                    .on_batch = on_batch,
                                    .context = scene};
    assert_true(endpoint_parse(arena, scene->redis.url, &options.endpoint, &diag));
    scene->shard = shard_new(&options);
    arena_destroy(&arena);
    redis_fixture_run(&scene->redis, &scene->entered);
}

/* No gateway is here that could begin a message. */
static enum outbox_place no_place(void *context, const char *channel, const char **gateway)
{
    (void)context, (void)channel, (void)gateway;
    return OUTBOX_PLACE_NONE;
}

static size_t one_together(void *context)
{
    (void)context;
    return 1;
}

static int open_scene(void **state)
{
    static const struct outbox_at_once nobody = {.place = no_place, .together = one_together};
    struct scene *scene = calloc(1, sizeof *scene);
    redis_fixture_open(&scene->redis, NULL);
    open_config(scene);
    load(scene, CLOCK "steps: [{set: {seen: '1'}}]\n");
    open_shard(scene);
    scene->workspaces = workspaces_new();
    scene->pipeline = pipeline_new(&(struct pipeline_options){.base = scene->redis.base,
                                                              .shard = scene->shard,
                                                              .workspaces = scene->workspaces,
                                                              .customer_keep_ms = 86400000,
                                                              .generation = generation,
                                                              .rooms = rooms,
                                                              .on_decided = on_decided,
                                                              .on_sent = on_decided,
                                                              .on_messages = on_nothing,
                                                              .on_erased = on_nothing,
                                                              .context = scene});
    pipeline_begin_by(scene->pipeline, &nobody);
    scene->sweeper = sweeper_new(&(struct sweeper_options){.base = scene->redis.base,
                                                           .shard = scene->shard,
                                                           .pipeline = scene->pipeline,
                                                           .generation = generation,
                                                           .context = scene});
    *state = scene;
    return 0;
}

static int close_scene(void **state)
{
    struct scene *scene = *state;
    sweeper_destroy(&scene->sweeper);
    pipeline_destroy(&scene->pipeline);
    workspaces_destroy(&scene->workspaces);
    shard_destroy(&scene->shard);
    generation_release(&scene->generation);
    config_destroy(&scene->config);
    redis_fixture_close(&scene->redis);
    folder_fixture_remove(scene->folder);
    free(scene);
    return 0;
}

static bool is_in_state(void *context)
{
    struct scene *scene = context;
    return sweeper_view(scene->sweeper).state == scene->state;
}

static void wait_for_state(struct scene *scene, enum clocks_state state)
{
    scene->state = state;
    redis_fixture_run_until(&scene->redis, is_in_state, scene);
}

/* Whether each of the two was asked. */
static bool are_asked(void *context)
{
    struct scene *scene = context;
    return strstr(redis_fixture_ask(&scene->redis, "GET t:customer:id:1"), "\"seen\":1") &&
           strstr(redis_fixture_ask(&scene->redis, "GET t:customer:id:2"), "\"seen\":1");
}

/* As if the rule had been there for long: its last full hour was missed. */
static void make_old(struct scene *scene)
{
    const char *there = redis_fixture_ask(&scene->redis, "HGET t:clocks hourly");
    char since[128];
    snprintf(since, sizeof since, "1%s", strchr(there, ' '));
    redis_fixture_ask(&scene->redis, "HSET t:clocks hourly %s", since);
}

static void test_missed_tick(void **state)
{
    struct scene *scene = *state;
    for (int i = 1; i <= 2; i++)
        redis_fixture_ask(&scene->redis, "SET t:customer:id:%d %s", i,
                          "{\"version\":\"1-1-1\",\"format\":2}");
    sweeper_start(scene->sweeper);
    wait_for_state(scene, CLOCKS_DONE);
    make_old(scene);
    redis_fixture_run_until(&scene->redis, are_asked, scene);
    assert_redis(&scene->redis, "0", "ZCARD t:ticks"); /* and none is in work */
    assert_int_equal(sweeper_view(scene->sweeper).rules, 1);
    assert_int_equal(sweeper_view(scene->sweeper).behind, 0);
    assert_int_equal(atoi(redis_fixture_ask(&scene->redis, "LLEN t:trace:id:1")), 1);
}

/* Rules that have no clock any more: the index goes, and comes again with the next one. */
static void test_reload(void **state)
{
    struct scene *scene = *state;
    redis_fixture_ask(&scene->redis, "SET t:customer:id:1 %s",
                      "{\"version\":\"1-1-1\",\"format\":2}");
    sweeper_start(scene->sweeper);
    wait_for_state(scene, CLOCKS_DONE);
    load(scene, "name: r\non: x\nsteps: [{set: {seen: '1'}}]\n");
    wait_for_state(scene, CLOCKS_NONE);
    assert_int_equal(sweeper_view(scene->sweeper).rules, 0);
    assert_redis(&scene->redis, "0", "EXISTS t:index t:clocks");
    load(scene, CLOCK "steps: [{set: {seen: '1'}}]\n");
    wait_for_state(scene, CLOCKS_DONE);
}

/* A key of a wrong kind is waited for, and then it goes on. */
static bool has_index(void *context)
{
    struct scene *scene = context;
    return strcmp(redis_fixture_ask(&scene->redis, "TYPE t:index"), "hash") == 0;
}

static void test_wrong_key(void **state)
{
    struct scene *scene = *state;
    redis_fixture_ask(&scene->redis, "SET t:index spoilt");
    sweeper_start(scene->sweeper);
    for (int i = 0; i < 20; i++)
        redis_fixture_turn(&scene->redis);
    assert_int_equal(sweeper_view(scene->sweeper).state, CLOCKS_NONE);
    redis_fixture_ask(&scene->redis, "DEL t:index");
    redis_fixture_run_until(&scene->redis, has_index, scene);
}

#define REDIS_TEST(test) cmocka_unit_test_setup_teardown(test, open_scene, close_scene)

int main(void)
{
    const struct CMUnitTest tests[] = {REDIS_TEST(test_missed_tick), REDIS_TEST(test_reload),
                                       REDIS_TEST(test_wrong_key)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
