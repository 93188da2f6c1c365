/* What is read by a shape is what json_read reads: of each text, and of what became of it by a
 * change of one byte, by its end and by its beginning. */
#include "base/json_shape.h"
#include "value_fixture.h"

static const char *const texts[] = {
    "{\"type\":\"cart\",\"id\":7,\"customer\":{\"id\":\"1\",\"tags\":[\"a\",\"b\"]},\"of\":[]}",
    "{\"type\":\"cart\",\"id\":null,\"customer\":{\"id\":12.50,\"tags\":[]},\"of\":{}}",
    "{\"type\":\"order\",\"items\":[{\"sku\":\"t\",\"n\":1},{\"sku\":\"u\",\"n\":2}],\"on\":true}",
    " { \"type\" : \"a \\\"quoted\\\" one, Ștefănescu\" , \"price\" : -1.50e2 ,\n\"on\":false } ",
    "{\"n\":[0,-0,9223372036854775808,123456789012345678901,0.1,12345678901234.5,1.7e308,10.0]}",
    "{\"n\":[[],[[1]],{},{\"\":{\"a\":[{}]}}]}",
    ("{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6,\"g\":7,\"h\":8,\"i\":9,\"j\":10,\"k\":11,"
     "\"l\":12,\"m\":13,\"n\":14,\"o\":15,\"p\":16,\"q\":17,\"r\":18,\"s\":19,\"t\":20,\"u\":21}"),
    "{}",
};

static struct json_shapes *shapes;

static int make_shapes(void **state)
{
    shapes = json_shapes_new(&json_event_limits);
    return make_arena(state);
}

static int drop_shapes(void **state)
{
    json_shapes_destroy(&shapes);
    return drop_arena(state);
}

/* The shape, if it has one. Both ways are the same, to the place of a fault. */
static struct json_shape *check(const char *text, size_t length)
{
    struct value plain, value;
    struct diag diag = {0}, other = {0};
    struct json_shape *shape;
    bool good = json_read(arena, text, length, &json_event_limits, &plain, &diag);
    assert_int_equal(json_shapes_read(shapes, arena, text, length, &value, &shape, &other), good);
    if (good) {
        assert_string_equal(print(&value), print(&plain));
        assert_true(value_equal(&value, &plain));
    } else {
        assert_string_equal(diag.code, other.code);
        assert_int_equal(diag.column, other.column);
    }
    return shape;
}

static void a_shape_is_known_from_its_second_text_on(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_null(check(texts[i], strlen(texts[i])));
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_non_null(check(texts[i], strlen(texts[i])));
}

static void other_scalars_are_of_the_same_shape(void **state)
{
    (void)state;
    static const char *const scalars[] = {"0",
                                          "-1",
                                          "12",
                                          "1.5",
                                          "1e3",
                                          "0.1",
                                          "-0.0",
                                          "12345678901234567890",
                                          "true",
                                          "false",
                                          "null",
                                          "\"\"",
                                          "\"a\\n\\u00e9\"",
                                          "\"é\"",
                                          "\"16 bytes or more\""};
    assert_null(check("{\"a\":1,\"b\":[2]}", 15));
    for (size_t i = 0; i < sizeof scalars / sizeof *scalars; i++)
        for (size_t j = 0; j < sizeof scalars / sizeof *scalars; j++) {
            const char *text = arena_printf(arena, "{\"a\":%s,\"b\":[%s]}", scalars[i], scalars[j]);
            assert_non_null(check(text, strlen(text)));
        }
}

/* Each is read where its own shape is known, and where it is not. */
static void what_is_wrong_with_a_text_of_a_known_shape_is_found(void **state)
{
    (void)state;
    static const char bytes[] = "\"\\{}[],: 0.-eétn\n\x01";
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        size_t length = strlen(texts[i]);
        check(texts[i], length);
        for (size_t at = 0; at < length; at++) {
            char *text = arena_copy(arena, texts[i], length);
            check(arena_copy(arena, text, at), at);
            check(text + at, length - at);
            for (size_t j = 0; j < sizeof bytes; j++) {
                text[at] = bytes[j];
                check(text, length);
                check(text, length);
            }
        }
    }
}

static void what_has_no_shape_is_read_all_the_same(void **state)
{
    (void)state;
    static const char *const none[] = {"7", "[1,2]", "\"a\"", "{\"a\\u0062\":1}",
                                       "{\"a\":1,\"a\":2}"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        assert_null(check(none[i], strlen(none[i])));
        assert_null(check(none[i], strlen(none[i])));
    }
    for (int i = 0; i < 5000; i++) { /* no two have the same keys */
        const char *text = arena_printf(arena, "{\"%d\":%d,\"b\":[{\"%d\":true}]}", i, i, i);
        check(text, strlen(text));
    }
    assert_true(arena_used(json_shapes_arena(shapes)) < 2 << 20);
}

static void a_large_text_is_read_all_the_same(void **state)
{
    (void)state;
    for (size_t count = 20; count < 400; count += 50) {
        struct value list = value_new_list(arena, 0), map = value_new_map(arena, 0);
        for (size_t i = 0; i < count; i++) {
            value_push(arena, list, value_int((int64_t)i));
            value_add(arena, map, value_text(arena_printf(arena, "k%zu", i)), value_int(1));
        }
        value_push(arena, list, map);
        struct value root = parse("{\"first\":0}");
        value_add(arena, root, value_text("all"), list);
        const char *text = print(&root);
        check(text, strlen(text));
        check(text, strlen(text));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_shape_is_known_from_its_second_text_on, make_shapes,
                                        drop_shapes),
        cmocka_unit_test_setup_teardown(other_scalars_are_of_the_same_shape, make_shapes,
                                        drop_shapes),
        cmocka_unit_test_setup_teardown(what_is_wrong_with_a_text_of_a_known_shape_is_found,
                                        make_shapes, drop_shapes),
        cmocka_unit_test_setup_teardown(what_has_no_shape_is_read_all_the_same, make_shapes,
                                        drop_shapes),
        cmocka_unit_test_setup_teardown(a_large_text_is_read_all_the_same, make_shapes,
                                        drop_shapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
