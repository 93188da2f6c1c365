/* Events from the stream, from the list, and from daemons that died. */
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "store/customers.h"
#include "store/intake.h"
#include "store_fixture.h"

struct scene {
    struct redis_fixture redis;
    struct store_fixture store, other;
    struct intake *intake;
    struct customers *customers;
    bool handed;                                   /* the app has a batch … */
    struct intake_batch batch;                     /* … and this is the oldest of them */
    struct intake_batch handed_on[INTAKE_AT_ONCE]; /* all that it has */
    size_t count;
    int batches;
};

static void on_batch(void *context, const struct intake_batch *batch)
{
    struct scene *scene = context;
    assert_true(scene->count < INTAKE_AT_ONCE);
    assert_true(batch->count >= 1);
    for (size_t i = 0; i < scene->count; i++)
        assert_int_not_equal(scene->handed_on[i].place, batch->place);
    scene->handed = true;
    scene->handed_on[scene->count++] = *batch;
    scene->batch = scene->handed_on[0];
    scene->batches++;
}

static struct intake *new_intake(struct scene *scene, struct store_fixture *store,
                                 struct intake_options options)
{
    options.base = scene->redis.base;
    options.endpoint = store->endpoint;
    options.scripts = store->scripts;
    options.instance = store->instance;
    options.beat = store->beat;
    options.tracking = store->tracking;
    options.on_batch = on_batch;
    options.context = scene;
    store->intake = intake_new(&options);
    return store->intake;
}

static void end_intake(struct scene *scene)
{
    scene->store.intake = scene->other.intake = NULL;
    intake_destroy(&scene->intake);
}

static int open_scene(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);
    redis_fixture_open(&scene->redis, NULL);
    store_fixture_open(&scene->store, &scene->redis, "one");
    store_fixture_open(&scene->other, &scene->redis, "two");
    scene->customers = customers_new(scene->store.scripts, scene->store.instance);
    scene->intake = new_intake(scene, &scene->store, (struct intake_options){.batch = 10});
    *state = scene;
    return 0;
}

static int close_scene(void **state)
{
    struct scene *scene = *state;
    end_intake(scene);
    customers_destroy(&scene->customers);
    store_fixture_close(&scene->store);
    store_fixture_close(&scene->other);
    redis_fixture_close(&scene->redis);
    free(scene);
    return 0;
}

/* The batch as "event*deliveries event*deliveries!", ! for poison, (none) without the field. */
static const char *show_batch(const struct scene *scene)
{
    static char text[1024];
    struct buf out;
    buf_init(&out, sizeof text - 1);
    for (size_t i = 0; i < scene->batch.count; i++) {
        const struct intake_entry *entry = &scene->batch.entries[i];
        buf_printf(&out, i ? " %s*%d%s" : "%s*%d%s", entry->event ? entry->event : "(none)",
                   (int)entry->deliveries, entry->poison ? "!" : "");
    }
    snprintf(text, sizeof text, "%s", buf_string(&out));
    buf_free(&out);
    return text;
}

static const char *next_batch(struct scene *scene)
{
    redis_fixture_run(&scene->redis, &scene->handed);
    return show_batch(scene);
}

static void on_commit(void *context, const struct commit_result *result)
{
    assert_int_equal(result->outcome, COMMIT_DONE);
    *(bool *)context = true;
}

/* The batch is done, of those that the app has. */
static void end_batch(struct scene *scene, size_t which)
{
    const int batches = scene->batches;
    const size_t place = scene->handed_on[which].place;
    scene->count--;
    for (size_t i = which; i < scene->count; i++)
        scene->handed_on[i] = scene->handed_on[i + 1];
    scene->handed = scene->count > 0;
    scene->batch = scene->handed_on[0];
    intake_done(scene->intake, place);
    assert_int_equal(scene->batches, batches); /* the next never comes from within */
}

/* The entries of the batch are acknowledged, and the batch is done. */
static void commit_all(struct scene *scene)
{
    const char *ids[64];
    bool done = false;
    size_t count = scene->batch.count;
    for (size_t i = 0; i < count; i++)
        ids[i] = scene->batch.entries[i].id;
    store_fixture_commit(scene->customers, &(struct commit){.ids = ids, .id_count = count},
                         on_commit, &done);
    redis_fixture_run(&scene->redis, &done);
    end_batch(scene, 0);
}

static void push(struct scene *scene, const char *event)
{
    redis_fixture_ask(&scene->redis, "XADD t:events * event %s", event);
}

