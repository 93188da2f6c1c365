/* Sender threads over real servers: each job comes back once, whatever becomes of it. */
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/digest.h"
#include "send/senders.h"

#include "gateway_fixture.h"
#include "server_fixture.h"

#define COUNT(array) (sizeof array / sizeof *(array))

enum { JOBS = 200, WAIT_MS = 10000, BODY = 20000 };

/* A job with what makes its mail. */
struct item {
    struct senders_job job; /* first */
    size_t number;
    char body[16]; /* "refuse" or the number */
    bool prepared;
    uint64_t recipient;
};

/* One gateway and what the loop knows of it. */
struct rig {
    struct server_fixture server;
    struct gateway_fixture gateway; /* for its settings */
    struct senders *senders;
    int begun[2]; /* a pipe: a byte for each job that a thread began, */
    int ended[2]; /* and for each that came as far as its end */
    atomic_bool lease_passed;
    atomic_bool unblocked; /* a thread that could get a signal was seen */
    size_t collected;
    size_t outcomes[OUTCOME_KINDS];
    char text[OUTCOME_TEXT_SIZE]; /* of the last one */
    uint64_t recipient;
    bool seen[JOBS];
};

static bool prepare(void *context, struct senders_job *job, struct arena *arena,
                    struct outgoing *outgoing, struct diag *diag)
{
    struct rig *rig = context;
    struct item *item = (struct item *)job;
    item->prepared = true;
    sigset_t blocked;
    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    if (!sigismember(&blocked, SIGTERM) || !sigismember(&blocked, SIGPIPE))
        rig->unblocked = true;
    if (arena_used(arena) != 0) /* each job finds it empty */
        abort();
    if (write(rig->begun[1], "x", 1) != 1)
        abort();
    if (strcmp(item->body, "refuse") == 0)
        return diag_error(diag, "no template `%s`", "welcome");
    *outgoing = gateway_fixture_mail;
    outgoing->mid = item->body;
    outgoing->envelope_to = arena_printf(arena, "customer-%s@example.com", item->body);
    char *body = arena_alloc(arena, BODY);
    memset(body, 'a', BODY);
    for (size_t end = 100; end <= BODY; end += 100)
        memcpy(body + end - 2, "\r\n", 2);
    outgoing->body = body;
    outgoing->body_length = BODY;
    item->recipient = digest_spread(item->body, strlen(item->body));
    return true;
}

/* Asked for the job in hand alone. */
static bool may_finish(void *context, struct senders_job *job)
{
    struct rig *rig = context;
    if (!((const struct item *)job)->prepared || write(rig->ended[1], "x", 1) != 1)
        abort();
    return !rig->lease_passed;
}

static void open_rig(struct rig *rig, const char *script, const char *argument, size_t connections)
{
    memset(rig, 0, sizeof *rig);
    server_fixture_start(&rig->server, script, (const char *[]){argument, NULL}, 1);
    gateway_fixture_read(&rig->gateway,
                         "{\"kind\": \"smtp\", \"host\": \"127.0.0.1\", \"port\": %d,"
                         " \"tls\": \"never\"}",
                         rig->server.ports[0]);
    assert_int_equal(pipe(rig->begun), 0);
    assert_int_equal(pipe(rig->ended), 0);
    struct diag diag;
    rig->senders = senders_start(
        &(struct senders_settings){
            .name = "a-gateway-with-a-long-name",
            .kind = rig->gateway.kind,
            .gateway = rig->gateway.settings,
            .connections = connections,
            .prepare = prepare,
            .may_finish = may_finish,
            .context = rig,
        },
        &diag);
    assert_non_null(rig->senders);
}

static void close_rig(struct rig *rig)
{
    senders_destroy(&rig->senders);
    assert_null(rig->senders);
    assert_false(rig->unblocked);
    gateway_fixture_close(&rig->gateway);
    server_fixture_stop(&rig->server);
    close(rig->begun[0]);
    close(rig->begun[1]);
    close(rig->ended[0]);
    close(rig->ended[1]);
}

static void give(struct rig *rig, size_t number, const char *body)
{
    struct item *item = calloc(1, sizeof *item);
    item->number = number;
    if (body)
        snprintf(item->body, sizeof item->body, "%s", body);
    else
        snprintf(item->body, sizeof item->body, "%zu", number);
    senders_give(rig->senders, &item->job);
}

