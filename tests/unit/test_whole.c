#include "value_fixture.h"

#include "base/value.h"
#include "base/whole.h"

/* What a number as an event has it is called; NULL: nothing. */
static const struct {
    const char *said, *name;
} rows[] = {
    {"7", "7"},
    {"0", "0"},
    {"-7", "-7"},
    {"7.0", "7"},
    {"-7.0", "-7"},
    {"-0.0", "0"},
    {"7e2", "700"},
    {"70e-1", "7"},
    {"7.5", NULL},
    {"-0.5", NULL},
    /* The ends of what a double keeps. */
    {"9007199254740992.0", "9007199254740992"},
    {"-9007199254740992.0", "-9007199254740992"},
    {"9007199254740994.0", NULL},
    {"-9007199254740994.0", NULL},
    /* The ends of 64 bits, and what is past them. */
    {"9223372036854775807", "9223372036854775807"},
    {"-9223372036854775808", "-9223372036854775808"},
    {"9223372036854775808", "9223372036854775808"},
    {"-9223372036854775809", "-9223372036854775809"},
    {"123456789012345678901234567890123456789012", "123456789012345678901234567890123456789012"},
    {"1e20", NULL},
    {"100000000000000000000.0", NULL},
    {"-1e300", NULL},
    /* What is no number. */
    {"\"7\"", NULL},
    {"true", NULL},
    {"null", NULL},
    {"[7]", NULL},
    {"{\"id\": 7}", NULL},
};

static void a_whole_number_has_one_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct value value = parse(rows[i].said);
        char digits[DECIMAL_TEXT_SIZE];
        struct slice text;
        bool is = whole_text(&value, digits, &text);
        const char *name = is ? arena_copy(arena, text.text, text.length) : NULL;
        if (is != (rows[i].name != NULL) || (is && strcmp(name, rows[i].name) != 0))
            fail_msg("%s is called %s", print(&value), name ? name : "nothing");
    }
}

static void what_is_not_finite_has_none(void **state)
{
    (void)state;
    static const double reals[] = {__builtin_nan(""), __builtin_inf(), -__builtin_inf()};
    char digits[DECIMAL_TEXT_SIZE];
    struct slice text;
    for (size_t i = 0; i < sizeof reals / sizeof *reals; i++) {
        const struct value value = value_double(reals[i]);
        assert_false(whole_text(&value, digits, &text));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_whole_number_has_one_name, make_arena, drop_arena),
        cmocka_unit_test(what_is_not_finite_has_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
