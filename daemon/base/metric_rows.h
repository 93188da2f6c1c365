/*
 * Every figure: its name, as Prometheus knows it, its labels and its meaning. docs/reference.md
 * prints the table.
 *
 * Names: nudged_…, in base units (seconds, bytes), counters with _total. What a figure is counted
 * over stands in its help where it is more than this daemon.
 */
#ifndef NUDGED_BASE_METRIC_ROWS_H
#define NUDGED_BASE_METRIC_ROWS_H

/* X(NAME, "exposed_name", COUNTER | GAUGE | HISTOGRAM, COUNT | MS | US, "labels", "help")
 *
 * COUNT, MS, US: what the figure is kept in; the latter two are told as seconds. A histogram is
 * kept in US. Labels are joined by commas; "": none. */
#define METRICS(X) METRICS_OF_EVENTS(X) METRICS_OF_MESSAGES(X) METRICS_OF_STATE(X)

#define METRICS_OF_EVENTS(X)                                                                       \
    X(EVENTS_READ, "nudged_events_read_total", COUNTER, COUNT, "type",                             \
      "events taken from the stream, by type: one that events.yaml declares or a rule names, "     \
      "else `other`")                                                                              \
    X(EVENTS_DECIDED, "nudged_events_decided_total", COUNTER, COUNT, "",                           \
      "events decided and committed")                                                              \
    X(EVENTS_DUPLICATE, "nudged_events_duplicate_total", COUNTER, COUNT, "", "events seen before") \
    X(EVENTS_DIFFERENT, "nudged_events_different_total", COUNTER, COUNT, "",                       \
      "events seen before, of which the repetition said something else")                           \
    X(EVENTS_ERASED, "nudged_events_erased_total", COUNTER, COUNT, "",                             \
      "events older than the erasure of their customer: dropped")                                  \
    X(EVENTS_DEAD, "nudged_events_dead_total", COUNTER, COUNT, "reason",                           \
      "events given up as dead letters")                                                           \
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

#define METRICS_OF_MESSAGES(X)                                                                     \
    X(MESSAGES_DECIDED, "nudged_messages_decided_total", COUNTER, COUNT, "rule,channel",           \
      "messages put into the outbox")                                                              \
    X(MESSAGES_REFUSED, "nudged_messages_refused_total", COUNTER, COUNT, "rule,reason",            \
      "messages, journeys, fields and events held back; the reason is a word of the trace")        \
    X(MESSAGES_CANCELLED, "nudged_messages_cancelled_total", COUNTER, COUNT, "",                   \
      "messages withdrawn before a gateway had them")                                              \
    X(MESSAGES_SENT, "nudged_messages_sent_total", COUNTER, COUNT, "rule,channel,gateway",         \
      "messages that a gateway accepted")                                                          \
    X(MESSAGES_RETRIED, "nudged_messages_retried_total", COUNTER, COUNT, "gateway",                \
      "attempts that will be made again")                                                          \
    X(MESSAGES_PASSED, "nudged_messages_passed_total", COUNTER, COUNT, "gateway",                  \
      "messages that went from this gateway to the next one at once")                              \
    X(MESSAGES_UNCERTAIN, "nudged_messages_uncertain_total", COUNTER, COUNT, "gateway",            \
      "messages whose answer was lost")                                                            \
    X(MESSAGES_DEAD, "nudged_messages_dead_total", COUNTER, COUNT, "reason",                       \
      "messages given up as dead letters")                                                         \
    X(ATTEMPTS, "nudged_attempts_total", COUNTER, COUNT, "gateway,result",                         \
      "attempts to hand a message over, by what came of them: a word of the trace")                \
    X(EVENT_TO_ACCEPTANCE_SECONDS, "nudged_event_to_acceptance_seconds", HISTOGRAM, US, "",        \
      "from an event's arrival in Redis to a gateway's acceptance of a message that it caused at " \
      "once, without a wait")                                                                      \
    X(RENDER_SECONDS, "nudged_render_seconds", HISTOGRAM, US, "",                                  \
      "what rendering and building one message took")                                              \
    X(SEND_SECONDS, "nudged_send_seconds", HISTOGRAM, US, "gateway",                               \
      "what one attempt at a gateway took, from the first byte to its answer")                     \
    X(SENDING, "nudged_sending", GAUGE, COUNT, "", "messages with a sender at this moment")        \
    X(OUTBOX_MESSAGES, "nudged_outbox_messages", GAUGE, COUNT, "channel,class",                    \
      "messages in the outbox, being sent included, of all daemons together")                      \
    X(OUTBOX_LATER, "nudged_outbox_later", GAUGE, COUNT, "",                                       \
      "messages that wait for their next try, of all daemons together")                            \
    X(OUTBOX_UNCERTAIN, "nudged_outbox_uncertain", GAUGE, COUNT, "",                               \
      "uncertain messages that wait for an operator's word, of all daemons together")              \
    X(OUTBOX_FULL, "nudged_outbox_full", GAUGE, COUNT, "",                                         \
      "customers whose sends wait for room in the outbox, of all daemons together")                \
    X(CHANNELS_BEHIND, "nudged_channels_behind", GAUGE, COUNT, "",                                 \
      "channels whose marketing waits for events that are behind")                                 \
    X(DEAD_LETTERS, "nudged_dead_letters", GAUGE, COUNT, "",                                       \
      "dead letters that are kept, of all daemons together")                                       \
    X(GATEWAY_BREAKER, "nudged_gateway_breaker", GAUGE, COUNT, "gateway,state",                    \
      "1 for the state in which the gateway's breaker is, 0 for the others")                       \
    X(GATEWAY_SENDING, "nudged_gateway_sending", GAUGE, COUNT, "gateway",                          \
      "messages with a sender of the gateway at this moment")                                      \
    X(GATEWAYS_PAUSED, "nudged_gateways_paused", GAUGE, COUNT, "",                                 \
      "gateways that an operator has paused, for all daemons")

