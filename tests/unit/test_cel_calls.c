#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "cel/cel_calls.h"
#include "rules/condition.h"

static void on_call(void *context, const struct cel_call *call)
{
    struct buf *out = context;
    buf_printf(out, "%d(%s", call->method, call->argument ? call->argument->string : "?");
    if (call->least != INT64_MIN)
        buf_printf(out, " %lld", (long long)call->least);
    if (call->depth > 1)
        buf_printf(out, " /%u", call->depth);
    buf_text(out, ")");
}

/* The methods by their number, what they are asked about, and from where on the answer counts. */
static void test_calls(void **state)
{
    static const char *const cases[][2] = {
        {"true", ""},
        {"customer.sent('a') == 0", "3(a 0)"},
        {"customer.count('a') > 3", "0(a 4)"},
        {"3 <= customer.count('a')", "0(a 3)"},
        {"customer.count('a') < 7 || 7 > customer.count('b')", "0(a 7)0(b 7)"},
        {"customer.count('a') <= 7", "0(a 8)"},
        {"customer.count('a') + 1 > 3", "0(a)"},
        {"customer.count(customer.type) != 2", "0(? 2)"},
        {"customer.segment('x') ? customer.last('y') > now : false", "4(x)2(y)"},
        {"lookup('a', lookup('b', customer.id + lookup('c', 'd')), lookup('e', lookup('f', 'g')))",
         "5(a /3)5(b /2)5(c)5(e /2)5(f)"},
        {"[1, 2].exists(i, customer.count('a', duration('1d')) == i)", "0(a)"},
    };
    struct arena *arena = arena_new(4096);
    struct buf out;
    (void)state;
    buf_init(&out, 4096);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct diag diag;
        const struct cel_program *program =
            condition_compile(arena, cases[i][0], strlen(cases[i][0]), NULL, NULL, &diag);
        assert_non_null(program);
        buf_clear(&out);
        cel_calls(program, on_call, &out);
        assert_string_equal(buf_string(&out), cases[i][1]);
    }
    buf_free(&out);
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_calls)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
