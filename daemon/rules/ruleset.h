/*
 * All rules of one generation, indexed by event type. Read from a folder,
 * immutable afterwards: a reload makes a new one beside it.
 */
#ifndef NUDGED_RULES_RULESET_H
#define NUDGED_RULES_RULESET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "rules/rule.h"

struct ruleset;
struct rule_index;

struct ruleset_settings {
    const char *folder; /* every *.yaml in it but *.test.yaml and events.yaml is rules */
    int64_t since_ms;   /* when it becomes active, by the machine's clock */
    /* Whether a template exists for a channel; NULL: not checked. */
    bool (*has_template)(void *context, const char *name, const char *channel);
    void *context;
    /* What there is, NULL-terminated: for hints, and a warning about a channel that has no
     * gateway. NULL: unknown. */
    const char *const *templates, *const *channels;
    /* Conditions of the configuration, NULL-terminated (may be NULL): the event types that
     * they name are counted too. */
    struct cel_program *const *conditions;
    bool plain; /* asks every rule in turn (rules/rule_index): for comparison */
};

/* NULL where there was an error; faults and warnings are added to `diags`. */
struct ruleset *ruleset_load(const struct ruleset_settings *settings, struct diags *diags);
void ruleset_destroy(struct ruleset **ruleset);

size_t ruleset_count(const struct ruleset *ruleset);
const struct rule *ruleset_at(const struct ruleset *ruleset, size_t index);
const struct rule *ruleset_find(const struct ruleset *ruleset, const char *name);
int64_t ruleset_since(const struct ruleset *ruleset);

/* The rules that an event type concerns, by `on` or by `until`: NULL-terminated, highest
 * priority first, then by name; never NULL. */
const struct rule *const *ruleset_on(const struct ruleset *ruleset, const char *type);
const struct rule *const *ruleset_until(const struct ruleset *ruleset, const char *type);

/* The rules of ruleset_on, ready to be asked; NULL: there are none. */
const struct rule_index *ruleset_index(const struct ruleset *ruleset, const char *type);

/* Whether some rule names the type, so that customers count it. */
bool ruleset_counts(const struct ruleset *ruleset, const char *type);

/* The longest window of any rule's limit, in milliseconds; 0: no limits. */
int64_t ruleset_longest_limit(const struct ruleset *ruleset);

/* The event types that events.yaml declares: a map from type to sample data. */
const struct value *ruleset_events(const struct ruleset *ruleset);

#endif
