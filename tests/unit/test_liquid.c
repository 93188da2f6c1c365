#include "liquid_fixture.h"

static const char data[] =
    "{\"s\": \"hello\", \"n\": 3, \"f\": 2.5, \"t\": true, \"no\": false, \"nil\": null,"
    " \"list\": [1, 2, 3, 4, 5, 6], \"empty_list\": [], \"words\": [\"b\", \"a\"],"
    " \"map\": {\"a\": 1, \"b\": {\"c\": \"deep\"}, \"size\": 99}, \"key\": \"b\", \"hy-phen\": "
    "\"h\","
    " \"really?\": \"yes\", \"blank_text\": \" \\n\", \"big\": 12345678901234567890123,"
    " \"tiny\": 0.00001, \"large\": 1e15, \"nested\": [[1, [2]], [3]]}";

static const struct fixture_case outputs[] = {
    {"", NULL, ""},
    {"plain { text } %}", NULL, "plain { text } %}"},
    {"{{ s }}", data, "hello"},
    {"{{}}{{ }}", data, ""},
    {"{{ nothing }}{{ nothing.at.all }}{{ s.x }}", data, ""},
    {"{{ n }} {{ f }} {{ t }} {{ no }} {{ nil }}", data, "3 2.5 true false "},
    {"{{ 'a \"b\"' }} {{ \"it's\" }} {{ -7 }} {{ 1.50 }}", data, "a \"b\" it's -7 1.5"},
    {"{{ map.b.c }} {{ map['b'].c }} {{ map[key]['c'] }}", data, "deep deep deep"},
    {"{{ list[0] }}{{ list[-1] }}{{ list[6] }}{{ list[-7] }}", data, "16"},
    {"{{ list.first }}{{ list.last }}{{ list.size }}{{ s.size }}", data, "1665"},
    {"{{ map.size }} {{ map.first[0] }}", data, "99 a"},
    {"{{ hy-phen }} {{ really? }}", data, "h yes"},
    {"{{ list }} {{ nested }}", data, "123456 123"},
    {"{{ map }}", data, "{\"a\"=>1, \"b\"=>{\"c\"=>\"deep\"}, \"size\"=>99}"},
    {"{{ (1..3) }}", data, "1..3"},
    {"{{ big }} {{ tiny }} {{ large }} {{ 100.0 }}", data,
     "12345678901234567890123 1.0e-05 1.0e+15 100.0"},
    {"{{ self.s }}{{ self['n'] }}", data, "hello3"},
    {"{{ empty }}{{ blank }}{{ nil }}{{ null }}", data, ""},
    {"{{ contains.contains }}{{ m.contains }}", "{\"m\": {\"contains\": 1}}", NULL},
    {"{{ m.contains }}", "{\"m\": {\"contains\": 1}}", "1"},
    {"{{ true.x }}", "{\"true\": {\"x\": 1}}", "1"},
};

static void outputs_print_values(void **state)
{
    FIXTURE_CHECK(*state, outputs);
}

static const struct fixture_case whitespace[] = {
    {"a {{- 1 -}} b", NULL, "a1b"},
    {"a \n{%- if true -%}\n b \n{%- endif -%}\n c", NULL, "abc"},
    {" {{- 1 }} ", NULL, "1 "},
    {"{{ 1 -}} {{ 2 }}", NULL, "12"},
    {"{%- assign x = 1 -%} {{ x }}", NULL, "1"},
    {"[{% if true %} \n {% assign x = 1 %} {% endif %}]", NULL, "[]"},
    {"[{% if true %} {{ '' }} {% endif %}]", NULL, "[  ]"},
    {"[{% for i in (1..3) %}  {% endfor %}]", NULL, "[]"},
    {"x {%- raw -%} a {%- endraw -%} y", NULL, "x a y"},
    {"a {%- comment -%} b {%- endcomment -%} c", NULL, "ac"},
    {"{{-1-}}{{- -}}", NULL, "1"},
};

static void dashes_trim_and_blank_blocks_print_nothing(void **state)
{
    FIXTURE_CHECK(*state, whitespace);
}

