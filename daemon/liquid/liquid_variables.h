/*
 * The walk that finds the variables a template reads (liquid_variables in liquid.h).
 */
#ifndef NUDGED_LIQUID_LIQUID_VARIABLES_H
#define NUDGED_LIQUID_LIQUID_VARIABLES_H

#include "base/slice.h"
#include "liquid/liquid_tree.h"

/* For the kinds' visit functions: they pass on what they hold, in the order in which it
 * is rendered. NULL is no expression and no body. */
void liquid_variables_expression(struct liquid_visit *visit,
                                 const struct liquid_expression *expression);
void liquid_variables_body(struct liquid_visit *visit, const struct liquid_body *body);
void liquid_variables_keywords(struct liquid_visit *visit, const struct liquid_keyword *keywords,
                               uint32_t count);

/* From here on the name is the template's own. */
void liquid_variables_own(struct liquid_visit *visit, const struct liquid_name *name);
/* The body of a loop, in which two names are the template's: that of the loop's object, and
 * `variable`, whose values are the items of `collection`. */
void liquid_variables_loop(struct liquid_visit *visit, const char *object,
                           const struct liquid_name *variable,
                           const struct liquid_expression *collection,
                           const struct liquid_body *body);

/* A template named literally. */
void liquid_variables_partial(struct liquid_visit *visit, const struct slice *name,
                              uint32_t offset);

#endif
