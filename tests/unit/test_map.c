#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/map.h"

static void *number(size_t n)
{
    return (void *)(uintptr_t)n;
}

static void *get(const struct map *map, const char *key)
{
    return map_get(map, key, strlen(key));
}

static void test_put_get(void **state)
{
    (void)state;
    struct map *map = map_new();
    assert_null(get(map, "a"));
    assert_null(map_put(map, "a", 1, number(1)));
    assert_null(map_put(map, "", 0, number(2)));
    assert_null(map_put(map, "a\0b", 3, number(3)));
    assert_ptr_equal(map_put(map, "a", 1, number(4)), number(1));
    assert_int_equal(map_count(map), 3);
    assert_ptr_equal(get(map, "a"), number(4));
    assert_ptr_equal(get(map, ""), number(2));
    assert_ptr_equal(map_get(map, "a\0b", 3), number(3));
    assert_null(map_get(map, "a\0c", 3));
    map_destroy(&map);
    assert_null(map);
    map_destroy(&map);
}

static void test_keys_are_copied(void **state)
{
    (void)state;
    struct map *map = map_new();
    char key[] = "customer";
    map_put(map, key, 8, number(1));
    memset(key, 'x', 8);
    assert_ptr_equal(get(map, "customer"), number(1));
    assert_null(get(map, "xxxxxxxx"));
    map_destroy(&map);
}

/* Against an array that says what must be there, over many rounds of growth. */
static void test_many(void **state)
{
    (void)state;
    enum { KEYS = 5000, ROUNDS = 60000 };
    static size_t expected[KEYS]; /* 0: absent */
    size_t present = 0;
    struct map *map = map_new();
    uint32_t random = 1;
    for (size_t i = 1; i <= ROUNDS; i++) {
        random = random * 1664525u + 1013904223u;
        size_t at = (random >> 8) % KEYS;
        char key[16];
        size_t length = (size_t)snprintf(key, sizeof key, "k%zu", at);
        assert_ptr_equal(map_get(map, key, length), number(expected[at]));
        assert_ptr_equal(map_put(map, key, length, number(i)), number(expected[at]));
        present += expected[at] == 0;
        expected[at] = i;
        assert_int_equal(map_count(map), present);
    }
    size_t cursor = 0, seen = 0, length;
    const char *key;
    void *value;
    while (map_next(map, &cursor, &key, &length, &value)) {
        size_t at;
        assert_int_equal(sscanf(key, "k%zu", &at), 1);
        assert_int_equal(strlen(key), length);
        assert_ptr_equal(value, number(expected[at]));
        seen++;
    }
    assert_int_equal(seen, present);
    map_destroy(&map);
}

static void test_order_of_insertion(void **state)
{
    (void)state;
    struct map *map = map_new();
    for (size_t i = 0; i < 300; i++) {
        char key[16];
        map_put(map, key, (size_t)snprintf(key, sizeof key, "%zu", i), number(i + 1));
    }
    size_t cursor = 0, expected = 1;
    void *value;
    while (map_next(map, &cursor, NULL, NULL, &value))
        assert_ptr_equal(value, number(expected++));
    assert_int_equal(expected, 301);
    assert_int_equal(map_count(map), 300);
    for (size_t i = 0; i < 500; i++) {
        char more[16];
        map_put(map, more, (size_t)snprintf(more, sizeof more, "x%zu", i), number(1000 + i));
    }
    uintptr_t last = 0;
    for (cursor = 0; map_next(map, &cursor, NULL, NULL, &value); last = (uintptr_t)value)
        assert_true((uintptr_t)value > last);
    assert_int_equal(last, 1499);
    map_destroy(&map);
}

static void test_clear(void **state)
{
    (void)state;
    struct map *map = map_new();
    map_put(map, "a", 1, number(1));
    map_put(map, "b", 1, number(2));
    map_clear(map);
    size_t cursor = 0;
    assert_int_equal(map_count(map), 0);
    assert_false(map_next(map, &cursor, NULL, NULL, NULL));
    assert_null(get(map, "a"));
    map_put(map, "b", 1, number(3));
    assert_ptr_equal(get(map, "b"), number(3));
    map_destroy(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_put_get), cmocka_unit_test(test_keys_are_copied),
        cmocka_unit_test(test_many),    cmocka_unit_test(test_order_of_insertion),
        cmocka_unit_test(test_clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
