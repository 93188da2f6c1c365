/* Events that were dead letters, as they are pushed again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/event_again.h"
#include "customer/shop_event.h"

/* 2026-03-02T10:00:00Z */
enum { LETTER_S = 1772445600 };

static void test_events(void **state)
{
    static const struct {
        const char *body, *again; /* NULL: the same */
    } rows[] = {
        {"no json", NULL},
        {"[1]", NULL},
        {"{\"type\":\"x\",\"time\":\"2026-01-01T00:00:00Z\"}", NULL},
        {"{\"type\":\"x\",\"id\":7}",
         "{\"type\":\"x\",\"id\":7,\"time\":\"2026-03-02T10:00:00Z\"}"},
        {"{\"type\":\"x\",\"time\":null}", "{\"type\":\"x\",\"time\":\"2026-03-02T10:00:00Z\"}"},
        /* What could be read, and not be decided, has its data apart. */
        {"{\"type\":\"x\",\"id\":\"1\",\"source\":\"s\",\"time\":\"2026-01-01T00:00:00Z\",\"data\":"
         "{"
         "\"customer\":{\"id\":1}},\"hops\":2}",
         "{\"type\":\"x\",\"id\":\"1\",\"source\":\"s\",\"time\":\"2026-01-01T00:00:00Z\",\"data\":"
         "{"
         "\"customer\":{\"id\":1}},\"hops\":2,\"specversion\":\"1.0\"}"},
        /* A shop's own `data`, in the short form. */
        {"{\"type\":\"x\",\"data\":{\"a\":1},\"time\":\"2026-01-01T00:00:00Z\"}", NULL},
    };
    struct arena *arena = arena_new(4096);
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct slice again =
            event_again(arena, (int64_t)LETTER_S * 1000, slice_of(rows[i].body));
        assert_string_equal(arena_copy(arena, again.text, again.length),
                            rows[i].again ? rows[i].again : rows[i].body);
    }
    arena_destroy(&arena);
}

/* It is the same event: of the same customer, with the same id, time and data. */
static void test_same(void **state)
{
    static const char *const paths[] = {"customer.id", NULL};
    static const char pushed[] = "{\"type\":\"x\",\"id\":\"1\",\"time\":\"2026-01-01T00:00:00Z\","
                                 "\"customer\":{\"id\":1},\"data\":{\"a\":1}}";
    static const char kept[] =
        "{\"type\":\"x\",\"id\":\"1\",\"source\":\"\",\"time\":"
        "\"2026-01-01T00:00:00Z\",\"data\":{\"customer\":{\"id\":1},\"data\":{"
        "\"a\":1}}}";
    const struct shop_event_form form = {.key_paths = paths};
    struct arena *arena = arena_new(4096);
    struct shop_event first, second;
    struct diag diag;
    (void)state;
    const struct slice again = event_again(arena, 1, slice_of(kept));
    assert_true(
        shop_event_read(arena, pushed, strlen(pushed), "1772445600000-0", &form, &first, &diag));
    assert_true(
        shop_event_read(arena, again.text, again.length, "1772445700000-0", &form, &second, &diag));
    assert_string_equal(first.identity, second.identity);
    assert_string_equal(first.key, second.key);
    assert_true(value_equal(&first.data, &second.data));
    assert_int_equal(first.time_ms, second.time_ms);
    arena_destroy(&arena);
}

static void test_whole(void **state)
{
    (void)state;
    assert_true(event_again_is_whole("json-syntax"));
    assert_false(event_again_is_whole("json-size"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_events), cmocka_unit_test(test_same),
                                       cmocka_unit_test(test_whole)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
