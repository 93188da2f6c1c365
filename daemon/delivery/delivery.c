/*
 * A message's life, from top to bottom:
 *
 *   take        for each channel the first gateway that may be used now (its destination knows:
 *               breaker, free senders), and as many messages from the outbox as it can begin
 *   on_taken    each becomes an attempt, with the generation (rules, templates, headers)
 *               that it is made with, and is given to a sender thread
 *   prepare     (delivery/prepare.c, in the thread) renders and builds; then the gateway sends
 *   on_outcome  back on the loop: the breaker hears of it, and delivery/settlement says what
 *               becomes of the message
 *   settle      store/outbox writes it: done, later, uncertain, dead; all that came back
 *               together in one call
 *   on_settled  the attempt ends; where Redis did not answer, it is settled again later
 */
#include "delivery/delivery.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/log_group.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "delivery/destination.h"
#include "delivery/settlement.h"

enum {
    TICK_MS = 200, /* to look for messages that other daemons decided */
    SWEEP_FIRST_MS = 100,
    SETTLE_MOST = 256, /* results in one call */
    TAKE_MOST = 256,
    SETTLE_AGAIN_MS = 500,
    PAUSED_MS = 500, /* a gateway that was paused is asked for again */
};

/* A gateway of the configuration, with the loop's watch over its senders. */
struct gateway {
    struct delivery *delivery;
    struct destination destination;
    struct event *readable;
    int64_t paused_until_ms; /* an operator paused it: nothing is asked for it until then */
};

struct channel {
    struct delivery *delivery;
    const struct config_channel *config;
    struct gateway *asked; /* an outbox_take is under way for it; NULL: none */
    size_t asked_most;     /* for so many messages */
    int64_t asked_term;    /* under this lease */
    bool dry;              /* the last take found less than it asked for */
    int64_t not_before_ms; /* no tokens until then */
    bool behind;           /* at the last take marketing waited for events */
};

struct delivery {
    struct delivery_options options;
    struct gateway *gateways;
    struct channel *channels;
    struct attempt *unsettled; /* to be settled, and not yet being so */
    struct attempt *settling;
    size_t in_hand;         /* attempts: taken and not yet settled */
    size_t takes;           /* under way */
    int64_t redis_ahead_ms; /* Redis' TIME less the monotonic clock, at the last take */
    size_t turn;            /* the channel that is looked at first */
    bool taking;            /* between start and drain */
    bool owing;             /* draining: what a lost take took is being put back */
    bool sweeping;
    struct event *tick, *sweep, *settle;
};

static void after(struct event *timer, int64_t ms)
{
    const struct timeval wait = clock_timeval(ms);
    event_add(timer, &wait);
}

/* ---- Taking ---- */

static void on_taken(void *context, const struct outbox_taken *taken);

static struct gateway *gateway_of(struct delivery *delivery, const struct config_gateway *config)
{
    return &delivery->gateways[config - delivery->options.config->gateways];
}

/* As the generation in force has it: its gateways are those of the start, in their order. */
static struct outbox_gateway bounds_now(const struct delivery *delivery,
                                        const struct config_gateway *config)
{
    const struct delivery_options *options = &delivery->options;
    const struct config *now = options->generation(options->context)->config;
    const struct gateway_common *common =
        now->gateways[config - options->config->gateways].settings;
    return (struct outbox_gateway){.name = config->name,
                                   .rate = {common->rate.count, common->rate.per_ms}};
}

static void note_behind(struct channel *channel, bool behind)
{
    if (channel->behind != behind)
        metrics_add(METRIC_CHANNELS_BEHIND, behind ? 1 : -1);
    channel->behind = behind;
}

static void take_for(struct channel *channel)
{
    struct delivery *delivery = channel->delivery;
    if (channel->asked || channel->dry || clock_monotonic_ms() < channel->not_before_ms)
        return;
    for (const struct config_gateway *const *config = channel->config->gateways; *config;
         config++) {
        struct gateway *gateway = gateway_of(delivery, *config);
        size_t room = destination_room(&gateway->destination);
        size_t most = room < TAKE_MOST ? room : TAKE_MOST;
        if (!destination_takes_part(&gateway->destination) ||
            clock_monotonic_ms() < gateway->paused_until_ms)
            continue; /* the next one takes over */
        if (most == 0)
            return; /* it works, and is busy */
        channel->asked = gateway;
        channel->asked_most = most;
        channel->asked_term = instance_lease_term(delivery->options.shard->instance);
        gateway->destination.promised += most;
        delivery->takes++;
        const struct outbox_gateway bounds = bounds_now(delivery, *config);
        outbox_take(delivery->options.shard->outbox, channel->config->name, &bounds, most, on_taken,
                    channel);
        return;
    }
    note_behind(channel, false); /* it is a gateway that it waits for */
}

