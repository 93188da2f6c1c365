/* Two keys prove to be one person: what was decided for each holds for both. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "decide_fixture.h"

#define CART   "{name: cart, on: cart.updated, until: order.placed, again: restart,\n"
#define NEWS   "{name: news, on: news.out, send: news}"
#define MAIL   "\"accepts_marketing\":true"
#define JOINED "joined email:ana@example.com; "

enum who { END, GUEST, ID, BOTH }; /* BOTH: the guest's document is joined, if there is one */

struct play {
    const char *name, *rules;
    struct {
        enum who who;
        double second;
        const char *type, *more; /* of the customer; NULL: nothing */
        const char *did;
    } steps[8];
};

static const struct play plays[] = {
    {"cart of a guest, order of an account",
     CART " steps: [{wait: 1h}, {send: cart}]}",
     {{GUEST, 0, "cart.updated", MAIL, "cart waits 3600"},
      {BOTH, 60, "order.placed", NULL, JOINED "cart ended until"}}},
    {"order of an account before the cart of the guest",
     CART " steps: [{wait: 1h}, {send: cart}]}",
     {{ID, 0, "order.placed", NULL, ""},
      {GUEST, -60, "cart.updated", MAIL, "cart waits 3540"},
      {BOTH, 70, "x", NULL, JOINED "cart ended until"}}},
    {"a message of the guest that waits in the outbox",
     CART " send: cart}",
     {{GUEST, 0, "cart.updated", MAIL, "cart sends cart"},
      {ID, 60, "order.placed", NULL, ""},
      {BOTH, 70, "x", NULL, JOINED "cart withdrawn until"}}},
    {"of two carts the newer stays",
     CART " steps: [{wait: 1h}, {send: cart}]}",
     {{GUEST, 0, "cart.updated", MAIL, "cart waits 3600"},
      {ID, 60, "cart.updated", MAIL, "cart waits 3660"},
      {BOTH, 70, "x", NULL, JOINED "cart ended joined"}}},
    {"of two carts the newer stays, whoever has it",
     CART " steps: [{wait: 1h}, {send: cart}]}",
     {{ID, 0, "cart.updated", MAIL, "cart waits 3600"},
      {GUEST, 60, "cart.updated", MAIL, "cart waits 3660"},
      {BOTH, 70, "x", NULL, JOINED "cart ended joined"},
      {BOTH, 80, "order.placed", NULL, "cart ended until"}}},
    {"with the journey its message goes",
     CART " steps: [{send: cart}, {wait: 1h}, {send: last}]}",
     {{GUEST, 0, "cart.updated", MAIL, "cart waits 3600; cart sends cart"},
      {ID, 60, "cart.updated", MAIL, "cart waits 3660; cart refused no-address"},
      {BOTH, 70, "x", NULL, JOINED "cart ended joined; cart withdrawn joined"}}},
    {"what runs beside itself goes on",
     "{name: cart, on: cart.updated, again: parallel, steps: [{wait: 1h}, {send: cart}]}",
     {{GUEST, 0, "cart.updated", MAIL, "cart waits 3600"},
      {ID, 60, "cart.updated", MAIL, "cart waits 3660"},
      {BOTH, 70, "cart.updated", NULL, JOINED "cart waits 3670"}}},
    {"an opt-out of the address is one of the account",
     NEWS,
     {{GUEST, 0, "customer.unsubscribed", NULL, ""},
      {ID, 10, "news.out", MAIL ",\"email\":\"ana@example.com\"", "news sends news"},
      {BOTH, 20, "news.out", NULL, JOINED "news withdrawn unsubscribed; news refused no-consent"}}},
    {"one event that came under both keys is one",
     NEWS,
     {{GUEST, 0, "once", MAIL, ""},
      {BOTH, 10, "once", NULL, JOINED "passed-over duplicate-differs"}}},
    {"what counts counts for both",
     "{name: third, class: transactional, on: order.placed, if: customer.count('order.placed') == "
     "3,"
     " send: third}",
     {{GUEST, 0, "order.placed", NULL, "third no-match if"},
      {ID, 10, "order.placed", NULL, "third no-match if"},
      {BOTH, 20, "order.placed", "\"email\":\"ana@example.com\"", JOINED "third sends third"}}},
    {"a limit that the guest has used up",
     "{name: news, on: news.out, limit: 1 per 7d, send: news}",
     {{GUEST, 0, "news.out", MAIL, "news sends news"},
      {BOTH, 10, "news.out", NULL, JOINED "news refused limit"}}},
    {"and one of runs that send nothing",
     "{name: seen, on: x, limit: 1 per 7d, steps: [{emit: {type: y}}]}",
     {{GUEST, 0, "x", MAIL, "seen emits y"},
      {ID, 10, "x", MAIL, "seen emits y"},
      {BOTH, 20, "x", NULL, JOINED "seen refused limit"}}},
    {"the newer word of the profile stands",
     "{name: hello, class: transactional, on: x, if: customer.name == 'new', send: hello}",
     {{ID, 0, "y", "\"name\":\"old\"", ""},
      {GUEST, 10, "y", "\"name\":\"new\"", ""},
      {BOTH, 20, "x", "\"email\":\"ana@example.com\"", JOINED "hello sends hello"}}},
    {"a newer yes does not lift the no of the other",
     NEWS,
     {{ID, 0, "x", "\"accepts_marketing\":false", ""},
      {GUEST, 10, "x", MAIL, ""},
      {BOTH, 20, "news.out", NULL, JOINED "news refused no-consent"},
      {BOTH, 30, "x", MAIL, ""},
      {BOTH, 100, "news.out", NULL, "news sends news"}}},
    {"an older no of the guest stays a no",
     NEWS,
     {{GUEST, 0, "x", "\"accepts_marketing\":false", ""},
      {ID, 10, "x", MAIL ",\"email\":\"ana@example.com\"", ""},
      {BOTH, 20, "news.out", NULL, JOINED "news refused no-consent"}}},
    {"a yes after both words counts, however new the rest of the profile is",
     NEWS,
     {{ID, 0, "x", "\"accepts_marketing\":false,\"email\":\"ana@example.com\"", ""},
      {GUEST, 10, "x", MAIL, ""},
      {GUEST, 40, "x", "\"name\":\"Ana\"", ""},
      {BOTH, 50, "news.out", MAIL "},\"time\":\"2026-03-02T10:00:20Z\",\"o\":{\"a\":1",
       JOINED "news sends news"}}},
    {"who was never asked has not said no",
     NEWS,
     {{GUEST, 0, "x", "\"name\":\"Ana\"", ""},
      {ID, 10, "x", MAIL ",\"email\":\"ana@example.com\"", ""},
      {BOTH, 20, "news.out", NULL, JOINED "news sends news"}}},
};

