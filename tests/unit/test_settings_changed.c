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
    struct value names, any, parts;
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
    {ROW(outer, parts, SETTING_VALUE), .reload = SETTING_BY_PART},
    {ROW(outer, inner, SETTING_SECTION), .section = inner_table},
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
        {"{\"parts\": {\"a\": 1}}", "{\"parts\": {\"a\": 2}}", ""},
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
        settings_changed(table, "", &before, &after, &out);
        assert_string_equal(buf_string(&out), cases[i].changed);
    }
    buf_free(&out);
    arena_destroy(&arena);
}

static void test_changed_with_a_prefix(void **state)
{
    struct arena *arena = arena_new(4096);
    struct outer before, after;
    struct buf out;
    (void)state;
    buf_init(&out, 4096);
    read_json(arena, "{}", &before);
    read_json(arena, "{\"most\": 6, \"inner\": {\"host\": \"b\"}}", &after);
    buf_text(&out, "drain");
    settings_changed(table, "pool.", &before, &after, &out);
    assert_string_equal(buf_string(&out), "drain, pool.most, pool.inner.host");
    buf_free(&out);
    arena_destroy(&arena);
}

/* Every type of field goes back to what it was, but for what a reload changes. */
static void test_keep(void **state)
{
    static const char first[] =
        "{\"name\": \"a\", \"most\": 1, \"opens\": \"09:00\", \"rate\": \"1 per 1s\", "
        "\"names\": [\"a\"], \"any\": 1, \"parts\": 1, \"inner\": {\"host\": \"a\", \"on\": "
        "false}}";
    static const char second[] =
        "{\"name\": \"b\", \"most\": 2, \"opens\": \"10:00\", \"rate\": \"2 per 2s\", "
        "\"names\": [\"b\"], \"any\": 2, \"parts\": 2, \"inner\": {\"host\": \"b\", \"on\": true}}";
    struct arena *arena = arena_new(4096);
    struct outer before, after;
    (void)state;
    read_json(arena, first, &before);
    read_json(arena, second, &after);
    settings_keep(table, &before, &after);
    assert_string_equal(after.name, "b");
    assert_int_equal(after.parts.integer, 2);
    assert_int_equal(after.most, 1);
    assert_int_equal(after.opens, 9 * 60);
    assert_int_equal(after.rate.count, 1);
    assert_int_equal(after.rate.per_ms, 1000);
    assert_true(value_equal(&after.names, &before.names));
    assert_int_equal(after.any.integer, 1);
    assert_string_equal(after.inner.host, "a");
    assert_false(after.inner.on);
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_changed),
                                       cmocka_unit_test(test_changed_with_a_prefix),
                                       cmocka_unit_test(test_keep)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
