/* The outbox: take.lua, settle.lua, claim_outbox.lua, requeue.lua. */
#include <inttypes.h>
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
#include "store/customers.h"
#include "store/outbox.h"
#include "store_fixture.h"

enum { DAY_MS = 24 * 60 * 60 * 1000 };

/* Two daemons on one Redis. */
struct scene {
    struct redis_fixture redis;
    struct store_fixture store, other;
    struct outbox *outbox, *others;
};

static struct outbox *new_outbox(struct store_fixture *store)
{
    static const char *const channels[] = {"email", "sms"};
    return outbox_new(&(struct outbox_options){.scripts = store->scripts,
                                               .instance = store->instance,
                                               .channels = channels,
                                               .channel_count = 2,
                                               .dead_keep_ms = DAY_MS,
                                               .trace_keep_ms = DAY_MS});
}

static int open_scene(void **state)
{
    struct scene *scene = malloc(sizeof(*scene));
    redis_fixture_open(&scene->redis, NULL);
    store_fixture_open(&scene->store, &scene->redis, "one");
    store_fixture_open(&scene->other, &scene->redis, "two");
    scene->outbox = new_outbox(&scene->store);
    scene->others = new_outbox(&scene->other);
    *state = scene;
    return 0;
}

static int close_scene(void **state)
{
    struct scene *scene = *state;
    outbox_destroy(&scene->outbox);
    outbox_destroy(&scene->others);
    store_fixture_close(&scene->store);
    store_fixture_close(&scene->other);
    redis_fixture_close(&scene->redis);
    free(scene);
    return 0;
}

/* A message in the outbox, as commit.lua writes it. */
static void put(struct scene *scene, const char *mid, const char *class_, const char *on_uncertain)
{
    redis_fixture_ask(&scene->redis,
                      "HSET t:message:%s state queued customer id:7 channel email class %s body "
                      "{\"m\":\"%s\"} on_uncertain %s give_up 1700000000001 attempts 0",
                      mid, class_, mid, on_uncertain);
    redis_fixture_ask(&scene->redis, "XADD t:outbox:email:%s * mid %s", class_, mid);
}

static void put_many(struct scene *scene, int count, const char *class_)
{
    char mid[16];
    for (int i = 0; i < count; i++) {
        snprintf(mid, sizeof(mid), "%s%d", class_, i);
        put(scene, mid, class_, "hold");
    }
}

/* Taking. */

struct taken {
    bool done;
    size_t count;
    char text[1024]; /* "m1 m2", or the fault's code */
    int64_t now_ms, wait_ms;
    char entries[16][32]; /* of the first 16 */
    char mids[16][32];
    char classes[16][16];
    char gateway[16];
    int64_t attempts, give_up_ms; /* of the first */
    char body[64];
};

static void on_taken(void *context, const struct outbox_taken *taken)
{
    struct taken *into = context;
    struct buf out;
    assert_false(into->done);
    *into = (struct taken){
        .done = true, .count = taken->count, .now_ms = taken->now_ms, .wait_ms = taken->wait_ms};
    buf_init(&out, sizeof(into->text) - 1);
    if (taken->fault)
        buf_text(&out, taken->fault->code);
    for (size_t i = 0; i < taken->count; i++) {
        const struct outbox_message *m = &taken->messages[i];
        buf_printf(&out, i ? " %s%s" : "%s%s", m->mid, m->whole ? "" : "(not whole)");
        if (i < 16) {
            snprintf(into->entries[i], sizeof(into->entries[i]), "%s", m->entry);
            snprintf(into->mids[i], sizeof(into->mids[i]), "%s", m->mid);
            snprintf(into->classes[i], sizeof(into->classes[i]), "%s", m->class_);
        }
        assert_string_equal(m->customer, m->whole ? "id:7" : "");
        assert_string_equal(m->channel, "email");
    }
    if (taken->count) {
        const struct outbox_message *first = &taken->messages[0];
        snprintf(into->gateway, sizeof(into->gateway), "%s", first->gateway ? first->gateway : "");
        snprintf(into->body, sizeof(into->body), "%.*s", (int)first->length, first->body);
        into->attempts = first->attempts;
        into->give_up_ms = first->give_up_ms;
    }
    snprintf(into->text, sizeof(into->text), "%s", buf_string(&out));
    buf_free(&out);
}

