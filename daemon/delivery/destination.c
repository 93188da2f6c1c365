/*
 * Opened and closed with its senders; how much it can begin (destination_room, over breaker,
 * threads and what was promised); what is given to it and heard of it; at the end what it tells of
 * itself.
 */
#include "delivery/destination.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/json.h"
#include "base/log.h"
#include "base/metrics.h"

enum {
    LIVELY_MS = 20,   /* between two connections that get free, at most */
    SILENT_MS = 1000, /* what waits for a connection waits no longer where none gets free */
    AHEAD_LEAST = 8,  /* connections: where they are fewer none of them is worth a message's wait */
    PACE_MS = 10,     /* messages wait so long in hand, about, where … */
    PACE_MOST = 64,   /* … no more than that, or than there are connections, do */
};

/* ---- In a sender's thread ---- */

/* Where the daemon stood still meanwhile, others have used the time of its tokens. */
static bool may_begin(void *context, struct senders_job *job)
{
    struct attempt *attempt = attempt_of(job);
    (void)context;
    failpoint("send-begin");
    attempt->late = attempt->token_ms && clock_monotonic_ms() - attempt->token_ms > OUTBOX_TOKEN_MS;
    if (!attempt->late)
        hand_mark(attempt->place, HAND_BEGUN);
    return !attempt->late;
}

static bool prepare(void *context, struct senders_job *job, struct arena *arena,
                    struct outgoing *outgoing, struct diag *diag)
{
    const struct destination *destination = context;
    struct attempt *attempt = attempt_of(job);
    const struct prepare with = {.compose = &attempt->generation->compose,
                                 .templates = attempt->generation->templates,
                                 .gateway = destination->config};
    if (attempt_read(attempt, diag) &&
        prepare_outgoing(&with, &attempt->message, arena, outgoing, diag)) {
        if (destination->config->kind->blocks) /* and asks nobody before the end */
            hand_mark(attempt->place, HAND_ENDING);
        return true;
    }
    attempt->fault = arena_text(attempt->arena, diag->code);
    return false;
}

/* A daemon that was frozen may have its lease again, and another the message. */
static bool may_finish(void *context, struct senders_job *job)
{
    const struct attempt *attempt = attempt_of(job);
    (void)context;
    if (!instance_lease_held(attempt->shard->instance, attempt->term))
        return false;
    hand_mark(attempt->place, HAND_ENDING);
    return true;
}

static void note_ended(void *context, struct senders_job *job)
{
    (void)context;
    if (job->outcome.kind == OUTCOME_SENT)
        hand_mark(attempt_of(job)->place, HAND_TAKEN);
}

/* ---- On the loop ---- */

bool destination_open(struct destination *destination, const struct config_gateway *gateway,
                      struct diag *diag)
{
    const struct gateway_common *common = gateway->settings;
    const struct senders_settings settings = {
        .name = gateway->name,
        .kind = gateway->kind,
        .gateway = gateway->settings,
        .connections = (size_t)common->connections,
        .may_begin = may_begin,
        .prepare = prepare,
        .may_finish = may_finish,
        .ended = note_ended,
        .context = destination,
    };
    destination->config = gateway;
    breaker_init(&destination->breaker);
    suspicion_init(&destination->suspicion);
    destination->senders = senders_start(&settings, diag);
    return destination->senders != NULL;
}

void destination_close(struct destination *destination)
{
    senders_destroy(&destination->senders);
    domains_clear(&destination->domains);
}

static size_t room_beside(const struct destination *destination, size_t promised)
{
    int64_t now_ms = clock_monotonic_ms();
    size_t free = senders_room(destination->senders, now_ms);
    size_t allowed =
        now_ms < destination->paused_until_ms ? 0 : breaker_allows(&destination->breaker, now_ms);
    size_t most = free < allowed ? free : allowed;
    return most > promised ? most - promised : 0;
}

size_t destination_room(const struct destination *destination)
{
    return room_beside(destination, destination->promised);
}

bool destination_is_lively(const struct destination *destination)
{
    return clock_monotonic_ms() - destination->heard_ms <= LIVELY_MS;
}

/* So many at a time, at most. */
static size_t connections_of(const struct destination *destination)
{
    const struct gateway_common *common = destination->config->settings;
    return (size_t)common->connections;
}