/* Channels may share a gateway: another one comes first each time. */
static void take(struct delivery *delivery)
{
    size_t count = delivery->options.config->channel_count;
    if (!delivery->taking || !instance_lease_valid(delivery->options.shard->instance))
        return;
    delivery->turn++;
    for (size_t i = 0; i < count; i++)
        take_for(&delivery->channels[(delivery->turn + i) % count]);
}

/* There may be something new in any channel. */
static void take_anew(struct delivery *delivery)
{
    for (size_t i = 0; i < delivery->options.config->channel_count; i++)
        delivery->channels[i].dry = false;
    take(delivery);
}

static void on_tick(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct delivery *delivery = context;
    take_anew(delivery);
    delivery->owing = !delivery->taking && outbox_recover(delivery->options.shard->outbox);
    if (delivery->taking || delivery->owing)
        after(delivery->tick, TICK_MS);
}

/* ---- Beginning ---- */

static struct gateway *gateway_named(struct delivery *delivery, const char *name)
{
    for (size_t i = 0; i < delivery->options.config->gateway_count; i++)
        if (strcmp(delivery->gateways[i].destination.config->name, name) == 0)
            return &delivery->gateways[i];
    return NULL;
}

/* Its result stands: it is written with the others that come in the same turn of the loop. */
static void settle(struct delivery *delivery, struct attempt *attempt)
{
    generation_release(&attempt->generation);
    attempt->next = delivery->unsettled;
    delivery->unsettled = attempt;
    event_active(delivery->settle, EV_TIMEOUT, 0);
}

static struct settlement_scene scene_of(const struct delivery *delivery,
                                        const struct attempt *attempt, int64_t breaker_wait_ms,
                                        uint64_t random)
{
    int64_t clock_ms = clock_monotonic_ms();
    return (struct settlement_scene){
        .rules = attempt->generation->rules,
        .policy = &attempt->generation->policy,
        .breaker_wait_ms = breaker_wait_ms,
        .now_ms = clock_ms + delivery->redis_ahead_ms,
        .clock_ms = clock_ms,
        .random = random,
        .log_group = delivery->options.log_group,
        .log_sent = attempt->generation->config->keys.log.messages,
    };
}

/* Settles a message that cannot be begun now, or at all. `gateway` NULL: the one that it is bound
 * to is not configured. */
static void settle_unbegun(struct delivery *delivery, struct attempt *attempt,
                           const struct outbox_message *message, const struct gateway *gateway)
{
    const struct settlement_scene scene = scene_of(delivery, attempt, 0, 0);
    if (message->whole)
        settlement_defer(attempt, message->gateway, gateway != NULL, &scene);
    else
        settlement_give_up(attempt, &scene);
    if (!message->whole)
        outbox_note_spoilt(delivery->options.shard->outbox, attempt->mid);
    if (attempt->result.verdict == OUTBOX_DEAD)
        metrics_add(METRIC_MESSAGES_DEAD, 1);
    settle(delivery, attempt);
}

/* Begins one message: an attempt, with the rules and templates in force, given to a sender. */
static void begin(struct delivery *delivery, struct gateway *gateway, int64_t term,
                  const struct outbox_message *message)
{
    struct attempt *attempt = attempt_new(message, term);
    delivery->in_hand++;
    attempt->generation = generation_hold(delivery->options.generation(delivery->options.context));
    if (message->gateway) /* an attempt may have arrived there: by no other gateway now */
        gateway = gateway_named(delivery, message->gateway);
    bool over = message->whole && message->give_up_ms <= scene_of(delivery, attempt, 0, 0).now_ms;
    if (!message->whole || !gateway ||
        (message->gateway && (over || destination_room(&gateway->destination) == 0))) {
        settle_unbegun(delivery, attempt, message, gateway);
        return;
    }
    metrics_add(METRIC_SENDING, 1);
    destination_give(&gateway->destination, attempt);
}

