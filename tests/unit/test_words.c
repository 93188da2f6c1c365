/* What is said, and what P:said learns of it; what it has, and what that does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "customer/said.h"
#include "decide_fixture.h"

#define NEWS        "{name: news, on: x, topic: news, send: news}\n"
#define TIPS        "{name: tips, on: x, topic: tips, send: tips}\n"
#define WHO(more)   "\"customer\":{\"id\":7" more "}"
#define MAIL        ",\"email\":\"ana@example.com\",\"accepts_marketing\":true"
#define SAYS(what)  "{\"type\":\"customer." what "\"," WHO("")
#define ABOUT(text) ",\"topic\":\"" text "\"}"
#define TOLD        ",\"source\":\"nudged\",\"id\":\"m.unsubscribed\"}"
#define X(id)       "{\"type\":\"x\",\"id\":\"" id "\"," WHO(MAIL) "}"

static const char *name_of(struct decide_fixture *fixture, const char *text)
{
    return policy_short_hash(&fixture->policy, text, fixture->arena);
}

/* "id no all 0; mail yes news 5": under which name, and when, in seconds of the test. */
static const char *told(struct decide_fixture *fixture)
{
    static const char *const words[] = {"no", "yes", "erased"};
    const char *id = name_of(fixture, "id:7"), *mail = name_of(fixture, "ana@example.com");
    struct buf out;
    buf_init(&out, 4096);
    for (uint32_t i = 0; i < fixture->last.said_count; i++) {
        const struct decision_said *said = &fixture->last.said[i];
        const char *who = strcmp(said->name, id) == 0     ? "id"
                          : strcmp(said->name, mail) == 0 ? "mail"
                                                          : "other";
        buf_printf(&out, "%s%s %s %s %g", i ? "; " : "", who, words[said->word],
                   said->word == DECISION_ERASED ? "-" : said->topic,
                   (double)said->at_ms / 1000 - (double)DECIDE_FIXTURE_START);
    }
    const char *text = arena_text(fixture->arena, buf_string(&out));
    buf_free(&out);
    return text;
}

/* What comes, what is done, what P:said learns. */
static const struct {
    const char *name;
    struct {
        double second;
        const char *event, *did, *told;
    } steps[6];
} lives[] = {
    {"a no is told under all names",
     {{0, X("1"), "news sends news; tips sends tips", ""},
      {1, SAYS("unsubscribed") "}", "tips withdrawn unsubscribed; news withdrawn unsubscribed",
       "id no all 1; mail no all 1"},
      {2, X("2"), "news refused no-consent; tips refused no-consent", ""}}},
    {"a yes lifts it under all names, and is told whatever stands there",
     {{0, X("1"), "news sends news; tips sends tips", ""},
      {1, SAYS("subscribed") ABOUT("NEWS"), "", "id yes news 1; mail yes news 1"},
      {2, SAYS("resubscribed") "}", "", "id yes all 2; mail yes all 2"}}},
    {"an older no says nothing, an older yes lifts nothing",
     {{0, SAYS("subscribed") ",\"time\":\"2026-03-02T09:59:59Z\"}", "", "id yes all -1"},
      {1, SAYS("unsubscribed") ",\"time\":\"2026-03-02T09:59:58Z\"}", "passed-over older", ""},
      {2, X("1"), "news sends news; tips sends tips", ""},
      {3, SAYS("unsubscribed") ",\"topic\":\"news\",\"time\":\"2026-03-02T09:59:58Z\"}", "", ""},
      {4, X("2"), "news sends news; tips sends tips", ""}}},
    {"a topic's yes stands over an older no to all, in the records too",
     {{0, SAYS("subscribed") ",\"topic\":\"news\",\"time\":\"2026-03-02T10:00:05Z\"}", "",
       "id yes news 0"},
      {10, SAYS("subscribed") ABOUT("news"), "", "id yes news 10"},
      {20, SAYS("unsubscribed") ",\"time\":\"2026-03-02T10:00:07Z\"}", "",
       "id no all 7; id yes news 10"},
      {21, X("1"), "news sends news; tips refused no-consent", "mail no all 7; mail yes news 10"}}},
    {"a no without an id is said once more where a yes stands over it, and only there",
     {{0, SAYS("unsubscribed") "}", "", "id no all 0"},
      {1, SAYS("unsubscribed") "}", "passed-over duplicate", ""},
      {2, SAYS("subscribed") ABOUT("news"), "", "id yes news 2"},
      {3, SAYS("unsubscribed") "}", "", "id no all 3"},
      {4, X("1"), "news refused no-consent; tips refused no-consent", "mail no all 3"}}},
    {"a no with an id is the one that the yes has answered",
     {{0, SAYS("unsubscribed") ",\"id\":\"n\"}", "", "id no all 0"},
      {1, SAYS("subscribed") "}", "", "id yes all 1; id yes all 1"},
      {2, SAYS("unsubscribed") ",\"id\":\"n\"}", "passed-over duplicate", "id yes all 1"}}},
    {"a provider tells it of a mail once more",
     {{0, SAYS("unsubscribed") TOLD, "", "id no all 0"},
      {1, SAYS("unsubscribed") TOLD, "passed-over duplicate", ""},
      {2, SAYS("subscribed") "}", "", "id yes all 2; id yes all 2"},
      {3, SAYS("unsubscribed") TOLD, "", "id no all 3"}}},
    {"a name that comes later learns it",
     {{0, SAYS("unsubscribed") ABOUT("tips"), "", "id no tips 0"},
      {1, X("1"), "news sends news; tips refused no-consent", "mail no tips 0"},
      {2, X("2"), "news sends news; tips refused no-consent", ""}}},
};

