/* take_due.lua: what is due, in which order, and what holds it back. Times are set relative to
 * Redis' clock, far enough from the bounds that the test's own time does not matter. */
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
#include "store/timers.h"
#include "store_fixture.h"

struct scene {
    struct redis_fixture redis;
    struct store_fixture store;
    struct timers *timers;
};

static int open_scene(void **state)
{
    struct scene *scene = malloc(sizeof *scene);
    redis_fixture_open(&scene->redis, NULL);
    store_fixture_open(&scene->store, &scene->redis, "one");
    scene->timers = timers_new(&(struct timers_options){
        .scripts = scene->store.scripts, .settle_ms = 1000, .inbox = "t:inbox"});
    *state = scene;
    return 0;
}

static int close_scene(void **state)
{
    struct scene *scene = *state;
    timers_destroy(&scene->timers);
    store_fixture_close(&scene->store);
    redis_fixture_close(&scene->redis);
    free(scene);
    return 0;
}

struct result {
    bool done;
    char text[2048]; /* "a b c", or the fault's code */
    int64_t next_ms, first_deadline;
};

static void on_taken(void *context, const struct timers_taken *taken)
{
    struct result *result = context;
    struct buf out;
    assert_false(result->done);
    buf_init(&out, sizeof result->text - 1);
    if (taken->fault)
        buf_text(&out, taken->fault->code);
    for (size_t i = 0; i < taken->count; i++)
        buf_printf(&out, i ? " %s" : "%s", taken->customers[i].key);
    *result = (struct result){.done = true, .next_ms = taken->next_ms};
    result->first_deadline = taken->count ? taken->customers[0].deadline_ms : 0;
    snprintf(result->text, sizeof result->text, "%s", buf_string(&out));
    buf_free(&out);
}

static struct result take(struct scene *scene, size_t most)
{
    struct result result = {0};
    timers_take(scene->timers, most, on_taken, &result);
    assert_false(result.done);
    redis_fixture_run(&scene->redis, &result.done);
    return result;
}

/* Redis' clock, and `ms` away from it. */
static long long at(struct scene *scene, long long ms)
{
    long long seconds, micros;
    sscanf(redis_fixture_ask(&scene->redis, "TIME"), "[%lld %lld]", &seconds, &micros);
    return seconds * 1000 + micros / 1000 + ms;
}

static void set_due(struct scene *scene, const char *customer, long long ms)
{
    redis_fixture_ask(&scene->redis, "ZADD t:due %lld %s", at(scene, ms), customer);
}

static void test_order_and_lease(void **state)
{
    struct scene *scene = *state;
    long long deadline = at(scene, -60000);
    redis_fixture_ask(&scene->redis, "ZADD t:due %lld second", deadline + 5);
    redis_fixture_ask(&scene->redis, "ZADD t:due %lld first", deadline);
    set_due(scene, "third", -50000);
    set_due(scene, "future", 60000);

    long long before = at(scene, TIMERS_LEASE_MS);
    struct result result = take(scene, 2);
    assert_string_equal(result.text, "first second");
    assert_int_equal(result.first_deadline, deadline);
    assert_int_equal(result.next_ms, 0); /* there are more */
    long long lease = atoll(redis_fixture_ask(&scene->redis, "ZSCORE t:taken first"));
    assert_in_range(lease, before, at(scene, TIMERS_LEASE_MS));

    result = take(scene, 2);
    assert_string_equal(result.text, "third");
    assert_int_equal(result.next_ms, TIMERS_POLL_MS);
    assert_string_equal(take(scene, 2).text, "");
    assert_redis(&scene->redis, "[future]", "ZRANGE t:due 0 -1");
}

/* Leases that ran out are due again at once; one that was decided meanwhile is not. */
static void test_lease_runs_out(void **state)
{
    struct scene *scene = *state;
    set_due(scene, "a", -60000);
    set_due(scene, "b", -50000);
    set_due(scene, "c", -40000);
    assert_string_equal(take(scene, 10).text, "a b c");
    assert_string_equal(take(scene, 10).text, "");
    redis_fixture_ask(&scene->redis, "ZADD t:taken %lld a %lld b", at(scene, -2000),
                      at(scene, -1000));
    redis_fixture_ask(&scene->redis, "ZREM t:taken c"); /* its commit came */
    struct result result = take(scene, 10);
    assert_string_equal(result.text, "a b");
    assert_redis(&scene->redis, "0", "EXISTS t:due");
    assert_redis(&scene->redis, "2", "ZCARD t:taken");

    /* A deadline that somebody set meanwhile stays. */
    redis_fixture_ask(&scene->redis, "ZADD t:taken %lld a", at(scene, -2000));
    redis_fixture_ask(&scene->redis, "ZADD t:due %lld a", at(scene, 90000));
    assert_string_equal(take(scene, 10).text, "");
    assert_redis(&scene->redis, "1", "ZCARD t:due");
    assert_redis(&scene->redis, "[b]", "ZRANGE t:taken 0 -1");
}

