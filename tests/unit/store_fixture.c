#include "store_fixture.h"

#include <event2/event.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "store/script_table.h"

static void on_connection(void *context, bool ready, const char *reason)
{
    struct store_fixture *store = context;
    (void)reason;
    store->connected = ready;
    tracking_connection(store->tracking, ready);
    if (store->instance)
        instance_connection(store->instance, ready);
}

static void on_change(void *context, const char *key)
{
    struct store_fixture *store = context;
    if (store->intake && (!key || strcmp(key, intake_inbox(store->intake)) == 0))
        intake_note_change(store->intake);
    beat_change(store->beat);
}

static void on_instance(void *context, enum instance_state state, const struct diag *fault)
{
    struct store_fixture *store = context;
    store->state = state;
    store->settled = true;
    if (fault)
        store->fault = *fault;
}

/* The beats of the store, which have a base of their own. */
static void on_beats(evutil_socket_t fd, short what, void *context)
{
    struct store_fixture *store = context;
    (void)fd, (void)what;
    event_base_loop(store->beat_base, EVLOOP_NONBLOCK);
}

static void open_beat(struct store_fixture *store)
{
    static const struct timeval often = {.tv_usec = 20000};
    static const char *const channels[] = {"email", "sms"};
    store->beat_base = event_base_new();
    store->beat = beat_new(&(struct beat_options){.base = store->beat_base,
                                                  .tracking = store->tracking,
                                                  .prefix = "t",
                                                  .channels = channels,
                                                  .channel_count = 2});
    store->beats = event_new(store->redis->base, -1, EV_PERSIST, on_beats, store);
    event_add(store->beats, &often);
}

static void close_beat(struct store_fixture *store)
{
    event_free(store->beats);
    beat_destroy(&store->beat);
    event_base_free(store->beat_base);
}

void store_fixture_begin(struct store_fixture *store, struct redis_fixture *redis, const char *name,
                         const struct instance_options *changes)
{
    static const char *const channels[] = {"email", "sms"};
    struct instance_options options = changes ? *changes : (struct instance_options){0};
    struct diag diag;
    *store = (struct store_fixture){.redis = redis, .arena = arena_new(512)};
    assert_true(endpoint_parse(store->arena, redis->url, &store->endpoint, &diag));
    store->connection = connection_new(&(struct connection_options){.base = redis->base,
                                                                    .endpoint = store->endpoint,
                                                                    .on_state = on_connection,
                                                                    .context = store});
    store->tracking = tracking_new(&(struct tracking_options){.base = redis->base,
                                                              .endpoint = store->endpoint,
                                                              .connection = store->connection,
                                                              .on_change = on_change,
                                                              .context = store});
    open_beat(store);
    store->scripts = scripts_new(store->connection, "t", script_table, SCRIPT_COUNT);
    store->rule_sets = rule_sets_new(store->scripts);
    rule_sets_use(store->rule_sets, "00000000000000aa", (struct slice){"", 0});
    options.base = redis->base;
    options.rule_sets = store->rule_sets;
    options.scripts = store->scripts;
    options.beat = store->beat;
    options.name = name;
    options.channels = channels;
    options.channel_count = 2;
    options.on_state = on_instance;
    options.context = store;
    store->instance = instance_new(&options);
}

void store_fixture_open(struct store_fixture *store, struct redis_fixture *redis, const char *name)
{
    store_fixture_begin(store, redis, name, &(struct instance_options){.accept_loss = true});
    redis_fixture_run(redis, &store->settled);
    if (store->state != INSTANCE_READY)
        fail_msg("the instance did not enter: %s", store->fault.text);
}

void store_fixture_close(struct store_fixture *store)
{
    instance_destroy(&store->instance);
    rule_sets_destroy(&store->rule_sets);
    scripts_destroy(&store->scripts);
    close_beat(store);
    tracking_destroy(&store->tracking);
    connection_destroy(&store->connection);
    arena_destroy(&store->arena);
}

static const char *name_of(const struct store_fixture *store, char *out, size_t size)
{
    const char *consumer = instance_consumer(store->instance);
    snprintf(out, size, "%.*s", (int)strcspn(consumer, ":"), consumer);
    return out;
}

static void on_pong(void *context, const struct reply *reply, const struct diag *fault)
{
    (void)reply, (void)fault;
    *(bool *)context = true;
}

void store_fixture_lose_lease(struct store_fixture *store)
{
    char name[64];
    bool answered = false;
    event_del(store->beats);
    /* Behind a renewal that is under way. */
    connection_command(store->connection, NULL, on_pong, &answered, "PING", NULL);
    redis_fixture_run(store->redis, &answered);
    assert_redis(store->redis, "1", "DEL t:instance:%s", name_of(store, name, sizeof name));
}

void store_fixture_lapse(struct store_fixture *store)
{
    store_fixture_lose_lease(store);
    redis_fixture_ask(store->redis, "HSET t:gone %s 1", instance_consumer(store->instance));
}

void store_fixture_revive(struct store_fixture *store)
{
    char name[64];
    assert_redis(store->redis, "OK", "SET t:instance:%s %lld PX 10000",
                 name_of(store, name, sizeof name), (long long)instance_epoch(store->instance));
}

void store_fixture_commit(struct customers *customers, const struct commit *commit,
                          customers_on_commit *callback, void *context)
{
    const struct commit *const commits[] = {commit};
    const struct commit_call call = {.commits = commits, .count = 1};
    customers_commit(customers, &call, callback, &context);
}
