/* A decision becomes a commit: all of it, under the assumptions that it was made with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "events/commit_builder.h"

#define COUNT(array) (sizeof array / sizeof *(array))
enum { DAY = 86400000 };
#define NOW INT64_C(1772445600000)

static struct value read_json(struct arena *arena, const char *text)
{
    struct value value;
    assert_true(json_read(arena, text, strlen(text), &json_file_limits, &value, NULL));
    return value;
}

/* Each class with each answer to uncertainty. */
static const struct rule rules[] = {
    {.name = "offer", .class = RULE_MARKETING, .on_uncertain = RULE_HOLD},
    {.class = RULE_TRANSACTIONAL, .on_uncertain = RULE_RESEND},
    {.class = RULE_MARKETING, .on_uncertain = RULE_RESEND},
};
static const struct rule_step steps[] = {
    {.channel = "email", .mail = true}, {.channel = "sms"}, {.channel = "x"}};

static struct decision new_decision(struct arena *arena)
{
    static struct decision_withdrawal withdrawn[] = {
        {"w1", CUSTOMER_PLACE_WAITS, TRACE_WHY_UNTIL},
        {"w2", CUSTOMER_PLACE_HAND, TRACE_WHY_UNSUBSCRIBED}};
    struct decision decision = {.withdrawn = withdrawn,
                                .withdrawn_count = 2,
                                .message_count = 3,
                                .dead_count = 1,
                                .trace_count = 2,
                                .deadline_ms = NOW + 5,
                                .last_deadline_ms = NOW + DAY};
    decision.messages = arena_zero(arena, 3 * sizeof *decision.messages);
    for (size_t i = 0; i < 3; i++)
        decision.messages[i] = (struct decision_message){
            .mid = arena_printf(arena, "m%zu", i),
            .rule = &rules[i],
            .step = &steps[i],
            .address = {.hash = arena_printf(arena, "h%zu", i)},
            .give_up_ms = NOW + (int64_t)i,
            .body = read_json(arena, arena_printf(arena, "{\"n\":%zu}", i))};
    decision.messages[2].address.old_hash = "old";
    decision.dead = arena_zero(arena, sizeof *decision.dead);
    decision.dead[0] = (struct decision_dead){"journey", NULL, TRACE_REASON_ERROR, "no such field",
                                              read_json(arena, "{\"d\":1}")};
    decision.trace = arena_zero(arena, 2 * sizeof *decision.trace);
    decision.trace[0] = read_json(arena, "{\"t\":1}");
    decision.trace[1] = read_json(arena, "{\"t\":2}");
    return decision;
}

/* The messages as they were decided; the bytes of all their bodies. */
static size_t assert_messages(const struct commit *commit, const struct decision *decision)
{
    static const char *const classes[] = {"marketing", "transactional", "marketing"};
    static const char *const uncertain[] = {"hold", "resend", "resend"};
    size_t size = 0;
    assert_int_equal(commit->message_count, 3);
    for (size_t i = 0; i < 3; i++) {
        const struct commit_message *message = &commit->messages[i];
        assert_string_equal(message->mid, decision->messages[i].mid);
        assert_string_equal(message->channel, steps[i].channel);
        assert_string_equal(message->returns, steps[i].mail ? "0 offer" : "");
        assert_string_equal(message->class_, classes[i]);
        assert_string_equal(message->on_uncertain, uncertain[i]);
        assert_int_equal(message->give_up_ms, NOW + (int64_t)i);
        assert_int_equal(message->body[5], '0' + (int)i);
        assert_int_equal(message->length, strlen(message->body));
        size += message->length;
    }
    return size;
}

