/* Mistakes in waits, and what is said about them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "decide_fixture.h"

static const char known[] = "x: {sample: {at: '2026-03-02T10:00:00Z', n: 1, customer: {born: "
                            "'1990-05-17'}}}\nleft: {sample: {why: bored}}\n";

static const struct {
    const char *wait;
    const char *fault, *hint; /* "": none */
} cases[] = {
    {"{until: \"09:00\"}", "", ""},
    {"{until: 9:30, on: sun}", "", ""},
    {"{until: \"23:59\", on: [mon, tue, wed, thu, fri]}", "", ""},
    {"{until: \"24:00\"}", ":4:15: error: there is no such time of day", "write \"00:00\""},
    {"{until: 9:0}", ":4:15: error: there is no such time of day", "write \"09:00\""},
    {"{until: \"09:00:00\"}", ":4:15: error: there is no such time of day", ""},
    {"{until: 9am}", ":4:15: error: a number is followed by a letter", "write \"09:00\""},
    {"{until: 09.00}", ":4:15: error: `until` must be a time", "write \"09:00\""},
    {"{until: 9}", ":4:15: error: `until` must be a time", "write \"09:00\""},
    {"{until: \"09:00\", on: [monday]}", ":4:29: error: a day of the week is one of",
     "did you mean `mon`?"},
    {"{until: \"09:00\", on: [mo]}", ":4:29: error: a day of the week is one of",
     "did you mean `mon`?"},
    {"{until: \"09:00\", on: [1]}", ":4:29: error: a day of the week is one of", ""},
    {"{until: \"09:00\", on: []}", ":4:28: error: the list names no day of the week", ""},
    {"{until: \"09:00\", past: skip}", ":4:30: error: a time of day is never past", ""},
    {"{until: \"09:00\", or: left}", ":4:28: error: `or` belongs to a `for`", "{for: 3d"},
    {"{until: timestamp(at)}", "", ""},
    {"{until: timestamp(at), past: skip}", "", ""},
    {"{until: timestamp(at), past: stop}", ":4:36: error: `past` must be one of `skip`", ""},
    {"{until: timestamp(at), on: mon}", ":4:34: error: `on` belongs to a time of day", ""},
    {"{until: start.at}", ":4:15: error: `until` must be a time", "write timestamp(start.at)"},
    {"{until: n + 1}", ":4:15: error: `until` must be a time", "such as 'timestamp("},
    {"{until: timestamp(att)}", ":4:25: error: unknown name `att`", "did you mean `at`?"},
    {"{until: 2026-11-27}", ":4:15: error: `until` must be a time", "timestamp(\"2026-11-27"},
    {"{until: 2026-11-27T09:00}", ":4:23: error: ", "timestamp(\"2026-11-27"},
    {"{until: 'next_date(customer.born, \"09:00\")'}", "", ""},
    {"{until: 'next_date(customer.born, \"9:00\")'}", "error: this is no time of day", ""},
    {"{untill: \"09:00\"}", ":4:8: error: unknown key `untill`", "did you mean `until`?"},
    {"{for: 3d}", "", ""},
    {"{for: 3}", ":4:13: error: `for` must be a length of time", "units are"},
    {"{for: 3d, or: left}", "", ""},
    {"{for: 3d, or: [left, {on: x, if: n > 1}]}", "", ""},
    {"{for: 3d, or: lef}", ":4:21: warning: the event type `lef`", "did you mean `left`?"},
    {"{for: 3d, or: {on: left, if: whi == 'x'}}", ":4:36: error: unknown name `whi`", "`why`?"},
    {"{for: 3d, or: 5}", ":4:21: error: `or` must be an event type, {on, if}", ""},
    {"{for: 3d, or: []}", ":4:21: error: the list names no event type", ""},
    {"{for: 3d, on: left}", ":4:21: error: `on` belongs to a time of day", "is its `or`"},
    {"{for: 3d, past: skip}", ":4:23: error: `past` belongs to an `until`", ""},
    {"{for: 3d, until: \"09:00\"}", ":4:24: error: a wait has one of `for` and `until`", ""},
    {"{or: left}", ":4:7: error: a wait has `for` or `until`", "`for: 3d` beside `or`"},
    {"{}", ":4:7: error: a wait has `for` or `until`", "{until: \"09:00\"}"},
    {"09:00", ":4:7: error: `wait` must be a length of time", "{until: \"09:00\"}"},
    {"timestamp(at)", ":4:7: error: `wait` must be a length of time", "{until: '"},
    {"[1h]", ":4:7: error: `wait` must be a length of time", "{for: 3d, or:"},
    {"5", ":4:7: error: `wait` must be a length of time", "a unit is missing"},
};

