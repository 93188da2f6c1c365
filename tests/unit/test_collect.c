/* again: collect: what matches while a journey runs joins it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "customer/customer_starts.h"
#include "decide_fixture.h"

#define ANA      "\"customer\":{\"id\":7,\"email\":\"ana@example.com\",\"accepts_marketing\":true}"
#define X(sku)   "{\"type\":\"x\",\"sku\":\"" sku "\"," ANA "}"
#define AT(time) "\"time\":\"2026-03-02T" time "Z\","
#define OLD(sku) "{\"type\":\"x\"," AT("09:50:00") "\"sku\":\"" sku "\"," ANA "}"
#define Y(more)  "{\"type\":\"y\"" more ",\"customer\":{\"id\":7}}"
#define SKUS     "collected.map(c, c.sku)"
#define COLLECT  "{name: r, on: x, if: sku != \"no\", again: collect, until: y, steps: [{wait: 1h}, "
#define SEND     "{send: {template: m, data: {skus: '" SKUS "'}}}]}"

static const struct decide_play plays[] = {
    {"what comes while it waits joins it, and its wait goes on",
     COLLECT SEND,
     {{0, X("a"), "r waits 3600"},
      {1000, X("b"), "r collected"},
      {3500, X("c"), "r collected"},
      {3600, NULL, "r sends m"},
      {3700, X("d"), "r waits 7300"}}},
    {"so does an older one; a duplicate does not",
     COLLECT SEND,
     {{0, X("a"), "r waits 3600"},
      {1, OLD("b"), "r collected"},
      {2, X("a"), "passed-over duplicate"},
      {3600, NULL, "r sends m"}}},
    {"one whose `if` is false neither joins nor ends it",
     COLLECT SEND,
     {{0, X("a"), "r waits 3600"}, {1, X("no"), "r no-match if"}, {3600, NULL, "r sends m"}}},
    {"an end ends all of it, and what is older than that starts nothing",
     COLLECT SEND,
     {{0, X("a"), "r waits 3600"},
      {1, X("b"), "r collected"},
      {2, Y(""), "r ended until"},
      {3, OLD("c"), "r passed-over until"},
      {4, X("c"), "r waits 3604"}}},
    {"by a condition on what joined, too",
     "{name: r, on: x, again: collect, wait: 1h, send: m,\n"
     " until: {on: y, if: 'collected.exists(c, c.sku == sku)'}}",
     {{0, X("a"), "r waits 3600"},
      {1, X("b"), "r collected"},
      {2, Y(",\"sku\":\"c\""), ""},
      {3, Y(",\"sku\":\"b\""), "r ended until"},
      {4, X("d"), "r waits 3604"},
      {3604, NULL, "r sends m"},
      {3605, Y(",\"sku\":\"e\""), "r withdrawn until"}}}, /* of a message nobody knows */
    {"each value of `per` collects for itself",
     "{name: r, on: x, per: shelf, again: collect, wait: 1h, send: m}",
     {{0, "{\"type\":\"x\",\"shelf\":1," ANA "}", "r waits 3600"},
      {1, "{\"type\":\"x\",\"shelf\":2," ANA "}", "r waits 3601"},
      {2, "{\"type\":\"x\",\"shelf\":2,\"n\":1," ANA "}", "r collected"}}},
};

static void test_plays(void **state)
{
    (void)state;
    decide_fixture_play_all(plays, sizeof plays / sizeof *plays, NULL);
}

/* A member of the message that was decided last, as JSON. */
static const char *said(struct decide_fixture *fixture, const char *path)
{
    assert_int_equal(fixture->last.message_count, 1);
    const struct value *value = value_path(&fixture->last.messages[0].body, path);
    assert_non_null(value);
    return json_print_slice(fixture->arena, value, 64 * 1024).text;
}

/* What an expression and a template see: all in the order of their times; the event, the start and
 * the roots are the first's. */
