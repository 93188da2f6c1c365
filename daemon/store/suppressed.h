/* Addresses that must not be written to: P:suppressed, keyed hash of an address → JSON
 * {"reason":"…","at":ms}. Settlements and commits see it in their scripts; these are for
 * the rest. */
#ifndef NUDGED_STORE_SUPPRESSED_H
#define NUDGED_STORE_SUPPRESSED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "store/scripts.h"

struct suppressed;

struct suppressed *suppressed_new(struct scripts *scripts);
void suppressed_destroy(struct suppressed **suppressed);

/* `held[i]` says of hashes[i] whether it is suppressed; nothing but `fault` on a failure. */
typedef void suppressed_on_checked(void *context, const struct diag *fault, const bool *held,
                                   size_t count);

void suppressed_check(struct suppressed *suppressed, const char *const *hashes, size_t count,
                      suppressed_on_checked *callback, void *context);

/* Keeps the older entry where there is one. */
void suppressed_add(struct suppressed *suppressed, const char *hash, const char *reason,
                    int64_t at_ms, void (*callback)(void *context, const struct diag *fault),
                    void *context);

/* Lifts suppressions, of hashes that have one; `callback` may be NULL. */
void suppressed_remove(struct suppressed *suppressed, const char *const *hashes, size_t count,
                       void (*callback)(void *context, const struct diag *fault), void *context);

#endif
