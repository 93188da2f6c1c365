/* store/clocks and its scripts: what rules have, the index, whose turn it is, what nothing came of.
 * Times are set relative to Redis' clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "store/clocks.h"
#include "store_fixture.h"

enum { MINUTE_MS = 60000, SETTLE_MS = 1000, RATE = 1000 };

struct scene {
    struct redis_fixture redis;
    struct store_fixture store;
    struct clocks *clocks;
    bool done;
    enum clocks_state state;
    char text[1024]; /* what was answered */
    int64_t wait_ms, ask_ms[4];
    size_t asked; /* of those */
};

static int open_scene(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);
    redis_fixture_open(&scene->redis, NULL);
    store_fixture_open(&scene->store, &scene->redis, "one");
    scene->clocks = clocks_new(&(struct clocks_options){.scripts = scene->store.scripts,
                                                        .instance = scene->store.instance,
                                                        .settle_ms = SETTLE_MS,
                                                        .inbox = "t:inbox",
                                                        .rate = RATE});
    *state = scene;
    return 0;
}

static int close_scene(void **state)
{
    struct scene *scene = *state;
    clocks_destroy(&scene->clocks);
    store_fixture_close(&scene->store);
    redis_fixture_close(&scene->redis);
    free(scene);
    return 0;
}

static void say(struct scene *scene, const char *fault, const char *const *texts, size_t count)
{
    struct buf out;
    buf_init(&out, sizeof scene->text - 1);
    buf_text(&out, fault ? fault : "");
    for (size_t i = 0; i < count; i++)
        buf_printf(&out, i ? ", %s" : "%s", texts[i]);
    snprintf(scene->text, sizeof scene->text, "%s", buf_string(&out));
    buf_free(&out);
    scene->done = true;
}

static void wait_for_answer(struct scene *scene)
{
    assert_false(scene->done); /* never before the call has returned */
    redis_fixture_run(&scene->redis, &scene->done);
    scene->done = false;
}

/* Redis' clock, and `ms` away from it. */
static int64_t at(struct scene *scene, int64_t ms)
{
    long long seconds, micros;
    sscanf(redis_fixture_ask(&scene->redis, "TIME"), "[%lld %lld]", &seconds, &micros);
    return seconds * 1000 + micros / 1000 + ms;
}

/* ---- What the rules have ---- */

static void on_noted(void *context, const struct clocks_noted *noted)
{
    struct scene *scene = context;
    scene->state = noted->state;
    scene->asked = noted->ours && noted->ours[0];
    say(scene, noted->fault ? noted->fault->code : NULL, noted->zones, noted->zone_count);
}

/* The zones; scene->asked: whether the clock is the one that counts. */
static const char *note(struct scene *scene, const char *clock, bool newest)
{
    const struct clocks_rule rule = {"r", clock};
    clocks_note(scene->clocks, &rule, clock ? 1 : 0, newest, on_noted, scene);
    wait_for_answer(scene);
    return scene->text;
}

static void test_note(void **state)
{
    struct scene *scene = *state;
    assert_string_equal(note(scene, NULL, true), "");
    assert_int_equal(scene->state, CLOCKS_NONE);
    note(scene, "daily", true);
    assert_int_equal(scene->state, CLOCKS_SCAN);
    assert_true(scene->asked);
    char *since = strdup(redis_fixture_ask(&scene->redis, "HGET t:clocks r"));
    assert_non_null(strstr(since, " daily"));

    note(scene, "hourly", false); /* of an older set */
    assert_false(scene->asked);
    assert_redis(&scene->redis, since, "HGET t:clocks r");
    note(scene, "daily", true);
    assert_redis(&scene->redis, since, "HGET t:clocks r"); /* the same since then */
    free(since);

    note(scene, NULL, false);
    assert_int_equal(scene->state, CLOCKS_SCAN);
    note(scene, NULL, true);
    assert_int_equal(scene->state, CLOCKS_NONE);
    assert_redis(&scene->redis, "0", "EXISTS t:clocks t:index");
}

static void test_fault(void **state)
{
    struct scene *scene = *state;
    redis_fixture_ask(&scene->redis, "SET t:clocks spoilt");
    assert_string_equal(note(scene, "daily", true), "redis-wrongkey");
    redis_fixture_ask(&scene->redis, "DEL t:clocks");
    assert_string_equal(note(scene, "daily", true), "");
}

