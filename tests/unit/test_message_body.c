/* What is stored of a message: who, why, and the data of its template. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "decide/message_body.h"
#include "decide_fixture.h"

#define DAY 86400

static struct value read_json(struct arena *arena, const char *text)
{
    struct value value;
    struct diag diag;
    text = arena_text(arena, text);
    if (!json_read(arena, text, strlen(text), &json_file_limits, &value, &diag))
        fail_msg("%s: %s", diag.text, text);
    return value;
}

static const char *print_json(struct arena *arena, const struct value *value)
{
    struct buf out;
    buf_init(&out, 1 << 16);
    json_print(&out, value);
    const char *text = arena_text(arena, buf_string(&out));
    buf_free(&out);
    return text;
}

/* The body is the same again after it was stored; `customer`: what is stored of that, or NULL. */
static void assert_stored(struct decide_fixture *fixture, const struct value *body,
                          const char *customer)
{
    struct arena *arena = fixture->arena;
    const struct value closed = message_body_close(arena, body);
    const char *text = print_json(arena, &closed);
    const struct value stored = read_json(arena, text);
    const struct value *left = value_get(&stored, "customer");
    if (!left != !customer || (left && strcmp(print_json(arena, left), customer) != 0))
        fail_msg("stored: %s", text);
    const struct message_body_known known = {
        .mid = value_to_text(arena, value_get(body, "mid")),
        .customer = value_to_text(arena, value_get(body, "customer_key")),
        .channel = value_to_text(arena, value_get(body, "channel")),
        .class_ = value_to_text(arena, value_get(body, "class")),
        .topic = value_to_text(arena, value_get(body, "topic")),
        .on_uncertain = value_to_text(arena, value_get(body, "on_uncertain")),
    };
    const struct value opened = message_body_open(arena, &stored, &known);
    if (!value_equal(&opened, body))
        fail_msg("%s\nis not %s", print_json(arena, &opened), print_json(arena, body));
}

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
    assert_null(value_get(body, "name"));
    assert_true(value_get(body, "elsewhere")->boolean);
    assert_true(value_is_text(value_get(body, "locale"), "ro"));
    assert_stored(&fixture, body, NULL);
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
    assert_int_equal(value_get(body, "after")->integer, 0);
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

/* The shop's people read their own language: an address that is the same whoever the customer is.
 */
static void test_staff(void **state)
{
    (void)state;
    static const struct {
        const char *to;
        bool staff;
    } cases[] = {
        {"shop.email", true},
        {"'ops@shop.example'", true},
        {"lookup('desk', 'reviews', 'ops@shop.example')", true},
        {"lookup('desk', order.id, 'ops@shop.example')", false},
        {"customer.email", false},
        {"event.data.email", false},
        {"email", false},
        {"customer.segment('vip') ? shop.email : 'ops@shop.example'", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct decide_fixture fixture;
        char rule[256];
        snprintf(rule, sizeof rule,
                 "{name: r, on: x, class: transactional, send: {template: m, to: \"%s\"}}",
                 cases[i].to);
        decide_fixture_open(&fixture, rule);
        struct value shop = value_new_map(fixture.arena, 1);
        value_set(fixture.arena, shop, "email", value_text("shop@shop.example"));
        fixture.policy.shop = shop;
        static const struct condition_segment none[] = {{0}};
        fixture.policy.segments = none;
        decide_fixture_play(&fixture, 0,
                            "{\"type\":\"x\",\"email\":\"a@b.example\",\"order\":{\"id\":1},"
                            "\"customer\":{\"id\":7,\"email\":\"a@b.example\",\"locale\":\"ro\"}}");
        if (!strstr(cases[i].to, "segment")) { /* there is none, so there is no address either */
            const struct value *body = &fixture.last.messages[0].body;
            assert_int_equal(fixture.last.message_count, 1);
            assert_int_equal(value_get(body, "staff") != NULL, cases[i].staff);
            assert_int_equal(value_get(body, "locale") == NULL, cases[i].staff);
            assert_stored(&fixture, body, NULL);
        }
        decide_fixture_close(&fixture);
    }
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
        assert_null(value_get(body, "after"));
        const struct value *name = value_get(body, "name");
        assert_true(cases[i].name ? value_is_text(name, cases[i].name) : name == NULL);
        decide_fixture_close(&fixture);
    }
}

/* What is stored says nothing twice, and gives the same body again. */
static void test_stored_form(void **state)
{
    static const struct {
        const char *before, *event, *customer; /* in what is stored; NULL: not there */
    } cases[] = {
        {NULL, "{\"id\":7,\"email\":\"a@b.example\",\"tags\":[1,2.50],\"a\":{\"b\":1}}", NULL},
        {NULL, "{\"id\":7,\"email\":\"a@b.example\",\"x\":null}", NULL},
        {"{\"id\":7,\"x\":\"old\",\"a\":{\"b\":1,\"c\":2}}",
         "{\"id\":7,\"email\":\"a@b.example\",\"a\":{\"b\":3}}", "{\"x\":\"old\",\"a\":{\"c\":2}}"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct decide_fixture fixture;
        char event[256];
        decide_fixture_open(&fixture, "{name: r, class: transactional, on: x, send: m}");
        snprintf(event, sizeof event, "{\"type\":\"y\",\"customer\":%s}", cases[i].before);
        if (cases[i].before)
            decide_fixture_play(&fixture, 0, event);
        snprintf(event, sizeof event, "{\"type\":\"x\",\"customer\":%s,\"n\":1}", cases[i].event);
        decide_fixture_play(&fixture, 1, event);
        assert_stored(&fixture, &fixture.last.messages[0].body, cases[i].customer);
        decide_fixture_close(&fixture);
    }
}

/* A profile that a newer event changed; a body that somebody made otherwise; one of a former
 * program. */
static void test_stored_otherwise(void **state)
{
    static const char whole[] =
        "{\"mid\":\"m\",\"class\":\"marketing\",\"topic\":\"all\",\"channel\":\"email\","
        "\"customer_key\":\"id:7\",\"on_uncertain\":\"hold\",";
    static const struct {
        const char *rest, *customer;
    } cases[] = {
        {"\"customer\":{\"a\":1},\"start\":{\"customer\":{\"a\":1.0,\"gone\":2}},\"event\":{"
         "\"source\":\"\",\"data\":{"
         "\"customer\":{\"a\":1.0,\"gone\":2}}}}",
         "{\"a\":1,\"gone\":null}"},
        {"\"customer\":{\"a\":1},\"start\":{\"n\":1},\"event\":{\"source\":\"\",\"data\":{\"n\":2}}"
         "}",
         "{\"a\":1}"},
        {"\"customer\":{\"a\":null},\"start\":{},\"event\":{\"source\":\"\",\"data\":{}}}",
         "{\"a\":null}"},
        {"\"customer\":{},\"start\":{},\"event\":{\"source\":\"\",\"data\":{\"customer\":\"none\"}}"
         "}",
         NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct decide_fixture fixture = {.arena = arena_new(4096)};
        char text[512];
        snprintf(text, sizeof text, "%s%s", whole, cases[i].rest);
        const struct value body = read_json(fixture.arena, text);
        assert_stored(&fixture, &body, cases[i].customer);
        arena_destroy(&fixture.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_message),          cmocka_unit_test(test_staff),
        cmocka_unit_test(test_later_message),    cmocka_unit_test(test_stored_form),
        cmocka_unit_test(test_stored_otherwise),
    };
    return cmocka_run_group_tests_name("message_body", tests, NULL, NULL);
}
