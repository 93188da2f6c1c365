/* What has no room in a customer's document costs itself, and nothing else of its event. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "customer/customer_size.h"
#include "customer/customer_starts.h"
#include "decide/fit.h"
#include "decide_fixture.h"

#define ANA "\"customer\":{\"id\":7,\"email\":\"ana@example.com\",\"accepts_marketing\":true}"

/* As many bytes of one letter. */
static const char *filling(struct decide_fixture *fixture, size_t bytes)
{
    char *text = arena_alloc(fixture->arena, bytes + 1);
    memset(text, 'x', bytes);
    text[bytes] = '\0';
    return text;
}

static const char *cart(struct decide_fixture *fixture, int id)
{
    return arena_printf(fixture->arena, "{\"type\":\"cart.updated\",\"id\":\"%d\"," ANA "}", id);
}

/* Journeys with long conditions: those for which there is no room are refused by name; the receipt
 * goes out, `until` is applied, what ends makes room. */
static void test_journeys(void **state)
{
    struct decide_fixture fixture;
    int started = 0;
    (void)state;
    decide_fixture_open(&fixture, "");
    const char *rules = arena_printf(
        fixture.arena,
        "{name: cart, class: transactional, on: cart.updated, again: parallel, wait: 1h, send: "
        "cart,"
        " until: {on: order.placed, if: 'order.note != \"%s\"'}}\n---\n"
        "{name: receipt, class: transactional, on: [cart.updated, order.placed], send: receipt}",
        filling(&fixture, 2000));
    decide_fixture_reload(&fixture, rules);
    for (int i = 0; i < 60; i++) {
        const char *did = decide_fixture_play(&fixture, i, cart(&fixture, i));
        assert_non_null(strstr(did, "receipt sends receipt"));
        if (strstr(did, "cart refused too-large")) {
            assert_int_equal(fixture.last.dead_count, 1);
            assert_int_equal(fixture.last.dead[0].reason, TRACE_REASON_TOO_LARGE);
            assert_true(value_is_text(value_get(&fixture.last.dead[0].body, "rule"), "cart"));
            continue;
        }
        assert_int_equal(i, started++); /* once there is no room, there is none */
        assert_int_equal(value_count(&fixture.starts), started);
    }
    assert_in_range(started, 12, 25);
    const char *did = decide_fixture_play(
        &fixture, 100, "{\"type\":\"order.placed\",\"order\":{\"note\":\"\"}," ANA "}");
    assert_non_null(strstr(did, "cart ended until"));
    assert_non_null(strstr(did, "receipt sends receipt"));
    assert_int_equal(value_count(&fixture.starts), 0);
    decide_fixture_play(&fixture, 101, cart(&fixture, 100));
    assert_int_equal(value_count(&fixture.starts), 1);
    decide_fixture_close(&fixture);
}

/* What could not be withdrawn is not sent; what nothing withdraws is sent, and not remembered. */
static void test_messages(void **state)
{
    struct decide_fixture fixture;
    int sent = 0;
    (void)state;
    decide_fixture_open(&fixture, "");
    const char *rules =
        arena_printf(fixture.arena,
                     "{name: offer, class: transactional, on: cart.updated, send: offer,"
                     " until: {on: order.placed, if: 'order.note != \"%s\"'}}\n---\n"
                     "{name: receipt, class: transactional, on: cart.updated, send: receipt}",
                     filling(&fixture, 2000));
    decide_fixture_reload(&fixture, rules);
    for (int i = 0; i < 60; i++) {
        const char *did = decide_fixture_play(&fixture, i, cart(&fixture, i));
        assert_non_null(strstr(did, "receipt sends receipt"));
        sent += strstr(did, "offer sends offer") != NULL;
        assert_true(strstr(did, "offer sends offer") || strstr(did, "offer refused too-large"));
    }
    assert_in_range(sent, 15, 30);
    assert_int_equal(fixture.last.dead[0].reason, TRACE_REASON_TOO_LARGE);
    decide_fixture_close(&fixture);
}

/* What `until` reads of a large start is read from there. */
static void test_large_reads(void **state)
{
    struct decide_fixture fixture;
    (void)state;
    decide_fixture_open(&fixture,
                        "{name: cart, class: transactional, on: cart.updated, again: parallel,"
                        " until: {on: order.placed, if: 'order.note == start.note'},"
                        " steps: [{send: now}, {wait: 1h}, {send: cart}]}");
    const char *text = filling(&fixture, 3000);
    decide_fixture_play(
        &fixture, 0,
        arena_printf(fixture.arena, "{\"type\":\"cart.updated\",\"note\":\"%s\"," ANA "}", text));
    assert_non_null(strstr(fixture.document, "\"reads\":true"));
    assert_in_range(strlen(fixture.document), 1, 2000);
    assert_string_equal(
        decide_fixture_play(&fixture, 1,
                            "{\"type\":\"order.placed\",\"order\":{\"note\":\"\"}," ANA "}"),
        "");
    assert_int_equal(fixture.needed, 1);
    assert_string_equal(decide_fixture_play(&fixture, 2,
                                            arena_printf(fixture.arena,
                                                         "{\"type\":\"order.placed\",\"order\":{"
                                                         "\"note\":\"%s\"}," ANA "}",
                                                         text)),
                        "cart ended until; cart withdrawn until");
    assert_int_equal(value_count(&fixture.starts), 0);
    decide_fixture_close(&fixture);
}

