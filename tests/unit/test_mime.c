/* The body on the wire: both encodings, the tree of parts, boundaries, bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "mail/mime.h"
#include "mail/mime_encoding.h"

#define A10 "aaaaaaaaaa"
#define A70 A10 A10 A10 A10 A10 A10 A10

static void quoted_printable(void **state)
{
    static const struct {
        const char *text, *encoded;
    } cases[] = {
        {"", ""},
        {"Hello\n", "Hello\r\n"},
        {"a\r\nb\rc\nd", "a\r\nb\r\nc\r\nd"},
        {"1 = 1", "1 =3D 1"},
        {"\u0103", "=C4=83"},
        {"a \nb\t\nc ", "a=20\r\nb=09\r\nc=20"},
        {"a \u0103", "a =C4=83"},
        {"\tx", "\tx"},
        {".\n..\na.", "=2E\r\n=2E.\r\na."},
        {"From a\nFromage\nx From y", "=46rom a\r\nFromage\r\nx From y"},
        {A70 "123456", A70 "12345=\r\n6"},
        {A70 "123456\n", A70 "12345=\r\n6\r\n"},
        {A70 "12345\n", A70 "12345\r\n"},
        {A70 "123=", A70 "123=\r\n=3D"},
        {A70 "1234 \n", A70 "1234=\r\n=20\r\n"},
        {A70 "12345.", A70 "12345=\r\n=2E"}, /* a dot that begins a line by the soft break */
    };
    (void)state;
    struct buf out;
    buf_init(&out, 4096);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        buf_clear(&out);
        assert_true(mime_encoding_quoted_printable(&out, cases[i].text, strlen(cases[i].text)));
        assert_string_equal(buf_string(&out), cases[i].encoded);
    }
    buf_free(&out);
}

/* Each byte at each place among plain ones, which are taken eight at a time. */
static void quoted_bytes(void **state)
{
    enum { LENGTH = 20 };
    (void)state;
    struct buf out;
    buf_init(&out, 4096);
    for (int c = 1; c < 256; c++)
        for (size_t at = 1; at < LENGTH - 1; at++) {
            char text[LENGTH + 1] = "aaaaaaaaaaaaaaaaaaaa", encoded[8], expected[LENGTH + 8];
            bool same = c == '\t' || (c >= ' ' && c < 127 && c != '=');
            text[at] = (char)c;
            snprintf(encoded, sizeof encoded, same ? "%c" : "=%02X", c);
            snprintf(expected, sizeof expected, "%.*s%s%s", (int)at, text,
                     c == '\n' || c == '\r' ? "\r\n" : encoded, text + at + 1);
            buf_clear(&out);
            assert_true(mime_encoding_quoted_printable(&out, text, LENGTH));
            assert_string_equal(buf_string(&out), expected);
        }
    buf_free(&out);
}

static void base64(void **state)
{
    static const struct {
        const char *bytes, *encoded;
    } cases[] = {
        {"", ""},
        {"f", "Zg==\r\n"},
        {"fo", "Zm8=\r\n"},
        {"foo", "Zm9v\r\n"},
        {"foobar", "Zm9vYmFy\r\n"},
        {"\xff\xfe\xfd", "//79\r\n"},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
         "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFh\r\nYg=="
         "\r\n"},
    };
    (void)state;
    struct buf out;
    buf_init(&out, 4096);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        buf_clear(&out);
        assert_true(mime_encoding_base64(&out, cases[i].bytes, strlen(cases[i].bytes)));
        assert_string_equal(buf_string(&out), cases[i].encoded);
    }
    buf_free(&out);
}

#define PLAIN(TEXT)                               \
    "Content-Type: text/plain; charset=utf-8\r\n" \
    "Content-Transfer-Encoding: quoted-printable\r\n\r\n" TEXT
#define HTML(TEXT)                               \
    "Content-Type: text/html; charset=utf-8\r\n" \
    "Content-Transfer-Encoding: quoted-printable\r\n\r\n" TEXT
