/* decide/replay_timers: whatever is set, moved and removed, near or far, the earliest is first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decide/replay_timers.h"

enum { TIMERS = 500, STEPS = 60000 };

static struct replay_timer timers[TIMERS];
static char keys[TIMERS][32];
static struct replay_timers all;

static int make_timers(void **state)
{
    (void)state;
    srand(42);
    memset(&all, 0, sizeof all);
    for (int i = 0; i < TIMERS; i++) {
        snprintf(keys[i], sizeof keys[i], "id:customer-%d", rand());
        timers[i] = (struct replay_timer){.key = keys[i]};
    }
    return 0;
}

static int drop_timers(void **state)
{
    (void)state;
    replay_timers_free(&all);
    return 0;
}

static struct replay_timer *find_first(void)
{
    struct replay_timer *first = NULL;
    for (int i = 0; i < TIMERS; i++)
        if (timers[i].at_ms &&
            (!first || timers[i].at_ms < first->at_ms ||
             (timers[i].at_ms == first->at_ms && strcmp(timers[i].key, first->key) < 0)))
            first = &timers[i];
    return first;
}

/* Mostly soon, often at the same moment, and now and then in a year. */
static int64_t some_time(int64_t now_ms)
{
    static const int64_t reach_ms[] = {1, 60000, 3600000, 86400000, 1209600000, 31536000000};
    int64_t reach = reach_ms[rand() % 6];
    return now_ms + (rand() % 4 ? reach : rand() % 1000 * (reach / 1000 + 1));
}

static void run(int64_t now_ms, int often)
{
    for (int step = 0; step < STEPS; step++) {
        struct replay_timer *first = replay_timers_first(&all);
        assert_ptr_equal(first, find_first());
        if (first && rand() % often == 0) {
            assert_true(first->at_ms >= now_ms);
            now_ms = first->at_ms;
            replay_timers_set(&all, first, rand() % 3 ? some_time(now_ms) : 0);
        } else {
            replay_timers_set(&all, &timers[rand() % TIMERS], rand() % 8 ? some_time(now_ms) : 0);
        }
    }
}

static void the_earliest_is_first(void **state)
{
    (void)state;
    run(1772402400000, 2);
}

/* Far more are moved than come up: what is stale goes. */
static void what_was_moved_does_not_stay(void **state)
{
    (void)state;
    run(1772402400000, 200);
    assert_true(all.count < 20 * TIMERS);
}

static void times_of_long_ago_are_first_too(void **state)
{
    (void)state;
    run(1, 3);
}

/* Whether few were set or many. */
static void none_is_left_of_those_before(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        for (int step = 0; step < (i % 2 ? 3 : STEPS / 20); step++)
            replay_timers_set(&all, &timers[rand() % TIMERS], some_time(1772402400000));
        replay_timers_clear(&all);
        assert_null(replay_timers_first(&all));
        for (int timer = 0; timer < TIMERS; timer++)
            timers[timer].at_ms = 0;
    }
    run(1772402400000, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_earliest_is_first, make_timers, drop_timers),
        cmocka_unit_test_setup_teardown(what_was_moved_does_not_stay, make_timers, drop_timers),
        cmocka_unit_test_setup_teardown(times_of_long_ago_are_first_too, make_timers, drop_timers),
        cmocka_unit_test_setup_teardown(none_is_left_of_those_before, make_timers, drop_timers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
