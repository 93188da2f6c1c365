/* Regular expressions: RE2's syntax and meaning, on ICU. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "cel/cel_pattern.h"
#include "cel/cel_regex.h"

struct search {
    const char *pattern, *text;
    enum cel_regex_result result;
};

/* Classes of characters. */
static const struct search classes[] = {
    {"[[:alpha:]]", "é", CEL_REGEX_NONE},
    {"[[:^alpha:]]", "a", CEL_REGEX_NONE},
    {"[[:^alpha:]]", "é", CEL_REGEX_FOUND},
    {"[[:word:]]", "_", CEL_REGEX_FOUND},
    {"[[:word:]]", "é", CEL_REGEX_NONE},
    {"^[[:alpha:][:digit:]-]+$", "a5-", CEL_REGEX_FOUND},
    {"[[:nope:]]", "a", CEL_REGEX_INVALID},
    {"[[:space:]]", "\v", CEL_REGEX_FOUND},
    {"[[:xdigit:]]", "g", CEL_REGEX_NONE},
    {"[[:punct:]]", "$", CEL_REGEX_FOUND},
    {"[[:ascii:]]", "é", CEL_REGEX_NONE},
    {"[[:cntrl:]]", "\177", CEL_REGEX_FOUND},
    {"[[:blank:]]", "\n", CEL_REGEX_NONE},
    {"[[:graph:]]", " ", CEL_REGEX_NONE},
    {"[[:print:]]", " ", CEL_REGEX_FOUND},
    {"\\p{Greek}", "α", CEL_REGEX_FOUND},
    {"\\pLu", "Au", CEL_REGEX_FOUND},
    {"[\\p{Lu}\\d]", "5", CEL_REGEX_FOUND},
    {"[^\\p{Lu}]", "A", CEL_REGEX_NONE},
    {"\\p{Nope}", "a", CEL_REGEX_INVALID},
    {"\\p{Old_Italic}", "𐌀", CEL_REGEX_FOUND},
    {"\\p{}", "a", CEL_REGEX_INVALID},
    {"\\p{", "a", CEL_REGEX_INVALID},
    {"\\p", "a", CEL_REGEX_INVALID},
    {"[a-]", "-", CEL_REGEX_FOUND},
    {"[-a]", "-", CEL_REGEX_FOUND},
    {"[a-c-e]", "-", CEL_REGEX_FOUND},
    {"[+--]", ",", CEL_REGEX_FOUND},
    {"[b-a]", "a", CEL_REGEX_INVALID},
    {"[a-\\d]", "a", CEL_REGEX_INVALID},
    {"[\\d-z]", "-", CEL_REGEX_FOUND},
    {"[]a]", "a", CEL_REGEX_FOUND},
    {"[^]a]", "]", CEL_REGEX_NONE},
    {"[]", "a", CEL_REGEX_INVALID},
    {"[", "a", CEL_REGEX_INVALID},
    {"[a", "a", CEL_REGEX_INVALID},
    {"[&&]", "&", CEL_REGEX_FOUND},
    {"[a&&b]", "a", CEL_REGEX_FOUND},
    {"[a[b]", "[", CEL_REGEX_FOUND},
    {"[{]", "{", CEL_REGEX_FOUND},
    {"[$]", "$", CEL_REGEX_FOUND},
    {"[\\b]", "a", CEL_REGEX_INVALID},
    {"[^a]", "\n", CEL_REGEX_FOUND},
    {"[^\\n]", "\n", CEL_REGEX_NONE},
    {"[\\x41-\\x43]", "B", CEL_REGEX_FOUND},
    {"[\\101]", "A", CEL_REGEX_FOUND},
    {"[\\]\\-\\\\]", "\\", CEL_REGEX_FOUND},
    {"[ #]", "#", CEL_REGEX_FOUND},
    {"[à-ü]", "é", CEL_REGEX_FOUND},
    {"[\\Q]", "Q", CEL_REGEX_INVALID},
    {"[a^]", "^", CEL_REGEX_FOUND},
    {"['\\\"]", "'", CEL_REGEX_FOUND},
    {"[:alpha:]", "l", CEL_REGEX_FOUND},
    {"[:alpha:]", "z", CEL_REGEX_NONE},
    {"[[:alpha:]-z]", "-", CEL_REGEX_FOUND},
    {"[\\W]", "é", CEL_REGEX_FOUND},
    {"[^\\W]", "é", CEL_REGEX_NONE},
    {"^[^@\\s]+@[^@\\s]+\\.[a-z]{2,}$", "a.b@c.fi", CEL_REGEX_FOUND},
};

