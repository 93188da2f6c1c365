#include "decide/again.h"

#include <string.h>

#include "base/bytes.h"
#include "decide/because.h"
#include "decide/collecting.h"
#include "decide/moving.h"
#include "decide/per.h"
#include "decide/withdraw.h"

static bool journey_is_of(struct deciding *d, const struct customer_journey *journey,
                          const struct rule *rule, const char *per)
{
    return bytes_same_text(journey->rule, rule->name) &&
           per_is(d, rule, journey->per, journey->origin, per);
}

static bool open_is_of(struct deciding *d, const struct customer_open *open,
                       const struct rule *rule, const char *per)
{
    return bytes_same_text(open->rule, rule->name) && per_is(d, rule, open->per, open->origin, per);
}

/* A marketing rule that never waits says nothing of it; of its runs only the newest is kept through
 * quiet hours. */
static bool is_quiet_alone(const struct rule *rule)
{
    return rule->again == RULE_AGAIN_UNSET && rule->class == RULE_MARKETING;
}

bool again_keeps_one(const struct rule *rule, const struct customer_journey *journey)
{
    if (is_quiet_alone(rule))
        return journey->imposed && !journey->full_ms;
    return rule->again == RULE_RESTART || rule->again == RULE_IGNORE || rule->again == RULE_COLLECT;
}

/* Whether a newer run of a rule that restarts has sent a message: what waits in the outbox may be
 * withdrawn, and what is gone stays among the sends of a day. */
static bool has_sent_newer(struct deciding *d, const struct rule *rule, const char *per,
                           int64_t *since_ms)
{
    const struct customer *customer = d->customer;
    for (uint32_t i = 0; i < customer->open.count; i++) {
        *since_ms = customer->open.items[i].started_ms;
        if (d->event->time_ms < *since_ms && open_is_of(d, &customer->open.items[i], rule, per))
            return true;
    }
    for (uint32_t i = 0; i < customer->sends.count; i++) {
        const struct customer_send *send = &customer->sends.items[i];
        *since_ms = send->started_ms;
        if (d->event->time_ms < *since_ms && bytes_same_text(send->rule, rule->name) &&
            per_is(d, rule, send->per, send->run, per))
            return true;
    }
    return false;
}

/* What keeps the event from starting the rule; NONE: nothing does. A message is the newest of its
 * journey, which may be over. */
static enum trace_why held_back(struct deciding *d, const struct rule *rule, const char *per,
                                int64_t *since_ms)
{
    const struct customer *customer = d->customer;
    for (uint32_t i = 0; i < customer->journeys.count; i++) {
        const struct customer_journey *journey = &customer->journeys.items[i];
        if (!again_keeps_one(rule, journey) || !journey_is_of(d, journey, rule, per))
            continue;
        *since_ms = journey->started_ms;
        if (rule->again == RULE_IGNORE)
            return TRACE_WHY_AGAIN;
        if (d->event->time_ms < journey->started_ms)
            return TRACE_WHY_OLDER;
    }
    if (rule->again == RULE_RESTART && has_sent_newer(d, rule, per, since_ms))
        return TRACE_WHY_OLDER;
    return TRACE_WHY_NONE;
}

static void end_for_new(struct deciding *d, uint32_t index)
{
    int64_t since_ms = d->customer->journeys.items[index].started_ms;
    because_number(d, moving_end(d, index, TRACE_WHY_RESTART), "since", since_ms);
}

/* What runs ends, and what waits in the outbox is withdrawn. */
static void restart(struct deciding *d, const struct rule *rule, const char *per)
{
    struct customer *customer = d->customer;
    for (uint32_t i = customer->journeys.count; i-- > 0;)
        if (again_keeps_one(rule, &customer->journeys.items[i]) &&
            journey_is_of(d, &customer->journeys.items[i], rule, per))
            end_for_new(d, i);
    for (uint32_t i = customer->open.count; i-- > 0 && rule->again == RULE_RESTART;)
        if (open_is_of(d, &customer->open.items[i], rule, per) &&
            !withdraw_is_too_late(d, &customer->open.items[i]))
            withdraw_message(d, i, TRACE_WHY_RESTART);
}

/* What the event joins; NULL: nothing runs. */
static struct customer_journey *running(struct deciding *d, const struct rule *rule,
                                        const char *per)
{
    struct customer *customer = d->customer;
    for (uint32_t i = 0; i < customer->journeys.count; i++)
        if (journey_is_of(d, &customer->journeys.items[i], rule, per))
            return &customer->journeys.items[i];
    return NULL;
}

/* As a journey of its own it would not have had room either. */
static void collect(struct deciding *d, const struct rule *rule, struct customer_journey *journey)
{
    struct customer_journey joined = *journey;
    d->effect = true;
    if (collecting_add(d, journey)) {
        because_number(d, trace_add(&d->trace, rule->name, TRACE_COLLECTED, TRACE_WHY_NONE),
                       "count", journey->collected.count);
        return;
    }
    joined.origin = d->event->origin;
    joined.start = d->event->document;
    moving_refuse(d, &joined, TRACE_WHY_TOO_LARGE);
}

bool again_makes_way(struct deciding *d, const struct rule *rule, const char *per)
{
    struct customer_journey *joins = rule->again == RULE_COLLECT ? running(d, rule, per) : NULL;
    if (joins) {
        collect(d, rule, joins);
        return false;
    }
    int64_t since_ms;
    enum trace_why why = held_back(d, rule, per, &since_ms);
    if (why)
        because_number(d, trace_add(&d->trace, rule->name, TRACE_IGNORED, why), "since", since_ms);
    else if (rule->again != RULE_IGNORE)
        restart(d, rule, per);
    return !why;
}
