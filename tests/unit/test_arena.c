#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

static void blocks_are_aligned_and_do_not_overlap(void **state)
{
    (void)state;
    struct arena *arena = arena_new(64);
    unsigned char *blocks[200];
    for (size_t i = 0; i < 200; i++) {
        blocks[i] = arena_alloc(arena, i);
        assert_int_equal((uintptr_t)blocks[i] % 8, 0);
        memset(blocks[i], (int)i, i);
    }
    for (size_t i = 0; i < 200; i++)
        for (size_t j = 0; j < i; j++)
            assert_int_equal(blocks[i][j], i);
    arena_destroy(&arena);
    assert_null(arena);
    arena_destroy(&arena);
}

static void a_block_may_be_larger_than_any_chunk(void **state)
{
    (void)state;
    struct arena *arena = arena_new(256);
    memset(arena_alloc(arena, 5 << 20), 1, 5 << 20);
    memset(arena_alloc(arena, 100), 2, 100);
    assert_int_equal(arena_used(arena), (5 << 20) + 104);
    arena_destroy(&arena);
}

static void used_is_what_was_handed_out(void **state)
{
    (void)state;
    struct arena *arena = arena_new(256);
    assert_int_equal(arena_used(arena), 0);
    for (int i = 0; i < 1000; i++)
        arena_alloc(arena, 13); /* takes 16 */
    assert_int_equal(arena_used(arena), 16000);
    arena_reset(arena);
    assert_int_equal(arena_used(arena), 0);
    arena_destroy(&arena);
}

/* Behind a chunk for one large block stands a smaller one. */
static void a_reset_keeps_the_largest_chunk(void **state)
{
    (void)state;
    struct arena *arena = arena_new(256);
    char *large = arena_alloc(arena, 5 << 20);
    char *small = arena_alloc(arena, 100);
    assert_ptr_not_equal(small, large + (5 << 20));
    arena_reset(arena);
    assert_ptr_equal(arena_alloc(arena, 5 << 20), large);
    arena_destroy(&arena);
}

static void a_reset_may_keep_more_chunks(void **state)
{
    (void)state;
    enum { EACH = 1 << 20, COUNT = 4, KEPT = 3 };
    struct arena *arena = arena_new(EACH);
    char *before[COUNT];
    int again = 0;
    for (int i = 0; i < COUNT; i++)
        before[i] = memset(arena_alloc(arena, EACH), i, EACH);
    arena_reset_keeping(arena, KEPT * EACH);
    assert_int_equal(arena_used(arena), 0);
    for (int i = 0; i < COUNT; i++) {
        char *block = memset(arena_alloc(arena, EACH), i, EACH);
        assert_true(arena_has(arena, block));
        for (int j = 0; j < COUNT; j++)
            again += block == before[j];
    }
    assert_true(again >= KEPT); /* what was given back may come again too */
    assert_int_equal(arena_used(arena), COUNT * EACH);
    arena_reset(arena);
    assert_null(arena->spare);
    arena_destroy(&arena);
}

static void zeroed_memory_is_zero_after_a_reset_too(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    memset(arena_alloc(arena, 1000), 0xff, 1000);
    arena_reset(arena);
    unsigned char *zero = arena_zero(arena, 1000);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(zero[i], 0);
    arena_destroy(&arena);
}

static void copies_are_terminated(void **state)
{
    (void)state;
    struct arena *arena = arena_new(256);
    assert_string_equal(arena_copy(arena, "tea pot", 3), "tea");
    assert_string_equal(arena_copy(arena, NULL, 0), "");
    assert_string_equal(arena_text(arena, "mug"), "mug");
    assert_string_equal(arena_printf(arena, "%s-%d", "cart", 7), "cart-7");
    char *wide = arena_printf(arena, "%5000d", 1);
    assert_int_equal(strlen(wide), 5000);
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_aligned_and_do_not_overlap),
        cmocka_unit_test(a_block_may_be_larger_than_any_chunk),
        cmocka_unit_test(used_is_what_was_handed_out),
        cmocka_unit_test(a_reset_keeps_the_largest_chunk),
        cmocka_unit_test(a_reset_may_keep_more_chunks),
        cmocka_unit_test(zeroed_memory_is_zero_after_a_reset_too),
        cmocka_unit_test(copies_are_terminated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
