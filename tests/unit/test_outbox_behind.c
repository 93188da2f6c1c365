/* Marketing waits while events are behind; transactional messages do not. Ages are relative to
 * Redis' clock, far enough from the bound that the test's own time does not matter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "outbox_fixture.h"
#include "store/script_table.h"

/* Redis' clock, and `ms` away from it. */
static long long at(struct outbox_fixture *scene, long long ms)
{
    long long seconds, micros;
    sscanf(redis_fixture_ask(&scene->redis, "TIME"), "[%lld %lld]", &seconds, &micros);
    return seconds * 1000 + micros / 1000 + ms;
}

/* An entry of that age; with a consumer it was read, and is pending for so long. */
static void push(struct outbox_fixture *scene, long long age_ms, const char *consumer, int idle_ms)
{
    char id[64];
    snprintf(id, sizeof id, "%s",
             redis_fixture_ask(&scene->redis, "XADD t:events %lld-1 event {}", at(scene, -age_ms)));
    if (!consumer)
        return;
    redis_fixture_ask(&scene->redis, "XREADGROUP GROUP nudged %s STREAMS t:events >", consumer);
    redis_fixture_ask(&scene->redis, "XCLAIM t:events nudged %s 0 %s IDLE %d JUSTID", consumer, id,
                      idle_ms);
}

static void forget_entries(struct outbox_fixture *scene)
{
    redis_fixture_ask(&scene->redis, "DEL t:events");
    redis_fixture_ask(&scene->redis, "XGROUP CREATE t:events nudged 0 MKSTREAM");
}

/* The oldest entries are decided. */
static void decide_entries(struct outbox_fixture *scene, int count)
{
    redis_fixture_ask(&scene->redis, "EVAL %s 0 %d",
                      "for _, e in ipairs(redis.call('XRANGE', 't:events', '-', '+', 'COUNT', "
                      "ARGV[1])) do redis.pcall('XACK', 't:events', 'nudged', e[1]) "
                      "redis.call('XDEL', 't:events', e[1]) end",
                      count);
}

/* One letter and one receipt are there. The receipt goes; the letter too, or it waits, and is not
 * so much as read. */
static bool letter_goes(struct outbox_fixture *scene)
{
    redis_fixture_ask(&scene->redis, "DEL t:outbox:email:marketing t:outbox:email:transactional");
    outbox_fixture_put(scene, "letter", "marketing", "hold");
    outbox_fixture_put(scene, "receipt", "transactional", "resend");
    struct outbox_fixture_taken taken = outbox_fixture_take(scene, 5);
    bool goes = taken.behind_ms == 0;
    assert_string_equal(taken.text, goes ? "receipt letter" : "receipt");
    assert_int_equal(taken.wait_ms, 0); /* receipts are asked for whenever there is one */
    if (!goes)
        assert_in_range(taken.behind_ms, 50, 200);
    assert_redis(&scene->redis, goes ? "taken" : "queued", "HGET t:message:letter state");
    return goes;
}

static void check_waits(struct outbox_fixture *scene, bool waits, const char *name)
{
    if (letter_goes(scene) == waits)
        fail_msg("%s: the letter %s", name, waits ? "went" : "waits");
}

/* What came just now holds nothing back. Where the machine was so slow that it did not come just
 * now any more: true, once more. */
static bool is_slow(struct outbox_fixture *scene, long long began, const char *name)
{
    bool goes = letter_goes(scene);
    if (!goes && at(scene, 0) - began < 900)
        fail_msg("%s: the letter waits", name);
    return !goes;
}

