/*
 * A message's life, from top to bottom:
 *
 *   look       for each channel the first gateway that may be used now (breaker, free
 *              senders), and as many messages from the outbox as it can begin
 *   on_taken   each becomes a flight: a job for a sender thread, with the generation of
 *              templates that it will be rendered with
 *   prepare    (app/prepare.c, in the thread) renders and builds; then the gateway sends
 *   on_job     back on the loop: the breaker and the policy of failure (send/retry) say what
 *              the outcome means
 *   settle     store/outbox writes it: done, later, uncertain, dead; all that came back
 *              together in one call
 *   on_settled the flight ends; where Redis did not answer, it is settled again later
 */
#include "app/delivery.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "app/prepare.h"
#include "app/settlement.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "send/breaker.h"
#include "send/senders.h"

enum {
    TICK_MS = 200, /* to look for messages that other daemons decided */
    SWEEP_FIRST_MS = 100,
    SETTLE_MOST = 256, /* results in one call */
    TAKE_MOST = 256,
    SETTLE_AGAIN_MS = 500,
};

struct gateway {
    struct delivery *delivery;
    const struct config_gateway *config;
    struct senders *senders;
    struct breaker breaker;
    struct prepare prepare;
    struct event *readable;
    /* Addresses suppressed since the last message that was taken, by their hashes: where
     * the gateway turns out to be at fault, that is taken back. */
    char bounced[BREAKER_ROW][POLICY_HASH_SIZE];
    size_t bounced_count;
};

struct channel {
    struct delivery *delivery;
    const struct config_channel *config;
    struct gateway *asked; /* an outbox_take is under way for it; NULL: none */
    int64_t not_before_ms; /* no tokens until then */
};

struct delivery {
    struct delivery_options options;
    struct gateway *gateways;
    struct channel *channels;
    struct flight *landed; /* back from their senders, not yet being settled */
    struct flight *settling;
    size_t flights;         /* taken and not yet settled */
    int64_t redis_ahead_ms; /* Redis' TIME less the monotonic clock, at the last take */
    bool taking;            /* between start and drain */
    bool sweeping;
    struct event *tick, *sweep, *settle;
};

static void look(struct delivery *delivery);

static void after(struct event *timer, int64_t ms)
{
    const struct timeval wait = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    event_add(timer, &wait);
}

/* Taking ---------------------------------------------------------------- */

/* How many messages the gateway can begin now. */
static size_t room(const struct gateway *gateway)
{
    int64_t now_ms = clock_monotonic_ms();
    size_t free = senders_free(gateway->senders, now_ms);
    size_t allowed = breaker_allows(&gateway->breaker, now_ms);
    size_t most = free < allowed ? free : allowed;
    return most < TAKE_MOST ? most : TAKE_MOST;
}

static struct gateway *gateway_of(struct delivery *delivery, const struct config_gateway *config)
{
    return &delivery->gateways[config - delivery->options.config->gateways];
}

static struct gateway *gateway_named(struct delivery *delivery, const char *name)
{
    for (size_t i = 0; i < delivery->options.config->gateway_count; i++)
        if (strcmp(delivery->gateways[i].config->name, name) == 0)
            return &delivery->gateways[i];
    return NULL;
}

static void land(struct delivery *delivery, struct flight *flight)
{
    flight->next = delivery->landed;
    delivery->landed = flight;
    event_active(delivery->settle, EV_TIMEOUT, 0);
}

/* Begins one message: a flight with its job. */
static void begin(struct delivery *delivery, struct gateway *gateway,
                  const struct outbox_message *message)
{
    struct flight *flight = flight_new(message);
    delivery->flights++;
    if (message->gateway) {
        /* An attempt may have arrived there: by no other gateway now. */
        gateway = gateway_named(delivery, message->gateway);
        if (!gateway || room(gateway) == 0) {
            settlement_postpone(flight);
            land(delivery, flight);
            return;
        }
    }
    flight->gateway = gateway->config->name;
    flight->owner = gateway;
    flight->generation = generation_hold(delivery->options.generation(delivery->options.context));
    flight->probe = breaker_begin(&gateway->breaker, clock_monotonic_ms());
    struct job *job =
        job_new(message->mid, message->channel, message->entry, message->body, message->length);
    job->attempts = (uint32_t)message->attempts;
    job->give_up_ms = message->give_up_ms;
    job->generation = flight;
    flight->job = job;
    metrics_add(METRIC_SENDING, 1);
    senders_give(gateway->senders, job);
}

