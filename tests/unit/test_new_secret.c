/* A secret's file: the first one that is written stays, and nothing else is left. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/secret_file.h"
#include "config/new_secret.h"
#include "folder_fixture.h"

static int files_in(const char *folder)
{
    DIR *open = opendir(folder);
    int count = -2; /* . and .. */
    assert_non_null(open);
    while (readdir(open))
        count++;
    closedir(open);
    return count;
}

/* Two daemons that start for the first time at one moment have one secret. */
static void test_first_stays(void **state)
{
    char folder[FOLDER_FIXTURE_SIZE], path[FOLDER_FIXTURE_SIZE + 8], text[SECRET_FILE_MOST];
    struct stat status;
    struct diag diag;
    (void)state;
    folder_fixture_make(folder);
    snprintf(path, sizeof path, "%s/secret", folder);
    assert_true(new_secret_write(path, "one\n", &diag));
    assert_true(new_secret_write(path, "two\n", &diag));
    assert_true(secret_file_read(path, text, &diag));
    assert_string_equal(text, "one");
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(files_in(folder), 1);
    folder_fixture_remove(folder);
}

static void test_no_place(void **state)
{
    struct diag diag;
    (void)state;
    assert_false(new_secret_write("/nowhere/at/all", "one\n", &diag));
    assert_non_null(strstr(diag.text, "/nowhere/at/all: No such file or directory"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_stays),
        cmocka_unit_test(test_no_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
