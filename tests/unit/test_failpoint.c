#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include <cmocka.h>

/* A build without fail-points has none to test: then they are compiled in here. */
#ifdef NUDGED_FAILPOINTS
#include "base/failpoint.h"
#else
#define NUDGED_FAILPOINTS
#include "base/failpoint.c"
#endif

enum { PASSAGES = 3 };

/* What the test starts: passes two points three times and says what happened. */
static int pass_points(void)
{
    for (int i = 1; i <= PASSAGES; i++) {
        bool one = failpoint("one"), two = failpoint("two");
        dprintf(STDOUT_FILENO, "%d%s%s\n", i, one ? " one" : "", two ? " two" : "");
    }
    return 0;
}

struct run {
    pid_t pid;
    int output; /* its standard output and error */
    char text[4096];
};

/* This program again, since fail-points are armed before main(). */
static struct run start(const char *armed)
{
    struct run run = {0};
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    run.pid = fork();
    assert_true(run.pid >= 0);
    if (run.pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        setenv("NUDGED_FAILPOINTS", armed, 1);
        execl("/proc/self/exe", "test_failpoint", "pass", (char *)NULL);
        _exit(99);
    }
    close(ends[1]);
    run.output = ends[0];
    return run;
}

/* Reads until the program ends; its status as waitpid() gives it. */
static int finish(struct run *run)
{
    size_t length = strlen(run->text);
    ssize_t got;
    int status;
    while ((got = read(run->output, run->text + length, sizeof run->text - 1 - length)) > 0)
        length += (size_t)got;
    run->text[length] = '\0';
    close(run->output);
    assert_int_equal(waitpid(run->pid, &status, 0), run->pid);
    return status;
}

static void test_fail(void **state)
{
    (void)state;
    static const struct {
        const char *armed, *output;
    } cases[] = {
        {"", "1\n2\n3\n"},
        {"three=fail", "1\n2\n3\n"},
        {"one=fail", "1 one\n2 one\n3 one\n"},
        {"one=fail@2", "1\n2 one\n3\n"},
        {"one=fail@4", "1\n2\n3\n"},
        {"one=fail@1,two=fail,one=fail@3", "1 one two\n2 two\n3 one two\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct run run = start(cases[i].armed);
        assert_int_equal(finish(&run), 0);
        assert_string_equal(run.text, cases[i].output);
    }
}

static void test_kill(void **state)
{
    (void)state;
    struct run run = start("two=kill@2");
    int status = finish(&run);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGKILL);
    assert_string_equal(run.text, "1\n");
}

static void test_stop(void **state)
{
    (void)state;
    struct run run = start("one=stop@3");
    int status;
    assert_int_equal(waitpid(run.pid, &status, WUNTRACED), run.pid);
    assert_true(WIFSTOPPED(status));
    assert_int_equal(WSTOPSIG(status), SIGSTOP);
    assert_int_equal(kill(run.pid, SIGCONT), 0);
    assert_int_equal(finish(&run), 0);
    assert_string_equal(run.text, "1\n2\n3\n");
}

static void test_wait(void **state)
{
    (void)state;
    char folder[] = "/tmp/nudged-failpoint-XXXXXX", path[64], reached[80], armed[128];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/hold", folder);
    snprintf(reached, sizeof reached, "%s.reached", path);
    snprintf(armed, sizeof armed, "two=wait:%s@2", path);
    int file = open(path, O_CREAT | O_WRONLY, 0600);
    assert_true(file >= 0);
    struct run run = start(armed);
    /* The first line comes when the second passage is about to begin. */
    assert_int_equal(read(run.output, run.text, 2), 2);
    while (access(reached, F_OK) != 0)
        sched_yield();
    /* Still there, and the file is open, which must not hide that it goes. */
    assert_int_equal(waitpid(run.pid, NULL, WNOHANG), 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(finish(&run), 0);
    assert_string_equal(run.text, "1\n2\n3\n");
    close(file);
    /* With nothing to wait for it goes on at once. */
    unlink(reached);
    run = start(armed);
    assert_int_equal(finish(&run), 0);
    assert_int_equal(access(reached, F_OK), 0);
    unlink(reached);
    rmdir(folder);
}

static void test_mistakes(void **state)
{
    (void)state;
    static const struct {
        const char *armed, *error;
    } cases[] = {
        {"one=explode", "nudged: NUDGED_FAILPOINTS: `one=explode`: "
                        "no such action: kill, stop, fail or wait:PATH\n"},
        {"one", "nudged: NUDGED_FAILPOINTS: `one`: must be NAME=ACTION\n"},
        {"=kill", "nudged: NUDGED_FAILPOINTS: `=kill`: must be NAME=ACTION\n"},
        {"one=fail,", "nudged: NUDGED_FAILPOINTS: ``: must be NAME=ACTION\n"},
        {"one=fail@0", "nudged: NUDGED_FAILPOINTS: `one=fail@0`: passages count from 1\n"},
        {"one=fail@x", "nudged: NUDGED_FAILPOINTS: `one=fail@x`: "
                       "no such action: kill, stop, fail or wait:PATH\n"},
        {"one=wait", "nudged: NUDGED_FAILPOINTS: `one=wait`: "
                     "a path belongs to `wait`, and to it alone\n"},
        {"one=kill:x", "nudged: NUDGED_FAILPOINTS: `one=kill:x`: "
                       "a path belongs to `wait`, and to it alone\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct run run = start(cases[i].armed);
        int status = finish(&run);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), EX_USAGE);
        assert_string_equal(run.text, cases[i].error);
    }
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "pass") == 0)
        return pass_points();
    alarm(300); /* what waits for ever has failed */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fail), cmocka_unit_test(test_kill),     cmocka_unit_test(test_stop),
        cmocka_unit_test(test_wait), cmocka_unit_test(test_mistakes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
