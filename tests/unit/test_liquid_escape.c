#include "liquid_fixture.h"

static const char data[] =
    "{\"s\": \"<b>&'\", \"plain\": \"Tom & Jerry\", \"lines\": \"a<\\nb\", \"n\": 5, \"f\": 1.5,"
    " \"list\": [\"<\", \"&\"], \"map\": {\"<\": \">\"}, \"url\": \"/?a=1&b=2\"}";

/* In escape mode: what {{ }} prints is escaped once, and only once. */
static const struct fixture_case cases[] = {
    {"{{ s }}<i>", data, "&lt;b&gt;&amp;&#39;<i>"},
    {"{{ '<' }}{% echo '\"' %}", data, "&lt;&quot;"},
    {"{{ n }}{{ f }}{{ true }}", data, "51.5true"},
    {"{{ list }} {{ map }}", data, "&lt;&amp; {&quot;&lt;&quot;=&gt;&quot;&gt;&quot;}"},
    {"{{ s | upcase }}", data, "&lt;B&gt;&amp;&#39;"},

    /* raw has the last word, wherever it stands; also for lists */
    {"{{ s | raw }}{{ list | raw }}{{ nil | raw }}", data, "<b>&'<&"},
    {"{{ s | raw | upcase }}", data, "&lt;B&gt;&amp;&#39;"},

    /* filters whose result is markup */
    {"{{ s | escape }} {{ '&lt; <' | escape_once }}", data, "&lt;b&gt;&amp;&#39; &lt; &lt;"},
    {"{{ lines | newline_to_br }} {{ lines | escape | newline_to_br }}", data,
     "a&lt;<br />\nb a&lt;<br />\nb"},
    {"{{ s | escape | upcase }}", data, "&lt;B&gt;&amp;&#39;"},
    {"{{ '<b>x</b> & y' | strip_html }}", data, "x &amp; y"},
    {"{{ plain | url_encode }}", data, "Tom+%26+Jerry"},

    /* captured text is markup, and stays it where nothing else can come of it */
    {"{% capture c %}<i>{{ s }}</i>{% endcapture %}{{ c }}", data, "<i>&lt;b&gt;&amp;&#39;</i>"},
    {"{% capture c %} <i>{{ n }}</i> {% endcapture %}{{ c | strip }}{{ c | squish }}", data,
     "<i>5</i><i>5</i>"},
    {"{% capture c %}<i>{% endcapture %}{% assign d = c %}{{ d }}{{ d | default: 1 }}", data,
     "<i><i>"},
    {"{% capture c %}<i>{% endcapture %}{{ c | append: s }}{{ s | append: c }}", data,
     "<i>&lt;b&gt;&amp;&#39;&lt;b&gt;&amp;&#39;<i>"},
    {"{% capture c %}<i>x</i>{% endcapture %}{{ c | replace: 'x', s }}{{ c | remove: 'x' }}", data,
     "<i>&lt;b&gt;&amp;&#39;</i><i></i>"},
    {"{% capture c %}<i>{% endcapture %}{% capture d %}{{ c }}{% endcapture %}{{ d }}", data,
     "<i>"},
    {"{% capture c %}<i>{% endcapture %}{{ c | split: ',' | first }}", data, "&lt;i&gt;"},

    /* markup without tags is text again where a filter or a comparison takes it for text */
    {"{% capture c %}{{ plain }}{% endcapture %}{{ c }} {{ c | upcase }} {{ c | truncate: 5 }}",
     data, "Tom &amp; Jerry TOM &amp; JERRY To..."},
    {"{% capture c %}{{ plain }}{% endcapture %}{{ c | size }} {{ c.size }} {{ c | url_encode }}",
     data, "11 11 Tom+%26+Jerry"},
    {"{% capture c %}{{ plain }}{% endcapture %}{% if c == plain %}same{% endif %}"
     "{% if c contains '&amp;' %}entity{% endif %}",
     data, "same"},
    {"{% capture c %}{{ plain }}{% endcapture %}{{ c | escape }}", data, "Tom &amp; Jerry"},
    {"{% capture c %}b{% endcapture %}{% case c %}{% when 'b' %}yes{% endcase %}", data, "yes"},
    {"{% capture c %}n{% endcapture %}{{ self[c] }}", data, "5"},
    {"{% capture c %}2{% endcapture %}{% for i in (1..c) %}{{ i }}{% endfor %}", data, "12"},

    /* lists of markup and of text */
    {"{% capture c %}<br>{% endcapture %}{{ list | join: c }}", data, "&lt;&lt;br&gt;&amp;"},
    {"{% capture c %}<br>{% endcapture %}{% assign l = c | split: '~' | concat: list %}"
     "{{ l | join: '<' }}",
     data, "&lt;br&gt;&lt;&lt;&lt;&amp;"},

    /* tags */
    {"{% cycle '<tr>', s %}", data, "<tr>"},
    {"{% for i in (1..2) %}{% cycle '<td>', s %}{% endfor %}", data, "<td>&lt;b&gt;&amp;&#39;"},
    {"{% ifchanged %}<i>{{ s }}{% endifchanged %}", data, "<i>&lt;b&gt;&amp;&#39;"},
    {"{% tablerow i in list %}{{ i }}{% endtablerow %}", data,
     "<tr class=\"row1\">\n<td class=\"col1\">&lt;</td><td class=\"col2\">&amp;</td></tr>\n"},
    {"<a href=\"{{ url }}\">{% raw %}{{ & }}{% endraw %}", data,
     "<a href=\"/?a=1&amp;b=2\">{{ & }}"},
    {"{% render 'part', x: s %}{% capture c %}<u>{% endcapture %}{% render 'part', x: c %}", data,
     "<p>&lt;b&gt;&amp;&#39;</p><p><u></p>"},
};