/* A lease that was given before the clock was set back ends too late: it counts as over. */
static void test_lease_of_another_clock(void **state)
{
    struct scene *scene = *state;
    redis_fixture_ask(&scene->redis, "ZADD t:taken %lld a %lld b", at(scene, 3600000),
                      at(scene, TIMERS_LEASE_MS - 1000));
    assert_string_equal(take(scene, 10).text, "a");
    assert_redis(&scene->redis, "[b a]", "ZRANGE t:taken 0 -1");
}

struct settle_case {
    const char *name;
    long long deadline; /* relative to now */
    long long event;    /* the oldest entry of the stream; 0: none */
    bool inbox;         /* something is in the list */
    bool due;
};

static const struct settle_case settle_cases[] = {
    {"nothing holds it back", -5000, 0, false, true},
    {"not yet", 5000, 0, false, false},
    {"settling", -100, 0, false, false},
    {"an older event is undecided", -5000, -8000, false, false},
    {"an event of the same moment is undecided", -5000, -5000, false, false},
    {"the undecided event is younger", -5000, -4000, false, true},
    {"an older event, but it waited long enough", -40000, -50000, false, true},
    {"the list is not empty", -5000, 0, true, false},
    {"the list is not empty and the stream's events are younger", -5000, -4000, true, false},
    {"the list is not empty, but it waited long enough", -40000, 0, true, true},
};

static void test_settle(void **state)
{
    struct scene *scene = *state;
    for (size_t i = 0; i < sizeof settle_cases / sizeof *settle_cases; i++) {
        const struct settle_case *c = &settle_cases[i];
        long long now = at(scene, 0);
        redis_fixture_ask(&scene->redis, "DEL t:due t:taken t:inbox t:events");
        redis_fixture_ask(&scene->redis, "ZADD t:due %lld ana", now + c->deadline);
        if (c->event)
            redis_fixture_ask(&scene->redis, "XADD t:events %lld-0 event {}", now + c->event);
        if (c->inbox)
            redis_fixture_ask(&scene->redis, "LPUSH t:inbox {}");
        struct result result = take(scene, 10);
        if ((strcmp(result.text, "ana") == 0) != c->due)
            fail_msg("%s: got \"%s\"", c->name, result.text);
    }
}

/* When to ask again: at the next deadline's settling, within the poll; soon where only
 * undecided events hold one back. */
static void test_next(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(take(scene, 10).next_ms, TIMERS_POLL_MS);
    set_due(scene, "ana", 600000);
    assert_int_equal(take(scene, 10).next_ms, TIMERS_POLL_MS);
    redis_fixture_ask(
        &scene->redis, "EVAL %s 0",
        "local t = redis.call('TIME') "
        "redis.call('ZADD', 't:due', t[1] * 1000 + math.floor(t[2] / 1000) - 600, 'ana')");
    assert_in_range(take(scene, 10).next_ms, 50, 400);
    set_due(scene, "ana", -5000);
    redis_fixture_ask(&scene->redis, "XADD t:events 1-0 event {}");
    assert_in_range(take(scene, 10).next_ms, 1, 100);
}

static void test_other_list(void **state)
{
    struct scene *scene = *state;
    static const struct {
        const char *inbox;
        bool due;
    } cases[] = {{"", true}, {"shop:list", false}, {"t:inbox", false}, {"t:empty", true}};
    redis_fixture_ask(&scene->redis, "LPUSH t:inbox {}");
    redis_fixture_ask(&scene->redis, "LPUSH shop:list {}");
    for (size_t i = 0; i < 4; i++) {
        redis_fixture_ask(&scene->redis, "DEL t:taken");
        set_due(scene, "ana", -5000);
        timers_destroy(&scene->timers);
        scene->timers = timers_new(&(struct timers_options){
            .scripts = scene->store.scripts, .settle_ms = 1000, .inbox = cases[i].inbox});
        assert_string_equal(take(scene, 1).text, cases[i].due ? "ana" : "");
    }
}

static void test_many(void **state)
{
    struct scene *scene = *state;
    size_t taken = 0;
    redis_fixture_ask(&scene->redis, "EVAL %s 0",
                      "for i = 1, 3000 do redis.call('ZADD', 't:due', i, 'c' .. i) end");
    for (struct result result = take(scene, 100); *result.text; result = take(scene, 100)) {
        taken += 100;
        assert_int_equal(result.first_deadline, taken - 99);
    }
    assert_int_equal(taken, 3000);
}

static void test_lost(void **state)
{
    struct scene *scene = *state;
    redis_fixture_end(&scene->redis, SIGKILL);
    assert_string_equal(take(scene, 1).text, "redis-lost");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_scene, close_scene)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_order_and_lease),
        TEST(test_lease_runs_out),
        TEST(test_lease_of_another_clock),
        TEST(test_settle),
        TEST(test_next),
        TEST(test_other_list),
        TEST(test_many),
        TEST(test_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
