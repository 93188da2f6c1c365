/* What the log tells at `debug` of an event's life; each line bears the event's own id, as those of
 * the messages do that come of it (delivery/attempt_log). */
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

#endif
