/* Fields of the customer that the configuration computes from events. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/yaml.h"
#include "decide_fixture.h"
#include "rules/field.h"

#define ANA     "\"customer\":{\"id\":7,\"email\":\"ana@example.com\",\"accepts_marketing\":true"
#define X(more) "{\"type\":\"x\"" more "," ANA "}}"
#define Y(more) "{\"type\":\"y\"" more ",\"customer\":{\"id\":7}}"

/* Reads them, and what was wrong with them. */
static struct field *read_fields(struct arena *arena, const char *text, const char **faults)
{
    struct diags diags = {0};
    struct diag diag;
    struct value documents;
    struct buf out;
    const struct yaml_options options = {.file = "nudged.yaml"};
    const struct settings_source source = {
        .file = "nudged.yaml", .text = text, .length = strlen(text)};
    const struct rule_reader reader = {.arena = arena, .source = &source, .diags = &diags};
    assert_true(yaml_read(arena, text, strlen(text), &options, &documents, &diag));
    struct field *fields = fields_read(&reader, &documents.list->items[0]);
    buf_init(&out, 64 * 1024);
    for (size_t i = 0; i < diags.count; i++)
        diag_format(&diags.items[i], &out);
    *faults = arena_text(arena, buf_string(&out));
    buf_free(&out);
    diags_free(&diags);
    return fields;
}

static void open(struct decide_fixture *fixture, const char *fields, const char *rules)
{
    const char *faults;
    decide_fixture_open(fixture, rules);
    fixture->policy.fields = read_fields(fixture->arena, fields, &faults);
    assert_string_equal(faults, "");
    fixture->policy.field_defaults = fields_defaults(fixture->policy.fields, fixture->arena);
    decide_fixture_reload(fixture, rules);
}

static const struct {
    const char *name, *fields, *rules;
    struct {
        const char *event, *did;
    } steps[4];
} plays[] = {
    {"before any `if` is asked, in the order of the file",
     "{points: {default: 0, on: x, set: points + int(order.total)},\n"
     " level: {default: 1, on: x, set: 'points >= 10 ? 2 : level'}}",
     "{name: r, on: x, if: customer.level == 2, send: a}",
     {{X(",\"order\":{\"total\":9.5}"), "sets points = 9; r no-match if"},
      {X(",\"order\":{\"total\":2}"), "sets points = 11; sets level = 2; r sends a"}}},
    {"defaults are there for a customer of whom nothing is known",
     "{points: {default: 0, on: x, set: '1'}}",
     "{name: r, on: y, if: customer.points == 0, send: a}",
     {{"{\"type\":\"y\"," ANA "}}", "r sends a"}}},
    {"what events say of the customer does not stand over them",
     "{points: {default: 0, on: x, set: points + 1}}",
     "{name: r, on: y, if: customer.points == 1, send: a}",
     {{"{\"type\":\"x\"," ANA ",\"points\":500}}", "sets points = 1"}, {Y(""), "r sends a"}}},
    {"each of a list by itself, where its `if` is true",
     "{n: {default: 5, on: [{on: x, if: event.data.a > n, set: event.data.a}, {on: [x, y], set: n "
     "+ 1}]}}",
     "{name: r, on: z, send: a}",
     {{X(",\"a\":9"), "sets n = 9; sets n = 10"},
      {X(",\"a\":3"), "sets n = 11"},
      {Y(""), "sets n = 12"},
      {"{\"type\":\"w\"," ANA "}}", ""}}},
    {"a field goes before what the event has of its name",
     "{points: {default: 1, on: x, set: points + event.data.points}}",
     "{name: r, on: y, send: a}",
     {{X(",\"points\":10"), "sets points = 11"}}},
    {"one that fails stays as it is, and is named; the others go on",
     "{a: {default: 1, on: x, set: order.total}, b: {on: x, if: order.total > 1, set: '1'},\n"
     " c: {on: x, set: '\"c\"'}}",
     "{name: r, on: y, send: a}",
     {{X(""), "passed-over field a: order: no such field; "
              "passed-over field b: order: no such field; sets c = \"c\""}}},
    {"null is the default again",
     "{a: {default: 1, on: x, set: event.data.a}}",
     "{name: r, on: y, if: customer.a == 1, send: a}",
     {{X(",\"a\":3"), "sets a = 3"},
      {Y(""), "r no-match if"},
      {X(",\"a\":null"), "sets a = 1"},
      {Y(",\"n\":1"), "r sends a"}}},
    {"the same event twice counts once; an old one counts, and starts nothing",
     "{orders: {default: 0, on: x, set: orders + 1}}",
     "{name: r, on: x, send: a}",
     {{X(",\"id\":\"1\""), "sets orders = 1; r sends a"},
      {X(",\"id\":\"1\""), "passed-over duplicate"},
      {X(",\"id\":\"2\",\"time\":\"2025-01-01T00:00:00Z\""),
       "sets orders = 2; r passed-over max-age"}}},
    {"events of rules count too",
     "{n: {default: 0, on: z, set: n + event.data.by}}",
     "{name: r, on: x, steps: [{emit: {type: z, data: {by: '5'}}}]}",
     {{X(""), "r emits z; sets n = 5"}}},
};

