/* Waits for an event: `wait: {for, or}`. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "decide_fixture.h"

#define ANA            "\"customer\":{\"id\":7,\"email\":\"ana@example.com\",\"accepts_marketing\":true}"
#define OF(type, more) "{\"type\":\"" type "\"" more "," ANA "}"
#define TIME(clock)    ",\"time\":\"2026-03-02T" clock "Z\""
#define RULE           "name: r\non: x\nagain: ignore\nsteps:\n"
#define BRANCH         "- if: waited\n  then: [{send: yes}]\n  else: [{send: no}]\n"

/* Second 0 is 10:00. */
static const struct decide_play plays[] = {
    {"the event goes before the time",
     RULE "- wait: {for: 1h, or: y}\n" BRANCH,
     {{0, OF("x", ""), "r waits-for 3600"},
      {5, OF("z", ""), ""},
      {10, OF("y", ""), "r goes-on met; r sends yes"},
      {3600, NULL, ""}}},
    {"the time goes before the event",
     RULE "- wait: {for: 1h, or: y}\n" BRANCH,
     {{0, OF("x", ""), "r waits-for 3600"}, {3600, NULL, "r sends no"}, {3601, OF("y", ""), ""}}},
    {"the next wait counts from the event, or from the time",
     RULE "- wait: {for: 1h, or: y}\n- wait: 10m\n- send: a\n",
     {{0, OF("x", ""), "r waits-for 3600"},
      {10, OF("y", ""), "r goes-on met; r waits 610"},
      {610, NULL, "r sends a"},
      {700, OF("x", ""), "r waits-for 4300"},
      {4301, NULL, "r waits 4900"}}},
    {"types, and types with conditions",
     RULE "- wait: {for: 1h, or: [y, {on: [u, v], if: n == start.n}]}\n" BRANCH,
     {{0, OF("x", ",\"n\":1"), "r waits-for 3600"},
      {1, OF("u", ",\"n\":2"), ""},
      {2, OF("v", ",\"n\":1"), "r goes-on met; r sends yes"}}},
    {"a condition that fails does not meet",
     RULE "- wait: {for: 1h, or: {on: y, if: n == start.n}}\n" BRANCH,
     {{0, OF("x", ",\"n\":1"), "r waits-for 3600"},
      {1, OF("y", ""), "r no-match n: no such field"},
      {2, OF("y", ",\"n\":1"), "r goes-on met; r sends yes"}}},
    {"it begins with the event that starts the rule, which it does not meet",
     RULE "- wait: {for: 1h, or: x}\n" BRANCH,
     {{0, OF("x", ",\"n\":1"), "r waits-for 3600"},
      {1, OF("x", ",\"n\":2"), "r ignored again; r goes-on met; r sends yes"}}},
    {"nor does it meet what the journey has emitted itself, before it waited",
     RULE "- emit: {type: y}\n- wait: {for: 1h, or: y}\n" BRANCH,
     {{0, OF("x", ""), "r emits y; r waits-for 3600"},
      {1, OF("y", ""), "r goes-on met; r sends yes"},
      {2, OF("x", ",\"n\":1"), "r emits y; r waits-for 3602"},
      {3602, NULL, "r sends no"}}},
    {"what another rule made of that is an answer, and so is another journey's",
     "{name: r, on: x, again: parallel, steps: [{emit: {type: y}}, {wait: {for: 1h, or: [y, z]}}, "
     "{send: a}]}\n---\n{name: s, on: y, if: customer.count('y') == 1, steps: [{emit: {type: "
     "z}}]}\n",
     {{0, OF("x", ",\"n\":1"), "r emits y; r waits-for 3600; s emits z; r goes-on met; r sends a"},
      {1, OF("x", ",\"n\":2"), "r emits y; r waits-for 3601; s no-match if"},
      {2, OF("x", ",\"n\":3"),
       "r emits y; r waits-for 3602; s no-match if; r goes-on met; r sends a"}}},
    {"one event is the answer to one wait",
     RULE "- wait: {for: 1h, or: y}\n- send: a\n- wait: {for: 1h, or: y}\n- send: b\n",
     {{0, OF("x", ""), "r waits-for 3600"},
      {1, OF("y", ",\"n\":1"), "r goes-on met; r waits-for 3601; r sends a"},
      {2, OF("y", ",\"n\":2"), "r goes-on met; r sends b"}}},
    {"until goes before",
     RULE "- wait: {for: 1h, or: y}\n- send: a\nuntil: y\n",
     {{0, OF("x", ""), "r waits-for 3600"}, {1, OF("y", ""), "r ended until"}}},
    {"so does restart",
     "name: r\non: [x, y]\nagain: restart\nsteps:\n- wait: {for: 1h, or: y}\n" BRANCH,
     {{0, OF("x", ""), "r waits-for 3600"},
      {1, OF("y", ""), "r ended restart; r waits-for 3601"},
      {2, OF("y", ",\"n\":1"), "r ended restart; r waits-for 3602"}}},
    {"an answer that comes too early does not count",
     RULE "- wait: 10m\n- send: ask\n- wait: {for: 1h, or: y}\n" BRANCH,
     {{0, OF("x", ""), "r waits 600"},
      {30, OF("y", ""), ""},
      {600, NULL, "r waits-for 4200; r sends ask"},
      {610, OF("y", TIME("10:09:59")), ""}, /* of before the wait */
      {4200, NULL, "r sends no"}}},
    {"of the millisecond in which it began it does",
     RULE "- wait: 10m\n- send: ask\n- wait: {for: 1h, or: y}\n" BRANCH,
     {{0, OF("x", ""), "r waits 600"},
      {600, NULL, "r waits-for 4200; r sends ask"},
      {610, OF("y", TIME("10:10:00")), "r goes-on met; r sends yes"}}},
    {"one that arrives late counts while the journey still waits, and by its own time",
     RULE "- wait: {for: 1h, or: y}\n" BRANCH,
     {{0, OF("x", ""), "r waits-for 3600"},
      {3605, OF("y", TIME("11:00:01")), ""}, /* the time came first */
      {3605, OF("y", TIME("11:00:00")), "r goes-on met; r sends yes"}}},
    {"it is too late once the journey has gone on",
     RULE "- wait: {for: 1h, or: y}\n" BRANCH,
     {{0, OF("x", ""), "r waits-for 3600"},
      {3600, NULL, "r sends no"},
      {3605, OF("y", TIME("10:30:00")), ""}}},
    {"several journeys, and one that it starts: in one decision",
     "{name: r, on: x, again: parallel, steps: [{wait: {for: 1h, or: y}}, {send: a}]}\n"
     "---\n{name: s, on: y, send: b}\n",
     {{0, OF("x", ",\"n\":1"), "r waits-for 3600"},
      {1, OF("x", ",\"n\":2"), "r waits-for 3601"},
      {2, OF("y", ""), "r goes-on met; r goes-on met; r sends a; r sends a; s sends b"}}},
    {"stop ends it",
     RULE "- wait: {for: 1h, or: y}\n- if: waited\n  then: [stop]\n- send: a\n",
     {{0, OF("x", ""), "r waits-for 3600"}, {1, OF("y", ""), "r goes-on met"}, {3600, NULL, ""}}},
    {"at the end of a rule there is nothing to wait for",
     RULE "- send: a\n- wait: {for: 1h, or: y}\n",
     {{0, OF("x", ""), "r sends a"}, {1, OF("y", ""), ""}}},
};

