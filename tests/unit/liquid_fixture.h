/*
 * What the tests of templates share: a template and JSON data to text in one line.
 */
#ifndef NUDGED_TESTS_UNIT_LIQUID_FIXTURE_H
#define NUDGED_TESTS_UNIT_LIQUID_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "liquid/liquid.h"

/* 2024-01-01T00:01:58Z, a Monday. */
enum { FIXTURE_OUTPUT_MOST = 1 << 20 };
static const int64_t fixture_now = INT64_C(1704067318000);

/* Other templates, by name; ends with a row without one. */
struct fixture_partial {
    const char *name, *text;
};

struct fixture {
    struct arena *arena;
    struct buf out;
    struct diag diag;
    struct liquid_options options;
    struct liquid_input input;
    const struct fixture_partial *partials;
};

static inline const struct liquid_template *fixture_find(void *context, const char *name,
                                                         size_t length)
{
    struct fixture *fixture = context;
    const struct fixture_partial *row = fixture->partials;
    for (; row && row->name; row++)
        if (strlen(row->name) == length && memcmp(row->name, name, length) == 0)
            return liquid_parse(fixture->arena, row->name, row->text, strlen(row->text),
                                &fixture->options, &fixture->diag);
    return NULL;
}

static inline int fixture_start(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){.arena = arena_new(4096)};
    fixture.options.find = fixture_find;
    fixture.input.context = &fixture;
    fixture.input.now_ms = fixture_now;
    buf_init(&fixture.out, FIXTURE_OUTPUT_MOST);
    *state = &fixture;
    return 0;
}

static inline int fixture_end(void **state)
{
    struct fixture *fixture = *state;
    buf_free(&fixture->out);
    arena_destroy(&fixture->arena);
    return 0;
}

/* The output, or NULL where parser or render failed: then `diag` says why. */
static inline const char *fixture_render(struct fixture *fixture, const char *text,
                                         const char *json)
{
    struct value *data = arena_alloc(fixture->arena, sizeof *data);
    *data = value_new_map(fixture->arena, 0);
    if (json &&
        !json_read(fixture->arena, json, strlen(json), &json_file_limits, data, &fixture->diag))
        fail_msg("the test's own data: %s", fixture->diag.text);
    fixture->input.data = data;
    buf_clear(&fixture->out);
    diag_clear(&fixture->diag);
    const struct liquid_template *template =
        liquid_parse(fixture->arena, "test", text, strlen(text), &fixture->options, &fixture->diag);
    if (!template ||
        !liquid_render(template, &fixture->input, fixture->arena, &fixture->out, &fixture->diag))
        return NULL;
    return buf_string(&fixture->out);
}

struct fixture_case {
    const char *template, *data, *result; /* `result` NULL: it fails */
};

static inline void fixture_check(struct fixture *fixture, const struct fixture_case *cases,
                                 size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *result = fixture_render(fixture, cases[i].template, cases[i].data);
        if (!result && cases[i].result)
            fail_msg("%s: %s", cases[i].template, fixture->diag.text);
        if (result && !cases[i].result)
            fail_msg("%s: rendered \"%s\"", cases[i].template, result);
        if (result && strcmp(result, cases[i].result) != 0)
            fail_msg("%s: \"%s\", not \"%s\"", cases[i].template, result, cases[i].result);
    }
}

#define FIXTURE_CHECK(fixture, cases) fixture_check(fixture, cases, sizeof cases / sizeof *(cases))
#define FIXTURE_TEST(function)        cmocka_unit_test_setup_teardown(function, fixture_start, fixture_end)

#endif
