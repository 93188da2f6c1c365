#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/json_shape.h"
#include "customer/shop_event.h"

static const char *const paths[] = {"customer.id", "customer.email", NULL};
static const struct shop_event_form form = {
    .key_paths = paths, .skew_ms = 300000, .zone = "Europe/Helsinki"};
static const char entry[] = "1772445600000-3"; /* 2026-03-02T10:00:00Z */

/* Whoever knows its shape reads the same. */
static void check_shape(struct arena *arena, const char *json, const struct shop_event *event,
                        const struct diag *diag, bool good)
{
    struct shop_event_form known = form;
    known.shapes = json_shapes_new(&json_event_limits);
    for (int i = 0; i < 3; i++) {
        struct shop_event other;
        struct diag fault = {0};
        assert_int_equal(shop_event_read(arena, json, strlen(json), entry, &known, &other, &fault),
                         good);
        assert_string_equal(fault.code, diag->code);
        assert_int_equal(fault.column, diag->column);
        if (!good)
            continue;
        assert_string_equal(other.identity, event->identity);
        assert_string_equal(other.content, event->content);
        assert_string_equal(json_print_slice(arena, &other.document, 1 << 20).text,
                            json_print_slice(arena, &event->document, 1 << 20).text);
        assert_string_equal(json_print_slice(arena, &other.customer, 1 << 20).text,
                            json_print_slice(arena, &event->customer, 1 << 20).text);
        assert_int_equal(other.key_count, event->key_count);
        for (uint32_t key = 0; key < event->key_count; key++) {
            assert_string_equal(other.keys[key].text, event->keys[key].text);
            assert_int_equal(other.keys[key].hash, event->keys[key].hash);
            assert_int_equal(other.keys[key].is_id, event->keys[key].is_id);
        }
        assert_true(other.time_ms == event->time_ms && other.hops == event->hops);
    }
    json_shapes_destroy(&known.shapes);
}

