/* What is decided, as plays: each a set of rules and what happens to one customer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "decide_fixture.h"

#define ANA "\"customer\":{\"id\":7,\"email\":\"ana@example.com\",\"accepts_marketing\":true}"
#define DAY 86400

#define WELCOME "{name: welcome, on: customer.signed_up, send: welcome}\n"
#define CART                                                                                      \
    "{name: cart, on: cart.updated, if: cart.total >= 20, again: restart, until: order.placed,\n" \
    " wait: 1h, send: cart}\n"

#define SIGN_UP "{\"type\":\"customer.signed_up\"," ANA "}"
#define CART_80 "{\"type\":\"cart.updated\",\"cart\":{\"total\":80}," ANA "}"
#define CART_90 "{\"type\":\"cart.updated\",\"cart\":{\"total\":90}," ANA "}"
#define CART_5  "{\"type\":\"cart.updated\",\"cart\":{\"total\":5}," ANA "}"
#define ORDER   "{\"type\":\"order.placed\",\"order\":{\"id\":\"o1\"},\"customer\":{\"id\":\"7\"}}"

static const struct decide_play plays[] = {
    {"a rule without a wait sends at once", WELCOME, {{0, SIGN_UP, "welcome sends welcome"}}},
    {"the same event without an id within a minute is one",
     WELCOME,
     {{0, SIGN_UP, "welcome sends welcome"},
      {30, SIGN_UP, "passed-over duplicate"},
      {100, SIGN_UP, "welcome sends welcome"}}},
    {"an id is remembered for days",
     WELCOME,
     {{0, "{\"type\":\"customer.signed_up\",\"id\":\"e1\"," ANA "}", "welcome sends welcome"},
      {6 * DAY, "{\"type\":\"customer.signed_up\",\"id\":\"e1\"," ANA "}",
       "passed-over duplicate"}}},
    {"a minute to the millisecond, and of the same JSON only",
     WELCOME,
     {{0, SIGN_UP, "welcome sends welcome"},
      {30, "{\"type\": \"customer.signed_up\"," ANA "}", "welcome sends welcome"},
      {60, SIGN_UP, "passed-over duplicate"},
      {60.001, SIGN_UP, "welcome sends welcome"}}},
    {"seven days to the millisecond; another source is another event",
     WELCOME,
     {{0, "{\"type\":\"customer.signed_up\",\"id\":\"e1\"," ANA "}", "welcome sends welcome"},
      {1, "{\"type\":\"customer.signed_up\",\"id\":\"e1\",\"source\":\"s\"," ANA "}",
       "welcome sends welcome"},
      {7 * DAY, "{\"type\":\"other\",\"id\":\"e1\"," ANA "}", "passed-over duplicate-differs"},
      {7 * DAY + 0.001, "{\"type\":\"customer.signed_up\",\"id\":\"e1\"," ANA "}",
       "welcome sends welcome"}}},
    {"behind them it is another event, which limits count, and which brings its own data",
     "{name: a, on: x, limit: 2 per 30d, send: a}\n---\n"
     "{name: b, on: y, again: parallel, steps: [{wait: 10d},"
     " {if: order.n == 2, then: [{send: two}], else: [{send: one}]}]}",
     {{0, "{\"type\":\"x\",\"id\":\"e1\"," ANA "}", "a sends a"},
      {8 * DAY, "{\"type\":\"x\",\"id\":\"e1\"," ANA "}", "a sends a"},
      {16 * DAY, "{\"type\":\"x\",\"id\":\"e1\"," ANA "}", "a refused limit"},
      {17 * DAY, "{\"type\":\"y\",\"id\":\"e2\",\"order\":{\"n\":1}," ANA "}",
       "b waits 2.3328e+06"},
      {25 * DAY, "{\"type\":\"y\",\"id\":\"e2\",\"order\":{\"n\":2}," ANA "}", "b waits 3.024e+06"},
      {27 * DAY, NULL, "b sends one"},
      {35 * DAY, NULL, "b sends two"}}},
    {"no consent, no marketing",
     WELCOME,
     {{0, "{\"type\":\"customer.signed_up\",\"customer\":{\"id\":7,\"email\":\"a@b.example\"}}",
       "welcome refused no-consent"}}},
    {"a receipt needs no consent",
     "{name: thanks, class: transactional, on: order.placed, send: thanks}",
     {{0, "{\"type\":\"order.placed\",\"customer\":{\"id\":7,\"email\":\"a@b.example\"}}",
       "thanks sends thanks"}}},
    {"nobody to write to",
     WELCOME,
     {{0, "{\"type\":\"customer.signed_up\",\"customer\":{\"id\":7,\"accepts_marketing\":true}}",
       "welcome refused no-address"}}},
    {"nor to what an address begins with",
     WELCOME,
     {{0,
       "{\"type\":\"customer.signed_up\",\"customer\":{\"id\":7,\"accepts_marketing\":true,"
       "\"email\":\"a@b.example\\u0000@c.example\"}}",
       "welcome refused no-address"}}},
    {"a cart that was left is recalled once, an hour after its event",
     CART,
     {{0, CART_80, "cart waits 3600"}, {3600, NULL, "cart sends cart"}, {7200, NULL, ""}}},
    {"the order comes first",
     CART,
     {{0, CART_80, "cart waits 3600"}, {1800, ORDER, "cart ended until"}, {3600, NULL, ""}}},
    {"the order comes while the message is in the outbox",
     CART,
     {{0, CART_80, "cart waits 3600"},
      {3600, NULL, "cart sends cart"},
      {3601, ORDER, "cart withdrawn until"}}},
    {"an order that is older than the cart does not end it",
     CART,
     {{0, CART_80, "cart waits 3600"},
      {10, "{\"type\":\"order.placed\",\"time\":\"2026-03-02T09:59:00Z\",\"customer\":{\"id\":7}}",
       ""},
      {3600, NULL, "cart sends cart"}}},
    {"an order that came before its older cart",
     CART,
     {{0, ORDER, ""},
      {10,
       "{\"type\":\"cart.updated\",\"time\":\"2026-03-02T09:59:00Z\",\"cart\":{\"total\":80}," ANA
       "}",
       "cart passed-over until"}}},
    {"a new cart restarts the wait",
     CART,
     {{0, CART_80, "cart waits 3600"},
      {1800, CART_90, "cart ended restart; cart waits 5400"},
      {3600, NULL, ""},
      {5400, NULL, "cart sends cart"}}},
    {"an older event does not restart it",
     CART,
     {{0, CART_80, "cart waits 3600"},
      {10,
       "{\"type\":\"cart.updated\",\"time\":\"2026-03-02T09:00:00Z\",\"cart\":{\"total\":50}," ANA
       "}",
       "cart ignored older"}}},
    {"an emptied cart ends it",
     CART,
     {{0, CART_80, "cart waits 3600"}, {60, CART_5, "cart no-match if; cart ended no-longer"}}},
    {"again: ignore keeps the first",
     "{name: cart, on: cart.updated, again: ignore, wait: 1h, send: cart}",
     {{0, CART_80, "cart waits 3600"},
      {60, CART_90, "cart ignored again"},
      {3600, NULL, "cart sends cart"}}},
    {"again: parallel runs both",
     "{name: cart, on: cart.updated, again: parallel, wait: 1h, send: cart}",
     {{0, CART_80, "cart waits 3600"},
      {60, CART_90, "cart waits 3660"},
      {3660, NULL, "cart sends cart; cart sends cart"}}},
    {"a missing field is told by its name",
     "{name: gift, on: order.placed, if: order.coupon == \"X\", send: gift}",
     {{0, ORDER, "gift no-match order.coupon: no such field"}}},
    {"a disabled rule is passed over",
     "{name: off, enabled: false, on: order.placed, send: x}",
     {{0, ORDER, "off passed-over disabled"}}},
    {"a backfill mails nobody",
     "{name: thanks, class: transactional, on: order.placed, send: thanks}",
     {{0, "{\"type\":\"order.placed\",\"time\":\"2026-02-01T00:00:00Z\"," ANA "}",
       "thanks passed-over max-age"}}},
    {"a limit counts runs that sent something",
     "{name: thanks, class: transactional, limit: 1 per 1d, on: order.placed, send: thanks}",
     {{0, "{\"type\":\"order.placed\",\"id\":1," ANA "}", "thanks sends thanks"},
      {60, "{\"type\":\"order.placed\",\"id\":2," ANA "}", "thanks refused limit"},
      {DAY + 60, "{\"type\":\"order.placed\",\"id\":3," ANA "}", "thanks sends thanks"}}},
    {"each limit has a window of its own",
     "{name: a, class: transactional, limit: 1 per 1h, on: order.placed, send: a}\n---\n"
     "{name: b, class: transactional, limit: 1 per 30d, on: order.placed, send: b}",
     {{0, "{\"type\":\"order.placed\",\"id\":1," ANA "}", "a sends a; b sends b"},
      {7200, "{\"type\":\"order.placed\",\"id\":2," ANA "}", "a sends a; b refused limit"}}},
    {"a restart before anything was sent is no new run for the limit",
     "{name: cart, on: cart.updated, again: restart, limit: 1 per 7d,\n"
     " steps: [{send: one}, {wait: 1h}, {send: two}]}",
     {{0, CART_80, "cart waits 3600; cart sends one"},
      {1800, CART_90,
       "cart ended restart; cart withdrawn restart; cart waits 5400; cart sends one"},
      {5400, NULL, "cart sends two"},
      {6000, CART_80,
       "cart withdrawn restart; cart withdrawn restart; cart waits 9600; cart sends one"}}},
    {"steps branch, and the wait counts from the deadline before, or from when that was late",
     "{name: tour, on: customer.signed_up, again: ignore, steps: [{wait: 1h}, {send: one},\n"
     " {wait: 1h}, {if: customer.count('order.placed') > 0, then: [{send: bought}],\n"
     "  else: [{send: looked}, stop]}, {send: after}]}",
     {{0, SIGN_UP, "tour waits 3600"},
      {3660, NULL, "tour waits 7200; tour sends one"},
      {5000, ORDER, ""},
      {7200, NULL, "tour sends bought; tour sends after"},
      {10000, SIGN_UP, "tour waits 13600"},
      {13661, NULL, "tour waits 17261; tour sends one"}}},
    {"a step whose expression fails ends the journey",
     "{name: tour, on: customer.signed_up, steps: [{if: customer.tier == 'gold', "
     "then: [{send: x}]}]}",
     {{0, SIGN_UP, "tour error customer.tier: no such field"}}},
    {"unsubscribing withdraws, and lasts until resubscribed",
     WELCOME,
     {{0, SIGN_UP, "welcome sends welcome"},
      {1, "{\"type\":\"customer.unsubscribed\",\"customer\":{\"id\":7}}",
       "welcome withdrawn unsubscribed"},
      {100, SIGN_UP, "welcome refused no-consent"},
      {200, "{\"type\":\"customer.resubscribed\",\"customer\":{\"id\":7}}", ""},
      {300, SIGN_UP, "welcome sends welcome"}}},
    {"an older event only fills in what is absent",
     "{name: thanks, class: transactional, on: order.placed, if: customer.name == 'New' && "
     "customer.city == 'Iași', send: thanks}",
     {{0, "{\"type\":\"x\",\"customer\":{\"id\":7,\"name\":\"New\",\"email\":\"a@b.example\"}}",
       ""},
      {1,
       "{\"type\":\"y\",\"time\":\"2026-03-01T00:00:00Z\",\"customer\":{\"id\":7,\"name\":\"Old\","
       "\"city\":\"Iași\"}}",
       ""},
      {2, ORDER, "thanks sends thanks"}}},
};

static void test_plays(void **state)
{
    (void)state;
    decide_fixture_play_all(plays, sizeof plays / sizeof *plays, NULL);
}

/* Other messages went first: the best one gets the last place. */
static void test_cap(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    decide_fixture_open(&fixture, "{name: a, on: x, send: a}\n---\n{name: b, on: x, send: b, "
                                  "priority: 5}\n---\n{name: c, on: x, send: c, priority: 1}\n");
    fixture.policy.cap = (struct setting_rate){.count = 2, .per_ms = 7LL * DAY * 1000};
    assert_string_equal(decide_fixture_play(&fixture, 0, "{\"type\":\"x\"," ANA "}"),
                        "b sends b; c sends c; a refused cap");
    assert_string_equal(decide_fixture_play(&fixture, 10, "{\"type\":\"x\",\"id\":\"2\"," ANA "}"),
                        "b refused cap; c refused cap; a refused cap");
    /* A message that never arrived gives its place back. */
    char failed[256];
    decide_fixture_play(&fixture, 8 * DAY, "{\"type\":\"x\",\"id\":\"3\"," ANA "}");
    snprintf(failed, sizeof failed,
             "{\"type\":\"message.failed\",\"source\":\"nudged\",\"id\":\"m.failed\","
             "\"customer\":{\"key\":\"id:7\"},\"message\":{\"id\":\"%s\"}}",
             fixture.last.messages[0].mid);
    assert_string_equal(decide_fixture_play(&fixture, 8 * DAY + 1, failed), "");
    assert_string_equal(
        decide_fixture_play(&fixture, 8 * DAY + 2, "{\"type\":\"x\",\"id\":\"4\"," ANA "}"),
        "b sends b; c refused cap; a refused cap");
    decide_fixture_close(&fixture);
}

