#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/digest.h"

static void test_sha256(void **state)
{
    (void)state;
    static const struct {
        const char *text, *hex;
    } cases[] = {
        /* NIST's examples for FIPS 180-4. */
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned char digest[DIGEST_SIZE];
        char hex[DIGEST_HEX_SIZE];
        digest_sha256(cases[i].text, strlen(cases[i].text), digest);
        digest_hex(digest, sizeof digest, hex);
        assert_string_equal(hex, cases[i].hex);
    }
}

static void test_hmac(void **state)
{
    (void)state;
    unsigned char digest[DIGEST_SIZE], long_key[131];
    char hex[DIGEST_HEX_SIZE];
    /* RFC 4231, test cases 2 and 6. */
    digest_hmac("Jefe", 4, "what do ya want for nothing?", 28, digest);
    digest_hex(digest, sizeof digest, hex);
    assert_string_equal(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(long_key, 0xaa, sizeof long_key);
    digest_hmac(long_key, sizeof long_key, "Test Using Larger Than Block-Size Key - Hash Key First",
                54, digest);
    digest_hex(digest, sizeof digest, hex);
    assert_string_equal(hex, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    /* No key and no text: the published value for two empty strings. */
    digest_hmac(NULL, 0, "", 0, digest);
    digest_hex(digest, sizeof digest, hex);
    assert_string_equal(hex, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void test_sha1(void **state)
{
    (void)state;
    char hex[41];
    digest_sha1_hex("return 1", 8, hex); /* redis-cli SCRIPT LOAD "return 1" */
    assert_string_equal(hex, "e0e1f9fabfc9d4800c877a703b823ac0578ff8db");
}

static void test_equal(void **state)
{
    (void)state;
    const unsigned char a[] = "0123456789abcdef", b[] = "0123456789abcdeF";
    assert_true(digest_equal(a, a, 16));
    assert_false(digest_equal(a, b, 16));
    assert_true(digest_equal(a, b, 15));
    assert_true(digest_equal(a, b, 0));
}

static void test_random(void **state)
{
    (void)state;
    unsigned char a[64] = {0}, b[64] = {0};
    digest_random(a, sizeof a);
    digest_random(b, sizeof b);
    assert_memory_not_equal(a, b, sizeof a);
    digest_random(a, 0);
    /* All bytes are filled: 64 tries leave none at zero but one time in 10^150. */
    for (size_t at = 0; at < sizeof a; at++) {
        unsigned char filled = 0;
        for (int i = 0; i < 64; i++) {
            memset(b, 0, sizeof b);
            digest_random(b, sizeof b);
            filled |= b[at];
        }
        assert_int_not_equal(filled, 0);
    }
}

/* Shares of customers go by these numbers: they must never change. */
static void test_spread_is_for_ever(void **state)
{
    (void)state;
    assert_true(digest_spread("", 0) == UINT64_C(0xefd01f60ba992926));
    assert_true(digest_spread("a", 1) == UINT64_C(0x82a2a958a9bece5b));
    assert_true(digest_spread("customer-17", 11) == UINT64_C(0x6551bef209d8bb69));
}

static void test_spread_is_even(void **state)
{
    (void)state;
    enum { KEYS = 100000, SHARES = 100 };
    unsigned counts[SHARES] = {0}, low_counts[64] = {0};
    for (unsigned i = 0; i < KEYS; i++) {
        uint64_t hash = digest_spread(&i, sizeof i);
        counts[hash % SHARES]++;
        low_counts[hash & 63]++;
    }
    /* 1,000 a share, give or take five deviations of 31. */
    for (size_t i = 0; i < SHARES; i++)
        assert_in_range(counts[i], 840, 1160);
    for (size_t i = 0; i < 64; i++)
        assert_in_range(low_counts[i], 1362, 1763);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sha256),         cmocka_unit_test(test_hmac),
        cmocka_unit_test(test_sha1),           cmocka_unit_test(test_equal),
        cmocka_unit_test(test_random),         cmocka_unit_test(test_spread_is_for_ever),
        cmocka_unit_test(test_spread_is_even),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
