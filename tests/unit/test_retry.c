/* What an attempt means, over SMTP and HTTP, and when the next one is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "send/retry.h"

#define COUNT(array) (sizeof array / sizeof *(array))

struct meaning {
    struct retry_attempt attempt;
    enum outcome_kind kind;
    enum outcome_suspect suspect;
    bool unhealthy, slow_down;
};

static void assert_meaning(const struct meaning *meaning, size_t number,
                           void (*judge)(const struct retry_attempt *, struct outcome *))
{
    struct outcome outcome;
    outcome_set(&outcome, OUTCOME_SENT);
    judge(&meaning->attempt, &outcome);
    if (outcome.kind != meaning->kind || outcome.suspect != meaning->suspect ||
        outcome.unhealthy != meaning->unhealthy || outcome.slow_down != meaning->slow_down)
        fail_msg("case %zu: kind %d, suspect %d, unhealthy %d, slow_down %d", number, outcome.kind,
                 outcome.suspect, outcome.unhealthy, outcome.slow_down);
}

#define REPLY(at, number, status)                       \
    {                                                   \
        .phase = at, .code = number, .enhanced = status \
    }
#define FAULT(at, how)              \
    {                               \
        .phase = at, .failure = how \
    }
/* What the attempt means, and whether it counts against the gateway's health. */
#define SENT        OUTCOME_SENT, 0, false, 0
#define DELAY       OUTCOME_RETRY, 0, false, 0
#define TROUBLE     OUTCOME_RETRY, 0, true, 0
#define SLOWED      OUTCOME_RETRY, 0, true, true
#define UNAVAILABLE OUTCOME_UNAVAILABLE, 0, true, 0
#define BUSY        OUTCOME_UNAVAILABLE, 0, true, true
#define UNCERTAIN   OUTCOME_UNCERTAIN, 0, true, 0
#define BOUNCED     OUTCOME_BOUNCED, 0, false, 0
#define MAILBOX     OUTCOME_DEAD, OUTCOME_SUSPECT_MAILBOX, false, 0
#define REFUSAL     OUTCOME_DEAD, OUTCOME_SUSPECT_REFUSAL, false, 0
#define GATEWAY     OUTCOME_GATEWAY_FAULT, 0, true, 0
#define CUT         OUTCOME_CUT, 0, false, 0