static void test_quiet_hours(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    decide_fixture_open(&fixture,
                        CART "---\n{name: receipt, class: transactional, on: order.placed, "
                             "send: receipt}\n");
    fixture.policy.quiet_from = 10 * 60 + 30; /* 10:30 to 08:00 in UTC: second 1800 on */
    fixture.policy.quiet_to = 8 * 60;
    assert_string_equal(decide_fixture_play(&fixture, 0, CART_80), "cart waits 3600");
    assert_string_equal(decide_fixture_play(&fixture, 3600, NULL), "cart quiet-hours 79200");
    assert_string_equal(decide_fixture_play(&fixture, 4000, ORDER),
                        "cart ended until; receipt sends receipt");
    decide_fixture_close(&fixture);
}

/* 10:30 to 08:00 in UTC: second 1800 on. */
static void nights(struct decide_fixture *fixture)
{
    fixture->policy.quiet_from = 10 * 60 + 30;
    fixture->policy.quiet_to = 8 * 60;
}

#define BUYER             "customer.count('order.placed') == 0"
#define CART_STEPS(steps) "{name: cart, on: cart.updated, again: restart, steps: [" steps "]}"
#define BRANCHES                                                         \
    CART_STEPS("{wait: 1h}, {if: \"" BUYER                               \
               "\", then: [{send: a}], else: [{send: b}]}, {wait: 2h}, " \
               "{send: c}")

