/* What always applies: quiet hours by the customer's clock; limits, caps and consent as plays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "decide_fixture.h"

#define DAY             86400
#define ANA             "\"customer\":{\"id\":7,\"email\":\"ana@example.com\",\"accepts_marketing\":true}"
#define EVENT(type, id) "{\"type\":\"" type "\",\"id\":\"" id "\"," ANA "}"
#define BARE(type)      "{\"type\":\"" type "\",\"customer\":{\"id\":7}"

#define NEWS     "{name: news, on: x, send: news}\n"
#define RECEIPT  "{name: receipt, class: transactional, on: x, send: receipt}\n"
#define AT(time) "2026-" time

struct quiet_case {
    const char *zone; /* of the customer; NULL: that of the shop, UTC */
    int from, to;
    const char *now, *until; /* "": it is not quiet */
};

enum { H8 = 8 * 60, H21 = 21 * 60, H22 = 22 * 60, H3_30 = 3 * 60 + 30 };

static const struct quiet_case quiet_cases[] = {
    {NULL, -1, -1, AT("03-02T23:00:00Z"), ""},
    {NULL, H21, H21, AT("03-02T21:00:00Z"), ""}, /* equal: none */
    {NULL, 0, 0, AT("03-02T00:00:00Z"), ""},
    /* over midnight */
    {NULL, H21, H8, AT("03-02T20:59:59.999Z"), ""},
    {NULL, H21, H8, AT("03-02T21:00:00Z"), AT("03-03T08:00:00Z")},
    {NULL, H21, H8, AT("03-02T23:59:00Z"), AT("03-03T08:00:00Z")},
    {NULL, H21, H8, AT("03-03T00:00:00Z"), AT("03-03T08:00:00Z")},
    {NULL, H21, H8, AT("03-03T07:59:59.999Z"), AT("03-03T08:00:00Z")},
    {NULL, H21, H8, AT("03-03T08:00:00Z"), ""},
    {NULL, H21, H8, AT("02-28T22:00:00Z"), AT("03-01T08:00:00Z")},
    {NULL, H21, H8, AT("12-31T22:00:00Z"), "2027-01-01T08:00:00Z"},
    {NULL, H21, 0, AT("03-02T22:00:00Z"), AT("03-03T00:00:00Z")},
    {NULL, H21, 0, AT("03-03T00:00:00Z"), ""},
    /* within a day, to the minute */
    {NULL, 12 * 60 + 30, 13 * 60 + 45, AT("03-02T12:29:00Z"), ""},
    {NULL, 12 * 60 + 30, 13 * 60 + 45, AT("03-02T12:30:00Z"), AT("03-02T13:45:00Z")},
    {NULL, 12 * 60 + 30, 13 * 60 + 45, AT("03-02T13:44:00Z"), AT("03-02T13:45:00Z")},
    {NULL, 12 * 60 + 30, 13 * 60 + 45, AT("03-02T13:45:00Z"), ""},
    {NULL, 0, H8, AT("03-02T00:00:00Z"), AT("03-02T08:00:00Z")},
    {NULL, 0, H8, AT("03-02T23:59:00Z"), ""},
    /* by the customer's clock; where the zone is none, by the shop's */
    {"Europe/Helsinki", H21, H8, AT("03-02T19:00:00Z"), AT("03-03T06:00:00Z")},
    {"Europe/Helsinki", H21, H8, AT("03-02T18:59:00Z"), ""},
    {"+05:30", H21, H8, AT("03-02T15:30:00Z"), AT("03-03T02:30:00Z")},
    {"Europe/Atlantis", H21, H8, AT("03-02T21:00:00Z"), AT("03-03T08:00:00Z")},
    {"", H21, H8, AT("03-02T21:00:00Z"), AT("03-03T08:00:00Z")},
    /* the night that is an hour shorter, and the one that is an hour longer */
    {"Europe/Helsinki", H21, H8, AT("03-28T20:00:00Z"), AT("03-29T05:00:00Z")},
    {"Europe/Bucharest", H21, H8, AT("10-24T19:00:00Z"), AT("10-25T06:00:00Z")},
    /* 3:30 is skipped, and moves forward to 4:30, for who asked before and for who asks behind */
    {"Europe/Helsinki", H22, H3_30, AT("03-28T21:00:00Z"), AT("03-29T01:30:00Z")},
    {"Europe/Helsinki", H22, H3_30, AT("03-29T01:00:00Z"), AT("03-29T01:30:00Z")},
    {"Europe/Helsinki", H22, H3_30, AT("03-29T01:30:00Z"), ""},
    {"Europe/Bucharest", H3_30, H8, AT("03-29T01:29:00Z"), ""},
    {"Europe/Bucharest", H3_30, H8, AT("03-29T01:30:00Z"), AT("03-29T05:00:00Z")},
    {"Europe/Bucharest", H3_30, 4 * 60 + 15, AT("03-29T01:10:00Z"), ""}, /* over as they begin */
    /* 3:30 comes twice, and the first counts, as an end and as a beginning; 3:10 comes again
       behind it */
    {"Europe/Bucharest", H22, H3_30, AT("10-25T00:10:00Z"), AT("10-25T00:30:00Z")},
    {"Europe/Bucharest", H22, H3_30, AT("10-25T00:30:00Z"), ""},
    {"Europe/Bucharest", H22, H3_30, AT("10-25T01:10:00Z"), ""},
    {"Europe/Helsinki", 3 * 60, H3_30, AT("10-25T01:29:00Z"), ""},
    {"Europe/Helsinki", H3_30, H8, AT("10-25T00:29:00Z"), ""},
    {"Europe/Helsinki", H3_30, H8, AT("10-25T00:30:00Z"), AT("10-25T06:00:00Z")},
    {"Europe/Helsinki", H3_30, H8, AT("10-25T01:10:00Z"), AT("10-25T06:00:00Z")},
    /* 1:45 moves behind the next evening's beginning: the later end counts */
    {"Europe/London", 2 * 60 + 30, 105, AT("03-29T01:40:00Z"), AT("03-30T00:45:00Z")},
    /* midnight is skipped, 23:30 moves into the next day */
    {"America/Scoresbysund", H21, 23 * 60 + 30, AT("03-29T01:10:00Z"), AT("03-29T01:30:00Z")},
};

