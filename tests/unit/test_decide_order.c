/* Events of the same millisecond: in whichever order they are decided, as when a daemon died over
 * one, what comes of them is as in the order of their entries. A no is the one thing that is kept
 * although a newer yes was decided first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "customer/customer.h"
#include "decide_fixture.h"

#define ANA "\"customer\":{\"id\":7,\"email\":\"ana@example.com\",\"accepts_marketing\":true}"
#define CART(id, total)                                                                    \
    "{\"type\":\"cart.updated\",\"id\":\"" id "\",\"cart\":{\"id\":\"k\",\"total\":" total \
    "}," ANA "}"
#define ORDER(id) "{\"type\":\"order.placed\",\"id\":\"" id "\",\"order\":{\"cart\":\"k\"}," ANA "}"
#define TOLD(id, more) \
    "{\"type\":\"customer.updated\",\"id\":\"" id "\",\"customer\":{\"id\":7," more "}}"
#define SAYS(id, word)                                                                             \
    "{\"type\":\"customer." word "\",\"id\":\"" id "\",\"topic\":\"news\",\"customer\":{\"id\":7}" \
    "}"
#define WATCH(id, word) \
    "{\"type\":\"watch." word "\",\"id\":\"" id "\",\"product\":{\"sku\":\"POT\"}," ANA "}"

#define REMINDER                                                           \
    "name: cart\non: cart.updated\nif: cart.total >= 20\nagain: restart\n" \
    "wait: 1h\nsend: cart\n"

enum { EVENTS_MOST = 4 };

static const struct {
    const char *name, *rules;
    const char *events[EVENTS_MOST]; /* in the order of their entries */
} ties[] = {
    {"an order ends the cart before it",
     REMINDER "until: order.placed\n",
     {CART("c1", "80"), ORDER("o1")}},
    {"a cart after the order begins anew",
     REMINDER "until: order.placed\n",
     {ORDER("o1"), CART("c1", "80")}},
    {"an order between two carts",
     REMINDER "until: order.placed\n",
     {CART("c1", "80"), ORDER("o1"), CART("c2", "90")}},
    {"two carts, then an order",
     REMINDER "until: order.placed\n",
     {CART("c1", "80"), CART("c2", "90"), ORDER("o1")}},
    {"by a condition",
     REMINDER "until: {on: order.placed, if: order.cart == start.cart.id}\n",
     {CART("c1", "80"), ORDER("o1")}},
    {"by a condition, the cart last",
     REMINDER "until: {on: order.placed, if: order.cart == start.cart.id}\n",
     {ORDER("o1"), CART("c1", "80"), CART("c2", "85")}},
    {"an emptied cart", REMINDER, {CART("c1", "80"), CART("c2", "5")}},
    {"a filled one after the emptied one", REMINDER, {CART("c1", "5"), CART("c2", "80")}},
    {"the newest cart runs",
     REMINDER,
     {CART("c1", "80"), CART("c2", "90"), CART("c3", "70"), CART("c4", "60")}},
    {"the newest word on a field",
     REMINDER,
     {TOLD("t1", "\"tier\":\"silver\""), TOLD("t2", "\"tier\":\"gold\"")}},
    {"a field that is removed",
     REMINDER,
     {TOLD("t1", "\"tier\":\"silver\""), TOLD("t2", "\"tier\":null,\"city\":\"Cork\"")}},
    {"a no after a yes", REMINDER, {SAYS("s1", "subscribed"), SAYS("s2", "unsubscribed")}},
    {"a no, a yes, a no",
     REMINDER,
     {SAYS("s1", "unsubscribed"), SAYS("s2", "subscribed"), SAYS("s3", "unsubscribed")}},
    {"watches", REMINDER, {WATCH("w1", "added"), WATCH("w2", "removed"), WATCH("w3", "added")}},
    {"not watched any more", REMINDER, {WATCH("w1", "added"), WATCH("w2", "removed")}},
};

