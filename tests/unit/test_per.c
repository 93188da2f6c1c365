/* One journey for each value of a rule's `per`: what concerns the value, and what the whole rule.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "decide_fixture.h"

#define ANA        "\"customer\":{\"id\":7,\"email\":\"ana@example.com\",\"accepts_marketing\":true}"
#define X(more)    "{\"type\":\"x\"," more "," ANA "}"
#define Y(more)    "{\"type\":\"y\"," more ",\"customer\":{\"id\":7}}"
#define TIME(time) "\"time\":\"2026-03-02T" time "Z\","
#define A          "\"id\":\"a\""
#define ORDER(id)  "\"order\":{\"id\":" id "}"
#define NO(id)     "\"order\":{\"id\":" id ",\"empty\":true}"

#define IGNORE   "{name: r, on: x, per: order.id, again: ignore, until: y, wait: 1h, send: m}"
#define PARALLEL "{name: r, on: x, per: order.id, again: parallel, wait: 1h, send: m}"
#define RESTART                                                                           \
    "{name: r, on: x, if: '!has(order.empty)', per: order.id, again: restart, wait: 1h, " \
    "send: m}"

static const struct decide_play plays[] = {
    {"each value has a journey of its own",
     IGNORE,
     {{0, X(ORDER("\"1\"")), "r waits 3600"},
      {1, X(ORDER("\"2\"")), "r waits 3601"},
      {2, X(ORDER("\"1\"") ",\"n\":1"), "r ignored again"},
      {3600, NULL, "r sends m"},
      {3601, NULL, "r sends m"}}},
    {"a number and its digits are one value",
     IGNORE,
     {{0, X(ORDER("7")), "r waits 3600"},
      {1, X(ORDER("\"7\"")), "r ignored again"},
      {2, X(ORDER("7.0")), "r ignored again"},
      {3, X(ORDER("7.5")), "r waits 3603"},
      {4, X(ORDER("12345678901234567890123")), "r waits 3604"},
      {5, X(ORDER("12345678901234567890124")), "r waits 3605"},
      {6, X(ORDER("12345678901234567890124") ",\"n\":1"), "r ignored again"}}},
    {"what is no text and no number starts nothing",
     PARALLEL,
     {{0, X(ORDER("[\"1\",\"2\"]")), "r passed-over per it is a list"},
      {1, X(ORDER("null")), "r passed-over per it is null"},
      {2, X(ORDER("true")), "r passed-over per it is a boolean"},
      {3, X(ORDER("\"\"")), "r passed-over per it is an empty text"},
      {4, X("\"order\":{}"), "r passed-over per order.id: no such field"},
      {5, X(ORDER("\"1\"")), "r waits 3605"}}},
    {"a restart is of the same value",
     RESTART,
     {{0, X(ORDER("1")), "r waits 3600"},
      {1, X(ORDER("2")), "r waits 3601"},
      {10, X(ORDER("1") ",\"n\":1"), "r ended restart; r waits 3610"},
      {3601, NULL, "r sends m"},
      {3602, X(ORDER("3")), "r waits 7202"}, /* withdraws nothing of the second */
      {3603, X(ORDER("2") ",\"n\":1"), "r withdrawn restart; r waits 7203"}}},
    {"a false `if` ends the journey of its value",
     RESTART,
     {{0, X(ORDER("1")), "r waits 3600"},
      {1, X(ORDER("2")), "r waits 3601"},
      {10, X(NO("2")), "r no-match if; r ended no-longer"},
      {11, X(NO("3")), "r no-match if"},
      {12, X("\"order\":{\"empty\":true}"), "r no-match if"}, /* of nobody knows which */
      {3600, NULL, "r sends m"},
      {3601, X(NO("3") ",\"n\":1"), "r no-match if"},
      {3602, X(NO("1")), "r no-match if; r withdrawn no-longer"}}},
    {"and is remembered for its value",
     RESTART,
     {{0, X(NO("1")), "r no-match if"},
      {1, X(TIME("09:59:00") ORDER("2")), "r waits 3540"},
      {2, X(TIME("09:59:00") ORDER("1")), "r passed-over no-longer"},
      {3, X(ORDER("1")), "r waits 3603"}}},
    {"an older start is older than that of its value",
     RESTART,
     {{0, X(ORDER("1")), "r waits 3600"},
      {1, X(TIME("09:59:00") ORDER("2")), "r waits 3540"},
      {2, X(TIME("09:59:00") ORDER("1")), "r ignored older"}}},
    {"a plain `until` ends all of the rule",
     IGNORE,
     {{0, X(ORDER("1")), "r waits 3600"},
      {1, X(ORDER("2")), "r waits 3601"},
      {2, Y("\"n\":1"), "r ended until; r ended until"},
      {3, X(TIME("10:00:00") ORDER("3")), "r passed-over until"}}},
    {"one with a condition ends what it is about",
     "{name: r, on: x, per: order.id, again: ignore, until: {on: y, if: order.id == "
     "start.order.id}, "
     "wait: 1h, send: m}",
     {{0, X(ORDER("1")), "r waits 3600"},
      {1, X(ORDER("2")), "r waits 3601"},
      {2, Y(ORDER("2")), "r ended until"},
      {3600, NULL, "r sends m"}}},
    {"a limit counts runs of all values",
     "{name: r, on: x, per: order.id, again: ignore, limit: 1 per 7d, wait: 1h, send: m}",
     {{0, X(ORDER("1")), "r waits 3600"},
      {1, X(ORDER("2")), "r waits 3601"},
      {3600, NULL, "r sends m"},
      {3601, NULL, "r refused limit"}}},
    {"none sees what another rule did",
     "{name: q, on: x, priority: 1, send: m}\n---\n"
     "{name: r, on: x, per: 'customer.sent(\"q\")', again: ignore, wait: 1h, send: m}",
     {{0, X(ORDER("1")), "r waits 3600; q sends m"},
      {1, X(ORDER("2")), "r waits 3601; q sends m"}}},
};