static int64_t instant(const char *text)
{
    int64_t ms = 0;
    if (*text)
        assert_true(clock_parse(text, strlen(text), &ms));
    return ms;
}

static void test_quiet_until(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    for (size_t i = 0; i < sizeof quiet_cases / sizeof *quiet_cases; i++) {
        const struct quiet_case *one = &quiet_cases[i];
        const struct policy policy = {.quiet_from = one->from, .quiet_to = one->to, .zone = "UTC"};
        struct customer *customer = customer_new(arena, "id:7");
        if (one->zone)
            value_set(arena, customer->fields, "timezone", value_text(one->zone));
        int64_t until = policy_quiet_until(&policy, customer, instant(one->now), arena);
        if (until != instant(one->until))
            fail_msg("%s at %s: %lld, expected %s", one->zone ? one->zone : "UTC", one->now,
                     (long long)until, one->until);
    }
    const struct policy nowhere = {.quiet_from = H21, .quiet_to = H8, .zone = "Atlantis"};
    assert_int_equal(policy_quiet_until(&nowhere, customer_new(arena, "id:7"),
                                        instant("2026-03-02T22:00:00Z"), arena),
                     0);
    arena_destroy(&arena);
}

/* Marketing waits for the end of quiet hours, and everything is asked again then. */
static const struct decide_play nights[] = {
    {"what is transactional does not wait",
     NEWS "---\n" RECEIPT,
     {{0, EVENT("x", "1"), "news quiet-hours 79200; receipt sends receipt"},
      {79200, NULL, "news sends news"}}},
    {"until ends what waits for the morning",
     "{name: news, on: x, until: y, send: news}",
     {{0, EVENT("x", "1"), "news quiet-hours 79200"},
      {60, BARE("y") "}", "news ended until"},
      {79200, NULL, ""}}},
    {"consent is asked in the morning",
     NEWS,
     {{0, EVENT("x", "1"), "news quiet-hours 79200"},
      {60, BARE("customer.unsubscribed") "}", ""},
      {79200, NULL, "news refused no-consent"}}},
    {"and so are limits and caps; what comes in the morning shares them by priority",
     "{name: a, on: x, again: parallel, limit: 1 per 1d, send: a}\n---\n"
     "{name: b, on: x, again: parallel, send: b}\n---\n"
     "{name: c, on: x, again: parallel, priority: 2, send: c}\n---\n"
     "{name: d, on: x, again: parallel, priority: 1, send: d}\n",
     {{0, EVENT("x", "1"),
       "c quiet-hours 79200; d quiet-hours 79200; a quiet-hours 79200; b quiet-hours 79200"},
      {60, EVENT("x", "2"),
       "c quiet-hours 79200; d quiet-hours 79200; a quiet-hours 79200; b quiet-hours 79200"},
      {79200, NULL,
       "c sends c; c sends c; d sends d; d sends d; a sends a; a refused limit; b refused cap; "
       "b refused cap"}}},
    {"of a rule that says nothing of it the newest run alone comes through the night",
     "{name: a, on: x, send: a}\n---\n{name: b, on: x, class: transactional, send: b}",
     {{0, EVENT("x", "1"), "a quiet-hours 79200; b sends b"},
      {60, EVENT("x", "2"), "a ended restart; a quiet-hours 79200; b sends b"},
      {61, "{\"type\":\"x\",\"id\":\"3\",\"time\":\"2026-03-02T09:59:00Z\"," ANA "}",
       "a ignored older; b sends b"},
      {79200, NULL, "a sends a"},
      {79201, EVENT("x", "4"), "a sends a; b sends b"}}},
    {"the next wait counts from the morning",
     "{name: tour, on: x, again: ignore, steps: [{send: one}, {wait: 1h}, {send: two}]}",
     {{0, EVENT("x", "1"), "tour quiet-hours 79200"},
      {79230, NULL, "tour waits 82800; tour sends one"},
      {82800, NULL, "tour sends two"}}},
    {"a rule may begin and end within the night",
     NEWS,
     {{79199, EVENT("x", "1"), "news quiet-hours 79200"}, {79200, NULL, "news sends news"}}},
};