static const struct meaning smtp_meanings[] = {
    {REPLY(RETRY_ANSWER, 250, "2.0.0"), SENT},
    {REPLY(RETRY_ANSWER, 250, NULL), SENT},
    {REPLY(RETRY_ANSWER, 200, ""), SENT},
    /* a reply that came counts, though the connection was lost after it */
    {{.phase = RETRY_ANSWER, .code = 250, .failure = RETRY_LOST}, SENT},
    {{.phase = RETRY_ANSWER, .code = 554, .failure = RETRY_TIMEOUT}, REFUSAL},
    /* 2xx before the mail was sent is not for the mail */
    {{.phase = RETRY_RCPT, .code = 250, .failure = RETRY_LOST}, TROUBLE},
    {{.phase = RETRY_AUTH, .code = 235, .failure = RETRY_LOST}, UNAVAILABLE},
    {{.phase = RETRY_BODY, .failure = RETRY_LOST}, TROUBLE},
    /* 4xx before MAIL */
    {REPLY(RETRY_GREETING, 421, ""), BUSY},
    {REPLY(RETRY_GREETING, 421, "4.3.2"), BUSY},
    {REPLY(RETRY_AUTH, 421, ""), BUSY},
    {REPLY(RETRY_GREETING, 450, ""), UNAVAILABLE},
    {REPLY(RETRY_TLS, 454, ""), UNAVAILABLE},
    {REPLY(RETRY_AUTH, 454, "4.7.0"), UNAVAILABLE},
    /* ... and later */
    {REPLY(RETRY_MAIL, 421, ""), BUSY},
    {REPLY(RETRY_MAIL, 451, ""), TROUBLE},
    {REPLY(RETRY_RCPT, 450, "4.1.1"), DELAY},
    {REPLY(RETRY_RCPT, 450, ""), DELAY},
    {REPLY(RETRY_RCPT, 450, "4.2.0"), DELAY},
    {REPLY(RETRY_RCPT, 451, "4.7.1"), DELAY},
    {REPLY(RETRY_RCPT, 452, "4.2.2"), DELAY},
    {REPLY(RETRY_RCPT, 451, "4.3.0"), TROUBLE},
    {REPLY(RETRY_RCPT, 452, "4.3.1"), TROUBLE},
    {REPLY(RETRY_RCPT, 421, ""), SLOWED},
    {REPLY(RETRY_DATA, 452, ""), TROUBLE},
    {REPLY(RETRY_ANSWER, 451, ""), TROUBLE},
    {REPLY(RETRY_ANSWER, 451, "4.7.1"), TROUBLE},
    {REPLY(RETRY_ANSWER, 421, ""), SLOWED},
    /* the address */
    {REPLY(RETRY_RCPT, 550, "5.1.1"), BOUNCED},
    {REPLY(RETRY_RCPT, 553, "5.1.3"), BOUNCED},
    {REPLY(RETRY_RCPT, 551, "5.1.6"), BOUNCED},
    {REPLY(RETRY_RCPT, 556, "5.1.10"), BOUNCED},
    {REPLY(RETRY_RCPT, 550, "5.2.1"), BOUNCED},
    {REPLY(RETRY_ANSWER, 550, "5.1.1"), BOUNCED},
    /* it seems: bare, and at RCPT */
    {REPLY(RETRY_RCPT, 550, ""), MAILBOX},
    {REPLY(RETRY_RCPT, 550, NULL), MAILBOX},
    {REPLY(RETRY_RCPT, 551, ""), MAILBOX},
    {REPLY(RETRY_RCPT, 553, ""), MAILBOX},
    {REPLY(RETRY_RCPT, 552, ""), REFUSAL},
    {REPLY(RETRY_RCPT, 554, ""), REFUSAL},
    {REPLY(RETRY_DATA, 550, ""), REFUSAL},
    {REPLY(RETRY_ANSWER, 550, ""), REFUSAL},
    /* this message */
    {REPLY(RETRY_RCPT, 554, "5.7.1"), REFUSAL},
    {REPLY(RETRY_RCPT, 550, "5.7.1"), REFUSAL},
    {REPLY(RETRY_RCPT, 550, "5.7.26"), REFUSAL},
    {REPLY(RETRY_DATA, 554, "5.7.0"), REFUSAL},
    {REPLY(RETRY_ANSWER, 550, "5.7.0"), REFUSAL},
    {REPLY(RETRY_RCPT, 550, "5.1.0"), REFUSAL},
    {REPLY(RETRY_RCPT, 550, "5.1.2"), REFUSAL},
    {REPLY(RETRY_RCPT, 550, "5.1.11"), REFUSAL},
    {REPLY(RETRY_RCPT, 552, "5.2.2"), REFUSAL},
    {REPLY(RETRY_DATA, 554, "5.5.1"), REFUSAL},
    {REPLY(RETRY_ANSWER, 552, ""), REFUSAL},
    {REPLY(RETRY_ANSWER, 554, "5.6.0"), REFUSAL},
    /* ... told at MAIL */
    {REPLY(RETRY_MAIL, 552, ""), REFUSAL},
    {REPLY(RETRY_MAIL, 550, "5.2.3"), REFUSAL},
    {REPLY(RETRY_MAIL, 550, "5.3.4"), REFUSAL},
    {REPLY(RETRY_MAIL, 550, "5.6.7"), REFUSAL},
    /* the gateway */
    {REPLY(RETRY_RCPT, 553, "5.1.7"), GATEWAY},
    {REPLY(RETRY_RCPT, 553, "5.1.8"), GATEWAY},
    {REPLY(RETRY_ANSWER, 553, "5.1.8"), GATEWAY},
    {REPLY(RETRY_GREETING, 554, ""), GATEWAY},
    {REPLY(RETRY_TLS, 502, ""), GATEWAY},
    {REPLY(RETRY_AUTH, 535, "5.7.8"), GATEWAY},
    {REPLY(RETRY_AUTH, 535, ""), GATEWAY},
    {REPLY(RETRY_AUTH, 552, "5.3.4"), GATEWAY},
    {REPLY(RETRY_MAIL, 550, ""), GATEWAY},
    {REPLY(RETRY_MAIL, 550, "5.1.1"), GATEWAY},
    {REPLY(RETRY_MAIL, 530, "5.5.1"), GATEWAY},
    {REPLY(RETRY_MAIL, 530, "5.7.0"), GATEWAY},
    {REPLY(RETRY_MAIL, 550, "5.7.1"), GATEWAY},
    {REPLY(RETRY_MAIL, 552, "5.7.1"), GATEWAY},
    /* no reply, up to MAIL */
    {FAULT(RETRY_CONNECT, RETRY_UNRESOLVED), UNAVAILABLE},
    {FAULT(RETRY_CONNECT, RETRY_REFUSED), UNAVAILABLE},
    {FAULT(RETRY_CONNECT, RETRY_NO_SOCKET), OUTCOME_UNAVAILABLE, 0, false, 0},
    {FAULT(RETRY_CONNECT, RETRY_TIMEOUT), UNAVAILABLE},
    {FAULT(RETRY_TLS, RETRY_TLS_FAILED), UNAVAILABLE},
    {FAULT(RETRY_GREETING, RETRY_LOST), UNAVAILABLE},
    {FAULT(RETRY_GREETING, RETRY_GARBLED), UNAVAILABLE},
    {FAULT(RETRY_GREETING, RETRY_FLOODED), UNAVAILABLE},
    {FAULT(RETRY_AUTH, RETRY_TIMEOUT), UNAVAILABLE},
    {FAULT(RETRY_MAIL, RETRY_LOST), UNAVAILABLE},
    {FAULT(RETRY_MAIL, RETRY_TIMEOUT), UNAVAILABLE},
    /* ... before the end */
    {FAULT(RETRY_RCPT, RETRY_LOST), TROUBLE},
    {FAULT(RETRY_RCPT, RETRY_GARBLED), TROUBLE},
    {FAULT(RETRY_DATA, RETRY_TIMEOUT), TROUBLE},
    {FAULT(RETRY_BODY, RETRY_TIMEOUT), TROUBLE},
    {FAULT(RETRY_BODY, RETRY_FLOODED), TROUBLE},
    /* ... after it */
    {FAULT(RETRY_ANSWER, RETRY_LOST), UNCERTAIN},
    {FAULT(RETRY_ANSWER, RETRY_TIMEOUT), UNCERTAIN},
    {FAULT(RETRY_ANSWER, RETRY_FLOODED), UNCERTAIN},
    {FAULT(RETRY_ANSWER, RETRY_GARBLED), UNCERTAIN},
    {FAULT(RETRY_ANSWER, RETRY_NONE), UNCERTAIN},
    {REPLY(RETRY_ANSWER, 354, ""), UNCERTAIN},
    {REPLY(RETRY_ANSWER, 666, ""), UNCERTAIN},
    /* our own wish says nothing of the gateway */
    {FAULT(RETRY_CONNECT, RETRY_CUT_OFF), CUT},
    {FAULT(RETRY_BODY, RETRY_CUT_OFF), CUT},
    {FAULT(RETRY_ANSWER, RETRY_CUT_OFF), OUTCOME_UNCERTAIN, 0, false, 0},
    {{.phase = RETRY_ANSWER, .code = 250, .failure = RETRY_CUT_OFF}, SENT},
    /* what no repetition mends */
    {FAULT(RETRY_TLS, RETRY_CERTIFICATE), GATEWAY},
    {FAULT(RETRY_GREETING, RETRY_NO_TLS), GATEWAY},
    {FAULT(RETRY_AUTH, RETRY_LOGIN), GATEWAY},
    {FAULT(RETRY_AUTH, RETRY_NO_AUTH), GATEWAY},
    {FAULT(RETRY_CONNECT, RETRY_MISCONFIGURED), GATEWAY},
    {FAULT(RETRY_BODY, RETRY_NO_UTF8), OUTCOME_DEAD, 0, false, 0},
    {FAULT(RETRY_MAIL, RETRY_TOO_BIG), REFUSAL},
};

