/*
 * One thing at a time, and after each a look at what comes next (step):
 *
 *   note    which rules have clocks is told, again and again, and the zones that have customers
 * heard: of each rule in each zone there is an `entry`, which knows when to ask next scan    while
 * the index is made: a part of all keys is read, and who was found is put there sweep   entries
 * whose time has come ask whose turn it is, together with all others of their zones, so that rules
 * of the same moment find the same customers; and who was taken by a daemon that ended is found.
 * Who was taken goes through the pipeline; then comes the next step
 *
 * Times of entries are by Redis' clock, as the last answer told it.
 */
#include "events/sweeper.h"

#include <event2/event.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/log_once.h"
#include "base/map.h"
#include "base/mem.h"
#include "customer/customer.h"
#include "events/zones.h"
#include "redis/backoff.h"
#include "rules/rule_clock.h"

enum {
    NOTE_MS = 2000,       /* a zone that is new is seen then */
    NOTE_IDLE_MS = 60000, /* where no rule has a clock */
    LOOK_MS = 500,        /* for what a daemon left that ended: a beat is further off */
    LONG_MS = 60000,      /* longer than any beat */
    BEHIND_MS = 1000,     /* who has waited for so long is told of */
    YIELD_MS = 2,         /* to events that are being decided */
    SCAN_YIELD_MS = 5,
    BACK_MS = 1000,       /* Redis' clock was set back where it is so much behind */
    CUSTOMERS_MOST = 100, /* at once */
    ENTRIES_MOST = 64,    /* of all zones but the first */
    ARENA_BYTES = 65536,
};

struct entry {
    const char *zone;
    const struct rule *rule;
    int64_t ask_ms; /* when to ask next; -1: never */
    bool more;      /* customers are left whose turn has come: the rate lets them go later */
};

enum call { CALL_NONE, CALL_NOTE, CALL_SCAN, CALL_INDEX, CALL_SWEEP };

struct sweeper {
    struct sweeper_options options;
    struct event *timer;
    enum call failing; /* the one that failed last, until it goes well */
    struct backoff backoff;
    struct log_once told; /* why nothing can be done */
    bool on, busy;        /* a call is under way, or the pipeline has ticks */

    struct generation *generation; /* whose rules the entries are; NULL: none was noted */
    const struct rule **noted;     /* those that were told in the call under way */
    int64_t note_ms, look_ms;      /* the next; clock_monotonic_ms */
    int64_t redis_ms, heard_ms;    /* what Redis' clock was, and when; clock_monotonic_ms */
    enum clocks_state state;
    int64_t keys, customers;
    char *cursor; /* of the scan */

    struct arena *arena;   /* of the entries, until it is noted again */
    struct entry *entries; /* zone by zone */
    size_t count, next;    /* where to begin to look */
    const char **rules;    /* of the entries, NULL-terminated */
    size_t rule_count;
    struct arena *asking; /* of one call */
    struct entry **asked;
    size_t asked_count;
};

static void step(struct sweeper *sweeper);

static int64_t redis_now(const struct sweeper *sweeper)
{
    return sweeper->redis_ms + clock_monotonic_ms() - sweeper->heard_ms;
}

/* A clock that was set back brings times again. */
static void hear_time(struct sweeper *sweeper, int64_t now_ms)
{
    bool back = now_ms < redis_now(sweeper) - BACK_MS;
    for (size_t i = 0; i < sweeper->count && back; i++)
        sweeper->entries[i].ask_ms = 0;
    sweeper->redis_ms = now_ms;
    sweeper->heard_ms = clock_monotonic_ms();
}

static void after(struct sweeper *sweeper, int64_t ms)
{
    sweeper->busy = false;
    if (sweeper->on)
        beat_wait(sweeper->options.shard->beat, sweeper->timer, ms > 0 ? ms : 0);
}

/* True where there was one: it is tried again later, and later still where it fails again. That the
 * steps before it go well meanwhile says nothing of it. */
static bool has_failed(struct sweeper *sweeper, enum call call, const struct diag *fault)
{
    if (!fault) {
        if (sweeper->failing == call) {
            backoff_reset(&sweeper->backoff);
            log_once_forget(&sweeper->told);
            sweeper->failing = CALL_NONE;
        }
        return false;
    }
    if (!instance_tells(fault) && log_once_is_news(&sweeper->told, fault->text))
        log_warning("clocks of rules cannot go on, trying again: %s", fault->text);
    sweeper->failing = call;
    sweeper->note_ms = 0;
    after(sweeper, backoff_next(&sweeper->backoff));
    return true;
}

/* ---- Note ---- */

static bool is_newest(const struct sweeper *sweeper)
{
    const struct rule_sets *sets = sweeper->options.shard->rule_sets;
    int64_t number = rule_sets_number(sets, sweeper->generation->digest);
    size_t count;
    const struct rule_sets_other *others = rule_sets_others(sets, &count);
    for (size_t i = 0; i < count; i++)
        if (others[i].number > number)
            return false;
    return true;
}