static struct taken take_with(struct scene *scene, struct outbox *outbox, const char *gateway,
                              size_t most, struct outbox_rate rate)
{
    struct taken taken = {0};
    outbox_take(outbox, "email", gateway, most, rate, on_taken, &taken);
    assert_false(taken.done);
    redis_fixture_run(&scene->redis, &taken.done);
    return taken;
}

static struct taken take(struct scene *scene, size_t most)
{
    return take_with(scene, scene->outbox, "main", most, (struct outbox_rate){0});
}

/* Settling. */

struct settled {
    bool done;
    char text[128]; /* "1 0", or the fault's code */
};

static void on_settled(void *context, const struct diag *fault, const enum outbox_settled *settled,
                       size_t count)
{
    struct settled *into = context;
    struct buf out;
    assert_false(into->done);
    into->done = true;
    buf_init(&out, sizeof(into->text) - 1);
    if (fault)
        buf_text(&out, fault->code);
    for (size_t i = 0; i < count; i++)
        buf_printf(&out, i ? " %d" : "%d", settled[i]);
    snprintf(into->text, sizeof(into->text), "%s", buf_string(&out));
    buf_free(&out);
}

static const char *settle(struct scene *scene, struct outbox *outbox,
                          const struct outbox_result *results, size_t count)
{
    static struct settled all[4];
    static size_t turn;
    struct settled *settled = &all[turn++ % 4];
    *settled = (struct settled){0};
    outbox_settle(outbox, results, count, on_settled, settled);
    assert_false(settled->done);
    redis_fixture_run(&scene->redis, &settled->done);
    return settled->text;
}

static struct outbox_result result_of(const struct taken *taken, size_t index,
                                      enum outbox_outcome outcome)
{
    return (struct outbox_result){.entry = taken->entries[index],
                                  .mid = taken->mids[index],
                                  .channel = "email",
                                  .class_ = taken->classes[index],
                                  .outcome = outcome,
                                  .at_ms = 4000000000000};
}

/* Takes the one message there is and settles it. */
static void take_and_settle(struct scene *scene, enum outbox_outcome outcome)
{
    struct taken taken = take(scene, 1);
    struct outbox_result result = result_of(&taken, 0, outcome);
    assert_int_equal(taken.count, 1);
    assert_string_equal(settle(scene, scene->outbox, &result, 1), "1");
}

/* Sweeping. */

struct swept {
    bool done;
    struct outbox_swept swept;
    char code[32];
};

static void on_swept(void *context, const struct outbox_swept *swept)
{
    struct swept *into = context;
    assert_false(into->done);
    into->done = true;
    into->swept = *swept;
    snprintf(into->code, sizeof(into->code), "%s", swept->fault ? swept->fault->code : "");
}

static struct swept sweep(struct scene *scene, struct outbox *outbox)
{
    struct swept swept = {0};
    outbox_sweep(outbox, on_swept, &swept);
    assert_false(swept.done);
    redis_fixture_run(&scene->redis, &swept.done);
    return swept;
}

static void test_take(void **state)
{
    struct scene *scene = *state;
    put_many(scene, 2, "marketing");
    put_many(scene, 2, "transactional");
    redis_fixture_ask(&scene->redis, "HSET t:message:transactional0 attempts 3");
    struct taken taken = take(scene, 3);
    assert_string_equal(taken.text, "transactional0 transactional1 marketing0");
    assert_string_equal(taken.body, "{\"m\":\"transactional0\"}");
    assert_int_equal(taken.attempts, 3);
    assert_int_equal(taken.give_up_ms, 1700000000001);
    assert_string_equal(taken.gateway, "");
    assert_int_equal(taken.wait_ms, 0);
    char expected[128];
    snprintf(expected, sizeof(expected), "[taken %s %s main]",
             instance_consumer(scene->store.instance), taken.entries[0]);
    assert_redis(&scene->redis, expected,
                 "HMGET t:message:transactional0 state owner entry gateway");
    assert_string_equal(take(scene, 3).text, "marketing1");
    assert_string_equal(take(scene, 3).text, "");
    assert_string_equal(take(scene, 0).text, "");
}

/* What was withdrawn is dropped, and others are given in its place. */
static void test_take_drops_what_is_gone(void **state)
{
    struct scene *scene = *state;
    put_many(scene, 6, "marketing");
    redis_fixture_ask(&scene->redis, "DEL t:message:marketing0 t:message:marketing1 "
                                     "t:message:marketing2 t:message:marketing4");
    assert_string_equal(take(scene, 2).text, "marketing3 marketing5");
    assert_redis(&scene->redis, "2", "XLEN t:outbox:email:marketing");
}

