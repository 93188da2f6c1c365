/* The token of a double opt-in: made, read back until it expires, and of no other purpose. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "mail/confirm.h"
#include "mail/unsubscribe.h"

static const struct token_key key = {"k1", (const unsigned char *)"secret one", 10, true};
static const struct token_key other = {"k2", (const unsigned char *)"secret two", 10, true};
static const struct confirm_claim news = {"id:7", "news", 1772352000000};

static bool verify(struct arena *arena, const char *token, int64_t now_ms,
                   struct confirm_claim *claim)
{
    return confirm_verify(arena, &key, 1, token, strlen(token), now_ms, claim);
}

/* The page that reads it may be of another release. */
static void known_token(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    /* python3: hmac.new(b"secret one", b"confirm\0k1\0id:7\0news\0001772352000000", "sha256") */
    assert_string_equal(
        confirm_make(arena, &key, &news),
        "k1.aWQ6NwBuZXdzADE3NzIzNTIwMDAwMDA.myeVrRdLPhBV1_mcSFKs9-OIbc0N5Pqze56-0PhFP34");
    arena_destroy(&arena);
}

static void round_trip(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    const struct confirm_claim cases[] = {news,
                                          {"email:анна@пример.рф", "новости", 1},
                                          {"", "", INT64_MAX},
                                          {"a\r\n<b>", "x/y?&=#", 9}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct confirm_claim claim = {0};
        const char *token = confirm_make(arena, &key, &cases[i]);
        assert_non_null(token);
        assert_true(verify(arena, token, cases[i].expires_ms - 1, &claim));
        assert_string_equal(claim.customer, cases[i].customer);
        assert_string_equal(claim.topic, cases[i].topic);
        assert_int_equal(claim.expires_ms, cases[i].expires_ms);
        assert_false(confirm_verify(arena, &other, 1, token, strlen(token), 0, &claim));
    }
    arena_destroy(&arena);
}

static void expires(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    struct confirm_claim claim;
    const char *token = confirm_make(arena, &key, &news);
    assert_true(verify(arena, token, 0, &claim));
    assert_true(verify(arena, token, news.expires_ms - 1, &claim));
    assert_false(verify(arena, token, news.expires_ms, &claim));
    assert_false(verify(arena, token, INT64_MAX, &claim));
    assert_null(confirm_make(arena, &key, &(struct confirm_claim){"id:7", "news", -1}));
    arena_destroy(&arena);
}

/* Every single change of one character of a token makes it void. */
static void changed(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 20);
    struct confirm_claim claim;
    const char *token = confirm_make(arena, &key, &news);
    size_t length = strlen(token);
    char *copy = arena_text(arena, token);
    for (size_t i = 0; i < length; i++) {
        for (int c = 0; c < 256; c++) {
            copy[i] = (char)c;
            assert_int_equal(confirm_verify(arena, &key, 1, copy, length, 0, &claim),
                             c == token[i]);
        }
        copy[i] = token[i];
        assert_false(confirm_verify(arena, &key, 1, token, i, 0, &claim));
    }
    arena_destroy(&arena);
}

/* What was made to unsubscribe confirms nothing, and the other way round, also where the fields
 * would fit: a topic cannot have a NUL, but whoever signs for one purpose signs for no other. */
static void purposes_apart(void **state)
{
    static const struct token_kind as_long = {"unsubscribe", 3}, shorter = {"confirm", 2};
    static const char *const fields[] = {"id:7", "news", "1772352000000"};
    (void)state;
    struct arena *arena = arena_new(4096);
    struct confirm_claim claim;
    const char *customer, *topic;
    const char *leave = unsubscribe_make(arena, &key, "id:7", "news");
    const char *yes = confirm_make(arena, &key, &news);
    assert_false(verify(arena, leave, 0, &claim));
    assert_false(unsubscribe_verify(arena, &key, 1, yes, strlen(yes), &customer, &topic));
    assert_false(verify(arena, token_make(arena, &key, &as_long, fields), 0, &claim));
    assert_false(verify(arena, token_make(arena, &key, &shorter, fields), 0, &claim));
    arena_destroy(&arena);
}

/* Signed, but no time as confirm_make writes it. */
static void times(void **state)
{
    static const struct token_kind kind = {"confirm", 3};
    static const char *const cases[] = {"",   "x",  " 5", "+5",
                                        "05", "5x", "-5", "9223372036854775808"};
    (void)state;
    struct arena *arena = arena_new(4096);
    struct confirm_claim claim;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *const fields[] = {"id:7", "news", cases[i]};
        assert_false(verify(arena, token_make(arena, &key, &kind, fields), 0, &claim));
    }
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_token), cmocka_unit_test(round_trip),     cmocka_unit_test(expires),
        cmocka_unit_test(changed),     cmocka_unit_test(purposes_apart), cmocka_unit_test(times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