/* ---- The index ---- */

static void on_scanned(void *context, const struct clocks_scanned *scanned)
{
    struct scene *scene = context;
    static struct clocks_indexed found[8];
    static char keys[8][16];
    assert_null(scanned->fault);
    assert_string_equal(scanned->cursor, "0");
    assert_in_range(scanned->count, 1, 7);
    for (size_t i = 0; i < scanned->count; i++) {
        assert_non_null(scanned->documents[i].text);
        snprintf(keys[i], sizeof keys[i], "%s", scanned->customers[i]);
        found[i] = (struct clocks_indexed){keys[i], "1-1-1", "UTC", 100 * atoi(keys[i] + 3)};
    }
    clocks_index(scene->clocks, "0", scanned, found, scanned->count, on_noted, scene);
}

/* Two who are known: id:1 and id:2, with places 100 and 200. */
static void make_index(struct scene *scene)
{
    for (int i = 1; i <= 2; i++)
        redis_fixture_ask(&scene->redis, "SET t:customer:id:%d {\"version\":\"1-1-1\"}", i);
    note(scene, "daily", true);
    clocks_scan(scene->clocks, "0", on_scanned, scene);
    wait_for_answer(scene);
    assert_int_equal(scene->state, CLOCKS_DONE);
}

static void test_index(void **state)
{
    struct scene *scene = *state;
    redis_fixture_ask(&scene->redis, "SET t:other:id:9 x");
    make_index(scene);
    assert_redis(&scene->redis, "[id:1 100 id:2 200]", "ZRANGE t:zone:UTC 0 -1 WITHSCORES");
    assert_string_equal(note(scene, "daily", true), "UTC");
    assert_int_equal(scene->state, CLOCKS_DONE);
}

/* ---- Whose turn it is ---- */

static void on_swept(void *context, const struct clocks_swept *swept)
{
    struct scene *scene = context;
    scene->state = swept->state;
    scene->wait_ms = swept->wait_ms;
    for (size_t i = 0; i < scene->asked; i++)
        scene->ask_ms[i] = swept->ask_ms[i] < 0 ? -1 : swept->ask_ms[i] - swept->now_ms;
    say(scene, swept->fault ? swept->fault->code : NULL, swept->taken, swept->taken_count);
}

/* A rule whose ticks were a day and a minute ago, and come in a day. */
static const char *sweep(struct scene *scene, size_t most)
{
    static const char *const rules[] = {"r", NULL};
    const int64_t tick_ms = at(scene, -MINUTE_MS) / MINUTE_MS * MINUTE_MS;
    const struct clocks_sweep one = {.zone = "UTC",
                                     .rule = "r",
                                     .max_age_ms = 60 * MINUTE_MS,
                                     .ticks = {{tick_ms - 24 * 60 * MINUTE_MS, "2026-03-01"},
                                               {tick_ms, "2026-03-02"},
                                               {tick_ms + 24 * 60 * MINUTE_MS, "2026-03-03"}}};
    scene->asked = 1;
    clocks_sweep(scene->clocks, rules, &one, 1, most, on_swept, scene);
    wait_for_answer(scene);
    return scene->text;
}

static void on_asked(void *context, const struct diag *fault)
{
    assert_null(fault);
    say(context, NULL, NULL, 0);
}

/* As if the rule had been there for two days. */
static void make_old(struct scene *scene)
{
    make_index(scene);
    redis_fixture_ask(&scene->redis, "HSET t:clocks r %s",
                      "1000000000000 daily"); /* long before any tick */
}

/* Whom the taken ticks name: "id:1 id:2". */
static const char *customers_of(const char *taken)
{
    static char names[256];
    struct arena *arena = arena_new(1024);
    names[0] = '\0';
    for (char *rest = arena_printf(arena, "%s", taken), *one; (one = strsep(&rest, ",")) && *one;) {
        struct clocks_taken read;
        assert_true(clocks_read_taken(arena, one + (*one == ' '), &read));
        assert_string_equal(read.zone, "UTC");
        assert_string_equal(read.rule, "r");
        snprintf(names + strlen(names), sizeof names - strlen(names), names[0] ? " %s" : "%s",
                 read.customer);
    }
    arena_destroy(&arena);
    return names;
}

