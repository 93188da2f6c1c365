/* What an expression sees: roots, members, and the customer's methods. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "rules/condition.h"

/* 2026-03-02T10:00:00.250Z */
enum { SECOND_MS = 1000, DAY_MS = 86400 * SECOND_MS };
static const int64_t now_ms = 1772445600250;

static const char event_json[] =
    "{\"type\":\"order.placed\",\"id\":\"e1\",\"time\":\"2026-03-02T10:00:00Z\",\"source\":"
    "\"shop\","
    "\"data\":{\"order\":{\"total\":12.5},\"event\":1,\"start\":2,\"customer\":{\"id\":3},"
    "\"shop\":4,\"now\":5}}";
static const char start_json[] = "{\"type\":\"cart.updated\",\"id\":\"e0\",\"source\":\"shop\","
                                 "\"data\":{\"cart\":{\"id\":\"c1\"}}}";

struct example {
    const char *expression;
    const char *result; /* as an expression writes it, or the fault */
};

static const struct example examples[] = {
    {"event.type + ' ' + event.id + ' ' + string(event.time) + ' ' + event.source",
     "\"order.placed e1 2026-03-02T10:00:00Z shop\""},
    {"event.time", "timestamp(\"2026-03-02T10:00:00Z\")"},
    {"now - event.time == duration('250ms')", "true"},
    {"order.total", "12.5"},
    {"event.data.order.total", "12.5"},
    {"start.cart.id", "\"c1\""},
    {"cart.id", "cart: no such field"},
    {"shop.name", "\"Tea\""},
    {"now == timestamp('2026-03-02T10:00:00.250Z')", "true"},
    {"now", "timestamp(\"2026-03-02T10:00:00.25Z\")"},
    /* A name that is taken is the root; the event's own is behind event.data. */
    {"customer.name", "\"Ana\""},
    {"event.data.customer.id", "3"},
    {"[event.data.event, event.data.start, event.data.shop, event.data.now]", "[1, 2, 4, 5]"},
    {"customer.city", "\"Turku\""}, /* what rules set stands over what events said */
    {"customer.timezone", "\"Europe/Helsinki\""},
    /* by the customer's clock */
    {"next_date('1990-05-17', '09:00')", "timestamp(\"2026-05-17T06:00:00Z\")"},
    /* counts */
    {"customer.count('order.placed')", "40"},
    {"customer.count('never')", "0"},
    {"customer.count('order.placed', duration('3d'))", "3"},
    {"customer.count('order.placed', duration('2.999d'))", "2"},
    {"customer.count('order.placed', duration('1d'))", "1"},
    {"customer.count('order.placed', duration('86399999ms'))", "0"},
    {"customer.count('order.placed', duration('400d'))", "32"}, /* of the newest */
    {"customer.count('never', duration('400d'))", "0"},
    {"customer.count('order.placed', dyn(5))", "the second argument must be a duration"},
    {"customer.count(dyn(5))", "the first argument must be a string"},
    {"customer.first('order.placed')", "timestamp(\"2026-01-21T10:00:00.25Z\")"},
    {"customer.last('order.placed')", "timestamp(\"2026-03-01T10:00:00.25Z\")"},
    {"customer.first('old')", "timestamp(\"1969-12-31T23:59:59.999Z\")"},
    {"customer.last('old')", "timestamp(\"1970-01-01T00:00:00Z\")"},
    {"customer.last('never')", "customer.last: no such event yet: never"},
    {"customer.first('never')", "customer.first: no such event yet: never"},
    {"customer.sent('welcome')", "2"},
    {"customer.sent('never')", "0"},
    /* segments */
    {"customer.segment('home')", "true"},
    {"customer.segment('away')", "false"},
    {"customer.segment('broken')", "customer.tier: no such field"},
    {"customer.segment('none')", "customer.segment: no such segment: none"},
    {"customer.segment('8')", "true"},
    {"customer.segment('9')", "customer.segment: 1 is named within itself"},
};

static struct value read_json(struct arena *arena, const char *text)
{
    struct value value;
    struct diag diag = {0};
    assert_true(json_read(arena, text, strlen(text), &json_event_limits, &value, &diag));
    return value;
}

static struct cel_program *compile(struct arena *arena, const char *text)
{
    struct diag diag = {0};
    struct cel_program *program = condition_compile(arena, text, strlen(text), NULL, NULL, &diag);
    if (!program)
        fail_msg("%s: %s", text, diag.text);
    return program;
}

/* Ana of Helsinki: 40 orders, one a day, the last of them a day ago. */
static struct customer *make_customer(struct arena *arena)
{
    struct customer *customer = customer_new(arena, "id:7");
    const struct customer_open open = {
        .mid = "m", .rule = "welcome", .origin = "o", .topic = "all"};
    customer->profile =
        read_json(arena, "{\"name\":\"Ana\",\"city\":\"Iasi\",\"timezone\":\"Europe/Bucharest\"}");
    customer->fields = read_json(arena, "{\"city\":\"Turku\",\"timezone\":\"Europe/Helsinki\"}");
    for (int64_t day = 40; day > 0; day--)
        customer_add_count(arena, customer, "order.placed", now_ms - day * DAY_MS);
    customer_add_count(arena, customer, "old", -1);
    customer_add_count(arena, customer, "old", 0);
    customer_add_send(arena, customer, &open, 1, 1);
    customer_add_send(arena, customer, &open, 2, 2);
    return customer;
}

static const char *print(struct arena *arena, const struct value *value)
{
    struct buf out;
    buf_init(&out, 4096);
    assert_true(cel_print(&out, value));
    const char *text = arena_text(arena, buf_string(&out));
    buf_free(&out);
    return text;
}

