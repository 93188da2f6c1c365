/* Gateway http against http.server: what it sends, and what each answer means. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

#include "gateway_fixture.h"
#include "server_fixture.h"

#define COUNT(array) (sizeof array / sizeof *(array))
#define EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
/* of {"a":1} */
#define BODY_SHA256 "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862"

static const struct outgoing message = {
    .mid = "m-1",
    .channel = "sms",
    .envelope_from = "Shop",
    .envelope_to = "+40 700/1?#&",
    .body = "{\"a\":1}",
    .body_length = 7,
};

static struct server_fixture server;

static int start(void **state)
{
    (void)state;
    server_fixture_start(&server, "http_server.py", NULL, 1);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    server_fixture_stop(&server);
    return 0;
}

static void write_file(const char *folder, const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* ---- What is sent ---- */

static void requests(void **state)
{
    (void)state;
    const char *folder = server_fixture_folder();
    write_file(folder, "token", "T0/12:k-n\nsecond line\n");
    write_file(folder, "password", "pass");
    static const struct {
        const char *path, *more;
        const char *line; /* without the connection's number */
    } cases[] = {
        {"/send", "", "POST /send " BODY_SHA256 " m-1 application/json - -"},
        {"/{{ channel }}/{{to}}?q={{ to }}&f={{ from }}", "",
         "POST /sms/%2B40%20700%2F1%3F%23%26?q=%2B40%20700%2F1%3F%23%26&f=Shop " BODY_SHA256
         " m-1 application/json - -"},
        {"/bot{{ secret }}/x", ", \"secret_file\": \"%s/token\"",
         "POST /botT0/12:k-n/x " BODY_SHA256 " m-1 application/json - -"},
        {"/a",
         ", \"headers\": {\"Authorization\": \"Bearer {{ secret }}\", \"X-To\": \"to {{to}}\"},"
         " \"secret_file\": \"%s/token\"",
         "POST /a " BODY_SHA256 " m-1 application/json Bearer_T0/12:k-n to_+40_700/1?#&"},
        {"/a", ", \"user\": \"shop\", \"password_file\": \"%s/password\"",
         "POST /a " BODY_SHA256 " m-1 application/json Basic_c2hvcDpwYXNz -"},
        {"/a", ", \"method\": \"PUT\", \"content_type\": \"text/plain; charset=utf-8\"",
         "PUT /a " BODY_SHA256 " m-1 text/plain;_charset=utf-8 - -"},
        {"/../a/./b", "", "POST /../a/./b " BODY_SHA256 " m-1 application/json - -"},
        {"", "", "POST / " BODY_SHA256 " m-1 application/json - -"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct gateway_fixture gateway;
        char more[256];
        char *at = strstr(strcpy(more, cases[i].more), "%s");
        if (at)
            snprintf(at, sizeof more - (size_t)(at - more), "%s%s", folder,
                     strstr(cases[i].more, "%s") + 2);
        gateway_fixture_open(&gateway, "{\"kind\": \"http\", \"url\": \"http://127.0.0.1:%d%s\"%s}",
                             server.ports[0], cases[i].path, more);
        const struct outcome *outcome = gateway_fixture_send(&gateway, &message);
        assert_int_equal(outcome->kind, OUTCOME_SENT);
        char method[16], path[128], digest[72], rest[256], line[512];
        assert_int_equal(sscanf(server_fixture_line(&server), "%15s %127s %*d 7 %71s %255[^\n]",
                                method, path, digest, rest),
                         4);
        snprintf(line, sizeof line, "%s %s %s %s", method, path, digest, rest);
        assert_string_equal(line, cases[i].line);
        gateway_fixture_close(&gateway);
    }
    server_fixture_remove(folder);
}

/* With a body it goes over one connection, without one over a new one each time. */
static void connections_are_kept(void **state)
{
    (void)state;
    static const struct {
        const char *method;
        size_t length;
        bool same;
    } cases[] = {{"POST", 7, true}, {"POST", 0, false}, {"GET", 0, false}, {"DELETE", 0, false}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct gateway_fixture gateway;
        int numbers[2];
        gateway_fixture_open(&gateway,
                             "{\"kind\": \"http\", \"url\": \"http://127.0.0.1:%d/\","
                             " \"method\": \"%s\"}",
                             server.ports[0], cases[i].method);
        struct outgoing sized = message;
        sized.body_length = cases[i].length;
        for (size_t n = 0; n < 2; n++) {
            char method[16];
            assert_int_equal(gateway_fixture_send(&gateway, &sized)->kind, OUTCOME_SENT);
            const char *line = server_fixture_line(&server);
            assert_int_equal(sscanf(line, "%15s / %d", method, &numbers[n]), 2);
            assert_string_equal(method, cases[i].method);
            if (!cases[i].length)
                assert_non_null(strstr(line, " 0 " EMPTY_SHA256 " "));
        }
        assert_int_equal(numbers[0] == numbers[1], cases[i].same);
        gateway_fixture_close(&gateway);
    }
}

/* ---- What is answered ---- */

#define SETTINGS "{\"kind\": \"http\", \"url\": \"http://127.0.0.1:%d%s\"%s}"

/* Some time out. A machine that is slow needs longer for what comes before that, so these are tried
 * with ever more patience. */
static const char *const patience[] = {
    ", \"answer_timeout\": \"100ms\"",
    ", \"answer_timeout\": \"1s\"",
    ", \"answer_timeout\": \"10s\"",
};

static void answers(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        const char *more; /* NULL: it ends by its timeout */
        enum outcome_kind kind;
        int code;
        int64_t retry_after_ms;
        const char *text;
    } cases[] = {
        {"/status/200", "", OUTCOME_SENT, 200, 0, "HTTP 200 {\"error\": \"as you wished\"}"},
        {"/status/204", "", OUTCOME_SENT, 204, 0, "HTTP 204"},
        {"/status/302", "", OUTCOME_GATEWAY_FAULT, 302, 0, "HTTP 302"},
        {"/status/400", "", OUTCOME_DEAD, 400, 0, "HTTP 400 {\"error\": \"as you wished\"}"},
        {"/status/401", "", OUTCOME_GATEWAY_FAULT, 401, 0, "HTTP 401"},
        {"/status/408", "", OUTCOME_RETRY, 408, 0, "HTTP 408"},
        {"/status/429/17", "", OUTCOME_UNAVAILABLE, 429, 17000, "HTTP 429"},
        {"/status/503/Sun,%2001%20Mar%202099%2008:00:00%20GMT", "", OUTCOME_RETRY, 503, 3600000,
         "HTTP 503"},
        {"/status/503", "", OUTCOME_RETRY, 503, 0, "HTTP 503"},
        {"/status/500", "", OUTCOME_UNCERTAIN, 500, 0, "HTTP 500"},
        {"/status/500", ", \"idempotent\": true", OUTCOME_RETRY, 500, 0, "HTTP 500"},
        {"/close", "", OUTCOME_UNCERTAIN, 0, 0, "lost while waiting for the answer"},
        {"/close", ", \"idempotent\": true", OUTCOME_RETRY, 0, 0, "lost while waiting"},
        {"/stall", NULL, OUTCOME_UNCERTAIN, 0, 0, "no answer in time"},
        /* its status was heard */
        {"/trickle", NULL, OUTCOME_SENT, 200, 0, "HTTP 200 x"},
        {"/flood", "", OUTCOME_SENT, 200, 0, "HTTP 200 xxx"},
        {"/nul", "", OUTCOME_DEAD, 400, 0, "HTTP 400 no such number"},
    };
    for (size_t i = 0, tries = 0; i < COUNT(cases);) {
        struct gateway_fixture gateway;
        gateway_fixture_open(&gateway, SETTINGS, server.ports[0], cases[i].path,
                             cases[i].more ? cases[i].more : patience[tries]);
        const struct outcome *outcome = gateway_fixture_send(&gateway, &message);
        server_fixture_line(&server);
        const bool good = outcome->kind == cases[i].kind && outcome->code == cases[i].code &&
                          outcome->retry_after_ms == cases[i].retry_after_ms &&
                          outcome->slow_down == (cases[i].retry_after_ms > 0) &&
                          strstr(outcome->text, cases[i].text);
        if (!good && !(!cases[i].more && ++tries < COUNT(patience)))
            fail_msg("%s: kind %d, code %d, after %lld: %s", cases[i].path, outcome->kind,
                     outcome->code, (long long)outcome->retry_after_ms, outcome->text);
        gateway_fixture_close(&gateway);
        i += good;
        tries = good ? 0 : tries;
    }
}

/* A request is sent once: never again by itself on a connection that broke. */
static void a_broken_connection_is_uncertain(void **state)
{
    (void)state;
    static const size_t lengths[] = {7, 0};
    for (size_t i = 0; i < COUNT(lengths); i++) {
        struct gateway_fixture gateway;
        struct outgoing sized = message;
        sized.body_length = lengths[i];
        gateway_fixture_open(&gateway, SETTINGS, server.ports[0], "/{{ channel }}", "");
        sized.channel = "fine";
        assert_int_equal(gateway_fixture_send(&gateway, &sized)->kind, OUTCOME_SENT);
        assert_non_null(strstr(server_fixture_line(&server), "POST /fine"));
        sized.channel = "close";
        assert_int_equal(gateway_fixture_send(&gateway, &sized)->kind, OUTCOME_UNCERTAIN);
        assert_non_null(strstr(server_fixture_line(&server), "POST /close"));
        /* The next line is the next message's: /close was asked for once. */
        sized.channel = "fine";
        assert_int_equal(gateway_fixture_send(&gateway, &sized)->kind, OUTCOME_SENT);
        assert_non_null(strstr(server_fixture_line(&server), "POST /fine"));
        gateway_fixture_close(&gateway);
    }
}

/* One that is seen to have ended between two requests is not used. */
static void an_ended_connection_is_not_used(void **state)
{
    (void)state;
    struct gateway_fixture gateway;
    gateway_fixture_open(&gateway, SETTINGS, server.ports[0], "/last", "");
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(gateway_fixture_send(&gateway, &message)->kind, OUTCOME_SENT);
        server_fixture_line(&server);
        assert_string_equal(server_fixture_line(&server), "ended");
    }
    gateway_fixture_close(&gateway);
}

