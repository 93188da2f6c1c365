/*
 * All rules of one generation, indexed by event type. Built from files that were read
 * already (config/rule_files), immutable afterwards: a reload makes a new one beside it.
 */
#ifndef NUDGED_RULES_RULESET_H
#define NUDGED_RULES_RULESET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/settings.h"
#include "base/value.h"
#include "cel/cel.h"
#include "rules/rule.h"
#include "rules/rule_references.h"
#include "rules/ruleset_templates.h"

struct ruleset;
struct ruleset_builder;
struct rule_index;

struct ruleset_settings {
    struct ruleset_templates templates;
    /* Conditions of the configuration, NULL-terminated (may be NULL): the event types that
     * they name are counted too. */
    struct cel_program *const *conditions;
    const struct rule_references *references; /* what those ask about; may be NULL */
    const struct condition_segment *segments; /* ends with a row without a name; NULL: unknown */
    const struct field *fields; /* of the configuration; ends with a row without a name; or NULL */
    const struct settings_source *config_source; /* where those stand */
    const struct rule_channel *channels;         /* of the configuration; NULL: the standard ones */
    const char *const *topics; /* of the configuration, NULL-terminated; NULL: any */
    struct setting_rate cap;   /* of the configuration, for warnings; count 0: none */
    int64_t now_ms;            /* since 1970, to warn of what is past; 0: nothing is */
    bool plain;                /* asks every rule in turn (rules/rule_index): for comparison */
};

/* Begins a set without rules. It takes over the arena, in which everything that is added must
 * lie: rules share it. Faults and warnings are added to `diags`, which like `settings` must stay
 * until the set is finished. */
struct ruleset_builder *ruleset_begin(struct arena *arena, const struct ruleset_settings *settings,
                                      struct diags *diags);

extern const struct shape ruleset_events_shape; /* of a document of events.yaml */

/* The event types that a file declares: before the rules, which are checked against them.
 * `documents`: the list that the file was read into. False where there was a fault. */
bool ruleset_add_events(struct ruleset_builder *builder, const struct settings_source *source,
                        const struct value *documents);

/* Notes which fields of the customer the rules of a file set: before the first rules are added, as
 * an expression of one may ask for what another sets. */
void ruleset_note_fields(struct ruleset_builder *builder, const struct value *documents);

/* The rules of a file, one of each document. Those with faults are left out. */
void ruleset_add_rules(struct ruleset_builder *builder, const struct settings_source *source,
                       const struct value *documents);

/* The set, ready to be asked; NULL where `diags` had an error since ruleset_begin. */
struct ruleset *ruleset_finish(struct ruleset_builder **builder);
void ruleset_destroy(struct ruleset **ruleset);

/* Where the texts of its rules lie, as long as it is there. */
const struct arena *ruleset_arena(const struct ruleset *ruleset);

size_t ruleset_count(const struct ruleset *ruleset);
const struct rule *ruleset_at(const struct ruleset *ruleset, size_t index);
const struct rule *ruleset_find(const struct ruleset *ruleset, const char *name);

/* Of DIGEST_SIZE bytes: the same where the rules say the same, whatever files they are in. */
const unsigned char *ruleset_digest(const struct ruleset *ruleset);

/* What an event type concerns. The lists are NULL-terminated, highest priority first, then by name;
 * never NULL. */
struct ruleset_type {
    const struct rule *const *on, *const *until; /* rules that it begins, or ends */
    const struct rule_index *index;              /* those of `on`, ready to be asked; NULL: none */
    bool counted;                                /* some rule names it: so customers count it */
    bool computed;                               /* fields of the configuration are, by it */
};

/* Never NULL. */
const struct ruleset_type *ruleset_type(const struct ruleset *ruleset, const char *type);

/* Of them one thing. */
const struct rule *const *ruleset_on(const struct ruleset *ruleset, const char *type);
const struct rule *const *ruleset_until(const struct ruleset *ruleset, const char *type);
bool ruleset_counts(const struct ruleset *ruleset, const char *type);

/* The rules that have a clock and are enabled, likewise. */
const struct rule *const *ruleset_clocks(const struct ruleset *ruleset);

/* The event types that events.yaml declares: a map from type to sample data. */
const struct value *ruleset_events(const struct ruleset *ruleset);

#endif
