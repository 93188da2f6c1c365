#include "liquid_fixture.h"

#include "liquid/liquid_date_text.h"

/* Directives, flags and widths, of Sunday 2026-03-01T08:05:09.0625Z. */
static const struct {
    const char *format, *result;
} formats[] = {
    {"%Y-%m-%d %H:%M:%S", "2026-03-01 08:05:09"},
    {"%C %y %G %g %V %U %W %j", "20 26 2026 26 09 09 08 060"},
    {"%a %A %^a %#A %b %B %h %^B", "Sun Sunday SUN SUNDAY Mar March Mar MARCH"},
    {"%e|%k|%l|%-d|%-m|%-H|%-I|%_m|%0e", " 1| 8| 8|1|3|8|8| 3|01"},
    {"%I %p %P %#p %u %w %s", "08 AM am am 7 0 1772352309"},
    {"%L %N %3N %6N %12N %1L", "062 062500000 062 062500 062500000000 0"},
    {"%z %:z %::z %:::z %Z", "+0000 +00:00 +00:00:00 +00 UTC"},
    {"%#Z %6Z %-Z", "utc    UTC UTC"},
    {"%c|%x|%X|%D|%F|%T|%R|%r|%v", "Sun Mar  1 08:05:09 2026|03/01/26|08:05:09|03/01/26|2026-03-01|"
                                   "08:05:09|08:05|08:05:09 AM| 1-MAR-2026"},
    {"%+", "Sun Mar  1 08:05:09 UTC 2026"},
    {"%10Y|%-10Y|%_10Y|%010d|%10A|%-10A|%^10b", "0000002026|2026|      2026|0000000001|"
                                                "    Sunday|Sunday|       MAR"},
    {"%%|%n|%t|%Ey|%Od", "%|\n|\t|26|01"},
    {"%Q %é %", "%Q %é %"},
    {"%:d %9999999d", "%:d %9999999d"},
};

static void formats_are_those_of_strftime(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        char text[256];
        snprintf(text, sizeof text, "{{ '2026-03-01T08:05:09.0625Z' | date: '%s' }}",
                 formats[i].format);
        const char *result = fixture_render(fixture, text, NULL);
        if (!result || strcmp(result, formats[i].result) != 0)
            fail_msg("%s: \"%s\", not \"%s\"", formats[i].format, result, formats[i].result);
    }
}

