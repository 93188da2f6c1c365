#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/crc16.h"
#include "store/placement.h"

/* "123456789" is the check value of CRC-16/XMODEM; the others areX
 * specification and documentation, before the modulo where they are below 16384. */
static void test_crc16(void **state)
{
    (void)state;
    assert_int_equal(crc16("", 0), 0);
    assert_int_equal(crc16("123456789", 9), 0x31c3);
    assert_int_equal(crc16("foo", 3) % 16384, 12182);
    assert_int_equal(crc16("somekey", 7) % 16384, 11058);
    assert_int_equal(crc16("\xff", 1), 0x1ef0);
}

static void test_one_shard_has_the_prefix_itself(void **state)
{
    (void)state;
    struct arena *arena = arena_new(256);
    const struct placement placement = {.prefix = "nudged"};
    assert_int_equal(placement_count(&placement), 1);
    assert_string_equal(placement_prefix(&placement, arena, 0), "nudged");
    assert_int_equal(placement_of(&placement, "id:7"), 0);
    arena_destroy(&arena);
}

static void test_shards_have_hash_tags(void **state)
{
    (void)state;
    struct arena *arena = arena_new(256);
    const struct placement placement = {.prefix = "shop", .shards = 64};
    assert_int_equal(placement_count(&placement), 64);
    assert_string_equal(placement_prefix(&placement, arena, 0), "shop{0}");
    assert_string_equal(placement_prefix(&placement, arena, 63), "shop{63}");
    arena_destroy(&arena);
}

/* Snippets of shops compute the same: docs/push.md. */
static void test_a_person_has_a_shard(void **state)
{
    (void)state;
    const struct placement placement = {.prefix = "shop", .shards = 64};
    assert_int_equal(placement_of(&placement, "id:7"), crc16("id:7", 4) % 64);
    bool met[64] = {false};
    char key[] = "id:0000";
    for (int i = 0; i < 2000; i++) {
        key[3] = (char)('0' + i / 1000);
        key[4] = (char)('0' + i / 100 % 10);
        key[5] = (char)('0' + i / 10 % 10);
        key[6] = (char)('0' + i % 10);
        met[placement_of(&placement, key)] = true;
    }
    for (size_t i = 0; i < 64; i++)
        assert_true(met[i]);
}

static void test_part(void **state)
{
    const struct placement one = {.shards = 0}, four = {.shards = 4};
    (void)state;
    assert_int_equal(placement_part(&one, 5001), 5001);
    assert_int_equal(placement_part(&four, 5003), 1250);
    assert_int_equal(placement_part(&four, 3), 1);
    assert_int_equal(placement_part(&four, 0), 0); /* there is no bound */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_part),
        cmocka_unit_test(test_crc16),
        cmocka_unit_test(test_one_shard_has_the_prefix_itself),
        cmocka_unit_test(test_shards_have_hash_tags),
        cmocka_unit_test(test_a_person_has_a_shard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
