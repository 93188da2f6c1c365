#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "web/outside_event.h"

static const char *const paths[] = {"customer.id", "customer.email", NULL};

static bool make(struct arena *arena, const char *json, unsigned rights, bool placed,
                 struct outside_event *event, struct diag *diag)
{
    const struct outside_caller caller = {
        .key_paths = paths, .now_ms = 1772445600000, .rights = rights};
    struct slice text = slice_of(json);
    struct value root;
    diag_clear(diag);
    assert_true(json_read(arena, text.text, text.length, &json_event_limits, &root, diag));
    return outside_event_make(arena, &root, placed ? text : (struct slice){0}, &caller, event,
                              diag);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *json, *code;
        unsigned line, column;
    } cases[] = {
        {"{\"type\":\"x\",\n\"source\":\"nudged\",\"customer\":{\"id\":1}}", "reserved-source", 2,
         10},
        {"{\"type\":\"x\",\"hops\":1,\"customer\":{\"id\":1}}", "reserved-hops", 1, 20},
        {"{\"type\":\"x\",\"hops\":null,\"customer\":{\"id\":1}}", "reserved-hops", 1, 20},
        {"{\"type\":\"message.sent\",\"customer\":{\"id\":1}}", "reserved-type", 1, 9},
        {"{\"type\":\"m\\u0065ssage.sent\",\"customer\":{\"id\":1}}", "reserved-type", 1, 9},
        {"{\"type\":\"customer.unsubscribed\",\"customer\":{\"id\":1}}", "no-right", 1, 9},
        {"{\"type\":\"customer.subscribed\",\"customer\":{\"id\":1}}", "no-right", 1, 9},
        {"{\"type\":\"customer.resubscribed\",\"customer\":{\"id\":1}}", "no-right", 1, 9},
        {"{\"type\":\"customer.erased\",\"customer\":{\"id\":1}}", "no-right", 1, 9},
        {"{\"specversion\":\"1.0\",\"type\":\"x\",\"source\":\"nudged\"}", "reserved-source", 1,
         42},
        {"{\"type\":\"x\"}", "no-customer", 1, 1},
        {"{\"type\":\"x\",\"customer\":{}}", "no-customer", 1, 24},
        {"{\"specversion\":\"1.0\",\"type\":\"x\",\"data\":{\"customer\":7}}", "bad-customer", 1,
         52},
        {"{\"customer\":{\"id\":1}}", "no-type", 1, 1},
        {"{\"type\":\"x\",\"time\":\"soon\",\"customer\":{\"id\":1}}", "bad-time", 1, 20},
        {"[1]", "no-object", 1, 1},
        {"7", "no-object", 1, 1},
    };
    struct arena *arena = arena_new(4096);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct outside_event event;
        struct diag diag;
        assert_false(make(arena, cases[i].json, 0, true, &event, &diag));
        assert_string_equal(diag.code, cases[i].code);
        assert_int_equal(diag.line, cases[i].line);
        assert_int_equal(diag.column, cases[i].column);
        assert_false(make(arena, cases[i].json, 0, false, &event, &diag));
        assert_string_equal(diag.code, cases[i].code);
    }
    arena_destroy(&arena);
}

static void test_rights(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        unsigned right;
    } cases[] = {{"customer.unsubscribed", OUTSIDE_SUBSCRIPTIONS},
                 {"customer.subscribed", OUTSIDE_SUBSCRIPTIONS},
                 {"customer.resubscribed", OUTSIDE_SUBSCRIPTIONS},
                 {"customer.erased", OUTSIDE_ERASURE},
                 {"message.bounced", OUTSIDE_FEEDBACK}};
    struct arena *arena = arena_new(4096);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *json =
            arena_printf(arena, "{\"type\":\"%s\",\"customer\":{\"id\":1}}", cases[i].type);
        struct outside_event event;
        struct diag diag;
        assert_true(make(arena, json, cases[i].right, true, &event, &diag));
        assert_string_equal(event.type, cases[i].type);
        assert_false(make(arena, json, ~cases[i].right, true, &event, &diag));
    }
    arena_destroy(&arena);
}

static void test_taken(void **state)
{
    (void)state;
    static const char json[] = "{ \"type\": \"order.placed\", \"id\": 7,\n"
                               "  \"customer\": {\"id\": 1}, \"total\": 64.90 }";
    struct arena *arena = arena_new(4096);
    struct outside_event event;
    struct diag diag;
    assert_true(make(arena, json, 0, true, &event, &diag));
    assert_string_equal(event.type, "order.placed");
    assert_string_equal(event.id, "7");
    assert_true(
        slice_is(event.json,
                 "{\"type\":\"order.placed\",\"id\":7,\"customer\":{\"id\":1},\"total\":64.90}"));
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_rights),
        cmocka_unit_test(test_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
