/*
 * For faults that come in crowds: the first of each kind is told at once and in full, those that
 * follow are counted and told as one line, at the latest after a minute:
 *
 *   … and 1,999 more like it within a minute: dead events reason=no-type
 *
 * with the fields of the kind, and `more`, for who reads fields.
 *
 * While they go on there is such a line each minute; after a minute without one the kind is
 * forgotten, and its next is told in full again. Kinds are bounded: what comes while there are
 * LOG_GROUP_KINDS of them is one kind together.
 *
 * Times are of any clock in milliseconds that only goes forward. For one thread.
 */
#ifndef NUDGED_BASE_LOG_GROUP_H
#define NUDGED_BASE_LOG_GROUP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log_field.h"

enum { LOG_GROUP_KINDS = 64, LOG_GROUP_MS = 60000 };

struct log_group;

struct log_group *log_group_new(void);
void log_group_destroy(struct log_group **group);

/* Counts one more of the kind that these words and fields name ("dead events", LOG_FIELDS(LOG_TEXT(
 * "reason", "no-type"))); the words and the names of fields outlive the group. True: it is to be
 * told now. `group` NULL: true. */
bool log_group_is_news(struct log_group *group, int64_t now_ms, const char *words,
                       const struct log_field *fields);

/* Tells what has waited for a minute. To be called every second or so. */
void log_group_tell(struct log_group *group, int64_t now_ms);
/* Tells all that waits, and forgets it. */
void log_group_end(struct log_group *group, int64_t now_ms);

#endif
