/* What is refused before it runs, what is only doubted, and what is known of results. */
#include "cel/cel_type.h"
#include "cel_fixture.h"

static const struct {
    const char *text, *code;
    uint32_t column, width;
    const char *message, *hint;
} faults[] = {
    {"ordr.total > 1", "cel-name", 1, 4, "unknown name `ordr`", "did you mean `order`?"},
    {"[1].exists(item, itm > 1)", "cel-name", 18, 3, "unknown name `itm`", "did you mean `item`?"},
    {"zzz", "cel-name", 1, 3, "unknown name `zzz`", ""},
    {"customer.tier.startWith('g')", "cel-name", 15, 9, "there is no function startWith()",
     "did you mean `startsWith`?"},
    {"math.flor(1.5)", "cel-name", 6, 4, "there is no function math.flor()",
     "did you mean `math.floor`?"},
    {"order.items.exsts(i, true)", "cel-name", 13, 5, "there is no function exsts()",
     "did you mean `exists`?"},
    {"len(order.items) > 0", "cel-name", 1, 3, "there is no function len()",
     "did you mean `size`?"},
    {"[1].length > 0", "cel-type", 1, 3, "a list has no fields", "write size(…)"},
    {"now - '2026-01-01' > duration('1d')", "cel-type", 1, 18,
     "no such operation: a timestamp - a string", "make a time of the string: timestamp(…)"},
    {"'2026-01-01' + duration('1d')", "cel-type", 1, 29, "no such operation: a string + a duration",
     "make a time of the string: timestamp(…), or duration(…)"},
    {"startsWith('a', 'b')", "cel-name", 1, 10,
     "startsWith() is called on a value: value.startsWith(…)", ""},
    {"'a'.timestamp()", "cel-name", 5, 9, "timestamp() takes its value as an argument", ""},
    {"size()", "cel-name", 1, 4, "size() takes 1 argument, not 0", ""},
    {"'a'.replace('b')", "cel-name", 5, 7, "replace() takes 2 to 3 arguments, not 1", ""},
    {"math.greatest()", "cel-name", 1, 13, "math.greatest() takes at least 1 argument, not 0", ""},
    {"customer.count()", "cel-name", 10, 5, "count() takes 1 to 2 arguments, not 0", ""},
    {"customer.tier.contains(1)", "cel-type", 24, 1, "contains() is not for an integer", ""},
    {"size(3)", "cel-type", 6, 1, "size() is not for an integer", ""},
    {"1 + 1.5", "cel-type", 1, 7, "no such operation: an integer + a double",
     "literals are strict: write 2.0, or double(…), int(…)"},
    {"size(order.items) * 0.5", "cel-type", 1, 23, "no such operation: an integer * a double",
     "literals are strict: write 2.0, or double(…), int(…)"},
    {"'a' + 1", "cel-type", 1, 7, "no such operation: a string + an integer", ""},
    {"1.5 % 2.0", "cel-type", 1, 9, "no such operation: a double % a double",
     "literals are strict: write 2.0, or double(…), int(…)"},
    {"decimal('1') * 0.9", "cel-type", 1, 18, "no such operation: a decimal * a double", ""},
    {"-'a'", "cel-type", 1, 4, "no such operation: -a string", ""},
    {"!size('a')", "cel-type", 1, 10, "no such operation: !an integer", ""},
    {"1 == 'a'", "cel-type", 1, 8, "an integer never equals a string",
     "make a number of the string: decimal(…) or double(…)"},
    {"size(order.items) != null", "cel-type", 1, 25, "an integer never equals null", ""},
    {"'a' < 1", "cel-type", 1, 7, "a string and an integer cannot be compared by `<`",
     "make a number of the string: decimal(…) or double(…)"},
    {"now > '2026-01-01'", "cel-type", 1, 18, "a timestamp and a string cannot be compared by `>`",
     "make a time of the string: timestamp(…)"},
    {"[1] < [2]", "cel-type", 1, 9, "a list and a list cannot be compared by `<`", ""},
    {"'x' in 'xyz'", "cel-type", 8, 5, "`in` looks into a list or a map, not a string",
     "to look into a string: text.contains(part)"},
    {"size('a') in ['a', 'b']", "cel-type", 1, 23,
     "never true: an integer in a list or map of a string", ""},
    {"'a' && true", "cel-type", 1, 3, "a string is no condition", ""},
    {"1 ? 2 : 3", "cel-type", 1, 1, "an integer is no condition", ""},
    {"[1].all(x, x)", "cel-type", 12, 1, "an integer is no condition", ""},
    {"[1].filter(x, 'a')", "cel-type", 15, 3, "a string is no condition", ""},
    {"['a'].exists(x, x + 1 > 2)", "cel-type", 17, 5, "no such operation: a string + an integer",
     ""},
    {"{'a': 1}.exists(k, k > 1)", "cel-type", 20, 5,
     "a string and an integer cannot be compared by `>`",
     "make a number of the string: decimal(…) or double(…)"},
    {"'abc'.map(x, x)", "cel-type", 1, 5, "a string has no elements to go through", ""},
    {"'a'.b", "cel-type", 1, 3, "a string has no fields", ""},
    {"'a'[0]", "cel-type", 1, 3, "a string has no elements", ""},
    {"[1]['a']", "cel-type", 5, 3, "a string is no index of a list", ""},
    {"{1.5: 2}", "cel-type", 2, 3, "a double cannot be a key of a map", ""},
    {"(1).optMap(x, x)", "cel-type", 2, 1, "an integer is no optional", ""},
    {"optional.of(1).or(2)", "cel-type", 19, 1, "or() takes an optional, not an integer", ""},
    {"cel.bind(x, 'a', x + 1)", "cel-type", 18, 5, "no such operation: a string + an integer", ""},
    {"customer.tier.matches('(')", "cel-type", 23, 3,
     "this is no regular expression of RE2's syntax", ""},
    {"1 / 0", "cel-constant", 3, 3, "division by zero", ""},
    {"order.total > 1 || 1 / 0 > 2", "cel-constant", 22, 3, "division by zero", ""},
    {"now > timestamp('2026-13-01T00:00:00Z')", "cel-constant", 7, 33,
     "\"2026-13-01T00:00:00Z\" is no timestamp such as \"2026-03-01T10:00:00Z\"", ""},
    {"duration('1 day')", "cel-constant", 1, 17,
     "\"1 day\" is no duration such as \"1h30m\" or \"7d\"", "write duration(\"1d\")"},
    {"duration('soon')", "cel-constant", 1, 16,
     "\"soon\" is no duration such as \"1h30m\" or \"7d\"", ""},
    {"now - timestamp(0) < 3600", "cel-type", 1, 25,
     "a duration and an integer cannot be compared by `<`", "a length of time is duration(\"2h\")"},
    {"customer.count('x', '30d') > 0", "cel-type", 21, 5,
     "count() takes a duration here, not a string", "a length of time is duration(\"30d\")"},
    {"customer.count(5) > 0", "cel-type", 16, 1, "count() takes a string here, not an integer", ""},
    {"customer.count('x') > '3'", "cel-type", 1, 25,
     "an integer and a string cannot be compared by `>`",
     "make a number of the string: decimal(…) or double(…)"},
    {"customer.first('x') > '2026-01-01'", "cel-type", 1, 34,
     "a timestamp and a string cannot be compared by `>`",
     "make a time of the string: timestamp(…)"},
    {"{'a': 1, 'a': 2}", "cel-constant", 10, 3, "the key \"a\" is in the map twice", ""},
};

