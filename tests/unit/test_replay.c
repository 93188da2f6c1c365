/*
 * Events of several customers on a clock of its own: what is sent, when, to whom; the same as the
 * daemon would do with them (tests/functional/test_rule_tests.py compares the two).
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "decide/replay.h"
#include "decide_fixture.h"

enum { STEPS_MOST = 10, DAY_MS = 24 * 60 * 60 * 1000 };

/* An event, or time that passes, at a second of the test. */
struct step {
    double second;
    const char *event;
};

struct play {
    const char *name, *rules;
    struct step steps[STEPS_MOST];
    const char *sent;            /* "second key template, …" */
    const char *customer, *says; /* what is known of one in the end; may be NULL */
};

static const char *const key_paths[] = {"customer.id", "customer.email", NULL};

struct world {
    struct decide_fixture fixture;
    struct replay *replay;
    struct buf sent;
    int dead, duplicates;
};

static void on_decided(void *context, const struct replay_decided *decided)
{
    struct world *world = context;
    world->duplicates += (int)decided->decision->counts.duplicate;
    for (uint32_t i = 0; i < decided->decision->message_count; i++)
        buf_printf(&world->sent, "%s%g %s %s", world->sent.length ? ", " : "",
                   (double)decided->now_ms / 1000 - (double)DECIDE_FIXTURE_START, decided->customer,
                   decided->decision->messages[i].step->template);
}

static void on_dead(void *context, const struct replay_order *order, const struct diag *diag)
{
    struct world *world = context;
    (void)order;
    (void)diag;
    world->dead++;
}

/* `one_by_one`: as of replay_options; it makes no difference. */
static void open_world_of(struct world *world, const char *rules, bool one_by_one)
{
    memset(world, 0, sizeof *world);
    decide_fixture_open(&world->fixture, rules);
    buf_init(&world->sent, 1 << 20);
    const struct replay_options options = {.rules = world->fixture.rules,
                                           .policy = &world->fixture.policy,
                                           .form = {.key_paths = key_paths, .skew_ms = 300000},
                                           .keep_ms = 400LL * DAY_MS,
                                           .one_by_one = one_by_one,
                                           .on_decided = on_decided,
                                           .on_dead = on_dead,
                                           .context = world};
    world->replay = replay_new(&options);
}

static void open_world(struct world *world, const char *rules)
{
    open_world_of(world, rules, false);
}

static void close_world(struct world *world)
{
    replay_destroy(&world->replay);
    buf_free(&world->sent);
    decide_fixture_close(&world->fixture);
}

static int64_t at(double second)
{
    return (int64_t)(((double)DECIDE_FIXTURE_START + second) * 1000);
}

static void take(struct world *world, const struct step *step)
{
    struct diag diag = {0};
    if (!step->event)
        replay_run(world->replay, at(step->second));
    else if (!replay_event(world->replay, step->event, strlen(step->event), at(step->second),
                           &diag)) {
        diag_print(&diag, stderr);
        fail();
    }
}

static const char *known(struct world *world, const char *key)
{
    struct arena *arena = world->fixture.arena;
    const struct customer *customer = replay_customer(world->replay, key, arena);
    if (!customer)
        return "nobody";
    const struct value value = customer_value(arena, customer);
    return json_print_slice(arena, &value, 10000).text;
}

#define WHO(id) \
    "\"customer\":{\"id\":" #id ",\"email\":\"c" #id "@example.com\",\"accepts_marketing\":true}"
#define X(id) "{\"type\":\"x\"," WHO(id) "}"
#define Y(id) "{\"type\":\"y\",\"customer\":{\"id\":" #id "}}"
#define GUEST \
    "{\"type\":\"x\",\"customer\":{\"email\":\"c7@example.com\",\"accepts_marketing\":true}}"
#define ORDER "{\"type\":\"y\",\"customer\":{\"id\":7,\"email\":\"c7@example.com\"}}"

#define CART "{name: r, on: x, again: restart, until: y, wait: 1h, send: m}"

