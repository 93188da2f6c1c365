/* What a dead daemon had in hand, where more is known of it than that it was taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "outbox_fixture.h"

/* Of the daemon "one", which lives as far as Redis knows. */
static struct outbox_swept sweep(struct outbox_fixture *scene, const char *mid,
                                 enum outbox_known_stage stage)
{
    const struct outbox_known known = {
        .mid = mid, .owner = instance_consumer(scene->store.instance), .stage = stage};
    struct outbox_fixture_swept swept =
        outbox_fixture_sweep_knowing(scene, scene->others, &known, 1);
    assert_string_equal(swept.code, "");
    assert_true(swept.swept.whole);
    return swept.swept;
}

static void take(struct outbox_fixture *scene, const char *on_uncertain)
{
    outbox_fixture_put(scene, "m1", "marketing", on_uncertain);
    assert_string_equal(outbox_fixture_take(scene, 1).text, "m1");
}

static const char *events(struct outbox_fixture *scene)
{
    return redis_fixture_ask(&scene->redis, "XRANGE t:events - +");
}

/* It goes back as it was; nobody waits for the lease of who is dead for certain. */
static void what_waited_goes_back_uncharged(void **state)
{
    struct outbox_fixture *scene = *state;
    take(scene, "hold");
    struct outbox_swept swept = sweep(scene, "m1", OUTBOX_KNOWN_WAITING);
    assert_int_equal(swept.resent, 1);
    assert_int_equal(swept.uncertain + swept.sent, 0);
    assert_redis(&scene->redis, "[queued (nil) (nil) (nil) (nil)]",
                 "HMGET t:message:m1 state owner bound deaths entry");
    assert_redis(&scene->redis, "0", "EXISTS t:instance:one");
    outbox_fixture_assert_idle(scene);
    struct outbox_fixture_taken again =
        outbox_fixture_take_with(scene, scene->others, "main", 1, (struct outbox_rate){0});
    assert_string_equal(again.text, "m1");
    assert_string_equal(again.gateway, "");
    assert_int_equal(again.attempts, 0);
}

static void what_had_not_come_to_its_end_goes_back_and_counts_the_death(void **state)
{
    struct outbox_fixture *scene = *state;
    take(scene, "hold");
    assert_int_equal(sweep(scene, "m1", OUTBOX_KNOWN_BEGUN).resent, 1);
    assert_redis(&scene->redis, "[queued (nil) 1]", "HMGET t:message:m1 state bound deaths");
}

/* It may be what ends them. */
static void at_the_third_death_it_is_held(void **state)
{
    struct outbox_fixture *scene = *state;
    take(scene, "resend");
    redis_fixture_ask(&scene->redis, "HSET t:message:m1 deaths 2");
    struct outbox_swept swept = sweep(scene, "m1", OUTBOX_KNOWN_BEGUN);
    assert_int_equal(swept.uncertain, 1);
    assert_int_equal(swept.resent, 0);
    assert_redis(&scene->redis, "[uncertain 3]", "HMGET t:message:m1 state deaths");
}

static void what_only_waited_is_never_held(void **state)
{
    struct outbox_fixture *scene = *state;
    take(scene, "resend");
    redis_fixture_ask(&scene->redis, "HSET t:message:m1 deaths 2");
    assert_int_equal(sweep(scene, "m1", OUTBOX_KNOWN_WAITING).resent, 1);
    assert_redis(&scene->redis, "[queued 2]", "HMGET t:message:m1 state deaths");
}

static void what_was_taken_is_done(void **state)
{
    struct outbox_fixture *scene = *state;
    take(scene, "resend");
    assert_int_equal(sweep(scene, "m1", OUTBOX_KNOWN_TAKEN).sent, 1);
    assert_redis(&scene->redis, "0", "EXISTS t:message:m1 t:body:m1 t:uncertain");
    outbox_fixture_assert_idle(scene);
    assert_non_null(strstr(redis_fixture_ask(&scene->redis, "LRANGE t:trace:id:7 0 -1"),
                           "\"what\":\"sent\",\"why\":\"its daemon ended\",\"gateway\":\"main\","
                           "\"mid\":\"m1\"}]}"));
    assert_non_null(strstr(events(scene), "\"type\":\"message.sent\""));
    assert_non_null(strstr(events(scene), "\"id\":\"m1.sent\""));
    assert_int_equal(sweep(scene, "m1", OUTBOX_KNOWN_TAKEN).sent, 0); /* a second run */
}

/* Marked while a sender had it. */
static void what_was_withdrawn_ends(void **state)
{
    struct outbox_fixture *scene = *state;
    take(scene, "hold");
    redis_fixture_ask(&scene->redis, "HSET t:message:m1 mark until");
    struct outbox_swept swept = sweep(scene, "m1", OUTBOX_KNOWN_BEGUN);
    assert_int_equal(swept.resent + swept.uncertain + swept.sent, 0);
    assert_redis(&scene->redis, "0", "EXISTS t:message:m1 t:body:m1");
    assert_non_null(strstr(redis_fixture_ask(&scene->redis, "LINDEX t:trace:id:7 0"),
                           "\"what\":\"withdrawn\",\"why\":\"until\""));
    assert_non_null(strstr(events(scene), "\"type\":\"message.withdrawn\""));
}

static void what_was_taken_all_the_same_came_too_late(void **state)
{
    struct outbox_fixture *scene = *state;
    take(scene, "hold");
    redis_fixture_ask(&scene->redis, "HSET t:message:m1 mark until");
    assert_int_equal(sweep(scene, "m1", OUTBOX_KNOWN_TAKEN).sent, 1);
    assert_non_null(strstr(redis_fixture_ask(&scene->redis, "LINDEX t:trace:id:7 0"),
                           "\"what\":\"too-late\",\"why\":\"until\""));
    assert_null(strstr(events(scene), "\"type\":\"message.withdrawn\""));
}

/* Of who was erased nothing is written any more. */
static void nothing_is_told_of_who_was_erased(void **state)
{
    struct outbox_fixture *scene = *state;
    take(scene, "hold");
    redis_fixture_ask(&scene->redis, "HSET t:message:m1 mark erasure");
    assert_int_equal(sweep(scene, "m1", OUTBOX_KNOWN_TAKEN).sent, 1);
    assert_redis(&scene->redis, "0", "EXISTS t:trace:id:7 t:message:m1 t:body:m1");
    assert_string_equal(events(scene), "[]");
}

/* What is known is of another life than the message's now. */
static void somebody_elses_message_is_left(void **state)
{
    struct outbox_fixture *scene = *state;
    const struct outbox_known known = {.mid = "m1", .owner = "one:1", .stage = OUTBOX_KNOWN_TAKEN};
    take(scene, "hold");
    struct outbox_fixture_swept swept =
        outbox_fixture_sweep_knowing(scene, scene->others, &known, 1);
    assert_int_equal(swept.swept.sent + swept.swept.resent + swept.swept.uncertain, 0);
    assert_redis(&scene->redis, "taken", "HGET t:message:m1 state");
    assert_redis(&scene->redis, "1", "EXISTS t:instance:one");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, outbox_fixture_open, outbox_fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_waited_goes_back_uncharged),
        TEST(what_had_not_come_to_its_end_goes_back_and_counts_the_death),
        TEST(at_the_third_death_it_is_held),
        TEST(what_only_waited_is_never_held),
        TEST(what_was_taken_is_done),
        TEST(what_was_withdrawn_ends),
        TEST(what_was_taken_all_the_same_came_too_late),
        TEST(nothing_is_told_of_who_was_erased),
        TEST(somebody_elses_message_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
