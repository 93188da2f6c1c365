/* Steps that set fields of the customer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "customer/customer_fields.h"
#include "decide_fixture.h"

#define ANA     "\"customer\":{\"id\":7,\"email\":\"ana@example.com\",\"accepts_marketing\":true"
#define X(more) "{\"type\":\"x\"" more "," ANA "}}"
#define Y(more) "{\"type\":\"y\"" more ",\"customer\":{\"id\":7}}"

static const struct decide_play plays[] = {
    {"it is seen by what is asked afterwards, and by later events",
     "{name: r, on: x, again: parallel, steps: [{set: {tier: '\"gold\"', n: event.data.n + 1}},\n"
     " {if: customer.tier == \"gold\" && customer.n == 3, then: [{send: a}]}]}\n"
     "---\n{name: t, on: y, if: customer.tier == \"gold\", send: b}",
     {{0, X(",\"n\":2"), "r sets tier = \"gold\"; r sets n = 3; r sends a"},
      {1, Y(""), "t sends b"}}},
    {"the `if`s of other rules of the same event have been asked before",
     "{name: a, priority: 9, on: x, steps: [{set: {tier: '\"gold\"'}}]}\n"
     "---\n{name: b, on: x, if: has(customer.tier), send: m}",
     {{0, X(""), "b no-match if; a sets tier = \"gold\""}, {1, X(",\"n\":1"), "b sends m"}}},
    {"all values of a step are asked before the first is set",
     "{name: r, on: x, steps: [{set: {a: '\"old\"', b: 'has(customer.a) ? customer.a : "
     "\"none\"'}}]}",
     {{0, X(""), "r sets a = \"old\"; r sets b = \"none\""}}},
    {"null removes",
     "{name: r, on: x, steps: [{set: {a: event.data.a}}]}\n"
     "---\n{name: t, on: y, if: has(customer.a), send: b}",
     {{0, X(",\"a\":1"), "r sets a = 1"},
      {1, Y(""), "t sends b"},
      {2, X(",\"a\":null"), "r sets a = null"},
      {3, Y(",\"n\":1"), "t no-match if"},
      {4, X(",\"a\":null,\"n\":1"), ""}}},
    {"an expression that fails ends the journey, and nothing of its step is set",
     "{name: r, on: x, steps: [{set: {a: '1', b: order.total}}, {send: m}]}\n"
     "---\n{name: t, on: y, if: has(customer.a), send: b}",
     {{0, X(""), "r error order: no such field"}, {1, Y(""), "t no-match if"}}},
    {"a `while` is asked before it",
     "{name: r, on: x, while: customer.n != 1, steps: [{set: {n: '1'}}, {set: {m: '2'}}]}",
     {{0, "{\"type\":\"x\"," ANA ",\"n\":0}}", "r sets n = 1; r ended no-longer"}}},
    {"a time is kept as its text",
     "{name: r, on: x, again: parallel, steps: [{set: {at: event.time}}, {wait: 1h},\n"
     " {if: timestamp(customer.at) == event.time, then: [{send: m}]}]}",
     {{0, X(""), "r sets at = \"2026-03-02T10:00:00Z\"; r waits 3600"}, {3600, NULL, "r sends m"}}},
    {"at a deadline",
     "{name: r, on: x, again: parallel, steps: [{wait: 1h}, {set: {n: '1'}}, {wait: 1h}]}",
     {{0, X(""), "r waits 3600"}, {3600, NULL, "r sets n = 1"}, {7200, NULL, ""}}},
    {"nothing acts behind a send that cannot be made",
     "{name: r, on: x, again: parallel, steps: [{send: {template: m, data: {a: order.total}}},\n"
     " {set: {n: '1'}}, {emit: {type: z}}, {wait: 1h}, {set: {n: '2'}}]}",
     {{0, X(""), "r error order: no such field"}, {3600, NULL, ""}}},
    {"what is refused need not be made",
     "{name: r, on: x, topic: t, steps: [{send: {template: m, data: {a: order.total}}},\n"
     " {set: {n: '1'}}]}",
     {{0, "{\"type\":\"x\",\"customer\":{\"id\":7,\"email\":\"a@b.example\"}}",
       "r sets n = 1; r refused no-consent"}}},
};

static void test_plays(void **state)
{
    (void)state;
    decide_fixture_play_all(plays, sizeof plays / sizeof *plays, NULL);
}

/* What has no room is told, and the journey goes on. */
static void test_bound(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    char event[9000], text[8200];
    memset(text, 'a', sizeof text);
    text[sizeof text - 1] = '\0';
    snprintf(event, sizeof event, X(",\"a\":\"%s\""), text);
    decide_fixture_open(&fixture, "{name: r, on: x, steps: [{set: {a: event.data.a}}, {send: m}]}");
    decide_fixture_play(&fixture, 0, X(",\"a\":7"));
    assert_string_equal(decide_fixture_play(&fixture, 1, event),
                        "r refused fields-too-large a; r sends m");
    assert_int_equal(fixture.last.dead_count, 1);
    assert_string_equal(fixture.last.dead[0].kind, "customer");
    assert_int_equal(fixture.last.dead[0].reason, TRACE_REASON_FIELDS_TOO_LARGE);
    assert_non_null(strstr(fixture.document, "\"fields\":{\"a\":7}"));
    decide_fixture_close(&fixture);
}