static void test_plays(void **state)
{
    (void)state;
    decide_fixture_play_all(plays, sizeof plays / sizeof *plays, NULL);
}

/* A long text stands for itself by a digest, and so does one that looks like a digest. */
static void test_long_values(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    char text[2][400];
    decide_fixture_open(&fixture, IGNORE);
    for (int i = 0; i < 2; i++)
        snprintf(text[i], sizeof text[i], X("\"order\":{\"id\":\"%0200d%d\"}"), 0, i);
    assert_string_equal(decide_fixture_play(&fixture, 0, text[0]), "r waits 3600");
    assert_string_equal(decide_fixture_play(&fixture, 1, text[1]), "r waits 3601");
    text[0][3] = ' ';
    snprintf(text[0], sizeof text[0], X("\"order\":{\"id\":\"%0200d%d\"},\"n\":1"), 0, 0);
    assert_string_equal(decide_fixture_play(&fixture, 2, text[0]), "r ignored again");
    assert_string_equal(decide_fixture_play(&fixture, 3, X(ORDER("\"a\\u0000b\""))),
                        "r waits 3603");
    assert_string_equal(decide_fixture_play(&fixture, 4, X(ORDER("\"a\""))), "r waits 3604");
    assert_string_equal(decide_fixture_play(&fixture, 5, X(ORDER("\"a\\u0000c\""))),
                        "r waits 3605");
    assert_null(strstr(fixture.document, "000000000000000000000000"));
    assert_non_null(strstr(fixture.document, "\"per\":\"sha256:"));
    decide_fixture_close(&fixture);
}

/* Under rules that had no `per` yet, journeys began without a value: their start tells it. */
static void test_reload(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    decide_fixture_open(&fixture, "{name: r, on: x, again: parallel, wait: 1h, send: m}");
    decide_fixture_play(&fixture, 0, X(ORDER("1")));
    decide_fixture_play(&fixture, 1, X(ORDER("2")));
    assert_null(strstr(fixture.document, "\"per\""));
    decide_fixture_reload(&fixture, RESTART);
    assert_string_equal(decide_fixture_play(&fixture, 2, X(ORDER("2") ",\"n\":1")),
                        "r ended restart; r waits 3602");
    assert_int_equal(fixture.needed, 2);
    assert_string_equal(decide_fixture_play(&fixture, 3600, NULL), "r sends m");
    decide_fixture_reload(&fixture, "{name: r, on: x, again: restart, wait: 1h, send: m}");
    assert_string_equal(decide_fixture_play(&fixture, 3601, X(ORDER("3"))),
                        "r ended restart; r withdrawn restart; r waits 7201");
    decide_fixture_close(&fixture);
}

/* Ends of values are bounded: of the oldest of many the rule knows that they were. */
static void test_many_ends(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    decide_fixture_open(&fixture, RESTART "\n---\n{name: s, on: x, send: m}");
    for (int i = 0; i < 17; i++) {
        char text[300];
        snprintf(text, sizeof text, X("\"order\":{\"id\":%d,\"empty\":true}"), i);
        decide_fixture_play(&fixture, i, text);
    }
    assert_string_equal(decide_fixture_play(&fixture, 20, X(TIME("10:00:16") ORDER("99"))),
                        "r waits 3616; s sends m");
    assert_string_equal(decide_fixture_play(&fixture, 20, X(TIME("09:59:59") ORDER("98"))),
                        "r passed-over no-longer; s sends m");
    assert_string_equal(decide_fixture_play(&fixture, 20, X(TIME("10:00:10") ORDER("97"))),
                        "r waits 3610; s sends m");
    assert_string_equal(decide_fixture_play(&fixture, 20, X(TIME("10:00:10") ORDER("11"))),
                        "r passed-over no-longer; s sends m");
    decide_fixture_close(&fixture);
}

static void test_faults(void **state)
{
    struct arena *arena = *state;
    assert_non_null(
        strstr(decide_fixture_faults(arena, "{name: r, on: x, per: '[order.id]', send: m}", NULL),
               "`per` must be a text or a number, and this never is one"));
    assert_non_null(
        strstr(decide_fixture_faults(arena, "{name: r, on: x, per: order.id == 7, send: m}", NULL),
               "`per` must be a text or a number"));
    assert_string_equal(
        decide_fixture_faults(arena, "{name: r, on: x, per: order.id, send: m}", NULL), "");
}

static int set_up(void **state)
{
    *state = arena_new(64 * 1024);
    return 0;
}

static int tear_down(void **state)
{
    arena_destroy((struct arena **)state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plays),  cmocka_unit_test(test_long_values),
        cmocka_unit_test(test_reload), cmocka_unit_test(test_many_ends),
        cmocka_unit_test(test_faults),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
