#include <math.h>
#include <stdio.h>

#include "base/value.h"
#include "value_fixture.h"

/* ---- maps ---- */

static const char *key_of(int i)
{
    return arena_printf(arena, "key-%d", i);
}

/* Through the sizes at which an index appears and grows. */
static void members_are_found_at_every_size(void **state)
{
    (void)state;
    struct value map = value_new_map(arena, 0);
    for (int i = 0; i < 500; i++) {
        value_set(arena, map, key_of(i), value_int(i));
        assert_int_equal(value_count(&map), i + 1);
        for (int j = 0; j <= i; j++)
            assert_int_equal(value_get(&map, key_of(j))->integer, j);
        assert_null(value_get(&map, key_of(i + 1)));
    }
    for (int i = 0; i < 500; i++)
        assert_string_equal(value_to_text(arena, &map.map->members[i].key), key_of(i));
}

static void a_set_replaces(void **state)
{
    (void)state;
    struct value map = value_new_map(arena, 0);
    for (int round = 0; round < 3; round++)
        for (int i = 0; i < 40; i++)
            value_set(arena, map, key_of(i), value_int(i + round));
    assert_int_equal(value_count(&map), 40);
    assert_int_equal(value_get(&map, "key-39")->integer, 41);
}

/* The caller's key may be a buffer that is used again. */
static void a_set_keeps_its_own_key(void **state)
{
    (void)state;
    char key[] = "tea";
    struct value map = value_new_map(arena, 1);
    value_set(arena, map, key, value_int(1));
    memcpy(key, "mug", 3);
    assert_non_null(value_get(&map, "tea"));
    assert_null(value_get(&map, "mug"));
}

/* Down past the size at which the index goes, and up again. */
static void removing_keeps_order_and_index(void **state)
{
    (void)state;
    struct value map = value_new_map(arena, 0);
    for (int i = 0; i < 60; i++)
        value_set(arena, map, key_of(i), value_int(i));
    for (int i = 0; i < 60; i++) {
        if (i % 7 == 3)
            continue;
        assert_true(value_remove(map, key_of(i)));
        assert_false(value_remove(map, key_of(i)));
        for (int j = 0; j < 60; j++) {
            const struct value *found = value_get(&map, key_of(j));
            assert_int_equal(found != NULL, j > i || j % 7 == 3);
            assert_true(!found || found->integer == j);
        }
    }
    assert_string_equal(print(&map), "{\"key-3\":3,\"key-10\":10,\"key-17\":17,\"key-24\":24,"
                                     "\"key-31\":31,\"key-38\":38,\"key-45\":45,\"key-52\":52,"
                                     "\"key-59\":59}");
    for (int i = 100; i < 160; i++) {
        value_set(arena, map, key_of(i), value_int(i));
        assert_int_equal(value_get(&map, key_of(i))->integer, i);
        assert_int_equal(value_get(&map, "key-59")->integer, 59);
    }
}

static void the_first_of_a_repeated_key_is_found(void **state)
{
    (void)state;
    for (int size = 0; size < 40; size += 13) {
        struct value map = value_new_map(arena, 0);
        value_add(arena, map, value_text("twice"), value_int(1));
        for (int i = 0; i < size; i++)
            value_add(arena, map, value_text(key_of(i)), value_int(i));
        value_add(arena, map, value_text("twice"), value_int(2));
        assert_int_equal(value_get(&map, "twice")->integer, 1);
        assert_true(value_remove(map, "twice"));
        assert_int_equal(value_get(&map, "twice")->integer, 2);
    }
}

static void keys_need_not_be_strings(void **state)
{
    (void)state;
    struct value a = value_new_map(arena, 0), b = value_new_map(arena, 0);
    for (int i = 0; i < 30; i++) {
        value_add(arena, a, value_int(i), value_int(i));
        value_add(arena, b, value_double(29 - i), value_int(29 - i));
    }
    value_add(arena, a, value_text("x"), value_bool(true));
    value_add(arena, b, value_text("x"), value_bool(true));
    assert_true(value_get(&a, "x")->boolean);
    assert_true(value_equal(&a, &b));
    a.map->members[3].key = value_bool(true);
    assert_false(value_equal(&a, &b));
}

