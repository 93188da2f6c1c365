/* Bounds that many shards share: grant.lua, give_back.lua, and demand.lua, which says how much is
 * asked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "outbox_fixture.h"
#include "store/grants.h"
#include "store/outbox_demand.h"

enum { HOUR_MS = 3600000, SHARDS = 5 };

struct scene {
    struct outbox_fixture *fixture;
    struct shard shards[SHARDS];
    struct grants *grants[SHARDS];
};

struct answer {
    bool done;
    char code[32];
    size_t count, domain_count;
    int64_t at_ms, token_ms, wait_ms, held_ms;
    bool crowded;
    char domain[32]; /* the first */
    int64_t domain_most, domain_again_ms;
};

static const struct outbox_gateway hourly = {.name = "main", .rate = {10, HOUR_MS}};

static int open_scene(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);
    void *fixture;
    outbox_fixture_open(&fixture);
    scene->fixture = fixture;
    for (size_t i = 0; i < SHARDS; i++) {
        scene->shards[i] = (struct shard){.number = i, .scripts = scene->fixture->other.scripts};
        scene->grants[i] = grants_new(scene->fixture->store.scripts, &scene->shards[i]);
    }
    *state = scene;
    return 0;
}

static int close_scene(void **state)
{
    struct scene *scene = *state;
    for (size_t i = 0; i < SHARDS; i++)
        grants_destroy(&scene->grants[i]);
    void *fixture = scene->fixture;
    outbox_fixture_close(&fixture);
    free(scene);
    return 0;
}

static void on_granted(void *context, const struct grant *grant)
{
    struct answer *answer = context;
    *answer = (struct answer){.done = true,
                              .count = grant->count,
                              .domain_count = grant->domain_count,
                              .at_ms = grant->at_ms,
                              .token_ms = grant->token_ms,
                              .wait_ms = grant->wait_ms,
                              .held_ms = grant->held_ms,
                              .crowded = grant->crowded};
    if (grant->fault)
        snprintf(answer->code, sizeof answer->code, "%s", grant->fault->code);
    if (grant->domain_count) {
        snprintf(answer->domain, sizeof answer->domain, "%s", grant->domains[0].name);
        answer->domain_most = grant->domains[0].count;
        answer->domain_again_ms = grant->domains[0].again_ms;
    }
}

static struct answer ask_for(struct scene *scene, size_t shard,
                             const struct outbox_gateway *gateway, const struct grants_want *want)
{
    struct answer answer = {0};
    grants_ask(scene->grants[shard], gateway, want, on_granted, &answer);
    redis_fixture_run(&scene->fixture->redis, &answer.done);
    return answer;
}

static struct answer ask(struct scene *scene, size_t shard, size_t most)
{
    return ask_for(scene, shard, &hourly, &(struct grants_want){.most = most});
}

/* As if an hour and a slot had passed for what has gone. */
static void next_hour(struct scene *scene, const char *key)
{
    outbox_fixture_age(scene->fixture, key, HOUR_MS + HOUR_MS / 32);
}

static void test_shards_share_a_bound(void **state)
{
    struct scene *scene = *state;
    struct answer answer = ask(scene, 1, 6);
    assert_int_equal(answer.count, 6);
    assert_int_equal(answer.wait_ms, 0);
    answer = ask(scene, 2, 6);
    assert_int_equal(answer.count, 4);
    assert_in_range(answer.wait_ms, 1, 1000); /* others may give some back */
    assert_int_equal(ask(scene, 1, 1).count, 0);
    next_hour(scene, "t:rate:main");
    assert_int_equal(ask(scene, 3, 20).count, 3); /* two others wait: each is to have as many */
    assert_int_equal(ask(scene, 2, 2).count, 2);
    assert_int_equal(ask(scene, 1, 1).count, 1);
    assert_int_equal(ask(scene, 3, 20).count, 4);
}

