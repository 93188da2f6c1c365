/* Addresses in ASCII: what a link and a header may hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mail/uri.h"

#define COUNT(array) (sizeof array / sizeof *(array))

static void urls(void **state)
{
    (void)state;
    static const struct {
        const char *url, *ascii;
    } cases[] = {
        {"https://shop.example/u/{token}?a=b&c=%20d#e",
         "https://shop.example/u/{token}?a=b&c=%20d#e"},
        {"https://shöp.example/ünsub/{token}", "https://xn--shp-tna.example/%C3%BCnsub/{token}"},
        {"https://SHÖP.example:8443?ä", "https://xn--shp-tna.example:8443?%C3%A4"},
        {"https://ana@магазин.example/", "https://ana@xn--80aairftm.example/"},
        {"https://[2001:db8::1]:25/ă", "https://[2001:db8::1]:25/%C4%83"},
        {"https://shop.example/a b?c=<d>\"e\"\\", "https://shop.example/a%20b?c=%3Cd%3E%22e%22%5C"},
        {"https://shop_1.example/", "https://shop_1.example/"},
        {"https://ä ö.example/", NULL},
        {"https://\xc2\xad.example/", NULL},
        {"no address", "no%20address"},
        {"", ""},
    };
    struct arena *arena = arena_new(1024);
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *ascii = uri_ascii(arena, cases[i].url);
        if (!ascii != !cases[i].ascii || (ascii && strcmp(ascii, cases[i].ascii) != 0))
            fail_msg("%s: %s", cases[i].url, ascii ? ascii : "none");
    }
    arena_destroy(&arena);
}

static void mailboxes(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1024);
    assert_string_equal(uri_mailto(arena, "out@shop.example"), "mailto:out@shop.example");
    assert_string_equal(uri_mailto(arena, "a+b&c%d?e/f@shop.example"),
                        "mailto:a+b%26c%25d%3Fe%2Ff@shop.example");
    assert_string_equal(uri_mailto(arena, "ană@shop.example"), "mailto:an%C4%83@shop.example");
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls),
        cmocka_unit_test(mailboxes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
