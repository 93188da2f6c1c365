/* How journeys begin, move, give way and end, as plays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "decide_fixture.h"

#define ANA          "\"customer\":{\"id\":7,\"email\":\"ana@example.com\",\"accepts_marketing\":true}"
#define X(more)      "{\"type\":\"x\"," more ANA "}"
#define Y(more)      "{\"type\":\"y\"," more "\"customer\":{\"id\":7}}"
#define TIME(clock)  "\"time\":\"2026-03-02T" clock "Z\","
#define ID(id)       "\"id\":\"" id "\","
#define CART(id)     "\"cart\":{\"id\":\"" id "\"},"
#define ORDER(id)    "\"order\":{\"cart\":\"" id "\"},"
#define TOTAL(total) "\"total\":" total ","

#define WAITING "{name: r, on: x, again: ignore, until: y, wait: 1h, send: m}"
#define RESTART "{name: r, on: [x, z], if: total > 5, again: restart, wait: 1h, send: m}"
#define ABOUT_IT                                                          \
    "{name: r, on: x, again: parallel, until: {on: y, if: order.cart == " \
    "start.cart.id}, wait: 1h, send: m}"

static const struct decide_play untils[] = {
    {"of two events of one moment, what came later ends",
     WAITING,
     {{0, X(TIME("10:00:00")), "r waits 3600"},
      {10, Y(TIME("10:00:00")), "r ended until"},
      {20, X(TIME("10:00:00") ID("1")), "r waits 3600"}}},
    {"what is a millisecond older ends nothing",
     WAITING,
     {{0, X(TIME("10:00:00")), "r waits 3600"},
      {10, Y(TIME("09:59:59.999")), ""},
      {20, X(TIME("09:59:59.998") ID("1")), "r passed-over until"}}},
    {"a message in the outbox is withdrawn by what is no older than its start",
     "{name: r, on: x, until: y, send: m}",
     {{0, X(TIME("10:00:00")), "r sends m"},
      {10, Y(TIME("09:59:59.999")), ""},
      {20, Y(TIME("10:00:00")), "r withdrawn until"}}},
    {"a message of another rule is not",
     "{name: r, on: x, until: y, send: m}\n---\n{name: s, on: x, until: z, send: n}",
     {{0, X(""), "r sends m; s sends n"}, {10, Y(""), "r withdrawn until"}}},
    {"a journey of another rule goes on",
     WAITING "\n---\n{name: s, on: x, again: ignore, until: z, wait: 1h, send: n}",
     {{0, X(""), "r waits 3600; s waits 3600"},
      {10, Y(""), "r ended until"},
      {3600, NULL, "s sends n"}}},
    {"a condition tells which journeys it ends",
     ABOUT_IT,
     {{0, X(CART("a")), "r waits 3600"},
      {1, X(CART("b")), "r waits 3601"},
      {2, Y(ORDER("b")), "r ended until"},
      {3, Y(ORDER("c")), ""},
      {3601, NULL, "r sends m"},
      {3602, Y(ORDER("b") ID("1")), ""},
      {3603, Y(ORDER("a")), "r withdrawn until"}}},
    {"where it cannot be answered, silence is the safe side",
     ABOUT_IT,
     {{0, X(CART("a")), "r waits 3600"},
      {1, X(""), "r waits 3601"},
      {2, Y(""), "r ended until order: no such field; r ended until order: no such field"}}},
    {"a condition is asked of what came before, too",
     ABOUT_IT,
     {{0, Y(ORDER("a")), ""},
      {1, Y(ORDER("b")), ""},
      {10, X(TIME("09:59:00") CART("a")), "r passed-over until"},
      {11, X(TIME("10:00:00.500") CART("b")), "r passed-over until"},
      {12, X(TIME("10:00:00.500") CART("a")), "r waits 3600.5"}, /* newer than its order */
      {13, X(TIME("10:00:00.500") CART("c")), "r waits 3600.5"},
      {14, X(TIME("10:00:01") CART("b")), "r waits 3601"},
      {15, X(TIME("09:59:00")), "r passed-over until"}}}, /* it cannot be answered */
    {"as long as an older start may come",
     "{name: r, on: x, max_age: 1h, again: parallel, until: {on: y, if: order.cart == "
     "start.cart.id}, wait: 2h, send: m}",
     {{0, Y(ORDER("a")), ""},
      {3599, X(TIME("09:59:59.999") CART("a")), "r passed-over until"},
      {3600, X(TIME("09:59:59.999") CART("a") ID("1")), "r passed-over max-age"}}},
    {"an end may itself begin anew",
     "{name: r, on: x, again: ignore, until: x, wait: 1h, send: m}",
     {{0, X(""), "r waits 3600"}, {100, X(""), "r ended until; r waits 3700"}}},
};