static const struct fixture_case conditions[] = {
    {"{% if t %}y{% else %}n{% endif %}", data, "y"},
    {"{% if no %}y{% elsif nil %}e{% else %}n{% endif %}", data, "n"},
    {"{% if '' %}y{% endif %}{% if 0 %}y{% endif %}{% if empty_list %}y{% endif %}", data, "yyy"},
    {"{% if n == 3 and s == 'hello' %}y{% endif %}", data, "y"},
    {"{% if true or false and false %}y{% endif %}", data, "y"},
    {"{% if false and false or true %}y{% else %}n{% endif %}", data, "n"},
    {"{% if n == 3.0 %}y{% endif %}{% if n == '3' %}n{% endif %}", data, "y"},
    {"{% if n != 3 %}n{% endif %}{% if n <> 4 %}y{% endif %}", data, "y"},
    {"{% if n < 4 and n >= 3 and n <= 3 and f > 2 %}y{% endif %}", data, "y"},
    {"{% if 'a' < 'b' %}y{% endif %}{% if nil < 1 or nil >= 1 %}n{% endif %}", data, "y"},
    {"{% if n < 'x' %}{% endif %}", data, NULL},
    {"{% if s contains 'ell' and list contains 3 and map contains 'a' %}y{% endif %}", data, "y"},
    {"{% if s contains 7 or list contains 'x' or nil contains 1 %}n{% endif %}", data, ""},
    {"{% if (1..3) contains 3 %}y{% endif %}{% if (1..3) contains 4 %}n{% endif %}", data, "y"},
    {"{% if empty_list == empty and '' == empty and s != empty %}y{% endif %}", data, "y"},
    {"{% if blank_text == blank and nil == blank and no == blank %}y{% endif %}", data, "y"},
    {"{% if nil == empty %}n{% endif %}{% if empty == empty %}n{% endif %}", data, ""},
    {"{% if words == nested %}n{% endif %}{% if list == list %}y{% endif %}", data, "y"},
    {"{% unless no %}y{% endunless %}{% unless t %}n{% elsif t %}e{% endunless %}", data, "ye"},
    {"{% if false %}a{% else nonsense %}b{% elsif true %}c{% endif %}", data, "b"},
    {"{% case n %}{% when 1, 3 %}a{% when 3 or 4 %}b{% else %}c{% endcase %}", data, "ab"},
    {"{% case n %} text {% when 'x' %}a{% else %}c{% when 3 %}d{% endcase %}", data, "cd"},
    {"{% case s %}{% when blank %}b{% when 'hello' %}h{% endcase %}", data, "h"},
    {"{% case nil %}{% when nil %}n{% when false %}f{% endcase %}", data, "n"},
};

static void conditions_choose(void **state)
{
    FIXTURE_CHECK(*state, conditions);
}

static const struct fixture_case loops[] = {
    {"{% for i in list %}{{ i }}{% endfor %}", data, "123456"},
    {"{% for i in list limit: 2 offset: 1 %}{{ i }}{% endfor %}", data, "23"},
    {"{% for i in list reversed, limit: 2 %}{{ i }}{% endfor %}", data, "21"},
    {"{% for i in list offset: -2 limit: 3 %}{{ i }}{% endfor %}", data, "1"},
    {"{% for i in list offset: -2 %}{{ i }}{% endfor %}", data, "123456"},
    {"{% for i in (n..5) %}{{ i }}{% else %}none{% endfor %}", data, "345"},
    {"{% for i in (5..n) %}{{ i }}{% else %}none{% endfor %}", data, "none"},
    {"{% for i in nothing %}{% else %}none{% endfor %}", data, "none"},
    {"{% for p in map limit: 1 %}{{ p[0] }}={{ p[1] }}{% endfor %}", data, "a=1"},
    {"{% for c in s %}{{ c }}.{% endfor %}", data, "hello."},
    {"{% for i in list limit: 2 %}{{ i }}{% endfor %}{% for i in list offset: continue limit: 2 %}"
     "{{ i }}{% endfor %}{% for i in list offset: continue %}{{ i }}{% endfor %}",
     data, "123456"},
    {"{% for i in list %}{% if i == 2 %}{% continue %}{% endif %}{% if i == 4 %}{% break %}"
     "{% endif %}{{ i }}{% endfor %}",
     data, "13"},
    {"{% for i in words %}{{ forloop.index }}{{ forloop.index0 }}{{ forloop.rindex }}"
     "{{ forloop.rindex0 }}{{ forloop.first }}{{ forloop.last }}{{ forloop.length }}"
     "{{ forloop.name }} {% endfor %}",
     data, "1021truefalse2i-words 2110falsetrue2i-words "},
    {"{% for i in (1..2) %}{% for j in (1..2) %}{{ forloop.parentloop.index }}{{ forloop.index }} "
     "{% endfor %}{% endfor %}{{ forloop.index }}",
     data, "11 12 21 22 "},
    {"{% for i in (1..2) %}{% assign i = 9 %}{{ i }}{% endfor %}{{ i }}", data, "129"},
    {"a{% break %}b", data, "a"},
    {"{% for i in list limit: 'x' %}{% endfor %}", data, NULL},
    {"{% for i in (f..5) %}{% endfor %}", data, NULL},
    {"{% for i in (1..4) %}{% cycle 'a', 'b', 'c' %}{% endfor %}", data, "abca"},
    {"{% cycle 1, 2 %}{% cycle 'g': 1, 2 %}{% cycle 1, 2 %}{% cycle 'g': 1, 2 %}", data, "1122"},
    {"{% cycle n: 1, 2 %}{% cycle 3: 1, 2 %}{% cycle '3': 1, 2 %}", data, "121"},
    {"{% tablerow i in (1..3) cols: 2 %}{{ i }}{{ tablerowloop.col_last }}{% endtablerow %}", data,
     "<tr class=\"row1\">\n<td class=\"col1\">1false</td><td class=\"col2\">2true</td></tr>\n"
     "<tr class=\"row2\"><td class=\"col1\">3false</td></tr>\n"},
    {"{% tablerow i in nothing %}{{ i }}{% endtablerow %}", data, ""},
    {"{% tablerow i in list limit: true %}{% endtablerow %}", data, NULL},
    {"{% assign l = nil %}{% for i in (1..1) %}{% assign l = forloop %}{% endfor %}{{ l.length }}",
     data, "1"},
};

