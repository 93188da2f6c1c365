/* Commands as Redis reads them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "redis/resp.h"

static void assert_printed(size_t argc, const char *const *argv, const size_t *lengths,
                           const char *expected, size_t length)
{
    size_t size = resp_size(argc, argv, lengths);
    char *printed = malloc(size);
    assert_int_equal(size, length);
    assert_ptr_equal(resp_print(printed, argc, argv, lengths), printed + size);
    assert_memory_equal(printed, expected, length);
    free(printed);
}

static void test_texts(void **state)
{
    static const char expected[] = "*3\r\n$3\r\nGET\r\n$0\r\n\r\n$10\r\n0123456789\r\n";
    (void)state;
    assert_printed(3, (const char *const[]){"GET", "", "0123456789"}, NULL, expected,
                   sizeof expected - 1);
}

static void test_bytes(void **state)
{
    static const char expected[] = "*2\r\n$4\r\nECHO\r\n$3\r\na\0b\r\n";
    (void)state;
    assert_printed(2, (const char *const[]){"ECHO...", "a\0b"}, (const size_t[]){4, 3}, expected,
                   sizeof expected - 1);
}

/* Where the number of digits changes. */
static void test_lengths(void **state)
{
    static const size_t lengths[] = {9, 10, 99, 100, 999, 1000};
    static const char *const heads[] = {"$9", "$10", "$99", "$100", "$999", "$1000"};
    char *text = calloc(1, 1000);
    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        size_t size = resp_size(1, (const char *const[]){text}, &lengths[i]);
        char *printed = malloc(size);
        assert_ptr_equal(resp_print(printed, 1, (const char *const[]){text}, &lengths[i]),
                         printed + size);
        assert_int_equal(size, 4 + strlen(heads[i]) + 2 + lengths[i] + 2);
        assert_memory_equal(printed + 4, heads[i], strlen(heads[i]));
        free(printed);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_lengths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
