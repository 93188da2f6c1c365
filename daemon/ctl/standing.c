/*
 * Three askings, each of which may fail for itself: the daemon of this machine at its admin socket
 * (ask_daemon), Redis (ask_redis), and both together gateway by gateway (join_gateways).
 */
#include "ctl/standing.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/duration.h"
#include "base/json.h"
#include "ctl/age.h"
#include "ctl/changed_files.h"
#include "send/gateway_common.h"
#include "store/keys.h"

enum { AFTER_AWAY_MS = 500 /* for what may be away too */ };

const char *standing_state_word(enum standing_state state)
{
    static const char *const words[] = {"works",      "slowed", "probed",
                                        "left alone", "paused", "absent"};
    return words[state];
}

bool standing_redis_answers(const struct standing *standing)
{
    const struct value *redis = value_get(&standing->local, "redis");
    return standing->redis && !(value_is(redis, VALUE_BOOL) && !redis->boolean);
}

/* ---- The daemon of this machine ---- */

static bool ask_daemon(struct standing_source *source, struct arena *arena,
                       struct standing *standing, struct diag *diag)
{
    struct admin_answer answer;
    struct value read;
    struct diag unreadable;
    standing->local = value_new_map(arena, 1);
    if (!context_try_answer(source->context, "GET", "/status", source->timeout_ms, &answer, diag))
        return false;
    const char *text = arena_copy(arena, buf_string(&answer.body), answer.body.length);
    standing->answers =
        answer.status == 200 &&
        json_read(arena, text, answer.body.length, &json_file_limits, &read, &unreadable) &&
        read.kind == VALUE_MAP;
    if (standing->answers)
        standing->local = read;
    else
        diag_error(diag, "the daemon's answer cannot be read");
    standing->files_changed = changed_files(source->context->config, &standing->local, arena);
    buf_free(&answer.body);
    return standing->answers;
}

/* ---- Redis ---- */

/* What a shop has pushed as if there were one shard. */
static bool add_unmoved(const struct standing_source *source, struct arena *arena,
                        struct standing *standing, struct diag *diag)
{
    const char *stream = keys_spell(arena, source->shards->placement.prefix, KEY_EVENTS, NULL);
    int64_t timeout_ms = shards_away(source->shards) ? AFTER_AWAY_MS : source->timeout_ms;
    struct session *session =
        context_try_session_of(source->context, CONTEXT_UNSHARDED, timeout_ms, diag);
    if (session)
        session_hurry(session, source->answer_ms);
    const struct reply *length =
        session ? session_command(session, diag, "XLEN", stream, NULL) : NULL;
    if (!length && context_lost(diag))
        standing->no_unmoved = arena_printf(arena, "%s cannot be asked: %s", stream, diag->text);
    if (!length)
        return standing->no_unmoved != NULL;
    standing->unmoved = length->integer;
    standing->survey.events += length->integer;
    return true;
}

static bool add_shards(const struct shards *shards, const struct survey *each, struct arena *arena,
                       struct standing *standing, struct diag *diag)
{
    static const char *const nobody[] = {NULL};
    standing->shards = arena_zero(arena, sizeof *standing->shards * shards->count);
    standing->shard_count = shards->count;
    for (size_t k = 0; k < shards->count; k++) {
        struct standing_shard *shard = &standing->shards[k];
        shard->survey = each[k];
        for (size_t i = 0; i < each[k].queue_count; i++)
            shard->outbox += each[k].queues[i].count;
        shard->daemons = overall_workers(&shards->items[k], standing->daemons,
                                         standing->daemon_count, arena, diag);
        if (!shard->daemons && !shards_pass(shards, &shards->items[k], diag))
            return false;
        if (!shard->daemons)
            shard->daemons = nobody;
        shard->away = shards->items[k].away;
    }
    return true;
}

static bool read_redis(struct standing_source *source, struct arena *arena,
                       struct standing *standing, struct diag *diag)
{
    const struct config_keys *keys = &source->context->config->keys;
    const struct shards *shards = shards_try(source->context, arena, source->timeout_ms, diag);
    standing->asked = source->shards = shards;
    if (!shards)
        return false;
    for (size_t k = 0; k < shards->count; k++)
        session_hurry(shards->items[k].session, source->answer_ms);
    struct survey *each = arena_zero(arena, sizeof *each * shards->count);
    return overall_survey(shards, keys->events.list, arena, &standing->survey, each, diag) &&
           overall_daemons(shards, arena, &standing->daemons, &standing->daemon_count, diag) &&
           overall_paused(shards, arena, &standing->paused, &standing->paused_count, diag) &&
           overall_halted(shards, arena, &standing->halted, &standing->halted_count, diag) &&
           (!shards_numbered(shards) || (add_unmoved(source, arena, standing, diag) &&
                                         add_shards(shards, each, arena, standing, diag)));
}