static void loops_go_over_their_items(void **state)
{
    FIXTURE_CHECK(*state, loops);
}

static const struct fixture_case variables[] = {
    {"{% assign x = s | upcase %}{{ x }}", data, "HELLO"},
    {"{% assign s = 'new' %}{{ s }}", data, "new"},
    {"{% capture c %}{{ s }}!{% endcapture %}{{ c }}{{ c.size }}", data, "hello!6"},
    {"{% capture 'c' %}1{% endcapture %}{{ c }}", data, "1"},
    {"{% increment i %}{% increment i %}{{ i }}{% decrement i %}", data, "0121"},
    {"{% decrement i %}{{ i }}", data, "-1-1"},
    {"{% increment n %}{% increment n %}", data, "34"},
    {"{% increment s %}", data, NULL},
    {"{% assign i = 'x' %}{% increment i %}{{ i }}", data, "0x"},
    {"{% ifchanged %}a{% endifchanged %}{% ifchanged %}a{% endifchanged %}"
     "{% ifchanged %}b{% endifchanged %}",
     data, "ab"},
    {"{% echo s | upcase %}", data, "HELLO"},
    {"{% liquid\n assign x = 1\n if x == 1\n echo 'one'\n endif\n # nothing\n%}", data, "one"},
    {"{% liquid for i in (1..2)\n echo i\n endfor %}", data, "12"},
    {"{% raw %}{{ s }}{% if %}{% endraw %}", data, "{{ s }}{% if %}"},
    {"a{% comment %}{% if %}{{ } {% comment %}x{% endcomment %}{% endcomment %}b", data, "ab"},
    {"a{% doc %}{% raw %}{{ x }{% enddoc %}b{% # a note %}c", data, "abc"},
};

static void tags_set_and_print_variables(void **state)
{
    FIXTURE_CHECK(*state, variables);
}

static const struct fixture_partial partials[] = {
    {"show", "[{{ show }}{{ x }}{{ s }}]"},
    {"dir/item", "{{ item }}{{ forloop.index }} "},
    {"set", "{% assign mine = 'set' %}{{ mine }}"},
    {"count", "{% increment k %}"},
    {"stop", "a{% break %}b"},
    {"bad", "{{ 1 | divided_by: 0 }}"},
    {"wrong", "\n  {% if %}"},
    {"includes", "{% include 'set' %}"},
    {"deep", "{% render 'deep' %}"},
    {"shared", "{{ shop }}"},
    {NULL, NULL},
};

static const struct fixture_case renders[] = {
    {"{% render 'show' %}{% render 'show', x: n, s: 'q' %}", data, "[][3q]"},
    {"{% render 'show' with n %}{% render 'show' with n as x %}", data, "[3][3]"},
    {"{% render 'dir/item' for list %}", data, "11 22 33 44 55 66 "},
    {"{% render 'dir/item' for (7..8) as item %}", data, "71 82 "},
    {"{% render 'set' %}{{ mine }}", data, "set"},
    {"{% increment k %}{% render 'count' %}{% increment k %}", data, "001"},
    {"{% for i in (1..2) %}{% render 'stop' %}{{ i }}{% endfor %}", data, "a1a2"},
    {"{% render 'includes' %}", data, NULL},
    {"{% render 'none' %}", data, NULL},
    {"{% include 'show' %}{% include 'show', x: 1 %}", data, "[hello][1hello]"},
    {"{% assign file = 'show' %}{% include file with n %}", data, "[3hello]"},
    {"{% include 'dir/item' with words %}", data, "b a "},
    {"{% include 'set' %}{{ mine }}", data, "setset"},
    {"{% increment k %}{% include 'count' %}{% increment k %}", data, "012"},
    {"{% for i in (1..2) %}{% include 'stop' %}{{ i }}{% endfor %}", data, "a"},
    {"{% include n %}", data, NULL},
};

