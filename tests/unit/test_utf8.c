#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"

/* `valid`: the bytes before the first that is no part of a character. */
static const struct {
    const char *text;
    size_t valid;
} texts[] = {
    {"", 0},
    {"tea", 3},
    {"a text of more than eight bytes", 31},
    {"Ștefănescu Äijälä Анна", 31},
    {"\xe2\x82\xac and \xf0\x9f\x8d\xb5", 12},
    {"\xf4\x8f\xbf\xbf", 4},
    {"\xed\x9f\xbf\xee\x80\x80", 6},
    {"\x80", 0},
    {"abcdefgh\xff", 8},
    {"abcdefghij\xc3", 10},
    {"\xc0\xaf", 0},
    {"\xc1\xbf", 0},
    {"\xe0\x9f\xbf", 0},
    {"\xf0\x8f\xbf\xbf", 0},
    {"\xed\xa0\x80", 0},
    {"\xed\xbf\xbf", 0},
    {"\xf4\x90\x80\x80", 0},
    {"\xf5\x80\x80\x80", 0},
    {"x\xe2\x82", 1},
    {"x\xe2\x82y", 1},
    {"x\xf0\x9f\x8d", 1},
};

static void invalid_bytes_are_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        size_t length = strlen(texts[i].text);
        assert_int_equal(utf8_invalid(texts[i].text, length), texts[i].valid);
        assert_int_equal(utf8_valid(texts[i].text, length), texts[i].valid == length);
    }
    assert_int_equal(utf8_invalid("a\0b", 3), 3);
}

static void every_code_point_survives_the_way_there_and_back(void **state)
{
    (void)state;
    for (uint32_t point = 0; point <= 0x110010; point++) {
        char bytes[4];
        size_t width = utf8_encode(point, bytes), again;
        bool surrogate = point >= 0xd800 && point <= 0xdfff;
        if (surrogate || point > 0x10ffff) {
            assert_int_equal(width, 0);
            continue;
        }
        if (utf8_decode(bytes, width, &again) != point || again != width)
            fail_msg("U+%04X", point);
        assert_true(utf8_valid(bytes, width));
        if (width > 1) { /* cut short, it is none */
            assert_int_equal(utf8_decode(bytes, width - 1, &again), 0xfffd);
            assert_int_equal(again, 1);
        }
    }
}

static void characters_are_counted(void **state)
{
    (void)state;
    assert_int_equal(utf8_count("", 0), 0);
    assert_int_equal(utf8_count("Äijälä", 9), 6);
    assert_int_equal(utf8_count("\xf0\x9f\x8d\xb5!", 5), 2);
    assert_int_equal(utf8_count("a\xff\xfe\xe2\x82", 5), 5);
}

static void a_cut_does_not_split_a_character(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t most, floor;
    } cuts[] = {
        {"abc", 2, 2},
        {"aäb", 1, 1},
        {"aäb", 2, 1},
        {"aäb", 3, 3},
        {"\xe2\x82\xac!", 2, 0},
        {"\xe2\x82\xac!", 3, 3},
        {"x\xf0\x9f\x8d\xb5!", 4, 1},
        {"x\xf0\x9f\x8d\xb5!", 5, 5},
        {"a\x80\x80\x80\x80", 3, 3}, /* nothing to split in what is no character */
        {"\x80\x80\x80\x80\x80", 4, 4},
        {"ä", 0, 0},
    };
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++)
        assert_int_equal(utf8_floor(cuts[i].text, cuts[i].most), cuts[i].floor);
}

static void what_is_shown_is_no_command(void **state)
{
    (void)state;
    static const struct {
        const char *text, *shown;
    } cases[] = {
        {"", ""},
        {"two\tlines\r\n", "two lines??"},
        {"\x1b[2J\x7f", "?[2J?"},
        {"\xc2\x9b"
         "2J\xc2\xa0",
         "?2J\xc2\xa0"}, /* CSI as one character; a space that is none */
        {"ä\xff\xfe", "ä??"},
        {"\xef\xbf\xbd", "\xef\xbf\xbd"}, /* U+FFFD itself */
        {"\xe2\x82", "??"},
        {"a\u202eb\u2066\u2028", "a?b??"},
        {"\U000e0041\ufeff\u061c", "???"},
        {"a\u200db", "a\u200db"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[16];
        size_t length = utf8_show(cases[i].text, strlen(cases[i].text), out, sizeof out);
        assert_int_equal(length, strlen(cases[i].shown));
        assert_memory_equal(out, cases[i].shown, length);
    }
    char out[4];
    assert_int_equal(utf8_show("abä", 4, out, 3), 2); /* no half of a character */
    assert_int_equal(utf8_show("abä", 4, out, 4), 4);
    assert_int_equal(utf8_show("a", 1, out, 0), 0);
    assert_int_equal(utf8_show("a\0b", 3, out, 4), 3);
    assert_memory_equal(out, "a?b", 3);
}

static void lines_become_one(void **state)
{
    (void)state;
    static const struct {
        const char *text, *line;
    } cases[] = {
        {"", ""},
        {" \t\r\n", ""},
        {" Ana\t \r\n Pop ", "Ana Pop"},
        {"A\u00a0B\u3000C\u2028D\x1b[2J", "A B C D [2J"},
        {"\x07\xff\xc2\x85ä\xef\xbf\xbd", "? ä\xef\xbf\xbd"},
        {"No \u202euser", "No ?user"},
        {"a\u200db", "a\u200db"}, /* joins what stands beside it: no space */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[16];
        size_t length = utf8_one_line(cases[i].text, strlen(cases[i].text), out, sizeof out);
        assert_int_equal(length, strlen(cases[i].line));
        assert_memory_equal(out, cases[i].line, length);
    }
    char out[8];
    assert_int_equal(utf8_one_line("abä", 4, out, 3), 2);
    assert_int_equal(utf8_one_line("ab cd", 5, out, 3), 2); /* nor a space at the cut */
    assert_int_equal(utf8_one_line("a", 1, out, 0), 0);
    assert_int_equal(utf8_one_line("a\0b", 3, out, 4), 3);
    assert_memory_equal(out, "a b", 3);
}

static void ends_are_trimmed(void **state)
{
    (void)state;
    static const struct {
        const char *text, *bare;
    } cases[] = {
        {"", ""},
        {" ", ""},
        {"\u3000\u00a0", ""},
        {"a b", "a b"},
        {"\t a\u00a0b \r\n\u00a0", "a\u00a0b"},
        {"à ", "à"}, /* ends with the byte that a no-break space ends with */
        {"a\x07", "a\x07"},
        {" \xff ", "\xff"},
        {"x\xc2 ", "x\xc2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_true(slice_is(utf8_trim(slice_of(cases[i].text)), cases[i].bare));
}

static void controls_are_found(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool has;
    } cases[] = {
        {"", false},        {"Äijälä ~", false}, {"a\tb", true},      {"a\x7f", true},
        {"\xc2\x85", true}, {"\xc2\xa0", false}, {"\x85\xff", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(utf8_has_control(cases[i].text, strlen(cases[i].text)), cases[i].has);
    assert_true(utf8_has_control("a\0b", 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(invalid_bytes_are_found),
        cmocka_unit_test(every_code_point_survives_the_way_there_and_back),
        cmocka_unit_test(characters_are_counted),
        cmocka_unit_test(lines_become_one),
        cmocka_unit_test(ends_are_trimmed),
        cmocka_unit_test(controls_are_found),
        cmocka_unit_test(a_cut_does_not_split_a_character),
        cmocka_unit_test(what_is_shown_is_no_command),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
