/*
 * A real redis-server for one test: forked, on a Unix socket in a folder of its own, ended
 * by its pid. Commands for checks go through a synchronous client that is not the daemon's.
 */
#ifndef NUDGED_TESTS_REDIS_FIXTURE_H
#define NUDGED_TESTS_REDIS_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct event_base;
struct session;
struct redisContext;

struct redis_fixture {
    char folder[64];
    char socket[96];
    char url[128]; /* unix://… */
    const char *const *options;
    pid_t pid;  /* 0: not running */
    int output; /* the server's log */
    struct redisContext *client;
    struct event_base *base;
};

/* Makes the folder and the event base and starts the server. `options`: further arguments,
 * NULL-terminated; may be NULL. */
void redis_fixture_open(struct redis_fixture *fixture, const char *const *options);
/* Ends the server, removes the folder. */
void redis_fixture_close(struct redis_fixture *fixture);

/* The server alone. start returns when it takes connections. */
void redis_fixture_start(struct redis_fixture *fixture);
void redis_fixture_signal(struct redis_fixture *fixture, int number); /* SIGSTOP, SIGCONT */
void redis_fixture_end(struct redis_fixture *fixture, int number);    /* SIGTERM, SIGKILL; waits */

/* A session of its own, as nudgectl has one; the caller closes it. */
struct session *redis_fixture_session(const struct redis_fixture *fixture);

/* Runs a command of redisvCommand's format and gives the reply as text: strings as they
 * are, integers in digits, nil as "(nil)", errors as "(error) …", lists as "[a b [c]]".
 * The text is good until the next but seven. */
const char *redis_fixture_ask(struct redis_fixture *fixture, const char *format, ...);

/* Fails the test where the reply is not `expected`. */
#define assert_redis(fixture, expected, ...) \
    assert_string_equal(redis_fixture_ask(fixture, __VA_ARGS__), expected)

/* Runs the loop until *done; fails the test after 20 s. */
void redis_fixture_run(struct redis_fixture *fixture, const bool *done);
/* Runs the loop until `done(context)`. */
void redis_fixture_run_until(struct redis_fixture *fixture, bool (*done)(void *context),
                             void *context);
/* Lets the loop handle what is ready now, without waiting. */
void redis_fixture_turn(struct redis_fixture *fixture);

#endif
