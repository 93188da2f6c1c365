/* Header fields: encoded words, folding, mailboxes, parameters, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/utf8.h"
#include "mail/address.h"
#include "mail/header.h"

#define A10 "aaaaaaaaaa"
#define A60 A10 A10 A10 A10 A10 A10

#define FAMILY "\U0001F469\u200D\U0001F469\u200D\U0001F467"

static void free_text(void **state)
{
    (void)state;
    static const struct {
        const char *value, *field;
    } cases[] = {
        {"Thank you", "Subject: Thank you\r\n"},
        {"", "Subject:\r\n"},
        {"a = b ?", "Subject: a = b ?\r\n"},
        {"Bun\u0103 ziua", "Subject: =?UTF-8?Q?Bun=C4=83_ziua?=\r\n"},
        {"Привет", "Subject: =?UTF-8?B?0J/RgNC40LLQtdGC?=\r\n"},
        /* what would be read as an encoded word is encoded itself */
        {"=?utf-8?Q?x?=", "Subject: =?UTF-8?B?PT91dGYtOD9RP3g/PQ==?=\r\n"},
        /* spaces that folding could lose */
        {"a  b", "Subject: =?UTF-8?Q?a__b?=\r\n"},
        {" a", "Subject: =?UTF-8?Q?_a?=\r\n"},
        {"a ", "Subject: =?UTF-8?Q?a_?=\r\n"},
        /* folded before the word that would pass column 76 */
        {A60 " 12345 7890", "Subject: " A60 " 12345\r\n 7890\r\n"},
        /* a word that could not be folded */
        {A60 A10,
         "Subject: =?UTF-8?Q?" A10 A10 A10 A10 A10 "aaaaa?=\r\n =?UTF-8?Q?aaaaaaaaaaaaaaa?=\r\n"},
        {"\U0001F381", "Subject: =?UTF-8?B?8J+OgQ==?=\r\n"},
    };
    struct buf out;
    buf_init(&out, 4096);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        buf_clear(&out);
        assert_true(header_unstructured(&out, "Subject", cases[i].value, NULL));
        assert_string_equal(buf_string(&out), cases[i].field);
    }
    buf_free(&out);
}

static size_t decode_q(const char *text, size_t length, char *out)
{
    size_t to = 0;
    for (size_t i = 0; i < length; i++) {
        unsigned byte = (unsigned char)text[i];
        if (text[i] == '=') {
            assert_int_equal(sscanf(text + i + 1, "%2X", &byte), 1);
            i += 2;
        }
        out[to++] = byte == '_' ? ' ' : (char)byte;
    }
    return to;
}

static size_t decode_b(const char *text, size_t length, char *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned bits = 0;
    size_t to = 0, have = 0;
    for (size_t i = 0; i < length && text[i] != '='; i++) {
        bits = bits << 6 | (unsigned)(strchr(digits, text[i]) - digits);
        have += 6;
        if (have >= 8)
            out[to++] = (char)(bits >> (have -= 8));
    }
    return to;
}

/* Every line at most 76 and every encoded word at most 75 characters; in each word whole
 * characters, and in all of them the text. */
static void check_words(const char *line, const char *value)
{
    for (const char *end; (end = strstr(line, "\r\n")); line = end + 2) {
        char decoded[80];
        const char *word = strstr(line, "=?UTF-8?"), *text = word + 10;
        assert_non_null(word);
        assert_true(end - line <= 76);
        assert_true(end - word <= 75);
        assert_memory_equal(end - 2, "?=", 2);
        size_t length = (size_t)(end - 2 - text);
        length = word[8] == 'Q' ? decode_q(text, length, decoded) : decode_b(text, length, decoded);
        assert_true(utf8_valid(decoded, length));
        assert_memory_equal(value, decoded, length);
        value += length;
    }
    assert_int_equal(*line, 0);
    assert_int_equal(*value, 0);
}