/* After a wait that policy imposed the branches around a send are asked again. */
static const struct decide_play after_nights[] = {
    {"a branch that is false now is passed over, its else is not entered, and it goes on behind",
     BRANCHES,
     {{0, CART_80, "cart waits 3600"},
      {3600, NULL, "cart quiet-hours 79200"},
      {4000, ORDER, ""},
      {79200, NULL, "cart passed-over branch; cart waits 86400"},
      {86400, NULL, "cart sends c"}}},
    {"so is an else whose branch is true now",
     CART_STEPS("{wait: 1h}, {if: customer.count('order.placed') > 0, then: [{send: a}], else: "
                "[{send: b}]}"),
     {{0, CART_80, "cart waits 3600"},
      {3600, NULL, "cart quiet-hours 79200"},
      {4000, ORDER, ""},
      {79200, NULL, "cart passed-over branch"}}},
    {"where nothing has changed the send goes out",
     BRANCHES,
     {{0, CART_80, "cart waits 3600"},
      {3600, NULL, "cart quiet-hours 79200"},
      {79200, NULL, "cart waits 86400; cart sends a"}}},
    {"the outer branch is asked first, and all that stands in it is passed over",
     CART_STEPS("{wait: 1h}, {if: \"" BUYER "\", then: [{if: \"" BUYER
                "\", then: [{send: a}]}, {send: b}]}, {send: c}"),
     {{0, CART_80, "cart waits 3600"},
      {3600, NULL, "cart quiet-hours 79200"},
      {4000, ORDER, ""},
      {79200, NULL, "cart passed-over branch; cart sends c"}}},
    {"of an inner one only that",
     CART_STEPS("{wait: 1h}, {if: cart.total > 5, then: [{if: \"" BUYER
                "\", then: [{send: a}]}, {send: b}]}, {send: c}"),
     {{0, CART_80, "cart waits 3600"},
      {3600, NULL, "cart quiet-hours 79200"},
      {4000, ORDER, ""},
      {79200, NULL, "cart passed-over branch; cart sends b; cart sends c"}}},
    {"one that cannot be answered ends the journey",
     CART_STEPS("{wait: 1h}, {if: 'customer.tier == 1', then: [{send: a}]}, {send: b}"),
     {{0,
       "{\"type\":\"cart.updated\",\"customer\":{\"id\":7,\"email\":\"a@b.example\",\"tier\":1,"
       "\"accepts_marketing\":true}}",
       "cart waits 3600"},
      {3600, NULL, "cart quiet-hours 79200"},
      {4000, "{\"type\":\"x\",\"customer\":{\"id\":7,\"tier\":null}}", ""},
      {79200, NULL, "cart error customer.tier: no such field"}}},
};

