#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "simulate/history_line.h"

static const struct {
    const char *line, *event; /* `event` NULL: the line itself */
    bool timed;
    int64_t at_ms, sequence;
} cases[] = {
    {"{\"received\":5,\"entry\":\"5-3\",\"event\":{\"a\":{}}}", "{\"a\":{}}", true, 5, 3},
    {"{ \"received\": 5 , \"event\" : {} }", "{}", true, 5, 0},
    {"{\"received\":5,\"event\":{}}\r", "{}", true, 5, 0},
    {"{\"event\":{\"received\":7},\"entry\":\"9-12\",\"received\":5}", "{\"received\":7}", true, 5,
     12},
    {"{\"received\":5,\"entry\":\"x\",\"event\":{}}", "{}", true, 5, 0},
    {"{\"received\":5,\"entry\":\"\\\\\\\"-9\",\"event\":{}}", "{}", true, 5, 9},
    {"{\"type\":\"x\",\"time\":\"2026-03-01T08:00:00Z\"}", NULL, true, 1772352000000, 0},
    {"{\"type\":\"x\",\"time\":\"2026-03-01T10:00:00\"}", NULL, true, 1772352000000, 0},
    {"{\"type\":\"x\",\"n\":[{\"time\":1}],\"time\":1772352000}", NULL, true, 1772352000000, 0},
    {"{\"s\":\"\\\"time\\\":1\",\"time\" : 1772352000000 }", NULL, true, 1772352000000, 0},
    {"{\"type\":\"x\",\"received\":5,\"event\":{}}", NULL, false, 0, 0},
    {"{\"type\":\"x\",\"time\":\"soon\"}", NULL, false, 0, 0},
    {"{\"type\":\"x\",\"time\":null}", NULL, false, 0, 0},
    {"{\"type\":\"x\"}", NULL, false, 0, 0},
    {"{\"received\":5", NULL, false, 0, 0},
    {"{\"received\":\"5\",\"event\":{}}", NULL, false, 0, 0},
    {"{\"time\":\"", NULL, false, 0, 0},
    {"[1]", NULL, false, 0, 0},
    {"\\", NULL, false, 0, 0},
    {"", NULL, false, 0, 0},
};

static void test_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct history_line found =
            history_line_of(slice_of(cases[i].line), "Europe/Helsinki");
        const char *event = cases[i].event ? cases[i].event : cases[i].line;
        if (!slice_is(found.event, event) || found.timed != cases[i].timed ||
            (found.timed && found.at_ms != cases[i].at_ms) || found.sequence != cases[i].sequence)
            fail_msg("%s: %.*s %d %lld-%lld", cases[i].line, (int)found.event.length,
                     found.event.text, found.timed, (long long)found.at_ms,
                     (long long)found.sequence);
    }
}

/* However a line is cut, nothing behind its end is looked at. */
static void test_cut_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t length = 0; length < strlen(cases[i].line); length++) {
            char *copy = test_malloc(length + 1);
            memcpy(copy, cases[i].line, length);
            history_line_of((struct slice){copy, length}, NULL);
            test_free(copy);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lines),
                                       cmocka_unit_test(test_cut_lines)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
