/* A customer's life for tests: rules from a text, events and timers at given
 * times, and what was decided as one line of text. The document goes through its JSON
 * between any two decisions. */
#ifndef DECIDE_FIXTURE_H
#define DECIDE_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "decide/decide.h"
#include "rules/other_sets.h"

struct decide_fixture {
    char folder[64];
    struct ruleset *rules;
    struct policy policy;
    struct arena *arena;
    const char *document; /* NULL: none yet */
    const char *joined_key,
        *joined;         /* a document of another key, for the next decision; NULL: none */
    struct value starts; /* map: what stands apart from it, by origin */
    uint32_t needed;     /* starts that the last decision asked for */
    struct value tables; /* map of maps: what the shop keeps; read as the daemon does, … */
    uint32_t lookup_rounds, lookups; /* … so often, so many for the last decision */
    struct policy_facts facts;
    const struct said_text *records;
    size_t record_count;
    struct other_sets others;  /* of other daemons; its number is that of the rules */
    struct policy_place place; /* in the facts */
    struct decision last;      /* of the last decision */
    int entries;
    bool due_too; /* what is due is decided with each event */
};

/* 2026-03-02T10:00:00Z, a Monday: second 0 of all tests. */
enum { DECIDE_FIXTURE_START = 1772445600 };

/* Fails the test where the rules are broken. */
void decide_fixture_open(struct decide_fixture *fixture, const char *rules);
void decide_fixture_close(struct decide_fixture *fixture);
/* Other rules, at a later time, of the fields that the policy has. */
void decide_fixture_reload(struct decide_fixture *fixture, const char *rules);

/* Decides an event (JSON without a time: it gets that of `second`) at `second`, or, where
 * it is NULL, what is due then, or, where it is "clock NAME RULE RULE", the tick of that name for
 * these rules, one second old, as the customer's turn has come. What was done: "rule what why; rule
 * what why". */
const char *decide_fixture_play(struct decide_fixture *fixture, double second, const char *event);

/* Two events that came in one batch. */
const char *decide_fixture_play_both(struct decide_fixture *fixture, double second,
                                     const char *first, const char *then);

/* Where the first message of the last decision is, as the next ones learn it. */
void decide_fixture_place(struct decide_fixture *fixture, enum customer_place place);

/* A play: rules, and what happens to one customer. */
enum { DECIDE_PLAY_STEPS = 12 };

struct decide_play {
    const char *name;
    const char *rules;
    struct {
        double second;
        const char *event; /* NULL: what is due */
        const char *did;
    } steps[DECIDE_PLAY_STEPS];
};

/* Plays each, and fails the test where something else was done than expected. `set_up`
 * (or NULL) changes the policy. */
void decide_fixture_play_all(const struct decide_play *plays, size_t count,
                             void (*set_up)(struct decide_fixture *fixture));

/* The faults of a rule text, as `nudgectl check` prints them; "" where there are none. */
const char *decide_fixture_faults(struct arena *arena, const char *rules, const char *events);

#endif