/* Entries that a consumer has had `deliveries` times. */
static void push_pending(struct scene *scene, const char *event, const char *consumer,
                         int deliveries)
{
    char id[32];
    snprintf(id, sizeof id, "%s",
             redis_fixture_ask(&scene->redis, "XADD t:events * event %s", event));
    redis_fixture_ask(&scene->redis, "XREADGROUP GROUP nudged %s STREAMS t:events >", consumer);
    redis_fixture_ask(&scene->redis, "XCLAIM t:events nudged %s 0 %s RETRYCOUNT %d JUSTID",
                      consumer, id, deliveries);
}

static void test_stream(void **state)
{
    struct scene *scene = *state;
    push(scene, "a");
    redis_fixture_ask(&scene->redis, "XADD t:events * other x event b third y");
    redis_fixture_ask(&scene->redis, "XADD t:events * other x");
    redis_fixture_ask(&scene->redis, "XADD t:events 4000000000000-7 event %b", "\xff\0x",
                      (size_t)3);
    redis_fixture_turn(&scene->redis);
    assert_false(scene->handed); /* it starts paused */
    intake_resume(scene->intake);
    assert_false(scene->handed);
    assert_string_equal(next_batch(scene), "a*1 b*1 (none)*1 \xff*1");
    const struct intake_entry *last = &scene->batch.entries[3];
    assert_int_equal(last->length, 3);
    assert_int_equal(last->size, 3);
    assert_memory_equal(last->event, "\xff\0x", 4);
    assert_string_equal(last->id, "4000000000000-7");

    redis_fixture_ask(&scene->redis, "XADD t:events 4000000000000-8 event later");
    for (int i = 0; i < 5; i++)
        redis_fixture_turn(&scene->redis);
    assert_int_equal(scene->batches, 1); /* not before it is done */
    commit_all(scene);
    assert_string_equal(next_batch(scene), "later*1");
    commit_all(scene);
    assert_redis(&scene->redis, "0", "XLEN t:events");
}

static void test_batches_are_bounded(void **state)
{
    struct scene *scene = *state;
    for (int i = 0; i < 25; i++)
        push(scene, "x");
    intake_resume(scene->intake);
    static const size_t sizes[] = {10, 10, 5};
    for (size_t i = 0; i < 3; i++) {
        next_batch(scene);
        assert_int_equal(scene->batch.count, sizes[i]);
        commit_all(scene);
    }
}

/* What is said holds from the next read on; while a batch is here one was read already. */
static void test_smaller_batches(void **state)
{
    struct scene *scene = *state;
    static const size_t sizes[] = {4, 4, 10, 2};
    for (int i = 0; i < 20; i++)
        push(scene, "x");
    intake_read_at_most(scene->intake, 4);
    intake_resume(scene->intake);
    for (size_t i = 0; i < 4; i++) {
        next_batch(scene);
        assert_int_equal(scene->batch.count, sizes[i]);
        assert_int_equal(scene->batch.full, i < 3);
        intake_read_at_most(scene->intake, 1000); /* never more than the options say */
        commit_all(scene);
    }
}

static bool has_two(void *context)
{
    const struct scene *scene = context;
    return scene->count == 2;
}

/* The three batches of ten are read. */
static bool has_read_three(void *context)
{
    struct scene *scene = context;
    return strstr(redis_fixture_ask(&scene->redis, "XPENDING t:events nudged"), "[30 ") != NULL;
}

/* While there is a backlog: the next one is at hand already, and a third is kept. */
static void test_several_at_once(void **state)
{
    struct scene *scene = *state;
    for (int i = 0; i < 34; i++)
        push(scene, i < 10 ? "a" : i < 20 ? "b" : i < 30 ? "c" : "d");
    intake_resume(scene->intake);
    redis_fixture_run_until(&scene->redis, has_two, scene);
    redis_fixture_run_until(&scene->redis, has_read_three, scene);
    assert_int_equal(scene->count, 2);
    assert_string_equal(scene->handed_on[0].entries[9].event, "a");
    assert_string_equal(scene->handed_on[1].entries[0].event, "b");
    end_batch(scene, 1); /* in any order */
    redis_fixture_run_until(&scene->redis, has_two, scene);
    assert_string_equal(scene->handed_on[0].entries[9].event, "a");
    assert_string_equal(scene->handed_on[1].entries[9].event, "c");
    end_batch(scene, 0);
    redis_fixture_run_until(&scene->redis, has_two, scene);
    assert_string_equal(scene->handed_on[0].entries[0].event, "c");
    assert_int_equal(scene->handed_on[1].count, 4);
}

