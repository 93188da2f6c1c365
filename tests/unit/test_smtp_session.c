/* The dialogue of gateway smtp: what goes out together, what a refusal costs, what is offered, and
 * what comes before it was asked for. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"

#include "gateway_fixture.h"
#include "server_fixture.h"

#define COUNT(array) (sizeof array / sizeof *(array))

/* Short deadlines, so that a stall is soon over. */
#define SETTINGS                                                                      \
    "{\"kind\": \"smtp\", \"host\": \"127.0.0.1\", \"port\": %d, \"tls\": \"never\"," \
    " \"connect_timeout\": \"1s\", \"command_timeout\": \"1s\", \"answer_timeout\": \"1s\"}"

#define TOGETHER "ehlo=250-x\\n250 PIPELINING"

struct fixture {
    struct server_fixture server;
    struct gateway_fixture gateway;
};

static void start(struct fixture *fixture, const char *script)
{
    server_fixture_start(&fixture->server, "faulty_smtp.py", (const char *[]){script, NULL}, 1);
    gateway_fixture_open(&fixture->gateway, SETTINGS, fixture->server.ports[0]);
}

static void stop(struct fixture *fixture)
{
    gateway_fixture_close(&fixture->gateway);
    server_fixture_stop(&fixture->server);
}

static const struct outcome *send_to(struct fixture *fixture, const struct outgoing *mail)
{
    fixture->gateway.conversation[0] = '\0';
    return gateway_fixture_send(&fixture->gateway, mail);
}

static const struct outcome *send(struct fixture *fixture)
{
    return send_to(fixture, &gateway_fixture_mail);
}

static void assert_said(const struct fixture *fixture, const char *conversation)
{
    if (!strstr(fixture->gateway.conversation, conversation))
        fail_msg("no \"%s\" in:\n%s", conversation, fixture->gateway.conversation);
}

static void assert_not_said(const struct fixture *fixture, const char *conversation)
{
    if (strstr(fixture->gateway.conversation, conversation))
        fail_msg("\"%s\" in:\n%s", conversation, fixture->gateway.conversation);
}

/* ---- One command after the other, or all together ---- */

static void commands_wait_for_replies(void **state)
{
    (void)state;
    struct fixture fixture;
    start(&fixture, "ehlo=250 x");
    assert_int_equal(send(&fixture)->kind, OUTCOME_SENT);
    assert_string_equal(strstr(fixture.gateway.conversation, "< 250 x"),
                        "< 250 x\n"
                        "> MAIL FROM:<shop@shop.example>\n< 250 2.1.0 ok\n"
                        "> RCPT TO:<ana@example.com>\n< 250 2.1.5 ok\n"
                        "> DATA\n< 354 go ahead\n> .\n< 250 2.0.0 taken\n");
    stop(&fixture);
}

static void commands_go_together(void **state)
{
    (void)state;
    struct fixture fixture;
    start(&fixture, TOGETHER);
    assert_int_equal(send(&fixture)->kind, OUTCOME_SENT);
    assert_string_equal(strstr(fixture.gateway.conversation, "> MAIL"),
                        "> MAIL FROM:<shop@shop.example>\n> RCPT TO:<ana@example.com>\n> DATA\n"
                        "< 250 2.1.0 ok\n< 250 2.1.5 ok\n< 354 go ahead\n> .\n"
                        "< 250 2.0.0 taken\n");
    stop(&fixture);
}

/* ---- What a connection takes ---- */

static size_t count_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    size_t count = 0;
    assert_non_null(folder);
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

/* In the clear libcurl goes once the connection is there, with descriptors of its own. */
static void a_connection_in_the_clear_is_one_socket(void **state)
{
    (void)state;
    struct fixture fixture;
    start(&fixture, TOGETHER);
    const size_t before = count_descriptors();
    for (int i = 0; i < 3; i++) {
        assert_int_equal(send(&fixture)->kind, OUTCOME_SENT);
        assert_int_equal(count_descriptors(), before + 1);
    }
    fixture.gateway.kind->rest(fixture.gateway.connection);
    assert_int_equal(count_descriptors(), before);
    stop(&fixture);
}

/* ---- A refusal costs no connection ---- */

