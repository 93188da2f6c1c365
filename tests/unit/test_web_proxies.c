/* Networks, and who asks behind proxies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <string.h>

#include <cmocka.h>

#include "web/web_proxies.h"

static void test_networks(void **state)
{
    (void)state;
    static const struct {
        const char *network, *inside, *outside; /* inside NULL: it is none */
    } cases[] = {
        {"10.0.0.0/8", "10.255.0.1", "11.0.0.0"},
        {"192.0.2.7", "192.0.2.7", "192.0.2.8"},
        {"192.0.2.0/25", "192.0.2.127", "192.0.2.128"},
        {"0.0.0.0/0", "255.1.2.3", "2001:db8::1"},
        {"::/0", "2001:db8::1", NULL},
        {"2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::1"},
        {"::1", "::1", "127.0.0.1"},
        {"::ffff:10.0.0.0/104", NULL, NULL},
        {"10.0.0.1/8", NULL, NULL},
        {"10.0.0.0/33", NULL, NULL},
        {"10.0.0.0/", NULL, NULL},
        {"10.0.0.0/-1", NULL, NULL},
        {"10.0.0.0/08x", NULL, NULL},
        {"10.0.0/8", NULL, NULL},
        {"shop.example", NULL, NULL},
        {"[::1]", "::1", "::2"},
        {"", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct web_network network;
        struct web_address address;
        bool read = web_network_read(slice_of(cases[i].network), &network);
        if (read != (cases[i].inside != NULL))
            fail_msg("%s", cases[i].network);
        if (read) {
            assert_true(web_network_read_address(slice_of(cases[i].inside), false, &address));
            assert_true(web_network_has(&network, &address));
        }
        if (read && cases[i].outside) {
            assert_true(web_network_read_address(slice_of(cases[i].outside), false, &address));
            assert_false(web_network_has(&network, &address));
        }
    }
}

static void test_one_client(void **state)
{
    (void)state;
    struct web_address a, b;
    char text[WEB_NETWORK_TEXT];
    web_network_read_address(slice_of("2001:db8:1:2:3::4"), false, &a);
    b = web_network_client(&a);
    web_network_print(&b, text);
    assert_string_equal(text, "2001:db8:1:2::");
    web_network_read_address(slice_of("192.0.2.9:443"), true, &a);
    b = web_network_client(&a);
    web_network_print(&b, text);
    assert_string_equal(text, "192.0.2.9");
    assert_false(web_network_read_address(slice_of("192.0.2.9:443"), false, &a));
    assert_true(web_network_read_address(slice_of("[2001:db8::1]:443"), true, &a));
    assert_false(web_network_read_address(slice_of("[2001:db8::1]x"), true, &a));
}

static struct web_proxies proxies_of(struct arena *arena)
{
    struct value list = value_new_list(arena, 2);
    struct web_proxies proxies;
    const struct value *wrong;
    value_push(arena, list, value_text("127.0.0.0/8"));
    value_push(arena, list, value_text("10.0.0.0/8"));
    assert_true(web_proxies_read(arena, &list, &proxies, &wrong));
    value_push(arena, list, value_text("10.0.0.0/99"));
    struct web_proxies none;
    assert_false(web_proxies_read(arena, &list, &none, &wrong));
    assert_ptr_equal(wrong, &list.list->items[2]);
    return proxies;
}

static void test_forwarded(void **state)
{
    (void)state;
    static const struct {
        const char *peer, *first, *second, *client;
    } cases[] = {
        {"192.0.2.1", "198.51.100.1", NULL, "192.0.2.1"},
        {"127.0.0.1", NULL, NULL, "127.0.0.1"},
        {"127.0.0.1", "198.51.100.1", NULL, "198.51.100.1"},
        {"127.0.0.1", "203.0.113.9, 198.51.100.1", NULL, "198.51.100.1"},
        {"127.0.0.1", "203.0.113.9, 198.51.100.1, 10.1.1.1", NULL, "198.51.100.1"},
        {"127.0.0.1", "203.0.113.9", "198.51.100.1 ,10.2.2.2", "198.51.100.1"},
        {"127.0.0.1", "198.51.100.1:4711", NULL, "198.51.100.1"},
        {"127.0.0.1", "[2001:db8::7]:80", NULL, "2001:db8::7"},
        {"127.0.0.1", "10.3.3.3", "10.4.4.4", "10.3.3.3"},
        {"127.0.0.1", "198.51.100.1, unknown", NULL, "127.0.0.1"},
        {"127.0.0.1", "198.51.100.1, unknown, 10.5.5.5", NULL, "10.5.5.5"},
        {"127.0.0.1", "", NULL, "127.0.0.1"},
        {"127.0.0.1", ",", NULL, "127.0.0.1"},
    };
    struct arena *arena = arena_new(1024);
    const struct web_proxies proxies = proxies_of(arena);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct web_field items[] = {
            {slice_of("X-Forwarded-For"), slice_of(cases[i].first ? cases[i].first : "")},
            {slice_of("x-forwarded-for"), slice_of(cases[i].second ? cases[i].second : "")}};
        const struct web_fields headers = {items, cases[i].second ? 2 : cases[i].first ? 1 : 0};
        struct web_address peer, client;
        char text[WEB_NETWORK_TEXT];
        web_network_read_address(slice_of(cases[i].peer), false, &peer);
        client = web_proxies_client(&proxies, &peer, &headers);
        web_network_print(&client, text);
        if (strcmp(text, cases[i].client) != 0)
            fail_msg("%zu: %s", i, text);
    }
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_networks),
        cmocka_unit_test(test_one_client),
        cmocka_unit_test(test_forwarded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
