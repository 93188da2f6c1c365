#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "web/posted_events.h"

#define TOKEN    "DyXc0u3pQ1mH5b8ZrWn2Kf7T"
#define CUSTOMER "\"customer\":{\"id\":1}"

static const char *const paths[] = {"customer.id", "customer.email", "subject", NULL};

struct world {
    struct arena *arena;
    struct tokens_file *tokens;
    struct posted_from from;
    struct posted_events posted;
};

static int set_up(void **state)
{
    static const char text[] = TOKEN " order.* cart.* a customer.erased";
    struct world *world = calloc(1, sizeof *world);
    struct diags diags = {0};
    world->arena = arena_new(4096);
    world->tokens = tokens_file_read(text, strlen(text), "tokens", &diags);
    world->from = (struct posted_from){
        .login = tokens_file_find(world->tokens, TOKEN, strlen(TOKEN)),
        .key_paths = paths,
        .now_ms = 1772445600000,
    };
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    tokens_file_destroy(&world->tokens);
    arena_destroy(&world->arena);
    free(world);
    return 0;
}

static void post(struct world *world, enum posted_form form, const char *body)
{
    const struct web_fields none = {0};
    posted_events_read(world->arena, form, &none, slice_of(body), &world->from, &world->posted);
}

/* ---- Forms ---- */

static enum posted_form form_of(const char *content_type, const char *encoding, bool binary)
{
    const struct web_field headers[] = {
        {slice_of("Content-Type"), slice_of(content_type)},
        {slice_of("Content-Encoding"), slice_of(encoding)},
        {slice_of("CE-SpecVersion"), slice_of("1.0")},
    };
    struct diag diag;
    return posted_form(&(struct web_fields){headers, binary ? 3 : 2}, &diag);
}

static void test_forms(void **state)
{
    (void)state;
    assert_int_equal(form_of("application/json", "", false), POSTED_JSON);
    assert_int_equal(form_of("Application/JSON ; Charset=UTF-8", "identity", false), POSTED_JSON);
    assert_int_equal(form_of("application/json; charset=\"utf-8\"", "", false), POSTED_JSON);
    assert_int_equal(form_of("application/json; charset=utf-16", "", false), POSTED_UNKNOWN);
    assert_int_equal(form_of("application/json", "gzip", false), POSTED_UNKNOWN);
    assert_int_equal(form_of("application/jsonp", "", false), POSTED_UNKNOWN);
    assert_int_equal(form_of("application/x-www-form-urlencoded", "", false), POSTED_UNKNOWN);
    assert_int_equal(form_of("", "", false), POSTED_UNKNOWN);
    assert_int_equal(form_of("application/x-ndjson", "", false), POSTED_LINES);
    assert_int_equal(form_of("application/cloudevents+json", "", true), POSTED_STRUCTURED);
    assert_int_equal(form_of("application/cloudevents-batch+json", "", false), POSTED_BATCH);
    assert_int_equal(form_of("application/json", "", true), POSTED_BINARY);
    assert_int_equal(form_of("application/vnd.shop+json", "", true), POSTED_BINARY);
    assert_int_equal(form_of("", "", true), POSTED_BINARY);
    assert_int_equal(form_of("text/xml", "", true), POSTED_UNKNOWN);
}

/* ---- Bodies ---- */

/* One letter for each item: "+" good, "-" bad, "!" forbidden. */
static const char *signs(const struct world *world)
{
    char *text = arena_zero(world->arena, world->posted.count + 1);
    for (size_t i = 0; i < world->posted.count; i++)
        text[i] = !world->posted.items[i].fault      ? '+'
                  : world->posted.items[i].forbidden ? '!'
                                                     : '-';
    return text;
}

#define GOOD "{\"type\":\"a\"," CUSTOMER "}"
#define FULL                                                                                     \
    "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/s\",\"type\":\"a\",\"data\":{" CUSTOMER \
    "}}"

