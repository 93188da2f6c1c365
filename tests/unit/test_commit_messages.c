/* What a commit does to messages: withdrawn where each is, decided again, records that are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "outbox_fixture.h"
#include "store/customers.h"

#define LATER 9999999999999
#define V1    "{\"version\":\"1-9-1\",\"n\":1}"

struct result {
    bool done;
    char text[256]; /* "done", or the key that is broken and what it is */
};

static void on_commit(void *context, const struct commit_result *result)
{
    struct result *into = context;
    into->done = true;
    if (result->outcome == COMMIT_BROKEN)
        snprintf(into->text, sizeof into->text, "%s %s", result->broken, result->what);
    else
        snprintf(into->text, sizeof into->text, "%s",
                 result->outcome == COMMIT_DONE ? "done" : "refused");
}

/* What came of it, good until the next one. */
static const char *commit(struct outbox_fixture *scene, const struct commit *commit)
{
    static struct result result;
    struct customers *customers = customers_new(scene->store.scripts, scene->store.instance);
    result = (struct result){0};
    store_fixture_commit(customers, commit, on_commit, &result);
    redis_fixture_run(&scene->redis, &result.done);
    customers_destroy(&customers);
    return result.text;
}

static struct commit document(void)
{
    return (struct commit){.customer = "id:7",
                           .seen = "",
                           .version = "1-9-1",
                           .document = {V1, strlen(V1)},
                           .expire_ms = LATER};
}

static struct commit_message messages[] = {
    {"m1", "email", "marketing", "{\"to\":1}", 8, "hold", 1700000000001, "h", "s", "all",
     "shop.example", "0 offer", NULL},
    {"m2", "email", "transactional", "{\"to\":2}", 8, "resend", 1700000000002, "", "", "", "", "",
     NULL},
};

/* One message in each state. */
static void put_messages(struct outbox_fixture *scene)
{
    static const char *const states[] = {"queued", "later", "taken", "uncertain"};
    for (size_t i = 0; i < 4; i++)
        redis_fixture_ask(&scene->redis, "HSET t:message:%s state %s", states[i], states[i]);
    redis_fixture_ask(&scene->redis, "HSET t:message:bound state later bound 1");
    redis_fixture_ask(&scene->redis, "HSET t:message:uncertain give_up 1700000000001");
    redis_fixture_ask(&scene->redis, "ZADD t:later 1 later 2 other 3 bound");
    redis_fixture_ask(&scene->redis, "ZADD t:uncertain 1 uncertain 2 other");
}

static void test_withdrawals(void **state)
{
    static const struct commit_withdrawal withdrawals[] = {
        {"queued", CUSTOMER_PLACE_WAITS, "until"},
        {"later", CUSTOMER_PLACE_WAITS, "until"},
        {"taken", CUSTOMER_PLACE_HAND, "erasure"},
        {"uncertain", CUSTOMER_PLACE_UNCERTAIN, "until"},
        {"bound", CUSTOMER_PLACE_UNCERTAIN, "until"}};
    struct outbox_fixture *scene = *state;
    put_messages(scene);
    struct commit first = document();
    first.withdrawals = withdrawals;
    first.withdrawal_count = 5;
    assert_string_equal(commit(scene, &first), "done");
    assert_redis(&scene->redis, "2", "EXISTS t:message:taken t:message:uncertain");
    assert_redis(&scene->redis, "0", "EXISTS t:message:queued t:message:later t:message:bound");
    assert_redis(&scene->redis, "[taken erasure]", "HMGET t:message:taken state mark");
    assert_redis(&scene->redis, "[uncertain until]", "HMGET t:message:uncertain state mark");
    assert_redis(&scene->redis, "[other 2 uncertain 1700000000001]",
                 "ZRANGE t:later 0 -1 WITHSCORES");
    assert_redis(&scene->redis, "[uncertain other]", "ZRANGE t:uncertain 0 -1");
}