static void smtp_results(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(smtp_meanings); i++)
        assert_meaning(&smtp_meanings[i], i, retry_smtp);
}

#define STATUS(number)                        \
    {                                         \
        .phase = RETRY_ANSWER, .code = number \
    }

static const struct meaning http_meanings[] = {
    {STATUS(200), SENT},
    {STATUS(201), SENT},
    {STATUS(204), SENT},
    {STATUS(299), SENT},
    {{.phase = RETRY_ANSWER, .code = 202, .failure = RETRY_FLOODED}, SENT},
    /* before all of the request was sent: the answer counts */
    {{.phase = RETRY_BODY, .code = 202, .failure = RETRY_LOST}, SENT},
    {{.phase = RETRY_BODY, .code = 413, .failure = RETRY_LOST}, REFUSAL},
    {{.phase = RETRY_CONNECT, .code = 429}, BUSY},
    {STATUS(301), GATEWAY},
    {STATUS(308), GATEWAY},
    {STATUS(401), GATEWAY},
    {STATUS(407), GATEWAY},
    {STATUS(400), REFUSAL},
    {STATUS(403), REFUSAL},
    {STATUS(404), REFUSAL},
    {STATUS(413), REFUSAL},
    {STATUS(422), REFUSAL},
    {STATUS(408), TROUBLE},
    {STATUS(425), DELAY},
    {STATUS(429), BUSY},
    {STATUS(503), TROUBLE},
    {{.phase = RETRY_ANSWER, .code = 503, .retry_after_ms = 5000}, SLOWED},
    {STATUS(500), UNCERTAIN},
    {STATUS(502), UNCERTAIN},
    {STATUS(504), UNCERTAIN},
    {STATUS(522), UNCERTAIN},
    {STATUS(999), UNCERTAIN},
    {STATUS(501), OUTCOME_DEAD, OUTCOME_SUSPECT_REFUSAL, true, 0},
    {STATUS(505), OUTCOME_DEAD, OUTCOME_SUSPECT_REFUSAL, true, 0},
    /* an answer that is none */
    {STATUS(100), UNCERTAIN},
    {FAULT(RETRY_ANSWER, RETRY_GARBLED), UNCERTAIN},
    {FAULT(RETRY_BODY, RETRY_GARBLED), TROUBLE},
    {FAULT(RETRY_CONNECT, RETRY_UNRESOLVED), UNAVAILABLE},
    {FAULT(RETRY_CONNECT, RETRY_REFUSED), UNAVAILABLE},
    {FAULT(RETRY_CONNECT, RETRY_TLS_FAILED), UNAVAILABLE},
    {FAULT(RETRY_CONNECT, RETRY_TIMEOUT), UNAVAILABLE},
    {FAULT(RETRY_CONNECT, RETRY_CERTIFICATE), GATEWAY},
    {FAULT(RETRY_CONNECT, RETRY_LOGIN), GATEWAY},
    {FAULT(RETRY_CONNECT, RETRY_CUT_OFF), CUT},
    {FAULT(RETRY_BODY, RETRY_LOST), TROUBLE},
    {FAULT(RETRY_BODY, RETRY_CUT_OFF), CUT},
    {FAULT(RETRY_ANSWER, RETRY_LOST), UNCERTAIN},
    {FAULT(RETRY_ANSWER, RETRY_TIMEOUT), UNCERTAIN},
    {FAULT(RETRY_ANSWER, RETRY_CUT_OFF), OUTCOME_UNCERTAIN, 0, false, 0},
    /* with a key that the API knows again */
    {{.phase = RETRY_ANSWER, .code = 500, .idempotent = true}, TROUBLE},
    {{.phase = RETRY_ANSWER, .code = 400, .idempotent = true}, REFUSAL},
    {{.phase = RETRY_ANSWER, .failure = RETRY_LOST, .idempotent = true}, TROUBLE},
    {{.phase = RETRY_ANSWER, .failure = RETRY_CUT_OFF, .idempotent = true}, CUT},
};

