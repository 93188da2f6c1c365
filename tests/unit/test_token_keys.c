/* The file of the keys that sign tokens: what is read, and what is refused where, unseen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "mail/token_keys.h"

#define A "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define B "FFfefdfcfbfaf9f8f7f6f5f4f3f2f1f0efeeedecebeae9e8e7e6e5e4e3e2e1e0"

static bool read_keys(struct arena *arena, const char *text, struct token_keys *keys,
                      struct diag *diag)
{
    return token_keys_read(arena, "token-keys", text, strlen(text), keys, diag);
}

static void newest_is_last(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    struct token_keys keys = {0};
    struct diag diag = {0};
    assert_null(token_keys_newest(&keys));
    assert_true(read_keys(arena, "# ours\n\n  2026a " A "\r\n2026b\t" B B, &keys, &diag));
    assert_int_equal(keys.count, 2);
    assert_string_equal(keys.items[0].id, "2026a");
    assert_int_equal(keys.items[0].length, 32);
    assert_memory_equal(keys.items[0].bytes, "\0\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17", 16);
    assert_string_equal(token_keys_newest(&keys)->id, "2026b");
    assert_int_equal(token_keys_newest(&keys)->length, 64);
    assert_int_equal(token_keys_newest(&keys)->bytes[0], 255);
    assert_false(keys.items[1].open);
    arena_destroy(&arena);
}

static void refused(void **state)
{
    static const struct {
        const char *text;
        uint32_t line, column;
    } cases[] = {
        {"", 0, 0},
        {"# nothing\n", 0, 0},
        {"2026a", 1, 6},
        {"2026a abc", 1, 7},
        {"2026a " A "0", 1, 7},
        {"2026a " A A "00", 1, 7},
        {"\n2026a 0x" A, 2, 7},
        {"2026.a " A, 1, 1},
        {"12345678901234567 " A, 1, 1},
        {"1 " A, 1, 1},
        {"a " A "\na " B, 2, 1},
        {"a " A " b", 1, 68},
        {A, 1, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena *arena = arena_new(4096);
        struct token_keys keys = {0};
        struct diag diag = {0};
        assert_false(read_keys(arena, cases[i].text, &keys, &diag));
        assert_string_equal(diag.file, "token-keys");
        assert_int_equal(diag.line, cases[i].line);
        assert_int_equal(diag.column, cases[i].column);
        assert_null(strstr(diag.text, "0001"));
        assert_string_equal(diag.excerpt, "");
        arena_destroy(&arena);
    }
}

static void bounded(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    struct buf text;
    buf_init(&text, 1 << 20);
    struct token_keys keys = {0};
    struct diag diag = {0};
    for (int i = 0; i < TOKEN_KEYS_MOST; i++)
        buf_printf(&text, "k%d " A "\n", i);
    assert_true(read_keys(arena, buf_string(&text), &keys, &diag));
    assert_int_equal(keys.count, TOKEN_KEYS_MOST);
    buf_printf(&text, "k " A "\n");
    assert_false(read_keys(arena, buf_string(&text), &keys, &diag));
    assert_int_equal(diag.line, TOKEN_KEYS_MOST + 1);
    buf_free(&text);
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(newest_is_last),
        cmocka_unit_test(refused),
        cmocka_unit_test(bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
