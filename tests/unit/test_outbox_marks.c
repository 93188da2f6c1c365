/* What ends a message that waits or was in a sender's hand: a mark, an objection, its time. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "outbox_fixture.h"
#include "store/outbox_at_once.h"

enum news { NO_EVENT, PLACE_BACK, OWN_EVENT };

/* What was to become of a marked message, and what is told of its end. */
static const struct row {
    const char *name;
    enum outbox_verdict verdict;
    const char *reason;
    bool bound; /* by an attempt before */
    bool lost;  /* by this one */
    const char *told;
    enum news news;
} rows[] = {
    {"a retry", OUTBOX_LATER, NULL, false, false, "withdrawn", PLACE_BACK},
    {"a retry of what may have arrived", OUTBOX_LATER, NULL, true, false,
     "withdrawn, may have arrived", NO_EVENT},
    {"never begun", OUTBOX_RELEASE, NULL, false, false, "withdrawn", PLACE_BACK},
    {"its answer was lost", OUTBOX_RESEND, NULL, false, false, "withdrawn, may have arrived",
     NO_EVENT},
    {"its answer was lost, held", OUTBOX_HOLD, NULL, false, false, "withdrawn, may have arrived",
     NO_EVENT},
    {"its answer was lost at the end of its time", OUTBOX_DEAD, "gave-up", false, true,
     "withdrawn, may have arrived", NO_EVENT},
    {"refused", OUTBOX_DEAD, "refused", false, false, "withdrawn", PLACE_BACK},
    {"bounced", OUTBOX_DEAD, "bounced", false, false, "withdrawn", OWN_EVENT},
    {"delivered", OUTBOX_DONE, NULL, false, false, "too-late", OWN_EVENT},
};

static void assert_news(struct outbox_fixture *scene, const struct row *row)
{
    const char *const events = redis_fixture_ask(&scene->redis, "XRANGE t:events - +");
    const bool back = strstr(events, "\"type\":\"message.withdrawn\"") != NULL;
    const bool own = strstr(events, "{\"own\":1}") != NULL;
    if (back != (row->news == PLACE_BACK) || own != (row->news == OWN_EVENT))
        fail_msg("%s: %s", row->name, events);
    if (back && !(strstr(events, "\"customer\":{\"key\":\"id:7\"}") &&
                  strstr(events, "\"reason\":\"until\"") && strstr(events, "\"id\":\"m1\"") &&
                  strstr(events, "\"rule\":\"tea\"") && strstr(events, "\"hops\":3")))
        fail_msg("%s: %s", row->name, events);
}

static void assert_trace(struct outbox_fixture *scene, const struct row *row)
{
    char expected[160];
    snprintf(expected, sizeof expected,
             "\"did\":[{\"rule\":\"tea\",\"what\":\"%s\",\"why\":\"until\",\"mid\":\"m1\"}]}",
             row->told);
    const char *const newest = redis_fixture_ask(&scene->redis, "LINDEX t:trace:id:7 0");
    if (!strstr(newest, expected))
        fail_msg("%s: %s", row->name, newest);
    assert_redis(&scene->redis, "{\"gateway\":1}", "LINDEX t:trace:id:7 1");
}

static void assert_nothing_left(struct outbox_fixture *scene)
{
    assert_redis(&scene->redis, "0", "EXISTS t:message:m1 t:later t:uncertain");
    assert_redis(&scene->redis, "0", "XLEN t:dead");
    assert_redis(&scene->redis, "0", "XLEN t:outbox:email:marketing");
    outbox_fixture_assert_idle(scene);
}

/* A message in the hand of the first daemon, marked. */
static struct outbox_fixture_taken take_marked(struct outbox_fixture *scene, const char *why)
{
    outbox_fixture_put(scene, "m1", "marketing", "resend");
    redis_fixture_ask(&scene->redis, "HSET t:message:m1 body %s", "{\"rule\":\"tea\",\"hops\":2}");
    struct outbox_fixture_taken taken = outbox_fixture_take(scene, 1);
    redis_fixture_ask(&scene->redis, "HSET t:message:m1 mark %s", why);
    return taken;
}

static struct outbox_result result_of(const struct outbox_fixture_taken *taken,
                                      const struct row *row)
{
    struct outbox_result result = outbox_fixture_result_of(taken, 0, row->verdict);
    result.reason = row->reason;
    result.may_have_arrived = row->lost;
    result.trace = "{\"gateway\":1}";
    result.event =
        row->verdict == OUTBOX_DEAD || row->verdict == OUTBOX_DONE ? "{\"own\":1}" : NULL;
    if (row->reason && strcmp(row->reason, "bounced") == 0)
        result.suppress = "hash";
    return result;
}

