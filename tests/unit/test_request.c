/* Gateway http against a server that answers with any bytes at any point: what each means, that
 * nothing goes out twice, and that no answer is taken for another's. */
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

enum { BIG = 8000000 };

static struct server_fixture server;
static char *big;

static int start(void **state)
{
    (void)state;
    server_fixture_start(&server, "raw_http.py", NULL, 1);
    big = mem_alloc(BIG);
    memset(big, 'x', BIG);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    server_fixture_stop(&server);
    free(big);
    return 0;
}

/* The mid says when, how and what is answered. */
static struct outgoing order(const char *when, const char *how, const char *answer, size_t cut,
                             size_t length, char mid[4096])
{
    size_t used = (size_t)snprintf(mid, 4096, "/%s/%s/", when, how);
    for (size_t i = 0; i < cut; i++)
        if (answer[i] == '|') /* then a while, and the next bytes */
            mid[used++] = '/', mid[used] = '\0';
        else
            used += (size_t)snprintf(mid + used, 4096 - used, "%02x", (unsigned char)answer[i]);
    return (struct outgoing){.mid = mid,
                             .channel = "sms",
                             .envelope_from = "",
                             .envelope_to = "+1",
                             .body = big,
                             .body_length = length};
}

/* The path is the server's order, so it stands in the URL. */
static void open_gateway(struct gateway_fixture *gateway, const char *path, const char *more)
{
    gateway_fixture_open(gateway, "{\"kind\": \"http\", \"url\": \"http://127.0.0.1:%d%s\"%s}",
                         server.ports[0], path, more);
}

static const struct outcome *send_once(struct gateway_fixture *gateway, const char *when,
                                       const char *how, const char *answer, size_t cut,
                                       size_t length, const char *more)
{
    char path[4096];
    struct outgoing outgoing = order(when, how, answer, cut, length, path);
    open_gateway(gateway, path, more);
    outgoing.mid = "m-1";
    return gateway_fixture_send(gateway, &outgoing);
}

/* Nothing more was asked of the server than what was seen. */
static void no_other_request(struct server_fixture *of)
{
    struct gateway_fixture gateway;
    static const char last[] = "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n";
    char path[4096];
    struct outgoing outgoing = order("whole", "close", last, sizeof last - 1, 1, path);
    open_gateway(&gateway, path, "");
    outgoing.mid = "after";
    assert_int_equal(gateway_fixture_send(&gateway, &outgoing)->kind, OUTCOME_SENT);
    const char *line = server_fixture_line(of);
    if (!strstr(line, "after"))
        fail_msg("the server saw more: %s", line);
    gateway_fixture_close(&gateway);
}

/* ---- Cut at each byte ---- */

static const char taken[] = "HTTP/1.1 202 Accepted\r\nX-Id: n-1\r\nContent-Length: 12\r\n\r\n"
                            "{\"id\":\"n-1\"}";

static void an_answer_that_is_cut(void **state)
{
    (void)state;
    static const char *const ends[] = {"close", "reset"};
    size_t line = strlen("HTTP/1.1 202 Accepted\r\n");
    for (size_t cut = 0; cut < sizeof taken; cut++) {
        for (size_t end = 0; end < 2; end++) {
            struct gateway_fixture gateway;
            const struct outcome *outcome =
                send_once(&gateway, "whole", ends[end], taken, cut, 100, "");
            enum outcome_kind kind = cut < line ? OUTCOME_UNCERTAIN : OUTCOME_SENT;
            if (outcome->kind != kind || outcome->unhealthy != (kind == OUTCOME_UNCERTAIN))
                fail_msg("%zu bytes, %s: kind %d: %s", cut, ends[end], outcome->kind,
                         outcome->text);
            assert_string_equal(server_fixture_line(&server) + 0, server.line);
            assert_non_null(strstr(server.line, " 100 m-1"));
            gateway_fixture_close(&gateway);
        }
    }
    no_other_request(&server);
}

/* ---- Before the request's end ---- */

