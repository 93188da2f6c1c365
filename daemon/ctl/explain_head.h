/* Who a customer is and how they stand at this moment, for `nudgectl explain`. */
#ifndef NUDGED_CTL_EXPLAIN_HEAD_H
#define NUDGED_CTL_EXPLAIN_HEAD_H

#include "base/zone.h"
#include "ctl/subject.h"
#include "rules/ruleset.h"

/* `subject`: as subject_read_own has read it. As data:
 *
 *   {"customer": "id:7", "keys": […], "since": ms, "zone": "Europe/Helsinki",
 *    "consent": {"yes": true, "stands": false, "declined": "all", "part", "saw": {…}},
 *    "said": [{"topic", "said", "since"}],
 *    "addresses": [{"address", "suppressed", "since"}],
 *    "journeys": [{"rule", "step", "since", "until", "waits"}],
 *    "messages": [{"rule", "mid", "state"}]}
 *
 * `rules` may be NULL: they cannot be read. False with `diag`. */
bool explain_head(const struct subject *subject, const struct ruleset *rules, struct value *head,
                  struct diag *diag);

/* The same for people. */
void explain_head_print(const struct value *head, struct zone *zone, struct arena *arena);

#endif
