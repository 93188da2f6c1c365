/*
 * One function for each thing that may be wrong; standing_wrong_find calls them in the order of
 * how bad it is. What lasts a moment only, as every backlog does, is not wrong before LATE_MS.
 */
#include "ctl/standing_wrong.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "base/mem.h"
#include "ctl/age.h"

enum {
    LATE_MS = 60 * 1000,       /* events and timers: they are decided at once */
    SLOW_MS = 5 * 60 * 1000,   /* receipts in the outbox */
    FRESH_MS = 60 * 60 * 1000, /* dead letters of the last hour */
};

static void add(struct standing *standing, const char *command, const char *what)
{
    if (standing->wrong_count < STANDING_WRONG_MOST)
        standing->wrong[standing->wrong_count++] =
            (struct standing_wrong){.what = what, .command = command};
}

static const char *plural(int64_t count)
{
    return count == 1 ? "" : "s";
}

/* ---- Who does not answer ---- */

static void find_daemons(struct standing *standing, struct arena *arena)
{
    if (standing->daemon_count == 0)
        add(standing, "", standing->no_daemon ? standing->no_daemon : "no daemon runs");
    for (size_t i = 0; i < standing->daemon_count; i++) {
        const struct daemons_item *daemon = &standing->daemons[i];
        const char *state = value_to_text(arena, value_get(&daemon->said, "state"));
        if (state && strcmp(state, "running") != 0)
            add(standing, "",
                arena_printf(arena, "the daemon%s%s is %s", *daemon->name ? " " : "", daemon->name,
                             state)); /* before it has reached Redis it has no name */
        if (value_get(&daemon->said, "reload_failed_at"))
            add(standing, "nudgectl check",
                arena_printf(arena, "the last reload of %s was refused: the rules before it hold",
                             daemon->name));
    }
}

static void find_redis(struct standing *standing, struct arena *arena)
{
    if (!standing->redis)
        add(standing, "", standing->no_redis);
    else if (!standing_redis_answers(standing))
        add(standing, "", "the daemon of this machine has no connection to Redis");
    if (standing->redis && shards_away(standing->asked))
        add(standing, "", shards_away_text(standing->asked, arena));
    if (standing->no_unmoved)
        add(standing, "", standing->no_unmoved);
    const char *refused = value_to_text(arena, value_get(&standing->local, "redis_refuses"));
    if (refused)
        add(standing, "", arena_printf(arena, "Redis refuses: %s", refused));
    const struct value *keys = value_get(&standing->local, "wrong_keys");
    for (uint32_t i = 0; i < (value_is(keys, VALUE_LIST) ? value_count(keys) : 0); i++)
        add(standing, "",
            arena_printf(arena, "in Redis %s", value_to_text(arena, &keys->list->items[i])));
}

static void find_archive(struct standing *standing, struct arena *arena)
{
    for (size_t i = 0; i < standing->daemon_count; i++) {
        const struct daemons_item *daemon = &standing->daemons[i];
        const char *fault = value_to_text(arena, value_get(&daemon->said, "archive"));
        if (fault)
            add(standing, "", arena_printf(arena, "%s: %s", daemon->name, fault));
    }
}

/* ---- What does not come on ---- */

static void find_late(struct standing *standing, struct arena *arena)
{
    const struct survey *survey = &standing->survey;
    char age[AGE_SIZE];
    int64_t events_ms = survey->events ? survey->now_ms - survey->events_since_ms : 0;
    int64_t timers_ms = survey->due ? survey->now_ms - survey->due_since_ms : 0;
    if (events_ms > LATE_MS)
        add(standing, "",
            arena_printf(arena, "%" PRId64 " event%s wait, the oldest for %s", survey->events,
                         plural(survey->events), age_format(events_ms, age)));
    if (timers_ms > LATE_MS)
        add(standing, "",
            arena_printf(arena, "%" PRId64 " timer%s late, the oldest by %s", survey->due,
                         survey->due == 1 ? " is" : "s are", age_format(timers_ms, age)));
    int64_t full = survey->full_transactional + survey->full_marketing;
    if (full)
        add(standing, "nudgectl outbox",
            arena_printf(arena, "the outbox is full: sends to %" PRId64 " customer%s wait for room",
                         full, plural(full)));
    if (daemons_number(&standing->local, "behind"))
        add(standing, "", "marketing waits for events that came before it");
}

