#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

static void appends_are_terminated(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 1000);
    assert_string_equal(buf_string(&buf), "");
    assert_true(buf_add(&buf, "", 0));
    assert_true(buf_add(&buf, "cart", 4));
    assert_true(buf_char(&buf, '-'));
    assert_true(buf_text(&buf, "left"));
    assert_true(buf_printf(&buf, "/%d%s", 42, "x"));
    assert_string_equal(buf_string(&buf), "cart-left/42x");
    assert_int_equal(buf.length, 13);
    buf_free(&buf);
    assert_null(buf.data);
}

static void grows_to_its_limit_and_not_past_it(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 1000);
    for (int i = 0; i < 1000; i++)
        assert_true(buf_char(&buf, 'x'));
    assert_int_equal(buf.length, 1000);
    assert_false(buf_char(&buf, 'y'));
    assert_true(buf.full);
    assert_int_equal(buf.length, 1000);
    assert_int_equal(strlen(buf.data), 1000);
    assert_false(buf_add(&buf, "", 0));
    buf_free(&buf);
}

static void one_refusal_lasts_until_it_is_cleared(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 8);
    assert_true(buf_text(&buf, "12345"));
    assert_false(buf_text(&buf, "6789"));
    assert_string_equal(buf_string(&buf), "12345");
    assert_false(buf_char(&buf, '6'));
    assert_false(buf_printf(&buf, "%d", 6));
    buf_clear(&buf);
    assert_string_equal(buf_string(&buf), "");
    assert_true(buf_text(&buf, "12345678"));
    assert_false(buf_reserve(&buf, SIZE_MAX));
    buf_free(&buf);
}

static void a_print_of_any_length_fits_or_is_refused(void **state)
{
    (void)state;
    struct buf buf;
    for (int width = 0; width < 600; width++) {
        buf_init(&buf, 300);
        bool fits = buf_printf(&buf, "%*s", width, "");
        assert_int_equal(fits, width <= 300);
        assert_int_equal(buf.length, fits ? width : 0);
        assert_int_equal(strlen(buf_string(&buf)), buf.length);
        buf_free(&buf);
    }
}

static void a_print_that_is_refused_changes_nothing(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 1000);
    buf_text(&buf, "tea"); /* there is room in memory behind it, which is not to be used */
    buf.limit = 5;
    assert_false(buf_printf(&buf, "%d", 123));
    assert_true(buf.full);
    assert_string_equal(buf_string(&buf), "tea");
    buf_free(&buf);
}

static void a_buffer_without_a_limit_grows(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, SIZE_MAX);
    for (int i = 0; i < 10000; i++)
        assert_true(buf_text(&buf, "tea "));
    assert_int_equal(buf.length, 40000);
    buf_free(&buf);
}

static void a_cut_only_shortens(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 100);
    buf_cut(&buf, 0);
    buf_text(&buf, "a,b,");
    buf_cut(&buf, 3);
    assert_string_equal(buf_string(&buf), "a,b");
    buf_cut(&buf, 50);
    assert_int_equal(buf.length, 3);
    buf_free(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends_are_terminated),
        cmocka_unit_test(grows_to_its_limit_and_not_past_it),
        cmocka_unit_test(one_refusal_lasts_until_it_is_cleared),
        cmocka_unit_test(a_print_of_any_length_fits_or_is_refused),
        cmocka_unit_test(a_print_that_is_refused_changes_nothing),
        cmocka_unit_test(a_buffer_without_a_limit_grows),
        cmocka_unit_test(a_cut_only_shortens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
