/* Functions of strings, numbers and lists; and that each one is in the reference. */
#include "cel_fixture.h"

#include <stdlib.h>

#include "base/file.h"
#include "cel/cel_function.h"
#include "cel/cel_macros.h"

static const struct fixture_case strings[] = {
    {"size('na\u00efve') + size(b'na\u00efve')", "11"},
    {"'abc'.size()", "3"},
    {"'h\u00e9llo'.charAt(1) + 'abc'.charAt(3)", "\"\u00e9\""},
    {"'abc'.charAt(4)", "compile: charAt() is out of the string's range"},
    {"'h\u00e9llo'.indexOf('l')", "2"},
    {"'h\u00e9llo'.indexOf('l', 3)", "3"},
    {"'abc'.indexOf('', 3)", "3"},
    {"'abc'.indexOf('c', 3)", "-1"},
    {"'abc'.indexOf('c', 4)", "compile: indexOf() from a place out of the string's range"},
    {"'abc'.indexOf('a', -1)", "compile: indexOf() from a place out of the string's range"},
    {"'h\u00e9llo'.lastIndexOf('l')", "3"},
    {"'hello mellow'.lastIndexOf('ello', 6)", "1"},
    {"'abc'.lastIndexOf('')", "3"},
    {"'abc'.lastIndexOf('c', 3)", "2"},
    {"'abc'.lastIndexOf('a', 4)", "compile: lastIndexOf() from a place out of the string's range"},
    {"'\u00e9\u00e9'.substring(1) + 'abc'.substring(1, 2)", "\"\u00e9b\""},
    {"'abc'.substring(2, 1)", "compile: substring() is out of the string's range"},
    {"'abc'.substring(4)", "compile: substring() is out of the string's range"},
    {"' \\t\\u00a0a b\\u3000\\n'.trim()", "\"a b\""},
    {"'  '.trim()", "\"\""},
    {"'a,b,,c'.split(',')", "[\"a\", \"b\", \"\", \"c\"]"},
    {"'a,b,c'.split(',', 2)", "[\"a\", \"b,c\"]"},
    {"'a,b'.split(',', 0)", "[]"},
    {"'a,b'.split(',', -3)", "[\"a\", \"b\"]"},
    {"'a\u00e9b'.split('')", "[\"a\", \"\u00e9\", \"b\"]"},
    {"'abc'.split('', 2)", "[\"a\", \"bc\"]"},
    {"''.split(',')", "[\"\"]"},
    {"''.split('')", "[]"},
    {"['a', 'b'].join('-') + [].join('x')", "\"a-b\""},
    {"[1].join()", "compile: join() of a list that holds an integer"},
    {"'aaa'.replace('a', 'b', 2)", "\"bba\""},
    {"'ab'.replace('', '-')", "\"-a-b-\""},
    {"'abab'.replace('ab', '')", "\"\""},
    {"'a\u00e9'.reverse()", "\"\u00e9a\""},
    {"'aZ\u00c9'.lowerAscii() + 'aZ\u00e9'.upperAscii()", "\"az\u00c9AZ\u00e9\""},
    {"upper('stra\u00dfe \u03c3') + 'A\u0308\u0130'.lower()", "\"STRASSE \u03a3a\u0308i\u0307\""},
    {"strings.quote('a\"\\n\\\\')", "\"\\\"a\\\\\\\"\\\\n\\\\\\\\\\\"\""},
    {"base64.encode(b'ab') + string(base64.decode('YWI='))", "\"YWI=ab\""},
    {"base64.decode('YWI') == b'ab'", "true"},
    {"base64.decode('YWI==')", "compile: base64.decode() of a text that is no base64"},
    {"base64.decode('Y')", "compile: base64.decode() of a text that is no base64"},
    {"base64.decode('Y?==')", "compile: base64.decode() of a text that is no base64"},
    {"int('-42') + int('+7')", "-35"},
    {"int('9223372036854775808')", "compile: \"9223372036854775808\" is no int"},
    {"int(' 1')", "compile: \" 1\" is no int"},
    {"uint('18446744073709551615')", "18446744073709551615u"},
    {"double('1e3') + double('.5') + double('2.')", "1002.5"},
    {"double('-inf') < double('NaN')", "false"},
    {"double('1e999')", "compile: \"1e999\" is no double"},
    {"double('0x10')", "compile: \"0x10\" is no double"},
    {"bool('True') && !bool('f')", "true"},
    {"bool('yes')", "compile: \"yes\" is no bool"},
    {"string(1e21) + string(-0.0) + string(1.5e-7)", "\"1e+21-01.5e-7\""},
    {"bytes('\u00e9') == b'\\xc3\\xa9'", "true"},
    {"string(b'\\xff')", "compile: the bytes are no valid UTF-8"},
};

