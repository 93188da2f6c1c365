#include "delivery/outlet.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/suppressed.h"

/* In a sender's thread: the lease under which the message in its hands was taken. */
static _Thread_local int64_t term_in_hand;

static bool prepare_job(void *context, struct job *job, struct arena *arena,
                        struct outgoing *outgoing, struct diag *diag)
{
    const struct outlet *outlet = context;
    const struct flight *flight = job->generation;
    term_in_hand = flight->term;
    return prepare_outgoing(&outlet->prepare, flight->generation->templates, job, arena, outgoing,
                            diag);
}

/* A daemon that was frozen may have its lease again, and another the message. */
static bool may_finish(void *context)
{
    const struct outlet *outlet = context;
    return instance_lease_held(outlet->instance, term_in_hand);
}

bool outlet_open(struct outlet *outlet, const struct config *config,
                 const struct config_gateway *gateway, const struct policy *policy,
                 const struct instance *instance, struct diag *diag)
{
    const struct gateway_common *common = gateway->settings;
    const struct senders_settings settings = {
        .name = gateway->name,
        .kind = gateway->kind,
        .gateway = gateway->settings,
        .connections = (size_t)common->connections,
        .prepare = prepare_job,
        .may_finish = may_finish,
        .context = outlet,
    };
    outlet->config = gateway;
    outlet->instance = instance;
    breaker_init(&outlet->breaker);
    prepare_init(&outlet->prepare, config, gateway, policy);
    outlet->senders = senders_start(&settings, diag);
    return outlet->senders != NULL;
}

void outlet_close(struct outlet *outlet)
{
    senders_destroy(&outlet->senders);
}

size_t outlet_room(const struct outlet *outlet)
{
    int64_t now_ms = clock_monotonic_ms();
    size_t free = senders_free(outlet->senders, now_ms);
    size_t allowed = breaker_allows(&outlet->breaker, now_ms);
    size_t most = free < allowed ? free : allowed;
    return most > outlet->promised ? most - outlet->promised : 0;
}

bool outlet_is_closed(const struct outlet *outlet)
{
    return breaker_allows(&outlet->breaker, clock_monotonic_ms()) == 0;
}

void outlet_begin(struct outlet *outlet, struct flight *flight, struct job *job)
{
    flight->gateway = outlet->config->name;
    flight->probe = breaker_begin(&outlet->breaker, clock_monotonic_ms());
    flight->job = job;
    job->generation = flight;
    senders_give(outlet->senders, job);
}

static void tell_breaker(const struct outlet *outlet, const struct outcome *outcome)
{
    char words[2 * OUTCOME_TEXT_SIZE];
    if (outlet->breaker.state == BREAKER_CLOSED)
        log_info("the gateway takes part again gateway=%s breaker=closed", outlet->config->name);
    else
        log_warning(
            "the gateway is left alone for a while gateway=%s breaker=%s probe_in_ms=%" PRId64
            " code=%d enhanced=%s: %s",
            outlet->config->name, breaker_state_name(outlet->breaker.state), outlet_wait_ms(outlet),
            outcome->code, *outcome->enhanced ? outcome->enhanced : "-",
            log_masked(outcome->text, words, sizeof words));
}

bool outlet_hear(struct outlet *outlet, struct job *job, uint64_t random)
{
    const struct flight *flight = job->generation;
    enum breaker_state before = outlet->breaker.state;
    bool at_fault = breaker_report(&outlet->breaker, &job->outcome, job->recipient, flight->probe,
                                   clock_monotonic_ms(), random);
    if (at_fault)
        job->outcome.kind = OUTCOME_GATEWAY_FAULT;
    if (outlet->breaker.state != before)
        tell_breaker(outlet, &job->outcome);
    return at_fault;
}

void outlet_mind_bounce(struct outlet *outlet, enum outcome_kind kind, const char *hash)
{
    if (kind == OUTCOME_SENT)
        outlet->bounced_count = 0;
    if (hash && outlet->bounced_count < BREAKER_ROW)
        memcpy(outlet->bounced[outlet->bounced_count++], hash, POLICY_HASH_SIZE);
}

void outlet_pardon(const struct outlet *outlet, struct flight *flights)
{
    for (struct flight *flight = flights; flight; flight = flight->next)
        for (size_t i = 0; i < outlet->bounced_count && flight->result.suppress; i++)
            if (strcmp(flight->result.suppress, outlet->bounced[i]) == 0)
                flight->result.suppress = NULL;
}

void outlet_lift(struct outlet *outlet, struct scripts *scripts)
{
    const char *hashes[BREAKER_ROW];
    for (size_t i = 0; i < outlet->bounced_count; i++)
        hashes[i] = outlet->bounced[i];
    if (outlet->bounced_count)
        suppressed_lift(scripts, hashes, outlet->bounced_count);
    outlet->bounced_count = 0;
}

int64_t outlet_wait_ms(const struct outlet *outlet)
{
    int64_t next_ms = breaker_next(&outlet->breaker);
    return next_ms == INT64_MAX ? 0 : next_ms - clock_monotonic_ms();
}
