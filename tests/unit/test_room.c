/* A full outbox: sends wait at their step for room, and are asked again when there is some. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "decide_fixture.h"

#define ANA "\"customer\":{\"id\":7,\"email\":\"ana@example.com\",\"accepts_marketing\":true}"

#define WELCOME \
    "{name: welcome, on: customer.signed_up, until: order.placed, give_up: 1h, send: welcome}\n"
#define THANKS "{name: thanks, class: transactional, on: order.placed, send: thanks}\n"
#define SERIES                                                             \
    "{name: series, on: customer.signed_up, again: ignore, give_up: 1h,\n" \
    " steps: [{send: first}, {wait: 1d}, {send: second}]}\n"

#define SIGN_UP "{\"type\":\"customer.signed_up\"," ANA "}"
#define ORDER   "{\"type\":\"order.placed\"," ANA "}"
#define NO_MORE "{\"type\":\"customer.unsubscribed\"," ANA "}"

static struct room rooms[ROOM_CLASSES];

static void set_room(int64_t marketing, int64_t transactional)
{
    rooms[RULE_MARKETING] = (struct room){.left = marketing};
    rooms[RULE_TRANSACTIONAL] = (struct room){.left = transactional};
}

static void open_full(struct decide_fixture *fixture, const char *rules)
{
    decide_fixture_open(fixture, rules);
    fixture->facts.rooms = rooms;
    set_room(0, 0);
}

static void play(struct decide_fixture *fixture, double second, const char *event, const char *did)
{
    assert_string_equal(decide_fixture_play(fixture, second, event), did);
}

static int64_t ms_of(double second)
{
    return (int64_t)(((double)DECIDE_FIXTURE_START + second) * 1000);
}

/* The send waits, for its give_up at most; with room it goes, and the give_up has run meanwhile. */
static void test_waits_and_goes(void **state)
{
    struct decide_fixture fixture;
    (void)state;
    open_full(&fixture, WELCOME);
    play(&fixture, 0, SIGN_UP, "welcome outbox-full 3600");
    assert_true(fixture.last.full);
    assert_int_equal(fixture.last.full_ms[RULE_MARKETING], ms_of(0));
    assert_int_equal(fixture.last.full_ms[RULE_TRANSACTIONAL], 0);
    assert_int_equal(fixture.last.deadline_ms, ms_of(3600));
    play(&fixture, 60, NULL, ""); /* woken, and somebody was faster */
    assert_int_equal(fixture.last.full_ms[RULE_MARKETING], ms_of(0));
    set_room(1, 1);
    play(&fixture, 120, NULL, "welcome sends welcome");
    assert_int_equal(fixture.last.messages[0].give_up_ms, ms_of(3600));
    assert_true(fixture.last.full); /* the queue is told that it is over */
    assert_int_equal(fixture.last.full_ms[RULE_MARKETING], 0);
    play(&fixture, 130, SIGN_UP, "welcome sends welcome");
    assert_false(fixture.last.full);
    play(&fixture, 140, NULL, "");
    assert_true(fixture.last.full); /* a queue may know of somebody who does not wait */
    decide_fixture_close(&fixture);
}

/* A branch in which the send stands is asked again too; what lies behind it does not wait for room.
 */
static void test_branch(void **state)
{
    struct decide_fixture fixture;
    (void)state;
    open_full(&fixture, "{name: gift, on: customer.signed_up, again: ignore, steps: [\n"
                        " {if: customer.count(\"order.placed\") == 0, then: [{send: gift}]},\n"
                        " {wait: 1d}, {send: after}]}\n");
    play(&fixture, 0, SIGN_UP, "gift outbox-full 86400");
    play(&fixture, 10, ORDER, "");
    set_room(1, 1);
    play(&fixture, 30, NULL, "gift passed-over branch; gift waits 86400");
    assert_int_equal(fixture.last.full_ms[RULE_MARKETING], 0);
    play(&fixture, 86400, NULL, "gift sends after");
    decide_fixture_close(&fixture);
}

/* Everything is asked again: what ended it, consent, quiet hours. */
static void test_asked_again(void **state)
{
    struct decide_fixture fixture;
    (void)state;
    open_full(&fixture, WELCOME);
    play(&fixture, 0, SIGN_UP, "welcome outbox-full 3600");
    play(&fixture, 10, ORDER, "welcome ended until");
    assert_true(fixture.last.full);
    assert_int_equal(fixture.last.full_ms[RULE_MARKETING], 0);
    set_room(5, 5);
    play(&fixture, 20, NULL, "");
    set_room(0, 0);
    play(&fixture, 100, SIGN_UP, "welcome outbox-full 3700");
    play(&fixture, 110, NO_MORE, "");
    set_room(5, 5);
    play(&fixture, 120, NULL, "welcome refused no-consent");
    decide_fixture_close(&fixture);

    open_full(&fixture, WELCOME);
    fixture.policy.quiet_from = 11 * 60; /* an hour after the start of all tests */
    fixture.policy.quiet_to = 12 * 60;
    play(&fixture, 600, SIGN_UP, "welcome outbox-full 4200");
    set_room(5, 5);
    play(&fixture, 3700, NULL, "welcome quiet-hours 7200");
    assert_int_equal(fixture.last.full_ms[RULE_MARKETING], 0);
    play(&fixture, 7200, NULL, "welcome sends welcome");
    assert_int_equal(fixture.last.messages[0].give_up_ms, ms_of(7200 + 3600));
    decide_fixture_close(&fixture);
}