#define LOGO                                \
    "Content-Type: image/png\r\n"           \
    "Content-Transfer-Encoding: base64\r\n" \
    "Content-ID: <logo.png>\r\n"            \
    "Content-Disposition: inline;\r\n filename=\"logo.png\"\r\n\r\nUE5H\r\n"
#define TERMS                               \
    "Content-Type: application/pdf\r\n"     \
    "Content-Transfer-Encoding: base64\r\n" \
    "Content-Disposition: attachment;\r\n filename=\"terms.pdf\"\r\n\r\nUERG\r\n"

static const struct mime_file logo = {"logo.png", "image/png", "logo.png", "PNG", 3, NULL};
static const struct mime_file terms = {"terms.pdf", "application/pdf", NULL, "PDF", 3, NULL};

static void tree(void **state)
{
    const struct mime_file both[] = {terms, logo};
    const struct {
        struct mime_body body;
        const char *wire;
    } cases[] = {
        {{.text = "Hi\n", .mid = "m1"}, "MIME-Version: 1.0\r\n" PLAIN("Hi\r\n")},
        {{.html = "<p>Hi", .mid = "m1"}, "MIME-Version: 1.0\r\n" HTML("<p>Hi\r\n")},
        {{.text = "Hi", .html = "<p>Hi", .mid = "m1"},
         "MIME-Version: 1.0\r\n"
         "Content-Type: multipart/alternative;\r\n boundary=\"=_m1_a\"\r\n"
         "\r\n--=_m1_a\r\n" PLAIN("Hi") "\r\n--=_m1_a\r\n" HTML("<p>Hi") "\r\n--=_m1_a--\r\n"},
        {{.text = "Hi", .html = "<p>", .files = both, .file_count = 2, .mid = "m/1"},
         "MIME-Version: 1.0\r\n"
         "Content-Type: multipart/mixed;\r\n boundary=\"=_m1_m\"\r\n"
         "\r\n--=_m1_m\r\n"
         "Content-Type: multipart/alternative;\r\n boundary=\"=_m1_a\"\r\n"
         "\r\n--=_m1_a\r\n" PLAIN("Hi") "\r\n--=_m1_a\r\n"
                                        "Content-Type: multipart/related; type=\"text/html\";\r\n "
                                        "boundary=\"=_m1_r\"\r\n"
                                        "\r\n--=_m1_r\r\n" HTML(
                                            "<p>") "\r\n--=_m1_r\r\n" LOGO "\r\n--=_m1_r--\r\n"
                                                   "\r\n--=_m1_a--\r\n"
                                                   "\r\n--=_m1_m\r\n" TERMS "\r\n--=_m1_m--\r\n"},
        {{.text = "Hi", .files = &logo, .file_count = 1, .mid = "m1"},
         "MIME-Version: 1.0\r\n" PLAIN("Hi\r\n")},
    };
    (void)state;
    struct buf out;
    buf_init(&out, 4096);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        buf_clear(&out);
        assert_true(mime_write(&out, &cases[i].body, NULL));
        assert_string_equal(buf_string(&out), cases[i].wire);
    }
    buf_free(&out);
}

/* The smaller encoding is taken: Cyrillic as base64, whose line ends are canonical. */
static void smaller(void **state)
{
    (void)state;
    struct buf out;
    struct mime_body body = {.text = "Привет\nмир\n", .mid = "m"};
    buf_init(&out, 4096);
    assert_true(mime_write(&out, &body, NULL));
    assert_non_null(strstr(out.data, "base64\r\n\r\n0J/RgNC40LLQtdGCDQrQvNC40YANCg==\r\n"));
    buf_clear(&out);
    body.text = "Bună ziua, mulțumim pentru comanda";
    assert_true(mime_write(&out, &body, NULL));
    assert_non_null(strstr(out.data, "quoted-printable"));
    buf_free(&out);
}