/* "<zone> <rule>" */
static const char *name_of(struct arena *arena, const struct entry *entry)
{
    return arena_printf(arena, "%s %s", entry->zone, entry->rule->name);
}

/* When the entries that were there before are to ask next. */
static struct map *times_of(const struct sweeper *sweeper, struct arena *arena)
{
    struct map *times = map_new();
    for (size_t i = 0; i < sweeper->count; i++) {
        const char *name = name_of(arena, &sweeper->entries[i]);
        map_put(times, name, strlen(name), &sweeper->entries[i]);
    }
    return times;
}

static void add_zone(struct sweeper *sweeper, const char *zone, const bool *ours,
                     const struct map *times)
{
    zone = arena_text(sweeper->arena, zone);
    for (size_t i = 0; sweeper->noted[i]; i++) {
        struct entry *entry = &sweeper->entries[sweeper->count];
        if (!ours[i])
            continue;
        *entry = (struct entry){.zone = zone, .rule = sweeper->noted[i]};
        const char *name = name_of(sweeper->arena, entry);
        const struct entry *before = map_get(times, name, strlen(name));
        entry->ask_ms = before ? before->ask_ms : 0;
        entry->more = before && before->more;
        sweeper->count++;
    }
}

/* Of each rule in each zone. */
static void make_entries(struct sweeper *sweeper, const struct clocks_noted *noted)
{
    struct arena *before = sweeper->arena;
    struct map *times = times_of(sweeper, before);
    size_t all = 0;
    while (sweeper->noted[all])
        all++;
    sweeper->arena = arena_new(ARENA_BYTES);
    sweeper->count = sweeper->rule_count = 0;
    sweeper->entries =
        arena_zero(sweeper->arena, sizeof *sweeper->entries * (all * noted->zone_count + 1));
    sweeper->rules = arena_zero(sweeper->arena, sizeof *sweeper->rules * (all + 1));
    for (size_t i = 0; i < all; i++)
        if (noted->ours[i])
            sweeper->rules[sweeper->rule_count++] = sweeper->noted[i]->name;
    for (size_t i = 0; i < noted->zone_count; i++)
        add_zone(sweeper, noted->zones[i], noted->ours, times);
    map_destroy(&times);
    arena_destroy(&before);
}

static void set_state(struct sweeper *sweeper, enum clocks_state state)
{
    if (state == CLOCKS_SCAN && sweeper->state != CLOCKS_SCAN)
        log_info("an index of all customers is being made, for clocks of rules");
    if (state == CLOCKS_DONE && sweeper->state == CLOCKS_SCAN)
        log_info("the index of all customers is made");
    sweeper->state = state;
}

static void on_noted(void *context, const struct clocks_noted *noted)
{
    struct sweeper *sweeper = context;
    if (has_failed(sweeper, CALL_NOTE, noted->fault))
        return;
    hear_time(sweeper, noted->now_ms);
    make_entries(sweeper, noted);
    sweeper->keys = noted->keys;
    sweeper->customers = noted->customers;
    free(sweeper->cursor);
    sweeper->cursor = mem_text(noted->cursor);
    set_state(sweeper, noted->state);
    sweeper->note_ms =
        clock_monotonic_ms() + (noted->state == CLOCKS_NONE ? NOTE_IDLE_MS : NOTE_MS);
    after(sweeper, 0);
}

/* The entries of other rules ask no more; those that stay keep their times. */
static void use_generation(struct sweeper *sweeper)
{
    struct generation *now = sweeper->options.generation(sweeper->options.context);
    if (now == sweeper->generation)
        return;
    sweeper->count = sweeper->rule_count = 0;
    generation_release(&sweeper->generation);
    sweeper->generation = generation_hold(now);
    sweeper->note_ms = 0;
}

static void note(struct sweeper *sweeper)
{
    const struct rule *const *rules = ruleset_clocks(sweeper->generation->rules);
    size_t count = 0;
    while (rules[count])
        count++;
    struct clocks_rule *told = arena_alloc(sweeper->asking, sizeof *told * (count + 1));
    sweeper->noted = (const struct rule **)rules;
    for (size_t i = 0; i < count; i++)
        told[i] = (struct clocks_rule){rules[i]->name, rules[i]->clock->text};
    clocks_note(sweeper->options.shard->clocks, told, count, is_newest(sweeper), on_noted, sweeper);
}

/* ---- Scan ---- */

