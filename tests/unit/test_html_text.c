/* The text part made from HTML: as a person would read it out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/diag.h"
#include "mail/html_parsed.h"
#include "mail/html_text.h"

static const struct {
    const char *html, *text;
} cases[] = {
    {"", ""},
    {"<p></p><img src=x><a href='https://a.example'></a>", ""},
    {"Hello", "Hello\n"},
    {"  Hello \n\t <b>big</b>   world ", "Hello big world\n"},
    {"a<b>b</b>c", "abc\n"},
    {"<p>One</p><p>Two</p>", "One\n\nTwo\n"},
    {"<div>One</div><div>Two</div><div></div>Three", "One\nTwo\nThree\n"},
    {"<h1>Title</h1>Text", "Title\n\nText\n"},
    {"a<br>b<br><br>c<br><br><br>d", "a\nb\n\nc\n\nd\n"},
    {"<p>a<hr>b", "a\n\n----------\n\nb\n"},
    /* entities and what does not show */
    {"Tom &amp; Ana &lt;3 &euro; &#x103;", "Tom & Ana <3 € ă\n"},
    {"a&shy;b&#8203;c&#847;d&#65279;e", "abcde\n"},
    {"1&nbsp;299,00&nbsp;&#8381;", "1\u00a0299,00\u00a0₽\n"},
    {"<p>&nbsp;</p><p>a&nbsp;</p>", "a\n"},
    {"x&#x1DDDDDDDDDDDDDDDDDDDl>", "x\xef\xbf\xbdl>\n"},
    {"x\xffy", "x\xef\xbf\xbdy\n"},
    {"<head><title>T</title><style>p{}</style></head>x<script>y</script><!-- z -->", "x\n"},
    {"<div style='DISPLAY : none'>preheader</div>x", "x\n"},
    {"<div style='color:red;max-height:0;overflow:hidden'>preheader</div>x", "x\n"},
    {"<div style='max-height:0.5em'>seen</div>", "seen\n"},
    {"<div style='opacity:0'>a</div><i style='opacity:0.9'>b</i>", "b\n"},
    {"<div style='x:y;Visibility :\tHidden'>a</div><i style='visibility:visible'>b</i>", "b\n"},
    {"<i style='font-size:0;height:0;min-height:0'>a</i><i style='max-height : 0'>b</i>", "a\n"},
    {"<span hidden>a</span><span style='mso-hide:all'>b</span>c", "c\n"},
    {"<template>a</template><svg><text>b</text></svg>c", "c\n"},
    /* images */
    {"<img src=l.png alt='Tea Shop'> since 1990", "Tea Shop since 1990\n"},
    {"<p><img alt=''>a</p>", "a\n"},
    /* links */
    {"<a href='https://shop.example/x'>Shop</a> now",
     "Shop [1] now\n\n[1] https://shop.example/x\n"},
    {"<a href='https://a.example'>A</a>, <a href='https://b.example'>B</a>, "
     "<a href='https://a.example'>again</a>",
     "A [1], B [2], again [1]\n\n[1] https://a.example\n[2] https://b.example\n"},
    {"<a href='https://shop.example/'>shop.example</a>", "shop.example\n"},
    {"<a href='https://shop.example/x'> https://shop.example/x </a>", "https://shop.example/x\n"},
    {"<a href='mailto:a@shop.example?subject=Hi'>a@shop.example</a>", "a@shop.example\n"},
    {"<a href='mailto:a@shop.example'>write</a>", "write [1]\n\n[1] mailto:a@shop.example\n"},
    {"<a href='#top'>up</a> <a>none</a> <a href='javascript:x()'>run</a> <a href=''>empty</a>",
     "up none run empty\n"},
    {"<a href='https://a.example/?q=a b&nbsp;c&nbsp;'>A</a>",
     "A [1]\n\n[1] https://a.example/?q=a%20b%C2%A0c\n"},
    {"<a href=' https://a.exa\nmple/ '>A</a>", "A [1]\n\n[1] https://a.example/\n"},
    {"<a href='https://a.example'><img alt='Logo'></a>", "Logo [1]\n\n[1] https://a.example\n"},
    {"<a href='https://a.example'><table><tr><td>In</td></tr></table></a>after",
     "In [1]\n\nafter\n\n[1] https://a.example\n"},
    {"<ul><li><a href='https://a.example'>https://a.example</a></ul>", "- https://a.example\n"},
    /* lists and quotations */
    {"Buy<ul><li>tea<li>cups</ul>now", "Buy\n\n- tea\n- cups\n\nnow\n"},
    {"<ol start=\"\"><li>a<li value=7>b<li>c<li value=\"-1\">d</ol><ul><li value=4>e</ul>",
     "1. a\n7. b\n8. c\n9. d\n\n- e\n"},
    {"<ol><li>a<li>b</ol><ol start=9><li>c<li><p>d</p><p>e</p></ol>",
     "1. a\n2. b\n\n9. c\n\n10. d\n\n    e\n"},
    {"<ul><li>a<ul><li>b</ul><li>c</ul>", "- a\n  - b\n- c\n"},
    {"<ul><li></li><li>a</ul>", "- a\n"},
    {"<blockquote>a<br>b</blockquote>c", "> a\n> b\n\nc\n"},
    {"<blockquote><ul><li>a<br>b</ul></blockquote>", "> - a\n>   b\n"},
    {"<pre>a\n  b  c\n\nd</pre>", "a\n  b  c\n\nd\n"},
    /* tables */
    {"<table><tr><td>Green tea × 2<td>59,80 €<tr><td>Total<td>59,80 €</table>",
     "Green tea × 2  59,80 €\nTotal  59,80 €\n"},
    {"<table><tr><td><img alt=''></td><td><p>Tea</p></td><td> </td><td><b>9 "
     "€</b></td></tr></table>",
     "Tea  9 €\n"},
    {"<table><tr><td>Tea<br>Green, 100 g</td><td>9 €</td></tr></table>",
     "Tea\nGreen, 100 g\n9 €\n"},
    {"<table><tr><td><table><tr><td>a</td><td>b</td></tr></table></td><td>c</td></tr></table>",
     "a  b  c\n"},
    {"<table><tr><td><table><tr><td>a<tr><td>b</table></td><td>c</td></tr></table>d",
     "a\nb\n\nc\n\nd\n"},
    {"<table><tr><td><a href='https://a.example'>A</a></td><td>1</td></tr></table>",
     "A [1]  1\n\n[1] https://a.example\n"},
    {"<ul><li><table><tr><td>a<td>b</table></ul>", "- a  b\n"},
    {"<tr><td>no table", "no table\n"},
    {"مرحبا <b>بالعالم</b> 你好 👩‍👩‍👧",
     "مرحبا بالعالم 你好 👩‍👩‍👧\n"},
};