static const struct cel_method methods[] = {
    {.root = "customer",
     .name = "count",
     .least = 1,
     .most = 2,
     .accepts = {CEL_KINDS(VALUE_STRING), CEL_KINDS(VALUE_DURATION)},
     .gives = CEL_KINDS(VALUE_INT)},
    {.root = "customer",
     .name = "first",
     .least = 1,
     .most = 1,
     .accepts = {CEL_KINDS(VALUE_STRING)},
     .gives = CEL_KINDS(VALUE_TIMESTAMP)},
    {0},
};

static void test_faults(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_start(&fixture);
    fixture.environment.methods = methods;
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        const struct diag *diag = &fixture.diag;
        print_message("%s\n", faults[i].text);
        assert_null(fixture_compile(&fixture, faults[i].text));
        assert_string_equal(diag->text, faults[i].message);
        assert_string_equal(diag->hint, faults[i].hint);
        assert_string_equal(diag->code, faults[i].code);
        assert_int_equal(diag->column, faults[i].column);
        assert_int_equal(diag->width, faults[i].width);
    }
    fixture_end(&fixture);
}

/* Nothing is known of a document without a sample: all this may be right. */
static const char *const fine[] = {
    "order.total > 1 && order.total < 2.5 && order.total != 'a'",
    "order.note + order.total == 1",
    "order.items[0].price in [1, 'a', null]",
    "order.when < now || order.when == null",
    "(order.flag ? 1 : 'a') == 'a'",
    "[1, 'a'].exists(x, x == 'a' || x == 1)",
    "dyn(size(order.items)) + 1.5 == 2.5",
    "size(order.items) > 1.5",
    "[].map(x, x + 1) == []",
    "order.?a.b[?0].orValue({}).c == 1",
    "decimal(order.price) * order.count > 5",
};

