/* Documents, and commit.lua's contract. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "commit_fixture.h"

#define V1 "{\"version\":\"1-9-1\",\"n\":1}"
#define V2 "{\"version\":\"2-9-2\",\"n\":2}"
#define V3 "{\"version\":\"2-8-5\",\"n\":3}"

static void test_version(void **state)
{
    struct commit_fixture *scene = *state;
    struct commit first = commit_fixture_document("", "1-9-1", V1),
                  second = commit_fixture_document("1-9-1", "2-9-2", V2),
                  other = commit_fixture_document("1-9-1", "2-8-5", V3);
    assert_string_equal(commit_fixture_ask(scene, &first), "done");
    assert_redis(&scene->redis, V1, "GET t:customer:id:7");
    assert_string_equal(commit_fixture_ask(scene, &first), "done"); /* again: its own version */
    assert_string_equal(commit_fixture_ask(scene, &other), "done");
    assert_string_equal(commit_fixture_ask(scene, &second), "stale " V3);
    assert_redis(&scene->redis, V3, "GET t:customer:id:7");
    assert_string_equal(commit_fixture_ask(scene, &first), "stale " V3);
    redis_fixture_ask(&scene->redis, "DEL t:customer:id:7");
    assert_string_equal(commit_fixture_ask(scene, &second), "stale (none)");
    redis_fixture_ask(&scene->redis, "SET t:customer:id:7 rubbish");
    assert_string_equal(commit_fixture_ask(scene, &first), "stale rubbish");
}

/* Of a document no more is read than its version takes; somebody may have written a longer one. */
static void test_long_version(void **state)
{
    struct commit_fixture *scene = *state;
    char version[201];
    memset(version, '7', sizeof version - 1);
    version[sizeof version - 1] = '\0';
    struct commit other = commit_fixture_document("7", "2-9-2", V2),
                  seen = commit_fixture_document(version, "2-9-2", V2);
    redis_fixture_ask(&scene->redis, "SET t:customer:id:7 {\"version\":\"%s\"}", version);
    assert_non_null(strstr(commit_fixture_ask(scene, &other), "stale {"));
    assert_string_equal(commit_fixture_ask(scene, &seen), "done");
    assert_redis(&scene->redis, V2, "GET t:customer:id:7");
}

static void test_expiry(void **state)
{
    struct commit_fixture *scene = *state;
    struct commit first = commit_fixture_document("", "1-9-1", V1);
    const struct slice line = {"{}", 2};
    first.traces = &line;
    first.trace_count = 1;
    assert_string_equal(commit_fixture_ask(scene, &first), "done");
    assert_redis(&scene->redis, "9999999999999", "PEXPIRETIME t:customer:id:7");
    assert_redis(&scene->redis, "9999999999999", "PEXPIRETIME t:trace:id:7");
}

/* One that is there keeps the time that it has where that is said to be enough; a new one gets its
 * own. */
static void test_expiry_of_a_trace(void **state)
{
    struct commit_fixture *scene = *state;
    struct commit first = commit_fixture_document("", "1-9-1", V1),
                  second = commit_fixture_document("1-9-1", "2-9-2", V2),
                  third = commit_fixture_document("2-9-2", "3-9-3", V2);
    const struct slice line = {"{}", 2};
    first.traces = second.traces = &line;
    first.trace_count = second.trace_count = 1;
    first.trace_stays = second.trace_stays = true;
    first.expire_ms--;
    assert_string_equal(commit_fixture_ask(scene, &first), "done");
    assert_redis(&scene->redis, "9999999999998", "PEXPIRETIME t:trace:id:7");
    assert_string_equal(commit_fixture_ask(scene, &second), "done");
    assert_redis(&scene->redis, "9999999999999", "PEXPIRETIME t:customer:id:7");
    assert_redis(&scene->redis, "9999999999998", "PEXPIRETIME t:trace:id:7");
    assert_redis(&scene->redis, "2", "LLEN t:trace:id:7");
    third.document = (struct slice){"{\"version\":\"3-9-3\"}", 19};
    assert_string_equal(commit_fixture_ask(scene, &third), "done"); /* without a line */
    assert_redis(&scene->redis, "9999999999999", "PEXPIRETIME t:trace:id:7");
}

