/* What a budget says, and where one that is none is wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "simulate/budget.h"

static void test_items(void **state)
{
    static const struct {
        const char *text;
        struct budget_item item;
    } cases[] = {
        {"+500 messages", {BUDGET_MESSAGES, false, false, 500, 0, 0, NULL}},
        {"-0 messages", {BUDGET_MESSAGES, true, false, 0, 0, 0, NULL}},
        {"+5% messages", {BUDGET_MESSAGES, false, true, 5, 0, 0, NULL}},
        {"-200 people", {BUDGET_PEOPLE, true, false, 200, 0, 0, NULL}},
        {"+0 people over 3 per 7d", {BUDGET_OVER, false, false, 0, 3, 7 * INT64_C(86400000), NULL}},
        {"+1 people over 1 per 90m", {BUDGET_OVER, false, false, 1, 1, 90 * 60000, NULL}},
    };
    struct arena *arena = arena_new(1024);
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct budget budget;
        struct diag diag = {0};
        if (!budget_read(&budget, cases[i].text, arena, &diag))
            fail_msg("%s: %s", cases[i].text, diag.text);
        const struct budget_item *item = &budget.items[0], *wanted = &cases[i].item;
        assert_int_equal(budget.count, 1);
        assert_string_equal(item->text, cases[i].text);
        assert_int_equal(item->kind, wanted->kind);
        assert_int_equal(item->fewer, wanted->fewer);
        assert_int_equal(item->percent, wanted->percent);
        assert_int_equal(item->allowed, wanted->allowed);
        assert_int_equal(item->over, wanted->over);
        assert_int_equal(item->per_ms, wanted->per_ms);
    }
    arena_destroy(&arena);
}

static void test_several(void **state)
{
    struct arena *arena = arena_new(1024);
    struct budget budget;
    struct diag diag = {0};
    (void)state;
    assert_true(budget_read(&budget, " +1 messages ,-2 messages,  +3 people", arena, &diag));
    assert_int_equal(budget.count, 3);
    assert_string_equal(budget.items[0].text, "+1 messages");
    assert_string_equal(budget.items[1].text, "-2 messages");
    assert_string_equal(budget.items[2].text, "+3 people");
    arena_destroy(&arena);
}

static void test_faults(void **state)
{
    static const struct {
        const char *text;
        uint32_t column;
    } cases[] = {
        {"", 1},
        {"500 messages", 1},
        {"+ messages", 3},
        {"+5 letters", 4},
        {"+5% people", 5},
        {"+5 people over", 15},
        {"+5 people over 3 in 7d", 18},
        {"+5 people over 3 per soon", 22},
        {"+5 people over 3 per 0d", 22},
        {"-5 people over 3 per 7d", 1},
        {"+5 messages +3 people", 13},
        {"+5 messages,", 13},
        {"+99999999999999999999 messages", 2},
        {"+1 people,+1 people,+1 people,+1 people,+1 people,+1 people,+1 people,+1 people,+1 "
         "people",
         81},
    };
    struct arena *arena = arena_new(1024);
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct budget budget;
        struct diag diag = {0};
        if (budget_read(&budget, cases[i].text, arena, &diag))
            fail_msg("%s: is read", cases[i].text);
        if (diag.column != cases[i].column || !diag.text[0])
            fail_msg("%s: %u, not %u: %s", cases[i].text, diag.column, cases[i].column, diag.text);
    }
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_items),
        cmocka_unit_test(test_several),
        cmocka_unit_test(test_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
