/* A rule that is paused, and the code of a run: what is assumed, and what follows from the facts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "decide_fixture.h"

#define ANA      "\"customer\":{\"id\":7,\"email\":\"ana@example.com\",\"accepts_marketing\":true}"
#define CART(id) "{\"type\":\"cart\",\"id\":\"" id "\"," ANA "}"

#define RULE                                                                  \
    "{name: r, on: cart, again: restart, until: order, steps: [{wait: 1h},\n" \
    " {send: a}, {wait: 1h}, {send: b}]}\n"

static const struct policy_halt by_hand[] = {{"r", "ana", 0}}, by_brake[] = {{"r", "brake", 0}},
                                none[] = {{"r", "ana", 0}, {"r", "", 0}};

static void halt(struct decide_fixture *fixture, const struct policy_halt *halts, size_t count)
{
    fixture->facts.halts = halts;
    fixture->facts.halt_count = count;
}

static void play(struct decide_fixture *fixture, double second, const char *event, const char *did)
{
    assert_string_equal(decide_fixture_play(fixture, second, event), did);
}

static int64_t ms_of(double second)
{
    return (int64_t)(((double)DECIDE_FIXTURE_START + second) * 1000);
}

/* The send waits, and goes when it is woken; the next wait counts from then. */
static void test_waits_and_goes(void **state)
{
    struct decide_fixture fixture;
    (void)state;
    decide_fixture_open(&fixture, RULE);
    play(&fixture, 0, CART("1"), "r waits 3600");
    assert_int_equal(fixture.last.halt_count, 1);
    assert_false(fixture.last.halts[0].halted);
    halt(&fixture, by_hand, 1);
    play(&fixture, 3600, NULL, "r paused by hand");
    assert_true(fixture.last.halts[0].halted);
    assert_int_equal(fixture.last.halted[0].since_ms, ms_of(3600));
    assert_string_equal(fixture.last.halted[0].key, "id:7");
    assert_int_equal(fixture.last.deadline_ms, ms_of(3600 + 86400));
    play(&fixture, 4000, NULL,
         ""); /* woken, and somebody has paused it anew: it is not told again */
    assert_int_equal(fixture.last.halted[0].since_ms, ms_of(3600));
    play(&fixture, 4100, CART("2"), "r passed-over paused");
    play(&fixture, 90000, NULL, ""); /* looked at in any case */
    assert_int_equal(fixture.last.deadline_ms, ms_of(90000 + 86400));
    halt(&fixture, none, 2);
    play(&fixture, 90100, NULL, "r waits 93700; r sends a");
    assert_int_equal(fixture.last.halted[0].since_ms, 0); /* the queue is told */
    assert_false(fixture.last.halts[0].halted);
    play(&fixture, 93700, NULL, "r sends b");
    assert_int_equal(fixture.last.halted_count, 0);
    decide_fixture_close(&fixture);
}

/* What it stands in is asked when the rule is resumed, and not when it is looked at meanwhile. */
static void test_asks_at_last(void **state)
{
    struct decide_fixture fixture;
    (void)state;
    decide_fixture_open(&fixture,
                        "{name: r, on: cart, again: restart, while: customer.on, steps: "
                        "[{wait: 1h},\n {if: customer.ok, then: [{send: a}]}, {send: b}]}");
    play(&fixture, 0,
         "{\"type\":\"cart\",\"customer\":{\"id\":7,\"email\":\"a@b.example\","
         "\"accepts_marketing\":true,\"ok\":true,\"on\":true}}",
         "r waits 3600");
    halt(&fixture, by_hand, 1);
    play(&fixture, 3600, NULL, "r paused by hand");
    play(&fixture, 3700, "{\"type\":\"x\",\"customer\":{\"id\":7,\"ok\":false,\"on\":false}}", "");
    play(&fixture, 90000, NULL, "");
    assert_int_equal(fixture.last.deadline_ms, ms_of(90000 + 86400));
    play(&fixture, 90001, "{\"type\":\"x\",\"customer\":{\"id\":7,\"ok\":true,\"on\":true}}", "");
    halt(&fixture, none, 2);
    play(&fixture, 90100, NULL, "r sends a; r sends b");
    decide_fixture_close(&fixture);
}

