/* Commits for tests: a Redis, an instance on it, and what Redis says to a commit as one line. */
#ifndef NUDGED_TESTS_COMMIT_FIXTURE_H
#define NUDGED_TESTS_COMMIT_FIXTURE_H

#include <stdbool.h>

#include "store/customers.h"
#include "store_fixture.h"

#define LATER 9999999999999

struct commit_fixture {
    struct redis_fixture redis;
    struct store_fixture store;
    struct customers *customers;
};

struct commit_fixture_result {
    bool done;
    char text[512]; /* "stale {…}", "facts h1|m1:gone m2:hand", "gone 1-0", "failed redis-lost" */
};

/* cmocka's setup and teardown. */
int commit_fixture_open(void **state);
int commit_fixture_close(void **state);

/* A commit of a document of id:7. */
struct commit commit_fixture_document(const char *seen, const char *version, const char *text);

/* The result's text; good for four more. */
const char *commit_fixture_ask(struct commit_fixture *scene, const struct commit *commit);

/* Takes what came of a commit into the struct commit_fixture_result at `context`. */
customers_on_commit commit_fixture_on_commit;

/* An event that this daemon's consumer has read: its id. */
void commit_fixture_event(struct commit_fixture *scene, char id[32]);

#endif