static void the_body_was_not_whole(void **state)
{
    (void)state;
    static const struct {
        const char *when, *how, *answer;
        enum outcome_kind kind;
        int code;
    } cases[] = {
        {"head", "close", taken, OUTCOME_SENT, 202},
        {"head", "hold", taken, OUTCOME_SENT, 202},
        {"part", "hold", taken, OUTCOME_SENT, 202},
        {"part", "reset", taken, OUTCOME_SENT, 202},
        {"part", "hold", "HTTP/1.1 413 Big\r\nContent-Length: 0\r\n\r\n", OUTCOME_DEAD, 413},
        {"part", "hold", "HTTP/1.1 503 Busy\r\nContent-Length: 1\r\n\r\nx", OUTCOME_RETRY, 503},
        {"part", "hold", "HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
         OUTCOME_SENT, 200},
        {"part", "hold", "HTTP/1.1 204 None\r\n\r\n", OUTCOME_SENT, 204},
        {"part", "close", "", OUTCOME_UNCERTAIN, 0}, /* it reads on: all of it may arrive */
        {"part", "reset", "", OUTCOME_RETRY, 0},
        {"part", "reset", "HTTP/1.1 20", OUTCOME_RETRY, 0},
        {"part", "reset", "garbage\r\n\r\n", OUTCOME_RETRY, 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct gateway_fixture gateway;
        const struct outcome *outcome =
            send_once(&gateway, cases[i].when, cases[i].how, cases[i].answer,
                      strlen(cases[i].answer), BIG, "");
        enum outcome_kind kind = cases[i].kind;
        int number, length;
        assert_int_equal(sscanf(server_fixture_line(&server), "%d %d", &number, &length), 2);
        if (kind == OUTCOME_UNCERTAIN) {
            assert_int_equal(sscanf(server_fixture_line(&server), "%d %d", &number, &length), 2);
            kind = length < BIG ? OUTCOME_RETRY : kind; /* newer libcurls stop as the server ends */
        }
        if (outcome->kind != kind || outcome->code != cases[i].code)
            fail_msg("%zu: kind %d, code %d: %s", i, outcome->kind, outcome->code, outcome->text);
        assert_true(gateway.asked <= 1);
        gateway_fixture_close(&gateway);
    }
    no_other_request(&server);
}

/* The rest of a body is not sent behind an early answer, and the next message has a connection of
 * its own. */
static void an_early_answer_ends_its_connection(void **state)
{
    (void)state;
    struct gateway_fixture gateway;
    char path[4096];
    int numbers[3];
    struct outgoing outgoing = order("head", "keep", taken, sizeof taken - 1, BIG, path);
    outgoing.mid = "m-1";
    open_gateway(&gateway, path, ", \"answers\": {\"id\": \"answer.body.id\"}");
    for (size_t i = 0; i < COUNT(numbers); i++) {
        const struct outcome *outcome = gateway_fixture_send(&gateway, &outgoing);
        assert_int_equal(outcome->kind, OUTCOME_SENT);
        assert_string_equal(outcome->id, "n-1");
        assert_int_equal(gateway.asked, 0);
        assert_int_equal(sscanf(server_fixture_line(&server), "%d", &numbers[i]), 1);
        assert_true(i == 0 || numbers[i] != numbers[i - 1]);
    }
    gateway_fixture_close(&gateway);
}

/* A server that answers by the header has the body with it: its answer is not early, and the
 * connection is kept. */
static void header_and_body_come_together(void **state)
{
    enum { TIMES = 10, LENGTH = 500 };
    (void)state;
    struct gateway_fixture gateway;
    char path[4096];
    struct outgoing outgoing = order("head", "keep", taken, sizeof taken - 1, LENGTH, path);
    outgoing.mid = "m-1";
    open_gateway(&gateway, path, "");
    int first = 0;
    for (size_t i = 0; i < TIMES; i++) {
        int number, length;
        assert_int_equal(gateway_fixture_send(&gateway, &outgoing)->kind, OUTCOME_SENT);
        assert_int_equal(sscanf(server_fixture_line(&server), "%d %d", &number, &length), 2);
        assert_int_equal(length, LENGTH);
        first = first ? first : number;
        assert_int_equal(number, first);
    }
    assert_int_equal(gateway.asked, TIMES);
    gateway_fixture_close(&gateway);
}

/* They race with what is being sent: the status is found even where that meets the reset first. */
static void an_early_answer_and_a_reset(void **state)
{
    (void)state;
    for (size_t i = 0; i < 40; i++) {
        struct gateway_fixture gateway;
        const struct outcome *outcome =
            send_once(&gateway, "part", "reset", taken, sizeof taken - 1, BIG, "");
        if (outcome->kind != OUTCOME_SENT)
            fail_msg("%zu: kind %d: %s", i, outcome->kind, outcome->text);
        server_fixture_line(&server);
        gateway_fixture_close(&gateway);
    }
    no_other_request(&server);
}

/* ---- Behind it ---- */

/* What ends by its timeout: a machine that is slow needs longer for what comes before that. */
static const char *const patience[] = {
    ", \"answer_timeout\": \"300ms\"",
    ", \"answer_timeout\": \"3s\"",
    ", \"answer_timeout\": \"20s\"",
};

static void what_is_answered(void **state)
{
    (void)state;
    static const struct {
        const char *how, *answer;
        enum outcome_kind kind;
        int code;
        const char *text;
    } cases[] = {
        {"close", "220 smtp.example ESMTP\r\n", OUTCOME_UNCERTAIN, 0, ""},
        {"close", "<html>hello</html>", OUTCOME_UNCERTAIN, 0, ""},
        {"hold", "\x16\x03\x01\x02", OUTCOME_UNCERTAIN, 0, ""},
        {"close", "HTTP/9.9 200 OK\r\n\r\n", OUTCOME_UNCERTAIN, 0, ""},
        {"close", "HTTP/1.1 abc\r\n\r\n", OUTCOME_UNCERTAIN, 0, ""},
        {"close", "HTTP/1.1 99 x\r\n\r\n", OUTCOME_UNCERTAIN, 0, ""},
        {"hold", "", OUTCOME_UNCERTAIN, 0, "no answer in time"},
        {"hold", "HTTP/1.1 100 Continue\r\n\r\n", OUTCOME_UNCERTAIN, 0, "no answer in time"},
        {"close",
         "HTTP/1.1 100 Continue\r\n\r\n|HTTP/1.1 103 Hints\r\nLink: x\r\n\r\n|HTTP/1.1 202 "
         "\r\nContent-Length: 0\r\n\r\n",
         OUTCOME_SENT, 202, "HTTP 202"},
        {"close", "HTTP/1.0 200 OK\r\n\r\nuntil the end", OUTCOME_SENT, 200, "until the end"},
        {"close", "HTTP/1.1 200 \r\nContent-Length: 5000\r\n\r\nshort", OUTCOME_SENT, 200, "short"},
        {"hold", "HTTP/1.1 200 \r\nContent-Length: 5000\r\n\r\nshort", OUTCOME_SENT, 200, "short"},
        {"close", "HTTP/1.1 400 \r\nContent-Length: 2\r\n\r\nlonger", OUTCOME_DEAD, 400, "lo"},
        {"close", "HTTP/1.1 200 \r\nContent-Length: x\r\n\r\n", OUTCOME_SENT, 200, ""},
        {"close", "HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", OUTCOME_SENT, 200,
         ""},
        {"close", "HTTP/1.1 429 \r\nRetry-After: 9\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab",
         OUTCOME_UNAVAILABLE, 429, "ab"},
        {"close", "HTTP/1.1 301 \r\nLocation: /x\r\nContent-Length: 0\r\n\r\n",
         OUTCOME_GATEWAY_FAULT, 301, ""},
        {"close", "HTTP/1.1 502 \r\nContent-Length: 0\r\n\r\n", OUTCOME_UNCERTAIN, 502, ""},
        {"close", "HTTP/1.1 200 \r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
         OUTCOME_SENT, 200, ""},
    };
    for (size_t i = 0, tries = 0; i < COUNT(cases);) {
        struct gateway_fixture gateway;
        const bool late = strcmp(cases[i].how, "hold") == 0;
        const struct outcome *outcome =
            send_once(&gateway, "whole", cases[i].how, cases[i].answer, strlen(cases[i].answer),
                      100, late ? patience[tries] : "");
        const bool good = outcome->kind == cases[i].kind && outcome->code == cases[i].code &&
                          strstr(outcome->text, cases[i].text);
        if (!good && !(late && ++tries < COUNT(patience)))
            fail_msg("%zu: kind %d, code %d: %s", i, outcome->kind, outcome->code, outcome->text);
        server_fixture_line(&server);
        gateway_fixture_close(&gateway);
        i += good;
        tries = good ? 0 : tries;
    }
    no_other_request(&server);
}

/* One answer too many is never the next request's; neither is one that comes between two. */
static void an_answer_too_many(void **state)
{
    (void)state;
    static const char *const answers[] = {
        "HTTP/1.1 202 \r\nContent-Length: 0\r\n\r\nHTTP/1.1 400 \r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 202 \r\nContent-Length: 2\r\n\r\nokHTTP/1.1 400 \r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 202 \r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nHTTP/1.1 400 \r\n\r\n",
        "HTTP/1.1 204 \r\n\r\nHTTP/1.1 400 \r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 202 \r\nContent-Length: 0\r\n\r\n\r\n",
    };
    for (size_t i = 0; i < COUNT(answers); i++) {
        struct gateway_fixture gateway;
        char path[4096];
        int numbers[2];
        struct outgoing outgoing =
            order("whole", "keep", answers[i], strlen(answers[i]), 100, path);
        outgoing.mid = "m-1";
        open_gateway(&gateway, path, "");
        for (size_t n = 0; n < 2; n++) {
            const struct outcome *outcome = gateway_fixture_send(&gateway, &outgoing);
            if (outcome->kind != OUTCOME_SENT)
                fail_msg("%zu: kind %d: %s", i, outcome->kind, outcome->text);
            assert_int_equal(sscanf(server_fixture_line(&server), "%d", &numbers[n]), 1);
        }
        assert_int_not_equal(numbers[0], numbers[1]);
        gateway_fixture_close(&gateway);
    }
    no_other_request(&server);
}

/* ---- Kept connections ---- */

/* A kept connection ends under a request. Where that was not whole, once more, over a new one;
 * where it was, it may have been taken. */
static void a_kept_connection_that_ends(void **state)
{
    (void)state;
    static const struct {
        const char *when;
        size_t length;
        enum outcome_kind kind;
        size_t times; /* that the second request came to the server */
    } cases[] = {
        {"part", BIG, OUTCOME_SENT, 2},
        {"head", BIG, OUTCOME_SENT, 2},
        {"whole", 100, OUTCOME_UNCERTAIN, 1},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct gateway_fixture gateway;
        char first[4096], second[4096], key[16];
        int number, length;
        struct outgoing one = order("whole", "keep", taken, sizeof taken - 1, 100, first);
        struct outgoing two =
            order(cases[i].when, "fresh", taken, sizeof taken - 1, cases[i].length, second);
        one.channel = first + 1;
        two.channel = second + 1;
        one.mid = "one";
        two.mid = "two";
        open_gateway(&gateway, "/{{ channel }}", "");
        assert_int_equal(gateway_fixture_send(&gateway, &one)->kind, OUTCOME_SENT);
        const struct outcome *outcome = gateway_fixture_send(&gateway, &two);
        if (outcome->kind != cases[i].kind)
            fail_msg("%zu: kind %d: %s", i, outcome->kind, outcome->text);
        for (size_t n = 0; n <= cases[i].times; n++) {
            const char *line = server_fixture_line(&server);
            assert_int_equal(sscanf(line, "%d %d %15s", &number, &length, key), 3);
            assert_string_equal(key, n ? "two" : "one");
        }
        gateway_fixture_close(&gateway);
    }
    no_other_request(&server);
}

/* "timeout=5" is used for half of that; one that is kept for no time, not at all. */
static void the_server_says_how_long(void **state)
{
    (void)state;
    static const struct {
        const char *answer;
        bool kept;
    } cases[] = {
        {"HTTP/1.1 202 \r\nKeep-Alive: timeout=0\r\nContent-Length: 0\r\n\r\n", false},
        {"HTTP/1.1 202 \r\nKeep-Alive: timeout=500, max=9\r\nContent-Length: 0\r\n\r\n", true},
        {"HTTP/1.1 202 \r\nKeep-Alive: max=9\r\nContent-Length: 0\r\n\r\n", true},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct gateway_fixture gateway;
        char path[4096];
        int numbers[2];
        struct outgoing outgoing =
            order("whole", "keep", cases[i].answer, strlen(cases[i].answer), 100, path);
        outgoing.mid = "m-1";
        open_gateway(&gateway, path, "");
        for (size_t n = 0; n < 2; n++) {
            assert_int_equal(gateway_fixture_send(&gateway, &outgoing)->kind, OUTCOME_SENT);
            assert_int_equal(sscanf(server_fixture_line(&server), "%d", &numbers[n]), 1);
        }
        if ((numbers[0] == numbers[1]) != cases[i].kept)
            fail_msg("%zu: connections %d and %d", i, numbers[0], numbers[1]);
        gateway_fixture_close(&gateway);
    }
}

/* Of 10 MB that were packed into 10 KB no more than the bound is taken. */
static void a_packed_answer_is_bounded(void **state)
{
    (void)state;
    struct gateway_fixture gateway;
    open_gateway(&gateway, "/whole/keep/bomb", "");
    struct outgoing outgoing = {.mid = "m-1",
                                .channel = "sms",
                                .envelope_from = "",
                                .envelope_to = "+1",
                                .body = big,
                                .body_length = 100};
    for (size_t i = 0; i < 2; i++) {
        const struct outcome *outcome = gateway_fixture_send(&gateway, &outgoing);
        assert_int_equal(outcome->kind, OUTCOME_SENT);
        assert_non_null(strstr(outcome->text, "HTTP 200 zzz"));
        server_fixture_line(&server);
    }
    gateway_fixture_close(&gateway);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_that_is_cut),
        cmocka_unit_test(the_body_was_not_whole),
        cmocka_unit_test(an_early_answer_ends_its_connection),
        cmocka_unit_test(header_and_body_come_together),
        cmocka_unit_test(an_early_answer_and_a_reset),
        cmocka_unit_test(what_is_answered),
        cmocka_unit_test(an_answer_too_many),
        cmocka_unit_test(a_kept_connection_that_ends),
        cmocka_unit_test(the_server_says_how_long),
        cmocka_unit_test(a_packed_answer_is_bounded),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
