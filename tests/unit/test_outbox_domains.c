/* Bounds by domain: what a domain holds back waits aside, and comes back when there is room. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "outbox_fixture.h"

enum { HOUR_MS = 3600000 };

static const struct outbox_domain two_an_hour[] = {
    {.name = "gmail.com", .rate = {.count = 2, .per_ms = HOUR_MS}}};
static const struct outbox_gateway main_ = {
    .name = "main", .domains = two_an_hour, .domain_count = 1};
static const struct outbox_gateway unbounded = {.name = "main"}, spare = {.name = "spare"};

static void put(struct outbox_fixture *scene, const char *mid, const char *class_,
                const char *domain)
{
    outbox_fixture_put(scene, mid, class_, "resend");
    redis_fixture_ask(&scene->redis, "HSET t:message:%s domain %s", mid, domain);
}

/* g0, g1 … to gmail.com. */
static void put_gmail(struct outbox_fixture *scene, int count)
{
    char mid[16];
    for (int i = 0; i < count; i++) {
        snprintf(mid, sizeof mid, "g%d", i);
        put(scene, mid, "marketing", "gmail.com");
    }
}

static struct outbox_fixture_taken take(struct outbox_fixture *scene,
                                        const struct outbox_gateway *gateway, size_t most)
{
    return outbox_fixture_take_by(scene, scene->outbox, gateway, most);
}

static void age_domain(struct outbox_fixture *scene, int64_t ms)
{
    outbox_fixture_age(scene, "t:domain:main:gmail.com", ms);
}

static void assert_held(struct outbox_fixture *scene, const char *mids)
{
    assert_redis(&scene->redis, mids, "ZRANGE t:held:email:marketing:gmail.com 0 -1");
    assert_redis(&scene->redis, strcmp(mids, "[]") == 0 ? "[]" : "[gmail.com]",
                 "ZRANGE t:holding:email:marketing 0 -1");
}

/* A full domain costs the others no token and no place; it goes on in its order, before what is
 * newer, as soon as it has room. */
static void test_rate(void **state)
{
    struct outbox_fixture *scene = *state;
    put_gmail(scene, 5);
    put(scene, "free", "marketing", "other.example");
    put(scene, "none", "marketing", "");
    struct outbox_gateway rated = main_;
    rated.rate = (struct outbox_rate){.count = 4, .per_ms = HOUR_MS};
    struct outbox_fixture_taken taken = take(scene, &rated, 6);
    assert_string_equal(taken.text, "g0 g1 free none");
    assert_in_range(taken.held_ms, HOUR_MS, HOUR_MS + 120000);
    assert_false(taken.crowded);
    assert_held(scene, "[g2 g3 g4]");
    assert_redis(&scene->redis, "[later (nil) (nil)]", "HMGET t:message:g2 state entry queue");
    assert_in_range(atoll(redis_fixture_ask(&scene->redis, "ZSCORE t:later g4")) - taken.now_ms,
                    600000, 601000);
    assert_redis(&scene->redis, "4", "XLEN t:outbox:email:marketing");

    put(scene, "new", "marketing", "gmail.com");
    assert_string_equal(take(scene, &main_, 6).text, "");
    age_domain(scene, taken.held_ms - 1000);
    assert_string_equal(take(scene, &main_, 6).text, "");
    age_domain(scene, 1000);
    taken = take(scene, &main_, 6);
    assert_string_equal(taken.text, "g2 g3");
    assert_string_equal(taken.queues[0], "email@main");
    assert_held(scene, "[g4 new]");
    /* What comes back to the outbox belongs to any gateway again. */
    struct outbox_result result = outbox_fixture_result_of(&taken, 0, OUTBOX_RELEASE);
    assert_string_equal(outbox_fixture_settle(scene, scene->outbox, &result, 1), "1");
    assert_redis(&scene->redis, "[queued (nil)]", "HMGET t:message:g2 state queue");
    /* It keeps its place among those that are held. */
    assert_string_equal(take(scene, &main_, 6).text, "");
    assert_held(scene, "[g2 g4 new]");
    assert_redis(&scene->redis, "4", "XLEN t:outbox:email:marketing"); /* in hand */
}

