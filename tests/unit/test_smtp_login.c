/* How gateway smtp logs in, and that nothing is sent without it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gateway_fixture.h"
#include "server_fixture.h"

#define COUNT(array) (sizeof array / sizeof *(array))

static const char *folder;

static const char *write_secret(const char *text)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/secret", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "%s\n", text);
    fclose(file);
    return path;
}

/* `more`: with `user` and what else is about the login. */
static void open_gateway(struct gateway_fixture *gateway, const struct server_fixture *server,
                         const char *more)
{
    gateway_fixture_open(
        gateway,
        "{\"kind\": \"smtp\", \"host\": \"127.0.0.1\", \"port\": %d,"
        " \"tls\": \"never\", \"connect_timeout\": \"2s\", \"user\": \"shop\", %s}",
        server->ports[0], more);
}

static void nothing_is_sent_without_a_login(void **state)
{
    (void)state;
    static const struct {
        const char *script;
        enum outcome_kind kind;
        int code;
        const char *text;
    } cases[] = {
        {"ehlo=250 x", OUTCOME_GATEWAY_FAULT, 0, "offers no AUTH"},
        {"ehlo=502 what|250 x", OUTCOME_GATEWAY_FAULT, 0, "offers no AUTH"}, /* HELO */
        {"ehlo=250-x\\n250 AUTH", OUTCOME_GATEWAY_FAULT, 0, "no way to log in"},
        {"ehlo=250-x\\n250 AUTH GSSAPI-MORE", OUTCOME_GATEWAY_FAULT, 0, "no way to log in"},
        {"ehlo=250-x\\n250 AUTH XOAUTH2", OUTCOME_GATEWAY_FAULT, 0, "no way to log in"},
        {"ehlo=250-x\\n250 AUTH PLAIN;auth=535 5.7.8 wrong", OUTCOME_GATEWAY_FAULT, 535, "wrong"},
        {"ehlo=250-x\\n250 AUTH PLAIN;auth=534 5.7.9 too weak", OUTCOME_GATEWAY_FAULT, 534, ""},
        /* a server that says again what it does not take */
        {"ehlo=250-x\\n250 AUTH PLAIN;auth=500 what: AHNob3AAczNjcmV0 s3cret",
         OUTCOME_GATEWAY_FAULT, 500, "500 what: *** ***"},
        {"ehlo=250-x\\n250 AUTH PLAIN;auth=454 4.7.0 later", OUTCOME_UNAVAILABLE, 454, "later"},
        {"ehlo=250-x\\n250 AUTH PLAIN;auth=421 4.7.0 busy,close", OUTCOME_UNAVAILABLE, 421, ""},
        {"ehlo=250-x\\n250 AUTH PLAIN;auth=close", OUTCOME_UNAVAILABLE, 0, "lost at the login"},
        {"ehlo=250-x\\n250 AUTH PLAIN;auth=what", OUTCOME_UNAVAILABLE, 0, "no reply at the login"},
        {"ehlo=250-x\\n250 AUTH PLAIN;auth=stall", OUTCOME_UNAVAILABLE, 0, "in time at the login"},
    };
    char more[200];
    snprintf(more, sizeof more, "\"password_file\": \"%s\"", write_secret("s3cret"));
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct server_fixture server;
        struct gateway_fixture gateway;
        server_fixture_start(&server, "faulty_smtp.py", (const char *[]){cases[i].script, NULL}, 1);
        open_gateway(&gateway, &server, more);
        const struct outcome *outcome = gateway_fixture_send(&gateway, &gateway_fixture_mail);
        if (outcome->kind != cases[i].kind || outcome->code != cases[i].code ||
            !strstr(outcome->text, cases[i].text) || strstr(gateway.conversation, "> MAIL") ||
            strstr(gateway.conversation, "s3cret") || strstr(gateway.conversation, "czNjcmV0"))
            fail_msg("%s: kind %d: %s\n%s", cases[i].script, outcome->kind, outcome->text,
                     gateway.conversation);
        gateway_fixture_close(&gateway);
        server_fixture_stop(&server);
    }
}

static void it_works_once_a_login_is_offered(void **state)
{
    (void)state;
    struct server_fixture server;
    struct gateway_fixture gateway;
    char more[200];
    snprintf(more, sizeof more, "\"password_file\": \"%s\"", write_secret("s3cret"));
    server_fixture_start(&server, "faulty_smtp.py",
                         (const char *[]){"ehlo=250 x|250-x\\n250 AUTH PLAIN", NULL}, 1);
    open_gateway(&gateway, &server, more);
    assert_int_equal(gateway_fixture_send(&gateway, &gateway_fixture_mail)->kind,
                     OUTCOME_GATEWAY_FAULT);
    assert_int_equal(gateway_fixture_send(&gateway, &gateway_fixture_mail)->kind, OUTCOME_SENT);
    gateway_fixture_close(&gateway);
    server_fixture_stop(&server);
}