static void convert(struct arena *arena, struct buf *out, const char *html)
{
    struct diag diag = {0};
    buf_clear(out);
    arena_reset(arena);
    if (!html_text(arena, out, html, strlen(html), &diag))
        fail_msg("%s", diag.text);
}

static void table(void **state)
{
    (void)state;
    struct buf out;
    struct arena *arena = arena_new(4096);
    buf_init(&out, 65536);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        convert(arena, &out, cases[i].html);
        if (strcmp(buf_string(&out), cases[i].text) != 0)
            print_error("%s\n", cases[i].html);
        assert_string_equal(buf_string(&out), cases[i].text);
        buf_clear(&out);
        assert_true(html_parsed_read(&out, cases[i].html, strlen(cases[i].html), NULL));
        assert_string_equal(buf_string(&out), cases[i].text);
    }
    arena_destroy(&arena);
    buf_free(&out);
}

/* What may not go out as it stands, behind words of every length. */
static void spaces_fold_wherever_they_stand(void **state)
{
    static const struct {
        const char *html, *text, *pre;
    } cases_of_spaces[] = {
        {" ", " ", " "},     {"  ", " ", "  "},       {"\t", " ", " "},
        {" \n ", " ", NULL}, {" ! ", " ! ", " ! "},   {" \u00a0", "\u00a0", NULL},
        {"\u00ad", "", ""},  {" \u00ad ", " ", "  "}, {" ä  b ", " ä b ", " ä  b "},
    };
    (void)state;
    struct arena *arena = arena_new(4096);
    struct buf out, html, text;
    buf_init(&out, 1000);
    buf_init(&html, 1000);
    buf_init(&text, 1000);
    for (size_t i = 0; i < sizeof cases_of_spaces / sizeof *cases_of_spaces; i++) {
        for (int before = 1; before <= 24; before++) {
            const char *words = &"of a tea that is so good"[24 - before];
            bool spaced = *words == ' '; /* begins the line, and is dropped there */
            const char *tags[] = {"p", "pre"};
            for (int pre = 0; pre < 2 && !(pre && (spaced || !cases_of_spaces[i].pre)); pre++) {
                buf_clear(&html);
                buf_clear(&text);
                buf_printf(&html, "<%s>%s%stea or coffee</%s>", tags[pre], words,
                           cases_of_spaces[i].html, tags[pre]);
                buf_printf(&text, "%s%stea or coffee\n", words + spaced,
                           pre ? cases_of_spaces[i].pre : cases_of_spaces[i].text);
                convert(arena, &out, html.data);
                assert_string_equal(buf_string(&out), text.data);
            }
        }
    }
    buf_free(&text);
    buf_free(&html);
    buf_free(&out);
    arena_destroy(&arena);
}