static bool read_event(struct arena *arena, const char *json, struct shop_event *event,
                       struct diag *diag)
{
    diag_clear(diag);
    bool good = shop_event_read(arena, json, strlen(json), entry, &form, event, diag);
    check_shape(arena, json, event, diag, good);
    return good;
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
        {"{\"type\":\"x\",\"time\":-5,\"customer\":{\"id\":1}}", "bad-time"},
        {"{\"type\":\"x\",\"time\":true,\"customer\":{\"id\":1}}", "bad-time"},
        {"{\"type\":\"x\",\"time\":1772445599000000,\"customer\":{\"id\":1}}", "bad-time"},
        {"{\"specversion\":\"1.0\",\"type\":\"x\",\"data\":[]}", "bad-data"},
        {"{\"type\":\"x\",\"hops\":-1,\"customer\":{\"id\":1}}", "bad-hops"},
        {"{\"type\":\"x\",\"hops\":9,\"customer\":{\"id\":1}}", "loop"},
        {"{\"type\":\"x\",\"hops\":1.5,\"customer\":{\"id\":1}}", "bad-hops"},
        {"{\"type\":\"x\",\"hops\":\"1\",\"customer\":{\"id\":1}}", "bad-hops"},
        {"{\"type\":\"\\nab\",\"customer\":{\"id\":1}}", "bad-type"},
        {"{\"type\":\"a\\u007f\",\"customer\":{\"id\":1}}", "bad-type"},
        {"{\"type\":\"x\",\"source\":7,\"customer\":{\"id\":1}}", "bad-source"},
        {"{\"type\":\"x\",\"id\":1.5,\"customer\":{\"id\":1}}", "bad-id"},
        {"{\"type\":\"x\",\"customer\":{\"id\":7.5}}", "no-customer"},
        {"{\"type\":\"x\",\"customer\":{\"id\":1e17}}", "no-customer"}, /* perhaps rounded */
        {"{\"type\":\"x\",\"customer\":{\"id\":{\"a\":1}}}", "no-customer"},
        {"{\"type\":\"x\",\"customer\":{\"id\":[7]}}", "no-customer"},
        {"{\"type\":\"x\",\"customer\":{\"id\":\"a\\u0000b\"}}", "no-customer"},
        {"{\"type\":\"x\",\"customer\":{\"id\":\"a\\nb\"}}", "no-customer"},
        {"{\"type\":\"x\",\"source\":\"nudged\",\"customer\":{\"key\":7}}", "no-customer"},
        {"{\"type\":\"x\",\"source\":\"shop\",\"customer\":{\"key\":\"id:7\"}}", "no-customer"},
        {"{\"type\":\"x\",\"customer\":null}", "no-customer"},
        {"{\"type\":\"x\",\"type\":\"y\",\"customer\":{\"id\":1}}", "json-duplicate"},
    };
    struct arena *arena = arena_new(4096);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct shop_event event;
        struct diag diag;
        assert_false(read_event(arena, cases[i].json, &event, &diag));
        assert_string_equal(diag.code, cases[i].code);
        assert_true(diag.text[0]);
        if (strcmp(diag.code, "bad-id") == 0)
            assert_non_null(strstr(diag.text, "a text or a whole number, of at most 256 bytes"));
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
        {"{\"id\":0}", "id:0"},
        {"{\"id\":-0}", "id:0"},
        {"{\"id\":-7}", "id:-7"},
        /* As languages write it that have one kind of number; and past 64 bits. */
        {"{\"id\":7.0}", "id:7"},
        {"{\"id\":-0.0}", "id:0"},
        {"{\"id\":70e-1}", "id:7"},
        {"{\"id\":9007199254740992.0}", "id:9007199254740992"},
        {"{\"id\":12345678901234567890}", "id:12345678901234567890"},
        {"{\"id\":-123456789012345678901234567890}", "id:-123456789012345678901234567890"},
        {"{\"id\":\"07\"}", "id:07"},
        {"{\"id\":\"Ana:7 \"}", "id:Ana:7 "}, /* the letter case of ids counts */
        {"{\"email\":\"AZ@[Z].Example\"}", "email:az@[z].example"},
        {"{\"email\":\" Ș@Example.com\\n\"}", "email:ș@example.com"},
        /* What cannot be a key is none, and the next is taken. */
        {"{\"id\":\"\",\"email\":\"a@b.example\"}", "email:a@b.example"},
        {"{\"id\":true,\"email\":\"a@b.example\"}", "email:a@b.example"},
        {"{\"id\":7.5,\"email\":\"a@b.example\"}", "email:a@b.example"},
        {"{\"id\":9007199254740993.5,\"email\":\"a@b.example\"}", "email:a@b.example"},
        {"{\"id\":1e17,\"email\":\"a@b.example\"}", "email:a@b.example"},
        {"{\"id\":{},\"email\":\"a@b.example\"}", "email:a@b.example"},
        {"{\"id\":\"a\\tb\",\"email\":\"a@b.example\"}", "email:a@b.example"},
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

/* The longest of each attribute is taken, one byte more is not. */
static void test_lengths(void **state)
{
    (void)state;
    static const struct {
        const char *form;
        int most;
        const char *code;
    } cases[] = {
        {"{\"type\":\"%s\",\"customer\":{\"id\":7}}", SHOP_EVENT_TYPE_MOST, "bad-type"},
        {"{\"type\":\"x\",\"id\":\"%s\",\"customer\":{\"id\":7}}", SHOP_EVENT_ID_MOST, "bad-id"},
        {"{\"type\":\"x\",\"id\":\"1\",\"source\":\"%s\",\"customer\":{\"id\":7}}",
         SHOP_EVENT_ID_MOST, "bad-source"},
        {"{\"type\":\"x\",\"customer\":{\"id\":\"%s\"}}", CUSTOMER_KEY_VALUE_MOST, "no-customer"},
    };
    struct arena *arena = arena_new(4096);
    char text[SHOP_EVENT_ID_MOST + CUSTOMER_KEY_VALUE_MOST];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct shop_event event;
        struct diag diag;
        memset(text, 'a', sizeof text);
        text[cases[i].most] = '\0';
        assert_true(read_event(arena, arena_printf(arena, cases[i].form, text), &event, &diag));
        text[cases[i].most] = 'a';
        text[cases[i].most + 1] = '\0';
        assert_false(read_event(arena, arena_printf(arena, cases[i].form, text), &event, &diag));
        assert_string_equal(diag.code, cases[i].code);
    }
    /* The two longest together. */
    struct shop_event event;
    struct diag diag;
    memset(text, 'a', sizeof text);
    text[SHOP_EVENT_ID_MOST] = '\0';
    assert_true(read_event(
        arena,
        arena_printf(arena,
                     "{\"type\":\"x\",\"id\":\"%s\",\"source\":\"%s\",\"customer\":{\"id\":7}}",
                     text, text),
        &event, &diag));
    arena_destroy(&arena);
}