/* Many withdrawn messages stand before one that is to be sent by a single connection. */
static void test_take_passes_the_withdrawn(void **state)
{
    struct scene *scene = *state;
    redis_fixture_ask(&scene->redis, "EVAL %s 0",
                      "for i = 1, 2500 do redis.call('XADD', 't:outbox:email:marketing', '*', "
                      "'mid', 'w' .. i) end");
    put(scene, "live", "marketing", "hold");
    for (int i = 0; i < 2; i++)
        assert_int_equal(take(scene, 1).wait_ms, 1); /* nothing, and there is more */
    assert_string_equal(take(scene, 1).text, "live");
    assert_redis(&scene->redis, "1", "XLEN t:outbox:email:marketing");
}

/* A hash that somebody has spoilt holds up no other message. */
static void test_take_of_a_broken_message(void **state)
{
    struct scene *scene = *state;
    put_many(scene, 3, "marketing");
    redis_fixture_ask(&scene->redis, "HDEL t:message:marketing1 give_up body customer channel");
    struct taken taken = take(scene, 3);
    assert_string_equal(taken.text, "marketing0 marketing1(not whole) marketing2");
    struct outbox_result result = result_of(&taken, 1, OUTBOX_DEAD);
    result.reason = "not-whole";
    assert_string_equal(settle(scene, scene->outbox, &result, 1), "1");
    assert_redis(&scene->redis, "0", "EXISTS t:message:marketing1");
    assert_redis(&scene->redis, "1", "XLEN t:dead");
    assert_redis(&scene->redis, "2", "XLEN t:outbox:email:marketing");
}

/* By hand: a hash without channel and class neither holds up its settlement nor that of others,
 * and has both again. */
static void test_settlement_of_a_broken_message(void **state)
{
    struct scene *scene = *state;
    put_many(scene, 2, "marketing");
    struct taken taken = take(scene, 2);
    struct outbox_result results[2] = {result_of(&taken, 0, OUTBOX_LATER),
                                       result_of(&taken, 1, OUTBOX_DONE)};
    redis_fixture_ask(&scene->redis, "HDEL t:message:marketing0 channel class customer");
    results[0].trace = "{}";
    assert_string_equal(settle(scene, scene->outbox, results, 2), "1 1");
    assert_redis(&scene->redis, "0", "XLEN t:outbox:email:marketing");
    assert_redis(&scene->redis, "email", "HGET t:message:marketing0 channel");
    assert_redis(&scene->redis, "marketing", "HGET t:message:marketing0 class");
}

/* … nor that of retries which are due. */
static void test_retry_of_a_broken_message(void **state)
{
    struct scene *scene = *state;
    put_many(scene, 2, "marketing");
    struct taken taken = take(scene, 2);
    struct outbox_result results[2] = {result_of(&taken, 0, OUTBOX_LATER),
                                       result_of(&taken, 1, OUTBOX_LATER)};
    results[0].at_ms = results[1].at_ms = 1;
    assert_string_equal(settle(scene, scene->outbox, results, 2), "1 1");
    redis_fixture_ask(&scene->redis, "HDEL t:message:marketing0 class customer");
    struct swept swept = sweep(scene, scene->outbox);
    assert_string_equal(swept.code, "");
    assert_int_equal(swept.swept.buried, 1);
    assert_redis(&scene->redis, "1", "XLEN t:dead");
    assert_redis(&scene->redis, "0", "EXISTS t:message:marketing0");
    assert_string_equal(take(scene, 2).text, "marketing1");
}

/* By hand: a hash that is deleted while it is taken leaves nothing pending. */
static void test_settlement_of_a_deleted_message(void **state)
{
    struct scene *scene = *state;
    put_many(scene, 2, "marketing");
    struct taken taken = take(scene, 2);
    struct outbox_result results[2] = {result_of(&taken, 0, OUTBOX_DEAD),
                                       result_of(&taken, 1, OUTBOX_DONE)};
    redis_fixture_ask(&scene->redis, "DEL t:message:marketing0");
    assert_string_equal(settle(scene, scene->outbox, results, 2), "2 1");
    assert_string_equal(settle(scene, scene->outbox, results, 2), "0 0");
    assert_redis(&scene->redis, "0", "XLEN t:outbox:email:marketing");
    assert_redis(&scene->redis, "0", "XLEN t:dead");
}

