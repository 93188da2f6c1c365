/* The connection, against a real server that is stopped, killed, and shut off by a password. */
#include <event2/event.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "redis/connection.h"
#include "redis_fixture.h"

struct scene {
    struct redis_fixture redis;
    struct arena *arena;
    struct connection *connection;
    bool ready, changed;
    int told; /* times that on_state said "lost" */
    char reason[512];
};

static void on_state(void *context, bool ready, const char *reason)
{
    struct scene *scene = context;
    scene->changed = true;
    scene->ready = ready;
    assert_true(ready == !reason);
    if (reason) {
        scene->told++;
        snprintf(scene->reason, sizeof scene->reason, "%s", reason);
    }
}

static struct connection *connect_to(struct scene *scene, const char *url,
                                     struct connection_options options)
{
    struct diag diag;
    if (!endpoint_parse(scene->arena, url, &options.endpoint, &diag))
        fail_msg("%s", diag.text);
    options.base = scene->redis.base;
    options.on_state = on_state;
    options.context = scene;
    return connection_new(&options);
}

static void open_scene(struct scene *scene, const char *const *options)
{
    *scene = (struct scene){.arena = arena_new(512)};
    redis_fixture_open(&scene->redis, options);
}

static void open_connected(struct scene *scene)
{
    open_scene(scene, NULL);
    scene->connection = connect_to(scene, scene->redis.url, (struct connection_options){0});
    assert_false(scene->ready); /* never from within connection_new */
    redis_fixture_run(&scene->redis, &scene->ready);
}

static void close_scene(struct scene *scene)
{
    connection_destroy(&scene->connection);
    redis_fixture_close(&scene->redis);
    arena_destroy(&scene->arena);
}

/* What a call was answered with. */
struct answer {
    bool done;
    enum reply_kind kind;
    char text[512];
    char code[32]; /* of the fault; "" with a reply */
    int order;
    int released;
};

static int answers;

static void on_answer(void *context, const struct reply *reply, const struct diag *fault)
{
    struct answer *answer = context;
    assert_false(answer->done);
    answer->done = true;
    answer->order = ++answers;
    assert_true(!reply == !!fault);
    snprintf(answer->code, sizeof answer->code, "%s", fault ? fault->code : "");
    snprintf(answer->text, sizeof answer->text, "%s", fault ? fault->text : reply->text);
    answer->kind = reply ? reply->kind : REPLY_NIL;
}

static void on_release(void *context)
{
    ((struct answer *)context)->released++;
}

static void send_words(struct connection *connection, struct connection_owner *owner,
                       struct answer *answer, int64_t deadline_ms, const char *const *words)
{
    size_t count = 0;
    while (words[count])
        count++;
    connection_send(connection, &(struct connection_request){.argc = count,
                                                             .argv = words,
                                                             .deadline_ms = deadline_ms,
                                                             .owner = owner,
                                                             .callback = on_answer,
                                                             .context = answer,
                                                             .release = on_release});
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_pipeline(void **state)
{
    struct scene scene;
    struct answer got[100] = {0};
    struct answer error = {0}, bytes = {0};
    (void)state;
    open_connected(&scene);
    answers = 0;
    for (size_t i = 0; i < 100; i++) {
        char number[8];
        snprintf(number, sizeof number, "%zu", i);
        send_words(scene.connection, NULL, &got[i], 0, WORDS("ECHO", number));
        assert_false(got[i].done); /* never before the call returns */
    }
    connection_command(scene.connection, NULL, on_answer, &error, "INCR", NULL);
    connection_send(scene.connection,
                    &(struct connection_request){.argc = 2,
                                                 .argv = WORDS("ECHO", "a\0\r\nb"),
                                                 .lengths = (const size_t[]){4, 5},
                                                 .callback = on_answer,
                                                 .context = &bytes});
    redis_fixture_run(&scene.redis, &bytes.done);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(got[i].order, i + 1);
        assert_int_equal(atoi(got[i].text), i);
        assert_int_equal(got[i].released, 1);
    }
    assert_int_equal(error.kind, REPLY_ERROR);
    assert_non_null(strstr(error.text, "wrong number of arguments"));
    assert_string_equal(bytes.text, "a"); /* as a C string; the bytes came back whole */
    close_scene(&scene);
}

/* A server that is stopped: the command's deadline drops the connection, all in flight
 * fails, and it is made again once the server goes on. */
