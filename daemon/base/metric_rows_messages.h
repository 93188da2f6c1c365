/* Figures of messages and gateways: rows of base/metric_rows.h. */
#ifndef NUDGED_BASE_METRIC_ROWS_MESSAGES_H
#define NUDGED_BASE_METRIC_ROWS_MESSAGES_H

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
      "messages that wait for their next try, or, held and withdrawn, for their end, of all "      \
      "daemons together")                                                                          \
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

#endif
