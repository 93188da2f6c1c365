/*
 * Objects: for each channel a `channel` with its gateways (delivery/choice), and a `take` for each
 * queue that it takes from, its own and those of what is bound to a gateway. A take is asked for,
 * then answered; one that found less than it asked for is dry until it is looked at anew.
 *
 *   look_at    chooses; ask() asks store/outbox, or (delivery/granting) another shard first
 *   on_taken   hands over what was taken; note_answer() says when to ask again
 *   on_tick    all is looked at anew; after the end, what lost answers took is put back
 */
#include "delivery/taking.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/mem.h"
#include "base/metrics.h"

enum {
    TICK_MS = 200,   /* to look for messages that other daemons decided */
    IDLE_MS = 10000, /* where there were none for so long, that is done once in a beat */
    TAKE_MOST = 256,
    WAIT_MOST_MS = 60000, /* for a token: what Redis counts by may be set anew */
    PAUSED_MS = 500,      /* a gateway that was paused is asked for again */
};

struct take {
    struct channel *channel;
    struct choice_lane *lane; /* for whom */
    bool own_only; /* of what is bound to the lane's gateway, not from the channel's queue */
    bool asked;    /* under way, */
    size_t most;   /* for so many messages */
    int64_t term;  /* under this lease */
    bool dry;      /* the last time there was less than was asked for */
    bool crowded;  /* … but what waits for a connection to its domain */
};

struct channel {
    struct taking *taking;
    const struct config_channel *config;
    struct choice choice;
    struct take common; /* from its queue */
    struct take *own;   /* of each lane */
    bool behind;        /* at the last take marketing waited for events */
    bool empty;         /* … and nothing else was left, nor was anything put there since */
};

struct taking {
    struct taking_options options;
    struct channel *channels;
    size_t count;
    size_t turn;            /* the channel that is looked at first */
    size_t asked;           /* takes under way */
    int64_t redis_ahead_ms; /* Redis' TIME less the monotonic clock, at the last take */
    bool goes_on;           /* between start and stop */
    bool owing;             /* after it: what a lost take took is being put back */
    struct event *tick;
    int64_t tick_ms;  /* when it ticks next; clock_monotonic_ms() */
    int64_t taken_ms; /* when there was something to take last; likewise */
};

/* In `ms`, or sooner where it was to tick sooner: one channel's wait does not delay another's. At
 * the next beat at the latest. */
static void tick_after(struct taking *taking, int64_t ms)
{
    struct beat *beat = taking->options.shard->beat;
    const int64_t now_ms = clock_monotonic_ms(), left_ms = beat_left_ms(beat),
                  at_ms = now_ms + (ms < left_ms ? ms : left_ms);
    if (taking->tick_ms > now_ms && taking->tick_ms <= at_ms)
        return;
    taking->tick_ms = at_ms;
    beat_wait(beat, taking->tick, ms);
}

static void note_behind(struct channel *channel, bool behind)
{
    if (channel->behind != behind)
        metrics_add(METRIC_CHANNELS_BEHIND, behind ? 1 : -1);
    channel->behind = behind;
}

/* ---- Asking ---- */

static void on_taken(void *context, const struct outbox_taken *taken);
static void on_granted(void *context, const struct outbox_taken *taken, size_t most);

static void ask(struct take *take, struct choice_lane *lane)
{
    struct taking *taking = take->channel->taking;
    struct destination *destination = lane->destination;
    struct outbox_gateway bounds = gateways_bounds(taking->options.gateways, destination);
    size_t room = destination_room(destination);
    take->lane = lane;
    take->most = room < TAKE_MOST ? room : TAKE_MOST;
    take->term = instance_lease_term(taking->options.shard->instance);
    take->asked = true;
    taking->asked++;
    if (granting_concerns(taking->options.granting, &bounds)) {
        granting_take(taking->options.granting, take->channel->config->name, destination,
                      take->own_only, take->most, on_granted, take);
        return;
    }
    destination->promised += take->most;
    destination->asked += take->most;
    bounds.own_only = take->own_only;
    outbox_take(taking->options.shard->outbox, take->channel->config->name, &bounds, take->most,
                on_taken, take);
}

