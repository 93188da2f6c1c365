/* The private redis-server: started, ended, killed, and left behind by a daemon that was. */
#include <event2/event.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "redis/connection.h"
#include "redis/embedded.h"

enum { RUN_MOST_MS = 20000 };

struct scene {
    char folder[64];
    struct event_base *base;
    struct arena *arena;
    struct embedded *embedded;
    struct connection *connection;
    enum embedded_state state;
    int running; /* times that RUNNING was reached */
    bool ready;
    struct diag fault; /* the last */
    char answer[4096];
    bool answered;
};

static int open_scene(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);
    if (system("command -v redis-server >/dev/null") != 0)
        exit(77);
    signal(SIGPIPE, SIG_IGN);
    snprintf(scene->folder, sizeof scene->folder, "/tmp/nudged test-XXXXXX"); /* a space too */
    if (!mkdtemp(scene->folder))
        return -1;
    scene->base = event_base_new();
    scene->arena = arena_new(256);
    *state = scene;
    return 0;
}

static void end_embedded(struct scene *scene)
{
    connection_destroy(&scene->connection);
    embedded_destroy(&scene->embedded);
    scene->ready = false;
}

static int close_scene(void **state)
{
    struct scene *scene = *state;
    char command[128];
    end_embedded(scene);
    event_base_free(scene->base);
    arena_destroy(&scene->arena);
    snprintf(command, sizeof command, "rm -rf '%s'", scene->folder);
    int removed = system(command);
    free(scene);
    return removed;
}

static void on_state(void *context, enum embedded_state state, const struct diag *fault)
{
    struct scene *scene = context;
    scene->state = state;
    scene->running += state == EMBEDDED_RUNNING;
    assert_true(!!fault == (state == EMBEDDED_RESTING || state == EMBEDDED_FAILED));
    if (fault)
        scene->fault = *fault;
}

static void on_ready(void *context, bool ready, const char *reason)
{
    (void)reason;
    ((struct scene *)context)->ready = ready;
}

static void on_answer(void *context, const struct reply *reply, const struct diag *fault)
{
    struct scene *scene = context;
    scene->answered = true;
    if (reply && reply->kind == REPLY_LIST)
        reply = reply_item(reply, 1);
    snprintf(scene->answer, sizeof scene->answer, "%s", reply ? reply->text : fault->code);
}

static void on_late(evutil_socket_t fd, short events, void *context)
{
    (void)fd, (void)events, (void)context;
}

static void run_until(struct scene *scene, bool (*done)(struct scene *scene))
{
    int64_t end = clock_monotonic_ms() + RUN_MOST_MS;
    struct event *late = evtimer_new(scene->base, on_late, NULL);
    struct timeval most = {.tv_sec = RUN_MOST_MS / 1000};
    evtimer_add(late, &most);
    while (!done(scene) && clock_monotonic_ms() < end)
        event_base_loop(scene->base, EVLOOP_ONCE);
    event_free(late);
    if (!done(scene))
        fail_msg("it did not happen within %d s; state %d", RUN_MOST_MS / 1000, scene->state);
}

static bool is_ready(struct scene *scene)
{
    return scene->ready;
}

static bool is_answered(struct scene *scene)
{
    return scene->answered;
}

static bool has_failed(struct scene *scene)
{
    return scene->state == EMBEDDED_FAILED;
}

static struct embedded *start(struct scene *scene, const char *program)
{
    struct diag diag;
    struct embedded *embedded = embedded_start(&(struct embedded_options){.base = scene->base,
                                                                          .folder = scene->folder,
                                                                          .program = program,
                                                                          .on_state = on_state,
                                                                          .context = scene},
                                               &diag);
    if (!embedded)
        fail_msg("%s", diag.text);
    return embedded;
}

static bool has_started(struct scene *scene)
{
    return scene->state == EMBEDDED_RUNNING;
}

/* Only once it has started: before, one that is ending may answer. */
static void start_connected(struct scene *scene)
{
    struct connection_options options = {
        .base = scene->base, .on_state = on_ready, .context = scene};
    struct diag diag;
    scene->embedded = start(scene, NULL);
    assert_true(
        endpoint_parse(scene->arena, embedded_url(scene->embedded), &options.endpoint, &diag));
    scene->state = EMBEDDED_LOCKING;
    run_until(scene, has_started);
    scene->connection = connection_new(&options);
    run_until(scene, is_ready);
}

