/*
 * One evaluation under way, and what its parts share: how nodes are evaluated,
 * how they fail, how work is bounded.
 */
#ifndef NUDGED_CEL_CEL_RUN_H
#define NUDGED_CEL_CEL_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/value.h"
#include "cel/cel.h"
#include "cel/cel_ast.h"

enum {
    CEL_STRING_MOST = 1 << 20,  /* bytes of a string that an expression makes */
    CEL_LOCALS_MOST = 200,      /* variables of all comprehensions and binds of a program */
    CEL_BYTES_PER_ELEMENT = 32, /* of strings, that cost as much as one element */
};

/* What failed. The text is only formatted when it leaves the program, since most
 * errors are absorbed or merely counted: %n is the node's own text, %a and %b name
 * the types of the details, %v is the first one's value. */
struct cel_error {
    const struct cel_node *node;
    const char *text; /* static or in the arena */
    struct value a, b;
};

struct cel_program {
    const char *text;
    uint32_t length;
    const struct cel_node *root;
    uint32_t locals;
    uint32_t gives;       /* kinds of the result, as cel_type.h has them */
    struct value strings; /* a list: the string literals of the text */
};

struct cel_run {
    const struct cel_program *program;
    const struct cel_input *input;
    struct arena *arena;
    int64_t budget; /* elements that may still be visited; below zero the run is over */
    struct cel_error error;
    const struct cel_tracer *tracer; /* or NULL */
    struct value *locals;
};

/* Evaluates and tells the tracer. */
bool cel_run_traced(struct cel_run *run, const struct cel_node *node, struct value *result);

static inline bool cel_run_node(struct cel_run *run, const struct cel_node *node,
                                struct value *result)
{
    if (__builtin_expect(run->tracer != NULL, 0))
        return cel_run_traced(run, node, result);
    return node->evaluate(run, node, result);
}

/* The function that evaluates a node of this kind. */
cel_evaluate *cel_evaluator(const struct cel_node *node);

void cel_note_fault(struct cel_run *run, const struct cel_node *node, const char *text,
                    const struct value *a, const struct value *b);

/* Each returns false; the compiler is to see it of this one, whose callers have results to fill. */
static inline bool cel_fail_with(struct cel_run *run, const struct cel_node *node, const char *text,
                                 const struct value *a, const struct value *b)
{
    cel_note_fault(run, node, text, a, b);
    return false;
}
bool cel_fail(struct cel_run *run, const struct cel_node *node, const char *text);
bool cel_fail_budget(struct cel_run *run, const struct cel_node *node);

static inline bool cel_spend(struct cel_run *run, const struct cel_node *node, int64_t elements)
{
    run->budget -= elements;
    return __builtin_expect(run->budget >= 0, 1) || cel_fail_budget(run, node);
}

/* Pays for `length` bytes of a string or of memory that is about to be made. */
bool cel_spend_bytes(struct cel_run *run, const struct cel_node *node, size_t length);

/* The error's text, in the arena. */
const char *cel_error_text(struct cel_run *run, const struct cel_error *error);

/* Adds an entry whose key is new, and of a type that keys have (cel_logic.c). */
bool cel_map_add(struct cel_run *run, const struct cel_node *node, struct value map,
                 struct value *key, const struct value *value);

/* The evaluators, by file. */
cel_evaluate cel_eval_constant, cel_eval_unknown, cel_eval_now, cel_eval_list, cel_eval_map,
    cel_eval_not, cel_eval_negate, cel_eval_and, cel_eval_or, cel_eval_conditional;
cel_evaluate cel_eval_root, cel_eval_member, cel_eval_local, cel_eval_bound, cel_eval_bind,
    cel_eval_select, cel_eval_index, cel_eval_path, cel_eval_in_set;
cel_evaluate cel_eval_binary, cel_eval_less, cel_eval_less_equal, cel_eval_greater,
    cel_eval_greater_equal, cel_eval_equal, cel_eval_unequal, cel_eval_in;
cel_evaluate cel_eval_call, cel_eval_host;
cel_evaluate cel_eval_loop, cel_eval_optional_map, cel_eval_or_else;

#endif
