/* CSS put into style="": which rules, in which order, around which Liquid. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "templates/inline_css.h"

static const char *apply(struct arena *arena, const char *html)
{
    struct css_rules *rules = css_rules_new(arena);
    size_t length;
    inline_css_collect(rules, html, strlen(html));
    return arena_text(arena, inline_css_apply(arena, rules, NULL, html, strlen(html), &length));
}

/* The style sheet, and the markup without and with it. */
static const struct {
    const char *css, *html, *styled;
} cases[] = {
    {"p{color:red}", "<p>a</p>", "<p style=\"color:red\">a</p>"},
    {" P , h1 { color : red ; } ", "<p><h1 id=x>",
     "<p style=\"color : red\"><h1 id=x style=\"color : red\">"},
    {".a{margin:0}", "<b class='b a'><b class=ab>",
     "<b class='b a' style=\"margin:0\"><b class=ab>"},
    {"#i{x:y}", "<b id=i><b id=I>", "<b id=i style=\"x:y\"><b id=I>"},
    {"td.a.b{x:y}", "<td class='a b'><td class=a>", "<td class='a b' style=\"x:y\"><td class=a>"},
    /* what the element says itself comes last, and counts */
    {"p{color:red;margin:0}", "<p style=\"color:blue\">",
     "<p style=\"color:red;margin:0;color:blue\">"},
    {"p{x:y}", "<p style='a:b'>", "<p style='x:y;a:b'>"},
    {"p{x:y}", "<p style=a:b>", "<p style=a:b>"},
    /* weight, then order; of each property the last, unless an earlier one is important */
    {"p{x:1}p{x:2}", "<p>", "<p style=\"x:2\">"},
    {".a{x:1}p{x:2}", "<p class=a>", "<p class=a style=\"x:1\">"},
    {"#i{x:1}p.a.b{x:2}", "<p id=i class='a b'>", "<p id=i class='a b' style=\"x:1\">"},
    {"p{x:1!important}.a{x:2;y:3}", "<p class=a>", "<p class=a style=\"x:1!important;x:2;y:3\">"},
    {"p{x:1;y:2;x:3}", "<p>", "<p style=\"y:2;x:3\">"},
    /* descendants and children */
    {"table p{x:y}", "<table><td><p></td></table><p>",
     "<table><td><p style=\"x:y\"></td></table><p>"},
    {"td>p{x:y}", "<td><p></p><b><p></b></td>", "<td><p style=\"x:y\"></p><b><p></b></td>"},
    {".a .b > i{x:y}", "<p class=a><b class=b><i></i></b></p>",
     "<p class=a><b class=b><i style=\"x:y\"></i></b></p>"},
    {"li p{x:y}", "<li><img><br><p>", "<li><img><br><p style=\"x:y\">"},
    {"td td{x:y}", "<tr><td>a<td>b", "<tr><td>a<td>b"},
    /* what can't be known from the markup stays in the sheet */
    {"a:hover{x:y} a[href]{x:y} p+p{x:y} *{x:y} :root{x:y} p::before{x:y}", "<p><a href=x><p>",
     "<p><a href=x><p>"},
    {"@media (max-width:600px){p{x:y}} @import 'a;b'; b{x:y}", "<p><b>", "<p><b style=\"x:y\">"},
    {"@media{@supports(x:y){p{x:y}}p{x:y}}b{x:y}", "<p><b>", "<p><b style=\"x:y\">"},
    {"@font-face{x:y}p{x:y", "<p>", "<p>"},
    {"/* p{x:y} */ b{x:/* 1 */2}", "<p><b>", "<p><b style=\"x:2\">"},
    {"p{a:url(\"x;y}\");b:url(data:x;y,z)}", "<p>",
     "<p style=\"a:url('x;y}');b:url(data:x;y,z)\">"},
    {"p{font:\"A B\"}", "<p><p style='x:y'>",
     "<p style=\"font:'A B'\"><p style='font:\"A B\";x:y'>"},
    {"p{x:y}", "<!-- <p> --><p><script>\"<p>\"</script><title><p></title>a < b <3",
     "<!-- <p> --><p style=\"x:y\"><script>\"<p>\"</script><title><p></title>a < b <3"},
    {"body{x:y}html{x:y}", "<html><body>", "<html><body style=\"x:y\">"},
    /* Liquid stays as it is */
    {"p{color:{{ shop.color | default: \"red;}\" }};x:y}", "<p>",
     "<p style=\"color:{{ shop.color | default: 'red;}' }};x:y\">"},
    {"{% if a %}p{x:y}{% endif %}p{ {{ b }} } b{x:{% if c %}1{% endif %}} i{x:y}", "<p><b><i>",
     "<p><b><i style=\"x:y\">"},
    {".a{x:y}", "<p class=\"{{ c }} a\"><p class=\"a\" title=\"{{ 'a>b' | t: x: \"</p>\" }}\">",
     "<p class=\"{{ c }} a\"><p class=\"a\" title=\"{{ 'a>b' | t: x: \"</p>\" }}\" style=\"x:y\">"},
    {"p{x:y}", "<p {% if a > b %}class=c{% endif %}><p {{ d }}>",
     "<p {% if a > b %}class=c{% endif %}><p {{ d }} style=\"x:y\">"},
    {"p{x:y}", "{% comment %}<p>{% endcomment %}{%- raw -%}<p>{% endraw %}{{ '<p>' }}<p/>",
     "{% comment %}<p>{% endcomment %}{%- raw -%}<p>{% endraw %}{{ '<p>' }}<p style=\"x:y\"/>"},
    {"p{x:y}", "<p style=\"{% if a %}b:c{% endif %}\">",
     "<p style=\"x:y;{% if a %}b:c{% endif %}\">"},
    {"p{\nx:y;\nz:1}", "<p>", "<p style=\"x:y;z:1\">"},
};