static void collected(void *context, struct senders_job *job)
{
    struct rig *rig = context;
    struct item *item = (struct item *)job;
    assert_false(rig->seen[item->number]);
    rig->seen[item->number] = true;
    rig->collected++;
    rig->outcomes[job->outcome.kind]++;
    rig->recipient = item->recipient;
    memcpy(rig->text, job->outcome.text, sizeof rig->text);
    free(item);
}

/* Collects until at least `count` have come back. */
static void collect(struct rig *rig, size_t count)
{
    while (rig->collected < count) {
        struct pollfd ready = {.fd = senders_fd(rig->senders), .events = POLLIN};
        assert_int_equal(poll(&ready, 1, WAIT_MS), 1);
        senders_collect(rig->senders, 0, collected, rig);
    }
}

/* Waits for that many bytes of a pipe. */
static void await(int pipe, size_t count)
{
    for (char byte; count > 0; count--) {
        struct pollfd ready = {.fd = pipe, .events = POLLIN};
        assert_int_equal(poll(&ready, 1, WAIT_MS), 1);
        assert_int_equal(read(pipe, &byte, 1), 1);
    }
}

static void every_job_comes_back_once(void **state)
{
    (void)state;
    struct rig rig;
    open_rig(&rig, "smtp_server.py", NULL, 4);
    size_t given = 0;
    while (rig.collected < JOBS) {
        size_t more = senders_room(rig.senders, 0);
        assert_true(more <= 4);
        while (more-- > 0 && given < JOBS)
            give(&rig, given++, NULL);
        collect(&rig, rig.collected + 1);
    }
    assert_int_equal(rig.outcomes[OUTCOME_SENT], JOBS);
    assert_int_equal(senders_busy(rig.senders), 0);
    /* The server has them all, over at most four connections. */
    bool arrived[JOBS] = {false};
    for (size_t i = 0; i < JOBS; i++) {
        int connection, number;
        assert_int_equal(sscanf(server_fixture_line(&rig.server),
                                "mail %d shop@shop.example customer-%d@example.com 20000",
                                &connection, &number),
                         2);
        assert_in_range(connection, 1, 4);
        assert_false(arrived[number]);
        arrived[number] = true;
    }
    close_rig(&rig);
}

static void what_cannot_be_prepared_is_dead(void **state)
{
    (void)state;
    struct rig rig;
    open_rig(&rig, "faulty_smtp.py", "", 1);
    give(&rig, 1, "refuse");
    collect(&rig, 1);
    assert_int_equal(rig.outcomes[OUTCOME_DEAD], 1);
    assert_string_equal(rig.text, "no template `welcome`");
    /* The thread goes on. */
    give(&rig, 2, NULL);
    collect(&rig, 2);
    assert_int_equal(rig.outcomes[OUTCOME_SENT], 1);
    assert_int_equal(rig.recipient, digest_spread("2", 1));
    close_rig(&rig);
}

static void free_places_are_counted(void **state)
{
    (void)state;
    struct rig rig;
    open_rig(&rig, "faulty_smtp.py", "", 3);
    assert_int_equal(senders_room(rig.senders, 0), 3);
    for (size_t i = 0; i < 5; i++) {
        give(&rig, i, NULL);
        assert_int_equal(senders_busy(rig.senders), i + 1);
    }
    assert_int_equal(senders_room(rig.senders, 0), 0);
    collect(&rig, 5);
    assert_int_equal(senders_room(rig.senders, 0), 3);
    assert_int_equal(senders_busy(rig.senders), 0);
    senders_drain(rig.senders);
    assert_int_equal(senders_room(rig.senders, 0), 0);
    close_rig(&rig);
}

/* What waits for a sender, and only that, comes back when it is asked for. */
static void what_waits_is_recalled(void **state)
{
    (void)state;
    struct rig rig;
    open_rig(&rig, "faulty_smtp.py", "dot=stall", 2);
    assert_int_equal(senders_room_ahead(rig.senders, 3, 0), 5);
    for (size_t i = 0; i < 5; i++)
        give(&rig, i, NULL);
    assert_int_equal(senders_room(rig.senders, 0), 0);
    assert_int_equal(senders_room_ahead(rig.senders, 3, 0), 0);
    await(rig.ended[0], 2);
    senders_recall(rig.senders);
    collect(&rig, 3);
    assert_int_equal(rig.outcomes[OUTCOME_CUT], 3);
    assert_int_equal(senders_busy(rig.senders), 2);
    assert_int_equal(senders_room_ahead(rig.senders, 3, 0), 3);
    senders_recall(rig.senders); /* there is none */
    give(&rig, 5, NULL);
    senders_stop(rig.senders);
    collect(&rig, 6);
    assert_int_equal(rig.outcomes[OUTCOME_UNCERTAIN], 2);
    assert_int_equal(senders_room_ahead(rig.senders, 3, 0), 0);
    close_rig(&rig);
}

