/* The questions that an expression asks the host: which methods, about what. */
#ifndef NUDGED_CEL_CEL_CALLS_H
#define NUDGED_CEL_CEL_CALLS_H

#include <stdint.h>

#include "cel/cel.h"

struct cel_call {
    int method;                   /* its row in cel_environment.methods */
    int count;                    /* of arguments */
    const struct value *argument; /* the first, where it is a text that stands there; else NULL */
    uint32_t offset, length;      /* that argument's bytes, or the whole call's */
    uint32_t depth; /* 1, and one more for each call of the same method that its second argument has
                       within it or in what its variables stand for, and that one's, at most */
    int64_t least;  /* what the answer is compared with: it must be this or more for anything to
                       follow from it; INT64_MIN: unknown */
};

/* Calls back for each, in the order of the text. */
void cel_calls(const struct cel_program *program,
               void (*on_call)(void *context, const struct cel_call *call), void *context);

#endif
