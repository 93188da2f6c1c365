/*
 * What came of a simulation, in figures: by rule, and in all.
 */
#ifndef NUDGED_SIMULATE_TALLY_H
#define NUDGED_SIMULATE_TALLY_H

#include <stdint.h>

#include "base/map.h"
#include "decide/replay.h"

/* So many of each word, in the order in which they came up. */
struct tally_counts {
    struct tally_count {
        const char *word; /* a reason, a channel: lives as long as the rules */
        uint64_t count;
    } * items; /* owned */
    uint32_t count, capacity;
};

struct tally_rule {
    const char *name;
    uint64_t started; /* journeys */
    uint64_t sent;
    struct tally_counts channels;    /* of what was sent */
    struct tally_counts refused;     /* messages, and what else was not made or kept */
    struct tally_counts passed_over; /* matches that began nothing */
    struct tally_counts ended;       /* journeys that were over before their last step */
    uint64_t waiting;                /* journeys, at the end */
};

struct tally {
    struct tally_rule *rules; /* in the order of the rules; owned */
    uint32_t rule_count;
    struct map *by_name;
    uint64_t events, duplicates, dead;
    uint64_t started, sent, refused, ended, waiting;
};

void tally_open(struct tally *tally, const struct ruleset *rules);
void tally_close(struct tally *tally);

void tally_decided(struct tally *tally, const struct replay_decided *decided);
/* A journey that still runs. */
void tally_waits(struct tally *tally, const char *rule);

/* Adds the other's, which is of the same rules. */
void tally_join(struct tally *tally, const struct tally *other);

uint64_t tally_sum(const struct tally_counts *counts);

#endif
