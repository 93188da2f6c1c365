/* Figures of events and of deciding: rows of base/metric_rows.h. */
#ifndef NUDGED_BASE_METRIC_ROWS_EVENTS_H
#define NUDGED_BASE_METRIC_ROWS_EVENTS_H

#define METRICS_OF_EVENTS(X)                                                                       \
    X(EVENTS_READ, "nudged_events_read_total", COUNTER, COUNT, "type",                             \
      "events taken from the stream, by type: one that events.yaml declares or a rule names, "     \
      "else `other`")                                                                              \
    X(EVENTS_DECIDED, "nudged_events_decided_total", COUNTER, COUNT, "",                           \
      "events decided and committed")                                                              \
    X(EVENTS_UNREAD, "nudged_events_unread_total", COUNTER, COUNT, "",                             \
      "of these, events whose type nothing reads, and which told nothing of their customer")       \
    X(EVENTS_DUPLICATE, "nudged_events_duplicate_total", COUNTER, COUNT, "", "events seen before") \
    X(EVENTS_DIFFERENT, "nudged_events_different_total", COUNTER, COUNT, "",                       \
      "events seen before, of which the repetition said something else")                           \
    X(EVENTS_ERASED, "nudged_events_erased_total", COUNTER, COUNT, "",                             \
      "events older than the erasure of their customer: dropped")                                  \
    X(EVENTS_NOBODY, "nudged_events_nobody_total", COUNTER, COUNT, "",                             \
      "events that rules made about customers whom nobody knows: dropped")                         \
    X(EVENTS_DEAD, "nudged_events_dead_total", COUNTER, COUNT, "reason",                           \
      "events given up as dead letters")                                                           \
    X(EVENTS_MOVED, "nudged_events_moved_total", COUNTER, COUNT, "",                               \
      "events that came to another stream than their shard's, and were moved there")               \
    X(WATCHERS_TOLD, "nudged_watchers_told_total", COUNTER, COUNT, "",                             \
      "customers who got an event about a product that they watch")                                \
    X(ARCHIVE_WRITTEN, "nudged_archive_events_total", COUNTER, COUNT, "",                          \
      "events written into the archive")                                                           \
    X(ARCHIVE_LOST, "nudged_archive_lost_total", COUNTER, COUNT, "",                               \
      "events that could not be written into the archive")                                         \
    X(CONDITIONS_FAILED, "nudged_conditions_failed_total", COUNTER, COUNT, "",                     \
      "conditions that failed to evaluate")                                                        \
    X(LOOKUPS, "nudged_lookups_total", COUNTER, COUNT, "",                                         \
      "entries of tables read for a decision")                                                     \
    X(TIMERS_FIRED, "nudged_timers_fired_total", COUNTER, COUNT, "",                               \
      "customers whose timer was taken")                                                           \
    X(TIMERS_DEAD, "nudged_timers_dead_total", COUNTER, COUNT, "reason",                           \
      "timers given up as dead letters")                                                           \
    X(JOURNEYS_STARTED, "nudged_journeys_started_total", COUNTER, COUNT, "rule",                   \
      "journeys that began")                                                                       \
    X(JOURNEYS_DEAD, "nudged_journeys_dead_total", COUNTER, COUNT, "reason",                       \
      "journeys, fields and events of rules given up as dead letters")                             \
    X(TICKS_ASKED, "nudged_ticks_asked_total", COUNTER, COUNT, "",                                 \
      "customers asked at a tick of a rule's clock")                                               \
    X(COMMITS, "nudged_commits_total", COUNTER, COUNT, "", "customers' documents written")         \
    X(COMMITS_AGAIN, "nudged_commits_again_total", COUNTER, COUNT, "",                             \
      "decisions made again: another writer, or a wrong fact")                                     \
    X(DECIDE_SECONDS, "nudged_decide_seconds", HISTOGRAM, US, "",                                  \
      "what deciding for one customer took, without Redis")                                        \
    X(EVENT_LAG, "nudged_event_lag_seconds", GAUGE, MS, "",                                        \
      "age of the oldest event that is not decided, of all daemons together; 0: there is none")    \
    X(EVENTS_WAITING, "nudged_events_waiting", GAUGE, COUNT, "",                                   \
      "events that are not decided, in the stream and the list, of all daemons together")          \
    X(TIMER_LAG, "nudged_timer_lag_seconds", GAUGE, MS, "",                                        \
      "how long the oldest timer has been due, of all daemons together; 0: none is")               \
    X(TIMERS, "nudged_timers", GAUGE, COUNT, "", "customers with a timer, of all daemons together")

#endif
