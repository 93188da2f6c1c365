/* Of the rules that did not match an event, what the trace tells: by which part of its `if` each of
 * a few, the names of others, of all else the number. */
#ifndef NUDGED_DECIDE_UNMATCHED_H
#define NUDGED_DECIDE_UNMATCHED_H

#include "decide/deciding.h"
#include "rules/rule_index.h"

/* `falses`: NULL, where the trace is silent. */
void unmatched_tell(struct deciding *d, const struct condition_view *view,
                    const struct rule_answers *answers, const struct rule_falses *falses);

#endif
