/* Gateway smtp against a correct server, and against one that fails at every stage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/mem.h"

#include "gateway_fixture.h"
#include "server_fixture.h"

#define COUNT(array) (sizeof array / sizeof *(array))

/* ---- A correct server ---- */

static const char *sha256(const char *bytes, size_t length)
{
    static char hex[DIGEST_HEX_SIZE];
    unsigned char digest[DIGEST_SIZE];
    digest_sha256(bytes, length, digest);
    digest_hex(digest, sizeof digest, hex);
    return hex;
}

/* Sends, and looks that the server took these very bytes. `options`: of MAIL FROM, beside SIZE. */
static void assert_arrives(struct gateway_fixture *gateway, struct server_fixture *server,
                           const struct outgoing *outgoing, int connection, const char *options)
{
    const struct outcome *outcome = gateway_fixture_send(gateway, outgoing);
    assert_string_equal(outcome->text, "250 2.0.0 taken");
    assert_int_equal(outcome->kind, OUTCOME_SENT);
    assert_int_equal(outcome->code, 250);
    char expected[1024];
    snprintf(expected, sizeof expected, "mail %d %s %s %zu %s SIZE=%zu%s", connection,
             *outgoing->envelope_from ? outgoing->envelope_from : "<>", outgoing->envelope_to,
             outgoing->body_length, sha256(outgoing->body, outgoing->body_length),
             outgoing->body_length, options);
    assert_string_equal(server_fixture_line(server), expected);
}

static void mails_arrive(void **state)
{
    (void)state;
    struct server_fixture server;
    struct gateway_fixture gateway;
    server_fixture_start(&server, "smtp_server.py", NULL, 1);
    gateway_fixture_open(&gateway,
                         "{\"kind\": \"smtp\", \"host\": \"127.0.0.1\", \"port\": %d,"
                         " \"tls\": \"never\", \"renew_messages\": 2}",
                         server.ports[0]);
    struct outgoing mail = gateway_fixture_mail;
    assert_arrives(&gateway, &server, &mail, 1, "");
    assert_int_equal(gateway.asked, 1);
    mail.envelope_from = "";
    assert_arrives(&gateway, &server, &mail, 1, "");
    /* The third one over a new connection, by renew_messages; so the one after a rest. */
    assert_arrives(&gateway, &server, &mail, 2, "");
    gateway.kind->rest(gateway.connection);
    assert_arrives(&gateway, &server, &mail, 3, "");
    gateway_fixture_close(&gateway);
    server_fixture_stop(&server);
}

