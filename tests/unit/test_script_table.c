/* The Lua scripts: each has its row, its contract and its line in docs/redis.md. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "store/script_table.h"

enum { FILE_MOST = 1 << 20 };

static const char *const files[] = {
#define ROW(name, file) #file ".lua",
    SCRIPT_TABLE(ROW)
#undef ROW
};

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

/* Every file but those that are put into others has a row. */
static void test_rows(void **state)
{
    struct arena *arena = *state;
    const char *const *names;
    size_t count, rows = 0;
    struct diag diag;
    if (!file_list(arena, source_path(arena, "daemon/store"), ".lua", false, &names, &count, &diag))
        fail_msg("%s", diag.text);
    for (size_t i = 0; i < count; i++) {
        bool found = strncmp(names[i], "shared_", 7) == 0;
        for (size_t row = 0; row < SCRIPT_COUNT; row++)
            if (strcmp(names[i], files[row]) == 0) {
                found = true;
                rows++;
            }
        if (!found)
            fail_msg("%s has no row in store/script_table.h", names[i]);
    }
    assert_int_equal(rows, SCRIPT_COUNT);
}

/* What it does, its arguments, its answer. */
static void test_contracts(void **state)
{
    (void)state;
    for (size_t i = 0; i < SCRIPT_COUNT; i++) {
        const char *source = script_table[i], *end = strstr(source, "\nlocal P");
        const char *arguments = strstr(source, "\n-- ARGV: P"),
                   *answer = strstr(source, "\n-- Returns");
        if (strncmp(source, "#!lua", 5) != 0 || strncmp(strchr(source, '\n'), "\n-- ", 4) != 0)
            fail_msg("%s does not begin with what it does", files[i]);
        if (!end || !arguments || !answer || arguments > answer || answer > end)
            fail_msg("%s does not begin with its contract", files[i]);
    }
}

static void test_page(void **state)
{
    struct arena *arena = *state;
    const char *page;
    size_t length;
    struct diag diag;
    if (!file_read(arena, source_path(arena, "docs/redis.md"), FILE_MOST, &page, &length, &diag))
        fail_msg("%s", diag.text);
    for (size_t i = 0; i < SCRIPT_COUNT; i++)
        if (!strstr(page, arena_printf(arena, "\n| `%.*s` |", (int)strlen(files[i]) - 4, files[i])))
            fail_msg("docs/redis.md does not tell of %s", files[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rows, open_arena, close_arena),
        cmocka_unit_test(test_contracts),
        cmocka_unit_test_setup_teardown(test_page, open_arena, close_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