/* What a text is read as: in UTC, at 2024-01-01T00:01:58Z. NULL: it is no date. */
static const struct {
    const char *text, *result;
} texts[] = {
    {"2026-03-01", "2026-03-01 00:00:00 +0000"},
    {"2026-03-01T10:20:30Z", "2026-03-01 10:20:30 +0000"},
    {"2026-03-01T10:20:30+02:00", "2026-03-01 10:20:30 +0200"},
    {"2026-03-01T10:20:30.5-0330", "2026-03-01 10:20:30 -0330"},
    {"2026-03-01 10:20", "2026-03-01 10:20:00 +0000"},
    {"March 1, 2026", "2026-03-01 00:00:00 +0000"},
    {"1st of March 2026", "2026-03-01 00:00:00 +0000"},
    {"1 march 2026 3pm", "2026-03-01 15:00:00 +0000"},
    {"Sun, 01 Mar 2026 10:20:30 GMT", "2026-03-01 10:20:30 +0000"},
    {"Sun Mar  1 10:20:30 EST 2026", "2026-03-01 10:20:30 -0500"},
    {"01/03/2026", "2026-03-01 00:00:00 +0000"},
    {"2026/3/1", "2026-03-01 00:00:00 +0000"},
    {"1.3.2026 12:00 a.m.", "2026-03-01 00:00:00 +0000"},
    {"01-mar-26", "2026-03-01 00:00:00 +0000"},
    {"26-03-01", "2026-03-01 00:00:00 +0000"},
    {"20260301T102030", "2026-03-01 10:20:30 +0000"},
    {"2026-060", "2026-03-01 00:00:00 +0000"},
    {"10:20", "2024-01-01 10:20:00 +0000"},
    {"March 2026", "2026-03-01 00:00:00 +0000"},
    {"march", "2024-03-01 00:00:00 +0000"},
    {"5th", "2024-01-05 00:00:00 +0000"},
    {"10h30m", "2024-01-01 10:30:00 +0000"},
    {"now", "2024-01-01 00:01:58 +0000"},
    {"TODAY", "2024-01-01 00:01:58 +0000"},
    {"0", "1970-01-01 00:00:00 +0000"},
    {"1152098955", "2006-07-05 11:29:15 +0000"},
    {"2026-02-30", "2026-03-02 00:00:00 +0000"},
    {"2026-13-01", NULL},
    {"2026-01-32", NULL},
    {"25:00", NULL},
    {"-1152098955", NULL},
    {"99999999999999999999", NULL},
    {"monday", NULL},
    {"hello", NULL},
    {"", NULL},
    /* What Ruby's Time.parse makes of more of them. */
    {"2026-03-01 10:20:30 +0200", "2026-03-01 10:20:30 +0200"},
    {"2026-03-01 10:20:30.123456-05", "2026-03-01 10:20:30 -0500"},
    {"2026-03-01T10:20", "2026-03-01 10:20:00 +0000"},
    {"2026-03-01 10:20:30 UTC", "2026-03-01 10:20:30 +0000"},
    {"2026-03-01 10:20:30 CET", "2026-03-01 10:20:30 +0000"},
    {"Sunday, 01-Mar-26 10:20:30 GMT", "2026-03-01 10:20:30 +0000"},
    {"Sun Mar 01 2026 10:20:30 GMT+0200", "2026-03-01 10:20:30 +0000"},
    {"01/Mar/2026:10:20:30 +0200", NULL},
    {"Mar-1-2026", "2026-03-01 00:00:00 +0000"},
    {"1-Mar-2026", "2026-03-01 00:00:00 +0000"},
    {"Mar. 1, 2026 at 3:05 PM EST", "2026-03-01 15:05:00 -0500"},
    {"3pm on March 1st, 2026", "2026-03-01 15:00:00 +0000"},
    {"14mar26", "2026-03-14 00:00:00 +0000"},
    {"1 March", "2024-03-01 00:00:00 +0000"},
    {"March 1", "2024-03-01 00:00:00 +0000"},
    {"1. Maerz 2026", NULL},
    {"3/1", "2024-03-01 00:00:00 +0000"},
    {"01.03.26", "2001-03-26 00:00:00 +0000"},
    {"2026.03.01 10:20:30,5", "2026-03-01 10:20:30 +0000"},
    {"20260301T102030Z", "2026-03-01 10:20:30 +0000"},
    {"20260301 1020", "2026-03-01 10:20:00 +0000"},
    {"10 a.m.", "2024-01-01 10:00:00 +0000"},
    {"12:30 am", "2024-01-01 00:30:00 +0000"},
    {"10h", "2024-01-01 10:00:00 +0000"},
    {"10h30m15s", "2024-01-01 10:30:15 +0000"},
    {"10:20 a", "2024-01-01 10:20:00 +0100"},
    {"99-060", "1999-03-01 00:00:00 +0000"},
    {"1/2", "2024-01-02 00:00:00 +0000"},
    {"Mon", NULL},
    {"2026-W10-7", NULL},
    {"24:00", "2024-01-02 00:00:00 +0000"},
    {"2026-03-01T24:00:00Z", "2026-03-02 00:00:00 +0000"},
    {"2026-03-01 10:20:61", NULL},
};

static void texts_are_read_as_dates(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char text[256];
        snprintf(text, sizeof text, "{{ '%s' | date: '%%F %%T %%z' }}", texts[i].text);
        const char *result = fixture_render(fixture, text, NULL);
        const char *wanted = texts[i].result ? texts[i].result : texts[i].text;
        if (!result || strcmp(result, wanted) != 0)
            fail_msg("%s: \"%s\", not \"%s\"", texts[i].text, result, wanted);
    }
}

static const struct fixture_case weeks[] = {
    {"{{ '2020-12-31' | date: '%G %V %U %W' }}", NULL, "2020 53 52 52"},
    {"{{ '2021-01-03' | date: '%G %V %U %W' }}", NULL, "2020 53 01 00"},
    {"{{ '2024-12-30' | date: '%G %V %U %W' }}", NULL, "2025 01 52 53"},
    {"{{ '2023-01-01' | date: '%G %V %U %W' }}", NULL, "2022 52 01 00"},
    {"{{ '2026-12-31' | date: '%G %V %g' }}", NULL, "2026 53 26"},
};

