/*
 * item[property], as the filters of lists have it: of a map its member, of a string the
 * property itself where it is part of it, of an integer a bit.
 */
#ifndef NUDGED_LIQUID_LIQUID_PROPERTY_H
#define NUDGED_LIQUID_LIQUID_PROPERTY_H

#include "liquid/liquid.h"

enum liquid_property {
    LIQUID_PROPERTY_FOUND,  /* or nil */
    LIQUID_PROPERTY_NONE,   /* nil, true, 1.5 have none: the filter gives nil */
    LIQUID_PROPERTY_FAILED, /* the call has failed */
};

/* Whether it is of a kind that has properties; of another one, liquid_property_of() finds none. */
bool liquid_property_possible(const struct value *item);

/* `result` is nil unless it was found. */
enum liquid_property liquid_property_of(struct liquid_call *call, const struct value *item,
                                        const struct value *property, struct value *result);

/* What a filter goes by whose argument `property` may be missing (NULL) or nil: then the item
 * itself. */
enum liquid_property liquid_property_or_item(struct liquid_call *call, const struct value *item,
                                             const struct value *property, struct value *result);

#endif
