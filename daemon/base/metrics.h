/*
 * Figures: counters and gauges named in one table, added to from any thread,
 * read as text in the Prometheus exposition format (version 0.0.4).
 */
#ifndef NUDGED_BASE_METRICS_H
#define NUDGED_BASE_METRICS_H

#include <stdint.h>

#include "base/buf.h"

/* X(NAME, "exposed_name", "counter" or "gauge", "one line of help") */
#define METRICS(X)                                                                                 \
    X(EVENTS_READ, "events_read_total", "counter", "events taken from the stream")                 \
    X(EVENTS_DECIDED, "events_decided_total", "counter", "events decided and committed")           \
    X(EVENTS_DUPLICATE, "events_duplicate_total", "counter", "events seen before")                 \
    X(EVENTS_ERASED, "events_erased_total", "counter",                                             \
      "events older than the erasure of their customer: dropped")                                  \
    X(EVENTS_DEAD, "events_dead_total", "counter", "events given up as dead letters")              \
    X(ARCHIVE_WRITTEN, "archive_events_total", "counter", "events written into the archive")        \
    X(ARCHIVE_LOST, "archive_lost_total", "counter",                                               \
      "events that could not be written into the archive")                                         \
    X(CONDITIONS_FAILED, "conditions_failed_total", "counter",                                     \
      "conditions that failed to evaluate")                                                        \
    X(LOOKUPS, "lookups_total", "counter", "entries of tables read for a decision")                \
    X(TIMERS_FIRED, "timers_fired_total", "counter", "customers whose timer was taken")            \
    X(TIMERS_DEAD, "timers_dead_total", "counter", "timers given up as dead letters")              \
    X(TICKS_ASKED, "ticks_asked_total", "counter", "customers asked at a tick of a rule's clock")  \
    X(COMMITS, "commits_total", "counter", "customers' documents written")                         \
    X(COMMITS_AGAIN, "commits_again_total", "counter",                                             \
      "decisions made again: another writer, or a wrong fact")                                     \
    X(MESSAGES_DECIDED, "messages_decided_total", "counter", "messages put into the outbox")       \
    X(MESSAGES_REFUSED, "messages_refused_total", "counter", "messages held back by a policy")     \
    X(MESSAGES_CANCELLED, "messages_cancelled_total", "counter",                                   \
      "messages withdrawn before a gateway had them")                                              \
    X(MESSAGES_SENT, "messages_sent_total", "counter", "messages that a gateway accepted")         \
    X(MESSAGES_RETRIED, "messages_retried_total", "counter", "attempts that will be made again")   \
    X(MESSAGES_PASSED, "messages_passed_total", "counter",                                         \
      "messages that went to the next gateway at once")                                            \
    X(MESSAGES_UNCERTAIN, "messages_uncertain_total", "counter", "messages whose answer was lost") \
    X(MESSAGES_DEAD, "messages_dead_total", "counter", "messages given up as dead letters")        \
    X(REDIS_RECONNECTS, "redis_reconnects_total", "counter", "connections to Redis made again")    \
    X(RELOADS_FAILED, "reloads_failed_total", "counter", "reloads refused for a broken file")      \
    X(RULES_PAUSED, "rules_paused", "gauge", "rules that are paused, by hand or by policy.brake")  \
    X(OUTBOX_FULL, "outbox_full", "gauge", "customers whose sends wait for room in the outbox")    \
    X(CHANNELS_BEHIND, "channels_behind", "gauge",                                                 \
      "channels whose marketing waits for events that are behind")                                 \
    X(SENDING, "sending", "gauge", "messages with a sender at this moment")

enum metric {
#define METRIC_ENUM(name, exposed, type, help) METRIC_##name,
    METRICS(METRIC_ENUM)
#undef METRIC_ENUM
        METRIC_COUNT
};

void metrics_add(enum metric metric, int64_t amount);
int64_t metrics_read(enum metric metric);
/* All of them, each name with the prefix "nudged_". */
void metrics_format(struct buf *out);

#endif