static void test_examples(void **state)
{
    (void)state;
    struct arena *arena = arena_new(64 * 1024);
    struct value event = read_json(arena, event_json), start = read_json(arena, start_json);
    struct value shop = read_json(arena, "{\"name\":\"Tea\"}");
    const struct condition_segment segments[] = {
        {"home", compile(arena, "customer.city == 'Turku'")},
        {"away", compile(arena, "customer.city != 'Turku'")},
        {"broken", compile(arena, "customer.tier == 'gold'")},
        {"1", compile(arena, "true || customer.name == ''")},
        {"2", compile(arena, "customer.segment('1')")},
        {"3", compile(arena, "customer.segment('2')")},
        {"4", compile(arena, "customer.segment('3')")},
        {"5", compile(arena, "customer.segment('4')")},
        {"6", compile(arena, "customer.segment('5')")},
        {"7", compile(arena, "customer.segment('6')")},
        {"8", compile(arena, "customer.segment('7')")},
        {"9", compile(arena, "customer.segment('8')")},
        {0},
    };
    const struct condition_scene scene = {.event = &event,
                                          .start = &start,
                                          .customer = make_customer(arena),
                                          .shop = &shop,
                                          .zone = "UTC",
                                          .now_ms = now_ms,
                                          .segments = segments};
    int wrong = 0;
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        struct value value;
        const char *result = NULL;
        if (condition_value(compile(arena, examples[i].expression), &scene, arena, &value, &result))
            result = print(arena, &value);
        if (strcmp(result, examples[i].result) == 0)
            continue;
        print_error("%s: %s, expected %s\n", examples[i].expression, result, examples[i].result);
        wrong++;
    }
    assert_int_equal(wrong, 0);
    arena_destroy(&arena);
}

/* At a timer the event is the one that started the journey; without either, neither is there. */
static void test_absent(void **state)
{
    (void)state;
    static const char *const texts[] = {"event.type == ''", "start.cart == ''", "cart == ''",
                                        "shop.name == ''"};
    struct arena *arena = arena_new(64 * 1024);
    struct value start = read_json(arena, start_json);
    struct condition_scene scene = {
        .start = &start, .customer = customer_new(arena, "id:7"), .zone = "UTC", .now_ms = now_ms};
    const char *fault = NULL;
    assert_int_equal(
        condition_ask(compile(arena, "event.id == 'e0' && cart.id == 'c1'"), &scene, arena, &fault),
        CONDITION_TRUE);
    scene.start = NULL;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        fault = NULL;
        assert_int_equal(condition_ask(compile(arena, texts[i]), &scene, arena, &fault),
                         CONDITION_FAILED);
        assert_non_null(fault);
    }
    arena_destroy(&arena);
}

static void test_answers(void **state)
{
    (void)state;
    struct arena *arena = arena_new(64 * 1024);
    struct value event = read_json(arena, event_json);
    const struct condition_scene scene = {
        .event = &event, .customer = customer_new(arena, "id:7"), .zone = "UTC"};
    struct condition_view view;
    const char *fault = NULL;
    condition_view_open(&view, &scene, arena);
    assert_int_equal(condition_ask(NULL, &scene, arena, &fault), CONDITION_TRUE);
    assert_int_equal(condition_view_ask(NULL, &view, arena, &fault), CONDITION_TRUE);
    assert_int_equal(condition_ask(compile(arena, "order.total > 12"), &scene, arena, &fault),
                     CONDITION_TRUE);
    assert_int_equal(condition_ask(compile(arena, "order.total > 13"), &scene, arena, &fault),
                     CONDITION_FALSE);
    assert_null(fault);
    assert_int_equal(condition_ask(compile(arena, "order.total"), &scene, arena, &fault),
                     CONDITION_FAILED);
    assert_string_equal(fault, "a condition must be true or false, and this one is a number");
    arena_destroy(&arena);
}

static void visit(void *context, const struct cel_step *step)
{
    (void)step;
    ++*(int *)context;
}

static void test_trace(void **state)
{
    (void)state;
    struct arena *arena = arena_new(64 * 1024);
    struct value event = read_json(arena, event_json), value;
    const struct condition_scene scene = {
        .event = &event, .customer = customer_new(arena, "id:7"), .zone = "UTC"};
    int steps = 0;
    const struct cel_tracer tracer = {.visit = visit, .context = &steps};
    struct cel_fault fault = {0};
    assert_true(condition_trace(compile(arena, "order.total > 12"), &scene, &tracer, arena, &value,
                                &fault));
    assert_true(value.boolean);
    assert_true(steps > 1);
    assert_false(condition_trace(compile(arena, "order.total > order.tax"), &scene, &tracer, arena,
                                 &value, &fault));
    assert_string_equal(fault.text, "order.tax: no such field");
    assert_int_equal(fault.offset, strlen("order.total > order."));
    arena_destroy(&arena);
}

/* Methods that are called with too little or too much are faults when they are read. */
static void test_arguments(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "customer.count()",   "customer.count('a', duration('1d'), 1)",
        "customer.first()",   "customer.first('a', 1)",
        "customer.last()",    "customer.last('a', 1)",
        "customer.sent()",    "customer.sent('a', 1)",
        "customer.segment()", "customer.segment('a', 1)",
    };
    struct arena *arena = arena_new(64 * 1024);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct diag diag = {0};
        assert_null(condition_compile(arena, texts[i], strlen(texts[i]), NULL, NULL, &diag));
        assert_true(diag.text[0]);
    }
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples),  cmocka_unit_test(test_absent),
        cmocka_unit_test(test_answers),   cmocka_unit_test(test_trace),
        cmocka_unit_test(test_arguments),
    };
    return cmocka_run_group_tests_name("condition", tests, NULL, NULL);
}