static void keys_may_hold_anything(void **state)
{
    (void)state;
    struct value map = value_new_map(arena, 0);
    value_add(arena, map, value_string("a\0b", 3), value_int(1));
    value_add(arena, map, value_string(NULL, 0), value_int(2));
    assert_int_equal(value_find(&map, "a\0b", 3)->integer, 1);
    assert_null(value_find(&map, "a\0c", 3));
    assert_null(value_get(&map, "a"));
    assert_int_equal(value_get(&map, "")->integer, 2);
}

static void paths_lead_through_maps(void **state)
{
    (void)state;
    struct value value =
        parse("{\"customer\":{\"email\":\"ana@example.com\",\"n\":null},\"l\":[1]}");
    assert_true(value_is_text(value_path(&value, "customer.email"), "ana@example.com"));
    assert_int_equal(value_path(&value, "customer.n")->kind, VALUE_NULL);
    assert_ptr_equal(value_path(&value, ""), &value);
    assert_null(value_path(&value, "customer.email.x"));
    assert_null(value_path(&value, "order.id"));
    assert_null(value_path(&value, "l.0"));
    assert_null(value_path(NULL, "a"));
    assert_null(value_get(NULL, "a"));
}

/* ---- lists, scalars ---- */

static void lists_grow(void **state)
{
    (void)state;
    struct value list = value_new_list(arena, 0);
    for (int i = 0; i < 1000; i++)
        value_push(arena, list, value_int(i));
    for (int i = 0; i < 1000; i++)
        assert_int_equal(list.list->items[i].integer, i);
    assert_int_equal(value_count(&list), 1000);
    assert_int_equal(value_count(NULL), 0);
}

static void texts_are_told_apart(void **state)
{
    (void)state;
    struct value text = value_text("tea"), empty = value_string(NULL, 0), number = value_int(1);
    assert_true(value_is_text(&text, "tea"));
    assert_false(value_is_text(&text, "teas"));
    assert_false(value_is_text(&text, "te"));
    assert_true(value_is_text(&empty, ""));
    assert_false(value_is_text(&number, "1"));
    assert_false(value_is_text(NULL, ""));
    assert_string_equal(value_to_text(arena, &text), "tea");
    assert_null(value_to_text(arena, &number));
    assert_null(value_to_text(arena, NULL));
}

static struct value natural(uint64_t number)
{
    return (struct value){.kind = VALUE_UINT, .natural = number};
}

static void numbers_are_converted_where_they_fit(void **state)
{
    (void)state;
    const struct {
        struct value value;
        bool is_int;
        int64_t integer;
        bool is_double;
        double real;
    } numbers[] = {
        {value_int(INT64_MIN), true, INT64_MIN, true, -9223372036854775808.0},
        {value_double(80), true, 80, true, 80},
        {value_double(-0.0), true, 0, true, 0},
        {value_double(79.9), false, 0, true, 79.9},
        {value_double(9223372036854775808.0), false, 0, true, 9223372036854775808.0},
        {value_double(-9223372036854775808.0), true, INT64_MIN, true, -9223372036854775808.0},
        {value_double((double)INFINITY), false, 0, true, (double)INFINITY},
        {natural(7), true, 7, true, 7},
        {natural(UINT64_MAX), false, 0, true, 18446744073709551616.0},
        {value_bool(true), false, 0, false, 0},
        {value_text("7"), false, 0, false, 0},
        {value_null(), false, 0, false, 0},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        int64_t integer = -1;
        double real = -1;
        assert_int_equal(value_to_int(&numbers[i].value, &integer), numbers[i].is_int);
        assert_int_equal(integer, numbers[i].is_int ? numbers[i].integer : -1);
        assert_int_equal(value_to_double(&numbers[i].value, &real), numbers[i].is_double);
        assert_true(real == (numbers[i].is_double ? numbers[i].real : -1));
    }
    int64_t integer;
    assert_false(
        value_to_int(&(struct value){.kind = VALUE_DOUBLE, .real = (double)NAN}, &integer));
    assert_false(value_to_int(NULL, &integer));
}

