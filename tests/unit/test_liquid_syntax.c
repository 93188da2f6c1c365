#include "liquid_fixture.h"

/* Faults of the syntax: what is said, where, and what is proposed. */
static const struct fault {
    const char *template;
    uint32_t line, column, width;
    const char *text, *hint;
} faults[] = {
    {"a\nb {% nosuch x %}", 2, 6, 6, "unknown tag `nosuch`", ""},
    {"{% esle %}", 1, 4, 4, "unknown tag `esle`", "did you mean `else`?"},
    {"{% endfro %}", 1, 4, 6, "`endfro` without a block that it belongs to", ""},
    {"{% caputre x %}", 1, 4, 7, "unknown tag `caputre`", "did you mean `capture`?"},
    {"{% if a %}\n", 1, 4, 2, "`if` is never closed", "end it with `endif`"},
    {"{% for a in b %}{% endif %}", 1, 20, 5, "`endif` does not close `for`",
     "`for` is closed by `endfor`"},
    {"{% capture a %}{% else %}{% endcapture %}", 1, 19, 4, "`else` has no place in `capture`", ""},
    {"{% for a in b %}{% else %}{% else %}{% endfor %}", 1, 30, 4, "`else` has no place in `for`",
     ""},
    {"{% else %}", 1, 4, 4, "`else` without a block that it belongs to", ""},
    {"{% %}", 1, 4, 0, "a tag needs a name", ""},
    {"{{ a", 1, 1, 2, "`{{` without its `}}`", ""},
    {"{{ '}' }}", 1, 1, 2, "`{{` without its `}}`", ""},
    {"x {% if a", 1, 3, 2, "`{%` without its `%}`", ""},
    {"{{ a b }}", 1, 6, 1, "unexpected `b`, where the end should be", ""},
    {"{{ \xc3\xa4 }}", 1, 4, 1, "unexpected `\xc3\xa4`, where a value should be", ""},
    {"\xc3\xa4\xc3\xb6 {{ a * 2 }}", 1, 9, 1, "unexpected `*`, where the end should be",
     "filters do sums: `| times: …`"},
    {"{{ 'a }}", 1, 4, 1, "a string without its closing quote", ""},
    {"{{ a. }}", 1, 7, 0, "a name behind the dot is missing", ""},
    {"{{ a.0 }}", 1, 6, 1, "unexpected `0`, where a name behind the dot should be", ""},
    {"{{ a[1 }}", 1, 8, 0, "`]` is missing", ""},
    {"{{ ['a'] }}", 1, 4, 1, "brackets without a variable before them",
     "write `self[\xe2\x80\xa6]`"},
    {"{{ (1..) }}", 1, 8, 1, "unexpected `)`, where a value should be", ""},
    {"{{ (1,2) }}", 1, 6, 1, "unexpected `,`, where `..` of a range should be", ""},
    {"{{ (true..2) }}", 1, 4, 1, "a range needs numbers on both sides", ""},
    {"{{ a | }}", 1, 8, 0, "a filter is missing", ""},
    {"{{ a | plus: }}", 1, 8, 4, "`plus` takes 1 argument, not 0", ""},
    {"{{ a | slice }}", 1, 8, 5, "`slice` takes 1 to 2 arguments, not 0", ""},
    {"{{ a | upcase: 1 }}", 1, 8, 6, "`upcase` takes no argument, not 1", ""},
    {"{% if %}{% endif %}", 1, 7, 0, "a value is missing", ""},
    {"{% if a == %}{% endif %}", 1, 12, 0, "a value is missing", ""},
    {"{% if a = b %}{% endif %}", 1, 9, 1, "unexpected `=`, where the end should be",
     "write `==` to compare"},
    {"{% if a && b %}{% endif %}", 1, 9, 1, "unexpected `&`, where the end should be",
     "write `and`"},
    {"{% if a || b %}{% endif %}", 1, 9, 1, "unexpected `|`, where the end should be",
     "write `or`"},
    {"{% if !a %}{% endif %}", 1, 7, 1, "unexpected `!`, where a value should be",
     "there is no negation: use `unless`, or compare with `== false`"},
    {"{{ a | default \"y\" }}", 1, 16, 3, "a `:` is missing behind `default`",
     "write `default: \"y\"`"},
    {"{{ a | upcase 'y' }}", 1, 15, 3, "a `:` is missing behind `upcase`", "write `upcase: 'y'`"},
    {"{{ a | default b | upcase }}", 1, 16, 1, "a `:` is missing behind `default`",
     "write `default: b`"},
    {"{{ a | nosuch b }}", 1, 15, 1, "unexpected `b`, where the end should be", ""},
    {"{% if not a %}{% endif %}", 1, 11, 1, "unexpected `a`, where the end should be",
     "there is no negation: use `unless`, or compare with `== false`"},
    {"{% if a %}{% elsif && %}{% endif %}", 1, 20, 1, "unexpected `&`, where a value should be",
     "write `and`"},
    {"{% for in b %}{% endfor %}", 1, 11, 1, "unexpected `b`, where `in` should be", ""},
    {"{% for a b %}{% endfor %}", 1, 10, 1, "unexpected `b`, where `in` should be", ""},
    {"{% for a in b limit 1 %}{% endfor %}", 1, 21, 1, "unexpected `1`, where `:` should be", ""},
    {"{% for a in b sorted %}{% endfor %}", 1, 15, 6,
     "unexpected `sorted`, where `limit`, `offset` or the end should be", ""},
    {"{% tablerow a in b columns: 2 %}{% endtablerow %}", 1, 20, 7,
     "unexpected `columns`, where `cols`, `limit` or `offset` should be", ""},
    {"{% case %}{% endcase %}", 1, 9, 0, "a value is missing", ""},
    {"{% case a %}{% when %}{% endcase %}", 1, 21, 0, "a value is missing", ""},
    {"{% case a %}{% when 1 and 2 %}{% endcase %}", 1, 23, 3,
     "unexpected `and`, where the end should be", ""},
    {"{% case a %}{% else b %}{% endcase %}", 1, 21, 2, "`else` of a `case` takes nothing", ""},
    {"{% assign x %}", 1, 11, 2, "`assign` needs a name, `=` and a value", ""},
    {"{% assign a b = 1 %}", 1, 11, 8, "`assign` needs a name, `=` and a value", ""},
    {"{% assign 1 = 1 %}", 1, 11, 6, "`assign` needs a name, `=` and a value", ""},
    {"{% capture %}{% endcapture %}", 1, 12, 0, "`capture` needs a name", ""},
    {"{% increment 'a' %}", 1, 14, 3, "unexpected `'a'`, where a name should be", ""},
    {"{% cycle %}", 1, 10, 0, "a value is missing", ""},
    {"{% render x %}", 1, 11, 1, "unexpected `x`, where a template's name in quotes should be", ""},
    {"{% include %}", 1, 12, 0, "a value is missing", ""},
    {"{% render 'a' x %}", 1, 17, 0, "`:` is missing", ""},
    {"{% raw x %}{% endraw %}", 1, 8, 2, "`raw` takes nothing", ""},
    {"{% raw %}{{", 1, 4, 3, "`raw` is never closed", "end it with `endraw`"},
    {"{% doc %}{% doc %}{% enddoc %}", 1, 10, 9, "`doc` has no place in `doc`", ""},
    {"{% comment %}{% comment %}{% endcomment %}", 1, 4, 7, "`comment` is never closed",
     "end it with `endcomment`"},
    {"{% # a\n b %}", 2, 2, 1, "each line of a comment begins with `#`", ""},
    {"{% liquid\n  if a\n  echo b\n%}", 2, 3, 2, "`if` is never closed", "end it with `endif`"},
    {"{% liquid\n  echo a\n  eco b\n%}", 3, 3, 3, "unknown tag `eco`", "did you mean `echo`?"},
};

