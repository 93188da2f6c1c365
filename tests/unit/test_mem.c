/* Out of memory ends the program in one place: one line, exit 71. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"

enum { TOO_MUCH_SHIFT = 60 };

/* The sanitizer's own allocator would end the program in its own way. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static volatile size_t too_much = (size_t)1 << TOO_MUCH_SHIFT;

static void ask_alloc(void)
{
    mem_alloc(too_much);
}

static void ask_zero(void)
{
    mem_zero(too_much, 8);
}

static void ask_product(void)
{
    mem_zero(too_much, too_much); /* wraps around to nothing */
}

static void ask_resize(void)
{
    mem_resize(NULL, too_much);
}

static void test_exhausted(void **state)
{
    void (*const asks[])(void) = {ask_alloc, ask_zero, ask_product, ask_resize};
    (void)state;
    for (size_t i = 0; i < sizeof asks / sizeof *asks; i++) {
        int words[2], status;
        char text[4096];
        assert_int_equal(pipe(words), 0);
        pid_t child = fork();
        if (child == 0) {
            dup2(words[1], STDERR_FILENO);
            asks[i]();
            _exit(EX_OK);
        }
        close(words[1]);
        assert_int_equal(waitpid(child, &status, 0), child);
        ssize_t length = read(words[0], text, sizeof text - 1);
        close(words[0]);
        assert_true(length > 0);
        text[length] = '\0';
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), EX_OSERR);
        assert_non_null(strstr(text, "memory\n"));
    }
}

static void test_grow(void **state)
{
    (void)state;
    int *numbers = NULL;
    for (int i = 0; i < 1000; i++) {
        numbers = mem_grow(numbers, (size_t)i, sizeof *numbers);
        numbers[i] = i;
    }
    for (int i = 0; i < 1000; i++)
        assert_int_equal(numbers[i], i);
    free(numbers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_exhausted),
                                       cmocka_unit_test(test_grow)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