/* Lines of dots at every offset around the ends of libcurl's buffer, first and last. */
static void dots_survive(void **state)
{
    (void)state;
    struct server_fixture server;
    struct gateway_fixture gateway;
    server_fixture_start(&server, "smtp_server.py", NULL, 1);
    gateway_fixture_open(&gateway,
                         "{\"kind\": \"smtp\", \"host\": \"127.0.0.1\", \"port\": %d,"
                         " \"tls\": \"never\"}",
                         server.ports[0]);
    struct outgoing mail = gateway_fixture_mail;
    static const char *const bodies[] = {
        ".\r\n", "..\r\n.\r\n..\r\n", ".a\r\n", "a\r\n.\r\n", "\r\n", "\r\n\r\n.\r\n\r\n",
    };
    for (size_t i = 0; i < COUNT(bodies); i++) {
        mail.body = bodies[i];
        mail.body_length = strlen(bodies[i]);
        assert_arrives(&gateway, &server, &mail, 1, "");
    }
    enum { BIG = 200000 };
    char *big = mem_alloc(BIG);
    mail.body = big;
    for (size_t shift = 0; shift < 8; shift++) {
        /* "\r\n.": at each place of a buffer's end, one of the shifts has it cut. */
        for (size_t i = 0; i < BIG; i++)
            big[i] = "aaaa\r\n."[(i + shift) % 7];
        memcpy(big, "x: y\r\n\r\n", 8);
        memcpy(big + BIG - 6, "a\r\n.\r\n", 6);
        for (size_t i = 1; i < BIG; i++) { /* where a copy cut a line end in two */
            if (big[i] == '\n' && big[i - 1] != '\r')
                big[i] = 'b';
            if (big[i - 1] == '\r' && big[i] != '\n')
                big[i - 1] = 'b';
        }
        mail.body_length = BIG;
        assert_arrives(&gateway, &server, &mail, 1, "");
    }
    free(big);
    gateway_fixture_close(&gateway);
    server_fixture_stop(&server);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* All is told, but nothing from which the password could be learnt. */
static void assert_login_is_masked(const char *conversation)
{
    static const char *const told[] = {"> EHLO ", "> AUTH ", "< 235 ", "> MAIL FROM:<shop@",
                                       "< 354 ",  "\n> .\n"};
    for (size_t i = 0; i < COUNT(told); i++) {
        if (!strstr(conversation, told[i]))
            fail_msg("no \"%s\" in %s", told[i], conversation);
    }
    assert_null(strstr(conversation, "s3cret"));
    for (const char *at = conversation; (at = strstr(at, "> AUTH ")) != NULL; at += 7)
        assert_non_null(strstr(at, " ***\n"));
    assert_null(strstr(conversation, "czNjcmV0")); /* in base64 */
}

static void logs_in(const char *mode)
{
    struct server_fixture server;
    struct gateway_fixture gateway;
    const char *folder = server_fixture_folder();
    char tls[64], password[64];
    snprintf(tls, sizeof tls, "tls=%s:%s", mode, folder);
    snprintf(password, sizeof password, "%s/password", folder);
    const char *arguments[] = {tls, "login=shop:s3cret", NULL};
    server_fixture_start(&server, "smtp_server.py", arguments, 1);
    gateway_fixture_open(&gateway,
                         "{\"kind\": \"smtp\", \"port\": %d, \"tls\": \"%s\", \"user\": \"shop\","
                         " \"password_file\": \"%s\", \"ca_file\": \"%s/cert.pem\"}",
                         server.ports[0], mode, password, folder);
    const struct outcome *outcome = gateway_fixture_send(&gateway, &gateway_fixture_mail);
    assert_int_equal(outcome->kind, OUTCOME_GATEWAY_FAULT);
    assert_non_null(strstr(outcome->text, "No such file"));

    write_file(password, "wrong\n");
    outcome = gateway_fixture_send(&gateway, &gateway_fixture_mail);
    assert_int_equal(outcome->kind, OUTCOME_GATEWAY_FAULT);
    assert_int_equal(outcome->code, 535);
    assert_string_equal(outcome->enhanced, "5.7.8");

    /* A password put right takes effect by itself. */
    write_file(password, "s3cret\n");
    gateway.conversation[0] = '\0';
    assert_arrives(&gateway, &server, &gateway_fixture_mail, 1, "");
    assert_login_is_masked(gateway.conversation);
    gateway_fixture_close(&gateway);
    server_fixture_stop(&server);
    server_fixture_remove(folder);
}

static void logs_in_over_starttls(void **state)
{
    (void)state;
    logs_in("starttls");
}

static void logs_in_over_smtps(void **state)
{
    (void)state;
    logs_in("smtps");
}

static void certificates_are_verified(void **state)
{
    (void)state;
    struct server_fixture server;
    const char *folder = server_fixture_folder();
    char tls[64];
    snprintf(tls, sizeof tls, "tls=starttls:%s", folder);
    server_fixture_start(&server, "smtp_server.py", (const char *[]){tls, NULL}, 1);
    char own[64];
    snprintf(own, sizeof own, "\"ca_file\": \"%s/cert.pem\"", folder);
    const struct {
        const char *host, *more;
        enum outcome_kind kind;
    } cases[] = {
        {"localhost", own, OUTCOME_SENT},
        {"127.0.0.1", own, OUTCOME_GATEWAY_FAULT},                          /* not the name in it */
        {"localhost", "\"helo\": \"shop.example\"", OUTCOME_GATEWAY_FAULT}, /* not trusted */
        {"localhost", "\"ca_file\": \"/nowhere.pem\"", OUTCOME_GATEWAY_FAULT},
        {"localhost", "\"tls\": \"smtps\"", OUTCOME_UNAVAILABLE}, /* no TLS from the first byte */
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct gateway_fixture gateway;
        gateway_fixture_open(&gateway, "{\"kind\": \"smtp\", \"host\": \"%s\", \"port\": %d, %s}",
                             cases[i].host, server.ports[0], cases[i].more);
        const struct outcome *outcome = gateway_fixture_send(&gateway, &gateway_fixture_mail);
        if (outcome->kind != cases[i].kind)
            fail_msg("case %zu: kind %d: %s", i, outcome->kind, outcome->text);
        gateway_fixture_close(&gateway);
    }
    server_fixture_stop(&server);
    server_fixture_remove(folder);
}

static void smtputf8(void **state)
{
    (void)state;
    struct server_fixture with, without;
    struct outgoing mail = gateway_fixture_mail;
    mail.envelope_to = "анна@example.com";
    mail.smtputf8 = true;
    static const char settings[] = "{\"kind\": \"smtp\", \"host\": \"127.0.0.1\", \"port\": %d,"
                                   " \"tls\": \"never\"}";
    struct gateway_fixture gateway;
    server_fixture_start(&with, "smtp_server.py", (const char *[]){"utf8", NULL}, 1);
    gateway_fixture_open(&gateway, settings, with.ports[0]);
    assert_arrives(&gateway, &with, &mail, 1, ",SMTPUTF8");
    assert_arrives(&gateway, &with, &mail, 1, ",SMTPUTF8"); /* known of the kept connection */
    gateway_fixture_close(&gateway);
    server_fixture_stop(&with);

    /* faulty_smtp without a script takes any bytes, and does not offer SMTPUTF8. */
    server_fixture_start(&without, "faulty_smtp.py", (const char *[]){"", NULL}, 1);
    gateway_fixture_open(&gateway, settings, without.ports[0]);
    const struct outcome *outcome = gateway_fixture_send(&gateway, &mail);
    assert_int_equal(outcome->kind, OUTCOME_DEAD);
    assert_non_null(strstr(outcome->text, "SMTPUTF8"));
    gateway_fixture_close(&gateway);
    assert_string_equal(server_fixture_line(&without), "end 0 dots=0 bytes=0");
    server_fixture_stop(&without);
}

/* ---- A faulty one ---- */

/* Short deadlines, so that a stall is soon over. */
#define FAULTY                                                                     \
    "{\"kind\": \"smtp\", \"host\": \"127.0.0.1\", \"port\": %d, \"tls\": \"%s\"," \
    " \"connect_timeout\": \"300ms\", \"command_timeout\": \"100ms\","             \
    " \"answer_timeout\": \"100ms\"}"

struct faulty {
    const char *script;
    enum outcome_kind kind;
    int code;
    const char *enhanced;
    const char *text; /* part of it */
    bool slow_down;
    const char *tls; /* NULL: never */
};

static const struct faulty faulty_cases[] = {
    {.script = "", .kind = OUTCOME_SENT, .code = 250, .enhanced = "2.0.0", .text = "taken"},
    /* before the mail */
    {.script = "greeting=close", .kind = OUTCOME_UNAVAILABLE, .text = "lost"},
    {.script = "greeting=stall", .kind = OUTCOME_UNAVAILABLE, .text = "in time"},
    {.script = "greeting=trickle", .kind = OUTCOME_UNAVAILABLE, .text = "in time"},
    {.script = "greeting=421 4.3.2 busy",
     .kind = OUTCOME_UNAVAILABLE,
     .code = 421,
     .enhanced = "4.3.2",
     .slow_down = true},
    {.script = "greeting=554 go away", .kind = OUTCOME_GATEWAY_FAULT, .code = 554},
    {.script = "greeting=SSH-2.0-nonsense",
     .kind = OUTCOME_UNAVAILABLE,
     .text = "SSH-2.0-nonsense"},
    {.script = "ehlo=550 no", .kind = OUTCOME_GATEWAY_FAULT, .code = 550},
    {.script = "ehlo=flood", .kind = OUTCOME_UNAVAILABLE},
    {.script = "ehlo=421 4.3.2 going down,close",
     .kind = OUTCOME_UNAVAILABLE,
     .code = 421,
     .text = "421 4.3.2 going down",
     .slow_down = true},
    {.script = "ehlo=451 4.3.0 later|250 x", .kind = OUTCOME_UNAVAILABLE, .code = 451},
    /* HELO is tried; what was said to EHLO tells more than that the connection was lost then */
    {.script = "ehlo=500 what|250 x", .kind = OUTCOME_SENT, .code = 250},
    {.script = "ehlo=554 5.3.2 no,close", .kind = OUTCOME_GATEWAY_FAULT, .code = 554},
    /* TLS is never given up */
    {.script = "", .tls = "starttls", .kind = OUTCOME_GATEWAY_FAULT, .text = "offers no TLS"},
    {.script = "ehlo=250-x\\n250 STARTTLS;starttls=454 4.7.0 not now",
     .tls = "starttls",
     .kind = OUTCOME_UNAVAILABLE,
     .code = 454,
     .enhanced = "4.7.0"},
    {.script = "ehlo=250-x\\n250 STARTTLS;starttls=502 what",
     .tls = "starttls",
     .kind = OUTCOME_GATEWAY_FAULT,
     .code = 502},
    {.script = "ehlo=250-x\\n250 STARTTLS;starttls=220 x,close",
     .tls = "starttls",
     .kind = OUTCOME_UNAVAILABLE},
    {.script = "ehlo=250-x\\n250 STARTTLS;starttls=220 x\\n250 injected",
     .tls = "starttls",
     .kind = OUTCOME_UNAVAILABLE},
    {.script = "", .tls = "smtps", .kind = OUTCOME_UNAVAILABLE},
    /* the envelope */
    {.script = "mail=451 4.3.0 later", .kind = OUTCOME_RETRY, .code = 451, .enhanced = "4.3.0"},
    {.script = "mail=550 5.1.0 we do not know you", .kind = OUTCOME_GATEWAY_FAULT, .code = 550},
    {.script = "mail=552 5.3.4 too big", .kind = OUTCOME_DEAD, .code = 552, .enhanced = "5.3.4"},
    {.script = "mail=close", .kind = OUTCOME_UNAVAILABLE, .text = "at MAIL FROM"},
    {.script = "mail=stall", .kind = OUTCOME_UNAVAILABLE, .text = "in time at MAIL FROM"},
    {.script = "rcpt=450 4.2.0 greylisted", .kind = OUTCOME_RETRY, .code = 450},
    {.script = "rcpt=550-5.1.1 nobody\\n550 5.1.1 of that\tname",
     .kind = OUTCOME_BOUNCED,
     .code = 550,
     .enhanced = "5.1.1",
     .text = "550 5.1.1 nobody 5.1.1 of that name"},
    {.script = "rcpt=550 nobody", .kind = OUTCOME_DEAD, .code = 550, .text = "550 nobody"},
    {.script = "rcpt=554 5.7.1 relaying denied",
     .kind = OUTCOME_DEAD,
     .code = 554,
     .enhanced = "5.7.1"},
    {.script = "rcpt=553 5.1.8 your domain is not there",
     .kind = OUTCOME_GATEWAY_FAULT,
     .code = 553},
    {.script = "rcpt=421 4.7.0 slowly,close",
     .kind = OUTCOME_RETRY,
     .code = 421,
     .slow_down = true},
    {.script = "rcpt=close", .kind = OUTCOME_RETRY, .text = "at RCPT TO"},
    {.script = "data=stall", .kind = OUTCOME_RETRY, .text = "in time at DATA"},
    {.script = "data=250 what", .kind = OUTCOME_RETRY, .text = "at DATA"},
    {.script = "data=554 5.5.1 no", .kind = OUTCOME_DEAD, .code = 554, .enhanced = "5.5.1"},
    /* the end of the mail, where an answer that is lost leaves it open */
    {.script = "dot=451 4.3.0 later", .kind = OUTCOME_RETRY, .code = 451, .enhanced = "4.3.0"},
    {.script = "dot=421 4.3.2 going down,close",
     .kind = OUTCOME_RETRY,
     .code = 421,
     .slow_down = true},
    {.script = "dot=550 5.1.1 nobody", .kind = OUTCOME_BOUNCED, .code = 550},
    {.script = "dot=552 5.2.3 too long", .kind = OUTCOME_DEAD, .code = 552},
    {.script = "dot=554 5.6.0 bad words",
     .kind = OUTCOME_DEAD,
     .code = 554,
     .text = "554 5.6.0 bad words"},
    {.script = "dot=554 5.7.1 you are blocked", .kind = OUTCOME_DEAD, .code = 554},
    {.script = "dot=250 2.0.0 taken,close", .kind = OUTCOME_SENT, .code = 250},
    {.script = "dot=251 will forward", .kind = OUTCOME_SENT, .code = 251},
    {.script = "dot=250-2.0.0 taken,close", .kind = OUTCOME_UNCERTAIN, .text = "lost"},
    {.script = "dot=354 what", .kind = OUTCOME_UNCERTAIN},
    {.script = "dot=close", .kind = OUTCOME_UNCERTAIN, .text = "lost while waiting for the answer"},
    {.script = "dot=stall", .kind = OUTCOME_UNCERTAIN, .text = "no answer in time"},
    {.script = "dot=trickle", .kind = OUTCOME_UNCERTAIN, .text = "no answer in time"},
    {.script = "dot=flood", .kind = OUTCOME_UNCERTAIN},
    /* after it nothing matters */
    {.script = "quit=stall", .kind = OUTCOME_SENT, .code = 250},
};

static void assert_outcome(const struct faulty *expected, const struct outcome *outcome)
{
    bool right = outcome->kind == expected->kind && outcome->code == expected->code &&
                 (!expected->enhanced || strcmp(outcome->enhanced, expected->enhanced) == 0) &&
                 (!expected->text || strstr(outcome->text, expected->text)) &&
                 outcome->slow_down == expected->slow_down && outcome->text[0];
    if (!right)
        fail_msg("\"%s\": kind %d, code %d, enhanced \"%s\", slow_down %d: %s", expected->script,
                 outcome->kind, outcome->code, outcome->enhanced, outcome->slow_down,
                 outcome->text);
}

static void every_stage_fails(void **state)
{
    (void)state;
    struct server_fixture server;
    const char *scripts[COUNT(faulty_cases) + 1] = {NULL};
    for (size_t i = 0; i < COUNT(faulty_cases); i++)
        scripts[i] = faulty_cases[i].script;
    server_fixture_start(&server, "faulty_smtp.py", scripts, COUNT(faulty_cases));
    for (size_t i = 0; i < COUNT(faulty_cases); i++) {
        struct gateway_fixture gateway;
        gateway_fixture_open(&gateway, FAULTY, server.ports[i],
                             faulty_cases[i].tls ? faulty_cases[i].tls : "never");
        int64_t began = clock_monotonic_ms();
        assert_outcome(&faulty_cases[i], gateway_fixture_send(&gateway, &gateway_fixture_mail));
        gateway_fixture_close(&gateway);
        assert_in_range(clock_monotonic_ms() - began, 0, 5000);
    }
    server_fixture_stop(&server);
}

static void nobody_listens(void **state)
{
    (void)state;
    struct gateway_fixture gateway;
    struct server_fixture server;
    server_fixture_start(&server, "faulty_smtp.py", (const char *[]){"", NULL}, 1);
    server_fixture_stop(&server);
    const struct {
        const char *host;
        const char *text;
    } cases[] = {{"127.0.0.1", "no connection"}, {"no..where", "no address"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        gateway_fixture_open(&gateway,
                             "{\"kind\": \"smtp\", \"host\": \"%s\", \"port\": %d,"
                             " \"tls\": \"never\"}",
                             cases[i].host, server.ports[0]);
        assert_outcome(&(struct faulty){.script = cases[i].host,
                                        .kind = OUTCOME_UNAVAILABLE,
                                        .text = cases[i].text},
                       gateway_fixture_send(&gateway, &gateway_fixture_mail));
        gateway_fixture_close(&gateway);
    }
}

static char *make_body(size_t length)
{
    char *body = mem_alloc(length);
    memset(body, 'a', length);
    memcpy(body + length - 2, "\r\n", 2);
    return body;
}

/* A body that the server stops reading, or that it ends the connection in. */
static void the_body_does_not_get_through(void **state)
{
    (void)state;
    struct server_fixture server;
    struct gateway_fixture gateway;
    enum { BIG = 20000000 };
    struct outgoing mail = gateway_fixture_mail;
    char *big = make_body(BIG);
    mail.body = big;
    mail.body_length = BIG;
    server_fixture_start(&server, "faulty_smtp.py", (const char *[]){"body=close", NULL}, 1);
    gateway_fixture_open(&gateway, FAULTY, server.ports[0], "never");
    assert_outcome(&(struct faulty){.script = "body=close",
                                    .kind = OUTCOME_RETRY,
                                    .text = "lost while the message went out"},
                   gateway_fixture_send(&gateway, &mail));
    assert_int_equal(gateway.asked, 0);
    assert_string_equal(server_fixture_line(&server), "end 0 dots=0 bytes=0");
    gateway_fixture_close(&gateway);
    server_fixture_stop(&server);
    free(big);
}

/* The connection is seen to be lost when the dot should go out: it did not, so the mail
 * cannot have been taken. */
static void the_dot_does_not_get_out(void **state)
{
    (void)state;
    struct server_fixture server;
    struct gateway_fixture gateway;
    enum { LONG = 20000 }; /* more than one write */
    struct outgoing mail = gateway_fixture_mail;
    char *body = make_body(LONG);
    mail.body = body;
    mail.body_length = LONG;
    server_fixture_start(&server, "faulty_smtp.py", (const char *[]){"body=reset", NULL}, 1);
    gateway_fixture_open(&gateway, FAULTY, server.ports[0], "never");
    gateway.awaited = &server; /* "end" is printed behind the reset */
    assert_outcome(&(struct faulty){.script = "body=reset",
                                    .kind = OUTCOME_RETRY,
                                    .text = "lost while the message went out"},
                   gateway_fixture_send(&gateway, &mail));
    assert_in_range(gateway.asked, 0, 1);
    gateway_fixture_close(&gateway);
    server_fixture_stop(&server);
    free(body);
}

static void stops_before_the_dot(void **state)
{
    (void)state;
    struct server_fixture server;
    struct gateway_fixture gateway;
    server_fixture_start(&server, "faulty_smtp.py", (const char *[]){"", NULL}, 1);
    gateway_fixture_open(&gateway, FAULTY, server.ports[0], "never");
    gateway.lease_passed = true;
    const struct outcome *outcome = gateway_fixture_send(&gateway, &gateway_fixture_mail);
    assert_int_equal(outcome->kind, OUTCOME_CUT);
    assert_string_equal(server_fixture_line(&server), "end 0 dots=0 bytes=0");
    assert_int_equal(gateway.asked, 1);

    gateway.lease_passed = false;
    assert_int_equal(gateway_fixture_send(&gateway, &gateway_fixture_mail)->kind, OUTCOME_SENT);
    gateway_fixture_close(&gateway);
    assert_string_equal(server_fixture_line(&server), "end 0 dots=1 bytes=25");
    server_fixture_stop(&server);
}

static void gives_up_when_cut(void **state)
{
    (void)state;
    struct server_fixture server;
    const struct {
        const char *script;
        bool cut, cut_after_end;
        enum outcome_kind kind;
    } cases[] = {
        {"rcpt=stall", true, false, OUTCOME_CUT},
        {"dot=stall", false, true, OUTCOME_UNCERTAIN},
    };
    server_fixture_start(&server, "faulty_smtp.py",
                         (const char *[]){cases[0].script, cases[1].script, NULL}, 2);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct gateway_fixture gateway;
        gateway_fixture_open(&gateway,
                             "{\"kind\": \"smtp\", \"host\": \"127.0.0.1\", \"port\": %d,"
                             " \"tls\": \"never\"}",
                             server.ports[i]);
        gateway.cut = cases[i].cut;
        gateway.cut_after_end = cases[i].cut_after_end;
        const struct outcome *outcome = gateway_fixture_send(&gateway, &gateway_fixture_mail);
        assert_int_equal(outcome->kind, cases[i].kind);
        assert_non_null(strstr(outcome->text, "given up by this daemon"));
        gateway_fixture_close(&gateway);
    }
    server_fixture_stop(&server);
}

/* A kept connection that the server has ended, seen before use, and seen in use: both are
 * no attempt. On a new connection the same is one. */
static void a_stale_connection_is_no_attempt(void **state)
{
    (void)state;
    struct server_fixture server;
    struct gateway_fixture gateway;
    static const char *const scripts[] = {
        "dot=250 2.0.0 taken,close|250 2.0.0 taken",
        "dot=250 2.0.0 taken\\n421 4.4.2 good bye,close|250 2.0.0 taken",
        "mail=250 ok|421 4.4.2 idle too long,close|250 ok",
        "mail=250 ok|close|250 ok",
        NULL,
    };
    server_fixture_start(&server, "faulty_smtp.py", scripts, COUNT(scripts) - 1);
    for (size_t i = 0; i < COUNT(scripts) - 1; i++) {
        gateway_fixture_open(&gateway, FAULTY, server.ports[i], "never");
        assert_int_equal(gateway_fixture_send(&gateway, &gateway_fixture_mail)->kind, OUTCOME_SENT);
        if (i == 0)
            server_fixture_line(&server); /* it has ended */
        assert_int_equal(gateway_fixture_send(&gateway, &gateway_fixture_mail)->kind, OUTCOME_SENT);
        gateway_fixture_close(&gateway);
    }
    server_fixture_stop(&server);
}

/* libcurl says QUIT after a refusal, and would wait for what the server says to that. */
static void nobody_waits_for_a_farewell(void **state)
{
    (void)state;
    struct server_fixture server;
    struct gateway_fixture gateway;
    server_fixture_start(&server, "faulty_smtp.py",
                         (const char *[]){"rcpt=550 5.1.1 nobody;quit=stall", NULL}, 1);
    gateway_fixture_open(&gateway,
                         "{\"kind\": \"smtp\", \"host\": \"127.0.0.1\", \"port\": %d,"
                         " \"tls\": \"never\", \"command_timeout\": \"20s\"}",
                         server.ports[0]);
    int64_t began = clock_monotonic_ms();
    assert_int_equal(gateway_fixture_send(&gateway, &gateway_fixture_mail)->kind, OUTCOME_BOUNCED);
    assert_in_range(clock_monotonic_ms() - began, 0, 10000);
    gateway_fixture_close(&gateway);
    server_fixture_stop(&server);
}

/* ---- Settings ---- */

static void settings_are_checked(void **state)
{
    (void)state;
    static const struct {
        const char *more;
        const char *text; /* NULL: taken */
    } cases[] = {
        {"\"connections\": 8, \"rate\": \"10 per 1s\"", NULL},
        {"\"host\": \"::1\"", NULL},
        {"\"host\": \"smtp://mail.example\"", "`host`"},
        {"\"host\": \"mail.example:587\"", "`host`"},
        {"\"host\": \"a@b\"", "`host`"},
        {"\"host\": \"\"", "`host`"},
        {"\"helo\": \"a b\"", "`helo`"},
        {"\"user\": \"shop\"", "password_file"},
        {"\"password_file\": \"/x\"", "user"},
        {"\"tls\": \"maybe\"", "tls"},
        {"\"connections\": 0", "connections"},
        {"\"hots\": \"mail.example\"", "hots"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct gateway_fixture gateway;
        gateway_fixture_read(&gateway, "{\"kind\": \"smtp\", %s}", cases[i].more);
        if (!gateway.kind != !!cases[i].text)
            fail_msg("%s", cases[i].more);
        if (cases[i].text)
            assert_non_null(strstr(gateway.diags.items[0].text, cases[i].text));
        gateway_fixture_close(&gateway);
    }
    struct gateway_fixture gateway;
    gateway_fixture_read(&gateway, "{\"kind\": \"smpt\"}");
    assert_null(gateway.kind);
    assert_non_null(strstr(gateway.diags.items[0].hint, "smtp"));
    gateway_fixture_close(&gateway);
    gateway_fixture_read(&gateway, "{\"host\": \"x\"}");
    assert_null(gateway.kind);
    assert_non_null(strstr(gateway.diags.items[0].hint, "`kind` is smtp, http or maildir"));
    gateway_fixture_close(&gateway);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mails_arrive),
        cmocka_unit_test(dots_survive),
        cmocka_unit_test(logs_in_over_starttls),
        cmocka_unit_test(logs_in_over_smtps),
        cmocka_unit_test(certificates_are_verified),
        cmocka_unit_test(smtputf8),
        cmocka_unit_test(every_stage_fails),
        cmocka_unit_test(nobody_listens),
        cmocka_unit_test(the_body_does_not_get_through),
        cmocka_unit_test(the_dot_does_not_get_out),
        cmocka_unit_test(stops_before_the_dot),
        cmocka_unit_test(gives_up_when_cut),
        cmocka_unit_test(a_stale_connection_is_no_attempt),
        cmocka_unit_test(nobody_waits_for_a_farewell),
        cmocka_unit_test(settings_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