static void faults_have_a_place_and_a_text(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        const struct fault *fault = &faults[i];
        const struct diag *diag = &fixture->diag;
        if (fixture_render(fixture, fault->template, NULL))
            fail_msg("%s: no fault", fault->template);
        if (strcmp(diag->text, fault->text) != 0 || strcmp(diag->hint, fault->hint) != 0 ||
            diag->line != fault->line || diag->column != fault->column ||
            diag->width != fault->width)
            fail_msg("%s\n{%u, %u, %u, \"%s\", \"%s\"}", fault->template, diag->line, diag->column,
                     diag->width, diag->text, diag->hint);
        assert_string_equal(diag->file, "test");
        assert_string_equal(diag->code, "liquid-syntax");
    }
}

static void unknown_filters_are_faults_where_it_is_asked(void **state)
{
    static const struct liquid_filter filters[] = {{"money", NULL, 0, 0}, {NULL, NULL, 0, 0}};
    struct fixture *fixture = *state;
    assert_string_equal(fixture_render(fixture, "{{ 'a' | monye }}", NULL), "a");
    fixture->options.filters = filters;
    fixture->options.strict_filters = true;
    assert_null(fixture_render(fixture, "{{ 'a' | monye }}", NULL));
    assert_string_equal(fixture->diag.text, "unknown filter `monye`");
    assert_string_equal(fixture->diag.hint, "did you mean `money`?");
    assert_null(fixture_render(fixture, "{{ 'a' | upcsae }}", NULL));
    assert_string_equal(fixture->diag.hint, "did you mean `upcase`?");
}

