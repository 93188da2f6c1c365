#include "decide/given.h"

const char *given_run(const struct customer_journey *journey, const char *list, const char *mid,
                      struct arena *arena)
{
    const struct value *run = value_get(&journey->given, list);
    return value_is(run, VALUE_STRING) ? value_to_text(arena, run) : mid;
}

/* Copies of the journey share the map: so it is a new one. */
void given_remember(struct deciding *d, struct customer_journey *journey, const char *list,
                    const char *run)
{
    const struct value nothing = value_new_map(d->arena, 1);
    struct value given = value_merge(d->arena, &nothing, &journey->given);
    if (!value_is(&given, VALUE_MAP))
        given = nothing;
    value_set(d->arena, given, list, value_text(run));
    journey->given = given;
}

bool given_lacks(const struct deciding *d, const char *mid)
{
    return d->facts && rule_list_has(d->facts->codeless, mid);
}