static bool ask_redis(struct standing_source *source, struct arena *arena,
                      struct standing *standing, struct diag *diag)
{
    standing->redis = read_redis(source, arena, standing, diag);
    if (!standing->redis)
        standing_close(source);
    return standing->redis;
}

void standing_close(struct standing_source *source)
{
    source->shards = NULL;
    context_end_sessions(source->context);
}

/* ---- The daemons ---- */

/* "one" of "one:7", in the arena. */
static const char *name_of(const struct value *local, struct arena *arena)
{
    const char *consumer = value_to_text(arena, value_get(local, "instance"));
    const char *colon = consumer ? strrchr(consumer, ':') : NULL;
    return colon ? arena_copy(arena, consumer, (size_t)(colon - consumer)) : "";
}

static struct daemons_item local_item(const struct standing *standing, struct arena *arena)
{
    const struct value *gateways = value_get(&standing->local, "gateways");
    return (struct daemons_item){
        .name = name_of(&standing->local, arena),
        .speaks = true,
        .said = standing->local,
        .gateways = value_is(gateways, VALUE_LIST) ? *gateways : value_new_list(arena, 1)};
}

/* Those that speak; the one of this machine as it has just answered, which is newer. */
static void settle_daemons(struct standing *standing, struct arena *arena)
{
    struct daemons_item *daemons =
        arena_zero(arena, sizeof *daemons * (standing->daemon_count + 1));
    struct daemons_item local = {0};
    size_t count = 0;
    if (standing->answers)
        daemons[count++] = local = local_item(standing, arena);
    for (size_t i = 0; i < standing->daemon_count; i++)
        if (standing->daemons[i].speaks &&
            !(local.name && strcmp(local.name, standing->daemons[i].name) == 0))
            daemons[count++] = standing->daemons[i];
    standing->daemons = daemons;
    standing->daemon_count = count;
}

static double real_in(const struct value *said, const char *name)
{
    double real = 0;
    value_to_double(value_get(said, name), &real);
    return real;
}

static void add_rates(struct standing *standing)
{
    for (size_t i = 0; i < standing->daemon_count; i++) {
        standing->events_per_second += real_in(&standing->daemons[i].said, "events_per_second");
        standing->messages_per_second += real_in(&standing->daemons[i].said, "messages_per_second");
    }
}

/* ---- The gateways ---- */

static const struct paused *pause_of(const struct standing *standing, const char *name)
{
    for (size_t i = 0; i < standing->paused_count; i++)
        if (strcmp(standing->paused[i].name, name) == 0)
            return &standing->paused[i];
    return NULL;
}

static void worsen(struct standing_gateway *gateway, enum standing_state state, const char *why)
{
    if (gateway->state != STANDING_ABSENT && state <= gateway->state)
        return;
    gateway->state = state;
    gateway->why = why;
}

static const char *wait_text(struct arena *arena, const char *before, int64_t ms)
{
    char wait[DURATION_TEXT_SIZE];
    return arena_printf(arena, "%s%s", before, duration_format((ms + 999) / 1000 * 1000, wait));
}

static const char *why_left_alone(const struct value *said, struct arena *arena)
{
    static const char *const words[][2] = {
        {"gateway-fault", "a fault of its own"},
        {"health", "too many of its answers were bad"},
        {"refusals", "it refuses everybody"},
    };
    const char *why = value_to_text(arena, value_get(said, "why"));
    for (size_t i = 0; why && i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i][0], why) == 0)
            why = words[i][1];
    int64_t wait_ms = daemons_number(said, "probe_in_ms");
    return arena_printf(arena, "%s%s", why ? why : "?",
                        wait_ms ? wait_text(arena, ", a probe in ", wait_ms) : "");
}

