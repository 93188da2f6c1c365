/*
 * Colour on standard output, where that is a terminal which knows it: not with NO_COLOR
 * (https://no-color.org: set, and not empty), TERM=dumb or no TERM, nor in a pipe. --color decides
 * over all of these. What a colour says stands in words as well.
 */
#ifndef NUDGED_CTL_COLOUR_H
#define NUDGED_CTL_COLOUR_H

#include <stdbool.h>

enum colour {
    COLOUR_PLAIN,
    COLOUR_STRONG, /* a heading, a name */
    COLOUR_FAINT,  /* what is there for completeness */
    COLOUR_GOOD,
    COLOUR_WARN,
    COLOUR_BAD,
    COLOURS
};

/* Of --color: "auto", "always" or "never". False: it is none of these. */
bool colour_choose(const char *when);
bool colour_is_on(void);

/* What begins and ends it, to be printed around a text; "" where there is no colour. */
const char *colour_begin(enum colour colour);
const char *colour_end(enum colour colour);

#endif