static const struct decide_play agains[] = {
    {"what is of the same moment restarts",
     RESTART,
     {{0, X(TIME("10:00:00") TOTAL("6")), "r waits 3600"},
      {10, X(TIME("10:00:00") TOTAL("7")), "r ended restart; r waits 3600"}}},
    {"what is older does not, and it ends nothing either",
     RESTART,
     {{0, X(TIME("10:00:00") TOTAL("6")), "r waits 3600"},
      {10, X(TIME("09:59:59.999") TOTAL("7")), "r ignored older"},
      {11, X(TIME("09:59:59.999") TOTAL("1")), "r no-match if"},
      {12, X(TIME("10:00:00") TOTAL("1")), "r no-match if; r ended no-longer"}}},
    {"what cannot be answered is no refusal",
     RESTART,
     {{0, X(TOTAL("6")), "r waits 3600"},
      {10, X(""), "r no-match total: no such field"},
      {3600, NULL, "r sends m"}}},
    {"only what restarts ends by a refusal",
     "{name: r, on: x, if: total > 5, again: ignore, wait: 1h, send: m}\n---\n"
     "{name: s, on: z, if: total > 5, again: restart, wait: 1h, send: m}",
     {{0, X(TOTAL("6")), "r waits 3600"},
      {1, "{\"type\":\"z\"," TOTAL("6") ANA "}", "s waits 3601"},
      {2, X(TOTAL("1")), "r no-match if"}}},
    {"of those that match and those that do not, each does its own",
     "{name: r, on: x, if: total > 5, again: restart, wait: 1h, send: m}\n---\n"
     "{name: s, on: x, if: total > 3, again: restart, wait: 1h, send: m}",
     {{0, X(TOTAL("6")), "r waits 3600; s waits 3600"},
      {1, X(TOTAL("4")), "r no-match if; r ended no-longer; s ended restart; s waits 3601"}}},
    {"a new wait begins from the newer event",
     RESTART,
     {{0, X(TOTAL("6")), "r waits 3600"},
      {1800, X(TIME("10:20:00") TOTAL("7")), "r ended restart; r waits 4800"},
      {4800, NULL, "r sends m"}}},
    {"a run takes back its own messages only",
     "{name: r, on: x, again: restart, steps: [{send: a}, {wait: 1h}, {send: b}]}\n---\n"
     "{name: s, on: x, send: c}",
     {{0, X(ID("1")), "r waits 3600; r sends a; s sends c"},
      {1, X(ID("2")), "r ended restart; r withdrawn restart; r waits 3601; r sends a; s sends c"}}},
    {"and not those of another run of its rule",
     "{name: r, on: x, again: parallel, until: {on: y, if: order.cart == start.cart.id}, steps: "
     "[{send: a}, {wait: 1h}, {send: b}]}",
     {{0, X(CART("a")), "r waits 3600; r sends a"},
      {1, X(CART("b")), "r waits 3601; r sends a"},
      {2, Y(ORDER("a")), "r ended until; r withdrawn until"},
      {3601, NULL, "r sends b"}}},
    {"a restart takes back what waits of a journey that is over",
     "{name: r, on: [x, z], if: total > 5, again: restart, until: y, steps: [{wait: 1h}, {send: "
     "a}]}",
     {{0, X(TOTAL("6")), "r waits 3600"},
      {3600, NULL, "r sends a"},
      {3601, X(TIME("09:59:59.999") TOTAL("7")), "r ignored older"},
      {3602, X(TIME("10:59:00") TOTAL("7")), "r withdrawn restart; r waits 7140"}}},
    {"an older one starts nothing either where the message is long since gone",
     "{name: r, on: x, again: restart, give_up: 10m, wait: 1h, send: m}",
     {{0, X(TIME("10:00:00") TOTAL("6")), "r waits 3600"},
      {3600, NULL, "r sends m"},
      {7 * 3600, X(TIME("09:59:59.999") TOTAL("7")), "r ignored older"},
      {7 * 3600 + 1, X(TIME("10:00:00") TOTAL("7")), "r waits 3600"}}},
    {"and so does a match that is none any more, of what is not newer",
     RESTART,
     {{0, X(TIME("10:00:00") TOTAL("6")), "r waits 3600"},
      {3600, NULL, "r sends m"},
      {3601, X(TIME("09:59:59.999") TOTAL("1")), "r no-match if"},
      {3602, X(TIME("10:00:00") TOTAL("1")), "r no-match if; r withdrawn no-longer"}}},
    {"what matched no longer keeps an older match from starting",
     RESTART,
     {{0, X(TOTAL("1")), "r no-match if"},
      {10, X(TIME("09:59:59.999") TOTAL("6")), "r passed-over no-longer"},
      {11, X(TIME("10:00:00") TOTAL("6")), "r waits 3600"}}},
    {"the newest of them",
     RESTART,
     {{0, X(TIME("10:00:00") TOTAL("1")), "r no-match if"},
      {1, X(TIME("09:50:00") TOTAL("1")), "r no-match if"},
      {10, X(TIME("09:59:59.999") TOTAL("6")), "r passed-over no-longer"}}},
    {"and only what restarts",
     "{name: r, on: x, if: total > 5, again: ignore, wait: 1h, send: m}",
     {{0, X(TOTAL("1")), "r no-match if"}, {10, X(TIME("09:59:58") TOTAL("6")), "r waits 3598"}}},
    {"of a rule by itself",
     RESTART "\n---\n{name: s, on: x, if: total > 1, again: restart, wait: 1h, send: n}",
     {{0, X(TOTAL("3")), "r no-match if; s waits 3600"},
      {10, X(TIME("09:59:59.999") TOTAL("6")), "r passed-over no-longer; s ignored older"}}},
    {"a fast clock makes nothing newer than what comes later",
     WAITING,
     {{0, X(TIME("10:00:12")), "r waits 3600"}, {5, Y(""), "r ended until"}}},
    {"without again each match is a run of its own",
     "{name: r, on: x, send: m}",
     {{0, X(ID("1")), "r sends m"}, {1, X(ID("2")), "r sends m"}}},
};

