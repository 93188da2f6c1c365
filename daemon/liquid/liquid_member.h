/*
 * Members of values: what the steps of a path find.
 */
#ifndef NUDGED_LIQUID_LIQUID_MEMBER_H
#define NUDGED_LIQUID_LIQUID_MEMBER_H

#include "liquid/liquid_run.h"

/* The member of `value` named by `key`: of a map by its name, of a list by its place
 * (from the end where it is negative), of a loop, of `self`. False where there is none. */
bool liquid_member_get(struct liquid_run *run, const struct value *value, const struct value *key,
                       struct value *member);

/* Takes one step of a path: the member, or else `.size`, `.first`, `.last`. `value` is
 * replaced; nil where there is nothing. False after a failure. */
bool liquid_member_step(struct liquid_run *run, const struct liquid_step *step,
                        struct value *value);

/* The first (or last) of a list, range, map (its first pair) or string; else nil. */
bool liquid_member_end(struct liquid_run *run, const struct value *value, bool last,
                       struct value *result);

#endif