/* Of one who was erased nothing is held, also where it was withdrawn before. */
static void test_held_and_erased(void **state)
{
    static const struct commit_withdrawal withdrawals[] = {
        {"uncertain", CUSTOMER_PLACE_UNCERTAIN, "erasure"}};
    struct outbox_fixture *scene = *state;
    put_messages(scene);
    redis_fixture_ask(&scene->redis, "HSET t:message:uncertain mark until");
    redis_fixture_ask(&scene->redis, "ZADD t:later 1 uncertain");
    struct commit first = document();
    first.withdrawals = withdrawals;
    first.withdrawal_count = 1;
    assert_string_equal(commit(scene, &first), "done");
    assert_redis(&scene->redis, "0", "EXISTS t:message:uncertain");
    assert_redis(&scene->redis, "[later other bound]", "ZRANGE t:later 0 -1");
    assert_redis(&scene->redis, "[other]", "ZRANGE t:uncertain 0 -1");
}

/* What is decided again is there, whatever the same commit or an earlier one withdrew of it. */
static void test_decided_again(void **state)
{
    static const struct commit_withdrawal withdrawal = {"m1", CUSTOMER_PLACE_WAITS, "until"};
    struct outbox_fixture *scene = *state;
    redis_fixture_ask(&scene->redis, "HSET t:message:m1 state queued");
    redis_fixture_ask(&scene->redis, "HSET t:message:m2 state taken mark until");
    redis_fixture_ask(&scene->redis, "MSET t:body:m1 old t:body:m2 old");
    struct commit first = document();
    first.withdrawals = &withdrawal;
    first.withdrawal_count = 1;
    first.messages = messages;
    first.message_count = 2;
    assert_string_equal(commit(scene, &first), "done");
    assert_redis(&scene->redis, "queued", "HGET t:message:m1 state");
    assert_redis(&scene->redis, "[taken (nil)]", "HMGET t:message:m2 state mark");
    assert_redis(&scene->redis, "[{\"to\":1} old]", "MGET t:body:m1 t:body:m2");
    assert_redis(&scene->redis, "1", "XLEN t:outbox:email:marketing");
}

/* What only this customer has of a wrong type is told, and nothing is written. */
static void test_broken(void **state)
{
    static const struct {
        const char *key, *answer;
    } rows[] = {
        {"t:customer:id:7", "t:customer:id:7 is a set, not a string"},
        {"t:trace:id:7", "t:trace:id:7 is a set, not a list"},
        {"t:message:m1", "t:message:m1 is a set, not a hash"},
    };
    struct outbox_fixture *scene = *state;
    struct commit first = document();
    first.messages = messages;
    first.message_count = 1;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        redis_fixture_ask(&scene->redis, "SADD %s x", rows[i].key);
        assert_string_equal(commit(scene, &first), rows[i].answer);
        assert_redis(&scene->redis, "1", "DEL %s", rows[i].key);
        assert_redis(&scene->redis, "0", "EXISTS t:customer:id:7 t:message:m1 t:body:m1");
    }
    /* A timer of theirs can be given up all the same. */
    struct commit timer = {.customer = "id:7", .seen = "", .version = "", .expire_ms = LATER};
    const struct slice line = {"{}", 2};
    timer.traces = &line;
    timer.trace_count = 1;
    redis_fixture_ask(&scene->redis, "SADD t:customer:id:7 x");
    redis_fixture_ask(&scene->redis, "SADD t:trace:id:7 x");
    redis_fixture_ask(&scene->redis, "ZADD t:taken 5 id:7");
    assert_string_equal(commit(scene, &timer), "done");
    assert_redis(&scene->redis, "0", "EXISTS t:taken");
}

/* Each has what is its own, and no more. */
static void test_alike(void **state)
{
    static struct commit_message alike[] = {
        {"a1", "email", "marketing", "{\"to\":1}", 8, "hold", 1700000000001, "h1", "s1", "news",
         "one.example", "0 offer", NULL},
        {"a2", "email", "marketing", "{\"to\":2}", 8, "hold", 1700000000002, "h2", "s2", "news", "",
         "", NULL},
        {"a3", "email", "marketing", "{\"to\":3}", 8, "hold", 1700000000003, "h3", "s3", "news",
         "three.example", "1 other", NULL},
        {"a4", "email", "marketing", "{\"to\":4}", 8, "hold", 1700000000004, "h4", "s4", "news", "",
         "", NULL},
        {"a5", "email", "marketing", "{\"to\":5}", 8, "hold", 1700000000005, "h5", "s5", "news",
         "five.example", "", NULL},
    };
    struct outbox_fixture *scene = *state;
    struct commit first = document();
    first.messages = alike;
    first.message_count = sizeof alike / sizeof *alike;
    assert_string_equal(commit(scene, &first), "done");
    static const char *const own[] = {"1 h1 s1 one.example 0 offer", "2 h2 s2 (nil) (nil)",
                                      "3 h3 s3 three.example 1 other", "4 h4 s4 (nil) (nil)",
                                      "5 h5 s5 five.example (nil)"};
    static const int fields[] = {12, 10, 12, 10, 11};
    for (int i = 0; i < 5; i++) {
        char row[256], count[8];
        snprintf(row, sizeof row, "[queued id:7 email marketing hold 0 news 170000000000%s]",
                 own[i]);
        snprintf(count, sizeof count, "%d", fields[i]);
        assert_redis(&scene->redis, row,
                     "HMGET t:message:a%d state customer channel class on_uncertain attempts topic "
                     "give_up hash said domain returns",
                     i + 1);
        assert_redis(&scene->redis, count, "HLEN t:message:a%d", i + 1);
    }
    assert_redis(&scene->redis, "5", "XLEN t:outbox:email:marketing");
}