static void test_waits_for_its_turn(void **state)
{
    struct scene *scene = *state;
    struct turn other = {.turns = turns_new(scene->redis.base, 1)};
    const struct intake_options options = {.batch = 1, .turns = other.turns};
    end_intake(scene);
    scene->intake = new_intake(scene, &scene->store, options);
    assert_true(turns_take(&other));
    push(scene, "a");
    intake_resume(scene->intake);
    while (!turns_is_wanted(other.turns))
        redis_fixture_turn(&scene->redis);
    turns_end(&other);
    assert_string_equal(next_batch(scene), "a*1");
    end_intake(scene);
    turns_destroy(&other.turns);
}

/* What was claimed may be what daemons die of: nothing is read beside it. */
static void test_claimed_alone(void **state)
{
    struct scene *scene = *state;
    for (int i = 0; i < 10; i++)
        push_pending(scene, "claimed", "dead:5", 1);
    for (int i = 0; i < 10; i++)
        push(scene, "new");
    intake_resume(scene->intake);
    next_batch(scene);
    assert_int_equal(scene->batch.count, 10);
    assert_string_equal(scene->batch.entries[0].event, "claimed");
    for (int i = 0; i < 20; i++)
        redis_fixture_turn(&scene->redis);
    assert_non_null(strstr(redis_fixture_ask(&scene->redis, "XPENDING t:events nudged"), "[10 "));
    commit_all(scene);
    next_batch(scene);
    assert_string_equal(scene->batch.entries[0].event, "new");
}

static void test_pause(void **state)
{
    struct scene *scene = *state;
    intake_resume(scene->intake);
    intake_pause(scene->intake);
    intake_resume(scene->intake);
    push(scene, "a");
    assert_string_equal(next_batch(scene), "a*1");
    intake_pause(scene->intake);
    commit_all(scene);
    push(scene, "b");
    for (int i = 0; i < 20; i++)
        redis_fixture_turn(&scene->redis);
    assert_false(scene->handed);
    assert_redis(&scene->redis, "1", "XLEN t:events");
    intake_resume(scene->intake);
    assert_string_equal(next_batch(scene), "b*1");
}

static bool is_blocked(void *context)
{
    struct scene *scene = context;
    return strstr(redis_fixture_ask(&scene->redis, "INFO clients"), "blocked_clients:1") != NULL;
}

static bool is_not_blocked(void *context)
{
    return !is_blocked(context);
}

/* A pause while XREADGROUP waits: what it brings is kept until resumed. */
static void test_pause_while_reading(void **state)
{
    struct scene *scene = *state;
    intake_resume(scene->intake);
    redis_fixture_run_until(&scene->redis, is_blocked, scene);
    intake_pause(scene->intake);
    push(scene, "a");
    redis_fixture_run_until(&scene->redis, is_not_blocked, scene);
    for (int i = 0; i < 20; i++)
        redis_fixture_turn(&scene->redis);
    assert_false(scene->handed);
    intake_resume(scene->intake);
    assert_string_equal(next_batch(scene), "a*1");
    commit_all(scene);
}

static void on_left(void *context)
{
    *(bool *)context = true;
}

static bool has_stopped(void *context)
{
    struct scene *scene = context;
    return intake_stop(scene->intake);
}

/* A daemon that ends in order ends its read at once; what it had read and not begun is counted as
 * if it had never had it. */
static void test_stop(void **state)
{
    struct scene *scene = *state;
    bool left = false;
    push_pending(scene, "twice", "dead:5", 2);
    intake_resume(scene->intake);
    assert_string_equal(next_batch(scene), "twice*3");
    scene->handed = false; /* but nothing of it is committed */
    scene->count = 0;
    push(scene, "a");
    int64_t begun = clock_monotonic_ms();
    redis_fixture_run_until(&scene->redis, has_stopped, scene);
    assert_true(clock_monotonic_ms() - begun < 900);
    instance_leave(scene->store.instance, on_left, &left);
    redis_fixture_run(&scene->redis, &left);
    const char *pending = redis_fixture_ask(&scene->redis, "XPENDING t:events nudged - + 10");
    assert_non_null(strstr(pending, " 2]]"));
    end_intake(scene);
    scene->intake = new_intake(scene, &scene->other, (struct intake_options){0});
    intake_resume(scene->intake);
    assert_string_equal(next_batch(scene), "twice*3");
}

