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
static const struct outcome dead = {.kind = OUTCOME_DEAD, .code = 554};
static const struct outcome unprepared = {.kind = OUTCOME_DEAD};
static const struct outcome later = {.kind = OUTCOME_RETRY, .code = 451};
static const struct outcome closing = {.kind = OUTCOME_RETRY, .code = 421, .slow_down = true};
static const struct outcome unreachable = {.kind = OUTCOME_UNAVAILABLE};
static const struct outcome uncertain = {.kind = OUTCOME_UNCERTAIN};
static const struct outcome fault = {.kind = OUTCOME_GATEWAY_FAULT, .code = 535};
static const struct outcome cut = {.kind = OUTCOME_CUT};

enum { NOW = 1000000 };

static void opens_at_a_gateway_fault(void **state)
{
    (void)state;
    struct breaker breaker;
    breaker_init(&breaker);
    assert_int_equal(breaker_allows(&breaker, NOW), SIZE_MAX);
    assert_false(breaker_begin(&breaker, NOW));
    assert_int_equal(breaker_next(&breaker), INT64_MAX);
    assert_true(breaker_report(&breaker, &fault, 1, false, NOW, UINT64_MAX / 2));
    assert_int_equal(breaker.state, BREAKER_OPEN);
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
    assert_false(breaker_report(&breaker, &sent, 1, true, next, 0));
    assert_int_equal(breaker.state, BREAKER_CLOSED);
    assert_int_equal(breaker.backoff_ms, 0);
}