static void test_settlement(void **state)
{
    struct outbox_fixture *scene = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        struct outbox_fixture_taken taken = take_marked(scene, "until");
        struct outbox_result result = result_of(&taken, row);
        if (row->bound)
            redis_fixture_ask(&scene->redis, "HSET t:message:m1 bound 1");
        assert_string_equal(outbox_fixture_settle(scene, scene->outbox, &result, 1), "3");
        assert_string_equal(outbox_fixture_settle(scene, scene->outbox, &result, 1), "0");
        assert_nothing_left(scene);
        assert_trace(scene, row);
        assert_news(scene, row);
        assert_redis(&scene->redis, result.suppress ? "1" : "0", "HEXISTS t:suppressed hash");
        redis_fixture_ask(&scene->redis, "DEL t:trace:id:7 t:suppressed");
        redis_fixture_ask(&scene->redis, "XTRIM t:events MAXLEN 0");
    }
}

/* Of a person who was erased meanwhile nothing stays, delivered or not. */
static void test_erased(void **state)
{
    struct outbox_fixture *scene = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct outbox_fixture_taken taken = take_marked(scene, "erasure");
        struct outbox_result result = result_of(&taken, &rows[i]);
        assert_string_equal(outbox_fixture_settle(scene, scene->outbox, &result, 1), "3");
        assert_nothing_left(scene);
        assert_redis(&scene->redis, "0", "EXISTS t:trace:id:7");
        assert_redis(&scene->redis, "0", "XLEN t:events");
    }
}

/* ---- A template that a daemon lacks ---- */

static void put_aside(struct outbox_fixture *scene, struct outbox *outbox, const char *expected)
{
    struct outbox_fixture_taken taken =
        outbox_fixture_take_with(scene, outbox, "main", 1, (struct outbox_rate){0});
    assert_string_equal(taken.text, expected);
    struct outbox_result result = outbox_fixture_result_of(&taken, 0, OUTBOX_LACKING);
    assert_string_equal(outbox_fixture_settle(scene, outbox, &result, 1), "1");
    assert_redis(&scene->redis, "later", "HGET t:message:%s state", expected);
}

/* Who lacked its template does not take it again, as often as it comes; another one does, at once,
 * when there is nothing before it; and the first too, with other files. */
static void test_lacking(void **state)
{
    struct outbox_fixture *scene = *state;
    const struct outbox_rate no_rate = {0};
    outbox_fixture_put(scene, "m1", "marketing", "resend");
    put_aside(scene, scene->outbox, "m1");
    assert_int_equal(outbox_fixture_take(scene, 1).count, 0);
    redis_fixture_ask(&scene->redis, "ZADD t:later 1 m1");
    assert_int_equal(outbox_fixture_sweep(scene, scene->outbox).swept.requeued, 1);
    assert_redis(&scene->redis, "queued", "HGET t:message:m1 state");
    assert_redis(&scene->redis, "0", "EXISTS t:lacking:email:marketing");
    assert_int_equal(outbox_fixture_take(scene, 1).count, 0);
    assert_redis(&scene->redis, "later", "HGET t:message:m1 state");
    outbox_fixture_put(scene, "m2", "marketing", "resend");
    put_aside(scene, scene->others, "m2");
    put_aside(scene, scene->others, "m1");
    assert_redis(&scene->redis, "2", "SCARD t:lacking:email:marketing");
    assert_string_equal(outbox_fixture_take(scene, 3).text, "m2");
    outbox_reload(scene->outbox);
    assert_string_equal(outbox_fixture_take(scene, 3).text, "m1");
    assert_redis(&scene->redis, "0", "EXISTS t:later t:lacking:email:marketing");
    assert_int_equal(outbox_fixture_take_with(scene, scene->others, "main", 3, no_rate).count, 0);
}

/* Past its give_up it ends like any other. One that was withdrawn
 * meanwhile, or waits for a retry, is nothing to be fetched. */
static void test_lacking_ends(void **state)
{
    struct outbox_fixture *scene = *state;
    for (int i = 1; i <= 3; i++) {
        char mid[16];
        snprintf(mid, sizeof mid, "m%d", i);
        outbox_fixture_put(scene, mid, "marketing", "resend");
        put_aside(scene, scene->outbox, mid);
    }
    redis_fixture_ask(&scene->redis, "DEL t:message:m1");
    redis_fixture_ask(&scene->redis, "HDEL t:message:m2 lacks");
    redis_fixture_ask(&scene->redis, "HSET t:message:m3 give_up 900");
    redis_fixture_ask(&scene->redis, "ZADD t:later 1 m3");
    outbox_fixture_sweep(scene, scene->outbox);
    const struct outbox_rate no_rate = {0};
    assert_int_equal(outbox_fixture_take_with(scene, scene->others, "main", 3, no_rate).buried, 1);
    assert_redis(&scene->redis, "0", "EXISTS t:lacking:email:marketing");
    assert_redis(&scene->redis, "later", "HGET t:message:m2 state");
}

