/* Figures of the daemon itself: its Redis, its rules, its process: rows of base/metric_rows.h. */
#ifndef NUDGED_BASE_METRIC_ROWS_STATE_H
#define NUDGED_BASE_METRIC_ROWS_STATE_H

#define METRICS_OF_STATE(X)                                                                        \
    X(READY, "nudged_ready", GAUGE, COUNT, "",                                                     \
      "1 where events are taken and messages sent, as /ready says")                                \
    X(REDIS_UP, "nudged_redis_up", GAUGE, COUNT, "", "1 where there is a connection to Redis")     \
    X(REDIS_RECONNECTS, "nudged_redis_reconnects_total", COUNTER, COUNT, "",                       \
      "connections to Redis made again")                                                           \
    X(REDIS_SECONDS, "nudged_redis_seconds", HISTOGRAM, US, "", "from a command to Redis' answer") \
    X(LOOP_PAUSE_SECONDS, "nudged_loop_pause_seconds", HISTOGRAM, US, "",                          \
      "how long the loop worked, by its processor time, before it looked for news again")          \
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
