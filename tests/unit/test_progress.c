#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <fcntl.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/progress.h"
#include "base/utf8.h"

static const struct {
    struct progress_state state;
    int64_t now_ms;
    bool ended;
    size_t columns;
    const char *line;
} lines[] = {
    {{"push", 10000, 4500, 0, 0, 1100},
     3000,
     false,
     74,
     "push  45% [#########------------]  4500/10000  1100/s  5s left"},
    /* Too early to say how long. */
    {{"push", 10000, 4500, 0, 0, 4500},
     1000,
     false,
     74,
     "push  45% [#########------------]  4500/10000  4500/s"},
    {{"push", 10000, 0, 0, 0, 0}, 0, false, 74, "push   0% [---------------------]  0/10000"},
    {{"push", 10000, 9999, 0, 0, 5000},
     2000,
     false,
     74,
     "push  99% [####################-]  9999/10000  5000/s  1s left"},
    {{"push", 10000, 10000, 0, 0, 1},
     2000,
     true,
     74,
     "push 100% [#####################]  10000/10000  5000/s  in 2s"},
    /* Ended before its time. */
    {{"push", 10000, 10, 0, 0, 99},
     90000,
     true,
     74,
     "push   0% [---------------------]  10/10000  0.1/s  in 1m30s"},
    /* No total, or one that was wrong. */
    {{"push", 0, 4500, 0, 0, 1100}, 3000, false, 74, "push  4500  1100/s"},
    {{"push", 4000, 4500, 0, 0, 1100}, 3000, false, 74, "push  4500  1100/s"},
    {{"push", 0, 0, 0, 0, 0}, 0, true, 74, "push  0  in 0s"},
    /* Large figures and long times. */
    {{"push", 100000, 99999, 0, 0, 99999}, 1000, false, 40, "push  99%  99999/100.0k  99999/s"},
    {{"push", 5000000000, 1234567890, 0, 0, 999950},
     3000,
     false,
     60,
     "push  24%  1.2G/5.0G  1.0M/s  1h02m left"},
    {{"push", 1000000, 1, 0, 0, 0.5}, 3000, false, 60, "push   0%  1/1.0M  0.5/s  over 99h left"},
    /* A stall: there is no honest time. */
    {{"push", 1000, 1, 0, 0, 0}, 60000, false, 60, "push   0%  1/1000"},
    /* Narrow and wide. */
    {{"push", 10000, 4500, 0, 0, 1100}, 3000, false, 20, "push  45%  4500/100"},
    {{"push", 10000, 4500, 0, 0, 1100}, 3000, false, 1, "p"},
    {{"push", 10000, 4500, 0, 0, 1100}, 3000, false, 0, "p"},
    {{"письма", 2, 1, 0, 0, 0}, 0, false, 5, "пись"},
    {{"письма", 2, 1, 0, 0, 0}, 0, false, 62, "письма  50%  1/2"},
    {{"письма", 2, 1, 0, 0, 0}, 0, false, 63, "письма  50% [####----]  1/2"},
    {{"push", 2, 1, 0, 0, 0},
     0,
     false,
     500,
     "push  50% [##############################------------------------------]  1/2"},
};

static void test_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct buf out;
        buf_init(&out, 4096);
        progress_line(&lines[i].state, lines[i].now_ms, lines[i].ended, lines[i].columns, &out);
        assert_string_equal(buf_string(&out), lines[i].line);
        assert_true(lines[i].columns < 2 || utf8_count(out.data, out.length) < lines[i].columns);
        buf_free(&out);
    }
}

static void test_ten_times_a_second(void **state)
{
    (void)state;
    struct progress_state progress = {.total = 100000};
    int draws = 0;
    for (int64_t now = 1; now <= 10000; now++)
        draws += progress_count(&progress, 3, now);
    assert_int_equal(draws, 100);
    assert_int_equal(progress.done, 30000);
    assert_in_range((int64_t)progress.rate, 2990, 3010);
}