static void test_deadline(void **state)
{
    struct commit_fixture *scene = *state;
    struct commit with = commit_fixture_document("", "1-9-1", V1),
                  without = commit_fixture_document("1-9-1", "2-9-2", V2);
    with.deadline_ms = 1700000000123;
    redis_fixture_ask(&scene->redis, "ZADD t:taken 5 id:7");
    assert_string_equal(commit_fixture_ask(scene, &with), "done");
    assert_redis(&scene->redis, "1700000000123", "ZSCORE t:due id:7");
    assert_redis(&scene->redis, "0", "EXISTS t:taken");
    redis_fixture_ask(&scene->redis, "ZADD t:taken 5 id:7");
    assert_string_equal(commit_fixture_ask(scene, &without), "done");
    assert_redis(&scene->redis, "0", "EXISTS t:due t:taken");
}

static void test_entries(void **state)
{
    struct commit_fixture *scene = *state;
    char a[32], b[32], c[32], expected[80];
    commit_fixture_event(scene, a);
    commit_fixture_event(scene, b);
    commit_fixture_event(scene, c);
    const char *const ids[] = {a, b};
    struct commit first = commit_fixture_document("", "1-9-1", V1);
    first.ids = ids;
    first.id_count = 2;
    assert_string_equal(commit_fixture_ask(scene, &first), "done");
    assert_redis(&scene->redis, "1", "XLEN t:events");
    assert_non_null(strstr(redis_fixture_ask(&scene->redis, "XPENDING t:events nudged"), "[1 "));
    assert_string_equal(commit_fixture_ask(scene, &first), "done"); /* a lost reply: again */

    /* c is somebody else's now; a is gone: nothing at all is written. */
    const char *const mixed[] = {c, a};
    redis_fixture_ask(&scene->redis, "XCLAIM t:events nudged two:1 0 %s", c);
    struct commit second = commit_fixture_document("1-9-1", "2-9-2", V2);
    second.ids = mixed;
    second.id_count = 2;
    second.deadline_ms = 5;
    snprintf(expected, sizeof expected, "gone %s %s", c, a);
    assert_string_equal(commit_fixture_ask(scene, &second), expected);
    assert_redis(&scene->redis, V1, "GET t:customer:id:7");
    assert_redis(&scene->redis, "0", "EXISTS t:due");
    assert_redis(&scene->redis, "1", "XLEN t:events");

    /* Gone is said before stale: what is not ours must not be decided by us. */
    second.seen = "0-0-0";
    assert_string_equal(commit_fixture_ask(scene, &second), expected);
    redis_fixture_ask(&scene->redis, "XGROUP DESTROY t:events nudged");
    assert_string_equal(commit_fixture_ask(scene, &second), expected);
}

/* Others of this daemon's, any number, lie between those of a commit. */
static void test_entries_between(void **state)
{
    enum { ENTRIES = 20 };
    struct commit_fixture *scene = *state;
    char ids[ENTRIES][32], expected[64];
    for (size_t i = 0; i < ENTRIES; i++)
        commit_fixture_event(scene, ids[i]);
    const char *const own[] = {ids[19], ids[0], ids[6]}, *const lost[] = {ids[2], ids[15], ids[18]};
    struct commit first = commit_fixture_document("", "1-9-1", V1),
                  second = commit_fixture_document("1-9-1", "2-9-2", V2);
    first.ids = own;
    second.ids = lost;
    first.id_count = second.id_count = 3;
    assert_string_equal(commit_fixture_ask(scene, &first), "done");
    assert_redis(&scene->redis, "17", "XLEN t:events");
    redis_fixture_ask(&scene->redis, "XCLAIM t:events nudged two:1 0 %s", ids[18]);
    snprintf(expected, sizeof expected, "gone %s", ids[18]);
    assert_string_equal(commit_fixture_ask(scene, &second), expected);
    assert_redis(&scene->redis, "17", "XLEN t:events");
}

