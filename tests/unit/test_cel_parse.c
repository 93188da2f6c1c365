/* From text to tree: what is taken, and where and how the rest is refused. */
#include "cel_fixture.h"

static const struct {
    const char *text;
    uint32_t line, column, width;
    const char *message, *hint;
} faults[] = {
    {"", 1, 1, 0, "the expression is empty", ""},
    {"  // only a comment", 1, 1, 0, "the expression is empty", ""},
    {"order.total >", 1, 14, 0, "the expression ends where a value is expected", ""},
    {"(1 + 2", 1, 7, 0, "the expression ends where `)` is expected", ""},
    {"[1, 2", 1, 6, 0, "the expression ends where `]` or `,` is expected", ""},
    {"{1: 2", 1, 6, 0, "the expression ends where `}` or `,` is expected", ""},
    {"{1}", 1, 3, 1, "`:` after a key is expected, not `}`", ""},
    {"size(1, )", 1, 9, 1, "an argument is expected, not `)`", ""},
    {"1 ? 2", 1, 6, 0, "the expression ends where `:` of the conditional is expected", ""},
    {"a = 1", 1, 3, 1, "a single `=` is no operator", "write `==` to compare"},
    {"a & b", 1, 3, 1, "a single `&` is no operator", "write `&&`"},
    {"a and b", 1, 3, 3, "an operator or the end is expected, not `and`", "write `&&`"},
    {"a contains 'b'", 1, 3, 8, "an operator or the end is expected, not `contains`",
     "write `text.contains(part)`"},
    {"not a", 1, 5, 1, "an operator or the end is expected, not `a`",
     "write `!` in place of `not`"},
    {"knot a", 1, 6, 1, "an operator or the end is expected, not `a`", ""},
    {"a => b", 1, 3, 2, "`=>` is no operator", "write `>=`"},
    {"a <> b", 1, 3, 2, "`<>` is no operator", "write `!=`"},
    {"a or b", 1, 3, 2, "an operator or the end is expected, not `or`", "write `||`"},
    {"1 + if", 1, 5, 2, "this word is reserved, no name", "write `condition ? value : other`"},
    {"order.in", 1, 7, 2, "a name after the dot is expected, not `in`", ""},
    {"\n  order.\n  5", 3, 3, 1, "a name after the dot is expected, not `5`", ""},
    {"“x”", 1, 1, 1, "typographic quotes do not begin a string", "write \"…\" or '…'"},
    {"'é' ; 1", 1, 5, 1, "`;` is not part of an expression",
     "leave it out; conditions are joined by `&&`"},
    {"a === 1", 1, 3, 3, "`===` is no operator", "write `==`"},
    {"a !== 1", 1, 3, 3, "`!==` is no operator", "write `!=`"},
    {"a > 20%", 1, 8, 0, "the expression ends where a value is expected",
     "a percentage is a number: leave `%` out"},
    {"a > 20,00", 1, 7, 1, "an operator or the end is expected, not `,`",
     "decimals stand behind a point: 20.50"},
    {"a > 20€", 1, 7, 1, "`€` is not part of an expression", "a sum stands without its currency"},
    {"a >\u00a020", 1, 4, 1, "a no-break space stands here, where a space is meant",
     "replace it by a space; it often comes along when text is copied"},
    {"{{ order.total > 20 }}", 1, 1, 2, "`{{` belongs into templates",
     "an expression stands without: order.total > 20"},
    {"'abc", 1, 1, 1, "the string is not closed", ""},
    {"'a\nb'", 1, 1, 1, "the string is not closed", ""},
    {"'''a''", 1, 1, 3, "the string is not closed", ""},
    {"'a\\sb'", 1, 3, 2, "no such escape in a string",
     "write \\\\ for a backslash, or put r before the string"},
    {"'\\ud800'", 1, 2, 6, "the escape is no Unicode character",
     "write \\\\ for a backslash, or put r before the string"},
    {"'\\x4'", 1, 2, 3, "the escape has too few hexadecimal digits",
     "write \\\\ for a backslash, or put r before the string"},
    {"b'\\u0041'", 1, 3, 6, "bytes have no \\u and \\U escapes",
     "write \\\\ for a backslash, or put r before the string"},
    {"9223372036854775808", 1, 1, 19, "the number does not fit into 64 bits", ""},
    {"1e999", 1, 1, 5, "the number is too large for a double", ""},
    {"12abc", 1, 1, 3, "a number is followed by a letter", ""},
    {"now - a > 12h", 1, 11, 3, "a number is followed by a letter",
     "a length of time stands in quotes: duration(\"12h\")"},
    {"a.`b$`", 1, 3, 2, "a name between back-quotes holds letters, digits and _ - . / only",
     "write map[\"name\"] for any other name"},
    {"Point{x: 1}", 1, 1, 5, "messages of a type cannot be made here",
     "write a map: {\"name\": value}"},
    {"has(order)", 1, 5, 5, "has() asks for a field",
     "write has(order.coupon); for a key that is no name: \"key\" in map"},
    {"[1].exists(1, true)", 1, 12, 1, "a variable's name is expected here",
     "for example: items.exists(item, item.price > 10)"},
    {"[1].all(x, x, true)", 1, 12, 1, "both variables have the same name", ""},
    {"cel.bind(1, 2, 3)", 1, 10, 1, "a variable's name is expected here",
     "cel.bind(name, value, expression)"},
    {"!-1", 1, 2, 1, "a value is expected, not `-`", ""},
    {"order.total \xff", 1, 13, 1, "the expression is no valid UTF-8", ""},
};

