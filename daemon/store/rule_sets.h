/*
 * The rule sets of the daemons on one P. A set is known by the digest of what it decides by; Redis
 * gives digests numbers (P:rules, shared_rules.lua), and a greater number is a newer set. Each
 * daemon tells at its lease's renewal which set it has, and hears which ones other living daemons
 * have. What a set can go on with (rules/other_sets) stands in P:set:<digest>, and is read once.
 */
#ifndef NUDGED_STORE_RULE_SETS_H
#define NUDGED_STORE_RULE_SETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "redis/arguments.h"
#include "redis/reply.h"
#include "redis/scripts.h"

enum {
    RULE_SETS_DIGEST_SIZE = 17,       /* 16 hex digits and a NUL */
    RULE_SETS_ENTRIES_MOST = 4 << 20, /* bytes; of a bigger set it is assumed to have everything */
    RULE_SETS_KEEP_MS = 3600 * 1000,  /* of P:set:<digest>, from the last renewal on */
};

struct rule_sets;

struct rule_sets *rule_sets_new(struct scripts *scripts);
void rule_sets_destroy(struct rule_sets **sets);

/* The set that this daemon decides by from now on, at its start or after a reload. Both are
 * copied. It is told to Redis when the lease is next renewed (instance_renew). */
void rule_sets_use(struct rule_sets *sets, const char *digest, struct slice entries);

/* The number of a set that this daemon has, or has just had. Before Redis has given one it is that
 * of a set that is newer than all that are known. */
int64_t rule_sets_number(const struct rule_sets *sets, const char *digest);

struct rule_sets_other {
    char digest[RULE_SETS_DIGEST_SIZE];
    int64_t number;
    struct slice entries; /* text NULL: not known yet */
    bool asked;
};

/* The sets of other living daemons that differ from this one's, as of the last renewal. */
const struct rule_sets_other *rule_sets_others(const struct rule_sets *sets, size_t *count);

/* The greatest number of a set as of the last renewal; 0: not known. */
int64_t rule_sets_last(const struct rule_sets *sets);

/* ---- For store/instance ---- */

/* What enter.lua and renew.lua ask of the set: digest, number, whether it is new. */
void rule_sets_ask(struct rule_sets *sets, struct arguments *arguments);
/* What they answer to that: number, whether the set is to be published, {digest, number, …, 'last',
 * number}. */
void rule_sets_learn(struct rule_sets *sets, const struct reply *number,
                     const struct reply *missing, const struct reply *others);
/* Whether the answer was about the set that is this daemon's now. */
bool rule_sets_settled(const struct rule_sets *sets);

#endif