/* There is none free: others may have asked for more room than they need. */
static void want_room(const struct take *take, const struct choice *choice)
{
    for (size_t i = 0; !take->asked && !take->dry && i < choice->count; i++)
        choice->lanes[i].destination->wanted = true;
}

static void look_at(struct channel *channel)
{
    int64_t now_ms = clock_monotonic_ms();
    const struct choice_lane *first = choice_free(&channel->choice, now_ms);
    for (size_t i = 0; i < channel->choice.count; i++) {
        struct choice_lane *lane = &channel->choice.lanes[i];
        struct take *take = lane == first ? &channel->common : &channel->own[i];
        if (!take->asked && !take->dry && choice_is_free(lane, now_ms) &&
            !destination_is_counting(lane->destination))
            ask(take, lane);
    }
    if (!first) {
        note_behind(channel, false); /* it is a gateway that it waits for */
        want_room(&channel->common, &channel->choice);
    }
}

/* Channels may share a gateway: another one comes first each time. */
void taking_look(struct taking *taking)
{
    if (!taking->goes_on || !instance_lease_valid(taking->options.shard->instance))
        return;
    taking->turn++;
    for (size_t i = 0; i < taking->count; i++)
        look_at(&taking->channels[(taking->turn + i) % taking->count]);
}

void taking_look_freed(struct taking *taking)
{
    for (size_t i = 0; i < taking->count; i++) {
        struct channel *channel = &taking->channels[i];
        channel->common.dry = channel->common.dry && !channel->common.crowded;
        for (size_t lane = 0; lane < channel->choice.count; lane++)
            channel->own[lane].dry = channel->own[lane].dry && !channel->own[lane].crowded;
    }
    taking_look(taking);
}

void taking_look_anew(struct taking *taking)
{
    for (size_t i = 0; i < taking->count; i++) {
        struct channel *channel = &taking->channels[i];
        channel->common.dry = false;
        for (size_t lane = 0; lane < channel->choice.count; lane++)
            channel->own[lane].dry = false;
    }
    taking_look(taking);
}

/* What waits for a connection goes back into the outbox, where none gets free. True: something
 * waits still. */
static bool recall_from_silent(const struct taking *taking)
{
    bool waits = false;
    for (size_t i = 0; i < taking->count; i++) {
        const struct choice *choice = &taking->channels[i].choice;
        for (size_t lane = 0; lane < choice->count; lane++)
            waits = destination_recall(choice->lanes[lane].destination) || waits;
    }
    return waits;
}

static void on_tick(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct taking *taking = context;
    taking->tick_ms = 0;
    bool waits = recall_from_silent(taking);
    taking_look_anew(taking);
    taking->owing = !taking->goes_on && outbox_recover(taking->options.shard->outbox);
    bool idle = taking->goes_on && !waits && clock_monotonic_ms() - taking->taken_ms > IDLE_MS;
    if (taking->goes_on || taking->owing)
        tick_after(taking, idle ? INT64_MAX : TICK_MS);
}

/* ---- At once ---- */

static struct channel *channel_named(const struct taking *taking, const char *name)
{
    for (size_t i = 0; i < taking->count; i++)
        if (strcmp(taking->channels[i].config->name, name) == 0)
            return &taking->channels[i];
    return NULL;
}

/* Whether nothing bounds the gateway but its connections, and it works. */
static bool is_unbounded(const struct taking *taking, const struct destination *destination)
{
    const struct outbox_gateway bounds = gateways_bounds(taking->options.gateways, destination);
    return destination->breaker.state == BREAKER_CLOSED && !bounds.rate.count &&
           !bounds.warmup.first && !bounds.domain_count;
}

/* Whether one of its gateways may have a connection in a moment: not one that is silent, for which
 * the messages of all others would wait. */