/* Of each field the newer word, also where that removed it. */
static void test_join(void **state)
{
    (void)state;
    static const char other[] =
        "{\"version\":\"1-1-1\",\"format\":2,\"fields\":{\"a\":\"theirs\",\"b\":\"theirs\",\"d\":4,"
        "\"e\":1},\"fields_at\":{\"a\":9,\"b\":1,\"c\":9,\"d\":1,\"e\":1}}";
    struct decide_fixture fixture;
    decide_fixture_open(&fixture, "{name: r, on: x, send: m}");
    fixture.document =
        "{\"version\":\"1-1-1\",\"format\":2,\"fields\":{\"a\":\"mine\",\"b\":\"mine\","
        "\"c\":1,\"e\":1},\"fields_at\":{\"a\":5,\"b\":5,\"c\":5,\"e\":5}}";
    fixture.joined_key = "email:ana@example.com";
    fixture.joined = other;
    assert_string_equal(
        decide_fixture_play(&fixture, 1, Y("")),
        "passed-over field-joined a = \"mine\"; passed-over field-joined b = \"theirs\"; "
        "passed-over field-joined c = 1; joined email:ana@example.com");
    assert_non_null(
        strstr(fixture.document, "\"fields\":{\"b\":\"mine\",\"e\":1,\"a\":\"theirs\",\"d\":4}"));
    decide_fixture_close(&fixture);
}

/* What the consent asks for stays as it is where the answer is no, whichever word is newer. */
static void test_join_consent(void **state)
{
    (void)state;
    static const char no[] = "{\"version\":\"1-1-1\",\"format\":2,\"fields\":{\"held\":true},"
                             "\"fields_at\":{\"held\":5}}";
    static const char yes[] = "{\"version\":\"1-1-1\",\"format\":2,\"fields\":{\"held\":false},"
                              "\"fields_at\":{\"held\":9}}";
    static const char removed[] = "{\"version\":\"1-1-1\",\"format\":2,\"fields_at\":{\"held\":9}}";
    static const char *const pairs[][2] = {{no, yes}, {yes, no}, {no, removed}, {removed, no}};
    static const char consent[] = "!has(customer.held) || !customer.held";
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct decide_fixture fixture;
        struct diag diag;
        decide_fixture_open(&fixture, "{name: r, on: y, send: m}");
        fixture.policy.consent =
            condition_compile(fixture.arena, consent, strlen(consent), NULL, NULL, &diag);
        fixture.document = pairs[i][0];
        fixture.joined_key = "email:ana@example.com";
        fixture.joined = pairs[i][1];
        const char *did = decide_fixture_play(
            &fixture, 1, "{\"type\":\"y\",\"customer\":{\"id\":7,\"email\":\"a@b.example\"}}");
        assert_non_null(strstr(did, "r refused no-consent"));
        decide_fixture_close(&fixture);
    }
}

/* A message knows what stood when its send was reached, and nothing of what was set behind it. */
static void test_sent_before(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    decide_fixture_open(&fixture,
                        "{name: a, on: x, class: transactional, steps:\n"
                        " [{send: {template: m, data: {n: customer.n}}}, {set: {n: '0'}}]}\n"
                        "---\n{name: b, on: y, steps: [{emit: {type: z}}]}");
    fixture.document = "{\"version\":\"1-1-1\",\"format\":2,\"fields\":{\"n\":5},"
                       "\"fields_at\":{\"n\":5}}";
    assert_string_equal(decide_fixture_play(&fixture, 0, X("")), "a sets n = 0; a sends m");
    assert_int_equal(fixture.last.message_count, 1);
    const struct value *body = &fixture.last.messages[0].body;
    assert_int_equal(value_path(body, "data.n")->integer, 5);
    assert_int_equal(value_path(body, "customer.n")->integer, 5);
    assert_non_null(strstr(fixture.document, "\"fields\":{\"n\":0}"));
    decide_fixture_close(&fixture);
}

