/* A message that was a dead letter and stands in the outbox again: counted anew, or taken back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "decide/message_body.h"
#include "decide_fixture.h"

#define ANA        "\"customer\":{\"id\":7,\"email\":\"ana@example.com\",\"accepts_marketing\":true}"
#define X(id)      "{\"type\":\"x\",\"id\":\"" id "\",\"cart\":\"c1\"," ANA "}"
#define Y(id)      "{\"type\":\"y\",\"id\":\"" id "\",\"cart\":\"c1\"," ANA "}"
#define OTHER_CART "{\"type\":\"y\",\"id\":\"o\",\"cart\":\"c2\"," ANA "}"
#define OUT(topic) \
    "{\"type\":\"customer.unsubscribed\",\"id\":\"u\",\"topic\":\"" topic "\"," ANA "}"
#define ERASED "{\"type\":\"customer.erased\",\"id\":\"e\"," ANA "}"

enum { DAY = 86400 };

/* The message of the last decision, and what would be kept of it. */
struct letter {
    const char *mid, *class_, *topic, *body;
    int64_t decided_ms;
};

static struct letter letter_of(struct decide_fixture *fixture)
{
    const struct decision_message *message = &fixture->last.messages[0];
    assert_int_equal(fixture->last.message_count, 1);
    const struct value stored = message_body_close(fixture->arena, &message->body);
    const struct slice body = json_print_slice(fixture->arena, &stored, 65536);
    struct letter letter = {.mid = message->mid,
                            .class_ = rule_class_word(message->rule->class),
                            .topic = arena_text(fixture->arena, message->rule->topic),
                            .body = arena_copy(fixture->arena, body.text, body.length)};
    value_to_int(value_get(&stored, "decided"), &letter.decided_ms);
    return letter;
}

static const char *failed(struct decide_fixture *fixture, double second,
                          const struct letter *letter)
{
    const char *event = arena_printf(
        fixture->arena,
        "{\"type\":\"message.failed\",\"source\":\"nudged\",\"id\":\"%s.failed\",\"customer\":{"
        "\"key\":\"id:7\"},\"message\":{\"id\":\"%s\"}}",
        letter->mid, letter->mid);
    return decide_fixture_play(fixture, second, event);
}

/* `known`: the letter was written by this program, and so has the topic. */
static const char *requeued_as(struct decide_fixture *fixture, double second,
                               const struct letter *letter, bool known)
{
    struct buf event;
    buf_init(&event, 65536);
    buf_printf(&event,
               "{\"type\":\"message.requeued\",\"source\":\"nudged\",\"id\":\"%s.requeued.%d\","
               "\"customer\":{\"key\":\"id:7\"},\"message\":{\"id\":\"%s\",\"rule\":\"a\","
               "\"class\":\"%s\",\"reason\":\"by hand\",\"decided\":%lld,\"died\":%lld,"
               "\"give_up\":4700000000000,\"body\":",
               letter->mid, fixture->entries, letter->mid, letter->class_,
               (long long)letter->decided_ms, (long long)letter->decided_ms + 1000);
    json_print_string(&event, letter->body, strlen(letter->body));
    if (known)
        buf_printf(&event, ",\"topic\":\"%s\"", letter->topic);
    buf_text(&event, "}}");
    const char *text = arena_text(fixture->arena, buf_string(&event));
    buf_free(&event);
    return decide_fixture_play(fixture, second, text);
}

static const char *requeued(struct decide_fixture *fixture, double second,
                            const struct letter *letter)
{
    return requeued_as(fixture, second, letter, true);
}