/* How many may wait for a connection, where any may. */
static size_t ahead_of(const struct destination *destination)
{
    const size_t connections = connections_of(destination);
    const size_t ahead = destination->pace < PACE_MOST ? destination->pace : PACE_MOST;
    return ahead > connections ? ahead : connections;
}

size_t destination_room_ahead(const struct destination *destination)
{
    size_t connections = connections_of(destination);
    if (connections < AHEAD_LEAST || destination->breaker.state != BREAKER_CLOSED ||
        !destination_is_lively(destination) || clock_monotonic_ms() < destination->paused_until_ms)
        return 0;
    size_t room =
        senders_room_ahead(destination->senders, ahead_of(destination), clock_monotonic_ms());
    return room > destination->promised ? room - destination->promised : 0;
}

size_t destination_together(const struct destination *destination)
{
    size_t connections = connections_of(destination), half = connections / 2;
    if (connections < AHEAD_LEAST)
        return half;
    size_t most = ahead_of(destination) - half;
    return most < connections ? most : connections;
}

bool destination_recall(const struct destination *destination)
{
    const size_t busy = senders_busy(destination->senders);
    const size_t connections = connections_of(destination);
    bool waits = busy > connections;
    bool silent = clock_monotonic_ms() - destination->heard_ms > SILENT_MS;
    bool slower = waits && busy - connections > 2 * ahead_of(destination);
    if (waits && (silent || slower))
        senders_recall(destination->senders);
    return waits && !silent && !slower;
}

bool destination_has_room_to_pass(const struct destination *destination)
{
    bool probes = destination->breaker.state != BREAKER_CLOSED; /* one at a time */
    size_t asked = probes ? 0 : destination->asked;
    return room_beside(destination, destination->promised - asked) > 0;
}

bool destination_takes_part(const struct destination *destination)
{
    return breaker_allows(&destination->breaker, clock_monotonic_ms()) > 0;
}

bool destination_is_counting(const struct destination *destination)
{
    return destination->domains.counted && destination->promised > 0;
}

struct outbox_gateway destination_bounds(struct destination *destination,
                                         const struct gateway_common *common)
{
    struct outbox_gateway gateway = {.name = destination->config->name,
                                     .rate = {common->rate.count, common->rate.per_ms}};
    domains_fill(&destination->domains, &common->bounds, &gateway);
    return gateway;
}

void destination_give(struct destination *destination, struct attempt *attempt)
{
    attempt->gateway = destination->config->name;
    attempt->probe = breaker_begin(&destination->breaker, clock_monotonic_ms());
    domains_begin(&destination->domains, attempt->domain);
    hand_mark(attempt->place, HAND_WAITING);
    senders_give(destination->senders, &attempt->job);
}

static void log_breaker(const struct destination *destination, const struct outcome *outcome,
                        const char *to)
{
    char words[2 * OUTCOME_TEXT_SIZE];
    if (destination->breaker.state == BREAKER_CLOSED)
        log_with(LOG_LEVEL_INFO,
                 LOG_FIELDS(LOG_TEXT("gateway", destination->config->name),
                            LOG_TEXT("breaker", "closed")),
                 "the gateway takes part again");
    else
        log_with(
            LOG_LEVEL_WARNING,
            LOG_FIELDS(LOG_ID(LOG_ID_GATEWAY_LEFT), LOG_TEXT("gateway", destination->config->name),
                       LOG_TEXT("breaker", breaker_state_name(destination->breaker.state)),
                       LOG_TEXT("why", breaker_why_name(destination->breaker.why)),
                       LOG_NUMBER("probe_in_ms", destination_wait_ms(destination)),
                       LOG_NUMBER("code", outcome->code), LOG_TEXT("enhanced", outcome->enhanced),
                       LOG_DETAIL(log_masked(outcome->text, to, words, sizeof words))),
            "the gateway is left alone for a while");
}

/* What a message met that was not sent; not what this daemon gave up itself. */
static void note_failure(struct destination *destination, const struct outcome *outcome,
                         const char *to)
{
    if (outcome->kind == OUTCOME_SENT || outcome->kind == OUTCOME_CUT)
        return;
    destination->failure = *outcome;
    log_masked(outcome->text, to, destination->failure.text, sizeof destination->failure.text);
    destination->failed_ms = clock_wall_ms();
}