static void on_taken(void *context, const struct outbox_taken *taken)
{
    struct channel *channel = context;
    struct delivery *delivery = channel->delivery;
    struct gateway *gateway = channel->asked;
    channel->asked = NULL;
    if (taken->fault)
        return; /* the next tick asks again */
    failpoint("taken");
    delivery->redis_ahead_ms = taken->now_ms - clock_monotonic_ms();
    if (taken->wait_ms)
        channel->not_before_ms = clock_monotonic_ms() + taken->wait_ms;
    for (size_t i = 0; i < taken->count; i++)
        begin(delivery, gateway, &taken->messages[i]);
    if (taken->wait_ms)
        after(delivery->tick, taken->wait_ms < TICK_MS ? taken->wait_ms : TICK_MS);
    else if (taken->count)
        look(delivery); /* there may be more */
}

static void look_at(struct channel *channel)
{
    struct delivery *delivery = channel->delivery;
    if (channel->asked || clock_monotonic_ms() < channel->not_before_ms)
        return;
    for (const struct config_gateway *const *config = channel->config->gateways; *config;
         config++) {
        struct gateway *gateway = gateway_of(delivery, *config);
        const struct gateway_common *common = (*config)->settings;
        const struct outbox_rate rate = {.count = common->rate.count,
                                         .per_ms = common->rate.per_ms};
        size_t most = room(gateway);
        if (breaker_allows(&gateway->breaker, clock_monotonic_ms()) == 0)
            continue; /* the next one takes over */
        if (most == 0)
            return; /* it works, and is busy */
        channel->asked = gateway;
        outbox_take(delivery->options.outbox, channel->config->name, (*config)->name, most, rate,
                    on_taken, channel);
        return;
    }
}

static void look(struct delivery *delivery)
{
    if (!delivery->taking || !instance_lease_valid(delivery->options.instance))
        return;
    for (size_t i = 0; i < delivery->options.config->channel_count; i++)
        look_at(&delivery->channels[i]);
}

static void on_tick(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct delivery *delivery = context;
    look(delivery);
    if (delivery->taking)
        after(delivery->tick, TICK_MS);
}

/* Landing --------------------------------------------------------------- */

static void count_outcome(enum outcome_kind kind)
{
    static const enum metric metrics[OUTCOME_KINDS] = {
        [OUTCOME_SENT] = METRIC_MESSAGES_SENT,
        [OUTCOME_RETRY] = METRIC_MESSAGES_RETRIED,
        [OUTCOME_GATEWAY_FAULT] = METRIC_MESSAGES_RETRIED,
        [OUTCOME_UNCERTAIN] = METRIC_MESSAGES_UNCERTAIN,
        [OUTCOME_BOUNCED] = METRIC_MESSAGES_DEAD,
        [OUTCOME_DEAD] = METRIC_MESSAGES_DEAD,
        [OUTCOME_CUT] = METRIC_MESSAGES_RETRIED,
    };
    metrics_add(metrics[kind], 1);
    metrics_add(METRIC_SENDING, -1);
}

/* Ten different recipients refused in a row are the gateway's fault: nobody stays
 * suppressed, neither in Redis nor by a result that is still to be settled. */
static void lift_bounces(struct gateway *gateway)
{
    const char *hashes[BREAKER_ROW];
    for (size_t i = 0; i < gateway->bounced_count; i++) {
        hashes[i] = gateway->bounced[i];
        for (struct flight *flight = gateway->delivery->landed; flight; flight = flight->next)
            if (flight->result.suppress && strcmp(flight->result.suppress, hashes[i]) == 0)
                flight->result.suppress = NULL;
    }
    if (gateway->bounced_count)
        suppressed_remove(gateway->delivery->options.suppressed, hashes, gateway->bounced_count,
                          NULL, NULL);
    gateway->bounced_count = 0;
}

/* Minds who was suppressed by this gateway's word, for lift_bounces. */
static void mind_bounce(struct gateway *gateway, enum outcome_kind kind, const char *hash)
{
    if (kind == OUTCOME_SENT)
        gateway->bounced_count = 0;
    if (hash && gateway->bounced_count < BREAKER_ROW)
        memcpy(gateway->bounced[gateway->bounced_count++], hash, POLICY_HASH_SIZE);
}

