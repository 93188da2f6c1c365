/* Two documents become one: nothing is lost but what passes a bound. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "customer/customer_join.h"
#include "customer/customer_profile.h"
#include "customer/said.h"

static struct customer *read(struct arena *arena, const char *key, const char *members)
{
    struct diag diag;
    const char *text =
        arena_printf(arena, "{\"version\":\"1-1-1\",\"format\":%d,%s}", CUSTOMER_FORMAT, members);
    struct customer *customer = customer_read(arena, key, text, strlen(text), &diag);
    assert_non_null(customer);
    return customer;
}

static void assert_json(const struct value *value, const char *wanted)
{
    struct buf out;
    buf_init(&out, 4096);
    json_print(&out, value);
    assert_string_equal(buf_string(&out), wanted);
    buf_free(&out);
}

static void the_newer_word_stands(void **state)
{
    struct arena *arena = *state;
    static const char newer[] =
        "\"profile_ms\":20,\"profile\":{\"a\":1,\"b\":{\"c\":2}},"
        "\"said\":{\"all\":[\"no\",5],\"news\":[\"no\",7]},\"fields\":{\"tier\":\"x\"}";
    static const char older[] =
        "\"profile_ms\":10,\"profile\":{\"a\":9,\"b\":{\"d\":3},\"e\":4},"
        "\"said\":{\"all\":[\"yes\",6],\"tips\":[\"no\",1]},\"fields\":{\"tier\":\"y\"}";
    for (int turned = 0; turned < 2; turned++) {
        struct customer *customer = read(arena, "id:7", turned ? older : newer);
        customer_join(arena, customer, read(arena, "email:a", turned ? newer : older));
        assert_int_equal(customer->layers.items[0].at_ms, 20);
        assert_int_equal(value_path(&customer->profile, "a")->integer, 1);
        assert_int_equal(value_path(&customer->profile, "b.c")->integer, 2);
        assert_int_equal(value_path(&customer->profile, "b.d")->integer, 3);
        assert_int_equal(value_path(&customer->profile, "e")->integer, 4);
        assert_true(said_declined(customer, "news"));
        assert_false(said_declined(customer, "tips")); /* the yes to all is newer */
        assert_false(said_declined(customer, "other"));
        assert_json(&customer->fields, turned ? "{\"tier\":\"y\"}" : "{\"tier\":\"x\"}");
    }
}

static void counts_and_totals_add_up(void **state)
{
    struct arena *arena = *state;
    struct customer *customer =
        read(arena, "id:7",
             "\"counts\":[{\"type\":\"a\",\"n\":2,\"first\":3,\"last\":9,\"times\":[3,6]}],"
             "\"totals\":[{\"rule\":\"r\",\"n\":2,\"last\":5}]");
    customer_join(
        arena, customer,
        read(arena, "email:a",
             "\"counts\":[{\"type\":\"a\",\"n\":40,\"first\":1,\"last\":5,\"times\":[1,4]},"
             "{\"type\":\"b\",\"n\":1,\"first\":4,\"last\":4,\"times\":[4]}],"
             "\"totals\":[{\"rule\":\"r\",\"n\":1,\"last\":8},"
             "{\"rule\":\"s\",\"n\":1,\"last\":2}]"));
    const struct customer_count *count = customer_find_count(customer, "a");
    static const int64_t times[] = {1, 3, 5, 9};
    assert_int_equal(count->count, 42);
    assert_int_equal(count->first_ms, 1);
    assert_int_equal(count->last_ms, 9);
    assert_int_equal(count->time_count, 4);
    assert_memory_equal(count->times, times, sizeof times);
    assert_int_equal(customer_find_count(customer, "b")->count, 1);
    assert_int_equal(customer_find_total(customer, "r")->count, 3);
    assert_int_equal(customer_find_total(customer, "r")->last_ms, 8);
    assert_int_equal(customer_find_total(customer, "s")->count, 1);
}

