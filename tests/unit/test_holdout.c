/* Hold-outs: asked last, for ever the same. By the rule's name `t` id:7 is at 5.11 %, by `r` at
 * 59.73 %. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "decide_fixture.h"

#define ANA             "\"customer\":{\"id\":7,\"email\":\"ana@example.com\",\"accepts_marketing\":true}"
#define X               "{\"type\":\"x\"," ANA "}"
#define EVENT(id, more) "{\"type\":\"x\",\"id\":\"" id "\",\"customer\":{\"id\":7" more "}}"

static const struct decide_play plays[] = {
    {"who is held out gets nothing, and the journey is over",
     "{name: t, on: x, again: ignore, holdout: 10, steps: [{send: a}, {wait: 1h}, {send: b}]}",
     {{0, X, "t ended holdout"}, {3600, NULL, ""}}},
    {"all others get it",
     "{name: r, on: x, again: ignore, holdout: 10, steps: [{send: a}, {wait: 1h}, {send: b}]}",
     {{0, X, "r waits 3600; r sends a"}, {3600, NULL, "r sends b"}}},
    {"down to a hundredth of a percentage",
     "{name: t, on: x, again: parallel, holdout: 5.11, send: a}",
     {{0, X, "t sends a"}}},
    {"and no further",
     "{name: t, on: x, again: parallel, holdout: 5.12, send: a}",
     {{0, X, "t ended holdout"}}},
    {"it is asked when all else has been: what is refused is refused",
     "{name: t, on: x, again: parallel, holdout: 10, steps: [{send: a}, {wait: 1h}, {send: b}]}",
     {{0, EVENT("1", ""), "t refused no-address; t waits 3600"},
      {10, "{\"type\":\"y\"," ANA "}", ""},
      {3600, NULL, "t ended holdout"}}},
    {"it takes no place under a limit",
     "{name: t, on: x, again: parallel, holdout: 10, limit: 1 per 7d, send: a}",
     {{0, EVENT("1", ",\"email\":\"a@b.example\",\"accepts_marketing\":true"), "t ended holdout"},
      {1, EVENT("2", ""), "t ended holdout"}}},
    {"what waits ends when its time has come, and not before",
     "{name: t, on: x, again: ignore, holdout: 10, wait: 1h, send: a}",
     {{0, X, "t waits 3600"}, {3600, NULL, "t ended holdout"}}},
    {"nothing behind it acts, also where another rule sends at that moment",
     "{name: r, on: x, send: b}\n---\n"
     "{name: t, on: x, holdout: 10, limit: 1 per 7d, steps: [{send: a}, {set: {n: '1'}}]}",
     {{0, X, "r sends b; t ended holdout"}}},
    {"nor where it waited for the time, and behind another send that was refused",
     "{name: t, on: x, again: parallel, holdout: 10, steps: [{wait: 1h}, {send: a}, {set: {n: "
     "'1'}}, {wait: 1h}, {send: b}, {set: {n: '2'}}, {wait: 1h}]}",
     {{0, EVENT("1", ""), "t waits 3600"},
      {3600, NULL, "t refused no-address; t sets n = 1; t waits 7200"},
      {3610, "{\"type\":\"y\"," ANA "}", ""},
      {7200, NULL, "t ended holdout"}}},
    {"a split of the same name is another draw",
     "{name: r, on: x, again: ignore, holdout: 10, steps: [\n"
     " {split: {name: t, shares: {a: 88, b: 12}}, then: {a: [{send: a}], b: [{send: b}]}}]}",
     {{0, X, "r sends b"}}},
};

static void test_plays(void **state)
{
    (void)state;
    decide_fixture_play_all(plays, sizeof plays / sizeof *plays, NULL);
}

static void cap(struct decide_fixture *fixture)
{
    fixture->policy.cap = (struct setting_rate){1, 7LL * 24 * 3600 * 1000};
}

static const struct decide_play cap_plays[] = {
    {"it takes no place under a cap",
     "{name: t, on: x, priority: 1, holdout: 10, send: a}\n---\n{name: r, on: x, send: b}",
     {{0, X, "t ended holdout; r sends b"}}},
    {"and none is left for it where another had the last",
     "{name: t, on: x, holdout: 10, again: ignore, steps: [{send: a}, {wait: 1h}, {send: "
     "c}]}\n---\n"
     "{name: r, on: x, priority: 1, send: b}",
     {{0, X, "r sends b; t refused cap; t waits 3600"}, {3600, NULL, "t refused cap"}}},
    {"then it acts behind that send, and where the other one is refused in the end it does not",
     "{name: t, on: x, holdout: 10, steps: [{send: a}, {set: {n: '1'}}, {emit: {type: z}}]}\n---\n"
     "{name: r, on: x, if: event.id == '1', priority: 1, send: {template: b, to: "
     "event.data.nobody}}\n---\n"
     "{name: s, on: x, if: event.id == '2', priority: 1, send: c}",
     {{0, EVENT("1", ",\"email\":\"a@b.example\",\"accepts_marketing\":true"),
       "s no-match if; r refused no-address; t ended holdout"},
      {1, EVENT("2", ""), "r no-match if; s sends c; t refused cap; t sets n = 1; t emits z"}}},
    {"who gets the last place is asked first, whoever came before",
     "{name: t, on: x, holdout: 10, again: ignore, steps: [{send: a}, {wait: 1h}, {send: "
     "c}]}\n---\n"
     "{name: s, on: x, class: transactional, priority: 2, send: d}",
     {{0, X, "s sends d; t ended holdout"}, {3600, NULL, ""}}},
};

static void test_cap(void **state)
{
    (void)state;
    decide_fixture_play_all(cap_plays, sizeof cap_plays / sizeof *cap_plays, cap);
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
        "what waits for the morning is held out in the morning",
        "{name: t, on: x, again: parallel, holdout: 10, send: a}",
        {{0, X, "t quiet-hours 7200"}, {7200, NULL, "t ended holdout"}}};
    decide_fixture_play_all(&play, 1, be_quiet);
}

static void test_faults(void **state)
{
    (void)state;
    struct arena *arena = arena_new(64 * 1024);
    static const struct {
        const char *rule, *fault;
    } cases[] = {
        {"{name: r, on: x, class: transactional, holdout: 10, send: m}",
         "`holdout` is for marketing"},
        {"{name: r, on: x, holdout: 101, send: m}", "`holdout` is a number from 0 to 100"},
        {"{name: r, on: x, holdout: 10%, send: m}", "`holdout` is a number from 0 to 100"},
        {"{name: r, on: x, holdout: 0.005, send: m}", "with two decimals at most"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_non_null(strstr(decide_fixture_faults(arena, cases[i].rule, NULL), cases[i].fault));
    assert_string_equal(
        decide_fixture_faults(arena, "{name: r, on: x, holdout: 12.5, send: m}", NULL), "");
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plays),
        cmocka_unit_test(test_cap),
        cmocka_unit_test(test_quiet_hours),
        cmocka_unit_test(test_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