static void test_deadline(void **state)
{
    struct scene scene;
    struct answer patient = {0}, hasty = {0}, after = {0};
    (void)state;
    open_connected(&scene);
    redis_fixture_signal(&scene.redis, SIGSTOP);
    int64_t begin = clock_monotonic_ms();
    send_words(scene.connection, NULL, &patient, 60000, WORDS("PING"));
    send_words(scene.connection, NULL, &hasty, 100, WORDS("PING"));
    redis_fixture_run(&scene.redis, &hasty.done);
    assert_true(clock_monotonic_ms() - begin >= 95);
    assert_true(patient.done);
    assert_string_equal(patient.code, "redis-timeout");
    assert_string_equal(hasty.code, "redis-timeout");
    assert_false(connection_ready(scene.connection));
    assert_non_null(strstr(scene.reason, "not answered in time"));

    redis_fixture_signal(&scene.redis, SIGCONT);
    redis_fixture_run(&scene.redis, &scene.ready);
    send_words(scene.connection, NULL, &after, 0, WORDS("PING"));
    redis_fixture_run(&scene.redis, &after.done);
    assert_string_equal(after.text, "PONG");
    close_scene(&scene);
}

/* A deadline that is nearer than one that was set before it, and one that was met. */
static void test_deadline_of_one_answered(void **state)
{
    static const struct {
        int64_t deadline_ms;
        const char *longer; /* seconds */
    } cases[] = {
        {50, "0.2"}, {1000, "1.5"}, {8000, "9"}}; /* a slow machine is late for the first */
    struct scene scene;
    (void)state;
    open_connected(&scene);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct answer quick = {0}, slow = {0};
        redis_fixture_run(&scene.redis, &scene.ready);
        send_words(scene.connection, NULL, &quick, cases[i].deadline_ms, WORDS("PING"));
        redis_fixture_run(&scene.redis, &quick.done);
        if (*quick.code && i < 2)
            continue;
        assert_string_equal(quick.code, "");
        /* Answered in time; its deadline passes while the next waits for its own. */
        send_words(scene.connection, NULL, &slow, 60000,
                   WORDS("BLPOP", "nothing", cases[i].longer));
        redis_fixture_run(&scene.redis, &slow.done);
        assert_string_equal(slow.code, "");
        assert_true(connection_ready(scene.connection));
        break;
    }
    close_scene(&scene);
}

static void test_killed_and_restarted(void **state)
{
    struct scene scene;
    struct answer lost = {0}, refused = {0}, again = {0};
    (void)state;
    open_connected(&scene);
    send_words(scene.connection, NULL, &lost, 0, WORDS("BLPOP", "nothing", "0"));
    redis_fixture_turn(&scene.redis);
    redis_fixture_end(&scene.redis, SIGKILL);
    redis_fixture_run(&scene.redis, &lost.done);
    assert_string_equal(lost.code, "redis-lost");
    assert_int_equal(scene.told, 1);

    send_words(scene.connection, NULL, &refused, 0, WORDS("PING"));
    assert_false(refused.done);
    redis_fixture_run(&scene.redis, &refused.done);
    assert_string_equal(refused.code, "redis-lost");
    assert_int_equal(refused.released, 1);

    redis_fixture_start(&scene.redis);
    redis_fixture_run(&scene.redis, &scene.ready);
    send_words(scene.connection, NULL, &again, 0, WORDS("PING"));
    redis_fixture_run(&scene.redis, &again.done);
    assert_string_equal(again.text, "PONG");
    close_scene(&scene);
}

static bool told_twice(void *context)
{
    return ((struct scene *)context)->told >= 2;
}

/* Nobody is there: that is said once, however many tries; another reason is said again. */
static void test_reasons_are_told_once(void **state)
{
    struct scene scene;
    char url[160];
    (void)state;
    open_scene(&scene, NULL);
    snprintf(url, sizeof url, "unix://%s/nobody.sock", scene.redis.folder);
    scene.connection = connect_to(&scene, url, (struct connection_options){0});
    redis_fixture_run(&scene.redis, &scene.changed);
    assert_false(scene.ready);
    assert_non_null(strstr(scene.reason, "nobody.sock"));
    assert_non_null(strstr(scene.reason, "No such file"));
    struct timeval most = {.tv_usec = 400000};
    event_base_loopexit(scene.redis.base, &most);
    event_base_dispatch(scene.redis.base);
    assert_int_equal(scene.told, 1);

    char path[128];
    snprintf(path, sizeof path, "%s/nobody.sock", scene.redis.folder);
    FILE *file = fopen(path, "w"); /* a file is no socket: refused */
    fclose(file);
    redis_fixture_run_until(&scene.redis, told_twice, &scene);
    assert_non_null(strstr(scene.reason, "refused"));
    close_scene(&scene);
}

