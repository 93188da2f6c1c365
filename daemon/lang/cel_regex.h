/*
 * matches(): regular expressions, through ICU.
 *
 * Why ICU and not RE2: it is a dependency already (time zones, letter case), and
 * has a C interface. Its engine backtracks, so it is bounded: by steps (a time
 * limit in ICU's words, about a millisecond each) and by the memory of its stack.
 * A search that passes a bound is an error of the expression. The syntax that both
 * share is what the specification asks for (RE2); look-around and back-references,
 * which RE2 refuses, are refused here too.
 *
 * Compiled patterns are kept for each thread, so programs may be shared.
 */
#ifndef NUDGED_LANG_CEL_REGEX_H
#define NUDGED_LANG_CEL_REGEX_H

#include <stdbool.h>

#include "base/value.h"

enum {
    CEL_REGEX_KEPT = 64,           /* compiled patterns for each thread */
    CEL_REGEX_PATTERN_MOST = 4096, /* bytes */
};

/* Whether the pattern matches some part of the text. NULL when *found is set, else what
 * is wrong (cel_error's text; %v is the pattern). */
const char *cel_regex_search(const struct value *pattern, const struct value *text, bool *found);

#endif