static void read_marked(struct arena *arena, const char *own, bool former, const char *json,
                        struct shop_event *event)
{
    struct diag diag;
    struct shop_event_form marked = form;
    marked.own = own;
    marked.former = former;
    assert_true(
        shop_event_read(arena, json, strlen(json), "1772445600000-0", &marked, event, &diag));
}

/* nudged's own events name their customer by the key, and say nothing of it; they are known by what
 * only its scripts write. */
static void test_internal(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    struct shop_event event;
    static const char failed[] = "{\"type\":\"message.failed\",\"source\":\"nudged\",\"hops\":8,"
                                 "\"customer\":{\"key\":\"email:a@b.example\",\"id\":7}}";
    static const struct {
        const char *own;
        bool former, internal;
        const char *key;
    } rows[] = {{"", false, true, "email:a@b.example"},
                {"id:9", false, true, "id:9"},           /* where it leads by now */
                {NULL, true, true, "email:a@b.example"}, /* as a former program wrote it */
                {NULL, false, false, "id:7"}};           /* a shop that says so of itself */
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        read_marked(arena, rows[i].own, rows[i].former, failed, &event);
        assert_string_equal(event.key, rows[i].key);
        assert_int_equal(event.internal, rows[i].internal);
        assert_int_equal(event.customer.kind, rows[i].internal ? VALUE_NULL : VALUE_MAP);
        assert_int_equal(event.hops, 8);
    }
    read_marked(arena, NULL, true,
                "{\"type\":\"y\",\"source\":\"nudged\",\"hops\":0,\"customer\":{\"id\":7}}",
                &event);
    assert_string_equal(event.key, "id:7");
    assert_int_equal(event.customer.kind, VALUE_MAP);
    arena_destroy(&arena);
}

static void test_subject(void **state)
{
    (void)state;
    static const char *const with_subject[] = {"customer.id", "subject", NULL};
    const struct shop_event_form by_subject = {.key_paths = with_subject, .skew_ms = 300000};
    static const char json[] =
        "{\"type\":\"x\",\"subject\":\"s1\",\"customer\":{\"email\":\"a@b.example\"}}";
    struct arena *arena = arena_new(4096);
    struct shop_event event;
    struct diag diag = {0};
    assert_true(shop_event_read(arena, json, strlen(json), entry, &by_subject, &event, &diag));
    assert_string_equal(event.key, "subject:s1");
    assert_true(read_event(arena, json, &event, &diag));
    assert_string_equal(event.key, "email:a@b.example");
    arena_destroy(&arena);
}

/* By the places that the configuration names. */
static void test_no_customer(void **state)
{
    (void)state;
    static const struct {
        const char *paths[4], *text;
    } cases[] = {
        {{"customer.id", "customer.email"},
         "no customer: neither `customer.id` nor `customer.email` is there"},
        {{"customer.mail"}, "no customer: `customer.mail` is not there"},
        {{"customer.id", "subject", "customer.phone"},
         "no customer: neither `customer.id` nor `subject` nor `customer.phone` is there"},
    };
    struct arena *arena = arena_new(4096);
    static const char json[] = "{\"type\":\"x\",\"customer\":{\"name\":\"a\"}}";
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct shop_event_form keyed = {.key_paths = cases[i].paths, .skew_ms = 300000};
        struct shop_event event;
        struct diag diag = {0};
        assert_false(shop_event_read(arena, json, strlen(json), entry, &keyed, &event, &diag));
        assert_string_equal(diag.text, cases[i].text);
        assert_string_equal(diag.code, "no-customer");
    }
    arena_destroy(&arena);
}