static const struct decide_play ages[] = {
    {"an event of just that age starts, an older one does not",
     "{name: r, on: x, max_age: 1h, send: m}",
     {{3600, X(TIME("10:00:00")), "r sends m"},
      {3600, X(TIME("09:59:59.999")), "r passed-over max-age"}}},
    {"and updates the customer",
     "{name: r, on: x, max_age: 1h, send: m}\n---\n"
     "{name: s, on: y, if: customer.count('x') == 1 && customer.name == 'Ana', send: n}",
     {{0,
       "{\"type\":\"x\",\"time\":\"2026-01-01T00:00:00Z\",\"customer\":{\"id\":7,\"name\":\"Ana\","
       "\"accepts_marketing\":true,\"email\":\"ana@example.com\"}}",
       "r passed-over max-age"},
      {1, Y(""), "s sends n"}}},
    {"a day by default",
     "{name: r, on: x, send: m}",
     {{86400, X(TIME("10:00:00")), "r sends m"},
      {86400, X(TIME("09:59:59.999")), "r passed-over max-age"}}},
    {"it ends what it is the end of, whatever its age",
     "{name: r, on: x, max_age: 1h, again: restart, if: total > 5, until: y, wait: 1d, send: m}",
     {{0, X(TOTAL("6")), "r waits 86400"},
      {7200, X(TIME("10:30:00") TOTAL("1")), "r no-match if; r ended no-longer"},
      {7200, X(TIME("11:30:00") TOTAL("6")), "r waits 91800"},
      {80000, Y(TIME("11:31:00")), "r ended until"}}},
};