static void assert_in_profile(const struct decide_fixture *fixture, const char *part, bool there)
{
    assert_int_equal(strstr(fixture->document, part) != NULL, there);
}

/* A profile that would be too large keeps what it has, and takes what is said in a few bytes; the
 * rest of the event is decided. */
static void test_profile(void **state)
{
    static const char said[] = "{\"type\":\"order.placed\",\"id\":\"%s\",\"customer\":{\"id\":7,"
                               "\"email\":\"%s@b.example\","
                               "\"accepts_marketing\":%s,\"%s\":\"%s\"}}";
    struct decide_fixture fixture;
    (void)state;
    decide_fixture_open(&fixture, "{name: receipt, class: transactional, on: order.placed,"
                                  " if: 'customer.count(\"order.placed\") < 3', send: receipt}");
    const char *text = filling(&fixture, 9000);
    assert_string_equal(
        decide_fixture_play(&fixture, 0,
                            arena_printf(fixture.arena, said, "1", "a", "true", "one", text)),
        "receipt sends receipt");
    assert_string_equal(
        decide_fixture_play(&fixture, 1,
                            arena_printf(fixture.arena, said, "2", "c", "false", "two", text)),
        "passed-over profile-too-large; receipt sends receipt");
    assert_in_profile(&fixture, "\"one\":\"x", true);
    assert_in_profile(&fixture, "\"two\"", false);
    assert_in_profile(&fixture, "\"accepts_marketing\":false", true);
    assert_in_profile(&fixture, "c@b.example", true);
    assert_int_equal(fixture.last.dead_count, 1);
    assert_int_equal(fixture.last.dead[0].reason, TRACE_REASON_PROFILE_TOO_LARGE);
    assert_string_equal(fixture.last.dead[0].kind, "customer");
    assert_non_null(value_path(&fixture.last.dead[0].body, "said.two"));
    /* One that takes the place of another has room. */
    assert_string_equal(
        decide_fixture_play(&fixture, 2,
                            arena_printf(fixture.arena, said, "3", "d", "false", "one", text + 5)),
        "receipt no-match if");
    assert_int_equal(fixture.last.dead_count, 0);
    decide_fixture_close(&fixture);
}

/* The last resort: the largest journey first, of those that begin just now. */
static void test_fit(void **state)
{
    static const size_t sizes[] = {300, 100, 200, 50};
    struct arena *arena = arena_new(4096);
    struct customer *customer = customer_new(arena, "id:7");
    struct decision decision = {0};
    const struct value event = value_new_map(arena, 0);
    (void)state;
    customer->journeys.items = arena_zero(arena, 4 * sizeof *customer->journeys.items);
    customer->journeys.count = customer->journeys.capacity = 4;
    for (int i = 0; i < 4; i++) {
        char *rule = arena_zero(arena, sizes[i] + 1);
        memset(rule, 'a' + i, sizes[i]);
        customer->journeys.items[i] = (struct customer_journey){
            .rule = rule, .origin = arena_printf(arena, "o%d", i), .step = ""};
        if (i == 1 || i == 3)
            customer_starts_add(arena, customer, customer->journeys.items[i].origin, &event);
        else
            customer_starts_note(arena, customer, customer->journeys.items[i].origin);
    }
    customer_add_count(arena, customer, "one", 1);
    customer_add_count(arena, customer, "two", 2);
    static const char expected[] = "bdac";
    for (int i = 0; i < 4; i++) {
        assert_true(fit_drop(customer, &decision, arena, 1000));
        assert_int_equal(decision.dead_count, i + 1);
        assert_int_equal(value_get(&decision.dead[i].body, "rule")->string[0], expected[i]);
        assert_int_equal(decision.trace_count, i + 1);
    }
    assert_true(fit_drop(customer, &decision, arena, 1000));
    assert_int_equal(customer->counts.count, 1);
    assert_string_equal(customer->counts.items[0].type, "two");
    assert_true(fit_drop(customer, &decision, arena, 1000));
    assert_false(fit_drop(customer, &decision, arena, 1000));
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_journeys),
                                       cmocka_unit_test(test_messages),
                                       cmocka_unit_test(test_large_reads),
                                       cmocka_unit_test(test_profile), cmocka_unit_test(test_fit)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
