/*
 * A rule: one trigger, a condition, and the steps that follow, checked, its expressions
 * compiled; immutable. rule_read makes it of a YAML document (docs/rules.md).
 */
#ifndef NUDGED_RULES_RULE_H
#define NUDGED_RULES_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/settings.h"
#include "base/value.h"
#include "cel/cel.h"
#include "rules/rule_clock.h"
#include "rules/rule_step.h"

enum rule_class { RULE_MARKETING, RULE_TRANSACTIONAL };

/* What a new match does to the journey that runs. */
enum rule_again { RULE_AGAIN_UNSET, RULE_RESTART, RULE_IGNORE, RULE_PARALLEL, RULE_COLLECT };

/* What becomes of a message whose answer was lost. */
enum rule_uncertain { RULE_UNCERTAIN_BY_CLASS, RULE_RESEND, RULE_HOLD };

struct rule {
    const char *name, *about;
    bool enabled;
    enum rule_class class;
    const char *const *on;          /* event types, NULL-terminated; none where it has a clock */
    const struct rule_clock *clock; /* NULL: events start it */
    struct cel_program *condition;  /* NULL: true */
    struct cel_program *per;        /* NULL: the customer */
    enum rule_again again;
    struct cel_program *while_condition; /* NULL: true */
    const char *const *until;            /* event types, NULL-terminated; may be empty */
    const char *const *until_plain;      /* those of them that need no condition; likewise */
    struct cel_program *until_condition; /* NULL: true */
    struct setting_rate limit;           /* count 0: none */
    uint32_t holdout;                    /* places of base/share that never get it */
    int64_t priority;
    const char *topic;
    int64_t max_age_ms, give_up_ms;
    enum rule_uncertain on_uncertain; /* RULE_RESEND or RULE_HOLD: settled at load */
    struct rule_step *steps;
    uint32_t step_count;
    bool waits;                               /* some step waits */
    bool sends;                               /* some step sends */
    const struct cel_program *const *lookups; /* its expressions that look something up,
                                                 NULL-terminated; NULL: none does */
    unsigned char digest[DIGEST_SIZE];        /* of all that its document says */
    const char *file;                         /* where it stands, for diagnostics */
    uint32_t line;
};

/* The step of that id, or NULL. */
const struct rule_step *rule_find_step(const struct rule *rule, const char *id);
/* Whether a NULL-terminated list (rule->on, rule->until, …; NULL: an empty one) has the name. */
bool rule_list_has(const char *const *list, const char *name);
/* "marketing" or "transactional". */
const char *rule_class_word(enum rule_class class);

#endif
