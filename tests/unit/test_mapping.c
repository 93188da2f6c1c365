/* Mappings of webhooks: what a row makes of a delivery, and what it leaves out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "web/mapping.h"
#include "web/mapping_file.h"

#define COUNT(array) (sizeof array / sizeof *(array))
#define HEAD         "verify: {scheme: bearer}\ntypes: [t, u, order.placed]\ntopic: body.k\ntopics:\n"

struct desk {
    struct arena *arena;
    struct mapping_result result;
    struct diag diag;
};

static int open_desk(void **state)
{
    struct desk *desk = calloc(1, sizeof *desk);
    desk->arena = arena_new(4096);
    *state = desk;
    return 0;
}

static int close_desk(void **state)
{
    struct desk *desk = *state;
    arena_destroy(&desk->arena);
    free(desk);
    return 0;
}

static const struct mapping *read(struct desk *desk, const char *text)
{
    struct diags diags = {0};
    const struct mapping *mapping =
        mapping_read(desk->arena, "own", "own.yaml", text, strlen(text), &diags);
    if (!mapping)
        fail_msg("%s%s", text, diags.items[0].text);
    diags_free(&diags);
    return mapping;
}

static bool apply(struct desk *desk, const char *text, const char *body)
{
    struct hook_delivery delivery = {.body = slice_of(body),
                                     .headers = value_new_map(desk->arena, 1),
                                     .query = value_new_map(desk->arena, 1),
                                     .received_ms = 1700000000123};
    value_set(desk->arena, delivery.headers, "x-id", value_text("d1"));
    value_set(desk->arena, delivery.query, "shop", value_text("s"));
    return mapping_apply(read(desk, text), &delivery, desk->arena, &desk->result, &desk->diag);
}

/* All events as one JSON text, without ids that are hashes. */
static const char *made(struct desk *desk, const char *rows, const char *body)
{
    struct value list = value_new_list(desk->arena, 4);
    assert_true(apply(desk, arena_printf(desk->arena, HEAD "%s", rows), body));
    for (uint32_t i = 0; i < desk->result.count; i++) {
        struct value event = desk->result.events[i].event;
        if (value_get(&event, "id")->length >= 32)
            value_remove(event, "id");
        value_remove(event, "source");
        value_push(desk->arena, list, event);
    }
    return json_print_slice(desk->arena, &list, 65536).text;
}

static void rows(void **state)
{
    static const struct {
        const char *rows, *body, *made;
    } cases[] = {
        {"  a: {type: t, customer: {id: body.c}}", "{\"k\": \"a\", \"c\": 7}",
         "[{\"type\":\"t\",\"customer\":{\"id\":7}}]"},
        {"  t: {customer: {id: body.c}}", "{\"k\": \"t\", \"c\": 7}",
         "[{\"type\":\"t\",\"customer\":{\"id\":7}}]"},
        {"  a: {type: t}", "{\"k\": \"b\"}", "[]"},
        {"  \"*\": {}", "{\"k\": \"u\"}", "[{\"type\":\"u\"}]"},
        {"  \"*\": {}", "{\"k\": \"secret\"}", "[]"},
        {"  \"*\": {}", "{\"k\": \"message.sent\"}", "[]"},
        {"  \"*\": {type: u}\n  a: {type: t}", "{\"k\": \"a\"}", "[{\"type\":\"t\"}]"},
        {"  a: [{type: t}, {type: u, if: body.x}]", "{\"k\": \"a\", \"x\": true}",
         "[{\"type\":\"t\"},{\"type\":\"u\"}]"},
        {"  a: [{type: t}, {type: u, if: body.x}]", "{\"k\": \"a\", \"x\": 1}",
         "[{\"type\":\"t\"}]"},
        {"  a: [{type: t}, {type: u, if: body.x}]", "{\"k\": \"a\"}", "[{\"type\":\"t\"}]"},
        /* what is null, is not there or fails is left out */
        {"  a: {type: t, customer: {id: body.i, n: body.n, x: body.x.y, o: body.?o}}",
         "{\"k\": \"a\", \"i\": \"7\", \"n\": null}",
         "[{\"type\":\"t\",\"customer\":{\"id\":\"7\"}}]"},
        {"  a: {type: t, data: {a: {b: body.x}}}", "{\"k\": \"a\"}", "[{\"type\":\"t\"}]"},
        {"  a: {type: t, data: {a: {b: '[body.?x, body.?k]'}}}", "{\"k\": \"a\"}",
         "[{\"type\":\"t\",\"a\":{\"b\":[\"a\"]}}]"},
        /* of several the first that gives something */
        {"  a: {type: t, data: {v: [body.x, body.y, body.z, body.w]}}",
         "{\"k\": \"a\", \"x\": null, \"y\": \"\", \"z\": 0}", "[{\"type\":\"t\",\"v\":0}]"},
        /* the event's own attributes are no data */
        {"  a: {type: t, data: body}", "{\"k\": \"a\", \"type\": \"u\", \"hops\": 3, \"id\": 9}",
         "[{\"type\":\"t\",\"k\":\"a\"}]"},
        {"  a: {type: t, data: {s: 'decimal(\"1.50\") * 2', q: query.shop, r: received, n: 7}}",
         "{\"k\": \"a\"}",
         "[{\"type\":\"t\",\"s\":\"3.00\",\"q\":\"s\",\"r\":\"2023-11-14T22:13:20.123Z\",\"n\":7}"
         "]"},
        {"  a: {type: t, data: {j: json(body.t).x}}", "{\"k\": \"a\", \"t\": \"{\\\"x\\\": [1]}\"}",
         "[{\"type\":\"t\",\"j\":[1]}]"},
        {"  a: {type: t, data: {j: json(body.t).x}}", "{\"k\": \"a\", \"t\": \"{\"}",
         "[{\"type\":\"t\"}]"},
        {"  a: {type: t, id: 'header(\"X-ID\")'}", "{\"k\": \"a\", \"id\": \"mine\"}",
         "[{\"type\":\"t\",\"id\":\"d1\"}]"},
        /* two events of a delivery never share one */
        {"  a: [{type: t, id: 'headers[\"x-id\"]'}, {type: u, id: '\"d1\"'}]", "{\"k\": \"a\"}",
         "[{\"type\":\"t\",\"id\":\"d1\"},{\"type\":\"u\",\"id\":\"d1#2\"}]"},
    };
    struct desk *desk = *state;
    for (size_t i = 0; i < COUNT(cases); i++)
        if (strcmp(made(desk, cases[i].rows, cases[i].body), cases[i].made) != 0)
            fail_msg("%s\n%s\n%s", cases[i].rows, cases[i].body,
                     made(desk, cases[i].rows, cases[i].body));
}

