#include "liquid_fixture.h"

static const char data[] =
    "{\"s\": \"hello\", \"n\": 3, \"list\": [3, 1, 2, null], \"words\": [\"b\", \"A\", \"a\"],"
    " \"items\": [{\"t\": \"b\", \"p\": 2, \"on\": true}, {\"t\": \"A\", \"p\": 1},"
    " {\"t\": \"c\", \"p\": null, \"on\": false}],"
    " \"nested\": [1, [2, [3]]], \"map\": {\"a\": 1}, \"u\": \"\xc3\xa4\xc3\x9f\xce\xa3\xd0\xb9\","
    " \"nil\": null, \"big\": 9223372036854775807, \"huge\": 123456789012345678901234567890}";

static const struct fixture_case strings[] = {
    {"{{ s | append: ' you' | prepend: 'oh ' | append: n }}", data, "oh hello you3"},
    {"{{ 'hELLO wORLD' | capitalize }} {{ u | upcase }} {{ u | downcase }}", data,
     "Hello world \xc3\x84SS\xce\xa3\xd0\x99 \xc3\xa4\xc3\x9f\xcf\x83\xd0\xb9"},
    {"{{ 'jazz' | upcase }} {{ 'JAZZ' | downcase }}", data, "JAZZ jazz"},
    {"{{ u | capitalize }}{{ u | size }}", data,
     "\xc3\x84\xc3\x9f\xcf\x83\xd0\xb9"
     "4"},
    {"[{{ ' \ta\n ' | strip }}][{{ ' a ' | lstrip }}][{{ ' a ' | rstrip }}]", data, "[a][a ][ a]"},
    {"{{ ' a \n\t b ' | squish }}{{ nil | squish }}", data, "a b"},
    {"{{ 'a\nb\r\nc\r' | strip_newlines }}", data, "abc\r"},
    {"{{ s | slice: 1 }}{{ s | slice: -3, 2 }}{{ s | slice: 9 }}{{ s | slice: 5 }}", data, "ell"},
    {"{{ u | slice: 1, 2 }}{{ list | slice: 1, 9 | join }}", data,
     "\xc3\x9f\xce\xa3"
     "1 2 "},
    {"{{ s | slice: 'x' }}", data, NULL},
    {"{{ s | slice: 1.0 }}", data, NULL},
    {"{{ s | slice: '0x1', ' 2 ' }}", data, "el"},
    {"{{ s | truncate: 4 }} {{ s | truncate: 5 }} {{ s | truncate: 3, '' }}", data,
     "h... hello hel"},
    {"{{ s | truncate: 2 }}{{ u | truncate: 3, '\xe2\x80\xa6' }}{{ nil | truncate: 1 }}", data,
     "...\xc3\xa4\xc3\x9f\xe2\x80\xa6"},
    {"{{ 'a  b c' | truncatewords: 2 }}|{{ 'a  b' | truncatewords: 2 }}|{{ 'a b' | truncatewords: "
     "0 }}",
     data, "a b...|a  b|a..."},
    {"{{ 'a,b,,' | split: ',' | size }}{{ ' a  b ' | split: ' ' | join: '|' }}", data, "2a|b"},
    {"{{ s | split: '' | join: '.' }}{{ '' | split: ',' | size }}{{ ',a' | split: ',' | size }}",
     data, "h.e.l.l.o02"},
};

static const struct fixture_case replacements[] = {
    {"{{ 'aaa' | replace: 'a', 'b' }}{{ 'aaa' | replace_first: 'a', 'b' }}"
     "{{ 'aaa' | replace_last: 'a', 'b' }}",
     data, "bbbbaaaab"},
    {"{{ 'aba' | remove: 'a' }}{{ 'aba' | remove_first: 'a' }}{{ 'aba' | remove_last: 'a' }}", data,
     "bbaab"},
    {"{{ 'abc' | replace: '', '-' }} {{ 'abc' | replace_last: '', '-' }}", data, "-a-b-c- abc-"},
    {"{{ 'a' | replace: 'b', 'c' }}{{ 'a' | replace_last: 'ab', 'c' }}{{ 'x' | replace: 'x' }}",
     data, "aa"},
    {"{{ 'abc' | replace: 'b', '[\\0\\&\\`\\1\\\\]' }}", data, "a[bba\\]c"},
    {"{{ 'abc' | replace: 'b', \"\\'\" }}{{ 'b' | replace: 'b', '\\x\\+' }}", data, "acc\\x"},
    {"{{ 'abc' | replace_last: 'b', '\\0' }}", data, "a\\0c"},
};