static void a_421_slows_it_down(void **state)
{
    (void)state;
    struct rig rig;
    open_rig(&rig, "faulty_smtp.py", "rcpt=421 4.7.0 slowly|250 ok", 8);
    give(&rig, 1, NULL);
    collect(&rig, 1);
    assert_int_equal(rig.outcomes[OUTCOME_RETRY], 1);
    assert_int_equal(senders_room(rig.senders, 0), 4);
    assert_int_equal(senders_room_ahead(rig.senders, 4, 0), 0);
    close_rig(&rig);
}

static void stops_before_the_end_without_a_lease(void **state)
{
    (void)state;
    struct rig rig;
    open_rig(&rig, "faulty_smtp.py", "", 1);
    rig.lease_passed = true;
    give(&rig, 1, NULL);
    collect(&rig, 1);
    assert_int_equal(rig.outcomes[OUTCOME_CUT], 1);
    assert_string_equal(server_fixture_line(&rig.server), "end 0 dots=0 bytes=0");
    close_rig(&rig);
}

/* Draining gives back at once what was not begun, and lets the begun end. */
static void drains(void **state)
{
    (void)state;
    struct rig rig;
    open_rig(&rig, "smtp_server.py", NULL, 2);
    for (size_t i = 0; i < 50; i++)
        give(&rig, i, NULL);
    await(rig.begun[0], 2);
    senders_drain(rig.senders);
    give(&rig, 50, NULL);
    collect(&rig, 51);
    assert_true(rig.outcomes[OUTCOME_SENT] >= 2);
    assert_int_equal(rig.outcomes[OUTCOME_SENT] + rig.outcomes[OUTCOME_CUT], 51);
    assert_int_equal(senders_busy(rig.senders), 0);
    close_rig(&rig);
}

/* What stalls is cut at the stop: before the mail's end it is given back, behind it nobody
 * knows. */
static void cuts_what_stalls(void **state)
{
    (void)state;
    static const struct {
        const char *script;
        enum outcome_kind kind;
    } cases[] = {{"greeting=stall", OUTCOME_CUT},
                 {"rcpt=stall", OUTCOME_CUT},
                 {"dot=stall", OUTCOME_UNCERTAIN}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct rig rig;
        open_rig(&rig, "faulty_smtp.py", cases[i].script, 1);
        give(&rig, 1, NULL);
        give(&rig, 2, NULL);
        await(rig.begun[0], 1);
        if (cases[i].kind == OUTCOME_UNCERTAIN)
            await(rig.ended[0], 1);
        int64_t began = clock_monotonic_ms();
        senders_stop(rig.senders);
        assert_in_range(clock_monotonic_ms() - began, 0, 25000); /* its timeouts: from 30 s on */
        collect(&rig, 2);
        assert_int_equal(rig.outcomes[OUTCOME_CUT], cases[i].kind == OUTCOME_CUT ? 2 : 1);
        assert_int_equal(rig.outcomes[cases[i].kind], cases[i].kind == OUTCOME_CUT ? 2 : 1);
        close_rig(&rig);
    }
}

static void jobs_are_collected_after_the_stop(void **state)
{
    (void)state;
    struct rig rig;
    open_rig(&rig, "faulty_smtp.py", "", 2);
    for (size_t i = 0; i < 20; i++)
        give(&rig, i, NULL);
    await(rig.begun[0], 1);
    senders_stop(rig.senders);
    senders_collect(rig.senders, 0, collected, &rig);
    assert_int_equal(rig.collected, 20);
    assert_int_equal(senders_busy(rig.senders), 0);
    close_rig(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_job_comes_back_once),
        cmocka_unit_test(what_cannot_be_prepared_is_dead),
        cmocka_unit_test(free_places_are_counted),
        cmocka_unit_test(what_waits_is_recalled),
        cmocka_unit_test(a_421_slows_it_down),
        cmocka_unit_test(stops_before_the_end_without_a_lease),
        cmocka_unit_test(drains),
        cmocka_unit_test(cuts_what_stalls),
        cmocka_unit_test(jobs_are_collected_after_the_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
