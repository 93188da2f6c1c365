/* The bytes of a head: what is let in, and what another server might read otherwise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <string.h>

#include <cmocka.h>

#include "web/head_syntax.h"

enum { MOST = 8192 };

static const struct {
    const char *bytes;
    size_t length; /* 0: of the C string */
    enum head_progress progress;
    enum web_refusal refusal;
} cases[] = {
    {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 0, HEAD_WHOLE, WEB_REFUSAL_NONE},
    {"\r\nGET / HTTP/1.1\r\n\r\n", 0, HEAD_WHOLE, WEB_REFUSAL_NONE},
    {"GET / HTTP/1.0\r\n\r\n", 0, HEAD_WHOLE, WEB_REFUSAL_NONE},
    {"M-SEARCH * HTTP/1.1\r\n\r\n", 0, HEAD_WHOLE, WEB_REFUSAL_NONE},
    {"GET / HTTP/1.1\r\nA:\r\nB:\tc d\r\nC: \xc3\xa4\r\n\r\nrest\n\0", 0, HEAD_WHOLE,
     WEB_REFUSAL_NONE},
    {"", 0, HEAD_MORE, WEB_REFUSAL_NONE},
    {"GET / HTTP/1.1\r\nHost: x\r\n", 0, HEAD_MORE, WEB_REFUSAL_NONE},
    {"GET / HTTP/1.1\r\nHost: x\r", 0, HEAD_MORE, WEB_REFUSAL_NONE},
    {"GET", 0, HEAD_MORE, WEB_REFUSAL_NONE},
    {"GET / HTTP/1.1\nHost: x\r\n\r\n", 0, HEAD_WRONG, WEB_REFUSAL_BAD_REQUEST},
    {"GET / HTTP/1.1\r\nHost: x\n\r\n", 0, HEAD_WRONG, WEB_REFUSAL_BAD_REQUEST},
    {"GET / HTTP/1.1\r\nHost: x\r\n\n", 0, HEAD_WRONG, WEB_REFUSAL_BAD_REQUEST},
    {"GET / HTTP/1.1\r\nA: b\rC: d\r\n\r\n", 0, HEAD_WRONG, WEB_REFUSAL_BAD_REQUEST},
    {"GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", 0, HEAD_WRONG, WEB_REFUSAL_BAD_REQUEST},
    {"GET / HTTP/1.1\r\n\tA: b\r\n\r\n", 0, HEAD_WRONG, WEB_REFUSAL_BAD_REQUEST},
    {"GET / HTTP/1.1\r\nA : b\r\n\r\n", 0, HEAD_WRONG, WEB_REFUSAL_BAD_REQUEST},
    {"GET / HTTP/1.1\r\n: b\r\n\r\n", 0, HEAD_WRONG, WEB_REFUSAL_BAD_REQUEST},
    {"GET / HTTP/1.1\r\nA\r\n\r\n", 0, HEAD_WRONG, WEB_REFUSAL_BAD_REQUEST},
    {"GET / HTTP/1.1\r\nA: b\0c\r\n\r\n", 27, HEAD_WRONG, WEB_REFUSAL_BAD_REQUEST},
    {"GET / HTTP/1.1\r\nA\0: b\r\n\r\n", 27, HEAD_WRONG, WEB_REFUSAL_BAD_REQUEST},
    {"GET / HTTP/1.1\r\nA: b\x7f\r\n\r\n", 0, HEAD_WRONG, WEB_REFUSAL_BAD_REQUEST},
    {"GET  / HTTP/1.1\r\n\r\n", 0, HEAD_WRONG, WEB_REFUSAL_BAD_REQUEST},
    {"GET /  HTTP/1.1\r\n\r\n", 0, HEAD_WRONG, WEB_REFUSAL_BAD_REQUEST},
    {"GET /a b HTTP/1.1\r\n\r\n", 0, HEAD_WRONG, WEB_REFUSAL_BAD_REQUEST},
    {"GET / HTTP/1.1 \r\n\r\n", 0, HEAD_WRONG, WEB_REFUSAL_BAD_REQUEST},
    {"GET\t/ HTTP/1.1\r\n\r\n", 0, HEAD_WRONG, WEB_REFUSAL_BAD_REQUEST},
    {"GET /\xc3\xa4 HTTP/1.1\r\n\r\n", 0, HEAD_WRONG, WEB_REFUSAL_BAD_REQUEST},
    {"GET /\r\n\r\n", 0, HEAD_WRONG, WEB_REFUSAL_BAD_REQUEST},
    {"GET / http/1.1\r\n\r\n", 0, HEAD_WRONG, WEB_REFUSAL_BAD_REQUEST},
    {"GET / HTTP/1.2\r\n\r\n", 0, HEAD_WRONG, WEB_REFUSAL_VERSION},
    {"PRI * HTTP/2.0\r\n\r\n", 0, HEAD_WRONG, WEB_REFUSAL_VERSION},
    {"ABCDEFGHIJKLMNOPQ / HTTP/1.1\r\n\r\n", 0, HEAD_WRONG, WEB_REFUSAL_BAD_REQUEST},
    {"\r\n\r\nGET / HTTP/1.1\r\n\r\n", 0, HEAD_WRONG, WEB_REFUSAL_BAD_REQUEST},
    {"\x16\x03\x01\x02", 0, HEAD_WRONG, WEB_REFUSAL_BAD_REQUEST},
    {"{}\n", 0, HEAD_WRONG, WEB_REFUSAL_BAD_REQUEST},
};

