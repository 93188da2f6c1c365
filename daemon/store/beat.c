/*
 * Who waits has a `place`, found by its timer: its own timer runs while it has something to wait
 * for before the next beat, else on_beat() makes it go off, one timer for all. Keys are watched in
 * on_beat() before those look who are woken there, so nothing is missed in between; who was at work
 * just then looks once more, a second later. beat_change() wakes all who wait.
 */
#include "store/beat.h"

#include <event2/event.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/failpoint.h"
#include "base/mem.h"
#include "store/keys.h"

enum {
    QUIET_MS = 10000, /* without anything: the keys are watched */
    EARLY_MS = 50,    /* a timer that goes off so much before its moment meant that one */
    PLACES = 16,
};

enum place_state {
    PLACE_ELSEWHERE, /* its timer runs by itself, or its owner is at work */
    PLACE_WAITING,   /* for the next beat, and knows what for */
    PLACE_POLLING,   /* likewise, without knowing of anything */
    PLACE_SLOW,      /* for the next one of those every three seconds */
};

struct place {
    struct event *timer;
    enum place_state state;
};

struct beat {
    struct tracking *tracking;
    struct arena *arena; /* of the keys */
    const char **keys;
    size_t key_count;
    struct event *timer;
    int64_t next_ms;    /* of the beat that comes; clock_monotonic_ms, as all here */
    int64_t slow;       /* which of those every three seconds was the last */
    int64_t stirred_ms; /* something was found last */
    int64_t watched_ms; /* since when the keys are watched; 0: they are not */
    struct place places[PLACES];
    size_t count;
};

/* ---- What is watched ---- */

static void add_key(struct beat *beat, const char *key)
{
    beat->keys[beat->key_count++] = key;
}

/* What stands in a queue, or is held for it. */
static void add_queue(struct beat *beat, const char *prefix, const char *queue)
{
    static const char *const classes[] = {"transactional", "marketing"};
    static const enum key kinds[] = {KEY_OUTBOX, KEY_HOLDING, KEY_LACKING};
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++)
            add_key(beat, keys_spell(beat->arena, prefix, kinds[kind], queue, classes[i], NULL));
}

static void make_keys(struct beat *beat, const struct beat_options *options)
{
    static const enum key single[] = {KEY_DUE,    KEY_LATER, KEY_TELL,   KEY_HALTED,  KEY_HALTS,
                                      KEY_PAUSED, KEY_GONE,  KEY_QUEUES, KEY_CHANNELS};
    enum { SINGLE = sizeof single / sizeof *single, OF_QUEUE = 6 };
    size_t queues = options->channel_count * (1 + options->gateway_count);
    struct arena *arena = beat->arena;
    beat->keys = arena_alloc(arena, (SINGLE + 2 + OF_QUEUE * queues) * sizeof *beat->keys);
    for (size_t i = 0; i < SINGLE; i++)
        add_key(beat, keys_spell(arena, options->prefix, single[i], NULL));
    add_key(beat, keys_spell(arena, options->prefix, KEY_FULL, "transactional", NULL));
    add_key(beat, keys_spell(arena, options->prefix, KEY_FULL, "marketing", NULL));
    for (size_t i = 0; i < options->channel_count; i++) {
        const char *channel = options->channels[i];
        add_queue(beat, options->prefix, channel);
        for (size_t j = 0; j < options->gateway_count; j++)
            add_queue(beat, options->prefix,
                      arena_printf(arena, "%s@%s", channel, options->gateways[j]));
    }
}

static bool is_quiet(const struct beat *beat, int64_t now_ms)
{
    int64_t quiet_ms = failpoint("beat-quiet") ? 0 : QUIET_MS;
    return tracking_on(beat->tracking) && now_ms - beat->stirred_ms >= quiet_ms;
}

/* ---- The beat ---- */

/* Who looked before the keys were watched looks once more behind that. */
static int64_t interval(const struct beat *beat, int64_t now_ms)
{
    bool slow = beat->watched_ms && now_ms - beat->watched_ms >= BEAT_MS / 2;
    return slow ? BEAT_SLOW_MS : BEAT_MS;
}

static void set_timer(struct beat *beat, int64_t interval_ms)
{
    int64_t now_ms = clock_monotonic_ms(), left_ms = interval_ms - now_ms % interval_ms;
    if (left_ms < EARLY_MS)
        left_ms += interval_ms;
    const struct timeval wait = clock_timeval(left_ms);
    beat->next_ms = now_ms + left_ms;
    event_add(beat->timer, &wait);
}

