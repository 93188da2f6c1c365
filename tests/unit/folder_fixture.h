/* A folder below /tmp for tests, and files in it. What fails, fails the test. */
#ifndef NUDGED_TESTS_FOLDER_FIXTURE_H
#define NUDGED_TESTS_FOLDER_FIXTURE_H

#include <stddef.h>

enum { FOLDER_FIXTURE_SIZE = 64 };

/* A new one; its path. */
void folder_fixture_make(char path[FOLDER_FIXTURE_SIZE]);
/* With all that is in it. */
void folder_fixture_remove(const char *path);

/* Writes FOLDER/name; folders on the way are made. */
void folder_fixture_put(const char *path, const char *name, const char *text);
void folder_fixture_put_bytes(const char *path, const char *name, const char *bytes, size_t length);

#endif