static void set_night(struct decide_fixture *fixture)
{
    fixture->policy.quiet_from = 10 * 60; /* second 0 is 10:00; 79200 is the next 8:00 */
    fixture->policy.quiet_to = H8;
    fixture->policy.cap = (struct setting_rate){.count = 5, .per_ms = 1000LL * DAY};
}

static void test_nights(void **state)
{
    (void)state;
    decide_fixture_play_all(nights, sizeof nights / sizeof *nights, set_night);
}

#define LIMITED "{name: news, on: x, until: y, limit: 1 per 1d, send: news}"

static const struct decide_play limits[] = {
    {"a limit is a window that moves",
     LIMITED,
     {{0, EVENT("x", "1"), "news sends news"},
      {DAY - 0.001, EVENT("x", "2"), "news refused limit"},
      {DAY, EVENT("x", "3"), "news sends news"},
      {DAY + 1, EVENT("x", "4"), "news refused limit"}}},
    {"what was withdrawn is not counted",
     LIMITED,
     {{0, EVENT("x", "1"), "news sends news"},
      {1, BARE("y") "}", "news withdrawn until"},
      {2, EVENT("x", "2"), "news sends news"}}},
    {"a refused run is none",
     "{name: news, on: x, limit: 1 per 1d, send: news}",
     {{0, BARE("x") "}", "news refused no-address"}, {1, EVENT("x", "2"), "news sends news"}}},
    {"several messages are one run, and their rule's alone",
     "{name: news, on: x, limit: 2 per 1d, steps: [{send: a}, {send: b}]}\n---\n"
     "{name: other, on: z, limit: 1 per 1d, send: c}",
     {{0, EVENT("x", "1"), "news sends a; news sends b"},
      {1, EVENT("z", "2"), "other sends c"},
      {2, EVENT("x", "3"), "news sends a; news sends b"},
      {3, EVENT("x", "4"), "news refused limit; news refused limit"}}},
    {"a run counts by what it sent within the window",
     "{name: news, on: x, again: parallel, limit: 1 per 1d, steps: [{send: a}, {wait: 10s}, "
     "{send: b}, {wait: 10s}, {send: c}]}",
     {{0, EVENT("x", "1"), "news waits 10; news sends a"},
      {10, NULL, "news waits 20; news sends b"},
      {20, NULL, "news sends c"},
      {DAY + 10, EVENT("x", "2"), "news waits 86420; news refused limit"},
      {DAY + 20, EVENT("x", "3"), "news waits 86430; news sends a"}}},
    {"the limit comes before consent, the address before all",
     "{name: news, on: x, limit: 1 per 1d, send: news}",
     {{0, EVENT("x", "1"), "news sends news"},
      {1, BARE("customer.unsubscribed") "}", "news withdrawn unsubscribed"},
      {2, EVENT("x", "2"), "news refused no-consent"},
      {3, BARE("customer.resubscribed") "}", ""},
      {4, EVENT("x", "3"), "news sends news"},
      {5, "{\"type\":\"x\",\"customer\":{\"id\":7,\"accepts_marketing\":false}}",
       "news refused limit"},
      {6, "{\"type\":\"x\",\"customer\":{\"id\":7,\"email\":null}}", "news refused no-address"}}},
    {"days of another rule's limit keep what this one counts",
     "{name: news, on: x, limit: 1 per 30d, send: news}\n---\n"
     "{name: other, on: z, limit: 1 per 2h, send: c}",
     {{0, EVENT("x", "1"), "news sends news"},
      {29 * DAY, EVENT("x", "2"), "news refused limit"},
      {30 * DAY, EVENT("x", "3"), "news sends news"}}},
};

