/*
 * shard_new(), near the end, makes all of it in the order in which one needs another; before it
 * stand what makes each, and what the connection, watched keys and answers of scripts tell.
 */
#include "store/shard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "store/keys.h"
#include "store/script_table.h"

static void on_connection(void *context, bool ready, const char *reason)
{
    struct shard *shard = context;
    shard->on_connection(shard->context, ready, reason);
    if (shard->tracking) /* a cluster may tell while all this is being built */
        tracking_connection(shard->tracking, ready);
    if (!ready && shard->intake)
        intake_note_lost(shard->intake);
    if (!ready && shard->outbox)
        outbox_note_loss(shard->outbox);
    instance_connection(shard->instance, ready);
}

static void on_change(void *context, const char *key)
{
    struct shard *shard = context;
    if (!key || strcmp(key, intake_inbox(shard->intake)) == 0)
        intake_note_change(shard->intake);
    if (!key || strcmp(key, intake_inbox(shard->intake)) != 0)
        beat_change(shard->beat);
}

/* A command within a script is denied in words of its own: of Redis 7.0, and since 7.2. */
static bool says_denied(const char *error)
{
    return strncmp(error, "NOPERM ", 7) == 0 ||
           strstr(error, "The user executing the script can't") ||
           strstr(error, "ACL failure in script");
}

/* What comes before a script has written anything, whatever it is that it wants to write. */
static bool says_refused(const char *error)
{
    return strncmp(error, "NOREPLICAS ", 11) == 0 || strncmp(error, "MISCONF ", 8) == 0 ||
           strncmp(error, "OOM ", 4) == 0 || strncmp(error, "READONLY ", 9) == 0;
}

/* Without the script and its line, which Redis names. */
static void note_refusal(struct shard *shard, const char *error)
{
    const char *place = strstr(error, " script: ");
    int length = (int)(place ? place - error : (ptrdiff_t)strlen(error));
    snprintf(shard->refusal, sizeof shard->refusal, "%.*s", length, error);
    shard->refused_at = clock_monotonic_ms();
}

static void on_error(void *context, const char *error)
{
    struct shard *shard = context;
    if (says_refused(error))
        note_refusal(shard, error);
    wrong_keys_hear(shard->wrong_keys, clock_monotonic_ms(), error);
    if (strncmp(error, "LEASE ", 6) == 0)
        instance_lapsed(shard->instance);
    if (says_denied(error))
        instance_denied(shard->instance);
}

static struct connection *open_connection(struct shard *shard, const struct shard_options *options)
{
    struct arena *arena = arena_new(256);
    struct connection *connection =
        connection_new(&(struct connection_options){.base = options->base,
                                                    .endpoint = options->endpoint,
                                                    .cluster = options->cluster,
                                                    .key = keys_absent(arena, options->prefix),
                                                    .name = "nudged",
                                                    .on_state = on_connection,
                                                    .context = shard});
    arena_destroy(&arena);
    return connection;
}

static struct tracking *new_tracking(struct shard *shard, const struct shard_options *options)
{
    return tracking_new(
        &(struct tracking_options){.base = options->base,
                                   .endpoint = options->endpoint,
                                   .cluster = options->cluster,
                                   .impossible = endpoint_is_cluster(&options->endpoint),
                                   .name = "nudged:changes",
                                   .connection = shard->connection,
                                   .on_change = on_change,
                                   .context = shard});
}

static struct beat *new_beat(const struct shard *shard, const struct shard_options *options)
{
    return beat_new(&(struct beat_options){.base = options->base,
                                           .tracking = shard->tracking,
                                           .prefix = options->prefix,
                                           .channels = options->channels,
                                           .channel_count = options->channel_count,
                                           .gateways = options->gateways,
                                           .gateway_count = options->gateway_count});
}

static struct instance *new_instance(const struct shard *shard, const struct shard_options *options)
{
    return instance_new(&(struct instance_options){.base = options->base,
                                                   .scripts = shard->scripts,
                                                   .beat = shard->beat,
                                                   .rule_sets = shard->rule_sets,
                                                   .name = options->instance,
                                                   .accept_loss = options->accept_loss,
                                                   .agreements = options->agreements,
                                                   .agreement_count = options->agreement_count,
                                                   .channels = options->channels,
                                                   .channel_count = options->channel_count,
                                                   .on_state = options->on_instance,
                                                   .context = options->context});
}

