/* A rule's `while`: asked before every send, with what is known then. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "decide_fixture.h"

#define ANA     "\"customer\":{\"id\":7,\"email\":\"ana@example.com\",\"accepts_marketing\":true"
#define X(more) "{\"type\":\"x\"" more "," ANA "}}"
#define Y(more) "{\"type\":\"y\",\"customer\":{\"id\":7" more "}}"

static const struct decide_play plays[] = {
    {"false ends the journey, and what stands behind is not done",
     "{name: r, on: x, while: customer.stays, again: parallel,\n"
     " steps: [{send: a}, {wait: 1h}, {send: b}, {wait: 1h}, {send: c}]}",
     {{0, "{\"type\":\"x\"," ANA ",\"stays\":true}}", "r waits 3600; r sends a"},
      {1, Y(",\"stays\":false"), ""}, /* what is in the outbox stays there */
      {3600, NULL, "r ended no-longer"},
      {9000, NULL, ""}}},
    {"so does one that fails: the trace says what of it",
     "{name: r, on: x, while: customer.stays, send: a}",
     {{0, X(""), "r ended no-longer customer.stays: no such field"}}},
    {"it is not asked where nothing is sent",
     "{name: r, on: x, while: customer.stays, again: parallel,\n"
     " steps: [{if: customer.vip == true, then: [{send: a}]}, {wait: 1h}, {send: b}]}",
     {{0, "{\"type\":\"x\"," ANA ",\"vip\":false}}", "r waits 3600"},
      {1, Y(",\"stays\":true"), ""},
      {3600, NULL, "r sends b"}}},
    {"it sees the event that started the journey",
     "{name: r, on: x, while: customer.cart != order.id, again: parallel, wait: 1h, send: a}",
     {{0, X(",\"order\":{\"id\":1}"), "r waits 3600"},
      {1, X(",\"order\":{\"id\":2}"), "r waits 3601"},
      {2, Y(",\"cart\":2"), ""},
      {3601, NULL, "r sends a; r ended no-longer"}}},
    {"one journey of several ends alone",
     "{name: r, on: x, while: start.order.id > 1, again: parallel, wait: 1h, send: a}",
     {{0, X(",\"order\":{\"id\":1}"), "r waits 3600"},
      {1, X(",\"order\":{\"id\":2}"), "r waits 3601"},
      {3601, NULL, "r ended no-longer; r sends a"}}},
};

static void test_plays(void **state)
{
    (void)state;
    decide_fixture_play_all(plays, sizeof plays / sizeof *plays, NULL);
}

static void be_quiet(struct decide_fixture *fixture)
{
    fixture->policy.quiet_from = 9 * 60;
    fixture->policy.quiet_to = 12 * 60; /* second 7200 */
}

static const struct decide_play quiet_plays[] = {
    {"it is asked before the wait, and again after it",
     "{name: r, on: x, while: customer.stays, again: parallel, send: a}",
     {{0, X(",\"order\":{}"), "r ended no-longer customer.stays: no such field"},
      {1, "{\"type\":\"x\"," ANA ",\"stays\":true}}", "r quiet-hours 7200"},
      {2, Y(",\"stays\":false"), ""},
      {7200, NULL, "r ended no-longer"}}},
    {"a branch that is passed over asks nothing",
     "{name: r, on: x, while: customer.stays, again: parallel, steps: [\n"
     " {if: customer.vip, then: [{send: a}]}, {wait: 1h}, {send: b}]}",
     {{0, "{\"type\":\"x\"," ANA ",\"stays\":true,\"vip\":true}}", "r quiet-hours 7200"},
      {1, Y(",\"stays\":false,\"vip\":false"), ""},
      {7200, NULL, "r passed-over branch; r waits 10800"},
      {7201, Y(",\"stays\":true"), ""},
      {10800, NULL, "r sends b"}}},
};

static void test_quiet_hours(void **state)
{
    (void)state;
    decide_fixture_play_all(quiet_plays, sizeof quiet_plays / sizeof *quiet_plays, be_quiet);
}

/* And again where the outbox was full. */
static void test_full_outbox(void **state)
{
    (void)state;
    static const struct room none[ROOM_CLASSES];
    struct decide_fixture fixture;
    decide_fixture_open(&fixture,
                        "{name: r, on: x, while: customer.stays, again: parallel, send: a}");
    fixture.facts.rooms = none;
    assert_string_equal(
        decide_fixture_play(&fixture, 0, "{\"type\":\"x\"," ANA ",\"stays\":true}}"),
        "r outbox-full 86400");
    decide_fixture_play(&fixture, 1, Y(",\"stays\":false"));
    fixture.facts.rooms = NULL;
    assert_string_equal(decide_fixture_play(&fixture, 2, NULL), "r ended no-longer");
    decide_fixture_close(&fixture);
}

static void test_faults(void **state)
{
    (void)state;
    struct arena *arena = arena_new(64 * 1024);
    assert_non_null(
        strstr(decide_fixture_faults(arena, "{name: r, on: x, while: '\"yes\"', send: m}", NULL),
               "a condition must be true or false"));
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plays),
        cmocka_unit_test(test_quiet_hours),
        cmocka_unit_test(test_full_outbox),
        cmocka_unit_test(test_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
