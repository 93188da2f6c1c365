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
#include "store/script_table.h"
#include "store/timers.h"
#include "store_fixture.h"

struct scene {
    struct redis_fixture redis;
    struct store_fixture store;
    struct timers *timers;
};

static void open_timers(struct scene *scene, int settle_ms, const char *inbox)
{
    timers_destroy(&scene->timers);
    scene->timers = timers_new(&(struct timers_options){.scripts = scene->store.scripts,
                                                        .instance = scene->store.instance,
                                                        .settle_ms = settle_ms,
                                                        .inbox = inbox});
}

static int open_scene(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);
    redis_fixture_open(&scene->redis, NULL);
    store_fixture_open(&scene->store, &scene->redis, "one");
    open_timers(scene, 1000, "t:inbox");
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
    long long event;    /* the oldest entry of the stream, which nobody has read; 0: none */
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
    {"nobody has read an older event for long", -400000, -500000, false, false},
    {"the list is not empty", -5000, 0, true, false},
    {"the list is not empty and the stream's events are younger", -5000, -4000, true, false},
    {"the list has not been empty for long", -400000, 0, true, false},
};

static void test_settle(void **state)
{
    struct scene *scene = *state;
    for (size_t i = 0; i < sizeof settle_cases / sizeof *settle_cases; i++) {
        const struct settle_case *c = &settle_cases[i];
        long long now = at(scene, 0);
        redis_fixture_ask(&scene->redis, "DEL t:due t:taken t:inbox t:events t:accepted:t:inbox");
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

/* ---- Entries that were read ---- */

/* An entry older than the deadlines of these tests, pending at a consumer for so long. */
static void push_pending(struct scene *scene, const char *consumer, int idle_ms)
{
    static int number;
    char id[32];
    snprintf(id, sizeof id, "1000-%d", ++number);
    redis_fixture_ask(&scene->redis, "XADD t:events %s event {}", id);
    redis_fixture_ask(&scene->redis, "XREADGROUP GROUP nudged %s STREAMS t:events >", consumer);
    redis_fixture_ask(&scene->redis, "XCLAIM t:events nudged %s 0 %s IDLE %d JUSTID", consumer, id,
                      idle_ms);
}

static void forget_entries(struct scene *scene)
{
    redis_fixture_ask(&scene->redis, "DEL t:events t:due t:taken");
    redis_fixture_ask(&scene->redis, "XGROUP CREATE t:events nudged 0 MKSTREAM");
    set_due(scene, "ana", -100000);
}

/* It holds back until it was pending for 30 s at a daemon that lives. */
static void test_pending(void **state)
{
    struct scene *scene = *state;
    const char *living = instance_consumer(scene->store.instance);
    const struct {
        const char *consumer;
        int idle_ms;
        bool due;
    } cases[] = {{living, 0, false},
                 {living, 28000, false},
                 {living, 31000, true},
                 {"dead:5", 31000, false},
                 {"dead:5", 3600000, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        forget_entries(scene);
        push_pending(scene, cases[i].consumer, cases[i].idle_ms);
        if ((strcmp(take(scene, 10).text, "ana") == 0) != cases[i].due)
            fail_msg("%s for %d ms", cases[i].consumer, cases[i].idle_ms);
    }
}

/* However many were pending for long: a fresh one behind them holds back, and one that is unread.
 */
static void test_behind_pending(void **state)
{
    struct scene *scene = *state;
    const char *living = instance_consumer(scene->store.instance);
    for (int last = 0; last < 3; last++) {
        forget_entries(scene);
        for (int i = 0; i < 450; i++)
            push_pending(scene, living, 31000);
        if (last == 1)
            push_pending(scene, living, 1000);
        if (last == 2)
            redis_fixture_ask(&scene->redis, "XADD t:events 2000-1 event {}");
        assert_string_equal(take(scene, 10).text, last ? "" : "ana");
    }
}

/* Time without a lease does not count: when it is taken again, the 30 s begin anew. */
static void test_lease_taken_again(void **state)
{
    struct scene *scene = *state;
    const char *living = instance_consumer(scene->store.instance);
    forget_entries(scene);
    push_pending(scene, living, 40000);
    store_fixture_lose_lease(&scene->store);
    assert_string_equal(take(scene, 10).text, "redis-lease");
    redis_fixture_ask(&scene->redis, "EVAL %s 0 t one %s 10000 00000000000000aa 1 0",
                      script_table[SCRIPT_RENEW], strchr(living, ':') + 1);
    assert_string_equal(take(scene, 10).text, "");
    const char *pending = redis_fixture_ask(&scene->redis, "XPENDING t:events nudged - + 10");
    assert_non_null(strstr(pending, " 1]]")); /* delivered as often as before */
}

/* A group that was lost: what was read by it is not known, so all of it holds back. */
static void test_group_is_gone(void **state)
{
    struct scene *scene = *state;
    forget_entries(scene);
    push_pending(scene, instance_consumer(scene->store.instance), 31000);
    redis_fixture_ask(&scene->redis, "XGROUP DESTROY t:events nudged");
    assert_string_equal(take(scene, 10).text, "");
    redis_fixture_ask(&scene->redis, "XGROUP CREATE t:events nudged 0");
    assert_string_equal(take(scene, 10).text, "");
    redis_fixture_ask(&scene->redis, "DEL t:events");
    assert_string_equal(take(scene, 10).text, "ana");
}

/* ---- The list ---- */

static void push_list(struct scene *scene, int count)
{
    for (int i = 0; i < count; i++)
        redis_fixture_ask(&scene->redis, "LPUSH t:inbox {}");
}

static void move_list(struct scene *scene, int count)
{
    const char *moved = redis_fixture_ask(&scene->redis, "EVAL %s 0 t %s t:inbox right %d",
                                          script_table[SCRIPT_MOVE],
                                          instance_consumer(scene->store.instance), count);
    assert_int_equal(atoi(moved + 1), count);
}

/* The oldest entries of the stream are decided. */
static void decide_entries(struct scene *scene, int count)
{
    redis_fixture_ask(&scene->redis, "EVAL %s 0 %d",
                      "for _, e in ipairs(redis.call('XRANGE', 't:events', '-', '+', 'COUNT', "
                      "ARGV[1])) do redis.call('XDEL', 't:events', e[1]) end",
                      count);
}

/* Until what it held was moved, and is decided; what was pushed since does not matter. The moved
 * elements have ids that are later than the deadline. */
static void test_list(void **state)
{
    struct scene *scene = *state;
    open_timers(scene, 0, "t:inbox");
    set_due(scene, "ana", -5000);
    push_list(scene, 3);
    assert_string_equal(take(scene, 10).text, "");
    push_list(scene, 10);
    move_list(scene, 2);
    decide_entries(scene, 2);
    assert_string_equal(take(scene, 10).text, "");
    move_list(scene, 1);
    assert_string_equal(take(scene, 10).text, "");
    move_list(scene, 5);
    decide_entries(scene, 1);
    assert_string_equal(take(scene, 10).text, "ana");
    assert_redis(&scene->redis, "5", "LLEN t:inbox");

    /* One that is due later waits for what the list holds now. */
    set_due(scene, "bob", 0);
    assert_string_equal(take(scene, 10).text, "");
    move_list(scene, 5);
    assert_string_equal(take(scene, 10).text, "");
    push_list(scene, 1);
    decide_entries(scene, 10);
    assert_string_equal(take(scene, 10).text, "bob");
    assert_redis(&scene->redis, "13", "HGET t:accepted:t:inbox moved");
}

/* Elements came by the list, which is empty: their ids still say nothing of when they came. */
static void test_moved_before_it_was_seen(void **state)
{
    struct scene *scene = *state;
    push_list(scene, 1);
    set_due(scene, "ana", -5000);
    move_list(scene, 1);
    assert_string_equal(take(scene, 10).text, "");
    redis_fixture_ask(&scene->redis, "XADD t:events * event {}");
    decide_entries(scene, 1);
    assert_string_equal(take(scene, 10).text, "ana");
}

/* A list that was emptied by hand never brings what it held. */
static void test_list_is_deleted(void **state)
{
    struct scene *scene = *state;
    set_due(scene, "ana", -5000);
    push_list(scene, 100);
    assert_string_equal(take(scene, 10).text, "");
    redis_fixture_ask(&scene->redis, "DEL t:inbox");
    push_list(scene, 2);
    assert_string_equal(take(scene, 10).text, "");
    push_list(scene, 5);
    move_list(scene, 2);
    assert_string_equal(take(scene, 10).text, "");
    decide_entries(scene, 2);
    assert_string_equal(take(scene, 10).text, "ana");
}

/* The clock was set back: what came since has ids of the future. It holds back as well, until it
 * is decided; and what comes then does not. */
static void test_entries_of_another_clock(void **state)
{
    struct scene *scene = *state;
    long long future = at(scene, 3600000);
    set_due(scene, "ana", -5000);
    redis_fixture_ask(&scene->redis, "XADD t:events %lld-7 event {}", future);
    assert_string_equal(take(scene, 10).text, "");
    redis_fixture_ask(&scene->redis, "XADD t:events * event {}");
    assert_string_equal(take(scene, 10).text, "");
    decide_entries(scene, 1);
    assert_string_equal(take(scene, 10).text, "ana");
    decide_entries(scene, 1);
    set_due(scene, "bob", -5000);
    assert_string_equal(take(scene, 10).text, "bob");
    assert_redis(&scene->redis, "0", "EXISTS t:accepted:t:inbox");
}

/* A sample of a time that has not come was made by another clock, and holds no deadline of now. */
static void test_samples_of_another_clock(void **state)
{
    struct scene *scene = *state;
    char samples[64];
    snprintf(samples, sizeof samples, "%lld 0 0-0", at(scene, 3600000));
    redis_fixture_ask(&scene->redis, "HSET t:accepted:t:inbox moved 0 samples %s", samples);
    push_list(scene, 1);
    set_due(scene, "ana", -5000);
    assert_string_equal(take(scene, 10).text, "");
    push_list(scene, 5);
    move_list(scene, 1);
    decide_entries(scene, 1);
    assert_string_equal(take(scene, 10).text, "ana");
}

/* Deadlines of now, one after another, each with an event behind it in the list. */
static void back_up(struct scene *scene, int from, int to)
{
    for (int i = from; i < to; i++) {
        long long now = at(scene, 0);
        while (at(scene, 0) == now)
            ;
        redis_fixture_ask(&scene->redis, "ZADD t:due %lld c%d", now + 1, i);
        assert_string_equal(take(scene, 10).text, "");
        push_list(scene, 1);
    }
}

/* A long backlog: the samples stay few, and the deadlines behind it are taken one by one. */
static void test_samples_are_bounded(void **state)
{
    struct scene *scene = *state;
    open_timers(scene, TIMERS_SETTLE_MOST_MS, "t:inbox"); /* longer than all of this takes */
    push_list(scene, 1);
    back_up(scene, 0, 150);
    long length =
        strtol(redis_fixture_ask(&scene->redis, "HSTRLEN t:accepted:t:inbox samples"), NULL, 10);
    assert_in_range(length, 100, 33 * 24);
    redis_fixture_ask(&scene->redis, "ZADD t:due 1000 oldest");
    move_list(scene, 1);
    decide_entries(scene, 1);
    assert_string_equal(take(scene, 10).text, "oldest");
    back_up(scene, 150, 200); /* and what is known stays known */
    redis_fixture_ask(&scene->redis, "ZADD t:due 1000 oldest");
    assert_string_equal(take(scene, 10).text, "oldest");
    move_list(scene, 200);
    assert_string_equal(take(scene, 10).text, "");
    decide_entries(scene, 1000);
    redis_fixture_ask(&scene->redis, "EVAL %s 0", /* as if the last had settled */
                      "for _, c in ipairs(redis.call('ZRANGE', 't:due', 0, -1)) do "
                      "redis.call('ZINCRBY', 't:due', -60000, c) end");
    size_t taken = 0;
    while (*take(scene, 1).text)
        taken++;
    assert_int_equal(taken, 200);
}

/* When to ask again: at the next deadline's settling, within the poll; soon where only
 * undecided events hold one back. */
static void test_next(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(take(scene, 10).next_ms, TIMERS_POLL_MS);
    set_due(scene, "ana", 600000);
    assert_int_equal(take(scene, 10).next_ms, TIMERS_POLL_MS);
    const long long due = at(scene, -600), since = at(scene, 0);
    redis_fixture_ask(&scene->redis, "ZADD t:due %lld ana", due);
    const struct result soon = take(scene, 10);
    const long long passed = at(scene, 0) - since;
    if (passed < 300) /* else it is due by now, on a slow machine */
        assert_in_range(soon.next_ms, 400 - passed - 1, 400);
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
        open_timers(scene, 1000, cases[i].inbox);
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
        TEST(test_pending),
        TEST(test_behind_pending),
        TEST(test_lease_taken_again),
        TEST(test_group_is_gone),
        TEST(test_list),
        TEST(test_moved_before_it_was_seen),
        TEST(test_list_is_deleted),
        TEST(test_entries_of_another_clock),
        TEST(test_samples_of_another_clock),
        TEST(test_samples_are_bounded),
        TEST(test_next),
        TEST(test_other_list),
        TEST(test_many),
        TEST(test_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
