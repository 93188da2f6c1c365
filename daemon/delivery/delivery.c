/*
 * A message's life, from top to bottom:
 *
 *   taking      (delivery/taking.c) for each channel the first of its gateways that is free now,
 *               and as many messages from the outbox as it can begin
 *   begin       each becomes an attempt, with the generation (rules, templates, headers)
 *               that it is made with, and is given to a sender; what is known to have gone
 *               (delivery/sent) is settled at once
 *   asking      (delivery/asking.c) with many shards: does that of its address object?
 *   prepare     (delivery/prepare.c, in the sender) renders and builds; then the gateway sends
 *   on_outcome  back on the loop: hear() tells the breaker, and asks who is to blame for a
 *               refusal (delivery/blame)
 *   pass_on     what the gateway could not take goes to the channel's next one at once
 *               (delivery/passing), and from there back to a sender; so does, to its own
 *               gateway, what came to it too long after its token
 *   finish      else delivery/settlement says what becomes of the message
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
#include "delivery/asking.h"
#include "delivery/attempt_figures.h"
#include "delivery/attempt_log.h"
#include "delivery/blame.h"
#include "delivery/choice.h"
#include "delivery/granting.h"
#include "delivery/hand.h"
#include "delivery/message_event.h"
#include "delivery/passing.h"
#include "delivery/settlement.h"
#include "delivery/settling.h"
#include "delivery/taking.h"
#include "send/retry.h"

enum { SWEEP_FIRST_MS = 100, SWEEP_AGAIN_MS = 200, KNOWN_FIRST = 512 };

struct delivery {
    struct delivery_options options;
    struct granting *granting; /* NULL: there is one shard */
    struct taking *taking;
    struct passing *passing;
    struct amends *amends;
    struct asking *asking; /* NULL: there is one shard */
    struct settling *settling;
    size_t in_hand; /* attempts: taken and not yet settled, … */
    size_t older;   /* … of which so many were taken before the connection was lost … */
    int64_t losses; /* … for the last time that was looked at */
    bool sweeping;
    bool recalled; /* what the former life of the daemon had in hand was asked for */
    struct event *sweep;
};

static void on_room(void *context)
{
    const struct delivery *delivery = context;
    delivery->options.on_room(delivery->options.context);
}

static struct destination *destination_named(const struct delivery *delivery, const char *name)
{
    return gateways_named(delivery->options.gateways, name);
}

/* ---- What is in hand ---- */

/* At each change, so nothing was taken or settled since the connection was lost. */
static void note_losses(struct delivery *delivery)
{
    const int64_t losses = outbox_losses(delivery->options.shard->outbox);
    if (delivery->losses != losses)
        delivery->older = delivery->in_hand;
    delivery->losses = losses;
}

static void note_taken(struct delivery *delivery, struct attempt *attempt)
{
    note_losses(delivery);
    attempt->losses = delivery->losses;
    attempt->place =
        hand_add(gateways_hand(delivery->options.gateways), delivery->options.shard->number,
                 instance_epoch(delivery->options.shard->instance), attempt->mid);
    delivery->in_hand++;
}

static void note_settled(struct delivery *delivery, struct attempt *attempt)
{
    note_losses(delivery);
    hand_remove(gateways_hand(delivery->options.gateways), &attempt->place);
    delivery->older -= attempt->losses != delivery->losses;
    delivery->in_hand--;
}

static bool hand_is_new(struct delivery *delivery)
{
    note_losses(delivery);
    return delivery->older == 0;
}

/* ---- Beginning ---- */

static struct settlement_scene scene_of(const struct delivery *delivery,
                                        const struct attempt *attempt, int64_t wait_ms,
                                        uint64_t random)
{
    return (struct settlement_scene){
        .rules = attempt->generation->rules,
        .sets = delivery->options.shard->rule_sets,
        .policy = &attempt->generation->policy,
        .wait_ms = wait_ms,
        .now_ms = taking_now_ms(delivery->taking),
        .clock_ms = clock_monotonic_ms(),
        .random = random,
        .log_group = delivery->options.log_group,
        .log_sent = attempt->generation->config->keys.log.messages,
    };
}

