/* Who got how many messages, within which time, and what rules meant to them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "people_fixture.h"

enum { DAY = 86400000 };

static const struct people_options options = {
    .spans_ms = {7 * (int64_t)DAY, DAY}, .span_count = 2, .counted = 4, .by_rule = true};

static int begin(void **state)
{
    static struct people people;
    people_open(&people, &options);
    *state = &people;
    return 0;
}

static int end(void **state)
{
    people_close(*state);
    return 0;
}

static void test_most_within_a_time(void **state)
{
    struct people *people = *state;
    static const int64_t at[] = {1, 2, 3 * (int64_t)DAY, 7 * (int64_t)DAY + 1, 20 * (int64_t)DAY};
    for (size_t i = 0; i < sizeof at / sizeof *at; i++)
        people_fixture_send(people, "id:1", "a", at[i]);
    people_fixture_send(people, "id:2", "a", 5);
    const struct people_person *person = people_find(people, "id:1");
    assert_int_equal(person->sent, 5);
    assert_int_equal(person->most[0], 3); /* the first is a week before the fourth: not within it */
    assert_int_equal(person->most[1], 2);
    assert_int_equal(person->time_count, 4); /* the newest */
    assert_int_equal(person->times[0], 2);
    assert_int_equal(people_reached(people), 2);
    assert_int_equal(people_with(people, 0, 3), 1);
    assert_int_equal(people_with(people, 0, 1), 2);
    assert_int_equal(people_with(people, 0, 4), 0);
}

static void test_what_a_rule_meant(void **state)
{
    struct people *people = *state;
    people_fixture_act(people, "id:1", "a", TRACE_REFUSED, TRACE_WHY_CAP, 5);
    people_fixture_act(people, "id:1", "a", TRACE_STAYS, TRACE_WHY_NONE, 6);
    people_fixture_send(people, "id:1", "b", 8);
    people_fixture_send(people, "id:1", "b", 9);
    const struct people_person *person = people_find(people, "id:1");
    const struct people_rule *a = people_rule_of(person, "a"), *b = people_rule_of(person, "b");
    assert_int_equal(a->sent, 0);
    assert_int_equal(a->refused_ms, 5);
    assert_int_equal(a->why, TRACE_WHY_CAP);
    assert_int_equal(b->sent, 2);
    assert_int_equal(b->sent_ms, 8);
    assert_int_equal(b->refused_ms, 0);
    assert_null(people_rule_of(person, "c"));
    assert_null(people_find(people, "id:2"));
}

/* Two who prove to be one: what both had is one's, and the other is nobody. */
static void test_joined(void **state)
{
    struct people *people = *state;
    size_t cursor = 0;
    people_fixture_send(people, "id:1", "a", 3);
    people_fixture_send(people, "email:x", "a", 2);
    people_fixture_send(people, "email:x", "b", 4);
    people_fixture_act(people, "email:x", "a", TRACE_ENDED, TRACE_WHY_UNTIL, 9);
    people_fixture_join(people, "id:1", "email:x");
    people_fixture_join(people, "id:1", "email:nobody");
    people_fixture_join(people, "id:1", "id:1");
    const struct people_person *person = people_find(people, "id:1");
    assert_int_equal(person->sent, 3);
    assert_int_equal(person->most[0], 3);
    assert_int_equal(person->time_count, 3);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(person->times[i], i + 2);
    assert_int_equal(people_rule_of(person, "a")->sent, 2);
    assert_int_equal(people_rule_of(person, "a")->sent_ms, 2);
    assert_int_equal(people_rule_of(person, "a")->why, TRACE_WHY_UNTIL);
    assert_null(people_find(people, "email:x"));
    assert_ptr_equal(people_next(people, &cursor), person);
    assert_null(people_next(people, &cursor));
    people_fixture_send(people, "email:x", "a", 10); /* somebody else's by now */
    assert_int_equal(people_find(people, "email:x")->sent, 1);
    assert_int_equal(people_reached(people), 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(most_within_a_time),
        TEST(what_a_rule_meant),
        TEST(joined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