static void test_fine(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_start(&fixture);
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++)
        if (!fixture_compile(&fixture, fine[i]))
            fail_msg("%s: %s", fine[i], fixture.diag.text);
    fixture_end(&fixture);
}

static const struct {
    const char *text, *message;
    uint32_t column;
} warnings[] = {
    {"1 < 2", "this is always true", 1},
    {"[1, 2].exists(x, x > 5)", "this is never true", 1},
    {"order.total > 5 && 'a' == 'a'", "this is always true", 20},
    {"order.total > 5 || false", "this is never true", 20},
    {"1 > 2 ? order.total : 5", "this is never true", 1},
    {"order.total > 100 && order.total < 50", "never true together with `order.total > 100`", 22},
    {"100 < order.total && order.total <= 100", "never true together with `100 < order.total`", 22},
    {"order.id == 'a' && order.id == 'b'", "never true together with `order.id == 'a'`", 20},
    {"order.id == 'a' && order.id != 'a'", "never true together with `order.id == 'a'`", 20},
    {"order.id in ['a', 'b'] && order.id == 'c'",
     "never true together with `order.id in ['a', 'b']`", 27},
    {"order.total == 5 && order.total > 7", "never true together with `order.total == 5`", 21},
};

static void test_warnings(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof warnings / sizeof *warnings; i++) {
        struct fixture fixture;
        fixture_start(&fixture);
        print_message("%s\n", warnings[i].text);
        assert_non_null(fixture_compile(&fixture, warnings[i].text));
        assert_int_equal(fixture.warnings.count, 1);
        const struct diag *warning = &fixture.warnings.items[0];
        assert_string_equal(warning->text, warnings[i].message);
        assert_string_equal(warning->code, "cel-condition");
        assert_int_equal(warning->column, warnings[i].column);
        assert_int_equal(warning->level, DIAG_WARNING);
        fixture_end(&fixture);
    }
}

static void test_no_warnings(void **state)
{
    static const char *const cases[] = {
        "true",
        "order.total >= 50 && order.total <= 50",
        "order.total > 5 && order.total < 7 && order.total != 6",
        "order.id == 'a' || order.id == 'b'",
        "order.a == 1 && order.b == 2",
        "order.total > 1 ? true : false",
    };
    (void)state;
    struct fixture fixture;
    fixture_start(&fixture);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_non_null(fixture_compile(&fixture, cases[i]));
        if (fixture.warnings.count)
            fail_msg("%s: %s", cases[i], fixture.warnings.items[0].text);
    }
    fixture_end(&fixture);
}

/* Samples of the members that an event of the type has. */
static const struct fixture_case sampled[] = {
    {"order.id == 7", "compile: a string never equals an integer"},
    {"order.total == 'a'", "compile: a number never equals a string"},
    {"order.total + 1 == order.id", "compile: a number never equals a string"},
    {"order.total > 5 && order.total < 100.5", "true"},
    {"order.created > now", "compile: a string and a timestamp cannot be compared by `>`"},
    {"order.created == null", "false"},
    {"order.coupon == 'X'", "false"},
    {"order.tags.exists(t, t > 5)", "compile: a string and an integer cannot be compared by `>`"},
    {"order.items.exists(i, i.sku == 5)", "compile: a string never equals an integer"},
    {"5 in order.tags", "compile: never true: an integer in a list or map of a string"},
    {"order.items.map(i, i.price * 2).exists(p, p > 20.5)", "true"},
    {"order.total.contains('a')", "compile: contains() is not for a number"},
    {"ordre.total > 1", "compile: unknown name `ordre`"},
    {"customer.tier == 'gold'", "true"},
};