/* An error in the middle of the script: what was taken before it is put back. */
static void test_take_that_ends_in_the_middle(void **state)
{
    struct scene *scene = *state;
    put(scene, "receipt", "transactional", "resend");
    redis_fixture_ask(&scene->redis, "RENAME t:outbox:email:marketing t:aside");
    redis_fixture_ask(&scene->redis, "SET t:outbox:email:marketing spoilt");
    assert_string_equal(take(scene, 2).text, "redis-wrongtype");
    assert_redis(&scene->redis, "taken", "HGET t:message:receipt state");
    redis_fixture_ask(&scene->redis, "DEL t:outbox:email:marketing");
    redis_fixture_ask(&scene->redis, "RENAME t:aside t:outbox:email:marketing");
    take(scene, 0); /* the next take puts it back, whatever it asks for */
    struct taken taken = take(scene, 2);
    assert_string_equal(taken.text, "receipt");
    assert_int_equal(taken.attempts, 0);
}

static void test_take_needs_the_lease(void **state)
{
    struct scene *scene = *state;
    put_many(scene, 1, "marketing");
    store_fixture_lapse(&scene->store);
    assert_string_equal(take(scene, 1).text, "redis-lease");
    assert_string_equal(sweep(scene, scene->outbox).code, "redis-lease");
    store_fixture_revive(&scene->store);
    assert_string_equal(take(scene, 1).text, "marketing0");
}

static void test_rate(void **state)
{
    struct scene *scene = *state;
    struct outbox_rate rate = {.count = 3, .per_ms = 3600000};
    put_many(scene, 8, "marketing");
    struct taken taken = take_with(scene, scene->outbox, "main", 2, rate);
    assert_int_equal(taken.count, 2);
    assert_int_equal(taken.wait_ms, 0);                       /* not the rate held it to two */
    taken = take_with(scene, scene->others, "main", 5, rate); /* one bucket for all daemons */
    assert_int_equal(taken.count, 1);
    assert_in_range(taken.wait_ms, 1190000, 1200000); /* a third of the hour */
    taken = take_with(scene, scene->outbox, "main", 5, rate);
    assert_int_equal(taken.count, 0);
    assert_in_range(taken.wait_ms, 1190000, 1200000);
    assert_int_equal(take_with(scene, scene->outbox, "spare", 1, rate).count, 1);

    taken = take_with(scene, scene->outbox, "third", 9, (struct outbox_rate){9, 3600000});
    assert_int_equal(taken.count, 4);
    assert_int_equal(taken.wait_ms, 0); /* the outbox was empty before the bucket */

    /* Forty minutes pass: two tokens. */
    put(scene, "next", "marketing", "hold");
    put(scene, "last", "marketing", "hold");
    redis_fixture_ask(&scene->redis, "HINCRBY t:rate:main at -2400000");
    taken = take_with(scene, scene->outbox, "main", 5, rate);
    assert_int_equal(taken.count, 2);
    /* A long time passes: never more than three. */
    redis_fixture_ask(&scene->redis, "HINCRBY t:rate:main at -86400000");
    put_many(scene, 8, "transactional");
    taken = take_with(scene, scene->outbox, "main", 5, rate);
    assert_int_equal(taken.count, 3);
    assert_in_range(taken.wait_ms, 1190000, 1200000);
    /* The clock is set back an hour: it goes on from what was there, not after an hour. */
    redis_fixture_ask(&scene->redis, "HINCRBY t:rate:main at 3600000");
    taken = take_with(scene, scene->outbox, "main", 5, rate);
    assert_int_equal(taken.count, 0);
    redis_fixture_ask(&scene->redis, "HINCRBY t:rate:main at -1260000");
    assert_int_equal(take_with(scene, scene->outbox, "main", 5, rate).count, 1);
    assert_in_range(atoll(redis_fixture_ask(&scene->redis, "PTTL t:rate:main")), 3500000, 3601000);
}

