#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/metrics.h"

static void *add_many(void *unused)
{
    (void)unused;
    for (int i = 0; i < 50000; i++) {
        metrics_add(METRIC_MESSAGES_SENT, 2);
        metrics_add(METRIC_SENDING, i % 2 ? -1 : 1);
    }
    return NULL;
}

static void test_add_from_threads(void **state)
{
    (void)state;
    pthread_t threads[4];
    int64_t before = metrics_read(METRIC_MESSAGES_SENT);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, add_many, NULL), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(metrics_read(METRIC_MESSAGES_SENT) - before, 400000);
    assert_int_equal(metrics_read(METRIC_SENDING), 0);
    assert_int_equal(metrics_read(METRIC_EVENTS_READ), 0);
}

static void expect_lines(const char *text, int metric, const char *name, const char *type,
                         const char *help)
{
    char expected[512];
    snprintf(expected, sizeof expected,
             "# HELP nudged_%s %s\n# TYPE nudged_%s %s\nnudged_%s %lld\n", name, help, name, type,
             name, (long long)metrics_read((enum metric)metric));
    if (!strstr(text, expected))
        fail_msg("not there: %s", expected);
}

static void test_format(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 65536);
    metrics_add(METRIC_COMMITS, INT64_C(5000000000));
    metrics_add(METRIC_SENDING, -3);
    metrics_format(&out);
    const char *text = buf_string(&out);
#define METRIC_CHECK(name, exposed, type, help) \
    expect_lines(text, METRIC_##name, exposed, type, help);
    METRICS(METRIC_CHECK)
#undef METRIC_CHECK
    assert_non_null(strstr(text, "\nnudged_commits_total 5000000000\n"));
    assert_non_null(strstr(text, "\nnudged_sending -3\n"));
    size_t lines = 0;
    for (const char *at = text; *at; at++)
        lines += *at == '\n';
    assert_int_equal(lines, 3 * METRIC_COUNT);
    buf_free(&out);
}

/* What the format asks of names and types; each name once. */
static void test_table(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
#define METRIC_NAME(name, exposed, type, help) {exposed, type},
        METRICS(METRIC_NAME)
#undef METRIC_NAME
    };
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        const char *name = rows[i][0];
        size_t length = strlen(name);
        assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz_"), length);
        bool total = length > 6 && strcmp(name + length - 6, "_total") == 0;
        assert_string_equal(rows[i][1], total ? "counter" : "gauge");
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(name, rows[j][0]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_add_from_threads),
        cmocka_unit_test(test_format),
        cmocka_unit_test(test_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