static const struct play plays[] = {
    {"time alone brings a deadline, at its very moment",
     CART,
     {{0, X(7)}, {7200, NULL}},
     "3600 id:7 m",
     NULL,
     NULL},
    {"a deadline that has not come sends nothing", CART, {{0, X(7)}, {3599, NULL}}, "", NULL, NULL},
    {"that of the last instant counts", CART, {{0, X(7)}, {3600, NULL}}, "3600 id:7 m", NULL, NULL},
    {"an event of the same instant goes first",
     CART,
     {{0, X(7)}, {3600, Y(7)}, {7200, NULL}},
     "",
     NULL,
     NULL},
    {"one behind it comes too late", CART, {{0, X(7)}, {3601, Y(7)}}, "3600 id:7 m", NULL, NULL},
    {"each customer has deadlines of their own, in order",
     CART,
     {{0, X(7)},
      {10, X(8)},
      {20, X(9)},
      {30, "{\"type\":\"x\",\"id\":\"b\"," WHO(7) "}"},
      {3615, Y(9)},
      {9000, NULL}},
     "3610 id:8 m, 3630 id:7 m",
     NULL,
     NULL},
    {"a guest's cart ends with the order of the account",
     CART,
     {{0, GUEST}, {60, ORDER}, {9000, NULL}},
     "",
     "email:c7@example.com",
     "{\"accepts_marketing\":true,\"id\":7,\"email\":\"c7@example.com\"}"},
    {"a guest who signs up gets what they waited for, under the id",
     CART,
     {{0, GUEST},
      {60, "{\"type\":\"z\",\"customer\":{\"id\":7,\"email\":\"c7@example.com\"}}"},
      {9000, NULL}},
     "3600 id:7 m",
     NULL,
     NULL},
    {"an event by the address alone is the id's from then on",
     CART,
     {{0, X(7)}, {5, "{\"type\":\"y\",\"customer\":{\"email\":\"C7@example.com\"}}"}, {9000, NULL}},
     "",
     NULL,
     NULL},
    {"quiet hours are a wait",
     "{name: r, on: x, send: m}",
     {{12 * 3600, X(7)}, {48 * 3600, NULL}},
     "79200 id:7 m",
     NULL,
     NULL}, /* 22:00, to the next day's 08:00 */
    {"what was sent counts under a limit",
     "{name: r, on: x, limit: 1 per 7d, send: m}",
     {{0, X(7)},
      {60, X(7)},
      {86400, "{\"type\":\"x\",\"id\":\"b\",\"customer\":{\"id\":7}}"},
      {8 * 86400, "{\"type\":\"x\",\"id\":\"c\",\"customer\":{\"id\":7}}"}},
     "0 id:7 m, 691200 id:7 m",
     NULL,
     NULL},
    {"a rule that names message.sent hears of it, at once",
     "{name: r, on: x, send: m}\n---\n"
     "{name: s, on: message.sent, if: message.template == 'm', class: transactional, again: "
     "parallel, wait: 1m, "
     "send: n}",
     {{0, X(7)}, {600, NULL}},
     "0 id:7 m, 60 id:7 n",
     NULL,
     NULL},
    {"… and that chain ends",
     "{name: s, on: [x, message.sent], class: transactional, send: n}",
     {{0, X(7)}, {1, NULL}},
     "0 id:7 n, 0 id:7 n, 0 id:7 n, 0 id:7 n, 0 id:7 n, 0 id:7 n, 0 id:7 n, 0 id:7 n, 0 id:7 n",
     NULL,
     NULL},
    {"a no under one key holds under the address of another",
     "{name: r, on: x, send: m}",
     {{0, X(7)},
      {1, "{\"type\":\"customer.unsubscribed\",\"customer\":{\"id\":7}}"},
      {2, "{\"type\":\"x\",\"customer\":{\"id\":9,\"email\":\"c7@example.com\",\"accepts_"
          "marketing\":true}}"},
      {3, "{\"type\":\"x\",\"id\":\"b\"," WHO(8) "}"}},
     "0 id:7 m, 3 id:8 m",
     NULL,
     NULL},
    {"a newer yes lifts it",
     "{name: r, on: x, send: m}",
     {{0, "{\"type\":\"customer.unsubscribed\"," WHO(7) "}"},
      {1, X(7)},
      {2, "{\"type\":\"customer.subscribed\",\"customer\":{\"id\":7}}"},
      {3, "{\"type\":\"x\",\"id\":\"b\",\"customer\":{\"id\":7}}"}},
     "3 id:7 m",
     NULL,
     NULL},
    {"an erasure forgets the customer, not the no",
     "{name: r, on: x, again: parallel, wait: 1h, send: m}",
     {{0, X(7)},
      {1, "{\"type\":\"customer.unsubscribed\",\"customer\":{\"id\":7}}"},
      {2, "{\"type\":\"customer.erased\",\"customer\":{\"id\":7}}"},
      {3, X(7)},
      {9000, NULL}},
     "",
     NULL,
     NULL},
    {"an erasure ends what runs",
     "{name: r, on: x, again: parallel, wait: 1h, send: m}",
     {{0, X(7)}, {2, "{\"type\":\"customer.erased\",\"customer\":{\"id\":7}}"}, {9000, NULL}},
     "",
     "id:7",
     "nobody"},
    {"steps behind a wait see the start",
     "{name: r, on: x, again: parallel, steps: [{wait: 1h}, {if: start.n == 3, then: [{send: "
     "m}]}]}",
     {{0, "{\"type\":\"x\",\"n\":3," WHO(7) "}"},
      {1, "{\"type\":\"x\",\"n\":4," WHO(8) "}"},
      {9000, NULL}},
     "3600 id:7 m",
     NULL,
     NULL},
    {"an event may tell a time that is past",
     CART,
     {{0, "{\"type\":\"x\",\"time\":\"2026-03-02T09:30:00Z\"," WHO(7) "}"}, {9000, NULL}},
     "1800 id:7 m",
     NULL,
     NULL},
    {"a customer who is not heard of for long is forgotten",
     "{name: r, on: x, send: m}",
     {{0, X(7)}, {401 * 86400.0, Y(8)}},
     "0 id:7 m",
     "id:7",
     "nobody"},
    {"a clock asks each customer who is known, once a day, in their zone",
     "{name: c, on: {every: day, at: '09:00', spread: 0s}, send: m}",
     {{0, X(7)},
      {1, "{\"type\":\"x\",\"customer\":{\"id\":8,\"email\":\"c8@example.com\","
          "\"accepts_marketing\":true,\"timezone\":\"Asia/Tokyo\"}}"},
      {2 * 86400 + 1, NULL}},
     "50400 id:8 m, 82800 id:7 m, 136800 id:8 m, 169200 id:7 m",
     NULL,
     NULL},
    {"who tells of another zone is asked in that",
     "{name: c, on: {every: day, at: '09:00', spread: 0s}, send: m}",
     {{0, "{\"type\":\"x\",\"customer\":{\"id\":7,\"email\":\"c7@example.com\","
          "\"accepts_marketing\":true,\"timezone\":\"Europe/London\"}}"},
      {60, "{\"type\":\"y\",\"customer\":{\"id\":7,\"timezone\":\"Asia/Tokyo\"}}"},
      {86400, NULL}},
     "50400 id:7 m",
     NULL,
     NULL},
    {"of several clocks the first is asked first",
     "{name: c, on: {every: day, at: '11:00', spread: 0s}, send: m}\n---\n"
     "{name: d, on: {every: day, at: '10:30', spread: 0s}, send: n}\n---\n"
     "{name: e, on: {every: day, at: '10:20', spread: 0s}, enabled: false, send: o}",
     {{0, X(7)}, {7200, NULL}},
     "1800 id:7 n, 3600 id:7 m",
     NULL,
     NULL},
    {"what a rule emits for another customer finds whom the shop named in the same instant",
     "{name: a, on: x, steps: [{emit: {type: y, for: customer.friend}}]}\n---\n"
     "{name: b, on: y, class: transactional, send: m}",
     {{0, "{\"type\":\"x\",\"customer\":{\"id\":8,\"friend\":\"9\"}}"},
      {1, "{\"type\":\"z\"," WHO(9) "}"},
      {2, "{\"type\":\"x\",\"id\":\"b\",\"customer\":{\"id\":8}}"},
      {2, NULL}},
     "2 id:9 m",
     NULL,
     NULL},
};

