/*
 * nudgectl gateway: the gateways over all daemons, paused and let go on, and a test of one.
 *
 * What each daemon says of its gateways it writes into Redis (store/bulletins); queues, rates and
 * pauses stand there anyway. `ls` brings both together, gateway by gateway.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/clock.h"
#include "base/duration.h"
#include "ctl/by_whom.h"
#include "ctl/command.h"
#include "ctl/gateway_test.h"
#include "ctl/json_line.h"
#include "ctl/overall.h"
#include "ctl/pausing.h"
#include "ctl/plain.h"
#include "send/gateway_common.h"

enum { FIRST_CHUNK = 64 * 1024, NAMES_MOST = 500 };

struct overview {
    struct context *context;
    const struct shards *shards;
    struct arena *arena;
    bool json;
    struct paused *paused;
    size_t paused_count;
    struct daemons_item *daemons;
    size_t daemon_count;
};

/* ---- What is known ---- */

static bool read_overview(struct overview *overview, struct diag *diag)
{
    return overall_paused(overview->shards, overview->arena, &overview->paused,
                          &overview->paused_count, diag) &&
           overall_daemons(overview->shards, overview->arena, &overview->daemons,
                           &overview->daemon_count, diag);
}

static const struct paused *pause_of(const struct overview *overview, const char *gateway)
{
    return pausing_find(overview->paused, overview->paused_count, gateway);
}

static const char *const *channels_of(const struct overview *overview,
                                      const struct config_gateway *gateway)
{
    const struct config *config = overview->context->config;
    const char **names = arena_zero(overview->arena, sizeof *names * (config->channel_count + 1));
    size_t count = 0;
    for (const struct config_channel *channel = config->channels; channel->name; channel++)
        for (const struct config_gateway *const *one = channel->gateways; *one; one++)
            if (*one == gateway)
                names[count++] = channel->name;
    return names;
}

/* ---- ls, for people ---- */

static const char *text_in(const struct overview *overview, const struct value *map,
                           const char *name)
{
    return plain_of(overview->arena, value_to_text(overview->arena, value_get(map, name)));
}

static void print_daemon(const struct overview *overview, size_t i, const struct value *said)
{
    char wait[DURATION_TEXT_SIZE], at[CLOCK_TEXT_SIZE];
    const struct value *failure = value_get(said, "failure");
    const char *why = text_in(overview, said, "why");
    printf("    %s: breaker %s", plain_of(overview->arena, overview->daemons[i].name),
           text_in(overview, said, "breaker"));
    if (*why)
        printf(" (%s)", why);
    if (value_get(said, "probe_in_ms"))
        printf(", a probe in %s",
               duration_format((daemons_number(said, "probe_in_ms") + 999) / 1000 * 1000, wait));
    printf(", %" PRId64 " being sent\n", daemons_number(said, "sending"));
    if (value_is(failure, VALUE_MAP))
        printf("      last failure %s: %s\n", clock_format(daemons_time(failure, "at"), at),
               text_in(overview, failure, "text"));
}

static void print_plain(const struct overview *overview, const struct config_gateway *gateway,
                        const struct gateway_queues *queues)
{
    const struct gateway_common *common = gateway->settings;
    const struct paused *paused = pause_of(overview, gateway->name);
    char per[DURATION_TEXT_SIZE];
    bool any = false;
    printf("%s  %s", gateway->name, gateway->kind->name);
    if (paused) {
        printf("  ");
        pausing_print(overview->arena, paused);
    }
    printf("\n    %" PRId64 " transactional and %" PRId64 " marketing wait", queues->transactional,
           queues->marketing);
    if (queues->bound)
        printf(", %" PRId64 " for it alone", queues->bound);
    if (common->rate.count)
        printf("; rate %" PRId64 " of %" PRId64 " per %s", queues->used, common->rate.count,
               duration_format(common->rate.per_ms, per));
    printf("\n");
    for (size_t i = 0; i < overview->daemon_count; i++) {
        const struct value *said = daemons_gateway(&overview->daemons[i], gateway->name);
        if (said)
            print_daemon(overview, i, said);
        any |= said != NULL;
    }
    if (!any)
        printf("    no daemon that runs has it\n");
}

/* ---- ls, as JSON ---- */

static void print_json(const struct overview *overview, const struct config_gateway *gateway,
                       const struct gateway_queues *queues)
{
    struct arena *arena = overview->arena;
    const struct paused *paused = pause_of(overview, gateway->name);
    struct value row = value_new_map(arena, 9), daemons = value_new_map(arena, 4);
    value_set(arena, row, "name", value_text(gateway->name));
    value_set(arena, row, "kind", value_text(gateway->kind->name));
    pausing_put(arena, row, paused);
    value_set(arena, row, "transactional", value_int(queues->transactional));
    value_set(arena, row, "marketing", value_int(queues->marketing));
    value_set(arena, row, "bound", value_int(queues->bound));
    value_set(arena, row, "rate_used", value_int(queues->used));
    for (size_t i = 0; i < overview->daemon_count; i++) {
        const struct value *said = daemons_gateway(&overview->daemons[i], gateway->name);
        if (said)
            value_set(arena, daemons, overview->daemons[i].name, *said);
    }
    value_set(arena, row, "daemons", daemons);
    json_line_print(&row);
}

