/* Figures: counted from threads, and told as Prometheus reads them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/metrics.h"

enum { TEXT_MOST = 4 << 20 };

static const char *formatted(struct buf *out)
{
    buf_clear(out);
    metrics_format(out);
    return buf_string(out);
}

static void expect(const char *text, const char *wanted)
{
    if (!strstr(text, wanted))
        fail_msg("not there: %s", wanted);
}

static void expect_not(const char *text, const char *unwanted)
{
    if (strstr(text, unwanted))
        fail_msg("there: %s", unwanted);
}

static size_t count(const char *text, const char *part)
{
    size_t found = 0;
    for (const char *at = text; (at = strstr(at, part)); at++)
        found++;
    return found;
}

/* ---- From threads ---- */

static void *add_many(void *unused)
{
    (void)unused;
    for (int i = 0; i < 20000; i++) {
        metrics_add_to(METRIC_ATTEMPTS, METRIC_LABELS("smtp", i % 2 ? "sent" : "retry"), 2);
        metrics_add(METRIC_SENDING, i % 2 ? -1 : 1);
        metrics_observe(METRIC_RENDER_SECONDS, i % 100);
    }
    return NULL;
}

static void test_add_from_threads(void **state)
{
    struct buf *out = *state;
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, add_many, NULL), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(metrics_read(METRIC_ATTEMPTS), 160000);
    assert_int_equal(metrics_read(METRIC_SENDING), 0);
    assert_int_equal(metrics_read(METRIC_EVENTS_READ), 0);
    const char *text = formatted(out);
    expect(text, "\nnudged_attempts_total{gateway=\"smtp\",result=\"sent\"} 80000\n");
    expect(text, "\nnudged_attempts_total{gateway=\"smtp\",result=\"retry\"} 80000\n");
    expect(text, "\nnudged_render_seconds_count 80000\n");
}

/* ---- Figures ---- */

static void test_format(void **state)
{
    struct buf *out = *state;
    metrics_add(METRIC_COMMITS, INT64_C(5000000000));
    metrics_add(METRIC_SENDING, -3);
    metrics_set(METRIC_EVENT_LAG, 1500);
    metrics_set(METRIC_TIMER_LAG, -50);
    metrics_set(METRIC_PROCESS_CPU, 2000050);
    metrics_set(METRIC_RULES, 7);
    metrics_set(METRIC_RULES, 3);
    const char *text = formatted(out);
    expect(text, "# HELP nudged_commits_total customers' documents written\n"
                 "# TYPE nudged_commits_total counter\n"
                 "nudged_commits_total 5000000000\n");
    expect(text, "\n# TYPE nudged_sending gauge\nnudged_sending -3\n");
    expect(text, "\nnudged_event_lag_seconds 1.5\n");
    expect(text, "\nnudged_timer_lag_seconds -0.05\n");
    expect(text, "\nprocess_cpu_seconds_total 2.00005\n");
    expect(text, "\nnudged_rules 3\n");
    assert_int_equal(count(text, "# HELP "), METRIC_COUNT);
    assert_int_equal(count(text, "# TYPE "), METRIC_COUNT);
    metrics_add(METRIC_SENDING, 3);
}

static void test_histogram(void **state)
{
    struct buf *out = *state;
    static const int64_t took[] = {0, 10, 11, 2500, 2501, INT64_C(300000001)};
    for (size_t i = 0; i < sizeof took / sizeof *took; i++)
        metrics_observe_in(METRIC_SEND_SECONDS, METRIC_LABELS("api"), took[i]);
    const char *text = formatted(out);
    expect(text, "# TYPE nudged_send_seconds histogram\n"
                 "nudged_send_seconds_bucket{gateway=\"api\",le=\"0.00001\"} 2\n"
                 "nudged_send_seconds_bucket{gateway=\"api\",le=\"0.000025\"} 3\n");
    expect(text, "{gateway=\"api\",le=\"0.0025\"} 4\n");
    expect(text, "{gateway=\"api\",le=\"0.005\"} 5\n");
    expect(text, "{gateway=\"api\",le=\"300\"} 5\n");
    expect(text, "{gateway=\"api\",le=\"+Inf\"} 6\n"
                 "nudged_send_seconds_sum{gateway=\"api\"} 300.005023\n"
                 "nudged_send_seconds_count{gateway=\"api\"} 6\n");
    /* Without labels it is there before anything was observed. */
    expect(text, "\nnudged_decide_seconds_bucket{le=\"0.00001\"} 0\n");
    expect(text, "\nnudged_decide_seconds_sum 0\nnudged_decide_seconds_count 0\n");
}

