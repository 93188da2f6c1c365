/*
 * Why a send was refused, or waits: what decide/because tells of those items of the trace. Besides
 * its members, all of them optional:
 *
 *   template    of the send
 *   field, to   of `no-address`: the customer's field, or the expression
 *   only        of `only`: a list of its patterns
 *   reason      of `suppressed`; `since` when
 *   topic       of `no-consent`; opt_in: whether it is such a one; then what was said, "no" or
 * "yes", on what (`on`), and `since` when; or under: "address", where it was said under that alone;
 * or the part of `policy.consent` that was false most, per   of `limit` and `cap`: so many in so
 * many ms; took: a list of the messages that have the places (rule, mid, at), `more` of which are
 * not told; free: when there is one share       of `holdout`, a percentage; place: the customer's
 *   hours       of quiet hours, in `zone`
 *   by          of a paused rule; `since` when
 *   code        of `no-code`: the list
 */
#ifndef NUDGED_DECIDE_BECAUSE_SEND_H
#define NUDGED_DECIDE_BECAUSE_SEND_H

#include "decide/because.h"

enum { BECAUSE_TOOK_MOST = 4 };

struct because_send {
    const struct rule *rule;
    const struct rule_step *step; /* NULL: not known */
    const char *run;              /* the origin of its journey */
    const struct policy_address *address;
    const struct condition_scene *scene;
};

/* The policy's refusal. */
void because_refused(struct deciding *d, struct value item, enum trace_why why,
                     const struct because_send *send);
/* A run of a rule that sends nothing, by its limit. */
void because_limited(struct deciding *d, struct value item, const struct rule *rule,
                     const char *run);
void because_template(struct deciding *d, struct value item, const struct rule_step *step);
void because_quiet(struct deciding *d, struct value item);
void because_paused(struct deciding *d, struct value item, const char *rule);
void because_held_out(struct deciding *d, struct value item, const struct rule *rule);

#endif
