#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "customer/customer.h"
#include "customer/customer_ends.h"
#include "customer/customer_print.h"
#include "customer/customer_profile.h"
#include "customer/customer_starts.h"
#include "customer/said.h"

static struct value read_json(struct arena *arena, const char *text)
{
    struct value value;
    struct diag diag;
    assert_true(json_read(arena, text, strlen(text), &json_event_limits, &value, &diag));
    return value;
}

/* A customer with everything in the document. */
static struct customer *make_whole(struct arena *arena)
{
    static const char *const ends[] = {"order.placed", "cart.emptied", NULL};
    struct customer *customer = customer_new(arena, "id:7");
    struct value profile = read_json(
        arena, "{\"name\":\"Ștefan\",\"total\":129.90,\"big\":9007199254740993,\"tags\":[1,null]}");
    customer_profile_merge(arena, customer, &profile, 1000);
    customer_add_count(arena, customer, "order.placed", 5000);
    customer_add_count(arena, customer, "order.placed", 3000);
    const struct customer_open open = {.mid = "m1",
                                       .rule = "welcome",
                                       .origin = "o1",
                                       .topic = "all",
                                       .started_ms = 1,
                                       .give_up_ms = 99999,
                                       .until = {ends, "total > 5"},
                                       .reads = read_json(arena, "{\"data\":{\"n\":1}}"),
                                       .marketing = true};
    customer_add_send(arena, customer, &open, 9000, 6000);
    customer_add_open(arena, customer, &open);
    customer_add_seen(arena, customer, "0123456789abcdef", "", 7000, true);
    customer_add_seen(arena, customer, "fedcba9876543210", "", 7000, false);
    customer->journeys.items =
        arena_grow(arena, NULL, 0, &customer->journeys.capacity, sizeof *customer->journeys.items);
    customer->journeys.items[customer->journeys.count++] =
        (struct customer_journey){.rule = "cart",
                                  .origin = "o2",
                                  .step = "send-1",
                                  .deadline_ms = 8,
                                  .clock_ms = 9,
                                  .imposed = true,
                                  .started_ms = 10,
                                  .rules = 11,
                                  .start = read_json(arena, "{\"data\":{\"n\":1,\"m\":2}}"),
                                  .reads = read_json(arena, "{\"data\":{\"m\":2}}")};
    const struct customer_end end = {.rule = "cart", .at_ms = 12, .until_ms = 13, .event = profile};
    customer_ends_add(arena, customer, &end);
    said_add(arena, customer, "all", false, 4000);
    said_add(arena, customer, "news", true, 5000);
    value_set(arena, customer->fields, "tier", value_text("gold"));
    return customer;
}

static void assert_whole(const char *document)
{
    static const char *const parts[] = {
        "129.90",
        "\"profile\":[[1000,{\"name\":",
        "]}]],\"fields\":{\"tier\":\"gold\"},",
        "\"said\":{\"all\":[\"no\",4000],\"news\":[\"yes\",5000]},",
        "{\"type\":\"order.placed\",\"n\":2,\"times\":[3000,2000]}",
        "\"sends\":[[\"m1\",0,\"o1\",6000,5999,3000,1]]",
        "{\"rule\":\"welcome\",\"n\":1,\"last\":6000}",
        "\"open\":[[0,93999,{\"until\":[\"order.placed\",\"cart.emptied\"],",
        "\"until_if\":\"total > 5\",\"reads\":{\"n\":1}}]]",
        "\"step\":\"send-1\",\"at\":8,\"clock\":9,\"imposed\":true,\"started\":10,",
        "\"rules\":11,\"reads\":{\"m\":2}}",
        "\"ends\":[{\"rule\":\"cart\",\"at\":12,\"until\":13,\"event\":{\"name\":",
        "\"seen\":[\"0123456789abcdef\",7000],\"ring\":[\"fedcba9876543210\",7000]}"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!strstr(document, parts[i]))
            fail_msg("%s is not in %s", parts[i], document);
}

