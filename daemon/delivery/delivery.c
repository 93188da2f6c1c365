/*
 * A message's life, from top to bottom:
 *
 *   look       for each channel the first gateway that may be used now (its outlet knows:
 *              breaker, free senders), and as many messages from the outbox as it can begin
 *   on_taken   each becomes a flight: a job for a sender thread, with the generation of
 *              templates that it will be rendered with
 *   prepare    (delivery/prepare.c, in the thread) renders and builds; then the gateway sends
 *   on_job     back on the loop: the breaker and the policy of failure (send/retry) say what
 *              the outcome means
 *   settle     store/outbox writes it: done, later, uncertain, dead; all that came back
 *              together in one call
 *   on_settled the flight ends; where Redis did not answer, it is settled again later
 */
#include "delivery/delivery.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "delivery/outlet.h"
#include "delivery/settlement.h"

enum {
    TICK_MS = 200, /* to look for messages that other daemons decided */
    SWEEP_FIRST_MS = 100,
    SETTLE_MOST = 256, /* results in one call */
    TAKE_MOST = 256,
    SETTLE_AGAIN_MS = 500,
};

/* A gateway of the configuration, with the loop's watch over its senders. */
struct gateway {
    struct delivery *delivery;
    struct outlet outlet;
    struct event *readable;
};

struct channel {
    struct delivery *delivery;
    const struct config_channel *config;
    struct gateway *asked; /* an outbox_take is under way for it; NULL: none */
    size_t asked_most;     /* for so many messages */
    int64_t asked_term;    /* under this lease */
    bool dry;              /* the last take found less than it asked for */
    int64_t not_before_ms; /* no tokens until then */
};

struct delivery {
    struct delivery_options options;
    struct gateway *gateways;
    struct channel *channels;
    struct flight *landed; /* back from their senders, not yet being settled */
    struct flight *settling;
    size_t flights;         /* taken and not yet settled */
    size_t takes;           /* under way */
    int64_t redis_ahead_ms; /* Redis' TIME less the monotonic clock, at the last take */
    size_t turn;            /* the channel that is looked at first */
    bool taking;            /* between start and drain */
    bool owing;             /* draining: what a lost take took is being put back */
    bool sweeping;
    struct event *tick, *sweep, *settle;
};

static void look(struct delivery *delivery);

static void after(struct event *timer, int64_t ms)
{
    const struct timeval wait = clock_timeval(ms);
    event_add(timer, &wait);
}

/* ---- Taking ---- */

static struct gateway *gateway_of(struct delivery *delivery, const struct config_gateway *config)
{
    return &delivery->gateways[config - delivery->options.config->gateways];
}

static struct gateway *gateway_named(struct delivery *delivery, const char *name)
{
    for (size_t i = 0; i < delivery->options.config->gateway_count; i++)
        if (strcmp(delivery->gateways[i].outlet.config->name, name) == 0)
            return &delivery->gateways[i];
    return NULL;
}

static void land(struct delivery *delivery, struct flight *flight)
{
    flight->next = delivery->landed;
    delivery->landed = flight;
    event_active(delivery->settle, EV_TIMEOUT, 0);
}

static struct settlement_scene scene_of(const struct delivery *delivery,
                                        const struct flight *flight, int64_t breaker_wait_ms,
                                        uint64_t random)
{
    return (struct settlement_scene){
        .rules = flight->generation->rules,
        .policy = delivery->options.policy,
        .breaker_wait_ms = breaker_wait_ms,
        .now_ms = clock_monotonic_ms() + delivery->redis_ahead_ms,
        .random = random,
    };
}

/* Lands a message that cannot be begun now, or at all. `gateway` NULL: the one that it is bound to
 * is not configured. */
static void do_without(struct delivery *delivery, struct flight *flight,
                       const struct outbox_message *message, const struct gateway *gateway)
{
    const struct settlement_scene scene = scene_of(delivery, flight, 0, 0);
    if (message->whole)
        settlement_postpone(flight, message->gateway, gateway != NULL, &scene);
    else
        settlement_bury(flight, &scene);
    if (flight->result.outcome == OUTBOX_DEAD)
        metrics_add(METRIC_MESSAGES_DEAD, 1);
    generation_release(&flight->generation);
    land(delivery, flight);
}

/* Begins one message: a flight with its job. */
static void begin(struct delivery *delivery, struct gateway *gateway, int64_t term,
                  const struct outbox_message *message)
{
    struct flight *flight = flight_new(message, term);
    delivery->flights++;
    flight->generation = generation_hold(delivery->options.generation(delivery->options.context));
    if (message->gateway) /* an attempt may have arrived there: by no other gateway now */
        gateway = gateway_named(delivery, message->gateway);
    if (!message->whole || !gateway || (message->gateway && outlet_room(&gateway->outlet) == 0)) {
        do_without(delivery, flight, message, gateway);
        return;
    }
    struct job *job =
        job_new(message->mid, message->channel, message->entry, message->body, message->length);
    job->attempts = (uint32_t)message->attempts;
    job->give_up_ms = message->give_up_ms;
    metrics_add(METRIC_SENDING, 1);
    outlet_begin(&gateway->outlet, flight, job);
}

