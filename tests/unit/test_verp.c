/* Envelope senders that name their message: made, found again, and not to be made by others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "mail/verp.h"

static const unsigned char secret[] = "0123456789abcdef", another[] = "0123456789abcdeg";
static const struct verp_key key = {secret, 16}, other = {another, 16}, none;
static const char mid[] = "00112233445566778899aabbccddeeff";

static void made(void **state)
{
    char local[VERP_SIZE], again[VERP_SIZE], found[VERP_MID_SIZE];
    (void)state;
    assert_true(verp_make(&key, mid, local));
    assert_int_equal(strlen(local), 40);
    assert_int_equal(strspn(local, "abcdefghijklmnopqrstuvwxyz234567-"), 40);
    assert_memory_equal(local, "r-aaisem2ekvthpcezvk54zxpo74", 28);
    assert_true(verp_make(&other, mid, again));
    assert_string_not_equal(local, again);
    assert_false(verp_make(&none, mid, again));
    assert_false(verp_make(&key, "m1", again));
    assert_false(verp_make(&key, "00112233445566778899AABBCCDDEEFF", again));
    assert_int_equal(verp_find(&key, local, 40, found), VERP_GOOD);
    assert_string_equal(found, mid);
    for (unsigned i = 0; i < 256; i++) { /* each bit of the mid */
        char one[VERP_MID_SIZE];
        snprintf(one, sizeof one, "%08x%08x%08x%08x", i * 0x9e3779b9u, i * 0x85ebca6bu,
                 i * 0xc2b2ae35u, i ^ 0xffffffffu);
        assert_true(verp_make(&key, one, local));
        assert_int_equal(verp_find(&key, local, 40, found), VERP_GOOD);
        assert_string_equal(found, one);
    }
}

static void found(void **state)
{
    char local[VERP_SIZE], text[256], got[VERP_MID_SIZE];
    static const struct {
        const char *before, *behind;
    } cases[] = {
        {"", "@bounces.shop.example"},
        {"<", "@bounces.shop.example>, r-x"},
        {"SRS0=ab12=XY=shop.example=", "@relay.example"},
        {"r-r-", ""},
        {"X-Original-To: prefix+", "@b.example\r\nTo: r-"},
    };
    (void)state;
    assert_true(verp_make(&key, mid, local));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(text, sizeof text, "%s%s%s", cases[i].before, local, cases[i].behind);
        assert_int_equal(verp_find(&key, text, strlen(text), got), VERP_GOOD);
        assert_string_equal(got, mid);
        for (char *c = text; *c; c++)
            if (*c >= 'a' && *c <= 'z')
                *c = (char)(*c - 'a' + 'A');
        assert_int_equal(verp_find(&key, text, strlen(text), got), VERP_GOOD);
        assert_int_equal(verp_find(&other, text, strlen(text), got), VERP_FORGED);
        assert_string_equal(got, "");
        assert_int_equal(verp_find(&none, text, strlen(text), got), VERP_FORGED);
    }
    for (size_t i = 2; i < 40; i++) { /* one letter is another one */
        assert_true(verp_make(&key, mid, text));
        text[i] = text[i] == 'b' ? 'c' : 'b';
        assert_int_equal(verp_find(&key, text, 40, got), VERP_FORGED);
    }
    assert_int_equal(verp_find(&key, local, 39, got), VERP_NONE);
    assert_int_equal(verp_find(&key, "bounces@shop.example", 20, got), VERP_NONE);
    assert_int_equal(verp_find(&key, "r-0189", 6, got), VERP_NONE);
    assert_int_equal(verp_find(&key, "", 0, got), VERP_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(made), cmocka_unit_test(found)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