static void on_job(void *context, struct job *job)
{
    struct gateway *gateway = context;
    struct delivery *delivery = gateway->delivery;
    struct flight *flight = job->generation;
    int64_t now_ms = clock_monotonic_ms();
    uint64_t random;
    digest_random(&random, sizeof random);
    enum breaker_state before = gateway->breaker.state;
    if (breaker_report(&gateway->breaker, &job->outcome, job->recipient, flight->probe, now_ms,
                       random)) {
        job->outcome.kind = OUTCOME_GATEWAY_FAULT;
        lift_bounces(gateway);
    }
    if (gateway->breaker.state != before)
        log_warning("the gateway's breaker changed gateway=%s state=%s code=%d enhanced=%s",
                    gateway->config->name, breaker_state_name(gateway->breaker.state),
                    job->outcome.code, job->outcome.enhanced);
    count_outcome(job->outcome.kind);
    failpoint("sent");
    const struct settlement_scene scene = {
        .rules = flight->generation->rules,
        .policy = delivery->options.policy,
        .breaker_wait_ms = breaker_next(&gateway->breaker) == INT64_MAX
                               ? 0
                               : breaker_next(&gateway->breaker) - now_ms,
        .now_ms = now_ms + delivery->redis_ahead_ms,
        .random = random,
    };
    settlement_make(flight, &job->outcome, &scene);
    mind_bounce(gateway, job->outcome.kind, flight->result.suppress);
    job_destroy(&flight->job);
    generation_release(&flight->generation);
    land(delivery, flight);
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct gateway *gateway = context;
    senders_collect(gateway->senders, clock_monotonic_ms(), on_job, gateway);
    look(gateway->delivery);
}

/* Settling -------------------------------------------------------------- */

static void on_settled(void *context, const struct diag *fault, const bool *settled, size_t count)
{
    struct delivery *delivery = context;
    struct flight *flight = delivery->settling;
    delivery->settling = NULL;
    for (size_t i = 0; flight; i++) {
        struct flight *next = flight->next;
        if (fault) {
            flight->next = delivery->landed;
            delivery->landed = flight;
        } else {
            if (i < count && !settled[i])
                log_warning("a message was settled by somebody else mid=%s", flight->mid);
            flight_destroy(&flight);
            delivery->flights--;
        }
        flight = next;
    }
    if (fault)
        after(delivery->settle, SETTLE_AGAIN_MS);
    else if (delivery->landed)
        event_active(delivery->settle, EV_TIMEOUT, 0);
    else
        look(delivery);
}

/* Settles what has landed, as many as fit into one call. */
static void on_settle(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct delivery *delivery = context;
    struct outbox_result results[SETTLE_MOST];
    size_t count = 0;
    if (delivery->settling || !delivery->landed)
        return;
    failpoint("settle");
    struct flight *flight = delivery->landed, *last = NULL;
    for (; flight && count < SETTLE_MOST; flight = flight->next) {
        results[count++] = flight->result;
        last = flight;
    }
    delivery->settling = delivery->landed;
    delivery->landed = flight;
    last->next = NULL;
    outbox_settle(delivery->options.outbox, results, count, on_settled, delivery);
}

/* Sweeping: what dead daemons left, retries that are due ----------------- */

static void on_swept(void *context, const struct outbox_swept *swept)
{
    struct delivery *delivery = context;
    delivery->sweeping = false;
    if (!swept->fault && swept->resent + swept->held + swept->requeued > 0)
        look(delivery);
    if (delivery->taking)
        after(delivery->sweep, swept->fault ? TICK_MS : swept->next_ms);
}

static void on_sweep(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct delivery *delivery = context;
    if (delivery->sweeping || !delivery->taking)
        return;
    delivery->sweeping = true;
    outbox_sweep(delivery->options.outbox, on_swept, delivery);
}

/* The object ------------------------------------------------------------ */

static bool may_finish(void *context)
{
    const struct gateway *gateway = context;
    return instance_lease_valid(gateway->delivery->options.instance);
}

static bool prepare_job(void *context, struct job *job, struct arena *arena,
                        struct outgoing *outgoing, struct diag *diag)
{
    struct gateway *gateway = context;
    const struct flight *flight = job->generation;
    return prepare_outgoing(&gateway->prepare, flight->generation->templates, job, arena, outgoing,
                            diag);
}

