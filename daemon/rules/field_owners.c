#include "rules/field_owners.h"

#include <string.h>

struct field_owner {
    const char *name;
    const struct rule *rule;
    struct field_owner *next;
};

const struct rule *field_owners_claim(struct field_owners *owners, struct arena *arena,
                                      const char *name, const struct rule *rule)
{
    for (const struct field_owner *owner = owners->first; owner; owner = owner->next)
        if (strcmp(owner->name, name) == 0)
            return owner->rule == rule ? NULL : owner->rule;
    struct field_owner *owner = arena_alloc(arena, sizeof *owner);
    *owner = (struct field_owner){.name = name, .rule = rule, .next = owners->first};
    owners->first = owner;
    return NULL;
}
