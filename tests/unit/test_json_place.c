#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/json_place.h"

static void test_places(void **state)
{
    (void)state;
    static const struct {
        const char *text, *path;
        size_t offset;
        bool found;
    } cases[] = {
        {"{\"a\":1,\"b\": 2}", "b", 12, true},
        {" {\"a\":{\"b\":[1,{\"c\":3}]},\"c\":4}", "c", 28, true},
        {"{\"a\":{\"b\":[1,{\"c\":3}]},\"c\":4}", "a.b", 10, true},
        {"{\"x\":\"\\\"b\\\":1\",\"b\":true}", "b", 19, true},
        {"{\"a\":{\"b\":1}}", "a.c", 5, false},
        {"{\"a\":{\"b\":1}}", "z", 0, false},
        {"{\"a\":7}", "a.b", 5, false},
        {"  [1]", "", 2, true},
        {"{}", "a", 0, false},
        {"{\"a\":\"}\",\"b\":[\"]\"],\"c\":null}", "c", 23, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t offset;
        assert_int_equal(json_place(cases[i].text, strlen(cases[i].text), cases[i].path, &offset),
                         cases[i].found);
        assert_int_equal(offset, cases[i].offset);
    }
}

static void test_fault(void **state)
{
    (void)state;
    static const char text[] = "{\"a\":1,\n \"b\": true}";
    struct diag diag;
    diag_error(&diag, "no");
    json_place_fault(&diag, text, strlen(text), "b");
    assert_int_equal(diag.line, 2);
    assert_int_equal(diag.column, 7);
    assert_string_equal(diag.excerpt, " \"b\": true}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
