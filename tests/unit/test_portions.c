/* Memory of what is decided: given back when all that lies in it is done. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "events/portions.h"

enum { FULL = 60 * 1024 /* bytes: no other work is decided there */ };

static void end(struct portions *portions, struct work *work, enum work_state state)
{
    work->state = state;
    portions_leave(portions, work);
    assert_null(work->portion);
}

static struct arena *fill(struct portions *portions, struct work *work)
{
    struct arena *arena = portions_arena(portions, work);
    memset(arena_alloc(arena, FULL), 1, FULL);
    return arena;
}

static void a_work_stays_where_it_is_and_others_join_it(void **state)
{
    (void)state;
    struct portions *portions = portions_new();
    struct work first = {0}, second = {0}, third = {0};
    struct arena *arena = portions_arena(portions, &first);
    assert_ptr_equal(fill(portions, &second), arena);
    assert_ptr_equal(portions_arena(portions, &first), arena);
    assert_ptr_not_equal(portions_arena(portions, &third), arena);
    portions_destroy(&portions);
    assert_null(portions);
    portions_destroy(&portions);
}

static void what_is_done_is_given_back_with_the_last_of_it(void **state)
{
    (void)state;
    struct portions *portions = portions_new();
    struct work first = {0}, second = {0}, third = {0}, fourth = {0};
    struct arena *arena = portions_arena(portions, &first);
    fill(portions, &second);
    end(portions, &first, WORK_DONE);
    assert_int_equal(arena_used(arena), FULL);
    assert_ptr_not_equal(fill(portions, &third), arena);
    end(portions, &second, WORK_DONE);
    assert_int_equal(arena_used(arena), 0);
    assert_ptr_equal(portions_arena(portions, &fourth), arena);
    end(portions, &fourth, WORK_DONE);
    end(portions, &third, WORK_DONE);
    portions_destroy(&portions);
}

/* What it has learnt is looked at in the next round's beginning. */
static void of_a_work_that_waits_it_stays_until_the_round_is_over(void **state)
{
    (void)state;
    struct portions *portions = portions_new();
    struct work first = {0}, second = {0};
    struct arena *arena = portions_arena(portions, &first);
    fill(portions, &second);
    end(portions, &first, WORK_WAITING);
    end(portions, &second, WORK_DONE);
    assert_int_equal(arena_used(arena), FULL);
    portions_reset(portions);
    assert_int_equal(arena_used(arena), 0);
    assert_ptr_equal(portions_arena(portions, &first), arena);
    end(portions, &first, WORK_DONE);
    assert_int_equal(arena_used(arena), 0);
    portions_destroy(&portions);
}

static void works_that_were_never_decided_have_none(void **state)
{
    (void)state;
    struct portions *portions = portions_new();
    struct work work = {0};
    end(portions, &work, WORK_DONE);
    portions_reset(portions);
    portions_destroy(&portions);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_work_stays_where_it_is_and_others_join_it),
        cmocka_unit_test(what_is_done_is_given_back_with_the_last_of_it),
        cmocka_unit_test(of_a_work_that_waits_it_stays_until_the_round_is_over),
        cmocka_unit_test(works_that_were_never_decided_have_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