static void weeks_belong_to_the_year_of_their_thursday(void **state)
{
    FIXTURE_CHECK(*state, weeks);
}

static const struct fixture_case others[] = {
    {"{{ 1772352309 | date: '%F' }}", NULL, "2026-03-01"},
    {"{{ 1.5 | date: '%F' }}{{ nil | date: '%F' }}{{ true | date: '%F' }}", NULL, "1.5true"},
    {"{{ '2026-03-01' | date: '' }}{{ '2026-03-01' | date: nil }}", NULL, "2026-03-012026-03-01"},
    {"{{ '2026-03-01' | date }}", NULL, NULL},
    {"{{ -99999999999999 | date: '%F' }}", NULL, "-99999999999999"},
};

static void what_is_no_date_is_passed_on(void **state)
{
    FIXTURE_CHECK(*state, others);
}

static void a_zone_is_where_texts_are_at_home(void **state)
{
    static const struct fixture_case cases[] = {
        {"{{ 'now' | date: '%F %T %z' }}", NULL, "2024-01-01 02:01:58 +0200"},
        {"{{ 1772352309 | date: '%T %z' }}", NULL, "10:05:09 +0200"},
        {"{{ '2026-07-01 10:00' | date: '%T %z %s' }}", NULL, "10:00:00 +0300 1782889200"},
        {"{{ '2026-07-01T10:00:00Z' | date: '%T %z' }}", NULL, "10:00:00 +0000"},
        {"{{ 'now' | date: '%Z %#Z' }} {{ '2026-07-01' | date: '%Z' }}", NULL, "EET eet EEST"},
        {"{{ '2026-07-01T10:00:00Z' | date: '%Z' }}{{ '10:00 +03:00' | date: '|%Z|' }}", NULL,
         "UTC||"},
    };
    struct fixture *fixture = *state;
    fixture->input.zone = "Europe/Bucharest";
    FIXTURE_CHECK(fixture, cases);
    fixture->input.zone = "No/Where";
    assert_string_equal(fixture_render(fixture, "{{ 0 | date: '%F %z' }}", NULL),
                        "1970-01-01 +0000");
}

static bool show_time(struct liquid_call *call)
{
    int64_t ms;
    int offset;
    call->result = value_text("no");
    if (liquid_time(call->run, &call->input, &ms, &offset))
        call->result =
            value_text(arena_printf(liquid_arena(call->run), "%lld %d", (long long)ms, offset));
    return true;
}

static void hosts_may_read_dates(void **state)
{
    static const struct liquid_filter filters[] = {{"time", show_time, 0, 0}, {NULL, NULL, 0, 0}};
    struct fixture *fixture = *state;
    fixture->options.filters = filters;
    assert_string_equal(
        fixture_render(fixture, "{{ '1970-01-01T01:00:01.5+01:00' | time }} {{ 'x' | time }}",
                       NULL),
        "1500 60 no");
}

/* The short way and the rules of people's texts agree. */
static void machine_times_are_read_alike(void **state)
{
    static const char *const forms[] = {"%s", " %s"};
    struct liquid_date_text parsed[2];
    (void)state;
    for (int i = 0; i < 2; i++) {
        char text[64];
        int length = snprintf(text, sizeof text, forms[i], "2026-03-01T10:20:30-03:30");
        assert_true(liquid_date_text_parse(text, (size_t)length, &parsed[i]));
    }
    assert_memory_equal(&parsed[0], &parsed[1], sizeof *parsed);
    assert_int_equal(parsed[0].offset, -210);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(formats_are_those_of_strftime),
        FIXTURE_TEST(texts_are_read_as_dates),
        FIXTURE_TEST(weeks_belong_to_the_year_of_their_thursday),
        FIXTURE_TEST(what_is_no_date_is_passed_on),
        FIXTURE_TEST(a_zone_is_where_texts_are_at_home),
        FIXTURE_TEST(hosts_may_read_dates),
        cmocka_unit_test(machine_times_are_read_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