/* ---- equality ---- */

static void json_is_compared_by_its_meaning(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool equal;
    } pairs[] = {
        {"1", "1.0", true},
        {"100", "1e2", true},
        {"1", "1.5", false},
        {"-0", "0", true},
        {"9007199254740993", "9007199254740992.0", false},
        {"9007199254740993", "9007199254740993", true},
        {"9223372036854775807", "9223372036854775808", false},
        {"1", "\"1\"", false},
        {"1", "true", false},
        {"null", "null", true},
        {"null", "false", false},
        {"\"\"", "\"\"", true},
        {"\"ab\"", "\"ac\"", false},
        {"[1,2]", "[1.0,2]", true},
        {"[1,2]", "[2,1]", false},
        {"[1]", "[1,1]", false},
        {"{\"a\":1,\"b\":[{}]}", "{\"b\":[{}],\"a\":1}", true},
        {"{\"a\":1}", "{\"a\":1,\"b\":1}", false},
        {"{\"a\":1}", "{\"b\":1}", false},
        {"{\"a\":1}", "{\"a\":2}", false},
        {"{}", "[]", false},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct value a = parse(pairs[i].a), b = parse(pairs[i].b);
        if (value_equal(&a, &b) != pairs[i].equal || value_equal(&b, &a) != pairs[i].equal)
            fail_msg("%s and %s", pairs[i].a, pairs[i].b);
    }
}

static void what_only_languages_make_is_compared_too(void **state)
{
    (void)state;
    struct value nan = value_double((double)NAN);
    const struct value different[] = {
        natural(UINT64_MAX),
        natural((uint64_t)INT64_MAX + 1),
        natural(5),
        value_double(18446744073709551616.0),
        value_double(5.5),
        value_int(-1),
        value_text("5"),
        {.kind = VALUE_BYTES, .length = 1, .string = "5"},
        {.kind = VALUE_TIMESTAMP, .length = 1, .integer = 5},
        {.kind = VALUE_TIMESTAMP, .length = 2, .integer = 5},
        {.kind = VALUE_DURATION, .length = 1, .integer = 5},
        {.kind = VALUE_EXTENSION, .other = arena},
    };
    size_t count = sizeof different / sizeof *different;
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < count; j++)
            assert_int_equal(value_equal(&different[i], &different[j]), i == j);
    assert_false(value_equal(&nan, &nan));
    struct value five = value_int(5), large = value_double(9223372036854775808.0);
    assert_true(value_equal(&five, &different[2]));
    assert_true(value_equal(&large, &different[1]));
}

/* ---- copy, merge ---- */

static void a_copy_outlives_its_text_and_arena(void **state)
{
    (void)state;
    static const char text[] = "{\"a\":[1,79.90,\"tea\",null,{\"b\":\"x\\ny\"}],\"long\":"
                               "{\"1\":1,\"2\":2,\"3\":3,\"4\":4,\"5\":5,\"6\":6,\"7\":7,\"8\":8,"
                               "\"9\":9,\"10\":10,\"11\":11,\"12\":12,\"13\":13,\"14\":14}}";
    struct arena *other = arena_new(256);
    char *source = arena_text(other, text);
    struct value original, bytes = {.kind = VALUE_BYTES, .length = 2, .string = source};
    struct diag diag;
    assert_true(json_read(other, source, strlen(source), &json_event_limits, &original, &diag));
    struct value copy = value_copy(arena, &original), copied = value_copy(arena, &bytes);
    arena_destroy(&other);
    assert_string_equal(print(&copy), text);
    assert_int_equal(value_path(&copy, "long.14")->integer, 14);
    assert_memory_equal(copied.string, "{\"", 2);
}

