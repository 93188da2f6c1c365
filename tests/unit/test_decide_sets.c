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
        "cart ended until");
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_until_without_the_rule),
        cmocka_unit_test(test_condition_without_the_rule),
        cmocka_unit_test(test_condition_that_is_none),
        cmocka_unit_test(test_own_until_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