static void test_stop_while_reading(void **state)
{
    struct scene *scene = *state;
    intake_resume(scene->intake);
    redis_fixture_run_until(&scene->redis, is_blocked, scene);
    int64_t begun = clock_monotonic_ms();
    redis_fixture_run_until(&scene->redis, has_stopped, scene);
    assert_true(clock_monotonic_ms() - begun < 500); /* XREADGROUP would wait for a second */
    push(scene, "a");
    for (int i = 0; i < 20; i++)
        redis_fixture_turn(&scene->redis);
    assert_redis(&scene->redis, "[0 (nil) (nil) (nil)]", "XPENDING t:events nudged");
    assert_false(scene->handed);
}

/* A consumer whose daemon is dead: its entries are claimed and counted once more; the
 * consumer is deleted when it has none. One that lives keeps its own. */
static void test_takeover(void **state)
{
    struct scene *scene = *state;
    push_pending(scene, "a", "dead:5", 1);
    push_pending(scene, "b", "dead:5", 1);
    push_pending(scene, "mine", instance_consumer(scene->other.instance), 1);
    intake_resume(scene->intake);
    assert_string_equal(next_batch(scene), "a*2 b*2");
    const char *pending = redis_fixture_ask(&scene->redis, "XPENDING t:events nudged - + 1");
    assert_non_null(strstr(pending, " 2]]")); /* and so it stands in Redis */
    commit_all(scene);
    push(scene, "c");
    assert_string_equal(next_batch(scene), "c*1");
    commit_all(scene);
    instance_destroy(&scene->other.instance); /* it would renew */
    redis_fixture_ask(&scene->redis, "DEL t:instance:two");
    assert_string_equal(next_batch(scene), "mine*2");
    commit_all(scene);
    assert_redis(&scene->redis, "0", "XLEN t:events");
}

/* More than a batch takes, of two dead daemons and with other fields; then what is new. */
static void test_takeover_in_parts(void **state)
{
    struct scene *scene = *state;
    static const size_t sizes[] = {10, 10, 4};
    for (int i = 0; i < 11; i++) {
        push_pending(scene, "x", "dead:5", 1);
        push_pending(scene, "x", "dead:6", 1);
    }
    redis_fixture_ask(&scene->redis, "XADD t:events * source shop event last");
    redis_fixture_ask(&scene->redis, "XADD t:events * source shop");
    redis_fixture_ask(&scene->redis, "XREADGROUP GROUP nudged dead:6 STREAMS t:events >");
    push(scene, "new");
    intake_resume(scene->intake);
    for (size_t i = 0; i < 3; i++) {
        next_batch(scene);
        assert_int_equal(scene->batch.count, sizes[i]);
        if (i == 2)
            assert_string_equal(show_batch(scene), "x*2 x*2 last*2 (none)*2");
        commit_all(scene);
    }
    assert_string_equal(next_batch(scene), "new*1");
    commit_all(scene);
}

static bool no_dead_consumer(void *context)
{
    struct scene *scene = context;
    return !strstr(redis_fixture_ask(&scene->redis, "XINFO CONSUMERS t:events nudged"), "dead:");
}

/* The same name under another epoch is dead too. */
static void test_takeover_by_epoch(void **state)
{
    struct scene *scene = *state;
    push_pending(scene, "a", "one:5", 1);
    redis_fixture_ask(&scene->redis, "XGROUP CREATECONSUMER t:events nudged dead:1");
    intake_resume(scene->intake);
    assert_string_equal(next_batch(scene), "a*2");
    commit_all(scene);
    redis_fixture_run_until(&scene->redis, no_dead_consumer, scene);
}

/* From the third delivery on alone; at five poison. Those that waited beside them are not
 * counted with them. */
static void test_poison(void **state)
{
    struct scene *scene = *state;
    push_pending(scene, "once", "dead:5", 1);
    push_pending(scene, "killer", "dead:5", 2);
    push_pending(scene, "poison", "dead:5", 4);
    push_pending(scene, "other", "dead:5", 1);
    push(scene, "new"); /* after all that others left */
    intake_resume(scene->intake);
    assert_string_equal(next_batch(scene), "once*2 other*2");
    commit_all(scene);
    assert_string_equal(next_batch(scene), "killer*3");
    const char *poison = redis_fixture_ask(&scene->redis, "XPENDING t:events nudged - + 10 dead:5");
    assert_non_null(strstr(poison, " 4]")); /* not claimed yet, so not counted */
    commit_all(scene);
    assert_string_equal(next_batch(scene), "poison*5!");
    commit_all(scene);
    assert_string_equal(next_batch(scene), "new*1");
    commit_all(scene);
    assert_redis(&scene->redis, "0", "XLEN t:events");
}