/* A document with everything in it is printed, read and printed as the same. */
static void test_round_trip(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    struct customer *customer = make_whole(arena);
    struct buf first, second;
    struct diag diag = {0};
    buf_init(&first, CUSTOMER_DOCUMENT_MOST);
    buf_init(&second, CUSTOMER_DOCUMENT_MOST);
    assert_true(customer_print(customer, "1-2-3", &first));
    assert_memory_equal(buf_string(&first), "{\"version\":\"1-2-3\",", 19);
    struct customer *again = customer_read(arena, "id:7", buf_string(&first), first.length, &diag);
    assert_non_null(again);
    assert_string_equal(again->version, "1-2-3");
    assert_true(customer_print(again, "1-2-3", &second));
    assert_string_equal(buf_string(&first), buf_string(&second));
    assert_whole(buf_string(&second));
    assert_int_equal(customer_find_count(again, "order.placed")->first_ms, 3000);
    assert_int_equal(customer_find_count(again, "order.placed")->times[0], 3000);
    buf_free(&first);
    buf_free(&second);
    arena_destroy(&arena);
}

/* A customer with three of everything. */
static struct customer *make_three(struct arena *arena)
{
    struct customer *customer = customer_new(arena, "id:7");
    struct value start = read_json(arena, "{\"data\":{\"n\":1}}");
    customer->journeys.items = arena_zero(arena, 3 * sizeof *customer->journeys.items);
    customer->journeys.count = customer->journeys.capacity = 3;
    for (int i = 0; i < 3; i++) {
        const char *name = arena_printf(arena, "n%d", i);
        const struct customer_open open = {.mid = name,
                                           .rule = name,
                                           .origin = "o",
                                           .topic = "all",
                                           .give_up_ms = 9,
                                           .reads = i == 1 ? start : value_null(),
                                           .marketing = i == 1};
        char identity[17];
        snprintf(identity, sizeof identity, "%016d", i);
        customer_add_send(arena, customer, &open, i + (i == 1), i);
        customer_add_open(arena, customer, &open);
        customer_add_count(arena, customer, name, i);
        customer_add_count(arena, customer, name, i + 1);
        customer_add_seen(arena, customer, identity, "", i, true);
        customer_add_seen(arena, customer, identity, "", i, false);
        customer->journeys.items[i] =
            (struct customer_journey){.rule = name, .origin = "o", .step = name, .start = start};
    }
    return customer;
}

/* Starts are at hand when they were read, and lost when they are not there. */
static void test_starts(void **state)
{
    struct arena *arena = arena_new(4096);
    struct customer *customer = make_three(arena);
    const struct value event = read_json(arena, "{\"data\":{\"n\":3}}");
    (void)state;
    customer->journeys.items[0].start = value_null();
    customer_starts_note(arena, customer, "o");
    customer_starts_note(arena, customer, "x");
    customer_starts_add(arena, customer, "o", &event); /* it is known already */
    assert_int_equal(customer->starts.count, 2);
    customer_starts_learn(customer, "none", &event);
    customer_starts_learn(customer, "x", NULL);
    assert_true(customer_starts_find(customer, "x")->gone);
    assert_false(customer_starts_needs(customer, "x"));
    assert_int_equal(customer->journeys.items[0].start.kind, VALUE_NULL);
    customer_starts_learn(customer, "o", &event);
    assert_ptr_equal(customer->journeys.items[0].start.map, event.map);
    customer->journeys.count = 0;
    assert_true(customer_starts_needs(customer, "o")); /* for an open message */
    customer->open.items[1].reads = value_null();
    assert_false(customer_starts_needs(customer, "o"));
    arena_destroy(&arena);
}

static void test_many(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    struct buf first, second;
    struct diag diag = {0};
    buf_init(&first, CUSTOMER_DOCUMENT_MOST);
    buf_init(&second, CUSTOMER_DOCUMENT_MOST);
    assert_true(customer_print(make_three(arena), "1-2-3", &first));
    struct customer *again = customer_read(arena, "id:7", buf_string(&first), first.length, &diag);
    assert_non_null(again);
    assert_string_equal(again->key, "id:7");
    assert_int_equal(again->open.items[0].reads.kind, VALUE_NULL);
    assert_int_equal(again->open.items[1].reads.kind, VALUE_MAP);
    assert_false(again->open.items[0].marketing);
    assert_true(again->open.items[1].marketing);
    assert_false(again->sends.items[2].marketing);
    assert_int_equal(again->journeys.count, 3);
    assert_true(customer_print(again, "1-2-3", &second));
    assert_string_equal(buf_string(&first), buf_string(&second));
    /* What was read can grow. */
    customer_add_seen(arena, again, "fedcba9876543210", "", 5, true);
    assert_int_equal(again->seen.count, 4);
    assert_string_equal(again->seen.items[3].identity, "fedcba9876543210");
    buf_free(&first);
    buf_free(&second);
    arena_destroy(&arena);
}

