#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "web/events_answer.h"

enum { ITEMS_MOST = 4 };

/* One letter an item: T taken, D duplicate, R refused by the daemon, C conflict, U unavailable, L
 * replicas lag, B
 * bad, F forbidden. */
static struct web_answer *answer_of(struct arena *arena, const char *items, bool several)
{
    static const struct diag bad = {.code = "bad-time", .text = "no time", .line = 2, .column = 31};
    static const struct diag forbidden = {.code = "no-right", .text = "not with this login"};
    static const char known[] = "TDRCUL";
    static const enum ask_status statuses[] = {ASK_TAKEN,    ASK_DUPLICATE,   ASK_REFUSED,
                                               ASK_CONFLICT, ASK_UNAVAILABLE, ASK_BEHIND};
    struct posted_item *posted = arena_zero(arena, ITEMS_MOST * sizeof *posted);
    struct ask_verdict *verdicts = arena_zero(arena, ITEMS_MOST * sizeof *verdicts);
    size_t count = 0, good = 0;
    for (; items[count]; count++) {
        const char *status = strchr(known, items[count]);
        posted[count].event.id = count ? "" : "first";
        posted[count].forbidden = items[count] == 'F';
        if (!status)
            posted[count].fault = items[count] == 'F' ? &forbidden : &bad;
        else
            verdicts[good++] = (struct ask_verdict){statuses[status - known],
                                                    slice_of(items[count] == 'R' ? "no" : "7-0")};
    }
    const struct posted_events events = {posted, count, several};
    return events_answer(arena, &events, verdicts, good);
}

static void test_statuses(void **state)
{
    static const struct {
        const char *items;
        int status, retry_after_s;
    } cases[] = {
        {"T", 202, 0},  {"D", 202, 0},  {"TD", 202, 0}, {"R", 400, 0},  {"B", 400, 0},
        {"F", 403, 0},  {"TB", 400, 0}, {"TF", 403, 0}, {"BF", 400, 0}, {"C", 422, 0},
        {"BC", 422, 0}, {"U", 503, 5},  {"BU", 503, 5}, {"FU", 503, 5}, {"TR", 400, 0},
        {"L", 503, 5},  {"TL", 503, 5}, {"UL", 503, 5}, {"LC", 422, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena *arena = arena_new(4096);
        const struct web_answer *answer = answer_of(arena, cases[i].items, true);
        if (answer->status != cases[i].status || answer->retry_after_s != cases[i].retry_after_s ||
            (answer->status == 202) != (strcmp(answer->type, "application/json") == 0))
            fail_msg("%s: %d, %d, %s", cases[i].items, answer->status, answer->retry_after_s,
                     answer->type);
        arena_destroy(&arena);
    }
}

static void test_bodies(void **state)
{
    static const struct {
        const char *items;
        bool several;
        const char *body;
    } cases[] = {
        {"T", false, "{\"entry\":\"7-0\",\"id\":\"first\"}"},
        {"T", true,
         "{\"accepted\":1,\"refused\":0,\"items\":[{\"status\":202,\"entry\":\"7-0\",\"id\":"
         "\"first\"}]}"},
        {"B", false,
         "{\"code\":\"bad-time\",\"detail\":\"no time\",\"line\":2,\"column\":31,\"title\":\"an "
         "event cannot be taken\",\"status\":400,\"reason\":\"bad-event\"}"},
        {"L", false,
         "{\"title\":\"replicas behind: too few are known to have it\",\"status\":503,\"reason\":"
         "\"replicas-behind\",\"detail\":\"Redis has the events, and may lose them with its "
         "server: "
         "send the same again; what has an id, or the same Idempotency-Key, counts once\"}"},
        {"TF", true,
         "{\"title\":\"who asks may not do that\",\"status\":403,\"reason\":\"not-allowed\","
         "\"accepted\":1,\"refused\":1,\"items\":[{\"status\":202,\"entry\":\"7-0\",\"id\":"
         "\"first\"},{\"status\":403,\"code\":\"no-right\",\"detail\":\"not with this login\"}]}"},
        {"C", true,
         "{\"title\":\"the Idempotency-Key was used for another request\",\"status\":422,"
         "\"reason\":\"conflict\"}"},
        {"R", false,
         "{\"detail\":\"no\",\"title\":\"an event cannot be taken\",\"status\":400,\"reason\":"
         "\"bad-event\"}"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena *arena = arena_new(4096);
        const struct web_answer *answer = answer_of(arena, cases[i].items, cases[i].several);
        assert_string_equal(answer->body.text, cases[i].body);
        arena_destroy(&arena);
    }
}

/* 401 and 403 alone say how one logs in. */
static void test_challenges(void **state)
{
    struct arena *arena = arena_new(4096);
    (void)state;
    assert_int_equal(answer_of(arena, "T", false)->header_count, 0);
    assert_int_equal(answer_of(arena, "B", false)->header_count, 0);
    const struct web_answer *answer = answer_of(arena, "F", false);
    assert_int_equal(answer->header_count, 1);
    assert_string_equal(answer->headers[0].name, "WWW-Authenticate");
    assert_non_null(strstr(answer->headers[0].value, "insufficient_scope"));
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statuses),
        cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_challenges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