/* As a commit leaves it, of the person's key alone. */
static void keep_record(struct decide_fixture *fixture, struct said_text *record)
{
    struct buf out;
    buf_init(&out, 4096);
    for (uint32_t i = 0; i < fixture->last.said_count; i++) {
        const struct decision_said *said = &fixture->last.said[i];
        const bool all = strcmp(said->topic, "all") == 0;
        if (strcmp(said->name, record->name) == 0 && said->word == DECISION_NO)
            buf_printf(&out, all ? "-%lld\n" : "-%lld=%s\n", (long long)said->at_ms, said->topic);
    }
    if (out.length)
        record->text = slice_of(arena_text(fixture->arena, buf_string(&out)));
    buf_free(&out);
}

static void test_lives(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lives / sizeof *lives; i++) {
        struct decide_fixture fixture;
        decide_fixture_open(&fixture, NEWS "---\n" TIPS);
        struct said_text record = {.name = name_of(&fixture, "id:7")};
        fixture.records = &record;
        fixture.record_count = 1;
        for (size_t s = 0; s < 6 && lives[i].steps[s].event; s++) {
            const char *did =
                decide_fixture_play(&fixture, lives[i].steps[s].second, lives[i].steps[s].event);
            if (strcmp(did, lives[i].steps[s].did) != 0 ||
                strcmp(told(&fixture), lives[i].steps[s].told) != 0)
                fail_msg("%s, step %zu: \"%s\", told \"%s\"", lives[i].name, s, did,
                         told(&fixture));
            keep_record(&fixture, &record);
        }
        decide_fixture_close(&fixture);
    }
}

/* What the record has when the second event comes, and what is done with it. */
static const struct {
    const char *record, *did, *told;
} records[] = {
    {NULL, "news sends news; tips sends tips", ""},
    {"-1772445600500", /* second 0.5: a document was restored, or forgotten */
     "tips withdrawn unsubscribed; news withdrawn unsubscribed; news refused no-consent; "
     "tips refused no-consent",
     "mail no all 0.5"},
    {"-1772445600500\n+1772445600600=news", /* that yes went with the document */
     "tips withdrawn unsubscribed; news withdrawn unsubscribed; news refused no-consent; "
     "tips refused no-consent",
     "mail no all 0.5"},
    {"-5=news", "news withdrawn unsubscribed; news refused no-consent; tips sends tips",
     "mail no news -1.77245e+09"},
};

static void test_records(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
        struct decide_fixture fixture;
        decide_fixture_open(&fixture, NEWS "---\n" TIPS);
        struct said_text record = {.name = name_of(&fixture, "id:7")};
        fixture.records = &record;
        fixture.record_count = 1;
        decide_fixture_play(&fixture, 0, X("1"));
        if (records[i].record)
            record.text = slice_of(records[i].record);
        assert_string_equal(decide_fixture_play(&fixture, 1, X("2")), records[i].did);
        assert_string_equal(told(&fixture), records[i].told);
        decide_fixture_close(&fixture);
    }
}

