#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "events/work_entry.h"

/* Each entry is acknowledged by the commit that says what becomes of it. */
static void test_both_kinds(void **state)
{
    static const char *const ids[] = {"1-0", "2-0", "3-0"};
    static const char told[] = "{\"type\":\"product.restocked\"}";
    const struct work_entry entries[] = {
        {NULL, {.kind = "event", .reason = "no-type", .body = "{}", .length = 2}},
        {"POT", {.body = told, .length = sizeof told - 1}},
        {NULL, {.kind = "event", .reason = "json-syntax", .body = "x", .length = 1}},
    };
    struct arena *arena = arena_new(1024);
    (void)state;
    const struct commit commit = work_entry_commit(arena, ids, entries, 3);
    assert_ptr_equal(commit.ids, ids);
    assert_int_equal(commit.id_count, 3);
    assert_int_equal(commit.dead_count, 2);
    assert_string_equal(commit.dead[0].reason, "no-type");
    assert_string_equal(commit.dead[1].reason, "json-syntax");
    assert_int_equal(commit.telling_count, 1);
    assert_string_equal(commit.tellings[0].entry, "2-0");
    assert_string_equal(commit.tellings[0].product, "POT");
    assert_string_equal(commit.tellings[0].event.text, told);
    assert_int_equal(commit.tellings[0].event.length, sizeof told - 1);
    arena_destroy(&arena);
}

static void test_none(void **state)
{
    struct arena *arena = arena_new(1024);
    (void)state;
    const struct commit commit = work_entry_commit(arena, NULL, NULL, 0);
    assert_int_equal(commit.id_count + commit.dead_count + commit.telling_count, 0);
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_kinds),
        cmocka_unit_test(test_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