static void on_taken(void *context, const struct outbox_taken *taken)
{
    struct channel *channel = context;
    struct delivery *delivery = channel->delivery;
    struct gateway *gateway = channel->asked;
    channel->asked = NULL;
    gateway->destination.promised -= channel->asked_most;
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
    metrics_add(METRIC_MESSAGES_DEAD, (int64_t)taken->buried);
    metrics_add(METRIC_MESSAGES_CANCELLED, (int64_t)taken->withdrawn);
    delivery->redis_ahead_ms = taken->now_ms - clock_monotonic_ms();
    if (taken->paused) {
        gateway->paused_until_ms = clock_monotonic_ms() + PAUSED_MS;
        take(delivery);
        return;
    }
    if (taken->wait_ms)
        channel->not_before_ms = clock_monotonic_ms() + taken->wait_ms;
    for (size_t i = 0; i < taken->count; i++)
        begin(delivery, gateway, channel->asked_term, &taken->messages[i]);
    note_behind(channel, taken->behind_ms > 0);
    if (taken->wait_ms)
        after(delivery->tick, taken->wait_ms < TICK_MS ? taken->wait_ms : TICK_MS);
    else
        channel->dry = taken->count < channel->asked_most;
    if (channel->dry && taken->behind_ms) /* only the tick asks for this channel again */
        after(delivery->tick, taken->behind_ms < TICK_MS ? taken->behind_ms : TICK_MS);
    take(delivery); /* there may be more, or room for another channel */
}

/* ---- What came of it ---- */

/* A retry that comes to nothing, as its time is over, is a dead letter in the figures too. */
static void count_outcome(enum outcome_kind kind, enum outbox_verdict verdict)
{
    bool put_back = verdict == OUTBOX_LACKING; /* it waits for its template */
    bool gave_up = verdict == OUTBOX_DEAD && kind != OUTCOME_BOUNCED && kind != OUTCOME_DEAD;
    static const enum metric metrics[OUTCOME_KINDS] = {
        [OUTCOME_SENT] = METRIC_MESSAGES_SENT,
        [OUTCOME_RETRY] = METRIC_MESSAGES_RETRIED,
        [OUTCOME_UNAVAILABLE] = METRIC_MESSAGES_RETRIED,
        [OUTCOME_GATEWAY_FAULT] = METRIC_MESSAGES_RETRIED,
        [OUTCOME_UNCERTAIN] = METRIC_MESSAGES_UNCERTAIN,
        [OUTCOME_BOUNCED] = METRIC_MESSAGES_DEAD,
        [OUTCOME_DEAD] = METRIC_MESSAGES_DEAD,
        [OUTCOME_CUT] = METRIC_MESSAGES_RETRIED,
    };
    if (gave_up)
        metrics_add(METRIC_MESSAGES_DEAD, 1);
    if (!gave_up || kind == OUTCOME_UNCERTAIN)
        metrics_add(metrics[put_back ? OUTCOME_RETRY : kind], 1);
    metrics_add(METRIC_SENDING, -1);
}

static void on_outcome(void *context, struct senders_job *job)
{
    struct gateway *gateway = context;
    struct delivery *delivery = gateway->delivery;
    struct destination *destination = &gateway->destination;
    struct attempt *attempt = attempt_of(job);
    uint64_t random;
    digest_random(&random, sizeof random);
    if (destination_hear(destination, attempt, random)) {
        destination_forgive(destination, delivery->unsettled);
        destination_forgive(destination, delivery->settling); /* should it have to be repeated */
        destination_lift(destination);
    }
    failpoint("sent");
    const struct settlement_scene scene =
        scene_of(delivery, attempt, destination_wait_ms(destination), random);
    settlement_make(attempt, &scene);
    count_outcome(job->outcome.kind, attempt->result.verdict);
    destination_note_bounce(destination, job->outcome.kind, attempt->result.suppress);
    settle(delivery, attempt);
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct gateway *gateway = context;
    senders_collect(gateway->destination.senders, clock_monotonic_ms(), on_outcome, gateway);
    take(gateway->delivery);
}

/* ---- Settling ---- */

/* After a freeze it may be thousands. */
static void log_dropped(const struct delivery *delivery, const struct attempt *attempt,
                        bool vanished)
{
    const char *kind = vanished ? "messages whose record was deleted while they were being sent"
                                : "messages settled by somebody else";
    if (!log_group_is_news(delivery->options.log_group, clock_monotonic_ms(), "%s", kind))
        return;
    if (vanished)
        log_warning("a message's record was deleted while it was being sent, its result is dropped "
                    "mid=%s result=%s",
                    attempt->mid, outbox_verdict_name(attempt->result.verdict));
    else
        log_warning("a message was settled by somebody else mid=%s", attempt->mid);
}

