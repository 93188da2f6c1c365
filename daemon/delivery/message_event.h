/*
 * The event by which rules and caps hear what became of a message (docs/events.md, "Events of
 * messages").
 */
#ifndef NUDGED_DELIVERY_MESSAGE_EVENT_H
#define NUDGED_DELIVERY_MESSAGE_EVENT_H

#include <stdbool.h>

#include "delivery/attempt.h"
#include "rules/ruleset.h"
#include "store/rule_sets.h"

/* Whether somebody minds events of the type: these rules, or those of another living daemon (`sets`
 * may be NULL), which may be the one that decides them. */
bool message_event_is_asked(const struct ruleset *rules, const struct rule_sets *sets,
                            const char *type);

/* That of the attempt's outcome and verdict, as JSON in its arena; NULL where it has none, or
 * nobody asks for it. A failure always has one: it gives places under caps and limits back. Of a
 * message that is uncertain again there is none: one for each message and outcome. */
const char *message_event_make(const struct attempt *attempt, const struct ruleset *rules,
                               const struct rule_sets *sets);

#endif
