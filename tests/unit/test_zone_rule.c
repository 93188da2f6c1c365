#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <string.h>

#include <cmocka.h>

#include "base/zone_rule.h"

static struct zone_rule parse(const char *text)
{
    struct zone_rule rule;
    if (!zone_rule_parse(text, strlen(text), &rule))
        fail_msg("`%s` was refused", text);
    return rule;
}

static const struct {
    const char *text;
    int64_t second;       /* since 1970 */
    int32_t before, from; /* offsets one second earlier, and at that second */
} changes[] = {
    {"EET-2EEST,M3.5.0/3,M10.5.0/4", 1774746000, 7200, 10800},
    {"EET-2EEST,M3.5.0/3,M10.5.0/4", 1792890000, 10800, 7200},
    {"EET-2EEST,M3.5.0/3,M10.5.0/4", 4109878800, 7200, 10800}, /* in 2100 */
    {"EST5EDT,M3.2.0,M11.1.0", 1772953200, -18000, -14400},
    {"NST3:30NDT,M3.2.0,M11.1.0", 1772947800, -12600, -9000},
    /* Half an hour, south of the equator: summer goes over the new year. */
    {"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", 1791041400, 37800, 39600},
    {"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", 1798761600, 39600, 39600},
    {"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", 1775314800, 39600, 37800},
    /* Times below 0 and above 24 hours: the day before, and after. */
    {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", 1774746000, -7200, -3600},
    {"EET-2EEST,M3.4.4/50,M10.4.4/50", 1774656000, 7200, 10800},
    /* Days by number: February 29 counts for the second alone. */
    {"AAA0BBB,J60/0,J300/0", 1709251200, 0, 3600}, /* 2024-03-01 */
    {"AAA0BBB,59/0,J300/0", 1709164800, 0, 3600},  /* 2024-02-29 */
    {"AAA0BBB,J59/0,J300/0", 1709078400, 0, 3600}, /* 2024-02-28 */
    /* Summer all the year. */
    {"XXX3EDT4,0/0,J365/23", 1767236400, -14400, -14400},
    {"XXX3EDT4,0/0,J365/23", 1782864000, -14400, -14400},
    {"<+0530>-5:30", 0, 19800, 19800},
    {"LMT-1:39:49", 0, 5989, 5989},
};

static void test_changes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        struct zone_rule rule = parse(changes[i].text);
        int32_t before = zone_rule_offset(&rule, changes[i].second - 1);
        int32_t from = zone_rule_offset(&rule, changes[i].second);
        if (before != changes[i].before || from != changes[i].from)
            fail_msg("%s, %lld: %d, then %d", changes[i].text, (long long)changes[i].second, before,
                     from);
    }
}

static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t second;
        const char *name;
    } cases[] = {
        {"EET-2EEST,M3.5.0/3,M10.5.0/4", 1774745999, "EET"},
        {"EET-2EEST,M3.5.0/3,M10.5.0/4", 1774746000, "EEST"},
        {"EET-2EEST,M3.5.0/3,M10.5.0/4", 1792890000, "EET"},
        {"<-03>3", 0, "-03"},
        {"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", 1791041400, "+11"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct zone_rule rule = parse(cases[i].text);
        assert_string_equal(zone_rule_name(&rule, cases[i].second), cases[i].name);
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "EET",
        "E-2",
        "-2",
        "<+0-2",
        "EET-2 ",
        "EET-168",
        "EET-2:60",
        "EET-2EEST",
        "EET-2EEST,M3.5.0/3",
        "EET-2EEST,M13.5.0,M10.5.0",
        "EET-2EEST,M3.6.0,M10.5.0",
        "EET-2EEST,M3.5.7,M10.5.0",
        "EET-2EEST,M3.5.0,M10.5.0,",
        "EET-2EEST,J0,J300",
        "EET-2EEST,366,J300",
        "EET-2EEST,M3.5.0/168,M10.5.0",
        "EET-2EEST,,",
        "Abcdefghijklmnop-2",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct zone_rule rule;
        if (zone_rule_parse(texts[i], strlen(texts[i]), &rule))
            fail_msg("`%s` was taken", texts[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