/* As many times, ids and so on as a list may have, on each side; odd ones here, even ones there. */
static struct customer *full(struct arena *arena, const char *key, int odd)
{
    struct customer *customer = customer_new(arena, key);
    for (int i = 0; i < 400; i++) {
        int64_t at_ms = 2 * i + odd;
        char identity[17];
        snprintf(identity, sizeof identity, "%016d", 2 * i + odd);
        customer_add_count(arena, customer, "a", at_ms);
        customer_add_seen(arena, customer, identity, "", at_ms, true);
        customer_add_seen(arena, customer, identity, "", at_ms, false);
        const struct customer_open open = {.mid = arena_text(arena, identity),
                                           .rule = "r",
                                           .origin = "o",
                                           .topic = "all",
                                           .started_ms = at_ms,
                                           .give_up_ms = at_ms};
        customer_add_send(arena, customer, &open, at_ms, at_ms);
    }
    return customer;
}

static void the_newest_stay(void **state)
{
    struct arena *arena = *state;
    struct customer *customer = full(arena, "id:7", 1);
    uint32_t sends = customer->sends.count;
    customer_join(arena, customer, full(arena, "email:a", 0));
    const struct customer_count *count = customer_find_count(customer, "a");
    assert_int_equal(count->count, 800);
    assert_int_equal(count->time_count, CUSTOMER_TIMES_MOST);
    for (uint32_t i = 0; i < CUSTOMER_TIMES_MOST; i++)
        assert_int_equal(count->times[i], 800 - CUSTOMER_TIMES_MOST + i);
    assert_int_equal(customer->seen.count, CUSTOMER_SEEN_MOST);
    assert_int_equal(customer->ring.count, CUSTOMER_RING_MOST);
    assert_int_equal(customer->seen.items[CUSTOMER_SEEN_MOST - 1].at_ms, 799);
    assert_int_equal(customer->seen.items[0].at_ms, 800 - CUSTOMER_SEEN_MOST);
    assert_true(customer->sends.count >= sends);
    for (uint32_t i = 1; i < customer->sends.count; i++)
        assert_true(customer->sends.items[i - 1].at_ms <= customer->sends.items[i].at_ms);
}

static void journeys_stand_side_by_side(void **state)
{
    struct arena *arena = *state;
#define JOURNEY(rule, origin) \
    "{\"rule\":\"" rule "\",\"origin\":\"" origin "\",\"start\":{\"data\":{}}}"
    struct customer *customer =
        read(arena, "id:7", "\"journeys\":[" JOURNEY("a", "1") "," JOURNEY("a", "2") "]");
    customer_join(
        arena, customer,
        read(arena, "email:a", "\"journeys\":[" JOURNEY("a", "2") "," JOURNEY("b", "2") "]"));
    assert_int_equal(customer->journeys.count, 3);
    assert_string_equal(customer->journeys.items[2].rule, "b");
}

static void the_newest_keys_are_its_own(void **state)
{
    struct arena *arena = *state;
    struct customer *customer = customer_new(arena, "id:7"),
                    *other = customer_new(arena, "email:a");
    for (int i = 0; i < 20; i++) {
        customer_add_key(arena, customer, arena_printf(arena, "phone:%d", i));
        customer_add_key(arena, other, arena_printf(arena, "email:%d", i));
    }
    customer_add_key(arena, customer, "phone:10");
    customer_add_key(arena, customer, "id:7"); /* that is no other key */
    assert_int_equal(customer->keys.count, CUSTOMER_KEYS_MOST);
    assert_string_equal(customer->keys.items[0], "phone:4");
    assert_string_equal(customer->keys.items[CUSTOMER_KEYS_MOST - 1], "phone:10");
    customer->keys.count = 3;
    customer_join(arena, customer, other);
    assert_int_equal(customer->keys.count, CUSTOMER_KEYS_MOST);
    assert_string_equal(customer->keys.items[15], "phone:6");
    assert_string_equal(customer->keys.items[12], "email:a");
    assert_string_equal(customer->keys.items[11], "email:19");
}

static int set_up(void **state)
{
    *state = arena_new(64 * 1024);
    return 0;
}

static int tear_down(void **state)
{
    struct arena *arena = *state;
    arena_destroy(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newer_word_stands),
        cmocka_unit_test(counts_and_totals_add_up),
        cmocka_unit_test(the_newest_stay),
        cmocka_unit_test(journeys_stand_side_by_side),
        cmocka_unit_test(the_newest_keys_are_its_own),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