/* What steps see: `event` and the roots are the event's that was met, `start` stays. */
static const struct decide_play roots[] = {
    {"over a further wait",
     RULE "- wait: {for: 1h, or: y}\n- wait: 1h\n"
          "- if: event.type == 'y' && n == 2 && start.n == 1 && waited && event.data.n == 2\n"
          "  then: [{send: yes}]\n",
     {{0, OF("x", ",\"n\":1"), "r waits-for 3600"},
      {1, OF("y", ",\"n\":2"), "r goes-on met; r waits 3601"},
      {2, OF("y", ",\"n\":3"), ""},
      {3601, NULL, "r sends yes"}}},
    {"after the time they stay",
     RULE "- wait: {for: 1h, or: y}\n"
          "- if: event.type == 'x' && n == 1 && start.n == 1 && !waited\n  then: [{send: yes}]\n",
     {{0, OF("x", ",\"n\":1"), "r waits-for 3600"}, {3600, NULL, "r sends yes"}}},
    {"a second wait that meets nothing: those of the first, and waited is false",
     RULE "- wait: {for: 1h, or: y}\n- wait: {for: 1h, or: y}\n"
          "- if: n == 2 && start.n == 1 && !waited\n  then: [{send: yes}]\n",
     {{0, OF("x", ",\"n\":1"), "r waits-for 3600"},
      {1, OF("y", ",\"n\":2"), "r goes-on met; r waits-for 3601"},
      {3601, NULL, "r sends yes"}}},
    {"one that meets another: that one's",
     RULE
     "- wait: {for: 1h, or: y}\n- wait: {for: 1h, or: {on: z, if: n > 2 && event.data.n > 2}}\n"
     "- wait: 1h\n- if: n == 3 && event.type == 'z' && start.n == 1 && waited\n"
     "  then: [{send: yes}]\n",
     {{0, OF("x", ",\"n\":1"), "r waits-for 3600"},
      {1, OF("y", ",\"n\":2"), "r goes-on met; r waits-for 3601"},
      {2, OF("z", ",\"n\":2"), ""},
      {3, OF("z", ",\"n\":3"), "r goes-on met; r waits 3603"},
      {3603, NULL, "r sends yes"}}},
    {"of branches that are asked again: this one came late",
     RULE "- if: n > 0\n  then:\n  - wait: {for: 1h, or: y}\n  - send: a\n- send: b\n",
     {{0, OF("x", ",\"n\":1"), "r waits-for 3600"},
      {600, OF("y", TIME("10:01:00") ",\"n\":0"), "r goes-on met; r passed-over branch; r sends b"},
      {601, OF("x", ",\"n\":1"), "r waits-for 4201"},
      {900, OF("y", TIME("10:11:00") ",\"n\":2"), "r goes-on met; r sends a; r sends b"}}},
    {"waited is not asked of the future: a plain wait leaves it as it was",
     RULE "- if: waited\n  then: [{send: never}]\n- wait: {for: 1h, or: y}\n- wait: 1m\n" BRANCH,
     {{0, OF("x", ""), "r waits-for 3600"},
      {1, OF("y", ""), "r goes-on met; r waits 61"},
      {61, NULL, "r sends yes"}}},
    {"a wait for a timestamp of the answer",
     RULE "- wait: {for: 1h, or: y}\n- wait: {until: timestamp(at)}\n- send: a\n",
     {{0, OF("x", ""), "r waits-for 3600"},
      {1, OF("y", ",\"at\":\"2026-03-02T12:00:00Z\""), "r goes-on met; r waits 7200"},
      {7200, NULL, "r sends a"}}},
    {"started is the time of the start, for until too",
     RULE "- wait: {for: 1h, or: y}\n- if: started < event.time && event.time - started == "
          "duration('9s')\n  then: [{wait: 1h}, {send: yes}]\n"
          "until: {on: z, if: now - started > duration('1m')}\n",
     {{1, OF("x", ""), "r waits-for 3601"},
      {10, OF("y", ""), "r goes-on met; r waits 3610"},
      {11, OF("z", ""), ""},
      {99, OF("z", ",\"n\":1"), "r ended until"}}},
};

