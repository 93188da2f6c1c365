/* What rules did, as daemons tell it: those that did most first, and not more than the bound. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "app/rule_counts.h"
#include "base/metrics.h"

static void test_sums_over_labels(void **state)
{
    struct buf out;
    (void)state;
    buf_init(&out, 1 << 20);
    rule_counts_write(&out);
    assert_string_equal(buf_string(&out), "\"by_rule\":{}");
    metrics_add_to(METRIC_MESSAGES_DECIDED, METRIC_LABELS("b", "email"), 3);
    metrics_add_to(METRIC_MESSAGES_DECIDED, METRIC_LABELS("b", "sms"), 4);
    metrics_add_to(METRIC_MESSAGES_SENT, METRIC_LABELS("b", "sms", "relay"), 1);
    metrics_add_to(METRIC_MESSAGES_REFUSED, METRIC_LABELS("a \"quote\"", "cap"), 9);
    metrics_add_to(METRIC_MESSAGES_REFUSED, METRIC_LABELS("idle", "cap"), 0);
    buf_clear(&out);
    rule_counts_write(&out);
    assert_string_equal(buf_string(&out),
                        "\"by_rule\":{\"a \\\"quote\\\"\":[0,0,9],\"b\":[7,1,0]}");
    buf_free(&out);
}

static void test_bound(void **state)
{
    struct buf out;
    char name[32];
    size_t rules = 0;
    (void)state;
    for (int i = 0; i < RULE_COUNTS_MOST + 100; i++) {
        snprintf(name, sizeof name, "rule-%d", i);
        metrics_add_to(METRIC_MESSAGES_DECIDED, METRIC_LABELS(name, "email"), i + 1);
    }
    buf_init(&out, 1 << 20);
    rule_counts_write(&out);
    for (size_t i = 0; i < out.length; i++)
        rules += out.data[i] == '[';
    assert_int_equal(rules, RULE_COUNTS_MOST);
    assert_memory_equal(buf_string(&out), "\"by_rule\":{\"rule-599\":[600,0,0],", 32);
    assert_null(strstr(buf_string(&out), "\"rule-99\""));
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sums_over_labels),
        cmocka_unit_test(test_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
