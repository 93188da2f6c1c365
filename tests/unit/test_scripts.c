/* Scripts by their SHA1, also where the server forgets them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/script_table.h"
#include "store_fixture.h"

struct answer {
    bool done;
    int64_t moved;
    char code[32];
    int released;
};

static void on_answer(void *context, const struct reply *reply, const struct diag *fault)
{
    struct answer *answer = context;
    assert_false(answer->done);
    answer->done = true;
    answer->moved = -1;
    if (reply)
        reply_number(reply_item(reply, 0), &answer->moved);
    snprintf(answer->code, sizeof answer->code, "%s", fault ? fault->code : "");
}

static void on_release(void *context)
{
    ((struct answer *)context)->released++;
}

static void move(struct store_fixture *store, struct connection_owner *owner, struct answer *answer,
                 const char *list)
{
    const char *argv[] = {instance_consumer(store->instance), list, "right", "10"};
    scripts_run(store->scripts, SCRIPT_MOVE,
                &(struct connection_request){.argc = 4,
                                             .argv = argv,
                                             .owner = owner,
                                             .callback = on_answer,
                                             .context = answer,
                                             .release = on_release});
}

struct scene {
    struct redis_fixture redis;
    struct store_fixture store;
};

static int open_scene(void **state)
{
    struct scene *scene = malloc(sizeof *scene);
    redis_fixture_open(&scene->redis, NULL);
    store_fixture_open(&scene->store, &scene->redis, "one");
    *state = scene;
    return 0;
}

static int close_scene(void **state)
{
    struct scene *scene = *state;
    store_fixture_close(&scene->store);
    redis_fixture_close(&scene->redis);
    free(scene);
    return 0;
}

/* Many in flight while the server forgets: each is answered once, each did its work once. */
static void test_flush_in_the_middle(void **state)
{
    struct scene *scene = *state;
    struct answer answers[50] = {0};
    for (size_t i = 0; i < 50; i++) {
        char list[16];
        snprintf(list, sizeof list, "list%zu", i);
        redis_fixture_ask(&scene->redis, "LPUSH %s a b", list);
        if (i % 10 == 5)
            connection_command(scene->store.connection, NULL, NULL, NULL, "SCRIPT", "FLUSH", NULL);
        move(&scene->store, NULL, &answers[i], list);
        assert_false(answers[i].done);
    }
    for (size_t i = 0; i < 50; i++)
        redis_fixture_run(&scene->redis, &answers[i].done);
    for (size_t i = 0; i < 50; i++) {
        assert_int_equal(answers[i].moved, 2);
        assert_int_equal(answers[i].released, 1);
    }
    assert_redis(&scene->redis, "100", "XLEN t:events");
}

static void test_silence(void **state)
{
    struct scene *scene = *state;
    struct connection_owner owner = {0};
    struct answer silent = {0}, heard = {0};
    redis_fixture_ask(&scene->redis, "SCRIPT FLUSH");
    redis_fixture_ask(&scene->redis, "LPUSH a 1");
    redis_fixture_ask(&scene->redis, "LPUSH b 1 2 3");
    move(&scene->store, &owner, &silent, "a");
    move(&scene->store, NULL, &heard, "b");
    connection_silence(&owner);
    assert_int_equal(silent.released, 1);
    redis_fixture_run(&scene->redis, &heard.done);
    assert_int_equal(heard.moved, 3);
    assert_false(silent.done);
    assert_int_equal(silent.released, 1);
}

/* Silenced between NOSCRIPT and the second run. */
static void test_silence_in_the_second_run(void **state)
{
    struct scene *scene = *state;
    struct connection_owner owner = {0};
    struct answer silent = {0}, heard = {0};
    redis_fixture_ask(&scene->redis, "SCRIPT FLUSH");
    redis_fixture_ask(&scene->redis, "LPUSH a 1");
    move(&scene->store, &owner, &silent, "a");
    struct connection_call *first = owner.first;
    while (owner.first == first)
        redis_fixture_turn(&scene->redis);
    assert_non_null(owner.first); /* the call of the second run */
    connection_silence(&owner);
    assert_int_equal(silent.released, 1);
    connection_command(scene->store.connection, NULL, on_answer, &heard, "PING", NULL);
    redis_fixture_run(&scene->redis, &heard.done);
    assert_false(silent.done);
    assert_redis(&scene->redis, "1", "XLEN t:events");
}

static void test_error_is_a_reply(void **state)
{
    struct scene *scene = *state;
    struct answer wrong = {0};
    redis_fixture_ask(&scene->redis, "SET a text");
    move(&scene->store, NULL, &wrong, "a");
    redis_fixture_run(&scene->redis, &wrong.done);
    assert_int_equal(wrong.moved, -1);
    assert_string_equal(wrong.code, "");
    assert_int_equal(wrong.released, 1);
}

static bool has_lease(void *context)
{
    struct scene *scene = context;
    return *redis_fixture_ask(&scene->redis, "EXISTS t:instance:one") == '1';
}

/* What takes new work in is refused when Redis is full; what finishes work is not. */
static void test_full_server(void **state)
{
    struct scene *scene = *state;
    struct answer full = {0};
    redis_fixture_ask(&scene->redis, "LPUSH a 1 2");
    redis_fixture_ask(&scene->redis, "CONFIG SET maxmemory 1");
    move(&scene->store, NULL, &full, "a");
    redis_fixture_run(&scene->redis, &full.done);
    assert_int_equal(full.moved, -1);
    assert_redis(&scene->redis, "2", "LLEN a");
    assert_redis(&scene->redis, "0", "XLEN t:events");

    redis_fixture_ask(&scene->redis, "DEL t:instance:one");
    instance_connection(scene->store.instance, true); /* groups and the lease are made again */
    redis_fixture_run_until(&scene->redis, has_lease, scene);
}

