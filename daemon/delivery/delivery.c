/*
 * A message's life, from top to bottom:
 *
 *   take        for each channel the first of its gateways that is free now (delivery/choice), and
 * as many messages from the outbox as it can begin on_taken    each becomes an attempt, with the
 * generation (rules, templates, headers) that it is made with, and is given to a sender thread
 *   prepare     (delivery/prepare.c, in the thread) renders and builds; then the gateway sends
 *   on_outcome  back on the loop: the breaker hears of it, and who is to blame for a refusal
 *               (delivery/blame). What the gateway could not take goes to the channel's next one
 *               at once (delivery/passing), and from there back to a sender thread
 *   finish      delivery/settlement says what becomes of the message
 *   settling    (delivery/settling.c) writes it: done, later, uncertain, dead
 *   on_settled  the attempt ends
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
#include "delivery/blame.h"
#include "delivery/choice.h"
#include "delivery/passing.h"
#include "delivery/settlement.h"
#include "delivery/settling.h"
#include "send/retry.h"

enum {
    TICK_MS = 200, /* to look for messages that other daemons decided */
    SWEEP_FIRST_MS = 100,
    TAKE_MOST = 256,
    PAUSED_MS = 500, /* a gateway that was paused is asked for again */
};

/* A gateway of the configuration, with the loop's watch over its senders. */
struct gateway {
    struct delivery *delivery;
    struct destination destination;
    struct event *readable;
};

struct channel {
    struct delivery *delivery;
    const struct config_channel *config;
    struct choice choice;
    struct choice_lane *asked; /* an outbox_take is under way for it; NULL: none */
    size_t asked_most;         /* for so many messages */
    int64_t asked_term;        /* under this lease */
    bool dry;                  /* the last take found less than it asked for */
    bool behind;               /* at the last take marketing waited for events */
};