/* One domain's bound is no other's; `default` is one for each. */
static void test_default(void **state)
{
    static const struct outbox_domain rows[] = {
        {.name = "gmail.com", .rate = {.count = 3, .per_ms = HOUR_MS}},
        {.name = "", .rate = {.count = 1, .per_ms = HOUR_MS}}};
    const struct outbox_gateway gateway = {.name = "main", .domains = rows, .domain_count = 2};
    struct outbox_fixture *scene = *state;
    put_gmail(scene, 4);
    put(scene, "a1", "marketing", "a.example");
    put(scene, "a2", "marketing", "a.example");
    put(scene, "b1", "marketing", "b.example");
    outbox_fixture_put(scene, "former", "marketing", "resend"); /* it has no domain */
    assert_string_equal(take(scene, &gateway, 9).text, "g0 g1 g2 a1 b1 former");
    assert_redis(&scene->redis, "[a.example gmail.com]", "ZRANGE t:holding:email:marketing 0 -1");
    assert_string_equal(take(scene, &gateway, 9).text, "");
    outbox_fixture_age(scene, "t:domain:main:a.example", 2 * HOUR_MS);
    assert_string_equal(take(scene, &gateway, 9).text, "a2");
}

/* Connections are counted in each daemon; who has none asks again when one comes back. */
static void test_connections(void **state)
{
    static const struct outbox_domain rows[] = {{.name = "gmail.com", .connections = 2}};
    struct outbox_in_hand in_hand = {.domain = "gmail.com", .count = 1};
    const struct outbox_gateway gateway = {.name = "main",
                                           .domains = rows,
                                           .domain_count = 1,
                                           .in_hand = &in_hand,
                                           .in_hand_count = 1};
    struct outbox_fixture *scene = *state;
    put_gmail(scene, 4);
    struct outbox_fixture_taken taken = take(scene, &gateway, 5);
    assert_string_equal(taken.text, "g0");
    assert_true(taken.crowded);
    assert_int_equal(taken.held_ms, 0);
    in_hand.count = 2;
    taken = take(scene, &gateway, 5);
    assert_true(taken.count == 0 && taken.crowded);
    in_hand.count = 0;
    assert_string_equal(outbox_fixture_take_by(scene, scene->others, &gateway, 5).text, "g1 g2");
    in_hand.count = 1;
    taken = take(scene, &gateway, 5);
    assert_string_equal(taken.text, "g3");
    assert_false(taken.crowded);
    assert_held(scene, "[]");
}

/* A receipt goes before marketing that is held. */
static void test_classes(void **state)
{
    struct outbox_fixture *scene = *state;
    put_gmail(scene, 3);
    assert_string_equal(take(scene, &main_, 5).text, "g0 g1");
    put(scene, "receipt", "transactional", "gmail.com");
    put(scene, "another", "transactional", "gmail.com");
    put(scene, "third", "transactional", "gmail.com");
    assert_string_equal(take(scene, &main_, 5).text, "");
    age_domain(scene, 2 * HOUR_MS);
    assert_string_equal(take(scene, &main_, 5).text, "receipt another");
    age_domain(scene, 2 * HOUR_MS);
    assert_string_equal(take(scene, &main_, 5).text, "third g2");
}

/* Another gateway of the channel is not bound by what bounds this one; nor is this one after a
 * reload. */
static void test_other_gateway(void **state)
{
    struct outbox_fixture *scene = *state;
    put_gmail(scene, 6);
    assert_string_equal(take(scene, &main_, 6).text, "g0 g1");
    struct outbox_fixture_taken taken = take(scene, &spare, 2);
    assert_string_equal(taken.text, "g2 g3");
    assert_string_equal(taken.queues[0], "email@spare");
    assert_string_equal(take(scene, &unbounded, 6).text, "g4 g5");
    assert_held(scene, "[]");
    assert_redis(&scene->redis, "0", "EXISTS t:later t:holding:email:marketing");
}