static void test_sweep(void **state)
{
    struct scene *scene = *state;
    make_index(scene);
    assert_string_equal(sweep(scene, 10), ""); /* it is newer than the tick */
    make_old(scene);
    assert_string_equal(customers_of(sweep(scene, 1)), "id:1");
    assert_in_range(scene->wait_ms, 0, 1000 / RATE);
    assert_int_equal(scene->ask_ms[0], 0); /* there are more */
    redis_fixture_ask(&scene->redis, "HDEL t:index free");
    assert_string_equal(customers_of(sweep(scene, 10)), "id:2");
    assert_string_equal(sweep(scene, 10), "");
    assert_true(scene->ask_ms[0] > 23 * 60 * MINUTE_MS);
    assert_redis(&scene->redis, "2", "ZCARD t:ticks");
}

/* Who was taken by a daemon that ended is taken again; of whom nothing came is not. */
static void test_asked(void **state)
{
    struct scene *scene = *state;
    make_old(scene);
    sweep(scene, 10);
    const char *rest = strdup(scene->text), *second = strchr(rest, ',') + 2;
    char *first = strndup(rest, strcspn(rest, ","));
    const char *const ticks[] = {first};
    const struct clocks_found moved = {"id:1", "UTC", 100, "Europe/Helsinki"};
    clocks_asked(scene->clocks, ticks, 1, &moved, 1, on_asked, scene);
    wait_for_answer(scene);
    assert_redis(&scene->redis, "[id:2]", "ZRANGE t:zone:UTC 0 -1");
    assert_redis(&scene->redis, "[id:1]", "ZRANGE t:zone:Europe/Helsinki 0 -1");
    redis_fixture_ask(&scene->redis, "ZADD t:ticks 1 %b", second, strlen(second));
    assert_string_equal(customers_of(sweep(scene, 10)), "id:2");
    free(first);
    free((char *)rest);
}

/* Undecided events of before the turn hold it back. */
static void test_events_first(void **state)
{
    struct scene *scene = *state;
    make_old(scene);
    redis_fixture_ask(&scene->redis, "LPUSH t:inbox event");
    assert_string_equal(sweep(scene, 10), "");
    redis_fixture_ask(&scene->redis, "DEL t:inbox");
    assert_string_equal(customers_of(sweep(scene, 10)), "id:1 id:2");
}

/* So many a second, over all daemons. */
static void test_rate(void **state)
{
    struct scene *scene = *state;
    make_old(scene);
    redis_fixture_ask(&scene->redis, "HSET t:index free %lld", (long long)at(scene, 30000));
    assert_string_equal(sweep(scene, 10), "");
    assert_in_range(scene->wait_ms, 20000, 30000);
    redis_fixture_ask(&scene->redis, "HSET t:index free %lld", (long long)at(scene, 3600000));
    assert_string_equal(customers_of(sweep(scene, 10)), "id:1 id:2"); /* the clock was set back */
}

static void test_read_taken(void **state)
{
    (void)state;
    static const struct {
        const char *text, *customer;
    } cases[] = {
        {"5 UTC 7 id:1 r", "id:1"},
        {"5 UTC 7 email:a b@example.com r", "email:a b@example.com"},
        {"5 UTC 7 r", NULL},
        {"5 UTC", NULL},
        {"", NULL},
    };
    struct arena *arena = arena_new(1024);
    struct clocks_taken taken;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(clocks_read_taken(arena, cases[i].text, &taken),
                         cases[i].customer != NULL);
        if (!cases[i].customer)
            continue;
        assert_string_equal(taken.customer, cases[i].customer);
        assert_string_equal(taken.rule, "r");
        assert_int_equal(taken.time_ms, 5);
        assert_int_equal(taken.place, 7);
    }
    arena_destroy(&arena);
}

#define REDIS_TEST(test) cmocka_unit_test_setup_teardown(test, open_scene, close_scene)

int main(void)
{
    const struct CMUnitTest tests[] = {
        REDIS_TEST(test_note),  REDIS_TEST(test_fault),
        REDIS_TEST(test_index), REDIS_TEST(test_sweep),
        REDIS_TEST(test_asked), REDIS_TEST(test_events_first),
        REDIS_TEST(test_rate),  cmocka_unit_test(test_read_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
