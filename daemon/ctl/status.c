/*
 * nudgectl status: how nudged stands (ctl/standing), for people as a page that fits their terminal
 * (ctl/status_page), or as one JSON object. That bears all members that the daemon of this machine
 * says of itself, by which scripts have always read it, and beside them those over all daemons.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/cells.h"
#include "ctl/command.h"
#include "ctl/exit_codes.h"
#include "ctl/json_line.h"
#include "ctl/standing_wrong.h"
#include "ctl/status_page.h"

enum { FIRST_CHUNK = 64 * 1024, PAGE_MOST = 4 << 20, TIMEOUT_MS = 3000, ANSWER_MS = 30000 };

/* ---- JSON ---- */

static void put(struct arena *arena, struct value map, const char *name, int64_t number)
{
    value_set(arena, map, name, value_int(number));
}

/* A time; left out where there is none. */
static void put_time(struct arena *arena, struct value map, const char *name, int64_t ms)
{
    if (ms)
        put(arena, map, name, ms);
}

/* Those of single values alone, or all. */
static void put_members(struct arena *arena, struct value map, const struct value *said, bool all)
{
    for (uint32_t i = 0; value_is(said, VALUE_MAP) && i < value_count(said); i++) {
        const struct value_member *member = &said->map->members[i];
        const char *key = value_to_text(arena, &member->key);
        if (key && (all || member->value.kind < VALUE_LIST))
            value_set(arena, map, key, member->value);
    }
}

static struct value list_of_wrong(const struct standing *standing, struct arena *arena)
{
    struct value list = value_new_list(arena, 8);
    for (size_t i = 0; i < standing->wrong_count; i++) {
        struct value row = value_new_map(arena, 2);
        value_set(arena, row, "what", value_text(standing->wrong[i].what));
        if (*standing->wrong[i].command)
            value_set(arena, row, "command", value_text(standing->wrong[i].command));
        value_push(arena, list, row);
    }
    return list;
}

static struct value list_of_daemons(const struct standing *standing, struct arena *arena)
{
    struct value list = value_new_list(arena, 4);
    for (size_t i = 0; i < standing->daemon_count; i++) {
        const struct value *said = &standing->daemons[i].said;
        struct value row = value_new_map(arena, 12);
        value_set(arena, row, "name", value_text(standing->daemons[i].name));
        put_members(arena, row, said, false);
        value_push(arena, list, row);
    }
    return list;
}

static struct value list_of_gateways(const struct standing *standing, struct arena *arena)
{
    struct value list = value_new_list(arena, 8);
    for (size_t i = 0; i < standing->gateway_count; i++) {
        const struct standing_gateway *gateway = &standing->gateways[i];
        struct value row = value_new_map(arena, 16);
        put_members(arena, row, &gateway->said, true);
        value_set(arena, row, "name", value_text(gateway->name));
        value_set(arena, row, "kind", value_text(gateway->kind));
        value_set(arena, row, "state", value_text(standing_state_word(gateway->state)));
        if (*gateway->why)
            value_set(arena, row, "because", value_text(gateway->why));
        put(arena, row, "sending", gateway->sending);
        put(arena, row, "sent", gateway->sent);
        put(arena, row, "retried", gateway->retried);
        put(arena, row, "refused", gateway->refused);
        if (gateway->failed_ms)
            value_set(arena, row, "failure", gateway->failed);
        value_push(arena, list, row);
    }
    return list;
}

static struct value list_of_queues(const struct survey *survey, struct arena *arena)
{
    struct value list = value_new_list(arena, 8);
    for (size_t i = 0; i < survey->queue_count; i++) {
        struct value row = value_new_map(arena, 4);
        value_set(arena, row, "channel", value_text(survey->queues[i].channel));
        value_set(arena, row, "class", value_text(survey->queues[i].class));
        put(arena, row, "waiting", survey->queues[i].count);
        put_time(arena, row, "oldest_at", survey->queues[i].since_ms);
        value_push(arena, list, row);
    }
    return list;
}

static struct value list_of_rules(const struct standing *standing, struct arena *arena)
{
    struct value list = value_new_list(arena, 4);
    for (size_t i = 0; i < standing->halted_count; i++) {
        struct value row = value_new_map(arena, 4);
        value_set(arena, row, "rule", value_text(standing->halted[i].name));
        value_set(arena, row, "by", value_text(standing->halted[i].by));
        put_time(arena, row, "paused_at", standing->halted[i].at_ms);
        put(arena, row, "waiting", standing->halted[i].waiting);
        value_push(arena, list, row);
    }
    return list;
}

static struct value list_of_names(struct arena *arena, const char *const *names)
{
    struct value list = value_new_list(arena, 4);
    for (; *names; names++)
        value_push(arena, list, value_text(*names));
    return list;
}

