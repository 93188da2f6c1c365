/* Translations in a folder of their own: fallback, plural forms, interpolation, faults;
 * and what ICU is asked for: plurals, money, numbers, dates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/locale_format.h"
#include "folder_fixture.h"
#include "templates/translate.h"

struct room {
    char folder[FOLDER_FIXTURE_SIZE];
    struct arena *arena;
    struct diags diags;
};

static int enter(void **state)
{
    struct room *room = calloc(1, sizeof *room);
    folder_fixture_make(room->folder);
    room->arena = arena_new(4096);
    *state = room;
    return 0;
}

static int leave(void **state)
{
    struct room *room = *state;
    folder_fixture_remove(room->folder);
    arena_destroy(&room->arena);
    diags_free(&room->diags);
    free(room);
    return 0;
}

static void write_locale(struct room *room, const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "locales/%s", name);
    folder_fixture_put(room->folder, path, text);
}

static const struct translate *load(struct room *room)
{
    const struct translate *set = translate_load(room->arena, room->folder, "en", &room->diags);
    for (size_t i = 0; i < room->diags.count; i++)
        diag_print(&room->diags.items[i], stderr);
    assert_non_null(set);
    return set;
}

static const char *find(struct room *room, const struct translate *set, const char *locale,
                        const char *key, const double *count, bool *markup)
{
    struct translate_text text;
    translate_find(set, locale, key, strlen(key), count, room->arena, &text);
    if (markup)
        *markup = text.markup;
    return arena_copy(room->arena, text.text, text.length);
}

static void write_shop(struct room *room)
{
    write_locale(room, "en.yaml",
                 "welcome:\n  title: Welcome\n  only_english: English\n  note_html: <b>Note</b>\n"
                 "items: {one: '{{ count }} item', other: '{{ count }} items'}\n"
                 "cart: {zero: empty, one: one thing, other: things}\n");
    write_locale(room, "ru.yaml",
                 "welcome: {title: Добро пожаловать}\n"
                 "items: {one: товар, few: товара, many: товаров, other: товара}\n");
    write_locale(room, "ro.yaml",
                 "welcome: {title: Bun venit}\n"
                 "items: {one: produs, few: produse, other: de produse}\n");
    write_locale(room, "pt.yaml", "welcome: {title: Boas-vindas}\nbye: Adeus\n");
    write_locale(room, "pt-BR.yaml", "welcome: {title: Bem-vindo}\n");
}

static void fallback(void **state)
{
    static const struct {
        const char *locale, *key, *text;
    } cases[] = {
        {"en", "welcome.title", "Welcome"},
        {"ru", "welcome.title", "Добро пожаловать"},
        {"pt-BR", "welcome.title", "Bem-vindo"},
        {"pt-BR", "bye", "Adeus"},
        {"pt_br", "welcome.title", "Bem-vindo"},
        {"pt-PT", "welcome.title", "Boas-vindas"},
        {"ru", "welcome.only_english", "English"},
        {"fi", "welcome.title", "Welcome"},
        {"ro", "nothing", "translation missing: ro.nothing"},
        {"ro", "welcome", "translation missing: ro.welcome"},
        {"ro", "welcome.title.more", "translation missing: ro.welcome.title.more"},
        {"ro", "", "translation missing: ro."},
        {"ro", "items", "de produse"}, /* plural forms without a count */
    };
    struct room *room = *state;
    write_shop(room);
    const struct translate *set = load(room);
    bool markup;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(find(room, set, cases[i].locale, cases[i].key, NULL, &markup),
                            cases[i].text);
    find(room, set, "ro", "welcome.note_html", NULL, &markup);
    assert_true(markup);
    find(room, set, "ro", "welcome.title", NULL, &markup);
    assert_false(markup);
    assert_true(translate_supports(set, "pt-AO"));
    assert_false(translate_supports(set, "fi"));
    assert_true(translate_has(set, "pt-BR", "bye", 3));
    assert_false(translate_has(set, "ru", "bye", 3));
    assert_string_equal(find(room, NULL, "ro", "x", NULL, NULL), "translation missing: ro.x");
}

