/* Which channel a send takes that names none, and what each channel is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rules/rule_channel.h"

static const char *const news[] = {"news", "offers", NULL}, *const bulk[] = {"marketing", NULL};

static const struct rule_channel channels[] = {
    {.name = "email", .mail = true, .field = "email"},
    {.name = "bulk", .mail = true, .field = "email", .classes = bulk},
    {.name = "news", .mail = true, .field = "work", .topics = news},
    {.name = "code", .field = "phone"},
    {0},
};

static void chosen(void **state)
{
    static const struct {
        const char *via, *topic;
        enum rule_class class;
        const struct rule_channel *known;
        const char *name, *field;
        bool mail;
    } cases[] = {
        {NULL, "all", RULE_TRANSACTIONAL, channels, "email", "email", true},
        {NULL, "all", RULE_MARKETING, channels, "bulk", "email", true},
        {NULL, "news", RULE_MARKETING, channels, "news", "work", true}, /* before its class */
        {NULL, "offers", RULE_TRANSACTIONAL, channels, "news", "work", true},
        {"email", "news", RULE_MARKETING, channels, "email", "email", true},
        {"code", "news", RULE_MARKETING, channels, "code", "phone", false},
        {"chat", "all", RULE_MARKETING, channels, "chat", "chat", false}, /* another daemon's */
        {NULL, "news", RULE_MARKETING, NULL, "email", "email", true},
        {"sms", "news", RULE_MARKETING, NULL, "sms", "phone", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rule_step steps[] = {{.kind = RULE_STEP_WAIT},
                                    {.kind = RULE_STEP_SEND, .channel = cases[i].via}};
        struct rule rule = {
            .class = cases[i].class, .topic = cases[i].topic, .steps = steps, .step_count = 2};
        rule_channel_settle(cases[i].known, &rule);
        assert_string_equal(steps[1].channel, cases[i].name);
        assert_string_equal(steps[1].field, cases[i].field);
        assert_int_equal(steps[1].mail, cases[i].mail);
        assert_null(steps[0].channel);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(chosen)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