static void test_seen(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    decide_fixture_open(&fixture,
                        "{name: r, on: x, again: collect, steps: [{wait: 1h}, {send: "
                        "{template: m, data: {skus: '" SKUS "', sku: sku, first: start.sku, "
                        "event: event.data.sku}}}]}");
    decide_fixture_play(&fixture, 0, X("a"));
    decide_fixture_play(&fixture, 10, X("b"));
    decide_fixture_play(&fixture, 20, OLD("c"));
    assert_string_equal(decide_fixture_play(&fixture, 3600, NULL), "r sends m");
    assert_int_equal(fixture.needed, 3);
    assert_string_equal(
        said(&fixture, "data"),
        "{\"skus\":[\"c\",\"a\",\"b\"],\"sku\":\"a\",\"first\":\"a\",\"event\":\"a\"}");
    assert_int_equal(value_count(value_get(&fixture.last.messages[0].body, "collected")), 3);
    assert_int_equal(value_count(&fixture.starts), 0); /* nobody needs them any more */
    decide_fixture_close(&fixture);
}

/* The first alone, and any journey that does not collect. */
static void test_alone(void **state)
{
    (void)state;
    static const char *const agains[] = {"collect", "restart"};
    for (int i = 0; i < 2; i++) {
        struct decide_fixture fixture;
        char rules[200];
        snprintf(rules, sizeof rules,
                 "{name: r, on: x, again: %s, steps: [{wait: 1h}, {send: {template: m, data: "
                 "{skus: '" SKUS "'}}}]}",
                 agains[i]);
        decide_fixture_open(&fixture, rules);
        decide_fixture_play(&fixture, 0, X("a"));
        decide_fixture_play(&fixture, 3600, NULL);
        assert_string_equal(said(&fixture, "data"), "{\"skus\":[\"a\"]}");
        decide_fixture_close(&fixture);
    }
}

static void add(struct decide_fixture *fixture, int number, int bytes)
{
    char *text =
        arena_printf(fixture->arena, "{\"type\":\"x\",\"sku\":\"%d\",\"text\":\"%0*d\"," ANA "}",
                     number, bytes, 0);
    decide_fixture_play(fixture, number, text);
}

/* Past 50 the oldest goes; its data too, but for the start's. */
static void test_many(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    decide_fixture_open(&fixture, COLLECT SEND);
    for (int i = 0; i < 53; i++)
        add(&fixture, i, 1);
    assert_int_equal(value_count(&fixture.starts), 51);
    assert_string_equal(decide_fixture_play(&fixture, 3600, NULL), "r sends m");
    const char *skus = said(&fixture, "data.skus");
    assert_int_equal(strncmp(skus, "[\"3\",\"4\",", 9), 0);
    assert_non_null(strstr(skus, ",\"52\"]"));
    assert_string_equal(said(&fixture, "start.sku"), "\"0\"");
    decide_fixture_close(&fixture);
}

/* Past 256 KiB likewise. */
static void test_large(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    decide_fixture_open(&fixture, COLLECT SEND);
    for (int i = 0; i < 4; i++)
        add(&fixture, i, 100 * 1000);
    assert_int_equal(value_count(&fixture.starts), 3);
    assert_string_equal(decide_fixture_play(&fixture, 3600, NULL), "r sends m");
    assert_string_equal(said(&fixture, "data.skus"), "[\"2\",\"3\"]");
    decide_fixture_close(&fixture);
}

/* What was lost by hand is left out. */
static void test_lost(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    decide_fixture_open(&fixture, COLLECT SEND);
    decide_fixture_play(&fixture, 0, X("a"));
    decide_fixture_play(&fixture, 1, X("b"));
    decide_fixture_play(&fixture, 2, X("c"));
    value_remove(fixture.starts, value_to_text(fixture.arena, &fixture.starts.map->members[1].key));
    assert_string_equal(decide_fixture_play(&fixture, 3600, NULL), "r sends m");
    assert_string_equal(said(&fixture, "data.skus"), "[\"a\",\"c\"]");
    decide_fixture_close(&fixture);
}

/* What began under another word is joined as well. */
static void test_reload(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    decide_fixture_open(&fixture, "{name: r, on: x, again: parallel, steps: [{wait: 1h}, " SEND);
    decide_fixture_play(&fixture, 0, X("a"));
    decide_fixture_reload(&fixture, COLLECT SEND);
    assert_string_equal(decide_fixture_play(&fixture, 10, X("b")), "r collected");
    decide_fixture_reload(&fixture, "{name: r, on: x, again: ignore, steps: [{wait: 1h}, " SEND);
    assert_string_equal(decide_fixture_play(&fixture, 20, X("c")), "r ignored again");
    decide_fixture_reload(&fixture, COLLECT SEND);
    decide_fixture_play(&fixture, 3600, NULL);
    assert_string_equal(said(&fixture, "data.skus"), "[\"a\",\"b\"]");
    decide_fixture_close(&fixture);
}