/* Text that holds the boundary itself does not end the part. */
static void boundary(void **state)
{
    (void)state;
    struct buf out;
    struct mime_body body = {.text = "\n--=_m_a--\n", .html = "\r\n--=_m_a\r\n\r\n", .mid = "m"};
    buf_init(&out, 4096);
    assert_true(mime_write(&out, &body, NULL));
    size_t count = 0;
    for (const char *at = out.data; (at = strstr(at, "\r\n--=_m_a")); at++)
        count++;
    assert_int_equal(count, 3);
    buf_free(&out);
}

static void refused(void **state)
{
    static const struct mime_file files[] = {
        {"a", "image", NULL, "", 0, NULL},       {"a", "image/png\r\nX: y", NULL, "", 0, NULL},
        {"a", "/png", NULL, "", 0, NULL},        {"a", "image/", NULL, "", 0, NULL},
        {"a", "image/p g", NULL, "", 0, NULL},   {"", "image/png", NULL, "", 0, NULL},
        {"a/b", "image/png", NULL, "", 0, NULL}, {"a\r\nb", "image/png", NULL, "", 0, NULL},
        {"a", "image/png", "", "", 0, NULL},     {"a", "image/png", "x>\r\n", "", 0, NULL},
        {"a", "image/png", "x y", "", 0, NULL},  {"a", "text/plain; x=utf-8", NULL, "", 0, NULL},
        {"a", "text/plain", NULL, "", 0, ""},    {"a", "text/plain", NULL, "", 0, "a b"},
    };
    (void)state;
    struct buf out;
    struct diag diag;
    buf_init(&out, 4096);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct mime_body body = {
            .text = "a", .html = "a", .files = &files[i], .file_count = 1, .mid = "m"};
        assert_false(mime_write(&out, &body, &diag));
        assert_string_equal(diag.code, "bad-header");
    }
    buf_free(&out);
    struct mime_body body = {.text = "a", .mid = "m"};
    buf_init(&out, 100);
    assert_false(mime_write(&out, &body, &diag));
    assert_string_equal(diag.code, "too-large");
    buf_free(&out);
}

static void types(void **state)
{
    (void)state;
    static const struct {
        const char *said, *path, *bytes, *type, *charset;
    } cases[] = {
        {NULL, "a.PNG", "\x89PNG", "image/png", NULL},
        {NULL, "a.b.pdf", "%PDF", "application/pdf", NULL},
        {NULL, "README", "Hi", "application/octet-stream", NULL},
        {NULL, "a.exe", "MZ", "application/octet-stream", NULL},
        {NULL, "a.TXT", "ä", "text/plain", "utf-8"},
        {NULL, "a.json", "{}", "application/json", "utf-8"},
        {NULL, "a.csv", "\xe4", "application/octet-stream", NULL},
        {"text/plain", "a", "ä", "text/plain", "utf-8"},
        {"text/plain", "a.txt", "\xe4", "text/plain", NULL},
        {"image/png", "a.txt", "ä", "image/png", NULL},
        {"text/csv; charset=latin1", "a", "ä", "text/csv", "latin1"},
        {"text/csv;charset=", "a", "ä", "text/csv", ""},
        {"text/csv; header=present", "a", "ä", "text/csv; header=present", "utf-8"},
    };
    struct arena *arena = arena_new(1024);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mime_file file = {.bytes = cases[i].bytes, .length = strlen(cases[i].bytes)};
        mime_type(arena, &file, cases[i].said, cases[i].path);
        assert_string_equal(file.type, cases[i].type);
        assert_string_equal(file.charset ? file.charset : "-",
                            cases[i].charset ? cases[i].charset : "-");
    }
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quoted_printable), cmocka_unit_test(quoted_bytes),
        cmocka_unit_test(base64),           cmocka_unit_test(tree),
        cmocka_unit_test(smaller),          cmocka_unit_test(boundary),
        cmocka_unit_test(refused),          cmocka_unit_test(types),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
