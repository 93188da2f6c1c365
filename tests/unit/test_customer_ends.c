/* The ends that a customer's document remembers, and their bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "customer/customer.h"
#include "customer/customer_ends.h"

static void add(struct arena *arena, struct customer *customer, const char *rule, int64_t at_ms,
                bool asked)
{
    struct customer_end end = {.rule = arena_text(arena, rule), .at_ms = at_ms, .until_ms = at_ms};
    if (asked)
        end.event = value_new_map(arena, 0);
    customer_ends_add(arena, customer, &end);
}

static const struct customer_end *find(const struct customer *customer, const char *rule)
{
    for (uint32_t i = 0; i < customer->ends.count; i++)
        if (strcmp(customer->ends.items[i].rule, rule) == 0)
            return &customer->ends.items[i];
    return NULL;
}

/* Without a condition only the newest counts, whichever came last. */
static void test_newest(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    struct customer *customer = customer_new(arena, "id:7");
    add(arena, customer, "a", 5, false);
    add(arena, customer, "b", 4, false);
    add(arena, customer, "a", 7, false);
    add(arena, customer, "a", 6, false);
    assert_int_equal(customer->ends.count, 2);
    assert_int_equal(find(customer, "a")->at_ms, 7);
    assert_int_equal(find(customer, "a")->until_ms, 7);
    customer_ends_prune(customer, 7);
    assert_int_equal(customer->ends.count, 1);
    customer_ends_prune(customer, 8);
    assert_int_equal(customer->ends.count, 0);
    arena_destroy(&arena);
}

/* Of those that a condition is asked about the oldest go, and no end of another kind or rule. */
static void test_of_a_rule(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    struct customer *customer = customer_new(arena, "id:7");
    add(arena, customer, "a", 1, false);
    add(arena, customer, "b", 1, true);
    for (int i = 0; i < 40; i++)
        add(arena, customer, "a", 100 - i % 2 * 50 + i, true);
    assert_int_equal(customer->ends.count, 2 + CUSTOMER_ENDS_OF_RULE);
    for (uint32_t i = 2; i < customer->ends.count; i++)
        assert_in_range(customer->ends.items[i].at_ms, 108, 138);
    arena_destroy(&arena);
}

/* Past the bound of all the oldest stands for every rule. */
static void test_of_all(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    struct customer *customer = customer_new(arena, "id:7");
    char name[16];
    for (int i = 0; i < CUSTOMER_ENDS_MOST; i++) {
        snprintf(name, sizeof name, "r%d", i);
        add(arena, customer, name, 1000 - i, i % 2);
    }
    assert_null(find(customer, ""));
    add(arena, customer, "s", 2000, false);
    add(arena, customer, "t", 3000, true);
    assert_int_equal(customer->ends.count, CUSTOMER_ENDS_MOST + 1);
    assert_int_equal(find(customer, "")->at_ms, 1000 - CUSTOMER_ENDS_MOST + 2);
    assert_null(find(customer, "r63"));
    assert_null(find(customer, "r62"));
    assert_non_null(find(customer, "r61"));
    arena_destroy(&arena);
}

static void test_shed(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    struct customer *customer = customer_new(arena, "id:7");
    add(arena, customer, "a", 1, false);
    add(arena, customer, "b", 1, true);
    customer_ends_shed(customer);
    assert_int_equal(find(customer, "a")->event.kind, VALUE_NULL);
    assert_int_equal(find(customer, "b")->event.kind, VALUE_BOOL);
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_newest),
        cmocka_unit_test(test_of_a_rule),
        cmocka_unit_test(test_of_all),
        cmocka_unit_test(test_shed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