static void the_request_does_not_get_through(void **state)
{
    (void)state;
    enum { BIG = 20000000 };
    struct gateway_fixture gateway;
    struct outgoing big = message;
    char *body = mem_zero(1, BIG);
    big.body = body;
    big.body_length = BIG;
    gateway_fixture_open(&gateway, SETTINGS, server.ports[0], "/refuse", "");
    const struct outcome *outcome = gateway_fixture_send(&gateway, &big);
    assert_int_equal(outcome->kind, OUTCOME_RETRY);
    assert_int_equal(gateway.asked, 0);
    gateway_fixture_close(&gateway);
    free(body);
}

/* Nothing is whole at the server when the lease has passed. */
static void stops_before_the_end(void **state)
{
    (void)state;
    static const size_t lengths[] = {7, 0};
    for (size_t i = 0; i < COUNT(lengths); i++) {
        struct gateway_fixture gateway;
        struct outgoing sized = message;
        sized.body_length = lengths[i];
        gateway_fixture_open(&gateway, SETTINGS, server.ports[0], "/{{ channel }}", "");
        gateway.lease_passed = true;
        assert_int_equal(gateway_fixture_send(&gateway, &sized)->kind, OUTCOME_CUT);
        assert_int_equal(gateway.asked, 1);
        gateway.lease_passed = false;
        sized.channel = "after";
        assert_int_equal(gateway_fixture_send(&gateway, &sized)->kind, OUTCOME_SENT);
        assert_non_null(strstr(server_fixture_line(&server), "POST /after"));
        gateway_fixture_close(&gateway);
    }
}

