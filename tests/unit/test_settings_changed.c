#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/settings.h"

struct inner {
    const char *host;
    bool on;
};

struct outer {
    const char *name;
    int64_t most;
    int opens;
    struct setting_rate rate;
    struct value names, any;
    struct inner inner;
};

#define ROW(owner, name, kind) .key = #name, .type = kind, .offset = offsetof(struct owner, name)

static const struct setting inner_table[] = {
    {ROW(inner, host, SETTING_TEXT)},
    {ROW(inner, on, SETTING_BOOL), .fallback = "true"},
    {0},
};

static const struct setting table[] = {
    {ROW(outer, name, SETTING_TEXT), .reload = SETTING_RELOAD},
    {ROW(outer, most, SETTING_INT), .fallback = "5"},
    {ROW(outer, opens, SETTING_CLOCK)},
    {ROW(outer, rate, SETTING_RATE)},
    {ROW(outer, names, SETTING_TEXTS)},
    {ROW(outer, any, SETTING_VALUE)},
    {ROW(outer, inner, SETTING_SECTION), .section = inner_table},
    {.key = "later", .planned = true},
    {0},
};

static void read_json(struct arena *arena, const char *text, struct outer *into)
{
    struct value map;
    struct diags diags = {0};
    assert_true(json_read(arena, text, strlen(text), &json_file_limits, &map, NULL));
    assert_true(settings_read(table, &map, NULL, into, arena, &diags));
}

static void test_changed(void **state)
{
    static const struct {
        const char *before, *after, *changed;
    } cases[] = {
        {"{}", "{}", ""},
        {"{}", "{\"most\": 5}", ""},
        {"{}", "{\"name\": \"a reload does it\"}", ""},
        {"{}", "{\"most\": 6, \"opens\": \"09:00\"}", "most, opens"},
        {"{\"rate\": \"3 per 1s\"}", "{\"rate\": \"3 per 2s\"}", "rate"},
        {"{\"names\": [\"a\"]}", "{\"names\": [\"a\"], \"any\": {\"x\": [1]}}", "any"},
        {"{\"any\": {\"x\": [1]}}", "{\"any\": {\"x\": [2]}, \"names\": [\"a\"]}", "names, any"},
        {"{\"inner\": {\"host\": \"a\"}}", "{\"inner\": {\"host\": \"b\", \"on\": false}}",
         "inner.host, inner.on"},
        {"{\"inner\": {\"host\": \"a\"}}", "{}", "inner.host"},
    };
    struct arena *arena = arena_new(4096);
    struct buf out;
    (void)state;
    buf_init(&out, 4096);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct outer before, after;
        read_json(arena, cases[i].before, &before);
        read_json(arena, cases[i].after, &after);
        buf_clear(&out);
        settings_changed(table, &before, &after, &out);
        assert_string_equal(buf_string(&out), cases[i].changed);
    }
    buf_free(&out);
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_changed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
