/* The records of P:said in memory, as commit.lua keeps them (store/shared_said_merge.lua). */
#ifndef NUDGED_DECIDE_REPLAY_SAID_H
#define NUDGED_DECIDE_REPLAY_SAID_H

#include <stdbool.h>

#include "base/slice.h"
#include "decide/decision.h"

struct replay_said;

struct replay_said *replay_said_new(void);
void replay_said_clear(struct replay_said *said);
void replay_said_destroy(struct replay_said **said);

/* The record of a name, as customer/said reads it; text NULL: there is none. */
struct slice replay_said_record(const struct replay_said *said, const char *name);

/* Every name of which there is a record. */
void replay_said_each(const struct replay_said *said, void (*see)(void *context, const char *name),
                      void *context);

/* Takes in what a decision said. */
void replay_said_learn(struct replay_said *said, const struct decision *decision);

/* Whether the record under that name speaks against the topic. */
bool replay_said_declines(const struct replay_said *said, const char *name, const char *topic);

#endif
