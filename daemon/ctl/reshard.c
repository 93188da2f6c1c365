/*
 * nudgectl reshard --to N: what it would take to have N shards. Counted is what there is
 * (count_all); the steps are commands to be run by hand, `steps` has them. Nothing is changed here.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "ctl/command.h"
#include "ctl/exit_codes.h"
#include "ctl/json_line.h"
#include "ctl/overall.h"
#include "ctl/plain.h"
#include "store/find_customer.h"
#include "store/keys.h"

enum {
    FIRST_CHUNK = 64 * 1024,
    SAMPLE_MOST = 50,               /* documents of a shard whose length is asked for */
    COUNT_MS = 24 * 60 * 60 * 1000, /* for the counting of a shard */
    EXPORT_MS = 15,                 /* for each customer, a program that is started; … */
    IMPORT_MS = 1,                  /* … many of them in one: docs/scale.md, "Another number" */
};

struct reshard {
    struct context *context;
    struct arena *arena;
    const struct shards *shards;
    struct placement to;
    bool lists, json;
    /* what there is */
    int64_t customers, moved, sampled, sampled_bytes;
    struct survey survey;
    /* of the shard that is counted */
    size_t shard, sample_count;
    const char *sample[SAMPLE_MOST];
};

/* ---- What there is ---- */

static bool on_customer(void *context, const char *key)
{
    struct reshard *reshard = context;
    reshard->customers++;
    reshard->moved += placement_of(&reshard->to, key) != reshard->shard;
    if (reshard->sample_count < SAMPLE_MOST)
        reshard->sample[reshard->sample_count++] = arena_text(reshard->arena, key);
    if (reshard->lists) {
        plain_text(key);
        printf("\n");
    }
    return !ferror(stdout);
}

/* Each by itself: some may have gone. */
static bool weigh(struct reshard *reshard, const struct shards_item *shard, struct diag *diag)
{
    for (size_t i = 0; i < reshard->sample_count; i++) {
        const char *key =
            keys_spell(reshard->arena, shard->prefix, KEY_CUSTOMER, reshard->sample[i], NULL);
        const struct reply *document = session_command(shard->session, diag, "GET", key, NULL);
        if (!document)
            return false;
        reshard->sampled += document->length > 0;
        reshard->sampled_bytes += (int64_t)document->length;
    }
    return true;
}

static bool count_shard(struct reshard *reshard, const struct shards_item *shard, struct diag *diag)
{
    reshard->shard = shard->number;
    reshard->sample_count = 0;
    return (find_customer_begin(shard->session, shard->prefix, "", COUNT_MS, on_customer, reshard,
                                diag) &&
            (reshard->lists || weigh(reshard, shard, diag))) ||
           shards_blame(reshard->shards, shard, diag);
}

static bool count_all(struct reshard *reshard, struct diag *diag)
{
    const struct shards *shards = reshard->shards;
    const char *list = reshard->context->config->keys.events.list;
    struct survey *each = arena_zero(reshard->arena, sizeof *each * shards->count);
    for (size_t k = 0; k < shards->count; k++)
        if (!count_shard(reshard, &shards->items[k], diag))
            return false;
    return overall_survey(shards, list, reshard->arena, &reshard->survey, each, diag);
}

static int64_t messages_in(const struct survey *survey)
{
    int64_t count = survey->later;
    for (size_t i = 0; i < survey->queue_count; i++)
        count += survey->queues[i].count;
    return count;
}

static int64_t bytes_of(const struct reshard *reshard)
{
    return reshard->sampled ? reshard->sampled_bytes / reshard->sampled * reshard->customers : 0;
}

static int64_t time_of(const struct reshard *reshard)
{
    return reshard->customers * (EXPORT_MS + IMPORT_MS);
}

/* ---- The steps ---- */

/* `command`: for a shell, in which $old and $new are the two configurations; "": by hand. */
static const struct {
    const char *what, *command;
} steps[] = {
    {"write a configuration $new with another `redis.prefix`, and the new `redis.shards`; all "
     "else, "
     "`secret_file` above all, stays as it is in $old",
     ""},
    {"stop what pushes: the shop, webhooks, the web", ""},
    {"wait until all is decided and sent",
     "until nudgectl -c $old status --json | jq -e '.events.waiting + .messages.later + "
     "([.queues[].waiting] | add // 0) == 0'; do sleep 1; done"},
    {"decide on what is held or was given up, which does not come along",
     "nudgectl -c $old uncertain; nudgectl -c $old dead"},
    {"stop all daemons", "nudgectl -c $old stop"},
    {"export everybody, each into a file of their own",
     "mkdir people; nudgectl -c $old reshard --to $n --customers | while read -r key; do "
     "i=$((i + 1)); nudgectl -c $old customer export \"$key\" > people/$i.json || "
     "echo \"$key\" >> failed; done"},
    {"import them, with what waits", "find people -name '*.json' -print0 | xargs -0 -n 1000 "
                                     "nudgectl -c $new customer import --journeys"},
    {"bring along who must not be written to",
     "nudgectl -c $old suppress export | nudgectl -c $new suppress import -"},
    {"load what is left of lists of codes, pause again what is to stay paused", ""},
    {"start the daemons with $new, then let the shop push to its shards", ""},
};