static void test_entries_alone(void **state)
{
    struct commit_fixture *scene = *state;
    char a[32], b[32];
    commit_fixture_event(scene, a);
    commit_fixture_event(scene, b);
    const char *const of_customer[] = {a}, *const of_none[] = {b};
    const struct commit_dead letter = {"event", "json", "line 1", "\xff\0x", 3, NULL};
    struct commit unchanged = {.customer = "id:7", .seen = "", .ids = of_customer, .id_count = 1};
    struct commit nobody = {.ids = of_none, .id_count = 1, .dead = &letter, .dead_count = 1};
    assert_string_equal(commit_fixture_ask(scene, &unchanged), "done");
    assert_redis(&scene->redis, "0", "EXISTS t:customer:id:7 t:customer:");
    assert_string_equal(commit_fixture_ask(scene, &nobody), "done");
    assert_redis(&scene->redis, "0", "XLEN t:events");
    assert_redis(&scene->redis, "0", "EXISTS t:customer: t:due t:trace:");
    const char *dead = redis_fixture_ask(&scene->redis, "XRANGE t:dead - +");
    assert_non_null(strstr(dead, "[kind event reason json detail line 1 customer  body \xff"));
    /* A second run finds the entry gone and writes no second letter. */
    assert_int_equal(strncmp(commit_fixture_ask(scene, &nobody), "gone ", 5), 0);
    assert_redis(&scene->redis, "1", "XLEN t:dead");
}

/* A deadline that cannot be decided: neither a document nor entries tell a second run of the
 * first, whose answer was lost. One letter. */
static void test_deadline_given_up(void **state)
{
    struct commit_fixture *scene = *state;
    const struct commit_dead letter = {"journey", "document-size", "too big", "{}", 2, NULL};
    struct commit given_up = {
        .customer = "id:7", .seen = "", .dead = &letter, .dead_count = 1, .deadline_ms = 5};
    redis_fixture_ask(&scene->redis, "ZADD t:taken 5 id:7 5 id:8");
    for (int i = 0; i < 2; i++) {
        assert_string_equal(commit_fixture_ask(scene, &given_up), "done");
        assert_redis(&scene->redis, "1", "XLEN t:dead");
        assert_redis(&scene->redis, "[id:8]", "ZRANGE t:taken 0 -1");
        assert_redis(&scene->redis, "5", "ZSCORE t:due id:7");
    }
}

static struct commit_message messages[] = {
    {"m1", "email", "marketing", "{\"to\":1}", 8, "hold", 1700000000001, "h", "s", "all", "", "",
     NULL},
    {"m2", "email", "transactional", "{\"to\":2}", 8, "resend", 1700000000002, "", "", "", "", "",
     NULL},
};

static void test_messages(void **state)
{
    struct commit_fixture *scene = *state;
    struct commit first = commit_fixture_document("", "1-9-1", V1);
    first.messages = messages;
    first.message_count = 2;
    redis_fixture_ask(&scene->redis, "HSET t:message:m2 state taken");
    assert_string_equal(commit_fixture_ask(scene, &first), "done");
    assert_redis(&scene->redis, "[queued id:7 email marketing hold 1700000000001 0]",
                 "HMGET t:message:m1 state customer channel class on_uncertain give_up attempts");
    assert_redis(&scene->redis, "{\"to\":1}", "GET t:body:m1");
    assert_non_null(strstr(redis_fixture_ask(&scene->redis, "XRANGE t:outbox:email:marketing - +"),
                           "[mid m1]"));
    /* m2 existed: it is left alone. */
    assert_redis(&scene->redis, "taken", "HGET t:message:m2 state");
    assert_redis(&scene->redis, "0", "EXISTS t:body:m2");
    assert_redis(&scene->redis, "0", "XLEN t:outbox:email:transactional");
    assert_string_equal(commit_fixture_ask(scene, &first), "done");
    assert_redis(&scene->redis, "1", "XLEN t:outbox:email:marketing");
}

/* One message in each state. */
static void put_messages(struct commit_fixture *scene)
{
    static const char *const states[] = {"queued", "later", "taken", "uncertain"};
    for (size_t i = 0; i < 4; i++)
        redis_fixture_ask(&scene->redis, "HSET t:message:%s state %s", states[i], states[i]);
    redis_fixture_ask(&scene->redis, "HSET t:message:bound state later bound 1");
    redis_fixture_ask(&scene->redis, "ZADD t:later 1 later 2 other 3 bound");
    redis_fixture_ask(&scene->redis, "ZADD t:uncertain 1 uncertain 2 other");
}

