/* Rules with a clock: what a tick starts, ends and says of a customer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "decide_fixture.h"

#define KNOWN                                                                                   \
    "{\"type\": \"order.placed\", \"customer\": {\"id\": \"7\", \"email\": \"a@example.com\", " \
    "\"accepts_marketing\": true, \"silent\": true}}"
#define AGAIN  "{\"type\": \"order.placed\", \"id\": \"2\", \"customer\": {\"id\": \"7\"}}"
#define SILENT "customer.silent && now - event.time == duration('1s') && event.type == 'clock'"
#define DAILY  "on: {every: day, at: '09:00'}\n"

static const struct decide_play plays[] = {
    {.name = "a match sends, and another tick again",
     .rules = "name: a\n" DAILY "if: " SILENT "\nsend: x\n",
     .steps = {{0, KNOWN, ""},
               {10, "clock 2026-03-02 a", "a sends x"},
               {20, "clock 2026-03-03 a", "a sends x"}}},
    {.name = "a tick of the same name is asked once, in whatever zone",
     .rules = "name: a\n" DAILY "send: x\n",
     .steps = {{0, KNOWN, ""},
               {10, "clock 2026-03-02 a", "a sends x"},
               {36000, "clock 2026-03-02 a", ""}}},
    {.name = "a false `if` tells nothing, and one that fails tells its field",
     .rules = "name: a\n" DAILY "if: '!customer.silent'\nsend: x\n---\nname: b\n" DAILY
              "if: customer.birthday == 'x'\nsend: x\n",
     .steps = {{0, KNOWN, ""},
               {10, "clock 2026-03-02 a", ""},
               {10, "clock 2026-03-02 b", "b no-match customer.birthday: no such field"}}},
    {.name = "who is not known is not asked",
     .rules = "name: a\n" DAILY "send: x\n",
     .steps = {{10, "clock 2026-03-02 a", ""}}},
    {.name = "the wait of a journey counts from the customer's turn",
     .rules = "name: a\n" DAILY "again: ignore\nuntil: order.placed\nwait: 1h\nsend: x\n",
     .steps = {{0, KNOWN, ""},
               {10, "clock 2026-03-02 a", "a waits 3610"},
               {20, "clock 2026-03-03 a", "a ignored again"},
               {3609, NULL, ""},
               {3610, NULL, "a sends x"}}},
    {.name = "`until` ends it",
     .rules = "name: a\n" DAILY "again: ignore\nuntil: order.placed\nwait: 1h\nsend: x\n",
     .steps = {{0, KNOWN, ""},
               {10, "clock 2026-03-02 a", "a waits 3610"},
               {20, AGAIN, "a ended until"}}},
    {.name = "under `again: restart` a false `if` ends it",
     .rules = "name: a\n" DAILY
              "again: restart\nif: customer.count('order.placed') < 2\nwait: 1h\nsend: x\n",
     .steps = {{0, KNOWN, ""},
               {10, "clock 2026-03-02 a", "a waits 3610"},
               {20, AGAIN, ""},
               {30, "clock 2026-03-03 a", "a ended no-longer"}}},
    {.name = "what is due by the customer's turn goes before it, and what is due later does not",
     .rules = "name: a\n" DAILY "again: restart\nsteps: [{wait: 10s}, {send: x}]\n---\n"
              "name: b\n" DAILY "again: restart\nsteps: [{wait: 11s}, {send: y}]\n",
     .steps = {{0, KNOWN, ""},
               {10, "clock 2026-03-02 a b", "a waits 20; b waits 21"},
               {20, "clock 2026-03-03 a b", "a sends x; a waits 30; b ended restart; b waits 31"},
               {30, NULL, "a sends x"},
               {30, "clock 2026-03-04 a b",
                "a withdrawn restart; a waits 40; b ended restart; b waits 41"},
               {40, NULL, "a sends x"},
               {45, "clock 2026-03-05 a",
                "b sends y; a withdrawn restart; a withdrawn restart; a waits 55"}}},
    {.name = "of two rules at one moment the higher priority gets the last place",
     .rules = "name: a\n" DAILY "send: x\n---\nname: b\n" DAILY "priority: 5\nsend: y\n",
     .steps = {{0, KNOWN, ""}, {10, "clock 2026-03-02 a b", "b sends y; a refused cap"}}},
};

static void set_cap(struct decide_fixture *fixture)
{
    fixture->policy.cap = (struct setting_rate){.count = 1, .per_ms = 5000};
}

static void test_plays(void **state)
{
    (void)state;
    decide_fixture_play_all(plays, sizeof plays / sizeof *plays, set_cap);
}

/* Nothing is to be kept where no rule matched. */
static void test_quiet(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    decide_fixture_open(&fixture, "name: a\n" DAILY "if: '!customer.silent'\nsend: x\n");
    decide_fixture_play(&fixture, 0, KNOWN);
    assert_false(fixture.last.quiet);
    decide_fixture_play(&fixture, 10, "clock 2026-03-02 a");
    assert_true(fixture.last.quiet);
    decide_fixture_close(&fixture);
}

/* At each tick the rule is asked, and where it is refused as ever nothing is kept: that was told.
 */
static void test_told_once(void **state)
{
    (void)state;
    static const struct {
        double second;
        const char *event, *did;
        bool quiet;
    } steps[] = {
        {0, KNOWN, "", false},
        {10, "clock 2026-03-02 a", "a sends x", false},
        {20, "clock 2026-03-03 a", "a refused limit", false},
        {30, "clock 2026-03-04 a", "a refused limit", true},
        {40, "clock 2026-03-05 a b", "b waits 100; a refused limit", false}, /* b begins */
        {50, "clock 2026-03-06 a b", "b ignored again; a refused limit", false},
        {60, "clock 2026-03-07 a b", "b ignored again; a refused limit", true},
        {100, NULL, "b sends y", false},
        {110, "clock 2026-03-08 c", "c no-match customer.birthday: no such field", false},
        {120, "clock 2026-03-09 c", "c no-match customer.birthday: no such field", true},
        {130, "clock 2026-03-10 d", "d error customer.birthday: no such field", false},
        {140, "clock 2026-03-11 d", "d error customer.birthday: no such field", false},
        {150, "clock 2026-03-12 e", "e emits z", false},
        {8 * 86400, "clock 2026-03-13 a", "a refused limit", false}, /* for who asks why */
    };
    struct decide_fixture fixture;
    decide_fixture_open(&fixture,
                        "name: a\n" DAILY "limit: 1 per 30d\nsend: x\n---\n"
                        "name: b\n" DAILY "priority: 1\nagain: ignore\nwait: 60s\nsend: y\n"
                        "---\nname: c\n" DAILY "if: customer.birthday == 'x'\nsend: x\n---\n"
                        "name: d\n" DAILY "steps: [{set: {n: customer.birthday}}]\n---\n"
                        "name: e\n" DAILY "steps: [{emit: {type: z}}]\n");
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        assert_string_equal(decide_fixture_play(&fixture, steps[i].second, steps[i].event),
                            steps[i].did);
        assert_int_equal(fixture.last.quiet, steps[i].quiet);
    }
    decide_fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plays),
        cmocka_unit_test(test_quiet),
        cmocka_unit_test(test_told_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