#define METRICS_OF_STATE(X)                                                                        \
    X(READY, "nudged_ready", GAUGE, COUNT, "",                                                     \
      "1 where events are taken and messages sent, as /ready says")                                \
    X(REDIS_UP, "nudged_redis_up", GAUGE, COUNT, "", "1 where there is a connection to Redis")     \
    X(REDIS_RECONNECTS, "nudged_redis_reconnects_total", COUNTER, COUNT, "",                       \
      "connections to Redis made again")                                                           \
    X(REDIS_SECONDS, "nudged_redis_seconds", HISTOGRAM, US, "", "from a command to Redis' answer") \
    X(RULES, "nudged_rules", GAUGE, COUNT, "", "rules in force")                                   \
    X(RULES_PAUSED, "nudged_rules_paused", GAUGE, COUNT, "",                                       \
      "rules that are paused, by hand or by policy.brake")                                         \
    X(RULE_PAUSED, "nudged_rule_paused", GAUGE, COUNT, "rule,by",                                  \
      "1 for each rule that is paused, by `hand` or `brake`")                                      \
    X(GENERATION, "nudged_generation", GAUGE, COUNT, "",                                           \
      "the number that Redis gave to the rules in force: daemons with the same rules have the "    \
      "same, newer ones a greater")                                                                \
    X(LAST_RELOAD, "nudged_last_reload_timestamp_seconds", GAUGE, MS, "",                          \
      "when rules and templates were last loaded, at the start or by a reload, with success or "   \
      "not")                                                                                       \
    X(LAST_RELOAD_SUCCESS, "nudged_last_reload_success", GAUGE, COUNT, "",                         \
      "1 where that put them in force, 0 where it was refused for a broken file")                  \
    X(RELOADS_FAILED, "nudged_reloads_failed_total", COUNTER, COUNT, "",                           \
      "reloads refused for a broken file")                                                         \
    X(BUILD_INFO, "nudged_build_info", GAUGE, COUNT, "version", "1; the version of the program")   \
    X(PROCESS_START, "process_start_time_seconds", GAUGE, MS, "",                                  \
      "when the process began, since 1970")                                                        \
    X(PROCESS_CPU, "process_cpu_seconds_total", COUNTER, US, "",                                   \
      "processor time of all threads, in user and system mode")                                    \
    X(PROCESS_RESIDENT, "process_resident_memory_bytes", GAUGE, COUNT, "",                         \
      "memory that is resident")                                                                   \
    X(PROCESS_VIRTUAL, "process_virtual_memory_bytes", GAUGE, COUNT, "", "memory that is mapped")  \
    X(PROCESS_FDS, "process_open_fds", GAUGE, COUNT, "", "open file descriptors")                  \
    X(PROCESS_FDS_MOST, "process_max_fds", GAUGE, COUNT, "", "file descriptors that may be open")
#endif