static void test_samples(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_start(&fixture);
    struct value members = value_new_map(fixture.arena, 1);
    value_set(fixture.arena, members, "order", fixture.roots[0]);
    static const char *const roots[] = {"customer", NULL};
    struct value values[] = {fixture.roots[1]};
    fixture.environment =
        (struct cel_environment){.roots = roots, .open = true, .members = &members};
    fixture.input.roots = values;
    fixture.input.members = &members;
    for (size_t i = 0; i < sizeof sampled / sizeof *sampled; i++) {
        const char *given = fixture_eval(&fixture, sampled[i].text);
        print_message("%s\n", sampled[i].text);
        if (strcmp(given, sampled[i].wanted) != 0)
            fail_msg("%s\n  gave   %s\n  wanted %s", sampled[i].text, given, sampled[i].wanted);
    }
    assert_int_equal(fixture.warnings.count, 0);
    assert_non_null(fixture_compile(&fixture, "order.totl > 1"));
    assert_string_equal(fixture.warnings.items[0].text, "no sample has the field `totl`");
    assert_string_equal(fixture.warnings.items[0].hint, "did you mean `total`?");
    assert_int_equal(fixture.warnings.items[0].column, 7);
    fixture_end(&fixture);
}

/* A member may have a type's name; a root is never a member. */
static void test_open_names(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_start(&fixture);
    struct value members = value_new_map(fixture.arena, 1), list = value_new_map(fixture.arena, 1);
    value_set(fixture.arena, list, "name", value_text("summer"));
    value_set(fixture.arena, members, "list", list);
    value_set(fixture.arena, members, "customer", value_text("a member"));
    fixture.environment.open = true;
    fixture.input.members = &members;
    assert_string_equal(fixture_eval(&fixture, "list.name"), "\"summer\"");
    assert_string_equal(fixture_eval(&fixture, "type([]) == list"), "true");
    assert_string_equal(fixture_eval(&fixture, "customer.tier"), "\"gold\"");
    assert_string_equal(fixture_eval(&fixture, "nothing.name"), "fails: nothing: no such field");
    fixture_end(&fixture);
}

static void test_may_give(void **state)
{
    static const struct {
        const char *text;
        bool condition;
    } cases[] = {
        {"order.total > 1", true},    {"order.total", true},
        {"size(order.items)", false}, {"'a'", false},
        {"true ? 1 : true", true},    {"order.items.map(i, i)", false},
    };
    (void)state;
    struct fixture fixture;
    fixture_start(&fixture);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cel_program *program = fixture_compile(&fixture, cases[i].text);
        assert_non_null(program);
        assert_int_equal(cel_may_give(program, VALUE_BOOL), cases[i].condition);
    }
    fixture_end(&fixture);
}

static void test_unchecked(void **state)
{
    static const struct fixture_case cases[] = {
        {"nothing || true", "true"},
        {"nothing(1) || true", "true"},
        {"nothing", "fails: unknown name `nothing`"},
        {"order.total.nothing()", "fails: there is no function nothing()"},
        {"1 == 'a'", "false"},
        {"1 + 1.5", "fails: no such operation: an integer + a double"},
        {"1 / 0 > 1 || true", "true"},
        {"size(1) == 1 || true", "true"},
    };
    (void)state;
    struct fixture fixture;
    fixture_start(&fixture);
    fixture.environment.unchecked = true;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(fixture_eval(&fixture, cases[i].text), cases[i].wanted);
    fixture_end(&fixture);
}

static void test_container(void **state)
{
    static const char *const roots[] = {"a.b.x", "a.x", "x", "x.y", NULL};
    static const struct fixture_case cases[] = {
        {"x", "1"},
        {".x", "3"},
        {".a.x", "2"},
        {"x.y", "4"},
        {"[9].exists(x, x == 9)", "true"},
        {"[9].exists(x, .x == 3)", "true"},
    };
    (void)state;
    struct fixture fixture;
    fixture_start(&fixture);
    struct value values[] = {value_int(1), value_int(2), value_int(3), value_int(4)};
    fixture.environment = (struct cel_environment){.roots = roots, .container = "a.b"};
    fixture.input.roots = values;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(fixture_eval(&fixture, cases[i].text), cases[i].wanted);
    fixture_end(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_faults),    cmocka_unit_test(test_fine),
        cmocka_unit_test(test_warnings),  cmocka_unit_test(test_no_warnings),
        cmocka_unit_test(test_samples),   cmocka_unit_test(test_open_names),
        cmocka_unit_test(test_may_give),  cmocka_unit_test(test_unchecked),
        cmocka_unit_test(test_container),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
