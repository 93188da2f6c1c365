/*
 * What each rule did since the daemon began, for nudgectl, which adds up those of all daemons: from
 * the figures that are told by rule (base/metric_rows.h).
 */
#ifndef NUDGED_APP_RULE_COUNTS_H
#define NUDGED_APP_RULE_COUNTS_H

#include "base/buf.h"

enum { RULE_COUNTS_MOST = 500 }; /* rules that are told: those that did most */

/* A member of a JSON object: "by_rule":{"welcome":[12,10,2],…}, messages that were decided, sent,
 * and held back. A rule that did nothing is left out. */
void rule_counts_write(struct buf *out);

#endif