static size_t length_of(size_t i)
{
    return cases[i].length ? cases[i].length : strlen(cases[i].bytes);
}

static void test_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct head_syntax syntax = {0};
        enum web_refusal refusal;
        enum head_progress progress =
            head_syntax_look(&syntax, cases[i].bytes, length_of(i), MOST, &refusal);
        if (progress != cases[i].progress ||
            (progress == HEAD_WRONG && refusal != cases[i].refusal))
            fail_msg("%s: %d %d", cases[i].bytes, progress, refusal);
    }
}

/* However it is cut, what comes out is the same, and nothing is let in before its end. */
static void test_byte_by_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct head_syntax syntax = {0};
        enum web_refusal refusal = WEB_REFUSAL_NONE;
        enum head_progress progress = HEAD_MORE;
        for (size_t n = 0; n <= length_of(i) && progress == HEAD_MORE; n++)
            progress = head_syntax_look(&syntax, cases[i].bytes, n, MOST, &refusal);
        if (progress != cases[i].progress ||
            (progress == HEAD_WRONG && refusal != cases[i].refusal))
            fail_msg("%s: %d %d", cases[i].bytes, progress, refusal);
    }
}

static void test_what_it_says(void **state)
{
    (void)state;
    static const char bytes[] = "\r\nPOST /v1/events?a=b HTTP/1.1\r\nA: b\r\nC: d\r\n\r\nbody";
    struct head_syntax syntax = {0};
    enum web_refusal refusal;
    assert_int_equal(head_syntax_look(&syntax, bytes, strlen(bytes), MOST, &refusal), HEAD_WHOLE);
    assert_true(slice_is(head_syntax_method(&syntax, bytes), "POST"));
    assert_true(slice_is(head_syntax_target(&syntax, bytes), "/v1/events?a=b"));
    assert_int_equal(syntax.fields, 2);
    assert_string_equal(bytes + syntax.at, "body");
}

static enum web_refusal refusal_of(const char *text, size_t most)
{
    struct head_syntax syntax = {0};
    enum web_refusal refusal;
    enum head_progress progress = head_syntax_look(&syntax, text, strlen(text), most, &refusal);
    return progress == HEAD_WRONG ? refusal : WEB_REFUSAL_NONE;
}

static void test_bounds(void **state)
{
    (void)state;
    char text[MOST] = "GET /";
    memset(text + 5, 'a', HEAD_TARGET_MOST);
    assert_int_equal(refusal_of(text, MOST), WEB_REFUSAL_NONE);
    strcpy(text + 5 + HEAD_TARGET_MOST, " HTTP/1.1\r\n\r\n");
    assert_int_equal(refusal_of(text, MOST), WEB_REFUSAL_PATH_SIZE);
    memset(text + 5, 'a', HEAD_TARGET_MOST + 64);
    text[5 + HEAD_TARGET_MOST + 64] = '\0';
    assert_int_equal(refusal_of(text, MOST), WEB_REFUSAL_PATH_SIZE);
    strcpy(text, "GET / HTTP/1.1\r\n");
    for (int i = 0; i < HEAD_FIELDS_MOST; i++)
        strcat(text, "a: b\r\n");
    assert_int_equal(refusal_of(text, MOST), WEB_REFUSAL_NONE);
    strcat(text, "a: b\r\n");
    assert_int_equal(refusal_of(text, MOST), WEB_REFUSAL_HEAD_SIZE);
    assert_int_equal(refusal_of("GET / HTTP/1.1\r\nA: bcdef", 24), WEB_REFUSAL_HEAD_SIZE);
    assert_int_equal(refusal_of("GET / HTTP/1.1\r\nA: bcdef\r\n\r\n", 26), WEB_REFUSAL_HEAD_SIZE);
    assert_int_equal(refusal_of("GET / HTTP/1.1\r\nA: bcdef\r\n\r\n", 28), WEB_REFUSAL_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_byte_by_byte),
        cmocka_unit_test(test_what_it_says),
        cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
