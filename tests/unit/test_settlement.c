/* What is written for each outcome: nothing is lost, nobody is told too little. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "decide_fixture.h"
#include "delivery/settlement.h"
#include "send/retry.h"

#define COUNT(array) (sizeof array / sizeof *(array))
#define NOW          INT64_C(1772445600000)
enum { HOUR = 3600000, LONGEST = 4 * RETRY_FIRST_MS - 1000 };

static const char plain_rules[] = "name: tea\non: order.placed\nsend: tea\nclass: transactional\n";
static const char asking_rules[] = "name: tea\non: [order.placed, message.sent, "
                                   "message.uncertain]\nsend: tea\n"
                                   "class: transactional\n";

static const char body[] = "{\"to\":\"Ana@example.com\",\"rule\":\"tea\",\"template\":\"order\","
                           "\"hops\":2}";

static struct attempt *new_attempt(const char *on_uncertain, int64_t give_up_ms)
{
    struct attempt *attempt = attempt_new(&(struct outbox_message){.entry = "1-1",
                                                                   .mid = "m1",
                                                                   .customer = "id:7",
                                                                   .channel = "email",
                                                                   .class_ = "marketing",
                                                                   .body = body,
                                                                   .length = strlen(body),
                                                                   .on_uncertain = on_uncertain,
                                                                   .attempts = 2,
                                                                   .give_up_ms = give_up_ms,
                                                                   .whole = true},
                                          1);
    attempt->gateway = "main";
    return attempt;
}

/* The second attempt was charged; the random number is the longest wait after the third. */
static const struct row {
    const char *name;
    enum outcome_kind kind;
    const char *on_uncertain;
    int64_t left_ms, wait_ms, retry_after_ms;
    /* what is written */
    enum outbox_verdict verdict;
    const char *reason;
    bool charge;
    int64_t after_ms;
    const char *event; /* where no rule asks */
    bool suppress;
    enum outcome_suspect suspect;
} rows[] = {
    {"sent", OUTCOME_SENT, "hold", HOUR, 0, 0, OUTBOX_DONE, NULL, false, 0, NULL, false, 0},
    {"retry", OUTCOME_RETRY, "hold", HOUR, 0, 0, OUTBOX_LATER, NULL, true, 4 * RETRY_FIRST_MS, NULL,
     false, 0},
    {"retry as the server asks", OUTCOME_RETRY, "hold", HOUR, 0, 1800000, OUTBOX_LATER, NULL, true,
     1800000 + LONGEST % (450000 + 1), NULL, false, 0},
    {"the last retry", OUTCOME_RETRY, "hold", RETRY_BEFORE_END_MS + 7, 0, 0, OUTBOX_LATER, NULL,
     true, 7, NULL, false, 0},
    {"no more retries", OUTCOME_RETRY, "hold", RETRY_BEFORE_END_MS, 0, 0, OUTBOX_DEAD, "gave-up",
     true, 0, "message.failed", false, 0},
    {"uncertain and held", OUTCOME_UNCERTAIN, "hold", HOUR, 0, 0, OUTBOX_HOLD, NULL, false, 0, NULL,
     false, 0},
    {"held though its time is over", OUTCOME_UNCERTAIN, "hold", -1, 0, 0, OUTBOX_HOLD, NULL, false,
     0, NULL, false, 0},
    {"uncertain and sent again", OUTCOME_UNCERTAIN, "resend", HOUR, 0, 0, OUTBOX_RESEND, NULL, true,
     4 * RETRY_FIRST_MS, NULL, false, 0},
    {"uncertain, and its time is over", OUTCOME_UNCERTAIN, "resend", 0, 0, 0, OUTBOX_DEAD,
     "gave-up", true, 0, "message.failed", false, 0},
    {"bounced", OUTCOME_BOUNCED, "resend", HOUR, 0, 0, OUTBOX_DEAD, "bounced", false, 0,
     "message.bounced", true, 0},
    {"refused", OUTCOME_DEAD, "resend", HOUR, 0, 0, OUTBOX_DEAD, "refused", false, 0,
     "message.failed", false, 0},
    {"it seems to bounce", OUTCOME_DEAD, "resend", HOUR, 0, 0, OUTBOX_DEAD, "bounced", false, 0,
     "message.bounced", false, OUTCOME_SUSPECT_MAILBOX},
    {"refused by policy", OUTCOME_DEAD, "resend", HOUR, 0, 0, OUTBOX_DEAD, "refused", false, 0,
     "message.failed", false, OUTCOME_SUSPECT_REFUSAL},
    {"the gateway's fault", OUTCOME_GATEWAY_FAULT, "hold", HOUR, 0, 0, OUTBOX_LATER, NULL, false,
     5000 + LONGEST % 5001, NULL, false, 0},
    {"not to be had", OUTCOME_UNAVAILABLE, "hold", HOUR, 0, 0, OUTBOX_LATER, NULL, false,
     5000 + LONGEST % 5001, NULL, false, 0},
    {"behind the next probe", OUTCOME_GATEWAY_FAULT, "hold", HOUR, 4500, 0, OUTBOX_LATER, NULL,
     false, 5500 + LONGEST % 5001, NULL, false, 0},
    {"the breaker stays open for long", OUTCOME_UNAVAILABLE, "hold", HOUR, 90000, 0, OUTBOX_LATER,
     NULL, false, 91000 + LONGEST % 22751, NULL, false, 0},
    {"the wait ends with its time", OUTCOME_GATEWAY_FAULT, "hold", RETRY_BEFORE_END_MS + 7, 0, 0,
     OUTBOX_LATER, NULL, false, 7, NULL, false, 0},
    {"no gateway in time", OUTCOME_GATEWAY_FAULT, "hold", RETRY_BEFORE_END_MS, 0, 0, OUTBOX_DEAD,
     "gave-up", false, 0, "message.failed", false, 0},
    {"cut", OUTCOME_CUT, "hold", HOUR, 0, 0, OUTBOX_RELEASE, NULL, false, 0, NULL, false, 0},
    {"cut though its time is over", OUTCOME_CUT, "resend", -1, 0, 0, OUTBOX_RELEASE, NULL, false, 0,
     NULL, false, 0},
};