static void test_plays(void **state)
{
    (void)state;
    decide_fixture_play_all(plays, sizeof plays / sizeof *plays, NULL);
}

static void test_roots(void **state)
{
    (void)state;
    decide_fixture_play_all(roots, sizeof roots / sizeof *roots, NULL);
}

static void be_quiet(struct decide_fixture *fixture)
{
    fixture->policy.quiet_from = 9 * 60;
    fixture->policy.quiet_to = 12 * 60; /* second 7200 */
}

static const struct decide_play quiet_plays[] = {
    {"the answer's roots outlive quiet hours; a second answer is none",
     RULE "- wait: {for: 1h, or: y}\n- if: waited && n == 2\n  then: [{send: yes}]\n",
     {{0, OF("x", ",\"n\":1"), "r waits-for 3600"},
      {1, OF("y", ",\"n\":2"), "r goes-on met; r quiet-hours 7200"},
      {2, OF("y", ",\"n\":3"), ""},
      {7200, NULL, "r sends yes"}}},
    {"one that comes while the send waits for their end is none",
     RULE "- wait: {for: 1h, or: y}\n" BRANCH,
     {{0, OF("x", ""), "r waits-for 3600"},
      {3600, NULL, "r quiet-hours 7200"},
      {3700, OF("y", ""), ""},
      {7200, NULL, "r sends no"}}},
};

