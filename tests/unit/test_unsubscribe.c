/* The token of an unsubscribe link: made, read back, and not to be forged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "mail/unsubscribe.h"

static const struct token_key first = {"k1", (const unsigned char *)"secret one", 10, true};
static const struct token_key second = {"k2", (const unsigned char *)"secret two", 10, true};

static bool verify(struct arena *arena, const struct token_key *keys, size_t count,
                   const char *token, const char **customer, const char **topic)
{
    return unsubscribe_verify(arena, keys, count, token, strlen(token), customer, topic);
}

/* The form is fixed for ever: mails with such links lie in mailboxes for years. */
static void known_token(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    /* python3: hmac.new(b"secret one", b"unsubscribe\0k1\0id:7\0offers", "sha256") */
    assert_string_equal(unsubscribe_make(arena, &first, "id:7", "offers"),
                        "k1.aWQ6NwBvZmZlcnM.l7sm5xBcmjIElFccK3nMK9aSb5RsqAbDHQk6u_tAMMw");
    arena_destroy(&arena);
}

static void round_trip(void **state)
{
    static const struct {
        const char *customer, *topic;
    } cases[] = {
        {"id:7", "all"}, {"email:ana@example.com", "offers"}, {"email:анна@пример.рф", "новости"},
        {"", ""},        {"a b\r\n<script>", "x/y?z&=#%"},
    };
    (void)state;
    const struct token_key keys[] = {second, first};
    struct arena *arena = arena_new(4096);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *token = unsubscribe_make(arena, &first, cases[i].customer, cases[i].topic);
        const char *customer = NULL, *topic = NULL;
        assert_non_null(token);
        assert_int_equal(strspn(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                       "0123456789-_."),
                         strlen(token));
        assert_true(verify(arena, keys, 2, token, &customer, &topic));
        assert_string_equal(customer, cases[i].customer);
        assert_string_equal(topic, cases[i].topic);
        assert_false(verify(arena, &second, 1, token, &customer, &topic));
    }
    arena_destroy(&arena);
}

/* Every single change of one character of a token makes it void. */
static void changed(void **state)
{
    (void)state;
    struct arena *arena = arena_new(65536);
    const char *token = unsubscribe_make(arena, &first, "id:7", "offers"), *customer, *topic;
    size_t length = strlen(token);
    for (size_t i = 0; i < length; i++)
        for (int c = 0; c < 256; c++) {
            char *other = arena_text(arena, token);
            if (other[i] == (char)c)
                continue;
            other[i] = (char)c;
            assert_false(unsubscribe_verify(arena, &first, 1, other, length, &customer, &topic));
        }
    for (size_t i = 0; i < length; i++)
        assert_false(unsubscribe_verify(arena, &first, 1, token, i, &customer, &topic));
    assert_false(verify(arena, &first, 1, arena_printf(arena, "%sA", token), &customer, &topic));
    assert_false(verify(arena, &first, 1, arena_printf(arena, "%s.", token), &customer, &topic));
    assert_false(verify(arena, &first, 1, "", &customer, &topic));
    assert_false(verify(arena, &first, 1, "..", &customer, &topic));
    assert_false(verify(arena, &first, 1, "k1..", &customer, &topic));
    arena_destroy(&arena);
}

/* What one customer's token says can't be cut differently into customer and topic. */
static void fields_apart(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    assert_string_not_equal(unsubscribe_make(arena, &first, "ab", "c"),
                            unsubscribe_make(arena, &first, "a", "bc"));
    arena_destroy(&arena);
}

static void refused(void **state)
{
    (void)state;
    char big[TOKEN_FIELD_MOST + 2];
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    const struct token_key none = {"k1", first.bytes, 0, true},
                           wrong = {"k.1", first.bytes, 10, true},
                           unnamed = {"", first.bytes, 10, true};
    struct arena *arena = arena_new(4096);
    assert_null(unsubscribe_make(arena, &first, big, "x"));
    assert_null(unsubscribe_make(arena, &first, "x", big));
    assert_non_null(unsubscribe_make(arena, &first, big + 1, big + 1));
    assert_null(unsubscribe_make(arena, &none, "x", "y"));
    assert_null(unsubscribe_make(arena, &wrong, "x", "y"));
    assert_null(unsubscribe_make(arena, &unnamed, "x", "y"));
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_token),  cmocka_unit_test(round_trip), cmocka_unit_test(changed),
        cmocka_unit_test(fields_apart), cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