static void assert_text(const struct row *row, const char *what, const char *got,
                        const char *expected)
{
    if (!got != !expected || (got && strcmp(got, expected) != 0))
        fail_msg("%s: %s is %s", row->name, what, got ? got : "(none)");
}

static void assert_result(const struct row *row, const struct outbox_result *result,
                          const char *event)
{
    if (result->verdict != row->verdict || result->charge != row->charge || result->at_ms != 0)
        fail_msg("%s: %s, charge %d", row->name, outbox_verdict_name(result->verdict),
                 result->charge);
    if (result->may_have_arrived != (row->verdict == OUTBOX_DEAD && row->kind == OUTCOME_UNCERTAIN))
        fail_msg("%s: it may have arrived: %d", row->name, result->may_have_arrived);
    if (row->verdict != OUTBOX_DEAD && result->after_ms != row->after_ms)
        fail_msg("%s: after %lld ms", row->name, (long long)result->after_ms);
    assert_text(row, "reason", result->reason, row->reason);
    assert_text(row, "detail", result->detail, row->reason ? "450 not now" : NULL);
    assert_text(row, "event", result->event, event);
    assert_text(row, "suppress_reason", result->suppress_reason, row->suppress ? "bounced" : NULL);
    assert_string_equal(result->entry, "1-1");
    assert_string_equal(result->mid, "m1");
    assert_string_equal(result->channel, "email");
    assert_string_equal(result->class_, "marketing");
}

/* The event that tells deciding, in full. */
static const char *event_of(const char *type, const char *reason, bool arrived)
{
    static char text[512];
    char cause[64] = "";
    if (reason)
        snprintf(cause, sizeof cause, "\"cause\":\"%s\",", reason);
    snprintf(text, sizeof text,
             "{\"type\":\"%s\",\"source\":\"nudged\",\"id\":\"m1%s\",\"hops\":3,\"customer\":"
             "{\"key\":\"id:7\"},\"message\":{\"id\":\"m1\",\"rule\":\"tea\",\"template\":"
             "\"order\",\"to\":\"Ana@example.com\",\"channel\":\"email\",\"class\":\"marketing\","
             "\"gateway\":\"main\",%s\"reason\":\"450 not now\",\"code\":450%s}}",
             type, strrchr(type, '.'), cause, arrived ? ",\"may_have_arrived\":true" : "");
    return text;
}

/* What the trace says of an outcome. */
static const char *const whats[OUTCOME_KINDS] = {
    [OUTCOME_SENT] = "sent",
    [OUTCOME_RETRY] = "retry",
    [OUTCOME_UNAVAILABLE] = "unavailable",
    [OUTCOME_UNCERTAIN] = "uncertain",
    [OUTCOME_BOUNCED] = "bounced",
    [OUTCOME_DEAD] = "dead",
    [OUTCOME_GATEWAY_FAULT] = "gateway-fault",
    [OUTCOME_CUT] = "cut",
};

