/*
 * Warnings of what may be right, and most often is not: where no sample tells of what type a field
 * is, and a word of another language, or a text, stands where something else is meant.
 */
#ifndef NUDGED_CEL_CEL_DOUBTS_H
#define NUDGED_CEL_CEL_DOUBTS_H

#include "cel/cel_run.h"
#include "cel/cel_type.h"

struct cel_doubts {
    struct arena *arena;
    const struct cel_program *program;
    struct diags *warnings; /* NULL: none are wanted */
};

/* What is meant by a name of another language: "None" is `null`, "person" is `customer`; or NULL.
 */
const char *cel_doubts_meant(const struct value *name);

/* A name that is taken to be a field of the event. */
void cel_doubts_name(const struct cel_doubts *doubts, const struct cel_node *node);
/* A comparison of both sides' types. */
void cel_doubts_comparison(const struct cel_doubts *doubts, const struct cel_node *node,
                           const struct cel_type *left, const struct cel_type *right);
/* What stands behind `in`: [NO, SE]. */
void cel_doubts_list(const struct cel_doubts *doubts, const struct cel_node *list,
                     const struct value *members);
/* customer.count(order.placed) */
void cel_doubts_event(const struct cel_doubts *doubts, const struct cel_node *argument,
                      const struct cel_type *type);

#endif
