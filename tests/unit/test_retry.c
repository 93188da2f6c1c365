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
    bool unreachable, slow_down;
};

static void assert_meaning(const struct meaning *meaning, size_t number,
                           void (*judge)(const struct retry_attempt *, struct outcome *))
{
    struct outcome outcome;
    outcome_set(&outcome, OUTCOME_SENT);
    judge(&meaning->attempt, &outcome);
    if (outcome.kind != meaning->kind || outcome.unreachable != meaning->unreachable ||
        outcome.slow_down != meaning->slow_down)
        fail_msg("case %zu: kind %d, unreachable %d, slow_down %d", number, outcome.kind,
                 outcome.unreachable, outcome.slow_down);
}

#define REPLY(at, number, status)                       \
    {                                                   \
        .phase = at, .code = number, .enhanced = status \
    }
#define FAULT(at, how)              \
    {                               \
        .phase = at, .failure = how \
    }

static const struct meaning smtp_meanings[] = {
    {REPLY(RETRY_ANSWER, 250, "2.0.0"), OUTCOME_SENT, 0, 0},
    {REPLY(RETRY_ANSWER, 250, NULL), OUTCOME_SENT, 0, 0},
    {REPLY(RETRY_ANSWER, 200, ""), OUTCOME_SENT, 0, 0},
    /* a reply that came counts, though the connection was lost after it */
    {{.phase = RETRY_ANSWER, .code = 250, .failure = RETRY_LOST}, OUTCOME_SENT, 0, 0},
    {{.phase = RETRY_ANSWER, .code = 554, .failure = RETRY_TIMEOUT}, OUTCOME_DEAD, 0, 0},
    /* 2xx before the mail was sent is not for the mail */
    {{.phase = RETRY_RCPT, .code = 250, .failure = RETRY_LOST}, OUTCOME_RETRY, 0, 0},
    {{.phase = RETRY_BODY, .failure = RETRY_LOST}, OUTCOME_RETRY, 0, 0},
    /* 4xx everywhere */
    {REPLY(RETRY_GREETING, 450, ""), OUTCOME_RETRY, true, 0},
    {REPLY(RETRY_GREETING, 421, ""), OUTCOME_RETRY, true, true},
    {REPLY(RETRY_TLS, 454, ""), OUTCOME_RETRY, true, 0},
    {REPLY(RETRY_AUTH, 454, "4.7.0"), OUTCOME_RETRY, true, 0},
    {REPLY(RETRY_MAIL, 451, ""), OUTCOME_RETRY, 0, 0},
    {REPLY(RETRY_RCPT, 450, "4.1.1"), OUTCOME_RETRY, 0, 0},
    {REPLY(RETRY_RCPT, 421, ""), OUTCOME_RETRY, 0, true},
    {REPLY(RETRY_DATA, 452, ""), OUTCOME_RETRY, 0, 0},
    {REPLY(RETRY_ANSWER, 451, ""), OUTCOME_RETRY, 0, 0},
    {REPLY(RETRY_ANSWER, 421, ""), OUTCOME_RETRY, 0, true},
    /* the address */
    {REPLY(RETRY_RCPT, 550, "5.1.1"), OUTCOME_BOUNCED, 0, 0},
    {REPLY(RETRY_RCPT, 553, "5.1.3"), OUTCOME_BOUNCED, 0, 0},
    {REPLY(RETRY_RCPT, 551, "5.1.6"), OUTCOME_BOUNCED, 0, 0},
    {REPLY(RETRY_RCPT, 556, "5.1.10"), OUTCOME_BOUNCED, 0, 0},
    {REPLY(RETRY_RCPT, 550, "5.2.1"), OUTCOME_BOUNCED, 0, 0},
    {REPLY(RETRY_ANSWER, 550, "5.1.1"), OUTCOME_BOUNCED, 0, 0},
    /* not the address */
    {REPLY(RETRY_RCPT, 550, ""), OUTCOME_DEAD, 0, 0},
    {REPLY(RETRY_RCPT, 550, "5.1.0"), OUTCOME_DEAD, 0, 0},
    {REPLY(RETRY_RCPT, 550, "5.1.2"), OUTCOME_DEAD, 0, 0},
    {REPLY(RETRY_RCPT, 550, "5.1.11"), OUTCOME_DEAD, 0, 0},
    {REPLY(RETRY_RCPT, 552, "5.2.2"), OUTCOME_DEAD, 0, 0},
    {REPLY(RETRY_DATA, 554, "5.5.1"), OUTCOME_DEAD, 0, 0},
    {REPLY(RETRY_ANSWER, 552, ""), OUTCOME_DEAD, 0, 0},
    {REPLY(RETRY_ANSWER, 554, "5.6.0"), OUTCOME_DEAD, 0, 0},
    /* the gateway */
    {REPLY(RETRY_RCPT, 554, "5.7.1"), OUTCOME_GATEWAY_FAULT, 0, 0},
    {REPLY(RETRY_RCPT, 550, "5.7.26"), OUTCOME_GATEWAY_FAULT, 0, 0},
    {REPLY(RETRY_ANSWER, 550, "5.7.0"), OUTCOME_GATEWAY_FAULT, 0, 0},
    {REPLY(RETRY_RCPT, 553, "5.1.7"), OUTCOME_GATEWAY_FAULT, 0, 0},
    {REPLY(RETRY_RCPT, 553, "5.1.8"), OUTCOME_GATEWAY_FAULT, 0, 0},
    {REPLY(RETRY_GREETING, 554, ""), OUTCOME_GATEWAY_FAULT, 0, 0},
    {REPLY(RETRY_TLS, 502, ""), OUTCOME_GATEWAY_FAULT, 0, 0},
    {REPLY(RETRY_AUTH, 535, "5.7.8"), OUTCOME_GATEWAY_FAULT, 0, 0},
    {REPLY(RETRY_AUTH, 535, ""), OUTCOME_GATEWAY_FAULT, 0, 0},
    {REPLY(RETRY_MAIL, 550, ""), OUTCOME_GATEWAY_FAULT, 0, 0},
    {REPLY(RETRY_MAIL, 550, "5.1.1"), OUTCOME_GATEWAY_FAULT, 0, 0},
    {REPLY(RETRY_MAIL, 530, "5.5.1"), OUTCOME_GATEWAY_FAULT, 0, 0},
    /* the message, told at MAIL */
    {REPLY(RETRY_MAIL, 552, ""), OUTCOME_DEAD, 0, 0},
    {REPLY(RETRY_MAIL, 550, "5.2.3"), OUTCOME_DEAD, 0, 0},
    {REPLY(RETRY_MAIL, 550, "5.3.4"), OUTCOME_DEAD, 0, 0},
    {REPLY(RETRY_MAIL, 550, "5.6.7"), OUTCOME_DEAD, 0, 0},
    /* no reply, before the end */
    {FAULT(RETRY_CONNECT, RETRY_UNRESOLVED), OUTCOME_RETRY, true, 0},
    {FAULT(RETRY_CONNECT, RETRY_REFUSED), OUTCOME_RETRY, true, 0},
    {FAULT(RETRY_CONNECT, RETRY_TIMEOUT), OUTCOME_RETRY, true, 0},
    {FAULT(RETRY_TLS, RETRY_TLS_FAILED), OUTCOME_RETRY, true, 0},
    {FAULT(RETRY_GREETING, RETRY_GARBLED), OUTCOME_RETRY, true, 0},
    {FAULT(RETRY_MAIL, RETRY_LOST), OUTCOME_RETRY, 0, 0},
    {FAULT(RETRY_DATA, RETRY_TIMEOUT), OUTCOME_RETRY, 0, 0},
    {FAULT(RETRY_BODY, RETRY_TIMEOUT), OUTCOME_RETRY, 0, 0},
    {FAULT(RETRY_BODY, RETRY_FLOODED), OUTCOME_RETRY, 0, 0},
    /* after it */
    {FAULT(RETRY_ANSWER, RETRY_LOST), OUTCOME_UNCERTAIN, 0, 0},
    {FAULT(RETRY_ANSWER, RETRY_TIMEOUT), OUTCOME_UNCERTAIN, 0, 0},
    {FAULT(RETRY_ANSWER, RETRY_FLOODED), OUTCOME_UNCERTAIN, 0, 0},
    {FAULT(RETRY_ANSWER, RETRY_GARBLED), OUTCOME_UNCERTAIN, 0, 0},
    {FAULT(RETRY_ANSWER, RETRY_NONE), OUTCOME_UNCERTAIN, 0, 0},
    {REPLY(RETRY_ANSWER, 354, ""), OUTCOME_UNCERTAIN, 0, 0},
    {REPLY(RETRY_ANSWER, 666, ""), OUTCOME_UNCERTAIN, 0, 0},
    /* our own wish */
    {FAULT(RETRY_CONNECT, RETRY_CUT_OFF), OUTCOME_CUT, 0, 0},
    {FAULT(RETRY_BODY, RETRY_CUT_OFF), OUTCOME_CUT, 0, 0},
    {FAULT(RETRY_ANSWER, RETRY_CUT_OFF), OUTCOME_UNCERTAIN, 0, 0},
    {{.phase = RETRY_ANSWER, .code = 250, .failure = RETRY_CUT_OFF}, OUTCOME_SENT, 0, 0},
    /* what no repetition mends */
    {FAULT(RETRY_TLS, RETRY_CERTIFICATE), OUTCOME_GATEWAY_FAULT, 0, 0},
    {FAULT(RETRY_GREETING, RETRY_NO_TLS), OUTCOME_GATEWAY_FAULT, 0, 0},
    {FAULT(RETRY_AUTH, RETRY_LOGIN), OUTCOME_GATEWAY_FAULT, 0, 0},
    {FAULT(RETRY_CONNECT, RETRY_MISCONFIGURED), OUTCOME_GATEWAY_FAULT, 0, 0},
    {FAULT(RETRY_BODY, RETRY_NO_UTF8), OUTCOME_DEAD, 0, 0},
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
    /* a reply that came before the request was out */
    {{.phase = RETRY_CONNECT, .code = 429}, OUTCOME_RETRY, false, true},
    {STATUS(200), OUTCOME_SENT, 0, 0},
    {STATUS(201), OUTCOME_SENT, 0, 0},
    {STATUS(204), OUTCOME_SENT, 0, 0},
    {{.phase = RETRY_ANSWER, .code = 202, .failure = RETRY_FLOODED}, OUTCOME_SENT, 0, 0},
    {STATUS(301), OUTCOME_GATEWAY_FAULT, 0, 0},
    {STATUS(308), OUTCOME_GATEWAY_FAULT, 0, 0},
    {STATUS(400), OUTCOME_DEAD, 0, 0},
    {STATUS(401), OUTCOME_GATEWAY_FAULT, 0, 0},
    {STATUS(403), OUTCOME_GATEWAY_FAULT, 0, 0},
    {STATUS(404), OUTCOME_DEAD, 0, 0},
    {STATUS(408), OUTCOME_RETRY, 0, 0},
    {STATUS(413), OUTCOME_DEAD, 0, 0},
    {STATUS(422), OUTCOME_DEAD, 0, 0},
    {STATUS(425), OUTCOME_RETRY, 0, 0},
    {STATUS(429), OUTCOME_RETRY, 0, true},
    {STATUS(500), OUTCOME_UNCERTAIN, 0, 0},
    {STATUS(501), OUTCOME_DEAD, 0, 0},
    {STATUS(502), OUTCOME_UNCERTAIN, 0, 0},
    {STATUS(503), OUTCOME_RETRY, 0, 0},
    {STATUS(504), OUTCOME_UNCERTAIN, 0, 0},
    {STATUS(522), OUTCOME_UNCERTAIN, 0, 0},
    {STATUS(999), OUTCOME_UNCERTAIN, 0, 0},
    /* answered before all of the request was sent: the answer counts */
    {{.phase = RETRY_BODY, .code = 413, .failure = RETRY_LOST}, OUTCOME_DEAD, 0, 0},
    {FAULT(RETRY_CONNECT, RETRY_REFUSED), OUTCOME_RETRY, true, 0},
    {FAULT(RETRY_CONNECT, RETRY_CERTIFICATE), OUTCOME_GATEWAY_FAULT, 0, 0},
    {FAULT(RETRY_BODY, RETRY_LOST), OUTCOME_RETRY, 0, 0},
    {FAULT(RETRY_BODY, RETRY_CUT_OFF), OUTCOME_CUT, 0, 0},
    {FAULT(RETRY_ANSWER, RETRY_LOST), OUTCOME_UNCERTAIN, 0, 0},
    {FAULT(RETRY_ANSWER, RETRY_TIMEOUT), OUTCOME_UNCERTAIN, 0, 0},
    {FAULT(RETRY_ANSWER, RETRY_CUT_OFF), OUTCOME_UNCERTAIN, 0, 0},
    /* with a key that the API knows again */
    {{.phase = RETRY_ANSWER, .code = 500, .idempotent = true}, OUTCOME_RETRY, 0, 0},
    {{.phase = RETRY_ANSWER, .code = 400, .idempotent = true}, OUTCOME_DEAD, 0, 0},
    {{.phase = RETRY_ANSWER, .failure = RETRY_LOST, .idempotent = true}, OUTCOME_RETRY, 0, 0},
    {{.phase = RETRY_ANSWER, .failure = RETRY_CUT_OFF, .idempotent = true}, OUTCOME_CUT, 0, 0},
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