static void a_refusal_costs_no_connection(void **state)
{
    (void)state;
    static const struct {
        const char *script;
        enum outcome_kind kind;
        int code;
        int dots;
    } cases[] = {
        {"mail=451 4.3.0 later|250 ok", OUTCOME_RETRY, 451, 1},
        {"mail=552 5.3.4 too big|250 ok", OUTCOME_DEAD, 552, 1},
        {"rcpt=550 5.1.1 nobody|250 ok", OUTCOME_BOUNCED, 550, 1},
        {"rcpt=450 4.2.0 greylisted|250 ok", OUTCOME_RETRY, 450, 1},
        {"data=554 5.6.0 no|354 go", OUTCOME_DEAD, 554, 1},
        {"data=451 4.3.0 no|354 go", OUTCOME_RETRY, 451, 1},
        {"dot=554 5.6.0 bad words|250 taken", OUTCOME_DEAD, 554, 2},
        {"dot=451 4.3.0 later|250 taken", OUTCOME_RETRY, 451, 2},
    };
    for (size_t i = 0; i < 2 * COUNT(cases); i++) {
        struct fixture fixture;
        char script[200], end[64];
        snprintf(script, sizeof script, "%s;%s", i % 2 ? TOGETHER : "", cases[i / 2].script);
        snprintf(end, sizeof end, "end 0 dots=%d bytes=%d", cases[i / 2].dots,
                 25 * cases[i / 2].dots);
        start(&fixture, script);
        const struct outcome *outcome = send(&fixture);
        if (outcome->kind != cases[i / 2].kind || outcome->code != cases[i / 2].code)
            fail_msg("%s: kind %d: %s", script, outcome->kind, outcome->text);
        outcome = send(&fixture);
        if (outcome->kind != OUTCOME_SENT)
            fail_msg("%s: kind %d: %s", script, outcome->kind, outcome->text);
        assert_said(&fixture, "> RSET\n");
        assert_int_equal(send(&fixture)->kind, OUTCOME_SENT);
        assert_not_said(&fixture, "> RSET\n");
        gateway_fixture_close(&fixture.gateway);
        snprintf(end, sizeof end, "end 0 dots=%d bytes=%d", cases[i / 2].dots + 1,
                 25 * (cases[i / 2].dots + 1));
        assert_string_equal(server_fixture_line(&fixture.server), end);
        server_fixture_stop(&fixture.server);
    }
}

/* A server that says 354 though nobody is to get the mail: it gets none, not even an empty one, and
 * from then on it is asked for one thing after the other. */
static void nobody_gets_a_mail_behind_a_refusal(void **state)
{
    (void)state;
    static const char *const scripts[] = {
        TOGETHER ";rcpt=550 5.1.1 nobody|550 5.1.1 nobody|250 ok;data=354 go",
        TOGETHER ";mail=550 5.1.1 nobody|550 5.1.1 nobody|250 ok;rcpt=250 ok",
    };
    for (size_t i = 0; i < COUNT(scripts); i++) {
        struct fixture fixture;
        start(&fixture, scripts[i]);
        assert_int_equal(send(&fixture)->code, 550);
        assert_not_said(&fixture, "> .");
        assert_string_equal(server_fixture_line(&fixture.server), "end 0 dots=0 bytes=0");
        assert_int_equal(send(&fixture)->code, 550);
        assert_said(&fixture, "> EHLO");
        assert_not_said(&fixture, "> DATA");
        assert_int_equal(send(&fixture)->kind, OUTCOME_SENT);
        assert_said(&fixture, "> RSET");
        stop(&fixture);
    }
}

/* What was refused is known, whatever the server does then. */
static void what_comes_behind_a_refusal_changes_nothing(void **state)
{
    (void)state;
    static const char *const scripts[] = {
        TOGETHER ";rcpt=550 5.1.1 nobody,close",
        TOGETHER ";rcpt=550 5.1.1 nobody;data=stall",
        TOGETHER ";rcpt=550 5.1.1 nobody;data=what is this",
        TOGETHER ";rcpt=550 5.1.1 nobody;data=421 4.7.0 too many errors,close",
        TOGETHER ";rcpt=550 5.1.1 nobody;data=flood",
        "rcpt=550 5.1.1 nobody|250 ok;rset=500 what",
        "rcpt=550 5.1.1 nobody|250 ok;rset=close",
        "rcpt=550 5.1.1 nobody|250 ok;rset=421 4.7.0 go,close",
        TOGETHER ";rcpt=550 5.1.1 nobody|250 ok;rset=close",
    };
    for (size_t i = 0; i < COUNT(scripts); i++) {
        struct fixture fixture;
        start(&fixture, scripts[i]);
        int64_t began = clock_monotonic_ms();
        const struct outcome *outcome = send(&fixture);
        if (outcome->kind != OUTCOME_BOUNCED || strcmp(outcome->text, "550 5.1.1 nobody") != 0)
            fail_msg("%s: kind %d: %s", scripts[i], outcome->kind, outcome->text);
        assert_in_range(clock_monotonic_ms() - began, 0, 5000);
        outcome = send(&fixture);
        if (outcome->kind != (i < 5 ? OUTCOME_BOUNCED : OUTCOME_SENT))
            fail_msg("%s: then kind %d: %s", scripts[i], outcome->kind, outcome->text);
        stop(&fixture);
    }
}