static void test_faults(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    int wrong = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *rule = arena_printf(arena, "name: r\non: x\nagain: ignore\nwait: %s\nsend: a\n",
                                        cases[i].wait);
        const char *text = decide_fixture_faults(arena, rule, known);
        const char *fault = strstr(text, cases[i].fault);
        bool fine = *cases[i].fault ? fault && strstr(fault, cases[i].hint) : !*text;
        if (fine)
            continue;
        print_error("%s\nexpected %s, %s\ngot %s\n", cases[i].wait, cases[i].fault, cases[i].hint,
                    text);
        wrong++;
    }
    arena_destroy(&arena);
    assert_int_equal(wrong, 0);
}

#define STEPS "name: r\non: x\nagain: ignore\nsteps:\n"

static const struct {
    const char *rule, *fault; /* "": none */
} rules[] = {
    /* Of what stands behind a wait for an event, the data may be that event's. */
    {STEPS "- wait: {for: 1h, or: left}\n- if: why == 'bored' || n > 1\n  then: [{send: a}]\n", ""},
    {STEPS "- if: why == 'bored'\n  then: [{send: a}]\n", "error: unknown name `why`"},
    {STEPS "- wait: {for: 1h, or: left}\n- if: whi == 'bored'\n  then: [{send: a}]\n",
     "error: unknown name `whi`"},
    /* A condition that is asked again. */
    {STEPS "- if: n > 1\n  then:\n  - wait: {for: 1h, or: left}\n  - send: a\n",
     ":5:7: warning: behind the `wait` of line 7 this may be asked again"},
    {STEPS "- if: start.n > 1\n  then:\n  - wait: {for: 1h, or: left}\n  - send: a\n", ""},
    {STEPS "- if: n > 1\n  then:\n  - wait: {for: 1h, or: x}\n  - send: a\n", ""},
    {STEPS "- if: n > 1\n  then:\n  - wait: {for: 1h, or: left}\n", ""},
    {STEPS "- wait: {for: 1h, or: left}\n- send: a\nwhile: n > 1\n",
     "warning: behind the `wait` of line 5 this may be asked again"},
    {STEPS "- wait: {for: 1h, or: left}\n- send: a\nwhile: start.n > 1\n", ""},
    /* What is to be passed over. */
    {STEPS "- wait: {until: timestamp(at), past: skip}\n",
     ":5:3: error: `past: skip` passes over the step behind it, and there is none"},
    {STEPS "- if: n > 1\n  then: [{wait: {until: timestamp(at), past: skip}}]\n- send: a\n",
     "error: `past: skip` passes over the step behind it, and there is none"},
    {STEPS "- wait: {until: timestamp(at), past: skip}\n- stop\n", ""},
    /* What there is only of a journey. */
    {"name: r\non: x\nif: started < now && n > 1\nsend: a\n",
     ":3:5: warning: there is no `started` yet when the rule's `if` is asked"},
    {"name: a\non: x\nif: waited\nsend: a\n",
     ":3:5: warning: there is no `waited` yet when the rule's `if` is asked"},
    {"name: a\non: x\nper: start.order.id\nsend: a\n",
     ":3:6: warning: there is no `start` yet when the rule's `per` is asked"},
    {"name: r\non: x\nif: start.n > 1\nsend: a\n", ":3:5: warning: there is no `start` yet"},
    {"name: r\non: x\nuntil: {on: left, if: started < now && start.n > 1}\nsend: a\n", ""},
    /* started and waited have types. */
    {STEPS "- if: started > now - duration('1d') && !waited\n  then: [{send: a}]\n", ""},
    {STEPS "- if: started > 5\n  then: [{send: a}]\n", "error: "},
    {STEPS "- if: waited == 'yes'\n  then: [{send: a}]\n", "error: "},
};

static void test_rules(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    int wrong = 0;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        const char *text = decide_fixture_faults(arena, rules[i].rule, known);
        if (*rules[i].fault ? strstr(text, rules[i].fault) != NULL : !*text)
            continue;
        print_error("%s\nexpected %s\ngot %s\n", rules[i].rule, rules[i].fault, text);
        wrong++;
    }
    arena_destroy(&arena);
    assert_int_equal(wrong, 0);
}

/* Whether or not the types are known. */
static void test_patterns(void **state)
{
    (void)state;
    static const char rule[] = "name: r\non: [x, cart.*]\nsend: a\n";
    struct arena *arena = arena_new(4096);
    const char *declared = decide_fixture_faults(arena, rule, known),
               *unknown = decide_fixture_faults(arena, rule, NULL);
    assert_non_null(
        strstr(declared, ":2:9: warning: the event type `cart.*` is not in events.yaml"));
    assert_non_null(strstr(declared, "hint: `*` stands for nothing"));
    assert_non_null(strstr(unknown, ":2:9: warning: the event type `cart.*` is none that anybody"));
    assert_non_null(strstr(unknown, "hint: `*` stands for nothing"));
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_faults), cmocka_unit_test(test_rules),
                                       cmocka_unit_test(test_patterns)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