/* Repeats, and braces that are none. */
static const struct search repeats[] = {
    {"a{1001}", "a", CEL_REGEX_INVALID}, {"a{2,1}", "aa", CEL_REGEX_INVALID},
    {"a{,2}", "a{,2}", CEL_REGEX_FOUND}, {"{name}", "{name}", CEL_REGEX_FOUND},
    {"a{", "a{", CEL_REGEX_FOUND},       {"^a{01}$", "a{01}", CEL_REGEX_FOUND},
    {"x{2}{3}", "x", CEL_REGEX_INVALID}, {"a**", "a", CEL_REGEX_INVALID},
    {"a*?", "a", CEL_REGEX_FOUND},       {"a?\?", "a", CEL_REGEX_FOUND},
    {"a+?", "a", CEL_REGEX_FOUND},       {"a{1,2}?", "a", CEL_REGEX_FOUND},
    {"a++", "a", CEL_REGEX_INVALID},     {"a*+", "a", CEL_REGEX_INVALID},
    {"a?\??", "a", CEL_REGEX_INVALID},   {"*a", "a", CEL_REGEX_INVALID},
    {"a|*", "a", CEL_REGEX_INVALID},     {"x*", "", CEL_REGEX_FOUND},
    {"😀{2}", "😀😀", CEL_REGEX_FOUND},
};

/* Escapes, quotes, and characters that are themselves. */
static const struct search escapes[] = {
    {"\\s", "\v", CEL_REGEX_NONE},
    {"]", "x]", CEL_REGEX_FOUND},
    {"\\vx", "\vx", CEL_REGEX_FOUND},
    {"\\v", "\n", CEL_REGEX_NONE},
    {"\\012", "\n", CEL_REGEX_FOUND},
    {"\\123", "S", CEL_REGEX_FOUND},
    {"\\0123", "\n3", CEL_REGEX_FOUND},
    {"\\8", "8", CEL_REGEX_INVALID},
    {"\\1", "1", CEL_REGEX_INVALID},
    {"\\x41", "A", CEL_REGEX_FOUND},
    {"\\x{41}", "A", CEL_REGEX_FOUND},
    {"\\x4", "A", CEL_REGEX_INVALID},
    {"\\x{110000}", "A", CEL_REGEX_INVALID},
    {"\\e", "\033", CEL_REGEX_INVALID},
    {"\\h", "a", CEL_REGEX_INVALID},
    {"\\Z", "a", CEL_REGEX_INVALID},
    {"\\_", "_", CEL_REGEX_FOUND},
    {"\\é", "é", CEL_REGEX_INVALID},
    {"\\-\\/\\#\\<", "-/#<", CEL_REGEX_FOUND},
    {"\\", "a", CEL_REGEX_INVALID},
    {"\\U0041", "A", CEL_REGEX_INVALID},
    {"\\u0041", "A", CEL_REGEX_INVALID},
    {"\\C", "a", CEL_REGEX_INVALID},
    {"\\a\\f\\t\\r", "\a\f\t\r", CEL_REGEX_FOUND},
    {"a)", "a", CEL_REGEX_INVALID},
    {"a||b", "b", CEL_REGEX_FOUND},
    {"|", "", CEL_REGEX_FOUND},
    {".", "\u2028", CEL_REGEX_FOUND},
    {".", "\xc2\x85", CEL_REGEX_FOUND},
    {"a.b", "a\nb", CEL_REGEX_NONE},
    {"\\Qa.b", "a.b", CEL_REGEX_FOUND},
    {"\\Q\\E", "x", CEL_REGEX_FOUND},
    {"\\Q+\\E", "+", CEL_REGEX_FOUND},
    {"\\Qa\\\\E", "a\\", CEL_REGEX_FOUND},
    {"a\\E", "a", CEL_REGEX_INVALID},
    {"#a b", "#a b", CEL_REGEX_FOUND},
    {"\"", "\"", CEL_REGEX_FOUND},
};

