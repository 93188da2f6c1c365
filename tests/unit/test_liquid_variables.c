#include "liquid_fixture.h"

static void note(void *context, const char *path, uint32_t line, uint32_t column)
{
    buf_printf(context, "%s@%u:%u ", path, line, column);
}

/* The names that come from outside, with their places. */
static const struct {
    const char *template, *variables;
} cases[] = {
    {"{{ a }} {{ b.c }}", "a@1:4 b.c@1:12 "},
    {"\n  {{ order.items[0].title }}", "order.items[].title@2:6 "},
    {"{{ order['items'].x }}{{ order[key].x }}", "order.items.x@1:4 order@1:26 key@1:32 "},
    {"{{ order.items.size }}{{ order.items.first.title }}",
     "order.items@1:4 order.items[].title@1:26 "},
    {"{{ \xc3\xa4 }}", NULL},
    {"\xc3\xa4{{ a }}", "a@1:5 "},
    {"{{ 'x' | append: a.b, c: d }}", NULL},
    {"{{ 'x' | default: a.b, allow_false: d }}", "a.b@1:19 d@1:37 "},
    {"{{ (a..b.c) | join }}", "a@1:5 b.c@1:8 "},
    {"{% assign x = a %}{{ x }}{{ y }}", "a@1:15 y@1:29 "},
    {"{{ x }}{% capture x %}{{ b }}{% endcapture %}{{ x }}", "x@1:4 b@1:26 "},
    {"{% for i in a.b limit: c %}{{ i.x }}{{ forloop.index }}{{ d }}{% endfor %}{{ i }}",
     "a.b@1:13 c@1:24 a.b[].x@1:31 d@1:59 i@1:78 "},
    {"{% for i in a %}{% for j in i.b %}{{ j.c }}{{ i }}{% endfor %}{{ j.c }}{% endfor %}",
     "a@1:13 a[].b@1:29 a[].b[].c@1:38 j.c@1:66 "},
    {"{% for a in a.a %}{{ a.a }}{% assign a = 1 %}{{ a.a }}{% endfor %}",
     "a.a@1:13 a.a[].a@1:22 "},
    {"{% for i in a[b] %}{{ i.x }}{% endfor %}{% for i in (1..c) %}{{ i.x }}{% endfor %}",
     "a@1:13 b@1:15 c@1:57 "},
    {"{% assign l = a | sort %}{% for i in l %}{{ i.x }}{% endfor %}{{ a[1] }}{{ a.last.b }}",
     "a@1:15 a@1:66 a[].b@1:76 "},
    {"{% tablerow i in a.first %}{{ i.b[0].c }}{% endtablerow %}{% for i in self.d %}{{ i.e }}"
     "{% endfor %}",
     "a@1:18 a[][].b[].c@1:31 d@1:71 d[].e@1:83 "},
    {"{% for i in a %}{% assign x = i %}{% else %}{{ e }}{% endfor %}{{ x }}", "a@1:13 e@1:48 "},
    {"{% tablerow i in a cols: n %}{{ i }}{{ tablerowloop.col }}{% endtablerow %}",
     "a@1:18 n@1:26 "},
    {"{% if a == b and c contains d %}{% elsif e %}{% else %}{{ f }}{% endif %}",
     "a@1:7 b@1:12 c@1:18 d@1:29 e@1:42 f@1:59 "},
    {"{% unless a %}{{ b }}{% endunless %}", "a@1:11 b@1:18 "},
    {"{% case a %}{% when b, c %}{{ d }}{% endcase %}", "a@1:9 b@1:21 c@1:24 d@1:31 "},
    {"{% cycle a: b, c %}{% increment n %}{{ n }}{% echo d %}", "a@1:10 b@1:13 c@1:16 d@1:52 "},
    {"{% render 'item', x: a with b %}", NULL},
    {"{% render 'item' with b, x: a %}{% include name for c %}",
     "render:item@1:11 b@1:23 a@1:29 name@1:44 c@1:53 "},
    {"{% ifchanged %}{{ a }}{% endifchanged %}{% raw %}{{ b }}{% endraw %}", "a@1:19 "},
    {"{{ self.a.b }}{{ self[c] }}{{ nil }}{{ empty }}", "a.b@1:4 c@1:23 "},
    {"{% comment %}{{ a }}{% endcomment %}{% liquid\n echo b\n%}", "b@2:7 "},
};

static void variables_are_found_with_their_places(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        buf_clear(&fixture->out);
        const struct liquid_template *template =
            liquid_parse(fixture->arena, "test", cases[i].template, strlen(cases[i].template),
                         &fixture->options, &fixture->diag);
        assert_int_equal(template != NULL, cases[i].variables != NULL);
        if (!template)
            continue;
        liquid_variables(template, note, &fixture->out);
        if (strcmp(buf_string(&fixture->out), cases[i].variables) != 0)
            fail_msg("%s: \"%s\"", cases[i].template, buf_string(&fixture->out));
    }
}

static void lines_count_within_the_file(void **state)
{
    struct fixture *fixture = *state;
    fixture->options.first_line = 5;
    const struct liquid_template *template =
        liquid_parse(fixture->arena, "test", "\n{{ a }}", 8, &fixture->options, &fixture->diag);
    liquid_variables(template, note, &fixture->out);
    assert_string_equal(buf_string(&fixture->out), "a@6:4 ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(variables_are_found_with_their_places),
        FIXTURE_TEST(lines_count_within_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