static bool open_gateway(struct delivery *delivery, struct gateway *gateway,
                         const struct config_gateway *config, struct diag *diag)
{
    const struct gateway_common *common = config->settings;
    const struct senders_settings settings = {
        .name = config->name,
        .kind = config->kind,
        .gateway = config->settings,
        .connections = (size_t)common->connections,
        .prepare = prepare_job,
        .may_finish = may_finish,
        .context = gateway,
    };
    gateway->delivery = delivery;
    gateway->config = config;
    breaker_init(&gateway->breaker);
    prepare_init(&gateway->prepare, delivery->options.config, config, delivery->options.policy);
    gateway->senders = senders_start(&settings, diag);
    if (!gateway->senders)
        return false;
    gateway->readable = event_new(delivery->options.base, senders_fd(gateway->senders),
                                  EV_READ | EV_PERSIST, on_readable, gateway);
    if (!gateway->readable)
        mem_exhausted();
    event_add(gateway->readable, NULL);
    return true;
}

struct delivery *delivery_new(const struct delivery_options *options, struct diag *diag)
{
    struct delivery *delivery = mem_zero(1, sizeof *delivery);
    const struct config *config = options->config;
    delivery->options = *options;
    delivery->gateways = mem_zero(config->gateway_count, sizeof *delivery->gateways);
    delivery->channels = mem_zero(config->channel_count, sizeof *delivery->channels);
    delivery->tick = evtimer_new(options->base, on_tick, delivery);
    delivery->sweep = evtimer_new(options->base, on_sweep, delivery);
    delivery->settle = evtimer_new(options->base, on_settle, delivery);
    if (!delivery->tick || !delivery->sweep || !delivery->settle)
        mem_exhausted();
    for (size_t i = 0; i < config->channel_count; i++)
        delivery->channels[i] =
            (struct channel){.delivery = delivery, .config = &config->channels[i]};
    bool opened = true;
    for (size_t i = 0; i < config->gateway_count && opened; i++)
        opened = open_gateway(delivery, &delivery->gateways[i], &config->gateways[i], diag);
    if (!opened)
        delivery_destroy(&delivery);
    return delivery;
}

static void destroy_flights(struct flight *flight)
{
    while (flight) {
        struct flight *next = flight->next;
        flight_destroy(&flight);
        flight = next;
    }
}

void delivery_destroy(struct delivery **delivery)
{
    struct delivery *d = *delivery;
    if (!d)
        return;
    if (d->gateways)
        delivery_cut(d);
    for (size_t i = 0; i < d->options.config->gateway_count; i++) {
        if (d->gateways[i].readable)
            event_free(d->gateways[i].readable);
        senders_destroy(&d->gateways[i].senders);
    }
    destroy_flights(d->landed);
    destroy_flights(d->settling);
    event_free(d->tick);
    event_free(d->sweep);
    event_free(d->settle);
    free(d->gateways);
    free(d->channels);
    free(d);
    *delivery = NULL;
}

void delivery_start(struct delivery *delivery)
{
    delivery->taking = true;
    event_active(delivery->tick, EV_TIMEOUT, 0);
    after(delivery->sweep, SWEEP_FIRST_MS);
}

void delivery_wake(struct delivery *delivery)
{
    look(delivery);
}

void delivery_drain(struct delivery *delivery)
{
    delivery->taking = false;
    event_del(delivery->tick);
    event_del(delivery->sweep);
    for (size_t i = 0; i < delivery->options.config->gateway_count; i++)
        senders_drain(delivery->gateways[i].senders);
}

void delivery_cut(struct delivery *delivery)
{
    for (size_t i = 0; i < delivery->options.config->gateway_count; i++) {
        struct gateway *gateway = &delivery->gateways[i];
        if (!gateway->senders)
            continue;
        senders_stop(gateway->senders, 0);
        senders_collect(gateway->senders, clock_monotonic_ms(), on_job, gateway);
    }
}

bool delivery_busy(const struct delivery *delivery)
{
    return delivery->flights > 0;
}

void delivery_status(const struct delivery *delivery, struct buf *out)
{
    for (size_t i = 0; i < delivery->options.config->gateway_count; i++) {
        const struct gateway *gateway = &delivery->gateways[i];
        buf_printf(out, "%s{\"name\":\"%s\",\"kind\":\"%s\",\"breaker\":\"%s\",\"sending\":%zu}",
                   i ? "," : "", gateway->config->name, gateway->config->kind->name,
                   breaker_state_name(gateway->breaker.state), senders_busy(gateway->senders));
    }
}
