/* What a daemon says at /metrics, read again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ctl/exposition.h"

static void samples_and_labels(void **state)
{
    (void)state;
    const char *text = "# HELP nudged_sent_total messages {\"x\"}\n"
                       "# TYPE nudged_sent_total counter\n"
                       "nudged_sent_total{rule=\"a \\\"b\\\" } \\\\\\nc\",gateway=\"relay\"} 12\n"
                       "nudged_redis_up 1\n"
                       "broken{rule=\"a\n"
                       "nothing\n"
                       "\n"
                       "nudged_lag_seconds 0.25";
    struct exposition_sample sample;
    struct arena *arena = arena_new(1024);
    assert_true(exposition_next(&text, &sample));
    assert_true(exposition_is(&sample, "nudged_sent_total"));
    assert_false(exposition_is(&sample, "nudged_sent"));
    assert_string_equal(exposition_label(&sample, "rule", arena), "a \"b\" } \\\nc");
    assert_string_equal(exposition_label(&sample, "gateway", arena), "relay");
    assert_null(exposition_label(&sample, "channel", arena));
    assert_float_equal(sample.value, 12, 0);
    assert_true(exposition_next(&text, &sample));
    assert_true(exposition_is(&sample, "nudged_redis_up"));
    assert_null(exposition_label(&sample, "rule", arena));
    assert_true(exposition_next(&text, &sample));
    assert_true(exposition_is(&sample, "nudged_lag_seconds"));
    assert_float_equal(sample.value, 0.25, 0);
    assert_false(exposition_next(&text, &sample));
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(samples_and_labels)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