static const char *ask(struct scene *scene, const char *a, const char *b, const char *c)
{
    scene->answered = false;
    connection_command(scene->connection, NULL, on_answer, scene, a, b, c, NULL);
    run_until(scene, is_answered);
    return scene->answer;
}

static mode_t mode_of(const struct scene *scene, const char *name)
{
    char path[128];
    struct stat found;
    snprintf(path, sizeof path, "%s/redis%s", scene->folder, name);
    assert_int_equal(stat(path, &found), 0);
    return found.st_mode & 0777;
}

static void test_settings(void **state)
{
    struct scene *scene = *state;
    char url[256];
    start_connected(scene);
    assert_int_equal(scene->state, EMBEDDED_RUNNING);
    assert_int_equal(mode_of(scene, ""), 0700);
    assert_int_equal(mode_of(scene, "/redis.sock"), 0700);
    assert_string_equal(ask(scene, "CONFIG", "GET", "port"), "0");
    assert_string_equal(ask(scene, "CONFIG", "GET", "appendonly"), "yes");
    assert_string_equal(ask(scene, "CONFIG", "GET", "appendfsync"), "everysec");
    assert_string_equal(ask(scene, "CONFIG", "GET", "maxmemory-policy"), "noeviction");
    assert_string_equal(ask(scene, "CONFIG", "GET", "save"), "");
    assert_true(embedded_find(scene->folder, url, sizeof url));
    assert_string_equal(url, embedded_url(scene->embedded));
}

static void test_keeps_data(void **state)
{
    struct scene *scene = *state;
    start_connected(scene);
    assert_string_equal(ask(scene, "SET", "key", "value"), "OK");
    end_embedded(scene);
    start_connected(scene);
    assert_string_equal(ask(scene, "GET", "key", NULL), "value");
}

static off_t log_size(const struct scene *scene, off_t set)
{
    char path[128];
    struct stat found;
    snprintf(path, sizeof path, "%s/redis/redis.log", scene->folder);
    if (set)
        assert_int_equal(truncate(path, set), 0);
    assert_int_equal(stat(path, &found), 0);
    return found.st_size;
}

/* What an earlier server wrote stays, unless it is too much. */
static void test_log_is_bounded(void **state)
{
    struct scene *scene = *state;
    const off_t bound = 1 << 20;
    start_connected(scene);
    end_embedded(scene);
    log_size(scene, bound);
    start_connected(scene);
    end_embedded(scene);
    assert_true(log_size(scene, 0) >= bound);
    log_size(scene, bound + 1);
    start_connected(scene);
    assert_true(log_size(scene, 0) < bound);
}

static bool runs_again(struct scene *scene)
{
    return scene->running == 2 && scene->ready;
}

static void test_killed_server_is_started_again(void **state)
{
    struct scene *scene = *state;
    start_connected(scene);
    ask(scene, "INFO", "server", NULL);
    const char *pid = strstr(scene->answer, "process_id:");
    assert_non_null(pid);
    assert_int_equal(kill(atoi(pid + strlen("process_id:")), SIGKILL), 0);
    run_until(scene, runs_again);
    assert_non_null(strstr(scene->fault.text, "signal 9"));
    assert_string_equal(ask(scene, "PING", NULL, NULL), "PONG");
}

static void test_no_program(void **state)
{
    struct scene *scene = *state;
    scene->embedded = start(scene, "/nowhere/redis-server");
    run_until(scene, has_failed);
    assert_non_null(strstr(scene->fault.text, "/nowhere/redis-server"));
    assert_non_null(strstr(scene->fault.hint, "install"));
}

/* Where there is no redis-server, Valkey's does. Here it is the same one under that name. */
static void test_another_program(void **state)
{
    struct scene *scene = *state;
    char path[PATH_MAX], made[PATH_MAX + 128];
    const char *before = getenv("PATH");
    snprintf(made, sizeof made, "ln -s \"$(command -v redis-server)\" '%s/valkey-server'",
             scene->folder);
    assert_int_equal(system(made), 0);
    snprintf(path, sizeof path, "%s", before);
    setenv("PATH", scene->folder, 1);
    start_connected(scene);
    setenv("PATH", path, 1);
    assert_non_null(strstr(ask(scene, "INFO", "server", NULL), "/valkey-server"));
    end_embedded(scene);
    setenv("PATH", "/nowhere", 1);
    scene->embedded = start(scene, NULL);
    run_until(scene, has_failed);
    setenv("PATH", path, 1);
    assert_non_null(strstr(scene->fault.text, "`valkey-server`"));
}