static struct intake *new_intake(const struct shard *shard, const struct shard_options *options)
{
    return intake_new(&(struct intake_options){.base = options->base,
                                               .endpoint = options->endpoint,
                                               .cluster = options->cluster,
                                               .scripts = shard->scripts,
                                               .instance = shard->instance,
                                               .beat = shard->beat,
                                               .tracking = shard->tracking,
                                               .turns = shard->turns,
                                               .batch = options->batch,
                                               .inbox = options->inbox,
                                               .inbox_left = options->inbox_left,
                                               .on_batch = options->on_batch,
                                               .context = options->context});
}

static struct outbox *new_outbox(const struct shard *shard, const struct shard_options *options)
{
    return outbox_new(&(struct outbox_options){.scripts = shard->scripts,
                                               .instance = shard->instance,
                                               .channels = options->channels,
                                               .channel_count = options->channel_count,
                                               .gateways = options->gateways,
                                               .gateway_count = options->gateway_count,
                                               .inbox = intake_inbox(shard->intake),
                                               .dead_keep_ms = options->dead_keep_ms,
                                               .trace_keep_ms = options->trace_keep_ms,
                                               .log_group = options->log_group,
                                               .wrong_keys = shard->wrong_keys});
}

struct shard *shard_new(const struct shard_options *options)
{
    struct shard *shard = mem_zero(1, sizeof *shard);
    shard->number = options->number;
    shard->turns = options->turns;
    shard->on_connection = options->on_connection;
    shard->context = options->context;
    shard->connection = open_connection(shard, options);
    shard->tracking = new_tracking(shard, options);
    shard->beat = new_beat(shard, options);
    shard->scripts = scripts_new(shard->connection, options->prefix, script_table, SCRIPT_COUNT);
    shard->wrong_keys = wrong_keys_new(options->prefix, options->secret, options->secret_length);
    scripts_listen(shard->scripts, on_error, shard);
    shard->rule_sets = rule_sets_new(shard->scripts);
    shard->instance = new_instance(shard, options);
    shard->customers = customers_new(shard->scripts, shard->instance);
    shard->tables = tables_new(shard->scripts, shard->wrong_keys);
    shard->halted = halted_new(shard->scripts);
    shard->intake = new_intake(shard, options);
    shard->timers = timers_new(&(struct timers_options){.scripts = shard->scripts,
                                                        .instance = shard->instance,
                                                        .settle_ms = options->settle_ms,
                                                        .inbox = intake_inbox(shard->intake)});
    shard->clocks = clocks_new(&(struct clocks_options){.scripts = shard->scripts,
                                                        .instance = shard->instance,
                                                        .settle_ms = options->settle_ms,
                                                        .inbox = intake_inbox(shard->intake),
                                                        .rate = options->clocks_rate});
    shard->outbox = new_outbox(shard, options);
    shard->levels = levels_new(shard->scripts, intake_inbox(shard->intake), options->channels,
                               options->channel_count);
    return shard;
}

void shard_destroy(struct shard **shard)
{
    struct shard *ended = *shard;
    if (!ended)
        return;
    *shard = NULL;
    levels_destroy(&ended->levels);
    outbox_destroy(&ended->outbox);
    clocks_destroy(&ended->clocks);
    timers_destroy(&ended->timers);
    intake_destroy(&ended->intake);
    halted_destroy(&ended->halted);
    tables_destroy(&ended->tables);
    customers_destroy(&ended->customers);
    instance_destroy(&ended->instance);
    rule_sets_destroy(&ended->rule_sets);
    wrong_keys_destroy(&ended->wrong_keys);
    scripts_destroy(&ended->scripts);
    beat_destroy(&ended->beat);
    tracking_destroy(&ended->tracking);
    connection_destroy(&ended->connection);
    free(ended);
}

const char *shard_refusal(const struct shard *shard)
{
    enum { RECENT_MS = 5000 }; /* a renewal is tried again each second */
    bool is_recent = clock_monotonic_ms() - shard->refused_at < RECENT_MS;
    return *shard->refusal && is_recent ? shard->refusal : NULL;
}
