/*
 * What fields the customers of a rule set have, while it is built: those that samples carry, those
 * that nudged itself reads, those that the configuration computes and those that rules set. Each
 * has one owner.
 */
#ifndef NUDGED_RULES_RULESET_FIELDS_H
#define NUDGED_RULES_RULESET_FIELDS_H

#include "base/arena.h"
#include "base/diag.h"
#include "base/settings.h"
#include "base/value.h"
#include "rules/field.h"
#include "rules/field_owners.h"

struct ruleset_fields {
    struct arena *arena;
    const struct value *events; /* map of declared types to samples */
    const struct field *fields; /* of the configuration; ends with a row without a name; or NULL */
    const struct settings_source *source; /* where those stand */
    struct diags *diags;
    struct field_owners owners;
    struct value set;            /* map: the names of those that rules set */
    struct value sampled, known; /* maps; null before they are asked for */
};

/* Notes what the rules of a file set: before anything is asked. */
void ruleset_fields_note(struct ruleset_fields *fields, const struct value *documents);

/* A map of what samples carry; NULL where no event is declared. */
const struct value *ruleset_fields_sampled(struct ruleset_fields *fields);
/* Of all fields; NULL likewise. */
const struct value *ruleset_fields_known(struct ruleset_fields *fields);

/* Checks the configuration's fields against the declared events. */
void ruleset_fields_check(struct ruleset_fields *fields);

#endif