/* Ten a second for a minute; then the machine slows down, stops, and goes on. */
static void test_rate_follows(void **state)
{
    (void)state;
    struct progress_state progress = {.total = 10000};
    int64_t now = 0;
    for (; now < 60000; now += 100)
        progress_count(&progress, 1, now);
    assert_in_range((int64_t)(progress.rate * 10), 98, 102);
    for (; now < 120000; now += 1000)
        progress_count(&progress, 1, now);
    assert_in_range((int64_t)(progress.rate * 10), 9, 12);
    for (; now < 180000; now += 100)
        progress_count(&progress, 0, now);
    assert_in_range((int64_t)(progress.rate * 100), 0, 1);
    for (; now < 240000; now += 100)
        progress_count(&progress, 1, now);
    assert_in_range((int64_t)(progress.rate * 10), 97, 102);
    /* One long pause counts whole. */
    assert_true(progress_count(&progress, 1, now + 100000));
    assert_in_range((int64_t)(progress.rate * 1000), 9, 11);
}

/* Runs `body` with standard error on a terminal of that width (0: on a pipe) and returns
 * what came out of it. */
static const char *run(void (*body)(void), unsigned short columns, const char *term)
{
    static char output[65536];
    struct winsize size = {.ws_row = 24, .ws_col = columns};
    int ends[2], status;
    if (columns)
        assert_int_equal(openpty(&ends[0], &ends[1], NULL, NULL, &size), 0);
    else
        assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        setenv("TERM", term, 1);
        body();
        _exit(0);
    }
    close(ends[1]);
    size_t length = 0;
    ssize_t got; /* a terminal whose other side is gone gives EIO for an end */
    while ((got = read(ends[0], output + length, sizeof output - 1 - length)) > 0)
        length += (size_t)got;
    output[length] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    return output;
}

enum { STEPS = 200000 };

static void many_steps(void)
{
    int64_t start = clock_monotonic_ms();
    struct progress *progress = progress_start(STEPS, "push");
    for (int i = 0; i < STEPS; i++)
        progress_step(progress, 1);
    progress_end(&progress);
    /* The time that it may have seen, for the parent to count by. */
    dprintf(STDERR_FILENO, "%lld", (long long)(clock_monotonic_ms() - start));
    if (progress)
        _exit(1);
}

static void test_terminal(void **state)
{
    (void)state;
    const char *output = run(many_steps, 74, "xterm");
    static const char first[] = "\rpush   0% [---------------------]  0/200.0k\x1b[K\r";
    assert_memory_equal(output, first, sizeof first - 1);
    const char *last = strstr(output, "\rpush 100% [#####################]  200.0k/200.0k  ");
    assert_non_null(last);
    const char *end = strstr(last, "\x1b[K\r\n"); /* the terminal makes \r\n of \n */
    assert_non_null(end);
    long long ms = strtoll(end + 5, NULL, 10), draws = 0;
    for (const char *at = output; (at = strstr(at, "\rpush")); at++)
        draws++;
    assert_in_range(draws, 2, 2 + ms / 100);
    /* No line is wider than the terminal. */
    for (const char *at = output; at < end; at = strchr(at + 1, '\x1b') + 3)
        assert_true(strcspn(at, "\x1b") <= 74);
}

static void clear_between(void)
{
    struct progress *progress = progress_start(0, "push");
    progress_step(progress, 7);
    progress_clear(progress);
    dprintf(STDERR_FILENO, "a line of its own\n");
    progress_end(&progress);
}

static void test_clear(void **state)
{
    (void)state;
    const char *output = run(clear_between, 80, "xterm");
    const char *line = strstr(output, "\r\x1b[Ka line of its own\r\n\rpush  7");
    assert_non_null(line);
}

static void test_no_terminal(void **state)
{
    (void)state;
    const char *output = run(many_steps, 0, "xterm");
    assert_int_equal(strspn(output, "0123456789"), strlen(output));
    assert_string_equal(run(clear_between, 0, "xterm"), "a line of its own\n");
    assert_string_equal(run(clear_between, 80, "dumb"), "a line of its own\r\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line),         cmocka_unit_test(test_ten_times_a_second),
        cmocka_unit_test(test_rate_follows), cmocka_unit_test(test_terminal),
        cmocka_unit_test(test_clear),        cmocka_unit_test(test_no_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