static void set_quiet_hours(struct world *world, const struct play *play)
{
    if (strncmp(play->name, "quiet", 5) == 0) {
        world->fixture.policy.quiet_from = 21 * 60;
        world->fixture.policy.quiet_to = 8 * 60;
    }
}

static bool play_in(struct world *world, const struct play *play)
{
    buf_clear(&world->sent);
    for (size_t i = 0; i < STEPS_MOST && (play->steps[i].event || play->steps[i].second > 0); i++)
        take(world, &play->steps[i]);
    bool good = strcmp(buf_string(&world->sent), play->sent) == 0;
    if (!good)
        print_error("%s: \"%s\", expected \"%s\"\n", play->name, buf_string(&world->sent),
                    play->sent);
    if (play->customer && strcmp(known(world, play->customer), play->says) != 0) {
        print_error("%s: %s is %s\n", play->name, play->customer, known(world, play->customer));
        good = false;
    }
    return good;
}

/* One after the other in the same replay: of what was before nothing is left. */
static bool play_one(const struct play *play, bool one_by_one)
{
    struct world world;
    bool good = true;
    open_world_of(&world, play->rules, one_by_one);
    set_quiet_hours(&world, play);
    for (int i = 0; i < 3; i++) {
        good &= play_in(&world, play);
        replay_renew(world.replay);
        assert_int_equal(replay_now_ms(world.replay), 0);
        assert_string_equal(known(&world, "id:7"), "nobody");
    }
    close_world(&world);
    return good;
}

