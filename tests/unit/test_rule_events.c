/* What ends a journey: types, conditions, and lists of both. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "decide_fixture.h"

#define ANA            "\"customer\":{\"id\":7,\"email\":\"ana@example.com\",\"accepts_marketing\":true}"
#define OF(type, more) "{\"type\":\"" type "\"" more "," ANA "}"

#define RULE "name: r\non: x\nagain: ignore\nwait: 1h\nsend: a\n"

static const struct decide_play plays[] = {
    {"each type of a list has its own condition, or none",
     RULE "until:\n- on: [paid, shipped]\n  if: order.id == start.order.id # not any other\n"
          "- gone\n- {on: left, if: 'why == \"bored\" // or so'}\n",
     {{0, OF("x", ",\"order\":{\"id\":1}"), "r waits 3600"},
      {1, OF("paid", ",\"order\":{\"id\":2}"), ""},
      {2, OF("left", ",\"why\":\"tired\""), ""},
      {3, OF("shipped", ",\"order\":{\"id\":1}"), "r ended until"},
      {4, OF("x", ",\"order\":{\"id\":3}"), "r waits 3604"},
      {5, OF("gone", ""), "r ended until"},
      {6, OF("x", ",\"order\":{\"id\":4}"), "r waits 3606"},
      {7, OF("left", ",\"why\":\"bored\""), "r ended until"}}},
    {"one that fails counts as true, for events of its own type alone",
     RULE "until: [{on: paid, if: order.id == start.order.id}, {on: left, if: why == 'bored'}]\n",
     {{0, OF("x", ",\"order\":{\"id\":1}"), "r waits 3600"},
      {1, OF("left", ",\"why\":\"tired\""), ""},
      {2, OF("paid", ""), "r ended until order: no such field"}}},
    {"a list of one is no list",
     RULE "until: [{on: paid, if: order.id == start.order.id}]\n",
     {{0, OF("x", ",\"order\":{\"id\":1}"), "r waits 3600"},
      {1, OF("paid", ",\"order\":{\"id\":2}"), ""},
      {2, OF("paid", ",\"order\":{\"id\":1}"), "r ended until"}}},
    {"what ended it before it began",
     RULE "until: [gone, {on: paid, if: order.id == start.order.id}]\n",
     {{0, OF("paid", ",\"order\":{\"id\":1}"), ""},
      {1, OF("x", ",\"order\":{\"id\":1},\"time\":\"2026-03-02T09:59:59Z\""),
       "r passed-over until"},
      {2, OF("x", ",\"order\":{\"id\":2},\"time\":\"2026-03-02T09:59:59Z\""), "r waits 3599"},
      {3, OF("gone", ""), "r ended until"},
      {4, OF("x", ",\"order\":{\"id\":3},\"time\":\"2026-03-02T10:00:01Z\""),
       "r passed-over until"}}},
};

static void test_plays(void **state)
{
    (void)state;
    decide_fixture_play_all(plays, sizeof plays / sizeof *plays, NULL);
}

/* An end without a condition stands in the customer's counts: however many others come, none of
 * them is remembered in its place. */
static void test_plain_among_many(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    decide_fixture_open(&fixture,
                        RULE "until: [gone, {on: paid, if: order.id == start.order.id}]\n");
    decide_fixture_play(&fixture, 1, OF("gone", ""));
    for (int i = 2; i <= CUSTOMER_ENDS_OF_RULE + 2; i++)
        decide_fixture_play(&fixture, i,
                            arena_printf(fixture.arena, OF("paid", ",\"order\":{\"id\":%d}"), i));
    assert_string_equal(
        decide_fixture_play(&fixture, 60,
                            OF("x", ",\"order\":{\"id\":1},\"time\":\"2026-03-02T10:00:00Z\"")),
        "r passed-over until");
    assert_string_equal(
        decide_fixture_play(&fixture, 61,
                            OF("x", ",\"order\":{\"id\":1},\"time\":\"2026-03-02T10:00:01Z\"")),
        "r waits 3601");
    decide_fixture_close(&fixture);
}

/* What another `until` of the rule remembered ends nothing that this one does not name. */
static void test_until_of_before(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    decide_fixture_open(&fixture, RULE "until: {on: seen, if: order.id == start.order.id}\n");
    decide_fixture_play(&fixture, 2, OF("seen", ",\"order\":{\"id\":1}"));
    decide_fixture_reload(&fixture, RULE "until: {on: paid, if: order.sum > start.order.sum}\n");
    assert_string_equal(
        decide_fixture_play(
            &fixture, 60,
            OF("x", ",\"order\":{\"id\":1,\"sum\":3},\"time\":\"2026-03-02T10:00:01Z\"")),
        "r waits 3601");
    decide_fixture_close(&fixture);
}

/* Each is checked against the samples of its own types. */
static void test_samples(void **state)
{
    static const char known[] =
        "x: {sample: {order: {id: o1}}}\npaid: {sample: {order: {id: o1}}}\n"
        "left: {sample: {why: bored}}\n";
    (void)state;
    struct arena *arena = arena_new(4096);
    assert_string_equal(decide_fixture_faults(arena,
                                              RULE
                                              "until: [{on: paid, if: order.id == start.order.id}, "
                                              "{on: left, if: why == 'bored'}]\n",
                                              known),
                        "");
    const char *text = decide_fixture_faults(
        arena, RULE "until: [{on: paid, if: order.id != ''}, {on: left, if: whi == 'bored'}]\n",
        known);
    assert_non_null(strstr(text, ":6:56: error: unknown name `whi`"));
    assert_non_null(strstr(text, "did you mean `why`?"));
    arena_destroy(&arena);
}

/* Together they are one condition, with the bound of one. */
static void test_too_long(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    struct buf rule;
    buf_init(&rule, 64 * 1024);
    buf_text(&rule, RULE "until:\n");
    for (int i = 0; i < 3; i++)
        buf_printf(&rule, "- {on: y%d, if: '%*d == why'}\n", i, 6000, i);
    assert_non_null(strstr(decide_fixture_faults(arena, buf_string(&rule), NULL),
                           ":7:1: error: the conditions of `until` are too long together"));
    buf_free(&rule);
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plays),           cmocka_unit_test(test_plain_among_many),
        cmocka_unit_test(test_until_of_before), cmocka_unit_test(test_samples),
        cmocka_unit_test(test_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
