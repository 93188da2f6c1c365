/* Entering: the checks, the epoch, the lease, the groups. */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cmocka.h>

#include "base/clock.h"
#include "store/script_table.h"
#include "store_fixture.h"

static const struct instance_options strict = {0};

/* Enters with the options and says how it ended; `store` is open afterwards. */
static enum instance_state enter(struct store_fixture *store, struct redis_fixture *redis,
                                 const char *name, const struct instance_options *options)
{
    store_fixture_begin(store, redis, name, options);
    assert_int_equal(instance_state(store->instance), INSTANCE_ENTERING);
    assert_string_equal(instance_consumer(store->instance), "");
    assert_false(instance_lease_valid(store->instance));
    redis_fixture_run(redis, &store->settled);
    assert_int_equal(instance_state(store->instance), store->state);
    return store->state;
}

static void test_ready(void **state)
{
    struct redis_fixture redis;
    struct store_fixture one, two;
    char expected[64];
    (void)state;
    redis_fixture_open(&redis, NULL);
    int64_t before = clock_monotonic_ms();
    assert_int_equal(enter(&one, &redis, "one", &strict), INSTANCE_READY);
    int64_t epoch = instance_epoch(one.instance);
    snprintf(expected, sizeof expected, "one:%" PRId64, epoch);
    assert_string_equal(instance_consumer(one.instance), expected);
    assert_true(instance_lease_valid(one.instance));
    assert_in_range(instance_lease_deadline(one.instance), before + INSTANCE_LEASE_MS,
                    clock_monotonic_ms() + INSTANCE_LEASE_MS);
    assert_redis(&redis, expected + 4, "GET t:instance:one");
    assert_redis(&redis, expected + 4, "HGET t:meta epoch");
    assert_redis(&redis, "4", "HGET t:meta format");
    assert_in_range(atoi(redis_fixture_ask(&redis, "PTTL t:instance:one")), 8000, 10000);
    static const char *const streams[] = {"t:events", "t:outbox:email:transactional",
                                          "t:outbox:email:marketing", "t:outbox:sms:transactional",
                                          "t:outbox:sms:marketing"};
    for (size_t i = 0; i < 5; i++)
        assert_non_null(strstr(redis_fixture_ask(&redis, "XINFO GROUPS %s", streams[i]),
                               "[[name nudged consumers 0 pending 0"));

    assert_int_equal(enter(&two, &redis, "two", &strict), INSTANCE_READY);
    assert_true(instance_epoch(two.instance) > epoch);
    store_fixture_close(&one);
    store_fixture_close(&two);
    redis_fixture_close(&redis);
}

static bool has_lease_of_one(void *context)
{
    struct redis_fixture *redis = context;
    return *redis_fixture_ask(redis, "EXISTS t:instance:one") == '1';
}

static bool has_epoch_of_one(void *context)
{
    struct redis_fixture *redis = context;
    return strcmp(redis_fixture_ask(redis, "HGET t:meta epoch"), "4000000000001") == 0;
}

/* Redis' clock may stand behind: an epoch is greater than the last in any case; and may have
 * lost the last: it is greater than any that was given by the clock. */
static void test_epochs(void **state)
{
    struct redis_fixture redis;
    struct store_fixture one, two, three;
    (void)state;
    redis_fixture_open(&redis, NULL);
    redis_fixture_ask(&redis, "HSET t:meta epoch 4000000000000");
    assert_int_equal(enter(&one, &redis, "one", &strict), INSTANCE_READY);
    assert_int_equal(instance_epoch(one.instance), 4000000000001);
    redis_fixture_ask(&redis, "DEL t:meta");
    assert_int_equal(enter(&two, &redis, "two", &strict), INSTANCE_READY);
    assert_in_range(instance_epoch(two.instance), 1600000000000, 3999999999999);
    /* The older one renews: its epoch is in force again, and is not given twice. */
    instance_connection(one.instance, true);
    redis_fixture_run_until(&redis, has_epoch_of_one, &redis);
    assert_int_equal(enter(&three, &redis, "three", &strict), INSTANCE_READY);
    assert_int_equal(instance_epoch(three.instance), 4000000000002);
    /* … and lowers the last one never. */
    redis_fixture_ask(&redis, "DEL t:instance:one");
    instance_connection(one.instance, true);
    redis_fixture_run_until(&redis, has_lease_of_one, &redis);
    assert_redis(&redis, "4000000000002", "HGET t:meta epoch");
    store_fixture_close(&one);
    store_fixture_close(&two);
    store_fixture_close(&three);
    redis_fixture_close(&redis);
}

