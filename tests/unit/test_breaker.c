/* The breaker and the throttle: reports and times from tables, the clock in the test's hands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "send/breaker.h"
#include "send/throttle.h"

#define COUNT(array) (sizeof array / sizeof *(array))

static const struct outcome sent = {.kind = OUTCOME_SENT, .code = 250};
static const struct outcome bounced = {.kind = OUTCOME_BOUNCED, .code = 550};
static const struct outcome dead = {
    .kind = OUTCOME_DEAD, .code = 554, .suspect = OUTCOME_SUSPECT_REFUSAL};
static const struct outcome unprepared = {.kind = OUTCOME_DEAD};
static const struct outcome later = {.kind = OUTCOME_RETRY, .code = 450};
static const struct outcome closing = {
    .kind = OUTCOME_RETRY, .code = 421, .slow_down = true, .unhealthy = true};
static const struct outcome unavailable = {.kind = OUTCOME_UNAVAILABLE, .unhealthy = true};
static const struct outcome no_socket = {.kind = OUTCOME_UNAVAILABLE};
static const struct outcome uncertain = {.kind = OUTCOME_UNCERTAIN, .unhealthy = true};
static const struct outcome bad_gateway = {
    .kind = OUTCOME_UNCERTAIN, .code = 502, .unhealthy = true};
static const struct outcome cut_late = {.kind = OUTCOME_UNCERTAIN};
static const struct outcome fault = {.kind = OUTCOME_GATEWAY_FAULT, .code = 535, .unhealthy = true};
static const struct outcome cut = {.kind = OUTCOME_CUT};

enum { NOW = 1000000 };

/* Without the probe's mark, and with a least backoff. */
static void report(struct breaker *breaker, const struct outcome *outcome, uint64_t recipient)
{
    breaker_report(breaker, &(struct breaker_report){.outcome = outcome, .recipient = recipient},
                   NOW, 0);
}

static void report_probe(struct breaker *breaker, const struct outcome *outcome, bool suspected,
                         int64_t now_ms, uint64_t random)
{
    breaker_report(breaker,
                   &(struct breaker_report){
                       .outcome = outcome, .recipient = 99, .suspected = suspected, .probe = true},
                   now_ms, random);
}

static void open_for(struct breaker *breaker, enum breaker_why why)
{
    breaker_init(breaker);
    if (why == BREAKER_HEALTH)
        for (uint64_t n = 0; n < HEALTH_ROW; n++)
            report(breaker, &unavailable, n);
    else
        breaker_report(breaker,
                       &(struct breaker_report){.outcome = why == BREAKER_FAULT ? &fault : &dead,
                                                .recipient = 1,
                                                .suspected = why == BREAKER_REFUSALS},
                       NOW, 0);
    assert_int_equal(breaker->state, BREAKER_OPEN);
    assert_int_equal(breaker->why, why);
}

static void opens_at_a_gateway_fault(void **state)
{
    (void)state;
    struct breaker breaker;
    breaker_init(&breaker);
    assert_int_equal(breaker_allows(&breaker, NOW), SIZE_MAX);
    assert_false(breaker_begin(&breaker, NOW));
    assert_int_equal(breaker_next(&breaker), INT64_MAX);
    breaker_report(&breaker, &(struct breaker_report){.outcome = &fault, .recipient = 1}, NOW,
                   UINT64_MAX / 2);
    assert_int_equal(breaker.state, BREAKER_OPEN);
    assert_int_equal(breaker.why, BREAKER_FAULT);
    int64_t next = breaker_next(&breaker);
    assert_in_range(next, NOW + 2500, NOW + 5000);
    assert_int_equal(breaker_allows(&breaker, next - 1), 0);
    assert_false(breaker_begin(&breaker, next - 1));
    assert_int_equal(breaker_allows(&breaker, next), 1);
    /* One probe, then nothing until it has come back. */
    assert_true(breaker_begin(&breaker, next));
    assert_int_equal(breaker.state, BREAKER_HALF_OPEN);
    assert_int_equal(breaker_allows(&breaker, next + 1000000), 0);
    assert_false(breaker_begin(&breaker, next + 1000000));
    assert_int_equal(breaker_next(&breaker), INT64_MAX);
    report_probe(&breaker, &sent, false, next, 0);
    assert_int_equal(breaker.state, BREAKER_CLOSED);
    assert_int_equal(breaker.why, BREAKER_WELL);
    assert_int_equal(breaker.backoff_ms, 0);
}

