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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plays),
        cmocka_unit_test(test_quiet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
