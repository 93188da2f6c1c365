/* The events that started journeys stand apart: when deciding asks for them, and what it does
 * without. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "decide_fixture.h"

#define ANA "\"customer\":{\"id\":7,\"email\":\"ana@example.com\",\"accepts_marketing\":true}"
#define CART(id, total)                                                                         \
    "{\"type\":\"cart.updated\",\"id\":\"" id "\",\"cart\":{\"id\":\"" id "\",\"total\":" total \
    ",\"note\":\"long and of no use to until\"}," ANA "}"
#define ORDER(id, cart) \
    "{\"type\":\"order.placed\",\"id\":\"" id "\",\"order\":{\"cart\":\"" cart "\"}," ANA "}"

#define RULE(until, steps) \
    "{name: cart, on: cart.updated, again: parallel, until: " until ", steps: [" steps "]}"
#define SAME "{on: order.placed, if: 'order.cart == start.cart.id'}"

static bool has(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

/* What until reads stands in the document, the rest apart, until nothing waits for it. */
static void test_apart(void **state)
{
    struct decide_fixture fixture;
    (void)state;
    decide_fixture_open(
        &fixture,
        RULE(SAME, "{wait: 1h}, {send: {template: cart, data: {total: start.cart.total}}}"));
    decide_fixture_play(&fixture, 0, CART("c1", "80"));
    decide_fixture_play(&fixture, 1, CART("c2", "90"));
    assert_true(has(fixture.document, "\"reads\":{\"cart\":{\"id\":\"c1\"}}"));
    assert_false(has(fixture.document, "long and of no use"));
    assert_int_equal(value_count(&fixture.starts), 2);
    assert_string_equal(decide_fixture_play(&fixture, 2, ORDER("o1", "c1")), "cart ended until");
    assert_int_equal(fixture.needed, 0);
    assert_int_equal(value_count(&fixture.starts), 1);
    assert_string_equal(decide_fixture_play(&fixture, 3600, NULL), "");
    assert_int_equal(fixture.needed, 0);
    assert_string_equal(decide_fixture_play(&fixture, 3601, NULL), "cart sends cart");
    assert_int_equal(fixture.needed, 1);
    const struct value *total = value_path(&fixture.last.messages[0].body, "data.total");
    int64_t number;
    assert_true(value_to_int(total, &number) && number == 90);
    /* The message waits in the outbox: it is asked about by what was kept. */
    assert_true(has(fixture.document, "\"reads\":{\"cart\":{\"id\":\"c2\"}}"));
    assert_string_equal(decide_fixture_play(&fixture, 3700, ORDER("o2", "c9")), "");
    assert_string_equal(decide_fixture_play(&fixture, 3701, ORDER("o3", "c2")),
                        "cart withdrawn until");
    assert_int_equal(fixture.needed, 0);
    assert_int_equal(value_count(&fixture.starts), 0);
    decide_fixture_close(&fixture);
}

/* A condition that reads nothing of the start keeps nothing of it. */
static void test_nothing_to_read(void **state)
{
    struct decide_fixture fixture;
    (void)state;
    decide_fixture_open(&fixture, RULE("{on: order.placed, if: 'order.cart != \"x\"'}",
                                       "{send: now}, {wait: 1h}, {send: cart}"));
    decide_fixture_play(&fixture, 0, CART("c1", "80"));
    assert_false(has(fixture.document, "reads"));
    assert_string_equal(decide_fixture_play(&fixture, 1, ORDER("o1", "x")), "");
    assert_string_equal(decide_fixture_play(&fixture, 3600, NULL), "cart sends cart");
    assert_int_equal(value_count(&fixture.starts), 0);
    assert_string_equal(decide_fixture_play(&fixture, 3601, ORDER("o2", "c1")),
                        "cart withdrawn until; cart withdrawn until");
    decide_fixture_close(&fixture);
}

/* What the condition of a reload reads and the journey has not kept is read from the start. */
static void test_other_condition(void **state)
{
    struct decide_fixture fixture;
    (void)state;
    decide_fixture_open(&fixture, RULE(SAME, "{wait: 1h}, {send: cart}"));
    decide_fixture_play(&fixture, 0, CART("c1", "80"));
    decide_fixture_play(&fixture, 1, CART("c2", "20"));
    decide_fixture_reload(&fixture, RULE("{on: order.placed, if: start.cart.total > 50}",
                                         "{wait: 1h}, {send: cart}"));
    assert_string_equal(decide_fixture_play(&fixture, 2, ORDER("o1", "c9")), "cart ended until");
    assert_int_equal(fixture.needed, 2);
    assert_int_equal(value_count(&fixture.starts), 1);
    assert_string_equal(decide_fixture_play(&fixture, 3601, NULL), "cart sends cart");
    decide_fixture_close(&fixture);
}

/* A start that is gone costs its journey alone. */
static void test_lost(void **state)
{
    struct decide_fixture fixture;
    (void)state;
    decide_fixture_open(&fixture, RULE(SAME, "{send: now}, {wait: 1h}, {send: cart}"));
    decide_fixture_play(&fixture, 0, CART("c1", "80"));
    decide_fixture_play(&fixture, 0, CART("c2", "80"));
    value_remove(fixture.starts,
                 arena_copy(fixture.arena, fixture.starts.map->members[0].key.string, 16));
    assert_string_equal(decide_fixture_play(&fixture, 3600, NULL),
                        "cart ended start-lost; cart sends cart");
    assert_int_equal(fixture.needed, 2);
    assert_int_equal(fixture.last.dead_count, 1);
    assert_int_equal(fixture.last.dead[0].reason, TRACE_REASON_START_LOST);
    assert_true(value_is_text(value_get(&fixture.last.dead[0].body, "rule"), "cart"));
    assert_int_equal(fixture.last.withdrawn_count, 0); /* what it has sent before stays */
    assert_true(has(fixture.document, "\"open\":[[0,"));
    decide_fixture_close(&fixture);
}

/* Rules that start from one event share it. */
static void test_shared(void **state)
{
    struct decide_fixture fixture;
    (void)state;
    decide_fixture_open(
        &fixture, RULE(SAME, "{wait: 1h}, {send: cart}") "\n---\n{name: late, on: cart.updated, "
                                                         "again: parallel, wait: 2h, send: late}");
    decide_fixture_play(&fixture, 0, CART("c1", "80"));
    assert_int_equal(value_count(&fixture.starts), 1);
    assert_string_equal(decide_fixture_play(&fixture, 60, ORDER("o1", "c1")), "cart ended until");
    assert_int_equal(value_count(&fixture.starts), 1);
    assert_string_equal(decide_fixture_play(&fixture, 7200, NULL), "late sends late");
    assert_int_equal(value_count(&fixture.starts), 0);
    decide_fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_apart),
                                       cmocka_unit_test(test_nothing_to_read),
                                       cmocka_unit_test(test_other_condition),
                                       cmocka_unit_test(test_lost), cmocka_unit_test(test_shared)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