static void test_done(void **state)
{
    struct scene *scene = *state;
    put_many(scene, 2, "marketing");
    struct taken taken = take(scene, 2);
    struct outbox_result results[2] = {result_of(&taken, 0, OUTBOX_DONE),
                                       result_of(&taken, 1, OUTBOX_DONE)};
    results[0].trace = "{\"sent\":1}";
    results[0].event = "{\"type\":\"message.sent\"}";
    assert_string_equal(settle(scene, scene->outbox, results, 2), "1 1");
    assert_redis(&scene->redis, "0", "EXISTS t:message:marketing0 t:message:marketing1");
    assert_redis(&scene->redis, "0", "XLEN t:outbox:email:marketing");
    assert_redis(&scene->redis, "[{\"sent\":1}]", "LRANGE t:trace:id:7 0 -1");
    assert_redis(&scene->redis, "1", "XLEN t:events");
    assert_in_range(atoll(redis_fixture_ask(&scene->redis, "PTTL t:trace:id:7")), DAY_MS - 60000,
                    DAY_MS);
    assert_string_equal(settle(scene, scene->outbox, results, 2), "0 0"); /* twice */
    assert_redis(&scene->redis, "1", "XLEN t:events");
    assert_redis(&scene->redis, "1", "LLEN t:trace:id:7");
}

/* A trace that lives already keeps its own end. */
static void test_trace_keeps_its_expiry(void **state)
{
    struct scene *scene = *state;
    put_many(scene, 1, "marketing");
    redis_fixture_ask(&scene->redis, "LPUSH t:trace:id:7 old");
    redis_fixture_ask(&scene->redis, "PEXPIREAT t:trace:id:7 9999999999999");
    struct taken taken = take(scene, 1);
    struct outbox_result result = result_of(&taken, 0, OUTBOX_DONE);
    result.trace = "new";
    assert_string_equal(settle(scene, scene->outbox, &result, 1), "1");
    assert_redis(&scene->redis, "[new old]", "LRANGE t:trace:id:7 0 -1");
    assert_redis(&scene->redis, "9999999999999", "PEXPIRETIME t:trace:id:7");
}

static void test_later(void **state)
{
    struct scene *scene = *state;
    put_many(scene, 1, "marketing");
    struct taken taken = take(scene, 1);
    struct outbox_result result = result_of(&taken, 0, OUTBOX_LATER);
    result.charge = true;
    assert_string_equal(settle(scene, scene->outbox, &result, 1), "1");
    assert_string_equal(settle(scene, scene->outbox, &result, 1), "0");
    assert_redis(&scene->redis, "[later 1 (nil) (nil)]",
                 "HMGET t:message:marketing0 state attempts owner entry");
    assert_redis(&scene->redis, "4000000000000", "ZSCORE t:later marketing0");
    assert_redis(&scene->redis, "0", "XLEN t:outbox:email:marketing");

    struct swept swept = sweep(scene, scene->outbox);
    assert_int_equal(swept.swept.requeued, 0);
    assert_int_equal(swept.swept.next_ms, 1000);
    redis_fixture_ask(&scene->redis, "ZADD t:later 5 marketing0 6 cancelled");
    swept = sweep(scene, scene->outbox);
    assert_int_equal(swept.swept.requeued, 2);
    assert_redis(&scene->redis, "0", "EXISTS t:later t:message:cancelled");
    taken = take_with(scene, scene->others, "spare", 1, (struct outbox_rate){0});
    assert_string_equal(taken.text, "marketing0");
    assert_int_equal(taken.attempts, 1);
    assert_string_equal(taken.gateway, ""); /* any gateway may */
    assert_redis(&scene->redis, "spare", "HGET t:message:marketing0 gateway");
}

/* A retry after so long: by Redis' clock, whatever the machine's says. */
static void test_later_by_redis_clock(void **state)
{
    struct scene *scene = *state;
    put_many(scene, 1, "marketing");
    struct taken taken = take(scene, 1);
    struct outbox_result result = result_of(&taken, 0, OUTBOX_LATER);
    result.at_ms = 0;
    result.after_ms = 60000;
    assert_string_equal(settle(scene, scene->outbox, &result, 1), "1");
    assert_in_range(atoll(redis_fixture_ask(&scene->redis, "ZSCORE t:later marketing0")),
                    taken.now_ms + 60000, taken.now_ms + 65000);
}

