/*
 * Why a condition gave what it gave: the part of it that decided, and what that part saw.
 *
 *   cart.total >= 50 && customer.vip, with a total of 80: customer.vip, which was false
 */
#ifndef NUDGED_CEL_CEL_REASON_H
#define NUDGED_CEL_CEL_REASON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "cel/cel.h"

enum { CEL_SEEN_MOST = 4 };

/* What a part saw: a field, what a function gave. */
struct cel_seen {
    struct slice text; /* as it is written */
    struct value value;
    const char *fault; /* NULL; else it has no value, and why */
};

struct cel_reason {
    struct slice part; /* of the program's text */
    struct cel_seen seen[CEL_SEEN_MOST];
    uint32_t count;
    bool more; /* it saw more than that */
    /* The part is nothing but a question to a method of the host about a text: the method's index,
     * and the text; else -1. */
    int method;
    struct slice about;
};

/* Of a program that has given `answer`: for a false `a && b` the first of the two that is false,
 * for a true `a || b` the first that is true; else all of it. The input answers no question that it
 * was not asked then. */
void cel_reason_find(const struct cel_program *program, const struct cel_input *input, bool answer,
                     struct arena *arena, struct cel_reason *reason);

#endif