static void on_indexed(void *context, const struct clocks_noted *indexed)
{
    struct sweeper *sweeper = context;
    if (has_failed(sweeper, CALL_INDEX, indexed->fault))
        return;
    free(sweeper->cursor);
    sweeper->cursor = mem_text(indexed->cursor);
    if (indexed->state != CLOCKS_SCAN)
        sweeper->note_ms = 0;
    after(sweeper, SCAN_YIELD_MS);
}

static void on_scanned(void *context, const struct clocks_scanned *scanned)
{
    struct sweeper *sweeper = context;
    if (has_failed(sweeper, CALL_SCAN, scanned->fault))
        return;
    struct arena *arena = sweeper->asking;
    struct clocks_indexed *found = arena_alloc(arena, sizeof *found * (scanned->count + 1));
    size_t count = 0;
    for (size_t i = 0; i < scanned->count; i++) {
        const struct slice *text = &scanned->documents[i];
        struct diag diag;
        const struct customer *customer =
            text->text
                ? customer_read(arena, scanned->customers[i], text->text, text->length, &diag)
                : NULL;
        if (customer) /* one that cannot be read is told of when it is decided */
            found[count++] =
                (struct clocks_indexed){.customer = customer->key,
                                        .version = customer->version,
                                        .zone = zones_of(customer, arena),
                                        .place = rule_clock_place(customer_first_key(customer))};
    }
    clocks_index(sweeper->options.shard->clocks, sweeper->cursor, scanned, found, count, on_indexed,
                 sweeper);
}

/* ---- Sweep ---- */

static bool is_due(const struct entry *entry, int64_t now_ms)
{
    return entry->ask_ms >= 0 && entry->ask_ms <= now_ms;
}

static void on_decided(void *context)
{
    struct sweeper *sweeper = context;
    after(sweeper, pipeline_has_events(sweeper->options.pipeline) ? YIELD_MS : 0);
}

static void on_swept(void *context, const struct clocks_swept *swept)
{
    struct sweeper *sweeper = context;
    if (has_failed(sweeper, CALL_SWEEP, swept->fault))
        return;
    for (size_t i = 0; i < sweeper->asked_count; i++) {
        sweeper->asked[i]->ask_ms = swept->ask_ms[i];
        sweeper->asked[i]->more = is_due(sweeper->asked[i], swept->now_ms);
    }
    hear_time(sweeper, swept->now_ms);
    sweeper->look_ms = clock_monotonic_ms() + LOOK_MS;
    if (swept->state != CLOCKS_DONE)
        sweeper->note_ms = 0;
    for (size_t i = 0; i < sweeper->asked_count; i++) /* not before the rate lets somebody go */
        if (sweeper->asked[i]->ask_ms >= 0 &&
            sweeper->asked[i]->ask_ms < swept->now_ms + swept->wait_ms)
            sweeper->asked[i]->ask_ms = swept->now_ms + swept->wait_ms;
    if (swept->taken_count)
        beat_stir(sweeper->options.shard->beat);
    if (swept->taken_count && sweeper->on)
        pipeline_take_ticks(sweeper->options.pipeline, swept->taken, swept->taken_count, on_decided,
                            sweeper);
    else
        after(sweeper, 0);
}

static struct clocks_tick tick_of(struct arena *arena, bool found, const struct rule_tick *tick)
{
    return found ? (struct clocks_tick){tick->time_ms, arena_text(arena, tick->name)}
                 : (struct clocks_tick){.name = ""};
}

/* False where the zone is none here. */
static bool make_sweep(const struct sweeper *sweeper, const struct entry *entry, int64_t now_ms,
                       struct clocks_sweep *sweep)
{
    const struct rule_clock *clock = entry->rule->clock;
    bool is_shop = strcmp(entry->zone, zones_shop) == 0;
    struct zone *zone = zone_get(is_shop ? sweeper->generation->policy.zone : entry->zone);
    struct rule_tick before, tick, next;
    if (!zone)
        return false;
    bool is_there = rule_clock_last(clock, zone, now_ms, &tick);
    bool was = is_there && rule_clock_last(clock, zone, tick.time_ms - 1, &before);
    bool comes = rule_clock_next(clock, zone, now_ms, &next);
    *sweep = (struct clocks_sweep){.zone = entry->zone,
                                   .rule = entry->rule->name,
                                   .spread_ms = clock->spread_ms,
                                   .max_age_ms = entry->rule->max_age_ms,
                                   .ticks = {tick_of(sweeper->asking, was, &before),
                                             tick_of(sweeper->asking, is_there, &tick),
                                             tick_of(sweeper->asking, comes, &next)}};
    return true;
}