/* The reference implementation's "strict": tags other than for and if are forgiving. */
static void values_alone_may_be_strict(void **state)
{
    static const struct fixture_case cases[] = {
        {"{% assign 12 = 'a' %}{{ 12 }}", NULL, "12"},
        {"{% case 'a' %}{% when 'a' x %}b{% endcase %}", NULL, "b"},
        {"{{ ['x'] }}", "{\"x\": 1}", "1"},
        {"{{ a b }}", NULL, NULL},
        {"{% if a b %}{% endif %}", NULL, NULL},
        {"{% for a in b, %}{% endfor %}", NULL, NULL},
    };
    struct fixture *fixture = *state;
    fixture->options.syntax = LIQUID_STRICT_VALUES;
    FIXTURE_CHECK(fixture, cases);
}

/* What lax mode passes over is passed over, and told; what it would leave to fail at the
 * render, or could not read either, is a fault. */
static void slips_are_forgiven_and_told(void **state)
{
    static const char data[] = "{\"a\": \"A\", \"list\": [1, 2], \"n\": 5}";
    static const struct {
        const char *template, *printed; /* NULL: not forgiven */
        uint32_t line, column;          /* of the only slip; 0: none */
    } cases[] = {
        {"{{ a }}", "A", 0, 0},
        {"\n{{ a) }}", "\nA", 2, 5},
        {"{% if a %%}x{% endif %}", "x", 1, 9},
        {"{{> a }}", "", 1, 3},
        {"{{ a..b }}", "", 1, 5},
        {"{% if a == 'A' && n %}x{% endif %}", "x", 1, 16},
        {"{% if n > %}x{% else %}y{% endif %}", "y", 1, 11},
        {"{% if n > 9 %}x{% else if a %}y{% else %}z{% endif %}", "y", 1, 24},
        {"{% for i in list sorted %}{{ i }}{% endfor %}", "12", 1, 18},
        {"{% assign b c = 1 %}{{ c }}", "1", 1, 11},
        {"{% assign b = a) %}{{ b }}", "A", 1, 16},
        {"{% capture b c %}x{% endcapture %}{{ b }}", "x", 1, 12},
        {"{% case a %}{% when 'A' and 'B' %}x{% endcase %}", "x", 1, 25},
        {"{% case a) %}{% when 'A' %}x{% endcase %}", "x", 1, 10},
        {"{% cycle 'a' 'b', 'c' %}", "a", 1, 14},
        {"{% tablerow i in list limit: 1 columns: 2 %}x{% endtablerow %}",
         "<tr class=\"row1\">\n<td class=\"col1\">x</td></tr>\n", 1, 32},
        {"{{ ['a'] }}", "A", 1, 4},
        {"{% increment 'a' %}", "0", 1, 14},
        {"{% if a = 'A' %}x{% endif %}", NULL, 0, 0},
        {"{% if not a %}x{% endif %}", NULL, 0, 0},
        {"{{ a | plus }}", NULL, 0, 0},
        {"{{ a | nosuch }}", NULL, 0, 0},
        {"{{ a | upcase-x }}", NULL, 0, 0},
        {"{% if a %}", NULL, 0, 0},
        {"{{ a", NULL, 0, 0},
        {"{% nosuch %}", NULL, 0, 0},
    };
    struct fixture *fixture = *state;
    struct diags slips = {0};
    fixture->options.syntax = LIQUID_FORGIVING;
    fixture->options.slips = &slips;
    fixture->options.strict_filters = true;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *printed = fixture_render(fixture, cases[i].template, data);
        if (!printed != !cases[i].printed || (printed && strcmp(printed, cases[i].printed) != 0))
            fail_msg("%s: %s %s", cases[i].template, printed, fixture->diag.text);
        if (printed && slips.count != (cases[i].line > 0))
            fail_msg("%s: %zu slips", cases[i].template, slips.count);
        assert_int_equal(slips.errors, 0);
        if (printed && slips.count &&
            (slips.items->line != cases[i].line || slips.items->column != cases[i].column))
            fail_msg("%s: %u, %u", cases[i].template, slips.items->line, slips.items->column);
        if (!printed)
            assert_string_equal(fixture->diag.code, "liquid-syntax");
        diags_free(&slips);
    }
    fixture->options.slips = NULL;
    assert_string_equal(fixture_render(fixture, "{{ a) }}", data), "A");
}