static void long_text(void **state)
{
    static const char *const pieces[] = {"ж", "a", "\U0001F600", "€ ", "ß", "漢字", "x y "};
    (void)state;
    struct buf value, out;
    buf_init(&value, 8000);
    buf_init(&out, 65536);
    for (size_t step = 1; step < 7; step++)
        for (size_t plain = 0; plain < 41; plain += 40) { /* much ASCII: Q; little: B */
            buf_clear(&value);
            buf_clear(&out);
            for (size_t i = 0; i < 150; i++)
                buf_printf(&value, "%s%.*s", pieces[i * step % 7], (int)plain,
                           "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz");
            assert_true(header_unstructured(&out, "Subject", buf_string(&value), NULL));
            assert_int_equal(strstr(out.data, "=?UTF-8?Q?") != NULL, plain > 0);
            check_words(out.data, buf_string(&value));
        }
    buf_free(&value);
    buf_free(&out);
}

static void refused_values(void **state)
{
    (void)state;
    static const char *const values[] = {
        "a\r\nBcc: x@y",
        "a\nb",
        "a\rb",
        "a\tb",
        "a\x01",
        "a\x7f",
        ("a\xc2\x85"
         "b"),
        "a\xc2\x9f",
        "\xff",
        "a\xc3",
        "\xed\xa0\x80",
    };
    struct buf out;
    struct diag diag;
    buf_init(&out, 4096);
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct address address = {.name = values[i], .mailbox = "a@b.example"};
        assert_false(header_unstructured(&out, "Subject", values[i], &diag));
        assert_string_equal(diag.code, "bad-header");
        assert_false(header_mailbox(&out, "To", &address, &diag));
        assert_false(header_structured(&out, "X-A", values[i], &diag));
        assert_false(header_parameter(&out, "filename", values[i], &diag));
        assert_int_equal(out.length, 0);
    }
    assert_false(header_structured(&out, "X-A", "é", &diag));
    buf_free(&out);
}

/* RFC 5322, 2.1.1: no line has more than 998 characters, whatever the word. */
static void long_words(void **state)
{
    (void)state;
    struct buf out;
    struct diag diag;
    char word[1101];
    size_t longest = 0;
    buf_init(&out, 4096);
    for (size_t length = 800; length < sizeof word; length++) {
        memset(word, 'x', length);
        word[length] = '\0';
        buf_clear(&out);
        if (!header_structured(&out, "X-A", word, &diag)) {
            assert_string_equal(diag.code, "bad-header");
            continue;
        }
        longest = length;
        for (const char *line = out.data; *line; line = strchr(line, '\n') + 1)
            assert_true(strcspn(line, "\r") <= 998);
    }
    assert_in_range(longest, 900, 997);
    buf_free(&out);
}

static void no_room(void **state)
{
    (void)state;
    struct buf out;
    struct diag diag;
    buf_init(&out, 12);
    assert_false(header_unstructured(&out, "Subject", "too long for that", &diag));
    assert_string_equal(diag.code, "too-large");
    buf_free(&out);
}

static void mailboxes(void **state)
{
    (void)state;
    static const struct {
        const char *name, *field;
    } cases[] = {
        {NULL, "To: ana@shop.example\r\n"},
        {"", "To: ana@shop.example\r\n"},
        {"Ana Pop", "To: Ana Pop <ana@shop.example>\r\n"},
        {"Pop, Ana", "To: \"Pop, Ana\" <ana@shop.example>\r\n"},
        {"A \"B\" \\ C", "To: \"A \\\"B\\\" \\\\ C\" <ana@shop.example>\r\n"},
        {"a@b.example", "To: \"a@b.example\" <ana@shop.example>\r\n"},
        {"Păun", "To: =?UTF-8?B?UMSDdW4=?= <ana@shop.example>\r\n"},
        {"Анна", "To: =?UTF-8?B?0JDQvdC90LA=?= <ana@shop.example>\r\n"},
        {"Ana  Pop", "To: =?UTF-8?Q?Ana__Pop?= <ana@shop.example>\r\n"},
        {"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"",
         "To: =?UTF-8?B?IiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIi?= <ana@shop.example>\r\n"},
        {A60, "To: " A60 "\r\n <ana@shop.example>\r\n"},
        /* parted between two words, where there are some not far away, … */
        {"Александра Константиновна Преображенская",
         "To: =?UTF-8?B?0JDQu9C10LrRgdCw0L3QtNGA0LAg?=\r\n"
         " =?UTF-8?B?0JrQvtC90YHRgtCw0L3RgtC40L3QvtCy0L3QsCA=?=\r\n"
         " =?UTF-8?B?0J/RgNC10L7QsdGA0LDQttC10L3RgdC60LDRjw==?= <ana@shop.example>\r\n"},
        /* … else in no grapheme */
        {FAMILY FAMILY FAMILY,
         "To: =?UTF-8?B?8J+RqeKAjfCfkanigI3wn5Gn8J+RqeKAjfCfkanigI3wn5Gn?=\r\n"
         " =?UTF-8?B?8J+RqeKAjfCfkanigI3wn5Gn?= <ana@shop.example>\r\n"},
        {"=?UTF-8?Q?x?=", "To: =?UTF-8?B?PT9VVEYtOD9RP3g/PQ==?= <ana@shop.example>\r\n"},
    };
    struct buf out;
    buf_init(&out, 4096);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct address address = {.name = cases[i].name, .mailbox = "ana@shop.example"};
        buf_clear(&out);
        assert_true(header_mailbox(&out, "To", &address, NULL));
        assert_string_equal(buf_string(&out), cases[i].field);
    }
    buf_free(&out);
}