static void test_token_lies_between_question_and_answer(void **state)
{
    struct scene *scene = *state;
    const struct answer first = ask(scene, 1, 1), next = ask(scene, 1, 1);
    assert_true(first.token_ms > 0 && next.token_ms >= first.token_ms);
    assert_true(next.token_ms <= first.token_ms + next.at_ms - first.at_ms + 50);
}

static void give_back(struct scene *scene, const struct answer *answer, size_t count)
{
    const struct grant unused = {.at_ms = answer->at_ms, .count = count};
    grants_give_back(scene->grants[1], &hourly, &unused);
}

static void test_what_is_given_back_goes_to_others(void **state)
{
    struct scene *scene = *state;
    const struct answer answer = ask(scene, 1, 10);
    give_back(scene, &answer, 0); /* Redis has the script from now on */
    assert_int_equal(ask(scene, 2, 3).count, 0);
    give_back(scene, &answer, 4);
    assert_int_equal(ask(scene, 2, 3).count, 3);
    assert_int_equal(ask(scene, 2, 3).count, 1);
    give_back(scene, &answer, 11); /* more than ever went: what counts is kept */
    assert_int_equal(ask(scene, 3, 3).count, 0);
}

/* One at a time: who has waited longest has it, and whoever had one stands behind the others. */
static void test_turns(void **state)
{
    const struct outbox_gateway single = {.name = "main", .rate = {1, HOUR_MS}};
    const struct grants_want many = {.most = 50};
    static const size_t turns[] = {1, 3, 2, 1, 3, 2};
    struct scene *scene = *state;
    assert_int_equal(ask_for(scene, 1, &single, &many).count, 1);
    assert_int_equal(ask_for(scene, 3, &single, &many).count, 0);
    assert_int_equal(ask_for(scene, 2, &single, &many).count, 0);
    for (size_t i = 0; i < sizeof turns / sizeof *turns; i++) {
        next_hour(scene, "t:rate:main");
        for (size_t shard = 1; shard <= 3; shard++)
            if (shard != turns[i])
                assert_int_equal(ask_for(scene, shard, &single, &many).count, 0);
        assert_int_equal(ask_for(scene, turns[i], &single, &many).count, 1);
    }
}

/* Who does not come again is waited for no longer, nor one whose row was spoilt. */
static void test_gone_is_not_waited_for(void **state)
{
    struct scene *scene = *state;
    redis_fixture_ask(&scene->fixture->redis, "HSET t:turns:main 2 %s 3 spoilt 4 %s", "1000 2000",
                      "1000 99999999999999");
    assert_int_equal(ask(scene, 1, 10).count, 10);
    assert_redis(&scene->fixture->redis, "0", "EXISTS t:turns:main");
    redis_fixture_ask(&scene->fixture->redis, "SET t:turns:main x");
    assert_int_equal(ask(scene, 1, 1).count, 0);
}

static const struct outbox_domain rows[] = {{.name = "gmail.com", .rate = {2, HOUR_MS}},
                                            {.name = "", .connections = 1}};
static const struct outbox_gateway by_domain = {.name = "main", .domains = rows, .domain_count = 1};

static void test_domains(void **state)
{
    static const char *const domains[] = {"gmail.com", "gmail.com", "gmail.com", "", "a.example"};
    const struct grants_want want = {.most = 5, .domains = domains, .domain_count = 5};
    struct scene *scene = *state;
    struct answer answer = ask_for(scene, 1, &by_domain, &want);
    assert_int_equal(answer.count, 4); /* all but the third */
    assert_int_equal(answer.wait_ms, 0);
    assert_string_equal(answer.domain, "gmail.com");
    assert_int_equal(answer.domain_most, 2);
    assert_in_range(answer.held_ms, 1, 1000);
    answer = ask_for(scene, 2, &by_domain, &want);
    assert_int_equal(answer.count, 2);
    assert_int_equal(answer.domain_most, 0);
    next_hour(scene, "t:domain:main:gmail.com");
    assert_int_equal(ask_for(scene, 1, &by_domain, &want).domain_most,
                     1); /* the other has its turn */
    assert_int_equal(ask_for(scene, 2, &by_domain, &want).domain_most, 1);
}

