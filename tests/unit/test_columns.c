/* Tables of a terminal: widths, cuts, numbers at the right, and colour only where it is wanted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "ctl/cells.h"
#include "ctl/colour.h"
#include "ctl/columns.h"

static const struct columns_head heads[] = {
    {"NAME", COLUMNS_TEXT}, {"SENT", COLUMNS_NUMBER}, {"WHY", COLUMNS_CUT}, {0}};

static void add(struct columns *columns, const char *name, int64_t sent, const char *why)
{
    columns_text(columns, name);
    columns_number(columns, sent);
    columns_text(columns, why);
}

static void expect(struct columns *columns, size_t width, const char *text)
{
    struct buf out;
    buf_init(&out, 1 << 16);
    columns_write(columns, width, &out);
    assert_string_equal(buf_string(&out), text);
    buf_free(&out);
}

static void cells_are_what_is_shown(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t cells;
    } cases[] = {
        {"", 0},     {"abc", 3},
        {"ă", 1},    {"a\xcc\x86", 1}, /* combining */
        {"日本", 4}, {"\xf0\x9f\x8e\x81", 2},
        {"\xff", 1}, {"…", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(cells_width(cases[i].text), cases[i].cells);
    assert_int_equal(cells_fit("日本", 3), 3);
    assert_int_equal(cells_fit("a\xcc\x86z", 1), 3);
    assert_int_equal(cells_fit("abc", 9), 3);
}

static void columns_are_aligned(void **state)
{
    (void)state;
    struct columns *columns = columns_new(heads);
    expect(columns, 0, "");
    add(columns, "relay", 5, NULL);
    add(columns, "日本", 12345, "it is slow");
    assert_int_equal(columns_rows(columns), 2);
    expect(columns, 0,
           "NAME    SENT  WHY\n"
           "relay      5\n"
           "日本   12345  it is slow\n");
    columns_destroy(&columns);
}

static void the_widest_is_cut(void **state)
{
    (void)state;
    struct columns *columns = columns_new(heads);
    add(columns, "relay", 5, "a text that is longer than it");
    expect(columns, 25,
           "NAME   SENT  WHY\n"
           "relay     5  a text that…\n");
    /* Never so far that nothing could be told from another. */
    expect(columns, 5,
           "NAME   SENT  WHY\n"
           "relay     5  a text …\n");
    columns_destroy(&columns);
}

static void what_is_unshown_is_not_shown(void **state)
{
    (void)state;
    struct columns *columns = columns_new(heads);
    add(columns, "re\x1b[2Jlay", 5, "b\nc");
    expect(columns, 0,
           "NAME       SENT  WHY\n"
           "re?[2Jlay     5  b?c\n");
    columns_destroy(&columns);
}

static void colour_goes_by_option_and_environment(void **state)
{
    (void)state;
    struct columns *columns = columns_new(heads);
    columns_coloured(columns, COLOUR_BAD, "relay");
    columns_number(columns, 1);
    columns_text(columns, "");
    expect(columns, 0, "NAME   SENT  WHY\nrelay     1\n"); /* no terminal */
    assert_false(colour_choose("sometimes"));
    assert_true(colour_choose("always"));
    expect(columns, 0,
           "\x1b[1mNAME\x1b[0m   \x1b[1mSENT\x1b[0m  \x1b[1mWHY\x1b[0m\n"
           "\x1b[1;31mrelay\x1b[0m     1\n");
    assert_true(colour_choose("never"));
    assert_string_equal(colour_begin(COLOUR_BAD), "");
    assert_true(colour_choose("auto"));
    columns_destroy(&columns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_are_what_is_shown),
        cmocka_unit_test(columns_are_aligned),
        cmocka_unit_test(the_widest_is_cut),
        cmocka_unit_test(what_is_unshown_is_not_shown),
        cmocka_unit_test(colour_goes_by_option_and_environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