static void add_text(struct arena *arena, struct customer *customer, struct value text)
{
    struct value patch = value_new_map(arena, 1);
    value_set(arena, patch, "x", text);
    customer_profile_merge(arena, customer, &patch, 5);
}

/* The largest document there may be is read again; what makes room goes in its order. */
static void test_shedding(void **state)
{
    (void)state;
    static const struct {
        int over; /* bytes that are too many */
        uint32_t ring, times, sends;
    } cases[] = {{0, 3, 20, 3}, {1, 0, 20, 3}, {72, 0, 20, 3}, {73, 0, 0, 3}, {100, 0, 0, 2}};
    struct arena *arena = arena_new(4096);
    struct buf out;
    struct diag diag = {0};
    buf_init(&out, 2 * CUSTOMER_DOCUMENT_MOST);
    char *large = arena_alloc(arena, CUSTOMER_DOCUMENT_MOST);
    memset(large, 'x', CUSTOMER_DOCUMENT_MOST);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct customer *customer = make_three(arena);
        for (int n = 2; n < 20; n++)
            customer_add_count(arena, customer, "n0", n);
        customer->open.count = 1; /* its send stays, and so does the one that is counted */
        add_text(arena, customer, value_text(""));
        buf_clear(&out);
        assert_true(customer_print(customer, "1-1-1", &out));
        size_t room = CUSTOMER_DOCUMENT_MOST - out.length + (size_t)cases[i].over;
        add_text(arena, customer, value_string(large, room));
        buf_clear(&out);
        assert_true(customer_print(customer, "1-1-1", &out));
        customer = customer_read(arena, "id:7", buf_string(&out), out.length, &diag);
        assert_non_null(customer);
        assert_int_equal(customer->ring.count, cases[i].ring);
        assert_int_equal(customer->counts.items[0].time_count, cases[i].times);
        assert_int_equal(customer->counts.items[1].time_count, 2); /* which take less than to go */
        assert_int_equal(customer->sends.count, cases[i].sends);
        assert_int_equal(customer->seen.count, 3);
        assert_int_equal(customer->counts.items[0].count, 20);
        if (cases[i].over == 0)
            assert_int_equal(out.length, CUSTOMER_DOCUMENT_MOST);
    }
    buf_free(&out);
    arena_destroy(&arena);
}

static void test_merge(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    struct customer *customer = customer_new(arena, "id:7");
    struct value first = read_json(arena, "{\"a\":1,\"b\":{\"c\":1,\"d\":2}}");
    struct value newer = read_json(arena, "{\"a\":null,\"b\":{\"c\":3}}");
    struct value older = read_json(arena, "{\"a\":9,\"b\":{\"c\":9,\"e\":5},\"f\":null}");
    struct value expected = read_json(arena, "{\"b\":{\"c\":3,\"d\":2,\"e\":5}}");
    customer_profile_merge(arena, customer, &first, 1000);
    customer_profile_merge(arena, customer, &newer, 2000);
    assert_null(value_get(&customer->profile, "a"));
    customer_profile_merge(arena, customer, &older, 1500);
    assert_true(value_equal(&customer->profile, &expected));
    assert_int_equal(customer->layers.items[0].at_ms, 2000);
    arena_destroy(&arena);
}