/* Deadlines of minutes are for what is not known yet. */
static void what_is_known_waits_for_nothing(void **state)
{
    (void)state;
    struct server_fixture server;
    struct gateway_fixture gateway;
    server_fixture_start(&server, "faulty_smtp.py",
                         (const char *[]){TOGETHER ";rcpt=550 5.1.1 nobody;data=stall", NULL}, 1);
    gateway_fixture_open(
        &gateway, "{\"kind\": \"smtp\", \"host\": \"127.0.0.1\", \"port\": %d, \"tls\": \"never\"}",
        server.ports[0]);
    int64_t began = clock_monotonic_ms();
    assert_int_equal(gateway_fixture_send(&gateway, &gateway_fixture_mail)->kind, OUTCOME_BOUNCED);
    assert_in_range(clock_monotonic_ms() - began, 0, 20000);
    gateway_fixture_close(&gateway);
    server_fixture_stop(&server);
}

/* Servers slow down, and then go away, where they have to refuse much. */
static void many_refusals_end_a_connection(void **state)
{
    (void)state;
    struct fixture fixture;
    start(&fixture, "rcpt=550 5.1.1 nobody");
    for (int i = 0; i < 8; i++) {
        assert_int_equal(send(&fixture)->kind, OUTCOME_BOUNCED);
        assert_true(i == 0 || !strstr(fixture.gateway.conversation, "EHLO"));
    }
    assert_int_equal(send(&fixture)->kind, OUTCOME_BOUNCED);
    assert_said(&fixture, "> QUIT\n");
    assert_said(&fixture, "> EHLO");
    stop(&fixture);
}

/* ---- What the server offers ---- */

static void a_size_is_respected(void **state)
{
    (void)state;
    static const struct {
        const char *offer;
        bool told, dead;
    } cases[] = {
        {"x", false, false},
        {"SIZE", true, false},
        {"SIZE 0", true, false},
        {"SIZE 25", true, false},
        {"size 1000000", true, false},
        {"SIZE 99999999999999999999999999", true, false},
        {"SIZE nonsense", true, false},
        {"SIZE 24", true, true},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct fixture fixture;
        char script[100];
        snprintf(script, sizeof script, "ehlo=250-x\\n250 %s", cases[i].offer);
        start(&fixture, script);
        const struct outcome *outcome = send(&fixture);
        if (outcome->kind != (cases[i].dead ? OUTCOME_DEAD : OUTCOME_SENT))
            fail_msg("%s: kind %d: %s", cases[i].offer, outcome->kind, outcome->text);
        bool told = strstr(fixture.gateway.conversation, " SIZE=25\n") != NULL;
        assert_int_equal(told, cases[i].told && !cases[i].dead);
        if (cases[i].dead)
            assert_string_equal(outcome->text,
                                "the mail is longer than the server takes: 25 bytes, and it"
                                " takes 24");
        stop(&fixture);
    }
}

/* What is too big never reaches the server, and the next one has its connection. */
static void what_is_refused_here_costs_no_connection(void **state)
{
    (void)state;
    struct fixture fixture;
    struct outgoing mail = gateway_fixture_mail;
    mail.body = "a: b\r\n\r\nc\r\n";
    mail.body_length = strlen(mail.body);
    start(&fixture, "ehlo=250-x\\n250 SIZE 20");
    assert_int_equal(send(&fixture)->kind, OUTCOME_DEAD);
    assert_not_said(&fixture, "MAIL");
    assert_int_equal(send_to(&fixture, &mail)->kind, OUTCOME_SENT);
    assert_not_said(&fixture, "EHLO");
    mail.envelope_to = "ana@m\xc3\xbcnchen.example";
    const struct outcome *outcome = send_to(&fixture, &mail);
    assert_int_equal(outcome->kind, OUTCOME_DEAD);
    assert_string_equal(outcome->text,
                        "the address needs SMTPUTF8, which the server does not offer");
    assert_string_equal(fixture.gateway.conversation, "");
    stop(&fixture);
}

