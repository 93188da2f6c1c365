/*
 * What expressions ask about by name: rules in customer.sent("…"), segments, event types in
 * customer.count("…") and its siblings. Collected while files are read, looked at when all names
 * are known.
 */
#ifndef NUDGED_RULES_RULE_REFERENCES_H
#define NUDGED_RULES_RULE_REFERENCES_H

#include "base/arena.h"
#include "base/diag.h"
#include "base/settings_fault.h"
#include "rules/condition.h"

struct rule_reference {
    const struct cel_program *program;
    struct settings_source source; /* whose parts must live as long */
    struct value value;            /* the expression as it was read, for its place */
    const struct rule_reference *next;
};

struct rule_references {
    const struct rule_reference *first;
};

/* The names there are, each list NULL-terminated; NULL: nothing is known of them. */
struct rule_references_known {
    const char *const *rules, *const *types, *const *segments;
    const struct value *customer; /* a map of the fields that some sample's customer has; NULL */
    const struct value *start;    /* likewise of what some sample has; NULL */
};

void rule_references_add(struct rule_references *references, struct arena *arena,
                         const struct cel_program *program, const struct settings_source *source,
                         const struct value *value);

/* The expressions that were added since `before` and look something up: NULL-terminated, in the
 * arena; NULL where there are none. */
const struct cel_program *const *rule_references_lookups(const struct rule_references *references,
                                                         const struct rule_reference *before,
                                                         struct arena *arena);

/* An error where a segment is asked about that is not there; a warning where a question can have
 * but one answer: no such rule or event type, a count beyond what is kept. */
void rule_references_check(const struct rule_references *references,
                           const struct rule_references_known *known, struct diags *diags);

/* Likewise of fields of the customer and of `start`: expressions that were compiled before samples
 * were known. */
void rule_references_check_fields(const struct rule_references *references, struct arena *arena,
                                  const struct rule_references_known *known, struct diags *diags);

#endif