static const struct {
    enum posted_form form;
    const char *body, *signs, *code;
    unsigned line, column; /* of the first fault */
} bodies[] = {
    {POSTED_JSON, GOOD, "+", NULL, 0, 0},
    {POSTED_JSON, " \n" GOOD "\n ", "+", NULL, 0, 0},
    {POSTED_JSON, "\xef\xbb\xbf" GOOD, "+", NULL, 0, 0},
    {POSTED_JSON, FULL, "+", NULL, 0, 0},
    {POSTED_JSON, "[]", "", NULL, 0, 0},
    {POSTED_JSON, "[" GOOD "," FULL "]", "++", NULL, 0, 0},
    {POSTED_JSON, "", "-", "no-event", 1, 1},
    {POSTED_JSON, " \n", "-", "no-event", 1, 1},
    {POSTED_JSON, "7", "-", "no-object", 1, 1},
    {POSTED_JSON, "{", "-", "json-syntax", 1, 2},
    {POSTED_JSON, "# no comment\n" GOOD, "-", "json-syntax", 1, 1},
    {POSTED_JSON, GOOD "\n" GOOD, "-", "json-syntax", 2, 1},
    {POSTED_JSON, GOOD " " GOOD, "-", "json-syntax", 1, 34},
    {POSTED_JSON, "[" GOOD "]\n[" GOOD "]", "++", NULL, 0, 0},
    {POSTED_JSON, "[" GOOD ",\n {\"type\":\"a\",\"time\":\"x\"," CUSTOMER "}," GOOD "]", "+-+",
     "bad-time", 2, 21},
    {POSTED_JSON, "[" GOOD ",{\"type\":},\n" GOOD "]", "+-+", "json-syntax", 1, 43},
    {POSTED_JSON, "[" GOOD ",7,[]," GOOD "]", "+--+", "no-object", 1, 35},
    {POSTED_JSON, "[" GOOD, "+-", "json-syntax", 1, 34},
    {POSTED_JSON, "[" GOOD ",]", "+-", "json-syntax", 1, 35},
    {POSTED_JSON, "{\"type\":\"b\"," CUSTOMER "}", "!", "no-right", 1, 9},
    {POSTED_JSON, "{\"type\":\"customer.erased\"," CUSTOMER "}", "+", NULL, 0, 0},
    {POSTED_JSON, "{\"type\":\"customer.unsubscribed\"," CUSTOMER "}", "!", "no-right", 1, 9},
    {POSTED_JSON, "{\"type\":\"message.sent\"," CUSTOMER "}", "-", "reserved-type", 1, 9},
    {POSTED_JSON, "{\"type\":\"a\",\"type\":\"order.x\"," CUSTOMER "}", "-", "json-duplicate", 1,
     13},
    {POSTED_JSON, "{\"type\":\"a\xff\"," CUSTOMER "}", "-", "json-utf8", 1, 11},
    {POSTED_LINES, GOOD "\n\r\n  " GOOD "\r\n", "++", NULL, 0, 0},
    {POSTED_LINES, GOOD "\n{\n" GOOD, "+-+", "json-syntax", 2, 2},
    {POSTED_LINES, GOOD "\n# x\n[" GOOD "]\n7", "+---", "json-syntax", 2, 1},
    {POSTED_LINES, "\n", "-", "no-event", 1, 1},
    {POSTED_STRUCTURED, FULL, "+", NULL, 0, 0},
    {POSTED_STRUCTURED, GOOD, "-", "no-attribute", 1, 1},
    {POSTED_STRUCTURED, "[" FULL "]", "-", "json-syntax", 1, 2},
    {POSTED_STRUCTURED, "{\"specversion\":\"0.3\",\"id\":\"1\",\"source\":\"s\",\"type\":\"a\"}",
     "-", "bad-specversion", 1, 16},
    {POSTED_STRUCTURED,
     "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"s\",\"type\":\"a\",\"data_base64\":"
     "\"\"}",
     "-", "bad-data", 1, 69},
    {POSTED_STRUCTURED, "{\"specversion\":\"1.0\",\"id\":\"\",\"source\":\"s\",\"type\":\"a\"}",
     "-", "no-attribute", 1, 27},
    {POSTED_BATCH, "[" FULL "," GOOD "]", "+-", "no-attribute", 1, 87},
    {POSTED_BATCH, "[]", "", NULL, 0, 0},
    {POSTED_BATCH, FULL, "-", "json-syntax", 1, 1},
};

static void test_bodies(void **state)
{
    struct world *world = *state;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        const struct diag *fault = NULL;
        post(world, bodies[i].form, bodies[i].body);
        if (strcmp(signs(world), bodies[i].signs) != 0)
            fail_msg("%s: %s, not %s", bodies[i].body, signs(world), bodies[i].signs);
        for (size_t n = 0; n < world->posted.count && !fault; n++)
            fault = world->posted.items[n].fault;
        if (!fault)
            continue;
        if (strcmp(fault->code, bodies[i].code) != 0 || fault->line != bodies[i].line ||
            fault->column != bodies[i].column)
            fail_msg("%s: %s %u:%u, not %s %u:%u", bodies[i].body, fault->code, fault->line,
                     fault->column, bodies[i].code, bodies[i].line, bodies[i].column);
    }
}

static void test_bound(void **state)
{
    struct world *world = *state;
    struct buf body;
    buf_init(&body, 1 << 20);
    for (int i = 0; i < POSTED_EVENTS_MOST + 5; i++)
        buf_text(&body, GOOD "\n");
    post(world, POSTED_LINES, buf_string(&body));
    assert_int_equal(world->posted.count, POSTED_EVENTS_MOST + 1);
    assert_null(world->posted.items[POSTED_EVENTS_MOST - 1].fault);
    assert_string_equal(world->posted.items[POSTED_EVENTS_MOST].fault->code, "too-many");
    assert_int_equal(world->posted.items[POSTED_EVENTS_MOST].fault->line, POSTED_EVENTS_MOST + 1);
    buf_free(&body);
}

/* ---- The binary form ---- */

