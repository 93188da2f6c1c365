/* What is kept of an event for conditions that are asked again later. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "rules/condition_reads.h"

#define DOCUMENT                                                                         \
    "{\"type\":\"order.placed\",\"id\":\"e1\",\"time\":\"2026-03-01T10:00:00Z\","        \
    "\"data\":{\"order\":{\"id\":\"o1\",\"total\":80,\"ship\":{\"to\":\"RO\",\"by\":1}," \
    "\"items\":[{\"sku\":\"a\"}]},\"note\":\"n\",\"type\":\"own\"}}"

static struct arena *arena;
static struct condition_segment segments[4];

static struct cel_program *compile(const char *text)
{
    struct diag diag;
    struct cel_program *program = condition_compile(arena, text, strlen(text), NULL, NULL, &diag);
    if (!program)
        diag_print(&diag, stderr);
    assert_non_null(program);
    return program;
}

static void assert_kept(const struct value *kept, const char *text, const char *expected)
{
    struct buf out;
    buf_init(&out, 4096);
    json_print(&out, kept);
    if (strcmp(buf_string(&out), expected) != 0)
        fail_msg("%s: %s", text, buf_string(&out));
    buf_free(&out);
}

static struct value document(void)
{
    static const struct json_limits limits = {.bytes = 4096, .depth = 16, .nodes = 256};
    struct value root;
    struct diag diag;
    assert_true(json_read(arena, DOCUMENT, strlen(DOCUMENT), &limits, &root, &diag));
    return root;
}

static const struct {
    const char *condition, *kept;
} events[] = {
    {"true", "{\"data\":{}}"},
    {"start.order.id == customer.id", "{\"data\":{}}"},
    {"order.id == start.order", "{\"data\":{\"order\":{\"id\":\"o1\"}}}"},
    {"event.data.order.id == '' || order.total > 2",
     "{\"data\":{\"order\":{\"id\":\"o1\",\"total\":80}}}"},
    {"order.total > 2 && event.type == 'x'",
     "{\"data\":{\"order\":{\"total\":80}},\"type\":\"order.placed\"}"},
    {"size(order) > 2 && order.id == ''",
     "{\"data\":{\"order\":{\"id\":\"o1\",\"total\":80,\"ship\":{\"to\":\"RO\",\"by\":1},"
     "\"items\":[{\"sku\":\"a\"}]}}}"},
    {"order.ship.to == '' || order.ship == null",
     "{\"data\":{\"order\":{\"ship\":{\"to\":\"RO\",\"by\":1}}}}"},
    {"order.items.exists(i, i.sku == start.sku)",
     "{\"data\":{\"order\":{\"items\":[{\"sku\":\"a\"}]}}}"},
    {"has(order.ship.to) && order.?total.orValue(0) > 1",
     "{\"data\":{\"order\":{\"ship\":{\"to\":\"RO\"},\"total\":80}}}"},
    {"order['ship']['by'] == 1 && order.items[0].sku == 'a'",
     "{\"data\":{\"order\":{\"ship\":{\"by\":1},\"items\":[{\"sku\":\"a\"}]}}}"},
    {"order[start.name] == 1 || note.x.y", /* a name that only the start knows */
     "{\"data\":{\"order\":{\"id\":\"o1\",\"total\":80,\"ship\":{\"to\":\"RO\",\"by\":1},"
     "\"items\":[{\"sku\":\"a\"}]},\"note\":\"n\"}}"},
    {"no.such.thing", "{\"data\":{}}"},
    {"customer.segment('noted')", "{\"data\":{\"note\":\"n\"}}"},
    {"customer.segment('outer')", "{\"data\":{\"note\":\"n\"},\"id\":\"e1\"}"},
    {"customer.segment(start.name)", "{\"data\":{\"note\":\"n\"},\"id\":\"e1\"}"},
    {"event == start",
     "{\"data\":{\"order\":{\"id\":\"o1\",\"total\":80,\"ship\":{\"to\":\"RO\",\"by\":1},\"items\":"
     "[{\"sku\":\"a\"}]},\"note\":\"n\",\"type\":\"own\"},\"type\":\"order.placed\",\"id\":\"e1\","
     "\"time\":\"2026-03-01T10:00:00Z\"}"},
};

static void test_events(void **state)
{
    (void)state;
    const struct value whole = document();
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        const struct value kept =
            condition_reads_event(compile(events[i].condition), segments, &whole, arena);
        assert_kept(&kept, events[i].condition, events[i].kept);
    }
    const struct value nothing = condition_reads_event(NULL, segments, &whole, arena);
    assert_kept(&nothing, "no condition", "{\"data\":{}}");
}

/* As the start its data is `start`; what the event beside it has is not asked of it. */
static void test_starts(void **state)
{
    static const char *const cases[][2] = {
        {"start.order.id == order.total", "{\"data\":{\"order\":{\"id\":\"o1\"}}}"},
        {"event.id == start.note && note == ''", "{\"data\":{\"note\":\"n\"}}"},
        {"start == event.data",
         "{\"data\":{\"order\":{\"id\":\"o1\",\"total\":80,\"ship\":{\"to\":\"RO\",\"by\":1},"
         "\"items\":[{\"sku\":\"a\"}]},\"note\":\"n\",\"type\":\"own\"}}"},
        {"customer.segment('noted')", "{\"data\":{}}"},
    };
    (void)state;
    const struct value whole = document();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct value kept =
            condition_reads_start(compile(cases[i][0]), segments, &whole, arena);
        assert_kept(&kept, cases[i][0], cases[i][1]);
    }
}

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(4096);
    segments[0] = (struct condition_segment){"noted", compile("note != ''")};
    segments[1] = (struct condition_segment){"outer", compile("event.id != '' && "
                                                              "customer.segment('noted')")};
    segments[2] = (struct condition_segment){"loop", compile("customer.segment('loop')")};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_destroy(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_starts),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