static void test_faults(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_start(&fixture);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        struct diag *diag = &fixture.diag;
        print_message("%s\n", faults[i].text);
        assert_null(fixture_compile(&fixture, faults[i].text));
        assert_string_equal(diag->text, faults[i].message);
        assert_string_equal(diag->hint, faults[i].hint);
        assert_int_equal(diag->line, faults[i].line);
        assert_int_equal(diag->column, faults[i].column);
        assert_int_equal(diag->width, faults[i].width);
        assert_string_equal(diag->code, "cel-syntax");
    }
    fixture_end(&fixture);
}

static const struct fixture_case literals[] = {
    {"0x10", "16"},
    {"-0x10", "-16"},
    {"0xffffffffffffffffu", "18446744073709551615u"},
    {"-9223372036854775808", "-9223372036854775808"},
    {".5", "0.5"},
    {"1e3", "1000.0"},
    {"1.", "compile: the expression ends where a name after the dot is expected"},
    {"'\\a\\b\\f\\n\\r\\t\\v\\\\\\'\\\"\\`\\?'", "\"\\a\\b\\f\\n\\r\\t\\v\\\\'\\\"`?\""},
    {"'\\x41\\101\\u00e9\\U0001F600'", "\"AA\u00e9\U0001F600\""},
    {"r'\\x41'", "\"\\\\x41\""},
    {"b'\\xff\\377\u00e9'", "b\"\\xff\\xff\\xc3\\xa9\""},
    {"br'\\xff'", "b\"\\x5cxff\""},
    {"'''a\n\"b\"'''", "\"a\\n\\\"b\\\"\""},
    {"\"\"\"\"a\"\"\"", "\"\\\"a\""},
    {"1 // one\n + // and\n 2", "3"},
    {"\t1\f+\r\n2", "3"},
    {"[1, 2,]", "[1, 2]"},
    {"{'a': 1,}", "{\"a\": 1}"},
    {"{'content-type': 1}.`content-type`", "1"},
    {"{'if': 1}.if", "1"},
    {"r'a\\'", "\"a\\\\\""},
    {"-0x8000000000000000", "-9223372036854775808"},
    {"5e-324 > 0.0 && 1e-400 == 0.0", "true"},
    {"'''a'b\"c''' + \"\"\"a'b\"c\"\"\"", "\"a'b\\\"ca'b\\\"c\""},
    {"'\\101\\`\\?' + '\\U0001f600'", "\"A`?😀\""},
    {"b'\\377ÿ'", "b\"\\xff\\xc3\\xbf\""},
};

static void test_literals(void **state)
{
    (void)state;
    FIXTURE_TABLE(literals);
}

static const struct fixture_case precedence[] = {
    {"1 + 2 * 3", "7"},
    {"(1 + 2) * 3", "9"},
    {"10 - 3 - 2", "5"},
    {"2 * 3 % 4", "2"},
    {"-2 * 3", "-6"},
    {"--2", "2"},
    {"!true || true", "true"},
    {"!!true", "true"},
    {"1 + 1 == 2 && 2 < 3", "true"},
    {"1 < 2 == true", "true"},
    {"true || false && false", "true"},
    {"false ? 1 : true ? 2 : 3", "2"},
    {"1 in [1] == true", "true"},
    {"[[1, 2], [3]][0][1]", "2"},
    {"-[1][0]", "-1"},
};

