#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/shop_event.h"

static const char *const paths[] = {"customer.id", "customer.email", NULL};
static const struct shop_event_form form = {.key_paths = paths, .skew_ms = 300000};
static const char entry[] = "1772445600000-3"; /* 2026-03-02T10:00:00Z */

static bool read_event(struct arena *arena, const char *json, struct shop_event *event,
                       struct diag *diag)
{
    diag_clear(diag);
    return shop_event_read(arena, json, strlen(json), entry, &form, event, diag);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *json, *code;
    } cases[] = {
        {"{", "json-syntax"},
        {"[1]", "no-object"},
        {"{\"customer\":{\"id\":1}}", "no-type"},
        {"{\"type\":\"\",\"customer\":{\"id\":1}}", "no-type"},
        {"{\"type\":7,\"customer\":{\"id\":1}}", "bad-type"},
        {"{\"type\":\"a\\nb\",\"customer\":{\"id\":1}}", "bad-type"},
        {"{\"type\":\"x\"}", "no-customer"},
        {"{\"type\":\"x\",\"customer\":{}}", "no-customer"},
        {"{\"type\":\"x\",\"customer\":{\"id\":\"\"}}", "no-customer"},
        {"{\"type\":\"x\",\"customer\":{\"id\":true}}", "no-customer"},
        {"{\"type\":\"x\",\"customer\":7}", "bad-customer"},
        {"{\"type\":\"x\",\"id\":[],\"customer\":{\"id\":1}}", "bad-id"},
        {"{\"type\":\"x\",\"time\":\"yesterday\",\"customer\":{\"id\":1}}", "bad-time"},
        {"{\"type\":\"x\",\"time\":5,\"customer\":{\"id\":1}}", "bad-time"},
        {"{\"specversion\":\"1.0\",\"type\":\"x\",\"data\":[]}", "bad-data"},
        {"{\"type\":\"x\",\"hops\":-1,\"customer\":{\"id\":1}}", "bad-hops"},
        {"{\"type\":\"x\",\"hops\":9,\"customer\":{\"id\":1}}", "loop"},
        {"{\"type\":\"x\",\"type\":\"y\",\"customer\":{\"id\":1}}", "json-duplicate"},
    };
    struct arena *arena = arena_new(4096);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct shop_event event;
        struct diag diag;
        assert_false(read_event(arena, cases[i].json, &event, &diag));
        assert_string_equal(diag.code, cases[i].code);
        assert_true(diag.text[0]);
    }
    arena_destroy(&arena);
}

static void test_keys(void **state)
{
    (void)state;
    static const struct {
        const char *customer, *key;
    } cases[] = {
        {"{\"id\":7}", "id:7"},
        {"{\"id\":\"7\"}", "id:7"},
        {"{\"id\":9007199254740993}", "id:9007199254740993"},
        {"{\"email\":\"Ana@Example.com\"}", "email:ana@example.com"},
        {"{\"id\":null,\"email\":\"a@b.example\"}", "email:a@b.example"},
        {"{\"email\":\"a@b.example\",\"id\":\"x\"}", "id:x"},
    };
    struct arena *arena = arena_new(4096);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct shop_event event;
        struct diag diag;
        const char *json =
            arena_printf(arena, "{\"type\":\"x\",\"customer\":%s}", cases[i].customer);
        assert_true(read_event(arena, json, &event, &diag));
        assert_string_equal(event.key, cases[i].key);
    }
    arena_destroy(&arena);
}

static void test_forms(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    struct shop_event event;
    struct diag diag;
    assert_true(
        read_event(arena,
                   "{\"type\":\"order.placed\",\"id\":12,\"source\":\"shop\",\"subject\":\"s\","
                   "\"order\":{\"total\":129.90},\"customer\":{\"id\":7}}",
                   &event, &diag));
    assert_string_equal(event.id, "12");
    assert_int_equal(value_count(&event.data), 2);
    assert_non_null(value_path(&event.data, "order.total"));
    assert_true(value_is_text(value_get(&event.document, "time"), "2026-03-02T10:00:00Z"));

    assert_true(read_event(arena,
                           "{\"specversion\":\"1.0\",\"type\":\"order.placed\",\"id\":\"12\","
                           "\"source\":\"shop\",\"extra\":1,"
                           "\"data\":{\"order\":{\"total\":1},\"customer\":{\"id\":7}}}",
                           &event, &diag));
    assert_int_equal(value_count(&event.data), 2);
    assert_null(value_get(&event.data, "extra"));
    arena_destroy(&arena);
}

static void test_times(void **state)
{
    (void)state;
    static const struct {
        const char *time;
        int64_t ms;
    } cases[] = {
        {"2026-03-02T11:59:59+02:00", 1772445599000},
        {"2026-03-02T10:05:00Z", 1772445900000}, /* ahead within the skew */
        {"2026-03-02T10:05:01Z", 1772445600000}, /* past it: counts as arrival */
        {"2020-01-01T00:00:00Z", 1577836800000},
    };
    struct arena *arena = arena_new(4096);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct shop_event event;
        struct diag diag;
        const char *json = arena_printf(
            arena, "{\"type\":\"x\",\"time\":\"%s\",\"customer\":{\"id\":7}}", cases[i].time);
        assert_true(read_event(arena, json, &event, &diag));
        assert_int_equal(event.time_ms, cases[i].ms);
    }
    arena_destroy(&arena);
}

static void test_identity(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    struct shop_event a, b;
    struct diag diag;
    read_event(arena, "{\"type\":\"x\",\"id\":\"1\",\"customer\":{\"id\":7}}", &a, &diag);
    read_event(arena, "{\"type\":\"y\",\"id\":\"1\",\"customer\":{\"id\":8}}", &b, &diag);
    assert_string_equal(a.identity, b.identity);
    read_event(arena, "{\"type\":\"x\",\"id\":\"1\",\"source\":\"s\",\"customer\":{\"id\":7}}", &b,
               &diag);
    assert_string_not_equal(a.identity, b.identity);
    read_event(arena, "{\"type\":\"x\",\"customer\":{\"id\":7}}", &a, &diag);
    read_event(arena, "{\"type\":\"x\", \"customer\":{\"id\":7}}", &b, &diag);
    assert_string_not_equal(a.identity, b.identity);
    assert_string_not_equal(a.identity, a.origin);
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),  cmocka_unit_test(test_keys),
        cmocka_unit_test(test_forms),    cmocka_unit_test(test_times),
        cmocka_unit_test(test_identity),
    };
    return cmocka_run_group_tests_name("shop_event", tests, NULL, NULL);
}