/* A server that ends at once, time and again. */
static void test_no_server(void **state)
{
    struct scene *scene = *state;
    scene->embedded = start(scene, "/bin/false");
    run_until(scene, has_failed);
    assert_int_equal(scene->running, 5);
    assert_non_null(strstr(scene->fault.text, "status 1"));
}

#define LONG_FOLDER                                                     \
    "/tmp/012345678901234567890123456789012345678901234567890123456789" \
    "01234567890123456789012345678901234567890"

static void test_folders(void **state)
{
    static const char *const bad[] = {"relative/path", "/nowhere/at/all", LONG_FOLDER};
    struct scene *scene = *state;
    char url[256];
    for (size_t i = 0; i < 3; i++) {
        struct diag diag = {0};
        assert_null(embedded_start(
            &(struct embedded_options){.base = scene->base, .folder = bad[i]}, &diag));
        assert_non_null(strstr(diag.text, bad[i]));
    }
    assert_false(embedded_find(bad[0], url, sizeof url));
    assert_false(embedded_find(bad[2], url, sizeof url));
    assert_false(embedded_find("/run/nudged", url, 20));
    assert_true(embedded_find("/run/a b?", url, sizeof url));
    assert_string_equal(url, "unix:///run/a%20b%3F/redis/redis.sock");
}

static void count_turn(evutil_socket_t fd, short events, void *context)
{
    (void)fd, (void)events;
    ++*(int *)context;
}

/* A second daemon in the folder waits, and goes on when the first has left. */
static void test_second_daemon_waits(void **state)
{
    struct scene *scene = *state;
    struct scene second = {.base = scene->base};
    int turns = 0;
    start_connected(scene);
    memcpy(second.folder, scene->folder, sizeof second.folder);
    second.embedded = start(&second, NULL);
    struct event *turn = event_new(scene->base, -1, EV_PERSIST, count_turn, &turns);
    event_add(turn, &(struct timeval){.tv_usec = 60000});
    while (turns < 4)
        event_base_loop(scene->base, EVLOOP_ONCE);
    event_free(turn);
    assert_int_equal(second.running, 0);
    assert_string_equal(ask(scene, "PING", NULL, NULL), "PONG");
    end_embedded(scene);
    while (!second.running)
        event_base_loop(scene->base, EVLOOP_ONCE);
    embedded_destroy(&second.embedded);
}

/* In a child: a daemon that says when it is ready and then works until it is killed. */
static void be_daemon(struct scene *scene, int say)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    event_reinit(scene->base);
    start_connected(scene);
    ask(scene, "SET", "key", "value");
    if (write(say, "r", 1) != 1)
        _exit(1);
    for (;;)
        event_base_loop(scene->base, EVLOOP_ONCE);
}

/* kill -9 of the daemon: its server ends too, with its data, and only then does the next
 * one begin. */
static void test_killed_daemon(void **state)
{
    struct scene *scene = *state;
    int ends[2];
    char byte;
    for (int round = 0; round < 3; round++) {
        assert_int_equal(pipe(ends), 0);
        pid_t daemon = fork();
        assert_true(daemon >= 0);
        if (daemon == 0)
            be_daemon(scene, ends[1]);
        close(ends[1]);
        assert_int_equal(read(ends[0], &byte, 1), 1);
        close(ends[0]);
        kill(daemon, SIGKILL);
        waitpid(daemon, NULL, 0);
        start_connected(scene);
        assert_string_equal(ask(scene, "GET", "key", NULL), "value");
        assert_string_equal(ask(scene, "DEL", "key", NULL), "");
        end_embedded(scene);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_scene, close_scene)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_settings),       TEST(test_keeps_data),
        TEST(test_log_is_bounded), TEST(test_killed_server_is_started_again),
        TEST(test_no_program),     TEST(test_no_server),
        TEST(test_folders),        TEST(test_second_daemon_waits),
        TEST(test_killed_daemon),  TEST(test_another_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