static void plural_forms(void **state)
{
    static const struct {
        const char *locale, *key;
        double count;
        const char *text;
    } cases[] = {
        {"en", "items", 1, "{{ count }} item"},
        {"en", "items", 2, "{{ count }} items"},
        {"en", "items", 0, "{{ count }} items"},
        {"en", "cart", 0, "empty"},
        {"ru", "items", 1, "товар"},
        {"ru", "items", 2, "товара"},
        {"ru", "items", 5, "товаров"},
        {"ru", "items", 11, "товаров"},
        {"ru", "items", 21, "товар"},
        {"ru", "items", 1.5, "товара"},
        {"ro", "items", 1, "produs"},
        {"ro", "items", 2, "produse"},
        {"ro", "items", 19, "produse"},
        {"ro", "items", 20, "de produse"},
        {"ro", "items", 101, "produse"},
        {"ro", "items", 0, "produse"},
        /* the forms are those of the language that the text is found in */
        {"ru", "cart", 21, "things"},
        {"fi", "items", 1, "{{ count }} item"},
    };
    struct room *room = *state;
    write_shop(room);
    const struct translate *set = load(room);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(find(room, set, cases[i].locale, cases[i].key, &cases[i].count, NULL),
                            cases[i].text);
}

static bool lookup(void *context, const char *name, size_t length, struct buf *out)
{
    (void)context;
    if (length != 4 || memcmp(name, "name", 4) != 0)
        return false;
    buf_text(out, "Ana {{ name }}"); /* what is put in is not read again */
    return true;
}

static void interpolation(void **state)
{
    static const struct {
        const char *text, *expanded;
    } cases[] = {
        {"", ""},
        {"Hi {{ name }}!", "Hi Ana {{ name }}!"},
        {"{{name}}{{  name  }}", "Ana {{ name }}Ana {{ name }}"},
        {"Hi {{ other }}!", "Hi !"},
        {"{ name } {{ na me }} {{}} {{ name }", "{ name } {{ na me }} {{}} {{ name }"},
        {"{{{ name }}}", "{Ana {{ name }}}"},
        {"100 % {", "100 % {"},
    };
    (void)state;
    struct buf out;
    buf_init(&out, 1000);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct translate_text text = {cases[i].text, strlen(cases[i].text), false};
        buf_clear(&out);
        assert_true(translate_expand(&out, &text, lookup, NULL));
        assert_string_equal(buf_string(&out), cases[i].expanded);
    }
    buf_free(&out);
}

static void faults(void **state)
{
    static const struct {
        const char *name, *text, *fault;
        unsigned line;
    } cases[] = {
        {"de.yaml", "a: 1\n", "a translation must be a text, not an integer", 1},
        {"de.yaml", "a: x\nb:\n  c: [1]\n", "a translation must be a text, not a list", 3},
        {"de.yaml", "a:\n", "a translation must be a text, not null", 1},
        {"de.yaml", "- a\n", "a file of translations is one mapping of keys to texts", 1},
        {"de.yaml", "a: {one: x, few: y}\n", "plural forms without `other`", 1},
        {"german.yaml", "a: x\n", "`german` is no language tag such as `ro` or `pt-BR`", 0},
    };
    struct room *room = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[128];
        write_locale(room, cases[i].name, cases[i].text);
        assert_null(translate_load(room->arena, room->folder, "en", &room->diags));
        assert_int_equal(room->diags.count, 1);
        assert_non_null(strstr(room->diags.items[0].text, cases[i].fault));
        assert_int_equal(room->diags.items[0].line, cases[i].line);
        diags_free(&room->diags);
        snprintf(path, sizeof path, "%s/locales/%s", room->folder, cases[i].name);
        unlink(path);
    }
}

