/* One text for trees that say the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/canonical.h"
#include "base/yaml.h"

static const char *print(struct arena *arena, const char *text)
{
    const struct yaml_options options = {.file = "test", .bytes = 4096};
    struct value documents;
    struct diag diag = {0};
    struct buf out;
    buf_init(&out, 4096);
    assert_true(yaml_read(arena, text, strlen(text), &options, &documents, &diag));
    assert_true(canonical_print(&out, &documents.list->items[0]));
    const char *printed = arena_text(arena, buf_string(&out));
    buf_free(&out);
    return printed;
}

static void test_same(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    const char *one = print(arena, "b: [1, {z: x, a: true}]\na: {aa: 2, a: 1}\nab: ~ # more\n");
    assert_string_equal(one, "{\"a\":{\"a\":1,\"aa\":2},\"ab\":null,\"b\":[1,{\"a\":true,\"z\":"
                             "\"x\"}]}");
    assert_string_equal(print(arena, "{ab: null, a: {a: 1, aa: 2}, b: [1, {a: true, z: 'x'}]}"),
                        one);
    assert_string_not_equal(print(arena, "{ab: null, a: {a: 1, aa: 2}, b: [{a: true, z: x}, 1]}"),
                            one);
    assert_string_equal(print(arena, "{}"), "{}");
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_same)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