/* Settles a message that cannot be begun now, or at all. `destination` NULL: the one that it is
 * bound to is not configured. */
static void settle_unbegun(struct delivery *delivery, struct attempt *attempt,
                           const struct outbox_message *message,
                           const struct destination *destination)
{
    const struct settlement_scene scene = scene_of(delivery, attempt, 0, 0);
    if (message->whole) {
        settlement_defer(attempt, message->gateway, destination != NULL, &scene);
    } else {
        settlement_give_up(attempt, &scene);
        outbox_note_spoilt(delivery->options.shard->outbox, attempt->mid);
    }
    attempt_figures_unbegun(attempt);
    settling_add(delivery->settling, attempt);
}

static void give(const struct delivery *delivery, struct attempt *attempt,
                 struct destination *destination)
{
    sent_begin(gateways_sent(delivery->options.gateways), attempt->mid, attempt->losses,
               clock_monotonic_ms());
    metrics_add(METRIC_SENDING, 1);
    attempt_log_given(attempt, destination->config->name);
    destination_give(destination, attempt);
}

static void on_free(void *context, struct attempt *attempt, struct destination *destination)
{
    give(context, attempt, destination);
}

static void on_objected(void *context, struct attempt *attempt, struct destination *destination)
{
    struct delivery *delivery = context;
    granting_return(delivery->granting, destination, attempt);
    settlement_release(attempt);
    attempt_figures_unbegun(attempt);
    settling_add(delivery->settling, attempt);
}

static void on_unknown(void *context, struct attempt *attempt, struct destination *destination)
{
    struct delivery *delivery = context;
    granting_return(delivery->granting, destination, attempt);
    const struct settlement_scene scene = scene_of(delivery, attempt, 0, 0);
    settlement_put_off(attempt, &scene);
    attempt_figures_unbegun(attempt);
    settling_add(delivery->settling, attempt);
}

/* Redis has lost what was known of it: what went is settled as sent, and what is in hand since
 * before waits for what comes of that. */
static bool settle_known(struct delivery *delivery, struct attempt *attempt)
{
    const struct settlement_scene scene = scene_of(delivery, attempt, 0, 0);
    const char *gateway = NULL;
    switch (sent_find(gateways_sent(delivery->options.gateways), attempt->mid, attempt->losses,
                      scene.clock_ms, &gateway)) {
    case SENT_UNKNOWN:
        return false;
    case SENT_UNDER_WAY:
        hand_mark(attempt->place, HAND_ENDING);
        settlement_put_off(attempt, &scene);
        break;
    case SENT_GONE:
        hand_mark(attempt->place, HAND_TAKEN);
        settlement_sent_before(attempt, gateway, &scene);
        break;
    }
    settling_add(delivery->settling, attempt);
    return true;
}

/* Begins one message: an attempt, with the rules and templates in force, given to a sender. */
static void begin(void *context, struct destination *destination, int64_t term,
                  const struct outbox_message *message)
{
    struct delivery *delivery = context;
    struct attempt *attempt = attempt_new(message, term);
    note_taken(delivery, attempt);
    attempt->shard = delivery->options.shard;
    attempt->generation = generation_hold(delivery->options.generation(delivery->options.context));
    if (message->whole && settle_known(delivery, attempt))
        return;
    if (message->gateway) /* an attempt may have arrived there: by no other gateway now */
        destination = destination_named(delivery, message->gateway);
    bool over = message->whole && message->give_up_ms <= scene_of(delivery, attempt, 0, 0).now_ms;
    if (!message->whole || !destination ||
        (message->gateway && (over || destination_room(destination) == 0))) {
        settle_unbegun(delivery, attempt, message, destination);
        return;
    }
    if (!delivery->asking || !asking_begin(delivery->asking, attempt, destination))
        give(context, attempt, destination);
}

/* ---- At once, without a take ---- */

static enum outbox_place place(void *context, const char *channel, const char **gateway)
{
    const struct delivery *delivery = context;
    struct destination *destination;
    enum outbox_place place = taking_place(delivery->taking, channel, &destination);
    if (place == OUTBOX_PLACE_KEPT)
        *gateway = destination->config->name;
    return place;
}

