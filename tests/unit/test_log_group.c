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
    const struct log_field *no_type = LOG_FIELDS(LOG_TEXT("reason", "no-type"));
    (void)state;
    assert_true(log_group_is_news(group, 0, "events", no_type));
    assert_true(log_group_is_news(group, 0, "events", LOG_FIELDS(LOG_TEXT("reason", "no-id"))));
    for (int64_t i = 0; i < 1999; i++)
        assert_false(log_group_is_news(group, i, "events", no_type));
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
        assert_int_equal(log_group_is_news(group, steps[i].at_ms, "x", NULL), steps[i].news);
        assert_string_equal(logged(), steps[i].told);
    }
    log_group_tell(group, 12 * MINUTE);
    assert_string_equal(logged(), "… and 1 more like it within a minute: x\n");
    log_group_tell(group, 13 * MINUTE - 1);
    assert_false(log_group_is_news(group, 13 * MINUTE - 1, "x", NULL));
    log_group_tell(group, 13 * MINUTE);
    log_group_tell(group, 14 * MINUTE);
    assert_string_equal(logged(), "… and 1 more like it within a minute: x\n");
    assert_true(log_group_is_news(group, 14 * MINUTE, "x", NULL));
}

static void test_end(void **state)
{
    (void)state;
    assert_true(log_group_is_news(group, 500, "x", NULL));
    assert_true(log_group_is_news(group, 500, "y", NULL));
    assert_false(log_group_is_news(group, 600, "x", NULL));
    assert_false(log_group_is_news(group, 700, "x", NULL));
    log_group_end(group, 3400);
    assert_string_equal(logged(), "… and 2 more like it within 3 s: x\n");
    log_group_end(group, 3400);
    assert_string_equal(logged(), "");
    assert_true(log_group_is_news(group, 3500, "x", NULL));
}

static void test_bound(void **state)
{
    (void)state;
    for (int i = 0; i < LOG_GROUP_KINDS; i++)
        assert_true(log_group_is_news(group, 0, "kind", LOG_FIELDS(LOG_NUMBER("n", i))));
    assert_true(log_group_is_news(group, 1000, "one more", NULL));
    assert_false(log_group_is_news(group, 1000, "one more", NULL));
    assert_false(log_group_is_news(group, 1000, "and another", NULL));
    assert_false(log_group_is_news(group, 1000, "kind", LOG_FIELDS(LOG_NUMBER("n", 7))));
    log_group_tell(group, MINUTE);
    assert_string_equal(logged(), "… and 1 more like it within a minute: kind n=7\n");
    /* the others are forgotten, so there is room for new kinds */
    assert_true(log_group_is_news(group, MINUTE, "one more", NULL));
    log_group_end(group, MINUTE);
    assert_string_equal(logged(), "… and 2 more like it within 60 s: other kinds\n");
}

/* For who reads fields: those of the kind, as they were when it was new, and how many. */
static void test_fields(void **state)
{
    char gateway[] = "relay";
    char line[1024];
    (void)state;
    assert_true(log_group_is_news(group, 0, "gone", NULL));
    for (int i = 0; i < 4; i++)
        log_group_is_news(group, 30000, "messages",
                          LOG_FIELDS(LOG_TEXT("gateway", gateway), LOG_TEXT("enhanced", ""),
                                     LOG_NUMBER("code", 451)));
    strcpy(gateway, "other");
    log_group_tell(group, MINUTE); /* the first kind goes, the other one takes its place */
    log_set_format(LOG_FORMAT_JSON);
    log_group_end(group, MINUTE);
    log_set_format(LOG_FORMAT_AUTO);
    rewind(caught);
    assert_non_null(fgets(line, sizeof line, caught));
    assert_string_equal(strstr(line, "\"message\""),
                        "\"message\":\"… and 3 more like it within 31 s: messages\",\"more\":3,"
                        "\"gateway\":\"relay\",\"code\":451}\n");
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
        assert_true(log_group_is_news(group, 0, "x", NULL));
        for (int n = 0; n < cases[i].more; n++)
            assert_false(log_group_is_news(group, 0, "x", NULL));
        log_group_end(group, 0);
        snprintf(expected, sizeof expected, "… and %s more like it within 1 s: x\n",
                 cases[i].words);
        assert_string_equal(logged(), expected);
    }
}

static void test_none(void **state)
{
    (void)state;
    assert_true(log_group_is_news(NULL, 0, "x", NULL));
    assert_true(log_group_is_news(NULL, 0, "x", NULL));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_first_is_news), CASE(test_minutes), CASE(test_end),  CASE(test_bound),
        CASE(test_counts),        CASE(test_fields),  CASE(test_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