static void test_after_nights(void **state)
{
    (void)state;
    decide_fixture_play_all(after_nights, sizeof after_nights / sizeof *after_nights, nights);
}

/* And after one that ends late; after no other. */
static const struct decide_play after_waits[] = {
    {"late: asked again",
     CART_STEPS("{if: \"" BUYER "\", then: [{wait: 1h}, {send: a}]}, {send: b}"),
     {{0, CART_80, "cart waits 3600"},
      {1, ORDER, ""},
      {3661, NULL, "cart passed-over branch; cart sends b"}}},
    {"in time: as it was asked",
     CART_STEPS("{if: \"" BUYER "\", then: [{wait: 1h}, {send: a}]}, {send: b}"),
     {{0, CART_80, "cart waits 3600"}, {1, ORDER, ""}, {3660, NULL, "cart sends a; cart sends b"}}},
};

static void test_after_waits(void **state)
{
    (void)state;
    decide_fixture_play_all(after_waits, sizeof after_waits / sizeof *after_waits, NULL);
}

static void test_facts(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    decide_fixture_open(&fixture, WELCOME);
    decide_fixture_play(&fixture, 0, SIGN_UP);
    decide_fixture_place(&fixture, CUSTOMER_PLACE_HAND);
    assert_string_equal(decide_fixture_play(&fixture, 1,
                                            "{\"type\":\"customer.unsubscribed\",\"customer\":{"
                                            "\"id\":7}}"),
                        "welcome marked unsubscribed");
    assert_int_equal(fixture.last.withdrawn_count, 1);
    assert_int_equal(fixture.last.withdrawn[0].place, CUSTOMER_PLACE_HAND);
    decide_fixture_close(&fixture);

    decide_fixture_open(&fixture, WELCOME);
    const char *suppressed[] = {
        policy_address_hash(&fixture.policy, "ANA@example.com", fixture.arena), NULL};
    fixture.facts.suppressed = suppressed;
    assert_string_equal(decide_fixture_play(&fixture, 0, SIGN_UP), "welcome refused suppressed");
    decide_fixture_close(&fixture);
}