/* The examples of RFC 7396, appendix A, and some of our own. */
static void patches_merge_as_the_rfc_says(void **state)
{
    (void)state;
    static const struct {
        const char *target, *patch, *result;
    } merges[] = {
        {"{\"a\":\"b\"}", "{\"a\":\"c\"}", "{\"a\":\"c\"}"},
        {"{\"a\":\"b\"}", "{\"b\":\"c\"}", "{\"a\":\"b\",\"b\":\"c\"}"},
        {"{\"a\":\"b\"}", "{\"a\":null}", "{}"},
        {"{\"a\":\"b\",\"b\":\"c\"}", "{\"a\":null}", "{\"b\":\"c\"}"},
        {"{\"a\":[\"b\"]}", "{\"a\":\"c\"}", "{\"a\":\"c\"}"},
        {"{\"a\":\"c\"}", "{\"a\":[\"b\"]}", "{\"a\":[\"b\"]}"},
        {"{\"a\":{\"b\":\"c\"}}", "{\"a\":{\"b\":\"d\",\"c\":null}}", "{\"a\":{\"b\":\"d\"}}"},
        {"{\"a\":[{\"b\":\"c\"}]}", "{\"a\":[1]}", "{\"a\":[1]}"},
        {"[\"a\",\"b\"]", "[\"c\",\"d\"]", "[\"c\",\"d\"]"},
        {"{\"a\":\"b\"}", "[\"c\"]", "[\"c\"]"},
        {"{\"a\":\"foo\"}", "null", "null"},
        {"{\"a\":\"foo\"}", "\"bar\"", "\"bar\""},
        {"{\"e\":null}", "{\"a\":1}", "{\"e\":null,\"a\":1}"},
        {"[1,2]", "{\"a\":\"b\",\"c\":null}", "{\"a\":\"b\"}"},
        {"{}", "{\"a\":{\"bb\":{\"ccc\":null}}}", "{\"a\":{\"bb\":{}}}"},
        {"{\"a\":[1]}", "{\"b\":[null,{\"c\":null}]}", "{\"a\":[1],\"b\":[null,{\"c\":null}]}"},
        {"{\"a\":1,\"b\":{\"x\":1}}", "{}", "{\"a\":1,\"b\":{\"x\":1}}"},
    };
    for (size_t i = 0; i < sizeof merges / sizeof *merges; i++) {
        struct value target = parse(merges[i].target), patch = parse(merges[i].patch);
        struct value merged = value_merge(arena, &target, &patch);
        assert_string_equal(print(&merged), merges[i].result);
        assert_string_equal(print(&target), merges[i].target);
        assert_string_equal(print(&patch), merges[i].patch);
    }
    struct value patch = parse("{\"a\":{\"b\":null,\"c\":1}}");
    struct value fresh = value_merge(arena, NULL, &patch);
    assert_string_equal(print(&fresh), "{\"a\":{\"c\":1}}");
}

static void every_kind_has_a_name(void **state)
{
    (void)state;
    for (int kind = VALUE_NULL; kind <= VALUE_EXTENSION; kind++)
        assert_string_not_equal(value_kind_name((enum value_kind)kind), "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_arena, drop_arena)
    const struct CMUnitTest tests[] = {
        TEST(members_are_found_at_every_size),
        TEST(a_set_replaces),
        TEST(a_set_keeps_its_own_key),
        TEST(removing_keeps_order_and_index),
        TEST(the_first_of_a_repeated_key_is_found),
        TEST(keys_need_not_be_strings),
        TEST(keys_may_hold_anything),
        TEST(paths_lead_through_maps),
        TEST(lists_grow),
        TEST(texts_are_told_apart),
        TEST(numbers_are_converted_where_they_fit),
        TEST(json_is_compared_by_its_meaning),
        TEST(what_only_languages_make_is_compared_too),
        TEST(a_copy_outlives_its_text_and_arena),
        TEST(patches_merge_as_the_rfc_says),
        TEST(every_kind_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
