/* Replies of Redis, whole and in pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "redis/reply.h"

static void show(const struct reply *reply, struct buf *out)
{
    static const char *const kinds[] = {"nil", "int", "text", "status", "error", "list"};
    buf_text(out, kinds[reply->kind]);
    if (reply->kind == REPLY_INTEGER)
        buf_printf(out, ":%lld", (long long)reply->integer);
    else if (reply->kind == REPLY_LIST)
        for (size_t i = 0; i < reply->count; i++) {
            buf_char(out, i ? ' ' : '(');
            show(&reply->items[i], out);
            if (i + 1 == reply->count)
                buf_char(out, ')');
        }
    else if (reply->kind != REPLY_NIL) {
        assert_int_equal(reply->text[reply->length], '\0');
        buf_char(out, ':');
        buf_add(out, reply->text, reply->length);
    }
}

static const struct {
    const char *bytes, *shown;
} replies[] = {
    {"+OK\r\n", "status:OK"},
    {"-NOSCRIPT No matching script\r\n", "error:NOSCRIPT No matching script"},
    {":-9223372036854775808\r\n", "int:-9223372036854775808"},
    {"$-1\r\n", "nil"},
    {"*-1\r\n", "nil"},
    {"$0\r\n\r\n", "text:"},
    {"$4\r\na\r\nb\r\n", "text:a\r\nb"},
    {"*0\r\n", "list"},
    {"*3\r\n:1\r\n*2\r\n$1\r\na\r\n$-1\r\n*0\r\n", "list(int:1 list(text:a nil) list)"},
    {"*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:5\r\n", "list(list(list(list(list(int:5)))))"},
};

/* Each reply `step` bytes at a time: there is none before the last byte. */
static void check_pieces(size_t step)
{
    struct reply_reader *reader = reply_reader_new(1 << 20);
    struct buf out;
    buf_init(&out, 4096);
    for (size_t i = 0; i < sizeof replies / sizeof *replies; i++) {
        size_t length = strlen(replies[i].bytes);
        const struct reply *reply = NULL;
        struct diag diag;
        for (size_t at = 0; at < length; at += step) {
            size_t piece = length - at < step ? length - at : step;
            assert_int_equal(reply_reader_next(reader, &reply, &diag), REPLY_MORE);
            reply_reader_feed(reader, replies[i].bytes + at, piece);
        }
        assert_int_equal(reply_reader_next(reader, &reply, &diag), REPLY_READY);
        buf_clear(&out);
        show(reply, &out);
        assert_string_equal(buf_string(&out), replies[i].shown);
    }
    buf_free(&out);
    reply_reader_destroy(&reader);
}

static void test_pieces(void **state)
{
    (void)state;
    for (size_t step = 1; step < 12; step++)
        check_pieces(step);
    check_pieces(1000);
}

static void test_broken(void **state)
{
    static const char *const broken[] = {
        "HTTP/1.1 400 Bad Request\r\n",
        "$-2\r\n",
        ":12x\r\n",
        "*99999999999\r\n",
        "*100000\r\n",         /* alone more than the bound below */
        "$1000000\r\n0123456", /* not itself: see the bytes that follow */
    };
    (void)state;
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        struct reply_reader *reader = reply_reader_new(4096);
        const struct reply *reply = NULL;
        struct diag diag = {0};
        enum reply_progress progress = REPLY_MORE;
        reply_reader_feed(reader, broken[i], strlen(broken[i]));
        for (int more = 0; more < 10 && progress == REPLY_MORE; more++) {
            progress = reply_reader_next(reader, &reply, &diag);
            char zeros[1024] = {0};
            if (progress == REPLY_MORE)
                reply_reader_feed(reader, zeros, sizeof zeros);
        }
        if (progress != REPLY_BROKEN)
            fail_msg("taken: %s", broken[i]);
        assert_true(diag.text[0]);
        reply_reader_destroy(&reader);
    }
}

static void test_readers(void **state)
{
    struct reply five = {.kind = REPLY_INTEGER, .integer = 5, .text = ""};
    struct reply text = {.kind = REPLY_TEXT, .text = "-17", .length = 3};
    struct reply word = {.kind = REPLY_TEXT, .text = "17x", .length = 3};
    struct reply error = {.kind = REPLY_ERROR, .text = "OOM command not allowed", .length = 23};
    struct reply items[] = {five, text};
    struct reply list = {.kind = REPLY_LIST, .text = "", .items = items, .count = 2};
    struct diag diag;
    int64_t number;
    (void)state;

    assert_true(reply_number(&five, &number) && number == 5);
    assert_true(reply_number(&text, &number) && number == -17);
    assert_false(reply_number(&word, &number));
    assert_false(reply_number(&list, &number));
    assert_string_equal(reply_text(reply_item(&list, 1)), "-17");
    assert_null(reply_text(&five));
    assert_int_equal(reply_item(&list, 2)->kind, REPLY_NIL);
    assert_int_equal(reply_item(reply_item(&five, 0), 7)->kind, REPLY_NIL);

    assert_true(reply_is_error(&error, "OOM"));
    assert_false(reply_is_error(&error, "OO"));
    assert_false(reply_is_error(&text, "-17"));
    assert_false(reply_fault(&error, &diag));
    assert_string_equal(diag.code, "redis-oom");
    assert_non_null(strstr(diag.text, "OOM command not allowed"));
    assert_false(reply_fault(&five, &diag));
    assert_string_equal(diag.code, "");
}

static void test_words(void **state)
{
    static const char *const words[] = {"done", "gone"};
    struct reply items[] = {{.kind = REPLY_TEXT, .text = "state", .length = 5},
                            {.kind = REPLY_TEXT, .text = "gone", .length = 4},
                            {.kind = REPLY_TEXT, .text = "gone", .length = 4}};
    const struct reply list = {.kind = REPLY_LIST, .text = "", .items = items, .count = 3};
    (void)state;

    assert_string_equal(reply_field(&list, "state")->text, "gone");
    assert_int_equal(reply_field(&list, "gone")->kind, REPLY_NIL); /* a value; a name without one */
    assert_string_equal(reply_field(&items[0], "state")->text, "");
    assert_int_equal(reply_word(&items[1], words, 2), 1);
    assert_int_equal(reply_word(&items[0], words, 2), 2);
    assert_int_equal(reply_word(&list, words, 2), 2);
}

/* What comes before a script does anything, and what may come from within it. */
static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool refused;
    } errors[] = {
        {"NOREPLICAS Not enough good replicas to write.", true},
        {"MISCONF Errors writing to the AOF file", true},
        {"OOM command not allowed when used memory > 'maxmemory'.", true},
        {"READONLY You can't write against a read only replica.", true},
        {"WRONGTYPE Operation against a key script: 9b61, on @user_script:7.", false},
        {"BUSY Redis is busy running a script", false},
        {"ERR OOM", false},
    };
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        const struct reply reply = {
            .kind = REPLY_ERROR, .text = errors[i].text, .length = strlen(errors[i].text)};
        struct diag diag = {0};
        assert_false(reply_fault(&reply, &diag));
        assert_int_equal(reply_refused(&diag), errors[i].refused);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces),  cmocka_unit_test(test_broken),
        cmocka_unit_test(test_readers), cmocka_unit_test(test_words),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
