/* How much a destination takes ahead of its connections, and gives back. Its gateway never sends.
 */
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "delivery/destination.h"
#include "store/outbox.h"

enum { CONNECTIONS = 8, HEARD_MOST = 10000000 };

static char connection;

static sem_t may_open; /* as many connections */

static void *open_connection(const void *settings, const struct gateway_hooks *hooks)
{
    (void)settings;
    (void)hooks;
    sem_wait(&may_open);
    return &connection;
}

static void close_connection(void *opened)
{
    assert_ptr_equal(opened, &connection);
}

static const struct gateway_kind kind = {
    .name = "silent", .blocks = true, .open = open_connection, .close = close_connection};

struct rig {
    struct gateway_common settings;
    struct config_gateway gateway;
    struct destination destination;
    struct attempt *attempt; /* of which is heard */
};

static struct attempt *new_attempt(void)
{
    return attempt_new(&(struct outbox_message){.mid = "m",
                                                .entry = "-",
                                                .customer = "c",
                                                .channel = "email",
                                                .class_ = "marketing",
                                                .body = "{}",
                                                .length = 2,
                                                .on_uncertain = "resend"},
                       0);
}

static struct rig *opened;

static void open_rig(struct rig *rig, int64_t connections)
{
    struct diag diag;
    opened = rig;
    *rig = (struct rig){.settings = {.kind = kind.name, .connections = connections}};
    rig->gateway = (struct config_gateway){.name = "g", .kind = &kind, .settings = &rig->settings};
    rig->attempt = new_attempt();
    assert_true(destination_open(&rig->destination, &rig->gateway, &diag));
}

static void close_rig(struct rig *rig)
{
    for (int64_t i = 0; i < rig->settings.connections; i++)
        sem_post(&may_open);
    destination_close(&rig->destination);
    attempt_destroy(&rig->attempt);
    opened = NULL;
}

/* Of a test that failed: its threads wait for ever. */
static int close_opened(void **state)
{
    (void)state;
    if (opened)
        close_rig(opened);
    return 0;
}

static void hear(struct rig *rig, enum outcome_kind outcome)
{
    outcome_set(&rig->attempt->job.outcome, outcome);
    destination_hear(&rig->destination, rig->attempt, false, 0);
}

/* Until there is room for so many: of what this test has stood still over there is none. */
static void hear_until(struct rig *rig, size_t room)
{
    for (size_t i = 0; i < HEARD_MOST; i++) {
        hear(rig, OUTCOME_SENT);
        if (destination_room_ahead(&rig->destination) == room)
            return;
    }
    fail_msg("room for %zu", destination_room_ahead(&rig->destination));
}

/* As many wait as there are connections, and as are at work. */
static void what_was_not_fast_has_as_many_ahead_as_connections(void **state)
{
    static struct rig rig;
    (void)state;
    open_rig(&rig, CONNECTIONS);
    assert_int_equal(destination_room_ahead(&rig.destination), 0);
    assert_int_equal(destination_together(&rig.destination), CONNECTIONS / 2);
    hear_until(&rig, 2 * CONNECTIONS);
    close_rig(&rig);
}

static void what_is_fast_has_more_ahead_with_a_bound(void **state)
{
    static struct rig rig;
    (void)state;
    open_rig(&rig, CONNECTIONS);
    hear_until(&rig, CONNECTIONS + 64);
    assert_int_equal(destination_together(&rig.destination), CONNECTIONS);
    rig.destination.promised = 50;
    hear_until(&rig, CONNECTIONS + 14);
    close_rig(&rig);
}

static void what_the_daemon_gave_up_itself_is_no_pace(void **state)
{
    static struct rig rig;
    (void)state;
    open_rig(&rig, CONNECTIONS);
    hear(&rig, OUTCOME_SENT);
    for (int64_t since_ms = rig.destination.pace_since_ms, i = 0; i < 100000; i++) {
        hear(&rig, OUTCOME_CUT);
        assert_true(rig.destination.pace_since_ms == since_ms);
    }
    assert_int_equal(rig.destination.pace, 0);
    close_rig(&rig);
}

static void more_connections_than_the_bound_have_as_many_ahead(void **state)
{
    static struct rig rig;
    (void)state;
    open_rig(&rig, 100);
    hear_until(&rig, 200);
    assert_int_equal(destination_together(&rig.destination), 50);
    close_rig(&rig);
}

static void few_connections_have_none(void **state)
{
    static struct rig rig;
    (void)state;
    open_rig(&rig, CONNECTIONS - 1);
    assert_int_equal(destination_together(&rig.destination), (CONNECTIONS - 1) / 2);
    for (size_t i = 0; i < 100000; i++) {
        hear(&rig, OUTCOME_SENT);
        assert_int_equal(destination_room_ahead(&rig.destination), 0);
    }
    close_rig(&rig);
}

static void collected(void *context, struct senders_job *job)
{
    struct attempt *attempt = attempt_of(job);
    size_t *count = context;
    assert_int_equal(job->outcome.kind, OUTCOME_CUT);
    attempt_destroy(&attempt);
    ++*count;
}

static void give(struct rig *rig, size_t count)
{
    for (size_t i = 0; i < count; i++)
        destination_give(&rig->destination, new_attempt());
}

/* It has eight with its connections, as it were, and sixteen, twice as many as may, wait. */
static void what_waits_for_one_that_has_become_slow_comes_back(void **state)
{
    static struct rig rig;
    size_t count = 0;
    (void)state;
    open_rig(&rig, CONNECTIONS);
    rig.destination.heard_ms = INT64_MAX / 2; /* it is not silent */
    give(&rig, 3 * CONNECTIONS);
    assert_true(destination_recall(&rig.destination));
    senders_collect(rig.destination.senders, 0, collected, &count);
    assert_int_equal(count, 0);
    give(&rig, 1);
    rig.destination.pace = CONNECTIONS + 1;
    assert_true(destination_recall(&rig.destination));
    rig.destination.pace = CONNECTIONS;
    assert_false(destination_recall(&rig.destination));
    senders_collect(rig.destination.senders, 0, collected, &count);
    assert_int_equal(count, 3 * CONNECTIONS + 1);
    close_rig(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(what_was_not_fast_has_as_many_ahead_as_connections, close_opened),
        cmocka_unit_test_teardown(what_is_fast_has_more_ahead_with_a_bound, close_opened),
        cmocka_unit_test_teardown(what_the_daemon_gave_up_itself_is_no_pace, close_opened),
        cmocka_unit_test_teardown(more_connections_than_the_bound_have_as_many_ahead, close_opened),
        cmocka_unit_test_teardown(few_connections_have_none, close_opened),
        cmocka_unit_test_teardown(what_waits_for_one_that_has_become_slow_comes_back, close_opened),
    };
    sem_init(&may_open, 0, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