/* The domain's room is not used by what the gateway has no room for. */
static void test_domain_within_the_rate(void **state)
{
    static const char *const domains[] = {"b.example", "gmail.com", "gmail.com"};
    const struct outbox_gateway both = {
        .name = "main", .rate = {2, HOUR_MS}, .domains = rows, .domain_count = 1};
    const struct grants_want want = {.most = 3, .domains = domains, .domain_count = 3};
    struct scene *scene = *state;
    const struct answer answer = ask_for(scene, 1, &both, &want);
    assert_int_equal(answer.count, 2);
    assert_int_equal(answer.domain_most, 1);
    assert_int_equal(answer.held_ms, 0);
    assert_true(answer.wait_ms > 0);
    assert_int_equal(ask_for(scene, 1, &by_domain, &want).domain_most, 1);
}

/* Nothing that is known has room, but others may stand behind it. */
static void test_probe(void **state)
{
    static const char *const domains[] = {"gmail.com"};
    struct grants_want want = {.most = 1, .domains = domains, .domain_count = 1};
    struct scene *scene = *state;
    assert_int_equal(ask_for(scene, 1, &by_domain, &want).count, 1);
    assert_int_equal(ask_for(scene, 1, &by_domain, &want).count, 1);
    assert_int_equal(ask_for(scene, 1, &by_domain, &want).count, 0);
    want.probes = true;
    const struct answer answer = ask_for(scene, 1, &by_domain, &want);
    assert_int_equal(answer.count, 1);
    assert_int_equal(answer.domain_most, 0);
}

static void test_connections_of_a_domain(void **state)
{
    static const char *const domains[] = {"a.example", "a.example"};
    const struct outbox_in_hand in_hand = {.domain = "a.example", .count = 1};
    struct outbox_gateway gateway = {.name = "main", .domains = rows, .domain_count = 2};
    const struct grants_want want = {.most = 2, .domains = domains, .domain_count = 2};
    struct scene *scene = *state;
    struct answer answer = ask_for(scene, 1, &gateway, &want);
    assert_true(answer.count == 1 && answer.crowded && answer.held_ms == 0);
    gateway.in_hand = &in_hand;
    gateway.in_hand_count = 1;
    answer = ask_for(scene, 1, &gateway, &want);
    assert_true(answer.count == 0 && answer.crowded);
}

static void test_warmup(void **state)
{
    const struct outbox_gateway warming = {.name = "main",
                                           .warmup = {.first = 3, .growth = 2, .until = 100}};
    struct scene *scene = *state;
    assert_int_equal(ask_for(scene, 1, &warming, &(struct grants_want){.most = 2}).count, 2);
    assert_int_equal(ask_for(scene, 2, &warming, &(struct grants_want){.most = 2}).count, 1);
    assert_redis(&scene->fixture->redis, "1", "HEXISTS t:warmup:main since");
}

static void test_spoilt_key(void **state)
{
    struct scene *scene = *state;
    redis_fixture_ask(&scene->fixture->redis, "SET t:rate:main x");
    assert_string_equal(ask(scene, 1, 1).code, "redis-wrongkey");
}

/* ---- Demand ---- */

struct asked {
    bool done, paused, fresh;
    char text[256]; /* the domains, or the fault's code */
    size_t count;
    int64_t behind_ms;
};

static void on_demand(void *context, const struct outbox_demand *demand)
{
    struct asked *asked = context;
    *asked = (struct asked){.done = true,
                            .paused = demand->paused,
                            .fresh = demand->fresh,
                            .count = demand->count,
                            .behind_ms = demand->behind_ms};
    if (demand->fault)
        snprintf(asked->text, sizeof asked->text, "%s", demand->fault->code);
    for (size_t i = 0; demand->domains && i < demand->count; i++)
        snprintf(asked->text + strlen(asked->text), sizeof asked->text - strlen(asked->text),
                 "%s%s", i ? " " : "", demand->domains[i]);
}