static const char *const keys[] = {
    [GUEST] = "\"email\":\"ana@example.com\"",
    [ID] = "\"id\":7",
    [BOTH] = "\"id\":7",
};

struct life {
    struct decide_fixture fixture;
    const char *guest, *account; /* documents */
};

static const char *step(struct life *life, enum who who, double second, const char *type,
                        const char *more)
{
    struct decide_fixture *fixture = &life->fixture;
    const char *event = arena_printf(fixture->arena, "{\"type\":\"%s\",%s\"customer\":{%s%s%s}}",
                                     type, strcmp(type, "once") == 0 ? "\"id\":\"e1\"," : "",
                                     keys[who], more ? "," : "", more ? more : "");
    fixture->document = who == GUEST ? life->guest : life->account;
    fixture->joined = who == BOTH ? life->guest : NULL;
    fixture->joined_key = "email:ana@example.com";
    const char *did = decide_fixture_play(fixture, second, event);
    if (who == BOTH)
        life->guest = NULL;
    *(who == GUEST ? &life->guest : &life->account) = fixture->document;
    return did;
}

static void what_was_decided_for_each_holds_for_both(void **state)
{
    (void)state;
    int wrong = 0;
    for (size_t i = 0; i < sizeof plays / sizeof *plays; i++) {
        struct life life = {0};
        decide_fixture_open(&life.fixture, plays[i].rules);
        for (size_t s = 0; plays[i].steps[s].who; s++) {
            const char *did = step(&life, plays[i].steps[s].who, plays[i].steps[s].second,
                                   plays[i].steps[s].type, plays[i].steps[s].more);
            if (strcmp(did, plays[i].steps[s].did) == 0)
                continue;
            print_error("%s, step %zu: \"%s\", expected \"%s\"\n", plays[i].name, s, did,
                        plays[i].steps[s].did);
            wrong++;
        }
        decide_fixture_close(&life.fixture);
    }
    assert_int_equal(wrong, 0);
}