static void test_quiet_hours(void **state)
{
    (void)state;
    decide_fixture_play_all(quiet_plays, sizeof quiet_plays / sizeof *quiet_plays, be_quiet);
}

/* A send that waits for room in the outbox waits for no event any more. */
static void test_full(void **state)
{
    (void)state;
    static const struct room full[ROOM_CLASSES] = {{0}},
                             room[ROOM_CLASSES] = {{.left = 9}, {.left = 9}};
    struct decide_fixture fixture;
    decide_fixture_open(&fixture, RULE "- wait: {for: 1h, or: y}\n" BRANCH);
    decide_fixture_play(&fixture, 0, OF("x", ""));
    fixture.facts.rooms = full;
    assert_string_equal(decide_fixture_play(&fixture, 3600, NULL), "r outbox-full 90000");
    assert_string_equal(decide_fixture_play(&fixture, 3700, OF("y", "")), "");
    fixture.facts.rooms = room;
    assert_string_equal(decide_fixture_play(&fixture, 3800, NULL), "r sends no");
    decide_fixture_close(&fixture);
}

/* ---- Daemons whose rules differ ---- */

#define WAITS      RULE "- wait: {for: 1h, or: {on: y, if: n == start.n}}\n" BRANCH
#define OTHERS     "{name: s, on: z, send: b}"
#define AT(second) ((DECIDE_FIXTURE_START + (second)) * 1000LL)

/* Another daemon with these rules, of that number. */
static void beside(struct decide_fixture *fixture, int64_t number, const struct ruleset *rules)
{
    struct other_set *set = arena_zero(fixture->arena, sizeof *set);
    *set =
        (struct other_set){.number = number, .entries = other_sets_entries(rules, fixture->arena)};
    fixture->others.sets = set;
    fixture->others.count = 1;
}

/* A daemon that lacks the rule does not lose the answer: the journey is due at once for the one
 * that has it, and that one knows what was answered. */
static void test_without_the_rule(void **state)
{
    (void)state;
    struct decide_fixture with, without;
    decide_fixture_open(&with, WAITS);
    decide_fixture_open(&without, OTHERS);
    decide_fixture_play(&with, 0, OF("x", ",\"n\":1"));
    without.document = with.document;
    without.starts = value_copy(without.arena, &with.starts);
    beside(&without, 5, with.rules);
    assert_string_equal(decide_fixture_play(&without, 1, OF("y", ",\"n\":2")), "");
    assert_int_equal(without.needed, 1); /* the start, which the condition reads */
    assert_string_equal(decide_fixture_play(&without, 2, OF("y", ",\"n\":1")), "r goes-on met");
    assert_true(without.last.left);
    assert_int_equal(without.last.deadline_ms, AT(3));
    assert_string_equal(decide_fixture_play(&without, 3, OF("y", ",\"n\":1,\"id\":\"again\"")), "");
    with.document = without.document;
    with.starts = value_copy(with.arena, &without.starts);
    beside(&with, 0, without.rules);
    assert_string_equal(decide_fixture_play(&with, 3, NULL), "r sends yes");
    assert_int_equal(with.starts.map->count, 0); /* both events are forgotten */
    decide_fixture_close(&with);
    decide_fixture_close(&without);
}

/* Of one that newer rules have touched, likewise. */
static void test_newer_rules(void **state)
{
    (void)state;
    struct decide_fixture old, new;
    decide_fixture_open(&old, WAITS);
    decide_fixture_open(&new, WAITS);
    decide_fixture_reload(&new, WAITS);
    decide_fixture_play(&new, 0, OF("x", ",\"n\":1"));
    old.document = new.document;
    old.starts = value_copy(old.arena, &new.starts);
    beside(&old, 2, new.rules);
    assert_string_equal(decide_fixture_play(&old, 1, OF("y", ",\"n\":1")), "r goes-on met");
    new.document = old.document;
    new.starts = value_copy(new.arena, &old.starts);
    beside(&new, 1, old.rules);
    assert_string_equal(decide_fixture_play(&new, 2, NULL), "r sends yes");
    decide_fixture_close(&old);
    decide_fixture_close(&new);
}