static void check(void **state)
{
    struct room *room = *state;
    write_locale(room, "en.yaml", "a: A\nb: {c: C}\nn: {one: x, other: y}\n");
    write_locale(room, "ru.yaml", "a: А\nn: {one: x, other: y}\nold: О\n");
    write_locale(room, "fr.yaml", "a: A\nb: {c: C}\nn: {one: x, other: y}\n");
    write_locale(room, "fr-CA.yaml", "a: A\n");
    translate_check(load(room), &room->diags);
    struct buf out;
    buf_init(&out, 10000);
    for (size_t i = 0; i < room->diags.count; i++) {
        assert_int_equal(room->diags.items[i].level, DIAG_WARNING);
        const char *file = strrchr(room->diags.items[i].file, '/') + 1;
        buf_printf(&out, "%s:%u: %s\n", file, room->diags.items[i].line, room->diags.items[i].text);
    }
    assert_string_equal(buf_string(&out),
                        "ru.yaml:2: `n` has no plural form `few`, which the language needs\n"
                        "ru.yaml:2: `n` has no plural form `many`, which the language needs\n"
                        "ru.yaml:0: lacks the translation `b.c`, which locales/en.yaml has\n"
                        "ru.yaml:3: `old` is not in locales/en.yaml, so nothing may use it\n");
    buf_free(&out);
}

static void no_folder(void **state)
{
    struct room *room = *state;
    const struct translate *set = translate_load(room->arena, "/nowhere", "en", &room->diags);
    assert_non_null(set);
    assert_false(translate_supports(set, "en"));
    assert_string_equal(find(room, set, "ro", "a.b", NULL, NULL), "translation missing: ro.a.b");
}

/* ---- What ICU knows ---- */

static void money(void **state)
{
    static const struct {
        const char *locale, *currency, *amount;
        enum locale_format_money form;
        const char *text; /* NULL: refused */
    } cases[] = {
        {"fi", "EUR", "129.9", LOCALE_FORMAT_MONEY, "129,90\u00a0€"},
        {"ru", "RUB", "1299", LOCALE_FORMAT_MONEY, "1\u00a0299,00\u00a0₽"},
        {"ro", "RON", "129.90", LOCALE_FORMAT_MONEY, "129,90\u00a0lei"},
        {"en", "USD", "1234.5", LOCALE_FORMAT_MONEY, "$1,234.50"},
        {"en-GB", "GBP", "-5", LOCALE_FORMAT_MONEY, "-£5.00"},
        {"ja", "JPY", "1200", LOCALE_FORMAT_MONEY, "￥1,200"},
        {"en", "CAD", "10", LOCALE_FORMAT_MONEY_CODE, "$10.00 CAD"},
        {"fi", "eur", "10", LOCALE_FORMAT_MONEY_CODE, "10,00\u00a0€ EUR"},
        {"fi", "EUR", "10.5", LOCALE_FORMAT_MONEY_BARE, "10,50"},
        {"en", "USD", "10.5", LOCALE_FORMAT_MONEY_BARE, "10.50"},
        {"fi", "EUR", "10.00", LOCALE_FORMAT_MONEY_TRIMMED, "10\u00a0€"},
        {"fi", "EUR", "10.50", LOCALE_FORMAT_MONEY_TRIMMED, "10,50\u00a0€"},
        {"en", "USD", "12345678901234567890.12", LOCALE_FORMAT_MONEY,
         "$12,345,678,901,234,567,890.12"},
        {"xx", "USD", "1", LOCALE_FORMAT_MONEY, "$1.00"},
        {"not a tag", "USD", "1", LOCALE_FORMAT_MONEY, "$1.00"},
        {"en", "USD", "1e2", LOCALE_FORMAT_MONEY, "$100.00"},
        {"en", "USD", "1e999999", LOCALE_FORMAT_MONEY, NULL},
        {"en", "USD", "", LOCALE_FORMAT_MONEY, NULL},
        {"en", "USD", "12a", LOCALE_FORMAT_MONEY, NULL},
        {"en", "USD", ".", LOCALE_FORMAT_MONEY, NULL},
        {"en", "US", "1", LOCALE_FORMAT_MONEY, NULL},
        {"en", "US1", "1", LOCALE_FORMAT_MONEY, NULL},
    };
    struct room *room = *state;
    for (int round = 0; round < 2; round++) /* opened, then kept */
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            const char *text = locale_format_money(room->arena, cases[i].locale, cases[i].currency,
                                                   cases[i].amount, cases[i].form);
            assert_string_equal(text ? text : "-", cases[i].text ? cases[i].text : "-");
        }
}

