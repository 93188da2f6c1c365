/*
 * The walk that finds the variables a template reads (liquid_variables in liquid.h).
 */
#ifndef NUDGED_LIQUID_LIQUID_VARIABLES_H
#define NUDGED_LIQUID_LIQUID_VARIABLES_H

#include "liquid/liquid_condition.h"
#include "liquid/liquid_tree.h"

/* For the kinds' visit functions: they pass on what they hold, in the order in which it
 * is rendered. NULL is no expression and no body. */
void liquid_variables_expression(struct liquid_visit *visit,
                                 const struct liquid_expression *expression);
void liquid_variables_output(struct liquid_visit *visit, const struct liquid_output *output);
void liquid_variables_condition(struct liquid_visit *visit,
                                const struct liquid_condition *condition);
void liquid_variables_body(struct liquid_visit *visit, const struct liquid_body *body);
void liquid_variables_keywords(struct liquid_visit *visit, const struct liquid_keyword *keywords,
                               uint32_t count);

/* From here on the name is the template's own. */
void liquid_variables_own(struct liquid_visit *visit, const struct liquid_name *name);
/* Likewise of a loop's variable, whose values are the items of `collection`. */
void liquid_variables_item(struct liquid_visit *visit, const struct liquid_name *name,
                           const struct liquid_expression *collection);
/* Before and after the body of a loop, whose two own names stand behind the mark. */
uint32_t liquid_variables_mark(const struct liquid_visit *visit);
void liquid_variables_release(struct liquid_visit *visit, uint32_t mark);

/* A template named literally. */
void liquid_variables_partial(struct liquid_visit *visit, const struct slice *name,
                              uint32_t offset);

#endif