/* Two keys prove to be one person: what both collected is one journey's, the older's. */
static void test_joins(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    decide_fixture_open(&fixture, COLLECT SEND);
    const char *guest =
        "{\"type\":\"x\",\"sku\":\"%s\",\"customer\":{\"email\":\"ana@example.com\"}}";
    decide_fixture_play(&fixture, 0, arena_printf(fixture.arena, guest, "a"));
    decide_fixture_play(&fixture, 20, arena_printf(fixture.arena, guest, "b"));
    fixture.joined = fixture.document;
    fixture.joined_key = "email:ana@example.com";
    fixture.document = NULL;
    const char *joined = fixture.joined;
    fixture.joined = NULL;
    assert_string_equal(decide_fixture_play(&fixture, 10, X("c")), "r waits 3610");
    fixture.joined = joined;
    assert_string_equal(decide_fixture_play(&fixture, 30, X("d")),
                        "joined email:ana@example.com; r ended joined; r collected");
    assert_string_equal(decide_fixture_play(&fixture, 3600, NULL), "r sends m");
    assert_string_equal(said(&fixture, "data.skus"), "[\"a\",\"c\",\"b\",\"d\"]");
    assert_string_equal(decide_fixture_play(&fixture, 3610, NULL), "");
    decide_fixture_close(&fixture);
}

static void be_quiet(struct decide_fixture *fixture)
{
    fixture->policy.quiet_from = 9 * 60;
    fixture->policy.quiet_to = 12 * 60; /* second 7200 */
}

static void test_quiet_hours(void **state)
{
    (void)state;
    static const struct decide_play play = {
        "what waits for the morning collects until then",
        "{name: r, on: x, again: collect, send: m}",
        {{0, X("a"), "r quiet-hours 7200"}, {1, X("b"), "r collected"}, {7200, NULL, "r sends m"}}};
    decide_fixture_play_all(&play, 1, be_quiet);
}

static void test_faults(void **state)
{
    (void)state;
    struct arena *arena = arena_new(64 * 1024);
    static const struct {
        const char *steps;
        bool good;
    } cases[] = {
        {"[{wait: 1h}, {send: a}, {send: b}]", true},
        {"[{send: a}, {wait: 1h}]", false},
        {"[{if: total > 1, then: [{send: a}], else: [{wait: 1h}]}, {send: b}]", true},
        {"[{if: total > 1, then: [{send: a}]}, {wait: 1h}, {send: b}]", false},
        {"[{if: total > 1, then: [{send: a}, stop]}, {wait: 1h}, {send: b}]", true},
        {"[{split: {name: t, shares: {a: 50, b: 50}}, then: {a: [{send: a}], b: [{wait: 1h}]}}]",
         true},
        {"[{split: {name: t, shares: {a: 50, b: 50}}, then: {a: [{send: a}], b: [stop]}}, {wait: "
         "1h}, {send: c}]",
         false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *faults = decide_fixture_faults(
            arena,
            arena_printf(arena, "{name: r, on: x, again: collect, steps: %s}", cases[i].steps),
            NULL);
        bool good = !strstr(faults, "nothing may wait behind a send");
        if (good != cases[i].good)
            print_error("%s: \"%s\"\n", cases[i].steps, faults);
        assert_int_equal(good, cases[i].good);
        assert_int_equal(good, !strstr(faults, "error"));
    }
    assert_non_null(
        strstr(decide_fixture_faults(arena, "{name: r, on: x, wait: 1h, send: m}", NULL),
               "restart, ignore, parallel or collect"));
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plays),       cmocka_unit_test(test_seen),
        cmocka_unit_test(test_alone),       cmocka_unit_test(test_many),
        cmocka_unit_test(test_large),       cmocka_unit_test(test_lost),
        cmocka_unit_test(test_reload),      cmocka_unit_test(test_joins),
        cmocka_unit_test(test_quiet_hours), cmocka_unit_test(test_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
