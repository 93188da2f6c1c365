/* The names of keys: how C spells them, and that scripts and docs/redis.md know the same ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "store/keys.h"

enum { FILE_MOST = 1 << 20 };

static const struct {
    const char *word, *of, *type;
} table[] = {
#define ROW(name, word, of, type, what) {word, of, type},
    KEYS(ROW)
#undef ROW
};

enum { TABLE_SIZE = sizeof table / sizeof *table };

static int open_arena(void **state)
{
    *state = arena_new(4096);
    return 0;
}

static int close_arena(void **state)
{
    struct arena *arena = *state;
    arena_destroy(&arena);
    return 0;
}

static const char *source_path(struct arena *arena, const char *inside)
{
    const char *source = getenv("NUDGED_SOURCE");
    return arena_printf(arena, "%s/%s", source ? source : ".", inside);
}

static const char *read_source(struct arena *arena, const char *inside)
{
    const char *text;
    size_t length;
    struct diag diag;
    if (!file_read(arena, source_path(arena, inside), FILE_MOST, &text, &length, &diag))
        fail_msg("%s", diag.text);
    return text;
}

static void test_spelling(void **state)
{
    struct arena *arena = *state;
    assert_string_equal(keys_spell(arena, "nudged", KEY_EVENTS, NULL), "nudged:events");
    assert_string_equal(keys_spell(arena, "n:{7}", KEY_MESSAGE, "a-1", NULL), "n:{7}:message:a-1");
    assert_string_equal(keys_spell(arena, "t", KEY_CUSTOMER, "", NULL), "t:customer:");
    assert_string_equal(keys_spell(arena, "", KEY_OUTBOX, "email", "marketing", NULL),
                        ":outbox:email:marketing");
}

/* The row of the key that begins at `at`, just behind "P:"; fails the test where there is none.
 * `*end`: behind its word. */
static size_t row_of(const char *at, const char *file, const char **end)
{
    size_t length = strspn(at, "abcdefghijklmnopqrstuvwxyz_");
    *end = at + length;
    for (size_t i = 0; i < TABLE_SIZE; i++)
        if (strlen(table[i].word) == length && memcmp(table[i].word, at, length) == 0)
            return i;
    fail_msg("%s: no such key in store/keys.h: P:%.*s", file, (int)length, at);
    return 0;
}

/* P .. ':due' stands alone, P .. ':message:' .. mid goes on. */
static void check_script(struct arena *arena, const char *name)
{
    const char *text = read_source(arena, arena_printf(arena, "daemon/store/%s", name)), *end;
    static const char begin[] = "P .. ";
    for (const char *at = strstr(text, begin); at; at = strstr(at, begin)) {
        at += strlen(begin);
        if (strncmp(at, "':", 2) != 0)
            fail_msg("%s: P is followed by no name of a key: %.20s", name, at);
        size_t row = row_of(at + 2, name, &end);
        if (strncmp(end, *table[row].of ? ":' .. " : "'", *table[row].of ? 6 : 1) != 0)
            fail_msg("%s: a key of another form: %.20s", name, at);
    }
    if (strstr(text, "ARGV[1] .. "))
        fail_msg("%s: a key is built from something else than P", name);
}

static void test_scripts(void **state)
{
    struct arena *arena = *state;
    const char *const *names;
    size_t count;
    struct diag diag;
    if (!file_list(arena, source_path(arena, "daemon/store"), ".lua", false, &names, &count, &diag))
        fail_msg("%s", diag.text);
    assert_true(count > 0);
    for (size_t i = 0; i < count; i++)
        check_script(arena, names[i]);
}

/* In C none is spelt but by keys_spell(). */
static void test_sources(void **state)
{
    struct arena *arena = *state;
    const char *const *names;
    size_t count;
    struct diag diag;
    if (!file_list(arena, source_path(arena, "daemon"), ".c", true, &names, &count, &diag))
        fail_msg("%s", diag.text);
    assert_true(count > 0);
    for (size_t i = 0; i < count; i++) {
        const char *text = read_source(arena, arena_printf(arena, "daemon/%s", names[i]));
        for (size_t row = 0; row < TABLE_SIZE; row++)
            if (strstr(text, arena_printf(arena, "%%s:%s", table[row].word)))
                fail_msg("%s spells P:%s by itself", names[i], table[row].word);
    }
}

/* The page's table: | `P:outbox:<channel>:<class>` | stream, group `nudged` | … */
static void test_page(void **state)
{
    struct arena *arena = *state;
    static const char begin[] = "\n| `P:";
    const char *end;
    bool found[TABLE_SIZE] = {0};
    const char *page = read_source(arena, "docs/redis.md");
    for (const char *at = strstr(page, begin); at; at = strstr(at, begin)) {
        at += strlen(begin);
        size_t row = row_of(at, "docs/redis.md", &end);
        const char *rest = arena_printf(arena, "%s%s` | %s", *table[row].of ? ":" : "",
                                        table[row].of, table[row].type);
        if (strncmp(end, rest, strlen(rest)) != 0)
            fail_msg("docs/redis.md differs from store/keys.h: P:%.60s", at);
        found[row] = true;
    }
    for (size_t i = 0; i < TABLE_SIZE; i++)
        if (!found[i])
            fail_msg("docs/redis.md does not tell of P:%s", table[i].word);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_spelling, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(test_scripts, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(test_sources, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(test_page, open_arena, close_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
