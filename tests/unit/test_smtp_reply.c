/* The reader of SMTP's replies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "send/smtp_reply.h"

#define COUNT(array) (sizeof array / sizeof *(array))
#define TEXT(text)   text, sizeof text - 1

/* Takes a text in pieces; how much of it was taken. */
static size_t take(struct smtp_reply *reply, const char *text, size_t length, size_t piece)
{
    size_t at = 0;
    smtp_reply_begin(reply);
    while (at < length) {
        size_t part = length - at < piece ? length - at : piece;
        size_t taken = smtp_reply_take(reply, text + at, part);
        assert_true(taken <= part);
        if (!taken)
            break;
        at += taken;
    }
    return at;
}

static void replies_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t length;
        enum smtp_reply_state state;
        int code;
        const char *words;
        size_t left; /* behind it */
    } cases[] = {
        {TEXT("250 ok\r\n"), SMTP_REPLY_WHOLE, 250, "250 ok", 0},
        {TEXT("250 ok\n"), SMTP_REPLY_WHOLE, 250, "250 ok", 0},
        {TEXT("250\r\n"), SMTP_REPLY_WHOLE, 250, "250", 0},
        {TEXT("250 \r\n"), SMTP_REPLY_WHOLE, 250, "250", 0},
        {TEXT("599 x\r\n"), SMTP_REPLY_WHOLE, 599, "599 x", 0},
        {TEXT("250-a\r\n250-b\r\n250 c\r\n"), SMTP_REPLY_WHOLE, 250, "250 a b c", 0},
        {TEXT("250-a\r\n250\r\n"), SMTP_REPLY_WHOLE, 250, "250 a", 0},
        {TEXT("250 ok\r\n250 ok\r\n"), SMTP_REPLY_WHOLE, 250, "250 ok", 8},
        {TEXT("250 ok\r\nx"), SMTP_REPLY_WHOLE, 250, "250 ok", 1},
        {TEXT("250 a\rb\r\n"), SMTP_REPLY_WHOLE, 250, "250 a\rb", 0},
        {TEXT("250 ok"), SMTP_REPLY_OPEN, 0, "", 0},
        {TEXT("250-ok\r\n"), SMTP_REPLY_OPEN, 0, "250 ok", 0},
        {TEXT("\r\n"), SMTP_REPLY_GARBLED, 0, "", 0},
        {TEXT("ok\r\n"), SMTP_REPLY_GARBLED, 0, "", 0},
        {TEXT("25\r\n"), SMTP_REPLY_GARBLED, 0, "", 0},
        {TEXT("2500 ok\r\n"), SMTP_REPLY_GARBLED, 0, "", 0},
        {TEXT("250ok\r\n"), SMTP_REPLY_GARBLED, 0, "", 0},
        {TEXT("250\tok\r\n"), SMTP_REPLY_GARBLED, 0, "", 0},
        {TEXT(" 250 ok\r\n"), SMTP_REPLY_GARBLED, 0, "", 0},
        {TEXT("150 ok\r\n"), SMTP_REPLY_GARBLED, 0, "", 0},
        {TEXT("650 ok\r\n"), SMTP_REPLY_GARBLED, 0, "", 0},
        {TEXT("2\0000 ok\r\n"), SMTP_REPLY_GARBLED, 0, "", 0},
        {TEXT("HTTP/1.1 200 OK\r\n\r\n"), SMTP_REPLY_GARBLED, 0, "", 2},
        {TEXT("250-taken\r\n550 not taken\r\n"), SMTP_REPLY_GARBLED, 0, "250 taken", 0},
        {TEXT("250-taken\r\nand more\r\n"), SMTP_REPLY_GARBLED, 0, "250 taken", 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        for (size_t piece = 1; piece <= cases[i].length; piece++) {
            struct smtp_reply reply;
            size_t taken = take(&reply, cases[i].text, cases[i].length, piece);
            bool right = reply.state == cases[i].state && reply.code == cases[i].code &&
                         reply.words_length == strlen(cases[i].words) &&
                         memcmp(reply.words, cases[i].words, reply.words_length) == 0 &&
                         taken == cases[i].length - cases[i].left;
            if (!right)
                fail_msg("%s by %zu: state %d, code %d, words %.*s, taken %zu", cases[i].text,
                         piece, reply.state, reply.code, (int)reply.words_length, reply.words,
                         taken);
        }
    }
}

/* A line of any length is read; its first part is kept. */
static void long_lines_are_cut(void **state)
{
    (void)state;
    enum { LONG = 200000 };
    struct smtp_reply reply;
    char *text = mem_alloc(LONG);
    memset(text, 'x', LONG);
    memcpy(text, "250-", 4);
    memcpy(text + 5000, "\r\n250 ", 6);
    memcpy(text + LONG - 2, "\r\n", 2);
    assert_int_equal(take(&reply, text, LONG, 1000), LONG);
    assert_int_equal(reply.state, SMTP_REPLY_WHOLE);
    assert_int_equal(reply.code, 250);
    assert_int_equal(reply.words_length, SMTP_REPLY_WORDS_MOST);
    assert_int_equal(reply.line_length, SMTP_REPLY_LINE_MOST);
    assert_int_equal(strlen(reply.line), SMTP_REPLY_LINE_MOST);
    free(text);
}

static void offers_are_found(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        const char *rest; /* NULL: no offer of SIZE */
    } cases[] = {
        {"250-SIZE 1000\r\n", " 1000"},
        {"250 size 1000\r\n", " 1000"},
        {"250-SIZE\r\n", ""},
        {"250-SIZES 1\r\n", NULL},
        {"250-XSIZE 1\r\n", NULL},
        {"250-SIZ\r\n", NULL},
        {"250\r\n", NULL},
        {"250-SIZE=1000\r\n", NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct smtp_reply reply;
        take(&reply, cases[i].line, strlen(cases[i].line), 100);
        assert_true(reply.line_whole);
        const char *rest = smtp_reply_offer(&reply, "SIZE");
        if (!rest != !cases[i].rest || (rest && strcmp(rest, cases[i].rest) != 0))
            fail_msg("%s: %s", cases[i].line, rest ? rest : "no offer");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replies_are_read),
        cmocka_unit_test(long_lines_are_cut),
        cmocka_unit_test(offers_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
