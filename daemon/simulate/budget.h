/*
 * How much more a change of rules may send:
 *
 *   +500 messages                       people get at most 500 more, all together; fewer to one
 *                                       makes no room for more to another. -500: at most 500 fewer
 *   +5% messages                        likewise, of what was sent before
 *   +200 people                         at most so many are newly reached; -200: no longer reached
 *   +0 people over 3 per 7d             … get more than 3 messages within 7 days, and did not
 * before
 *
 * with commas between them.
 */
#ifndef NUDGED_SIMULATE_BUDGET_H
#define NUDGED_SIMULATE_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"

enum { BUDGET_MOST = 8 };

enum budget_kind { BUDGET_MESSAGES, BUDGET_PEOPLE, BUDGET_OVER };

struct budget_item {
    enum budget_kind kind;
    bool fewer, percent; /* of BUDGET_MESSAGES; `fewer` also of BUDGET_PEOPLE */
    uint64_t allowed;
    uint32_t over;    /* messages, … */
    int64_t per_ms;   /* … within this time */
    const char *text; /* as it was written */
};

struct budget {
    struct budget_item items[BUDGET_MOST];
    uint32_t count;
};

/* False where it is none: `diag` has the place in the text, as its line and excerpt. */
bool budget_read(struct budget *budget, const char *text, struct arena *arena, struct diag *diag);

#endif
