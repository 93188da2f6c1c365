#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/diag.h"
#include "base/utf8.h"

static void expect_form(const struct diag *diag, const char *form, const char *line)
{
    struct buf out;
    buf_init(&out, 8192);
    diag_format(diag, &out);
    assert_string_equal(buf_string(&out), form);
    buf_clear(&out);
    diag_line(diag, &out);
    assert_string_equal(buf_string(&out), line);
    buf_free(&out);
}

static void the_full_form_has_a_caret_and_a_hint(void **state)
{
    (void)state;
    static const char source[] = "name: cart\n\n  untill: order.placed\r\nsend: x\n";
    struct diag diag;
    assert_false(diag_error(&diag, "unknown key `%s`", "untill"));
    diag_code(&diag, "unknown-key");
    diag_file(&diag, "rules/cart.yaml");
    diag_place(&diag, 3, 3, 6);
    diag_excerpt(&diag, source, strlen(source));
    diag_hint(&diag, "did you mean `%s`?", "until");
    expect_form(&diag,
                "rules/cart.yaml:3:3: error: unknown key `untill`\n"
                "      untill: order.placed\n"
                "      ^~~~~~\n"
                "hint: did you mean `until`?\n",
                "rules/cart.yaml:3:3: unknown key `untill` (did you mean `until`?)");
}

static void what_is_not_known_is_left_out(void **state)
{
    (void)state;
    struct diag diag;
    diag_error(&diag, "no such thing");
    expect_form(&diag, "error: no such thing\n", "no such thing");
    diag.level = DIAG_WARNING;
    diag_file(&diag, "a");
    expect_form(&diag, "a: warning: no such thing\n", "a: no such thing");
    diag_place(&diag, 7, 0, 0);
    expect_form(&diag, "a:7: warning: no such thing\n", "a:7: no such thing");
    diag_error(&diag, "anew");
    expect_form(&diag, "error: anew\n", "anew");
    assert_false(diag_fault(&diag, "too-many", "%d of them", 3));
    expect_form(&diag, "error: 3 of them\n", "3 of them");
    assert_string_equal(diag.code, "too-many");
}

static void without_a_diag_nothing_happens(void **state)
{
    (void)state;
    assert_false(diag_error(NULL, "%d", 1));
    assert_false(diag_fault(NULL, "x", "%d", 1));
    diag_clear(NULL);
    diag_code(NULL, "x");
    diag_file(NULL, "x");
    diag_place(NULL, 1, 1, 1);
    diag_hint(NULL, "x");
    diag_offset(NULL, "x", 1, 0);
    diag_excerpt(NULL, "x", 1);
    diag_suggest(NULL, "x", (const char *const[]){"y", NULL});
}

static void an_offset_becomes_line_and_column(void **state)
{
    (void)state;
    static const char source[] = "a\nчай b\n\nz";
    static const struct {
        size_t offset;
        uint32_t line, column;
    } places[] = {
        {0, 1, 1},  {1, 1, 2},  {2, 2, 1},  {4, 2, 2},  {8, 2, 4},   {9, 2, 5},
        {10, 2, 6}, {11, 3, 1}, {12, 4, 1}, {13, 4, 2}, {999, 4, 2},
    };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct diag diag = {0};
        diag_offset(&diag, source, strlen(source), places[i].offset);
        assert_int_equal(diag.line, places[i].line);
        assert_int_equal(diag.column, places[i].column);
    }
}

/* The character under the caret is the one at the column, in lines of any length
 * and script; nothing is cut within a character. */
static void the_excerpt_is_cut_around_the_column(void **state)
{
    (void)state;
    static const char *const fills[] = {"x", "ä", "\xe2\x82\xac", "\xf0\x9f\x8d\xb5"};
    for (size_t f = 0; f < sizeof fills / sizeof *fills; f++)
        for (uint32_t column = 1; column < 300; column += 13) {
            struct buf source;
            struct diag diag = {0};
            buf_init(&source, 4096);
            buf_text(&source, "first line\n");
            for (uint32_t i = 1; i <= 300; i++)
                buf_text(&source, i == column ? "!" : fills[f]);
            buf_text(&source, "\nlast line\n");
            diag_place(&diag, 2, column, 1);
            diag_excerpt(&diag, source.data, source.length);
            size_t length = strlen(diag.excerpt), at = 0;
            assert_true(utf8_valid(diag.excerpt, length));
            for (uint32_t i = 1; i < diag.caret; i++)
                at += utf8_width(diag.excerpt + at, length - at);
            assert_int_equal(diag.excerpt[at], '!');
            assert_int_equal(diag.caret<column, column> diag.caret);
            assert_in_range(utf8_count(diag.excerpt, length), 30, 111);
            buf_free(&source);
        }
}

