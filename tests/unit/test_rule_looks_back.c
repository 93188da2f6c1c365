/* At which steps a journey may look at its events. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "decide_fixture.h"

enum { STEPS_MOST = 16 };

#define STEPS(keys, steps) "{name: r, on: x, again: parallel, " keys " steps: [" steps "]}"
#define SAYS(expression)   "{send: {template: a, data: {d: '" expression "'}}}"

/* "+-" for each step, in the flat list. */
static const struct {
    const char *rule, *looks;
} rules[] = {
    {STEPS("", "{wait: 1h}, {send: a}"), "--"},
    {STEPS("", "{wait: 1h}, {send: a}, {wait: 1h}, " SAYS("cart.total")), "---+"},
    {STEPS("", "{wait: 1h}, {send: a}, " SAYS("start.cart.total")), "-++"},
    {STEPS("", "{wait: 1h}, " SAYS("customer.points + 1") ", " SAYS("waited ? started : now")),
     "---"},
    {STEPS("", "{wait: 1h}, {send: {template: a, to: event.data.to}}"), "-+"},
    {STEPS("", "{wait: 1h}, {send: a}, {wait: {until: \"09:00\"}}, " SAYS("n")), "---+"},
    /* A timestamp may be past: then it goes on at once. */
    {STEPS("", "{wait: 1h}, {send: a}, {wait: {until: timestamp(customer.t)}}, " SAYS("n")),
     "-+++"},
    {STEPS("", "{wait: 1h}, {wait: {until: timestamp(customer.t), past: skip}}, {wait: 1h}, " SAYS(
                   "n")),
     "-+-+"},
    {STEPS("", "{wait: 1h}, {wait: {until: timestamp(t)}}, {send: a}"), "-+-"},
    {STEPS("", "{wait: 1h}, {set: {f: n}}"), "-+"},
    {STEPS("", "{wait: 1h}, {set: {f: customer.f}}"), "--"},
    {STEPS("", "{wait: 1h}, {emit: {type: y}}"), "-+"},
    /* A wait in a branch ends only that; who goes on in one is asked about it again. */
    {STEPS("", "{wait: 1h}, {if: customer.c, then: [{wait: 1h}, {send: b}]}, " SAYS("n")), "-++++"},
    {STEPS("", "{wait: 1h}, {if: customer.c, then: [{send: b}]}, {send: c}"), "--+-"},
    {STEPS("per: n,", "{wait: 1h}, {send: a}"), "++"},
    {STEPS("while: 'n > 1',", "{wait: 1h}, {send: a}"), "++"},
    {STEPS("while: customer.c,", "{wait: 1h}, {send: a}"), "--"},
    {STEPS("until: {on: y, if: n == start.n},", "{wait: 1h}, {send: a}"), "++"},
    {STEPS("until: {on: y, if: n > 1},", "{wait: 1h}, {send: a}"), "--"},
    {"{name: r, on: x, again: collect, wait: 1h, send: a}", "++"},
};

static void test_looks_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        struct decide_fixture fixture;
        char looks[STEPS_MOST + 1] = "";
        decide_fixture_open(&fixture, rules[i].rule);
        const struct rule *rule = ruleset_find(fixture.rules, "r");
        for (uint32_t at = 0; at < rule->step_count && at < STEPS_MOST; at++)
            strcat(looks, rule->steps[at].looks_back ? "+" : "-");
        if (strcmp(looks, rules[i].looks) != 0)
            fail_msg("%s: %s", rules[i].rule, looks);
        decide_fixture_close(&fixture);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_looks_back)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