static const struct fixture_case encodings[] = {
    {"{{ \"<a href='x'>&\" | escape }}\"{{ nil | escape }}", data,
     "&lt;a href=&#39;x&#39;&gt;&amp;\""},
    {"{{ '&lt; & &amp; &#39; &#x; <' | escape_once }}", data,
     "&lt; &amp; &amp; &#39; &amp;#x; &lt;"},
    {"{{ 'a\nb\r\nc' | newline_to_br }}", data, "a<br />\nb<br />\nc"},
    {"{{ '<b>x</b><script>y</script><!-- z --><style>w</style>< a > 1<' | strip_html }}", data,
     "x 1<"},
    {"{{ 'a b&c/\xc3\xa4~' | url_encode }} {{ 'a+b%26%C3%A4' | url_decode }}", data,
     "a+b%26c%2F%C3%A4~ a b&\xc3\xa4"},
    {"{{ '%ff' | url_decode }}", data, NULL},
    {"{{ 'hi?>' | base64_encode }} {{ 'hi?>' | base64_url_safe_encode }}", data,
     "aGk/Pg== aGk_Pg=="},
    {"{{ 'aGk/Pg==' | base64_decode }}{{ 'aGk_Pg' | base64_url_safe_decode }}", data, "hi?>hi?>"},
    {"{{ 'aGk' | base64_decode }}", data, NULL},
    {"{{ 'aGl=' | base64_decode }}", data, NULL},
    {"{{ 'aGk-Pg==' | base64_decode }}", data, NULL},
    {"{{ 'aGkhI' | base64_url_safe_decode }}", data, NULL},
    {"{{ '/w==' | base64_decode }}", data, NULL},
};

static const struct fixture_case numbers[] = {
    {"{{ 1 | plus: 2 }} {{ 0.1 | plus: 0.2 }} {{ '3' | plus: '4.5' }} {{ 'x' | plus: 1 }}", data,
     "3 0.3 7.5 1"},
    {"{{ 10 | minus: 2.5 }} {{ 7 | times: '3 pcs' }} {{ 5.0 | times: 2.1 }}", data, "7.5 21 10.5"},
    {"{{ 7 | divided_by: 2 }} {{ -7 | divided_by: 2 }} {{ 7 | divided_by: 2.0 }}", data,
     "3 -4 3.5"},
    {"{{ 20 | divided_by: 7.0 }} {{ 1.0 | divided_by: 0 }}", data, "2.857142857142857 Infinity"},
    {"{{ 1 | divided_by: 0 }}", data, NULL},
    {"{{ 7 | modulo: 3 }} {{ -7 | modulo: 3 }} {{ 7.5 | modulo: 2 }} {{ 7 | modulo: -3 }}", data,
     "1 2 1.5 -2"},
    {"{{ 7 | modulo: 0 }}", data, NULL},
    {"{{ 2.5 | round }} {{ -2.5 | round }} {{ 2.345 | round: 2 }} {{ 1234 | round: -2 }}", data,
     "3 -3 2.35 1200"},
    {"{{ 2.1 | ceil }} {{ -2.1 | ceil }} {{ 2.9 | floor }} {{ -2.1 | floor }} {{ '3.7' | floor }}",
     data, "3 -2 2 -3 3"},
    {"{{ -3 | abs }} {{ '-1.5' | abs }} {{ 3 | at_least: 5 }} {{ 3 | at_most: 2.5 }}", data,
     "3 1.5 5 2.5"},
    {"{{ -0.0 | abs }} {{ -0.04 | round: 1 }} {{ -0.0 | round: 1 }} {{ -0.4 | round }}", data,
     "0.0 -0.0 -0.0 0"},
    {"{{ big | plus: 1 }} {{ big | times: big }}", data,
     "9223372036854775808 85070591730234615847396907784232501249"},
    {"{{ huge | minus: 1 }} {{ huge | divided_by: 10 }}", data,
     "123456789012345678901234567889 12345678901234567890123456789"},
    {"{{ nil | plus: 1 }}{{ map | plus: 1 }}{{ true | plus: 1 }}", data, "111"},
};

