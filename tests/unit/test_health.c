/* The health of a gateway: rows of results from tables, the clock in the test's hands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "send/health.h"

#define COUNT(array) (sizeof array / sizeof *(array))

enum { NOW = 1000000000 };

/* A letter for each result: b, l and a are bad, lost and good ones of a new recipient each, B is a
 * bad one of always the same. */
static enum health_sign sign_of(char result)
{
    return result == 'a' ? HEALTH_GOOD : result == 'l' ? HEALTH_LOST : HEALTH_BAD;
}

static size_t ill_at(const char *results, int64_t apart_ms)
{
    struct health health;
    size_t at = 0;
    health_init(&health);
    for (size_t i = 0; results[i] && !at; i++)
        if (health_note(&health, sign_of(results[i]), results[i] == 'B' ? 1 : i + 2,
                        NOW + (int64_t)i * apart_ms))
            at = i + 1;
    return at;
}

static void rows_and_shares(void **state)
{
    (void)state;
    static const struct {
        const char *results;
        int64_t apart_ms;
        size_t ill; /* at so many; 0: never */
    } cases[] = {
        {"bbbbbbbbb", 1, 0},
        {"bbbbbbbbbb", 1, 10},
        {"aaabbbbbbbbbb", 1, 13},
        /* lost answers count among the forty, not in a row */
        {"lllllllllllllllllll", 1, 0},
        {"llllllllllllllllllll", 1, 20},
        {"blblblblblblblblblb", 1, 19},
        {"blblblblblblblblbl", 1, 0},
        /* of different recipients */
        {"BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB", 1, 0},
        {"BBBBBBbbbbbbbbb", 1, 15},
        /* a good one ends the row, half of the last forty is too many all the same */
        {"bbbbbbbbbabbbbbbbbb", 1, 0},
        {"bbbbbbbbbabbbbbbbbbabb", 1, 22},
        {"babababababababababababababababababababa", 1, 39},
        {"aabaabaabaabaabaabaabaabaabaabaabaabaabaabaabaabaab", 1, 0},
        {"BaBaBaBaBaBaBaBaBaBaBaBaBaBaBaBaBaBaBaBaBaBaBaBaBaBaBaBaBaBa", 1, 0},
        /* what is older than ten minutes does not count */
        {"bbbbbbbbbb", 66666, 10},
        {"bbbbbbbbbb", 66667, 0},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 1, 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        if (ill_at(cases[i].results, cases[i].apart_ms) != cases[i].ill)
            fail_msg("%s: %zu", cases[i].results, ill_at(cases[i].results, cases[i].apart_ms));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(rows_and_shares)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