/* Who had a no of their own tells their mailbox of the one that a record brings. */
static void test_one_more(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    decide_fixture_open(&fixture, NEWS);
    struct said_text record = {.name = name_of(&fixture, "id:7")};
    fixture.records = &record;
    fixture.record_count = 1;
    decide_fixture_play(&fixture, 0, "{\"type\":\"y\"," WHO(MAIL) "}");
    decide_fixture_play(&fixture, 1, SAYS("unsubscribed") ABOUT("tips"));
    record.text = slice_of("-1772445600500\n-1772445601000=tips");
    decide_fixture_play(&fixture, 2, "{\"type\":\"y\",\"id\":\"2\"," WHO("") "}");
    assert_string_equal(told(&fixture), "mail no all 0.5; mail no tips 1");
    decide_fixture_close(&fixture);
}

/* A record that P:said has lost is written again. */
static void test_lost_record(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    decide_fixture_open(&fixture, NEWS);
    struct said_text record = {.name = name_of(&fixture, "id:7")};
    fixture.records = &record;
    fixture.record_count = 1;
    decide_fixture_play(&fixture, 0, SAYS("unsubscribed") "}");
    decide_fixture_play(&fixture, 1, "{\"type\":\"y\"," WHO("") "}");
    assert_string_equal(told(&fixture), "id no all 0");
    decide_fixture_close(&fixture);
}

/* Of an address that somebody else's no stands under. */
static void test_declined(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    decide_fixture_open(&fixture, NEWS "---\n" TIPS);
    const char *declined[] = {
        arena_printf(fixture.arena, "%s=news", name_of(&fixture, "ana@example.com")), NULL};
    fixture.facts.declined = declined;
    assert_string_equal(decide_fixture_play(&fixture, 0, X("1")),
                        "news refused no-consent; tips sends tips");
    decide_fixture_close(&fixture);
}

/* ---- Topics ---- */

static void set_topics(struct decide_fixture *fixture)
{
    static const struct policy_topic topics[] = {{"news", true}, {"tips", false}, {0}};
    fixture->policy.topics = topics;
}

static const struct decide_play topics[] = {
    {"a topic of opt-in needs a yes to it, and no consent",
     NEWS "---\n" TIPS,
     {{0, X("1"), "news refused no-consent; tips sends tips"},
      {1, SAYS("subscribed") "}", ""},
      {2, X("2"), "news refused no-consent; tips sends tips"},
      {3, SAYS("subscribed") ABOUT("News"), ""},
      {4, "{\"type\":\"x\",\"id\":\"3\"," WHO(",\"accepts_marketing\":false") "}",
       "news sends news; tips refused no-consent"},
      {5, SAYS("unsubscribed") ABOUT("news"), "news withdrawn unsubscribed"},
      {6, X("4"), "news refused no-consent; tips sends tips"}}},
    {"a no to all is one to it, a later yes is one again",
     NEWS,
     {{0, SAYS("subscribed") ABOUT("news"), ""},
      {1, X("1"), "news sends news"},
      {2, SAYS("unsubscribed") "}", "news withdrawn unsubscribed"},
      {3, X("2"), "news refused no-consent"},
      {4, SAYS("resubscribed") ABOUT("news"), ""},
      {5, X("3"), "news sends news"}}},
};

static void test_topics(void **state)
{
    (void)state;
    decide_fixture_play_all(topics, sizeof topics / sizeof *topics, set_topics);
}

/* ---- Erasure ---- */

#define ERASED(id) "{\"type\":\"customer.erased\",\"id\":\"" id "\"," WHO("") "}"

static void test_erasure(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    decide_fixture_open(&fixture,
                        NEWS "---\n{name: cart, on: c, again: ignore, wait: 1h, send: a}");
    decide_fixture_play(&fixture, 0, X("1"));
    decide_fixture_play(&fixture, 1, "{\"type\":\"c\"," WHO("") "}");
    decide_fixture_play(&fixture, 2, SAYS("unsubscribed") ABOUT("tips"));
    assert_string_equal(decide_fixture_play(&fixture, 3, ERASED("g")), "");
    assert_string_equal(told(&fixture),
                        "id no tips 2; mail no tips 2; id erased - 3; mail erased - 3");
    assert_true(fixture.last.bare);
    assert_int_equal(fixture.last.withdrawn_count, 1);
    assert_int_equal(fixture.last.erased_count, 1);
    assert_string_equal(fixture.last.erased[0], "id:7");
    assert_int_equal(fixture.last.deadline_ms, 0);
    assert_null(strstr(fixture.document, "ana@"));
    assert_null(strstr(fixture.document, "cart"));
    assert_non_null(strstr(fixture.document, "\"tips\""));
    decide_fixture_close(&fixture);
}