static void a_place_outside_of_the_text_is_no_harm(void **state)
{
    (void)state;
    struct diag diag = {0};
    diag_place(&diag, 9, 1, 1);
    diag_excerpt(&diag, "a\nb", 3);
    assert_string_equal(diag.excerpt, "");
    diag_place(&diag, 2, 500, 9);
    diag_excerpt(&diag, "a\nb", 3);
    assert_string_equal(diag.excerpt, "b");
    assert_int_equal(diag.caret, 2);
    diag_excerpt(&diag, NULL, 0);
    diag_clear(&diag);
    diag_offset(&diag, "", 0, 0);
    assert_string_equal(diag.excerpt, "");
}

static void a_terminal_is_told_nothing(void **state)
{
    (void)state;
    struct diag diag;
    diag_error(&diag, "a\x1b[31m\nb\x7f\xc2\x9b"
                      "c\xff\tü€");
    assert_string_equal(diag.text, "a?[31m?b??c? ü€");
    diag_place(&diag, 1, 4, 1);
    diag_excerpt(&diag, "\x1b\t\xc2\x85!\xe2\x82", 7);
    assert_string_equal(diag.excerpt, "? ?!??");
    assert_int_equal(diag.caret, 4);
}

static void long_texts_are_cut_between_characters(void **state)
{
    (void)state;
    char text[2001];
    for (size_t i = 0; i < 1000; i++)
        memcpy(text + 2 * i, "ä", 2);
    text[2000] = '\0';
    struct diag diag;
    diag_error(&diag, "%s", text);
    assert_int_equal(strlen(diag.text), 510);
    assert_true(utf8_valid(diag.text, 510));
    diag_error(&diag, "x%s", text);
    assert_int_equal(strlen(diag.text), 511);
    diag_file(&diag, text);
    assert_int_equal(strlen(diag.file), 254);
    diag_hint(&diag, "%s", text);
    assert_int_equal(strlen(diag.hint), 254);
    diag_code(&diag, text);
    assert_int_equal(strlen(diag.code), 30);
}

static void the_underline_ends_with_the_excerpt(void **state)
{
    (void)state;
    struct diag diag;
    diag_error(&diag, "x");
    diag_place(&diag, 1, 2, 100);
    diag_excerpt(&diag, "äbc", 4);
    expect_form(&diag, "1:2: error: x\n    äbc\n     ^~\n", "1:2: x");
}