static void post_binary(struct world *world, const struct web_field *headers, size_t count,
                        const char *body)
{
    posted_events_read(world->arena, POSTED_BINARY, &(struct web_fields){headers, count},
                       slice_of(body), &world->from, &world->posted);
}

#define HEADER(name, value)         \
    {                               \
        {name, sizeof name - 1},    \
        {                           \
            value, sizeof value - 1 \
        }                           \
    }

static void test_binary(void **state)
{
    struct world *world = *state;
    static const struct web_field headers[] = {
        HEADER("ce-specversion", "1.0"),    HEADER("Ce-Type", "order.placed"),
        HEADER("ce-id", "\"a \\\"b\\\"\""), HEADER("CE-Source", "/caf%C3%A9%20x%"),
        HEADER("ce-subject", "7"),          HEADER("content-type", "application/json"),
        HEADER("ce-datacontenttype", "x"),
    };
    post_binary(world, headers, 7, "{\"total\": 1.50}");
    assert_null(world->posted.items[0].fault);
    assert_false(world->posted.several);
    assert_true(
        slice_is(world->posted.items[0].event.json,
                 "{\"specversion\":\"1.0\",\"type\":\"order.placed\",\"id\":\"a \\\"b\\\"\","
                 "\"source\":\"/caf\xc3\xa9 x%\",\"subject\":\"7\",\"data\":{\"total\":1.50}}"));
    post_binary(world, headers, 7, "");
    assert_null(world->posted.items[0].fault);
}

static void test_binary_faults(void **state)
{
    struct world *world = *state;
    static const struct {
        struct web_field more;
        const char *body, *code;
        unsigned line, column;
    } cases[] = {
        {HEADER("ce-hops", "1"), "{" CUSTOMER "}", "reserved-hops", 0, 0},
        {HEADER("ce-source", "nudged"), "{" CUSTOMER "}", "bad-attribute", 0, 0},
        {HEADER("ce-data", "{}"), "{" CUSTOMER "}", "bad-attribute", 0, 0},
        {HEADER("ce-", "x"), "{" CUSTOMER "}", "bad-attribute", 0, 0},
        {HEADER("ce-a_b", "x"), "{" CUSTOMER "}", "bad-attribute", 0, 0},
        {HEADER("ce-x", "%ff"), "{" CUSTOMER "}", "json-utf8", 0, 0},
        {HEADER("ce-time", "now"), "{" CUSTOMER "}", "bad-time", 0, 0},
        {HEADER("x", "y"), "{\n \"customer\":7}", "bad-customer", 2, 13},
        {HEADER("x", "y"), "{\"a\":}", "json-syntax", 1, 6},
        {HEADER("x", "y"), "[1]", "bad-data", 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct web_field headers[] = {
            HEADER("ce-specversion", "1.0"), HEADER("ce-type", "a"), HEADER("ce-id", "1"),
            HEADER("ce-source", "s"),        cases[i].more,
        };
        post_binary(world, headers, 5, cases[i].body);
        const struct diag *fault = world->posted.items[0].fault;
        assert_non_null(fault);
        assert_string_equal(fault->code, cases[i].code);
        assert_int_equal(fault->line, cases[i].line);
        assert_int_equal(fault->column, cases[i].column);
    }
    static const struct web_field no_id[] = {HEADER("ce-specversion", "1.0"),
                                             HEADER("ce-type", "a"), HEADER("ce-source", "s")};
    post_binary(world, no_id, 3, "{" CUSTOMER "}");
    assert_string_equal(world->posted.items[0].fault->code, "no-attribute");
}

/* ---- Ids ---- */

static const char *id_of(struct world *world, const char *body, size_t item)
{
    post(world, POSTED_JSON, body);
    return world->posted.items[item].event.id;
}

static void test_ids(void **state)
{
    struct world *world = *state;
    static const char timed[] = "{\"type\":\"a\",\"time\":1772445600," CUSTOMER "}",
                      other[] = "{" CUSTOMER ", \"time\":1772445600, \"type\":\"a\"}",
                      later[] = "{\"type\":\"a\",\"time\":1772445601," CUSTOMER "}";
    assert_string_equal(id_of(world, GOOD, 0), ""); /* may truly happen again */
    const char *one = id_of(world, timed, 0);
    assert_memory_equal(one, "web-", 4);
    assert_string_equal(one, id_of(world, other, 0));
    assert_string_not_equal(one, id_of(world, later, 0));
    assert_non_null(strstr(world->posted.items[0].event.json.text, "\"id\":\"web-"));
    world->from.once = "key-1";
    const char *first = id_of(world, "[" GOOD "," GOOD "]", 0);
    assert_string_equal(first, id_of(world, "[" GOOD "]", 0));
    assert_string_not_equal(first, id_of(world, "[" GOOD "," GOOD "]", 1));
    world->from.once = "key-2";
    assert_string_not_equal(first, id_of(world, GOOD, 0));
    assert_string_equal(id_of(world, "{\"type\":\"a\",\"id\":\"x\"," CUSTOMER "}", 0), "x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test_setup_teardown(test_bodies, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bound, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_binary, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_binary_faults, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ids, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