static void test_facts(void **state)
{
    static const char *const hashes[] = {"h1", "h2"};
    static const struct commit_withdrawal withdrawals[] = {
        {"queued", CUSTOMER_PLACE_WAITS, "until"},    {"later", CUSTOMER_PLACE_WAITS, "until"},
        {"taken", CUSTOMER_PLACE_WAITS, "until"},     {"unknown", CUSTOMER_PLACE_HAND, "until"},
        {"uncertain", CUSTOMER_PLACE_WAITS, "until"}, {"bound", CUSTOMER_PLACE_WAITS, "until"}};
    struct commit_fixture *scene = *state;
    put_messages(scene);
    redis_fixture_ask(&scene->redis, "HSET t:suppressed h2 {}");
    struct commit first = commit_fixture_document("", "1-9-1", V1);
    first.free_hashes = hashes;
    first.free_hash_count = 2;
    first.withdrawals = withdrawals;
    first.withdrawal_count = 6;
    first.deadline_ms = 5;
    assert_string_equal(commit_fixture_ask(scene, &first),
                        "facts h2|taken:hand unknown:gone uncertain:uncertain bound:uncertain");
    first.withdrawal_count = 2; /* either alone is enough */
    assert_string_equal(commit_fixture_ask(scene, &first), "facts h2|");
    first.free_hash_count = 1;
    first.withdrawal_count = 3;
    assert_string_equal(commit_fixture_ask(scene, &first), "facts |taken:hand");
    assert_redis(&scene->redis, "0", "EXISTS t:customer:id:7 t:due");
    first.withdrawal_count = 2;
    assert_string_equal(commit_fixture_ask(scene, &first), "done");
}

static void test_emits_and_traces(void **state)
{
    struct commit_fixture *scene = *state;
    struct commit first = commit_fixture_document("", "1-9-1", V1);
    const struct commit_emit events[] = {
        {"id:8", false, {"{\"type\":\"a\"}", 12}},
        {"id:9", false, {"{\"type\":\"b\"}", 12}},
        {"id:10", false, {"", 0}},
        {"id:11", true, {"{\"type\":\"c\"}", 12}}}; /* nobody asks here whether they are known */
    struct slice lines[120];
    char texts[120][8];
    for (size_t i = 0; i < 120; i++)
        lines[i] = (struct slice){texts[i], (size_t)snprintf(texts[i], sizeof texts[i], "%zu", i)};
    first.emits = events;
    first.emit_count = 4;
    first.traces = lines;
    first.trace_count = 120;
    redis_fixture_ask(&scene->redis, "SET t:customer:id:8 {}");
    assert_string_equal(commit_fixture_ask(scene, &first), "facts |id:9 id:10");
    assert_redis(&scene->redis, "0", "XLEN t:events");
    redis_fixture_ask(&scene->redis, "SET t:customer:id:9 {}");
    redis_fixture_ask(&scene->redis, "SET t:customer:id:10 {}");
    assert_string_equal(commit_fixture_ask(scene, &first), "done");
    assert_redis(&scene->redis, "2", "XLEN t:events");
    assert_non_null(strstr(redis_fixture_ask(&scene->redis, "XRANGE t:events - +"),
                           "[event {\"type\":\"b\"} own id:9]"));
    assert_non_null(strstr(redis_fixture_ask(&scene->redis, "XRANGE t:strays - +"),
                           "[event {\"type\":\"c\"} own id:11]"));
    assert_redis(&scene->redis, "100", "LLEN t:trace:id:7");
    assert_redis(&scene->redis, "[119 118]", "LRANGE t:trace:id:7 0 1");
    assert_string_equal(commit_fixture_ask(scene, &first), "done");
    assert_redis(&scene->redis, "2", "XLEN t:events");
    assert_redis(&scene->redis, "1", "XLEN t:strays");
}

/* Nothing outside the prefix, whatever was in the commit. */
static void test_keys(void **state)
{
    struct commit_fixture *scene = *state;
    const struct commit_dead letter = {"event", "json", "", "{}", 2, "id:7"};
    const struct slice text = {"{}", 2};
    struct commit all = commit_fixture_document("", "1-9-1", V1);
    all.deadline_ms = 5;
    all.messages = messages;
    all.message_count = 2;
    const struct commit_emit emit = {"id:7", false, text};
    redis_fixture_ask(&scene->redis, "SET t:customer:id:7 {}");
    all.seen = "?";
    all.emits = &emit;
    all.traces = &text;
    all.emit_count = all.trace_count = 1;
    all.dead = &letter;
    all.dead_count = 1;
    assert_string_equal(commit_fixture_ask(scene, &all), "done");
    const char *count = "return #redis.call('KEYS', '*') - #redis.call('KEYS', 't:*')";
    assert_redis(&scene->redis, "0", "EVAL %s 0", count);
}