/* move.lua: oldest first from either side, any bytes, so many and no more. */
static void test_move(void **state)
{
    struct scene *scene = *state;
    struct answer moved = {0}, left = {0};
    redis_fixture_ask(&scene->redis, "LPUSH a first second %b", "\xff\0{", (size_t)3);
    move(&scene->store, NULL, &moved, "a");
    redis_fixture_run(&scene->redis, &moved.done);
    assert_int_equal(moved.moved, 3);
    assert_redis(&scene->redis, "0", "EXISTS a");
    const char *rows = redis_fixture_ask(&scene->redis, "XRANGE t:events - +");
    assert_true(strstr(rows, "[event first]") < strstr(rows, "[event second]"));
    assert_non_null(strstr(rows, "[event \xff"));

    redis_fixture_ask(&scene->redis, "XTRIM t:events MAXLEN 0");
    for (int i = 0; i < 12; i++)
        redis_fixture_ask(&scene->redis, "RPUSH b %d", i);
    const char *argv[] = {instance_consumer(scene->store.instance), "b", "left", "10"};
    scripts_run(scene->store.scripts, SCRIPT_MOVE,
                &(struct connection_request){
                    .argc = 4, .argv = argv, .callback = on_answer, .context = &left});
    redis_fixture_run(&scene->redis, &left.done);
    assert_int_equal(left.moved, 10);
    assert_redis(&scene->redis, "[10 11]", "LRANGE b 0 -1");
    rows = redis_fixture_ask(&scene->redis, "XRANGE t:events - +");
    assert_true(strstr(rows, "[event 0]") < strstr(rows, "[event 9]"));

    /* A stream that is none: nothing is lost from the list. */
    struct answer wrong = {0};
    redis_fixture_ask(&scene->redis, "SET t:events text");
    move(&scene->store, NULL, &wrong, "b");
    redis_fixture_run(&scene->redis, &wrong.done);
    assert_int_equal(wrong.moved, -1);
    assert_redis(&scene->redis, "[10 11]", "LRANGE b 0 -1");
}

/* More than one move takes, as a list is after an outage: each element once, in its order, from
 * either side. */
static void test_move_in_parts(void **state)
{
    static const char *const sides[][2] = {{"LPUSH", "right"}, {"RPUSH", "left"}};
    static const int64_t sizes[] = {10, 10, 5, 0};
    struct scene *scene = *state;
    for (size_t i = 0; i < 2; i++) {
        char expected[32];
        const char *argv[] = {instance_consumer(scene->store.instance), "list", sides[i][1], "10"};
        for (int n = 1; n <= 25; n++)
            redis_fixture_ask(&scene->redis, "%s list %d", sides[i][0], n);
        for (size_t part = 0; part < 4; part++) {
            struct answer moved = {0};
            scripts_run(scene->store.scripts, SCRIPT_MOVE,
                        &(struct connection_request){
                            .argc = 4, .argv = argv, .callback = on_answer, .context = &moved});
            redis_fixture_run(&scene->redis, &moved.done);
            assert_int_equal(moved.moved, sizes[part]);
        }
        assert_redis(&scene->redis, "25", "XLEN t:events");
        for (int n = 1; n <= 25; n++) {
            const char *row = redis_fixture_ask(&scene->redis, "XRANGE t:events - + COUNT 1");
            char id[32];
            assert_int_equal(sscanf(row, "[[%31s", id), 1);
            snprintf(expected, sizeof expected, "[event %d]", n);
            assert_non_null(strstr(row, expected));
            redis_fixture_ask(&scene->redis, "XDEL t:events %s", id);
        }
    }
}

/* claim.lua: not for a daemon whose lease is gone. */
static void test_claim_needs_the_lease(void **state)
{
    struct scene *scene = *state;
    struct answer refused = {0}, taken = {0};
    const char *argv[] = {instance_consumer(scene->store.instance), "10", "1000"};
    struct connection_request request = {
        .argc = 3, .argv = argv, .callback = on_answer, .context = &refused};
    redis_fixture_ask(&scene->redis, "XADD t:events * event a");
    redis_fixture_ask(&scene->redis, "XREADGROUP GROUP nudged dead:1 STREAMS t:events >");
    store_fixture_lapse(&scene->store);
    scripts_run(scene->store.scripts, SCRIPT_CLAIM, &request);
    redis_fixture_run(&scene->redis, &refused.done);
    assert_int_equal(refused.moved, -1);
    assert_non_null(strstr(redis_fixture_ask(&scene->redis, "XPENDING t:events nudged"), "dead:1"));
    store_fixture_revive(&scene->store);
    request.context = &taken;
    scripts_run(scene->store.scripts, SCRIPT_CLAIM, &request);
    redis_fixture_run(&scene->redis, &taken.done);
    assert_int_equal(taken.moved, 0); /* "0": there is no more */
    assert_null(strstr(redis_fixture_ask(&scene->redis, "XPENDING t:events nudged"), "dead:1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_flush_in_the_middle, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(test_silence, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(test_silence_in_the_second_run, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(test_error_is_a_reply, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(test_full_server, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(test_move, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(test_move_in_parts, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(test_claim_needs_the_lease, open_scene, close_scene),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
