/*
 * Members of values: what the steps of a path and the filters of lists find.
 */
#ifndef NUDGED_LIQUID_LIQUID_MEMBER_H
#define NUDGED_LIQUID_LIQUID_MEMBER_H

#include "liquid/liquid_run.h"

/* The member of `value` named by `key`: of a map by its name, of a list by its place
 * (from the end where it is negative), of a loop, of `self`. False where there is none. */
bool liquid_member_get(struct liquid_run *run, const struct value *value, const struct value *key,
                       struct value *member);

/* Likewise by a name, but `.size` and its like are no members. */
bool liquid_member_named(struct liquid_run *run, const struct value *value,
                         const struct liquid_name *name, struct value *member);

/* The first (or last) of a list, range, map (its first pair) or string; else nil. */
bool liquid_member_end(struct liquid_run *run, const struct value *value, bool last,
                       struct value *result);

#endif