static void add_daemon(struct standing_gateway *gateway, const struct value *said,
                       struct arena *arena)
{
    const struct value *breaker = value_get(said, "breaker"), *failure = value_get(said, "failure");
    int64_t quiet_ms = daemons_number(said, "quiet_ms"), failed_ms = daemons_time(failure, "at");
    if (value_is_text(breaker, "open"))
        worsen(gateway, STANDING_LEFT_ALONE, why_left_alone(said, arena));
    else if (!value_is_text(breaker, "closed"))
        worsen(gateway, STANDING_PROBED, why_left_alone(said, arena));
    else if (quiet_ms)
        worsen(gateway, STANDING_SLOWED, wait_text(arena, "it asked for a pause of ", quiet_ms));
    else
        worsen(gateway, STANDING_WORKS, "");
    gateway->sending += daemons_number(said, "sending");
    gateway->sent += daemons_number(said, "sent");
    gateway->retried += daemons_number(said, "retried");
    gateway->refused += daemons_number(said, "refused");
    const char *text = value_to_text(arena, value_get(failure, "text"));
    if (failed_ms > gateway->failed_ms && text) {
        gateway->failed_ms = failed_ms;
        gateway->failure = text;
        gateway->failed = *failure;
    }
}

static void add_pause(struct standing_gateway *gateway, const struct paused *paused, int64_t now_ms,
                      struct arena *arena)
{
    char age[AGE_SIZE];
    worsen(gateway, STANDING_PAUSED,
           arena_printf(arena, "%s%s%s%s", paused->by ? "by " : "", paused->by ? paused->by : "",
                        paused->at_ms ? " for " : "",
                        paused->at_ms ? age_format(now_ms - paused->at_ms, age) : ""));
}

static void add_rate(struct standing_source *source, const struct standing *standing,
                     const struct config_gateway *config, struct standing_gateway *gateway,
                     struct arena *arena)
{
    static const char *const none[] = {NULL};
    const struct gateway_common *common = config->settings;
    struct gateway_queues queues;
    struct diag diag;
    char per[DURATION_TEXT_SIZE];
    if (!standing->redis || !common->rate.count || gateway->state != STANDING_WORKS ||
        !overall_queues(source->shards, config->name, none, common->rate.per_ms, &queues, &diag) ||
        queues.used < common->rate.count)
        return;
    worsen(gateway, STANDING_SLOWED,
           arena_printf(arena, "its rate of %" PRId64 " per %s is used up", common->rate.count,
                        duration_format(common->rate.per_ms, per)));
}

static void join_gateways(struct standing_source *source, struct arena *arena,
                          struct standing *standing)
{
    const struct config *config = source->context->config;
    standing->gateways =
        arena_zero(arena, sizeof *standing->gateways * (config->gateway_count + 1));
    for (const struct config_gateway *one = config->gateways; one->name; one++) {
        struct standing_gateway *gateway = &standing->gateways[standing->gateway_count++];
        const struct paused *paused = pause_of(standing, one->name);
        *gateway = (struct standing_gateway){.name = one->name,
                                             .kind = one->kind->name,
                                             .state = STANDING_ABSENT,
                                             .why = "no daemon that runs has it",
                                             .failure = ""};
        for (size_t i = 0; i < standing->daemon_count; i++) {
            const struct value *said = daemons_gateway(&standing->daemons[i], one->name);
            if (said)
                add_daemon(gateway, said, arena);
            if (said && gateway->said.kind != VALUE_MAP)
                gateway->said = *said;
        }
        if (paused && gateway->state != STANDING_ABSENT)
            add_pause(gateway, paused, standing->now_ms, arena);
        add_rate(source, standing, one, gateway, arena);
    }
}

void standing_read(struct standing_source *source, struct arena *arena, struct standing *standing)
{
    struct diag no_daemon = {0}, no_redis = {0};
    *standing = (struct standing){0};
    bool answers = ask_daemon(source, arena, standing, &no_daemon);
    bool redis = ask_redis(source, arena, standing, &no_redis);
    standing->no_daemon = answers ? NULL : arena_text(arena, no_daemon.text);
    standing->no_redis = redis ? NULL : arena_text(arena, no_redis.text);
    standing->now_ms = redis ? standing->survey.now_ms : clock_wall_ms();
    settle_daemons(standing, arena);
    add_rates(standing);
    join_gateways(source, arena, standing);
    if (standing->redis && shards_away(standing->asked))
        standing_close(source); /* the next asking tries again */
}
