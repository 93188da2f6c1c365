/* What becomes of a customer's journeys and messages under the rules of several daemons. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "decide_fixture.h"

#define ANA   "\"customer\":{\"id\":7,\"email\":\"ana@example.com\",\"accepts_marketing\":true}"
#define OTHER "{name: other, on: nothing, send: other}"
#define CART(id) \
    "{\"type\":\"cart.updated\",\"id\":\"" id "\",\"cart\":{\"id\":\"" id "\"}," ANA "}"

/* ---- What ends them, where the rule is not here ---- */

static void test_until_without_the_rule(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    decide_fixture_open(&fixture,
                        "{name: cart, on: cart.updated, again: restart, until: [order.placed],\n"
                        " steps: [{send: now}, {wait: 1h}, {send: later}]}");
    decide_fixture_play(&fixture, 0, CART("c1"));
    assert_int_equal(fixture.last.message_count, 1);
    const char *mid = fixture.last.messages[0].mid;
    decide_fixture_reload(&fixture, OTHER);
    assert_string_equal(decide_fixture_play(&fixture, 60, "{\"type\":\"order.placed\"," ANA "}"),
                        "cart ended until; cart withdrawn until");
    assert_int_equal(fixture.last.withdrawn_count, 1);
    assert_string_equal(fixture.last.withdrawn[0].mid, mid);
    decide_fixture_close(&fixture);
}

#define UNTIL_IF(condition)                             \
    "{name: cart, on: cart.updated, again: parallel,\n" \
    " until: {on: order.placed, if: '" condition "'},\n steps: [{wait: 1h}, {send: later}]}"

/* The condition goes with the journey as its source. */
static void test_condition_without_the_rule(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    decide_fixture_open(&fixture, UNTIL_IF("cart_id == start.cart.id"));
    decide_fixture_play(&fixture, 0, CART("c1"));
    decide_fixture_play(&fixture, 1, CART("c2"));
    decide_fixture_reload(&fixture, OTHER);
    assert_string_equal(decide_fixture_play(&fixture, 60,
                                            "{\"type\":\"order.placed\",\"id\":\"1\","
                                            "\"cart_id\":\"c3\"," ANA "}"),
                        "");
    assert_string_equal(decide_fixture_play(&fixture, 61,
                                            "{\"type\":\"order.placed\",\"id\":\"2\","
                                            "\"cart_id\":\"c2\"," ANA "}"),
                        "cart ended until");
    assert_non_null(strstr(fixture.document, "\"c1\""));
    /* Silence is the safe side: what cannot be answered is a yes. */
    assert_string_equal(
        decide_fixture_play(&fixture, 62, "{\"type\":\"order.placed\",\"id\":\"3\"," ANA "}"),
        "cart ended until cart_id: no such field");
    decide_fixture_close(&fixture);
}

/* A condition of a newer program: it is none here, and counts as a yes. */
static void test_condition_that_is_none(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    decide_fixture_open(&fixture, UNTIL_IF("start.cart.id == \"c9\""));
    decide_fixture_play(&fixture, 0, CART("c1"));
    char *source = strstr(fixture.document, "\"until_if\":\"start.cart.id == ");
    assert_non_null(source);
    memcpy(source + 12, "((((((", 6);
    decide_fixture_reload(&fixture, OTHER);
    assert_string_equal(decide_fixture_play(&fixture, 60, "{\"type\":\"order.placed\"," ANA "}"),
                        "cart ended until");
    decide_fixture_close(&fixture);
}

/* Where the rule is here, it says what ends its journeys, whatever they carry. */
static void test_own_until_counts(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    decide_fixture_open(&fixture, UNTIL_IF("true"));
    decide_fixture_play(&fixture, 0, CART("c1"));
    decide_fixture_reload(&fixture, UNTIL_IF("false"));
    assert_string_equal(decide_fixture_play(&fixture, 60, "{\"type\":\"order.placed\"," ANA "}"),
                        "");
    decide_fixture_close(&fixture);
}

#define SENT_UNTIL(condition)                           \
    "{name: cart, on: cart.updated, again: parallel,\n" \
    " until: {on: order.placed, if: '" condition "'},\n send: now}"

