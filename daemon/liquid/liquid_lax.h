/*
 * Lax mode: markup that the strict grammar refuses, read as the reference
 * implementation's lax parser does. It looks for fragments (words and quoted strings
 * between blanks, commas and bars) and passes over what makes no sense to it. What is
 * made of them stands beside the strict reading of each thing: parse_lax in liquid_output,
 * liquid_condition and the tags.
 */
#ifndef NUDGED_LIQUID_LIQUID_LAX_H
#define NUDGED_LIQUID_LIQUID_LAX_H

#include "base/slice.h"
#include "liquid/liquid_parser.h"

/* The next fragment at or behind *at, which is moved past it; false where there is none. */
bool liquid_lax_fragment(const char **at, const char *end, struct slice *fragment);
/* Behind the fragment that begins at `at`; `at` itself where none does. */
const char *liquid_lax_skip(const char *at, const char *end);
/* Likewise a quoted string. */
const char *liquid_lax_skip_string(const char *at, const char *end);

/* Each `name: fragment` of a text, wherever it stands. */
bool liquid_lax_attribute(const char **at, const char *end, struct slice *name,
                          struct slice *value);

/* A fragment as an expression: never fails, "" is nil. */
const struct liquid_expression *liquid_lax_expression(struct liquid_parser *parser,
                                                      const struct slice *fragment);

#endif
