/* What failed alike is told once, then counted: with a clock that the test sets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/log_group.h"

enum { MINUTE = LOG_GROUP_MS };

static struct log_group *group;
static FILE *caught; /* in the place of standard error */
static int own_error;

static int set_up(void **state)
{
    (void)state;
    group = log_group_new();
    caught = tmpfile();
    own_error = dup(STDERR_FILENO);
    assert_non_null(caught);
    return dup2(fileno(caught), STDERR_FILENO) < 0;
}

static int tear_down(void **state)
{
    (void)state;
    log_group_destroy(&group);
    dup2(own_error, STDERR_FILENO);
    close(own_error);
    return fclose(caught);
}

/* What was logged since the last call, without times and level; "" for nothing. */
static const char *logged(void)
{
    static char out[65536];
    char line[1024];
    *out = '\0';
    rewind(caught);
    while (fgets(line, sizeof line, caught)) {
        const char *text = strstr(line, "warning: ");
        assert_non_null(text);
        strcat(out, text + strlen("warning: "));
    }
    assert_int_equal(ftruncate(fileno(caught), 0), 0);
    lseek(STDERR_FILENO, 0, SEEK_SET);
    return out;
}

static void test_first_is_news(void **state)
{
    (void)state;
    assert_true(log_group_is_news(group, 0, "events reason=%s", "no-type"));
    assert_true(log_group_is_news(group, 0, "events reason=%s", "no-id"));
    for (int64_t i = 0; i < 1999; i++)
        assert_false(log_group_is_news(group, i, "events reason=%s", "no-type"));
    log_group_tell(group, MINUTE - 1);
    assert_string_equal(logged(), "");
    log_group_tell(group, MINUTE);
    assert_string_equal(logged(),
                        "… and 1,999 more like it within a minute: events reason=no-type\n");
    log_group_tell(group, MINUTE + 1);
    assert_string_equal(logged(), "");
}

/* One line a minute while it goes on; forgotten after a minute without one. */
static void test_minutes(void **state)
{
    (void)state;
    static const struct {
        int64_t at_ms;
        bool news;
        const char *told;
    } steps[] = {
        {0, true, ""},
        {10, false, ""},
        {MINUTE, false, "… and 1 more like it within a minute: x\n"},
        {MINUTE + 1, false, ""},
        {2 * MINUTE - 1, false, ""},
        {2 * MINUTE, false, "… and 3 more like it within a minute: x\n"},
        /* that last one is told by the next, which is late */
        {9 * MINUTE, false, "… and 1 more like it within a minute: x\n"},
        {10 * MINUTE, false, "… and 1 more like it within a minute: x\n"},
        {11 * MINUTE, false, "… and 1 more like it within a minute: x\n"},
    };
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        assert_int_equal(log_group_is_news(group, steps[i].at_ms, "x"), steps[i].news);
        assert_string_equal(logged(), steps[i].told);
    }
    log_group_tell(group, 12 * MINUTE);
    assert_string_equal(logged(), "… and 1 more like it within a minute: x\n");
    log_group_tell(group, 13 * MINUTE - 1);
    assert_false(log_group_is_news(group, 13 * MINUTE - 1, "x"));
    log_group_tell(group, 13 * MINUTE);
    log_group_tell(group, 14 * MINUTE);
    assert_string_equal(logged(), "… and 1 more like it within a minute: x\n");
    assert_true(log_group_is_news(group, 14 * MINUTE, "x"));
}

static void test_end(void **state)
{
    (void)state;
    assert_true(log_group_is_news(group, 500, "x"));
    assert_true(log_group_is_news(group, 500, "y"));
    assert_false(log_group_is_news(group, 600, "x"));
    assert_false(log_group_is_news(group, 700, "x"));
    log_group_end(group, 3400);
    assert_string_equal(logged(), "… and 2 more like it within 3 s: x\n");
    log_group_end(group, 3400);
    assert_string_equal(logged(), "");
    assert_true(log_group_is_news(group, 3500, "x"));
}

static void test_bound(void **state)
{
    (void)state;
    for (int i = 0; i < LOG_GROUP_KINDS; i++)
        assert_true(log_group_is_news(group, 0, "kind %d", i));
    assert_true(log_group_is_news(group, 1000, "one more"));
    assert_false(log_group_is_news(group, 1000, "one more"));
    assert_false(log_group_is_news(group, 1000, "and another"));
    assert_false(log_group_is_news(group, 1000, "kind 7"));
    log_group_tell(group, MINUTE);
    assert_string_equal(logged(), "… and 1 more like it within a minute: kind 7\n");
    /* the others are forgotten, so there is room for new kinds */
    assert_true(log_group_is_news(group, MINUTE, "one more"));
    log_group_end(group, MINUTE);
    assert_string_equal(logged(), "… and 2 more like it within 60 s: other kinds\n");
}

static void test_counts(void **state)
{
    (void)state;
    static const struct {
        int more;
        const char *words;
    } cases[] = {
        {1, "1"}, {999, "999"}, {1000, "1,000"}, {12345, "12,345"}, {1234567, "1,234,567"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char expected[128];
        assert_true(log_group_is_news(group, 0, "x"));
        for (int n = 0; n < cases[i].more; n++)
            assert_false(log_group_is_news(group, 0, "x"));
        log_group_end(group, 0);
        snprintf(expected, sizeof expected, "… and %s more like it within 1 s: x\n",
                 cases[i].words);
        assert_string_equal(logged(), expected);
    }
}

static void test_none(void **state)
{
    (void)state;
    assert_true(log_group_is_news(NULL, 0, "x"));
    assert_true(log_group_is_news(NULL, 0, "x"));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_first_is_news), CASE(test_minutes), CASE(test_end),
        CASE(test_bound),         CASE(test_counts),  CASE(test_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
