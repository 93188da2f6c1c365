/* What an expression reads of its input, as far as its text tells: which roots and members, and
 * how far into them. */
#ifndef NUDGED_CEL_CEL_READS_H
#define NUDGED_CEL_CEL_READS_H

#include <stdint.h>

#include "cel/cel.h"

enum { CEL_READ_MOST = 16 }; /* names of one path; what lies deeper is read as a whole */

struct cel_read {
    int root; /* its slot in cel_environment.roots; -1: a member, whose name is names[0] */
    const struct value *names[CEL_READ_MOST]; /* strings: start.cart.total is cart, total */
    uint32_t count;                           /* all that lies below the last is read */
};

/* Calls back for each place that is read, in the order of the text. */
void cel_reads(const struct cel_program *program,
               void (*on_read)(void *context, const struct cel_read *read), void *context);

#endif