static void certificates_are_verified(void **state)
{
    (void)state;
    struct server_fixture secure;
    const char *folder = server_fixture_folder();
    char tls[64];
    snprintf(tls, sizeof tls, "tls:%s", folder);
    server_fixture_start(&secure, "http_server.py", (const char *[]){tls, NULL}, 1);
    const struct {
        const char *host;
        bool own;
        enum outcome_kind kind;
    } cases[] = {
        {"localhost", true, OUTCOME_SENT},
        {"127.0.0.1", true, OUTCOME_GATEWAY_FAULT},
        {"localhost", false, OUTCOME_GATEWAY_FAULT},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct gateway_fixture gateway;
        char more[96] = "";
        if (cases[i].own)
            snprintf(more, sizeof more, ", \"ca_file\": \"%s/cert.pem\"", folder);
        gateway_fixture_open(&gateway, "{\"kind\": \"http\", \"url\": \"https://%s:%d/\"%s}",
                             cases[i].host, secure.ports[0], more);
        const struct outcome *outcome = gateway_fixture_send(&gateway, &message);
        if (outcome->kind != cases[i].kind)
            fail_msg("%zu: kind %d: %s", i, outcome->kind, outcome->text);
        gateway_fixture_close(&gateway);
    }
    server_fixture_stop(&secure);
    server_fixture_remove(folder);
}