static void test_limits(void **state)
{
    (void)state;
    decide_fixture_play_all(limits, sizeof limits / sizeof *limits, NULL);
}

static const struct decide_play caps[] = {
    {"a cap is over all marketing to one person, in a window that moves",
     NEWS "---\n{name: offer, on: z, send: offer}\n---\n" RECEIPT,
     {{0, EVENT("x", "1"), "news sends news; receipt sends receipt"},
      {1, EVENT("z", "2"), "offer sends offer"},
      {2, EVENT("x", "3"), "news refused cap; receipt sends receipt"},
      {9 * DAY - 0.001, EVENT("z", "4"), "offer refused cap"},
      {9 * DAY, EVENT("z", "5"), "offer sends offer"},
      {9 * DAY, EVENT("z", "6"), "offer refused cap"}}},
    {"what was withdrawn gives its place back",
     "{name: news, on: x, until: y, send: news}",
     {{0, EVENT("x", "1"), "news sends news"},
      {1, EVENT("x", "2"), "news sends news"},
      {2, EVENT("x", "3"), "news refused cap"},
      {3, BARE("y") "}", "news withdrawn until; news withdrawn until"},
      {4, EVENT("x", "4"), "news sends news"}}},
};

static void set_cap(struct decide_fixture *fixture)
{
    fixture->policy.cap = (struct setting_rate){.count = 2, .per_ms = 9000LL * DAY};
}

static void test_caps(void **state)
{
    (void)state;
    decide_fixture_play_all(caps, sizeof caps / sizeof *caps, set_cap);
}

/* What delivery tells of a message gives its place back, under the cap and under the limit, unless
 * it may have arrived before; only nudged itself may tell it. */
static void test_places_given_back(void **state)
{
    (void)state;
    static const struct {
        const char *type, *source, *more, *did;
    } cases[] = {
        {"message.failed", "nudged", "", "news sends news"},
        {"message.bounced", "nudged", "", "news sends news"},
        {"message.failed", "nudged", ",\"may_have_arrived\":true", "news refused limit"},
        {"message.bounced", "nudged", ",\"may_have_arrived\":true", "news refused limit"},
        {"message.sent", "nudged", "", "news refused limit"},
        {"message.failed", "shop", "", "news refused limit"},
        {"message.failed", "", "", "news refused limit"},
    };
    static const char nothing[] = "{\"type\":\"message.failed\",\"source\":\"nudged\",\"id\":\"n\","
                                  "\"customer\":{\"key\":\"id:7\"}}";
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct decide_fixture fixture;
        char told[256];
        decide_fixture_open(&fixture, LIMITED);
        fixture.policy.cap = (struct setting_rate){.count = 1, .per_ms = 9000LL * DAY};
        decide_fixture_play(&fixture, 0, EVENT("x", "1"));
        snprintf(told, sizeof told,
                 "{\"type\":\"%s\",\"source\":\"%s\",\"customer\":{\"id\":7,\"key\":\"id:7\"},"
                 "\"message\":{\"id\":\"%s\"%s}}",
                 cases[i].type, cases[i].source, fixture.last.messages[0].mid, cases[i].more);
        assert_string_equal(decide_fixture_play(&fixture, 9, nothing), "");
        decide_fixture_play(&fixture, 10, told);
        assert_string_equal(decide_fixture_play(&fixture, 20, BARE("x") "}"), cases[i].did);
        decide_fixture_close(&fixture);
    }
}

#define OFFERS      "{name: offer, on: x, topic: offers, send: offer}\n"
#define TOPIC(text) ",\"topic\":" text "}"