/* In one batch: what comes behind it begins anew, what happened before it is dropped. */
static void test_anew(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    decide_fixture_open(&fixture, NEWS);
    decide_fixture_play(&fixture, 0, X("1"));
    assert_string_equal(decide_fixture_play_both(&fixture, 3, ERASED("g"), X("2")),
                        "news sends news");
    assert_false(fixture.last.bare);
    assert_int_equal(fixture.last.withdrawn_count, 1);
    assert_int_equal(fixture.last.message_count, 1);
    assert_string_equal(
        decide_fixture_play_both(
            &fixture, 4, "{\"type\":\"customer.erased\",\"id\":\"h\"," WHO("") "}",
            "{\"type\":\"x\",\"id\":\"3\",\"time\":\"2026-03-02T10:00:03Z\"," WHO(MAIL) "}"),
        "");
    assert_true(fixture.last.bare);
    assert_int_equal(fixture.last.counts.erased, 1);
    decide_fixture_close(&fixture);
}

/* Without an id it is not known again: who has come back is forgotten once more. */
static void test_erased_again(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    decide_fixture_open(&fixture, NEWS);
    struct said_text record = {.name = name_of(&fixture, "id:7")};
    fixture.records = &record;
    fixture.record_count = 1;
    for (int time = 0; time < 2; time++) {
        const double second = time * 100.0;
        decide_fixture_play(&fixture, second, time ? X("2") : X("1"));
        decide_fixture_play(&fixture, second + 1, SAYS("erased") "}");
        assert_int_equal(fixture.last.erased_count, 1);
        assert_true(fixture.last.bare);
        record.text =
            slice_of(arena_printf(fixture.arena, "!%lld=%s",
                                  (long long)(1000 * ((double)DECIDE_FIXTURE_START + second + 1)),
                                  fixture.last.said[0].topic));
    }
    decide_fixture_close(&fixture);
}

/* With the record of an erasure at second 3. */
static void test_past(void **state)
{
    static const struct {
        double second;
        const char *event, *did;
        bool bare;
    } cases[] = {
        {2.9, X("1"), "", true}, /* it arrived before, and comes again from a daemon that died */
        {9, "{\"type\":\"x\",\"time\":\"2026-03-02T10:00:02.9Z\"," WHO(MAIL) "}", "", true},
        {3, X("1"), "news sends news", false},
        {9, X("1"), "news sends news", false},
        {9, ERASED("g"), "", true}, /* pushed again: what began anew stays */
        {2, ERASED("h"), "", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct decide_fixture fixture, other;
        decide_fixture_open(&fixture, NEWS);
        decide_fixture_open(&other, NEWS);
        decide_fixture_play(&other, 3, ERASED("g"));
        const struct said_text record = {
            name_of(&fixture, "id:7"),
            slice_of(arena_printf(fixture.arena, "!1772445603000=%s", other.last.said[0].topic))};
        fixture.records = &record;
        fixture.record_count = 1;
        assert_string_equal(decide_fixture_play(&fixture, cases[i].second, cases[i].event),
                            cases[i].did);
        assert_int_equal(fixture.last.bare, cases[i].bare);
        assert_int_equal(fixture.last.counts.erased, cases[i].bare);
        assert_int_equal(fixture.last.erased_count, 0);
        decide_fixture_close(&other);
        decide_fixture_close(&fixture);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lives),       cmocka_unit_test(test_records),
        cmocka_unit_test(test_lost_record), cmocka_unit_test(test_one_more),
        cmocka_unit_test(test_declined),    cmocka_unit_test(test_topics),
        cmocka_unit_test(test_erasure),     cmocka_unit_test(test_anew),
        cmocka_unit_test(test_past),        cmocka_unit_test(test_erased_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