/* ---- What a lost take had ---- */

static bool is_recovered(void *outbox)
{
    return !outbox_recover(outbox);
}

/* The answer to the take was lost, so nobody has begun it. */
static void test_lost_take(void **state)
{
    static const struct row row = {"lost", .told = "withdrawn", .news = PLACE_BACK};
    struct outbox_fixture *scene = *state;
    outbox_fixture_put(scene, "m1", "marketing", "resend");
    redis_fixture_ask(&scene->redis, "HSET t:message:m1 body %s", "{\"rule\":\"tea\",\"hops\":2}");
    redis_fixture_ask(&scene->redis, "LPUSH t:trace:id:7 {\"gateway\":1}");
    outbox_fixture_put(scene, "free", "transactional", "resend");
    assert_int_equal(outbox_fixture_take(scene, 2).count, 0);
    assert_redis(&scene->redis, "taken", "HGET t:message:m1 state");
    assert_redis(&scene->redis, "taken", "HGET t:message:free state");
    redis_fixture_ask(&scene->redis, "HSET t:message:m1 mark until");
    redis_fixture_run_until(&scene->redis, is_recovered, scene->outbox);
    assert_redis(&scene->redis, "0", "EXISTS t:message:m1");
    struct outbox_fixture_taken taken = outbox_fixture_take(scene, 2);
    assert_string_equal(taken.text, "free");
    assert_int_equal(taken.attempts, 0);
    struct outbox_result done = outbox_fixture_result_of(&taken, 0, OUTBOX_DONE);
    assert_string_equal(outbox_fixture_settle(scene, scene->outbox, &done, 1), "1");
    assert_nothing_left(scene);
    assert_trace(scene, &row);
    assert_news(scene, &row);
}

static bool is_put_back(void *context)
{
    struct outbox_fixture *scene = context;
    outbox_recover(scene->outbox);
    return strcmp(redis_fixture_ask(&scene->redis, "HGET t:message:late state"), "queued") == 0;
}

/* A network that works again delivers what was sent over a connection that was given up: so it is
 * looked for again, and however many there are. */
static void test_late_take(void **state)
{
    struct outbox_fixture *scene = *state;
    const int64_t number = outbox_next_number(scene->outbox);
    outbox_note_lost(scene->outbox, number);
    for (int i = 0; i < 2000; i++)
        outbox_note_lost(scene->outbox, outbox_next_number(scene->outbox));
    redis_fixture_run_until(&scene->redis, is_recovered, scene->outbox);
    outbox_fixture_put(scene, "late", "transactional", "resend");
    redis_fixture_ask(&scene->redis, "DEL t:outbox:email:transactional");
    redis_fixture_ask(&scene->redis,
                      "HSET t:message:late state taken owner %s entry - take %" PRId64,
                      instance_consumer(scene->store.instance), number + 2000);
    redis_fixture_ask(&scene->redis, "HSET t:begun:email:transactional late %s", "1 x");
    redis_fixture_run_until(&scene->redis, is_put_back, scene);
    assert_redis(&scene->redis, "0", "EXISTS t:begun:email:transactional");
    assert_string_equal(outbox_fixture_take(scene, 1).text, "late");
}

/* Its daemon died: it may have arrived, so it goes on counting. */
static void test_takeover(void **state)
{
    static const char *const policies[] = {"resend", "hold"};
    static const struct row row = {"died", .told = "withdrawn, may have arrived", .news = NO_EVENT};
    struct outbox_fixture *scene = *state;
    for (size_t i = 0; i < 2; i++) {
        redis_fixture_ask(&scene->redis, "DEL t:trace:id:7");
        redis_fixture_ask(&scene->redis, "LPUSH t:trace:id:7 {\"gateway\":1}");
        take_marked(scene, "until");
        redis_fixture_ask(&scene->redis, "HSET t:message:m1 on_uncertain %s", policies[i]);
        store_fixture_lapse(&scene->store);
        struct outbox_fixture_swept swept = outbox_fixture_sweep(scene, scene->others);
        store_fixture_revive(&scene->store);
        assert_int_equal(swept.swept.resent + swept.swept.uncertain, 0);
        assert_nothing_left(scene);
        assert_trace(scene, &row);
        assert_news(scene, &row);
    }
}