static void play(const struct row *row, const struct decide_fixture *fixture, bool asked)
{
    struct attempt *attempt = new_attempt(row->on_uncertain, NOW + row->left_ms);
    struct outcome *outcome = &attempt->job.outcome;
    char trace[256], reason[64] = "";
    outcome_set(outcome, row->kind);
    outcome_printf(outcome, "450 not now");
    outcome->code = 450;
    outcome->retry_after_ms = row->retry_after_ms;
    outcome->suspect = row->suspect;
    settlement_make(attempt, &(struct settlement_scene){.rules = fixture->rules,
                                                        .policy = &fixture->policy,
                                                        .wait_ms = row->wait_ms,
                                                        .now_ms = NOW,
                                                        .random = LONGEST});
    const char *type = row->event;
    if (asked && row->kind == OUTCOME_SENT)
        type = "message.sent";
    if (asked && row->kind == OUTCOME_UNCERTAIN && !type)
        type = "message.uncertain";
    assert_result(row, &attempt->result,
                  type ? event_of(type, row->reason, attempt->result.may_have_arrived) : NULL);
    const char *hash = policy_address_hash(&fixture->policy, "ana@example.com", attempt->arena);
    assert_text(row, "suppress", attempt->result.suppress, row->suppress ? hash : NULL);
    if (row->reason)
        snprintf(reason, sizeof reason, "\"reason\":\"%s\",", row->reason);
    snprintf(trace, sizeof trace,
             "{\"at\":%lld,\"did\":[{\"rule\":\"tea\",\"what\":\"%s\",%s\"why\":\"450 not now\","
             "\"gateway\":\"main\",\"mid\":\"m1\"}]}",
             (long long)NOW, whats[row->kind], reason);
    assert_text(row, "trace", attempt->result.trace, trace);
    attempt_destroy(&attempt);
}

/* It could not be made: the reason is the code of that fault, wherever it is told. */
static void not_made(void **state)
{
    static const struct {
        const char *fault, *reason;
    } cases[] = {{"liquid-render", "liquid-render"},
                 {"bad-address", "bad-address"},
                 {"no-such-code", "refused"},
                 {"", "refused"}};
    struct decide_fixture fixture;
    (void)state;
    decide_fixture_open(&fixture, plain_rules);
    for (size_t i = 0; i < COUNT(cases); i++) {
        char trace[64];
        struct attempt *attempt = new_attempt("resend", NOW + HOUR);
        outcome_set(&attempt->job.outcome, OUTCOME_DEAD);
        outcome_printf(&attempt->job.outcome, "a.html.liquid:5:1: divided by zero");
        attempt->fault = cases[i].fault;
        settlement_make(attempt, &(struct settlement_scene){.rules = fixture.rules,
                                                            .policy = &fixture.policy,
                                                            .now_ms = NOW});
        const struct outbox_result *result = &attempt->result;
        assert_int_equal(result->verdict, OUTBOX_DEAD);
        assert_string_equal(result->reason, cases[i].reason);
        assert_string_equal(result->detail, "a.html.liquid:5:1: divided by zero");
        snprintf(trace, sizeof trace, "\"what\":\"dead\",\"reason\":\"%s\"", cases[i].reason);
        assert_non_null(strstr(result->trace, trace));
        assert_non_null(strstr(result->event, "\"message.failed\""));
        attempt_destroy(&attempt);
    }
    decide_fixture_close(&fixture);
}

/* Without its template it waits for a daemon that has it, untold and uncharged, while there is
 * time. */
static void template_elsewhere(void **state)
{
    static const struct {
        int64_t left_ms;
        enum outbox_verdict verdict;
        int64_t after_ms;
    } cases[] = {{HOUR, OUTBOX_LACKING, 10000},
                 {RETRY_BEFORE_END_MS + 1, OUTBOX_LACKING, 1},
                 {RETRY_BEFORE_END_MS, OUTBOX_DEAD, 0}};
    struct decide_fixture fixture;
    (void)state;
    decide_fixture_open(&fixture, plain_rules);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct attempt *attempt = new_attempt("resend", NOW + cases[i].left_ms);
        const struct outbox_result *result = &attempt->result;
        bool dead = cases[i].verdict == OUTBOX_DEAD;
        outcome_set(&attempt->job.outcome, OUTCOME_DEAD);
        attempt->fault = "no-template";
        settlement_make(attempt, &(struct settlement_scene){.rules = fixture.rules,
                                                            .policy = &fixture.policy,
                                                            .now_ms = NOW});
        assert_int_equal(result->verdict, cases[i].verdict);
        assert_int_equal(result->after_ms, cases[i].after_ms);
        assert_false(result->charge);
        assert_true((result->trace != NULL) == dead && (result->event != NULL) == dead);
        if (dead)
            assert_string_equal(result->reason, "no-template");
        attempt_destroy(&attempt);
    }
    decide_fixture_close(&fixture);
}

