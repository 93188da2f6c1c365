/*
 * Expressions: literals, variables with their paths, ranges.
 */
#ifndef NUDGED_LIQUID_LIQUID_EXPRESSION_H
#define NUDGED_LIQUID_LIQUID_EXPRESSION_H

#include "base/slice.h"
#include "liquid/liquid_parser.h"

/* Reads one expression from the tokens; NULL after an error. */
const struct liquid_expression *liquid_expression_parse(struct liquid_parser *parser,
                                                        struct liquid_lex *lex);

/* One that is a value. */
const struct liquid_expression *liquid_expression_constant(struct liquid_parser *parser,
                                                           const char *at, struct value value);

/* The spelling of an expression without its white space, as `forloop.name` shows it. */
struct slice liquid_expression_text(struct liquid_parser *parser, const char *from, const char *to);

/* `[index]` or `.name`, added to a path; a range of two expressions (NULL after an error). */
void liquid_expression_index(struct liquid_parser *parser, struct liquid_expression *path,
                             const struct liquid_expression *index);
void liquid_expression_member(struct liquid_parser *parser, struct liquid_expression *path,
                              const char *text, size_t length);
const struct liquid_expression *liquid_expression_range(struct liquid_parser *parser,
                                                        const char *at,
                                                        const struct liquid_expression *from,
                                                        const struct liquid_expression *to);
/* The word's value (nil, true, empty), or NULL. */
const struct liquid_expression *liquid_expression_word(struct liquid_parser *parser,
                                                       const char *text, size_t length);
/* An empty one of kind LIQUID_CONSTANT, to be filled. */
struct liquid_expression *liquid_expression_new(struct liquid_parser *parser, const char *at);

#endif
