/* Layers: in whatever order events come, the profile is what their times make of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "customer/customer.h"
#include "customer/customer_print.h"
#include "customer/customer_profile.h"

static int open_arena(void **state)
{
    *state = arena_new(65536);
    return 0;
}

static int close_arena(void **state)
{
    struct arena *arena = *state;
    arena_destroy(&arena);
    return 0;
}

static struct value read_json(struct arena *arena, const char *text)
{
    static const struct json_limits limits = {.bytes = 65536, .depth = 48, .nodes = 65536};
    struct value value;
    struct diag diag = {0};
    assert_true(json_read(arena, text, strlen(text), &limits, &value, &diag));
    return value;
}

static const char *print(struct arena *arena, const struct value *value)
{
    struct buf out;
    buf_init(&out, 65536);
    json_print(&out, value);
    const char *text = arena_text(arena, buf_string(&out));
    buf_free(&out);
    return text;
}

static void merge(struct arena *arena, struct customer *customer, const char *patch, int64_t at_ms)
{
    struct value value = read_json(arena, patch);
    customer_profile_merge(arena, customer, &value, at_ms);
}

static const char *layers_of(struct arena *arena, const struct customer *customer)
{
    struct buf out;
    buf_init(&out, 65536);
    for (uint32_t i = 0; i < customer->layers.count; i++)
        buf_printf(&out, "%lld%s ", (long long)customer->layers.items[i].at_ms,
                   print(arena, &customer->layers.items[i].patch));
    const char *text = arena_text(arena, buf_string(&out));
    buf_free(&out);
    return text;
}

/* What comes in this order, the layers, the profile. */
static const struct {
    struct {
        int64_t at_ms;
        const char *patch;
    } patches[4];
    const char *layers, *profile;
} cases[] = {
    {{{5, "{\"a\":1}"}, {6, "{\"a\":2}"}}, "6{\"a\":2} ", "{\"a\":2}"},
    {{{6, "{\"a\":2}"}, {5, "{\"a\":1}"}}, "6{\"a\":2} ", "{\"a\":2}"},
    {{{5, "{\"a\":1}"}, {5, "{\"a\":2}"}}, "5{\"a\":2} ", "{\"a\":2}"},
    {{{6, "{\"a\":null}"}, {5, "{\"a\":1}"}}, "6{\"a\":null} ", "{}"},
    {{{6, "{\"a\":null}"}, {7, "{\"a\":1}"}}, "7{\"a\":1} ", "{\"a\":1}"},
    {{{5, "{\"a\":1,\"b\":2}"}, {6, "{\"b\":3}"}}, "6{\"b\":3} 5{\"a\":1} ", "{\"a\":1,\"b\":3}"},
    {{{5, "{\"a\":{\"b\":1,\"c\":2}}"},
      {6, "{\"a\":{\"b\":null}}"},
      {4, "{\"a\":{\"b\":9,\"d\":4}}"}},
     "6{\"a\":{\"b\":null}} 5{\"a\":{\"c\":2}} 4{\"a\":{\"d\":4}} ",
     "{\"a\":{\"d\":4,\"c\":2}}"},
    {{{5, "{\"a\":1}"}, {6, "{\"a\":{\"b\":2}}"}, {4, "{\"a\":{\"c\":3}}"}},
     "6{\"a\":{\"b\":2}} 5{\"a\":null} ",
     "{\"a\":{\"b\":2}}"},
    {{{6, "{\"a\":1}"}, {5, "{\"a\":{\"b\":2}}"}}, "6{\"a\":1} ", "{\"a\":1}"},
    {{{6, "{\"a\":{}}"}, {5, "{\"a\":{\"b\":2}}"}},
     "6{\"a\":{}} 5{\"a\":{\"b\":2}} ",
     "{\"a\":{\"b\":2}}"},
    {{{6, "{}"}, {5, "{\"a\":[null]}"}}, "5{\"a\":[null]} ", "{\"a\":[null]}"},
};

static void test_layers(void **state)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct customer *customer = customer_new(*state, "id:7");
        for (size_t p = 0; p < 4 && cases[i].patches[p].patch; p++)
            merge(*state, customer, cases[i].patches[p].patch, cases[i].patches[p].at_ms);
        assert_string_equal(layers_of(*state, customer), cases[i].layers);
        assert_string_equal(print(*state, &customer->profile), cases[i].profile);
    }
}

static const char *const pieces[] = {
    "{\"a\":1}",         "{\"a\":null}",         "{\"a\":{}}",
    "{\"a\":{\"b\":1}}", "{\"a\":{\"b\":null}}", "{\"a\":{\"c\":2,\"d\":{\"e\":3}}}",
    "{\"b\":7,\"a\":2}", "{\"a\":{\"d\":4}}",    "{\"a\":{\"d\":{\"f\":null}},\"c\":[1]}",
    "{\"c\":null}",      "{\"a\":{\"d\":{}}}",
};
enum { PIECES = sizeof pieces / sizeof *pieces, DEALT = 6 };

/* Through its document, as between any two events. */
static struct customer *reread(struct arena *arena, struct customer *customer)
{
    struct buf out;
    struct diag diag = {0};
    buf_init(&out, 1 << 20);
    assert_true(customer_print(customer, "1-1-1", &out));
    const char *text = arena_copy(arena, buf_string(&out), out.length);
    customer = customer_read(arena, "id:7", text, out.length, &diag);
    buf_free(&out);
    assert_non_null(customer);
    return customer;
}

