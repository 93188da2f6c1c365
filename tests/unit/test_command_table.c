/* What every command has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/command.h"

enum { OPTIONS = 32 };

static bool takes(const struct command *command, const char *name)
{
    struct command_option options[OPTIONS];
    size_t count = command_own_options(command, options, OPTIONS);
    for (size_t i = 0; i < count; i++)
        if (strcmp(options[i].name, name) == 0)
            return true;
    return false;
}

static void each_has_json_or_a_reason(void **state)
{
    (void)state;
    for (const struct command *command = commands; command->name; command++)
        if (takes(command, "--json") == (command->no_json != NULL))
            fail_msg("%s: --json, or why it has none", command->name);
}

static void each_has_what_all_have(void **state)
{
    (void)state;
    for (const struct command *command = commands; command->name; command++) {
        assert_true(takes(command, "--config"));
        assert_true(takes(command, "--color"));
        assert_non_null(command->about);
        assert_non_null(strstr(command->examples, command->name));
        assert_ptr_equal(command_find(command->name), command);
    }
    assert_null(command_find("complete"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_has_json_or_a_reason),
        cmocka_unit_test(each_has_what_all_have),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
