/* What conditions are taken apart into. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "cel/cel_formula.h"

static const char *const roots[] = {"order", "customer", NULL};
static const struct cel_method methods[] = {
    {.root = "customer", .name = "count", .least = 1, .most = 2}, {0}};
static const struct cel_environment environment = {
    .roots = roots, .methods = methods, .open = true};

static const struct cel_formula *formula_of(struct arena *arena, const char *text)
{
    struct diag diag;
    struct cel_program *program = cel_compile(arena, text, strlen(text), &environment, NULL, &diag);
    if (!program)
        fail_msg("%s: %s", text, diag.text);
    return cel_formula_of(arena, program);
}

static void print(struct buf *out, const struct cel_formula *formula)
{
    static const char *const predicates[] = {
        [CEL_PREDICATE_TRUE] = "true",
        [CEL_PREDICATE_IN] = "in",
        [CEL_PREDICATE_LESS] = "<",
        [CEL_PREDICATE_LESS_EQUAL] = "<=",
        [CEL_PREDICATE_MORE] = ">",
        [CEL_PREDICATE_MORE_EQUAL] = ">=",
        [CEL_PREDICATE_STARTS] = "starts",
        [CEL_PREDICATE_ENDS] = "ends",
        [CEL_PREDICATE_CONTAINS] = "contains",
    };
    static const char *const rows[] = {
        [CEL_FORMULA_ALL] = "all", [CEL_FORMULA_ANY] = "any", [CEL_FORMULA_NOT] = "not"};
    bool leaf = formula->kind == CEL_FORMULA_PREDICATE;
    buf_text(out, leaf ? predicates[formula->predicate] : rows[formula->kind]);
    if (leaf && formula->term.path)
        buf_char(out, '.');
    buf_char(out, '(');
    for (uint32_t i = 0; i < formula->count; i++) {
        if (i)
            buf_text(out, ", ");
        if (leaf)
            cel_print(out, &formula->constants[i]);
        else
            print(out, &formula->parts[i]);
    }
    buf_char(out, ')');
}

static void test_formulas(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"order.a == 'x'", "in.(\"x\")"},
        {"'x' == order.a", "in.(\"x\")"},
        {"order.a != 5", "not(in.(5))"},
        {"order.a == null", "in.(null)"},
        {"order.a in ['x', 'y', 'x']", "in.(\"x\", \"y\")"},
        {"order.a in [1, 'y', true, 2.5]", "in.(1, \"y\", true, 2.5)"},
        {"order.a in [1, [2]]", "true()"},
        {"order.a in order.b", "true()"},
        {"'x' in order.b", "true()"},
        {"order.a == order.b", "true()"},
        {"order.a < 5 && 5 < order.a", "all(<.(5), >.(5))"},
        {"order.a <= 5.0 || 5u <= order.a", "any(<=.(5.0), >=.(5u))"},
        {"size(order.a) >= 3", ">=(3)"},
        {"order.a >= 9007199254740991", ">=.(9007199254740991)"},
        {"order.a >= 9007199254740992", "true()"},
        {"order.a < 'x'", "true()"},
        {"order.a.startsWith('x') && order.a.endsWith('') && order.a.contains('y')",
         "all(starts.(\"x\"), ends.(\"\"), contains.(\"y\"))"},
        {"order.a.startsWith(order.b)", "true()"},
        {"order.a.matches('x')", "true()"},
        {"order.gift", "true.()"},
        {"!order.gift && (member || has(order.a))", "all(not(true.()), any(true.(), true()))"},
        {"order.a == 'x' ? order.b : order.c", "true()"},
        {"order.a.exists(i, i == 'x')", "true()"},
        {"true || order.a == 'x'", "any(true(), in.(\"x\"))"},
    };
    struct arena *arena = arena_new(4096);
    struct buf out;
    buf_init(&out, 4096);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        buf_clear(&out);
        print(&out, formula_of(arena, cases[i][0]));
        assert_string_equal(buf_string(&out), cases[i][1]);
    }
    buf_free(&out);
    arena_destroy(&arena);
}

/* Terms have one key exactly where they mean the same. */
static void test_keys(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool same;
    } cases[] = {
        {"order.a == 1", "order . a > 2.0", true},
        {"order.a == 1", "order.b == 1", false},
        {"order.a == 1", "order.a.a == 1", false},
        {"order.a == 1", "customer.a == 1", false},
        {"member.a == 1", "order.a == 1", false},
        {"order['a'] == 1", "order['a'] == 2", true},
        {"order['a'] == 1", "order['b'] == 1", false},
        {"has(order.a)", "order.a", false},
        {"order.?a.hasValue()", "order.a.hasValue()", false},
        {"size(order.a) == 1", "size( order.a ) == 2", true},
        {"size(order.a) == 1", "order.a.size() == 1", false},
        {"order.a + 1 > 5", "order.a - 1 > 5", false},
        {"order.a + 1 > 5", "order.a + 1 > 6", true},
        {"order.a + 1 > 5", "order.a + 1.0 > 5", false},
        {"order.a + 'ab' == ''", "order.a + 'ac' == ''", false},
        {"(order.a + [1])[0] == 1", "(order.a + [2])[0] == 1", false},
        {"order.a == timestamp('2026-01-01T00:00:00Z')",
         "order.a == timestamp('2026-01-01T00:00:01Z')", false},
        {"order.a.exists(i, i > 1)", "order.a.exists(j, j > 1)", true},
        {"order.a.exists(i, i > 1)", "order.a.all(i, i > 1)", false},
        {"order.a.exists(i, i > 1)", "order.a.exists(i, i > 2)", false},
        {"order.a.all(i, order.b.all(j, i > j))", "order.a.all(i, order.b.all(j, j > i))", false},
        {"customer.count('x') > 1", "customer.count('y') > 1", false},
    };
    struct arena *arena = arena_new(4096);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct cel_term *a = &formula_of(arena, cases[i].a)->term;
        const struct cel_term *b = &formula_of(arena, cases[i].b)->term;
        bool same = a->key_length == b->key_length && memcmp(a->key, b->key, a->key_length) == 0;
        if (same != cases[i].same)
            fail_msg("%s and %s: %s", cases[i].a, cases[i].b, same ? "the same" : "not the same");
    }
    arena_destroy(&arena);
}