static void test_persistence(void **state)
{
    static const struct {
        const char *set;
        bool aof, evicts; /* what is complained about */
    } cases[] = {
        {"appendonly no", true, false},
        {"maxmemory-policy allkeys-lru", false, true},
        {"appendonly no maxmemory-policy volatile-ttl", true, true},
    };
    struct redis_fixture redis;
    struct store_fixture one;
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        char command[128];
        redis_fixture_open(&redis, NULL);
        snprintf(command, sizeof command, "CONFIG SET %s", cases[i].set);
        assert_redis(&redis, "OK", command);
        assert_int_equal(enter(&one, &redis, "one", &strict), INSTANCE_REFUSED);
        assert_string_equal(one.fault.code, "redis-loss");
        assert_int_equal(!!strstr(one.fault.hint, "CONFIG SET appendonly yes"), cases[i].aof);
        assert_int_equal(!!strstr(one.fault.hint, "CONFIG SET maxmemory-policy noeviction"),
                         cases[i].evicts);
        assert_non_null(strstr(one.fault.hint, "accept_loss"));
        assert_redis(&redis, "0", "EXISTS t:instance:one t:meta t:events");
        store_fixture_close(&one);
        assert_int_equal(
            enter(&one, &redis, "one", &(struct instance_options){.accept_loss = true}),
            INSTANCE_READY);
        store_fixture_close(&one);
        redis_fixture_close(&redis);
    }
}

static void test_without_rights(void **state)
{
    struct redis_fixture redis;
    struct store_fixture one;
    (void)state;
    redis_fixture_open(&redis, NULL);
    redis_fixture_ask(&redis, "ACL SETUSER default -xadd -xgroup|create");
    assert_int_equal(enter(&one, &redis, "one", &strict), INSTANCE_REFUSED);
    assert_string_equal(one.fault.code, "redis-rights");
    assert_non_null(strstr(one.fault.text, "needs: +xadd +xgroup|create"));
    assert_redis(&redis, "0", "EXISTS t:instance:one t:meta t:events");
    store_fixture_close(&one);
    redis_fixture_close(&redis);
}

/* A managed Redis that forbids INFO is taken at its word. */
static void test_without_info(void **state)
{
    struct redis_fixture redis;
    struct store_fixture one;
    (void)state;
    redis_fixture_open(&redis, NULL);
    redis_fixture_ask(&redis, "CONFIG SET appendonly no");
    redis_fixture_ask(&redis, "ACL SETUSER default -info");
    assert_int_equal(enter(&one, &redis, "one", &strict), INSTANCE_READY);
    store_fixture_close(&one);
    redis_fixture_close(&redis);
}

static void test_agreements(void **state)
{
    static const struct instance_agreement ours[] = {
        {"secret", "abc", "the fingerprint of `secret_file`"},
        {"customer_keys", "id,email", "the order of customers' keys"}};
    static const struct instance_agreement theirs[] = {
        {"secret", "abc", "the fingerprint of `secret_file`"},
        {"customer_keys", "email", "the order of customers' keys"}};
    struct instance_options options = {.agreements = ours, .agreement_count = 2};
    struct redis_fixture redis;
    struct store_fixture one;
    (void)state;
    redis_fixture_open(&redis, NULL);
    assert_int_equal(enter(&one, &redis, "one", &options), INSTANCE_READY);
    store_fixture_close(&one);
    assert_redis(&redis, "[4 abc id,email]", "HMGET t:meta format secret customer_keys");
    assert_int_equal(enter(&one, &redis, "one", &options), INSTANCE_READY);
    store_fixture_close(&one);

    options.agreements = theirs;
    assert_int_equal(enter(&one, &redis, "two", &options), INSTANCE_REFUSED);
    assert_string_equal(one.fault.code, "redis-meta");
    assert_non_null(
        strstr(one.fault.text, "the order of customers' keys is id,email there, email here"));
    assert_redis(&redis, "id,email", "HGET t:meta customer_keys");
    assert_redis(&redis, "0", "EXISTS t:instance:two");
    store_fixture_close(&one);

    redis_fixture_ask(&redis, "HSET t:meta format 5");
    options.agreements = ours;
    assert_int_equal(enter(&one, &redis, "two", &options), INSTANCE_REFUSED);
    assert_non_null(strstr(one.fault.text, "the format of the data is 5 there, 4 here"));
    store_fixture_close(&one);
    redis_fixture_close(&redis);
}