static void on_taken(void *context, const struct outbox_taken *taken)
{
    struct channel *channel = context;
    struct delivery *delivery = channel->delivery;
    struct gateway *gateway = channel->asked;
    channel->asked = NULL;
    gateway->outlet.promised -= channel->asked_most;
    delivery->takes--;
    if (taken->fault) { /* the next tick asks again, or puts back what was taken */
        if (!delivery->taking) {
            delivery->owing = true;
            event_active(delivery->tick, EV_TIMEOUT, 0);
        }
        return;
    }
    if (taken->count)
        failpoint("taken");
    delivery->redis_ahead_ms = taken->now_ms - clock_monotonic_ms();
    if (taken->wait_ms)
        channel->not_before_ms = clock_monotonic_ms() + taken->wait_ms;
    for (size_t i = 0; i < taken->count; i++)
        begin(delivery, gateway, channel->asked_term, &taken->messages[i]);
    if (taken->wait_ms)
        after(delivery->tick, taken->wait_ms < TICK_MS ? taken->wait_ms : TICK_MS);
    else
        channel->dry = taken->count < channel->asked_most;
    look(delivery); /* there may be more, or room for another channel */
}

static void look_at(struct channel *channel)
{
    struct delivery *delivery = channel->delivery;
    if (channel->asked || channel->dry || clock_monotonic_ms() < channel->not_before_ms)
        return;
    for (const struct config_gateway *const *config = channel->config->gateways; *config;
         config++) {
        struct gateway *gateway = gateway_of(delivery, *config);
        const struct gateway_common *common = (*config)->settings;
        const struct outbox_rate rate = {.count = common->rate.count,
                                         .per_ms = common->rate.per_ms};
        size_t room = outlet_room(&gateway->outlet);
        size_t most = room < TAKE_MOST ? room : TAKE_MOST;
        if (outlet_is_closed(&gateway->outlet))
            continue; /* the next one takes over */
        if (most == 0)
            return; /* it works, and is busy */
        channel->asked = gateway;
        channel->asked_most = most;
        channel->asked_term = instance_lease_term(delivery->options.shard->instance);
        gateway->outlet.promised += most;
        delivery->takes++;
        outbox_take(delivery->options.shard->outbox, channel->config->name, (*config)->name, most,
                    rate, on_taken, channel);
        return;
    }
}

/* Channels may share a gateway: another one comes first each time. */
static void look(struct delivery *delivery)
{
    size_t count = delivery->options.config->channel_count;
    if (!delivery->taking || !instance_lease_valid(delivery->options.shard->instance))
        return;
    delivery->turn++;
    for (size_t i = 0; i < count; i++)
        look_at(&delivery->channels[(delivery->turn + i) % count]);
}

/* There may be something new in any channel. */
static void look_anew(struct delivery *delivery)
{
    for (size_t i = 0; i < delivery->options.config->channel_count; i++)
        delivery->channels[i].dry = false;
    look(delivery);
}

static void on_tick(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct delivery *delivery = context;
    look_anew(delivery);
    delivery->owing = !delivery->taking && outbox_recover(delivery->options.shard->outbox);
    if (delivery->taking || delivery->owing)
        after(delivery->tick, TICK_MS);
}

/* ---- Landing ---- */

/* A retry that comes to nothing, as its time is over, is a dead letter in the figures too. */
static void count_outcome(enum outcome_kind kind, enum outbox_outcome settled)
{
    bool gave_up = settled == OUTBOX_DEAD && kind != OUTCOME_BOUNCED && kind != OUTCOME_DEAD;
    static const enum metric metrics[OUTCOME_KINDS] = {
        [OUTCOME_SENT] = METRIC_MESSAGES_SENT,
        [OUTCOME_RETRY] = METRIC_MESSAGES_RETRIED,
        [OUTCOME_GATEWAY_FAULT] = METRIC_MESSAGES_RETRIED,
        [OUTCOME_UNCERTAIN] = METRIC_MESSAGES_UNCERTAIN,
        [OUTCOME_BOUNCED] = METRIC_MESSAGES_DEAD,
        [OUTCOME_DEAD] = METRIC_MESSAGES_DEAD,
        [OUTCOME_CUT] = METRIC_MESSAGES_RETRIED,
    };
    if (gave_up)
        metrics_add(METRIC_MESSAGES_DEAD, 1);
    if (!gave_up || kind == OUTCOME_UNCERTAIN)
        metrics_add(metrics[kind], 1);
    metrics_add(METRIC_SENDING, -1);
}