static void test_silence(void **state)
{
    struct scene scene;
    struct connection_owner owner = {0}, other = {0};
    struct answer silent[3] = {{0}}, heard = {0};
    (void)state;
    open_connected(&scene);
    for (size_t i = 0; i < 3; i++)
        send_words(scene.connection, &owner, &silent[i], 0, WORDS("INCR", "n"));
    send_words(scene.connection, &other, &heard, 0, WORDS("GET", "n"));
    connection_silence(&owner);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(silent[i].released, 1);
    redis_fixture_run(&scene.redis, &heard.done);
    assert_string_equal(heard.text, "3"); /* carried out all the same */
    for (size_t i = 0; i < 3; i++) {
        assert_false(silent[i].done);
        assert_int_equal(silent[i].released, 1);
    }
    assert_null(other.first);
    close_scene(&scene);
}

static void on_answer_destroy(void *context, const struct reply *reply, const struct diag *fault)
{
    struct scene *scene = context;
    (void)fault;
    assert_non_null(reply);
    connection_destroy(&scene->connection);
    assert_string_equal(reply->text, "PONG"); /* good until the callback returns */
    scene->changed = true;
}

static void test_destroy_inside_a_callback(void **state)
{
    struct scene scene;
    struct answer after = {0};
    (void)state;
    open_connected(&scene);
    scene.changed = false;
    connection_command(scene.connection, NULL, on_answer_destroy, &scene, "PING", NULL);
    send_words(scene.connection, NULL, &after, 0, WORDS("PING"));
    redis_fixture_run(&scene.redis, &scene.changed);
    redis_fixture_turn(&scene.redis);
    assert_false(after.done);
    assert_int_equal(after.released, 1);
    close_scene(&scene);
}

static void on_fault_destroy(void *context, const struct reply *reply, const struct diag *fault)
{
    struct scene *scene = context;
    assert_null(reply);
    assert_string_equal(fault->code, "redis-lost");
    connection_destroy(&scene->connection);
    scene->changed = true;
}

static void test_destroy_while_losing(void **state)
{
    struct scene scene;
    struct answer after = {0};
    (void)state;
    open_connected(&scene);
    connection_command(scene.connection, NULL, on_fault_destroy, &scene, "BLPOP", "x", "0", NULL);
    send_words(scene.connection, NULL, &after, 0, WORDS("PING"));
    redis_fixture_turn(&scene.redis);
    scene.changed = false;
    redis_fixture_end(&scene.redis, SIGKILL);
    while (scene.connection)
        event_base_loop(scene.redis.base, EVLOOP_ONCE);
    assert_false(after.done);
    assert_int_equal(after.released, 1);
    close_scene(&scene);
}

static void test_full_output(void **state)
{
    struct scene scene;
    struct answer fits = {0}, full = {0};
    char big[3000];
    (void)state;
    open_scene(&scene, NULL);
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    scene.connection =
        connect_to(&scene, scene.redis.url, (struct connection_options){.output_most = 4096});
    redis_fixture_run(&scene.redis, &scene.ready);
    send_words(scene.connection, NULL, &fits, 0, WORDS("SET", "a", big));
    send_words(scene.connection, NULL, &full, 0, WORDS("SET", "b", big));
    redis_fixture_run(&scene.redis, &fits.done);
    assert_string_equal(fits.text, "OK");
    assert_true(full.done);
    assert_string_equal(full.code, "redis-full");
    assert_true(connection_ready(scene.connection));
    assert_redis(&scene.redis, "0", "EXISTS b");

    /* One that is bigger than the bound goes alone: else it never would. */
    char bigger[6000];
    struct answer alone = {0};
    memset(bigger, 'x', sizeof bigger - 1);
    bigger[sizeof bigger - 1] = '\0';
    send_words(scene.connection, NULL, &alone, 0, WORDS("SET", "c", bigger));
    redis_fixture_run(&scene.redis, &alone.done);
    assert_string_equal(alone.text, "OK");
    close_scene(&scene);
}