static void leave(void *context, const char *gateway)
{
    destination_named(context, gateway)->promised--;
}

static void begin_at_once(void *context, const char *gateway, int64_t term,
                          const struct outbox_message *message)
{
    struct destination *destination = destination_named(context, gateway);
    destination->promised--;
    begin(context, destination, term, message);
}

static void note_lost(void *context)
{
    const struct delivery *delivery = context;
    taking_note_lost(delivery->taking);
}

static size_t together(void *context)
{
    const struct delivery *delivery = context;
    return taking_together(delivery->taking);
}

struct outbox_at_once delivery_at_once(struct delivery *delivery)
{
    return (struct outbox_at_once){.place = place,
                                   .leave = leave,
                                   .begin = begin_at_once,
                                   .lost = note_lost,
                                   .together = together,
                                   .context = delivery};
}

/* ---- What came of it ---- */

/* The part of waits that is left to chance: there is none behind what was sent. */
static uint64_t random_after(const struct attempt *attempt)
{
    uint64_t random = 0;
    if (attempt->job.outcome.kind != OUTCOME_SENT)
        digest_random(&random, sizeof random);
    return random;
}

/* The scene behind an attempt that was with a gateway, in all that it needs. */
static struct settlement_scene scene_after(struct delivery *delivery, const struct attempt *attempt)
{
    const struct choice *choice = taking_choice(delivery->taking, attempt->channel);
    return scene_of(delivery, attempt, choice ? choice_wait_ms(choice) : 0, random_after(attempt));
}

/* What becomes of it stands. */
static void finish(struct delivery *delivery, struct attempt *attempt)
{
    const struct settlement_scene scene = scene_after(delivery, attempt);
    settlement_make(attempt, &scene);
    attempt_figures_finish(attempt, scene.now_ms);
    settling_add(delivery->settling, attempt);
}

struct forgiveness {
    const struct destination *destination;
    struct settlement_scene times;
};

static void forgive(void *context, struct attempt *attempt, bool asked)
{
    const struct forgiveness *forgiveness = context;
    if (!blame_includes(forgiveness->destination, attempt))
        return;
    if (asked)
        attempt->forgiven = true;
    else
        settlement_forgive(attempt, &forgiveness->times);
}

static void on_blamed(void *context, const struct destination *destination, int64_t wait_ms)
{
    struct delivery *delivery = context;
    struct forgiveness forgiveness = {
        .destination = destination,
        .times = {.wait_ms = wait_ms, .now_ms = taking_now_ms(delivery->taking)}};
    digest_random(&forgiveness.times.random, sizeof forgiveness.times.random);
    settling_each(delivery->settling, forgive, &forgiveness);
}

static void hear(struct delivery *delivery, struct destination *destination,
                 struct attempt *attempt)
{
    struct gateways *gateways = delivery->options.gateways;
    const struct gateway_common *common = gateways_common(gateways, destination);
    bool suspected = blame_hear(gateways_blame(gateways), destination, attempt,
                                (size_t)common->suspect, taking_now_ms(delivery->taking));
    destination_hear(destination, attempt, suspected, random_after(attempt));
    if (!suspected)
        return;
    const int64_t wait_ms = scene_after(delivery, attempt).wait_ms;
    outcome_blame(&attempt->job.outcome);
    gateways_forgive(gateways, destination, wait_ms);
    blame_amend(gateways_blame(gateways), destination, wait_ms);
}

/* To the channel's next gateway at once, where this one could not be used. What may have arrived
 * somewhere stays bound to that. */
static bool pass_on(struct delivery *delivery, struct attempt *attempt,
                    const struct destination *destination)
{
    enum outcome_kind kind = attempt->job.outcome.kind;
    const struct choice *choice = taking_choice(delivery->taking, attempt->channel);
    const struct settlement_scene scene = scene_of(delivery, attempt, 0, 0);
    if ((kind != OUTCOME_UNAVAILABLE && kind != OUTCOME_GATEWAY_FAULT) || attempt->bound ||
        !taking_goes_on(delivery->taking) || !choice ||
        attempt->give_up_ms - RETRY_BEFORE_END_MS <= scene.now_ms)
        return false;
    choice_note_tried(choice, attempt, destination);
    if (!passing_begin(delivery->passing, attempt, choice))
        return false;
    settlement_pass(attempt, &scene);
    return true;
}