/* ---- Labels ---- */

static void test_escaping(void **state)
{
    struct buf *out = *state;
    metrics_add_to(METRIC_EVENTS_DEAD, METRIC_LABELS("a \"b\\c\"\nd"), 1);
    metrics_add_to(METRIC_EVENTS_DEAD, METRIC_LABELS(NULL), 2);
    const char *text = formatted(out);
    expect(text, "\nnudged_events_dead_total{reason=\"a \\\"b\\\\c\\\"\\nd\"} 1\n");
    expect(text, "\nnudged_events_dead_total{reason=\"other\"} 2\n");
    assert_int_equal(metrics_read(METRIC_EVENTS_DEAD), 3);
}

/* A value that is longer than all others may be does not take the place of the others. */
static void test_long_value(void **state)
{
    struct buf *out = *state;
    char *rule = mem_zero(5001, 1);
    memset(rule, 'r', 5000);
    metrics_add_to(METRIC_MESSAGES_REFUSED, METRIC_LABELS(rule, "cap"), 4);
    expect(formatted(out), "\nnudged_messages_refused_total{rule=\"other\",reason=\"cap\"} 4\n");
    free(rule);
}

static void test_ceiling(void **state)
{
    struct buf *out = *state;
    char rule[32];
    for (int i = 0; i < METRICS_SERIES_MOST + 500; i++) {
        snprintf(rule, sizeof rule, "rule-%d", i);
        metrics_add_to(METRIC_MESSAGES_DECIDED, METRIC_LABELS(rule, "email"), 1);
    }
    metrics_add_to(METRIC_MESSAGES_DECIDED, METRIC_LABELS("rule-7", "email"), 1);
    const char *text = formatted(out);
    assert_int_equal(count(text, "\nnudged_messages_decided_total{"), METRICS_SERIES_MOST + 1);
    expect(text, "\nnudged_messages_decided_total{rule=\"rule-7\",channel=\"email\"} 2\n");
    expect(text, "\nnudged_messages_decided_total{rule=\"other\",channel=\"other\"} 500\n");
    assert_int_equal(metrics_read(METRIC_MESSAGES_DECIDED), METRICS_SERIES_MOST + 501);
}

static bool keeps_gift(const void *context, const char *value)
{
    assert_string_equal(context, "context");
    return strcmp(value, "gift") == 0;
}

/* What survives a reload goes on counting; what it does not is not told any more. */
static void test_keep(void **state)
{
    struct buf *out = *state;
    metrics_add_to(METRIC_MESSAGES_SENT, METRIC_LABELS("gift", "email", "smtp"), 5);
    metrics_add_to(METRIC_MESSAGES_SENT, METRIC_LABELS("gone", "email", "smtp"), 6);
    metrics_add_to(METRIC_MESSAGES_SENT, METRIC_LABELS(NULL, "email", "smtp"), 7);
    metrics_keep("rule", keeps_gift, "context");
    metrics_add_to(METRIC_MESSAGES_SENT, METRIC_LABELS("gift", "email", "smtp"), 1);
    const char *text = formatted(out);
    expect(text,
           "\nnudged_messages_sent_total{rule=\"gift\",channel=\"email\",gateway=\"smtp\"} 6\n");
    expect(text, "{rule=\"other\",channel=\"email\",gateway=\"smtp\"} 7\n");
    expect_not(text, "gone");
    expect(text, "\nnudged_attempts_total{gateway=\"smtp\",result=\"sent\"} 80000\n");
    assert_int_equal(metrics_read(METRIC_MESSAGES_SENT), 19);
}