static void on_one(void *context, const struct commit_result *result)
{
    struct result *into = context;
    into->done = result->outcome == COMMIT_DONE;
}

/* What is begun at once is one string; of what is noted in it meanwhile it becomes a hash. */
static void test_packed(void **state)
{
    static struct commit_message both[] = {
        {"b1", "email", "transactional", "{}", 2, "resend", LATER, "h1", "", "all", "one.example",
         "", "relay"},
        {"b2", "email", "transactional", "{}", 2, "resend", LATER, "", "", "all", "", "", "relay"},
    };
    static const struct commit_withdrawal withdrawal = {"b1", CUSTOMER_PLACE_HAND, "until"};
    struct outbox_fixture *scene = *state;
    struct customers *customers = customers_new(scene->store.scripts, scene->store.instance);
    struct commit first = document(), second = document();
    first.number = second.number = 5;
    first.messages = &both[0];
    second.customer = "id:8 ";
    second.withdrawals = &withdrawal;
    second.messages = &both[1];
    first.message_count = second.message_count = second.withdrawal_count = 1;
    struct result results[2] = {{0}};
    customers_commit(customers,
                     &(struct commit_call){
                         .commits = (const struct commit *const[]){&first, &second}, .count = 2},
                     on_one, (void *[]){&results[0], &results[1]});
    redis_fixture_run(&scene->redis, &results[1].done);
    customers_destroy(&customers);
    assert_redis(&scene->redis, "[taken - relay 5 id:7 h1 one.example (nil) until]",
                 "HMGET t:message:b1 state entry gateway take customer hash domain returns mark");
    assert_redis(&scene->redis, "{}", "GET t:body:b1");
    assert_redis(&scene->redis, "string", "TYPE t:message:b2");
    assert_redis(&scene->redis, "0", "EXISTS t:body:b2");
    /* Only what is packed need not be looked at once it was sent. */
    const char *owner = instance_consumer(scene->store.instance);
    char whose[128];
    snprintf(whose, sizeof whose, "%s id:8 ", owner);
    assert_string_equal(
        strchr(redis_fixture_ask(&scene->redis, "HGET t:begun:email:transactional b2"), ' ') + 1,
        whose);
    assert_string_equal(
        strchr(redis_fixture_ask(&scene->redis, "HGET t:begun:email:transactional b1"), ' ') + 1,
        owner);
}

/* Later than it was, if it waits at all. */
static void test_postponed(void **state)
{
    struct outbox_fixture *scene = *state;
    static const struct commit_postponed postponed[] = {{"m1", 5000}, {"m2", 5000}, {"m3", 5000}};
    struct commit commit_of = document();
    commit_of.postponed = postponed;
    commit_of.postponed_count = 3;
    redis_fixture_ask(&scene->redis, "ZADD t:later 1000 m1 9000 m2");
    assert_string_equal(commit(scene, &commit_of), "done");
    assert_redis(&scene->redis, "[m1 5000 m2 9000]", "ZRANGE t:later 0 -1 WITHSCORES");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, outbox_fixture_open, outbox_fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_withdrawals),   TEST(test_postponed), TEST(test_held_and_erased),
        TEST(test_decided_again), TEST(test_broken),    TEST(test_alike),
        TEST(test_packed),
    };
    return cmocka_run_group_tests_name("commit_messages", tests, NULL, NULL);
}
