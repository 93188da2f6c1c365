/* Steps that make events. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "decide_fixture.h"

#define ANA     "\"customer\":{\"id\":7,\"email\":\"ana@example.com\",\"accepts_marketing\":true"
#define X(more) "{\"type\":\"x\"" more "," ANA "}}"
#define Y(more) "{\"type\":\"y\"" more ",\"customer\":{\"id\":7}}"

static const struct decide_play plays[] = {
    {"it starts rules in the same decision, after all that the present event does",
     "{name: r, on: x, priority: 1, steps: [{emit: {type: z, data: {n: event.data.n * 2}}}]}\n"
     "---\n{name: t, on: z, if: n == 4, send: b}\n---\n{name: u, on: x, send: a}",
     {{0, X(",\"n\":2"), "r emits z; u sends a; t sends b"}}},
    {"the customer is who they were, with what was set before",
     "{name: r, on: x, steps: [{set: {tier: '\"gold\"'}}, {emit: {type: z}}]}\n"
     "---\n{name: t, on: z, if: customer.tier == \"gold\" && customer.count(\"z\") == 1, send: b}",
     {{0, X(""), "r sets tier = \"gold\"; r emits z; t sends b"}}},
    {"it ends what it is the until of",
     "{name: r, on: y, steps: [{emit: {type: z}}]}\n"
     "---\n{name: t, on: x, again: restart, until: z, wait: 1h, send: b}",
     {{0, X(""), "t waits 3600"}, {1, Y(""), "r emits z; t ended until"}}},
    {"what it starts may wait, with its data at hand",
     "{name: r, on: x, steps: [{emit: {type: z, data: {n: '3'}}}]}\n"
     "---\n{name: t, on: z, again: parallel, steps: [{wait: 1h}, {if: start.n == 3, then: [{send: "
     "b}]}]}",
     {{0, X(""), "r emits z; t waits 3600"}, {3600, NULL, "t sends b"}}},
    {"at a deadline, its time is now",
     "{name: r, on: x, again: parallel, steps: [{wait: 1h}, {emit: {type: z}}]}\n"
     "---\n{name: t, on: z, if: event.time == now, again: parallel, wait: 1h, send: b}",
     {{0, X(""), "r waits 3600"}, {3700, NULL, "r emits z; t waits 7300"}}},
    {"an expression that fails ends the journey",
     "{name: r, on: x, steps: [{emit: {type: z, data: {n: order.n}}}, {send: a}]}",
     {{0, X(""), "r error order: no such field"}}},
    {"a `while` is asked before it",
     "{name: r, on: x, while: customer.count(\"x\") > 1, steps: [{emit: {type: z}}]}",
     {{0, X(""), "r ended no-longer"}, {1, X(",\"n\":1"), "r emits z"}}},
    {"each is one event: the same run and step make the same again",
     "{name: r, on: x, steps: [{emit: {type: z}}, {emit: {type: z, data: {n: '1'}}}]}\n"
     "---\n{name: t, on: z, send: b}",
     {{0, X(",\"id\":\"1\""), "r emits z; r emits z; t sends b; t sends b"},
      {1, X(",\"id\":\"1\""), "passed-over duplicate"}}},
};

static void test_plays(void **state)
{
    (void)state;
    decide_fixture_play_all(plays, sizeof plays / sizeof *plays, NULL);
}

/* Rules that feed each other end after eight events of theirs, loudly. */
static void test_loop(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    decide_fixture_open(&fixture, "{name: r, on: [x, z], steps: [{emit: {type: z}}]}");
    const char *did = decide_fixture_play(&fixture, 0, X(""));
    assert_string_equal(did, "r emits z; r emits z; r emits z; r emits z; r emits z; r emits z; "
                             "r emits z; r emits z; r refused loop");
    assert_int_equal(fixture.last.dead_count, 1);
    assert_int_equal(fixture.last.dead[0].reason, TRACE_REASON_LOOP);
    assert_string_equal(fixture.last.dead[0].own, "id:7");
    assert_string_equal(decide_fixture_play(&fixture, 1, X(",\"hops\":8")), "r refused loop");
    decide_fixture_close(&fixture);
}

