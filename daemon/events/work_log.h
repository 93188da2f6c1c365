/* What the log tells of an event's life, mostly at `debug`; each line bears the event's own id, as
 * those of the messages do that come of it (delivery/attempt_log). */
#ifndef NUDGED_EVENTS_WORK_LOG_H
#define NUDGED_EVENTS_WORK_LOG_H

#include "base/log.h"
#include "events/work.h"

struct log_group;

/* The name of an event in the log: its id, or, where the shop gave none, the `origin` by which its
 * messages know it. */
const char *work_log_event(const struct shop_event *event, char out[LOG_NAME_SIZE]);

/* It came out of the stream. */
void work_log_taken(const struct shop_event *event);

/* It is no event, and why. */
void work_log_dead(struct log_group *group, const struct intake_entry *entry,
                   const struct diag *diag);

/* What was chosen of the work is committed: its events, and what was decided about messages. */
void work_log_committed(const struct work *work);

/* Somebody takes an id twice, or changes what it named. */
void work_log_different(const struct work *work, struct log_group *group);

/* Few codes are left of a list, once for each time that it was filled; none was, and a send is
 * refused. */
void work_log_low(const struct commit_result *result);
void work_log_codeless(const struct commit_result *result, struct log_group *group);

#endif