/* 40 journeys on each side: the oldest are dead letters, the newest 64 go on. */
static void what_passes_the_bound_goes_oldest_first(void **state)
{
    (void)state;
    struct life life = {0};
    struct diag diag;
    decide_fixture_open(&life.fixture, "{name: cart, on: cart.updated, again: parallel,\n"
                                       " steps: [{wait: 1h}, {send: cart}]}");
    for (int i = 0; i < 40; i++) {
        const char *number = arena_printf(life.fixture.arena, "\"n\":%d", i);
        step(&life, GUEST, 2 * i, "cart.updated", number);
        step(&life, ID, 2 * i + 1, "cart.updated", number);
    }
    step(&life, BOTH, 100, "x", NULL);
    assert_int_equal(life.fixture.last.dead_count, 16);
    assert_int_equal(life.fixture.last.dead[0].reason, TRACE_REASON_TOO_MANY_JOURNEYS);
    const struct customer *customer =
        customer_read(life.fixture.arena, "id:7", life.account, strlen(life.account), &diag);
    assert_int_equal(customer->journeys.count, 64);
    for (uint32_t i = 0; i < 64; i++)
        assert_true(customer->journeys.items[i].started_ms >=
                    (DECIDE_FIXTURE_START + 16) * INT64_C(1000));
    decide_fixture_close(&life.fixture);
}

/* Sends of both that wait for room wait on, since when they did; the bound does not count them. */
static void what_waits_for_room_waits_on(void **state)
{
    (void)state;
    static const struct room none[ROOM_CLASSES];
    struct life life = {0};
    decide_fixture_open(&life.fixture, "{name: news, on: news, send: news}\n---\n"
                                       "{name: cart, on: cart.updated, again: parallel,\n"
                                       " steps: [{wait: 1h}, {send: cart}]}");
    life.fixture.facts.rooms = none;
    for (int i = 0; i < 40; i++) {
        const char *more = arena_printf(life.fixture.arena, MAIL ",\"n\":%d", i);
        enum who who = i % 2 ? GUEST : ID;
        step(&life, who, 2 * i, "news",
             who == ID ? arena_printf(life.fixture.arena, "%s,\"email\":\"ana@example.com\"", more)
                       : more);
    }
    for (int i = 0; i < 60; i++)
        step(&life, i % 2 ? GUEST : ID, 100 + i, "cart.updated",
             arena_printf(life.fixture.arena, "\"n\":%d", i));
    step(&life, BOTH, 200, "x", NULL);
    assert_int_equal(life.fixture.last.dead_count, 0);
    assert_int_equal(life.fixture.last.full_ms[RULE_MARKETING],
                     DECIDE_FIXTURE_START * INT64_C(1000));
    decide_fixture_close(&life.fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_decided_for_each_holds_for_both),
        cmocka_unit_test(what_passes_the_bound_goes_oldest_first),
        cmocka_unit_test(what_waits_for_room_waits_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