/* RFC 7396, appendix A, as far as both sides are objects; and by an older event. */
static void test_merge_examples(void **state)
{
    (void)state;
    static const struct {
        const char *known, *patch, *newer, *older;
    } cases[] = {
        {"{\"a\":\"b\"}", "{\"a\":\"c\"}", "{\"a\":\"c\"}", "{\"a\":\"b\"}"},
        {"{\"a\":\"b\"}", "{\"b\":\"c\"}", "{\"a\":\"b\",\"b\":\"c\"}",
         "{\"a\":\"b\",\"b\":\"c\"}"},
        {"{\"a\":\"b\"}", "{\"a\":null}", "{}", "{\"a\":\"b\"}"},
        {"{\"a\":\"b\",\"b\":\"c\"}", "{\"a\":null}", "{\"b\":\"c\"}", "{\"a\":\"b\",\"b\":\"c\"}"},
        {"{\"a\":[\"b\"]}", "{\"a\":\"c\"}", "{\"a\":\"c\"}", "{\"a\":[\"b\"]}"},
        {"{\"a\":\"c\"}", "{\"a\":[\"b\"]}", "{\"a\":[\"b\"]}", "{\"a\":\"c\"}"},
        {"{\"a\":{\"b\":\"c\"}}", "{\"a\":{\"b\":\"d\",\"c\":null}}", "{\"a\":{\"b\":\"d\"}}",
         "{\"a\":{\"b\":\"c\"}}"},
        {"{\"a\":[{\"b\":\"c\"}]}", "{\"a\":[1]}", "{\"a\":[1]}", "{\"a\":[{\"b\":\"c\"}]}"},
        {"{\"a\":{\"b\":1}}", "{\"a\":null}", "{}", "{\"a\":{\"b\":1}}"},
        {"{\"a\":\"foo\"}", "{\"a\":{\"b\":1,\"c\":null}}", "{\"a\":{\"b\":1}}", "{\"a\":\"foo\"}"},
        {"{}", "{\"a\":{\"bb\":{\"ccc\":null}}}", "{\"a\":{\"bb\":{}}}", "{\"a\":{\"bb\":{}}}"},
        {"{\"e\":1}", "{}", "{\"e\":1}", "{\"e\":1}"},
    };
    struct arena *arena = arena_new(4096);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct value known = read_json(arena, cases[i].known);
        struct value patch = read_json(arena, cases[i].patch);
        struct value newer = read_json(arena, cases[i].newer);
        struct value older = read_json(arena, cases[i].older);
        for (int64_t at_ms = 1999; at_ms <= 2001; at_ms++) {
            struct customer *customer = customer_new(arena, "id:7");
            customer_profile_merge(arena, customer, &known, 2000);
            customer_profile_merge(arena, customer, &patch, at_ms);
            if (!value_equal(&customer->profile, at_ms < 2000 ? &older : &newer))
                fail_msg("%s and %s at %lld", cases[i].known, cases[i].patch, (long long)at_ms);
        }
    }
    arena_destroy(&arena);
}

/* Whoever wrote the document: what it says is brought within bounds, what is of the wrong
 * kind is left out. */
static void test_strange_document(void **state)
{
    (void)state;
    static const char text[] =
        "{\"format\":1,\"version\":5,\"profile\":[5,[1],[\"x\",{}],[1,2]],"
        "\"fields\":null,\"said\":7,\"optouts\":7,\"counts\":[{\"type\":\"a\",\"n\":-5,\"first\":"
        "-9223372036854775807,\"times\":[1,\"x\",2]},5],\"sends\":{},\"totals\":[{\"n\":"
        "9223372036854775807}],\"open\":[null],\"journeys\":[{\"rule\":7,\"start\":{\"data\":"
        "[]}}],\"seen\":[\"0123456789abcdef0\",1,\"a\",2,\"b\",\"c\",\"d\"],\"ring\":\"x\"}";
    struct arena *arena = arena_new(4096);
    struct diag diag = {0};
    struct customer *customer = customer_read(arena, "id:7", text, sizeof text - 1, &diag);
    assert_non_null(customer);
    assert_string_equal(customer->version, "");
    assert_int_equal(value_count(&customer->profile), 0);
    assert_int_equal(customer->profile.kind, VALUE_MAP);
    assert_int_equal(customer->fields.kind, VALUE_MAP);
    assert_int_equal(customer->said.count, 0);
    assert_int_equal(customer->counts.count, 2);
    assert_int_equal(customer->counts.items[0].count, 0);
    assert_int_equal(customer->counts.items[0].first_ms, -62167219200000);
    assert_int_equal(customer->counts.items[0].time_count, 2);
    assert_int_equal(customer->counts.items[0].times[1], 2);
    assert_string_equal(customer->counts.items[1].type, "");
    assert_int_equal(customer->sends.count, 0);
    assert_int_equal(customer->totals.items[0].count, INT32_MAX);
    assert_string_equal(customer->open.items[0].mid, "");
    assert_false(customer->open.items[0].marketing);
    assert_string_equal(customer->journeys.items[0].rule, "");
    assert_int_equal(customer->journeys.items[0].start.kind, VALUE_NULL);
    assert_int_equal(customer->seen.count, 1);
    assert_string_equal(customer->seen.items[0].identity, "a");
    assert_int_equal(customer->seen.items[0].at_ms, 2);
    assert_int_equal(customer->ring.count, 0);
    arena_destroy(&arena);
}