/* Which results count against its health: so many of each, of different recipients. */
static void health(void **state)
{
    (void)state;
    static const struct {
        const struct outcome *row, *last;
        uint64_t count;
        bool opens;
    } cases[] = {
        {&unavailable, &unavailable, HEALTH_ROW, true},
        {&closing, &closing, HEALTH_ROW, true},
        {&uncertain, &uncertain, HEALTH_SHARE, true},
        {&uncertain, &closing, HEALTH_SHARE, true},
        {&bad_gateway, &bad_gateway, HEALTH_ROW, true},
        {&unavailable, &sent, HEALTH_ROW, false},
        {&unavailable, &later, HEALTH_ROW, false},
        {&unavailable, &bounced, HEALTH_ROW, false},
        {&unavailable, &cut, HEALTH_ROW, false},
        {&no_socket, &no_socket, HEALTH_ROW, false},
        {&cut_late, &cut_late, HEALTH_ROW, false},
        {&bounced, &bounced, HEALTH_ROW, false},
        {&dead, &dead, HEALTH_ROW, false},
        {&unprepared, &unprepared, HEALTH_ROW, false},
        {&later, &later, HEALTH_ROW, false},
        {&cut, &cut, HEALTH_ROW, false},
        {&sent, &sent, HEALTH_ROW, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct breaker breaker;
        breaker_init(&breaker);
        for (uint64_t n = 1; n < cases[i].count; n++) {
            report(&breaker, cases[i].row, n);
            assert_int_equal(breaker.state, BREAKER_CLOSED);
        }
        report(&breaker, cases[i].last, cases[i].count);
        if ((breaker.state == BREAKER_OPEN) != cases[i].opens)
            fail_msg("case %zu: %s", i, breaker_state_name(breaker.state));
    }
}

/* What never came to it is no good result that ends a row. */
static void what_says_nothing_ends_no_row(void **state)
{
    (void)state;
    const struct outcome *const nothing[] = {&cut, &cut_late, &unprepared};
    for (size_t i = 0; i < COUNT(nothing); i++) {
        struct breaker breaker;
        breaker_init(&breaker);
        for (uint64_t n = 1; n < HEALTH_ROW; n++)
            report(&breaker, &unavailable, n);
        report(&breaker, nothing[i], 50);
        report(&breaker, &unavailable, HEALTH_ROW);
        assert_int_equal(breaker.state, BREAKER_OPEN);
    }
}

/* What was begun before it opened. */
static void reports_while_open(void **state)
{
    (void)state;
    struct breaker breaker;
    open_for(&breaker, BREAKER_FAULT);
    int64_t next = breaker_next(&breaker);
    report(&breaker, &fault, 2);
    report(&breaker, &bounced, 3);
    report(&breaker, &sent, 4);
    assert_int_equal(breaker.state, BREAKER_OPEN);
    assert_int_equal(breaker_next(&breaker), next);
    /* A success of the time before, in half-open, is no probe's. */
    assert_true(breaker_begin(&breaker, next));
    report(&breaker, &sent, 52);
    assert_int_equal(breaker.state, BREAKER_HALF_OPEN);
}

static void probes(void **state)
{
    (void)state;
    enum { CLOSES, OPENS, SHOWS_NOTHING };
    static const struct {
        const struct outcome *probe;
        bool suspected;
        int then[4]; /* by why it was open: a fault, health, refusals */
    } cases[] = {
        {&sent, false, {0, CLOSES, CLOSES, CLOSES}},
        {&later, false, {0, CLOSES, CLOSES, CLOSES}},
        {&bounced, false, {0, CLOSES, CLOSES, SHOWS_NOTHING}},
        {&dead, false, {0, CLOSES, CLOSES, SHOWS_NOTHING}},
        {&dead, true, {0, OPENS, OPENS, OPENS}},
        {&bounced, true, {0, OPENS, OPENS, OPENS}},
        {&closing, false, {0, OPENS, OPENS, OPENS}},
        {&unavailable, false, {0, OPENS, OPENS, OPENS}},
        {&uncertain, false, {0, OPENS, OPENS, OPENS}},
        {&fault, false, {0, OPENS, OPENS, OPENS}},
        {&cut, false, {0, SHOWS_NOTHING, SHOWS_NOTHING, SHOWS_NOTHING}},
        {&cut_late, false, {0, SHOWS_NOTHING, SHOWS_NOTHING, SHOWS_NOTHING}},
        {&unprepared, false, {0, SHOWS_NOTHING, SHOWS_NOTHING, SHOWS_NOTHING}},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        for (int why = BREAKER_FAULT; why <= BREAKER_REFUSALS; why++) {
            struct breaker breaker;
            open_for(&breaker, (enum breaker_why)why);
            int64_t next = breaker_next(&breaker);
            assert_true(breaker_begin(&breaker, next));
            report_probe(&breaker, cases[i].probe, cases[i].suspected, next, 0);
            bool closed = breaker.state == BREAKER_CLOSED;
            int then = closed ? CLOSES : breaker_allows(&breaker, next) ? SHOWS_NOTHING : OPENS;
            if (then != cases[i].then[why])
                fail_msg("case %zu, %s: %d", i, breaker_why_name((enum breaker_why)why), then);
        }
    }
}

/* It begins anew: what was bad before it opened does not count. */
static void health_after_it_closed(void **state)
{
    (void)state;
    struct breaker breaker;
    open_for(&breaker, BREAKER_HEALTH);
    assert_true(breaker_begin(&breaker, breaker_next(&breaker)));
    report_probe(&breaker, &later, false, breaker_next(&breaker), 0);
    assert_int_equal(breaker.state, BREAKER_CLOSED);
    for (uint64_t n = 1; n < HEALTH_ROW; n++)
        report(&breaker, &unavailable, n);
    assert_int_equal(breaker.state, BREAKER_CLOSED);
    report(&breaker, &unavailable, HEALTH_ROW);
    assert_int_equal(breaker.state, BREAKER_OPEN);
}

static void the_backoff_grows(void **state)
{
    (void)state;
    static const struct {
        const struct outcome *outcome;
        bool suspected;
        int64_t most[9];
    } cases[] = {
        {&fault, false, {5000, 10000, 20000, 40000, 80000, 160000, 300000, 300000, 300000}},
        {&dead, true, {5000, 10000, 20000, 30000, 30000, 30000, 30000, 30000, 30000}},
    };
    for (size_t c = 0; c < COUNT(cases); c++) {
        const int64_t *most = cases[c].most;
        struct breaker breaker;
        int64_t now = NOW;
        breaker_init(&breaker);
        breaker_report(&breaker,
                       &(struct breaker_report){.outcome = cases[c].outcome,
                                                .recipient = 1,
                                                .suspected = cases[c].suspected},
                       now, (uint64_t)most[0] - 2500);
        for (size_t i = 0; i < COUNT(cases[c].most); i++) {
            assert_int_equal(breaker.backoff_ms, most[i]);
            assert_int_equal(breaker_next(&breaker) - now, most[i]);
            now = breaker_next(&breaker);
            assert_true(breaker_begin(&breaker, now));
            int64_t next = most[i + 1 < COUNT(cases[c].most) ? i + 1 : i];
            report_probe(&breaker, cases[c].outcome, cases[c].suspected, now,
                         (uint64_t)next - 2500);
        }
        now = breaker_next(&breaker);
        breaker_begin(&breaker, now);
        report_probe(&breaker, cases[c].outcome, cases[c].suspected, now,
                     (uint64_t)most[8] - 2500 + 1); /* the least again */
        assert_int_equal(breaker_next(&breaker) - now, 2500);
    }
}

static void the_rate_halves_and_rises(void **state)
{
    (void)state;
    struct throttle throttle;
    throttle_init(&throttle, 8);
    static const struct {
        int64_t after_ms;
        const struct outcome *outcome;
        size_t allowed;
    } steps[] = {
        {0, &sent, 8},      {0, &closing, 4},    {999, &closing, 4},   {1000, &closing, 2},
        {2000, &later, 2},  {3000, &closing, 1}, {9000, &closing, 1},  {18999, &sent, 1},
        {19000, &sent, 2},  {28999, &sent, 2},   {29000, &bounced, 2}, {29000, &sent, 3},
        {90000, &sent, 4},  {100000, &sent, 5},  {110000, &sent, 6},   {120000, &sent, 7},
        {130000, &sent, 8}, {140000, &sent, 8},
    };
    for (size_t i = 0; i < COUNT(steps); i++) {
        throttle_report(&throttle, steps[i].outcome, NOW + steps[i].after_ms);
        if (throttle_allowed(&throttle, NOW + steps[i].after_ms) != steps[i].allowed)
            fail_msg("step %zu: %zu", i, throttle_allowed(&throttle, NOW + steps[i].after_ms));
    }
}

static void the_rate_keeps_quiet(void **state)
{
    (void)state;
    struct throttle throttle;
    throttle_init(&throttle, 0);
    assert_int_equal(throttle_allowed(&throttle, NOW), 1);
    throttle_init(&throttle, 4);
    const struct outcome wait = {
        .kind = OUTCOME_RETRY, .code = 429, .slow_down = true, .retry_after_ms = 7000};
    throttle_report(&throttle, &wait, NOW);
    assert_int_equal(throttle_allowed(&throttle, NOW + 6999), 0);
    assert_int_equal(throttle_allowed(&throttle, NOW + 7000), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_at_a_gateway_fault),
        cmocka_unit_test(health),
        cmocka_unit_test(what_says_nothing_ends_no_row),
        cmocka_unit_test(reports_while_open),
        cmocka_unit_test(probes),
        cmocka_unit_test(health_after_it_closed),
        cmocka_unit_test(the_backoff_grows),
        cmocka_unit_test(the_rate_halves_and_rises),
        cmocka_unit_test(the_rate_keeps_quiet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
