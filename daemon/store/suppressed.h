/* Addresses that must not be written to: P:suppressed, keyed hash of an address → JSON
 * {"reason":"…","at":ms}. Settlements write it and commits look at it in their scripts. */
#ifndef NUDGED_STORE_SUPPRESSED_H
#define NUDGED_STORE_SUPPRESSED_H

#include <stddef.h>

#include "redis/scripts.h"

/* Lifts suppressions, of hashes that have one. Where Redis fails they stay, and the log
 * says how many. */
void suppressed_lift(struct scripts *scripts, const char *const *hashes, size_t count);

#endif