/* A message is forgotten by its mid alone, wherever it stands. */
static void test_drop_send(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    struct customer *customer = customer_new(arena, "id:7");
    static const char *const mids[] = {"a", "b", "c", "d"};
    for (size_t i = 0; i < 4; i++) {
        const struct customer_open open = {
            .mid = mids[i], .rule = i < 3 ? "r" : "s", .origin = "o", .topic = "all"};
        customer_add_send(arena, customer, &open, (int64_t)i, (int64_t)i);
        customer_add_open(arena, customer, &open);
    }
    assert_int_equal(customer_find_total(customer, "r")->count, 3);
    assert_int_equal(customer_find_total(customer, "r")->last_ms, 2);
    customer_drop_send(customer, "b");
    customer_drop_send(customer, "none");
    assert_int_equal(customer_find_total(customer, "r")->count, 2);
    assert_int_equal(customer_find_total(customer, "s")->count, 1);
    assert_null(customer_find_total(customer, "t"));
    assert_int_equal(customer->sends.count, 3);
    assert_string_equal(customer->sends.items[0].mid, "a");
    assert_string_equal(customer->sends.items[1].mid, "c");
    assert_string_equal(customer->sends.items[2].mid, "d");
    assert_int_equal(customer->open.count, 3);
    assert_string_equal(customer->open.items[1].mid, "c");
    /* What is no longer among the open ones is dropped from the sends all the same. */
    customer_drop_open(customer, 0);
    customer_drop_send(customer, "a");
    assert_int_equal(customer->sends.count, 2);
    assert_int_equal(customer_find_total(customer, "r")->count, 1);
    /* Totals that are lower than they should be stay above. */
    customer->totals.items[0].count = 0;
    customer_drop_send(customer, "c");
    assert_int_equal(customer_find_total(customer, "r")->count, 0);
    customer_drop_send(customer, "d");
    assert_int_equal(customer_find_total(customer, "s")->count, 0);
    arena_destroy(&arena);
}

static void test_counts(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    struct customer *customer = customer_new(arena, "id:7");
    static const int64_t times[] = {50, 20, 70, 20, 60};
    assert_null(customer_find_count(customer, "x"));
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        customer_add_count(arena, customer, "x", times[i]);
    customer_add_count(arena, customer, "y", 1);
    const struct customer_count *count = customer_find_count(customer, "x");
    static const int64_t sorted[] = {20, 20, 50, 60, 70};
    assert_int_equal(count->count, 5);
    assert_int_equal(count->first_ms, 20);
    assert_int_equal(count->last_ms, 70);
    assert_memory_equal(count->times, sorted, sizeof sorted);
    assert_int_equal(customer_find_count(customer, "y")->count, 1);
    /* The newest are kept, in the order of their times. */
    for (int64_t ms = 1; ms <= CUSTOMER_TIMES_MOST; ms++)
        customer_add_count(arena, customer, "z", ms);
    customer_add_count(arena, customer, "z", 5);
    count = customer_find_count(customer, "z");
    assert_int_equal(count->time_count, CUSTOMER_TIMES_MOST);
    assert_int_equal(count->times[0], 2);
    assert_int_equal(count->times[3], 5);
    assert_int_equal(count->times[4], 5);
    assert_int_equal(count->times[CUSTOMER_TIMES_MOST - 1], CUSTOMER_TIMES_MOST);
    arena_destroy(&arena);
}

