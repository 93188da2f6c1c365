/*
 * What one work comes to in a round, as its documents were read: whose its first events are, what
 * is decided for them, or that it is for another shard (events/claiming), and the commit of that.
 * Nothing is asked or written here.
 */
#ifndef NUDGED_EVENTS_JUDGING_H
#define NUDGED_EVENTS_JUDGING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "config/generation.h"
#include "decide/room.h"
#include "events/names.h"
#include "events/work.h"
#include "store/commit.h"
#include "store/halted.h"
#include "store/rule_sets.h"

struct log_group;

/* What a batch is judged by. */
struct judging {
    const struct generation *generation;
    struct names *names;
    const struct placement_home *home; /* of its documents */
    const char *const *key_paths;
    struct arena *round;               /* all that is made lies here */
    const struct rule_sets *rule_sets; /* NULL: nobody else decides */
    const struct halted *halted;       /* NULL: nothing was heard of paused rules */
    int64_t epoch;                     /* of document versions */
    const struct room *rooms;          /* in the outbox, by enum rule_class */
    struct log_group *log_group;
    int64_t now_ms;    /* Redis' TIME */
    int64_t keep_ms;   /* of customers */
    int64_t *sequence; /* likewise of versions */
};

/* Decides the first of the work's events that one commit can carry, or its deadline: what is chosen
 * and decided stands in the work. False where the decision needs something first
 * (decision_has_needs): then there is no commit. What cannot be decided is given up. */
bool judging_decide(const struct judging *judging, struct work *work, struct commit *commit);

/* What cannot be decided: its events, or its timer, become dead letters; its document stays. */
void judging_give_up(const struct judging *judging, struct work *work, const struct diag *diag,
                     struct commit *commit);

/* The work has learnt from a refused commit what stands now: its names know it too. */
void judging_learn(const struct work *work);

#endif
