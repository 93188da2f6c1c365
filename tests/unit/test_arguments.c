/* Arguments of a command: texts, bytes, numbers, and what is sent of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "redis/arguments.h"

static void hear(void *context, const struct reply *reply, const struct diag *fault)
{
    (void)context, (void)reply, (void)fault;
}

static void test_all_kinds(void **state)
{
    static const char *const texts[] = {"a", "", "ccc"};
    static const struct {
        const char *bytes;
        size_t length;
    } expected[] = {
        {"SET", 3}, {"a\0b", 3}, {"", 0}, {"", 0},    {"-9223372036854775808", 20},
        {"3", 1},   {"a", 1},    {"", 0}, {"ccc", 3},
    };
    struct arena *arena = arena_new(64);
    struct connection_owner owner = {0};
    int context;
    (void)state;
    struct arguments arguments = arguments_begin(arena, 1); /* it grows */
    arguments_text(&arguments, "SET");
    arguments_bytes(&arguments, "a\0b", 3);
    arguments_bytes(&arguments, NULL, 7);
    arguments_text(&arguments, NULL);
    arguments_number(&arguments, INT64_MIN);
    arguments_texts(&arguments, texts, 3);

    const struct connection_request request = arguments_request(&arguments, &owner, hear, &context);
    assert_int_equal(request.argc, sizeof expected / sizeof *expected);
    for (size_t i = 0; i < request.argc; i++) {
        assert_int_equal(request.lengths[i], expected[i].length);
        assert_memory_equal(request.argv[i], expected[i].bytes, expected[i].length);
    }
    assert_ptr_equal(request.owner, &owner);
    assert_true(request.callback == hear);
    assert_ptr_equal(request.context, &context);
    assert_int_equal(request.deadline_ms, 0);
    assert_true(request.release == NULL);
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
