/* What expressions make of an answer: which is asked first, what they see, and that a fault is no.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/settings.h"
#include "send/answers.h"

#define COUNT(array) (sizeof array / sizeof *(array))

struct desk {
    struct arena *arena;
    struct answers_meaning meaning;
};

static int open_desk(void **state)
{
    struct desk *desk = calloc(1, sizeof *desk);
    desk->arena = arena_new(4096);
    *state = desk;
    return 0;
}

static int close_desk(void **state)
{
    struct desk *desk = *state;
    arena_destroy(&desk->arena);
    free(desk);
    return 0;
}

/* `rows`: the mapping as JSON. */
static const struct answers *compile(struct desk *desk, const char *rows)
{
    struct value map;
    struct diags diags = {0};
    struct answers_settings settings;
    assert_true(json_read(desk->arena, rows, strlen(rows), &json_file_limits, &map, NULL));
    settings_read(answers_settings, &map, NULL, &settings, desk->arena, &diags);
    const struct answers *answers = answers_compile(desk->arena, &settings, NULL, &diags);
    if (diags.count)
        fail_msg("%s: %s", rows, diags.items[0].text);
    return answers;
}

static const struct answers_meaning *ask(struct desk *desk, const char *rows, int status,
                                         const char *headers, const char *body)
{
    const struct answers_heard heard = {.status = status,
                                        .headers = headers,
                                        .headers_length = strlen(headers),
                                        .body = body,
                                        .body_length = strlen(body)};
    answers_ask(compile(desk, rows), &heard, desk->arena, &desk->meaning);
    return &desk->meaning;
}

static void who_decides(void **state)
{
    static const struct {
        const char *rows;
        int status;
        const char *body;
        enum retry_said said;
    } cases[] = {
        {"{}", 200, "{}", RETRY_SAID_NOTHING},
        {"{\"id\": \"answer.body.id\"}", 200, "{}", RETRY_SAID_NOTHING},
        {"{\"refused\": \"true\", \"sent\": \"true\"}", 500, "", RETRY_SAID_SENT},
        {"{\"retry\": \"true\", \"unavailable\": \"true\"}", 200, "", RETRY_SAID_UNAVAILABLE},
        {"{\"bounced\": \"true\", \"retry\": \"true\"}", 200, "", RETRY_SAID_RETRY},
        {"{\"gateway\": \"true\", \"bounced\": \"true\"}", 200, "", RETRY_SAID_BOUNCED},
        {"{\"refused\": \"true\", \"gateway\": \"true\"}", 200, "", RETRY_SAID_GATEWAY},
        {"{\"refused\": \"answer.status == 200\"}", 200, "", RETRY_SAID_REFUSED},
        {"{\"refused\": \"answer.status == 200\"}", 201, "", RETRY_SAID_NOTHING},
        {"{\"sent\": \"answer.body.ok == true\"}", 200, "{\"ok\": true}", RETRY_SAID_SENT},
        {"{\"sent\": \"answer.body.ok == true\"}", 200, "{\"ok\": false}", RETRY_SAID_NOT_SENT},
        /* what fails is not true: no JSON, no such member, another type */
        {"{\"sent\": \"answer.body.ok == true\"}", 200, "<html>", RETRY_SAID_NOT_SENT},
        {"{\"retry\": \"answer.body.a.b == 1\"}", 200, "{\"a\": 7}", RETRY_SAID_NOTHING},
        {"{\"retry\": \"answer.body.code > 5\"}", 200, "{\"code\": \"x\"}", RETRY_SAID_NOTHING},
        {"{\"retry\": \"answer.body.a\"}", 200, "{\"a\": \"yes\"}", RETRY_SAID_NOTHING},
        {"{\"sent\": \"answer.body == 'ok'\"}", 200, "ok", RETRY_SAID_SENT},
        {"{\"sent\": \"answer.body == '?o?k\u00e4?'\"}", 200, "\xff\x6f\x80k\xc3\xa4\xe2",
         RETRY_SAID_SENT},
        {"{\"bounced\": \"answer.body.errors.exists(e, e.code == 7)\"}", 400,
         "{\"errors\": [{\"code\": 1}, {\"code\": 7}]}", RETRY_SAID_BOUNCED},
        {"{\"gateway\": \"answer.headers['x-a'] == 'b'\"}", 200, "", RETRY_SAID_GATEWAY},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct answers_meaning *meaning =
            ask(*state, cases[i].rows, cases[i].status, "x-a: b\r\nx-c:  d \r\n", cases[i].body);
        if (meaning->said != cases[i].said)
            fail_msg("%s: %d", cases[i].rows, meaning->said);
    }
}

static void what_is_picked(void **state)
{
    static const struct {
        const char *rows, *body;
        const char *id, *words;
        int64_t wait_ms;
    } cases[] = {
        {"{\"id\": \"answer.body.id\"}", "{\"id\": \"a-1\"}", "a-1", NULL, 0},
        {"{\"id\": \"answer.body.id\"}", "{\"id\": 9007199254740993}", "9007199254740993", NULL, 0},
        {"{\"id\": \"answer.body.id\"}", "{\"id\": \"\"}", NULL, NULL, 0},
        {"{\"id\": \"answer.body.id\"}", "{\"id\": [1]}", NULL, NULL, 0},
        {"{\"id\": \"answer.body.id\"}", "{\"id\": 1.5}", NULL, NULL, 0},
        {"{\"id\": \"answer.headers['x-id']\"}", "", "h 1", NULL, 0},
        {"{\"words\": \"answer.body.errors[0].message\"}",
         "{\"errors\": [{\"message\": \"no such list\"}]}", NULL, "no such list", 0},
        {"{\"wait\": \"answer.body.after\"}", "{\"after\": 7}", NULL, NULL, 7000},
        {"{\"wait\": \"answer.body.after\"}", "{\"after\": 0.01}", NULL, NULL, 1000},
        {"{\"wait\": \"answer.body.after\"}", "{\"after\": 1e300}", NULL, NULL, 3600000},
        {"{\"wait\": \"answer.body.after\"}", "{\"after\": -1}", NULL, NULL, 0},
        {"{\"wait\": \"answer.body.after\"}", "{\"after\": \"7\"}", NULL, NULL, 0},
        {"{\"wait\": \"int(answer.headers['x-wait'])\"}", "", NULL, NULL, 30000},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct answers_meaning *meaning = ask(
            *state, cases[i].rows, 200, "x-id: h 1\nno field\nX-ID: 2\nx-wait:30\n", cases[i].body);
        bool id = meaning->id && cases[i].id ? strcmp(meaning->id, cases[i].id) == 0
                                             : meaning->id == cases[i].id;
        bool words = meaning->words && cases[i].words ? strcmp(meaning->words, cases[i].words) == 0
                                                      : meaning->words == cases[i].words;
        if (!id || !words || meaning->wait_ms != cases[i].wait_ms)
            fail_msg("%s, %s: %s, %s, %lld", cases[i].rows, cases[i].body,
                     meaning->id ? meaning->id : "-", meaning->words ? meaning->words : "-",
                     (long long)meaning->wait_ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(who_decides, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(what_is_picked, open_desk, close_desk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