/* The entries of a zone from `first` on, where one is due. Returns where the next zone begins. */
static size_t ask_zone(struct sweeper *sweeper, size_t first, int64_t now_ms,
                       struct clocks_sweep *sweeps)
{
    size_t end = first;
    bool due = false;
    for (; end < sweeper->count && sweeper->entries[end].zone == sweeper->entries[first].zone;
         end++)
        due = due || is_due(&sweeper->entries[end], now_ms);
    for (size_t i = first; i < end && due; i++) {
        struct entry *entry = &sweeper->entries[i];
        if (entry->ask_ms < 0)
            continue;
        if (!make_sweep(sweeper, entry, now_ms, &sweeps[sweeper->asked_count]))
            entry->ask_ms = -1;
        else
            sweeper->asked[sweeper->asked_count++] = entry;
    }
    return end;
}

/* Zones take turns. */
static void sweep(struct sweeper *sweeper)
{
    struct arena *arena = sweeper->asking;
    struct clocks_sweep *sweeps = arena_alloc(arena, sizeof *sweeps * (sweeper->count + 1));
    int64_t now_ms = redis_now(sweeper);
    size_t at = sweeper->next < sweeper->count ? sweeper->next : 0, seen = 0;
    sweeper->asked = arena_alloc(arena, sizeof(struct entry *) * (sweeper->count + 1));
    sweeper->asked_count = 0;
    while (seen < sweeper->count && sweeper->asked_count < ENTRIES_MOST) {
        size_t end = ask_zone(sweeper, at, now_ms, sweeps);
        seen += end - at;
        at = end < sweeper->count ? end : 0;
    }
    sweeper->next = at;
    clocks_sweep(sweeper->options.shard->clocks, sweeper->rules, sweeps, sweeper->asked_count,
                 CUSTOMERS_MOST, on_swept, sweeper);
}

/* ---- A step ---- */

/* Milliseconds until the first entry asks; 0 at a beat. */
static int64_t wait_of(const struct sweeper *sweeper)
{
    int64_t first_ms = INT64_MAX, now_ms = redis_now(sweeper), mono_ms = clock_monotonic_ms();
    for (size_t i = 0; i < sweeper->count; i++)
        if (sweeper->entries[i].ask_ms >= 0 && sweeper->entries[i].ask_ms < first_ms)
            first_ms = sweeper->entries[i].ask_ms;
    if (mono_ms >= sweeper->look_ms)
        return 0;
    return first_ms == INT64_MAX ? LONG_MS : first_ms - now_ms;
}

static void step(struct sweeper *sweeper)
{
    const struct instance *instance = sweeper->options.shard->instance;
    if (!sweeper->on || sweeper->busy)
        return;
    use_generation(sweeper);
    arena_reset(sweeper->asking);
    sweeper->busy = true;
    int64_t now_ms = clock_monotonic_ms(), wait_ms = wait_of(sweeper);
    if (!instance_lease_valid(instance))
        after(sweeper, LONG_MS);
    else if (now_ms >= sweeper->note_ms)
        note(sweeper);
    else if (sweeper->state == CLOCKS_SCAN)
        clocks_scan(sweeper->options.shard->clocks, sweeper->cursor, on_scanned, sweeper);
    else if (sweeper->state == CLOCKS_NONE)
        after(sweeper, LONG_MS);
    else if (wait_ms > 0)
        after(sweeper, wait_ms);
    else
        sweep(sweeper);
}

static void on_time(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    step(context);
}

/* ---- The object ---- */

void sweeper_start(struct sweeper *sweeper)
{
    sweeper->on = true;
    event_active(sweeper->timer, EV_TIMEOUT, 0);
}

void sweeper_stop(struct sweeper *sweeper)
{
    sweeper->on = false;
    beat_forget(sweeper->options.shard->beat, sweeper->timer);
}

struct sweeper_view sweeper_view(const struct sweeper *sweeper)
{
    struct sweeper_view view = {.state = sweeper->state,
                                .keys = sweeper->keys,
                                .customers = sweeper->customers,
                                .rules = sweeper->rule_count};
    int64_t now_ms = redis_now(sweeper) - BEHIND_MS;
    for (size_t i = 0; i < sweeper->count; i++)
        view.behind += sweeper->entries[i].more || is_due(&sweeper->entries[i], now_ms);
    return view;
}

struct sweeper *sweeper_new(const struct sweeper_options *options)
{
    struct sweeper *sweeper = mem_zero(1, sizeof *sweeper);
    sweeper->options = *options;
    sweeper->arena = arena_new(ARENA_BYTES);
    sweeper->asking = arena_new(ARENA_BYTES);
    sweeper->timer = evtimer_new(options->base, on_time, sweeper);
    if (!sweeper->timer)
        mem_exhausted();
    return sweeper;
}

void sweeper_destroy(struct sweeper **sweeper)
{
    struct sweeper *ended = *sweeper;
    if (!ended)
        return;
    *sweeper = NULL;
    beat_end(ended->options.shard->beat, &ended->timer);
    generation_release(&ended->generation);
    arena_destroy(&ended->asking);
    arena_destroy(&ended->arena);
    free(ended->cursor);
    free(ended);
}
