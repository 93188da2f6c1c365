/* What never leaves: addresses and mails that would be more than one line, or more than one mail.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gateway_fixture.h"
#include "server_fixture.h"

#define COUNT(array) (sizeof array / sizeof *(array))

#define SETTINGS "{\"kind\": \"smtp\", \"host\": \"127.0.0.1\", \"port\": %d, \"tls\": \"never\"}"

static void addresses_are_guarded(void **state)
{
    (void)state;
    struct server_fixture server;
    struct gateway_fixture gateway;
    static const char *const addresses[] = {
        "",
        "ana",
        "@example.com",
        "ana@",
        "ana @example.com",
        "<ana@example.com>",
        "ana@example.com>\r\nRCPT TO:<eve@example.com",
        "ana@example.com\n",
        "ana@exa\x7fmple.com",
        "ana\xc2\x85@example.com",
        "ana\xff@example.com",
        "ana@example.com ",
        "\tana@example.com",
    };
    server_fixture_start(&server, "faulty_smtp.py", (const char *[]){"", NULL}, 1);
    gateway_fixture_open(&gateway, SETTINGS, server.ports[0]);
    for (size_t i = 0; i < COUNT(addresses); i++) {
        struct outgoing mail = gateway_fixture_mail;
        mail.envelope_to = addresses[i];
        const struct outcome *outcome = gateway_fixture_send(&gateway, &mail);
        if (outcome->kind != OUTCOME_DEAD || !strstr(outcome->text, "recipient"))
            fail_msg("%zu: %s", i, outcome->text);
        mail = gateway_fixture_mail;
        mail.envelope_from = addresses[i];
        outcome = gateway_fixture_send(&gateway, &mail);
        if (outcome->kind != (i == 0 ? OUTCOME_SENT : OUTCOME_DEAD))
            fail_msg("%zu: %s", i, outcome->text);
    }
    char far[300] = "";
    memset(far, 'a', 250);
    memcpy(far + 250, "@b.cc", 6);
    struct outgoing mail = gateway_fixture_mail;
    mail.envelope_to = far;
    assert_int_equal(gateway_fixture_send(&gateway, &mail)->kind, OUTCOME_DEAD);
    mail.envelope_to = far + 1;
    assert_int_equal(gateway_fixture_send(&gateway, &mail)->kind, OUTCOME_SENT);
    gateway_fixture_close(&gateway);
    server_fixture_stop(&server);
}

static void bodies_are_guarded(void **state)
{
    (void)state;
    struct gateway_fixture gateway;
    static const struct {
        const char *body;
        size_t length;
    } bodies[] = {
        {"", 0},        {"a", 1},           {"a\n", 2},      {"a\r", 2},
        {"\n\r\n", 3},  {"a\nb\r\n", 5},    {"a\r.\r\n", 5}, {"a\n.\r\nMAIL\r\n", 11},
        {"a\r\r\n", 4}, {"a\r\n\n\r\n", 6}, {"a\0b\r\n", 5},
    };
    gateway_fixture_open(&gateway, "{\"kind\": \"smtp\", \"port\": 1}");
    for (size_t i = 0; i < COUNT(bodies); i++) {
        struct outgoing mail = gateway_fixture_mail;
        mail.body = bodies[i].body;
        mail.body_length = bodies[i].length;
        const struct outcome *outcome = gateway_fixture_send(&gateway, &mail);
        if (outcome->kind != OUTCOME_DEAD || outcome->code || !strstr(outcome->text, "the mail"))
            fail_msg("%zu: %s", i, outcome->text);
    }
    gateway_fixture_close(&gateway);
}

/* Wherever it stands in a mail that is long. */
static void each_byte_of_a_body_is_looked_at(void **state)
{
    static const char bad[] = {'\r', '\n', '\0'};
    enum { LENGTH = 400, LINE = 40 };
    (void)state;
    struct gateway_fixture gateway;
    char body[LENGTH];
    memset(body, 'a', sizeof body);
    for (size_t end = LINE; end <= LENGTH; end += LINE)
        memcpy(body + end - 2, "\r\n", 2);
    gateway_fixture_open(&gateway, "{\"kind\": \"smtp\", \"port\": 1}");
    struct outgoing mail = gateway_fixture_mail;
    mail.body = body;
    mail.body_length = LENGTH;
    assert_int_not_equal(gateway_fixture_send(&gateway, &mail)->kind, OUTCOME_DEAD);
    for (size_t at = 0; at < LENGTH * sizeof bad; at++) {
        char *byte = &body[at / sizeof bad], before = *byte;
        if (before == bad[at % sizeof bad])
            continue;
        *byte = bad[at % sizeof bad];
        const struct outcome *outcome = gateway_fixture_send(&gateway, &mail);
        if (outcome->kind != OUTCOME_DEAD || !strstr(outcome->text, "the mail"))
            fail_msg("%zu: %s", at, outcome->text);
        *byte = before;
    }
    gateway_fixture_close(&gateway);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_guarded),
        cmocka_unit_test(bodies_are_guarded),
        cmocka_unit_test(each_byte_of_a_body_is_looked_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