/* Data of an older format are entered where no daemon of it lives; else nothing is touched. */
static void test_from_older_format(void **state)
{
    static const char lease[] = "SET t:instance:old 5 PX %d";
    struct redis_fixture redis;
    (void)state;
    redis_fixture_open(&redis, NULL);
    redis_fixture_ask(&redis, "HSET t:meta format 2 epoch 5 secret abc");
    redis_fixture_ask(&redis, "XGROUP CREATE t:events nudged 0 MKSTREAM");
    redis_fixture_ask(&redis, "XGROUP CREATECONSUMER t:events nudged old:5");
    redis_fixture_ask(&redis, "XGROUP CREATECONSUMER t:events nudged older:4");
    redis_fixture_ask(&redis, lease, 10000);
    const char *enter = "EVAL %s 0 t new 10000 00000000000000aa 0 0 format 3 secret %s";
    const char *script = script_table[SCRIPT_ENTER];
    assert_redis(&redis, "[differs secret abc]", enter, script, "def");
    assert_redis(&redis, "[older old:5 2]", enter, script, "abc");
    assert_redis(&redis, "[2 5 abc]", "HMGET t:meta format epoch secret");
    assert_redis(&redis, "0", "EXISTS t:instance:new t:rules t:sets");
    redis_fixture_ask(&redis, lease, 3600000); /* none: the clock was set back */
    assert_non_null(strstr(redis_fixture_ask(&redis, enter, script, "abc"), "[entered "));
    assert_redis(&redis, "[3 abc]", "HMGET t:meta format secret");
    assert_redis(&redis, "[differs format 3]",
                 "EVAL %s 0 t new 10000 00000000000000aa 0 0 format 2", script);
    assert_redis(&redis, "[replaced]", "EVAL %s 0 t older 4 10000", script_table[SCRIPT_RENEW]);
    redis_fixture_close(&redis);
}

/* P:meta was lost, and another daemon has written it meanwhile: one that does not agree. */
static void test_forgotten(void **state)
{
    static const struct instance_agreement ours[] = {{"secret", "abc", "the secret"}};
    const struct instance_options options = {.agreements = ours, .agreement_count = 1};
    struct redis_fixture redis;
    struct store_fixture one;
    (void)state;
    redis_fixture_open(&redis, NULL);
    assert_int_equal(enter(&one, &redis, "one", &options), INSTANCE_READY);
    int64_t term = instance_lease_term(one.instance);
    redis_fixture_ask(&redis, "FLUSHALL");
    instance_renew(one.instance);
    redis_fixture_run_until(&redis, has_lease_of_one, &redis);
    assert_redis(&redis, "[4 abc]", "HMGET t:meta format secret");
    while (instance_lease_term(one.instance) == term)
        event_base_loop(redis.base, EVLOOP_ONCE);
    assert_int_equal(one.state, INSTANCE_READY);

    redis_fixture_ask(&redis, "FLUSHALL");
    redis_fixture_ask(&redis, "HSET t:meta format 4 secret def");
    one.settled = false;
    instance_renew(one.instance);
    redis_fixture_run(&redis, &one.settled);
    assert_int_equal(one.state, INSTANCE_REFUSED);
    assert_string_equal(one.fault.code, "redis-meta");
    assert_non_null(strstr(one.fault.text, "the secret is def there, abc here"));
    assert_redis(&redis, "0", "EXISTS t:instance:one");
    store_fixture_close(&one);
    redis_fixture_close(&redis);
}

/* By what a script said: it counts as over at once, and is renewed once. */
static void test_lapsed(void **state)
{
    struct redis_fixture redis;
    struct store_fixture one;
    (void)state;
    redis_fixture_open(&redis, NULL);
    assert_int_equal(enter(&one, &redis, "one", &strict), INSTANCE_READY);
    int64_t term = instance_lease_term(one.instance);
    event_del(one.beats); /* no beat renews it as well */
    redis_fixture_ask(&redis, "DEL t:instance:one");
    redis_fixture_ask(&redis, "CONFIG RESETSTAT");
    for (int i = 0; i < 3; i++)
        instance_lapsed(one.instance);
    assert_false(instance_lease_valid(one.instance));
    assert_false(instance_lease_held(one.instance, term));
    while (!instance_lease_valid(one.instance))
        event_base_loop(redis.base, EVLOOP_ONCE);
    assert_int_equal(instance_lease_term(one.instance), term + 1);
    assert_redis(&redis, "1", "EXISTS t:instance:one");
    assert_non_null(strstr(redis_fixture_ask(&redis, "INFO commandstats"), "cmdstat_set:calls=1,"));

    /* Nobody has said it, and this daemon's clock knows nothing of it: Redis' own has. */
    redis_fixture_ask(&redis, "DEL t:instance:one");
    instance_renew(one.instance);
    while (instance_lease_term(one.instance) == term + 1)
        event_base_loop(redis.base, EVLOOP_ONCE);
    assert_true(instance_lease_held(one.instance, term + 2));
    store_fixture_close(&one);
    redis_fixture_close(&redis);
}