enum { STEPS = sizeof steps / sizeof *steps };

static const char not_carried[] =
    "What does not come along: messages that wait, are held or were given up; traces; codes; "
    "pauses; "
    "which requests (Idempotency-Key), deliveries of webhooks and moved entries were taken "
    "already, so "
    "that none of the last week may be sent again; what was counted of rates, warm-ups and the "
    "brake; "
    "whose a mail is that still comes back; and each no of somebody of whom nothing else is known "
    "any "
    "more, as they were erased or `customer.keep` is over: such an address may be written to again "
    "where the shop names it. What each person who is known has said, their limits and caps, and "
    "the "
    "ids of their events do.";

/* ---- Telling ---- */

static void put(struct reshard *reshard, struct value row, const char *name, int64_t number)
{
    value_set(reshard->arena, row, name, value_int(number));
}

static void print_json(struct reshard *reshard)
{
    const struct survey *survey = &reshard->survey;
    struct arena *arena = reshard->arena;
    struct value row = value_new_map(arena, 16), list = value_new_list(arena, STEPS);
    put(reshard, row, "shards", (int64_t)reshard->shards->placement.shards);
    put(reshard, row, "to", (int64_t)reshard->to.shards);
    put(reshard, row, "customers", reshard->customers);
    put(reshard, row, "moved", reshard->moved);
    put(reshard, row, "waiting", survey->timers);
    put(reshard, row, "events", survey->events + survey->inbox);
    put(reshard, row, "messages", messages_in(survey));
    put(reshard, row, "uncertain", survey->uncertain);
    put(reshard, row, "dead", survey->dead);
    put(reshard, row, "bytes", bytes_of(reshard));
    put(reshard, row, "seconds", (time_of(reshard) + 999) / 1000);
    for (size_t i = 0; i < STEPS; i++) {
        struct value step = value_new_map(arena, 2);
        value_set(arena, step, "what", value_text(steps[i].what));
        if (*steps[i].command)
            value_set(arena, step, "command", value_text(steps[i].command));
        value_push(arena, list, step);
    }
    value_set(arena, row, "steps", list);
    json_line_print(&row);
}

static void print_counts(const struct reshard *reshard)
{
    const struct survey *survey = &reshard->survey;
    char time[DURATION_TEXT_SIZE];
    printf("customers  %" PRId64 ", of which %" PRId64 " would be in another shard\n",
           reshard->customers, reshard->moved);
    printf("waiting    %" PRId64 " customers\n", survey->timers);
    printf("events     %" PRId64 "\n", survey->events + survey->inbox);
    printf("messages   %" PRId64 " that wait, %" PRId64 " uncertain, %" PRId64 " dead letters\n",
           messages_in(survey), survey->uncertain, survey->dead);
    printf("documents  about %" PRId64 " KB\n", (bytes_of(reshard) + 1023) / 1024);
    printf("time       about %s, by %d ms for an export and %d ms for an import\n",
           duration_format((time_of(reshard) + 999) / 1000 * 1000, time), EXPORT_MS, IMPORT_MS);
}

static void print_page(const struct reshard *reshard)
{
    print_counts(reshard);
    printf("\nAnother number is another installation, to which all move:\n");
    for (size_t i = 0; i < STEPS; i++) {
        printf("\n%zu. %s\n", i + 1, steps[i].what);
        if (*steps[i].command)
            printf("   %s\n", steps[i].command);
    }
    printf("\n%s\n", not_carried);
}

/* ---- The command ---- */

static int run(struct reshard *reshard)
{
    struct diag diag = {0};
    reshard->shards = shards_open(reshard->context);
    if (!reshard->shards)
        return EXIT_FAILURE;
    if (!count_all(reshard, &diag))
        return context_fail(&diag);
    if (reshard->json)
        print_json(reshard);
    else if (!reshard->lists)
        print_page(reshard);
    return EXIT_SUCCESS;
}

int command_reshard(struct context *context, int argc, char **argv)
{
    struct reshard reshard = {.context = context};
    const char *to = NULL;
    char *end = NULL;
    const struct command_option options[] = {{.name = "--to", .value = &to},
                                             {.name = "--customers", .flag = &reshard.lists},
                                             {.name = "--json", .flag = &reshard.json},
                                             {0}};
    if (!command_no_arguments(command_options(context, argc, argv, options), argv))
        return EX_USAGE;
    reshard.to.shards = to ? strtoul(to, &end, 10) : 0;
    if (!to || *end || reshard.to.shards < 1 || reshard.to.shards > PLACEMENT_SHARDS_MOST)
        return command_usage(argv[0], "--to is a number of shards, from 1 to %d",
                             PLACEMENT_SHARDS_MOST);
    if (reshard.lists && reshard.json)
        return command_usage(argv[0], "--customers prints one a line, and no JSON");
    reshard.arena = arena_new(FIRST_CHUNK);
    int status = run(&reshard);
    arena_destroy(&reshard.arena);
    return status;
}