static bool is_soon(const struct channel *channel)
{
    int64_t now_ms = clock_monotonic_ms();
    for (size_t i = 0; i < channel->choice.count; i++) {
        const struct choice_lane *lane = &channel->choice.lanes[i];
        const struct destination *destination = lane->destination;
        if (destination_is_lively(destination) && now_ms >= lane->not_before_ms &&
            now_ms >= destination->paused_until_ms && is_unbounded(channel->taking, destination))
            return true;
    }
    return false;
}

enum outbox_place taking_place(struct taking *taking, const char *name,
                               struct destination **destination)
{
    struct channel *channel = channel_named(taking, name);
    if (!channel || !taking->goes_on || !instance_lease_valid(taking->options.shard->instance))
        return OUTBOX_PLACE_NONE;
    const int64_t now_ms = clock_monotonic_ms();
    const struct choice_lane *first = choice_free(&channel->choice, now_ms);
    if (!first && (first = choice_ahead(&channel->choice, now_ms)))
        tick_after(taking, TICK_MS); /* to see whether it waits in vain */
    if (!first || !channel->empty)
        return is_soon(channel) ? OUTBOX_PLACE_SOON : OUTBOX_PLACE_NONE;
    if (!is_unbounded(taking, first->destination))
        return OUTBOX_PLACE_NONE;
    *destination = first->destination;
    (*destination)->promised++;
    return OUTBOX_PLACE_KEPT;
}

size_t taking_together(const struct taking *taking)
{
    size_t most = 1;
    for (size_t i = 0; i < taking->count; i++) {
        const struct choice *choice = &taking->channels[i].choice;
        for (size_t lane = 0; lane < choice->count; lane++) {
            size_t together = destination_together(choice->lanes[lane].destination);
            most = together > most ? together : most;
        }
    }
    return most;
}

void taking_note_queued(struct taking *taking)
{
    for (size_t i = 0; i < taking->count; i++)
        taking->channels[i].empty = false;
    taking_look_anew(taking);
}

/* ---- The answer ---- */

/* When to ask again. */
static void note_answer(struct take *take, const struct outbox_taken *taken)
{
    int64_t now_ms = clock_monotonic_ms();
    take->dry = !taken->paused && !taken->wait_ms && taken->count < take->most;
    take->crowded = taken->crowded;
    if (!take->own_only)
        take->channel->empty = take->dry;
    if (taken->paused)
        take->lane->destination->paused_until_ms = now_ms + PAUSED_MS;
    if (taken->wait_ms) {
        take->lane->not_before_ms =
            now_ms + (taken->wait_ms < WAIT_MOST_MS ? taken->wait_ms : WAIT_MOST_MS);
        tick_after(take->channel->taking, taken->wait_ms);
    }
    if (!take->own_only)
        note_behind(take->channel, taken->behind_ms > 0);
    if (take->dry && taken->behind_ms) /* only the tick asks again */
        tick_after(take->channel->taking, taken->behind_ms);
    if (take->dry && taken->held_ms)
        tick_after(take->channel->taking, taken->held_ms);
}

static void hand_over(const struct take *take, const struct outbox_taken *taken)
{
    const struct taking_options *options = &take->channel->taking->options;
    if (taken->count)
        failpoint("taken");
    metrics_add(METRIC_MESSAGES_CANCELLED, (int64_t)taken->withdrawn);
    for (size_t i = 0; i < taken->count; i++)
        options->begin(options->context, take->lane->destination, take->term, &taken->messages[i]);
}

/* The next tick asks again, or puts back what was taken. */
void taking_note_lost(struct taking *taking)
{
    if (taking->goes_on)
        return;
    taking->owing = true;
    event_active(taking->tick, EV_TIMEOUT, 0);
}