/* What rules set stands over what events said. */
static void test_value(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    struct customer *customer = customer_new(arena, "id:7");
    assert_string_equal(customer->version, "");
    customer->profile = read_json(arena, "{\"a\":1,\"b\":2}");
    struct value value = customer_value(arena, customer);
    assert_true(value_equal(&value, &customer->profile));
    customer->fields = read_json(arena, "{\"b\":3}");
    value = customer_value(arena, customer);
    assert_int_equal(value_get(&value, "a")->integer, 1);
    assert_int_equal(value_get(&value, "b")->integer, 3);
    arena_destroy(&arena);
}

static void test_bounds(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    struct customer *customer = customer_new(arena, "id:7");
    for (int i = 0; i < 1000; i++) {
        char identity[17];
        snprintf(identity, sizeof identity, "%016d", i);
        customer_add_seen(arena, customer, identity, "", i, i % 2);
        customer_add_count(arena, customer, "x", i);
        const struct customer_open open = {.mid = arena_text(arena, identity),
                                           .rule = "r",
                                           .origin = "o",
                                           .topic = "all",
                                           .give_up_ms = 5000};
        customer_add_send(arena, customer, &open, i, i);
        customer_add_open(arena, customer, &open);
    }
    assert_int_equal(customer->seen.count, CUSTOMER_SEEN_MOST);
    assert_int_equal(customer->ring.count, CUSTOMER_RING_MOST);
    assert_int_equal(customer->counts.items[0].time_count, CUSTOMER_TIMES_MOST);
    assert_int_equal(customer->counts.items[0].count, 1000);
    assert_true(customer_has_seen(customer, "0000000000000999", 0));
    assert_false(customer_has_seen(customer, "0000000000000999", 1000));
    assert_false(customer_has_seen(customer, "0000000000000001", 0));
    assert_true(customer_has_seen(customer, "0000000000000489", 0)); /* the oldest of each */
    assert_false(customer_has_seen(customer, "0000000000000487", 0));
    assert_true(customer_has_seen(customer, "0000000000000872", 0));
    assert_false(customer_has_seen(customer, "0000000000000870", 0));
    customer_prune(customer, 4999, 991);
    assert_int_equal(customer->sends.count, CUSTOMER_PAST_MOST);
    assert_string_equal(customer->sends.items[0].mid, "0000000000000936");
    assert_int_equal(customer->seen.count, 5);
    assert_int_equal(customer->ring.count, CUSTOMER_RING_MOST);
    customer_prune(customer, 5000, 990);
    assert_int_equal(customer->open.count, 1000); /* one of them may be held: withdraw_let_go() */
    assert_true(customer_has_seen(customer, "0000000000000998", 998)); /* in the ring */
    assert_false(customer_has_seen(customer, "0000000000000998", 999));
    assert_true(customer_has_seen(customer, "0000000000000999", 999));
    arena_destroy(&arena);
}

/* What a limit or a cap counts stays however much comes after it; past its bound there is no
 * room for more. */
static void test_counted_sends(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    struct customer *customer = customer_new(arena, "id:7");
    const struct customer_open open = {.mid = "m", .rule = "r", .origin = "o", .give_up_ms = 1};
    const int64_t day_ms = 24 * 60 * 60 * 1000;
    customer_add_send(arena, customer, &open, 30 * day_ms, 0);
    for (int i = 0; i < 300; i++)
        customer_add_send(arena, customer, &open, i, i);
    customer_add_open(arena, customer, &open);
    customer_prune(customer, 300, 0);
    assert_int_equal(customer->sends.count, 1 + CUSTOMER_PAST_MOST);
    customer_prune(customer, 300 + day_ms, 0);
    assert_int_equal(customer->sends.count, 1);
    assert_int_equal(customer->sends.items[0].at_ms, 0);
    customer_prune(customer, 30 * day_ms - 1, 0);
    assert_int_equal(customer->sends.count, 1);
    for (int i = 1; i < CUSTOMER_SENDS_MOST; i++) {
        assert_true(customer_may_count(customer, 40 * day_ms, 1 + day_ms));
        customer_add_send(arena, customer, &open, 30 * day_ms, day_ms);
        customer_prune(customer, 1 + day_ms, 0);
    }
    assert_false(customer_may_count(customer, 40 * day_ms, 1 + day_ms));
    assert_true(customer_may_count(customer, 1 + day_ms, 1 + day_ms)); /* nothing counts it */
    assert_true(customer_may_count(customer, 40 * day_ms, 30 * day_ms));
    customer_prune(customer, 30 * day_ms, 0);
    assert_int_equal(customer->sends.count, 0);
    arena_destroy(&arena);
}

