#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/slice.h"

static void test_pieces(void **state)
{
    (void)state;
    const char *text = "user:password";
    struct slice all = slice_of(text), user = slice_between(text, text + 4);
    assert_ptr_equal(all.text, text);
    assert_int_equal(all.length, 13);
    assert_ptr_equal(user.text, text);
    assert_int_equal(user.length, 4);
    assert_int_equal(slice_between(text, text).length, 0);
}

static void test_is(void **state)
{
    (void)state;
    const char text[] = "db\0db";
    static const struct {
        size_t from, to;
        const char *word;
        bool is;
    } cases[] = {
        {0, 2, "db", true}, {0, 2, "d", false},  {0, 2, "dbs", false}, {0, 2, "dx", false},
        {0, 0, "", true},   {0, 2, "", false},   {0, 1, "d", true},    {0, 3, "db", false},
        {3, 5, "db", true}, {0, 5, "db", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct slice slice = slice_between(text + cases[i].from, text + cases[i].to);
        assert_int_equal(slice_is(slice, cases[i].word), cases[i].is);
    }
}

static void test_trim(void **state)
{
    (void)state;
    static const struct {
        const char *text, *blanks, *bare;
    } cases[] = {
        {" a b ", " ", "a b"}, {"\t\n", " \t\n", ""}, {"", " ", ""},
        {"ab", " ", "ab"},     {" a\t", " ", "a\t"},  {"//x/", "/", "x"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct slice bare = slice_trim(slice_of(cases[i].text), cases[i].blanks);
        assert_true(slice_is(bare, cases[i].bare));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_is),
        cmocka_unit_test(test_trim),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