static void all_of_it(void **state)
{
    static const struct shop_event event = {.entry = "1-1"}, other = {.entry = "1-2"};
    const struct shop_event *const events[] = {&event, &other};
    struct arena *arena = arena_new(4096);
    struct decision decision = new_decision(arena);
    struct commit commit;
    struct diag diag;
    (void)state;
    const struct commit_builder_input input = {.customer = customer_new(arena, "id:7"),
                                               .person = &(struct person){0},
                                               .policy = &(struct policy){.mails_return = true},
                                               .decision = &decision,
                                               .events = events,
                                               .event_count = 2,
                                               .now_ms = NOW,
                                               .keep_ms = 7,
                                               .epoch = 9,
                                               .sequence = 4};
    input.customer->version = "12-8-3";
    assert_true(commit_builder_make(&input, arena, &commit, &diag));
    assert_string_equal(commit.customer, "id:7");
    assert_string_equal(commit.seen, "12-8-3");
    assert_string_equal(commit.version, "13-9-4");
    assert_int_equal(strncmp(commit.document.text, "{\"version\":\"13-9-4\"", 19), 0);
    assert_int_equal(commit.document.length, strlen(commit.document.text));
    assert_int_equal(commit.deadline_ms, NOW + 5);
    assert_int_equal(commit.expire_ms, NOW + DAY + 7); /* never before its last timer */
    assert_int_equal(commit.id_count, 2);
    assert_string_equal(commit.ids[0], "1-1");
    assert_string_equal(commit.ids[1], "1-2");
    size_t size = commit.document.length + 2 * strlen("{\"t\":1}") + strlen("{\"d\":1}");
    size += assert_messages(&commit, &decision);
    /* Each address must still be free, each message that is withdrawn be where it was. */
    assert_int_equal(commit.free_hash_count, 4);
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(commit.free_hashes[i], decision.messages[i].address.hash);
    assert_string_equal(commit.free_hashes[3], "old");
    assert_int_equal(commit.withdrawal_count, 2);
    assert_string_equal(commit.withdrawals[0].mid, "w1");
    assert_string_equal(commit.withdrawals[1].mid, "w2");
    assert_int_equal(commit.withdrawals[1].place, CUSTOMER_PLACE_HAND);
    assert_string_equal(commit.withdrawals[1].why, "unsubscribed");
    assert_int_equal(commit.dead_count, 1);
    assert_string_equal(commit.dead[0].reason, "error");
    assert_string_equal(commit.dead[0].detail, "no such field");
    assert_string_equal(commit.dead[0].body, "{\"d\":1}");
    assert_int_equal(commit.trace_count, 2);
    assert_string_equal(commit.traces[0].text, "{\"t\":1}");
    assert_string_equal(commit.traces[1].text, "{\"t\":2}");
    assert_int_equal(commit_builder_size(&commit), size);
    arena_destroy(&arena);
}

/* Without a timer it is kept from now on; the first version of a customer is 1. */
static void a_first_document(void **state)
{
    struct arena *arena = arena_new(4096);
    struct decision decision = {0};
    struct commit commit;
    struct diag diag;
    (void)state;
    const struct commit_builder_input input = {.customer = customer_new(arena, "id:7"),
                                               .person = &(struct person){0},
                                               .policy = &(struct policy){0},
                                               .decision = &decision,
                                               .now_ms = NOW,
                                               .keep_ms = 7,
                                               .epoch = 9};
    assert_true(commit_builder_make(&input, arena, &commit, &diag));
    assert_string_equal(commit.seen, "");
    assert_string_equal(commit.version, "1-9-0");
    assert_int_equal(commit.expire_ms, NOW + 7);
    assert_int_equal(commit.deadline_ms, 0);
    assert_int_equal(commit.message_count + commit.dead_count + commit.withdrawal_count, 0);
    arena_destroy(&arena);
}

/* Redirects and the trace have their time anew once in a day, or in a thirtieth of a shorter
 * `keep`. */
static void when_a_trace_has_its_time(void **state)
{
    static const struct {
        int64_t keep_ms,
            passed_ms; /* since the redirects had theirs; below 0: it was longer then */
        bool has_keys, stays;
        size_t redirects;
    } rows[] = {
        {90LL * DAY, DAY, true, true, 0},
        {90LL * DAY, DAY + 1, true, false, 1},
        {90LL * DAY, 0, true, true, 0},
        {90LL * DAY, -1, true, false, 0},
        {90LL * DAY, DAY, false, false, 0},
        {3LL * DAY, DAY / 10, true, true, 0},
        {3LL * DAY, DAY / 10 + 1, true, false, 1},
    };
    struct arena *arena = arena_new(4096);
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct decision decision = {0};
        struct commit commit;
        struct diag diag;
        const char *keys[] = {"email:a@shop.example"};
        struct customer *customer = customer_new(arena, "id:7");
        customer->keys.items = keys;
        customer->keys.count = rows[i].has_keys;
        customer->keys_until_ms = NOW + rows[i].keep_ms + 30LL * DAY - rows[i].passed_ms;
        const struct commit_builder_input input = {.customer = customer,
                                                   .person = &(struct person){0},
                                                   .policy = &(struct policy){0},
                                                   .decision = &decision,
                                                   .now_ms = NOW,
                                                   .keep_ms = rows[i].keep_ms,
                                                   .epoch = 9};
        assert_true(commit_builder_make(&input, arena, &commit, &diag));
        assert_int_equal(commit.trace_stays, rows[i].stays);
        assert_int_equal(commit.redirect_count, rows[i].redirects);
    }
    arena_destroy(&arena);
}

/* The queues hear of a customer who waits for room, or did; of no other. */
static void who_waits_for_room(void **state)
{
    struct arena *arena = arena_new(4096);
    struct decision decision = {.full_ms = {[RULE_MARKETING] = NOW - 5}};
    struct commit commit;
    struct diag diag;
    (void)state;
    const struct commit_builder_input input = {.customer = customer_new(arena, "id:7"),
                                               .person = &(struct person){0},
                                               .policy = &(struct policy){0},
                                               .decision = &decision,
                                               .now_ms = NOW};
    assert_true(commit_builder_make(&input, arena, &commit, &diag));
    assert_int_equal(commit.full_count, 0);
    decision.full = true;
    assert_true(commit_builder_make(&input, arena, &commit, &diag));
    assert_int_equal(commit.full_count, 2);
    assert_string_equal(commit.full[RULE_MARKETING].class_, "marketing");
    assert_int_equal(commit.full[RULE_MARKETING].since_ms, NOW - 5);
    assert_string_equal(commit.full[RULE_TRANSACTIONAL].class_, "transactional");
    assert_int_equal(commit.full[RULE_TRANSACTIONAL].since_ms, 0);
    arena_destroy(&arena);
}

