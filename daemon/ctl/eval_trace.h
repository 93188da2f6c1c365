/*
 * The steps of one evaluation, shown as a tree: each part of the expression with its value,
 * what it is made of below it.
 *
 *   cart.total >= 20 && size(cart.items) > 0    true
 *     cart.total >= 20                          true
 *       cart.total                              64.9
 */
#ifndef NUDGED_CTL_EVAL_TRACE_H
#define NUDGED_CTL_EVAL_TRACE_H

#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "cel/cel.h"

enum { EVAL_TRACE_MOST = 2000 }; /* steps that are kept */

struct eval_trace {
    struct arena *arena;
    struct eval_trace_step *steps; /* as they were told: inner ones first */
    uint32_t count, capacity;
    uint64_t passed_over; /* past the bound */
};

/* What cel_eval_traced() tells; the context is the trace. */
void eval_trace_visit(void *context, const struct cel_step *step);

void eval_trace_print(struct eval_trace *trace, const char *expression, FILE *stream);

#endif
