/* The public pages: nothing from outside becomes markup, colours can be read, and the policy that
 * they are sent with is that of their style. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/base64.h"
#include "base/digest.h"
#include "web/page.h"
#include "web/page_colour.h"
#include "web/page_style.h"

static const char *print(struct arena *arena, const struct page_look *look, const char *tag,
                         const struct page_content *content)
{
    struct buf out;
    buf_init(&out, PAGE_MOST);
    assert_true(page_print(look, page_language_of(&page_languages_own, &tag, 1), content, &out));
    const char *text = arena_copy(arena, out.data, out.length);
    buf_free(&out);
    return text;
}

static size_t count(const char *text, const char *what)
{
    size_t found = 0;
    for (; (text = strstr(text, what)); text++)
        found++;
    return found;
}

static void names_are_no_markup(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    const char *evil = "\"'><script>alert(1)</script>&amp;\x01";
    const struct page_look look = page_look_make(arena, evil, "https://x/\"><script>",
                                                 "a@b\"><script>", "#123456;}</style><script>");
    const char *const titles[] = {evil, NULL};
    const struct form_field fields[] = {{evil, evil}};
    const struct page_choice choices[] = {{evil, evil, true}, {evil, evil, false}};
    const struct page_content content = {.heading = PAGE_CHOOSE,
                                         .parts = {{PAGE_LEAVE_LEAD, titles}},
                                         .form = {.fields = fields,
                                                  .field_count = 1,
                                                  .choices = choices,
                                                  .choice_count = 2,
                                                  .button = PAGE_SAVE_BUTTON}};
    const char *text = print(arena, &look, "en", &content);
    assert_int_equal(count(text, "<script"), 0);
    assert_int_equal(count(text, "</style>"), 1);
    assert_int_equal(count(text, "\x01"), 0);
    assert_int_equal(count(text, " checked>"), 1);
    assert_int_equal(count(text, "name=\"was\""), 1);
    assert_true(count(text, "&quot;&#39;&gt;&lt;script&gt;") > 5);
    arena_destroy(&arena);
}

/* Each text in each language, and nothing left of a place for the shop's name. */
static void every_text(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    const struct page_look look = page_look_make(arena, "متجر الشاي", NULL, NULL, NULL);
    size_t languages = 0;
    for (; languages < page_languages_own.count; languages++) {
        const struct page_language *language = &page_languages_own.items[languages];
        assert_true(language->all[0]);
        for (int i = 1; i < PAGE_TEXT_COUNT; i++) {
            assert_non_null(language->texts[i]);
            assert_true(language->texts[i][0]);
            struct page_content content = {.heading = (enum page_text)i};
            const char *text = print(arena, &look, language->tag, &content);
            assert_null(strchr(strstr(text, "</head>"), '{'));
            assert_non_null(strstr(text, arena_printf(arena, "<html lang=\"%s\">", language->tag)));
            assert_non_null(strstr(text, "<bdi>متجر الشاي</bdi>"));
        }
    }
    assert_int_equal(languages, 4);
    arena_destroy(&arena);
}

static void policy_is_of_the_style(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    const struct page_look look =
        page_look_make(arena, "Tea Shop", "javascript:alert(1)", "none", "#7a1f3d");
    const char *text = print(arena, &look, "en", &(struct page_content){.heading = PAGE_VOID});
    const char *style = strstr(text, "<style>") + strlen("<style>");
    unsigned char digest[DIGEST_SIZE];
    char encoded[64];
    digest_sha256(style, (size_t)(strstr(style, "</style>") - style), digest);
    encoded[base64_encode(digest, sizeof digest, BASE64_STANDARD | BASE64_PADDED, encoded)] = '\0';
    assert_non_null(strstr(look.csp, arena_printf(arena, "style-src 'sha256-%s'", encoded)));
    assert_non_null(strstr(look.csp, "default-src 'none'"));
    assert_non_null(strstr(look.csp, "frame-ancestors 'none'"));
    assert_null(look.url);
    assert_null(look.email);
    assert_null(strstr(text, "href"));
    assert_null(strstr(text, "url("));
    assert_null(strstr(text, " style="));
    arena_destroy(&arena);
}

/* Whatever the colour: what is written on it can be read, and a button can be seen. */
static void every_colour_can_be_read(void **state)
{
    (void)state;
    const struct page_colour light = {PAGE_CARD_LIGHT}, dark = {PAGE_CARD_DARK};
    for (int red = 0; red < 256; red += 51)
        for (int green = 0; green < 256; green += 51)
            for (int blue = 0; blue < 256; blue += 51) {
                const struct page_colour own = {(uint8_t)red, (uint8_t)green, (uint8_t)blue};
                struct page_colour on = page_colour_on(own, light);
                assert_true(page_colour_contrast(on, light) >= 3);
                assert_true(page_colour_contrast(on, page_colour_ink(on)) >= 4.5);
                on = page_colour_on(own, dark);
                assert_true(page_colour_contrast(on, dark) >= 3);
                assert_true(page_colour_contrast(on, page_colour_ink(on)) >= 4.5);
            }
}

static void colours_are_read(void **state)
{
    (void)state;
    struct page_colour colour;
    static const char *const none[] = {"",      "#",       "red",    "#12",
                                       "#1234", "#12345g", "123456", "#1234567"};
    assert_true(page_colour_read("#7a1F3d", &colour));
    assert_int_equal(colour.red, 0x7a);
    assert_int_equal(colour.green, 0x1f);
    assert_int_equal(colour.blue, 0x3d);
    assert_true(page_colour_read("#f0a", &colour));
    assert_int_equal(colour.red, 0xff);
    assert_int_equal(colour.green, 0);
    assert_int_equal(colour.blue, 0xaa);
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_false(page_colour_read(none[i], &colour));
}

static void which_language(void **state)
{
    (void)state;
    static const struct {
        const char *tags[3], *language;
    } cases[] = {
        {{"ro-MD", "fi", "en"}, "ro"}, {{"ru_RU", NULL, NULL}, "ru"}, {{NULL, NULL, "FI"}, "fi"},
        {{"roa", "de", NULL}, "en"},   {{"de", "ro", "fi"}, "ro"},    {{NULL, NULL, NULL}, "en"},
    };
    static const struct {
        const char *header, *tag;
    } headers[] = {
        {"fi-FI,fi;q=0.9,en;q=0.8", "fi"},
        {"de, en;q=0.3, ro;q=0.7", "ro"},
        {"de-DE,de;q=0.9", NULL},
        {"en;q=0, fi ; q=0.1", "fi"},
        {"*", NULL},
        {"", NULL},
        {",,;q=,ru;q=x", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(page_language_of(&page_languages_own, cases[i].tags, 3)->tag,
                            cases[i].language);
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        const char *tag = page_language_accepted(&page_languages_own, headers[i].header,
                                                 strlen(headers[i].header));
        if (headers[i].tag)
            assert_string_equal(tag, headers[i].tag);
        else
            assert_null(tag);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_no_markup),    cmocka_unit_test(every_text),
        cmocka_unit_test(policy_is_of_the_style), cmocka_unit_test(every_colour_can_be_read),
        cmocka_unit_test(colours_are_read),       cmocka_unit_test(which_language),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
