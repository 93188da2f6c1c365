/* `limit` of rules that send nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "customer/customer.h"
#include "decide_fixture.h"

#define DAY   86400
#define X(id) "{\"type\":\"x\",\"id\":\"" id "\",\"customer\":{\"id\":7}}"
#define Z(id) "{\"type\":\"z\",\"id\":\"" id "\",\"customer\":{\"id\":7}}"
#define ADD   "{set: {n: 'has(customer.n) ? customer.n + 1 : 1'}}"
#define SAY   "{emit: {type: y}}"
#define ONCE  "name: r, on: x, limit: 1 per 7d"

static const struct decide_play plays[] = {
    {"it counts runs within its time, of either class",
     "{" ONCE ", steps: [" ADD "]}\n---\n{name: t, class: transactional, on: x, limit: 2 per 7d, "
     "steps: [" SAY "]}",
     {{0, X("1"), "r sets n = 1; t emits y"},
      {1, X("2"), "r refused limit; t emits y"},
      {2, X("3"), "r refused limit; t refused limit"},
      {7 * DAY, X("4"), "r sets n = 2; t emits y"},
      {7 * DAY, X("5"), "r refused limit; t refused limit"}}},
    {"what a run does more is the same run",
     "{" ONCE ", again: parallel, steps: [" ADD ", " SAY ", {wait: 1h}, " ADD "]}",
     {{0, X("1"), "r sets n = 1; r emits y; r waits 3600"},
      {1, X("2"), "r refused limit"},
      {3600, NULL, "r sets n = 2"},
      {7 * DAY, X("3"), "r refused limit"},
      {7 * DAY + 3600, X("4"), "r sets n = 3; r emits y; r waits 612000"}}},
    {"it is asked when something is to be done: of two that wait the first does it",
     "{" ONCE ", again: parallel, steps: [{wait: 1h}, " SAY ", " ADD "]}",
     {{0, X("1"), "r waits 3600"},
      {60, X("2"), "r waits 3660"},
      {3600, NULL, "r emits y; r sets n = 1"},
      {3660, NULL, "r refused limit"}}},
    {"a restart before anything was done is no new run, one after that is",
     "{" ONCE ", again: restart, until: z, steps: [{wait: 1h}, " SAY ", {wait: 1h}, " ADD "]}",
     {{0, X("1"), "r waits 3600"},
      {60, X("2"), "r ended restart; r waits 3660"},
      {3660, NULL, "r emits y; r waits 7260"},
      {3700, X("3"), "r ended restart; r waits 7300"},
      {7300, NULL, "r refused limit"}}},
    {"a run that ends before that, or has nothing to do, takes no place",
     "{" ONCE ", again: restart, until: z, steps: [{wait: 1h}, {if: event.id == \"2\", then: [" SAY
     "]}]}",
     {{0, X("0"), "r waits 3600"},
      {60, Z("z"), "r ended until"},
      {120, X("1"), "r waits 3720"},
      {3720, NULL, ""},
      {3800, X("2"), "r waits 7400"},
      {7400, NULL, "r emits y"}}},
    {"`while` goes before it",
     "{" ONCE ", while: customer.count(\"x\") != 2, steps: [" SAY "]}",
     {{0, X("1"), "r emits y"}, {1, X("2"), "r ended no-longer"}, {2, X("3"), "r refused limit"}}},
    {"of a clock it is asked at each tick",
     "{name: r, on: {every: day, at: \"09:00\"}, limit: 1 per 7d, steps: [" SAY "]}",
     {{0, Z("1"), ""},
      {10, "clock 2026-03-02 r", "r emits y"},
      {DAY, "clock 2026-03-03 r", "r refused limit"},
      {8 * DAY, "clock 2026-03-10 r", "r emits y"}}},
};

static void test_plays(void **state)
{
    (void)state;
    decide_fixture_play_all(plays, sizeof plays / sizeof *plays, NULL);
}

/* A rule that begins to send counts what it sends; one that sends no more, what it sent. */
static void test_changes(void **state)
{
    static const char nothing[] = "{" ONCE ", class: transactional, steps: [" SAY "]}";
    static const char letter[] = "{" ONCE ", class: transactional, send: a}";
    struct decide_fixture fixture;
    (void)state;
    decide_fixture_open(&fixture, nothing);
    decide_fixture_play(&fixture, 0,
                        "{\"type\":\"x\",\"customer\":{\"id\":7,\"email\":\"a@b.example\"}}");
    decide_fixture_reload(&fixture, letter);
    assert_string_equal(decide_fixture_play(&fixture, 60, X("2")), "r sends a");
    decide_fixture_reload(&fixture, nothing);
    assert_string_equal(decide_fixture_play(&fixture, 120, X("3")), "r refused limit");
    decide_fixture_close(&fixture);
}

/* Many rules with limits: what cannot be counted is not done, loudly. */
static void test_bound(void **state)
{
    struct decide_fixture fixture;
    (void)state;
    decide_fixture_open(&fixture, "{name: r, on: x, limit: 128 per 7d, steps: [" SAY "]}\n---\n"
                                  "{name: s, on: x, limit: 128 per 7d, steps: [" SAY "]}");
    for (int i = 0; i < CUSTOMER_SENDS_MOST / 2; i++)
        assert_string_equal(decide_fixture_play(&fixture, 61.0 * i, X("")), "r emits y; s emits y");
    assert_string_equal(decide_fixture_play(&fixture, 10000, X("")),
                        "r refused too-many-messages; s refused too-many-messages");
    assert_int_equal(fixture.last.dead_count, 2);
    assert_int_equal(fixture.last.dead[0].reason, TRACE_REASON_TOO_MANY_MESSAGES);
    assert_string_equal(decide_fixture_play(&fixture, 7 * DAY + 1, X("")), "r emits y; s emits y");
    decide_fixture_close(&fixture);
}

/* What is counted stands in the document so long, and is no message of the customer's. */
static void test_document(void **state)
{
    struct decide_fixture fixture;
    (void)state;
    decide_fixture_open(&fixture,
                        "{" ONCE ", steps: [" SAY "]}\n---\n"
                        "{name: t, on: z, if: customer.sent(\"r\") == 0, steps: [" ADD "]}");
    decide_fixture_play(&fixture, 0, X(""));
    assert_non_null(strstr(fixture.document, "\"sends\":[[\"\",\"r\",\""));
    assert_null(strstr(fixture.document, "totals"));
    assert_string_equal(decide_fixture_play(&fixture, 60, Z("1")), "t sets n = 1");
    assert_non_null(strstr(fixture.document, "\"sends\""));
    decide_fixture_play(&fixture, 7 * DAY, Z("2"));
    assert_null(strstr(fixture.document, "\"sends\""));
    decide_fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plays),
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_bound),
        cmocka_unit_test(test_document),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
