/* decide/name_table: of many names each is found by its key, and they stand in the order they came.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "decide/name_table.h"

enum { NAMES = 3000 };

static void test_many(void **state)
{
    struct arena *arena = arena_new(4096);
    struct name_table table = {0};
    struct name *names = arena_zero(arena, sizeof *names * NAMES), *next;
    (void)state;
    assert_null(name_table_find(&table, "id:0"));
    name_table_expect(&table, name_table_hash("id:0"));
    assert_null(name_table_guess(&table, name_table_hash("id:0")));
    for (int i = 0; i < NAMES; i++) {
        names[i].text = arena_printf(arena, "id:%d", i);
        assert_null(name_table_find(&table, names[i].text));
        name_table_add(&table, &names[i]);
    }
    next = table.first;
    for (int i = 0; i < NAMES; i++, next = next->after) {
        const char *key = arena_printf(arena, "id:%d", i);
        assert_ptr_equal(name_table_find(&table, key), &names[i]);
        assert_ptr_equal(name_table_guess(&table, name_table_hash(key)), &names[i]);
        assert_ptr_equal(next, &names[i]);
    }
    assert_null(next);
    name_table_clear(&table);
    assert_null(name_table_find(&table, "id:7"));
    name_table_add(&table, &names[7]);
    assert_ptr_equal(table.first, &names[7]);
    assert_null(table.first->after);
    name_table_free(&table);
    arena_destroy(&arena);
}

/* Two keys of one hash are two names all the same. */
static void test_same_hash(void **state)
{
    struct name one = {.text = "id:1"};
    struct name_table table = {0};
    (void)state;
    name_table_add(&table, &one);
    assert_null(name_table_find_hashed(&table, "id:2", name_table_hash("id:1")));
    assert_ptr_equal(name_table_find_hashed(&table, "id:1", name_table_hash("id:1")), &one);
    name_table_free(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_many),
                                       cmocka_unit_test(test_same_hash)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