static bool is_replaced(void *context)
{
    return ((struct store_fixture *)context)->state == INSTANCE_REPLACED;
}

static void test_replaced(void **state)
{
    struct redis_fixture redis;
    struct store_fixture older, newer;
    (void)state;
    redis_fixture_open(&redis, NULL);
    assert_int_equal(enter(&older, &redis, "one", &strict), INSTANCE_READY);
    assert_int_equal(enter(&newer, &redis, "one", &strict), INSTANCE_READY);
    redis_fixture_run_until(&redis, is_replaced, &older);
    assert_string_equal(older.fault.code, "replaced");
    assert_false(instance_lease_valid(older.instance));
    assert_true(instance_lease_valid(newer.instance));
    instance_connection(newer.instance, true);
    assert_int_equal(newer.state, INSTANCE_READY);
    store_fixture_close(&older);
    store_fixture_close(&newer);
    redis_fixture_close(&redis);
}

static bool is_renewed(void *context)
{
    struct redis_fixture *redis = context;
    return atoi(redis_fixture_ask(redis, "PTTL t:instance:one")) > 9000;
}

static void set(void *context)
{
    *(bool *)context = true;
}

static void test_renewal_and_leaving(void **state)
{
    struct redis_fixture redis;
    struct store_fixture one;
    bool left = false;
    (void)state;
    redis_fixture_open(&redis, NULL);
    assert_int_equal(enter(&one, &redis, "one", &strict), INSTANCE_READY);
    int64_t deadline = instance_lease_deadline(one.instance);
    redis_fixture_ask(&redis, "PEXPIRE t:instance:one 5000");
    redis_fixture_ask(&redis, "HSET t:gone %s 1 two:1 1", instance_consumer(one.instance));
    redis_fixture_run_until(&redis, is_renewed, &redis);
    while (instance_lease_deadline(one.instance) == deadline)
        event_base_loop(redis.base, EVLOOP_ONCE);
    assert_in_range(instance_lease_deadline(one.instance) - deadline, 1, 4500);
    assert_redis(&redis, "[two:1]", "HKEYS t:gone"); /* it is here again */

    instance_leave(one.instance, set, &left);
    assert_false(left);
    assert_false(instance_lease_valid(one.instance));
    redis_fixture_run(&redis, &left);
    assert_redis(&redis, "0", "EXISTS t:instance:one");
    store_fixture_close(&one);
    redis_fixture_close(&redis);
}

/* Leaving does not take a lease that is another's. */
static void test_leaving_when_replaced(void **state)
{
    struct redis_fixture redis;
    struct store_fixture older, newer;
    bool left = false;
    (void)state;
    redis_fixture_open(&redis, NULL);
    assert_int_equal(enter(&older, &redis, "one", &strict), INSTANCE_READY);
    assert_int_equal(enter(&newer, &redis, "one", &strict), INSTANCE_READY);
    instance_leave(older.instance, set, &left);
    redis_fixture_run(&redis, &left);
    assert_redis(&redis, "1", "EXISTS t:instance:one");
    store_fixture_close(&older);
    store_fixture_close(&newer);
    redis_fixture_close(&redis);
}

static bool has_group(void *context)
{
    struct redis_fixture *redis = context;
    return strstr(redis_fixture_ask(redis, "XINFO GROUPS t:events"), "nudged") != NULL;
}

/* Redis is killed and comes back with less than it had. */
static void test_redis_comes_back_empty(void **state)
{
    static const char *const forgetful[] = {"--appendonly", "no", NULL};
    struct redis_fixture redis;
    struct store_fixture one;
    (void)state;
    redis_fixture_open(&redis, forgetful);
    assert_int_equal(enter(&one, &redis, "one", &(struct instance_options){.accept_loss = true}),
                     INSTANCE_READY);
    redis_fixture_end(&redis, SIGKILL);
    redis_fixture_start(&redis);
    redis_fixture_run_until(&redis, is_renewed, &redis);
    redis_fixture_run_until(&redis, has_group, &redis);
    assert_int_equal(one.state, INSTANCE_READY);
    assert_int_equal(atoll(redis_fixture_ask(&redis, "HGET t:meta epoch")),
                     instance_epoch(one.instance));
    store_fixture_close(&one);
    redis_fixture_close(&redis);
}

