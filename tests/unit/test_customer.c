#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "core/customer.h"

static struct value read_json(struct arena *arena, const char *text)
{
    struct value value;
    struct diag diag;
    assert_true(json_read(arena, text, strlen(text), &json_event_limits, &value, &diag));
    return value;
}

/* A document with everything in it is printed, read and printed as the same. */
static void test_round_trip(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    struct customer *customer = customer_new(arena, "id:7");
    struct value profile = read_json(
        arena, "{\"name\":\"Ștefan\",\"total\":129.90,\"big\":9007199254740993,\"tags\":[1,null]}");
    customer_merge(arena, customer, &profile, 1000);
    customer_add_count(arena, customer, "order.placed", 5000);
    customer_add_count(arena, customer, "order.placed", 3000);
    const struct customer_open open = {.mid = "m1",
                                       .rule = "welcome",
                                       .origin = "o1",
                                       .topic = "all",
                                       .started_ms = 1,
                                       .give_up_ms = 99999,
                                       .start = profile,
                                       .marketing = true};
    customer_add_send(arena, customer, &open, "r1", 6000);
    customer_add_seen(arena, customer, "0123456789abcdef", 7000, true);
    customer_add_seen(arena, customer, "fedcba9876543210", 7000, false);
    customer->journeys.items =
        arena_grow(arena, NULL, 0, &customer->journeys.capacity, sizeof *customer->journeys.items);
    customer->journeys.items[customer->journeys.count++] =
        (struct customer_journey){.rule = "cart",
                                  .origin = "o2",
                                  .run = "o1",
                                  .step = "send-1",
                                  .deadline_ms = 8,
                                  .clock_ms = 9,
                                  .started_ms = 10,
                                  .since_ms = 11,
                                  .start = profile};
    struct buf first, second;
    struct diag diag = {0};
    buf_init(&first, CUSTOMER_DOCUMENT_MOST);
    buf_init(&second, CUSTOMER_DOCUMENT_MOST);
    assert_true(customer_print(customer, "1-2-3", &first));
    assert_memory_equal(buf_string(&first), "{\"version\":\"1-2-3\",", 19);
    struct customer *again = customer_read(arena, "id:7", buf_string(&first), first.length, &diag);
    assert_non_null(again);
    assert_string_equal(again->version, "1-2-3");
    assert_true(customer_print(again, "1-2-3", &second));
    assert_string_equal(buf_string(&first), buf_string(&second));
    assert_non_null(strstr(buf_string(&second), "129.90"));
    assert_int_equal(customer_find_count(again, "order.placed")->first_ms, 3000);
    assert_int_equal(customer_find_count(again, "order.placed")->times[0], 3000);
    buf_free(&first);
    buf_free(&second);
    arena_destroy(&arena);
}

static void test_unknown_format(void **state)
{
    (void)state;
    static const char *const texts[] = {"{\"version\":\"1-1-1\",\"format\":2}", "[]", "{", ""};
    struct arena *arena = arena_new(4096);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct diag diag = {0};
        assert_null(customer_read(arena, "id:7", texts[i], strlen(texts[i]), &diag));
        assert_true(diag.code[0]);
    }
    arena_destroy(&arena);
}

static void test_merge(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    struct customer *customer = customer_new(arena, "id:7");
    struct value first = read_json(arena, "{\"a\":1,\"b\":{\"c\":1,\"d\":2}}");
    struct value newer = read_json(arena, "{\"a\":null,\"b\":{\"c\":3}}");
    struct value older = read_json(arena, "{\"a\":9,\"b\":{\"c\":9,\"e\":5},\"f\":null}");
    struct value expected = read_json(arena, "{\"a\":9,\"b\":{\"c\":3,\"d\":2,\"e\":5}}");
    customer_merge(arena, customer, &first, 1000);
    customer_merge(arena, customer, &newer, 2000);
    assert_null(value_get(&customer->profile, "a"));
    customer_merge(arena, customer, &older, 1500);
    assert_true(value_equal(&customer->profile, &expected));
    assert_int_equal(customer->profile_ms, 2000);
    arena_destroy(&arena);
}

static void test_bounds(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    struct customer *customer = customer_new(arena, "id:7");
    for (int i = 0; i < 1000; i++) {
        char identity[17];
        snprintf(identity, sizeof identity, "%016d", i);
        customer_add_seen(arena, customer, identity, i, i % 2);
        customer_add_count(arena, customer, "x", i);
        const struct customer_open open = {.mid = arena_text(arena, identity),
                                           .rule = "r",
                                           .origin = "o",
                                           .topic = "all",
                                           .give_up_ms = 5000};
        customer_add_send(arena, customer, &open, "o", i);
    }
    assert_int_equal(customer->seen.count, CUSTOMER_SEEN_MOST);
    assert_int_equal(customer->ring.count, CUSTOMER_RING_MOST);
    assert_int_equal(customer->sends.count, CUSTOMER_SENDS_MOST);
    assert_int_equal(customer->open.count, CUSTOMER_OPEN_MOST);
    assert_int_equal(customer->counts.items[0].time_count, CUSTOMER_TIMES_MOST);
    assert_int_equal(customer->counts.items[0].count, 1000);
    assert_true(customer_has_seen(customer, "0000000000000999", 0));
    assert_false(customer_has_seen(customer, "0000000000000999", 1000));
    assert_false(customer_has_seen(customer, "0000000000000001", 0));
    customer_prune(customer, 5000, 990, 990);
    assert_int_equal(customer->sends.count, 10);
    assert_int_equal(customer->open.count, 0);
    arena_destroy(&arena);
}

/* What is only kept for comfort goes first; then the document is refused. */
static void test_size(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    struct customer *customer = customer_new(arena, "id:7");
    struct buf out;
    char identity[17], *large = arena_alloc(arena, CUSTOMER_DOCUMENT_MOST);
    buf_init(&out, 4 * CUSTOMER_DOCUMENT_MOST);
    for (int i = 0; i < CUSTOMER_SEEN_MOST; i++) {
        snprintf(identity, sizeof identity, "%016d", i);
        customer_add_seen(arena, customer, identity, i, true);
    }
    memset(large, 'x', CUSTOMER_DOCUMENT_MOST);
    struct value patch = value_new_map(arena, 1);
    value_set(arena, patch, "x", value_string(large, CUSTOMER_DOCUMENT_MOST - 4000));
    customer_merge(arena, customer, &patch, 1);
    assert_true(customer_print(customer, "1-1-1", &out));
    assert_true(out.length <= CUSTOMER_DOCUMENT_MOST);
    assert_int_equal(customer->seen.count, CUSTOMER_RING_MOST);
    assert_string_equal(customer->seen.items[CUSTOMER_RING_MOST - 1].identity, "0000000000000255");
    value_set(arena, patch, "x", value_string(large, CUSTOMER_DOCUMENT_MOST));
    customer_merge(arena, customer, &patch, 2);
    assert_false(customer_print(customer, "1-1-1", &out));
    buf_free(&out);
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_unknown_format),
        cmocka_unit_test(test_merge),      cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_size),
    };
    return cmocka_run_group_tests_name("customer", tests, NULL, NULL);
}