/* ---- What never leaves ---- */

static void settings_are_checked(void **state)
{
    (void)state;
    static const struct {
        const char *url, *more;
        const char *text; /* NULL: taken */
    } cases[] = {
        {"https://api.example/v1/{{ to }}", "", NULL},
        {"http://[::1]:8080/", ", \"method\": \"GET\"", NULL},
        {"ftp://api.example/", "", "https://"},
        {"api.example/", "", "https://"},
        {"https:///x", "", "no host"},
        {"https://{{ to }}/", "", "host"},
        {"https://api.{{ to }}.example/", "", "host"},
        {"https://user:secret@api.example/", "", "user"},
        {"https://api.example?x", "", "path"},
        {"https://api.example/#x", "", "fragment"},
        {"https://api.example/{{ to }", "", "placeholder"},
        {"https://api.example/{{ to | upcase }}", "", "placeholder"},
        {"https://api.example/{{}}", "", "placeholder"},
        {"https://api.example/to }}", "", "space"},
        {"https://api.example/}}", "", "placeholder"},
        {"https://api.example/a b", "", "space"},
        {"https://api.example/a b{{ to }}", "", "space"},
        {"https://api.example/a\\nb", "", "control"},
        {"https://api.example/", ", \"headers\": {\"X-A\": \"{{ to }}\"}", NULL},
        {"https://api.example/", ", \"headers\": {\"Host\": \"evil\"}", "header field"},
        {"https://api.example/", ", \"headers\": {\"X A\": \"1\"}", "header field"},
        {"https://api.example/", ", \"headers\": {\"X-A\": 1}", "string"},
        {"https://api.example/", ", \"headers\": {\"X-A\": \"a\\r\\nB: c\"}", "control"},
        {"https://api.example/", ", \"headers\": [1]", "mapping"},
        {"https://api.example/", ", \"user\": \"x\"", "`secret_file` is missing"},
        {"https://api.example/", ", \"user\": \"x\", \"secret_file\": \"/s\"", NULL},
        {"https://api.example/", ", \"sign\": \"standard-webhooks\"", "`secret_file` is missing"},
        {"https://api.example/", ", \"password_file\": \"x\"", "user"},
        {"https://api.example/", ", \"content_type\": \"{{ x }}\"", "content_type"},
        {"https://api.example/", ", \"idempotency_header\": \"a b\"", "idempotency_header"},
        {"https://api.example/", ", \"method\": \"TRACE\"", "method"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct gateway_fixture gateway;
        gateway_fixture_read(&gateway, "{\"kind\": \"http\", \"url\": \"%s\"%s}", cases[i].url,
                             cases[i].more);
        if (!gateway.kind != !!cases[i].text)
            fail_msg("%s%s", cases[i].url, cases[i].more);
        if (cases[i].text && !strstr(gateway.diags.items[0].text, cases[i].text))
            fail_msg("%s%s: %s", cases[i].url, cases[i].more, gateway.diags.items[0].text);
        gateway_fixture_close(&gateway);
    }
}

static void a_secret_in_the_clear_is_warned_of(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        size_t warnings;
    } cases[] = {{"http://api.example/", 1}, {"https://api.example/", 0}, {"http://127.0.0.1/", 0}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct gateway_fixture gateway;
        gateway_fixture_read(&gateway,
                             "{\"kind\": \"http\", \"url\": \"%s\", \"secret_file\": \"/x\"}",
                             cases[i].url);
        assert_non_null(gateway.kind);
        assert_int_equal(gateway.diags.warnings, cases[i].warnings);
        gateway_fixture_close(&gateway);
    }
}

