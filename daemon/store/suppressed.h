/* Addresses that must not be written to: P:suppressed, keyed hash of an address → JSON
 * {"reason":"…","at":ms}. Settlements write it and commits look at it in their scripts. */
#ifndef NUDGED_STORE_SUPPRESSED_H
#define NUDGED_STORE_SUPPRESSED_H

#include <stddef.h>
#include <stdint.h>

#include "redis/scripts.h"

/* `fault` NULL: it is done; else it may be done, and may be asked for again. */
typedef void suppressed_on_done(void *context, const struct diag *fault);

struct suppressed_call {
    struct scripts *scripts;
    struct connection_owner *owner; /* as in connection_request */
    suppressed_on_done *callback;
    void *context;
};

/* Lifts suppressions, of hashes that have one for this reason (lift.lua). All is copied. */
void suppressed_lift(const struct suppressed_call *call, const char *const *hashes, size_t count,
                     const char *reason);

/* Suppresses addresses, at least one; those that are so already stay as they are. */
void suppressed_add(const struct suppressed_call *call, const char *const *hashes, size_t count,
                    const char *reason, int64_t at_ms);

#endif