/* Of what started a message that waits to go only what its own condition reads of it is known: by
 * another one that reads it all is over, for silence; by one that does not nothing is. */
static void test_until_of_a_message_edited(void **state)
{
    static const char *const cases[][3] = {
        {SENT_UNTIL("event.data.n > 4"), SENT_UNTIL("event.data.n > 3"), ""},
        {SENT_UNTIL("cart_id == start.cart.id"), SENT_UNTIL("event.data.n > 3"), ""},
        {SENT_UNTIL("event.data.n > 4"), SENT_UNTIL("cart_id == start.cart.id"),
         "cart withdrawn until"},
        {SENT_UNTIL("event.data.n > 4"), SENT_UNTIL("event.data.n > 1"), "cart withdrawn until"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct decide_fixture fixture;
        decide_fixture_open(&fixture, cases[i][0]);
        decide_fixture_play(&fixture, 0, CART("c1"));
        decide_fixture_reload(&fixture, cases[i][1]);
        assert_string_equal(
            decide_fixture_play(&fixture, 60,
                                "{\"type\":\"order.placed\",\"n\":2,\"cart_id\":\"c2\"," ANA "}"),
            cases[i][2]);
        decide_fixture_close(&fixture);
    }
}

/* ---- Who goes on with a journey ---- */

/* Another daemon, with a set of that number and the rules; in the fixture's arena. */
static void beside(struct decide_fixture *fixture, int64_t number, const struct ruleset *rules)
{
    struct other_set *set = arena_zero(fixture->arena, sizeof *set);
    set->number = number;
    if (rules)
        set->entries = other_sets_entries(rules, fixture->arena);
    fixture->others.sets = set;
    fixture->others.count = 1;
}

#define CART_RULE  "{name: cart, on: cart.updated, again: restart, wait: 1h, send: cart}"
#define AT(second) ((DECIDE_FIXTURE_START + (second)) * 1000LL)

/* Where rules newer than ours have touched it, while a daemon with newer ones lives that can go
 * on with it: and no longer. */
static void test_newer_rules(void **state)
{
    (void)state;
    struct decide_fixture old, new;
    decide_fixture_open(&old, CART_RULE);
    decide_fixture_open(&new, CART_RULE);
    decide_fixture_reload(&new, CART_RULE);
    decide_fixture_play(&new, 0, CART("c1"));
    old.document = new.document;
    old.starts = value_copy(old.arena, &new.starts);
    beside(&old, 2, new.rules);
    assert_string_equal(decide_fixture_play(&old, 3600, NULL), "");
    assert_true(old.last.left);
    assert_int_equal(old.last.deadline_ms, AT(3601));
    beside(&new, 1, old.rules);
    assert_string_equal(decide_fixture_play(&new, 3601, NULL), "cart sends cart");
    assert_false(new.last.left);
    /* Dead since, whatever the time. */
    old.others.count = 0;
    assert_string_equal(decide_fixture_play(&old, 3602, NULL), "cart sends cart");
    decide_fixture_close(&old);
    decide_fixture_close(&new);
}

/* One that these rules have touched last is theirs, also where newer ones live; so is one that
 * newer ones have touched that live no longer, where those that live cannot go on with it. */
static void test_older_rules_go_on(void **state)
{
    (void)state;
    struct decide_fixture fixture, other;
    decide_fixture_open(&other, OTHER);
    decide_fixture_open(&fixture, CART_RULE);
    decide_fixture_play(&fixture, 0, CART("c1"));
    beside(&fixture, 2, fixture.rules);
    assert_string_equal(decide_fixture_play(&fixture, 3600, NULL), "cart sends cart");
    fixture.others.number = 3;
    decide_fixture_play(&fixture, 4000, CART("c2"));
    fixture.others.number = 1;
    beside(&fixture, 2, other.rules);
    assert_string_equal(decide_fixture_play(&fixture, 7600, NULL), "cart sends cart");
    decide_fixture_close(&fixture);
    decide_fixture_close(&other);
}

/* A journey whose rule or step is not here, or is disabled, is ended where no living daemon can go
 * on with it, whichever is newer. */
static void test_lost_rules(void **state)
{
    (void)state;
    static const struct {
        const char *ours, *did;
    } cases[] = {
        {OTHER, "cart ended rule-removed"},
        {"{name: cart, on: cart.updated, again: restart, enabled: false, wait: 1h, send: cart}",
         "cart ended disabled"},
        {"{name: cart, on: cart.updated, again: restart, wait: 1h, send: {template: cart}}",
         "cart ended rule-changed"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct decide_fixture fixture, theirs;
        decide_fixture_open(&theirs, CART_RULE);
        decide_fixture_open(&fixture, CART_RULE);
        decide_fixture_play(&fixture, 0, CART("c1"));
        decide_fixture_reload(&fixture, cases[i].ours);
        for (int64_t number = 1; number <= 3; number += 2) {
            beside(&fixture, number, theirs.rules);
            assert_string_equal(decide_fixture_play(&fixture, 3600, NULL), "");
            assert_int_equal(fixture.last.deadline_ms, AT(3601));
        }
        beside(&fixture, 1, NULL); /* what it has is not known yet */
        assert_string_equal(decide_fixture_play(&fixture, 3600, NULL), "");
        beside(&fixture, 3, fixture.rules); /* as little as we can, or it is disabled there */
        assert_string_equal(decide_fixture_play(&fixture, 3600, NULL), cases[i].did);
        assert_int_equal(fixture.last.deadline_ms, 0);
        decide_fixture_close(&fixture);
        decide_fixture_close(&theirs);
    }
}

/* What is left and not due yet keeps its deadline; so does what is not left. */
static void test_deadlines_of_what_is_left(void **state)
{
    (void)state;
    struct decide_fixture fixture, theirs;
    decide_fixture_open(&theirs, CART_RULE);
    decide_fixture_open(&fixture, CART_RULE);
    decide_fixture_play(&fixture, 0, CART("c1"));
    decide_fixture_reload(&fixture, OTHER);
    beside(&fixture, 9, theirs.rules);
    decide_fixture_play(&fixture, 60, "{\"type\":\"nothing\"," ANA "}");
    assert_int_equal(fixture.last.deadline_ms, AT(3600));
    assert_false(fixture.last.left);
    decide_fixture_play(&fixture, 3700, "{\"type\":\"nothing\",\"id\":\"n\"," ANA "}");
    assert_int_equal(fixture.last.deadline_ms, AT(3701));
    assert_true(fixture.last.left);
    decide_fixture_close(&fixture);
    decide_fixture_close(&theirs);
}

/* Rules that came since this daemon last heard of others touched it: they may live. So for a while,
 * until those that are heard of are known to be all. */
static void test_rules_yet_unheard(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    decide_fixture_open(&fixture, "{name: cart, on: cart.updated, again: restart,\n"
                                  " steps: [{wait: 1h}, {send: later}]}");
    fixture.others.number = 2;
    decide_fixture_play(&fixture, 0, CART("c1"));
    decide_fixture_reload(&fixture, OTHER);
    fixture.others.number = fixture.others.last = 1;
    assert_string_equal(decide_fixture_play(&fixture, 3601, NULL), "");
    assert_true(fixture.last.left);
    assert_string_equal(decide_fixture_play(&fixture, 3661, NULL), "cart ended rule-removed");
    decide_fixture_close(&fixture);

    decide_fixture_open(&fixture, "{name: cart, on: cart.updated, again: restart,\n"
                                  " steps: [{wait: 1h}, {send: later}]}");
    fixture.others.number = 2;
    decide_fixture_play(&fixture, 0, CART("c1"));
    decide_fixture_reload(&fixture, OTHER);
    fixture.others.number = 1;
    fixture.others.last = 2;
    assert_string_equal(decide_fixture_play(&fixture, 3601, NULL), "cart ended rule-removed");
    decide_fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_until_without_the_rule),
        cmocka_unit_test(test_condition_without_the_rule),
        cmocka_unit_test(test_condition_that_is_none),
        cmocka_unit_test(test_own_until_counts),
        cmocka_unit_test(test_until_of_a_message_edited),
        cmocka_unit_test(test_newer_rules),
        cmocka_unit_test(test_older_rules_go_on),
        cmocka_unit_test(test_lost_rules),
        cmocka_unit_test(test_deadlines_of_what_is_left),
        cmocka_unit_test(test_rules_yet_unheard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