static void each_outcome(void **state)
{
    static const char *const rules[] = {plain_rules, asking_rules};
    (void)state;
    for (size_t asked = 0; asked < 2; asked++) {
        struct decide_fixture fixture;
        decide_fixture_open(&fixture, rules[asked]);
        for (size_t i = 0; i < COUNT(rows); i++)
            play(&rows[i], &fixture, asked == 1);
        decide_fixture_close(&fixture);
    }
}

/* What a rule may want to know besides; and that a message is uncertain is told once. */
static void events_in_full(void **state)
{
    static const char full[] =
        "{\"rule\":\"tea\",\"step\":\"s1\",\"to\":\"+40\",\"data\":{\"order\":\"o1\"}}";
    struct outbox_message message = {.entry = "1-1",
                                     .mid = "m1",
                                     .customer = "id:7",
                                     .channel = "sms",
                                     .class_ = "transactional",
                                     .topic = "orders",
                                     .body = full,
                                     .length = strlen(full),
                                     .on_uncertain = "hold",
                                     .give_up_ms = NOW + HOUR,
                                     .whole = true};
    struct decide_fixture fixture;
    (void)state;
    decide_fixture_open(&fixture, asking_rules);
    const struct settlement_scene scene = {
        .rules = fixture.rules, .policy = &fixture.policy, .now_ms = NOW};
    struct attempt *attempt = attempt_new(&message, 1);
    attempt->gateway = "api";
    outcome_set(&attempt->job.outcome, OUTCOME_SENT);
    outcome_id(&attempt->job.outcome, "SM1");
    snprintf(attempt->job.outcome.enhanced, OUTCOME_ENHANCED_SIZE, "2.0.0");
    settlement_make(attempt, &scene);
    assert_non_null(
        strstr(attempt->result.event,
               "\"step\":\"s1\",\"to\":\"+40\",\"channel\":\"sms\",\"class\":"
               "\"transactional\",\"topic\":\"orders\",\"gateway\":\"api\",\"enhanced\":"
               "\"2.0.0\",\"gateway_id\":\"SM1\",\"data\":{\"order\":\"o1\"}}}"));
    attempt_destroy(&attempt);
    message.gateway = "api";
    attempt = attempt_new(&message, 1);
    outcome_set(&attempt->job.outcome, OUTCOME_UNCERTAIN);
    settlement_make(attempt, &scene);
    assert_null(attempt->result.event);
    attempt_destroy(&attempt);
    decide_fixture_close(&fixture);
}

/* Bound to a gateway that is not to be had: it waits for it, and never longer than its time. */
static void deferred(void **state)
{
    static const struct {
        int64_t left_ms;
        bool configured;
        enum outbox_verdict verdict;
        int64_t after_ms;
        const char *reason;
    } cases[] = {
        {HOUR, true, OUTBOX_LATER, 10000, NULL}, {HOUR, false, OUTBOX_LATER, 10000, NULL},
        {9999, true, OUTBOX_LATER, 9999, NULL},  {1, false, OUTBOX_LATER, 1, NULL},
        {0, true, OUTBOX_DEAD, 0, "gave-up"},    {-5, false, OUTBOX_DEAD, 0, "no-gateway"},
    };
    struct decide_fixture fixture;
    (void)state;
    decide_fixture_open(&fixture, plain_rules);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct attempt *attempt = new_attempt("resend", NOW + cases[i].left_ms);
        struct settlement_scene scene = {
            .rules = fixture.rules, .policy = &fixture.policy, .now_ms = NOW};
        attempt->gateway = NULL;
        settlement_defer(attempt, "main", cases[i].configured, &scene);
        const struct outbox_result *result = &attempt->result;
        assert_int_equal(result->verdict, cases[i].verdict);
        assert_int_equal(result->after_ms, cases[i].after_ms);
        assert_string_equal(result->entry, "1-1");
        assert_string_equal(result->mid, "m1");
        assert_false(result->charge); /* nothing was tried */
        assert_null(result->suppress);
        assert_string_equal(attempt->gateway, "main");
        if (cases[i].reason) {
            assert_string_equal(result->reason, cases[i].reason);
            assert_non_null(strstr(result->event, "\"message.failed\""));
            assert_non_null(strstr(result->trace, "`main`"));
        } else {
            assert_null(result->event);
        }
        attempt_destroy(&attempt);
    }
    decide_fixture_close(&fixture);
}