/* A message that a sender has counts: the restart is a new run. */
static void test_restarted_run(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    decide_fixture_open(&fixture,
                        "{name: cart, on: cart.updated, again: restart, limit: 1 per 7d,\n"
                        " steps: [{send: one}, {wait: 1h}, {send: two}]}");
    decide_fixture_play(&fixture, 0, CART_80);
    decide_fixture_place(&fixture, CUSTOMER_PLACE_HAND);
    assert_string_equal(
        decide_fixture_play(&fixture, 1800, CART_90),
        "cart ended restart; cart marked restart; cart waits 5400; cart refused limit");
    decide_fixture_close(&fixture);
}

/* What one event of a batch decides, the next may take back before anybody saw it. */
static void test_one_batch(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    decide_fixture_open(&fixture,
                        "{name: cart, on: cart.updated, until: order.placed, send: cart}");
    assert_string_equal(decide_fixture_play_both(&fixture, 0, CART_80, ORDER),
                        "cart sends cart; cart withdrawn until");
    assert_int_equal(fixture.last.message_count, 0);
    assert_int_equal(fixture.last.withdrawn_count, 0);
    decide_fixture_close(&fixture);
}

/* One batch: what the second event takes back is no longer among the messages. */
static void test_taken_back(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    decide_fixture_open(&fixture,
                        "{name: a, on: x, send: a}\n---\n{name: b, on: x, until: y, send: "
                        "b}\n---\n{name: c, on: x, send: c}");
    assert_string_equal(decide_fixture_play_both(&fixture, 0, "{\"type\":\"x\"," ANA "}",
                                                 "{\"type\":\"y\"," ANA "}"),
                        "a sends a; b sends b; c sends c; b withdrawn until");
    assert_int_equal(fixture.last.message_count, 2);
    assert_string_equal(fixture.last.messages[0].rule->name, "a");
    assert_string_equal(fixture.last.messages[1].rule->name, "c");
    assert_int_equal(fixture.last.withdrawn_count, 0);
    /* What was committed before is withdrawn by its mid, and is not open any more. */
    decide_fixture_play(&fixture, 100, "{\"type\":\"x\"," ANA "}");
    const char *mid = fixture.last.messages[1].mid;
    decide_fixture_play(&fixture, 101, "{\"type\":\"y\",\"id\":\"1\"," ANA "}");
    assert_int_equal(fixture.last.withdrawn_count, 1);
    assert_string_equal(fixture.last.withdrawn[0].mid, mid);
    assert_int_equal(fixture.last.withdrawn[0].place, CUSTOMER_PLACE_WAITS);
    assert_null(strstr(fixture.document, mid));
    decide_fixture_close(&fixture);
}

static void assert_dead(const struct decision *decision, const char *reason, const char *detail,
                        const struct rule_step *step)
{
    assert_int_equal(decision->dead_count, 1);
    const struct decision_dead *dead = &decision->dead[0];
    assert_string_equal(trace_reason_word(dead->reason), reason);
    assert_string_equal(dead->detail, detail);
    assert_true(value_is_text(value_get(&dead->body, "rule"), "r"));
    assert_true(value_is_text(value_get(&dead->body, "customer"), "id:7"));
    assert_true(value_is_text(value_get(&dead->body, "step"), step->id));
    assert_true(value_is_text(value_path(&dead->body, "start.type"), "x"));
}