/* What is asked once more when a message is begun: its address, and what was said there. */
static void test_objections(void **state)
{
    static const struct {
        const char *class_, *said, *suppressed, *end;
    } objections[] = {
        {"marketing", "s -1=tea", "other", "unsubscribed"},
        {"marketing", "s -1", "other", "unsubscribed"},
        {"transactional", "other -1", "h", "suppressed"},
        {"marketing", "other -1", "h", "suppressed"},
        {"transactional", "s -1", "other", NULL},
        {"marketing", "s -1=coffee", "other", NULL},
    };
    struct outbox_fixture *scene = *state;
    for (size_t i = 0; i < sizeof objections / sizeof *objections; i++) {
        const char *class_ = objections[i].class_, *end = objections[i].end;
        char said[32];
        outbox_fixture_put(scene, "m1", class_, "resend");
        redis_fixture_ask(&scene->redis, "HSET t:message:m1 hash h said s topic tea");
        snprintf(said, sizeof said, "HSET t:said %s", objections[i].said);
        redis_fixture_ask(&scene->redis, said);
        redis_fixture_ask(&scene->redis, "HSET t:suppressed %s {}", objections[i].suppressed);
        struct outbox_fixture_taken taken = outbox_fixture_take(scene, 1);
        assert_int_equal(taken.count, end ? 0 : 1);
        assert_int_equal(taken.withdrawn, end ? 1 : 0);
        assert_redis(&scene->redis, end ? "0" : "1", "EXISTS t:message:m1");
        assert_redis(&scene->redis, end ? "1" : "0", "XLEN t:events");
        if (end)
            assert_non_null(strstr(redis_fixture_ask(&scene->redis, "LINDEX t:trace:id:7 0"), end));
        redis_fixture_ask(&scene->redis, "DEL t:said t:suppressed t:events t:message:m1");
    }
}

/* Past its time a message is begun no more; of one that may have arrived elsewhere more is said. */
static void test_give_up(void **state)
{
    static const char *const elsewhere[] = {"main", "spare"};
    struct outbox_fixture *scene = *state;
    for (size_t i = 0; i < 3; i++) {
        outbox_fixture_put(scene, "m1", "transactional", "resend");
        redis_fixture_ask(&scene->redis, "HSET t:message:m1 give_up 1");
        if (i > 0)
            redis_fixture_ask(&scene->redis, "HSET t:message:m1 bound 1 gateway %s",
                              elsewhere[i - 1]);
        struct outbox_fixture_taken taken = outbox_fixture_take(scene, 1);
        assert_int_equal(taken.count, 0);
        assert_int_equal(taken.buried, i < 2);
    }
    assert_int_equal(outbox_fixture_sweep(scene, scene->outbox).swept.buried, 1);
    assert_redis(&scene->redis, "3", "XLEN t:dead");
    assert_non_null(strstr(redis_fixture_ask(&scene->redis, "XREVRANGE t:dead + - COUNT 1"),
                           "it may have arrived through `spare`"));
    assert_non_null(
        strstr(redis_fixture_ask(&scene->redis, "XRANGE t:dead - +"), "reason gave-up"));
    assert_redis(&scene->redis, "3", "XLEN t:events");
    assert_non_null(strstr(redis_fixture_ask(&scene->redis, "XRANGE t:events - +"),
                           "\"type\":\"message.failed\""));
    assert_null(strstr(redis_fixture_ask(&scene->redis, "XRANGE t:events - + COUNT 1"),
                       "may_have_arrived"));
    assert_non_null(strstr(redis_fixture_ask(&scene->redis, "XREVRANGE t:events + - COUNT 1"),
                           "\"may_have_arrived\":true"));
    assert_non_null(strstr(redis_fixture_ask(&scene->redis, "LINDEX t:trace:id:7 0"),
                           "\"what\":\"dead\",\"reason\":\"gave-up\""));
}