/* Spoilt by hand: a dead letter, whatever is left of it; without a customer nobody is told. */
static void given_up(void **state)
{
    struct decide_fixture fixture;
    (void)state;
    decide_fixture_open(&fixture, plain_rules);
    struct settlement_scene scene = {
        .rules = fixture.rules, .policy = &fixture.policy, .now_ms = NOW};
    struct attempt *attempt = attempt_new(&(struct outbox_message){.entry = "1-1",
                                                                   .mid = "m1",
                                                                   .customer = "",
                                                                   .channel = "email",
                                                                   .class_ = "marketing",
                                                                   .body = "not JSON",
                                                                   .length = 8,
                                                                   .on_uncertain = ""},
                                          1);
    settlement_give_up(attempt, &scene);
    assert_int_equal(attempt->result.verdict, OUTBOX_DEAD);
    assert_string_equal(attempt->result.reason, "not-whole");
    assert_string_equal(attempt->result.entry, "1-1");
    assert_null(attempt->result.event);
    assert_null(attempt->result.trace);
    attempt_destroy(&attempt);
    decide_fixture_close(&fixture);
}

/* The gateway proved to be to blame, before it was written: it waits, nobody is suppressed, and
 * deciding hears nothing of it. */
static void forgiven(void **state)
{
    static const struct outcome outcomes[] = {
        {.kind = OUTCOME_BOUNCED, .code = 550},
        {.kind = OUTCOME_DEAD, .code = 550, .suspect = OUTCOME_SUSPECT_MAILBOX},
        {.kind = OUTCOME_DEAD, .code = 554, .suspect = OUTCOME_SUSPECT_REFUSAL},
    };
    struct decide_fixture fixture;
    (void)state;
    decide_fixture_open(&fixture, asking_rules);
    for (size_t i = 0; i < COUNT(outcomes); i++) {
        struct attempt *attempt = new_attempt("resend", NOW + HOUR);
        const struct outbox_result *result = &attempt->result;
        struct settlement_scene scene = {
            .rules = fixture.rules, .policy = &fixture.policy, .now_ms = NOW};
        attempt->job.outcome = outcomes[i];
        settlement_make(attempt, &scene);
        assert_int_equal(result->verdict, OUTBOX_DEAD);
        assert_non_null(result->event);
        scene.rules = NULL;
        scene.policy = NULL;
        settlement_forgive(attempt, &scene);
        assert_int_equal(result->verdict, OUTBOX_LATER);
        assert_int_equal(result->after_ms, 5000);
        assert_false(result->charge);
        assert_null(result->event);
        assert_null(result->suppress);
        assert_null(result->reason);
        assert_non_null(strstr(result->trace, "\"what\":\"gateway-fault\""));
        attempt_destroy(&attempt);
    }
    decide_fixture_close(&fixture);
}

/* What came of each gateway stands in the trace that the last one's result brings. */
static void passed_on(void **state)
{
    struct decide_fixture fixture;
    (void)state;
    decide_fixture_open(&fixture, plain_rules);
    const struct settlement_scene scene = {
        .rules = fixture.rules, .policy = &fixture.policy, .now_ms = NOW};
    struct attempt *attempt = new_attempt("resend", NOW + HOUR);
    outcome_set(&attempt->job.outcome, OUTCOME_UNAVAILABLE);
    settlement_pass(attempt, &scene);
    attempt->gateway = "spare";
    outcome_set(&attempt->job.outcome, OUTCOME_SENT);
    settlement_make(attempt, &scene);
    const char *second = strchr(attempt->result.trace, '\n');
    assert_non_null(second);
    assert_in_range(strstr(attempt->result.trace, "\"gateway\":\"main\"") - attempt->result.trace,
                    1, second - attempt->result.trace);
    assert_non_null(strstr(attempt->result.trace, "\"what\":\"unavailable\""));
    assert_non_null(strstr(second, "\"what\":\"sent\""));
    assert_non_null(strstr(second, "\"gateway\":\"spare\""));
    /* Withdrawn between two of them: what came of the first is told all the same. */
    settlement_release(attempt);
    assert_int_equal(attempt->result.verdict, OUTBOX_RELEASE);
    assert_non_null(strstr(attempt->result.trace, "\"what\":\"unavailable\""));
    attempt_destroy(&attempt);
    decide_fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forgiven),           cmocka_unit_test(passed_on),
        cmocka_unit_test(each_outcome),       cmocka_unit_test(not_made),
        cmocka_unit_test(template_elsewhere), cmocka_unit_test(deferred),
        cmocka_unit_test(given_up),           cmocka_unit_test(events_in_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
