/* Whose turn it is: in the order of asking, and of those that stand still nobody waits for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <event2/event.h>

#include "store/turns.h"

enum { SHARDS = 5, AT_ONCE = 2 };

struct scene {
    struct event_base *base;
    struct turns *turns;
    struct turn of[SHARDS];
    char granted[SHARDS + 1]; /* '0' + shard, in the order of being told */
};

static struct scene scene;

static void on_granted(void *context)
{
    const struct turn *turn = context;
    scene.granted[strlen(scene.granted)] = (char)('0' + (turn - scene.of));
}

static int begin(void **state)
{
    (void)state;
    scene = (struct scene){.base = event_base_new()};
    scene.turns = turns_new(scene.base, AT_ONCE);
    for (size_t i = 0; i < SHARDS; i++)
        scene.of[i] =
            (struct turn){.turns = scene.turns, .granted = on_granted, .context = &scene.of[i]};
    return 0;
}

static int end(void **state)
{
    (void)state;
    for (size_t i = 0; i < SHARDS; i++)
        turns_end(&scene.of[i]);
    turns_destroy(&scene.turns);
    event_base_free(scene.base);
    return 0;
}

static void run(void)
{
    event_base_loop(scene.base, EVLOOP_ONCE);
}

static void take_all(void)
{
    for (size_t i = 0; i < SHARDS; i++)
        assert_int_equal(turns_take(&scene.of[i]), i < AT_ONCE);
}

static void test_order(void **state)
{
    (void)state;
    take_all();
    assert_false(turns_take(&scene.of[2])); /* waits already */
    turns_end(&scene.of[1]);
    assert_false(turns_take(&scene.of[1])); /* behind all others */
    run();
    assert_string_equal(scene.granted, "2");
    assert_true(turns_take(&scene.of[2]));
    turns_end(&scene.of[3]); /* wants it no more */
    turns_end(&scene.of[0]);
    turns_end(&scene.of[2]);
    run();
    assert_string_equal(scene.granted, "241");
    turns_end(&scene.of[4]);
    assert_true(turns_take(&scene.of[0]));
}

/* The first goes on, and the second does not: then the second is overdue, and the third has its
 * place. */
static void test_overdue(void **state)
{
    (void)state;
    assert_true(turns_take(&scene.of[0]));
    assert_true(turns_take(&scene.of[1]));
    assert_false(turns_take(&scene.of[2]));
    while (!*scene.granted) {
        event_base_loop(scene.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
        turns_goes_on(&scene.of[0]);
    }
    assert_string_equal(scene.granted, "2");
    assert_false(turns_is_overdue(&scene.of[0]));
    assert_true(turns_is_overdue(&scene.of[1]));
    turns_end(&scene.of[1]); /* makes no room */
    assert_false(turns_take(&scene.of[3]));
    turns_end(&scene.of[0]);
    run();
    assert_string_equal(scene.granted, "23");
}

/* Nobody is overdue for whom nobody waits. */
static void test_alone(void **state)
{
    (void)state;
    assert_true(turns_take(&scene.of[0]));
    assert_int_equal(event_base_loop(scene.base, EVLOOP_ONCE),
                     1); /* there is nothing to wait for */
    struct turn always = {.turns = NULL};
    assert_true(turns_take(&always));
    turns_end(&always);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_order, begin, end),
        cmocka_unit_test_setup_teardown(test_overdue, begin, end),
        cmocka_unit_test_setup_teardown(test_alone, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