static void the_nearest_name_is_found(void **state)
{
    (void)state;
    static const char *const names[] = {"until", "name",    "if",          "on",    "limit",
                                        "steps", "holdout", "quiet_hours", "again", NULL};
    static const struct {
        const char *word, *nearest;
    } words[] = {
        {"untill", "until"},
        {"unitl", "until"},
        {"utnil", "until"},
        {"nmae", "name"},
        {"fi", "if"},
        {"of", "if"},
        {"i", "if"},
        {"limits", "limit"},
        {"quite_huors", "quiet_hours"},
        {"quiethours", "quiet_hours"},
        {"hold_out", "holdout"},
        {"x", NULL},
        {"zzzzzz", NULL},
        {"", NULL},
        {"untillxx", NULL},
        {"stps", "steps"},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const char *nearest = diag_nearest(words[i].word, names);
        if (!nearest != !words[i].nearest || (nearest && strcmp(nearest, words[i].nearest) != 0))
            fail_msg("%s: %s", words[i].word, nearest ? nearest : "none");
    }
    char word[200];
    memset(word, 'x', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    assert_null(diag_nearest(word, names));
    struct diag diag = {0};
    diag_suggest(&diag, "untill", names);
    assert_string_equal(diag.hint, "did you mean `until`?");
    diag_clear(&diag);
    diag_suggest(&diag, "zzzz", names);
    assert_string_equal(diag.hint, "");
}

/* By its first words, where no other name has these too. */
static void kin_are_suggested(void **state)
{
    (void)state;
    static const char *const names[] = {"password_file", "state", "tls", "tls_ca",
                                        "tls_key",       "if",    NULL};
    static const char *const cases[][2] = {
        {"password", "did you mean `password_file`?"},
        {"state_dir", "did you mean `state`?"},
        {"statement_of_account", ""},
        {"tls_certificates", "did you mean `tls`?"},
        {"if-not-there", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct diag diag = {0};
        diag_suggest(&diag, cases[i][0], names);
        assert_string_equal(diag.hint, cases[i][1]);
    }
    struct diag several = {0};
    diag_suggest(&several, "give", (const char *const[]){"give_up_now", "give_back_it", NULL});
    assert_string_equal(several.hint, "");
}

/* By what other programs call the same, before what is near: "exit" is as near to `wait`. */
static void other_words_are_suggested(void **state)
{
    (void)state;
    static const char *const names[] = {"if",   "wait",        "send",  "kind", "url",
                                        "host", "secret_file", "until", NULL};
    static const char *const cases[][2] = {
        {"when", "did you mean `if`?"},
        {"delay", "did you mean `wait`?"},
        {"template", "did you mean `send`?"},
        {"type", "did you mean `kind`?"},
        {"api_key", "did you mean `secret_file`?"},
        {"exit", "did you mean `until`?"},
        {"server", "did you mean `host`?"},
        {"trigger", ""}, /* there is no `on` among them */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct diag diag = {0};
        diag_suggest(&diag, cases[i][0], names);
        assert_string_equal(diag.hint, cases[i][1]);
    }
}

/* What has no counterpart among the names is told with what to do, and taken for none of them. */
static void advice_goes_before_suggestions(void **state)
{
    (void)state;
    static const char *const of_send[] = {"template", "via", "to", "from", "data", "code", NULL};
    struct diag diag = {0};
    diag_suggest(&diag, "subject", of_send);
    assert_string_equal(diag.hint, "the subject stands in the front matter of the template");
    assert_null(diag_meant("subject", of_send));
    assert_string_equal(diag_meant("name", of_send), "template");
    assert_null(diag_meant("subject", of_send + 6));
}

static void collections_are_bounded(void **state)
{
    (void)state;
    struct diags diags = {0};
    struct diag diag;
    for (int i = 0; i < 250; i++) {
        diag_error(&diag, "fault %d", i);
        if (i % 5 == 0)
            diag.level = DIAG_WARNING;
        diags_add(&diags, &diag);
    }
    assert_int_equal(diags.count, DIAGS_MOST);
    assert_int_equal(diags.errors, 200);
    assert_int_equal(diags.warnings, 50);
    assert_string_equal(diags.items[99].text, "fault 99");
    diags_free(&diags);
    for (int i = 0; i < 104; i++) { /* an error is not crowded out by warnings */
        diag_error(&diag, "fault %d", i);
        diag.level = i < 102 ? DIAG_WARNING : DIAG_ERROR;
        diags_add(&diags, &diag);
    }
    assert_int_equal(diags.count, DIAGS_MOST);
    assert_string_equal(diags.items[98].text, "fault 98");
    assert_string_equal(diags.items[99].text, "fault 102");
    diags_free(&diags);
    assert_int_equal(diags.count, 0);
    diags_free(&diags);
}

static void a_diag_prints_to_a_stream(void **state)
{
    (void)state;
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);
    struct diag diag;
    diag_error(&diag, "x");
    diag_hint(&diag, "y");
    diag_print(&diag, stream);
    fclose(stream);
    assert_string_equal(text, "error: x\nhint: y\n");
    free(text);
}

static bool fault(struct diag *diag, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool fault(struct diag *diag, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    bool right = diag_verror(diag, format, args);
    va_end(args);
    return right;
}

static void arguments_may_be_passed_on(void **state)
{
    (void)state;
    struct diag diag = {.line = 3, .hint = "old"};
    assert_false(fault(&diag, "%s of %d", "two", 3));
    assert_string_equal(diag.text, "two of 3");
    assert_int_equal(diag.line, 0);
    assert_string_equal(diag.hint, "");
    assert_false(fault(NULL, "%s", "nobody asks"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_full_form_has_a_caret_and_a_hint),
        cmocka_unit_test(what_is_not_known_is_left_out),
        cmocka_unit_test(without_a_diag_nothing_happens),
        cmocka_unit_test(arguments_may_be_passed_on),
        cmocka_unit_test(an_offset_becomes_line_and_column),
        cmocka_unit_test(the_excerpt_is_cut_around_the_column),
        cmocka_unit_test(a_place_outside_of_the_text_is_no_harm),
        cmocka_unit_test(a_terminal_is_told_nothing),
        cmocka_unit_test(long_texts_are_cut_between_characters),
        cmocka_unit_test(the_underline_ends_with_the_excerpt),
        cmocka_unit_test(the_nearest_name_is_found),
        cmocka_unit_test(kin_are_suggested),
        cmocka_unit_test(other_words_are_suggested),
        cmocka_unit_test(advice_goes_before_suggestions),
        cmocka_unit_test(collections_are_bounded),
        cmocka_unit_test(a_diag_prints_to_a_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
