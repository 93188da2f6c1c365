/* Many needles at once find what each alone would. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/rule_needles.h"

enum { NEEDLES_MOST = 64, TEXT_MOST = 48, ROUNDS = 3000 };

static uint64_t seed = 7;

static uint32_t below(uint32_t most)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % most;
}

static void note(void *context, uint32_t number)
{
    bool *found = context;
    found[number] = true;
}

/* Two letters make every part come often, also at both ends. */
static uint32_t make_text(char *out, uint32_t most)
{
    uint32_t length = below(most + 1);
    for (uint32_t i = 0; i < length; i++)
        out[i] = below(4) ? 'a' : 'b';
    return length;
}

static void test_random(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    uint32_t found_count = 0;
    for (int round = 0; round < ROUNDS; round++) {
        struct rule_needle items[NEEDLES_MOST];
        bool found[NEEDLES_MOST] = {false};
        uint32_t count = 1 + below(NEEDLES_MOST);
        arena_reset(arena);
        for (uint32_t i = 0; i < count; i++) {
            char *bytes = arena_alloc(arena, 16);
            items[i] =
                (struct rule_needle){.bytes = bytes, .length = make_text(bytes, 12), .number = i};
        }
        struct rule_needles *needles = rule_needles_new(arena, items, count);
        /* As long as its text, so that ASan sees a step past either end. */
        char text[TEXT_MOST];
        uint32_t length = make_text(text, TEXT_MOST);
        char *exact = malloc(length + 1);
        memcpy(exact, text, length);
        exact = realloc(exact, length ? length : 1);
        rule_needles_find(needles, exact, length, note, found);
        for (uint32_t i = 0; i < count; i++) {
            bool there = memmem(exact, length, items[i].bytes, items[i].length) != NULL;
            assert_int_equal(found[i], there);
            found_count += there;
        }
        free(exact);
    }
    assert_in_range(found_count / ROUNDS, 3, NEEDLES_MOST / 2);
    arena_destroy(&arena);
}

static void test_many(void **state)
{
    (void)state;
    enum { MANY = 5000 };
    struct arena *arena = arena_new(4096);
    struct rule_needle *items = arena_alloc(arena, sizeof *items * MANY);
    for (uint32_t i = 0; i < MANY; i++) {
        char *text = arena_printf(arena, "needle-%u-", i);
        items[i] = (struct rule_needle){text, (uint32_t)strlen(text), i};
    }
    bool *found = arena_zero(arena, MANY);
    const char *text = "see needle-17- and needle-4999-; not needle-18, not eedle-19-";
    rule_needles_find(rule_needles_new(arena, items, MANY), text, strlen(text), note, found);
    for (uint32_t i = 0; i < MANY; i++)
        assert_int_equal(found[i], i == 17 || i == 4999);
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