/* What is bound waits for its domain too, and only its own gateway fetches it. */
static void test_bound(void **state)
{
    struct outbox_fixture *scene = *state;
    put_gmail(scene, 3);
    redis_fixture_ask(&scene->redis, "HSET t:message:g2 bound 1 gateway main");
    assert_string_equal(take(scene, &main_, 6).text, "g0 g1");
    assert_redis(&scene->redis, "[g2]", "ZRANGE t:held:email@main:marketing:gmail.com 0 -1");
    assert_string_equal(take(scene, &spare, 6).text, "");
    age_domain(scene, 2 * HOUR_MS);
    struct outbox_fixture_taken taken = take(scene, &main_, 6);
    assert_string_equal(taken.text, "g2");
    assert_string_equal(taken.gateway, "main");
    assert_redis(&scene->redis, "0", "EXISTS t:holding:email@main:marketing");
}

/* Nobody fetches it: it comes back in a while, and at its give_up. */
static void test_comes_back(void **state)
{
    struct outbox_fixture *scene = *state;
    put_gmail(scene, 4);
    redis_fixture_ask(&scene->redis, "HSET t:message:g3 give_up 1");
    struct outbox_fixture_taken taken = take(scene, &main_, 6);
    assert_int_equal(taken.buried, 1);
    assert_held(scene, "[g2]");
    redis_fixture_ask(&scene->redis, "ZADD t:later 5 g2");
    assert_int_equal(outbox_fixture_sweep(scene, scene->outbox).swept.requeued, 1);
    assert_held(scene, "[]");
    assert_redis(&scene->redis, "queued", "HGET t:message:g2 state");
    char give_up[24];
    snprintf(give_up, sizeof give_up, "%" PRId64, taken.now_ms + 60000);
    redis_fixture_ask(&scene->redis, "HSET t:message:g2 give_up %s", give_up);
    assert_string_equal(take(scene, &main_, 6).text, "");
    assert_redis(&scene->redis, give_up, "ZSCORE t:later g2");
    /* The clock is set back an hour: its place is as it was. */
    age_domain(scene, -HOUR_MS);
    assert_string_equal(take(scene, &main_, 6).text, "");
    age_domain(scene, 2 * HOUR_MS);
    assert_string_equal(take(scene, &main_, 6).text, "g2");
}

/* Withdrawn by hand or by a commit, of a former daemon say, it leaves nothing; a daemon that dies
 * over one that was held leaves it bound. */
static void test_ends(void **state)
{
    struct outbox_fixture *scene = *state;
    put_gmail(scene, 5);
    assert_string_equal(take(scene, &main_, 6).text, "g0 g1");
    redis_fixture_ask(&scene->redis, "DEL t:message:g2");
    redis_fixture_ask(&scene->redis, "ZREM t:later g2");
    age_domain(scene, 2 * HOUR_MS);
    assert_string_equal(take(scene, &main_, 6).text, "g3 g4");
    assert_held(scene, "[]");
    store_fixture_lapse(&scene->store);
    assert_int_equal(outbox_fixture_sweep(scene, scene->others).swept.resent, 4);
    assert_redis(&scene->redis, "[queued 1 email@main]", "HMGET t:message:g3 state bound queue");
}