/* What happened between the dead letter and its retry, and what is made of that. */
static void test_since_then(void **state)
{
    static const char plain[] = "{name: a, on: x, send: a, limit: 1 per 7d, topic: news}",
                      until[] = "{name: a, on: x, until: y, send: a}",
                      asking[] = "{name: a, on: x, send: a, until: {on: y, if: event.data.cart == "
                                 "start.cart}}",
                      cart[] = "{name: a, on: x, if: cart == 'c1', again: restart, send: a}",
                      receipt[] = "{name: a, class: transactional, on: x, send: a}";
    static const struct {
        const char *rules;
        const char *event; /* NULL: none */
        double second;     /* of the retry */
        const char *did;
    } rows[] = {
        {plain, NULL, 60, "a requeued by hand"},
        {plain, Y("9"), 60, "a requeued by hand"},
        {plain, OUT("other"), 60, "a requeued by hand"},
        {plain, OUT("news"), 60, "a requeued by hand; a withdrawn unsubscribed"},
        {plain, OUT("all"), 60, "a requeued by hand; a withdrawn unsubscribed"},
        {plain, X("2"), 60, "a requeued by hand; a withdrawn limit"},
        {plain, "{\"type\":\"z\",\"customer\":{\"id\":7,\"accepts_marketing\":false}}", 60,
         "a requeued by hand; a withdrawn no-consent"},
        {until, Y("9"), 60, "a requeued by hand; a withdrawn until"},
        {until, "{\"type\":\"y\",\"time\":\"2026-03-02T09:00:00Z\",\"customer\":{\"id\":7}}", 60,
         "a requeued by hand"},
        {asking, Y("9"), 60, "a requeued by hand; a withdrawn until"},
        {asking, OTHER_CART, 60, "a requeued by hand"},
        {asking, NULL, 29 * DAY, "a requeued by hand; a withdrawn max-age"},
        {cart, X("2"), 60, "a requeued by hand; a withdrawn restart"},
        {cart, "{\"type\":\"x\",\"id\":\"2\",\"cart\":\"c2\",\"customer\":{\"id\":7}}", 60,
         "a requeued by hand; a withdrawn no-longer"},
        {receipt, OUT("all"), 60, "a requeued by hand"},
        {receipt, Y("9"), 29 * DAY, "a requeued by hand"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct decide_fixture fixture;
        decide_fixture_open(&fixture, rows[i].rules);
        decide_fixture_play(&fixture, 0, X("1"));
        const struct letter letter = letter_of(&fixture);
        failed(&fixture, 1, &letter);
        if (rows[i].event)
            decide_fixture_play(&fixture, 2, rows[i].event);
        const char *did = requeued(&fixture, rows[i].second, &letter);
        if (strcmp(did, rows[i].did) != 0)
            fail_msg("row %zu: \"%s\", expected \"%s\"", i, did, rows[i].did);
        bool withdrawn = strstr(did, "withdrawn") != NULL;
        assert_int_equal(fixture.last.withdrawn_count, withdrawn);
        if (withdrawn)
            assert_string_equal(fixture.last.withdrawn[0].mid, letter.mid);
        decide_fixture_close(&fixture);
    }
}

/* It counts again, from then on; it may be withdrawn; and where it fails once more, its place is
 * free. */
static void test_counts(void **state)
{
    struct decide_fixture fixture;
    (void)state;
    decide_fixture_open(&fixture, "{name: a, on: x, until: y, send: a, limit: 1 per 7d}");
    decide_fixture_play(&fixture, 0, X("1"));
    const struct letter letter = letter_of(&fixture);
    failed(&fixture, 1, &letter);
    requeued(&fixture, 5 * DAY, &letter);
    assert_string_equal(decide_fixture_play(&fixture, 6 * DAY, X("2")), "a refused limit");
    assert_string_equal(failed(&fixture, 6 * DAY + 1, &letter), "");
    assert_string_equal(decide_fixture_play(&fixture, 6 * DAY + 2, X("3")), "a sends a");
    const struct letter second = letter_of(&fixture);
    failed(&fixture, 6 * DAY + 3, &second);
    requeued(&fixture, 6 * DAY + 4, &second);
    assert_string_equal(decide_fixture_play(&fixture, 6 * DAY + 5, Y("9")), "a withdrawn until");
    assert_string_equal(fixture.last.withdrawn[0].mid, second.mid);
    decide_fixture_close(&fixture);
}

/* Each refusal is news to rules, and one that is told twice is not. */
static void test_fails_again(void **state)
{
    struct decide_fixture fixture;
    (void)state;
    decide_fixture_open(&fixture, "{name: a, on: x, send: a}\n---\n"
                                  "{name: sms, on: message.failed, again: parallel, send: b}");
    decide_fixture_play(&fixture, 0, X("1"));
    const struct letter letter = letter_of(&fixture);
    assert_string_equal(failed(&fixture, 1, &letter), "sms sends b");
    assert_string_equal(failed(&fixture, 2, &letter), "passed-over duplicate");
    requeued(&fixture, 3, &letter);
    assert_string_equal(failed(&fixture, 4, &letter), "sms sends b");
    assert_string_equal(failed(&fixture, 5, &letter), "passed-over duplicate");
    decide_fixture_close(&fixture);
}

/* Another daemon has decided that it goes out again before this one decides that it had failed. */
static void test_counts_though_told_late(void **state)
{
    struct decide_fixture fixture;
    (void)state;
    decide_fixture_open(&fixture, "{name: a, on: x, send: a, limit: 1 per 7d}");
    decide_fixture_play(&fixture, 0, X("1"));
    const struct letter letter = letter_of(&fixture);
    requeued(&fixture, 3, &letter);
    failed(&fixture, 2, &letter);
    assert_string_equal(decide_fixture_play(&fixture, 4, X("2")), "a refused limit");
    decide_fixture_close(&fixture);
}

/* Of who was erased nothing is kept by it. */
static void test_erased(void **state)
{
    struct decide_fixture fixture;
    (void)state;
    decide_fixture_open(&fixture, "{name: a, class: transactional, on: x, send: a}");
    decide_fixture_play(&fixture, 0, X("1"));
    const struct letter letter = letter_of(&fixture);
    failed(&fixture, 1, &letter);
    decide_fixture_play(&fixture, 2, ERASED);
    fixture.document = NULL;
    const struct said_text record = {.name = "n",
                                     .text = slice_of("!1772445602000=0123456789abcdef")};
    fixture.records = &record;
    fixture.record_count = 1;
    assert_string_equal(requeued(&fixture, 60, &letter), "");
    assert_true(fixture.last.bare);
    assert_int_equal(fixture.last.withdrawn_count, 1);
    assert_int_equal(fixture.last.withdrawn[0].why, TRACE_WHY_ERASURE);
    decide_fixture_close(&fixture);
}

/* Its rule is gone, or was never known by its topic: what the message itself knows counts. */
static void test_without_the_rule(void **state)
{
    static const struct {
        const char *event;
        bool known; /* its topic */
        const char *did;
    } rows[] = {
        {NULL, true, "a requeued by hand"},
        {NULL, false, "a requeued by hand"},
        {OUT("other"), true, "a requeued by hand"},
        {OUT("other"), false, "a requeued by hand; a withdrawn unsubscribed"},
        {OUT("news"), true, "a requeued by hand; a withdrawn unsubscribed"},
        {Y("9"), true, "a requeued by hand; a withdrawn until"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct decide_fixture fixture;
        decide_fixture_open(&fixture, "{name: a, on: x, topic: news, send: a, until: {on: y, if: "
                                      "event.data.cart == start.cart}}");
        decide_fixture_play(&fixture, 0, X("1"));
        const struct letter letter = letter_of(&fixture);
        failed(&fixture, 1, &letter);
        if (rows[i].event)
            decide_fixture_play(&fixture, 2, rows[i].event);
        decide_fixture_reload(&fixture, "{name: b, on: z, send: b}");
        const char *did = requeued_as(&fixture, 60, &letter, rows[i].known);
        if (strcmp(did, rows[i].did) != 0)
            fail_msg("row %zu: \"%s\", expected \"%s\"", i, did, rows[i].did);
        decide_fixture_close(&fixture);
    }
}

/* In a sender's hand by then, or gone: as with any withdrawal. */
static void test_places(void **state)
{
    static const struct {
        enum customer_place place;
        const char *did, *again;
    } rows[] = {
        {CUSTOMER_PLACE_WAITS, "a requeued by hand; a withdrawn until", "a sends a"},
        {CUSTOMER_PLACE_HAND, "a requeued by hand; a marked until", "a refused limit"},
        {CUSTOMER_PLACE_GONE, "a requeued by hand; a too-late until", "a refused limit"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct decide_fixture fixture;
        decide_fixture_open(&fixture, "{name: a, on: x, until: y, send: a, limit: 1 per 7d}");
        decide_fixture_play(&fixture, 0, X("1"));
        const struct letter letter = letter_of(&fixture);
        decide_fixture_place(&fixture, rows[i].place);
        failed(&fixture, 1, &letter);
        decide_fixture_play(&fixture, 2, Y("9"));
        assert_string_equal(requeued(&fixture, 3, &letter), rows[i].did);
        assert_string_equal(decide_fixture_play(&fixture, 4, X("2")), rows[i].again);
        decide_fixture_close(&fixture);
    }
}

/* At night marketing waits for the morning; a receipt does not. */
static void test_quiet_hours(void **state)
{
    static const char *const rules[] = {"{name: a, on: x, send: a}",
                                        "{name: a, class: transactional, on: x, send: a}"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct decide_fixture fixture;
        decide_fixture_open(&fixture, rules[i]);
        decide_fixture_play(&fixture, 0, X("1"));
        const struct letter letter = letter_of(&fixture);
        failed(&fixture, 1, &letter);
        fixture.policy.quiet_from = 9 * 60;
        fixture.policy.quiet_to = 12 * 60; /* it is ten */
        assert_string_equal(requeued(&fixture, 60, &letter),
                            i ? "a requeued by hand" : "a requeued by hand; a quiet-hours 7200");
        assert_int_equal(fixture.last.postponed_count, 1); /* by which it is known to be decided */
        assert_int_equal(fixture.last.postponed[0].at_ms > 0, i == 0);
        decide_fixture_close(&fixture);
    }
}

/* An event without an id: its journey's name is in the body. */
static void test_run_without_an_id(void **state)
{
    struct decide_fixture fixture;
    (void)state;
    decide_fixture_open(&fixture, "name: a\non: x\nagain: parallel\nlimit: 1 per 7d\nsteps: "
                                  "[{send: a}, {wait: 1h}, {send: b}]\n");
    decide_fixture_play(&fixture, 0, "{\"type\":\"x\"," ANA "}");
    const struct letter letter = letter_of(&fixture);
    failed(&fixture, 1, &letter);
    assert_string_equal(requeued(&fixture, 2, &letter), "a requeued by hand");
    assert_string_equal(decide_fixture_play(&fixture, 3600, NULL), "a sends b");
    decide_fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_since_then),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_fails_again),
        cmocka_unit_test(test_counts_though_told_late),
        cmocka_unit_test(test_erased),
        cmocka_unit_test(test_without_the_rule),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_quiet_hours),
        cmocka_unit_test(test_run_without_an_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