static void count(struct destination *destination, enum outcome_kind kind)
{
    if (kind == OUTCOME_SENT)
        destination->sent++;
    else if (kind == OUTCOME_BOUNCED || kind == OUTCOME_DEAD || kind == OUTCOME_UNCERTAIN)
        destination->refused++;
    else if (kind != OUTCOME_CUT)
        destination->retried++;
}

static void note_pace(struct destination *destination, int64_t now_ms)
{
    const int64_t took_ms = now_ms - destination->pace_since_ms;
    destination->pace_count++;
    if (took_ms < PACE_MS)
        return;
    destination->pace = destination->pace_count * PACE_MS / (size_t)took_ms;
    destination->pace_count = 0;
    destination->pace_since_ms = now_ms;
}

void destination_hear(struct destination *destination, const struct attempt *attempt,
                      bool suspected, uint64_t random)
{
    const struct outcome *outcome = &attempt->job.outcome;
    const struct breaker_report report = {.outcome = outcome,
                                          .recipient = attempt->recipient,
                                          .suspected = suspected,
                                          .probe = attempt->probe};
    enum breaker_state before = destination->breaker.state;
    int64_t now_ms = clock_monotonic_ms();
    if (outcome->kind != OUTCOME_CUT) {
        destination->heard_ms = now_ms;
        note_pace(destination, now_ms);
    }
    domains_end(&destination->domains, attempt->domain);
    note_failure(destination, outcome, attempt_to(attempt));
    count(destination, outcome->kind);
    breaker_report(&destination->breaker, &report, now_ms, random);
    if (destination->breaker.state == before)
        return;
    senders_recall(destination->senders); /* what waited goes where it is taken */
    if (destination->breaker.state == BREAKER_CLOSED)
        suspicion_clear(&destination->suspicion);
    log_breaker(destination, outcome, attempt_to(attempt));
}

int64_t destination_wait_ms(const struct destination *destination)
{
    int64_t now_ms = clock_monotonic_ms(), next_ms = breaker_next(&destination->breaker);
    int64_t quiet_ms = senders_quiet_ms(destination->senders, now_ms);
    int64_t open_ms = next_ms == INT64_MAX || next_ms < now_ms ? 0 : next_ms - now_ms;
    return open_ms > quiet_ms ? open_ms : quiet_ms;
}

/* ---- Status ---- */

static void put_failure(const struct destination *destination, struct buf *out)
{
    const struct outcome *failure = &destination->failure;
    buf_printf(out, ",\"failure\":{\"at\":%" PRId64 ",\"code\":%d,\"enhanced\":\"%s\",\"text\":",
               destination->failed_ms, failure->code, failure->enhanced);
    json_print_string(out, failure->text, strlen(failure->text));
    buf_text(out, "}");
}

void destination_figures(const struct destination *destination)
{
    static const enum breaker_state states[] = {BREAKER_CLOSED, BREAKER_OPEN, BREAKER_HALF_OPEN};
    const char *name = destination->config->name;
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        metrics_set_to(METRIC_GATEWAY_BREAKER, METRIC_LABELS(name, breaker_state_name(states[i])),
                       destination->breaker.state == states[i]);
    metrics_set_to(METRIC_GATEWAY_SENDING, METRIC_LABELS(name),
                   (int64_t)senders_busy(destination->senders));
}

void destination_status(const struct destination *destination, struct buf *out)
{
    buf_printf(out, "{\"name\":\"%s\",\"kind\":\"%s\",\"breaker\":\"%s\",\"sending\":%zu",
               destination->config->name, destination->config->kind->name,
               breaker_state_name(destination->breaker.state), senders_busy(destination->senders));
    buf_printf(out, ",\"sent\":%" PRIu64 ",\"retried\":%" PRIu64 ",\"refused\":%" PRIu64,
               destination->sent, destination->retried, destination->refused);
    if (destination->breaker.why != BREAKER_WELL)
        buf_printf(out, ",\"why\":\"%s\"", breaker_why_name(destination->breaker.why));
    if (destination->breaker.state != BREAKER_CLOSED)
        buf_printf(out, ",\"probe_in_ms\":%" PRId64, destination_wait_ms(destination));
    else if (senders_quiet_ms(destination->senders, clock_monotonic_ms()))
        buf_printf(out, ",\"quiet_ms\":%" PRId64, destination_wait_ms(destination));
    if (destination->failed_ms)
        put_failure(destination, out);
    buf_text(out, "}");
}
