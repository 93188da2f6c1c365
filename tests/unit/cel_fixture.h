/*
 * What the tests of expressions share: a shop's event, evaluation in one line, and
 * results as text.
 */
#ifndef NUDGED_TESTS_UNIT_CEL_FIXTURE_H
#define NUDGED_TESTS_UNIT_CEL_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "cel/cel.h"

static const char fixture_event[] =
    "{\"order\": {\"id\": \"o-1042\", \"total\": 80, \"weight\": 1.5, \"whole\": 80.0,"
    " \"big\": 9223372036854775807, \"huge\": 12345678901234567891234, \"price\": 129.90, "
    "\"count\": 3, \"zero\": 0,"
    " \"debt\": -5, \"coupon\": null, \"created\": \"2026-03-01T10:00:00+02:00\","
    " \"items\": [{\"sku\": \"TEA\", \"price\": 4.5}, {\"sku\": \"CUP\", \"price\": 12}],"
    " \"tags\": [\"gift\", \"eu\"]},"
    " \"customer\": {\"tier\": \"gold\", \"name\": \"Ana\", \"birthday\": \"1990-05-17\"}}";

static const char *const fixture_roots[] = {"order", "customer", "absent", NULL};

struct fixture {
    struct arena *arena;
    struct value data, roots[3];
    struct cel_environment environment;
    struct cel_input input;
    struct diag diag;
    struct diags warnings;
    struct cel_fault fault;
};

static inline void fixture_start(struct fixture *fixture)
{
    memset(fixture, 0, sizeof *fixture);
    fixture->arena = arena_new(1 << 16);
    assert_true(json_read(fixture->arena, fixture_event, sizeof fixture_event - 1,
                          &json_event_limits, &fixture->data, &fixture->diag));
    fixture->roots[0] = *value_get(&fixture->data, "order");
    fixture->roots[1] = *value_get(&fixture->data, "customer");
    fixture->roots[2] = (struct value){.kind = VALUE_EXTENSION, .length = CEL_ABSENT};
    fixture->environment.roots = fixture_roots;
    fixture->input.roots = fixture->roots;
    fixture->input.now_ms = 1772353800000; /* 2026-03-01T08:30:00Z, a Sunday */
    fixture->input.zone = "Europe/Helsinki";
}

static inline void fixture_end(struct fixture *fixture)
{
    diags_free(&fixture->warnings);
    arena_destroy(&fixture->arena);
}

static inline struct cel_program *fixture_compile(struct fixture *fixture, const char *text)
{
    diag_clear(&fixture->diag);
    return cel_compile(fixture->arena, text, strlen(text), &fixture->environment,
                       &fixture->warnings, &fixture->diag);
}

/* The result as an expression writes it; "compile: …" or "fails: …" where there is none. */
static inline const char *fixture_eval(struct fixture *fixture, const char *text)
{
    struct cel_program *program = fixture_compile(fixture, text);
    if (!program)
        return arena_printf(fixture->arena, "compile: %s", fixture->diag.text);
    struct value result;
    if (!cel_eval(program, &fixture->input, fixture->arena, &result, &fixture->fault))
        return arena_printf(fixture->arena, "fails: %s", fixture->fault.text);
    struct buf out;
    buf_init(&out, 1 << 20);
    assert_true(cel_print(&out, &result));
    const char *printed = arena_text(fixture->arena, buf_string(&out));
    buf_free(&out);
    return printed;
}

struct fixture_case {
    const char *text, *wanted;
};

/* Evaluates each and compares; says which one differs. */
static inline void fixture_table(const struct fixture_case *cases, size_t count)
{
    struct fixture fixture;
    fixture_start(&fixture);
    for (size_t i = 0; i < count; i++) {
        const char *given = fixture_eval(&fixture, cases[i].text);
        if (strcmp(given, cases[i].wanted) != 0)
            fail_msg("%s\n  gave   %s\n  wanted %s", cases[i].text, given, cases[i].wanted);
    }
    fixture_end(&fixture);
}

#define FIXTURE_TABLE(cases) fixture_table(cases, sizeof cases / sizeof *(cases))

#endif
