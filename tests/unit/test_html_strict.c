/* Strictly written HTML is read without the parser, with the parser's own result; all other
 * is left to it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/json.h"
#include "compose/compose.h"
#include "mail/html_parsed.h"
#include "mail/html_strict.h"
#include "mail/html_text.h"

static const char *const sure[] = {
    "",
    " \n ",
    "a",
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=utf-8><title>a &amp; b</title>"
    "<style>p > a {}</style><link rel='x'/></head>\n<body class=x><p>b</p></body>\n</html>\n",
    "<!doctype html PUBLIC \"-//W3C//DTD XHTML 1.0 Strict//EN\"><body>a</body>",
    "<style>p{}</style><p>a</p>",
    "<html><p>a</p></html><!-- b -->",
    "<body style=\"display:none\">a</body>",
    "<body hidden>a</body>",
    "<p>a <B>b</b> <span style='color:red'>c</SPAN><br>d<br/><img alt='e &amp; f' src=x /></p>",
    "<!--[if mso]><table><tr><td><![endif]-->a<!--[if !mso]><!-->b<!--<![endif]--><!---->c",
    "<table role=presentation>\n<tr>\n<td>a</td>\n<th>b</th></tr><!-- x "
    "-->\n<tbody><tr></tr></tbody>"
    "<caption>c<table><tr><td>d</td></tr></table></caption></table>",
    "<ol><li value=3>a</li><li>b</li><li VALUE='x'>c</li></ol>",
    "<ul>\n<li>a<ol start=7><li>b</li> c <li>d</li></ol></li></ul>",
    "<dl><dt>a</dt><dd>b</dd></dl><hr><blockquote>c<h2>d</h2></blockquote>",
    "<a href='https://a.example/?b=1&c=2&amp;d=3&copy=4'>e<table><tr><td>f</td></tr></table></a>",
    "<a href='&#104;ttps://a.example'>b</a> <a>c</a> <a href='#x'>d</a>",
    "Tom & Ana &amp; &lt;3 &#8381; &#x103; &nbsp; &rarr; ăș 你",
    "<div style='Display : None'>a<p>b<i>c</i></p><br>&bogus;</div>d<div HIDDEN>e</div>f",
    "<div style='max-height:0.5em;opacity:0'>a</div><div style='x:none;y:hidden;max-height:0.5em'>b"
    "</div><div style='font-family:&quot;A&quot;;mso-hide: all'>c</div>",
    "<p style='color:red' style='display:none'>a</p>",
    "<b><b><b><b>a</b></b></b></b><i>b<div>c</div></i>",
};

static const char *const unsure[] = {
    "<p>a",                                    /* not closed */
    "a</p>",                                   /* nor opened */
    "<b><i>a</b></i>",                         /* not in its order */
    "<p><div>a</div></p>",                     /* ends the <p> */
    "<p><table></table></p>",                  /* ends it, or does not, by the doctype */
    "<p><span><hr></span></p>",                /* likewise */
    "<a href=x>a<b><a href=y>b</a></b></a>",   /* ends the first */
    "<h1>a<h2>b</h2></h1>",                    /* likewise */
    "<li>a</li>",                              /* in no list */
    "<ul><b><li>a</li></b></ul>",              /* not straight in one */
    "<dt>a</dt>",                              /* likewise */
    "<td>a</td>",                              /* in no row: ignored */
    "<table><td>a</td></table>",               /* makes itself a row */
    "<table>a</table>",                        /* moves out */
    "<table><tr><b></b></tr></table>",         /* likewise */
    "<table><tr>&nbsp;<td></td></tr></table>", /* likewise */
    "<div/>a",                                 /* is not closed by that */
    "</br>a",                                  /* is a break */
    "<head><p>a</p></head>",                   /* ends the head */
    "<p>a</p><body hidden>b</body>",           /* the body had begun */
    "<body>a</body>b",                         /* nor had it ended */
    "<body>a</body><p>b</p>",
    "<html>a<html hidden>b",
    "<head>",
    "<head></head><head></head>a",
    "a<title>b</title>",
    "<title>a</b></title>b",
    "<style>a</style b>c",
    "a < b",
    "a <",
    "<p",
    "<p a=\"b>c</p>",
    "<p a=b\"c>d</p>",
    "<p a = 'b'>c</p>",
    "<p =a>b</p>",
    "<p a='b'c='d'>e</p>",
    "<!a>b",
    "<!--a",
    "<!-->a-->b",
    "<!--->a-->b",
    "<!-- a --!> b -->c",
    "<?xml version='1.0'?>a",
    "a<![CDATA[b]]>",
    "<svg><p>a</p></svg>",
    "<form>a</form>",
    "<script>a</script>",
    "<template>a</template>",
    "<x-y>a</x-y>",
    "<o:p>a</o:p>",
    "&bogus;",
    "&ampa",
    "a&b",
    "&copy",
    "&#0;",
    "&#128;",
    "&#xd800;",
    "&#x1f;",
    "&#xfffe;",
    "&#99999999;",
    "&#;",
    "&#x;",
    "a\x01",
    "a\x7f",
    "\xc2\x80",
    "\xef\xbf\xbe",
    "a\xff",
    "among\x01 plain ones",
    "among plain\x1f ones",
    "among plain\x7f ones",
    "among\xc2\x9fplain ones",
    "<a href='x\ry'>b</a>",
    "<a href='&copy_x'>b</a>",
    "<p style='a\x01'>b</p>",
    "<pre>\na</pre>",
};

