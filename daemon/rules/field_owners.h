/* Which rule sets which field of the customer, while rules are read: a field has one owner. */
#ifndef NUDGED_RULES_FIELD_OWNERS_H
#define NUDGED_RULES_FIELD_OWNERS_H

#include "base/arena.h"
#include "rules/rule.h"

struct field_owners {
    struct field_owner *first;
};

/* The rule becomes the owner; or the other rule that is it already. */
const struct rule *field_owners_claim(struct field_owners *owners, struct arena *arena,
                                      const char *name, const struct rule *rule);

#endif