static void the_mechanism_can_be_chosen(void **state)
{
    (void)state;
    struct server_fixture server;
    static const char *const mechanisms[] = {"PLAIN", "LOGIN"};
    static const char *const names[] = {"plain", "login"};
    server_fixture_start(&server, "smtp_server.py", (const char *[]){"login=shop:s3cret", NULL}, 1);
    for (size_t i = 0; i < COUNT(mechanisms); i++) {
        struct gateway_fixture gateway;
        char more[200], told[64];
        snprintf(more, sizeof more, "\"password_file\": \"%s\", \"auth\": \"%s\"",
                 write_secret("s3cret"), names[i]);
        snprintf(told, sizeof told, "> AUTH %s ***\n", mechanisms[i]);
        open_gateway(&gateway, &server, more);
        assert_int_equal(gateway_fixture_send(&gateway, &gateway_fixture_mail)->kind, OUTCOME_SENT);
        assert_non_null(strstr(gateway.conversation, told));
        gateway_fixture_close(&gateway);
    }
    server_fixture_stop(&server);
}

/* A token lives for an hour, and somebody writes the next one into its file. */
static void tokens_are_read_anew(void **state)
{
    (void)state;
    struct server_fixture server;
    struct gateway_fixture gateway;
    char more[200];
    snprintf(more, sizeof more, "\"token_file\": \"%s\", \"auth\": \"xoauth2\"",
             write_secret("ya29.old"));
    server_fixture_start(&server, "smtp_server.py", (const char *[]){"token=shop:ya29.new", NULL},
                         1);
    open_gateway(&gateway, &server, more);
    const struct outcome *outcome = gateway_fixture_send(&gateway, &gateway_fixture_mail);
    if (outcome->kind != OUTCOME_GATEWAY_FAULT || !strstr(outcome->text, "{\"status\":\"401\"}"))
        fail_msg("kind %d: %s\n%s", outcome->kind, outcome->text, gateway.conversation);
    write_secret("ya29.new");
    assert_int_equal(gateway_fixture_send(&gateway, &gateway_fixture_mail)->kind, OUTCOME_SENT);
    assert_non_null(strstr(gateway.conversation, "> AUTH XOAUTH2 ***\n"));
    assert_null(strstr(gateway.conversation, "eWEyOS")); /* "ya29." in base64, by its place */
    assert_null(strstr(gateway.conversation, "5YTI5"));
    assert_null(strstr(gateway.conversation, "ya29"));
    gateway_fixture_close(&gateway);
    server_fixture_stop(&server);
}

static void keys_of_a_login_fit(void **state)
{
    (void)state;
    static const struct {
        const char *more;
        const char *text; /* NULL: taken */
    } cases[] = {
        {"\"user\": \"a\", \"token_file\": \"/x\"", NULL},
        {"\"user\": \"a\", \"token_file\": \"/x\", \"auth\": \"xoauth2\"", NULL},
        {"\"user\": \"a\", \"password_file\": \"/x\", \"auth\": \"login\"", NULL},
        {"\"user\": \"a\"", "`password_file` or a `token_file`"},
        {"\"token_file\": \"/x\"", "`token_file` needs a `user`"},
        {"\"auth\": \"plain\"", "`auth` needs a `user`"},
        {"\"user\": \"a\", \"token_file\": \"/x\", \"password_file\": \"/x\"", "or a `token_file`"},
        {"\"user\": \"a\", \"token_file\": \"/x\", \"auth\": \"plain\"", "needs a `password_file`"},
        {"\"user\": \"a\", \"password_file\": \"/x\", \"auth\": \"xoauth2\"",
         "needs a `token_file`"},
        {"\"user\": \"a\", \"password_file\": \"/x\", \"auth\": \"ntlm\"", "auth"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct gateway_fixture gateway;
        gateway_fixture_read(&gateway, "{\"kind\": \"smtp\", %s}", cases[i].more);
        if (!gateway.kind != !!cases[i].text)
            fail_msg("%s", cases[i].more);
        if (cases[i].text && !strstr(gateway.diags.items[0].text, cases[i].text))
            fail_msg("%s: %s", cases[i].more, gateway.diags.items[0].text);
        gateway_fixture_close(&gateway);
    }
}

static int make_folder(void **state)
{
    (void)state;
    folder = server_fixture_folder();
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    server_fixture_remove(folder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_sent_without_a_login),
        cmocka_unit_test(it_works_once_a_login_is_offered),
        cmocka_unit_test(the_mechanism_can_be_chosen),
        cmocka_unit_test(tokens_are_read_anew),
        cmocka_unit_test(keys_of_a_login_fit),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