static void wake(struct place *place)
{
    place->state = PLACE_ELSEWHERE;
    event_active(place->timer, EV_TIMEOUT, 0);
}

static void on_beat(evutil_socket_t fd, short what, void *context)
{
    struct beat *beat = context;
    int64_t now_ms = clock_monotonic_ms(), slow = (now_ms + EARLY_MS) / BEAT_SLOW_MS;
    bool looks = !beat->watched_ms || !failpoint("beat-deaf");
    (void)fd, (void)what;
    for (size_t i = 0; i < beat->count; i++) {
        enum place_state state = beat->places[i].state;
        if (state == PLACE_WAITING || (state == PLACE_POLLING && looks) ||
            (state == PLACE_SLOW && slow != beat->slow))
            wake(&beat->places[i]);
    }
    beat->slow = slow;
    if (!beat->watched_ms && is_quiet(beat, now_ms)) {
        beat->watched_ms = now_ms;
        tracking_watch(beat->tracking, beat->keys, beat->key_count);
    }
    set_timer(beat, interval(beat, now_ms));
}

void beat_stir(struct beat *beat)
{
    int64_t now_ms = clock_monotonic_ms();
    bool slow = beat->next_ms - now_ms > BEAT_MS;
    beat->stirred_ms = now_ms;
    beat->watched_ms = 0;
    if (slow)
        set_timer(beat, BEAT_MS);
}

void beat_change(struct beat *beat)
{
    bool watched = beat->watched_ms;
    beat_stir(beat);
    for (size_t i = 0; i < beat->count && watched; i++) {
        struct place *place = &beat->places[i];
        if (place->state == PLACE_WAITING || place->state == PLACE_POLLING ||
            (place->state == PLACE_ELSEWHERE && evtimer_pending(place->timer, NULL)))
            wake(place);
    }
}

int64_t beat_left_ms(const struct beat *beat)
{
    int64_t left_ms = beat->next_ms - clock_monotonic_ms();
    return left_ms > 0 ? left_ms : 0;
}

static struct place *place_of(struct beat *beat, struct event *timer)
{
    size_t i = 0;
    while (i < beat->count && beat->places[i].timer != timer)
        i++;
    if (i == PLACES)
        abort(); /* there are as many as modules that wait */
    if (i == beat->count)
        beat->places[beat->count++].timer = timer;
    return &beat->places[i];
}

void beat_wait(struct beat *beat, struct event *timer, int64_t ms)
{
    bool polls = ms < 0 || ms >= BEAT_SLOW_MS, waits = ms >= beat_left_ms(beat);
    const struct timeval wait = clock_timeval(polls ? 0 : ms);
    place_of(beat, timer)->state = polls ? PLACE_POLLING : waits ? PLACE_WAITING : PLACE_ELSEWHERE;
    if (polls || waits)
        event_del(timer);
    else
        event_add(timer, &wait);
}

void beat_wait_late(struct beat *beat, struct event *timer, int64_t ms, int64_t late_ms)
{
    int64_t left_ms = beat_left_ms(beat);
    const struct timeval wait = clock_timeval((ms < left_ms ? ms : left_ms) + late_ms);
    beat_wait(beat, timer, ms);
    if (!late_ms)
        return;
    place_of(beat, timer)->state = PLACE_ELSEWHERE;
    event_add(timer, &wait);
}

void beat_wait_slow(struct beat *beat, struct event *timer)
{
    place_of(beat, timer)->state = PLACE_SLOW;
    event_del(timer);
}

void beat_forget(struct beat *beat, struct event *timer)
{
    place_of(beat, timer)->state = PLACE_ELSEWHERE;
    event_del(timer);
}

void beat_end(struct beat *beat, struct event **timer)
{
    struct place *place = place_of(beat, *timer);
    *place = beat->places[--beat->count];
    event_free(*timer);
    *timer = NULL;
}

/* ---- The object ---- */

struct beat *beat_new(const struct beat_options *options)
{
    struct beat *beat = mem_zero(1, sizeof *beat);
    beat->tracking = options->tracking;
    beat->arena = arena_new(2048);
    beat->stirred_ms = clock_monotonic_ms();
    make_keys(beat, options);
    beat->timer = evtimer_new(options->base, on_beat, beat);
    if (!beat->timer)
        mem_exhausted();
    set_timer(beat, BEAT_MS);
    return beat;
}

void beat_destroy(struct beat **beat)
{
    struct beat *ended = *beat;
    if (!ended)
        return;
    *beat = NULL;
    event_free(ended->timer);
    arena_destroy(&ended->arena);
    free(ended);
}
