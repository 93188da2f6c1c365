#include "delivery/destination.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/suppressed.h"

/* ---- In a sender's thread ---- */

static bool prepare(void *context, struct senders_job *job, struct arena *arena,
                    struct outgoing *outgoing, struct diag *diag)
{
    const struct destination *destination = context;
    struct attempt *attempt = attempt_of(job);
    const struct prepare with = {.compose = &attempt->generation->compose,
                                 .templates = attempt->generation->templates,
                                 .gateway = destination->config};
    if (attempt_read(attempt, diag) &&
        prepare_outgoing(&with, &attempt->message, arena, outgoing, diag))
        return true;
    attempt->fault = arena_text(attempt->arena, diag->code);
    return false;
}

/* A daemon that was frozen may have its lease again, and another the message. */
static bool may_finish(void *context, struct senders_job *job)
{
    const struct destination *destination = context;
    return instance_lease_held(destination->shard->instance, attempt_of(job)->term);
}

/* ---- On the loop ---- */

bool destination_open(struct destination *destination, const struct config_gateway *gateway,
                      const struct shard *shard, struct diag *diag)
{
    const struct gateway_common *common = gateway->settings;
    const struct senders_settings settings = {
        .name = gateway->name,
        .kind = gateway->kind,
        .gateway = gateway->settings,
        .connections = (size_t)common->connections,
        .prepare = prepare,
        .may_finish = may_finish,
        .context = destination,
    };
    destination->config = gateway;
    destination->shard = shard;
    breaker_init(&destination->breaker);
    destination->senders = senders_start(&settings, diag);
    return destination->senders != NULL;
}

void destination_close(struct destination *destination)
{
    senders_destroy(&destination->senders);
}

size_t destination_room(const struct destination *destination)
{
    int64_t now_ms = clock_monotonic_ms();
    size_t free = senders_room(destination->senders, now_ms);
    size_t allowed = breaker_allows(&destination->breaker, now_ms);
    size_t most = free < allowed ? free : allowed;
    return most > destination->promised ? most - destination->promised : 0;
}

bool destination_takes_part(const struct destination *destination)
{
    return breaker_allows(&destination->breaker, clock_monotonic_ms()) > 0;
}

void destination_give(struct destination *destination, struct attempt *attempt)
{
    attempt->gateway = destination->config->name;
    attempt->probe = breaker_begin(&destination->breaker, clock_monotonic_ms());
    senders_give(destination->senders, &attempt->job);
}

static void log_breaker(const struct destination *destination, const struct outcome *outcome)
{
    char words[2 * OUTCOME_TEXT_SIZE];
    if (destination->breaker.state == BREAKER_CLOSED)
        log_info("the gateway takes part again gateway=%s breaker=closed",
                 destination->config->name);
    else
        log_warning(
            "the gateway is left alone for a while gateway=%s breaker=%s probe_in_ms=%" PRId64
            " code=%d enhanced=%s: %s",
            destination->config->name, breaker_state_name(destination->breaker.state),
            destination_wait_ms(destination), outcome->code,
            *outcome->enhanced ? outcome->enhanced : "-",
            log_masked(outcome->text, words, sizeof words));
}

bool destination_hear(struct destination *destination, struct attempt *attempt, uint64_t random)
{
    struct outcome *outcome = &attempt->job.outcome;
    enum breaker_state before = destination->breaker.state;
    bool at_fault = breaker_report(&destination->breaker, outcome, attempt->recipient,
                                   attempt->probe, clock_monotonic_ms(), random);
    if (at_fault)
        outcome->kind = OUTCOME_GATEWAY_FAULT;
    if (destination->breaker.state != before)
        log_breaker(destination, outcome);
    return at_fault;
}

void destination_note_bounce(struct destination *destination, enum outcome_kind kind,
                             const char *hash)
{
    if (kind == OUTCOME_SENT)
        destination->bounced_count = 0;
    if (hash && destination->bounced_count < BREAKER_ROW)
        memcpy(destination->bounced[destination->bounced_count++], hash, POLICY_HASH_SIZE);
}

void destination_forgive(const struct destination *destination, struct attempt *attempts)
{
    for (struct attempt *attempt = attempts; attempt; attempt = attempt->next)
        for (size_t i = 0; i < destination->bounced_count && attempt->result.suppress; i++)
            if (strcmp(attempt->result.suppress, destination->bounced[i]) == 0)
                attempt->result.suppress = NULL;
}

void destination_lift(struct destination *destination)
{
    const char *hashes[BREAKER_ROW];
    for (size_t i = 0; i < destination->bounced_count; i++)
        hashes[i] = destination->bounced[i];
    if (destination->bounced_count)
        suppressed_lift(destination->shard->scripts, hashes, destination->bounced_count);
    destination->bounced_count = 0;
}

int64_t destination_wait_ms(const struct destination *destination)
{
    int64_t next_ms = breaker_next(&destination->breaker);
    return next_ms == INT64_MAX ? 0 : next_ms - clock_monotonic_ms();
}