/* The dead letter names the step that failed. */
static void test_dead_letters(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    decide_fixture_open(
        &fixture, "{name: r, on: x, again: parallel, steps: [{wait: 1h}, {send: a}, {if: "
                  "cart.gift, then: [{send: b}]}, {send: {template: c, data: {d: cart.note}}}]}");
    const struct rule *rule = ruleset_find(fixture.rules, "r");
    decide_fixture_play(&fixture, 0, "{\"type\":\"x\",\"cart\":{}," ANA "}");
    assert_string_equal(decide_fixture_play(&fixture, 3600, NULL),
                        "r error cart.gift: no such field; r sends a");
    assert_dead(&fixture.last, "error", "cart.gift: no such field", &rule->steps[2]);
    assert_int_equal(fixture.last.counts.failed, 1);
    assert_int_equal(fixture.last.deadline_ms, 0);
    decide_fixture_play(&fixture, 4000, "{\"type\":\"x\",\"cart\":{\"gift\":false}," ANA "}");
    assert_string_equal(decide_fixture_play(&fixture, 7600, NULL),
                        "r sends a; r error cart.note: no such field");
    assert_dead(&fixture.last, "error", "cart.note: no such field", &rule->steps[4]);
    assert_int_equal(fixture.last.counts.failed, 1);
    decide_fixture_close(&fixture);
}

/* Only the journey whose send failed ends, not another one of the same rule or event. */
static void test_failed_send(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    decide_fixture_open(
        &fixture, "{name: r, on: x, again: parallel, steps: [{wait: 1h}, {send: {template: a, "
                  "data: {d: note}}}, {wait: 1h}, {send: b}]}\n---\n"
                  "{name: s, on: x, again: parallel, steps: [{wait: 2h}, {send: c}]}");
    decide_fixture_play(&fixture, 0, "{\"type\":\"x\"," ANA "}");
    decide_fixture_play(&fixture, 0, "{\"type\":\"x\",\"note\":1," ANA "}");
    assert_string_equal(decide_fixture_play(&fixture, 3600, NULL),
                        "r waits 7200; r waits 7200; r error note: no such field; r sends a");
    assert_string_equal(decide_fixture_play(&fixture, 7200, NULL),
                        "r sends b; s sends c; s sends c");
    decide_fixture_close(&fixture);
}

/* What cannot be made ends its journey where that acts, before anything is granted: the sends of
 * others are in order all the same, whichever came first. */
static void test_failed_before_it_acts(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    decide_fixture_open(&fixture, "{name: q, on: x, send: a}\n---\n"
                                  "{name: r, on: x, steps: [{send: {template: b, data: {d: note}}},"
                                  " {set: {seen: 'true'}}]}\n---\n"
                                  "{name: s, on: x, priority: 1, send: c}");
    assert_string_equal(decide_fixture_play(&fixture, 0, "{\"type\":\"x\"," ANA "}"),
                        "r error note: no such field; s sends c; q sends a");
    assert_int_equal(fixture.last.message_count, 2);
    decide_fixture_close(&fixture);
}

static void test_too_many_journeys(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    char event[128];
    decide_fixture_open(&fixture, "{name: r, on: x, again: parallel, wait: 1h, send: a}");
    const struct rule *rule = ruleset_find(fixture.rules, "r");
    for (int i = 0; i <= CUSTOMER_JOURNEYS_MOST; i++) {
        snprintf(event, sizeof event, "{\"type\":\"x\",\"id\":%d," ANA "}", i);
        const char *did = decide_fixture_play(&fixture, 0, event);
        bool most = i == CUSTOMER_JOURNEYS_MOST;
        assert_string_equal(did,
                            most ? "r waits 3600; r refused too-many-journeys" : "r waits 3600");
    }
    assert_dead(&fixture.last, "too-many-journeys", "64 journeys run for this customer",
                &rule->steps[1]);
    decide_fixture_play(&fixture, 3600, NULL);
    assert_int_equal(fixture.last.message_count, CUSTOMER_JOURNEYS_MOST);
    decide_fixture_close(&fixture);
}

