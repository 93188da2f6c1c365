/*
 * Lax mode: markup that the strict grammar refuses, read as the reference
 * implementation's lax parser does. It looks for fragments (words and quoted strings
 * between blanks, commas and bars) and passes over what makes no sense to it.
 */
#ifndef NUDGED_LIQUID_LIQUID_LAX_H
#define NUDGED_LIQUID_LIQUID_LAX_H

#include "liquid/liquid_condition.h"
#include "liquid/liquid_parser.h"

/* The next fragment at or behind *at, which is moved past it; false where there is none. */
bool liquid_lax_fragment(const char **at, const char *end, struct slice *fragment);

/* A fragment as an expression: never fails, "" is nil. */
const struct liquid_expression *liquid_lax_expression(struct liquid_parser *parser,
                                                      const struct slice *fragment);

/* Each `name: fragment` of a text, wherever it stands. */
bool liquid_lax_attribute(const char **at, const char *end, struct slice *name,
                          struct slice *value);

bool liquid_lax_output(struct liquid_parser *parser, const struct slice *markup,
                       struct liquid_output *output);
/* NULL after an error, which is that of the strict grammar. */
const struct liquid_condition *liquid_lax_condition(struct liquid_parser *parser,
                                                    const struct slice *markup);

#endif
