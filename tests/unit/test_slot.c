/* Slots of keys: the vectors of the specification, and what a real Redis says. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "redis/slot.h"
#include "redis_fixture.h"

static int slot(const char *key)
{
    return slot_of(key, strlen(key));
}

static void test_vectors(void **state)
{
    (void)state;
    assert_int_equal(slot("123456789"), 0x31C3); /* the check value of CRC-16/XMODEM */
    assert_int_equal(slot(""), 0);
    assert_int_equal(slot("foo"), 12182);
    assert_int_equal(slot("{foo}bar"), slot("foo"));
    assert_int_equal(slot("nudged{12}:events"), slot("12"));
    assert_int_equal(slot("{user1000}.following"), slot("user1000"));
    assert_int_not_equal(slot("foo{}{bar}"), slot("bar")); /* an empty tag is none */
    assert_int_equal(slot("foo{{bar}}zap"), slot("{bar"));
    assert_int_equal(slot("foo{bar}{zap}"), slot("bar"));
    assert_int_not_equal(slot("foo{bar"), slot("bar"));
    assert_int_equal(slot_of("a\0b", 3), slot_of("{a\0b}", 5));
}

/* Of the cluster's bus, which Redis wants even where it takes no clients by TCP. */
static int free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    close(fd);
    return ntohs(address.sin_port);
}

static void test_as_redis_says(void **state)
{
    static const char *const keys[] = {"",
                                       "a",
                                       "foo{}{bar}",
                                       "foo{{bar}}zap",
                                       "foo{bar",
                                       "{",
                                       "}{",
                                       "{}",
                                       "{}a{b}",
                                       "}a{b}c",
                                       "caf\xc3\xa9",
                                       "{\xff}x",
                                       "nudged{63}:customer:ana@example.org"};
    char port[16], expected[16];
    const char *const options[] = {"--cluster-enabled", "yes", "--cluster-port", port, NULL};
    struct redis_fixture redis;
    (void)state;
    snprintf(port, sizeof port, "%d", free_port());
    redis_fixture_open(&redis, options);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        snprintf(expected, sizeof expected, "%d", slot(keys[i]));
        assert_redis(&redis, expected, "CLUSTER KEYSLOT %b", keys[i], strlen(keys[i]));
    }
    redis_fixture_close(&redis);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_as_redis_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