/* Past its give_up the send is refused, with room or without; the journey goes on from then. */
static void test_gives_up(void **state)
{
    struct decide_fixture fixture;
    (void)state;
    for (int room = 0; room < 2; room++) {
        open_full(&fixture, SERIES);
        play(&fixture, 0, SIGN_UP, "series outbox-full 3600");
        set_room(room, room);
        play(&fixture, 3600, NULL, "series refused outbox-full; series waits 90000");
        assert_int_equal(fixture.last.counts.refused, 1);
        assert_int_equal(fixture.last.message_count, 0);
        set_room(1, 1);
        play(&fixture, 90000, NULL, "series sends second");
        decide_fixture_close(&fixture);
    }
}

/* The next step counts from the send. */
static void test_distances(void **state)
{
    struct decide_fixture fixture;
    (void)state;
    open_full(&fixture, SERIES);
    play(&fixture, 0, SIGN_UP, "series outbox-full 3600");
    set_room(1, 1);
    play(&fixture, 3000, NULL, "series waits 89400; series sends first");
    decide_fixture_close(&fixture);
}

/* What is refused in any case needs no room. */
static void test_refused_at_once(void **state)
{
    struct decide_fixture fixture;
    (void)state;
    open_full(&fixture, WELCOME);
    play(&fixture, 0, NO_MORE, "");
    play(&fixture, 10, SIGN_UP, "welcome refused no-consent");
    assert_false(fixture.last.full);
    decide_fixture_close(&fixture);
}

/* Who is held out is told so at once: it would take up no room. */
static void test_held_out(void **state)
{
    struct decide_fixture fixture;
    (void)state;
    open_full(&fixture, "{name: test, on: customer.signed_up, holdout: 99, send: welcome}\n");
    play(&fixture, 0, SIGN_UP, "test ended holdout");
    assert_false(fixture.last.full);
    decide_fixture_close(&fixture);
}

/* Each class has its own bound; what one decision sends, wanted or made, takes up room at once. */
static void test_classes_share_the_room(void **state)
{
    struct decide_fixture fixture;
    (void)state;
    open_full(&fixture, WELCOME "---\n" THANKS "---\n{name: gift, on: order.placed, send: gift}\n");
    set_room(0, 1);
    play(&fixture, 0, SIGN_UP, "welcome outbox-full 3600");
    play(&fixture, 10, ORDER, /* a give_up of a day */
         "welcome ended until; gift outbox-full 86410; thanks sends thanks");
    set_room(1, 2);
    assert_string_equal(
        decide_fixture_play_both(&fixture, 100, "{\"type\":\"order.placed\",\"n\":1," ANA "}",
                                 "{\"type\":\"order.placed\",\"n\":2," ANA "}"),
        "gift sends gift; thanks sends thanks; gift outbox-full 86500; thanks outbox-full 86500");
    assert_int_equal(fixture.last.full_ms[RULE_MARKETING], ms_of(10));
    assert_int_equal(fixture.last.full_ms[RULE_TRANSACTIONAL], ms_of(100));
    set_room(-5, 2);
    play(&fixture, 110, NULL, "thanks sends thanks");
    set_room(2, 2);
    play(&fixture, 120, NULL, "gift sends gift; gift sends gift");
    decide_fixture_close(&fixture);
}

/* Who has not waited stands behind those that do, even where there is room. */
static void test_queue(void **state)
{
    struct decide_fixture fixture;
    (void)state;
    open_full(&fixture, WELCOME);
    set_room(5, 5);
    rooms[RULE_MARKETING].queued = true;
    play(&fixture, 0, SIGN_UP, "welcome outbox-full 3600");
    play(&fixture, 10, NULL, "welcome sends welcome");
    decide_fixture_close(&fixture);
}

/* Those that wait for room are not among the 64, and need none of them. */
static void test_not_among_the_journeys(void **state)
{
    struct decide_fixture fixture;
    char event[160];
    (void)state;
    open_full(&fixture, WELCOME "---\n{name: later, on: cart.updated, again: parallel, wait: 1h,\n"
                                " send: later}\n");
    for (int i = 0; i < 100; i++) {
        snprintf(event, sizeof event, "{\"type\":\"customer.signed_up\",\"id\":\"%d\"," ANA "}", i);
        play(&fixture, i, event, arena_printf(fixture.arena, "welcome outbox-full %d", 3600 + i));
    }
    for (int i = 0; i < CUSTOMER_JOURNEYS_MOST; i++) {
        snprintf(event, sizeof event, "{\"type\":\"cart.updated\",\"id\":\"c%d\"," ANA "}", i);
        play(&fixture, 200, event, "later waits 3800");
    }
    play(&fixture, 201, "{\"type\":\"cart.updated\",\"id\":\"one more\"," ANA "}",
         "later waits 3801; later refused too-many-journeys");
    play(&fixture, 202, SIGN_UP, "welcome outbox-full 3802");
    decide_fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_waits_and_goes), cmocka_unit_test(test_branch),
        cmocka_unit_test(test_asked_again),    cmocka_unit_test(test_gives_up),
        cmocka_unit_test(test_distances),      cmocka_unit_test(test_refused_at_once),
        cmocka_unit_test(test_held_out),       cmocka_unit_test(test_classes_share_the_room),
        cmocka_unit_test(test_queue),          cmocka_unit_test(test_not_among_the_journeys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