/* What each result of a row of ten does. */
static void rows(void **state)
{
    (void)state;
    static const struct {
        const struct outcome *row, *tenth;
        bool same_recipient;
        bool opens, blames; /* after the tenth; what the tenth's report says */
    } cases[] = {
        {&bounced, &bounced, false, true, true},
        {&dead, &dead, false, true, true},
        {&dead, &bounced, false, true, true},
        {&bounced, &bounced, true, false, false},
        {&bounced, &later, false, false, false},
        {&bounced, &sent, false, false, false},
        {&unprepared, &unprepared, false, false, false},
        {&unreachable, &unreachable, true, true, false},
        {&unreachable, &later, false, false, false},
        {&unreachable, &sent, false, false, false},
        {&later, &later, false, false, false},
        {&closing, &closing, false, false, false},
        {&uncertain, &uncertain, false, false, false},
        {&cut, &cut, false, false, false},
        {&sent, &sent, false, false, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct breaker breaker;
        breaker_init(&breaker);
        for (uint64_t n = 1; n < BREAKER_ROW; n++) {
            uint64_t recipient = cases[i].same_recipient ? 7 : n;
            assert_false(breaker_report(&breaker, cases[i].row, recipient, false, NOW, 0));
            assert_int_equal(breaker.state, BREAKER_CLOSED);
        }
        uint64_t recipient = cases[i].same_recipient ? 7 : BREAKER_ROW;
        bool blames = breaker_report(&breaker, cases[i].tenth, recipient, false, NOW, 0);
        if (blames != cases[i].blames || (breaker.state == BREAKER_OPEN) != cases[i].opens)
            fail_msg("case %zu: %s, %d", i, breaker_state_name(breaker.state), blames);
    }
}

static void a_row_is_broken_by_a_success_alone(void **state)
{
    (void)state;
    struct breaker breaker;
    breaker_init(&breaker);
    for (uint64_t n = 0; n < 9; n++)
        breaker_report(&breaker, &bounced, n, false, NOW, 0);
    breaker_report(&breaker, &later, 100, false, NOW, 0);
    breaker_report(&breaker, &unprepared, 101, false, NOW, 0);
    assert_int_equal(breaker.refused_count, 9);
    breaker_report(&breaker, &sent, 102, false, NOW, 0);
    assert_int_equal(breaker.refused_count, 0);
    for (uint64_t n = 0; n < 9; n++)
        assert_false(breaker_report(&breaker, &bounced, n, false, NOW, 0));
    assert_true(breaker_report(&breaker, &bounced, 9, false, NOW, 0));
    /* Those of the row are told, oldest first. */
    for (uint64_t n = 0; n < BREAKER_ROW; n++)
        assert_int_equal(breaker.refused[n], n);
}

/* An answer, even one that puts the message off, shows that the gateway can be reached. */
static void a_row_of_unreachable_is_broken_by_an_answer(void **state)
{
    (void)state;
    struct breaker breaker;
    breaker_init(&breaker);
    for (int round = 0; round < 3; round++) {
        for (int n = 1; n < BREAKER_ROW; n++)
            breaker_report(&breaker, &unreachable, 7, false, NOW, 0);
        assert_int_equal(breaker.state, BREAKER_CLOSED);
        if (round == 1)
            breaker_report(&breaker, &sent, 7, false, NOW, 0);
        else
            breaker_report(&breaker, &later, 7, false, NOW, 0);
    }
    for (int n = 1; n < BREAKER_ROW; n++)
        breaker_report(&breaker, &unreachable, 7, false, NOW, 0);
    breaker_report(&breaker, &cut, 7, false, NOW, 0); /* it never came there: no answer */
    breaker_report(&breaker, &unreachable, 7, false, NOW, 0);
    assert_int_equal(breaker.state, BREAKER_OPEN);
}

/* What was begun before it opened. */
static void reports_while_open(void **state)
{
    (void)state;
    struct breaker breaker;
    breaker_init(&breaker);
    breaker_report(&breaker, &fault, 1, false, NOW, 0);
    int64_t next = breaker_next(&breaker);
    assert_true(breaker_report(&breaker, &fault, 2, false, NOW, 0));
    assert_false(breaker_report(&breaker, &bounced, 3, false, NOW, 0));
    assert_false(breaker_report(&breaker, &sent, 4, false, NOW, 0));
    assert_int_equal(breaker.state, BREAKER_OPEN);
    assert_int_equal(breaker_next(&breaker), next);

    breaker_init(&breaker);
    for (uint64_t n = 0; n < BREAKER_ROW; n++)
        breaker_report(&breaker, &bounced, n, false, NOW, 0);
    assert_true(breaker_report(&breaker, &bounced, 50, false, NOW, 0));
    assert_false(breaker_report(&breaker, &later, 51, false, NOW, 0));
    /* A success of the time before, in half-open, is no probe's. */
    assert_true(breaker_begin(&breaker, breaker_next(&breaker)));
    assert_false(breaker_report(&breaker, &sent, 52, false, NOW, 0));
    assert_int_equal(breaker.state, BREAKER_HALF_OPEN);
}

static void probes(void **state)
{
    (void)state;
    static const struct {
        bool by_row; /* opened by refusals, else by a fault */
        const struct outcome *probe;
        enum breaker_state then;
        bool blames;
    } cases[] = {
        {false, &sent, BREAKER_CLOSED, false},    {true, &sent, BREAKER_CLOSED, false},
        {false, &bounced, BREAKER_CLOSED, false}, {true, &bounced, BREAKER_OPEN, true},
        {false, &dead, BREAKER_CLOSED, false},    {true, &dead, BREAKER_OPEN, true},
        {false, &later, BREAKER_CLOSED, false},   {true, &later, BREAKER_CLOSED, false},
        {false, &closing, BREAKER_OPEN, false},   {false, &unreachable, BREAKER_OPEN, false},
        {false, &uncertain, BREAKER_OPEN, false}, {false, &fault, BREAKER_OPEN, true},
        {false, &cut, BREAKER_OPEN, false},       {false, &unprepared, BREAKER_OPEN, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct breaker breaker;
        breaker_init(&breaker);
        for (uint64_t n = 0; n < BREAKER_ROW; n++)
            breaker_report(&breaker, cases[i].by_row ? &bounced : &fault, n, false, NOW, 0);
        int64_t next = breaker_next(&breaker);
        assert_true(breaker_begin(&breaker, next));
        bool blames = breaker_report(&breaker, cases[i].probe, 99, true, next, 0);
        if (breaker.state != cases[i].then || blames != cases[i].blames)
            fail_msg("case %zu: %s, %d", i, breaker_state_name(breaker.state), blames);
        /* A probe that never came to the gateway is followed by another at once. */
        bool showed_nothing = cases[i].probe == &cut || cases[i].probe == &unprepared;
        if (cases[i].then == BREAKER_OPEN)
            assert_int_equal(breaker_allows(&breaker, next), showed_nothing);
    }
}

static void the_backoff_grows(void **state)
{
    (void)state;
    static const int64_t most[] = {5000,   10000,  20000,  40000, 80000,
                                   160000, 300000, 300000, 300000};
    struct breaker breaker;
    breaker_init(&breaker);
    int64_t now = NOW;
    breaker_report(&breaker, &fault, 1, false, now, (uint64_t)most[0] - 2500);
    for (size_t i = 0; i < COUNT(most); i++) {
        assert_int_equal(breaker.backoff_ms, most[i]);
        assert_int_equal(breaker_next(&breaker) - now, most[i]);
        now = breaker_next(&breaker);
        assert_true(breaker_begin(&breaker, now));
        int64_t next = i + 1 < COUNT(most) ? most[i + 1] : 300000;
        breaker_report(&breaker, &fault, 1, true, now, (uint64_t)next - 2500);
    }
    now = breaker_next(&breaker);
    breaker_begin(&breaker, now);
    breaker_report(&breaker, &fault, 1, true, now, 300000 - 2500 + 1); /* the least again */
    assert_int_equal(breaker_next(&breaker) - now, 2500);
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
        cmocka_unit_test(rows),
        cmocka_unit_test(a_row_is_broken_by_a_success_alone),
        cmocka_unit_test(a_row_of_unreachable_is_broken_by_an_answer),
        cmocka_unit_test(reports_while_open),
        cmocka_unit_test(probes),
        cmocka_unit_test(the_backoff_grows),
        cmocka_unit_test(the_rate_halves_and_rises),
        cmocka_unit_test(the_rate_keeps_quiet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