static void test_strings(void **state)
{
    (void)state;
    FIXTURE_TABLE(strings);
}

static const struct fixture_case formats[] = {
    {"'%s %s %s'.format([1.0, 1e21, 1.5e-7])", "\"1 1000000000000000000000 0.00000015\""},
    {"'%s'.format([-2.5e-10])", "\"-0.00000000025\""},
    {"'%s'.format([1.25e22])", "\"12500000000000000000000\""},
    {"'%s'.format([[1, 'a', b'x\\xff\\xfe', null, {'b': 1, 'a': [true]}]])",
     "\"[1, a, x\ufffd, null, {a: [true], b: 1}]\""},
    {"'%s %s'.format([duration('1.5s'), timestamp(0)])", "\"1.5s 1970-01-01T00:00:00Z\""},
    {"'%s'.format([type(1)])", "\"int\""},
    {"'%.2f %.0f %e'.format([2.675, 2.5, 0])", "\"2.67 2 0.000000e+00\""},
    {"'%x %X %o %b'.format([-255, 'az', 8u, -5])", "\"-ff 617A 10 -101\""},
    {"'%x'.format([-9223372036854775808])", "\"-8000000000000000\""},
    {"'100%%'.format([])", "\"100%\""},
    {"'%s'.format([])", "compile: format() has fewer values than conversions"},
    {"'%q'.format([1])", "compile: format() has a conversion that is not known"},
    {"'%d'.format(['a'])", "compile: conversion `d` of format() is not for a string"},
    {"'%.2d'.format([1])",
     "compile: format() has an incomplete conversion, or a precision that is not for it"},
    {"'%.f'.format([1])",
     "compile: format() has an incomplete conversion, or a precision that is not for it"},
    {"'%.999f'.format([1])",
     "compile: format() has an incomplete conversion, or a precision that is not for it"},
    {"'%'.format([1])",
     "compile: format() has an incomplete conversion, or a precision that is not for it"},
    {"'%s'.format([optional.of(1)])", "compile: conversion `s` of format() is not for an optional"},
};

static void test_formats(void **state)
{
    (void)state;
    FIXTURE_TABLE(formats);
}

static const struct fixture_case patterns[] = {
    {"'abc'.matches('b') && !'abc'.matches('^b$')", "true"},
    {"''.matches('') && 'a'.matches('')", "true"},
    {"'abc\\n'.matches('c$')", "false"},
    {"'abc\\ndef'.matches('(?m)c$')", "true"},
    {"'a\\rb'.matches('a.b')", "true"},
    {"'a\\nb'.matches('a.b')", "false"},
    {"'\u0663'.matches('\\\\d') || '\u00e9'.matches('\\\\w')", "false"},
    {"'x5 '.matches('^[a-z\\\\d]+\\\\s$') && '-'.matches('[^\\\\w\\\\s]')", "true"},
    {"'\u00e9'.matches('^\\\\pL$') && '\u00e9'.matches('^\\\\p{L}$')", "true"},
    {"'2026'.matches('^(?P<year>[0-9]{4})$') && 'AB'.matches('(?i)^ab$')", "true"},
    {"'[&]'.matches('^[[&]+\\\\]$') && ']'.matches('^[]]$')", "true"},
    {"'a5'.matches('^[[:alpha:]][[:digit:]]$')", "true"},
    {"'a.b'.matches('^\\\\Qa.b\\\\E$') && !'axb'.matches('^\\\\Qa.b\\\\E$')", "true"},
    {"matches('gr\u00e9y', 'gr(\u00e9|a)y')", "true"},
    {"'a'.matches('(')", "compile: this is no regular expression of RE2's syntax"},
    {"'a'.matches('(?=a)')", "compile: this is no regular expression of RE2's syntax"},
    {"'a'.matches('(?<!a)b')", "compile: this is no regular expression of RE2's syntax"},
    {"'aa'.matches('(a)\\\\1')", "compile: this is no regular expression of RE2's syntax"},
    {"'aa'.matches('a++')", "compile: this is no regular expression of RE2's syntax"},
    {"'aa'.matches('(?>a)')", "compile: this is no regular expression of RE2's syntax"},
    {"order.id.matches('^{') || '{x}'.matches('^{.*}$')", "true"},
    {"'a'.matches(order.id + '(')", "fails: \"o-1042(\" is no regular expression"},
};

