/*
 * What `for` and `tablerow` begin with: item in collection.
 */
#ifndef NUDGED_LIQUID_LIQUID_HEAD_H
#define NUDGED_LIQUID_LIQUID_HEAD_H

#include "base/slice.h"
#include "liquid/liquid_parser.h"

struct liquid_head {
    struct liquid_name variable;
    const struct liquid_expression *collection;
    struct slice text; /* of the collection, without its white space */
};

/* Reads it from the tokens; attributes may follow. False after an error. */
bool liquid_head_parse(struct liquid_parser *parser, struct liquid_lex *lex,
                       struct liquid_head *head);
/* Reads it from fragments, as lax mode does; false where it is not there. `behind`: what
 * follows. */
bool liquid_head_lax(struct liquid_parser *parser, const struct slice *markup,
                     struct liquid_head *head, const char **behind);

#endif