static int list(struct overview *overview)
{
    struct diag diag = {0};
    const struct config *config = overview->context->config;
    if (!read_overview(overview, &diag))
        return context_fail(&diag);
    for (const struct config_gateway *gateway = config->gateways; gateway->name; gateway++) {
        const struct gateway_common *common = gateway->settings;
        struct gateway_queues queues;
        if (!overall_queues(overview->shards, gateway->name, channels_of(overview, gateway),
                            common->rate.count ? common->rate.per_ms : 0, &queues, &diag))
            return context_fail(&diag);
        (overview->json ? print_json : print_plain)(overview, gateway, &queues);
    }
    return EXIT_SUCCESS;
}

/* ---- pause, resume ---- */

static bool set_pause_in(const struct shards_item *shard, bool pause, const char *name,
                         const char *by, bool *done, struct diag *diag)
{
    return pause ? paused_set(shard->session, shard->prefix, KEY_PAUSED, name, by, done, diag)
                 : paused_clear(shard->session, shard->prefix, KEY_PAUSED, name, done, diag);
}

static bool set_pause(const struct overview *overview, bool pause, const char *name,
                      struct diag *diag)
{
    struct arena *arena = overview->arena;
    const struct shards *shards = overview->shards;
    bool done = false;
    for (size_t k = 0; k < shards->count; k++) {
        bool here = false;
        if (!set_pause_in(&shards->items[k], pause, name, by_whom(arena), &here, diag) &&
            !shards_pass(shards, &shards->items[k], diag))
            return false;
        done = done || here;
    }
    const struct value row = pausing_row(arena, "gateway", name, pause, done);
    if (overview->json)
        json_line_print(&row);
    else
        printf("%s\n", pausing_text(arena, name, pause, done));
    return true;
}

static int set_pauses(const struct overview *overview, bool pause, char **names)
{
    struct diag diag = {0};
    for (; *names; names++)
        if (!set_pause(overview, pause, *names, &diag))
            return context_fail(&diag);
    return EXIT_SUCCESS;
}

/* ---- The command line ---- */

static const struct config_gateway *find(const struct config *config, const char *name)
{
    const struct config_gateway *gateway = config->gateways;
    while (gateway->name && strcmp(gateway->name, name) != 0)
        gateway++;
    return gateway->name ? gateway : NULL;
}

static int no_gateway(const struct config *config, const char *name)
{
    const char *names[NAMES_MOST + 1];
    struct diag diag = {0};
    size_t count = 0;
    for (const struct config_gateway *gateway = config->gateways; gateway->name; gateway++)
        if (count < NAMES_MOST)
            names[count++] = gateway->name;
    names[count] = NULL;
    diag_error(&diag, "there is no gateway `%s` in the configuration", name);
    diag_suggest(&diag, name, names);
    return context_fail(&diag);
}

static int run_with_redis(struct overview *overview, const char *verb, char **names)
{
    overview->shards = shards_open_some(overview->context);
    if (!overview->shards)
        return EXIT_FAILURE;
    overview->arena = arena_new(FIRST_CHUNK);
    bool lists = strcmp(verb, "ls") == 0;
    int status = lists ? list(overview) : set_pauses(overview, strcmp(verb, "pause") == 0, names);
    arena_destroy(&overview->arena);
    return shards_end(overview->shards, status, lists ? SHARDS_UNSEEN : SHARDS_UNDONE);
}

/* 0, or EX_USAGE. `count`: arguments with the verb. */
static int check(const char *verb, int count, const char *to, char **argv)
{
    static const char *const verbs[] = {"ls", "pause", "resume", "test", NULL};
    bool pauses = strcmp(verb, "pause") == 0 || strcmp(verb, "resume") == 0;
    bool tests = strcmp(verb, "test") == 0, lists = strcmp(verb, "ls") == 0;
    if (!pauses && !tests && !lists)
        return pausing_no_verb(argv[0], verb, verbs, "`ls`, `pause`, `resume` or `test`");
    if (pauses && count < 2)
        return command_usage(argv[0], "`%s` takes the names of gateways", verb);
    if (tests && (count != 2 || !to))
        return command_usage(argv[0], "`test` takes one gateway, and --to ADDRESS");
    if (lists && count > 1)
        return command_usage(argv[0], "no argument is expected: %s", argv[2]);
    if (to && !tests)
        return command_usage(argv[0], "--to goes with `test`");
    return 0;
}

static int run(struct context *context, const char *verb, const char *to, bool json, char **names)
{
    struct overview overview = {.context = context, .json = json};
    if (!context_config(context))
        return EXIT_FAILURE;
    for (char **name = names; *name && strcmp(verb, "resume") != 0; name++)
        if (!find(context->config, *name))
            return no_gateway(context->config, *name);
    if (strcmp(verb, "test") != 0)
        return run_with_redis(&overview, verb, names);
    const struct gateway_test test = {.to = to, .json = json};
    return gateway_test_run(context, find(context->config, names[0]), &test);
}

int command_gateway(struct context *context, int argc, char **argv)
{
    bool json = false;
    const char *to = NULL;
    static char *none[] = {NULL};
    const struct command_option options[] = {
        {.name = "--to", .value = &to}, {.name = "--json", .flag = &json}, {0}};
    int count = command_options(context, argc, argv, options);
    if (count < 0)
        return EX_USAGE;
    const char *verb = count ? argv[1] : "ls";
    int fault = check(verb, count, to, argv);
    argv[count + 1] = NULL;
    return fault ? fault : run(context, verb, to, json, count > 1 ? argv + 2 : none);
}