/* Our own entries that were delivered three times (a claim whose answer was lost). */
static void test_own_alone(void **state)
{
    struct scene *scene = *state;
    const char *consumer = instance_consumer(scene->store.instance);
    push_pending(scene, "killer", consumer, 3);
    push_pending(scene, "a", consumer, 1);
    push_pending(scene, "b", consumer, 4);
    intake_resume(scene->intake);
    assert_string_equal(next_batch(scene), "killer*3");
    commit_all(scene);
    assert_string_equal(next_batch(scene), "a*1");
    commit_all(scene);
    assert_string_equal(next_batch(scene), "b*4");
    commit_all(scene);
}

/* Pending, but deleted from the stream by somebody: dropped. */
static void test_deleted_while_pending(void **state)
{
    struct scene *scene = *state;
    const char *consumer = instance_consumer(scene->store.instance);
    push_pending(scene, "a", consumer, 1);
    push_pending(scene, "b", "dead:5", 1);
    redis_fixture_ask(&scene->redis, "XTRIM t:events MAXLEN 0");
    push(scene, "c");
    intake_resume(scene->intake);
    assert_string_equal(next_batch(scene), "c*1");
    assert_non_null(strstr(redis_fixture_ask(&scene->redis, "XPENDING t:events nudged"), "[1 "));
}

static bool is_refused(void *context)
{
    struct scene *scene = context;
    return strstr(redis_fixture_ask(&scene->redis, "INFO errorstats"), "errorstat_LEASE") != NULL;
}

/* A daemon whose lease ran out claims nothing and reads nothing. */
static void test_needs_the_lease(void **state)
{
    struct scene *scene = *state;
    push_pending(scene, "a", "dead:5", 1);
    store_fixture_lapse(&scene->store);
    intake_resume(scene->intake);
    redis_fixture_run_until(&scene->redis, is_refused, scene); /* it does not know yet, and asks */
    assert_false(scene->handed);
    assert_non_null(
        strstr(redis_fixture_ask(&scene->redis, "XPENDING t:events nudged - + 9 dead:5"), " 1]"));
    instance_connection(scene->store.instance, true); /* renews */
    assert_string_equal(next_batch(scene), "a*2");
}

static void test_group_destroyed(void **state)
{
    struct scene *scene = *state;
    intake_resume(scene->intake);
    redis_fixture_run_until(&scene->redis, is_blocked, scene);
    push(scene, "a");
    assert_string_equal(next_batch(scene), "a*1");
    commit_all(scene);
    redis_fixture_run_until(&scene->redis, is_blocked, scene);
    redis_fixture_ask(&scene->redis, "XGROUP DESTROY t:events nudged");
    push(scene, "b");
    assert_string_equal(next_batch(scene), "b*1");
    commit_all(scene);
    redis_fixture_ask(&scene->redis, "DEL t:events");
    push(scene, "c");
    assert_string_equal(next_batch(scene), "c*1");
}

static bool is_connected(void *context)
{
    struct scene *scene = context;
    return scene->store.connected;
}

static void kill_and_restart(struct scene *scene)
{
    redis_fixture_end(&scene->redis, SIGKILL);
    scene->store.connected = false;
    redis_fixture_start(&scene->redis);
    redis_fixture_run_until(&scene->redis, is_connected, scene);
}

/* Redis is killed in the middle: the batch can still be committed; and what an answer that was
 * lost carried comes again. */
static void test_killed_and_restarted(void **state)
{
    static const char *const always[] = {"--appendfsync", "always", NULL};
    struct scene *scene = *state;
    scene->redis.options = always;
    redis_fixture_ask(&scene->redis, "CONFIG SET appendfsync always");
    push(scene, "a");
    intake_resume(scene->intake);
    assert_string_equal(next_batch(scene), "a*1");
    kill_and_restart(scene);
    commit_all(scene);
    redis_fixture_run_until(&scene->redis, is_blocked, scene);
    push_pending(scene, "lost", instance_consumer(scene->store.instance), 1);
    kill_and_restart(scene);
    assert_string_equal(next_batch(scene), "lost*1");
    commit_all(scene);
}

