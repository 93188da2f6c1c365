/* What is told of a decision. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "decide_fixture.h"

#define ANA "\"customer\":{\"id\":7,\"email\":\"ana@example.com\",\"accepts_marketing\":true}"

/* Each count tells what it says. */
static void test_decision_counts(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    decide_fixture_open(&fixture,
                        "{name: a, on: x, send: a}\n---\n{name: b, on: x, if: no.such, send: "
                        "b}\n---\n{name: c, on: x, if: 1 > event.data.n, send: c}");
    static const char event[] = "{\"type\":\"x\",\"n\":5,\"customer\":{\"id\":7}}";
    decide_fixture_play_both(&fixture, 0, event, event);
    assert_int_equal(fixture.last.counts.decided, 1);
    assert_int_equal(fixture.last.counts.duplicate, 1);
    assert_int_equal(fixture.last.counts.refused, 1);
    assert_int_equal(fixture.last.counts.failed, 1);
    decide_fixture_close(&fixture);
}

/* What is told of an event: itself, what a few rules that do not match saw, the names of others,
 * and of the rest only the number. */
static void test_trace(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    struct buf rules, text;
    buf_init(&rules, 1 << 20);
    buf_init(&text, 1 << 20);
    for (int i = 0; i < 80; i++) /* r00 and r79 match, r01 to r20 fail for as many reasons */
        buf_printf(&rules, "---\n{name: r%02d, on: x, if: '%s%02d%s', send: m}\n", i,
                   i == 0 || i == 79 ? "n == 5 || n == "
                   : i <= 20         ? "f"
                                     : "n == ",
                   i, i > 0 && i <= 20 ? ".g" : "");
    decide_fixture_open(&fixture, buf_string(&rules));
    decide_fixture_play(&fixture, 0,
                        "{\"type\":\"x\",\"id\":\"e\",\"n\":5,\"customer\":{\"id\":7}}");
    assert_int_equal(fixture.last.trace_count, 1);
    json_print(&text, &fixture.last.trace[0]);
    static const char *const parts[] = {
        ("{\"at\":1772445600000,\"event\":{\"type\":\"x\",\"id\":\"e\","
         "\"entry\":\"1772445600000-0\"},\"did\":["),
        "{\"rule\":\"r21\",\"what\":\"no-match\",\"why\":\"if\",\"no\":\"n == "
        "21\",\"saw\":{\"n\":5}},",
        "{\"rule\":\"r26\",\"what\":\"no-match\",",
        "{\"what\":\"no-match\",\"why\":\"if\",\"rules\":[\"r27\",\"r28\",",
        "\"r58\"],\"more\":20}",
        "{\"what\":\"no-match\",\"why\":\"f01: no such field\",\"rules\":[\"r01\"]}",
        "{\"what\":\"no-match\",\"why\":\"other reasons\",\"rules\":[\"r15\",\"r16\",",
        "{\"rule\":\"r00\",\"what\":\"refused\",\"why\":\"no-address\",\"template\":\"m\","
        "\"field\":"
        "\"email\",\"lacks\":[\"customer.email\"]}",
        "{\"rule\":\"r79\",\"what\":\"refused\",\"why\":\"no-address\",",
    };
    const char *at = buf_string(&text);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        at = strstr(at, parts[i]);
        if (!at)
            fail_msg("%s is not in %s", parts[i], buf_string(&text));
    }
    decide_fixture_play(&fixture, 1, "{\"type\":\"y\",\"customer\":{\"id\":7}}");
    const struct value *about = value_get(&fixture.last.trace[0], "event");
    assert_non_null(value_get(about, "type"));
    assert_null(value_get(about, "id"));
    assert_null(value_get(about, "time")); /* it is the entry's */
    decide_fixture_play(
        &fixture, 2, "{\"type\":\"y\",\"time\":\"2026-03-02T09:59:00Z\",\"customer\":{\"id\":7}}");
    about = value_get(&fixture.last.trace[0], "event");
    assert_true(value_is_text(value_get(about, "time"), "2026-03-02T09:59:00Z"));
    buf_free(&rules);
    buf_free(&text);
    decide_fixture_close(&fixture);
}

/* However much is done, a line has a bound. */
static void test_long_trace(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    struct buf rule;
    buf_init(&rule, 64 * 1024);
    buf_text(&rule, "name: r\non: x\nsteps:\n");
    for (int i = 0; i < 150; i++)
        buf_text(&rule, "- send: m\n");
    buf_text(&rule, "---\nname: s\non: x\nsteps:\n");
    for (int i = 0; i < 150; i++)
        buf_text(&rule, "- send: m\n");
    decide_fixture_open(&fixture, buf_string(&rule));
    buf_free(&rule);
    decide_fixture_play(&fixture, 0, "{\"type\":\"x\",\"customer\":{\"id\":7}}");
    assert_int_equal(fixture.last.counts.refused, 300);
    assert_int_equal(value_count(value_get(&fixture.last.trace[0], "did")), 200);
    decide_fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decision_counts),
        cmocka_unit_test(test_trace),
        cmocka_unit_test(test_long_trace),
    };
    return cmocka_run_group_tests_name("trace", tests, NULL, NULL);
}
