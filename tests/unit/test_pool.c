/* base/pool: a block that is given back serves the next of its size; large ones are the heap's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/pool.h"

static void test_blocks(void **state)
{
    struct pool pool = {0};
    char *blocks[3000];
    (void)state;
    for (size_t i = 0; i < 3000; i++) {
        blocks[i] = pool_alloc(&pool, i);
        assert_int_equal((uintptr_t)blocks[i] % 16, 0);
        memset(blocks[i], (int)(i & 0x7f), i);
    }
    for (size_t i = 0; i < 3000; i++)
        for (size_t at = 0; at < i; at++)
            if (blocks[i][at] != (char)(i & 0x7f))
                fail_msg("block %zu was written over", i);
    for (size_t i = 0; i < 3000; i++)
        pool_return(&pool, blocks[i], i);
    pool_return(&pool, NULL, 5);
    pool_free(&pool);
}

static void test_again(void **state)
{
    struct pool pool = {0};
    (void)state;
    void *one = pool_alloc(&pool, 40), *two = pool_alloc(&pool, 40);
    pool_return(&pool, one, 40);
    pool_return(&pool, two, 40);
    assert_ptr_equal(pool_alloc(&pool, 64), two);
    assert_ptr_not_equal(pool_alloc(&pool, 65), one);
    assert_ptr_equal(pool_alloc(&pool, 33), one);
    assert_int_equal(pool.chunk_count, 1);
    pool_free(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