static void test_login_database_and_name(void **state)
{
    static const char *const options[] = {"--databases", "4", NULL};
    struct scene scene;
    struct answer info = {0};
    char url[256];
    (void)state;
    open_scene(&scene, options);
    assert_redis(&scene.redis, "OK", "ACL SETUSER ana on >s@crt ~* +@all");
    snprintf(url, sizeof url, "%s?db=3&user=ana&password=s%%40crt", scene.redis.url);
    scene.connection = connect_to(&scene, url, (struct connection_options){.name = "one:7"});
    redis_fixture_run(&scene.redis, &scene.ready);
    send_words(scene.connection, NULL, &info, 0, WORDS("CLIENT", "INFO"));
    redis_fixture_run(&scene.redis, &info.done);
    assert_non_null(strstr(info.text, " name=one:7 "));
    assert_non_null(strstr(info.text, " db=3 "));
    connection_destroy(&scene.connection);

    static const char *const wrong[][2] = {
        {"?user=ana&password=no", "WRONGPASS"},
        {"?db=4", "out of range"},
    };
    for (size_t i = 0; i < 2; i++) {
        scene.changed = scene.ready = false;
        snprintf(url, sizeof url, "%s%s", scene.redis.url, wrong[i][0]);
        scene.connection = connect_to(&scene, url, (struct connection_options){0});
        redis_fixture_run(&scene.redis, &scene.changed);
        assert_false(scene.ready);
        if (!strstr(scene.reason, wrong[i][1]))
            fail_msg("%s", scene.reason);
        assert_null(strstr(scene.reason, "password=no"));
        connection_destroy(&scene.connection);
    }
    close_scene(&scene);
}

static void test_password_that_is_missing(void **state)
{
    static const char *const options[] = {"--requirepass", "secret", NULL};
    struct scene scene;
    char url[256];
    (void)state;
    open_scene(&scene, options);
    scene.connection = connect_to(&scene, scene.redis.url, (struct connection_options){0});
    redis_fixture_run(&scene.redis, &scene.changed);
    assert_false(scene.ready);
    assert_non_null(strstr(scene.reason, "NOAUTH"));
    connection_destroy(&scene.connection);
    snprintf(url, sizeof url, "%s?password=secret", scene.redis.url);
    scene.connection = connect_to(&scene, url, (struct connection_options){0});
    redis_fixture_run(&scene.redis, &scene.ready);
    close_scene(&scene);
}

/* A server that is loading its data refuses PING: it is not ready before it has. */
static void test_loading(void **state)
{
    static const char *const options[] = {"--loading-process-events-interval-bytes", "1024", NULL};
    struct scene scene;
    (void)state;
    open_scene(&scene, options);
    /* Ten seconds, unless it is told to be quick; clients are served after each 1024 keys. */
    assert_redis(&scene.redis, "OK", "CONFIG SET key-load-delay 500 aof-use-rdb-preamble no");
    redis_fixture_ask(&scene.redis, "EVAL %s 0",
                      "for i = 1, 20000 do redis.call('SET', 'k' .. i, i) end");
    /* DEBUG LOADAOF answers only at the end, so the loading is another client's command. */
    scene.connection = connect_to(&scene, scene.redis.url, (struct connection_options){0});
    redis_fixture_run(&scene.redis, &scene.ready);
    struct answer load = {0};
    struct scene second = {.redis = scene.redis, .arena = scene.arena};
    connection_command(scene.connection, NULL, on_answer, &load, "DEBUG", "LOADAOF", NULL);
    redis_fixture_turn(&scene.redis);
    second.connection = connect_to(&second, scene.redis.url, (struct connection_options){0});
    redis_fixture_run(&scene.redis, &second.changed);
    assert_redis(&scene.redis, "OK", "CONFIG SET key-load-delay 0");
    redis_fixture_run(&scene.redis, &second.ready);
    assert_true(load.done); /* ready only after it was loaded */
    assert_int_equal(second.told, 1);
    if (!strstr(second.reason, "loading"))
        fail_msg("%s", second.reason);
    connection_destroy(&second.connection);
    close_scene(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pipeline),
        cmocka_unit_test(test_deadline),
        cmocka_unit_test(test_deadline_of_one_answered),
        cmocka_unit_test(test_killed_and_restarted),
        cmocka_unit_test(test_reasons_are_told_once),
        cmocka_unit_test(test_silence),
        cmocka_unit_test(test_destroy_inside_a_callback),
        cmocka_unit_test(test_destroy_while_losing),
        cmocka_unit_test(test_full_output),
        cmocka_unit_test(test_login_database_and_name),
        cmocka_unit_test(test_password_that_is_missing),
        cmocka_unit_test(test_loading),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
