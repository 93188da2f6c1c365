/* Epochs of masters, as they are kept for who starts next. Each process is a child of its own. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "redis/epochs.h"

static char folder[] = "/tmp/nudged-epochs-XXXXXX", path[64];

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/epochs", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static void write_file(const char *text)
{
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    fputs(text, out);
    assert_int_equal(fclose(out), 0);
}

/* Whether `steps` hold in a process that knows nothing but the file. */
static bool holds(bool (*steps)(void))
{
    pid_t child = fork();
    if (child == 0)
        _exit(steps() ? 0 : 1);
    int status;
    return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool follows(void)
{
    epochs_keep(path, true);
    bool unknown = epochs_followed("mymaster") == -1;
    epochs_follow("mymaster", 3);
    epochs_follow("other one", 7);
    epochs_follow("silent", -1);
    epochs_follow("mymaster", 4);
    return unknown && epochs_followed("mymaster") == 4;
}

static bool knows(void)
{
    epochs_keep(path, false);
    bool known = epochs_followed("mymaster") == 4 && epochs_followed("other one") == 7 &&
                 epochs_followed("silent") == -1;
    epochs_follow("mymaster", 9); /* it does not write */
    return known;
}

static bool follows_a_lower_one(void)
{
    epochs_keep(path, true);
    epochs_follow("mymaster", 1);
    return true;
}

static bool knows_the_lower_one(void)
{
    epochs_keep(path, false);
    return epochs_followed("mymaster") == 1 && epochs_followed("other one") == 7;
}

static void test_kept(void **state)
{
    (void)state;
    assert_true(holds(follows));
    assert_true(holds(knows));
    assert_true(holds(knows));
    assert_true(holds(follows_a_lower_one)); /* most Sentinels said so */
    assert_true(holds(knows_the_lower_one));
}

static bool knows_one(void)
{
    epochs_keep(path, true);
    return epochs_followed("a") == 5 && epochs_followed("b") == -1 && epochs_followed("") == -1;
}

static void test_spoilt(void **state)
{
    (void)state;
    write_file("5 a\nb\n-3 b\nx b\n9\n9 \n\n7");
    assert_true(holds(knows_one));
}

/* A folder that is made later: it is written then. */
static bool follows_at_last(void)
{
    char below[80];
    snprintf(below, sizeof below, "%s/sub/epochs", folder);
    epochs_keep(below, true);
    epochs_follow("a", 5);
    below[strlen(below) - strlen("/epochs")] = '\0';
    bool made = mkdir(below, 0700) == 0;
    epochs_follow("a", 5);
    strcat(below, "/epochs");
    bool kept = unlink(below) == 0;
    below[strlen(below) - strlen("/epochs")] = '\0';
    return made && kept && rmdir(below) == 0;
}

static void test_tried_again(void **state)
{
    (void)state;
    assert_true(holds(follows_at_last));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kept),
        cmocka_unit_test(test_spoilt),
        cmocka_unit_test(test_tried_again),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