static void test_forget(void **state)
{
    struct buf *out = *state;
    metrics_set_to(METRIC_RULE_PAUSED, METRIC_LABELS("gift", "brake"), 1);
    expect(formatted(out), "\nnudged_rule_paused{rule=\"gift\",by=\"brake\"} 1\n");
    metrics_forget(METRIC_RULE_PAUSED);
    expect_not(formatted(out), "\nnudged_rule_paused{");
    metrics_set_to(METRIC_RULE_PAUSED, METRIC_LABELS("cart", "hand"), 1);
    expect(formatted(out), "\nnudged_rule_paused{rule=\"cart\",by=\"hand\"} 1\n");
}

/* ---- The table ---- */

/* Counters alone end with _total; seconds say so; labels are names; each name once. */
static void test_table(void **state)
{
    (void)state;
    for (int i = 0; i < METRIC_COUNT; i++) {
        const struct metric_row *row = metrics_row((enum metric)i);
        size_t length = strlen(row->name);
        bool total = strcmp(row->name + length - 6, "_total") == 0;
        assert_int_equal(strspn(row->name, "abcdefghijklmnopqrstuvwxyz_"), length);
        assert_true(strncmp(row->name, "nudged_", 7) == 0 ||
                    strncmp(row->name, "process_", 8) == 0);
        assert_int_equal(total, row->kind == METRIC_KIND_COUNTER);
        if (row->unit != METRIC_UNIT_COUNT)
            assert_non_null(strstr(row->name, "_seconds"));
        if (row->kind == METRIC_KIND_HISTOGRAM)
            assert_int_equal(row->unit, METRIC_UNIT_US);
        assert_int_equal(strspn(row->labels, "abcdefghijklmnopqrstuvwxyz_,"), strlen(row->labels));
        assert_true(count(row->labels, ",") < METRICS_LABELS_MOST);
        assert_true(*row->help && !strpbrk(row->help, "\n\\|"));
        for (int j = 0; j < i; j++)
            assert_string_not_equal(row->name, metrics_row((enum metric)j)->name);
    }
}

static void sum_of_rule(void *context, const char *rule, int64_t figure)
{
    int64_t *sum = context;
    *sum += strcmp(rule, "each-rule") == 0 ? figure : 0;
}

static void test_each(void **state)
{
    int64_t sum = 0;
    (void)state;
    metrics_add_to(METRIC_MESSAGES_SENT, METRIC_LABELS("each-rule", "email", "one"), 3);
    metrics_add_to(METRIC_MESSAGES_SENT, METRIC_LABELS("another", "email", "one"), 20);
    metrics_add_to(METRIC_MESSAGES_SENT, METRIC_LABELS("each-rule", "email", "two"), 4);
    metrics_each(METRIC_MESSAGES_SENT, "rule", sum_of_rule, &sum);
    assert_int_equal(sum, 7);
    metrics_each(METRIC_MESSAGES_SENT, "reason", sum_of_rule, &sum);
    assert_int_equal(sum, 7);
}

static int open_buf(void **state)
{
    struct buf *out = mem_zero(1, sizeof *out);
    buf_init(out, TEXT_MOST);
    *state = out;
    return 0;
}

static int close_buf(void **state)
{
    struct buf *out = *state;
    buf_free(out);
    free(out);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_add_from_threads),
        cmocka_unit_test(test_format),
        cmocka_unit_test(test_histogram),
        cmocka_unit_test(test_escaping),
        cmocka_unit_test(test_long_value),
        cmocka_unit_test(test_ceiling),
        cmocka_unit_test(test_keep),
        cmocka_unit_test(test_forget),
        cmocka_unit_test(test_each),
        cmocka_unit_test(test_table),
    };
    return cmocka_run_group_tests(tests, open_buf, close_buf);
}