/* Groups, flags, alternatives. */
static const struct search groups[] = {
    {"(*a)", "a", CEL_REGEX_INVALID},
    {"(?i)*", "a", CEL_REGEX_INVALID},
    {"(?P<first_name>a)", "a", CEL_REGEX_FOUND},
    {"(?<first_name>a)", "a", CEL_REGEX_FOUND},
    {"(?P<>a)", "a", CEL_REGEX_INVALID},
    {"(?P<a-b>a)", "a", CEL_REGEX_INVALID},
    {"(?P=a)", "a", CEL_REGEX_INVALID},
    {"(?U)a+", "aa", CEL_REGEX_FOUND},
    {"(?x)a b", "ab", CEL_REGEX_INVALID},
    {"(?w)a", "a", CEL_REGEX_INVALID},
    {"(?ix)a", "a", CEL_REGEX_INVALID},
    {"(?i-)a", "a", CEL_REGEX_INVALID},
    {"(?i:A)b", "ab", CEL_REGEX_FOUND},
    {"(?i:A)b", "aB", CEL_REGEX_NONE},
    {"(?i)a(?-i)B", "AB", CEL_REGEX_FOUND},
    {"(?i)a(?-i)B", "Ab", CEL_REGEX_NONE},
    {"(?#x)a", "a", CEL_REGEX_INVALID},
    {"(?|a)", "a", CEL_REGEX_INVALID},
    {"(?>a)", "a", CEL_REGEX_INVALID},
    {"(?<=a)b", "ab", CEL_REGEX_INVALID},
    {"(?", "a", CEL_REGEX_INVALID},
    {"(?i", "a", CEL_REGEX_INVALID},
    {"(a", "a", CEL_REGEX_INVALID},
    {"()", "a", CEL_REGEX_FOUND},
    {"(|a)b", "b", CEL_REGEX_FOUND},
    {"(?s)a.b", "a\nb", CEL_REGEX_FOUND},
    {"(?s:a.)b.c", "a\nb\nc", CEL_REGEX_NONE},
    {"(?i)straße", "STRASSE", CEL_REGEX_NONE},
    {"(?:a|b){2}", "ab", CEL_REGEX_FOUND},
    {"(?i)k", "\u212a", CEL_REGEX_FOUND},
};

/* Places: the ends of the text, of lines, of words. */
static const struct search places[] = {
    {"^{.*}$", "{x}", CEL_REGEX_FOUND},
    {"a}+$", "a}}", CEL_REGEX_FOUND},
    {"^*a", "ba", CEL_REGEX_FOUND},
    {"\\p{^Greek}", "a", CEL_REGEX_FOUND},
    {"\\p{^Greek}", "α", CEL_REGEX_NONE},
    {"\\P{^Greek}", "α", CEL_REGEX_FOUND},
    {"(?ims)^A.B$", "x\na\nb", CEL_REGEX_FOUND},
    {"(?m:^a$)", "b\na\nc", CEL_REGEX_FOUND},
    {"(?m:^b)a$", "b\na\nc", CEL_REGEX_NONE},
    {"(?m:^a)|c$", "c\n", CEL_REGEX_NONE},
    {"(?m)^$", "a\n", CEL_REGEX_FOUND},
    {"(?m)a$", "a\r\n", CEL_REGEX_NONE},
    {"(?m)^b", "a\nb", CEL_REGEX_FOUND},
    {"(?m)^b", "a\rb", CEL_REGEX_NONE},
    {"(?m)a$", "a\u2028b", CEL_REGEX_NONE},
    {"^$", "\n", CEL_REGEX_NONE},
    {"\\bé", "é", CEL_REGEX_NONE},
    {"a\\bé", "aé", CEL_REGEX_FOUND},
    {"\\bfoo\\b", "a foo b", CEL_REGEX_FOUND},
    {"\\bfoo\\b", "afoo", CEL_REGEX_NONE},
    {"\\Bo", "foo", CEL_REGEX_FOUND},
    {"\\B", "a", CEL_REGEX_NONE},
    {"\\B", "", CEL_REGEX_FOUND},
    {"\\b", "", CEL_REGEX_NONE},
    {"\\Qa.b\\E+$", "a.bbb", CEL_REGEX_FOUND},
    {"\\Aa\\z", "a", CEL_REGEX_FOUND},
    {"a\\z", "a\n", CEL_REGEX_NONE},
    {"$a", "a", CEL_REGEX_NONE},
    {"(a$)|b", "ab", CEL_REGEX_FOUND},
    {"\\d+\\.\\d{2}$", "3.14", CEL_REGEX_FOUND},
    {"(^a|b$)+", "a", CEL_REGEX_FOUND},
    {"^.$", "😀", CEL_REGEX_FOUND},
    {"(\\b)*a", "a", CEL_REGEX_FOUND},
    {"\\b*a", "a", CEL_REGEX_FOUND},
    {"$*a", "a", CEL_REGEX_FOUND},
};

