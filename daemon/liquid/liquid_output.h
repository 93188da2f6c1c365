/*
 * Outputs: a value and the filters that it goes through.
 */
#ifndef NUDGED_LIQUID_LIQUID_OUTPUT_H
#define NUDGED_LIQUID_LIQUID_OUTPUT_H

#include "liquid/liquid_parser.h"
#include "liquid/liquid_run.h"

/* Reads what stands in {{ }}, or behind `echo` and `assign x =`. */
bool liquid_output_parse(struct liquid_parser *parser, const struct slice *markup,
                         struct liquid_output *output);
/* A node that prints it. */
bool liquid_output_node(struct liquid_parser *parser, const struct slice *markup,
                        struct liquid_node *node);

/* Looks a filter up among the host's and the standard ones, and adds it to an output whose
 * arguments it has; fails where strictness demands it. */
bool liquid_output_resolve(struct liquid_parser *parser, struct liquid_use *use);
struct liquid_use *liquid_output_add(struct liquid_parser *parser, struct liquid_output *output,
                                     const char *name, size_t length);
bool liquid_output_argument(struct liquid_parser *parser, struct liquid_use *use,
                            const struct liquid_expression *value);
void liquid_output_keyword(struct liquid_parser *parser, struct liquid_use *use, const char *name,
                           size_t length, const struct liquid_expression *value);

/* Its value; `safe` says whether it is markup already (it may be no string). */
bool liquid_output_value(struct liquid_run *run, const struct liquid_output *output,
                         struct value *value, bool *safe);

#endif
