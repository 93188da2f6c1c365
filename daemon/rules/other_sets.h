/*
 * The rule sets of other living daemons, as far as deciding asks about them: which journeys may be
 * left to them. A set tells what it can go on with as entries, one of eight bytes for each step of
 * a rule that is enabled, in order: the first of SHA-256 over name, NUL and id of the step.
 */
#ifndef NUDGED_RULES_OTHER_SETS_H
#define NUDGED_RULES_OTHER_SETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"
#include "rules/ruleset.h"

enum { OTHER_SETS_ENTRY = 8 /* bytes */ };

struct other_set {
    int64_t number;       /* a greater one is newer */
    struct slice entries; /* text NULL: not known yet; then it may have everything */
};

struct other_sets {
    int64_t number; /* of this daemon's set */
    int64_t last; /* the greatest that is known: a set with a greater one came just now, and what it
                   * has is yet to be heard; 0: not known */
    const struct other_set *sets;
    size_t count;
};

/* What a set can go on with, in the arena; and which of the events that are only made where
 * somebody asks for them it asks for: each as a step of that name of a rule without one. */
struct slice other_sets_entries(const struct ruleset *rules, struct arena *arena);

/* Whether one of the sets whose number is above `above` can go on with the step of the rule. */
bool other_sets_have(const struct other_sets *others, const char *rule, const char *step,
                     int64_t above);

/* Whether one of the sets asks for events of the type, one of message.sent and
 * message.uncertain. */
bool other_sets_count(const struct other_sets *others, const char *type);

#endif