static const struct fixture_case lists[] = {
    {"{{ list | sort | join: ',' }} {{ words | sort | join }} {{ words | sort_natural | join }}",
     data, "1,2,3, A a b A a b"},
    {"{{ items | sort: 'p' | map: 't' | join }} {{ items | sort_natural: 't' | map: 't' | join }}",
     data, "A b c A b c"},
    {"{{ list | concat: words | sort }}", data, NULL},
    {"{{ items | map: 'p' | join: '-' }} {{ map | map: 'a' }} {{ nil | map: 'a' }}", data,
     "2-1- 1 "},
    {"{{ words | map: 'x' | join: ',' }}|{{ list | map: 'x' }}", data, NULL},
    {"{{ items | where: 'on' | map: 't' }}{{ items | where: 'p', 1 | map: 't' }}", data, "bA"},
    {"{{ items | where: 'on', false | map: 't' }}{{ items | reject: 'on' | map: 't' }}", data,
     "cAc"},
    {"{{ items | has: 'p', 2 }} {{ items | has: 'p', '2' }} {{ words | has: 'b' }}", data,
     "true false true"},
    {"{% assign i = items | find: 't', 'c' %}{{ i.on }} {{ items | find_index: 't', 'c' }}", data,
     "false 2"},
    {"{{ 'tea' | where: 0.5 }}{{ 'tea' | map: -1.9 }}{{ 5 | map: 2.7 }}", data, "teaa1"},
    {"{{ items | find: 'x', 1 }}{{ items | find_index: 'x', 1 }}{{ list | where: 'x' }}", data,
     NULL},
    {"{{ list | sum }} {{ items | sum: 'p' }} {{ nested | sum }}", data, "6 3 6"},
    {"{{ list | compact | size }} {{ items | compact: 'p' | size }}", data, "3 2"},
    {"{{ '1,2,1' | split: ',' | uniq | join }} {{ items | uniq: 'on' | size }}", data, "1 2 3"},
    /* one item alone is not asked; one that has no properties ends it, whatever the others are */
    {"{{ 1.5 | uniq: 'x' }} {{ 7 | uniq: 'x' }} {{ 7 | sort: 'x' }} {{ 7 | sort_natural: 'x' }}",
     data, "1.5 7 7 7"},
    {"{{ list | sort: 'x' }}|{{ list | sort_natural: 'x' }}|{{ 1.5 | sort: 'x' }}",
     "{\"list\": [7, null]}", "||"},
    {"{{ words | concat: list | size }} {{ nested | reverse | join }} {{ (1..3) | reverse | join "
     "}}",
     data, "7 3 2 1 3 2 1"},
    {"{{ words | concat: s }}", data, NULL},
    {"{{ words | first }}{{ words | last }}{{ s | first }}{{ s | last }}{{ (2..4) | last }}", data,
     "baho4"},
    {"{{ words | size }}{{ map | size }}{{ (2..4) | size }}{{ nil | size }}{{ 1.5 | size }}", data,
     "31300"},
    {"{{ nil | default: 'd' }}{{ false | default: 'd' }}{{ '' | default: 'd' }}{{ 0 | default: 'd' "
     "}}",
     data, "ddd0"},
    {"{{ false | default: 'd', allow_false: true }}{{ nil | default: 'd', allow_false: true }}",
     data, "falsed"},
    {"{{ nested | join: '' }}{{ s | join: ',' }}{{ map | join }}", data, "123hello{\"a\"=>1}"},
};