static const struct decide_play consents[] = {
    {"of a topic, or of all",
     NEWS "---\n" OFFERS "---\n" RECEIPT,
     {{0, BARE("customer.unsubscribed") TOPIC("\"offers\""), ""},
      {1, EVENT("x", "1"), "news sends news; offer refused no-consent; receipt sends receipt"},
      {2, BARE("customer.unsubscribed") TOPIC("null"), "news withdrawn unsubscribed"},
      {3, EVENT("x", "2"),
       "news refused no-consent; offer refused no-consent; receipt sends receipt"},
      {4, BARE("customer.resubscribed") TOPIC("\"offers\""), ""},
      {5, EVENT("x", "3"), "news refused no-consent; offer sends offer; receipt sends receipt"},
      {6, BARE("customer.unsubscribed") ",\"id\":\"u\"" TOPIC("\"offers\""),
       "offer withdrawn unsubscribed"},
      {7, BARE("customer.resubscribed") TOPIC("\"all\""), ""},
      {8, EVENT("x", "4"), "news sends news; offer sends offer; receipt sends receipt"}}},
    {"unsubscribing from a topic withdraws that topic alone",
     NEWS "---\n" OFFERS "---\n" RECEIPT,
     {{0, EVENT("x", "1"), "news sends news; offer sends offer; receipt sends receipt"},
      {1, BARE("customer.unsubscribed") TOPIC("\"offers\""), "offer withdrawn unsubscribed"},
      {2, BARE("customer.unsubscribed") "}", "news withdrawn unsubscribed"}}},
    {"resubscribing to a topic lifts that topic alone",
     NEWS "---\n" OFFERS,
     {{0, BARE("customer.unsubscribed") TOPIC("\"offers\""), ""},
      {1, BARE("customer.unsubscribed") TOPIC("\"other\""), ""},
      {2, BARE("customer.resubscribed") TOPIC("\"other\""), ""},
      {3, EVENT("x", "1"), "news sends news; offer refused no-consent"},
      {4, BARE("customer.resubscribed") TOPIC("\"offers\""), ""},
      {5, EVENT("x", "2"), "news sends news; offer sends offer"}}},
    {"a topic that cannot be read is all of them, and lifts nothing",
     NEWS,
     {{0, BARE("customer.unsubscribed") TOPIC("5"), ""},
      {1, EVENT("x", "1"), "news refused no-consent"},
      {2, BARE("customer.resubscribed") TOPIC("5"), ""},
      {3, BARE("customer.resubscribed") TOPIC("\"\""), ""},
      {4, EVENT("x", "2"), "news refused no-consent"},
      {5, BARE("customer.resubscribed") TOPIC("null"), ""},
      {6, BARE("customer.unsubscribed") TOPIC("\"\""), ""},
      {7, EVENT("x", "3"), "news refused no-consent"}}},
    {"no merge lifts what the customer decided",
     NEWS,
     {{0, BARE("customer.unsubscribed") "}", ""},
      {1, "{\"type\":\"y\",\"customer\":{\"id\":7,\"accepts_marketing\":true,\"optouts\":{}}}", ""},
      {2, EVENT("x", "1"), "news refused no-consent"}}},
    {"nor does what the customer decided before",
     NEWS,
     {{0, BARE("customer.unsubscribed") "}", ""},
      {10, BARE("customer.unsubscribed") ",\"time\":\"2026-03-01T00:00:00Z\"}",
       "passed-over older"},
      {20, BARE("customer.resubscribed") ",\"time\":\"2026-03-02T09:59:59Z\"}",
       "passed-over older"},
      {30, EVENT("x", "1"), "news refused no-consent"},
      {40, BARE("customer.resubscribed") ",\"time\":\"2026-03-02T10:00:00Z\"}", ""},
      {50, EVENT("x", "2"), "news sends news"}}},
    {"only true is consent",
     NEWS,
     {{0, "{\"type\":\"x\",\"customer\":{\"id\":7,\"email\":\"a@b.example\"}}",
       "news refused no-consent"},
      {1, "{\"type\":\"x\",\"customer\":{\"id\":7,\"accepts_marketing\":\"true\"}}",
       "news refused no-consent"},
      {2, "{\"type\":\"x\",\"customer\":{\"id\":7,\"accepts_marketing\":1}}",
       "news refused no-consent"},
      {3, "{\"type\":\"x\",\"customer\":{\"id\":7,\"accepts_marketing\":false}}",
       "news refused no-consent"},
      {4, "{\"type\":\"x\",\"customer\":{\"id\":7,\"accepts_marketing\":true}}",
       "news sends news"}}},
};