static const struct decide_play steps[] = {
    {"a wait at the end is for nothing",
     "{name: r, on: x, again: ignore, steps: [{send: m}, {wait: 1h}]}",
     {{0, X(ID("1")), "r sends m"}, {1, X(ID("2")), "r sends m"}}},
    {"nor is one at the end of a branch, with nothing behind",
     "{name: r, on: x, again: ignore, steps: [{if: total > 5, then: [{send: m}, {wait: 1h}], "
     "else: [{send: n}]}]}",
     {{0, X(TOTAL("6")), "r sends m"}, {1, X(TOTAL("1")), "r sends n"}}},
    {"branches nest",
     "{name: r, on: x, steps: [{if: total > 5, then: [{if: total > 9, then: [{send: a}], else: "
     "[{send: b}]}, {send: c}], else: [{if: total > 2, then: [{send: d}, stop]}, {send: e}]}, "
     "{send: f}]}",
     {{0, X(TOTAL("10")), "r sends a; r sends c; r sends f"},
      {1, X(TOTAL("6")), "r sends b; r sends c; r sends f"},
      {2, X(TOTAL("3")), "r sends d"},
      {3, X(TOTAL("1")), "r sends e; r sends f"}}},
    {"at a timer the event is the one that began",
     "{name: r, on: x, again: parallel, steps: [{wait: 1h}, {if: \"event.data.total == total && "
     "start.total == total && event.id == '1' && customer.name == 'New'\", then: [{send: m}]}]}",
     {{0, X(ID("1") TOTAL("6")), "r waits 3600"},
      {1, "{\"type\":\"y\",\"total\":9,\"customer\":{\"id\":7,\"name\":\"New\"}}", ""},
      {3600, NULL, "r sends m"}}},
    {"waits that nobody was there for go on in the order of their deadlines",
     "{name: a, on: x, again: ignore, steps: [{wait: 2h}, {send: a}, {wait: 2h}, {send: b}]}\n"
     "---\n{name: b, on: x, again: ignore, steps: [{wait: 1h}, {send: c}, {wait: 2h}, {send: d}]}",
     {{0, X(""), "a waits 7200; b waits 3600"},
      {86400, NULL, "b waits 93600; b sends c; a waits 93600; a sends a"},
      {93600, NULL, "a sends b; b sends d"}}},
    {"after downtime the steps keep their distances",
     "{name: r, on: x, again: ignore, steps: [{wait: 1h}, {send: a}, {wait: 23h}, {send: b}]}",
     {{0, X(""), "r waits 3600"},
      {100000, NULL, "r waits 182800; r sends a"},
      {182800, NULL, "r sends b"}}},
    {"after a backlog too",
     "{name: r, on: x, again: ignore, steps: [{send: a}, {wait: 1h}, {send: b}]}",
     {{60, X(TIME("10:00:00")), "r waits 3600; r sends a"},
      {3660, NULL, "r sends b"},
      {7262, X(TIME("11:01:01") ID("1")), "r waits 10862; r sends a"}}},
    {"what is due at one moment goes by priority",
     "{name: a, on: x, again: ignore, wait: 1h, send: a}\n---\n"
     "{name: b, on: y, again: ignore, priority: 5, wait: 50m, send: b}",
     {{0, X(""), "a waits 3600"},
      {600, Y(""), "b waits 3600"},
      {3600, NULL, "b sends b; a sends a"}}},
    {"an expression that fails ends the journey, and nothing behind it is sent",
     "{name: r, on: x, again: ignore, steps: [{send: a}, {send: {template: b, data: {c: total}}}, "
     "{send: c}, {wait: 1h}, {send: d}]}\n---\n{name: s, on: x, send: e}",
     {{0, X(ID("1")), "r waits 3600; r sends a; r error total: no such field; s sends e"},
      {3600, NULL, ""},
      {3601, X(ID("2") TOTAL("6")), "r waits 7201; r sends a; r sends b; r sends c; s sends e"}}},
    {"it ends before what is due later goes on, however late that is",
     "{name: r, on: x, again: ignore, steps: [{wait: 1h}, {send: {template: a, data: {b: total}}}, "
     "{wait: 1h}, {send: c}]}\n---\n{name: s, on: x, again: ignore, wait: 90m, send: d}",
     {{0, X(""), "r waits 3600; s waits 5400"},
      {86400, NULL, "r waits 90000; r error total: no such field; s sends d"},
      {86401, NULL, ""}}},
    {"an address that is not there is none",
     "{name: r, on: x, again: ignore, steps: [{send: {template: a, to: customer.other}}, {send: "
     "{template: b, to: \"''\"}}, {send: {template: c, to: customer.accepts_marketing}}, {send: "
     "d}]}",
     {{0, X(""), "r refused no-address; r refused no-address; r refused no-address; r sends d"}}},
    {"each channel has its field",
     "{name: r, on: x, steps: [{send: {template: a, via: sms}}, {send: {template: b, via: push}}]}",
     {{0, X(""), "r refused no-address; r refused no-address"},
      {1,
       "{\"type\":\"x\",\"customer\":{\"id\":7,\"phone\":\"+40\",\"push\":\"p\","
       "\"accepts_marketing\":true}}",
       "r sends a; r sends b"}}},
};