/* What is only kept for comfort goes first; then the document is refused. */
static void test_size(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    struct customer *customer = customer_new(arena, "id:7");
    struct buf out;
    char identity[17], *large = arena_alloc(arena, CUSTOMER_DOCUMENT_MOST);
    buf_init(&out, 4 * CUSTOMER_DOCUMENT_MOST);
    for (int i = 0; i < CUSTOMER_SEEN_MOST; i++) {
        snprintf(identity, sizeof identity, "%016d", i);
        customer_add_seen(arena, customer, identity, "", i, true);
    }
    memset(large, 'x', CUSTOMER_DOCUMENT_MOST);
    struct value patch = value_new_map(arena, 1);
    value_set(arena, patch, "x", value_string(large, CUSTOMER_DOCUMENT_MOST - 4000));
    customer_profile_merge(arena, customer, &patch, 1);
    assert_true(customer_print(customer, "1-1-1", &out));
    assert_true(out.length <= CUSTOMER_DOCUMENT_MOST);
    assert_int_equal(customer->seen.count, CUSTOMER_RING_MOST);
    assert_string_equal(customer->seen.items[CUSTOMER_RING_MOST - 1].identity, "0000000000000255");
    value_set(arena, patch, "x", value_string(large, CUSTOMER_DOCUMENT_MOST));
    customer_profile_merge(arena, customer, &patch, 2);
    assert_false(customer_print(customer, "1-1-1", &out));
    buf_free(&out);
    arena_destroy(&arena);
}

/* What a repetition is compared with: of events that a former program saw nothing is known. A
 * document has pairs, and behind them the marks of the newest. */
static void test_marks(void **state)
{
    (void)state;
    static const char former[] =
        "{\"version\":\"1-1-1\",\"format\":2,\"seen\":[\"00000000000000a1\",1000]}";
    struct arena *arena = arena_new(4096);
    struct buf out;
    struct diag diag;
    buf_init(&out, CUSTOMER_DOCUMENT_MOST);
    struct customer *customer = customer_read(arena, "id:7", former, strlen(former), &diag);
    assert_string_equal(customer_find_seen(customer, "00000000000000a1", 0)->content, "");
    customer_add_seen(arena, customer, "00000000000000b2", "12ef", 2000, true);
    customer_add_seen(arena, customer, "00000000000000c3", "", 3000, true);
    customer_add_seen(arena, customer, "00000000000000d4", "00ff", 4000, true);
    assert_true(customer_print(customer, "1-1-2", &out));
    assert_non_null(strstr(buf_string(&out), "\"00000000000000d4\",1000,\"12ef000000ff\"]"));
    customer = customer_read(arena, "id:7", buf_string(&out), out.length, &diag);
    assert_int_equal(customer->seen.count, 4);
    assert_string_equal(customer_find_seen(customer, "00000000000000a1", 0)->content, "");
    assert_string_equal(customer_find_seen(customer, "00000000000000b2", 0)->content, "12ef");
    assert_string_equal(customer_find_seen(customer, "00000000000000c3", 0)->content, "");
    assert_string_equal(customer_find_seen(customer, "00000000000000d4", 0)->content, "00ff");
    buf_free(&out);
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_starts),
        cmocka_unit_test(test_merge),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_counted_sends),
        cmocka_unit_test(test_size),
        cmocka_unit_test(test_merge_examples),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_drop_send),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_shedding),
        cmocka_unit_test(test_value),
        cmocka_unit_test(test_strange_document),
        cmocka_unit_test(test_marks),
    };
    return cmocka_run_group_tests_name("customer", tests, NULL, NULL);
}