static void on_outcome(void *context, struct destination *destination, struct attempt *attempt)
{
    struct delivery *delivery = context;
    metrics_add(METRIC_SENDING, -1);
    hear(delivery, destination, attempt);
    attempt_figures_count(attempt);
    sent_end(gateways_sent(delivery->options.gateways), attempt->mid,
             attempt->job.outcome.kind == OUTCOME_SENT ? destination->config->name : NULL,
             clock_monotonic_ms());
    failpoint("sent");
    if (attempt->late)
        granting_return(delivery->granting, destination, attempt);
    if (attempt->late && taking_goes_on(delivery->taking))
        passing_again(delivery->passing, attempt, destination);
    else if (!pass_on(delivery, attempt, destination))
        finish(delivery, attempt);
}

static void on_passed(void *context, struct attempt *attempt, struct destination *destination)
{
    failpoint("passed");
    if (!attempt->late)
        metrics_add_to(METRIC_MESSAGES_PASSED, METRIC_LABELS(attempt->gateway), 1);
    give(context, attempt, destination);
}

static void on_pass_ended(void *context, struct attempt *attempt, enum passing_end end)
{
    struct delivery *delivery = context;
    switch (end) {
    case PASSING_NOWHERE:
        finish(delivery, attempt);
        return;
    case PASSING_BACK:
        settlement_release(attempt);
        settling_add(delivery->settling, attempt);
        return;
    case PASSING_GONE:
        settling_drop(delivery->settling, attempt);
        return;
    }
}

static void on_given_back(void *context)
{
    struct delivery *delivery = context;
    taking_look(delivery->taking);
    on_room(delivery);
}

static void on_freed(void *context)
{
    struct delivery *delivery = context;
    taking_look_freed(delivery->taking);
    on_room(delivery);
}

static void on_settled(void *context, struct attempt *attempt, const struct outbox_answer *answer)
{
    struct delivery *delivery = context;
    struct gateways *gateways = delivery->options.gateways;
    struct destination *destination =
        attempt->refusal ? gateways_named(gateways, attempt->gateway) : NULL;
    if (destination)
        blame_note_settled(gateways_blame(gateways), destination, attempt, answer->letter);
    note_settled(delivery, attempt);
}

static void on_rested(void *context)
{
    struct delivery *delivery = context;
    taking_look(delivery->taking);
}

/* ---- Sweeping: what dead daemons left, retries that are due ---- */

static void sweep_after(struct delivery *delivery, int64_t ms)
{
    beat_wait(delivery->options.shard->beat, delivery->sweep, ms);
}

static void on_swept(void *context, const struct outbox_swept *swept)
{
    struct delivery *delivery = context;
    delivery->sweeping = false;
    if (!swept->fault && swept->whole && !delivery->recalled) {
        delivery->recalled = true;
        hand_forget(gateways_hand(delivery->options.gateways), delivery->options.shard->number);
    }
    if (swept->sent > 0)
        log_info("%zu messages had gone when a daemon ended before it could say so", swept->sent);
    if (!swept->fault && swept->resent + swept->uncertain + swept->requeued > 0) {
        beat_stir(delivery->options.shard->beat);
        taking_look_anew(delivery->taking);
    }
    if (taking_goes_on(delivery->taking))
        sweep_after(delivery, swept->fault ? SWEEP_AGAIN_MS : swept->next_ms);
}

static void on_sweep(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct delivery *delivery = context;
    if (delivery->sweeping || !taking_goes_on(delivery->taking))
        return;
    delivery->sweeping = true;
    const struct ruleset *rules = delivery->options.generation(delivery->options.context)->rules;
    const struct shard *shard = delivery->options.shard;
    struct arena *arena = arena_new(KNOWN_FIRST);
    struct outbox_sweep sweep = {
        .tells_uncertain = message_event_is_asked(rules, shard->rule_sets, "message.uncertain"),
        .tells_sent = message_event_is_asked(rules, shard->rule_sets, "message.sent"),
        .hand_is_new = hand_is_new(delivery)};
    if (!delivery->recalled)
        sweep.known = hand_former(gateways_hand(delivery->options.gateways), shard->number, arena,
                                  &sweep.known_count);
    outbox_sweep(shard->outbox, &sweep, on_swept, delivery);
    arena_destroy(&arena);
}

