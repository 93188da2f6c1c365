#include "redis_fixture.h"

#include <event2/event.h>
#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "redis/session.h"

enum { OPTIONS_MOST = 32, RUN_MOST_MS = 20000, SKIPPED = 77 };

/* Does not return: in the child. */
static void run_server(const struct redis_fixture *fixture, int output)
{
    const char *program = getenv("NUDGED_REDIS_SERVER"); /* another one: valkey-server */
    const char *argv[OPTIONS_MOST + 16] = {
        program ? program : "redis-server",
        "--port",
        "0",
        "--unixsocket",
        fixture->socket,
        "--dir",
        fixture->folder,
        "--save",
        "",
        "--appendonly",
        "yes",
        "--enable-debug-command",
        "yes",
    };
    size_t argc = 13;
    for (size_t i = 0; fixture->options && fixture->options[i]; i++)
        argv[argc++] = fixture->options[i];
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    execvp(argv[0], (char *const *)(uintptr_t)argv);
    _exit(127);
}

/* Reads the server's log until it is ready. */
static void await_ready(struct redis_fixture *fixture)
{
    struct buf log;
    char chunk[512];
    ssize_t got;
    buf_init(&log, 1 << 20);
    while (!strstr(buf_string(&log), "eady to accept connections")) {
        got = read(fixture->output, chunk, sizeof chunk);
        if (got == 0 && !log.length)
            exit(SKIPPED); /* no redis-server in PATH */
        if (got <= 0 || !buf_add(&log, chunk, (size_t)got))
            fail_msg("redis-server did not start:\n%s", buf_string(&log));
    }
    buf_free(&log);
}

void redis_fixture_start(struct redis_fixture *fixture)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    fixture->output = ends[0];
    fixture->pid = fork();
    assert_true(fixture->pid >= 0);
    if (fixture->pid == 0)
        run_server(fixture, ends[1]);
    close(ends[1]);
    await_ready(fixture);
    fixture->client = redisConnectUnix(fixture->socket);
    assert_true(fixture->client && !fixture->client->err);
}

void redis_fixture_open(struct redis_fixture *fixture, const char *const *options)
{
    *fixture = (struct redis_fixture){.options = options};
    signal(SIGPIPE, SIG_IGN); /* as the daemon does */
    snprintf(fixture->folder, sizeof fixture->folder, "/tmp/nudged-test-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    snprintf(fixture->socket, sizeof fixture->socket, "%s/redis.sock", fixture->folder);
    snprintf(fixture->url, sizeof fixture->url, "unix://%s", fixture->socket);
    fixture->base = event_base_new();
    redis_fixture_start(fixture);
}

void redis_fixture_signal(struct redis_fixture *fixture, int number)
{
    assert_int_equal(kill(fixture->pid, number), 0);
}

void redis_fixture_end(struct redis_fixture *fixture, int number)
{
    if (!fixture->pid)
        return;
    redisFree(fixture->client);
    fixture->client = NULL;
    kill(fixture->pid, number);
    waitpid(fixture->pid, NULL, 0);
    fixture->pid = 0;
    close(fixture->output);
}

void redis_fixture_close(struct redis_fixture *fixture)
{
    char command[128];
    redis_fixture_end(fixture, SIGKILL);
    event_base_free(fixture->base);
    snprintf(command, sizeof command, "rm -rf '%s'", fixture->folder);
    assert_int_equal(system(command), 0);
}

struct session *redis_fixture_session(const struct redis_fixture *fixture)
{
    struct arena *arena = arena_new(256);
    struct endpoint endpoint;
    struct diag diag;
    assert_true(endpoint_parse(arena, fixture->url, &endpoint, &diag));
    struct session *session = session_open(&endpoint, RUN_MOST_MS, &diag);
    if (!session)
        fail_msg("%s", diag.text);
    arena_destroy(&arena);
    return session;
}

static void show(const redisReply *reply, struct buf *out)
{
    switch (reply->type) {
    case REDIS_REPLY_NIL:
        buf_text(out, "(nil)");
        break;
    case REDIS_REPLY_INTEGER:
        buf_printf(out, "%lld", reply->integer);
        break;
    case REDIS_REPLY_ARRAY:
        buf_char(out, '[');
        for (size_t i = 0; i < reply->elements; i++) {
            if (i)
                buf_char(out, ' ');
            show(reply->element[i], out);
        }
        buf_char(out, ']');
        break;
    case REDIS_REPLY_ERROR:
        buf_text(out, "(error) ");
        buf_add(out, reply->str, reply->len);
        break;
    default:
        buf_add(out, reply->str, reply->len);
    }
}

const char *redis_fixture_ask(struct redis_fixture *fixture, const char *format, ...)
{
    static struct buf answers[8];
    static size_t turn;
    static bool registered;
    struct buf *out = &answers[turn++ % 8];
    va_list args;
    if (!registered) {
        for (size_t i = 0; i < 8; i++)
            buf_init(&answers[i], 1 << 26);
        registered = true;
    }
    buf_clear(out);
    va_start(args, format);
    redisReply *reply = redisvCommand(fixture->client, format, args);
    va_end(args);
    if (!reply)
        fail_msg("no answer to %s: %s", format, fixture->client->errstr);
    show(reply, out);
    freeReplyObject(reply);
    return buf_string(out);
}

static bool is_set(void *context)
{
    return *(const bool *)context;
}

void redis_fixture_run(struct redis_fixture *fixture, const bool *done)
{
    redis_fixture_run_until(fixture, is_set, (void *)(uintptr_t)done);
}

static void on_late(evutil_socket_t fd, short events, void *context)
{
    (void)fd, (void)events, (void)context;
}

void redis_fixture_run_until(struct redis_fixture *fixture, bool (*done)(void *context),
                             void *context)
{
    int64_t end = clock_monotonic_ms() + RUN_MOST_MS;
    struct event *late = evtimer_new(fixture->base, on_late, NULL);
    struct timeval most = {.tv_sec = RUN_MOST_MS / 1000};
    evtimer_add(late, &most);
    while (!done(context)) {
        event_base_loop(fixture->base, EVLOOP_ONCE);
        if (clock_monotonic_ms() >= end && !done(context)) {
            event_free(late);
            fail_msg("it did not happen within %d s", RUN_MOST_MS / 1000);
        }
    }
    event_free(late);
}

void redis_fixture_turn(struct redis_fixture *fixture)
{
    event_base_loop(fixture->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
}