static void bytes_of_eight_bits_are_announced(void **state)
{
    (void)state;
    struct fixture fixture;
    struct outgoing mail = gateway_fixture_mail;
    start(&fixture, "ehlo=250-x\\n250 8BITMIME");
    send(&fixture);
    assert_said(&fixture, "MAIL FROM:<shop@shop.example>\n");
    mail.body = "a: b\r\n\r\n0123456\xc3\xa9\r\n";
    mail.body_length = strlen(mail.body);
    assert_int_equal(send_to(&fixture, &mail)->kind, OUTCOME_SENT);
    assert_said(&fixture, "MAIL FROM:<shop@shop.example> BODY=8BITMIME\n");
    stop(&fixture);
}

/* ---- What comes before it was asked for ---- */

static void early_replies_are_none(void **state)
{
    (void)state;
    static const struct {
        const char *script;
        enum outcome_kind kind;
        const char *text;
    } cases[] = {
        {"data=354 go\\n250 2.0.0 taken", OUTCOME_RETRY,
         "an answer out of place while the message went out: 250 2.0.0 taken"},
        {TOGETHER ";data=354 go\\n250 2.0.0 taken", OUTCOME_RETRY, "out of place"},
        {"data=354 go\\n550 5.1.1 nobody", OUTCOME_RETRY, "out of place"},
        {"data=354 go\\n421 4.4.2 timeout", OUTCOME_RETRY, "421 4.4.2 timeout"},
        {"data=354 go\\nwhat", OUTCOME_RETRY, "no reply"},
        {"data=354 go\\n250-and", OUTCOME_RETRY, "no answer in time"},
        {"rcpt=250 ok\\n250 ok", OUTCOME_RETRY, "an answer out of place at DATA"},
        {"mail=250 ok\\n550 5.1.1 nobody", OUTCOME_RETRY, "out of place"},
        {TOGETHER ";mail=250 ok\\n550 5.1.1 nobody", OUTCOME_RETRY, "out of place"},
        {TOGETHER ";rcpt=250 ok\\n250 ok", OUTCOME_RETRY, "an answer out of place at DATA"},
        {TOGETHER ";rcpt=550 5.1.1 nobody;data=250 ok", OUTCOME_RETRY, "out of place at RCPT"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct fixture fixture;
        start(&fixture, cases[i].script);
        const struct outcome *outcome = send(&fixture);
        if (outcome->kind != cases[i].kind || !strstr(outcome->text, cases[i].text))
            fail_msg("%s: kind %d: %s", cases[i].script, outcome->kind, outcome->text);
        gateway_fixture_close(&fixture.gateway);
        assert_string_equal(server_fixture_line(&fixture.server), "end 0 dots=0 bytes=0");
        server_fixture_stop(&fixture.server);
    }
}

/* Between two mails it is farewell, whatever it says: a new connection, no attempt. */
static void what_waits_on_a_kept_connection_is_no_reply(void **state)
{
    (void)state;
    static const char *const scripts[] = {
        "dot=250 taken\\n250 ok|250 taken",
        "dot=250 taken\\n421 4.4.2 idle,close|250 taken",
        "dot=250 taken\\n550 5.7.1 what|250 taken",
        "dot=250 taken\\nwhat|250 taken",
        "dot=250 taken,close|250 taken",
    };
    for (size_t i = 0; i < 2 * COUNT(scripts); i++) {
        struct fixture fixture;
        char script[200];
        snprintf(script, sizeof script, "%s;%s", i % 2 ? TOGETHER : "", scripts[i / 2]);
        start(&fixture, script);
        assert_int_equal(send(&fixture)->kind, OUTCOME_SENT);
        const struct outcome *outcome = send(&fixture);
        if (outcome->kind != OUTCOME_SENT)
            fail_msg("%s: kind %d: %s", script, outcome->kind, outcome->text);
        assert_said(&fixture, "> EHLO");
        stop(&fixture);
    }
}

/* ---- Bounds ---- */

static void replies_have_bounds(void **state)
{
    (void)state;
    static const struct {
        const char *script;
        enum outcome_kind kind, other; /* where libcurl reads it, by its release */
        const char *text;
    } cases[] = {
        {"greeting=long", OUTCOME_UNAVAILABLE, OUTCOME_SENT, ""},
        {"greeting=flood", OUTCOME_UNAVAILABLE, OUTCOME_UNAVAILABLE, "more than 64 KiB"},
        {"ehlo=flood", OUTCOME_UNAVAILABLE, OUTCOME_UNAVAILABLE, ""},
        {"mail=long", OUTCOME_UNAVAILABLE, OUTCOME_UNAVAILABLE, "more than 64 KiB at MAIL"},
        {"rcpt=flood", OUTCOME_RETRY, OUTCOME_RETRY, "more than 64 KiB at RCPT"},
        {"data=long", OUTCOME_RETRY, OUTCOME_RETRY, "more than 64 KiB at DATA"},
        {"dot=long", OUTCOME_UNCERTAIN, OUTCOME_UNCERTAIN, "more than 64 KiB"},
        {"dot=flood", OUTCOME_UNCERTAIN, OUTCOME_UNCERTAIN, "more than 64 KiB"},
        {"mail=trickle", OUTCOME_UNAVAILABLE, OUTCOME_UNAVAILABLE, "in time at MAIL"},
        {"data=trickle", OUTCOME_RETRY, OUTCOME_RETRY, "in time at DATA"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct fixture fixture;
        start(&fixture, cases[i].script);
        int64_t began = clock_monotonic_ms();
        const struct outcome *outcome = send(&fixture);
        if ((outcome->kind != cases[i].kind && outcome->kind != cases[i].other) ||
            !strstr(outcome->text, cases[i].text))
            fail_msg("%s: kind %d: %s", cases[i].script, outcome->kind, outcome->text);
        assert_in_range(clock_monotonic_ms() - began, 0, 8000);
        stop(&fixture);
    }
}

static void words_are_one_clean_line(void **state)
{
    (void)state;
    struct fixture fixture;
    start(&fixture, "rcpt=550-5.1.1 a\\0b\x1b[31m \xe2\x80\xaeno\\n550 5.1.1 \xff\tso");
    assert_string_equal(send(&fixture)->text, "550 5.1.1 a b [31m ?no 5.1.1 ? so");
    stop(&fixture);
    start(&fixture, "dot=\x1b]0 \xe2\x80\xaeowned\x07");
    const struct outcome *outcome = send(&fixture);
    assert_int_equal(outcome->kind, OUTCOME_UNCERTAIN);
    assert_string_equal(outcome->text, "what the server said is no reply while waiting for the"
                                       " answer to the message: ]0 ?owned");
    stop(&fixture);
}

/* A server that reads no more is given up when the daemon wants it. */
static void a_body_that_does_not_get_on_is_cut(void **state)
{
    (void)state;
    enum { BIG = 20000000 };
    struct fixture fixture;
    struct outgoing mail = gateway_fixture_mail;
    char *big = mem_alloc(BIG);
    memset(big, 'a', BIG);
    memcpy(big + BIG - 2, "\r\n", 2);
    mail.body = big;
    mail.body_length = BIG;
    start(&fixture, "body=stall");
    fixture.gateway.cut_after = "< 354";
    assert_int_equal(send_to(&fixture, &mail)->kind, OUTCOME_CUT);
    assert_int_equal(fixture.gateway.asked, 0);
    stop(&fixture);
    free(big);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_wait_for_replies),
        cmocka_unit_test(commands_go_together),
        cmocka_unit_test(a_connection_in_the_clear_is_one_socket),
        cmocka_unit_test(a_refusal_costs_no_connection),
        cmocka_unit_test(nobody_gets_a_mail_behind_a_refusal),
        cmocka_unit_test(what_comes_behind_a_refusal_changes_nothing),
        cmocka_unit_test(what_is_known_waits_for_nothing),
        cmocka_unit_test(many_refusals_end_a_connection),
        cmocka_unit_test(a_size_is_respected),
        cmocka_unit_test(what_is_refused_here_costs_no_connection),
        cmocka_unit_test(bytes_of_eight_bits_are_announced),
        cmocka_unit_test(early_replies_are_none),
        cmocka_unit_test(what_waits_on_a_kept_connection_is_no_reply),
        cmocka_unit_test(replies_have_bounds),
        cmocka_unit_test(words_are_one_clean_line),
        cmocka_unit_test(a_body_that_does_not_get_on_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