/* Appends after what is there, by either reader. */
static void appends(void **state)
{
    static const char *const documents[] = {"<p>x</p>", "<p>x", "<p>x</p>y<li>"};
    static const char *const texts[] = {"beforex\n", "beforex\n", "beforex\n\ny\n"};
    (void)state;
    struct arena *arena = arena_new(4096);
    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
        struct buf out;
        buf_init(&out, 100);
        buf_text(&out, "before");
        assert_true(html_text(arena, &out, documents[i], strlen(documents[i]), NULL));
        assert_string_equal(buf_string(&out), texts[i]);
        buf_free(&out);
    }
    arena_destroy(&arena);
}

static void repeat(struct buf *html, const char *piece, size_t count)
{
    buf_clear(html);
    for (size_t i = 0; i < count; i++)
        buf_text(html, piece);
}

/* Documents that are nested, long or tangled without measure end in time, with text or
 * with a fault, and never with the stack. */
static void bounds(void **state)
{
    static const struct {
        const char *piece;
        size_t count;
    } tangles[] = {
        {"<div>", 100000},
        {"<b>", 50000},
        {"<table><tr><td>", 5000},
        {"<ul><li>x", 20000},
        {"<a href=https://a.example>x", 5000},
        {"<td>x", 50000},
        {"<blockquote>", 50000},
        {"<li>x", 100000},
    };
    (void)state;
    struct buf html, out;
    struct arena *arena = arena_new(4096);
    buf_init(&html, HTML_TEXT_MOST + 10);
    buf_init(&out, 8 * 1024 * 1024);
    for (size_t i = 0; i < sizeof tangles / sizeof *tangles; i++) {
        repeat(&html, tangles[i].piece, tangles[i].count);
        buf_clear(&out);
        struct diag diag = {0};
        bool deep =
            strncmp(tangles[i].piece, "<td>", 4) != 0 && strncmp(tangles[i].piece, "<li>", 4) != 0;
        assert_int_equal(html_text(arena, &out, html.data, html.length, &diag), !deep);
        assert_string_equal(diag.code, deep ? "html-text" : "");
    }
    buf_clear(&html);
    for (size_t i = 0; i < 20000; i++) /* each paragraph opens all of these again */
        buf_printf(&html, "<font size=%zu><p>", i);
    struct diag diag = {0};
    assert_false(html_text(arena, &out, html.data, html.length, &diag));
    assert_string_equal(diag.code, "html-text");
    repeat(&html, "0123456789", HTML_TEXT_MOST / 10 + 1);
    assert_false(html_text(arena, &out, html.data, html.length, &diag));
    buf_free(&out);
    buf_init(&out, 8);
    assert_false(html_text(arena, &out, "0123456789", 10, &diag));
    buf_free(&out);
    buf_free(&html);
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table),
        cmocka_unit_test(spaces_fold_wherever_they_stand),
        cmocka_unit_test(appends),
        cmocka_unit_test(bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