static void test_full_server(void **state)
{
    struct commit_fixture *scene = *state;
    struct commit first = commit_fixture_document("", "1-9-1", V1);
    first.messages = messages;
    first.message_count = 2;
    redis_fixture_ask(&scene->redis, "CONFIG SET maxmemory 1");
    assert_string_equal(commit_fixture_ask(scene, &first), "done");
}

static void test_lost(void **state)
{
    struct commit_fixture *scene = *state;
    struct commit first = commit_fixture_document("", "1-9-1", V1);
    struct commit_fixture_result result = {0};
    assert_redis(&scene->redis, "[]", "KEYS t:customer:*");
    store_fixture_commit(scene->customers, &first, commit_fixture_on_commit, &result);
    redis_fixture_end(&scene->redis, SIGKILL);
    redis_fixture_run(&scene->redis, &result.done);
    assert_string_equal(result.text, "failed redis-lost");
    redis_fixture_start(&scene->redis);
    redis_fixture_run(&scene->redis, &scene->store.connected);
    assert_string_equal(commit_fixture_ask(scene, &first), "done");
    assert_redis(&scene->redis, V1, "GET t:customer:id:7");
}

/* Reading. */

struct reading {
    struct customers_query query;
    bool done;
    char text[512];
    int64_t now_ms;
};

static void put_texts(struct buf *out, const struct slice *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buf_printf(out, "%.*s;", texts[i].text ? (int)texts[i].length : 1,
                   texts[i].text ? texts[i].text : "-");
}

static void on_read(void *context, const struct diag *fault, const struct customers_found *found)
{
    struct reading *into = context;
    struct buf out;
    assert_false(into->done);
    into->done = true;
    buf_init(&out, sizeof into->text - 1);
    if (fault)
        buf_text(&out, fault->code);
    else
        into->now_ms = found->now_ms;
    put_texts(&out, fault ? NULL : found->documents, fault ? 0 : into->query.count);
    put_texts(&out, fault ? NULL : found->records, fault ? 0 : into->query.count);
    put_texts(&out, fault ? NULL : found->targets, fault ? 0 : into->query.hash_count);
    snprintf(into->text, sizeof into->text, "%s", buf_string(&out));
    buf_free(&out);
}

static void test_read(void **state)
{
    static const char *const keys[] = {"id:7", "id:8", "email:ana@example.com"};
    static const char *const names[] = {"h7", "h8", "h9"};
    struct commit_fixture *scene = *state;
    static const char *const hashes[] = {"0123456789abcdef", "fedcba9876543210"};
    struct reading three = {.query = {keys, names, 3, hashes, 2}}, none = {0}, lost = {0};
    struct reading redirect = {.query = {.hashes = hashes, .hash_count = 1}};
    long long seconds;
    redis_fixture_ask(&scene->redis, "SET t:customer:id:7 %s", V1);
    redis_fixture_ask(&scene->redis, "SET t:customer:email:ana@example.com %s", V2);
    redis_fixture_ask(&scene->redis, "SET t:to:0123456789abcdef id:7");
    redis_fixture_ask(&scene->redis, "LPUSH t:to:fedcba9876543210 no-string");
    redis_fixture_ask(&scene->redis, "HSET t:said h8 -5 h9 -6=news");
    customers_read(scene->customers, &three.query, on_read, &three);
    customers_read(scene->customers, &redirect.query, on_read, &redirect);
    customers_read(scene->customers, &none.query, on_read, &none);
    assert_false(three.done);
    redis_fixture_run(&scene->redis, &none.done);
    assert_string_equal(three.text, V1 ";-;" V2 ";-;-5;-6=news;id:7;-;");
    assert_string_equal(redirect.text, "id:7;");
    assert_string_equal(none.text, "");
    sscanf(redis_fixture_ask(&scene->redis, "TIME"), "[%lld", &seconds);
    assert_in_range(none.now_ms, (seconds - 10) * 1000, (seconds + 1) * 1000);
    assert_in_range(three.now_ms, none.now_ms - 1000, none.now_ms);

    redis_fixture_end(&scene->redis, SIGKILL);
    customers_read(scene->customers, &three.query, on_read, &lost);
    redis_fixture_run(&scene->redis, &lost.done);
    assert_string_equal(lost.text, "redis-lost");
}

