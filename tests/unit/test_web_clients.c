/* What a client has left in its bucket, and how many clients are remembered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <string.h>

#include <cmocka.h>

#include "web/web_clients.h"

static struct web_address address_of(uint32_t number)
{
    struct web_address address = {{0x20, 0x01}};
    memcpy(address.bytes + 2, &number, sizeof number);
    return address;
}

static void test_bucket(void **state)
{
    (void)state;
    struct web_clients *clients = web_clients_new((struct setting_rate){3, 3000});
    const struct web_address address = address_of(1);
    struct web_client *client = web_clients_hold(clients, &address, 0);
    for (int i = 0; i < 3; i++) {
        assert_true(web_clients_may(clients, client, 0));
        web_clients_take(clients, client, 0);
    }
    assert_false(web_clients_may(clients, client, 0));
    assert_int_equal(web_clients_wait_s(clients, client), 2);
    assert_false(web_clients_may(clients, client, 999));
    assert_true(web_clients_may(clients, client, 1001));
    for (int i = 0; i < 100; i++) /* it owes no more than a bucket */
        web_clients_take(clients, client, 1001);
    assert_false(web_clients_may(clients, client, 4900));
    assert_true(web_clients_may(clients, client, 5100));
    assert_ptr_equal(web_clients_hold(clients, &address, 5100), client);
    web_clients_destroy(&clients);
}

/* Of 64 bits of an IPv6 address all are one client. */
static void test_network(void **state)
{
    (void)state;
    struct web_clients *clients = web_clients_new((struct setting_rate){3, 3000});
    struct web_address a = address_of(1), b = address_of(1), c = address_of(2);
    b.bytes[15] = 9;
    struct web_client *client = web_clients_hold(clients, &a, 0);
    assert_ptr_equal(web_clients_hold(clients, &b, 0), client);
    assert_ptr_not_equal(web_clients_hold(clients, &c, 0), client);
    web_clients_destroy(&clients);
}

/* While all that are remembered are in use, new ones are one together; who is forgotten makes room.
 */
static void test_bound(void **state)
{
    (void)state;
    struct web_clients *clients = web_clients_new((struct setting_rate){3, 3000});
    struct web_client *first = NULL, *last = NULL;
    for (uint32_t i = 0; i < WEB_CLIENTS_MOST; i++) {
        const struct web_address address = address_of(i);
        last = web_clients_hold(clients, &address, 0);
        if (i == 0)
            first = last;
    }
    const struct web_address x = address_of(1 << 20), y = address_of(1 << 21);
    struct web_client *other = web_clients_hold(clients, &x, 0);
    assert_ptr_equal(web_clients_hold(clients, &y, 0), other);
    assert_ptr_not_equal(other, last);
    web_clients_release(first);
    web_clients_release(last);
    uint32_t asked = 0;
    while (asked < 4096) { /* rows are looked through bit by bit */
        const struct web_address address = address_of((3 << 20) + asked++);
        struct web_client *client = web_clients_hold(clients, &address, 0);
        if (client != other)
            break;
        web_clients_release(client);
    }
    assert_in_range(asked, 1, 1024 + 1);
    web_clients_destroy(&clients);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bucket),
        cmocka_unit_test(test_network),
        cmocka_unit_test(test_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