static void test_consents(void **state)
{
    (void)state;
    decide_fixture_play_all(consents, sizeof consents / sizeof *consents, NULL);
}

static const struct decide_play own_consents[] = {
    {"an own condition stands in for the default, not for the customer's word",
     NEWS "---\n" RECEIPT,
     {{0, EVENT("x", "1"), "news refused no-consent; receipt sends receipt"},
      {1, "{\"type\":\"x\",\"customer\":{\"id\":7,\"tier\":\"gold\",\"accepts_marketing\":false}}",
       "news sends news; receipt sends receipt"},
      {2, BARE("customer.unsubscribed") "}", "news withdrawn unsubscribed"},
      {3, EVENT("x", "2"), "news refused no-consent; receipt sends receipt"}}},
    {"what it cannot answer is no",
     NEWS,
     {{0, "{\"type\":\"x\",\"customer\":{\"id\":7,\"email\":\"a@b.example\",\"tier\":5}}",
       "news refused no-consent"}}},
};

static void set_consent(struct decide_fixture *fixture)
{
    static const char text[] = "customer.tier.startsWith('g')";
    struct diag diag = {0};
    fixture->policy.consent =
        condition_compile(fixture->arena, text, strlen(text), NULL, NULL, &diag);
    assert_non_null(fixture->policy.consent);
}

static void test_own_consent(void **state)
{
    (void)state;
    decide_fixture_play_all(own_consents, sizeof own_consents / sizeof *own_consents, set_consent);
}

/* One mailbox is one hash, however it is written, and no other's. */
static void test_address_hash(void **state)
{
    (void)state;
    static const unsigned char secret[] = "one", other_secret[] = "two";
    const struct policy policy = {.secret = secret, .secret_length = 3};
    const struct policy other = {.secret = other_secret, .secret_length = 3};
    struct arena *arena = arena_new(1024);
    const char *hash = policy_address_hash(&policy, "ana@xn--mnchen-3ya.example", arena);
    assert_int_equal(strlen(hash), POLICY_HASH_SIZE - 1);
    assert_string_equal(hash, policy_address_hash(&policy, " ANA@M\u00dcNCHEN.example", arena));
    assert_string_not_equal(hash, policy_address_hash(&policy, "ana@munchen.example", arena));
    assert_string_not_equal(hash, policy_address_hash(&other, "ana@xn--mnchen-3ya.example", arena));
    arena_destroy(&arena);
}

/* Where a program of the first format knew the address by another hash, that is asked too. */
static void test_old_address_hash(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    decide_fixture_open(&fixture, "{name: thanks, on: order.placed, class: transactional,\n"
                                  " send: thanks}");
    struct policy_address known =
        policy_address(&fixture.policy, "ANA@M\u00dcNCHEN.example", fixture.arena);
    const char *other = "Ana@M\u00dcnchen.example";
    assert_string_equal(known.old_hash,
                        policy_address(&fixture.policy, other, fixture.arena).old_hash);
    const char *suppressed[] = {known.old_hash, NULL};
    fixture.facts.suppressed = suppressed;
    assert_string_equal(decide_fixture_play(&fixture, 0,
                                            "{\"type\":\"order.placed\",\"customer\":{\"id\":7,"
                                            "\"email\":\"ANA@M\u00dcNCHEN.example\"}}"),
                        "thanks refused suppressed");
    assert_null(policy_address(&fixture.policy, "Ana@example.com", fixture.arena).old_hash);
    assert_null(policy_address(&fixture.policy, NULL, fixture.arena).hash);
    decide_fixture_close(&fixture);
}

static void test_short_hash(void **state)
{
    (void)state;
    static const unsigned char secret[] = "one";
    const struct policy policy = {.secret = secret, .secret_length = 3};
    struct arena *arena = arena_new(1024);
    const char *hash = policy_short_hash(&policy, "ana@example.com", arena);
    assert_int_equal(strlen(hash), 16);
    assert_memory_equal(hash, policy_address_hash(&policy, "ana@example.com", arena), 16);
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quiet_until),
        cmocka_unit_test(test_nights),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_caps),
        cmocka_unit_test(test_places_given_back),
        cmocka_unit_test(test_consents),
        cmocka_unit_test(test_own_consent),
        cmocka_unit_test(test_address_hash),
        cmocka_unit_test(test_old_address_hash),
        cmocka_unit_test(test_short_hash),
    };
    return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
