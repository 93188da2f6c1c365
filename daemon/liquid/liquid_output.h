/*
 * Outputs: a value and the filters that it goes through.
 */
#ifndef NUDGED_LIQUID_LIQUID_OUTPUT_H
#define NUDGED_LIQUID_LIQUID_OUTPUT_H

#include "base/slice.h"
#include "liquid/liquid_use.h"

/* What stands in {{ }}, after `echo` and after `assign x =`. */
struct liquid_output {
    const struct liquid_expression *value; /* NULL: nothing stands there */
    const struct liquid_use *uses;
    uint32_t use_count;
};

/* Reads one, strictly or else as the mode lets it; false after an error. */
bool liquid_output_parse(struct liquid_parser *parser, const struct slice *markup,
                         struct liquid_output *output);
/* Likewise, and makes `node` one that prints it. */
bool liquid_output_node(struct liquid_parser *parser, const struct slice *markup,
                        struct liquid_node *node);

/* Its value behind all filters; `safe` says whether it is markup already (it may be no string).
 * False after a failure. */
bool liquid_output_value(struct liquid_run *run, const struct liquid_output *output,
                         struct value *value, bool *safe);

/* Reports the variables that it reads. */
void liquid_output_visit(struct liquid_visit *visit, const struct liquid_output *output);

#endif