static void test_arrival(void **state)
{
    (void)state;
    static const struct {
        const char *entry;
        int64_t ms;
    } cases[] = {
        {"1772445600000-3", 1772445600000},
        {"0-1", 0},
        {"", 0},
        {"x", 0},
        {"253402300799998-0", 253402300799998},
        {"253402300799999-0", 253402300799999},
        {"253402300800000-0", 253402300799999},
        {"18446744073709551615-1", 253402300799999},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(shop_event_arrival(cases[i].entry), cases[i].ms);
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
    assert_true(value_is_text(value_get(&event.document, "type"), "order.placed"));
    assert_true(value_is_text(value_get(&event.document, "id"), "12"));
    assert_true(value_is_text(value_get(&event.document, "source"), "shop"));
    assert_true(value_is_text(value_get(&event.document, "time"), "2026-03-02T10:00:00Z"));
    assert_true(value_equal(value_get(&event.document, "data"), &event.data));
    assert_true(
        read_event(arena, "{\"order\":1,\"type\":\"x\",\"customer\":{\"id\":7}}", &event, &diag));
    assert_non_null(value_get(&event.data, "order")); /* the first member too */
    /* Data of null are none; and then there is no customer. */
    assert_false(
        read_event(arena, "{\"specversion\":\"1.0\",\"type\":\"x\",\"data\":null}", &event, &diag));
    assert_string_equal(diag.code, "no-customer");

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
        const char *seen; /* by conditions */
    } cases[] = {
        {"\"2026-03-02T11:59:59+02:00\"", 1772445599000, "2026-03-02T09:59:59Z"},
        {"\"2026-03-02T11:59:59+0200\"", 1772445599000, "2026-03-02T09:59:59Z"},
        /* Without a zone it is the shop's, also as databases write it. */
        {"\"2026-03-02T11:59:59\"", 1772445599000, "2026-03-02T09:59:59Z"},
        {"\"2026-03-02 11:59:59.25\"", 1772445599250, "2026-03-02T09:59:59.250Z"},
        {"1772445599", 1772445599000, "2026-03-02T09:59:59Z"},
        {"1772445599.25", 1772445599250, "2026-03-02T09:59:59.250Z"},
        {"1772445599250", 1772445599250, "2026-03-02T09:59:59.250Z"},
        /* Ahead within the skew: no newer than its arrival all the same. */
        {"\"2026-03-02T10:05:00Z\"", 1772445600000, "2026-03-02T10:05:00Z"},
        {"\"2026-03-02T10:05:01Z\"", 1772445600000, "2026-03-02T10:00:00Z"}, /* past it */
        {"\"2020-01-01T00:00:00Z\"", 1577836800000, "2020-01-01T00:00:00Z"},
    };
    struct arena *arena = arena_new(4096);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct shop_event event;
        struct diag diag;
        const char *json = arena_printf(
            arena, "{\"type\":\"x\",\"time\":%s,\"customer\":{\"id\":7}}", cases[i].time);
        assert_true(read_event(arena, json, &event, &diag));
        assert_int_equal(event.time_ms, cases[i].ms);
        assert_true(value_is_text(value_get(&event.document, "time"), cases[i].seen));
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
    read_event(arena, "{\"type\":\"x\",\"id\":1.0,\"customer\":{\"id\":7}}", &b, &diag);
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

/* The document alone is that of the whole. */
static void test_document(void **state)
{
    static const char *const texts[] = {
        "{\"type\":\"x\",\"id\":5,\"source\":\"s\",\"time\":\"2026-03-02T10:00:09Z\",\"hops\":2,"
        "\"customer\":{\"id\":1},\"cart\":{\"total\":2}}",
        "{\"specversion\":\"1.0\",\"type\":\"x\",\"time\":1772445540,\"data\":{\"customer\":"
        "{\"email\":\"a@b.example\"}}}"};
    struct arena *arena = arena_new(4096);
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct shop_event event;
        struct diag diag;
        assert_true(read_event(arena, texts[i], &event, &diag));
        const struct value alone =
            shop_event_document(arena, texts[i], strlen(texts[i]), entry, &form);
        assert_true(value_equal(&alone, &event.document));
    }
    assert_int_equal(shop_event_document(arena, "{}", 2, entry, &form).kind, VALUE_NULL);
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lengths),  cmocka_unit_test(test_internal),
        cmocka_unit_test(test_subject),  cmocka_unit_test(test_no_customer),
        cmocka_unit_test(test_arrival),  cmocka_unit_test(test_refused),
        cmocka_unit_test(test_keys),     cmocka_unit_test(test_forms),
        cmocka_unit_test(test_times),    cmocka_unit_test(test_identity),
        cmocka_unit_test(test_document),
    };
    return cmocka_run_group_tests_name("shop_event", tests, NULL, NULL);
}