static void parameters(void **state)
{
    (void)state;
    static const struct {
        const char *value, *field;
    } cases[] = {
        {"a.pdf", ";\r\n filename=\"a.pdf\""},
        {"my file.pdf", ";\r\n filename=\"my file.pdf\""},
        {"a\"b.pdf", ";\r\n filename*=UTF-8''a%22b.pdf"},
        {"ceai.ă", ";\r\n filename*=UTF-8''ceai.%C4%83"},
        {"ждждждждждждждждждждждждж",
         ";\r\n filename*0*=UTF-8''%D0%B6%D0%B4%D0%B6%D0%B4%D0%B6%D0%B4%D0%B6%D0%B4"
         ";\r\n filename*1*=%D0%B6%D0%B4%D0%B6%D0%B4%D0%B6%D0%B4%D0%B6%D0%B4"
         ";\r\n filename*2*=%D0%B6%D0%B4%D0%B6%D0%B4%D0%B6%D0%B4%D0%B6%D0%B4"
         ";\r\n filename*3*=%D0%B6"},
    };
    struct buf out;
    buf_init(&out, 4096);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        buf_clear(&out);
        assert_true(header_parameter(&out, "filename", cases[i].value, NULL));
        assert_string_equal(buf_string(&out), cases[i].field);
    }
    buf_free(&out);
}

static void dates(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *zone, *date;
    } cases[] = {
        {0, NULL, "Thu, 01 Jan 1970 00:00:00 +0000"},
        {1772352000999, "Europe/Bucharest", "Sun, 01 Mar 2026 10:00:00 +0200"},
        {1782892800000, "Europe/Helsinki", "Wed, 01 Jul 2026 11:00:00 +0300"},
        {1782892800000, "America/St_Johns", "Wed, 01 Jul 2026 05:30:00 -0230"},
        {1782892800000, "Nowhere/Town", "Wed, 01 Jul 2026 08:00:00 +0000"},
    };
    char date[HEADER_DATE_SIZE];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(header_date(cases[i].ms, cases[i].zone, date), cases[i].date);
}

static void names(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool allowed;
    } cases[] = {
        {"X-Campaign", true},  {"Keywords", true},  {"Precedence", true},
        {"From", false},       {"bcc", false},      {"CONTENT-TYPE", false},
        {"Resent-To", false},  {"List-Id", false},  {"Message-ID", false},
        {"", false},           {"X Y", false},      {"X:", false},
        {"X-\xc4\x83", false}, {"X\r\nBcc", false}, {"X-" A60 "aaa", false},
    };
    struct diag diag;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(header_name_allowed(cases[i].name, &diag), cases[i].allowed);
        if (!cases[i].allowed)
            assert_string_equal(diag.code, "bad-header");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(free_text),  cmocka_unit_test(long_text), cmocka_unit_test(refused_values),
        cmocka_unit_test(no_room),    cmocka_unit_test(mailboxes), cmocka_unit_test(parameters),
        cmocka_unit_test(long_words), cmocka_unit_test(dates),     cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
