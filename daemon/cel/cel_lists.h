/* What lists and maps are asked for beside their elements: sorting. */
#ifndef NUDGED_CEL_CEL_LISTS_H
#define NUDGED_CEL_CEL_LISTS_H

#include "cel/cel_run.h"

/* Sorts `count` groups of `width` values by the first of each, stably. The firsts
 * must have an order with each other, else the run fails. */
bool cel_sort(struct cel_run *run, const struct cel_node *node, struct value *items, uint32_t count,
              uint32_t width);

#endif