/* Waits between them do not make the chain forget its length. */
static void test_loop_over_waits(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    decide_fixture_open(&fixture, "{name: r, on: [x, z], again: parallel, steps: [{wait: 1h}, "
                                  "{emit: {type: z}}]}");
    decide_fixture_play(&fixture, 0, X(""));
    for (int hop = 1; hop <= 8; hop++)
        assert_non_null(strstr(decide_fixture_play(&fixture, 3600 * hop, NULL), "r emits z"));
    assert_string_equal(decide_fixture_play(&fixture, 3600 * 9, NULL), "r refused loop");
    decide_fixture_close(&fixture);
}

/* Nor does a wait that went on by an event of the chain. */
static const struct decide_play met[] = {
    {"what it met counts, though the start is no part of the chain",
     "{name: r, on: x, again: ignore, steps: [{wait: {for: 1h, or: y}}, {wait: 1h}, {emit: {type: "
     "z}}]}",
     {{0, X(""), "r waits-for 3600"},
      {1, Y(",\"hops\":8"), "r goes-on met; r waits 3601"},
      {3601, NULL, "r refused loop"},
      {3602, X(",\"n\":1"), "r waits-for 7202"},
      {3603, Y(",\"hops\":7"), "r goes-on met; r waits 7203"},
      {7203, NULL, "r emits z"}}},
};

static void test_loop_over_answers(void **state)
{
    (void)state;
    decide_fixture_play_all(met, sizeof met / sizeof *met, NULL);
}

static uint32_t count_of(const char *text, const char *what)
{
    uint32_t count = 0;
    for (; (text = strstr(text, what)); text++)
        count++;
    return count;
}

/* Two of each make a tree: what is past the bound is a dead letter that can be revived. */
static void test_too_many(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    decide_fixture_open(&fixture,
                        "{name: r, on: [x, z], steps: [{emit: {type: z}}, {emit: {type: z}}]}");
    const char *did = decide_fixture_play(&fixture, 0, X(""));
    assert_int_equal(count_of(did, "r emits z"), 32);
    assert_int_equal(count_of(did, "r refused too-many-events"), 34);
    assert_int_equal(fixture.last.dead_count, 34);
    assert_string_equal(fixture.last.dead[0].kind, "event");
    assert_int_equal(fixture.last.dead[0].reason, TRACE_REASON_TOO_MANY_EVENTS);
    decide_fixture_close(&fixture);
}

/* The bound is of each event that was pushed, however many of them a batch brings. */
static void test_many_of_two(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    decide_fixture_open(&fixture,
                        "{name: r, on: x, steps: [{emit: {type: a}}, {emit: {type: a}}]}\n---\n"
                        "{name: s, on: a, steps: [{emit: {type: b}}, {emit: {type: b}}]}\n---\n"
                        "{name: t, on: b, steps: [{emit: {type: c}}, {emit: {type: c}}]}\n---\n"
                        "{name: u, on: c, steps: [{emit: {type: d}}]}");
    decide_fixture_play_both(&fixture, 0, X(",\"id\":\"1\""), X(",\"id\":\"2\""));
    assert_int_equal(fixture.last.dead_count, 0);
    assert_int_equal(fixture.last.counts.decided, 2 + 2 * (2 + 4 + 8 + 8));
    decide_fixture_close(&fixture);
}

/* ---- About others ---- */

static const char referral[] =
    "{name: r, on: x, steps: [{emit: {type: z, data: {n: '3'}, for: customer.referred_by}}, "
    "{send: a}]}\n---\n{name: t, on: z, send: b}";

static void test_other(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    decide_fixture_open(&fixture, referral);
    assert_string_equal(
        decide_fixture_play(&fixture, 0, "{\"type\":\"x\"," ANA ",\"referred_by\":8}}"),
        "r emits z; r sends a");
    assert_int_equal(fixture.last.emit_count, 1);
    const struct decision_emit *emit = &fixture.last.emits[0];
    assert_string_equal(emit->key, "id:8");
    assert_true(value_is_text(value_get(&emit->event, "type"), "z"));
    assert_true(value_is_text(value_get(&emit->event, "source"), "nudged"));
    assert_int_equal(value_get(&emit->event, "hops")->integer, 1);
    assert_int_equal(value_path(&emit->event, "data.n")->integer, 3);
    decide_fixture_close(&fixture);
}