/* What the send gave its template goes with the event, to the last digit. */
static void test_event_data(void **state)
{
    static const char *const cases[][2] = {
        {"{\"rule\":\"r\",\"event\":{\"data\":{\"a\":1}},\"data\":{\"n\":12345678901234567890,"
         "\"s\":\"}\\\"\\\\\",\"l\":[]}}",
         ",\"data\":{\"n\":12345678901234567890,"
         "\"s\":\"}\\\"\\\\\",\"l\":[]}}}"},
        {"{\"rule\":\"data\",\"event\":{\"data\":{\"a\":1}}}", "\"}}"},
        {"{\"rule\":\"r\",\"data\":{}}", "\"}}"},
        {"{\"rule\":\"\\\\\",\"data\":{\"a\":\"\"}}", ",\"data\":{\"a\":\"\"}}}"},
        {"\"data\":{\"a\":1", "\"}}"},
    };
    struct outbox_fixture *scene = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *tail = strstr(cases[i][1], ",\"data\"");
        outbox_fixture_put(scene, "m1", "transactional", "resend");
        redis_fixture_ask(&scene->redis, "HSET t:message:m1 give_up 1 body %s", cases[i][0]);
        assert_int_equal(outbox_fixture_take(scene, 1).buried, 1);
        const char *event = redis_fixture_ask(&scene->redis, "XREVRANGE t:events + - COUNT 1");
        if (!strstr(event, tail ? tail : cases[i][1]) || (!tail && strstr(event, "\"data\":")))
            fail_msg("%s: %s", cases[i][0], event);
        redis_fixture_ask(&scene->redis, "DEL t:events");
    }
}

/* A dead daemon had them in hand in a channel that nobody has: over at their give_up, when whoever
 * has the channel would have claimed them. */
static void test_removed_channel(void **state)
{
    struct outbox_fixture *scene = *state;
    const char *consumer = instance_consumer(scene->store.instance);
    redis_fixture_ask(&scene->redis, "SADD t:channels fax");
    redis_fixture_ask(&scene->redis, "XGROUP CREATE t:outbox:fax:marketing nudged 0 MKSTREAM");
    outbox_fixture_put(scene, "m1", "marketing", "resend");
    const char *entry = redis_fixture_ask(&scene->redis, "XADD t:outbox:fax:marketing * mid m1");
    redis_fixture_ask(&scene->redis, "XREADGROUP GROUP nudged %s STREAMS t:outbox:fax:marketing >",
                      consumer);
    redis_fixture_ask(&scene->redis, "HSET t:message:m1 state taken channel fax owner %s entry %s",
                      consumer, entry);
    store_fixture_lapse(&scene->store);
    assert_int_equal(outbox_fixture_sweep(scene, scene->others).swept.buried, 0);
    redis_fixture_ask(&scene->redis, "HSET t:message:m1 give_up 1");
    store_fixture_revive(&scene->store);
    assert_int_equal(outbox_fixture_sweep(scene, scene->others).swept.buried, 0);
    store_fixture_lapse(&scene->store);
    assert_int_equal(outbox_fixture_sweep(scene, scene->others).swept.buried, 1);
    assert_redis(&scene->redis, "0", "EXISTS t:message:m1");
    assert_redis(&scene->redis, "0", "XLEN t:outbox:fax:marketing");
    outbox_fixture_sweep(scene, scene->others);
    assert_redis(&scene->redis, "[]", "XINFO CONSUMERS t:outbox:fax:marketing nudged");
}

/* The third daemon that ends over one message is the last: it may be the message. */
static void test_three_deaths(void **state)
{
    struct outbox_fixture *scene = *state;
    outbox_fixture_put(scene, "m1", "transactional", "resend");
    for (int death = 1; death <= 3; death++) {
        assert_int_equal(outbox_fixture_take(scene, 1).count, 1);
        store_fixture_lapse(&scene->store);
        struct outbox_fixture_swept swept = outbox_fixture_sweep(scene, scene->others);
        store_fixture_revive(&scene->store);
        assert_int_equal(swept.swept.resent, death < 3);
        assert_int_equal(swept.swept.uncertain, death == 3);
    }
    assert_redis(&scene->redis, "[uncertain 3 3]", "HMGET t:message:m1 state attempts deaths");
    assert_redis(&scene->redis, "[m1]", "ZRANGE t:uncertain 0 -1");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, outbox_fixture_open, outbox_fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_lost_take), /* the first: see the fail-point */
        TEST(test_late_take), TEST(test_settlement),   TEST(test_erased),
        TEST(test_takeover),  TEST(test_three_deaths), TEST(test_objections),
        TEST(test_give_up),   TEST(test_event_data),   TEST(test_removed_channel),
        TEST(test_lacking),   TEST(test_lacking_ends),
    };
    if (!getenv("NUDGED_FAILPOINTS")) { /* they are read before main() */
        setenv("NUDGED_FAILPOINTS", "take-lost=fail@1", 1);
        execl("/proc/self/exe", "test_outbox_marks", (char *)NULL);
        return 1;
    }
    return cmocka_run_group_tests_name("outbox_marks", tests, NULL, NULL);
}
