#include "value_fixture.h"

#include "base/time_of_day.h"

static void times_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int minutes;
    } cases[] = {
        {"09:00", 540}, {"9:00", 540}, {"00:00", 0},  {"23:59", 1439}, {"24:00", -1}, {"9", -1},
        {"9:0", -1},    {"9:60", -1},  {":00", -1},   {"", -1},        {"9:00 ", -1}, {"9am", -1},
        {"009:00", -1}, {"9:000", -1}, {"9:0:0", -1}, {"-9:00", -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (time_of_day_parse(cases[i].text, strlen(cases[i].text)) != cases[i].minutes)
            fail_msg("%s", cases[i].text);
}

/* What is written, as JSON, and what is meant; "": nothing is to be guessed. */
static const char *const guesses[][2] = {
    {"9", "09:00"},
    {"0", "00:00"},
    {"9.3", "09:30"},
    {"22.15", "22:15"},
    {"9.75", ""},
    {"24", ""},
    {"-1", ""},
    {"\"9am\"", "09:00"},
    {"\"9 AM\"", "09:00"},
    {"\"9:30 PM\"", "21:30"},
    {"\"12am\"", "00:00"},
    {"\"12 p.m.\"", "12:00"},
    {"\"13pm\"", ""},
    {"\"0am\"", ""},
    {"\"9h30\"", "09:30"},
    {"\"9h\"", "09:00"},
    {"\"9.30\"", "09:30"},
    {"\"9 Uhr\"", "09:00"},
    {"\"9 o'clock\"", "09:00"},
    {"\"09:00:00\"", "09:00"},
    {"\"24:00\"", "00:00"},
    {"\"noon\"", "12:00"},
    {"\"midnight\"", "00:00"},
    {"\"9:75\"", ""},
    {"\"25:00\"", ""},
    {"\"09:00 CET\"", ""},
    {"\"soon\"", ""},
    {"\"\"", ""},
    {"true", ""},
    {"[9]", ""},
};

static void what_is_meant_is_guessed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof guesses / sizeof *guesses; i++) {
        char text[TIME_OF_DAY_TEXT_SIZE] = "";
        const struct value value = parse(guesses[i][0]);
        bool guessed = time_of_day_guess(&value, text);
        if (guessed != (*guesses[i][1] != '\0') || strcmp(text, guesses[i][1]) != 0)
            fail_msg("%s: %s", print(&value), text);
        if (guessed && time_of_day_parse(text, strlen(text)) < 0)
            fail_msg("%s is none", text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_read),
        cmocka_unit_test_setup_teardown(what_is_meant_is_guessed, make_arena, drop_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
