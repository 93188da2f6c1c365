/* Sealed tokens: known ones, nothing of them to be read or changed, no purpose for another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "mail/confirm.h"
#include "mail/preferences.h"
#include "mail/token_keys.h"
#include "mail/unsubscribe.h"

#define KEY_ONE "0123456789abcdef0123456789abcdef"
#define KEY_TWO "fedcba9876543210fedcba9876543210"

static const struct token_key old = {"1", (const unsigned char *)"the installation's secret", 25,
                                     true};
static const struct token_key former = {"2026a", (const unsigned char *)KEY_ONE, 32, false};
static const struct token_key newest = {"2026b", (const unsigned char *)KEY_TWO, 32, false};
static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";

/* As docs/tokens/vectors.json has them, which other languages are held to. */
static void known_tokens(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    const struct confirm_claim claim = {"id:7", "news", 1772352000000};
    assert_string_equal(unsubscribe_make(arena, &former, "id:7", "offers"),
                        "2026a.El0xGyVIH0CnQuyjCkKvLXFtzu-AL7X6nGK6");
    assert_string_equal(preferences_make(arena, &former, "id:7"),
                        "2026a.mCjHKLfFkska9uLmpxAaOzOIJZA");
    assert_string_equal(confirm_make(arena, &former, &claim),
                        "2026a.J5Z-c2nRek17lo0gcd8HCym1H8-dphexJgEdZMgYI3MXda6xSaDC");
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
    const struct token_key keys[] = {old, former, newest};
    struct arena *arena = arena_new(4096);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *token = unsubscribe_make(arena, &former, cases[i].customer, cases[i].topic);
        const char *customer = NULL, *topic = NULL;
        assert_non_null(token);
        assert_int_equal(strspn(token, digits), strlen(token));
        assert_true(unsubscribe_verify(arena, keys, 3, token, strlen(token), &customer, &topic));
        assert_string_equal(customer, cases[i].customer);
        assert_string_equal(topic, cases[i].topic);
        assert_false(
            unsubscribe_verify(arena, &newest, 1, token, strlen(token), &customer, &topic));
    }
    arena_destroy(&arena);
}

/* Who sees the link in a log or over a shoulder reads no address and no topic in it. */
static void nothing_is_read(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    unsigned char bytes[TOKEN_MOST];
    size_t size;
    const char *token = unsubscribe_make(arena, &former, "email:ana@example.com", "offers");
    const char *body = strchr(token, '.') + 1;
    assert_true(base64_decode(body, strlen(body), BASE64_URL | BASE64_BARE, bytes, &size));
    for (size_t i = 0; i + 3 <= size; i++) {
        assert_memory_not_equal(bytes + i, "ana", 3);
        assert_memory_not_equal(bytes + i, "off", 3);
    }
    /* Two that differ in the last letter alone have nothing in common. */
    const char *other = unsubscribe_make(arena, &former, "email:ana@example.com", "offerz");
    size_t same = 0;
    for (size_t i = 6; token[i]; i++)
        same += token[i] == other[i];
    assert_true(same < strlen(token) / 4);
    arena_destroy(&arena);
}

/* Every single change of one character of a token makes it void, and so does every cut. */
static void changed(void **state)
{
    (void)state;
    struct arena *arena = arena_new(65536);
    const char *token = unsubscribe_make(arena, &former, "id:7", "offers"), *customer, *topic;
    size_t length = strlen(token);
    for (size_t i = 0; i < length; i++)
        for (int c = 0; c < 256; c++) {
            char *other = arena_text(arena, token);
            if (other[i] == (char)c)
                continue;
            other[i] = (char)c;
            assert_false(unsubscribe_verify(arena, &former, 1, other, length, &customer, &topic));
        }
    static const char *const others[] = {"%sA", "%sAAAA", "%s=", "%s.", ".%s", " %s", "%s\n"};
    for (size_t i = 0; i < length; i++)
        assert_false(unsubscribe_verify(arena, &former, 1, token, i, &customer, &topic));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        char other[TOKEN_MOST];
        const char *mark = strchr(others[i], '%');
        snprintf(other, sizeof other, "%.*s%s%s", (int)(mark - others[i]), others[i], token,
                 mark + 2);
        assert_false(
            unsubscribe_verify(arena, &former, 1, other, strlen(other), &customer, &topic));
    }
    arena_destroy(&arena);
}

/* A token is of one purpose, in either form. */
static void purposes_apart(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    const struct token_key keys[] = {old, former};
    const char *customer, *topic;
    for (size_t i = 0; i < 2; i++) {
        struct confirm_claim claim = {"id:7", "news", 1772352000000};
        const char *leave = unsubscribe_make(arena, &keys[i], "id:7", "news");
        const char *choose = preferences_make(arena, &keys[i], "id:7");
        const char *yes = confirm_make(arena, &keys[i], &claim);
        const char *const tokens[] = {leave, choose, yes};
        for (size_t k = 0; k < 3; k++) {
            size_t length = strlen(tokens[k]);
            assert_int_equal(
                unsubscribe_verify(arena, keys, 2, tokens[k], length, &customer, &topic), k == 0);
            assert_int_equal(preferences_verify(arena, keys, 2, tokens[k], length, &customer),
                             k == 1);
            assert_int_equal(confirm_verify(arena, keys, 2, tokens[k], length, 0, &claim), k == 2);
        }
    }
    arena_destroy(&arena);
}