static void on_job(void *context, struct job *job)
{
    struct gateway *gateway = context;
    struct delivery *delivery = gateway->delivery;
    struct outlet *outlet = &gateway->outlet;
    struct flight *flight = job->generation;
    uint64_t random;
    digest_random(&random, sizeof random);
    if (outlet_hear(outlet, job, random)) {
        outlet_pardon(outlet, delivery->landed);
        outlet_pardon(outlet, delivery->settling); /* should it have to be settled again */
        outlet_lift(outlet, delivery->options.shard->scripts);
    }
    failpoint("sent");
    const struct settlement_scene scene =
        scene_of(delivery, flight, outlet_wait_ms(outlet), random);
    settlement_make(flight, &job->outcome, &scene);
    count_outcome(job->outcome.kind, flight->result.outcome);
    outlet_mind_bounce(outlet, job->outcome.kind, flight->result.suppress);
    job_destroy(&flight->job);
    generation_release(&flight->generation);
    land(delivery, flight);
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct gateway *gateway = context;
    senders_collect(gateway->outlet.senders, clock_monotonic_ms(), on_job, gateway);
    look(gateway->delivery);
}

/* ---- Settling ---- */

static void note_settled(const struct flight *flight, enum outbox_settled settled)
{
    if (settled == OUTBOX_NOT_OURS)
        log_warning("a message was settled by somebody else mid=%s", flight->mid);
    else if (settled == OUTBOX_VANISHED)
        log_warning("a message's record was deleted while it was being sent, its result is dropped "
                    "mid=%s result=%s",
                    flight->mid, outbox_outcome_name(flight->result.outcome));
}

static void on_settled(void *context, const struct diag *fault, const enum outbox_settled *settled,
                       size_t count)
{
    (void)count;
    struct delivery *delivery = context;
    struct flight *flight = delivery->settling;
    delivery->settling = NULL;
    for (size_t i = 0; flight; i++) {
        struct flight *next = flight->next;
        if (fault) {
            flight->next = delivery->landed;
            delivery->landed = flight;
        } else {
            note_settled(flight, settled[i]);
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
    outbox_settle(delivery->options.shard->outbox, results, count, on_settled, delivery);
}

/* ---- Sweeping: what dead daemons left, retries that are due ---- */

static void on_swept(void *context, const struct outbox_swept *swept)
{
    struct delivery *delivery = context;
    delivery->sweeping = false;
    metrics_add(METRIC_MESSAGES_DEAD, (int64_t)swept->buried);
    if (!swept->fault && swept->resent + swept->uncertain + swept->requeued > 0)
        look_anew(delivery);
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
    outbox_sweep(delivery->options.shard->outbox, on_swept, delivery);
}

/* ---- The object ---- */

static bool open_gateway(struct delivery *delivery, struct gateway *gateway,
                         const struct config_gateway *config, struct diag *diag)
{
    const struct delivery_options *options = &delivery->options;
    gateway->delivery = delivery;
    if (!outlet_open(&gateway->outlet, options->config, config, options->policy,
                     options->shard->instance, diag))
        return false;
    gateway->readable = event_new(options->base, senders_fd(gateway->outlet.senders),
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
        outlet_close(&d->gateways[i].outlet);
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
    look_anew(delivery);
}

void delivery_drain(struct delivery *delivery)
{
    delivery->taking = false;
    delivery->owing = true; /* until the tick has seen that nothing was lost */
    event_active(delivery->tick, EV_TIMEOUT, 0);
    event_del(delivery->sweep);
    for (size_t i = 0; i < delivery->options.config->gateway_count; i++)
        senders_drain(delivery->gateways[i].outlet.senders);
}

void delivery_cut(struct delivery *delivery)
{
    for (size_t i = 0; i < delivery->options.config->gateway_count; i++) {
        struct gateway *gateway = &delivery->gateways[i];
        if (!gateway->outlet.senders)
            continue;
        senders_stop(gateway->outlet.senders, 0);
        senders_collect(gateway->outlet.senders, clock_monotonic_ms(), on_job, gateway);
    }
}

bool delivery_busy(const struct delivery *delivery)
{
    return delivery->flights > 0 || delivery->takes > 0 || delivery->owing;
}

void delivery_status(const struct delivery *delivery, struct buf *out)
{
    for (size_t i = 0; i < delivery->options.config->gateway_count; i++) {
        const struct outlet *outlet = &delivery->gateways[i].outlet;
        buf_printf(out, "%s{\"name\":\"%s\",\"kind\":\"%s\",\"breaker\":\"%s\",\"sending\":%zu}",
                   i ? "," : "", outlet->config->name, outlet->config->kind->name,
                   breaker_state_name(outlet->breaker.state), senders_busy(outlet->senders));
    }
}