static void test_plays(void **state)
{
    (void)state;
    int wrong = 0;
    for (size_t i = 0; i < sizeof plays / sizeof *plays; i++)
        wrong += !play_one(&plays[i], false) + !play_one(&plays[i], true);
    assert_int_equal(wrong, 0);
}

static void test_suppressed(void **state)
{
    (void)state;
    struct world world;
    open_world(&world, "{name: r, on: x, send: m}");
    replay_suppress(world.replay, " C7@Example.com");
    take(&world, &(struct step){0, X(7)});
    take(&world, &(struct step){0, X(8)});
    assert_string_equal(buf_string(&world.sent), "0 id:8 m");
    close_world(&world);
}

/* What is no event changes nothing. */
static void test_no_event(void **state)
{
    (void)state;
    struct world world;
    struct diag diag = {0};
    open_world(&world, CART);
    assert_false(replay_event(world.replay, "{}", 2, at(0), &diag));
    assert_string_equal(diag.code, "no-type");
    assert_int_equal(replay_now_ms(world.replay), at(0));
    close_world(&world);
}

/* The same events give the same, whoever else takes part. */
static void test_many_customers(void **state)
{
    (void)state;
    struct world world;
    char event[200];
    struct diag diag;
    open_world(&world, CART);
    for (int i = 0; i < 2000; i++) {
        int length =
            snprintf(event, sizeof event,
                     "{\"type\":\"%c\",\"customer\":{\"id\":%d,\"email\":\"c%d@x.example\","
                     "\"accepts_marketing\":true}}",
                     i % 2000 < 1000 ? 'x' : 'y', i % 1000 * (i < 1000 ? 1 : 2),
                     i % 1000 * (i < 1000 ? 1 : 2));
        assert_true(replay_event(world.replay, event, (size_t)length, at(i), &diag));
    }
    replay_run(world.replay, at(9000));
    int sent = 0;
    for (const char *text = strstr(buf_string(&world.sent), " m"); text;
         text = strstr(text + 1, " m"))
        sent++;
    assert_int_equal(sent, 500); /* every second customer has ordered */
    close_world(&world);
}

/* What is remembered of the events of a customer. */
static void assert_remembered(struct world *a, struct world *b, const char *key)
{
    const struct customer *one = replay_customer(a->replay, key, a->fixture.arena);
    const struct customer *two = replay_customer(b->replay, key, b->fixture.arena);
    assert_int_equal(one->ring.count, two->ring.count);
    for (uint32_t i = 0; i < one->ring.count; i++) {
        assert_string_equal(one->ring.items[i].identity, two->ring.items[i].identity);
        assert_string_equal(one->ring.items[i].content, two->ring.items[i].content);
        assert_int_equal(one->ring.items[i].at_ms, two->ring.items[i].at_ms);
    }
    assert_int_equal(one->layers.count, two->layers.count);
    for (uint32_t i = 0; i < one->layers.count; i++)
        assert_int_equal(one->layers.items[i].at_ms, two->layers.items[i].at_ms);
    assert_int_equal(one->keys.count, two->keys.count);
    for (uint32_t i = 0; i < one->keys.count; i++)
        assert_string_equal(one->keys.items[i], two->keys.items[i]);
}