static void test_nobody(void **state)
{
    (void)state;
    static const char *const unknown[] = {"id:8", NULL};
    static const struct {
        const char *more, *why;
    } rows[] = {{"", "customer.referred_by: no such field"},
                {",\"referred_by\":null", "customer.referred_by: no such field"},
                {",\"referred_by\":\"\"", "it is nobody's id"},
                {",\"referred_by\":{}", "it is nobody's id"},
                {",\"referred_by\":\"7\"", "it is the customer themselves"},
                {",\"referred_by\":8", "nobody is known by id:8"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct decide_fixture fixture;
        char event[256], expected[256];
        decide_fixture_open(&fixture, referral);
        fixture.facts.unknown = unknown;
        snprintf(event, sizeof event, "{\"type\":\"x\"," ANA "%s}}", rows[i].more);
        snprintf(expected, sizeof expected, "r refused no-such-customer %s; r sends a",
                 rows[i].why);
        assert_string_equal(decide_fixture_play(&fixture, 0, event), expected);
        assert_int_equal(fixture.last.emit_count, 0);
        assert_int_equal(fixture.last.dead_count, 0);
        decide_fixture_close(&fixture);
    }
}

/* The end of a chain is a dead letter about somebody only: Redis is asked whether they are there.
 */
static void test_loop_of_another(void **state)
{
    (void)state;
    static const char *const nobody[] = {"id:8", NULL};
    const char *const event = "{\"type\":\"x\",\"hops\":8," ANA ",\"referred_by\":8}}";
    struct decide_fixture fixture;
    decide_fixture_open(&fixture, referral);
    assert_string_equal(decide_fixture_play(&fixture, 0, event), "r refused loop; r sends a");
    assert_int_equal(fixture.last.dead_count, 1);
    assert_string_equal(fixture.last.dead[0].own, "id:8");
    assert_int_equal(fixture.last.emit_count, 1);
    assert_string_equal(fixture.last.emits[0].key, "id:8");
    assert_int_equal(fixture.last.emits[0].event.kind, VALUE_NULL);
    decide_fixture_close(&fixture);
    decide_fixture_open(&fixture, referral);
    fixture.facts.unknown = nobody;
    assert_string_equal(decide_fixture_play(&fixture, 0, event),
                        "r refused no-such-customer nobody is known by id:8; r sends a");
    assert_int_equal(fixture.last.dead_count, 0);
    decide_fixture_close(&fixture);
}

static void assert_fault(const char *step, const char *expected)
{
    struct arena *arena = arena_new(64 * 1024);
    const char *rules = arena_printf(arena, "{name: r, on: x, steps: [{emit: %s}]}", step);
    const char *faults = decide_fixture_faults(arena, rules, NULL);
    if (!strstr(faults, expected))
        fail_msg("%s\n%s", rules, faults);
    arena_destroy(&arena);
}

static void test_faults(void **state)
{
    (void)state;
    assert_fault("z", "`emit` must be a mapping");
    assert_fault("{data: {}}", "`type` is missing");
    assert_fault("{type: message.sent}", "no rule can emit `message.sent`");
    assert_fault("{type: customer.erased}", "no rule can emit `customer.erased`");
    assert_fault("{type: z, data: {customer: event.data}}", "says nothing of the `customer`");
    assert_fault("{type: z, data: {a: ops@shop.example}}", "a text stands in both quotes");
    assert_fault("{type: z, whom: a}", "unknown key `whom`");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plays),           cmocka_unit_test(test_loop),
        cmocka_unit_test(test_loop_over_waits), cmocka_unit_test(test_loop_over_answers),
        cmocka_unit_test(test_too_many),        cmocka_unit_test(test_many_of_two),
        cmocka_unit_test(test_other),           cmocka_unit_test(test_nobody),
        cmocka_unit_test(test_loop_of_another), cmocka_unit_test(test_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