/* A pass needs room for the domain at the other gateway. */
static void test_pass(void **state)
{
    static const struct outbox_domain rows[] = {
        {.name = "gmail.com", .rate = {.count = 1, .per_ms = HOUR_MS}, .connections = 1}};
    struct outbox_in_hand in_hand = {.domain = "gmail.com", .count = 1};
    struct outbox_gateway to = {
        .name = "spare", .domains = rows, .domain_count = 1, .in_hand = &in_hand};
    struct outbox_fixture *scene = *state;
    int64_t number = 0, other = 0, wait_ms;
    put_gmail(scene, 1);
    struct outbox_fixture_taken taken = take(scene, &main_, 1);
    to.in_hand_count = 1;
    assert_string_equal(
        outbox_fixture_pass_to(scene, scene->outbox, &taken, &to, &number, &wait_ms), "held");
    assert_in_range(wait_ms, 1, 1000);
    to.in_hand_count = 0;
    for (int i = 0; i < 2; i++)
        assert_string_equal(
            outbox_fixture_pass_to(scene, scene->outbox, &taken, &to, &number, NULL), "passed");
    assert_redis(&scene->redis, "[1]", "HVALS t:domain:spare:gmail.com");
    assert_string_equal(outbox_fixture_pass_to(scene, scene->outbox, &taken, &to, &other, &wait_ms),
                        "held");
    assert_in_range(wait_ms, HOUR_MS - 60000, HOUR_MS + 120000);
}

static void test_wrong_keys(void **state)
{
    struct outbox_fixture *scene = *state;
    put_gmail(scene, 5);
    assert_string_equal(take(scene, &main_, 6).text, "g0 g1");
    redis_fixture_ask(&scene->redis, "SET t:held:email:marketing:gmail.com spoilt");
    redis_fixture_ask(&scene->redis, "SET t:domain:main:gmail.com spoilt");
    put(scene, "g5", "marketing", "gmail.com");
    put(scene, "g6", "marketing", "gmail.com");
    put(scene, "g7", "marketing", "gmail.com");
    assert_string_equal(take(scene, &main_, 6).text, "g5 g6"); /* it counts anew */
    assert_held(scene, "[g7]");
    redis_fixture_ask(&scene->redis, "ZADD t:later 5 g2 5 g3 5 g4"); /* what was lost comes back */
    assert_int_equal(outbox_fixture_sweep(scene, scene->outbox).swept.requeued, 3);
    assert_string_equal(take(scene, &main_, 6).text, "");
    assert_held(scene, "[g2 g3 g4 g7]");
    redis_fixture_ask(&scene->redis, "DEL t:holding:email:marketing");
    redis_fixture_ask(&scene->redis, "SET t:holding:email:marketing spoilt");
    assert_string_equal(take(scene, &main_, 6).text, "redis-wrongkey");
}

/* Very many of one domain before one of another: they are held within a few takes. */
static void test_very_many(void **state)
{
    struct outbox_fixture *scene = *state;
    redis_fixture_ask(
        &scene->redis, "EVAL %s 0",
        "for i = 1, 20000 do redis.call('HSET', 't:message:v' .. i, 'state', 'queued', "
        "'customer', 'id:7', 'channel', 'email', 'class', 'marketing', 'on_uncertain', "
        "'hold', 'give_up', '4700000000001', 'attempts', 0, 'topic', 'all', 'domain', "
        "'gmail.com', 'body', '{}') "
        "redis.call('XADD', 't:outbox:email:marketing', '*', 'mid', 'v' .. i) end");
    put(scene, "free", "marketing", "other.example");
    struct outbox_fixture_taken taken = {0};
    int takes = 0;
    for (; !strstr(taken.text, "free"); takes++) {
        taken = take(scene, &main_, 8);
        assert_true(takes < 100);
    }
    assert_int_equal(atoi(redis_fixture_ask(&scene->redis, "ZCARD t:later")), 19998);
    assert_in_range(atoll(redis_fixture_ask(&scene->redis, "ZSCORE t:later v20000")) - taken.now_ms,
                    600000 + 19000 * 10, 600000 + 20100 * 10);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, outbox_fixture_open, outbox_fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_rate),          TEST(test_default),    TEST(test_connections), TEST(test_classes),
        TEST(test_other_gateway), TEST(test_bound),      TEST(test_comes_back),  TEST(test_ends),
        TEST(test_pass),          TEST(test_wrong_keys), TEST(test_very_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
