#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"

/* A folder of the test's own, the working directory while it runs. */
struct fixture {
    char folder[64];
    struct arena *arena;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    snprintf(fixture->folder, sizeof fixture->folder, "/tmp/nudged-file-XXXXXX");
    if (!mkdtemp(fixture->folder) || chdir(fixture->folder) != 0)
        return -1;
    fixture->arena = arena_new(0);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", fixture->folder);
    int result = chdir("/") || system(command);
    arena_destroy(&fixture->arena);
    free(fixture);
    return result;
}

static void put(const char *path, const char *bytes, size_t length)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

static void touch(const char *path)
{
    put(path, "", 0);
}

static void test_read(void **state)
{
    struct fixture *fixture = *state;
    const char *text;
    size_t length;
    struct diag diag;
    put("small", "one\0two\n", 8);
    assert_true(file_read(fixture->arena, "small", 8, &text, &length, &diag));
    assert_int_equal(length, 8);
    assert_memory_equal(text, "one\0two\n", 9);
    touch("empty");
    assert_true(file_read(fixture->arena, "empty", 0, &text, &length, &diag));
    assert_int_equal(length, 0);
    assert_string_equal(text, "");
    char *large = malloc(100000);
    for (size_t i = 0; i < 100000; i++)
        large[i] = (char)(i * 7);
    put("large", large, 100000);
    assert_true(file_read(fixture->arena, "large", 100000, &text, &length, NULL));
    assert_int_equal(length, 100000);
    assert_memory_equal(text, large, 100000);
    free(large);
}

static void expect_fault(struct fixture *fixture, const char *path, size_t most, const char *why)
{
    const char *text = "untouched";
    size_t length = 42;
    struct diag diag;
    assert_false(file_read(fixture->arena, path, most, &text, &length, &diag));
    assert_string_equal(diag.file, path);
    assert_string_equal(diag.text, why);
    assert_string_equal(text, "untouched");
    assert_int_equal(length, 42);
}

static void test_read_faults(void **state)
{
    struct fixture *fixture = *state;
    put("small", "12345678", 8);
    mkdir("folder", 0700);
    mkfifo("fifo", 0600);
    expect_fault(fixture, "small", 7, "is larger than 7 bytes");
    expect_fault(fixture, "none", 7, "cannot be opened: No such file or directory");
    expect_fault(fixture, "folder", 7, "is not a regular file");
    expect_fault(fixture, "fifo", 7, "is not a regular file");
    assert_false(file_read(fixture->arena, "none", 7, NULL, NULL, NULL));
    /* A file whose size nobody knows before it is read. */
    expect_fault(fixture, "/proc/self/status", 100, "is larger than 100 bytes");
}

static void expect_list(struct fixture *fixture, const char *suffix, bool deep,
                        const char *const *expected)
{
    const char *const *names;
    size_t count, i;
    struct diag diag;
    assert_true(file_list(fixture->arena, "rules", suffix, deep, &names, &count, &diag));
    for (i = 0; expected[i]; i++) {
        assert_non_null(names[i]);
        assert_string_equal(names[i], expected[i]);
    }
    assert_null(names[i]);
    assert_int_equal(count, i);
}

static void test_list(void **state)
{
    struct fixture *fixture = *state;
    const char *const folders[] = {"rules",      "rules/b",   "rules/b/deep",
                                   "rules/.git", "elsewhere", "rules/d.yaml"};
    const char *const files[] = {
        "rules/b.yaml",     "rules/a.yaml",   "rules/.hidden.yaml",  "rules/notes.txt",
        "rules/b/c.yaml",   "rules/a-b.yaml", "rules/b/deep/x.yaml", "rules/.git/y.yaml",
        "elsewhere/z.yaml", "rules/Z.yaml",   "rules/yaml",          "rules/b/.yaml",
    };
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        assert_int_equal(mkdir(folders[i], 0700), 0);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        touch(files[i]);
    /* To a file, to a folder, in a circle, to nowhere, to what is no file. */
    assert_int_equal(symlink("../elsewhere/z.yaml", "rules/link.yaml"), 0);
    assert_int_equal(symlink("../elsewhere", "rules/folder.yaml"), 0);
    assert_int_equal(symlink("..", "rules/b/circle"), 0);
    assert_int_equal(symlink("gone", "rules/lost.yaml"), 0);
    assert_int_equal(mkfifo("rules/fifo.yaml", 0600), 0);
    const char *const flat[] = {"Z.yaml",    "a-b.yaml",  "a.yaml", "b.yaml",
                                "link.yaml", "lost.yaml", NULL};
    const char *const deep[] = {"Z.yaml",        "a-b.yaml",  "a.yaml",    "b.yaml", "b/c.yaml",
                                "b/deep/x.yaml", "link.yaml", "lost.yaml", NULL};
    const char *const none[] = {NULL};
    expect_list(fixture, ".yaml", false, flat);
    expect_list(fixture, ".yaml", true, deep);
    expect_list(fixture, ".toml", true, none);
}

static void test_list_faults(void **state)
{
    struct fixture *fixture = *state;
    const char *const *names;
    size_t count;
    struct diag diag;
    assert_false(file_list(fixture->arena, "none", ".yaml", true, &names, &count, &diag));
    assert_string_equal(diag.file, "none");
    assert_string_equal(diag.text, "cannot be listed: No such file or directory");
    touch("file");
    assert_false(file_list(fixture->arena, "file", ".yaml", true, &names, &count, &diag));
    assert_string_equal(diag.text, "cannot be listed: Not a directory");
}

static void test_list_bounds(void **state)
{
    struct fixture *fixture = *state;
    const char *const *names;
    size_t count;
    struct diag diag;
    char path[256] = "deep";
    for (int i = 0; i <= 16; i++) {
        assert_int_equal(mkdir(path, 0700), 0);
        strcat(path, "/d");
    }
    assert_true(file_list(fixture->arena, "deep", "", true, &names, &count, &diag));
    assert_int_equal(mkdir(path, 0700), 0);
    assert_false(file_list(fixture->arena, "deep", "", true, &names, &count, &diag));
    assert_string_equal(diag.text, "lies too deep: 16 folders in each other at most");
    assert_string_equal(diag.file, path);
    assert_true(file_list(fixture->arena, "deep", "", false, &names, &count, &diag));
    mkdir("wide", 0700);
    for (int i = 0; i <= 10000; i++) {
        snprintf(path, sizeof path, "wide/%d", i);
        touch(path);
    }
    assert_false(file_list(fixture->arena, "wide", "", true, &names, &count, &diag));
    assert_string_equal(diag.text, "holds more than 10000 files");
    unlink(path);
    assert_true(file_list(fixture->arena, "wide", "", true, &names, &count, &diag));
    assert_int_equal(count, 10000);
    assert_string_equal(names[9999], "9999");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_read_faults, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_list, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_list_faults, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_list_bounds, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
