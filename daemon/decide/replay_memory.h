/*
 * What stands in Redis, in memory: customers' documents, the keys that lead to them, the events
 * that started their journeys, what they said, and which addresses are suppressed. Of each customer
 * a few hundred bytes besides the document, which is kept as customer/customer_image has it.
 */
#ifndef NUDGED_DECIDE_REPLAY_MEMORY_H
#define NUDGED_DECIDE_REPLAY_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/slice.h"
#include "customer/customer.h"
#include "customer/customer_image.h"
#include "customer/said.h"
#include "decide/decision.h"
#include "decide/name_table.h"
#include "decide/person.h"
#include "decide/replay_commit.h"
#include "decide/replay_kept.h"

struct replay_memory;

/* What lies in `lasting` outlives it. */
struct replay_memory *replay_memory_new(const struct policy *policy, const char *const *key_paths,
                                        int64_t keep_ms, const struct arena *lasting);
void replay_memory_destroy(struct replay_memory **memory);
/* Forgets all but who is suppressed. */
void replay_memory_clear(struct replay_memory *memory);

/* Whether somebody is live: they lie as they were decided last, in the arena of that, and refer to
 * what they were decided by. */
bool replay_memory_is_live(const struct replay_memory *memory);
/* Keeps whoever is live as all others: then nothing is referred to. `arena`: of what is needed
 * meanwhile. */
void replay_memory_settle(struct replay_memory *memory, struct arena *arena);

/* The key's; NULL where nobody was ever named by it. What has expired is forgotten. */
struct replay_kept *replay_memory_find(struct replay_memory *memory, const char *key,
                                       int64_t now_ms);

/* The first that has a document, or the first behind `before`; NULL at the end. Meanwhile nothing
 * may be decided. */
struct replay_kept *replay_memory_next(struct replay_memory *memory,
                                       const struct replay_kept *before, int64_t now_ms);

/* What comes soon is fetched from memory, step by step, each when the one before has come. */
enum replay_memory_step {
    REPLAY_MEMORY_SLOT,
    REPLAY_MEMORY_NAME,
    REPLAY_MEMORY_IMAGE,
    REPLAY_MEMORY_PARTS,
};
void replay_memory_expect(const struct replay_memory *memory, const struct shop_event *event,
                          enum replay_memory_step step);
/* Likewise who goes on first, and who may be next. */
void replay_memory_expect_due(const struct replay_memory *memory);
/* Whether the key has a document. What has expired is forgotten. */
bool replay_memory_is_known(struct replay_memory *memory, struct replay_kept *kept, int64_t now_ms);
/* What is kept under the person's key. */
struct replay_kept *replay_memory_of(const struct person *person);

/* Whom an event (NULL: a deadline of `key`) is about. In the arena. */
struct person *replay_memory_meet(struct replay_memory *memory, const char *key,
                                  const struct shop_event *event, int64_t now_ms,
                                  struct arena *arena);

/* The customer of a key that has a document, only to be looked at; likewise. */
struct customer *replay_memory_see(struct replay_memory *memory, const struct replay_kept *kept,
                                   struct arena *arena);
/* The same, all of it in the arena; NULL where it cannot be read. */
struct customer *replay_memory_copy(struct replay_memory *memory, const struct replay_kept *kept,
                                    struct arena *arena);

/* Keeps an event that concerns nothing (decide/concerns) without a decision: that it was seen, and
 * when the profile was said. False, and nothing was done, where there may be more to it: the
 * customer is not known yet, it was seen since `seen_ms`, it says something new of them, they have
 * said yes or no to something. */
bool replay_memory_pass(struct replay_memory *memory, const struct person *person,
                        const struct shop_event *event, int64_t seen_ms, int64_t now_ms,
                        struct arena *arena);

/* The person, read anew, with what becomes part of them. It refers to what is kept, until the next
 * commit. */
struct customer *replay_memory_read(const struct replay_memory *memory, const struct person *person,
                                    struct arena *arena, const struct customer **joined,
                                    size_t *joined_count);

/* A record of each key of the person's. In the arena. */
struct said_text *replay_memory_records(const struct replay_memory *memory,
                                        const struct person *person, struct arena *arena,
                                        size_t *count);

/* Whether an address is suppressed, or has declined the topic. */
bool replay_memory_suppressed(const struct replay_memory *memory, const char *hash);
bool replay_memory_declined(const struct replay_memory *memory, const char *said,
                            const char *topic);
void replay_memory_suppress(struct replay_memory *memory, const char *hash);

/* Whether what says who the customer is (profile, fields, keys) has changed, or is new. */
bool replay_memory_commit(struct replay_memory *memory, const struct replay_commit *commit,
                          struct arena *arena);

/* Every name there is, and those of which there is a record; both by their hash. */
void replay_memory_each_name(const struct replay_memory *memory,
                             void (*see)(void *context, const char *name),
                             void (*see_said)(void *context, const char *name), void *context);

/* The customer who goes on first; NULL: there is none. */
struct replay_kept *replay_memory_due(struct replay_memory *memory);
/* When the customer goes on; 0: never. */
void replay_memory_set_timer(struct replay_memory *memory, struct replay_kept *kept, int64_t at_ms);

#endif