static void items(void **state)
{
    static const char text[] =
        "verify: {scheme: bearer}\ntypes: [t]\neach: body.all\ntopic: item.k\n"
        "topics: {a: {type: t, data: {v: item.v}}}\n";
    struct desk *desk = *state;
    assert_true(apply(desk, text,
                      "{\"all\": [{\"k\": \"a\", \"v\": 1}, {\"k\": \"b\"}, 7, {\"k\": 8},"
                      " {\"k\": \"a\", \"v\": 2}]}"));
    assert_int_equal(desk->result.count, 2);
    assert_int_equal(desk->result.unknown, 3); /* one bad item spoils no other */
    assert_string_not_equal(
        value_to_text(desk->arena, value_get(&desk->result.events[0].event, "id")),
        value_to_text(desk->arena, value_get(&desk->result.events[1].event, "id")));
    assert_false(apply(desk, text, "{\"all\": 7}"));
    assert_string_equal(desk->diag.code, "no-items");
    assert_false(apply(desk, text, "{}"));
    assert_true(apply(desk, text, "{\"all\": []}"));
    assert_int_equal(desk->result.count, 0);
}

/* Of a body with so many items, of a mapping that looks at all of them for each. */
static bool apply_costly(struct desk *desk, int items)
{
    static const char text[] =
        "verify: {scheme: bearer}\ntypes: [t]\neach: body.all\ntopic: '\"a\"'\n"
        "topics: {a: {type: t, data: {v: 'body.all.filter(b, b == item).size()'}}}\n";
    struct buf body;
    buf_init(&body, 1 << 20);
    buf_printf(&body, "{\"all\": [0");
    for (int i = 1; i < items; i++)
        buf_printf(&body, ",%d", i);
    buf_printf(&body, "]}");
    bool good = apply(desk, text, buf_string(&body));
    buf_free(&body);
    return good;
}

/* All expressions have one bound, and what passes it comes to nothing, not to less. */
static void costs(void **state)
{
    struct desk *desk = *state;
    assert_true(apply_costly(desk, 300));
    assert_int_equal(desk->result.count, 300);
    assert_false(apply_costly(desk, 3000));
    assert_string_equal(desk->diag.code, "too-costly");
}

static void no_topic(void **state)
{
    struct desk *desk = *state;
    assert_false(apply(desk, HEAD "  a: {type: t}\n", "{}"));
    assert_string_equal(desk->diag.code, "no-topic");
    assert_false(apply(desk, HEAD "  a: {type: t}\n", "{\"k\": 7}"));
    assert_false(apply(desk, HEAD "  a: {type: t}\n", "no JSON"));
}

/* The same delivery has the same id, another one another. */
static void hashes(void **state)
{
    struct desk *desk = *state;
    const char *ids[3], *bodies[] = {"{\"k\": \"a\"}", "{\"k\": \"a\"}", "{\"k\":  \"a\"}"};
    for (size_t i = 0; i < 3; i++) {
        assert_true(apply(desk, HEAD "  a: {type: t}\n", bodies[i]));
        ids[i] = value_to_text(desk->arena, value_get(&desk->result.events[0].event, "id"));
        assert_int_equal(strlen(ids[i]), 32);
        assert_null(desk->result.id);
    }
    assert_string_equal(ids[0], ids[1]);
    assert_string_not_equal(ids[0], ids[2]);
}

static void built_in(void **state)
{
    struct desk *desk = *state;
    struct diags diags = {0};
    for (const char *const *name = mapping_file_names(desk->arena); *name; name++)
        if (!mapping_file_read(desk->arena, NULL, *name, &diags))
            fail_msg("%s: %s", *name, diags.items[0].text);
    assert_int_equal(diags.count, 0);
    assert_null(mapping_file_read(desk->arena, "/none", "nobody", &diags));
    diags_free(&diags);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rows, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(items, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(costs, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(no_topic, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(hashes, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(built_in, open_desk, close_desk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
