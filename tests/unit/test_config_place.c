/* Which file is the configuration, and what is said where there is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/config_place.h"

static void test_place(void **state)
{
    (void)state;
    static const struct {
        const char *named, *standard, *found;
    } cases[] = {
        {"mine.yaml", "/dev/null", "mine.yaml"},  {"mine.yaml", "/nonexistent", "mine.yaml"},
        {NULL, "/dev/null", "/dev/null"},         {NULL, "/dev/null/nudged.yaml", NULL},
        {NULL, "/nonexistent/nudged.yaml", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct diags diags = {0};
        const char *found = config_place(cases[i].named, cases[i].standard, &diags);
        if (cases[i].found)
            assert_string_equal(found, cases[i].found);
        else
            assert_null(found);
        assert_int_equal(diags.errors, 0);
        assert_int_equal(diags.warnings, !cases[i].found);
        diags_free(&diags);
    }
}

static void test_words(void **state)
{
    (void)state;
    struct diags diags = {0};
    assert_null(config_place(NULL, "/nonexistent/nudged.yaml", &diags));
    assert_int_equal(diags.items[0].level, DIAG_WARNING);
    assert_string_equal(diags.items[0].code, "no-config");
    assert_string_equal(diags.items[0].text, "no configuration: there is no "
                                             "/nonexistent/nudged.yaml, and `--config` named none");
    diags_free(&diags);
}

/* A link to itself: it cannot be looked at, and reading it tells why. */
static void test_unreadable(void **state)
{
    (void)state;
    struct diags diags = {0};
    char folder[] = "/tmp/nudged-place-XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/loop", folder);
    assert_int_equal(symlink("loop", path), 0);
    assert_string_equal(config_place(NULL, path, &diags), path);
    assert_int_equal(diags.count, 0);
    unlink(path);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_place),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_unreadable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