/* What is known and runs, without times. */
static const char *state_of(struct decide_fixture *fixture)
{
    struct diag diag;
    struct customer *customer =
        customer_read(fixture->arena, "id:7", fixture->document, strlen(fixture->document), &diag);
    struct buf out;
    assert_non_null(customer);
    buf_init(&out, 1 << 16);
    for (uint32_t i = 0; i < customer->journeys.count; i++)
        buf_printf(&out, "%s of %s; ", customer->journeys.items[i].rule,
                   customer->journeys.items[i].origin);
    for (uint32_t i = 0; i < customer->said.count; i++)
        buf_printf(&out, "%s: %s; ", customer->said.items[i].topic,
                   customer->said.items[i].yes ? "yes" : "no");
    static const char *const fields[] = {"tier", "city", "watching"};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        struct value found = customer_value(fixture->arena, customer);
        const struct value *value = value_get(&found, fields[i]);
        buf_printf(&out, "%s ", fields[i]);
        if (value)
            json_print(&out, value);
    }
    const char *text = arena_text(fixture->arena, buf_string(&out));
    buf_free(&out);
    return text;
}

/* `order`: their numbers, one digit each. */
static const char *play(struct decide_fixture *fixture, const char *const *events,
                        const char *order)
{
    fixture->document = NULL;
    fixture->starts = value_new_map(fixture->arena, 4);
    for (; *order; order++) {
        fixture->entries = 1 + (*order - '0');
        decide_fixture_play(fixture, 0, events[*order - '0']);
    }
    return state_of(fixture);
}

/* All orders of the digits from `at` on. */
static void play_orders(struct decide_fixture *fixture, const char *name, const char *const *events,
                        char *order, size_t at, const char *wanted)
{
    if (!order[at]) {
        const char *got = play(fixture, events, order);
        if (strcmp(got, wanted) != 0)
            fail_msg("%s, decided as %s:\n  got    %s\n  wanted %s", name, order, got, wanted);
    }
    for (size_t i = at; order[at] && order[i]; i++) {
        char first = order[i];
        order[i] = order[at];
        order[at] = first;
        play_orders(fixture, name, events, order, at + 1, wanted);
        order[at] = order[i];
        order[i] = first;
    }
}

static void test_ties(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ties / sizeof *ties; i++) {
        struct decide_fixture fixture;
        char order[EVENTS_MOST + 1] = "";
        for (int at = 0; at < EVENTS_MOST && ties[i].events[at]; at++)
            order[at] = (char)('0' + at);
        decide_fixture_open(&fixture, ties[i].rules);
        play_orders(&fixture, ties[i].name, ties[i].events, order, 0,
                    play(&fixture, ties[i].events, order));
        decide_fixture_close(&fixture);
    }
}

/* Decided last it stays, whichever came first. */
static void test_a_late_no(void **state)
{
    (void)state;
    static const char *const events[] = {SAYS("s1", "unsubscribed"), SAYS("s2", "subscribed")};
    struct decide_fixture fixture;
    decide_fixture_open(&fixture, REMINDER);
    assert_non_null(strstr(play(&fixture, events, "01"), "news: yes"));
    assert_non_null(strstr(play(&fixture, events, "10"), "news: no"));
    decide_fixture_close(&fixture);
}

/* Long after it nobody waits for an earlier entry any more, and few are kept. */
static void test_what_is_kept(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    decide_fixture_open(&fixture, REMINDER);
    fixture.entries = 1;
    for (int i = 0; i < 20; i++) {
        char event[256];
        snprintf(event, sizeof event,
                 "{\"type\":\"cart.updated\",\"id\":\"%d\",\"cart\":{\"total\":50}," ANA "}", i);
        decide_fixture_play(&fixture, 0, event);
    }
    const char *moments = strstr(fixture.document, "\"moments\":[1772445600000,0,13,");
    assert_non_null(moments);
    assert_null(strstr(fixture.document, ",0,12,"));
    fixture.entries = 0; /* no earlier one has that time */
    decide_fixture_play(&fixture, 3599, ORDER("o1"));
    assert_null(strstr(fixture.document, "moments"));
    decide_fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ties),
        cmocka_unit_test(test_a_late_no),
        cmocka_unit_test(test_what_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