static void on_starts(void *context, const struct diag *fault, const struct slice *events,
                      size_t count)
{
    struct commit_fixture_result *into = context;
    struct buf out;
    into->done = true;
    buf_init(&out, sizeof into->text - 1);
    if (fault)
        buf_text(&out, fault->code);
    for (size_t i = 0; i < count; i++)
        buf_printf(&out, i ? " %s" : "%s", events[i].text ? events[i].text : "(none)");
    snprintf(into->text, sizeof into->text, "%s", buf_string(&out));
    buf_free(&out);
}

static void assert_starts(struct commit_fixture *scene, const char *expected)
{
    static const char *const origins[] = {"o1", "o2"};
    struct commit_fixture_result result = {0};
    customers_read_starts(scene->customers, "id:7", origins, 2, on_starts, &result);
    redis_fixture_run(&scene->redis, &result.done);
    assert_string_equal(result.text, expected);
}

/* Starts come and go with the commits, and expire with the document. */
static void test_starts(void **state)
{
    struct commit_fixture *scene = *state;
    const struct commit_start starts[] = {{"o1", {"{\"n\":1}", 7}}, {"o2", {"{\"n\":2}", 7}}};
    const char *const forgotten[] = {"o1", "none"};
    struct commit first = commit_fixture_document("", "1-9-1", V1),
                  second = commit_fixture_document("1-9-1", "2-9-2", V2);
    assert_starts(scene, "(none) (none)");
    first.starts = starts;
    first.start_count = 2;
    assert_string_equal(commit_fixture_ask(scene, &first), "done");
    assert_starts(scene, "{\"n\":1} {\"n\":2}");
    assert_redis(&scene->redis, "9999999999999", "PEXPIRETIME t:starts:id:7");
    second.forgotten_starts = forgotten;
    second.forgotten_start_count = 2;
    second.expire_ms = LATER - 1;
    assert_string_equal(commit_fixture_ask(scene, &second), "done");
    assert_starts(scene, "(none) {\"n\":2}");
    assert_redis(&scene->redis, "9999999999998", "PEXPIRETIME t:starts:id:7");
}

/* What is no list has no starts, and gives way to one. */
static void test_starts_of_a_wrong_type(void **state)
{
    struct commit_fixture *scene = *state;
    const struct commit_start start = {"o1", {"{\"n\":1}", 7}};
    struct commit first = commit_fixture_document("", "1-9-1", V1);
    redis_fixture_ask(&scene->redis, "SET t:starts:id:7 rubbish");
    assert_starts(scene, "(none) (none)");
    first.starts = &start;
    first.start_count = 1;
    assert_string_equal(commit_fixture_ask(scene, &first), "done");
    assert_starts(scene, "{\"n\":1} (none)");
    redis_fixture_end(&scene->redis, SIGKILL);
    assert_starts(scene, "redis-lost");
}

static void test_destroy_silences(void **state)
{
    struct commit_fixture *scene = *state;
    struct commit first = commit_fixture_document("", "1-9-1", V1);
    struct commit_fixture_result result = {0};
    struct reading reading = {0};
    store_fixture_commit(scene->customers, &first, commit_fixture_on_commit, &result);
    customers_read(scene->customers, &reading.query, on_read, &reading);
    customers_destroy(&scene->customers);
    scene->customers = customers_new(scene->store.scripts, scene->store.instance);
    struct reading after = {0};
    customers_read(scene->customers, &after.query, on_read, &after);
    redis_fixture_run(&scene->redis, &after.done);
    assert_false(result.done || reading.done);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, commit_fixture_open, commit_fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_version),
        TEST(test_long_version),
        TEST(test_expiry),
        TEST(test_expiry_of_a_trace),
        TEST(test_deadline),
        TEST(test_entries),
        TEST(test_entries_between),
        TEST(test_entries_alone),
        TEST(test_deadline_given_up),
        TEST(test_messages),
        TEST(test_facts),
        TEST(test_emits_and_traces),
        TEST(test_keys),
        TEST(test_full_server),
        TEST(test_lost),
        TEST(test_read),
        TEST(test_starts),
        TEST(test_starts_of_a_wrong_type),
        TEST(test_destroy_silences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
