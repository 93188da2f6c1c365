/* What is said of rules whose steps cannot all be done. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "decide_fixture.h"

static const char events[] = "x: {sample: {customer: {id: '7', tier: gold}, order: {id: o1, n: 5, "
                             "items: [1], address: {zip: '1'}, gift: true}}}\n";

struct row {
    const char *rule;
    const char *fault; /* NULL: none */
};

#define UNREACHABLE ": warning: no journey ever comes to this step"

static const struct row rows[] = {
    {"name: r\non: x\nsteps:\n  - send: m\n  - stop\n  - send: n\n  - send: o\n",
     "rules.yaml:6:11" UNREACHABLE},
    {"name: r\non: x\nsteps:\n  - send: m\n  - stop\n", NULL},
    {"name: r\non: x\nsteps:\n  - if: order.n > 1\n    then: [stop]\n  - send: n\n", NULL},
    {"name: r\non: x\nsteps:\n  - if: order.n > 1\n    then: [stop]\n    else: [stop]\n"
     "  - send: n\n",
     "rules.yaml:7:11" UNREACHABLE},
    {"name: r\non: x\nsteps:\n  - if: 1 > 2\n    then:\n      - send: m\n  - send: n\n",
     "rules.yaml:6:15" UNREACHABLE},
    {"name: r\non: x\nsteps:\n  - if: 1 < 2\n    then:\n      - send: m\n    else:\n"
     "      - send: n\n",
     "rules.yaml:8:15" UNREACHABLE},
    {"name: r\non: x\nsteps:\n  - if: now > timestamp('2026-01-01T00:00:00Z')\n    then:\n"
     "      - send: m\n    else:\n      - send: n\n",
     NULL},
    {"name: r\non: x\nsteps:\n  - split: {name: s, shares: {a: 100, b: 0}}\n    then:\n"
     "      a: [stop]\n      b:\n        - send: m\n  - send: n\n",
     "rules.yaml:8:17" UNREACHABLE},
    {"name: r\non: x\nsteps:\n  - split: {name: s, shares: {a: 50, b: 50}}\n    then:\n"
     "      a: [stop]\n  - send: n\n",
     NULL},
};

#define OWN_END ": warning: this event is of the rule's own `until`"
#define RULE    "name: r\non: x\nagain: ignore\n"

/* What a rule emits may end its own journey. */
static const struct row own_ends[] = {
    {RULE "until: z\nsteps:\n  - emit: {type: z}\n  - wait: 1h\n  - send: m\n",
     "rules.yaml:6:11" OWN_END},
    {RULE "until: [y, z]\nsteps:\n  - if: order.n > 1\n    then:\n      - emit: {type: z}\n"
          "  - wait: 1h\n  - send: m\n",
     "rules.yaml:8:15" OWN_END},
    {RULE "until: z\nsteps:\n  - wait: 1h\n  - emit: {type: z}\n  - send: m\n", NULL},
    {RULE "until: z\nsteps:\n  - if: order.n > 1\n    then:\n      - emit: {type: z}\n"
          "      - stop\n  - wait: 1h\n  - send: m\n",
     NULL},
    {RULE "until: z\nsteps:\n  - emit: {type: z, for: order.id}\n  - wait: 1h\n  - send: m\n",
     NULL},
    {RULE "until: {on: z, if: order.id == start.order.id}\nsteps:\n  - emit: {type: z}\n"
          "  - wait: 1h\n  - send: m\n",
     NULL},
};

static void test_own_end(void **state)
{
    (void)state;
    struct arena *arena = arena_new(64 * 1024);
    for (size_t i = 0; i < sizeof own_ends / sizeof *own_ends; i++) {
        const char *said = decide_fixture_faults(arena, own_ends[i].rule, NULL);
        const char *fault = own_ends[i].fault;
        if (fault ? !strstr(said, fault) : strstr(said, OWN_END) != NULL)
            fail_msg("%s\n%s", own_ends[i].rule, said);
    }
    arena_destroy(&arena);
}

static void test_faults(void **state)
{
    (void)state;
    struct arena *arena = arena_new(64 * 1024);
    int wrong = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *said = decide_fixture_faults(arena, rows[i].rule, events);
        bool good =
            rows[i].fault ? strstr(said, rows[i].fault) != NULL : !strstr(said, "no journey ever");
        if (!good)
            print_error("%s\n%s\n", rows[i].rule, said);
        wrong += !good;
    }
    arena_destroy(&arena);
    assert_int_equal(wrong, 0);
}

/* What two rules, or one, do to themselves. */
static const struct row others[] = {
    {"{name: r, on: x, steps: [{emit: {type: x}}]}", "events of type `x` lead to themselves: r, r"},
    {"{name: r, on: x, steps: [{emit: {type: z}}, {emit: {type: y}}]}\n---\n"
     "{name: s, on: y, steps: [{emit: {type: x}}]}",
     "rules.yaml:1:52: warning: events of type `y` lead to themselves: r, s, r"},
    {"{name: r, on: x, steps: [{emit: {type: y}}]}\n---\n"
     "{name: s, on: y, steps: [{emit: {type: z}}]}",
     NULL},
    {"{name: r, on: x, steps: [{emit: {type: y}}]}\n---\n"
     "{name: s, on: y, enabled: false, steps: [{emit: {type: x}}]}",
     NULL},
    {"{name: r, on: x, enabled: false, steps: [{emit: {type: y}}]}\n---\n"
     "{name: s, on: y, steps: [{emit: {type: x}}]}",
     NULL},
    {"{name: r, on: x, steps: [{if: 'customer.stage == \"a\"', then: [{set: {stage: '\"b\"'}}]}]}",
     "this sets `customer.stage`, which the `if` of its own branch reads"},
    {"{name: r, on: x, steps: [{if: 'customer.stage == \"a\"', then: [{set: {other: '\"b\"'}}]}]}",
     NULL},
    {"{name: r, on: x, steps: [{if: 'customer.stage == \"a\"', then: [{send: m}]}, "
     "{set: {stage: '\"b\"'}}]}",
     NULL},
};

static void test_what_comes_back(void **state)
{
    (void)state;
    struct arena *arena = arena_new(64 * 1024);
    int wrong = 0;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        const char *said = decide_fixture_faults(arena, others[i].rule, NULL);
        bool good = others[i].fault ? strstr(said, others[i].fault) != NULL : !*said;
        if (!good)
            print_error("%s\n%s\n", others[i].rule, said);
        wrong += !good;
    }
    arena_destroy(&arena);
    assert_int_equal(wrong, 0);
}

/* Of several steps in a row one warning is enough. */
static void test_once(void **state)
{
    (void)state;
    struct arena *arena = arena_new(64 * 1024);
    const char *said = decide_fixture_faults(arena, rows[0].rule, events);
    const char *first = strstr(said, "no journey ever");
    assert_non_null(first);
    assert_null(strstr(first + 1, "no journey ever"));
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_own_end),
        cmocka_unit_test(test_once),
        cmocka_unit_test(test_what_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