#define PLAY(name)                                                       \
    static void test_##name(void **state)                                \
    {                                                                    \
        (void)state;                                                     \
        decide_fixture_play_all(name, sizeof name / sizeof *name, NULL); \
    }

PLAY(untils)
PLAY(agains)
PLAY(ages)
PLAY(steps)

/* What becomes of journeys under other rules. */
static void test_rules_change(void **state)
{
    (void)state;
    static const char before[] =
        "{name: r, on: x, again: restart, steps: [{if: total > 5, then: [{send: a}, {wait: 1h}], "
        "else: [{send: b}]}, {send: c}, {wait: 1h}, {send: d}]}";
    static const struct {
        const char *rules, *did;
    } changes[] = {
        {before, "r waits 7200; r sends c"},
        /* the step that it waits for is the one behind the branch, whatever that does */
        {"{name: r, on: x, again: restart, steps: [{if: total > 9, then: [{send: a}], else: "
         "[stop]},"
         " {send: c}, {wait: 2h}, {send: d}]}",
         "r waits 10800; r sends c"},
        {"{name: r, on: x, steps: [{send: c}]}", "r sends c"},
        {"{name: r, on: x, again: restart, class: transactional, send: c}", "r sends c"},
        {"{name: r, on: x, again: restart, steps: [{wait: 1h}, {send: d}]}",
         "r ended rule-changed"},
        {"{name: r, on: x, send: {template: c}}", "r ended rule-changed"},
        {"{name: r, enabled: false, on: x, send: c}", "r ended disabled"},
        {"{name: s, on: x, send: c}", "r ended rule-removed"},
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        struct decide_fixture fixture;
        decide_fixture_open(&fixture, before);
        assert_string_equal(decide_fixture_play(&fixture, 0, X(TOTAL("6"))),
                            "r waits 3600; r sends a");
        decide_fixture_place(&fixture, CUSTOMER_PLACE_GONE);
        fixture.last.messages = NULL;
        decide_fixture_reload(&fixture, changes[i].rules);
        const char *did = decide_fixture_play(&fixture, 3600, NULL);
        if (strncmp(did, changes[i].did, strlen(changes[i].did)) != 0)
            fail_msg("%s: \"%s\", expected \"%s\"", changes[i].rules, did, changes[i].did);
        decide_fixture_close(&fixture);
    }
}

/* A journey whose rule is gone is ended by what it carries alone; else it goes on when the rule is
 * back. */
static void test_rule_returns(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    decide_fixture_open(&fixture, WAITING);
    decide_fixture_play(&fixture, 0, X(""));
    decide_fixture_reload(&fixture, "{name: s, on: z, send: n}");
    assert_string_equal(decide_fixture_play(&fixture, 1, "{\"type\":\"z\"," ANA "}"), "s sends n");
    decide_fixture_reload(&fixture, WAITING);
    assert_string_equal(decide_fixture_play(&fixture, 3600, NULL), "r sends m");
    decide_fixture_close(&fixture);
}

/* Steps that take no time: so many in one decision, the rest in the next. */
static void test_no_time(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    struct buf rule;
    buf_init(&rule, 64 * 1024);
    buf_text(&rule, "name: r\non: x\nagain: ignore\nsteps:\n");
    for (int i = 0; i < 70; i++)
        buf_text(&rule, "- wait: 0s\n");
    buf_text(&rule, "- send: m\n");
    decide_fixture_open(&fixture, buf_string(&rule));
    buf_free(&rule);
    assert_string_equal(decide_fixture_play(&fixture, 0, X("")), "r waits 0");
    decide_fixture_play(&fixture, 1, NULL);
    assert_int_equal(fixture.last.message_count, 0);
    assert_int_equal(fixture.last.deadline_ms, DECIDE_FIXTURE_START * 1000LL);
    decide_fixture_play(&fixture, 2, NULL);
    assert_int_equal(fixture.last.message_count, 1);
    assert_int_equal(fixture.last.deadline_ms, 0);
    decide_fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_untils),       cmocka_unit_test(test_agains),
        cmocka_unit_test(test_ages),         cmocka_unit_test(test_steps),
        cmocka_unit_test(test_rules_change), cmocka_unit_test(test_rule_returns),
        cmocka_unit_test(test_no_time),
    };
    return cmocka_run_group_tests_name("journey", tests, NULL, NULL);
}
