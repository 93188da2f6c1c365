/* Rule sets of several daemons: their numbers, which live, what they can go on with. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/script_table.h"
#include "store_fixture.h"

#define A "00000000000000aa" /* that of a store_fixture */
#define B "00000000000000bb"
#define C "00000000000000cc"

static int open_redis(void **state)
{
    struct redis_fixture *redis = malloc(sizeof *redis);
    redis_fixture_open(redis, NULL);
    *state = redis;
    return 0;
}

static int close_redis(void **state)
{
    redis_fixture_close(*state);
    free(*state);
    return 0;
}

/* ---- Numbers ---- */

/* {"entered", epoch, number, …} or {"renewed", number, …} */
static int number_in(const char *answer)
{
    const char *at = strchr(answer, ' ') + 1;
    if (strncmp(answer, "[entered", 8) == 0)
        at = strchr(at, ' ') + 1;
    return atoi(at);
}

static int enter(struct redis_fixture *redis, const char *name, const char *digest)
{
    return number_in(redis_fixture_ask(redis, "EVAL %s 0 t %s 10000 %s 0 0",
                                       script_table[SCRIPT_ENTER], name, digest));
}

/* `known` to the daemon; `reloaded`: 1 or 0. */
static int renew(struct redis_fixture *redis, const char *name, const char *digest, int known,
                 int reloaded)
{
    const char *epoch = redis_fixture_ask(redis, "GET t:instance:%s", name);
    char copy[32];
    snprintf(copy, sizeof copy, "%s", epoch);
    return number_in(redis_fixture_ask(redis, "EVAL %s 0 t %s %s 10000 %s %d %d",
                                       script_table[SCRIPT_RENEW], name, copy, digest, known,
                                       reloaded));
}

static void test_numbers(void **state)
{
    struct redis_fixture *redis = *state;
    assert_int_equal(enter(redis, "one", A), 1);
    assert_int_equal(enter(redis, "two", B), 2);   /* never seen: the newest */
    assert_int_equal(enter(redis, "three", A), 1); /* known: as it was */
    assert_int_equal(renew(redis, "two", B, 2, 0), 2);
    assert_int_equal(renew(redis, "two", A, 0, 1), 3); /* a reload back */
    assert_int_equal(renew(redis, "two", A, 0, 1), 3); /* its answer was lost */
    assert_int_equal(renew(redis, "one", A, 1, 0), 3); /* all with that set learn it */
    assert_int_equal(enter(redis, "four", B), 2);
    assert_redis(redis, "3", "HGET t:rules last");
}

/* A known set is the newest again where nobody lives with another. */
static void test_nobody_has_another(void **state)
{
    struct redis_fixture *redis = *state;
    enter(redis, "one", A);
    enter(redis, "two", B);
    redis_fixture_ask(redis, "DEL t:instance:two");
    assert_int_equal(enter(redis, "one", A), 3);
    assert_redis(redis, "[one]", "HKEYS t:sets"); /* the dead one's row is gone */
    enter(redis, "two", C);
    assert_int_equal(renew(redis, "one", A, 3, 0), 3);
    /* One that is only started again has not given way … */
    redis_fixture_ask(redis, "DEL t:instance:two");
    assert_int_equal(renew(redis, "one", A, 3, 0), 3);
    assert_int_equal(renew(redis, "one", A, 3, 0), 3);
    /* … after a minute it has. */
    redis_fixture_ask(redis, "HSET t:rules alone %s", A " 1000");
    assert_int_equal(renew(redis, "one", A, 3, 0), 5);
    redis_fixture_ask(redis, "HSET t:rules alone %s", A " 1000");
    assert_int_equal(renew(redis, "one", A, 5, 0), 5);
    /* Nor does it count where the clock was set back. */
    enter(redis, "two", B);
    enter(redis, "two", C);
    redis_fixture_ask(redis, "DEL t:instance:two");
    redis_fixture_ask(redis, "HSET t:rules last 9 alone %s", A " 9000000000000");
    assert_int_equal(renew(redis, "one", A, 5, 0), 5);
}

/* What Redis lost it is told again; a number is never given to two sets by that. */
static void test_lost_numbers(void **state)
{
    struct redis_fixture *redis = *state;
    enter(redis, "one", A);
    enter(redis, "two", B);
    redis_fixture_ask(redis, "DEL t:rules");
    assert_int_equal(renew(redis, "two", B, 2, 0), 2);
    assert_redis(redis, "2", "HGET t:rules last");
    assert_int_equal(renew(redis, "one", A, 1, 0), 1);
    assert_int_equal(enter(redis, "three", C), 3);
    redis_fixture_ask(redis, "HSET t:rules %s 1 last 1", B); /* it has lost the last second */
    assert_int_equal(renew(redis, "two", B, 2, 0), 2);
}

