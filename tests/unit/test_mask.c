#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/mask.h"

static const char *as_text(struct buf *out, const char *text)
{
    buf_clear(out);
    mask_text(text, strlen(text), out);
    return buf_string(out);
}

static void test_text(void **state)
{
    static const struct {
        const char *text, *shown;
    } cases[] = {
        {"", ""},
        {"nothing here: a@b.example", "nothing here: a@b.example"},
        {"redis://shop:hush@127.0.0.1:6379/2", "redis://shop:***@127.0.0.1:6379/2"},
        {"redis://:hush@h", "redis://:***@h"},
        {"redis://:hu@sh@h", "redis://:***@h"},
        {"redis://shop@h/1", "redis://shop@h/1"},
        {"https://abc123@api.example/x", "https://***@api.example/x"},
        {"http://u:p@a.example and http://v:q@b.example",
         "http://u:***@a.example and http://v:***@b.example"},
        {"unix:///run/r.sock?user=a&password=hush&db=1",
         "unix:///run/r.sock?user=a&password=***&db=1"},
        {"https://a.example/?id=1&api_key=abc&x=y", "https://a.example/?id=1&api_key=***&x=y"},
        {"'https://a.example/?key=abc'", "'https://a.example/?key=***'"},
        {"https://a.example/u?t={token}", "https://a.example/u?t={token}"},
        {"https://a.example/u?token={token}", "https://a.example/u?token={token}"},
        {"https://a.example/?token={{ secret }}", "https://a.example/?token={{ secret }}"},
        {"https://a.example/x@y", "https://a.example/x@y"},
        {"a customer key=id:1 of token=5", "a customer key=id:1 of token=5"},
        {"://", "://"},
        {"x?key=", "x?key="},
    };
    struct buf out;
    (void)state;
    buf_init(&out, 4096);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(as_text(&out, cases[i].text), cases[i].shown);
    buf_free(&out);
}

static void test_names(void **state)
{
    static const char *const secret[] = {
        "Authorization", "X-Api-Key", "access_token", "password", "X-Postmark-Server-Token",
        "client-secret", NULL};
    static const char *const open[] = {"key", "subject", "X-Tag", "keys", "tokens", "", NULL};
    (void)state;
    for (const char *const *name = secret; *name; name++)
        assert_true(mask_is_secret(*name, strlen(*name)));
    for (const char *const *name = open; *name; name++)
        assert_false(mask_is_secret(*name, strlen(*name)));
}

static void test_value(void **state)
{
    static const char *const cases[][2] = {
        {"abc", "***"},
        {"Bearer abc", "Bearer ***"},
        {"Bearer {{ secret }}", "Bearer {{ secret }}"},
        {"two words", "***"},
        {"", ""},
    };
    struct buf out;
    (void)state;
    buf_init(&out, 4096);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        buf_clear(&out);
        mask_value(cases[i][0], strlen(cases[i][0]), &out);
        assert_string_equal(buf_string(&out), cases[i][1]);
    }
    buf_free(&out);
}

static void test_line(void **state)
{
    static const struct {
        const char *line, *shown;
        size_t place, moved;
    } cases[] = {
        {"  url: redis://a:hush@h/x", "  url: redis://a:***@h/x", 23, 22},
        {"  url: redis://a:hush@h", "  url: redis://a:***@h", 7, 7},
        {"headers: {Authorization: 'Bearer abcdef', X-Tag: a}",
         "headers: {Authorization: 'Bearer ***', X-Tag: a}", 42, 39},
        {"X-Api-Key: abc", "X-Api-Key: ***", 13, 11},
        {"\"X-Api-Key\": \"abc\"}", "\"X-Api-Key\": \"***\"}", 18, 18},
        {"password: hush", "password: ***", 0, 0},
        {"data: {token: customer.token}", "data: {token: customer.token}", 14, 14},
        {"secret_file: /etc/nudged/secret", "secret_file: /etc/nudged/secret", 13, 13},
    };
    struct buf out;
    (void)state;
    buf_init(&out, 4096);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t place = cases[i].place;
        buf_clear(&out);
        mask_line(cases[i].line, strlen(cases[i].line), &out, &place, 1);
        assert_string_equal(buf_string(&out), cases[i].shown);
        assert_int_equal(place, cases[i].moved);
    }
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_value),
        cmocka_unit_test(test_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