static void note_settled(const struct delivery *delivery, const struct attempt *attempt,
                         enum outbox_settled settled)
{
    if (settled == OUTBOX_NOT_OURS || settled == OUTBOX_VANISHED)
        log_dropped(delivery, attempt, settled == OUTBOX_VANISHED);
    else if (settled == OUTBOX_SPOILT)
        outbox_note_spoilt(delivery->options.shard->outbox, attempt->mid);
    else if (settled == OUTBOX_ENDED && attempt->result.verdict != OUTBOX_DONE)
        metrics_add(METRIC_MESSAGES_CANCELLED, 1);
}

static void on_settled(void *context, const struct diag *fault, const struct outbox_answer *answers,
                       size_t count)
{
    (void)count;
    struct delivery *delivery = context;
    struct attempt *attempt = delivery->settling;
    delivery->settling = NULL;
    for (size_t i = 0; attempt; i++) {
        struct attempt *next = attempt->next;
        if (fault) {
            attempt->next = delivery->unsettled;
            delivery->unsettled = attempt;
        } else {
            note_settled(delivery, attempt, answers[i].settled);
            attempt_destroy(&attempt);
            delivery->in_hand--;
        }
        attempt = next;
    }
    if (fault)
        after(delivery->settle, SETTLE_AGAIN_MS);
    else if (delivery->unsettled)
        event_active(delivery->settle, EV_TIMEOUT, 0);
    else
        take(delivery);
}

/* Writes the results that stand, as many as fit into one call. */
static void on_settle(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct delivery *delivery = context;
    struct outbox_result results[SETTLE_MOST];
    size_t count = 0;
    if (delivery->settling || !delivery->unsettled)
        return;
    failpoint("settle");
    struct attempt *attempt = delivery->unsettled, *last = NULL;
    for (; attempt && count < SETTLE_MOST; attempt = attempt->next) {
        results[count++] = attempt->result;
        last = attempt;
    }
    delivery->settling = delivery->unsettled;
    delivery->unsettled = attempt;
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
        take_anew(delivery);
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
    if (!destination_open(&gateway->destination, config, options->shard, diag))
        return false;
    gateway->readable = event_new(options->base, senders_fd(gateway->destination.senders),
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

static void destroy_attempts(struct attempt *attempt)
{
    while (attempt) {
        struct attempt *next = attempt->next;
        attempt_destroy(&attempt);
        attempt = next;
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
        destination_close(&d->gateways[i].destination);
    }
    destroy_attempts(d->unsettled);
    destroy_attempts(d->settling);
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
    take_anew(delivery);
}

void delivery_reload(struct delivery *delivery)
{
    for (size_t i = 0; i < delivery->options.config->channel_count; i++)
        delivery->channels[i].not_before_ms = 0;
    outbox_reload(delivery->options.shard->outbox);
    take_anew(delivery);
}

void delivery_drain(struct delivery *delivery)
{
    delivery->taking = false;
    delivery->owing = true; /* until the tick has seen that nothing was lost */
    event_active(delivery->tick, EV_TIMEOUT, 0);
    event_del(delivery->sweep);
    for (size_t i = 0; i < delivery->options.config->gateway_count; i++)
        senders_drain(delivery->gateways[i].destination.senders);
}

void delivery_cut(struct delivery *delivery)
{
    for (size_t i = 0; i < delivery->options.config->gateway_count; i++) {
        struct gateway *gateway = &delivery->gateways[i];
        if (!gateway->destination.senders)
            continue;
        senders_stop(gateway->destination.senders);
        senders_collect(gateway->destination.senders, clock_monotonic_ms(), on_outcome, gateway);
    }
}

bool delivery_busy(const struct delivery *delivery)
{
    return delivery->in_hand > 0 || delivery->takes > 0 || delivery->owing;
}

size_t delivery_behind(const struct delivery *delivery)
{
    size_t count = 0;
    for (size_t i = 0; i < delivery->options.config->channel_count; i++)
        count += delivery->channels[i].behind;
    return count;
}

void delivery_status(const struct delivery *delivery, struct buf *out)
{
    for (size_t i = 0; i < delivery->options.config->gateway_count; i++) {
        const struct destination *destination = &delivery->gateways[i].destination;
        buf_printf(out, "%s{\"name\":\"%s\",\"kind\":\"%s\",\"breaker\":\"%s\",\"sending\":%zu}",
                   i ? "," : "", destination->config->name, destination->config->kind->name,
                   breaker_state_name(destination->breaker.state),
                   senders_busy(destination->senders));
    }
}
