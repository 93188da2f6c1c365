/* Gateway http against an HTTP/2 server that refuses streams, says farewell and loses its word:
 * what nobody looked at goes out once more, all else never. */
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

enum { BIG = 300000 };

/* As in http2_server.py. */
enum mode {
    GOOD,
    REFUSE_ONCE,
    REFUSE,
    GOAWAY_KEPT,
    GOAWAY_IDLE,
    GOAWAY_CROSSED,
    EARLY,
    CANCEL,
    GOAWAY_TAKEN,
    CLOSE,
    CHATTER,
    MODES
};

static struct server_fixture server;
static const char *folder;
static char *big;

static int start(void **state)
{
    (void)state;
    folder = server_fixture_folder();
    server_fixture_start(&server, "http2_server.py", (const char *[]){folder, NULL}, MODES);
    big = mem_alloc(BIG);
    memset(big, 'x', BIG);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    server_fixture_stop(&server);
    server_fixture_remove(folder);
    free(big);
    return 0;
}

/* A stream that the server saw: its connection and the length of the body. How often libcurl tries
 * one that is always refused is its own affair. */
static void expect_stream(const char *what, int connection, int length)
{
    char mode[32];
    int number, stream, got;
    const char *line;
    do {
        line = server_fixture_line(&server);
        assert_int_equal(sscanf(line, "%31s %d %d %d", mode, &number, &stream, &got), 4);
    } while (strcmp(mode, "refuse") == 0);
    if ((connection > 0 && number != connection) || (length >= 0 && got != length))
        fail_msg("%s: %s", what, line);
}

static const struct {
    const char *name;
    enum mode mode;
    bool idempotent;
    enum outcome_kind kinds[2]; /* of the first message and of the second */
    struct {
        int connection, length; /* 0: no more; -1: whatever */
    } seen[4];
} cases[] = {
    {"good", GOOD, false, {OUTCOME_SENT, OUTCOME_SENT}, {{1, BIG}, {1, BIG}}},
    {"a refused stream goes out again",
     REFUSE_ONCE,
     false,
     {OUTCOME_SENT, OUTCOME_SENT},
     {{1, 0}, {-1, BIG}, {-1, BIG}}},
    {"refused again and again", REFUSE, false, {OUTCOME_UNAVAILABLE, OUTCOME_UNAVAILABLE}, {{0}}},
    {"a farewell under the second",
     GOAWAY_KEPT,
     false,
     {OUTCOME_SENT, OUTCOME_SENT},
     {{1, BIG}, {1, 0}, {2, BIG}}},
    {"a farewell between the two",
     GOAWAY_IDLE,
     false,
     {OUTCOME_SENT, OUTCOME_SENT},
     {{1, BIG}, {2, BIG}}},
    {"a farewell that crosses the second, all of which has gone out",
     GOAWAY_CROSSED,
     false,
     {OUTCOME_SENT, OUTCOME_SENT},
     {{1, BIG}, {1, BIG}, {2, BIG}}},
    {"an early answer", EARLY, false, {OUTCOME_SENT, OUTCOME_SENT}, {{1, -1}, {-1, -1}}},
    {"cancelled when it was whole",
     CANCEL,
     false,
     {OUTCOME_UNCERTAIN, OUTCOME_UNCERTAIN},
     {{1, BIG}, {2, BIG}}},
    {"the same with a key", CANCEL, true, {OUTCOME_RETRY, OUTCOME_RETRY}, {{3, BIG}, {4, BIG}}},
    {"a farewell instead of an answer",
     GOAWAY_TAKEN,
     false,
     {OUTCOME_UNCERTAIN, OUTCOME_UNCERTAIN},
     {{1, BIG}, {2, BIG}}},
    {"the end instead of an answer",
     CLOSE,
     false,
     {OUTCOME_UNCERTAIN, OUTCOME_UNCERTAIN},
     {{1, BIG}, {2, BIG}}},
    {"frames between the two", CHATTER, false, {OUTCOME_SENT, OUTCOME_SENT}, {{1, BIG}, {1, BIG}}},
};

static void streams(void **state)
{
    (void)state;
    const struct outgoing message = {.mid = "m-1",
                                     .channel = "sms",
                                     .envelope_from = "",
                                     .envelope_to = "+1",
                                     .body = big,
                                     .body_length = BIG};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct gateway_fixture gateway;
        gateway_fixture_open(&gateway,
                             "{\"kind\": \"http\", \"url\": \"https://localhost:%d/\","
                             " \"ca_file\": \"%s/cert.pem\", \"answer_timeout\": \"5s\","
                             " \"idempotent\": %s}",
                             server.ports[cases[i].mode], folder,
                             cases[i].idempotent ? "true" : "false");
        for (size_t n = 0; n < 2; n++) {
            const struct outcome *outcome = gateway_fixture_send(&gateway, &message);
            if (outcome->kind != cases[i].kinds[n])
                fail_msg("%s, %zu: kind %d: %s", cases[i].name, n, outcome->kind, outcome->text);
        }
        for (size_t n = 0; n < COUNT(cases[i].seen) && cases[i].seen[n].connection; n++)
            expect_stream(cases[i].name, cases[i].seen[n].connection, cases[i].seen[n].length);
        gateway_fixture_close(&gateway);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(streams)};
    return cmocka_run_group_tests(tests, start, stop);
}
