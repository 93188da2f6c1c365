/*
 * Two daemons with their outboxes on one Redis: messages are put as commit.lua writes them,
 * taken, settled and swept, each call until its answer is there.
 */
#ifndef NUDGED_TESTS_OUTBOX_FIXTURE_H
#define NUDGED_TESTS_OUTBOX_FIXTURE_H

#include "store/outbox.h"
#include "store/outbox_sweep.h"
#include "store_fixture.h"

enum { OUTBOX_FIXTURE_DAY_MS = 24 * 60 * 60 * 1000 };

struct outbox_fixture {
    struct redis_fixture redis;
    struct store_fixture store, other; /* "one" and "two" */
    struct outbox *outbox, *others;
};

/* For cmocka: the fixture is the test's state. */
int outbox_fixture_open(void **state);
int outbox_fixture_close(void **state);

/* A queued message of customer id:7, for the channel email. */
void outbox_fixture_put(struct outbox_fixture *scene, const char *mid, const char *class_,
                        const char *on_uncertain);
/* <class>0, <class>1 and so on, all under `hold`. */
void outbox_fixture_put_many(struct outbox_fixture *scene, int count, const char *class_);

struct outbox_fixture_taken {
    bool done;
    size_t count;
    char text[1024]; /* "m1 m2", or the fault's code */
    bool paused, crowded;
    int64_t now_ms, wait_ms, behind_ms, held_ms;
    size_t buried, withdrawn;
    char entries[16][32]; /* of the first 16 */
    char queues[16][32];
    char mids[16][32];
    char classes[16][16];
    char gateway[16];
    int64_t attempts, give_up_ms, token_ms; /* of the first */
    char body[64];
};

/* The last is by the first daemon, for the gateway `main`, without a rate. */
struct outbox_fixture_taken outbox_fixture_take_by(struct outbox_fixture *scene,
                                                   struct outbox *outbox,
                                                   const struct outbox_gateway *gateway,
                                                   size_t most);
struct outbox_fixture_taken outbox_fixture_take_with(struct outbox_fixture *scene,
                                                     struct outbox *outbox, const char *gateway,
                                                     size_t most, struct outbox_rate rate);
/* What is bound to that gateway alone. */
struct outbox_fixture_taken outbox_fixture_take_own(struct outbox_fixture *scene,
                                                    const char *gateway, size_t most);
struct outbox_fixture_taken outbox_fixture_take(struct outbox_fixture *scene, size_t most);

/* "1 0", or the fault's code; good until the next but three. */
const char *outbox_fixture_settle(struct outbox_fixture *scene, struct outbox *outbox,
                                  const struct outbox_result *results, size_t count);
/* The id of the first dead letter that the last settlement made, or "". */
const char *outbox_fixture_letter(void);
/* A result for a taken message, in the far future where it is a time. */
struct outbox_result outbox_fixture_result_of(const struct outbox_fixture_taken *taken,
                                              size_t index, enum outbox_verdict verdict);
/* Takes the one message there is and settles it. */
void outbox_fixture_take_and_settle(struct outbox_fixture *scene, enum outbox_verdict verdict);

/* Passes the first message that was taken to `gateway`: "passed", "wait", "withdrawn until",
 * "gone", or the fault's code. `number` as in struct outbox_pass; `wait_ms` may be NULL. */
const char *outbox_fixture_pass_to(struct outbox_fixture *scene, struct outbox *outbox,
                                   const struct outbox_fixture_taken *taken,
                                   const struct outbox_gateway *gateway, int64_t *number,
                                   int64_t *wait_ms);
const char *outbox_fixture_pass(struct outbox_fixture *scene, struct outbox *outbox,
                                const struct outbox_fixture_taken *taken, const char *gateway,
                                struct outbox_rate rate, int64_t *number, int64_t *wait_ms);

/* As if so many ms had passed for a rate: its slots in `key` are as much older. */
void outbox_fixture_age(struct outbox_fixture *scene, const char *key, int64_t ms);

struct outbox_fixture_swept {
    bool done;
    struct outbox_swept swept;
    char code[32];
};

struct outbox_fixture_swept outbox_fixture_sweep(struct outbox_fixture *scene,
                                                 struct outbox *outbox);
/* By who knows that of messages of a dead daemon; somebody asks for message.sent. */
struct outbox_fixture_swept outbox_fixture_sweep_knowing(struct outbox_fixture *scene,
                                                         struct outbox *outbox,
                                                         const struct outbox_known *known,
                                                         size_t count);

/* Nothing is in the hands of any daemon: all entries of both classes are acknowledged. */
void outbox_fixture_assert_idle(struct outbox_fixture *scene);

#endif