static void strings_are_changed(void **state)
{
    FIXTURE_CHECK(*state, strings);
}

static void parts_of_texts_are_replaced(void **state)
{
    FIXTURE_CHECK(*state, replacements);
}

static void texts_are_encoded_and_decoded(void **state)
{
    FIXTURE_CHECK(*state, encodings);
}

static void numbers_are_reckoned_with(void **state)
{
    FIXTURE_CHECK(*state, numbers);
}

static void lists_are_chosen_from(void **state)
{
    FIXTURE_CHECK(*state, lists);
}

/* A count that is wrong is a syntax error in strict mode, else one of the render. */
static void arguments_are_counted(void **state)
{
    struct fixture *fixture = *state;
    assert_null(fixture_render(fixture, "{% if false %}{{ 1 | plus }}{% endif %}", NULL));
    assert_string_equal(fixture->diag.code, "liquid-syntax");
    fixture->options.syntax = LIQUID_LAX;
    assert_non_null(fixture_render(fixture, "{% if false %}{{ 1 | plus }}{% endif %}", NULL));
    assert_null(fixture_render(fixture, "{{ 1 | plus: 1, 2 }}", NULL));
    assert_string_equal(fixture->diag.code, "liquid-render");
}

static bool twice(struct liquid_call *call)
{
    struct value text = liquid_string(call->run, &call->input);
    const struct value *glue = call->keywords ? value_get(call->keywords, "glue") : NULL;
    const char *between = glue ? value_to_text(liquid_arena(call->run), glue) : "";
    char *both = arena_printf(liquid_arena(call->run), "%.*s%s%.*s", (int)text.length, text.string,
                              between, (int)text.length, text.string);
    call->result = value_text(both);
    return liquid_context(call->run) ? true : liquid_fail(call->run, "no context");
}

static bool refuse(struct liquid_call *call)
{
    return liquid_fail(call->run, "refused %d", call->count);
}

/* A host's `upcase` for one kind of call, the standard one for all others. */
static bool upcase(struct liquid_call *call)
{
    if (call->input.kind == VALUE_INT) {
        call->result = value_text("NUMBER");
        return true;
    }
    return liquid_filter_standard("upcase", 6)->apply(call);
}

static void hosts_have_filters_of_their_own(void **state)
{
    static const struct liquid_filter filters[] = {{"twice", twice, 0, 0},
                                                   {"refuse", refuse, 0, 2},
                                                   {"upcase", upcase, 0, 0},
                                                   {NULL, NULL, 0, 0}};
    struct fixture *fixture = *state;
    fixture->options.filters = filters;
    assert_string_equal(fixture_render(fixture, "{{ 1.0 | twice: glue: '-' }}", NULL), "1.0-1.0");
    assert_string_equal(fixture_render(fixture, "{{ 'x' | twice }}", NULL), "xx");
    assert_string_equal(fixture_render(fixture, "{{ 'x' | upcase }}{{ 1 | upcase }}", NULL),
                        "XNUMBER");
    assert_null(fixture_render(fixture, "\n{{ 'x' | refuse: 1 }}", NULL));
    assert_string_equal(fixture->diag.text, "refused 1");
    assert_int_equal(fixture->diag.line, 2);
    assert_int_equal(fixture->diag.column, 10);
    assert_null(liquid_filter_standard("twice", 5));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(strings_are_changed),
        FIXTURE_TEST(parts_of_texts_are_replaced),
        FIXTURE_TEST(texts_are_encoded_and_decoded),
        FIXTURE_TEST(numbers_are_reckoned_with),
        FIXTURE_TEST(lists_are_chosen_from),
        FIXTURE_TEST(arguments_are_counted),
        FIXTURE_TEST(hosts_have_filters_of_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