/* What ends the journey ends it meanwhile; the brake says that it was the brake. */
static void test_ends(void **state)
{
    struct decide_fixture fixture;
    (void)state;
    decide_fixture_open(&fixture, RULE);
    play(&fixture, 0, CART("1"), "r waits 3600");
    halt(&fixture, by_brake, 1);
    play(&fixture, 3600, NULL, "r paused brake");
    play(&fixture, 3700, "{\"type\":\"order\"," ANA "}", "r ended until");
    assert_int_equal(fixture.last.halted[0].since_ms, 0);
    decide_fixture_close(&fixture);
}

/* A message that the brake lets go no more waits, and its rule is paused by that decision. */
static void test_brake(void **state)
{
    struct decide_fixture fixture;
    (void)state;
    char mid[64];
    decide_fixture_open(&fixture, RULE "---\n{name: s, on: cart, send: c}\n");
    play(&fixture, 0, CART("1"), "r waits 3600; s sends c");
    play(&fixture, 3600, NULL, "r waits 7200; r sends a");
    strcpy(mid, fixture.last.messages[0].mid);
    decide_fixture_close(&fixture);
    decide_fixture_open(&fixture, RULE "---\n{name: s, on: cart, send: c}\n");
    const char *const over[] = {mid, NULL};
    fixture.facts.braked = over;
    play(&fixture, 0, CART("1"), "r waits 3600; s sends c");
    play(&fixture, 3600, NULL, "r paused brake");
    assert_int_equal(fixture.last.brake_count, 1);
    assert_string_equal(fixture.last.brakes[0], "r");
    assert_false(fixture.last.halts[0].halted); /* that it was not is what the commit checks */
    decide_fixture_close(&fixture);
}

#define CODES                                                                        \
    "{name: r, class: transactional, on: cart, again: restart, steps: [\n"           \
    " {send: {template: a, code: x}}, {send: {template: b, code: x}}, {wait: 1h},\n" \
    " {send: {template: c, code: x}}, {send: {template: d, code: y}}]}\n"

/* All sends of a run name the same; another list, and another run, another. */
static void test_codes(void **state)
{
    struct decide_fixture fixture;
    char run[64], first[64];
    (void)state;
    decide_fixture_open(&fixture, CODES);
    play(&fixture, 0, CART("1"), "r waits 3600; r sends a; r sends b");
    strcpy(run, fixture.last.messages[0].run);
    strcpy(first, fixture.last.messages[0].mid);
    assert_string_equal(run, first);
    assert_string_equal(fixture.last.messages[1].run, run);
    play(&fixture, 3600, NULL, "r sends c; r sends d");
    assert_string_equal(fixture.last.messages[0].run, run);
    assert_string_equal(fixture.last.messages[1].run, fixture.last.messages[1].mid);
    play(&fixture, 7200, CART("2"),
         "r withdrawn restart; r withdrawn restart; r withdrawn restart; "
         "r withdrawn restart; r waits 10800; r sends a; r sends b");
    assert_string_not_equal(fixture.last.messages[0].run, run);
    decide_fixture_close(&fixture);
    decide_fixture_open(&fixture, CODES);
    const char *const codeless[] = {first, NULL};
    fixture.facts.codeless = codeless;
    play(&fixture, 0, CART("1"), "r refused no-code; r waits 3600; r sends b");
    assert_string_equal(fixture.last.messages[0].run, fixture.last.messages[0].mid);
    decide_fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_waits_and_goes), cmocka_unit_test(test_asks_at_last),
        cmocka_unit_test(test_ends),           cmocka_unit_test(test_brake),
        cmocka_unit_test(test_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
