/*
 * The words by which the daemon tells what it did, each with its meaning: "what" and "why" of a
 * line of a customer's trace (decide/trace). All that stand there are in two tables
 * (trace_whats.h, trace_whys.h), which docs/reference.md prints; those that a script writes too.
 *
 * Where `why` is no word it is a text: what failed in an expression, the template that is sent, a
 * gateway's answer; or it is the reason of a dead letter (decide/trace_reasons).
 */
#ifndef NUDGED_DECIDE_TRACE_WORDS_H
#define NUDGED_DECIDE_TRACE_WORDS_H

#include "decide/trace_whats.h"
#include "decide/trace_whys.h"

enum trace_what {
#define TRACE_WHAT(name, word, meaning) TRACE_##name,
    TRACE_WHATS(TRACE_WHAT)
#undef TRACE_WHAT
        TRACE_WHAT_COUNT
};

enum trace_why {
    TRACE_WHY_NONE, /* no word: nothing speaks against it */
#define TRACE_WHY(name, word, meaning) TRACE_WHY_##name,
    TRACE_WHYS(TRACE_WHY)
#undef TRACE_WHY
        TRACE_WHY_COUNT
};

/* The word as it is written; of TRACE_WHY_NONE "". */
const char *trace_what_word(enum trace_what what);
const char *trace_why_word(enum trace_why why);

#endif