/* A text within a file has its faults there, those of the parser and those of a render. */
static void places_count_within_the_file(void **state)
{
    static const char *const templates[] = {"\n{{ a b }}", "\n{{ a | slice: 'x' }}"};
    struct fixture *fixture = *state;
    fixture->options.first_line = 5;
    fixture->options.first_column = 11;
    for (size_t i = 0; i < sizeof templates / sizeof *templates; i++) {
        assert_null(fixture_render(fixture, templates[i], "{\"a\": \"A\"}"));
        assert_int_equal(fixture->diag.line, 6);
        assert_int_equal(fixture->diag.column, i == 0 ? 16 : 18);
    }
}

/* Blocks, brackets and ranges nest so deep and no deeper. */
static const struct nest {
    int most;
    const char *before, *open, *middle, *close, *after, *text;
} nests[] = {
    {99, "", "{% if true %}", "x", "{% endif %}", "", "blocks are nested too deep"},
    {100, "{{ ", "a[", "1", "]", " }}", "brackets are nested too deep"},
    {50, "{{ ", "a[(1..", "2", ")]", " }}", "brackets are nested too deep"},
};

static bool is_parsed(struct fixture *fixture, const struct nest *nest, int depth)
{
    struct buf text;
    buf_init(&text, 1 << 16);
    buf_text(&text, nest->before);
    for (int i = 0; i < depth; i++)
        buf_text(&text, nest->open);
    buf_text(&text, nest->middle);
    for (int i = 0; i < depth; i++)
        buf_text(&text, nest->close);
    buf_text(&text, nest->after);
    const struct liquid_template *template = liquid_parse(
        fixture->arena, "test", text.data, text.length, &fixture->options, &fixture->diag);
    buf_free(&text);
    return template;
}

static void nesting_is_bounded(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof nests / sizeof *nests; i++) {
        assert_true(is_parsed(fixture, &nests[i], nests[i].most));
        assert_false(is_parsed(fixture, &nests[i], nests[i].most + 1));
        assert_string_equal(fixture->diag.text, nests[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(faults_have_a_place_and_a_text),
        FIXTURE_TEST(unknown_filters_are_faults_where_it_is_asked),
        FIXTURE_TEST(values_alone_may_be_strict),
        FIXTURE_TEST(slips_are_forgiven_and_told),
        FIXTURE_TEST(places_count_within_the_file),
        FIXTURE_TEST(nesting_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