static struct asked demand(struct scene *scene, const struct outbox_gateway *gateway, size_t most)
{
    struct asked asked = {0};
    outbox_ask_demand(scene->fixture->outbox, "email", gateway, most, on_demand, &asked);
    redis_fixture_run(&scene->fixture->redis, &asked.done);
    return asked;
}

static void test_demand_is_what_nobody_has(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(demand(scene, &hourly, 5).count, 0);
    outbox_fixture_put_many(scene->fixture, 8, "marketing");
    struct asked asked = demand(scene, &hourly, 5);
    assert_true(asked.count == 5 && asked.fresh && !asked.paused);
    assert_int_equal(outbox_fixture_take(scene->fixture, 6).count, 6);
    assert_int_equal(demand(scene, &hourly, 5).count, 2);
    redis_fixture_ask(&scene->fixture->redis, "HSET t:paused main {}");
    assert_true(demand(scene, &hourly, 5).paused);
}

static void test_demand_by_domain(void **state)
{
    static const struct outbox_domain none[] = {{.name = "gmail.com", .rate = {0, -500}}};
    const struct outbox_gateway full = {
        .name = "main", .domains = none, .domain_count = 1, .token_ms = 1};
    struct scene *scene = *state;
    outbox_fixture_put_many(scene->fixture, 3, "marketing");
    redis_fixture_ask(&scene->fixture->redis, "HSET t:message:marketing0 domain gmail.com");
    redis_fixture_ask(&scene->fixture->redis, "HSET t:message:marketing2 domain a.example");
    outbox_fixture_put(scene->fixture, "receipt", "transactional", "hold");
    redis_fixture_ask(&scene->fixture->redis, "HSET t:message:receipt domain b.example");
    struct asked asked = demand(scene, &by_domain, 2);
    assert_string_equal(asked.text, "b.example gmail.com  a.example");
    assert_true(asked.fresh);

    /* One for which there was nothing in the grant is held, and is there still. */
    const struct outbox_fixture_taken taken =
        outbox_fixture_take_by(scene->fixture, scene->fixture->outbox, &full, 4);
    assert_int_equal(taken.count, 3);
    assert_int_equal(taken.token_ms, 1);
    assert_int_equal(taken.held_ms, 500);
    asked = demand(scene, &by_domain, 2);
    assert_string_equal(asked.text, "gmail.com");
    assert_false(asked.fresh);
    assert_redis(&scene->fixture->redis, "0", "EXISTS t:domain:main:gmail.com t:rate:main");
}

static void test_demand_behind_events(void **state)
{
    struct scene *scene = *state;
    outbox_fixture_put_many(scene->fixture, 3, "marketing");
    redis_fixture_ask(&scene->fixture->redis, "XADD t:events 1-1 event {}");
    struct asked asked = demand(scene, &by_domain, 5);
    assert_true(asked.count == 0 && asked.behind_ms > 0 && !asked.fresh);
    outbox_fixture_put(scene->fixture, "receipt", "transactional", "hold");
    asked = demand(scene, &hourly, 5);
    assert_true(asked.count == 1 && asked.behind_ms > 0 && asked.fresh);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_scene, close_scene)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_shards_share_a_bound),
        TEST(test_token_lies_between_question_and_answer),
        TEST(test_what_is_given_back_goes_to_others),
        TEST(test_turns),
        TEST(test_gone_is_not_waited_for),
        TEST(test_domains),
        TEST(test_domain_within_the_rate),
        TEST(test_probe),
        TEST(test_connections_of_a_domain),
        TEST(test_warmup),
        TEST(test_spoilt_key),
        TEST(test_demand_is_what_nobody_has),
        TEST(test_demand_by_domain),
        TEST(test_demand_behind_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