static void http_results(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(http_meanings); i++)
        assert_meaning(&http_meanings[i], i, retry_http);
}

static void retry_after_goes_with_a_retry(void **state)
{
    (void)state;
    static const struct {
        int status;
        int64_t retry_after_ms;
    } cases[] = {{429, 5000}, {503, 5000}, {200, 0}, {400, 0}, {500, 0}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct outcome outcome;
        outcome_set(&outcome, OUTCOME_SENT);
        retry_http(&(struct retry_attempt){.phase = RETRY_ANSWER,
                                           .code = cases[i].status,
                                           .retry_after_ms = 5000},
                   &outcome);
        assert_int_equal(outcome.retry_after_ms, cases[i].retry_after_ms);
        assert_int_equal(outcome.code, cases[i].status);
    }
}

static void retry_after_forms(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = {
        {"120", 120000},
        {" 7 \r\n", 7000},
        {"0", 1000},
        {"3600", 3600000},
        {"3601", 3600000},
        {"99999999999999999999999", 3600000},
        /* from 2026-03-01T08:00:00Z */
        {"Sun, 01 Mar 2026 08:01:30 GMT", 90000},
        {"Sunday, 01-Mar-26 08:01:30 GMT", 90000},
        {"Sun Mar  1 08:01:30 2026", 90000},
        {"Sun, 01 Mar 2026 07:00:00 GMT", 1000},
        {"Sun, 01 Mar 2026 23:00:00 GMT", 3600000},
        {"Sunday, 01-Mar-99 08:01:30 GMT", 1000}, /* 1999: more than 50 years ahead */
        {"", 0},
        {"soon", 0},
        {"-5", 0},
        {"1.5", 0},
        {"Sun, 01 Mra 2026 08:01:30 GMT", 0},
        {"Sun, 01 Mar 2026 08:01:30 CET", 0},
        {"Sun, 01 Mar", 0},
    };
    int64_t now;
    assert_true(clock_parse("2026-03-01T08:00:00Z", 20, &now));
    for (size_t i = 0; i < COUNT(cases); i++) {
        if (retry_after(cases[i].text, now) != cases[i].ms)
            fail_msg("\"%s\": %lld", cases[i].text, (long long)retry_after(cases[i].text, now));
    }
}