static void hear(struct take *take, const struct outbox_taken *taken)
{
    struct taking *taking = take->channel->taking;
    take->asked = false;
    taking->asked--;
    if (taken->fault) {
        taking_note_lost(taking);
        return;
    }
    taking->redis_ahead_ms = taken->now_ms - clock_monotonic_ms();
    if (taken->count) {
        beat_stir(taking->options.shard->beat);
        taking->taken_ms = clock_monotonic_ms();
    }
    hand_over(take, taken);
    note_answer(take, taken);
    if (taken->count < take->most)
        gateways_give_back(taking->options.gateways, take->lane->destination);
    taking_look(taking); /* there may be more, or room for another channel */
    taking->options.on_room(taking->options.context);
}

static void on_taken(void *context, const struct outbox_taken *taken)
{
    struct take *take = context;
    take->lane->destination->promised -= take->most;
    take->lane->destination->asked -= take->most;
    hear(take, taken);
}

static void on_granted(void *context, const struct outbox_taken *taken, size_t most)
{
    struct take *take = context;
    take->most = most;
    hear(take, taken);
}

/* ---- The object ---- */

static void make_channel(struct taking *taking, struct channel *channel,
                         const struct config_channel *config)
{
    struct choice *choice = &channel->choice;
    while (config->gateways[choice->count] && choice->count < CHOICE_MOST)
        choice->count++;
    choice->lanes = mem_zero(choice->count, sizeof *choice->lanes);
    channel->taking = taking;
    channel->config = config;
    channel->common = (struct take){.channel = channel};
    channel->own = mem_zero(choice->count, sizeof *channel->own);
    for (size_t i = 0; i < choice->count; i++) {
        choice->lanes[i].destination = gateways_of(taking->options.gateways, config->gateways[i]);
        channel->own[i] = (struct take){.channel = channel, .own_only = true};
    }
}

struct taking *taking_new(const struct taking_options *options)
{
    struct taking *taking = mem_zero(1, sizeof *taking);
    taking->options = *options;
    taking->count = options->config->channel_count;
    taking->channels = mem_zero(taking->count, sizeof *taking->channels);
    for (size_t i = 0; i < taking->count; i++)
        make_channel(taking, &taking->channels[i], &options->config->channels[i]);
    taking->tick = evtimer_new(options->base, on_tick, taking);
    if (!taking->tick)
        mem_exhausted();
    return taking;
}

void taking_destroy(struct taking **taking)
{
    struct taking *ended = *taking;
    if (!ended)
        return;
    *taking = NULL;
    for (size_t i = 0; i < ended->count; i++) {
        free(ended->channels[i].choice.lanes);
        free(ended->channels[i].own);
    }
    beat_end(ended->options.shard->beat, &ended->tick);
    free(ended->channels);
    free(ended);
}

void taking_start(struct taking *taking)
{
    taking->goes_on = true;
    event_active(taking->tick, EV_TIMEOUT, 0);
}

void taking_stop(struct taking *taking)
{
    taking->goes_on = false;
    taking->owing = true; /* until the tick has seen that nothing was lost */
    event_active(taking->tick, EV_TIMEOUT, 0);
}

bool taking_goes_on(const struct taking *taking)
{
    return taking->goes_on;
}

void taking_reload(struct taking *taking)
{
    for (size_t i = 0; i < taking->count; i++) {
        const struct choice *choice = &taking->channels[i].choice;
        for (size_t lane = 0; lane < choice->count; lane++)
            choice->lanes[lane].not_before_ms = 0;
    }
    taking_look_anew(taking);
}

bool taking_busy(const struct taking *taking)
{
    return taking->asked > 0 || taking->owing;
}

size_t taking_behind(const struct taking *taking)
{
    size_t count = 0;
    for (size_t i = 0; i < taking->count; i++)
        count += taking->channels[i].behind;
    return count;
}

int64_t taking_now_ms(const struct taking *taking)
{
    return clock_monotonic_ms() + taking->redis_ahead_ms;
}

const struct choice *taking_choice(const struct taking *taking, const char *channel)
{
    for (size_t i = 0; i < taking->count; i++)
        if (strcmp(taking->channels[i].config->name, channel) == 0)
            return &taking->channels[i].choice;
    return NULL;
}
