/*
 * What was decided, for `nudgectl explain`: one map for each event or timer.
 *
 *   {"at": 1772352000000, "event": {"type": …, "id": …, "time": …, "entry": …}, "did": [
 *     {"rules": ["gift", "vip"], "what": "no-match", "why": "if", "more": 12},
 *     {"rule": "welcome", "what": "sends", "why": "welcome", "mid": "…"}]}
 *
 * Of a message that became a dead letter stands its "reason" too, behind "what".
 *
 * Failures of a message that are equal and follow each other are one line (store/shared_trace.lua):
 * behind the last one's item stand how many "times", and when the "first" one was.
 *
 * Where an expression failed, and the "why" is a word all the same, its "fault" stands behind it.
 *
 * `time` is left out where it is that of the stream's entry, as of an event without one.
 *
 * Rules that did not match share an item for each reason: most rules do not match
 * most events. Of those past TRACE_NAMES_MOST only the number is told. Of a few of them stands
 * what their `if` saw, in items of their own (decide/unmatched).
 *
 * Particulars of an item stand behind all that (decide/because); all of them are optional.
 */
#ifndef NUDGED_DECIDE_TRACE_H
#define NUDGED_DECIDE_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/value.h"
#include "customer/shop_event.h"
#include "decide/acts.h"
#include "decide/trace_words.h"

struct trace {
    struct arena *arena;
    struct value line;          /* map */
    struct value did;           /* list; at most TRACE_MOST items */
    struct trace_group *groups; /* of rules that did not match */
    uint32_t group_count;
    uint32_t items;    /* that were to be added */
    bool silent;       /* nobody reads it: there is no line, and every item is null */
    struct acts *acts; /* where what rules did is counted too; NULL: nobody counts */
};

enum { TRACE_MOST = 200, TRACE_NAMES_MOST = 32, TRACE_GROUPS_MOST = 16 };

void trace_begin(struct trace *trace, struct arena *arena, int64_t now_ms,
                 const struct shop_event *event);
/* All texts are referred to, not copied. `rule` may be NULL. The new item, for trace_note; null
 * where the line is full. */
struct value trace_add(struct trace *trace, const char *rule, enum trace_what what,
                       enum trace_why why);
/* Likewise; `fault`: what failed in an expression, as "cart.total: no such field", or NULL. */
struct value trace_add_fault(struct trace *trace, const char *rule, enum trace_what what,
                             enum trace_why why, const char *fault);
/* What is told in words of its own: the event's type, the field and its value. */
struct value trace_add_text(struct trace *trace, const char *rule, enum trace_what what,
                            const char *text);
/* A particular of the item, behind the others; nothing where the item is null. */
void trace_note(struct trace *trace, struct value item, const char *name, struct value value);
/* A rule whose condition is false, in an item of its own: for trace_note likewise. */
struct value trace_add_false(struct trace *trace, const char *rule);
/* A rule whose condition failed, or an expression of a step of it: `fault` says why. */
void trace_add_no_match(struct trace *trace, const char *rule, const char *fault);
/* So many more rules that did not match by that. */
void trace_add_more(struct trace *trace, const char *fault, uint32_t more);
void trace_add_error(struct trace *trace, const char *rule, const char *fault);
void trace_add_send(struct trace *trace, const char *rule, const char *template, const char *mid);
/* A message of an earlier decision: TRACE_WITHDRAWN, …_LATE, TRACE_MARKED or TRACE_TOO_LATE. */
struct value trace_add_withdrawal(struct trace *trace, const char *rule, enum trace_what what,
                                  enum trace_why why, const char *mid);
/* Of a dead letter that goes out once more; `word`: why. */
void trace_add_requeued(struct trace *trace, const char *rule, const char *word, const char *mid);
/* Another key of the customer, whose document is part of this one now. */
void trace_add_joined(struct trace *trace, const char *key);
struct value trace_add_time(struct trace *trace, const char *rule, enum trace_what what,
                            int64_t until_ms);
/* Takes over the items of another line, before it has any. */
void trace_take(struct trace *trace, const struct value *did);
/* How many items there are. */
static inline uint32_t trace_count(const struct trace *trace)
{
    return trace->items;
}
/* The finished line; false where there is nothing to tell: a timer found nothing to do. */
bool trace_end(struct trace *trace, struct value *line);

/* A line of one thing that was done outside of deciding: `item` is one of "did". */
struct value trace_of(struct arena *arena, int64_t now_ms, struct value item);

#endif
