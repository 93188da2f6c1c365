/* What is stored of a message: who, why, and the data of its template. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "decide_fixture.h"

#define DAY 86400

static void test_message(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    decide_fixture_open(&fixture, "{name: gift, on: order.placed, send: {template: gift, via: sms, "
                                  "to: customer.mobile, data: {twice: order.total * 2}}}");
    static const char event[] =
        "{\"type\":\"order.placed\",\"id\":\"o1\",\"order\":{\"total\":21},\"customer\":{\"id\":7,"
        "\"mobile\":\" "
        "+40721\\t\\u00a0\",\"accepts_marketing\":true,\"first_name\":\"Ana\",\"last_name\":"
        "\"Popescu\",\"locale\":\"ro\"}}";
    decide_fixture_play(&fixture, 0, event);
    assert_int_equal(fixture.last.message_count, 1);
    const struct value *body = &fixture.last.messages[0].body;
    assert_true(value_is_text(value_get(body, "to"), "+40721"));
    assert_true(value_is_text(value_get(body, "channel"), "sms"));
    assert_true(value_is_text(value_get(body, "name"), "Ana Popescu"));
    assert_true(value_is_text(value_get(body, "locale"), "ro"));
    assert_true(value_is_text(value_get(body, "class"), "marketing"));
    assert_true(value_is_text(value_get(body, "on_uncertain"), "hold"));
    assert_int_equal(value_path(body, "data.twice")->integer, 42);
    assert_int_equal(value_path(body, "start.order.total")->integer, 21);
    assert_true(value_is_text(value_get(body, "rule"), "gift"));
    assert_true(value_is_text(value_get(body, "step"), fixture.last.messages[0].step->id));
    assert_true(value_is_text(value_get(body, "mid"), fixture.last.messages[0].mid));
    assert_true(value_is_text(value_get(body, "topic"), "all"));
    assert_true(value_is_text(value_get(body, "template"), "gift"));
    assert_true(value_is_text(value_get(body, "customer_key"), "id:7"));
    assert_int_equal(value_get(body, "decided")->integer, DECIDE_FIXTURE_START * 1000LL);
    assert_int_equal(value_get(body, "expires")->integer, (DECIDE_FIXTURE_START + DAY) * 1000LL);
    assert_int_equal(fixture.last.messages[0].give_up_ms, (DECIDE_FIXTURE_START + DAY) * 1000LL);
    assert_true(value_is_text(value_path(body, "customer.last_name"), "Popescu"));
    assert_true(value_is_text(value_path(body, "event.type"), "order.placed"));
    assert_string_equal(fixture.last.messages[0].address.hash,
                        policy_address_hash(&fixture.policy, "+40721", fixture.arena));
    assert_int_equal(strlen(fixture.last.messages[0].mid), 32);
    /* The same event decided anew gives the same message. */
    const char *mid = fixture.last.messages[0].mid;
    fixture.document = NULL;
    decide_fixture_play(&fixture, 1000, event);
    assert_string_equal(fixture.last.messages[0].mid, mid);
    decide_fixture_close(&fixture);
}

/* A message that is sent at a timer has the event that began, and the names that are there. */
static void test_later_message(void **state)
{
    (void)state;
    static const struct {
        const char *names, *name; /* NULL: none */
    } cases[] = {
        {"", NULL},
        {",\"first_name\":\"Ana\"", "Ana"},
        {",\"last_name\":\"Popescu\"", "Popescu"},
        {",\"name\":\"A. P.\",\"first_name\":\"Ana\",\"last_name\":\"Popescu\"", "A. P."},
        {",\"name\":7", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct decide_fixture fixture;
        char event[256];
        decide_fixture_open(&fixture,
                            "{name: r, class: transactional, on: x, again: ignore, wait: 1h, "
                            "send: m}");
        snprintf(event, sizeof event,
                 "{\"type\":\"x\",\"customer\":{\"id\":7,\"email\":\"a@b.example\"%s}}",
                 cases[i].names);
        decide_fixture_play(&fixture, 0, event);
        decide_fixture_play(&fixture, 3600, NULL);
        const struct value *body = &fixture.last.messages[0].body;
        assert_true(value_is_text(value_path(body, "event.type"), "x"));
        assert_true(value_is_text(value_get(body, "class"), "transactional"));
        assert_true(value_is_text(value_get(body, "on_uncertain"), "resend"));
        assert_null(value_get(body, "data"));
        const struct value *name = value_get(body, "name");
        assert_true(cases[i].name ? value_is_text(name, cases[i].name) : name == NULL);
        decide_fixture_close(&fixture);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_message),
        cmocka_unit_test(test_later_message),
    };
    return cmocka_run_group_tests_name("message_body", tests, NULL, NULL);
}