/* Whatever is dealt, in whatever order: as if all had come in the order of their times. */
static void test_any_order(void **state)
{
    struct arena *arena = *state;
    srand(7);
    for (int round = 0; round < 3000; round++) {
        struct customer *customer = customer_new(arena, "id:7");
        struct value expected = value_new_map(arena, 0);
        int dealt[DEALT], order[DEALT];
        for (int i = 0; i < DEALT; i++) {
            struct value patch = read_json(arena, pieces[dealt[i] = rand() % PIECES]);
            expected = value_merge(arena, &expected, &patch);
            int at = rand() % (i + 1);
            order[i] = order[at];
            order[at] = i;
        }
        for (int i = 0; i < DEALT; i++) {
            merge(arena, customer, pieces[dealt[order[i]]], 100 + order[i]);
            if (i == DEALT / 2)
                customer = reread(arena, customer);
        }
        if (!value_equal(&customer->profile, &expected))
            fail_msg("round %d: %s, expected %s", round, print(arena, &customer->profile),
                     print(arena, &expected));
        arena_reset(arena);
    }
}

/* Two people are one: what both heard, by time. */
static void test_join(void **state)
{
    struct customer *one = customer_new(*state, "id:7"),
                    *two = customer_new(*state, "email:a@b.example");
    merge(*state, one, "{\"name\":\"Ana\",\"accepts_marketing\":null}", 5);
    merge(*state, one, "{\"city\":\"Iasi\"}", 9);
    merge(*state, two, "{\"name\":\"ana\",\"accepts_marketing\":true,\"phone\":1}", 4);
    merge(*state, two, "{\"city\":\"Turku\"}", 10);
    customer_profile_join(*state, one, two);
    assert_string_equal(layers_of(*state, one),
                        "10{\"city\":\"Turku\"} 5{\"name\":\"Ana\",\"accepts_"
                        "marketing\":null} 4{\"phone\":1} ");
    const struct value name = read_json(*state, "{\"name\":1}"),
                       other = read_json(*state, "{\"x\":1}");
    assert_int_equal(customer_profile_ms(one, &name), 5);
    assert_int_equal(customer_profile_ms(one, &other), 0);
    struct value mentioned = customer_profile_mentioned(*state, one);
    assert_string_equal(
        print(*state, &mentioned),
        "{\"phone\":1,\"name\":\"Ana\",\"accepts_marketing\":null,\"city\":\"Turku\"}");
}

/* The oldest two become one, and what they say is no older than the newer of them. */
static void test_bound(void **state)
{
    struct arena *arena = *state;
    struct customer *customer = customer_new(arena, "id:7");
    for (int i = 0; i < 40; i++) {
        merge(arena, customer, arena_printf(arena, "{\"k%d\":%d}", i, i), 100 + i);
        assert_in_range(customer->layers.count, 1, CUSTOMER_LAYERS_MOST);
    }
    assert_int_equal(value_count(&customer->profile), 40);
    merge(arena, customer, "{\"k3\":null,\"k5\":7}", 110);
    assert_int_equal(value_get(&customer->profile, "k3")->integer, 3);
    customer = reread(arena, customer);
    assert_int_equal(value_count(&customer->profile), 40);
    assert_int_equal(customer->layers.items[0].at_ms, 139);
}

/* One map of the first format, and what nobody of ours wrote. */
static void test_documents(void **state)
{
    static const char old[] = "{\"version\":\"1-1-1\",\"format\":1,\"profile\":{\"a\":1},"
                              "\"profile_ms\":5}",
                      broken[] = "{\"version\":\"1-1-1\",\"format\":1,\"profile\":[[9,{\"a\":1}],5,"
                                 "[7],[8,3],[\"x\",{}],[3,{\"b\":2}]]}";
    struct diag diag = {0};
    struct customer *customer = customer_read(*state, "id:7", old, sizeof old - 1, &diag);
    assert_string_equal(layers_of(*state, customer), "5{\"a\":1} ");
    customer = customer_read(*state, "id:7", broken, sizeof broken - 1, &diag);
    assert_string_equal(layers_of(*state, customer), "9{\"a\":1} 3{\"b\":2} ");
}

/* The shortcut for a patch that says what the newest layer says gives what merging gives: over
 * random histories, of which every third event repeats the one before. */
static void test_repetition(void **state)
{
    static const char *const patches[] = {
        "{\"a\":1}",    "{\"a\":1,\"b\":\"x\"}", "{\"b\":\"x\",\"a\":1}",
        "{\"a\":null}", "{\"c\":{\"d\":1}}",     "{\"c\":{\"e\":true}}",
        "{\"c\":{}}",   "{\"c\":2.50}",          "{}",
        "{\"t\":[1]}"};
    uint32_t random = 7;
    int repeated = 0;
    const char *patch = patches[0];
    for (int history = 0; history < 60; history++) {
        struct customer *quick = customer_new(*state, "id:7"), *slow = customer_new(*state, "id:7");
        for (uint32_t event = 0; event < 30; event++) {
            random = random * 1664525 + 1013904223;
            if (random >> 30 != 0)
                patch = patches[(random >> 8) % (sizeof patches / sizeof *patches)];
            struct value value = read_json(*state, patch);
            int64_t at_ms = 100 + event + (random >> 16) % 3;
            bool same = customer_profile_repeat(quick, &value, at_ms);
            repeated += same;
            if (!same)
                customer_profile_merge(*state, quick, &value, at_ms);
            customer_profile_merge(*state, slow, &value, at_ms);
            assert_string_equal(layers_of(*state, quick), layers_of(*state, slow));
            assert_true(value_equal(&quick->profile, &slow->profile));
        }
    }
    assert_true(repeated > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_layers, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(test_any_order, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(test_join, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(test_bound, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(test_documents, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(test_repetition, open_arena, close_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