static void test_list(void **state)
{
    struct scene *scene = *state;
    redis_fixture_ask(&scene->redis, "LPUSH t:inbox a b");
    redis_fixture_ask(&scene->redis, "LPUSH t:inbox %b", "{\"\xff\0", (size_t)4);
    intake_resume(scene->intake);
    assert_string_equal(next_batch(scene), "a*1 b*1 {\"\xff*1");
    assert_int_equal(scene->batch.entries[2].length, 4);
    commit_all(scene);
    redis_fixture_ask(&scene->redis, "LPUSH t:inbox c");
    assert_string_equal(next_batch(scene), "c*1");
    commit_all(scene);
    assert_redis(&scene->redis, "0", "EXISTS t:inbox");
    assert_string_equal(intake_inbox(scene->intake), "t:inbox");
}

static bool list_is_empty(void *context)
{
    struct scene *scene = context;
    return *redis_fixture_ask(&scene->redis, "EXISTS shop:list") == '0';
}

/* Another key, filled from the other side; more than one move takes; of a wrong type; and
 * not while paused. */
static void test_list_of_its_own(void **state)
{
    struct scene *scene = *state;
    end_intake(scene);
    scene->intake = new_intake(scene, &scene->store,
                               (struct intake_options){.inbox = "shop:list", .inbox_left = true});
    redis_fixture_ask(&scene->redis, "SET shop:list text");
    intake_resume(scene->intake);
    for (int i = 0; i < 20; i++)
        redis_fixture_turn(&scene->redis);
    redis_fixture_ask(&scene->redis, "DEL shop:list");
    redis_fixture_ask(&scene->redis, "EVAL %s 0",
                      "for i = 1, 1300 do redis.call('RPUSH', 'shop:list', i) end");
    redis_fixture_run_until(&scene->redis, list_is_empty, scene);
    next_batch(scene);
    assert_string_equal(scene->batch.entries[0].event, "1");

    intake_pause(scene->intake);
    redis_fixture_ask(&scene->redis, "RPUSH shop:list last");
    for (int i = 0; i < 20; i++)
        redis_fixture_turn(&scene->redis);
    assert_redis(&scene->redis, "1", "LLEN shop:list");
}

/* An event of many megabytes does not stop the stream: it comes cut, with its size. */
static void test_huge_event(void **state)
{
    struct scene *scene = *state;
    const char *consumer = instance_consumer(scene->store.instance);
    redis_fixture_ask(&scene->redis, "EVAL %s 0",
                      "redis.call('XADD', 't:events', '*', 'event', string.rep('x', 9000000)) "
                      "redis.call('XADD', 't:events', '*', 'event', 'after')");
    redis_fixture_ask(&scene->redis, "XREADGROUP GROUP nudged %s STREAMS t:events >", consumer);
    push(scene, "new");
    intake_resume(scene->intake);
    next_batch(scene);
    assert_int_equal(scene->batch.count, 1);
    assert_int_equal(scene->batch.entries[0].length, 4 << 20);
    assert_int_equal(scene->batch.entries[0].size, 9000000);
    commit_all(scene);
    assert_string_equal(next_batch(scene), "after*1");
    commit_all(scene);
    assert_string_equal(next_batch(scene), "new*1");
}

static void test_destroy_while_handed(void **state)
{
    struct scene *scene = *state;
    push(scene, "a");
    intake_resume(scene->intake);
    next_batch(scene);
    end_intake(scene);
    for (int i = 0; i < 5; i++)
        redis_fixture_turn(&scene->redis);
    assert_int_equal(scene->batches, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_scene, close_scene)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_stream),
        TEST(test_batches_are_bounded),
        TEST(test_smaller_batches),
        TEST(test_several_at_once),
        TEST(test_waits_for_its_turn),
        TEST(test_claimed_alone),
        TEST(test_pause),
        TEST(test_pause_while_reading),
        TEST(test_stop),
        TEST(test_stop_while_reading),
        TEST(test_takeover),
        TEST(test_takeover_in_parts),
        TEST(test_takeover_by_epoch),
        TEST(test_poison),
        TEST(test_own_alone),
        TEST(test_deleted_while_pending),
        TEST(test_needs_the_lease),
        TEST(test_group_destroyed),
        TEST(test_killed_and_restarted),
        TEST(test_list),
        TEST(test_list_of_its_own),
        TEST(test_huge_event),
        TEST(test_destroy_while_handed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
