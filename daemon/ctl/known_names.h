/*
 * The names that a template can read, with what is known to stand under them: the samples of
 * events.yaml, the keys of `data` in rules, and what every message has.
 */
#ifndef NUDGED_CTL_KNOWN_NAMES_H
#define NUDGED_CTL_KNOWN_NAMES_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/value.h"
#include "config/config.h"
#include "rules/ruleset.h"

struct known_names {
    struct value data;  /* what the events carry, all in one map; null for "anything" */
    struct value names; /* that, and what every message has */
    bool open;          /* some event has no sample: there may be other data */
};

/* At any event that has a sample. */
void known_names_all(struct arena *arena, const struct config *config, const struct ruleset *rules,
                     struct known_names *all);

/* At the events of the rules that send the template; a copy of `all` where no rule does. */
void known_names_sent(struct arena *arena, const struct config *config, const struct ruleset *rules,
                      const struct known_names *all, const char *template,
                      struct known_names *some);

/* What any of the list's items has, as one map; null where they are none. */
struct value known_names_item(struct arena *arena, const struct value *list);

/* Those that the body of a request sees: all, the keys of `data` of any rule, and the composed
 * message. Shares its parts with `all`. */
void known_names_body(struct arena *arena, const struct ruleset *rules,
                      const struct known_names *all, struct known_names *body);

#endif
