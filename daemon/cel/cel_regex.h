/*
 * matches(): regular expressions, through ICU.
 *
 * Why ICU and not RE2: it is a dependency already (time zones, letter case), and
 * has a C interface. Its engine backtracks, so it is bounded: by steps (a time
 * limit in ICU's words, about a millisecond each) and by the memory of its stack.
 * A search that passes a bound ends the whole evaluation. The syntax is RE2's, as
 * the specification demands (cel/cel_pattern.h).
 *
 * Compiled patterns are kept for each thread, so programs may be shared.
 */
#ifndef NUDGED_CEL_CEL_REGEX_H
#define NUDGED_CEL_CEL_REGEX_H

#include "base/value.h"

enum {
    CEL_REGEX_KEPT = 64,           /* compiled patterns for each thread */
    CEL_REGEX_PATTERN_MOST = 1024, /* bytes */
    CEL_REGEX_COST = 500,          /* elements that one search counts as */
};

enum cel_regex_result {
    CEL_REGEX_FOUND, /* the pattern matches some part of the text */
    CEL_REGEX_NONE,
    CEL_REGEX_INVALID,   /* it is no regular expression, or too long */
    CEL_REGEX_EXHAUSTED, /* the search passed a bound */
};

enum cel_regex_result cel_regex_search(const struct value *pattern, const struct value *text);

#endif