static void test_entries(void **state)
{
    struct outbox_fixture *scene = *state;
    const char *living = instance_consumer(scene->other.instance);
    const struct {
        const char *name;
        long long age_ms;
        const char *consumer;
        int idle_ms;
        bool waits;
    } cases[] = {
        {"an hour unread", 3600000, NULL, 0, true},
        {"unread for two seconds", 2000, NULL, 0, true},
        {"on its way", 0, NULL, 0, false},
        {"read just now, and old", 5000, living, 0, true},
        {"read, and a while at a living daemon", 60000, living, 28000, true},
        {"cannot be decided", 60000, living, 31000, false},
        {"being decided", 0, living, 0, false},
        {"at a dead daemon", 3600000, "dead:5", 3500000, true},
        {"died a moment ago", 0, "dead:5", 0, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        long long began;
        do {
            began = at(scene, 0);
            forget_entries(scene);
            push(scene, cases[i].age_ms, cases[i].consumer, cases[i].idle_ms);
        } while (!cases[i].waits && is_slow(scene, began, cases[i].name));
        if (cases[i].waits)
            check_waits(scene, true, cases[i].name);
        decide_entries(scene, 100);
        check_waits(scene, false, cases[i].name);
    }
}

/* An opt-out behind a customer that cannot be decided. */
static void test_behind_what_is_stuck(void **state)
{
    struct outbox_fixture *scene = *state;
    push(scene, 60000, instance_consumer(scene->store.instance), 31000);
    push(scene, 5000, NULL, 0);
    check_waits(scene, true, "unread behind one that is stuck");
}

static void test_no_group(void **state)
{
    struct outbox_fixture *scene = *state;
    redis_fixture_ask(&scene->redis, "DEL t:events");
    check_waits(scene, false, "no stream");
    push(scene, 5000, NULL, 0);
    check_waits(scene, true, "no group yet");
    redis_fixture_ask(&scene->redis, "XGROUP CREATE t:events nudged 0");
    check_waits(scene, true, "a group that has read nothing");
}

/* Who has no marketing to send asks for no reason, and is not told to come again. */
static void test_no_marketing(void **state)
{
    struct outbox_fixture *scene = *state;
    push(scene, 5000, NULL, 0);
    outbox_fixture_put(scene, "receipt", "transactional", "resend");
    struct outbox_fixture_taken taken = outbox_fixture_take(scene, 5);
    assert_string_equal(taken.text, "receipt");
    assert_int_equal(taken.behind_ms, 0);
}

/* ---- Where ids do not tell ---- */

static void move_list(struct outbox_fixture *scene)
{
    redis_fixture_ask(&scene->redis, "EVAL %s 0 t %s t:inbox right 100", script_table[SCRIPT_MOVE],
                      instance_consumer(scene->store.instance));
}

/* As if the newest sample had been taken so many ms ago, and all before it with it. */
static void age_samples(struct outbox_fixture *scene, int ms)
{
    redis_fixture_ask(&scene->redis, "EVAL %s 0 %lld",
                      "local text = redis.call('HGET', 't:accepted:t:inbox', 'samples') "
                      "local by = ARGV[1] - string.match(text, '(%d+) %d+ %S+$') "
                      "text = string.gsub(text, '(%d+)( %d+ %S+)', function(time, rest) "
                      "return string.format('%.0f', time + by) .. rest end) "
                      "return redis.call('HSET', 't:accepted:t:inbox', 'samples', text)",
                      at(scene, -ms));
}

/* What stands in the list came nobody knows when: marketing waits until what it held is decided.
 * Traffic through the list that is quick enough holds nothing back. */
static void test_list(void **state)
{
    struct outbox_fixture *scene = *state;
    redis_fixture_ask(&scene->redis, "LPUSH t:inbox {} {} {}");
    check_waits(scene, true, "in the list");
    move_list(scene);
    check_waits(scene, true, "moved, with an id of now");
    redis_fixture_ask(&scene->redis, "LPUSH t:inbox {} {}");
    decide_entries(scene, 100);
    long long began;
    do {
        began = at(scene, 0);
        age_samples(scene, 0);
    } while (is_slow(scene, began, "what it held is decided, what came since came just now"));
    age_samples(scene, 5000);
    check_waits(scene, true, "what came since stands there for long");
    move_list(scene);
    decide_entries(scene, 100);
    check_waits(scene, false, "the list is empty");
    assert_redis(&scene->redis, "0", "HEXISTS t:accepted:t:inbox samples");
}

/* However often it is asked during a long backlog. */
static void test_samples_are_bounded(void **state)
{
    struct outbox_fixture *scene = *state;
    redis_fixture_ask(&scene->redis, "LPUSH t:inbox {}");
    for (int i = 0; i < 100; i++) {
        check_waits(scene, true, "a backlog");
        age_samples(scene, 150);
    }
    long length =
        strtol(redis_fixture_ask(&scene->redis, "HSTRLEN t:accepted:t:inbox samples"), NULL, 10);
    assert_in_range(length, 100, 33 * 24);
    move_list(scene);
    decide_entries(scene, 100);
    check_waits(scene, false, "all is decided");
}

/* The clock was set back: what came since has ids of the future. It is as behind as any other,
 * and holds back no longer than until it is decided. */
static void test_entries_of_another_clock(void **state)
{
    struct outbox_fixture *scene = *state;
    push(scene, -3600000, NULL, 0);
    check_waits(scene, true, "nobody knows since when");
    redis_fixture_ask(&scene->redis, "XADD t:events * event {}");
    redis_fixture_ask(&scene->redis, "XREADGROUP GROUP nudged %s COUNT 1 STREAMS t:events >",
                      instance_consumer(scene->store.instance));
    check_waits(scene, true, "read, and not decided");
    decide_entries(scene, 1);
    long long began;
    do {
        began = at(scene, 0);
        age_samples(scene, 0);
    } while (is_slow(scene, began, "the other came just now"));
}

/* ---- An intake that is stopped ---- */

/* Nothing is committed while a shared key is wrong: letters wait, also when what is pending has
 * been so for long. */
static void test_wrong_keys(void **state)
{
    static const char *const keys[] = {
        "t:due",   "t:taken",           "t:uncertain", "t:full:transactional", "t:full:marketing",
        "t:inbox", "t:accepted:t:inbox"};
    struct outbox_fixture *scene = *state;
    push(scene, 60000, instance_consumer(scene->store.instance), 31000);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        redis_fixture_ask(&scene->redis, "SET %s spoilt", keys[i]);
        check_waits(scene, true, keys[i]);
        redis_fixture_ask(&scene->redis, "DEL %s", keys[i]);
        check_waits(scene, false, keys[i]);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, outbox_fixture_open, outbox_fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_entries),
        TEST(test_behind_what_is_stuck),
        TEST(test_no_group),
        TEST(test_no_marketing),
        TEST(test_list),
        TEST(test_samples_are_bounded),
        TEST(test_entries_of_another_clock),
        TEST(test_wrong_keys),
    };
    return cmocka_run_group_tests_name("outbox_behind", tests, NULL, NULL);
}