static bool is_sure(const char *html, struct buf *out)
{
    struct arena *arena = arena_new(4096);
    struct html_outline *outline = html_outline_new(arena, out);
    bool is = html_strict_read(outline, arena, html, strlen(html));
    if (is)
        html_outline_finish(outline);
    arena_destroy(&arena);
    return is;
}

static void strict(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sure / sizeof *sure; i++) {
        struct buf out, parsed;
        buf_init(&out, 65536);
        buf_init(&parsed, 65536);
        if (!is_sure(sure[i], &out))
            fail_msg("not sure of %s", sure[i]);
        assert_true(html_parsed_read(&parsed, sure[i], strlen(sure[i]), NULL));
        assert_string_equal(buf_string(&out), buf_string(&parsed));
        buf_free(&parsed);
        buf_free(&out);
    }
}

static void loose(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof unsure / sizeof *unsure; i++) {
        struct buf out;
        buf_init(&out, 65536);
        if (is_sure(unsure[i], &out))
            fail_msg("sure of %s", unsure[i]);
        buf_free(&out);
    }
}

/* A document cut anywhere reads nothing behind its end. */
static void cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sure / sizeof *sure; i++)
        for (size_t length = 0; length <= strlen(sure[i]); length++) {
            struct buf out, parsed;
            struct arena *arena = arena_new(4096);
            char *part = test_malloc(length ? length : 1);
            memcpy(part, sure[i], length);
            buf_init(&out, 65536);
            buf_init(&parsed, 65536);
            assert_true(html_text(arena, &out, part, length, NULL));
            assert_true(html_parsed_read(&parsed, part, length, NULL));
            assert_string_equal(buf_string(&out), buf_string(&parsed));
            test_free(part);
            buf_free(&parsed);
            buf_free(&out);
            arena_destroy(&arena);
        }
}

#define ITEMS                                                                             \
    "\"items\": [{\"title\": \"Tea & cup\", \"price\": 12.5, \"quantity\": 2, \"image\":" \
    " \"https://shop.example/i.jpg\", \"url\": \"https://shop.example/p?a=1&b=2\"}]"

/* The templates that are shipped are written strictly, whatever branch is taken. */
static void shipped(void **state)
{
    static const char *const names[] = {"order-thanks", "welcome", "cart-reminder",
                                        "cart-last-call"};
    static const char *const data[] = {
        "{}",
        "{\"order\": {\"number\": \"1\", \"subtotal\": 20, \"discount\": 5, \"shipping\": 4.9,"
        " \"total\": 24.9, \"url\": \"https://shop.example/o/1\", \"address\": {\"name\": \"A\","
        " \"street\": \"B 1\", \"city\": \"C\"}, " ITEMS "}, \"cart\": {\"total\": 20,"
        " \"url\": \"https://shop.example/c\", " ITEMS "}}"};
    (void)state;
    const char *source = getenv("NUDGED_SOURCE");
    struct arena *arena = arena_new(65536);
    struct diags diags = {0};
    struct templates *templates =
        templates_load(&(struct templates_settings){.folder = arena_printf(arena, "%s/templates",
                                                                           source ? source : "."),
                                                    .default_locale = "en"},
                       &diags);
    assert_non_null(templates);
    for (size_t i = 0; i < 2 * sizeof names / sizeof *names; i++) {
        const struct compose_settings settings = {
            .from = "a@shop.example",
            .unsubscribe_url = "https://shop.example/u/",
            .key = {.id = "1", .bytes = (const unsigned char *)"s", .length = 1}};
        const char *json = arena_printf(
            arena,
            "{\"mid\": \"1\", \"class\": \"%s\", \"template\": \"%s\", \"to\": \"b@c.example\","
            " \"customer_key\": \"1\", \"data\": %s, \"customer\": {\"first_name\": \"<Ana>\"}}",
            i % 2 ? "marketing" : "transactional", names[i / 2], data[i % 2]);
        struct value message;
        struct compose_mail mail = {0};
        struct buf out;
        struct diag diag;
        assert_true(json_read(arena, json, strlen(json), &json_event_limits, &message, &diag));
        if (!compose_mail(templates, &settings, &message, arena, &mail, &diag))
            fail_msg("%s", diag.text);
        buf_init(&out, 65536);
        if (!is_sure(mail.html, &out))
            fail_msg("not sure of %s: %s", names[i / 2], mail.html);
        buf_free(&out);
        buf_free(&mail.wire);
    }
    diags_free(&diags);
    templates_destroy(&templates);
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strict),
        cmocka_unit_test(loose),
        cmocka_unit_test(cut),
        cmocka_unit_test(shipped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
