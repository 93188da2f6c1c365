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

/* The same message is decided again: what is in a sender's hand or held is it, and it may be sent.
 * What waits is taken out and put in anew. */
static void test_withdrawn_and_decided_again(void **state)
{
    static const char order[] = "{\"type\":\"y\"," ANA "}",
                      cart[] = "{\"type\":\"x\",\"id\":\"1\"," ANA "}";
    (void)state;
    static const enum customer_place places[] = {CUSTOMER_PLACE_WAITS, CUSTOMER_PLACE_HAND,
                                                 CUSTOMER_PLACE_UNCERTAIN};
    static const char *const did[] = {"a withdrawn until; a sends a", "a marked until; a sends a",
                                      "a withdrawn, may have arrived until; a sends a"};
    for (int i = 0; i < 3; i++) {
        struct decide_fixture fixture;
        decide_fixture_open(&fixture, "{name: a, on: x, until: y, send: a, limit: 2 per 7d}");
        fixture.policy.dedupe_keep_ms = 0; /* its id is forgotten, and has no periods */
        decide_fixture_play(&fixture, 0, cart);
        decide_fixture_place(&fixture, places[i]);
        assert_string_equal(decide_fixture_play_both(&fixture, 100, order, cart), did[i]);
        assert_int_equal(fixture.last.message_count, 1);
        assert_int_equal(fixture.last.withdrawn_count, i == 0);
        /* It has one place under the limit. */
        assert_string_equal(
            decide_fixture_play(&fixture, 200, "{\"type\":\"x\",\"id\":\"2\"," ANA "}"),
            "a sends a");
        decide_fixture_close(&fixture);
    }
}

/* What was withdrawn and is held, or in a sender's hand, ends with nothing else but an erasure. */
static void test_withdrawn_and_erased(void **state)
{
    static const enum customer_place places[] = {CUSTOMER_PLACE_HAND, CUSTOMER_PLACE_UNCERTAIN};
    (void)state;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct decide_fixture fixture;
        decide_fixture_open(&fixture, "{name: a, on: x, until: y, send: a}");
        decide_fixture_play(&fixture, 0, "{\"type\":\"x\",\"id\":\"1\"," ANA "}");
        decide_fixture_place(&fixture, places[i]);
        decide_fixture_play(&fixture, 100, "{\"type\":\"y\"," ANA "}");
        assert_int_equal(fixture.last.withdrawn_count, 1);
        assert_string_equal(decide_fixture_play(&fixture, 200, "{\"type\":\"y\"," ANA "}"), "");
        decide_fixture_play(&fixture, 400, "{\"type\":\"customer.unsubscribed\"," ANA "}");
        assert_int_equal(fixture.last.withdrawn_count, 0);
        decide_fixture_play(&fixture, 500, "{\"type\":\"customer.erased\"," ANA "}");
        assert_int_equal(fixture.last.withdrawn_count, 1);
        assert_int_equal(fixture.last.withdrawn[0].place, places[i]);
        decide_fixture_close(&fixture);
    }
}

/* However many messages a customer has, what waits can be withdrawn: only what is gone is
 * forgotten, and what has no room is refused. */
static void test_many(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    struct policy_place waits[CUSTOMER_OPEN_MOST];
    char event[128];
    decide_fixture_open(&fixture, "{name: a, on: x, until: y, send: a}");
    for (int i = 0; i <= CUSTOMER_OPEN_MOST; i++) {
        snprintf(event, sizeof event, "{\"type\":\"x\",\"id\":%d," ANA "}", i);
        const char *did = decide_fixture_play(&fixture, i, event);
        assert_string_equal(did,
                            i < CUSTOMER_OPEN_MOST ? "a sends a" : "a refused too-many-messages");
        assert_int_equal(fixture.last.withdrawn_count, 0);
        if (i == CUSTOMER_OPEN_MOST)
            break;
        waits[i] = (struct policy_place){.mid = fixture.last.messages[0].mid};
        fixture.facts.places = waits;
        fixture.facts.place_count = (size_t)i + 1;
    }
    assert_int_equal(fixture.last.dead_count, 1);
    assert_string_equal(trace_reason_word(fixture.last.dead[0].reason), "too-many-messages");
    decide_fixture_play(&fixture, 200, "{\"type\":\"y\"," ANA "}");
    assert_int_equal(fixture.last.withdrawn_count, CUSTOMER_OPEN_MOST);
    decide_fixture_close(&fixture);
}

/* Nothing withdraws a receipt: none is refused, and those past a bound are not remembered. */
static void test_many_receipts(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    struct diag diag = {0};
    struct policy_place waits[CUSTOMER_OPEN_MOST + 1];
    char event[128];
    decide_fixture_open(&fixture, "{name: a, class: transactional, on: x, send: a}");
    for (int i = 0; i <= CUSTOMER_OPEN_MOST; i++) {
        snprintf(event, sizeof event, "{\"type\":\"x\",\"id\":%d," ANA "}", i);
        assert_string_equal(decide_fixture_play(&fixture, 0, event), "a sends a");
        assert_int_equal(fixture.last.withdrawn_count, 0);
        waits[i] = (struct policy_place){.mid = fixture.last.messages[0].mid};
        fixture.facts.places = waits;
        fixture.facts.place_count = (size_t)i + 1;
    }
    const struct customer *customer =
        customer_read(fixture.arena, "id:7", fixture.document, strlen(fixture.document), &diag);
    assert_int_equal(customer->open.count, CUSTOMER_OPEN_ANY);
    decide_fixture_close(&fixture);
}

/* Assumed to be gone: the oldest, until a commit says that they are not. */
static void test_gone(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    struct policy_place first = {0};
    char event[128];
    decide_fixture_open(&fixture, "{name: a, on: x, until: y, send: a}");
    for (int i = 0; i <= CUSTOMER_OPEN_ASKED; i++) {
        snprintf(event, sizeof event, "{\"type\":\"x\",\"id\":%d," ANA "}", i);
        decide_fixture_play(&fixture, i, event);
        if (i == 0)
            first = (struct policy_place){fixture.last.messages[0].mid, CUSTOMER_PLACE_HAND};
        assert_int_equal(fixture.last.withdrawn_count, 0);
    }
    const char *before = fixture.document;
    for (int told = 0; told < 2; told++) {
        fixture.document = before;
        fixture.facts.places = &first;
        fixture.facts.place_count = (size_t)told;
        decide_fixture_play(&fixture, 100, "{\"type\":\"z\"," ANA "}");
        assert_int_equal(fixture.last.withdrawn_count, CUSTOMER_OPEN_ASKED / 2 + 1 - told);
        assert_int_equal(fixture.last.withdrawn[0].place, CUSTOMER_PLACE_GONE);
    }
    fixture.facts.place_count = 0;
    decide_fixture_play(&fixture, 200, "{\"type\":\"y\"," ANA "}");
    assert_int_equal(fixture.last.withdrawn_count, CUSTOMER_OPEN_ASKED / 2 + 1);
    decide_fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_withdrawn_from_elsewhere),
        cmocka_unit_test(test_place_of_the_marked),
        cmocka_unit_test(test_withdrawn_and_decided_again),
        cmocka_unit_test(test_withdrawn_and_erased),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_many_receipts),
        cmocka_unit_test(test_gone),
    };
    return cmocka_run_group_tests_name("withdrawal", tests, NULL, NULL);
}