static void partials_are_rendered(void **state)
{
    struct fixture *fixture = *state;
    fixture->partials = partials;
    FIXTURE_CHECK(fixture, renders);
}

static void shared_names_are_seen_by_partials(void **state)
{
    struct fixture *fixture = *state;
    struct value shared = value_new_map(fixture->arena, 1);
    value_set(fixture->arena, shared, "shop", value_text("Lavka"));
    fixture->partials = partials;
    fixture->input.shared = &shared;
    assert_string_equal(fixture_render(fixture, "{{ shop }}{% render 'shared' %}", NULL),
                        "LavkaLavka");
    assert_string_equal(fixture_render(fixture, "{{ shop }}", "{\"shop\": \"own\"}"), "own");
    assert_string_equal(fixture_render(fixture, "{{ shop }}", "{\"shop\": null}"), "Lavka");
}

static void faults_in_partials_have_their_place(void **state)
{
    struct fixture *fixture = *state;
    fixture->partials = partials;
    assert_null(fixture_render(fixture, "\n{% render 'bad' %}", NULL));
    assert_string_equal(fixture->diag.file, "bad");
    assert_int_equal(fixture->diag.line, 1);
    assert_int_equal(fixture->diag.column, 8);
    assert_string_equal(fixture->diag.text, "divided by zero");
}

/* The line that the template's file has before the text (its front matter). */
static void lines_count_within_the_file(void **state)
{
    struct fixture *fixture = *state;
    fixture->options.first_line = 8;
    assert_null(fixture_render(fixture, "a\n  {% nope %}", NULL));
    assert_int_equal(fixture->diag.line, 9);
    assert_int_equal(fixture->diag.column, 6);
    assert_string_equal(fixture->diag.excerpt, "  {% nope %}");
}

static const struct fixture_case forgiven[] = {
    {"{{ s | upcase | }}", data, "HELLO"},
    {"{{ s foo | append: '!' 'x' }}", data, "hello!"},
    {"{{ s | nothing | upcase }}", data, "HELLO"},
    {"{% if (s contains 'ell') && nothing %}y{% endif %}", data, "y"},
    {"{% if nothing or n == 3 && x %}y{% endif %}", data, "y"},
    {"{% if n == 3 or %}y{% endif %}", data, NULL},
    {"{% if n = 3 %}y{% endif %}", data, NULL},
    {"{% for i in list foo: 1 limit: 2, %}{{ i }}{% endfor %}", data, "12"},
    {"{% case n %}{% when 1 and 3 %}a{% when 3 x %}b{% endcase %}", data, "b"},
    {"{% assign x y = 5 %}{{ y }}", data, "5"},
    {"{% cycle 'a' 'b', 'c' %}{% cycle 'a' 'b', 'c' %}", data, "ac"},
    {"{{ list[0 }}{{ [key] }}{{ map.['a'] }}", data, "1"},
    {"{% tablerow i in list cols 2 limit: 1 %}{{ i }}{% endtablerow %}", data,
     "<tr class=\"row1\">\n<td class=\"col1\">1</td></tr>\n"},
};

static void lax_mode_passes_over_what_makes_no_sense(void **state)
{
    struct fixture *fixture = *state;
    fixture->options.syntax = LIQUID_LAX;
    FIXTURE_CHECK(fixture, forgiven);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(outputs_print_values),
        FIXTURE_TEST(dashes_trim_and_blank_blocks_print_nothing),
        FIXTURE_TEST(conditions_choose),
        FIXTURE_TEST(loops_go_over_their_items),
        FIXTURE_TEST(tags_set_and_print_variables),
        FIXTURE_TEST(partials_are_rendered),
        FIXTURE_TEST(shared_names_are_seen_by_partials),
        FIXTURE_TEST(faults_in_partials_have_their_place),
        FIXTURE_TEST(lines_count_within_the_file),
        FIXTURE_TEST(lax_mode_passes_over_what_makes_no_sense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
