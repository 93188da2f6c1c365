/* What is withdrawn while it waits, is in a sender's hand, may have arrived, or is gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "decide_fixture.h"

#define ANA "\"customer\":{\"id\":7,\"email\":\"ana@example.com\",\"accepts_marketing\":true}"

/* What is not in the outbox any more is told once, and then it is no longer open. Only what was
 * there, and cannot have arrived, gives its place under a limit back at once. */
static void test_withdrawn_from_elsewhere(void **state)
{
    static const struct {
        enum customer_place place;
        const char *did, *again;
        uint32_t withdrawn;
    } rows[] = {
        {CUSTOMER_PLACE_WAITS, "a withdrawn until", "a sends a", 1},
        {CUSTOMER_PLACE_HAND, "a marked until", "a refused limit", 1},
        {CUSTOMER_PLACE_UNCERTAIN, "a withdrawn, may have arrived until", "a refused limit", 1},
        {CUSTOMER_PLACE_GONE, "a too-late until", "a refused limit", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct decide_fixture fixture;
        decide_fixture_open(&fixture, "{name: a, on: x, until: y, send: a, limit: 1 per 7d}");
        decide_fixture_play(&fixture, 0, "{\"type\":\"x\"," ANA "}");
        decide_fixture_place(&fixture, rows[i].place);
        assert_string_equal(decide_fixture_play(&fixture, 1, "{\"type\":\"y\"," ANA "}"),
                            rows[i].did);
        assert_int_equal(fixture.last.withdrawn_count, rows[i].withdrawn);
        if (rows[i].withdrawn)
            assert_int_equal(fixture.last.withdrawn[0].place, rows[i].place);
        assert_string_equal(
            decide_fixture_play(&fixture, 2, "{\"type\":\"y\",\"id\":\"1\"," ANA "}"), "");
        assert_int_equal(fixture.last.withdrawn_count, 0);
        assert_string_equal(
            decide_fixture_play(&fixture, 3, "{\"type\":\"x\",\"id\":\"2\"," ANA "}"),
            rows[i].again);
        decide_fixture_close(&fixture);
    }
}

/* A marked message that ended undelivered gives its place back. */
static void test_place_of_the_marked(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    char ended[256];
    decide_fixture_open(&fixture, "{name: a, on: x, until: y, send: a, limit: 1 per 7d}");
    decide_fixture_play(&fixture, 0, "{\"type\":\"x\"," ANA "}");
    decide_fixture_place(&fixture, CUSTOMER_PLACE_HAND);
    snprintf(ended, sizeof ended,
             "{\"type\":\"message.withdrawn\",\"source\":\"nudged\",\"id\":\"1\",\"customer\":{"
             "\"key\":\"id:7\"},\"message\":{\"id\":\"%s\"}}",
             fixture.last.messages[0].mid);
    decide_fixture_play(&fixture, 1, "{\"type\":\"y\"," ANA "}");
    assert_string_equal(decide_fixture_play(&fixture, 2, ended), "");
    assert_string_equal(decide_fixture_play(&fixture, 3, "{\"type\":\"x\",\"id\":\"2\"," ANA "}"),
                        "a sends a");
    decide_fixture_close(&fixture);
}

/* The same message is decided again: what is in a sender's hand is it, and it may be sent. What
 * waits is taken out and put in anew. */
static void test_withdrawn_and_decided_again(void **state)
{
    static const char order[] = "{\"type\":\"y\"," ANA "}",
                      cart[] = "{\"type\":\"x\",\"id\":\"1\"," ANA "}";
    (void)state;
    for (int hand = 0; hand < 2; hand++) {
        struct decide_fixture fixture;
        decide_fixture_open(&fixture, "{name: a, on: x, until: y, send: a, limit: 2 per 7d}");
        fixture.policy.dedupe_keep_ms = 1000;
        decide_fixture_play(&fixture, 0, cart);
        decide_fixture_place(&fixture, hand ? CUSTOMER_PLACE_HAND : CUSTOMER_PLACE_WAITS);
        assert_string_equal(decide_fixture_play_both(&fixture, 100, order, cart),
                            hand ? "a marked until; a sends a" : "a withdrawn until; a sends a");
        assert_int_equal(fixture.last.message_count, 1);
        assert_int_equal(fixture.last.withdrawn_count, hand ? 0 : 1);
        /* It has one place under the limit. */
        assert_string_equal(
            decide_fixture_play(&fixture, 200, "{\"type\":\"x\",\"id\":\"2\"," ANA "}"),
            "a sends a");
        decide_fixture_close(&fixture);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_withdrawn_from_elsewhere),
        cmocka_unit_test(test_place_of_the_marked),
        cmocka_unit_test(test_withdrawn_and_decided_again),
    };
    return cmocka_run_group_tests_name("withdrawal", tests, NULL, NULL);
}
