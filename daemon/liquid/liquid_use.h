/*
 * One use of a filter, `| name: arguments`, from its name to its result. Both readings of an
 * output put uses together with the functions of the first half; the render applies them.
 */
#ifndef NUDGED_LIQUID_LIQUID_USE_H
#define NUDGED_LIQUID_LIQUID_USE_H

#include "base/slice.h"
#include "liquid/liquid_parser.h"
#include "liquid/liquid_run.h"

enum { LIQUID_ARGUMENTS_MOST = 16 };

struct liquid_use {
    const struct liquid_filter *filter; /* NULL: unknown, the input is passed on */
    bool standard;                      /* keywords come as a last map argument */
    uint32_t offset;
    struct slice name;
    const struct liquid_expression **arguments;
    uint32_t count;
    const struct liquid_keyword *keywords;
    uint32_t keyword_count;
};

/* Adds an argument; fails where there are too many. */
bool liquid_use_argument(struct liquid_parser *parser, struct liquid_use *use,
                         const struct liquid_expression *value);
/* Adds `name: value`; of two with one name the last one counts. */
void liquid_use_keyword(struct liquid_parser *parser, struct liquid_use *use, const char *name,
                        size_t length, const struct liquid_expression *value);

/* Looks the filter up among the host's and the standard ones; false where there is none. */
bool liquid_use_find(struct liquid_parser *parser, struct liquid_use *use);
/* Likewise for a use that has all its arguments: fails where strictness demands a filter of
 * that name, or another count of arguments. */
bool liquid_use_resolve(struct liquid_parser *parser, struct liquid_use *use);

/* Replaces `value` by what the filter, which must be known, makes of it; `safe` says whether
 * that is markup. */
bool liquid_use_apply(struct liquid_run *run, const struct liquid_use *use, struct value *value,
                      bool *safe);

#endif