static void test_precedence(void **state)
{
    (void)state;
    FIXTURE_TABLE(precedence);
}

/* `count` times `part`, between two ends. */
static const char *repeat(struct fixture *fixture, const char *first, const char *part,
                          uint32_t count, const char *last)
{
    struct buf text;
    buf_init(&text, 1 << 20);
    buf_text(&text, first);
    for (uint32_t i = 0; i < count; i++)
        buf_text(&text, part);
    buf_text(&text, last);
    const char *copy = arena_text(fixture->arena, buf_string(&text));
    buf_free(&text);
    return copy;
}

/* The specification's least limits, and ours. */
static void test_limits(void **state)
{
    static const struct {
        const char *first, *part;
        uint32_t count;
        const char *last;
        bool fine;
    } cases[] = {
        {"true", " && true", 1500, "", true},
        {"false", " || false", 1500, "", true},
        {"1", " + 1", 250, "", true},
        {"1", " + 1", 300, "", false},
        {"", "true ? 1 : ", 40, "2", true},
        {"", "(", 60, "1))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))", true},
        {"", "(", 70, "1", false},
        {"", "[", 5000, "", false},
        {"", "-", 200, "1", true},
        {"", "-", 300, "1", false},
        {"", "!", 100000, "true", false},
        {"[0", ", 1", 4000, "]", true},
        {"[0", ", 1", 4200, "]", false},
        {"order", ".a", 200, "", true},
        {"order", ".a", 300, "", false},
        {"size([", "'a', ", 3000, "'b'])", true},
        {"'", "x", 16380, "'", true},
        {"'", "x", 16390, "'", false},
    };
    (void)state;
    struct fixture fixture;
    fixture_start(&fixture);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *text =
            repeat(&fixture, cases[i].first, cases[i].part, cases[i].count, cases[i].last);
        print_message("%s%s… x%u\n", cases[i].first, cases[i].part, cases[i].count);
        assert_int_equal(fixture_compile(&fixture, text) != NULL, cases[i].fine);
    }
    fixture_end(&fixture);
}

static void test_many_variables(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_start(&fixture);
    assert_non_null(
        fixture_compile(&fixture, repeat(&fixture, "true", " && [1].all(x, x > 0)", 190, "")));
    assert_null(
        fixture_compile(&fixture, repeat(&fixture, "true", " && [1].all(x, x > 0)", 210, "")));
    assert_string_equal(fixture.diag.text, "too many variables in one expression");
    fixture_end(&fixture);
}

static void test_text_is_kept(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_start(&fixture);
    assert_string_equal(cel_text(fixture_compile(&fixture, " order.total  > 1 ")),
                        " order.total  > 1 ");
    fixture_end(&fixture);
}

/* Every string that is written, wherever it stands and whatever became of it. */
static void test_strings(void **state)
{
    (void)state;
    static const struct {
        const char *text, *strings;
    } cases[] = {
        {"order.total > 1", "[]"},
        {"order.id == 'o-1'", "[\"o-1\"]"},
        {"'a' + \"b\\n\" + r'c\\n' + '''d''' == 'a'",
         "[\"a\", \"b\\n\", \"c\\\\n\", \"d\", \"a\"]"},
        {"order.id in ['x', 'y'] // 'z'", "[\"x\", \"y\"]"},
        {"b'bytes' == b'bytes' && {'key': 1}['key'] == 1", "[\"key\", \"key\"]"},
        {"order.items.exists(i, i.sku == 'TEA' ? true : i.sku.startsWith('CUP'))",
         "[\"TEA\", \"CUP\"]"},
        {"cel.bind(t, 'bound', t == order.id || has(customer.tier)) && ('' == '')",
         "[\"bound\", \"\", \"\"]"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture fixture;
        struct buf strings;
        fixture_start(&fixture);
        buf_init(&strings, 1024);
        assert_true(cel_print(&strings, cel_strings(fixture_compile(&fixture, cases[i].text))));
        assert_string_equal(buf_string(&strings), cases[i].strings);
        buf_free(&strings);
        fixture_end(&fixture);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_faults),         cmocka_unit_test(test_literals),
        cmocka_unit_test(test_precedence),     cmocka_unit_test(test_limits),
        cmocka_unit_test(test_many_variables), cmocka_unit_test(test_text_is_kept),
        cmocka_unit_test(test_strings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
