/* All modules of one prefix together: they enter, an event comes, they end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "redis_fixture.h"
#include "store/shard.h"

struct scene {
    struct redis_fixture redis;
    struct shard *shard;
    bool connected, entered, got;
    char event[16];
};

static void on_connection(void *context, bool ready, const char *reason)
{
    struct scene *scene = context;
    assert_true(ready || reason);
    assert_int_equal(instance_state(scene->shard->instance), INSTANCE_ENTERING);
    scene->connected = ready;
}

static void on_instance(void *context, enum instance_state state, const struct diag *fault)
{
    struct scene *scene = context;
    if (state != INSTANCE_READY)
        fail_msg("%s", fault->text);
    assert_true(scene->connected);
    scene->entered = true;
}

static void on_batch(void *context, const struct intake_batch *batch)
{
    struct scene *scene = context;
    assert_int_equal(batch->count, 1);
    snprintf(scene->event, sizeof scene->event, "%s", batch->entries[0].event);
    scene->got = true;
}

static void test_life(void **state)
{
    static const char *const channels[] = {"email"};
    struct scene scene = {0};
    struct arena *arena = arena_new(256);
    struct diag diag;
    (void)state;
    redis_fixture_open(&scene.redis, NULL);
    struct shard_options options = {.base = scene.redis.base,
                                    .prefix = "t",
                                    .instance = "one",
                                    .accept_loss = true,
                                    .channels = channels,
                                    .channel_count = 1,
                                    .on_connection = on_connection,
                                    .on_instance = on_instance,
                                    .on_batch = on_batch,
                                    .context = &scene};
    assert_true(endpoint_parse(arena, scene.redis.url, &options.endpoint, &diag));
    scene.shard = shard_new(&options);
    arena_destroy(&arena); /* texts were copied */
    redis_fixture_run(&scene.redis, &scene.entered);

    intake_resume(scene.shard->intake);
    redis_fixture_ask(&scene.redis, "LPUSH t:inbox pushed");
    redis_fixture_run(&scene.redis, &scene.got);
    assert_string_equal(scene.event, "pushed");
    assert_redis(&scene.redis, "[email]", "SMEMBERS t:channels");

    waiting_ask(&scene.shard->waiting, scene.shard->scripts); /* no answer comes any more */
    shard_destroy(&scene.shard);
    assert_null(scene.shard);
    redis_fixture_close(&scene.redis);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_life)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