/* Of `z`, which nothing asks for: known keys and new ones, the same again, news and old news. */
static const char *some_event(int i, char *event, size_t size)
{
    static const char *const more[] = {"", ",\"first_name\":\"Ana\"", ",\"phone\":\"1\"",
                                       ",\"first_name\":\"Ada\""};
    int who = i % 3, said = i % 37 < 30 ? 0 : i % 4;
    bool named = i % 5 != 1;
    snprintf(event, size,
             "{\"type\":\"%s\",\"id\":\"%d\",\"time\":%lld,\"customer\":{%s\"email\":"
             "\"c%d@x.example\"%s}}",
             i % 50 == 49 ? "customer.unsubscribed" : "z", i % 11 ? i : i / 2,
             (long long)at(i - i % 13 * 2) / 1000,
             !named     ? ""
             : who == 0 ? "\"id\":0,"
             : who == 1 ? "\"id\":1,"
                        : "\"id\":2,",
             who, more[said]);
    return event;
}

/* It is kept without a decision, and everything is as if it had been decided. */
static void compare_passed(bool one_by_one)
{
    struct world passed, decided;
    char event[300];
    open_world_of(&passed, CART, one_by_one);
    open_world(&decided, CART "\n---\n{name: s, enabled: false, on: z, send: m}");
    for (int i = 0; i < 400; i++) {
        const char *text = some_event(i, event, sizeof event);
        const struct step step = {i, arena_text(passed.fixture.arena, text)};
        take(&passed, &step);
        take(&decided, &step);
        assert_int_equal(passed.duplicates, decided.duplicates);
        for (const char *const *key = (const char *const[]){"id:0", "id:1", "id:2", NULL}; *key;
             key++) {
            assert_string_equal(known(&passed, *key), known(&decided, *key));
            if (strcmp(known(&passed, *key), "nobody") != 0)
                assert_remembered(&passed, &decided, *key);
        }
    }
    assert_true(passed.duplicates > 0);
    close_world(&passed);
    close_world(&decided);
}

static void test_what_concerns_nothing(void **state)
{
    (void)state;
    compare_passed(false);
    compare_passed(true);
}

/* Of people who come many times in a row what is remembered is the same whether they stay as they
 * were decided or not; between them the replay is made to let go. */
static void test_one_by_one(void **state)
{
    (void)state;
    static const char rules[] =
        CART "\n---\n{name: s, on: z, if: \"customer.count('z') % 5 == 0\", "
             "again: restart, until: y, wait: 10s, send: m}";
    struct world one, all;
    char event[300];
    open_world_of(&one, rules, true);
    open_world(&all, rules);
    for (int i = 0; i < 3000; i++) {
        const int who = i / 40 % 3 + (i % 97 == 0);
        snprintf(
            event, sizeof event,
            "{\"type\":\"%c\",\"id\":\"%d\",\"customer\":{\"id\":%d,\"email\":\"c%d@x.example\","
            "\"accepts_marketing\":true,\"n\":%d}}",
            "zzzxzzyz"[i % 8], i % 13 ? i : i - 1, who, i % 211 ? who : 9, i / 50);
        const struct step step = {i * 7, arena_text(one.fixture.arena, event)};
        take(&one, &step);
        take(&all, &step);
        if (i % 61 == 0)
            replay_settle(one.replay);
        assert_string_equal(known(&one, "id:1"), known(&all, "id:1"));
    }
    for (const char *const *key = (const char *const[]){"id:0", "id:1", "id:2", NULL}; *key; key++)
        assert_remembered(&one, &all, *key);
    assert_string_equal(buf_string(&one.sent), buf_string(&all.sent));
    assert_int_equal(one.duplicates, all.duplicates);
    assert_true(one.duplicates > 100 && one.sent.length > 1000);
    close_world(&one);
    close_world(&all);
}

/* Nothing comes any more of what was under way when the replay was renewed. */
static void test_renewed(void **state)
{
    (void)state;
    struct world world;
    open_world_of(&world, CART, true);
    for (int i = 0; i < 3; i++) {
        take(&world, &(struct step){0, X(7)});
        replay_renew(world.replay);
        take(&world, &(struct step){60, Y(8)});
        take(&world, &(struct step){9000, NULL});
        assert_string_equal(buf_string(&world.sent), "");
        replay_renew(world.replay);
    }
    close_world(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plays),
        cmocka_unit_test(test_suppressed),
        cmocka_unit_test(test_no_event),
        cmocka_unit_test(test_many_customers),
        cmocka_unit_test(test_what_concerns_nothing),
        cmocka_unit_test(test_one_by_one),
        cmocka_unit_test(test_renewed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