static void test_resend_is_bound(void **state)
{
    struct scene *scene = *state;
    put_many(scene, 1, "marketing");
    take_and_settle(scene, OUTBOX_RESEND);
    assert_redis(&scene->redis, "0", "HGET t:message:marketing0 attempts"); /* no charge */
    redis_fixture_ask(&scene->redis, "ZADD t:later 5 marketing0");
    sweep(scene, scene->outbox);
    struct taken taken = take_with(scene, scene->others, "spare", 1, (struct outbox_rate){0});
    assert_string_equal(taken.gateway, "main");
    /* Bound it stays, through a retry that was certain. */
    struct outbox_result result = result_of(&taken, 0, OUTBOX_LATER);
    assert_string_equal(settle(scene, scene->others, &result, 1), "1");
    redis_fixture_ask(&scene->redis, "ZADD t:later 5 marketing0");
    sweep(scene, scene->outbox);
    assert_string_equal(take(scene, 1).gateway, "main");
}

static void test_hold(void **state)
{
    struct scene *scene = *state;
    put_many(scene, 1, "marketing");
    take_and_settle(scene, OUTBOX_HOLD);
    assert_redis(&scene->redis, "[uncertain 1 main]",
                 "HMGET t:message:marketing0 state bound gateway");
    assert_redis(&scene->redis, "[marketing0]", "ZRANGE t:uncertain 0 -1");
    assert_string_equal(take(scene, 1).text, "");
}

static void test_dead(void **state)
{
    struct scene *scene = *state;
    put_many(scene, 1, "marketing");
    struct taken taken = take(scene, 1);
    struct outbox_result result = result_of(&taken, 0, OUTBOX_DEAD);
    result.reason = "rejected";
    result.detail = "550 5.1.1 no";
    result.suppress = "hash";
    result.suppress_reason = "5.1.1 \"no\"";
    assert_string_equal(settle(scene, scene->outbox, &result, 1), "1");
    assert_string_equal(settle(scene, scene->outbox, &result, 1), "0");
    assert_redis(&scene->redis, "0", "EXISTS t:message:marketing0");
    assert_redis(&scene->redis, "1", "XLEN t:dead");
    assert_non_null(
        strstr(redis_fixture_ask(&scene->redis, "XRANGE t:dead - +"),
               "[kind message reason rejected detail 550 5.1.1 no customer id:7 mid "
               "marketing0 channel email class marketing body {\"m\":\"marketing0\"}]"));
    const char *held = redis_fixture_ask(&scene->redis, "HGET t:suppressed hash");
    assert_ptr_equal(strstr(held, "{\"reason\":\"5.1.1 \\\"no\\\"\",\"at\":1"), held);
}

static void test_release(void **state)
{
    struct scene *scene = *state;
    put_many(scene, 2, "marketing");
    struct taken taken = take(scene, 1);
    struct outbox_result result = result_of(&taken, 0, OUTBOX_RELEASE);
    assert_string_equal(settle(scene, scene->outbox, &result, 1), "1");
    assert_string_equal(take(scene, 2).text, "marketing1 marketing0");
    assert_string_equal(settle(scene, scene->outbox, &result, 1), "0"); /* another entry now */
    assert_redis(&scene->redis, "taken", "HGET t:message:marketing0 state");
}

