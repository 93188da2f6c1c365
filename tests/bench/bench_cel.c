/*
 * bench_cel: what conditions cost. One line for each expression:
 * "name<TAB>value<TAB>unit", of one round after one that warms up.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "cel/cel.h"

enum { RUNS = 200000 };

static const char event[] =
    "{\"order\": {\"id\": \"o-1042\", \"total\": 129.9, \"currency\": \"EUR\", \"lines\": 3,"
    " \"created\": \"2026-03-01T10:00:00+02:00\", \"items\": [{\"sku\": \"TEA\", \"price\": 4.5},"
    " {\"sku\": \"CUP\", \"price\": 12}, {\"sku\": \"POT\", \"price\": 49.9}]},"
    " \"customer\": {\"id\": \"7\", \"email\": \"ana@example.com\", \"tier\": \"gold\","
    " \"accepts_marketing\": true}}";

static const struct {
    const char *name, *text;
} cases[] = {
    {"cel_rule", "order.total >= 100.0 && customer.tier in [\"gold\", \"silver\"]"},
    {"cel_equal_string", "order.currency == \"EUR\""},
    {"cel_compare_number", "order.total > 100"},
    {"cel_string_functions",
     "customer.email.endsWith(\"@example.com\") && order.id.startsWith(\"o-\")"},
    {"cel_exists", "order.items.exists(i, i.price > 40)"},
    {"cel_arithmetic", "order.total * 0.9 + 5.0 < 200.0"},
    {"cel_matches", "customer.email.matches(\"^[a-z]+@example[.]com$\")"},
    {"cel_timestamp", "timestamp(order.created) < now - duration(\"7d\")"},
    {"cel_decimal", "decimal(order.total) >= decimal(\"129.90\")"},
    {"cel_missing_field", "order.coupon == \"X\""},
};

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t round_ns(const struct cel_program *program, const struct cel_input *input,
                        struct arena *arena)
{
    struct value result;
    int64_t start = now_ns();
    for (int i = 0; i < RUNS; i++) {
        cel_eval(program, input, arena, &result, NULL);
        if (i % 64 == 0)
            arena_reset(arena);
    }
    return now_ns() - start;
}

int main(void)
{
    static const char *const roots[] = {"order", "customer", NULL};
    struct cel_environment environment = {.roots = roots};
    struct arena *arena = arena_new(1 << 16), *scratch = arena_new(1 << 16);
    struct value data, values[2];
    struct diag diag;
    if (!json_read(arena, event, sizeof event - 1, &json_event_limits, &data, &diag)) {
        diag_print(&diag, stderr);
        return 1;
    }
    values[0] = *value_get(&data, "order");
    values[1] = *value_get(&data, "customer");
    struct cel_input input = {.roots = values, .now_ms = 1772359200000, .zone = "UTC"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cel_program *program =
            cel_compile(arena, cases[i].text, strlen(cases[i].text), &environment, NULL, &diag);
        if (!program) {
            diag_print(&diag, stderr);
            return 1;
        }
        round_ns(program, &input, scratch);
        int64_t ns = round_ns(program, &input, scratch);
        printf("%s\t%.1f\tns\n", cases[i].name, (double)ns / (double)RUNS);
    }
    arena_destroy(&scratch);
    arena_destroy(&arena);
    return 0;
}