static void test_bound(void **state)
{
    struct redis_fixture *redis = *state;
    char digest[24];
    enter(redis, "one", A);
    for (int i = 0; i < 70; i++) {
        snprintf(digest, sizeof digest, "%016x", 0x1000 + i);
        assert_int_equal(enter(redis, "two", digest), i + 2);
    }
    assert_redis(redis, "65", "HLEN t:rules"); /* and `last` */
    assert_redis(redis, "0", "HEXISTS t:rules %s", A);
    assert_redis(redis, "71", "HGET t:rules %s", digest);
    assert_int_equal(renew(redis, "one", A, 1, 0), 1); /* it lives, and knows it */
}

/* ---- Other daemons ---- */

static bool knows(void *context)
{
    const struct store_fixture *store = context;
    size_t count;
    const struct rule_sets_other *others = rule_sets_others(store->rule_sets, &count);
    return count == 1 && others[0].entries.text;
}

static bool is_published(void *context)
{
    return *redis_fixture_ask(context, "EXISTS t:set:%s", A) == '1';
}

static void test_what_others_have(void **state)
{
    struct redis_fixture *redis = *state;
    struct store_fixture one;
    size_t count;
    store_fixture_open(&one, redis, "one");
    redis_fixture_run_until(redis, is_published, redis);
    assert_int_equal(rule_sets_number(one.rule_sets, A), 1);
    enter(redis, "two", B);
    instance_renew(one.instance);
    redis_fixture_ask(redis, "SET t:set:%s abcdefgh", B);
    redis_fixture_run_until(redis, knows, &one);
    const struct rule_sets_other *other = rule_sets_others(one.rule_sets, &count);
    assert_string_equal(other->digest, B);
    assert_int_equal(other->number, 2);
    assert_int_equal(count, 1);
    assert_int_equal(rule_sets_last(one.rule_sets), 2);
    assert_int_equal(other->entries.length, 8);
    assert_memory_equal(other->entries.text, "abcdefgh", 8);
    assert_in_range(atoll(redis_fixture_ask(redis, "PTTL t:set:%s", A)), 3500000,
                    RULE_SETS_KEEP_MS);
    store_fixture_close(&one);
}

static bool has_last(void *context)
{
    struct store_fixture *store = context;
    return atoi(redis_fixture_ask(store->redis, "HGET t:rules last")) ==
           (int)rule_sets_number(store->rule_sets, C);
}

/* A reload: until Redis has given the number, the set counts as the newest; what was decided by the
 * one before has that one's number. */
static void test_reload(void **state)
{
    struct redis_fixture *redis = *state;
    struct store_fixture one;
    redis_fixture_ask(redis, "HSET t:rules %s 1 last 4", C);
    store_fixture_open(&one, redis, "one");
    assert_int_equal(rule_sets_number(one.rule_sets, A), 5);
    rule_sets_use(one.rule_sets, C, (struct slice){"12345678", 8});
    assert_int_equal(rule_sets_number(one.rule_sets, C), 6);
    assert_int_equal(rule_sets_number(one.rule_sets, A), 5);
    instance_renew(one.instance);
    redis_fixture_run_until(redis, has_last, &one);
    assert_redis(redis, "6", "HGET t:rules %s", C);
    assert_int_equal(rule_sets_number(one.rule_sets, C), 6);
    assert_int_equal(rule_sets_number(one.rule_sets, B), 0);
    /* The same set again is no change. */
    rule_sets_use(one.rule_sets, C, (struct slice){"12345678", 8});
    assert_true(rule_sets_settled(one.rule_sets));
    store_fixture_close(&one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_numbers, open_redis, close_redis),
        cmocka_unit_test_setup_teardown(test_nobody_has_another, open_redis, close_redis),
        cmocka_unit_test_setup_teardown(test_lost_numbers, open_redis, close_redis),
        cmocka_unit_test_setup_teardown(test_bound, open_redis, close_redis),
        cmocka_unit_test_setup_teardown(test_what_others_have, open_redis, close_redis),
        cmocka_unit_test_setup_teardown(test_reload, open_redis, close_redis),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