struct delivery {
    struct delivery_options options;
    struct gateway *gateways;
    struct channel *channels;
    struct passing *passing;
    struct blame *blame;
    struct settling *settling;
    size_t in_hand;         /* attempts: taken and not yet settled */
    size_t takes;           /* under way */
    int64_t redis_ahead_ms; /* Redis' TIME less the monotonic clock, at the last take */
    size_t turn;            /* the channel that is looked at first */
    bool taking;            /* between start and drain */
    bool owing;             /* draining: what a lost take took is being put back */
    bool sweeping;
    struct event *tick, *sweep;
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
static const struct gateway_common *common_now(const struct delivery *delivery,
                                               const struct config_gateway *config)
{
    const struct delivery_options *options = &delivery->options;
    const struct config *now = options->generation(options->context)->config;
    return now->gateways[config - options->config->gateways].settings;
}

static struct outbox_gateway bounds_now(void *context, const struct destination *destination)
{
    const struct gateway_common *common = common_now(context, destination->config);
    return (struct outbox_gateway){.name = destination->config->name,
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
    if (channel->asked || channel->dry)
        return;
    struct choice_lane *lane = choice_free(&channel->choice, clock_monotonic_ms());
    if (!lane) {
        note_behind(channel, false); /* it is a gateway that it waits for */
        return;
    }
    struct destination *destination = lane->destination;
    size_t room = destination_room(destination);
    channel->asked = lane;
    channel->asked_most = room < TAKE_MOST ? room : TAKE_MOST;
    channel->asked_term = instance_lease_term(delivery->options.shard->instance);
    destination->promised += channel->asked_most;
    delivery->takes++;
    const struct outbox_gateway bounds = bounds_now(delivery, destination);
    outbox_take(delivery->options.shard->outbox, channel->config->name, &bounds,
                channel->asked_most, on_taken, channel);
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

static struct settlement_scene scene_of(const struct delivery *delivery,
                                        const struct attempt *attempt, int64_t wait_ms,
                                        uint64_t random)
{
    int64_t clock_ms = clock_monotonic_ms();
    return (struct settlement_scene){
        .rules = attempt->generation->rules,
        .policy = &attempt->generation->policy,
        .wait_ms = wait_ms,
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
    settling_add(delivery->settling, attempt);
}

static void give(struct attempt *attempt, struct destination *destination)
{
    metrics_add(METRIC_SENDING, 1);
    destination_give(destination, attempt);
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
    give(attempt, &gateway->destination);
}

static void on_taken(void *context, const struct outbox_taken *taken)
{
    struct channel *channel = context;
    struct delivery *delivery = channel->delivery;
    struct choice_lane *lane = channel->asked;
    channel->asked = NULL;
    lane->destination->promised -= channel->asked_most;
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
        lane->destination->paused_until_ms = clock_monotonic_ms() + PAUSED_MS;
        take(delivery);
        return;
    }
    if (taken->wait_ms)
        lane->not_before_ms = clock_monotonic_ms() + taken->wait_ms;
    for (size_t i = 0; i < taken->count; i++)
        begin(delivery, gateway_of(delivery, lane->destination->config), channel->asked_term,
              &taken->messages[i]);
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
}

static struct channel *channel_named(struct delivery *delivery, const char *name)
{
    for (size_t i = 0; i < delivery->options.config->channel_count; i++)
        if (strcmp(delivery->channels[i].config->name, name) == 0)
            return &delivery->channels[i];
    return NULL;
}

/* The scene behind an attempt that was with a gateway, in all that it needs. */
static struct settlement_scene scene_after(struct delivery *delivery, const struct attempt *attempt)
{
    const struct channel *channel = channel_named(delivery, attempt->channel);
    uint64_t random;
    digest_random(&random, sizeof random);
    return scene_of(delivery, attempt, channel ? choice_wait_ms(&channel->choice) : 0, random);
}

/* What becomes of it stands. */
static void finish(struct delivery *delivery, struct attempt *attempt)
{
    const struct settlement_scene scene = scene_after(delivery, attempt);
    settlement_make(attempt, &scene);
    count_outcome(attempt->job.outcome.kind, attempt->result.verdict);
    settling_add(delivery->settling, attempt);
}

struct forgiveness {
    const struct destination *destination;
    struct settlement_scene scene;
};

static void forgive(void *context, struct attempt *attempt, bool asked)
{
    const struct forgiveness *forgiveness = context;
    if (!blame_includes(forgiveness->destination, attempt))
        return;
    if (asked)
        attempt->forgiven = true;
    else
        settlement_forgive(attempt, &forgiveness->scene);
}

static void hear(struct gateway *gateway, struct attempt *attempt)
{
    struct delivery *delivery = gateway->delivery;
    struct destination *destination = &gateway->destination;
    const struct gateway_common *common = common_now(delivery, destination->config);
    struct forgiveness forgiveness = {.destination = destination};
    uint64_t random;
    digest_random(&random, sizeof random);
    bool suspected = blame_hear(delivery->blame, destination, attempt, (size_t)common->suspect,
                                clock_monotonic_ms() + delivery->redis_ahead_ms);
    destination_hear(destination, attempt, suspected, random);
    if (!suspected)
        return;
    attempt->job.outcome.kind = OUTCOME_GATEWAY_FAULT;
    forgiveness.scene = scene_after(delivery, attempt);
    settling_each(delivery->settling, forgive, &forgiveness);
    blame_amend(delivery->blame, destination, forgiveness.scene.wait_ms);
}

/* To the channel's next gateway at once, where this one could not be used. What may have arrived
 * somewhere stays bound to that. */
static bool pass_on(struct delivery *delivery, struct attempt *attempt,
                    const struct destination *destination)
{
    enum outcome_kind kind = attempt->job.outcome.kind;
    struct channel *channel = channel_named(delivery, attempt->channel);
    const struct settlement_scene scene = scene_of(delivery, attempt, 0, 0);
    if ((kind != OUTCOME_UNAVAILABLE && kind != OUTCOME_GATEWAY_FAULT) || attempt->bound ||
        !delivery->taking || !channel || attempt->give_up_ms - RETRY_BEFORE_END_MS <= scene.now_ms)
        return false;
    choice_note_tried(&channel->choice, attempt, destination);
    if (!passing_begin(delivery->passing, attempt, &channel->choice))
        return false;
    settlement_pass(attempt, &scene);
    return true;
}

static void on_outcome(void *context, struct senders_job *job)
{
    struct gateway *gateway = context;
    struct delivery *delivery = gateway->delivery;
    struct attempt *attempt = attempt_of(job);
    metrics_add(METRIC_SENDING, -1);
    hear(gateway, attempt);
    failpoint("sent");
    if (!pass_on(delivery, attempt, &gateway->destination))
        finish(delivery, attempt);
}

static void on_passed(void *context, struct attempt *attempt, struct destination *destination)
{
    (void)context;
    failpoint("passed");
    metrics_add(METRIC_MESSAGES_PASSED, 1);
    give(attempt, destination);
}

static void on_pass_ended(void *context, struct attempt *attempt, enum passing_end end)
{
    struct delivery *delivery = context;
    switch (end) {
    case PASSING_NOWHERE:
        finish(delivery, attempt);
        return;
    case PASSING_WITHDRAWN:
        outcome_set(&attempt->job.outcome, OUTCOME_CUT);
        finish(delivery, attempt);
        return;
    case PASSING_GONE:
        settling_drop(delivery->settling, attempt);
        return;
    }
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct gateway *gateway = context;
    senders_collect(gateway->destination.senders, clock_monotonic_ms(), on_outcome, gateway);
    take(gateway->delivery);
}

static void on_settled(void *context, const struct attempt *attempt,
                       const struct outbox_answer *answer)
{
    struct delivery *delivery = context;
    struct gateway *gateway = attempt->refusal ? gateway_named(delivery, attempt->gateway) : NULL;
    if (gateway && answer->letter)
        blame_note_letter(delivery->blame, &gateway->destination, attempt, answer->letter);
    delivery->in_hand--;
}

static void on_rested(void *context)
{
    take(context);
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

static void make_channel(struct delivery *delivery, struct channel *channel,
                         const struct config_channel *config)
{
    struct choice *choice = &channel->choice;
    channel->delivery = delivery;
    channel->config = config;
    while (config->gateways[choice->count] && choice->count < CHOICE_MOST)
        choice->count++;
    choice->lanes = mem_zero(choice->count, sizeof *choice->lanes);
    for (size_t i = 0; i < choice->count; i++)
        choice->lanes[i].destination = &gateway_of(delivery, config->gateways[i])->destination;
}

static void make_parts(struct delivery *delivery)
{
    struct outbox *outbox = delivery->options.shard->outbox;
    delivery->blame = blame_new(delivery->options.base, delivery->options.shard);
    delivery->passing = passing_new(&(struct passing_options){.outbox = outbox,
                                                              .bounds = bounds_now,
                                                              .passed = on_passed,
                                                              .ended = on_pass_ended,
                                                              .context = delivery});
    delivery->settling =
        settling_new(&(struct settling_options){.base = delivery->options.base,
                                                .outbox = outbox,
                                                .log_group = delivery->options.log_group,
                                                .settled = on_settled,
                                                .rested = on_rested,
                                                .context = delivery});
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
    if (!delivery->tick || !delivery->sweep)
        mem_exhausted();
    make_parts(delivery);
    for (size_t i = 0; i < config->channel_count; i++)
        make_channel(delivery, &delivery->channels[i], &config->channels[i]);
    bool opened = true;
    for (size_t i = 0; i < config->gateway_count && opened; i++)
        opened = open_gateway(delivery, &delivery->gateways[i], &config->gateways[i], diag);
    if (!opened)
        delivery_destroy(&delivery);
    return delivery;
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
    passing_destroy(&d->passing);
    settling_destroy(&d->settling);
    blame_destroy(&d->blame);
    for (size_t i = 0; i < d->options.config->channel_count; i++)
        free(d->channels[i].choice.lanes);
    event_free(d->tick);
    event_free(d->sweep);
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
    for (size_t i = 0; i < delivery->options.config->channel_count; i++) {
        const struct choice *choice = &delivery->channels[i].choice;
        for (size_t lane = 0; lane < choice->count; lane++)
            choice->lanes[lane].not_before_ms = 0;
    }
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
    return delivery->in_hand > 0 || delivery->takes > 0 || delivery->owing ||
           blame_busy(delivery->blame);
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
        buf_text(out, i ? "," : "");
        destination_status(&delivery->gateways[i].destination, out);
    }
}