/* What a run sets behind its own send does not forbid, or permit, that send. */
static void test_consent_before(void **state)
{
    (void)state;
    static const char consent[] = "!has(customer.held) || !customer.held";
    struct decide_fixture fixture;
    struct diag diag;
    decide_fixture_open(&fixture, "{name: a, on: x, again: parallel, steps:\n"
                                  " [{send: m}, {set: {held: event.data.held}}]}");
    fixture.policy.consent =
        condition_compile(fixture.arena, consent, strlen(consent), NULL, NULL, &diag);
    assert_string_equal(decide_fixture_play(&fixture, 0, X(",\"held\":true")),
                        "a sets held = true; a sends m");
    assert_string_equal(decide_fixture_play(&fixture, 1, X(",\"held\":false")),
                        "a sets held = false; a refused no-consent");
    decide_fixture_close(&fixture);
}

/* A document that nobody's program wrote so; and one of two that have more than one may. */
static void test_fit(void **state)
{
    (void)state;
    struct arena *arena = arena_new(64 * 1024);
    struct customer *customer = customer_new(arena, "id:7"), *other = customer_new(arena, "id:8");
    struct value large = value_text(arena_zero(arena, 5001));
    memset((char *)large.string, 'x', 5000);
    large.length = 5000;
    value_add(arena, customer->fields, value_text("a"), large);
    assert_int_equal(customer_fields_set(arena, other, "b", &large, 5), CUSTOMER_FIELDS_SET);
    customer_fields_join(arena, customer, other);
    struct value dropped = customer_fields_fit(arena, customer);
    assert_non_null(value_get(&dropped, "b"));
    assert_int_equal(customer_fields_fit(arena, customer).kind, VALUE_NULL);
    value_add(arena, customer->fields, value_text("c"), large);
    assert_int_equal(customer_fields_fit(arena, customer).kind, VALUE_MAP);
    arena_destroy(&arena);
}

static void assert_fault(const char *rules, const char *events, const char *expected)
{
    struct arena *arena = arena_new(64 * 1024);
    const char *faults = decide_fixture_faults(arena, rules, events);
    if (!strstr(faults, expected))
        fail_msg("%s\n%s", rules, faults);
    arena_destroy(&arena);
}

static void test_faults(void **state)
{
    (void)state;
    static const char events[] = "x: {sample: {customer: {id: 7, size: 3}}}\n";
    assert_fault("{name: r, on: x, steps: [{set: {email: '\"a\"'}}]}", NULL, "nudged reads it");
    assert_fault("{name: r, on: x, steps: [{set: {size: '1'}}]}", events,
                 "the field `size` is what events say");
    assert_fault("{name: r, on: x, steps: [{set: {tier: gold}}]}", events,
                 "a text stands in both quotes: '\"gold\"'");
    assert_fault("{name: r, on: x, steps: [{set: {a b: '1'}}]}", NULL, "cannot be the name");
    assert_fault("{name: r, on: x, steps: [{set: {}}]}", NULL, "`set` names no field");
    assert_fault("{name: r, on: x, steps: [{set: }]}", NULL, "`set`");
    assert_fault("{name: r, on: x, steps: [{set: {n: 7}}]}", NULL, "write it in quotes: '7'");
    assert_fault("{name: r, on: x, steps: [{set: {n: '1'}}]}\n---\n"
                 "{name: s, on: y, steps: [{set: {n: '2'}}]}",
                 NULL, "the field `n` is set by the rule `r` too");
    assert_fault("{name: s, on: x, if: customer.teir == \"gold\", send: m}\n---\n"
                 "{name: r, on: x, steps: [{set: {tier: '\"gold\"'}}]}",
                 events, "tier");
}

/* What one rule sets another may ask for, whichever comes first. */
static void test_known(void **state)
{
    (void)state;
    struct arena *arena = arena_new(64 * 1024);
    assert_string_equal(
        decide_fixture_faults(arena,
                              "{name: a, on: x, if: customer.tier == \"gold\", send: m}\n---\n"
                              "{name: r, on: x, steps: [{if: customer.size == 1, then:\n"
                              " [{set: {tier: '\"gold\"', n: '1'}}, {set: {n: '2'}}]}]}",
                              "x: {sample: {customer: {id: 7, size: 3}}}\n"),
        "");
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plays),       cmocka_unit_test(test_join_consent),
        cmocka_unit_test(test_sent_before), cmocka_unit_test(test_consent_before),
        cmocka_unit_test(test_bound),       cmocka_unit_test(test_join),
        cmocka_unit_test(test_fit),         cmocka_unit_test(test_faults),
        cmocka_unit_test(test_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
