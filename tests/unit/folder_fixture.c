#include "folder_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

void folder_fixture_make(char path[FOLDER_FIXTURE_SIZE])
{
    strcpy(path, "/tmp/nudged-test-XXXXXX");
    assert_non_null(mkdtemp(path));
}

void folder_fixture_remove(const char *path)
{
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", path);
    assert_int_equal(system(command), 0);
}

void folder_fixture_put(const char *path, const char *name, const char *text)
{
    folder_fixture_put_bytes(path, name, text, strlen(text));
}

void folder_fixture_put_bytes(const char *path, const char *name, const char *bytes, size_t length)
{
    char whole[256];
    snprintf(whole, sizeof whole, "%s/%s", path, name);
    for (char *slash = whole + strlen(path) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        mkdir(whole, 0700);
        *slash = '/';
    }
    FILE *file = fopen(whole, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    fclose(file);
}