static void numbers(void **state)
{
    struct room *room = *state;
    assert_string_equal(locale_format_number(room->arena, "fi", "1234.5", -1), "1\u00a0234,5");
    assert_string_equal(locale_format_number(room->arena, "en", "1234.5", 0), "1,234");
    assert_string_equal(locale_format_number(room->arena, "en", "0.125", 2), "0.12");
    assert_string_equal(locale_format_number(room->arena, "en", "3", 2), "3.00");
    assert_null(locale_format_number(room->arena, "en", "3", 16));
    assert_null(locale_format_number(room->arena, "en", "three", 2));
}

static void dates(void **state)
{
    struct room *room = *state;
    const int64_t ms = 1772395200000; /* 2026-03-01T20:00:00Z */
    static const struct {
        const char *locale, *zone;
        enum locale_format_style date, time;
        const char *text;
    } cases[] = {
        {"ro", NULL, LOCALE_FORMAT_LONG, LOCALE_FORMAT_NONE, "1 martie 2026"},
        {"fi", NULL, LOCALE_FORMAT_LONG, LOCALE_FORMAT_NONE, "1. maaliskuuta 2026"},
        {"ru", NULL, LOCALE_FORMAT_LONG, LOCALE_FORMAT_NONE, "1 марта 2026\u202fг."},
        {"en", "Asia/Tokyo", LOCALE_FORMAT_FULL, LOCALE_FORMAT_NONE, "Monday, March 2, 2026"},
        {"en-GB", "+05:30", LOCALE_FORMAT_SHORT, LOCALE_FORMAT_SHORT, "02/03/2026, 01:30"},
        {"fi", "Europe/Helsinki", LOCALE_FORMAT_NONE, LOCALE_FORMAT_SHORT, "22.00"},
        {"en", "America/St_Johns", LOCALE_FORMAT_NONE, LOCALE_FORMAT_LONG,
         "4:30:00\u202fPM GMT-3:30"},
        {"en", "UTC", LOCALE_FORMAT_NONE, LOCALE_FORMAT_LONG, "8:00:00\u202fPM UTC"},
        /* A zone that there is not is UTC. */
        {"fi", "Europe/Atlantis", LOCALE_FORMAT_NONE, LOCALE_FORMAT_SHORT, "20.00"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(locale_format_date(room->arena, cases[i].locale, cases[i].zone, ms,
                                               cases[i].date, cases[i].time),
                            cases[i].text);
    /* Mexico has had no summer time since 2022, which ICU's own zones may not know. */
    assert_string_equal(locale_format_date(room->arena, "en", "America/Mexico_City", 1783000000000,
                                           LOCALE_FORMAT_NONE, LOCALE_FORMAT_SHORT),
                        "7:46\u202fAM");
    assert_null(
        locale_format_date(room->arena, "en", NULL, ms, LOCALE_FORMAT_NONE, LOCALE_FORMAT_NONE));
}

static void plurals_and_tags(void **state)
{
    (void)state;
    static const struct {
        const char *tag;
        bool right;
    } tags[] = {
        {"ro", true},       {"pt-BR", true},
        {"pt_BR", true},    {"zh-Hant-TW", true},
        {"es-419", true},   {"", false},
        {"r", false},       {"roman", false},
        {"ro-", false},     {"ro--RO", false},
        {"1o", false},      {"ro.UTF-8", false},
        {"ro/../x", false}, {"aa-bbbbbbbb-cccccccc-dddddddd-eeeeeeee", false},
    };
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
        assert_int_equal(locale_format_is_tag(tags[i].tag, strlen(tags[i].tag)), tags[i].right);
    assert_string_equal(locale_format_plural("ar", 0), "zero");
    assert_string_equal(locale_format_plural("ar", 2), "two");
    assert_string_equal(locale_format_plural("nonsense!", 1), "one");
    assert_true(locale_format_is_currency("EUR", 3));
    assert_true(locale_format_is_currency("ron", 3));
    assert_false(locale_format_is_currency("EUX", 3));
    assert_false(locale_format_is_currency("EURO", 4));
    assert_false(locale_format_is_currency("E1R", 3));
    assert_false(locale_format_is_currency("", 0));
}

int main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, enter, leave)
    const struct CMUnitTest tests[] = {
        TEST(fallback), TEST(plural_forms),     TEST(interpolation), TEST(faults),
        TEST(check),    TEST(no_folder),        TEST(money),         TEST(numbers),
        TEST(dates),    TEST(plurals_and_tags),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