static void table(void **state)
{
    (void)state;
    struct arena *arena = arena_new(65536);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *sheet = arena_printf(arena, "<style>%s</style>", cases[i].css);
        const char *styled = apply(arena, arena_printf(arena, "%s%s", sheet, cases[i].html));
        assert_string_equal(styled, arena_printf(arena, "%s%s", sheet, cases[i].styled));
    }
    arena_destroy(&arena);
}

/* A part is styled by its layout's sheet, as if it stood at {{ content }}. */
static void within_layout(void **state)
{
    (void)state;
    static const char layout[] =
        "<style media=print>b{p:q}</style><style>.sheet p{x:y}b{c:d}</style>"
        "<body><table class=sheet><tr><td>{{- content }}</table></body>";
    static const char part[] = "<p><b>";
    struct arena *arena = arena_new(65536);
    struct css_rules *rules = css_rules_new(arena);
    struct inline_css_place place;
    size_t length;
    inline_css_collect(rules, layout, strlen(layout));
    inline_css_find_content(layout, strlen(layout), &place);
    assert_int_equal(place.depth, 4);
    assert_string_equal(inline_css_apply(arena, rules, &place, part, strlen(part), &length),
                        "<p style=\"x:y\"><b style=\"c:d\">");
    assert_string_equal(inline_css_apply(arena, rules, NULL, part, strlen(part), &length),
                        "<p><b style=\"c:d\">");
    inline_css_find_content("<body>{{ contents }}", 20, &place);
    assert_int_equal(place.depth, 0);
    arena_destroy(&arena);
}

/* Cut anywhere, the text stays the text. */
static void cut(void **state)
{
    (void)state;
    static const char whole[] = "<style>p{x:y}@media{a{}}b{\"c\"}</style><p class=\"a {% if b %}\" "
                                "style='c'>{{ d }}<!-- e --><br/><script>f</script></p>";
    struct arena *arena = arena_new(65536);
    for (size_t i = 0; i < strlen(whole); i++) {
        char *exact = malloc(i + 1); /* so that a read past the end is seen */
        memcpy(exact, whole, i);
        exact[i] = '\0';
        apply(arena, exact);
        free(exact);
    }
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table),
        cmocka_unit_test(within_layout),
        cmocka_unit_test(cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