/* A daemon dies with messages in its senders' hands. */
static void test_takeover(void **state)
{
    struct scene *scene = *state;
    put_many(scene, 1, "marketing"); /* hold */
    put(scene, "receipt", "transactional", "resend");
    put(scene, "gone", "transactional", "resend");
    struct taken taken = take(scene, 3);
    assert_string_equal(taken.text, "receipt gone marketing0");
    redis_fixture_ask(&scene->redis, "DEL t:message:gone");

    struct swept swept = sweep(scene, scene->others); /* it lives: nothing happens */
    assert_int_equal(swept.swept.resent + swept.swept.held, 0);
    store_fixture_lapse(&scene->store);
    swept = sweep(scene, scene->others);
    assert_int_equal(swept.swept.resent, 1);
    assert_int_equal(swept.swept.held, 1);
    assert_redis(&scene->redis, "[uncertain 1]", "HMGET t:message:marketing0 state attempts");
    assert_redis(&scene->redis, "[marketing0]", "ZRANGE t:uncertain 0 -1");
    assert_redis(&scene->redis, "2", "LLEN t:trace:id:7");
    assert_non_null(strstr(redis_fixture_ask(&scene->redis, "LRANGE t:trace:id:7 0 -1"),
                           "\"did\":[{\"what\":\"uncertain\",\"why\":\"its daemon ended: resend\","
                           "\"mid\":\"receipt\"}]"));
    swept = sweep(scene, scene->others);
    assert_int_equal(swept.swept.resent + swept.swept.held, 0);
    assert_null(
        strstr(redis_fixture_ask(&scene->redis, "XINFO CONSUMERS t:outbox:email:marketing nudged"),
               "one:")); /* nothing was pending any more */

    struct taken again = take_with(scene, scene->others, "spare", 3, (struct outbox_rate){0});
    assert_string_equal(again.text, "receipt");
    assert_string_equal(again.gateway, "main");
    assert_int_equal(again.attempts, 1);

    /* It was only frozen: what it says now does not count. */
    struct outbox_result late[3] = {result_of(&taken, 0, OUTBOX_DONE),
                                    result_of(&taken, 1, OUTBOX_DONE),
                                    result_of(&taken, 2, OUTBOX_DONE)};
    store_fixture_revive(&scene->store);
    assert_string_equal(settle(scene, scene->outbox, late, 3), "0 0 0");
    assert_redis(&scene->redis, "2", "EXISTS t:message:receipt t:message:marketing0");
    struct outbox_result done = result_of(&again, 0, OUTBOX_DONE);
    assert_string_equal(settle(scene, scene->outbox, &done, 1), "0"); /* not its own */
    assert_string_equal(settle(scene, scene->others, &done, 1), "1");
}

/* The same daemon started again under its name has another epoch: its old consumer is dead. */
static void test_takeover_by_epoch(void **state)
{
    struct scene *scene = *state;
    put(scene, "receipt", "transactional", "resend");
    take(scene, 1);
    redis_fixture_ask(&scene->redis, "SET t:instance:one 1");
    assert_int_equal(sweep(scene, scene->others).swept.resent, 1);
}

/* A lease that is gone for a moment: Redis was away, or its clock was set forward. What the
 * daemon has just sent it still settles. */
static void test_takeover_waits(void **state)
{
    struct scene *scene = *state;
    put(scene, "receipt", "transactional", "resend");
    put(scene, "offer", "marketing", "hold");
    struct taken taken = take(scene, 2);
    redis_fixture_ask(&scene->redis, "DEL t:instance:one");
    for (int i = 0; i < 2; i++) {
        struct swept swept = sweep(scene, scene->others);
        assert_int_equal(swept.swept.resent + swept.swept.held, 0);
        assert_int_equal(swept.swept.next_ms, 1000); /* not at once again and again */
    }
    struct outbox_result done = result_of(&taken, 0, OUTBOX_DONE);
    assert_string_equal(settle(scene, scene->outbox, &done, 1), "1");
    /* The mark was made after this moment: the clock was set back, and the wait begins anew. */
    const char *consumer = instance_consumer(scene->store.instance);
    redis_fixture_ask(&scene->redis, "HSET t:gone %s 9000000000000", consumer);
    assert_int_equal(sweep(scene, scene->others).swept.held, 0);
    redis_fixture_ask(&scene->redis, "HSET t:gone %s 1", consumer);
    assert_int_equal(sweep(scene, scene->others).swept.held, 1);
}

/* The group is destroyed while messages are being sent, and made again from the beginning. */
static void test_group_destroyed(void **state)
{
    struct scene *scene = *state;
    put(scene, "mine", "marketing", "hold");
    put(scene, "dead", "marketing", "hold");
    put(scene, "free", "marketing", "hold");
    struct taken mine = take(scene, 1);
    take_with(scene, scene->others, "main", 1, (struct outbox_rate){0});
    redis_fixture_ask(&scene->redis, "XGROUP DESTROY t:outbox:email:marketing nudged");
    store_fixture_lapse(&scene->other);

    assert_string_equal(take(scene, 5).text, "free"); /* not `mine` a second time */
    assert_int_equal(sweep(scene, scene->outbox).swept.held, 1);
    assert_redis(&scene->redis, "uncertain", "HGET t:message:dead state");
    assert_redis(&scene->redis, "[dead]", "ZRANGE t:uncertain 0 -1");
    struct outbox_result done = result_of(&mine, 0, OUTBOX_DONE);
    assert_string_equal(settle(scene, scene->outbox, &done, 1), "1");
    assert_redis(&scene->redis, "1", "XLEN t:outbox:email:marketing");
}