static void test_patterns(void **state)
{
    (void)state;
    FIXTURE_TABLE(patterns);
}

static void test_many_patterns(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_start(&fixture);
    /* More than are kept, twice over: each is compiled again, none is mixed up. */
    assert_string_equal(fixture_eval(&fixture,
                                     "lists.range(200).all(i, string(i % 100 + order.zero)"
                                     ".matches('^' + string(i % 100) + '$'))"),
                        "true");
    fixture_end(&fixture);
}

static const struct fixture_case numbers[] = {
    {"math.greatest(1, 2.5, 2u) + math.least([3.5, 4.5])", "6.0"},
    {"math.greatest([])", "compile: math.greatest() of an empty list"},
    {"math.greatest(1, 'a')", "compile: math.greatest() is not for a string"},
    {"[math.ceil(1.2), math.floor(-1.2), math.round(-2.5), math.trunc(-1.7)]",
     "[2.0, -2.0, -3.0, -1.0]"},
    {"[math.sign(-3), math.abs(-3), math.bitNot(0), math.bitXor(5, 3)]", "[-1, 3, -1, 6]"},
    {"math.abs(-9223372036854775808)", "compile: integer overflow"},
    {"math.bitShiftRight(-1, 60) + math.bitShiftLeft(1, 64)", "15"},
    {"math.bitShiftLeft(1, -1)", "compile: a shift by a negative number of bits"},
    {"math.sqrt(16) + math.sqrt(2.25)", "5.5"},
    {"math.isNaN(0.0 / 0.0) && math.isInf(1.0 / 0.0) && !math.isFinite(-1.0 / 0.0)", "true"},
    {"9223372036854775807 + 1", "compile: integer overflow"},
    {"-9223372036854775808 / -1", "compile: integer overflow"},
    {"1u - 2u", "compile: integer overflow"},
    {"7 % -3 + -7 / 2", "-2"},
    {"0.0 / 0.0 == 0.0 / 0.0 || 1.0 < 0.0 / 0.0", "false"},
    {"18446744073709551615u > 9223372036854775807 && -1 < 0u", "true"},
    {"1 == 1.0 && 1u == 1 && [1] == [1u] && {1: 'a'} == {1u: 'a'}", "true"},
    {"2.0 in {2: 'a'} && {2: 'a'}[2u] == 'a'", "true"},
};

static void test_numbers(void **state)
{
    (void)state;
    FIXTURE_TABLE(numbers);
}

/* Every row can be read, has its one line of help, and stands in docs/cel.md. */
static void test_reference(void **state)
{
    (void)state;
    const char *source = getenv("NUDGED_SOURCE"), *text;
    size_t length;
    struct diag diag;
    struct arena *arena = arena_new(1 << 16);
    if (!file_read(arena, arena_printf(arena, "%s/docs/cel.md", source ? source : "."), 1 << 20,
                   &text, &length, &diag))
        fail_msg("%s", diag.text);
    uint32_t cursor = 0, rows = 0;
    for (const struct cel_function *row; (row = cel_function_next(&cursor)); rows++) {
        assert_true(strlen(row->help) > 0);
        assert_non_null(strchr(row->signature, '>'));
        if (!strstr(text, arena_printf(arena, "%s(", row->name)))
            fail_msg("%s() is not in docs/cel.md", row->name);
    }
    assert_true(rows > 100);
    for (size_t i = 0; cel_macros_names[i]; i++)
        if (!strstr(text, arena_printf(arena, "%s(", cel_macros_names[i])))
            fail_msg("%s() is not in docs/cel.md", cel_macros_names[i]);
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strings),  cmocka_unit_test(test_formats),
        cmocka_unit_test(test_patterns), cmocka_unit_test(test_many_patterns),
        cmocka_unit_test(test_numbers),  cmocka_unit_test(test_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