/* A key reads its own form alone, whatever its id: a secret that is known to many is no key. */
static void forms_apart(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    struct token_key opened = former, sealed = old;
    const char *customer, *topic;
    opened.open = true;
    sealed.open = false;
    const char *token = unsubscribe_make(arena, &former, "id:7", "news");
    assert_false(unsubscribe_verify(arena, &opened, 1, token, strlen(token), &customer, &topic));
    token = unsubscribe_make(arena, &old, "id:7", "news");
    assert_false(unsubscribe_verify(arena, &sealed, 1, token, strlen(token), &customer, &topic));
    arena_destroy(&arena);
}

static void expires_at_the_millisecond(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    struct confirm_claim claim = {"id:7", "news", 1772352000000};
    const char *token = confirm_make(arena, &former, &claim);
    const size_t length = strlen(token);
    assert_true(confirm_verify(arena, &former, 1, token, length, 1772351999999, &claim));
    assert_false(confirm_verify(arena, &former, 1, token, length, 1772352000000, &claim));
    arena_destroy(&arena);
}

/* What another may know: a token by its form, of a key that is not among these. */
static void foreign(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    const struct token_key keys[] = {former, newest};
    const char *ours = unsubscribe_make(arena, &newest, "id:7", "news");
    const char *before = unsubscribe_make(arena, &old, "id:7", "news");
    static const char *const none[] = {"", ".", "1", "1.", "1.AA", "1.!.!", "x.y.z"};
    assert_false(token_is_foreign(keys, 2, ours, strlen(ours)));
    assert_true(token_is_foreign(keys, 1, ours, strlen(ours)));
    assert_true(token_is_foreign(keys, 2, before, strlen(before)));
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_false(token_is_foreign(keys, 2, none[i], strlen(none[i])));
    arena_destroy(&arena);
}

/* ---- docs/tokens/vectors.json, which other languages are held to ---- */

static bool read_fields(struct arena *arena, const struct token_keys *keys, const char *purpose,
                        const char *token, const char *fields[3], size_t *count)
{
    const size_t length = strlen(token);
    struct confirm_claim claim;
    *count = strcmp(purpose, "confirm") == 0 ? 3 : strcmp(purpose, "preferences") == 0 ? 1 : 2;
    if (*count == 1)
        return preferences_verify(arena, keys->items, keys->count, token, length, fields);
    if (*count == 2)
        return unsubscribe_verify(arena, keys->items, keys->count, token, length, fields,
                                  fields + 1);
    if (!confirm_verify(arena, keys->items, keys->count, token, length, clock_wall_ms(), &claim))
        return false;
    fields[0] = claim.customer;
    fields[1] = claim.topic;
    fields[2] = arena_printf(arena, "%lld", (long long)claim.expires_ms);
    return true;
}

static void check_vector(struct arena *arena, const struct token_keys *keys,
                         const struct value *row)
{
    const char *about = value_to_text(arena, value_get(row, "about")), *fields[3];
    const struct value *expected = value_get(row, "fields");
    size_t count;
    bool read = read_fields(arena, keys, value_to_text(arena, value_get(row, "purpose")),
                            value_to_text(arena, value_get(row, "token")), fields, &count);
    if (read != value_is(expected, VALUE_LIST))
        fail_msg("%s", about);
    for (size_t i = 0; read && i < count; i++)
        if (!value_is_text(&expected->list->items[i], fields[i]))
            fail_msg("%s: %s", about, fields[i]);
}

static void vectors(void **state)
{
    (void)state;
    const char *source = getenv("NUDGED_SOURCE"), *text;
    size_t length;
    struct diag diag = {0};
    struct value map;
    struct token_keys filed;
    struct arena *arena = arena_new(1 << 16);
    const char *path = arena_printf(arena, "%s/docs/tokens/vectors.json", source ? source : ".");
    assert_true(file_read(arena, path, 1 << 20, &text, &length, &diag));
    assert_true(json_read(arena, text, length, &json_file_limits, &map, &diag));
    const char *lines = value_to_text(arena, value_get(&map, "keys"));
    const char *secret = value_to_text(arena, value_get(&map, "secret"));
    assert_true(token_keys_read(arena, "keys", lines, strlen(lines), &filed, &diag));
    const struct token_key all[] = {
        filed.items[0],
        filed.items[1],
        {TOKEN_KEYS_SECRET_ID, (const unsigned char *)secret, strlen(secret) - 1, true}};
    const struct token_keys keys = {all, 3};
    const struct value *tokens = value_get(&map, "tokens");
    assert_true(value_count(tokens) > 35);
    for (uint32_t i = 0; i < value_count(tokens); i++)
        check_vector(arena, &keys, &tokens->list->items[i]);
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_tokens),
        cmocka_unit_test(round_trip),
        cmocka_unit_test(nothing_is_read),
        cmocka_unit_test(changed),
        cmocka_unit_test(purposes_apart),
        cmocka_unit_test(forms_apart),
        cmocka_unit_test(expires_at_the_millisecond),
        cmocka_unit_test(foreign),
        cmocka_unit_test(vectors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