static void enhanced_codes(void **state)
{
    (void)state;
    static const struct {
        int code;
        const char *text, *enhanced;
    } cases[] = {
        {550, "5.1.1 nobody", "5.1.1"},
        {550, "5.1.1", "5.1.1"},
        {550, "5.1.10 null mx", "5.1.10"},
        {550, "5.100.999\r\n", "5.100.999"},
        {250, "2.0.0 ok", "2.0.0"},
        {550, "4.1.1 nobody", ""}, /* another class than the reply's */
        {550, "5.1 nobody", ""},
        {550, "5.1.1: nobody", ""},
        {550, "5.1.01 nobody", ""},
        {550, "5.1000.1 nobody", ""},
        {550, "5..1 nobody", ""},
        {550, "no 5.1.1", ""},
        {550, "", ""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char out[OUTCOME_ENHANCED_SIZE];
        retry_enhanced(cases[i].code, cases[i].text, strlen(cases[i].text), out);
        assert_string_equal(out, cases[i].enhanced);
    }
}

static void next_times(void **state)
{
    (void)state;
    static const struct {
        uint32_t attempts;
        int64_t least, most; /* from now on, over all random numbers */
    } cases[] = {
        {0, 1000, 60000},     {1, 1000, 60000},
        {2, 1000, 120000},    {3, 1000, 240000},
        {8, 1000, 7680000},   {9, 1000, 14400000},
        {10, 1000, 14400000}, {4000000000u, 1000, 14400000},
    };
    const int64_t now = 1000000000, far = INT64_MAX;
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint64_t range = (uint64_t)(cases[i].most - cases[i].least);
        int64_t next;
        assert_true(retry_next(cases[i].attempts, 0, now, far, 0, &next));
        assert_int_equal(next - now, cases[i].least);
        assert_true(retry_next(cases[i].attempts, 0, now, far, range, &next));
        assert_int_equal(next - now, cases[i].most);
        assert_true(retry_next(cases[i].attempts, 0, now, far, range + 1, &next));
        assert_int_equal(next - now, cases[i].least);
    }
}