static void test_large(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    struct buf text;
    buf_init(&text, CEL_TEXT_MOST);
    for (int i = 0; i < CEL_PREDICATES_MOST; i++)
        buf_printf(&text, "%sorder.a == %d", i ? " && " : "", i);
    assert_int_equal(formula_of(arena, text.data)->kind, CEL_FORMULA_ALL);
    buf_text(&text, " && order.b");
    assert_int_equal(formula_of(arena, text.data)->kind, CEL_FORMULA_PREDICATE);
    buf_free(&text);
    arena_destroy(&arena);
}

static void test_terms(void **state)
{
    (void)state;
    static const char event[] = "{\"total\":5,\"list\":[1,2,3,4,5,6,7,8,9,10]}";
    struct arena *arena = arena_new(4096);
    struct value values[2] = {{0}}, value;
    struct cel_input input = {.roots = values};
    struct cel_fault fault = {0};
    struct diag diag;
    assert_true(json_read(arena, event, sizeof event - 1, &json_event_limits, &values[0], &diag));
    assert_true(cel_term_eval(&formula_of(arena, "order.total + 1 > 5")->term, &input, arena,
                              &value, &fault));
    assert_int_equal(value.integer, 6);
    assert_false(cel_term_eval(&formula_of(arena, "order.none + 1 > 5")->term, &input, arena,
                               &value, &fault));
    assert_string_equal(fault.text, "order.none: no such field");
    /* Too much work for a term, though not for a program. */
    const char *work = "order.list.all(a, order.list.all(b, order.list.all(c, "
                       "order.list.all(d, a + b + c + d > 0))))";
    assert_false(cel_term_eval(&formula_of(arena, work)->term, &input, arena, &value, &fault));
    assert_null(fault.text);
    arena_destroy(&arena);
}

/* Of each kind of value, what the tests say. */
static void test_answers(void **state)
{
    (void)state;
    static const struct {
        enum cel_predicate test;
        const char *constant, *values; /* of values: a list */
        const char *answers;           /* F, T, ? for each */
    } cases[] = {
        {CEL_PREDICATE_TRUE, "0", "[true, false, 1, null]", "TF??"},
        {CEL_PREDICATE_IN, "5", "[5, 5.0, 6, \"5\", null, true, [5], {}]", "TTFFFFFF"},
        {CEL_PREDICATE_IN, "\"a\"", "[\"a\", \"b\", \"\", 5, null]", "TFFFF"},
        {CEL_PREDICATE_LESS, "5", "[4, 4.9, 5, 6, -0.0, \"4\", null]", "TTFFT??"},
        {CEL_PREDICATE_LESS_EQUAL, "5", "[5, 5.1, 9223372036854775807]", "TFF"},
        {CEL_PREDICATE_MORE, "5.5", "[5, 6, 9223372036854775807, true]", "FTT?"},
        {CEL_PREDICATE_MORE_EQUAL, "-1", "[-1, -2, 18446744073709551615, []]", "TFT?"},
        {CEL_PREDICATE_STARTS, "\"ab\"", "[\"ab\", \"abc\", \"a\", \"cab\", \"\", 5]", "TTFFF?"},
        {CEL_PREDICATE_ENDS, "\"ab\"", "[\"ab\", \"abc\", \"b\", \"cab\", null]", "TFFT?"},
        {CEL_PREDICATE_CONTAINS, "\"ab\"", "[\"ab\", \"aab\", \"a b\", {}]", "TTF?"},
        {CEL_PREDICATE_CONTAINS, "\"\"", "[\"\", \"a\"]", "TT"},
    };
    struct arena *arena = arena_new(4096);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct value constant, values;
        struct diag diag;
        assert_true(json_read(arena, cases[i].constant, strlen(cases[i].constant),
                              &json_event_limits, &constant, &diag));
        assert_true(json_read(arena, cases[i].values, strlen(cases[i].values), &json_event_limits,
                              &values, &diag));
        for (uint32_t v = 0; v < value_count(&values); v++) {
            char answer =
                "FT?"[cel_predicate_ask(cases[i].test, &constant, 1, &values.list->items[v])];
            if (answer != cases[i].answers[v])
                fail_msg("case %zu, value %u: %c", i, v, answer);
        }
    }
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_formulas), cmocka_unit_test(test_keys),
        cmocka_unit_test(test_large),    cmocka_unit_test(test_terms),
        cmocka_unit_test(test_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
