/* A script that nudgectl runs over its session, as the daemon does through redis/scripts. */
#ifndef NUDGED_STORE_SCRIPT_CALL_H
#define NUDGED_STORE_SCRIPT_CALL_H

#include "redis/arguments.h"
#include "redis/session.h"
#include "store/script_table.h"

/* Begins with the key that is never there, as redis/scripts.h has it, and P; what the script takes
 * besides comes behind it. `capacity`: a guess at its number.
 */
struct arguments script_call_begin(struct arena *arena, enum script script, const char *prefix,
                                   size_t capacity);

/* Its answer: session_call(). */
const struct reply *script_call(struct session *session, const struct arguments *arguments,
                                struct diag *diag);

#endif