/* Ids of events that had an effect outlive the ring, those of others do not. */
static void test_effects(void **state)
{
    (void)state;
    static const struct {
        const char *event;
        bool effect;
    } cases[] = {
        {"{\"type\":\"none\",\"id\":\"e\"," ANA "}", false},
        {"{\"type\":\"x\",\"id\":\"e\"," ANA "}", true},    /* sends */
        {"{\"type\":\"wait\",\"id\":\"e\"," ANA "}", true}, /* begins a journey */
        {"{\"type\":\"y\",\"id\":\"e\"," ANA "}", true},    /* withdraws */
        {"{\"type\":\"z\",\"id\":\"e\"," ANA "}", true},    /* ends a journey */
        {"{\"type\":\"x\",\"id\":\"e\",\"customer\":{\"id\":7,\"email\":null}}", true},
        {"{\"type\":\"customer.unsubscribed\",\"topic\":\"t\",\"id\":\"e\"," ANA "}", true},
        {"{\"type\":\"customer.resubscribed\",\"id\":\"e\"," ANA "}", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct decide_fixture fixture;
        char other[128];
        decide_fixture_open(
            &fixture, "{name: r, on: [x, first], until: y, send: m}\n---\n{name: s, on: [wait, "
                      "first], again: parallel, until: z, wait: 1d, send: m}");
        decide_fixture_play(&fixture, 0, "{\"type\":\"first\",\"id\":\"f\"," ANA "}");
        decide_fixture_play(&fixture, 1, cases[i].event);
        for (int n = 0; n < CUSTOMER_RING_MOST; n++) {
            assert_string_equal(decide_fixture_play(&fixture, 2, cases[i].event),
                                "passed-over duplicate");
            snprintf(other, sizeof other, "{\"type\":\"none\",\"id\":%d," ANA "}", n);
            decide_fixture_play(&fixture, 2, other);
        }
        const char *did = decide_fixture_play(&fixture, 3, cases[i].event);
        if (cases[i].effect != (strcmp(did, "passed-over duplicate") == 0))
            fail_msg("%s: %s", cases[i].event, did);
        decide_fixture_close(&fixture);
    }
}

/* Each event of a batch is remembered for its own effect. */
static void test_effects_of_a_batch(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    struct diag diag = {0};
    decide_fixture_open(&fixture, WELCOME);
    decide_fixture_play_both(&fixture, 0, SIGN_UP, ORDER);
    const struct customer *customer =
        customer_read(fixture.arena, "id:7", fixture.document, strlen(fixture.document), &diag);
    assert_int_equal(customer->seen.count, 1);
    assert_int_equal(customer->ring.count, 1);
    /* Nobody asks for orders: they are not counted. */
    assert_int_equal(customer->counts.count, 1);
    assert_string_equal(customer->counts.items[0].type, "customer.signed_up");
    /* What nothing counts any more is forgotten. */
    assert_int_equal(customer->sends.count, 1);
    decide_fixture_play(&fixture, 2 * DAY, ORDER);
    customer =
        customer_read(fixture.arena, "id:7", fixture.document, strlen(fixture.document), &diag);
    assert_int_equal(customer->sends.count, 0);
    assert_int_equal(customer_find_total(customer, "welcome")->count, 1);
    decide_fixture_close(&fixture);
}

/* An event and what is due at once: first the event, and then without it. */
static void test_event_and_due(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    decide_fixture_open(&fixture,
                        "{name: r, on: x, again: ignore, until: z, steps: [{wait: 1h}, {if: "
                        "event.type == 'x', then: [{send: m}]}]}\n---\n"
                        "{name: s, class: transactional, on: y, send: n}");
    fixture.due_too = true;
    assert_string_equal(decide_fixture_play(&fixture, 0, "{\"type\":\"x\"," ANA "}"),
                        "r waits 3600");
    assert_string_equal(decide_fixture_play(&fixture, 3600, "{\"type\":\"y\"," ANA "}"),
                        "s sends n; r sends m");
    decide_fixture_play(&fixture, 4000, "{\"type\":\"x\"," ANA "}");
    assert_string_equal(decide_fixture_play(&fixture, 9000, "{\"type\":\"z\"," ANA "}"),
                        "r ended until; r withdrawn until");
    decide_fixture_close(&fixture);
}

static void test_segments(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    decide_fixture_open(&fixture,
                        "{name: vip, class: transactional, on: order.placed, if: "
                        "'customer.segment(\"vip\")', send: vip}\n---\n"
                        "{name: loop, on: order.placed, if: 'customer.segment(\"loop\")', send: x}"
                        "\n---\n{name: none, on: order.placed, if: 'customer.segment(\"vipp\")', "
                        "send: x}");
    struct diag diag = {0};
    static const char vip[] = "customer.segment('gold') && order.id != ''";
    static const char gold[] = "customer.tier == 'gold'", loop[] = "customer.segment('loop')";
    struct arena *arena = fixture.arena;
    const struct condition_segment segments[] = {
        {"vip", condition_compile(arena, vip, strlen(vip), NULL, NULL, &diag)},
        {"gold", condition_compile(arena, gold, strlen(gold), NULL, NULL, &diag)},
        {"loop", condition_compile(arena, loop, strlen(loop), NULL, NULL, &diag)},
        {0},
    };
    fixture.policy.segments = segments;
    const char *did = decide_fixture_play(
        &fixture, 0,
        "{\"type\":\"order.placed\",\"order\":{\"id\":\"1\"},\"customer\":{\"id\":7,"
        "\"email\":\"a@b.example\",\"tier\":\"gold\"}}");
    assert_non_null(strstr(did, "vip sends vip"));
    assert_non_null(strstr(did, "customer.segment: loop is named within itself"));
    assert_non_null(strstr(did, "customer.segment: no such segment: vipp"));
    decide_fixture_close(&fixture);
}

static void test_rules_change(void **state)
{
    (void)state;
    static const struct {
        const char *rules, *did;
    } changes[] = {
        {CART, "cart sends cart"},
        {"{name: cart, on: cart.updated, again: restart, wait: 2h, send: cart}", "cart sends cart"},
        {"{name: cart, on: cart.updated, again: restart, wait: 1h, send: other}",
         "cart ended rule-changed"},
        {"{name: cart, enabled: false, on: cart.updated, again: restart, wait: 1h, send: cart}",
         "cart ended disabled"},
        {WELCOME, "cart ended rule-removed"},
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        struct decide_fixture fixture;
        decide_fixture_open(&fixture, CART);
        decide_fixture_play(&fixture, 0, CART_80);
        decide_fixture_reload(&fixture, changes[i].rules);
        assert_string_equal(decide_fixture_play(&fixture, 3600, NULL), changes[i].did);
        decide_fixture_close(&fixture);
    }
}

static void test_deadlines(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    decide_fixture_open(&fixture,
                        CART "---\n{name: a-slow, on: cart.updated, again: ignore, wait: 2d, "
                             "send: slow}\n");
    decide_fixture_play(&fixture, 0, CART_80);
    assert_int_equal(fixture.last.deadline_ms, (DECIDE_FIXTURE_START + 3600) * 1000LL);
    assert_int_equal(fixture.last.last_deadline_ms, (DECIDE_FIXTURE_START + 2 * DAY) * 1000LL);
    decide_fixture_play(&fixture, 3600, NULL);
    assert_int_equal(fixture.last.deadline_ms, (DECIDE_FIXTURE_START + 2 * DAY) * 1000LL);
    decide_fixture_play(&fixture, 2 * DAY, NULL);
    assert_int_equal(fixture.last.deadline_ms, 0);
    decide_fixture_close(&fixture);
}

/* What goes back into the outbox is counted by its journey's name, which its body has where the
 * event does not give it. */
static void test_named_by_period(void **state)
{
    static const char event[] = "{\"type\":\"customer.signed_up\",\"id\":\"e1\"," ANA "}";
    struct decide_fixture fixture;
    char first[64];
    (void)state;
    decide_fixture_open(&fixture, WELCOME);
    assert_string_equal(decide_fixture_play(&fixture, 0, event), "welcome sends welcome");
    assert_null(value_get(&fixture.last.messages[0].body, "origin"));
    snprintf(first, sizeof first, "%s", fixture.last.messages[0].mid);
    assert_string_equal(decide_fixture_play(&fixture, 8 * DAY, event), "welcome sends welcome");
    const struct value *origin = value_get(&fixture.last.messages[0].body, "origin");
    assert_string_not_equal(fixture.last.messages[0].mid, first);
    assert_true(value_is(origin, VALUE_STRING));
    assert_non_null(strstr(fixture.document, value_to_text(fixture.arena, origin)));
    decide_fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plays),
        cmocka_unit_test(test_named_by_period),
        cmocka_unit_test(test_cap),
        cmocka_unit_test(test_quiet_hours),
        cmocka_unit_test(test_after_nights),
        cmocka_unit_test(test_after_waits),
        cmocka_unit_test(test_facts),
        cmocka_unit_test(test_rules_change),
        cmocka_unit_test(test_restarted_run),
        cmocka_unit_test(test_one_batch),
        cmocka_unit_test(test_segments),
        cmocka_unit_test(test_deadlines),
        cmocka_unit_test(test_taken_back),
        cmocka_unit_test(test_dead_letters),
        cmocka_unit_test(test_failed_send),
        cmocka_unit_test(test_failed_before_it_acts),
        cmocka_unit_test(test_too_many_journeys),
        cmocka_unit_test(test_effects),
        cmocka_unit_test(test_effects_of_a_batch),
        cmocka_unit_test(test_event_and_due),
    };
    return cmocka_run_group_tests_name("decide", tests, NULL, NULL);
}
