/*
 * What the tests of values share: an arena for each test, and values from JSON and back.
 */
#ifndef NUDGED_TESTS_UNIT_VALUE_FIXTURE_H
#define NUDGED_TESTS_UNIT_VALUE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/json.h"

static struct arena *arena;

static int make_arena(void **state)
{
    (void)state;
    arena = arena_new(4096);
    return 0;
}

static int drop_arena(void **state)
{
    (void)state;
    arena_destroy(&arena);
    return 0;
}

static struct value parse(const char *text)
{
    struct value value = value_null();
    struct diag diag;
    if (!json_read(arena, text, strlen(text), &json_event_limits, &value, &diag))
        fail_msg("%s: %s", text, diag.text);
    return value;
}

static const char *print(const struct value *value)
{
    struct buf out;
    buf_init(&out, 1 << 20);
    assert_true(json_print(&out, value));
    const char *text = arena_copy(arena, buf_string(&out), out.length);
    buf_free(&out);
    return text;
}

#endif
