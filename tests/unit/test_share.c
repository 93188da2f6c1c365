/* Shares of customers by a pure hash: as large as they should be, and for ever the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/share.h"

enum { PEOPLE = 100000, PERCENT = PEOPLE / 100 };

static const char *const forms[] = {"id:%d", "email:customer%d@example.com", "id:gid://shop/%07d"};

/* Each tenth of the places has a tenth of the people, within a percentage of all. */
static void test_even(void **state)
{
    (void)state;
    static const char *const names[] = {"subject-test", "a", "b", ""};
    for (size_t f = 0; f < sizeof forms / sizeof *forms; f++)
        for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
            int tenths[10] = {0};
            for (int i = 0; i < PEOPLE; i++) {
                char key[64];
                snprintf(key, sizeof key, forms[f], i);
                uint32_t place = share_place("split", names[n], key);
                assert_true(place < SHARE_WHOLE);
                tenths[place / (SHARE_WHOLE / 10)]++;
            }
            for (int t = 0; t < 10; t++)
                assert_true(abs(tenths[t] - PEOPLE / 10) < PERCENT);
        }
}

/* Who is in the lower half for one purpose is so for another as often as not. */
static void independent(const char *purpose, const char *name, const char *other_purpose,
                        const char *other_name)
{
    int both = 0;
    for (int i = 0; i < PEOPLE; i++) {
        char key[64];
        snprintf(key, sizeof key, "id:%d", i);
        both += share_place(purpose, name, key) < SHARE_WHOLE / 2 &&
                share_place(other_purpose, other_name, key) < SHARE_WHOLE / 2;
    }
    assert_true(abs(both - PEOPLE / 4) < PERCENT);
}

static void test_independent(void **state)
{
    (void)state;
    independent("split", "subject-test", "split", "subject-tesu");
    independent("split", "a", "split", "b");
    independent("split", "cart", "holdout", "cart");
}

/* What customers have today they have with every later program. */
static void test_for_ever(void **state)
{
    (void)state;
    assert_int_equal(share_place("split", "subject-test", "id:7"), 1533);
    assert_int_equal(share_place("split", "subject-test", "email:ana@example.com"), 6230);
    assert_int_equal(share_place("holdout", "abandoned-cart", "id:7"), 1829);
}

static void test_percentages(void **state)
{
    (void)state;
    uint32_t places;
    struct value text = value_text("50");
    const struct {
        double number;
        int places; /* -1: none */
    } cases[] = {{0, 0},      {100, 10000}, {50, 5000}, {33.33, 3333}, {33.34, 3334}, {0.01, 1},
                 {0.001, -1}, {12.345, -1}, {-1, -1},   {100.01, -1},  {1e300, -1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct value number = value_double(cases[i].number);
        assert_int_equal(share_read(&number, &places), cases[i].places >= 0);
        if (cases[i].places >= 0)
            assert_int_equal(places, cases[i].places);
    }
    assert_true(share_read(&(struct value){.kind = VALUE_INT, .integer = 25}, &places));
    assert_int_equal(places, 2500);
    assert_false(share_read(&text, &places));
    assert_false(share_read(NULL, &places));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_even),
        cmocka_unit_test(test_independent),
        cmocka_unit_test(test_for_ever),
        cmocka_unit_test(test_percentages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