static enum cel_regex_result search(const char *pattern, const char *text)
{
    const struct value left = value_string(pattern, (uint32_t)strlen(pattern)),
                       right = value_string(text, (uint32_t)strlen(text));
    return cel_regex_search(&left, &right);
}

static void check_all(const struct search *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        enum cel_regex_result result = search(rows[i].pattern, rows[i].text);
        if (result != rows[i].result)
            fail_msg("%s in \"%s\": %d", rows[i].pattern, rows[i].text, (int)result);
    }
}

#define CHECK_ALL(rows) check_all(rows, sizeof rows / sizeof *rows)

static void test_classes(void **state)
{
    (void)state;
    CHECK_ALL(classes);
}

static void test_repeats(void **state)
{
    (void)state;
    CHECK_ALL(repeats);
}

static void test_escapes(void **state)
{
    (void)state;
    CHECK_ALL(escapes);
}

static void test_groups(void **state)
{
    (void)state;
    CHECK_ALL(groups);
}

static void test_places(void **state)
{
    (void)state;
    CHECK_ALL(places);
}

/* Bytes that C's strings cannot hold. */
static void test_zero(void **state)
{
    (void)state;
    const struct value text = value_string("a\0b", 3), plain = value_string("^a\0b$", 5);
    const struct value escaped = value_string("^a\\0b$", 6), set = value_string("a[\0]b", 5);
    assert_int_equal(cel_regex_search(&plain, &text), CEL_REGEX_FOUND);
    assert_int_equal(cel_regex_search(&escaped, &text), CEL_REGEX_FOUND);
    assert_int_equal(cel_regex_search(&set, &text), CEL_REGEX_FOUND);
}

/* What the header promises of the longest patterns: each is refused or translated whole. */
static void test_bounds(void **state)
{
    (void)state;
    static const char *const pieces[] = {"\\b",         "(",    "(?m:", "^",
                                         "[[:cntrl:]]", "\\pL", "\x01", "a"};
    char pattern[CEL_REGEX_PATTERN_MOST + 1];
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        size_t width = strlen(pieces[i]), length = 0;
        for (; length + width <= CEL_REGEX_PATTERN_MOST; length += width)
            memcpy(pattern + length, pieces[i], width);
        struct buf out;
        buf_init(&out, 64 * CEL_REGEX_PATTERN_MOST);
        bool fine = cel_pattern_translate(pattern, length, &out);
        assert_false(out.full);
        assert_int_equal(fine, pieces[i][0] != '(');
        buf_free(&out);
        pattern[length] = '\0';
        assert_int_equal(search(pattern, "") == CEL_REGEX_INVALID, !fine);
    }
}

static void test_nesting(void **state)
{
    (void)state;
    for (size_t depth = 99; depth <= 100; depth++) {
        char pattern[256] = {0};
        memset(pattern, '(', depth);
        memset(pattern + depth, ')', depth);
        assert_int_equal(search(pattern, "x"), depth < 100 ? CEL_REGEX_FOUND : CEL_REGEX_INVALID);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classes), cmocka_unit_test(test_repeats),
        cmocka_unit_test(test_escapes), cmocka_unit_test(test_groups),
        cmocka_unit_test(test_places),  cmocka_unit_test(test_zero),
        cmocka_unit_test(test_bounds),  cmocka_unit_test(test_nesting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