/* Whoever listens hears the header, the status and the answer, and no secret. */
static void the_conversation_is_told(void **state)
{
    (void)state;
    struct server_fixture echo;
    struct gateway_fixture gateway;
    const char *folder = server_fixture_folder();
    write_file(folder, "token", "T0/12:k-n");
    write_file(folder, "password", "pass/word");
    server_fixture_start(&echo, "http_server.py", NULL, 1);
    gateway_fixture_open(&gateway,
                         "{\"kind\": \"http\", \"url\": \"http://127.0.0.1:%d/echo/{{ secret }}?x="
                         "{{ secret }}\", \"secret_file\": \"%s/token\", \"user\": \"shop\","
                         " \"password_file\": \"%s/password\","
                         " \"headers\": {\"X-Own\": \"a{{ secret }}b\"}}",
                         echo.ports[0], folder, folder);
    const struct outcome *outcome = gateway_fixture_send(&gateway, &message);
    assert_int_equal(outcome->kind, OUTCOME_DEAD);
    const char *const told[] = {"> POST /echo/***?x=*** HTTP/1.1",
                                "> Authorization: Basic ***",
                                "> X-Own: a***b",
                                "> Idempotency-Key: m-1",
                                "< HTTP/1.1 418",
                                "< you sent /echo/***?x=***"};
    for (size_t i = 0; i < COUNT(told); i++)
        if (!strstr(gateway.conversation, told[i]))
            fail_msg("`%s` is not told:\n%s", told[i], gateway.conversation);
    assert_null(strstr(gateway.conversation, "12:k"));
    assert_null(strstr(gateway.conversation, "\"a\":1"));
    assert_string_equal(outcome->text, "HTTP 418 you sent /echo/***?x=***");
    gateway_fixture_close(&gateway);
    server_fixture_stop(&echo);
    server_fixture_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests),
        cmocka_unit_test(connections_are_kept),
        cmocka_unit_test(answers),
        cmocka_unit_test(a_broken_connection_is_uncertain),
        cmocka_unit_test(an_ended_connection_is_not_used),
        cmocka_unit_test(the_request_does_not_get_through),
        cmocka_unit_test(stops_before_the_end),
        cmocka_unit_test(certificates_are_verified),
        cmocka_unit_test(the_conversation_is_told),
        cmocka_unit_test(settings_are_checked),
        cmocka_unit_test(a_secret_in_the_clear_is_warned_of),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
