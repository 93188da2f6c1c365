/* Forms as browsers and mail programs post them, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "web/form.h"

#define ENCODED "application/x-www-form-urlencoded"
#define PARTS   "multipart/form-data; boundary=b"
#define PART(name, value) \
    "--b\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n" value "\r\n"

static bool read_form(struct arena *arena, const char *type, const char *body, struct form *form)
{
    return form_read(arena, type, slice_of(body), form);
}

static void encoded(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    struct form form;
    assert_true(read_form(arena, ENCODED, "List-Unsubscribe=One-Click", &form));
    assert_int_equal(form.count, 1);
    assert_true(form_has(&form, "List-Unsubscribe", "One-Click"));
    assert_true(read_form(arena, NULL, "List-Unsubscribe=One-Click", &form));
    assert_true(form_has(&form, "List-Unsubscribe", "One-Click"));
    assert_true(read_form(arena, ENCODED "; charset=UTF-8", "a=1&&b=x+y%21%C3%A4&a=2&c&d=", &form));
    assert_int_equal(form.count, 5);
    assert_string_equal(form_get(&form, "a"), "1");
    assert_true(form_has(&form, "a", "2"));
    assert_string_equal(form_get(&form, "b"), "x y!ä");
    assert_string_equal(form_get(&form, "c"), "");
    assert_string_equal(form_get(&form, "d"), "");
    assert_null(form_get(&form, "e"));
    assert_true(read_form(arena, "anything", "", &form));
    assert_int_equal(form.count, 0);
    arena_destroy(&arena);
}

static void parts(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    struct form form;
    assert_true(read_form(arena, PARTS, PART("List-Unsubscribe", "One-Click") "--b--\r\n", &form));
    assert_int_equal(form.count, 1);
    assert_true(form_has(&form, "List-Unsubscribe", "One-Click"));
    assert_true(read_form(arena, "Multipart/Form-Data; charset=utf-8; Boundary=\"b\"",
                          PART("on", "a\r\nb") PART("on", "") "--b--", &form));
    assert_int_equal(form.count, 2);
    assert_string_equal(form_get(&form, "on"), "a\r\nb");
    assert_true(read_form(arena, PARTS, "--b--", &form));
    assert_int_equal(form.count, 0);
    arena_destroy(&arena);
}

static void none(void **state)
{
    static const struct {
        const char *type, *body;
    } cases[] = {
        {ENCODED, "a=%"},
        {ENCODED, "a=%4"},
        {ENCODED, "a=%g1"},
        {ENCODED, "a=%00"},
        {"application/x-www-form-urlencodedX", "a=1"},
        {"text/plain", "List-Unsubscribe=One-Click"},
        {"multipart/form-data", PART("a", "1") "--b--"},
        {"multipart/form-data; boundary=", PART("a", "1") "--b--"},
        {"multipart/form-data; boundary=\"b", PART("a", "1") "--b--"},
        {PARTS, PART("a", "1")},
        {PARTS, PART("a", "1") "--b"},
        {PARTS, "--b\r\n\r\nx\r\n--b--"},
        {PARTS, "--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--"},
        {PARTS, "--bx\r\n\r\nx\r\n--b--"},
        {PARTS, "--b"},
        {PARTS, "--b\r\n--b--"},
        {PARTS, "preamble"},
    };
    (void)state;
    struct arena *arena = arena_new(4096);
    struct form form;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (read_form(arena, cases[i].type, cases[i].body, &form))
            fail_msg("case %zu was read", i);
    }
    assert_false(form_read(arena, ENCODED, (struct slice){"a=\0b", 4}, &form));
    arena_destroy(&arena);
}

static void bounded(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    struct form form;
    struct buf body;
    buf_init(&body, 2 * FORM_BODY_MOST);
    for (int i = 0; i < FORM_FIELDS_MOST; i++)
        buf_text(&body, "a=1&");
    assert_true(form_read(arena, ENCODED, (struct slice){body.data, body.length}, &form));
    buf_text(&body, "a=1&");
    assert_false(form_read(arena, ENCODED, (struct slice){body.data, body.length}, &form));
    buf_clear(&body);
    while (body.length <= FORM_BODY_MOST)
        buf_char(&body, 'a');
    assert_false(form_read(arena, ENCODED, (struct slice){body.data, body.length}, &form));
    buf_free(&body);
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encoded),
        cmocka_unit_test(parts),
        cmocka_unit_test(none),
        cmocka_unit_test(bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
