/* Addresses of this machine alone: as they are written, as a Host, and as what is listened at. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "serve/loopback.h"

static void test_parse(void **state)
{
    (void)state;
    static const struct {
        const char *text, *fault; /* NULL: it is good */
    } cases[] = {
        {"127.0.0.1:9464", NULL},
        {"127.255.0.9:0", NULL},
        {"[::1]:65535", NULL},
        {"LocalHost:1", NULL},
        {"128.0.0.1:9464", "alone"},
        {"0.0.0.0:9464", "alone"},
        {"[::]:9464", "alone"},
        {"[::ffff:127.0.0.1]:9464", "alone"},
        {"127.0.0.1", "without a port"},
        {"[::1]", "without a port"},
        {"127.0.0.1:", "not an address"},
        {"127.0.0.1:65536", "not an address"},
        {"127.0.0.1:123456", "not an address"},
        {"127.0.0.1:+80", "not an address"},
        {"127.0.0.1:80 ", "not an address"},
        {"127.1:80", "not an address"},
        {"::1:9464", "not an address"},
        {"[::1:9464", "not an address"},
        {"[::1]9464", "not an address"},
        {"[127.0.0.1]:9464", "not an address"},
        {"[]:1", "not an address"},
        {":9464", "not an address"},
        {"", "not an address"},
        {"localhost.example:1", "not an address"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct loopback loopback;
        struct diag diag = {0};
        bool good = loopback_parse(cases[i].text, &loopback, &diag);
        if (good != !cases[i].fault || (!good && !strstr(diag.text, cases[i].fault)))
            fail_msg("`%s`: %s", cases[i].text, good ? "taken" : diag.text);
        assert_true(good || strstr(diag.hint, "[::1]:9464"));
    }
}

static void test_host(void **state)
{
    (void)state;
    static const char *const ours[] = {"127.0.0.1", "127.0.0.1:80", "localhost", "[::1]:9464"};
    static const char *const others[] = {"",           "shop.example",  "127.0.0.1.shop.example",
                                         "10.0.0.1:1", "localhost:1:2", "[::2]"};
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        assert_true(loopback_is_host(ours[i]));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(loopback_is_host(others[i]));
}

static void test_listen(void **state)
{
    (void)state;
    struct loopback loopback, again;
    struct diag diag = {0};
    char text[SOCKET_PLACE_SIZE], other[SOCKET_PLACE_SIZE];
    assert_true(loopback_parse("127.0.0.1:0", &loopback, &diag));
    int fd = loopback_listen(&loopback, text, &diag);
    assert_true(fd >= 0);
    assert_memory_equal(text, "127.0.0.1:", 10);
    assert_true(loopback_parse(text, &again, &diag)); /* with the port that was free */
    assert_int_equal(loopback_listen(&again, other, &diag), -1);
    assert_non_null(strstr(diag.hint, "a port of its own"));
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_host),
        cmocka_unit_test(test_listen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