/* Where no daemon has the rule the journey ends, as it would have at its time. */
static void test_rule_is_gone(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    decide_fixture_open(&fixture, WAITS);
    decide_fixture_play(&fixture, 0, OF("x", ",\"n\":1"));
    decide_fixture_reload(&fixture, OTHERS);
    assert_string_equal(decide_fixture_play(&fixture, 1, OF("y", ",\"n\":1")), "r goes-on met");
    assert_string_equal(decide_fixture_play(&fixture, 1, NULL), "r ended rule-removed");
    decide_fixture_close(&fixture);
}

/* A wait that has begun is what it was: another length or other events of it are for the next. */
static void test_reload(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    decide_fixture_open(&fixture,
                        RULE "- wait: {for: 1h, or: y}\n- if: waited\n  then: [{send: yes}]\n");
    decide_fixture_play(&fixture, 0, OF("x", ""));
    decide_fixture_reload(&fixture,
                          RULE "- wait: {for: 2h, or: z}\n- if: waited\n  then: [{send: yes}]\n");
    assert_string_equal(decide_fixture_play(&fixture, 1, OF("z", "")), "");
    assert_string_equal(decide_fixture_play(&fixture, 2, OF("y", "")),
                        "r goes-on met; r sends yes");
    decide_fixture_close(&fixture);
}

/* ---- What stands in Redis ---- */

/* What was deleted by hand costs that journey. */
static void test_lost(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    decide_fixture_open(&fixture, RULE "- wait: {for: 1h, or: y}\n- wait: 1h\n- send: a\n");
    decide_fixture_play(&fixture, 0, OF("x", ""));
    fixture.starts = value_new_map(fixture.arena, 1);
    assert_string_equal(decide_fixture_play(&fixture, 1, OF("y", "")),
                        "r goes-on met; r ended start-lost");
    decide_fixture_play(&fixture, 2, OF("x", ",\"n\":1"));
    decide_fixture_play(&fixture, 3, OF("y", ",\"n\":1"));
    assert_int_equal(fixture.starts.map->count, 2);
    value_remove(fixture.starts, value_to_text(fixture.arena, &fixture.starts.map->members[1].key));
    assert_string_equal(decide_fixture_play(&fixture, 3603, NULL), "r ended start-lost");
    assert_string_equal(fixture.last.dead[0].kind, "journey");
    decide_fixture_close(&fixture);
}

/* Members of any other kind are none. */
static void test_spoilt(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    decide_fixture_open(&fixture, RULE "- wait: {for: 1h, or: y}\n" BRANCH);
    decide_fixture_play(&fixture, 0, OF("x", ""));
    char *member = strstr(fixture.document, "\"or\":[\"y\"]");
    assert_non_null(member);
    memcpy(member + strlen("\"or\":"), "12345", 5);
    assert_string_equal(decide_fixture_play(&fixture, 1, OF("y", "")), "");
    assert_string_equal(decide_fixture_play(&fixture, 3600, NULL), "r sends no");
    decide_fixture_close(&fixture);
}

/* ---- The message ---- */

/* It tells of the event that was met, and of the start; and by what its run is known. */
static void test_body(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    decide_fixture_open(&fixture, RULE "- wait: {for: 1h, or: y}\n- send: a\n");
    decide_fixture_play(&fixture, 0, OF("x", ",\"id\":\"one\",\"n\":1"));
    decide_fixture_play(&fixture, 9, OF("y", ",\"id\":\"two\",\"n\":2"));
    assert_int_equal(fixture.last.message_count, 1);
    const struct value *body = &fixture.last.messages[0].body;
    assert_true(value_is_text(value_path(body, "event.type"), "y"));
    assert_int_equal(value_path(body, "event.data.n")->integer, 2);
    assert_int_equal(value_path(body, "start.n")->integer, 1);
    assert_int_equal(value_get(body, "started")->integer, AT(0));
    assert_non_null(value_get(body, "origin"));
    decide_fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plays),
        cmocka_unit_test(test_roots),
        cmocka_unit_test(test_quiet_hours),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_without_the_rule),
        cmocka_unit_test(test_newer_rules),
        cmocka_unit_test(test_rule_is_gone),
        cmocka_unit_test(test_reload),
        cmocka_unit_test(test_lost),
        cmocka_unit_test(test_spoilt),
        cmocka_unit_test(test_body),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
