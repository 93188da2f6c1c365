/* Of the rules that did not match an event, what the trace tells: by which part of its `if` each of
 * a few, the names of others, of all else the number. */
#ifndef NUDGED_DECIDE_UNMATCHED_H
#define NUDGED_DECIDE_UNMATCHED_H

#include <stdint.h>

#include "decide/deciding.h"
#include "rules/rule_index.h"

enum { UNMATCHED_TOLD_MOST = RULE_NEAR_MOST };

void unmatched_tell(struct deciding *d, const struct rule_index *index,
                    const struct condition_view *view, const struct rule_answer *answers,
                    uint32_t count, const struct rule_near *near);

#endif