/* A document above its bound is never written cut. */
static void a_document_that_is_too_large(void **state)
{
    struct arena *arena = arena_new(4096);
    struct decision decision = {0};
    struct customer *customer = customer_new(arena, "id:7");
    struct commit commit;
    struct diag diag = {0};
    (void)state;
    char *large = arena_zero(arena, CUSTOMER_DOCUMENT_MOST + 1);
    memset(large, 'x', CUSTOMER_DOCUMENT_MOST);
    value_add(arena, customer->fields, value_text("note"), value_text(large));
    assert_false(commit_builder_make(&(struct commit_builder_input){.customer = customer,
                                                                    .person = &(struct person){0},
                                                                    .policy = &(struct policy){0},
                                                                    .decision = &decision,
                                                                    .now_ms = NOW},
                                     arena, &commit, &diag));
    assert_string_equal(diag.code, "document-size");
    assert_null(commit.document.text);
    arena_destroy(&arena);
}

/* Events that nobody can decide are not lost: each is a letter, in full. */
static void events_given_up(void **state)
{
    struct arena *arena = arena_new(4096);
    struct diag diag = {0};
    struct commit commit;
    (void)state;
    const struct shop_event events[] = {
        {.entry = "1-1", .document = read_json(arena, "{\"e\":1}")},
        {.entry = "1-2", .document = read_json(arena, "{\"e\":2}")}};
    const struct shop_event *const both[] = {&events[0], &events[1]};
    diag_error(&diag, "too large");
    diag_code(&diag, "document-size");
    commit_builder_give_up(arena, both, 2, &diag, &commit);
    assert_null(commit.customer); /* the document stays as it is */
    assert_int_equal(commit.id_count, 2);
    assert_int_equal(commit.dead_count, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(commit.ids[i], events[i].entry);
        assert_string_equal(commit.dead[i].kind, "event");
        assert_string_equal(commit.dead[i].reason, "document-size");
        assert_string_equal(commit.dead[i].detail, "too large");
        assert_string_equal(commit.dead[i].body, i ? "{\"e\":2}" : "{\"e\":1}");
        assert_int_equal(commit.dead[i].length, 7);
    }
    assert_int_equal(commit_builder_size(&commit), 14);
    arena_destroy(&arena);
}

/* What is given up for one document must not overwrite another. */
static void the_version_that_was_read(void **state)
{
    static const struct {
        const char *document, *seen;
    } cases[] = {
        {NULL, ""},
        {"{\"version\":\"3-2-1\",\"x\":", "3-2-1"},
        {"{\"version\":\"\"}", ""},
        {"{\"version\":\"3-2-1", "?"},
        {"{\"version\": \"3-2-1\"}", "?"},
        {"rubbish", "?"},
        {"", "?"},
    };
    struct arena *arena = arena_new(4096);
    struct diag diag = {0};
    (void)state;
    diag_error(&diag, "too large");
    diag_code(&diag, "document-size");
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct commit commit;
        const char *text = cases[i].document;
        commit_builder_give_up_timer(
            arena,
            &(struct commit_builder_timer){.key = "id:7",
                                           .document = {text, text ? strlen(text) : 0},
                                           .due_ms = 5,
                                           .now_ms = NOW,
                                           .keep_ms = 7},
            &diag, &commit);
        assert_string_equal(commit.seen, cases[i].seen);
        assert_null(commit.document.text);
        assert_int_equal(commit.deadline_ms, 0);
        assert_int_equal(commit.id_count + commit.message_count + commit.withdrawal_count, 0);
        assert_string_equal(commit.dead[0].kind, "timer");
        assert_string_equal(commit.dead[0].reason, "document-size");
        assert_string_equal(commit.dead[0].body, "{\"due\":5}");
        assert_int_equal(commit.dead[0].length, strlen("{\"due\":5}"));
        assert_int_equal(commit.full_count, 2); /* it waits for nothing any more */
        assert_int_equal(commit.full[0].since_ms + commit.full[1].since_ms, 0);
        assert_int_equal(commit.expire_ms, NOW + 7);
        assert_non_null(strstr(commit.traces[0].text, "too large"));
    }
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_it),
        cmocka_unit_test(a_first_document),
        cmocka_unit_test(who_waits_for_room),
        cmocka_unit_test(a_document_that_is_too_large),
        cmocka_unit_test(events_given_up),
        cmocka_unit_test(the_version_that_was_read),
        cmocka_unit_test(when_a_trace_has_its_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