/* Not there at the start. */
static void test_redis_comes_late(void **state)
{
    struct redis_fixture redis;
    struct store_fixture one;
    (void)state;
    redis_fixture_open(&redis, NULL);
    redis_fixture_end(&redis, SIGKILL);
    store_fixture_begin(&one, &redis, "one", &strict);
    for (int i = 0; i < 20; i++)
        redis_fixture_turn(&redis);
    assert_false(one.settled);
    redis_fixture_start(&redis);
    redis_fixture_run(&redis, &one.settled);
    assert_int_equal(one.state, INSTANCE_READY);
    store_fixture_close(&one);
    redis_fixture_close(&redis);
}

static void test_make_groups(void **state)
{
    struct redis_fixture redis;
    struct store_fixture one;
    (void)state;
    redis_fixture_open(&redis, NULL);
    assert_int_equal(enter(&one, &redis, "one", &strict), INSTANCE_READY);
    redis_fixture_ask(&redis, "XADD t:events * event before");
    redis_fixture_ask(&redis, "XGROUP DESTROY t:events nudged");
    instance_make_groups(one.instance);
    redis_fixture_run_until(&redis, has_group, &redis);
    assert_non_null(
        strstr(/* from the beginning */
               redis_fixture_ask(&redis, "XREADGROUP GROUP nudged x STREAMS t:events >"),
               "before"));
    store_fixture_close(&one);
    redis_fixture_close(&redis);
}

/* An old server, which can't be run here: one that answers PING and INFO as it would. */
static void on_old_readable(struct bufferevent *stream, void *context)
{
    static const char info[] = "# Server\r\nredis_version:6.2.14\r\n";
    struct evbuffer *input = bufferevent_get_input(stream);
    char command[256] = "";
    (void)context;
    evbuffer_remove(input, command, sizeof command - 1);
    if (strstr(command, "PING"))
        evbuffer_add_printf(bufferevent_get_output(stream), "+PONG\r\n");
    if (strstr(command, "INFO"))
        evbuffer_add_printf(bufferevent_get_output(stream), "$%zu\r\n%s\r\n", sizeof info - 1,
                            info);
}

static void on_old_accept(struct evconnlistener *listener, evutil_socket_t socket,
                          struct sockaddr *from, int length, void *context)
{
    struct bufferevent **stream = context;
    (void)from, (void)length;
    *stream =
        bufferevent_socket_new(evconnlistener_get_base(listener), socket, BEV_OPT_CLOSE_ON_FREE);
    bufferevent_setcb(*stream, on_old_readable, NULL, NULL, NULL);
    bufferevent_enable(*stream, EV_READ);
}

static void test_old_version(void **state)
{
    struct redis_fixture redis;
    struct store_fixture one;
    struct bufferevent *stream = NULL;
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    (void)state;
    redis_fixture_open(&redis, NULL);
    snprintf(at.sun_path, sizeof at.sun_path, "%s/old.sock", redis.folder);
    snprintf(redis.url, sizeof redis.url, "unix://%s", at.sun_path);
    struct evconnlistener *old =
        evconnlistener_new_bind(redis.base, on_old_accept, &stream, LEV_OPT_CLOSE_ON_FREE, 5,
                                (struct sockaddr *)&at, sizeof at);
    assert_non_null(old);
    assert_int_equal(enter(&one, &redis, "one", &(struct instance_options){.accept_loss = true}),
                     INSTANCE_REFUSED);
    assert_string_equal(one.fault.code, "redis-version");
    assert_non_null(strstr(one.fault.text, "6.2.14"));
    store_fixture_close(&one);
    evconnlistener_free(old);
    bufferevent_free(stream);
    redis_fixture_close(&redis);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ready),
        cmocka_unit_test(test_epochs),
        cmocka_unit_test(test_persistence),
        cmocka_unit_test(test_without_rights),
        cmocka_unit_test(test_without_info),
        cmocka_unit_test(test_agreements),
        cmocka_unit_test(test_from_older_format),
        cmocka_unit_test(test_forgotten),
        cmocka_unit_test(test_lapsed),
        cmocka_unit_test(test_replaced),
        cmocka_unit_test(test_renewal_and_leaving),
        cmocka_unit_test(test_leaving_when_replaced),
        cmocka_unit_test(test_redis_comes_back_empty),
        cmocka_unit_test(test_redis_comes_late),
        cmocka_unit_test(test_make_groups),
        cmocka_unit_test(test_old_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
