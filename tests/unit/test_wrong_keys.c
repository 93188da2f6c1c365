/* Keys of a wrong type: how they are named, how long they are told of, how many there are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "store/wrong_keys.h"

static int open_keys(void **state)
{
    *state = wrong_keys_new("n:{7}", "a secret", 8);
    return 0;
}

static int close_keys(void **state)
{
    struct wrong_keys *keys = *state;
    wrong_keys_destroy(&keys);
    return 0;
}

static void test_until_an_hour_later(void **state)
{
    struct wrong_keys *keys = *state;
    assert_null(wrong_keys_at(keys, 1000, 0));
    wrong_keys_hear(keys, 1000, "WRONGKEY n:{7}:due is a string, not a zset");
    wrong_keys_hear(keys, 5000, "WRONGKEY n:{7}:due is a string, not a zset");
    const struct wrong_key *key = wrong_keys_at(keys, 5000 + WRONG_KEYS_MS - 1, 0);
    assert_string_equal(key->name, "n:{7}:due");
    assert_string_equal(key->what, "is a string, not a zset");
    assert_null(wrong_keys_at(keys, 5000, 1));
    assert_null(wrong_keys_at(keys, 5000 + WRONG_KEYS_MS, 0));
}

static void test_other_errors(void **state)
{
    struct wrong_keys *keys = *state;
    wrong_keys_hear(keys, 1, "OOM command not allowed");
    wrong_keys_hear(keys, 1, "WRONGKEY");
    wrong_keys_hear(keys, 1, "WRONGKEY n:{7}:due");
    assert_null(wrong_keys_at(keys, 1, 0));
    wrong_keys_hear(keys, 1, "WRONGKEY the list is a long one is a string, not a list");
    assert_string_equal(wrong_keys_at(keys, 1, 0)->name, "the list is a long one");
}

/* Nobody is named: of a customer's key the HMAC is told, always the same one. */
static void test_nobody_is_named(void **state)
{
    struct wrong_keys *keys = *state;
    wrong_keys_note(keys, 1, "n:{7}:customer:email:ana@example.com", "is a list, not a string");
    wrong_keys_note(keys, 2, "n:{7}:customer:email:ana@example.com", "is a list, not a string");
    const char *name = wrong_keys_at(keys, 2, 0)->name;
    assert_null(strstr(name, "ana"));
    assert_memory_equal(name, "n:{7}:customer:#", 16);
    assert_int_equal(strlen(name), 32);
    assert_null(wrong_keys_at(keys, 2, 1));
    wrong_keys_note(keys, 2, "n:{7}:message:0a", "is a list, not a hash");
    assert_string_equal(wrong_keys_at(keys, 2, 1)->name, "n:{7}:message:0a");
}

/* The oldest case gives way. */
static void test_many(void **state)
{
    struct wrong_keys *keys = *state;
    char name[32];
    for (int i = 0; i < WRONG_KEYS_MOST + 3; i++) {
        snprintf(name, sizeof name, "n:{7}:message:%d", i);
        wrong_keys_note(keys, 100 + i, name, "is a list, not a hash");
    }
    assert_non_null(wrong_keys_at(keys, 200, WRONG_KEYS_MOST - 1));
    assert_null(wrong_keys_at(keys, 200, WRONG_KEYS_MOST));
    for (size_t i = 0; i < WRONG_KEYS_MOST; i++)
        assert_true(wrong_keys_at(keys, 200, i)->last_ms >= 103);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_until_an_hour_later, open_keys, close_keys),
        cmocka_unit_test_setup_teardown(test_other_errors, open_keys, close_keys),
        cmocka_unit_test_setup_teardown(test_nobody_is_named, open_keys, close_keys),
        cmocka_unit_test_setup_teardown(test_many, open_keys, close_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
