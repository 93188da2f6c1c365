/*
 * What rules with a clock have in Redis: since when each is there, an index of all customers by
 * zone, how far the customers of each zone were asked, and who is being asked (docs/redis.md). All
 * of it moves on in scripts; events/sweeper says when.
 */
#ifndef NUDGED_STORE_CLOCKS_H
#define NUDGED_STORE_CLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "base/slice.h"
#include "redis/scripts.h"
#include "store/clocks_items.h"
#include "store/instance.h"

enum { CLOCKS_LEASE_MS = 30000, CLOCKS_POLL_MS = 2000 };

struct clocks;

struct clocks_options {
    struct scripts *scripts;
    const struct instance *instance;
    int64_t settle_ms; /* as of timers */
    const char *inbox; /* likewise */
    double rate;       /* customers per second, over all daemons */
};

struct clocks *clocks_new(const struct clocks_options *options);
void clocks_destroy(struct clocks **clocks);

enum clocks_state {
    CLOCKS_NONE, /* no rule has a clock */
    CLOCKS_SCAN, /* the index is being made */
    CLOCKS_DONE,
};

struct clocks_noted {
    const struct diag *fault; /* NULL, or why it failed: then there is nothing else */
    int64_t now_ms;           /* Redis' clock */
    enum clocks_state state;
    const char *cursor;      /* of the scan */
    int64_t keys, customers; /* that the scan has seen, and found */
    const bool *ours;        /* of each rule, whether its clock is the one that counts */
    const char *const *zones;
    size_t zone_count;
};
typedef void clocks_on_noted(void *context, const struct clocks_noted *noted);

/* Tells which rules have clocks; where `newest`, that is what counts. The callback's texts are gone
 * when it returns. */
void clocks_note(struct clocks *clocks, const struct clocks_rule *rules, size_t count, bool newest,
                 clocks_on_noted *callback, void *context);

/* A part of the scan for documents that were there before the index. */
struct clocks_scanned {
    const struct diag *fault;
    const char *cursor; /* of the next part; "0": there is none */
    size_t keys;        /* of any kind, about */
    const char *const *customers;
    const struct slice *documents; /* text NULL: gone by now */
    size_t count;
};
typedef void clocks_on_scanned(void *context, const struct clocks_scanned *scanned);
void clocks_scan(struct clocks *clocks, const char *cursor, clocks_on_scanned *callback,
                 void *context);

/* Puts what the part that began at `cursor` has found into the index. The answer has `fault`, state
 * and cursor alone. */
void clocks_index(struct clocks *clocks, const char *cursor, const struct clocks_scanned *scanned,
                  const struct clocks_indexed *found, size_t count, clocks_on_noted *callback,
                  void *context);

struct clocks_swept {
    const struct diag *fault;
    int64_t now_ms;
    enum clocks_state state;
    int64_t wait_ms;          /* until anybody may be taken again */
    const int64_t *ask_ms;    /* of each sweep, when to ask again; -1: never */
    const char *const *taken; /* clocks_read_taken */
    size_t taken_count;
};
typedef void clocks_on_swept(void *context, const struct clocks_swept *swept);

/* Takes `most` customers at most whose turn has come, or come again as their daemon ended. `rules`:
 * all that this daemon has, NULL-terminated. */
void clocks_sweep(struct clocks *clocks, const char *const *rules,
                  const struct clocks_sweep *sweeps, size_t count, size_t most,
                  clocks_on_swept *callback, void *context);

/* What was taken, by its parts, which lie in the arena; false where it is none. */
struct clocks_taken {
    int64_t time_ms, place;
    const char *zone, *customer, *rule;
};
bool clocks_read_taken(struct arena *arena, const char *text, struct clocks_taken *taken);

typedef void clocks_on_done(void *context, const struct diag *fault);
/* Nothing came of these ticks: they are in work no longer. */
void clocks_asked(struct clocks *clocks, const char *const *ticks, size_t tick_count,
                  const struct clocks_found *found, size_t count, clocks_on_done *callback,
                  void *context);

#endif