static const struct fixture_partial partials[] = {{"part", "<p>{{ x }}</p>"}, {NULL, NULL}};

static void what_is_printed_is_escaped_once(void **state)
{
    struct fixture *fixture = *state;
    fixture->options.escape = true;
    fixture->partials = partials;
    FIXTURE_CHECK(fixture, cases);
}

/* A host's filter says itself whether its result is markup; it sees what its input is. */
static bool link_to(struct liquid_call *call)
{
    struct value text = liquid_string(call->run, &call->input);
    call->result =
        value_text(arena_printf(liquid_arena(call->run), "<a>%.*s</a>%s", (int)text.length,
                                text.string, call->input.flags & LIQUID_SAFE ? "+" : ""));
    call->safe = true;
    return true;
}

static void filters_of_the_host_say_what_is_markup(void **state)
{
    static const struct liquid_filter filters[] = {{"link", link_to, 0, 0}, {NULL, NULL, 0, 0}};
    struct fixture *fixture = *state;
    fixture->options.escape = true;
    fixture->options.filters = filters;
    assert_string_equal(fixture_render(fixture, "{{ 'x' | link }}{{ 'x' | raw | link }}", NULL),
                        "<a>x</a><a>x</a>+");
    assert_string_equal(fixture_render(fixture, "{% assign l = 'x' | link %}{{ l }}", NULL),
                        "<a>x</a>");
    assert_string_equal(
        fixture_render(fixture, "{% capture c %}{{ '&' }}{% endcapture %}{{ c | link }}", NULL),
        "<a>&</a>+");
}

static void without_it_nothing_is_escaped(void **state)
{
    static const struct fixture_case plain[] = {
        {"{{ s }}{{ s | escape }}{{ lines | newline_to_br }}", data,
         "<b>&'&lt;b&gt;&amp;&#39;a<<br />\nb"},
        {"{{ s | escape | escape }}{{ s | raw | upcase }}", data,
         "&amp;lt;b&amp;gt;&amp;amp;&amp;#39;<B>&'"},
        {"{% capture c %}{{ plain | escape }}{% endcapture %}{{ c | size }}", data, "15"},
    };
    FIXTURE_CHECK(*state, plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(what_is_printed_is_escaped_once),
        FIXTURE_TEST(filters_of_the_host_say_what_is_markup),
        FIXTURE_TEST(without_it_nothing_is_escaped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