/* ---- The object ---- */

struct delivery *delivery_new(const struct delivery_options *options)
{
    struct delivery *delivery = mem_zero(1, sizeof *delivery);
    struct outbox *outbox = options->shard->outbox;
    delivery->options = *options;
    delivery->sweep = evtimer_new(options->base, on_sweep, delivery);
    if (!delivery->sweep)
        mem_exhausted();
    if (options->routes.scripts_of)
        delivery->granting = granting_new(
            &(struct granting_options){.counting = routes_scripts(&options->routes, COUNTING_SHARD),
                                       .shard = options->shard,
                                       .gateways = options->gateways});
    delivery->taking = taking_new(&(struct taking_options){.base = options->base,
                                                           .shard = options->shard,
                                                           .config = options->config,
                                                           .gateways = options->gateways,
                                                           .granting = delivery->granting,
                                                           .begin = begin,
                                                           .on_room = on_room,
                                                           .context = delivery});
    delivery->amends = amends_new(options->base, options->shard);
    delivery->passing = passing_new(&(struct passing_options){.outbox = outbox,
                                                              .gateways = options->gateways,
                                                              .granting = delivery->granting,
                                                              .passed = on_passed,
                                                              .ended = on_pass_ended,
                                                              .context = delivery});
    if (options->routes.scripts_of)
        delivery->asking = asking_new(&(struct asking_options){.base = options->base,
                                                               .shard = options->shard,
                                                               .routes = options->routes,
                                                               .free = on_free,
                                                               .objected = on_objected,
                                                               .unknown = on_unknown,
                                                               .context = delivery});
    delivery->settling = settling_new(&(struct settling_options){.base = options->base,
                                                                 .outbox = outbox,
                                                                 .log_group = options->log_group,
                                                                 .settled = on_settled,
                                                                 .rested = on_rested,
                                                                 .context = delivery});
    gateways_join(options->gateways, options->shard->number,
                  &(struct gateways_member){.on_outcome = on_outcome,
                                            .on_freed = on_freed,
                                            .on_given_back = on_given_back,
                                            .on_blamed = on_blamed,
                                            .context = delivery},
                  delivery->amends);
    return delivery;
}

void delivery_destroy(struct delivery **delivery)
{
    struct delivery *d = *delivery;
    if (!d)
        return;
    gateways_leave(d->options.gateways, d->options.shard->number);
    asking_destroy(&d->asking);
    passing_destroy(&d->passing);
    settling_destroy(&d->settling);
    amends_destroy(&d->amends);
    taking_destroy(&d->taking);
    granting_destroy(&d->granting);
    beat_end(d->options.shard->beat, &d->sweep);
    free(d);
    *delivery = NULL;
}

void delivery_start(struct delivery *delivery)
{
    const struct hand *hand = gateways_hand(delivery->options.gateways);
    taking_start(delivery->taking);
    if (hand_has_former(hand, delivery->options.shard->number))
        sweep_after(delivery, 0); /* before others take all of that for uncertain */
    else
        sweep_after(delivery, SWEEP_FIRST_MS);
}

void delivery_wake(struct delivery *delivery)
{
    taking_note_queued(delivery->taking);
}

void delivery_reload(struct delivery *delivery)
{
    outbox_reload(delivery->options.shard->outbox);
    taking_reload(delivery->taking);
}

void delivery_drain(struct delivery *delivery)
{
    taking_stop(delivery->taking);
    event_del(delivery->sweep);
}

bool delivery_busy(const struct delivery *delivery)
{
    return delivery->in_hand > 0 || taking_busy(delivery->taking) || amends_busy(delivery->amends);
}

size_t delivery_behind(const struct delivery *delivery)
{
    return taking_behind(delivery->taking);
}