static void next_time_after_retry_after(void **state)
{
    (void)state;
    int64_t next;
    assert_true(retry_next(1, 20000, 500, INT64_MAX, 0, &next));
    assert_int_equal(next, 20500);
    assert_true(retry_next(1, 20000, 500, INT64_MAX, 5000, &next));
    assert_int_equal(next, 25500);
    assert_true(retry_next(1, 20000, 500, INT64_MAX, 5001, &next));
    assert_int_equal(next, 20500);
}

static void the_last_attempt_is_before_the_end(void **state)
{
    (void)state;
    int64_t next = 0;
    assert_true(retry_next(9, 0, 1000, 31000, 10000000, &next));
    assert_int_equal(next, 31000 - RETRY_BEFORE_END_MS);
    assert_true(retry_next(9, 0, 30999 - RETRY_BEFORE_END_MS, 31000, 10000000, &next));
    assert_int_equal(next, 31000 - RETRY_BEFORE_END_MS);
    assert_false(retry_next(9, 0, 31000 - RETRY_BEFORE_END_MS, 31000, 0, &next));
    assert_false(retry_next(1, 3600000, 31001, 31000, 0, &next));
}

static void words(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
    } cases[] = {
        {"550 nobody", "550 nobody"}, {"  a\r\n\tb\x1b[31m c\r\n", "a b [31m c"},
        {"a\xff\xfe z", "a?? z"},     {"\xc2\x85y\xe2\x80\xa8n", "y n"},
        {"при\xd0", "при?"},          {"", ""},
    };
    struct outcome outcome;
    for (size_t i = 0; i < COUNT(cases); i++) {
        outcome_words(&outcome, cases[i].from, strlen(cases[i].from));
        assert_string_equal(outcome.text, cases[i].to);
    }
    char text[600];
    memset(text, 'a', sizeof text);
    memcpy(text + 254, "ж", 2);
    outcome_words(&outcome, text, sizeof text);
    assert_int_equal(strlen(outcome.text), 254);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(smtp_results),
        cmocka_unit_test(http_results),
        cmocka_unit_test(retry_after_goes_with_a_retry),
        cmocka_unit_test(retry_after_forms),
        cmocka_unit_test(enhanced_codes),
        cmocka_unit_test(next_times),
        cmocka_unit_test(next_time_after_retry_after),
        cmocka_unit_test(the_last_attempt_is_before_the_end),
        cmocka_unit_test(words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