/* Destroyed, and its owner lives elsewhere: the entry is its owner's again, and is claimed from
 * it when it dies. */
static void test_group_destroyed_under_another(void **state)
{
    struct scene *scene = *state;
    put(scene, "theirs", "marketing", "hold");
    take_with(scene, scene->others, "main", 1, (struct outbox_rate){0});
    redis_fixture_ask(&scene->redis, "XGROUP DESTROY t:outbox:email:marketing nudged");
    assert_string_equal(take(scene, 5).text, "");
    assert_redis(&scene->redis, "taken", "HGET t:message:theirs state");
    store_fixture_lapse(&scene->other);
    assert_int_equal(sweep(scene, scene->outbox).swept.held, 1);
}

static void test_dead_letters_are_dropped(void **state)
{
    struct scene *scene = *state;
    redis_fixture_ask(
        &scene->redis, "EVAL %s 0",
        "for i = 1, 500 do redis.call('XADD', 't:dead', i .. '-1', 'kind', 'old') end "
        "redis.call('XADD', 't:dead', '*', 'kind', 'new')");
    sweep(scene, scene->outbox);
    assert_in_range(atoi(redis_fixture_ask(&scene->redis, "XLEN t:dead")), 1, 101);
    assert_non_null(
        strstr(redis_fixture_ask(&scene->redis, "XREVRANGE t:dead + - COUNT 1"), "new"));
}

static void on_length(void *context, int64_t length)
{
    int64_t *into = context;
    *into = length;
}

static bool has_length(void *context)
{
    return *(int64_t *)context != -2;
}

static void test_length(void **state)
{
    struct scene *scene = *state;
    int64_t length = -2;
    put_many(scene, 5, "marketing");
    put_many(scene, 2, "transactional");
    redis_fixture_ask(&scene->redis, "XADD t:outbox:sms:marketing * mid x");
    take(scene, 2);
    outbox_length(scene->outbox, on_length, &length);
    redis_fixture_run_until(&scene->redis, has_length, &length);
    assert_int_equal(length, 8);
    redis_fixture_end(&scene->redis, SIGKILL);
    length = -2;
    outbox_length(scene->outbox, on_length, &length);
    redis_fixture_run_until(&scene->redis, has_length, &length);
    assert_int_equal(length, -1);
}

static void test_full_server(void **state)
{
    struct scene *scene = *state;
    put_many(scene, 2, "marketing");
    redis_fixture_ask(&scene->redis, "CONFIG SET maxmemory 1");
    struct taken taken = take(scene, 2);
    struct outbox_result results[2] = {result_of(&taken, 0, OUTBOX_DONE),
                                       result_of(&taken, 1, OUTBOX_LATER)};
    assert_string_equal(settle(scene, scene->outbox, results, 2), "1 1");
    assert_string_equal(sweep(scene, scene->outbox).code, "");
}

static void test_lost(void **state)
{
    struct scene *scene = *state;
    const struct outbox_result result = {
        .entry = "1-1", .mid = "x", .channel = "email", .class_ = "marketing"};
    redis_fixture_end(&scene->redis, SIGKILL);
    assert_string_equal(take(scene, 1).text, "redis-lost");
    assert_string_equal(settle(scene, scene->outbox, &result, 1), "redis-lost");
    assert_string_equal(sweep(scene, scene->outbox).code, "redis-lost");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_scene, close_scene)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_take),
        TEST(test_take_drops_what_is_gone),
        TEST(test_take_passes_the_withdrawn),
        TEST(test_take_of_a_broken_message),
        TEST(test_settlement_of_a_broken_message),
        TEST(test_retry_of_a_broken_message),
        TEST(test_settlement_of_a_deleted_message),
        TEST(test_take_that_ends_in_the_middle),
        TEST(test_take_needs_the_lease),
        TEST(test_rate),
        TEST(test_done),
        TEST(test_trace_keeps_its_expiry),
        TEST(test_later),
        TEST(test_later_by_redis_clock),
        TEST(test_resend_is_bound),
        TEST(test_hold),
        TEST(test_dead),
        TEST(test_release),
        TEST(test_takeover),
        TEST(test_takeover_by_epoch),
        TEST(test_takeover_waits),
        TEST(test_group_destroyed),
        TEST(test_group_destroyed_under_another),
        TEST(test_dead_letters_are_dropped),
        TEST(test_length),
        TEST(test_full_server),
        TEST(test_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
