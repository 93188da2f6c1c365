/*
 * A customer's document that is too large all the same, as two of one person became one, or as what
 * rules may not refuse has grown. One thing after the other goes, until it fits.
 */
#ifndef NUDGED_DECIDE_FIT_H
#define NUDGED_DECIDE_FIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "customer/customer.h"
#include "decide/decision.h"

/* Makes the document smaller: the journey that takes most of it ends, first of those that this
 * decision began, with a dead letter; without any, the older half is forgotten of the open
 * messages, then of the places under limits, of the totals and of the counts. False: there is
 * nothing left of all these. */
bool fit_drop(struct customer *customer, struct decision *decision, struct arena *arena,
              int64_t now_ms);

/* Prints the document with its new version, made smaller as far as it must be; false where that is
 * not enough. */
bool fit_print(struct customer *customer, const char *version, struct decision *decision,
               struct arena *arena, int64_t now_ms, struct buf *out);

#endif