static void test_plays(void **state)
{
    (void)state;
    int wrong = 0;
    for (size_t i = 0; i < sizeof plays / sizeof *plays; i++) {
        struct decide_fixture fixture;
        open(&fixture, plays[i].fields, plays[i].rules);
        for (int s = 0; s < 4 && plays[i].steps[s].event; s++) {
            const char *did = decide_fixture_play(&fixture, s, plays[i].steps[s].event);
            if (strcmp(did, plays[i].steps[s].did) == 0)
                continue;
            print_error("%s, step %d: \"%s\"\n", plays[i].name, s, did);
            wrong++;
        }
        decide_fixture_close(&fixture);
    }
    assert_int_equal(wrong, 0);
}

/* An erasure forgets what was computed; the defaults stand. */
static void test_erasure(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    open(&fixture, "{n: {default: 0, on: x, set: n + 1}}",
         "{name: r, on: y, if: customer.n == 0, class: transactional, send: a}");
    decide_fixture_play(&fixture, 0, X(""));
    decide_fixture_play_both(
        &fixture, 1, "{\"type\":\"customer.erased\",\"id\":\"e\",\"customer\":{\"id\":7}}", NULL);
    assert_null(strstr(fixture.document, "\"fields\""));
    assert_string_equal(
        decide_fixture_play(&fixture, 2,
                            "{\"type\":\"y\",\"customer\":{\"id\":7,\"email\":\"a@b.example\"}}"),
        "r sends a");
    decide_fixture_close(&fixture);
}

static void test_faults(void **state)
{
    (void)state;
    static const struct {
        const char *fields, *fault;
    } rows[] = {{"{email: {on: x, set: '1'}}", "nudged reads it"},
                {"{now: {on: x, set: '1'}}", "`now` is what expressions call something else"},
                {"{a-b: {on: x, set: '1'}}", "`a-b` cannot be the name of a field"},
                {"{in: {on: x, set: '1'}}", "`in` cannot be the name of a field"},
                {"{a: {set: '1'}}", "`on` is missing"},
                {"{a: {on: x}}", "`set` is missing"},
                {"{a: {on: [], set: '1'}}", "`on` must be an event type"},
                {"{a: {on: [{on: x, set: '1'}], set: '1'}}", "belong into each {on, if, set}"},
                {"{a: {on: [{on: x}]}}", "`set` is missing"},
                {"{a: {on: x, set: gold}}", ""},
                {"{a: {on: x, if: '1', set: '1'}}", "a condition must be true or false"},
                {"{a: {on: x, sett: '1', set: '1'}}", "unknown key `sett`"},
                {"[a]", "`fields` must be a mapping"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena *arena = arena_new(4096);
        const char *faults;
        read_fields(arena, rows[i].fields, &faults);
        if (!strstr(faults, rows[i].fault))
            fail_msg("%s\n%s", rows[i].fields, faults);
        arena_destroy(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plays),
        cmocka_unit_test(test_erasure),
        cmocka_unit_test(test_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