static void find_outbox(struct standing *standing, struct arena *arena)
{
    char age[AGE_SIZE];
    for (size_t i = 0; i < standing->survey.queue_count; i++) {
        const struct survey_queue *queue = &standing->survey.queues[i];
        int64_t waits_ms = queue->count ? standing->survey.now_ms - queue->since_ms : 0;
        if (waits_ms > SLOW_MS && strcmp(queue->class, "transactional") == 0)
            add(standing, "nudgectl outbox",
                arena_printf(arena, "receipts of %s wait, the oldest for %s", queue->channel,
                             age_format(waits_ms, age)));
    }
}

/* ---- Who was held ---- */

static void find_gateways(struct standing *standing, struct arena *arena)
{
    for (size_t i = 0; i < standing->gateway_count; i++) {
        const struct standing_gateway *gateway = &standing->gateways[i];
        if (gateway->state == STANDING_PAUSED)
            add(standing, arena_printf(arena, "nudgectl gateway resume %s", gateway->name),
                arena_printf(arena, "the gateway %s is paused %s", gateway->name, gateway->why));
        else if (gateway->state == STANDING_ABSENT && standing->daemon_count)
            add(standing, "nudgectl gateway",
                arena_printf(arena, "no daemon that runs has the gateway %s", gateway->name));
        else if (gateway->state == STANDING_LEFT_ALONE || gateway->state == STANDING_PROBED)
            add(standing, arena_printf(arena, "nudgectl gateway test %s --to …", gateway->name),
                arena_printf(arena, "the gateway %s is left alone: %s", gateway->name,
                             gateway->why));
    }
}

static void find_rules(struct standing *standing, struct arena *arena)
{
    char age[AGE_SIZE];
    for (size_t i = 0; i < standing->halted_count; i++) {
        const struct paused *rule = &standing->halted[i];
        const char *by = strcmp(rule->by, "brake") == 0 ? "policy.brake" : rule->by;
        const char *since =
            rule->at_ms
                ? arena_printf(arena, " for %s", age_format(standing->now_ms - rule->at_ms, age))
                : "";
        add(standing, arena_printf(arena, "nudgectl rule resume %s", rule->name),
            arena_printf(arena, "the rule %s is paused by %s%s", rule->name, by, since));
    }
}

static void find_letters(struct standing *standing, struct arena *arena)
{
    const struct survey *survey = &standing->survey;
    char age[AGE_SIZE];
    int64_t open = survey->uncertain - survey->withdrawn;
    if (open)
        add(standing, "nudgectl uncertain",
            arena_printf(arena, "%" PRId64 " uncertain message%s for your word", open,
                         open == 1 ? " waits" : "s wait"));
    if (survey->dead && survey->now_ms - survey->dead_newest_ms < FRESH_MS)
        add(standing, "nudgectl dead",
            arena_printf(arena, "%" PRId64 " dead letter%s, the newest %s ago", survey->dead,
                         plural(survey->dead),
                         age_format(survey->now_ms - survey->dead_newest_ms, age)));
}

void standing_wrong_find(struct standing *standing, struct arena *arena)
{
    find_daemons(standing, arena);
    find_redis(standing, arena);
    find_archive(standing, arena);
    find_late(standing, arena);
    find_outbox(standing, arena);
    find_gateways(standing, arena);
    find_rules(standing, arena);
    find_letters(standing, arena);
}