static struct value list_of_shards(const struct standing *standing, struct arena *arena)
{
    struct value list = value_new_list(arena, (uint32_t)standing->shard_count);
    for (size_t i = 0; i < standing->shard_count; i++) {
        const struct standing_shard *shard = &standing->shards[i];
        const struct survey *survey = &shard->survey;
        struct value row = value_new_map(arena, 12);
        put(arena, row, "shard", (int64_t)i);
        value_set(arena, row, "reachable", value_bool(!shard->away));
        value_push(arena, list, row);
        if (shard->away)
            continue;
        put(arena, row, "events", survey->events + survey->inbox);
        put_time(arena, row, "oldest_event_at", survey->events_since_ms);
        put(arena, row, "timers", survey->timers);
        put(arena, row, "due", survey->due);
        put(arena, row, "outbox", shard->outbox);
        put(arena, row, "later", survey->later);
        put(arena, row, "uncertain", survey->uncertain);
        put(arena, row, "uncertain_withdrawn", survey->withdrawn);
        put(arena, row, "dead", survey->dead);
        value_set(arena, row, "daemons", list_of_names(arena, shard->daemons));
    }
    return list;
}

/* What stands in Redis. */
static void put_survey(const struct standing *standing, struct arena *arena, struct value all)
{
    const struct survey *survey = &standing->survey;
    struct value events = value_new_map(arena, 4), timers = value_new_map(arena, 4),
                 messages = value_new_map(arena, 8);
    value_set(arena, events, "per_second", value_double(standing->events_per_second));
    value_set(arena, messages, "per_second", value_double(standing->messages_per_second));
    put(arena, events, "waiting", survey->events + survey->inbox);
    put_time(arena, events, "oldest_at", survey->events_since_ms);
    if (standing->shard_count && !standing->no_unmoved)
        put(arena, events, "unmoved", standing->unmoved);
    put(arena, timers, "waiting", survey->timers);
    put(arena, timers, "due", survey->due);
    put_time(arena, timers, "oldest_due_at", survey->due_since_ms);
    put(arena, messages, "later", survey->later);
    put(arena, messages, "uncertain", survey->uncertain);
    put(arena, messages, "uncertain_withdrawn", survey->withdrawn);
    put_time(arena, messages, "oldest_uncertain_at", survey->uncertain_since_ms);
    put(arena, messages, "for_room", survey->full_transactional + survey->full_marketing);
    put(arena, messages, "dead", survey->dead);
    put_time(arena, messages, "newest_dead_at", survey->dead_newest_ms);
    value_set(arena, all, "events", events);
    value_set(arena, all, "timers", timers);
    value_set(arena, all, "messages", messages);
    value_set(arena, all, "queues", list_of_queues(survey, arena));
}

static void print_json(const struct standing *standing, struct arena *arena)
{
    struct value all = value_new_map(arena, 48);
    put_members(arena, all, &standing->local, true);
    put(arena, all, "at", standing->now_ms);
    value_set(arena, all, "well", value_bool(standing->wrong_count == 0));
    value_set(arena, all, "wrong", list_of_wrong(standing, arena));
    value_set(arena, all, "answers", value_bool(standing->answers));
    value_set(arena, all, "files_changed", value_bool(standing->files_changed));
    value_set(arena, all, "redis", value_bool(standing_redis_answers(standing)));
    value_set(arena, all, "daemons", list_of_daemons(standing, arena));
    if (standing->redis)
        put_survey(standing, arena, all);
    value_set(arena, all, "gateways", list_of_gateways(standing, arena));
    value_set(arena, all, "paused_rules", list_of_rules(standing, arena));
    if (standing->shard_count)
        value_set(arena, all, "shards", list_of_shards(standing, arena));
    json_line_print(&all);
}

/* ---- The command ---- */

static void print_page(const struct standing *standing, bool shards)
{
    struct status_page_size size;
    struct buf page;
    cells_of_terminal(&size.columns, &size.lines);
    buf_init(&page, PAGE_MOST);
    status_page_write(standing, &size, &page);
    if (shards)
        status_page_shards(standing, size.columns, &page);
    fwrite(buf_string(&page), 1, page.length, stdout);
    buf_free(&page);
}

/* Nobody answers at all: told as a fault. */
static int fail(struct context *context, const struct standing *standing)
{
    for (size_t i = 0; i < standing->wrong_count; i++)
        fprintf(stderr, "nudgectl: %s\n", standing->wrong[i].what);
    context_tell_defaults(context);
    return EX_UNAVAILABLE;
}

static int show(struct context *context, struct arena *arena, bool json, bool shards)
{
    struct standing_source source = {
        .context = context, .timeout_ms = TIMEOUT_MS, .answer_ms = ANSWER_MS};
    struct standing *standing = arena_zero(arena, sizeof *standing);
    standing_read(&source, arena, standing);
    standing_wrong_find(standing, arena);
    standing_close(&source);
    if (standing->daemon_count == 0 && !standing->redis)
        return fail(context, standing);
    if (json)
        print_json(standing, arena);
    else
        print_page(standing, shards);
    int status = standing->daemon_count ? EXIT_SUCCESS : EX_UNAVAILABLE;
    return standing->redis ? shards_end(standing->asked, status, SHARDS_UNSEEN) : status;
}

int command_status(struct context *context, int argc, char **argv)
{
    bool json = false, shards = false;
    const struct command_option options[] = {
        {.name = "--json", .flag = &json}, {.name = "--shards", .flag = &shards}, {0}};
    if (!command_no_arguments(command_options(context, argc, argv, options), argv))
        return EX_USAGE;
    if (!context_config(context))
        return EXIT_FAILURE;
    struct arena *arena = arena_new(FIRST_CHUNK);
    int status = show(context, arena, json, shards);
    arena_destroy(&arena);
    return status;
}
