/*
 * Why a dead letter is one, in the words that stand in it and in the trace of its customer, each
 * with its meaning; docs/reference.md prints them.
 *
 * A message that could not be made has the code of that fault (compose/compose.h) for its reason;
 * an event that cannot be read the code of its own, which is not here (docs/events.md).
 */
#ifndef NUDGED_DECIDE_TRACE_REASONS_H
#define NUDGED_DECIDE_TRACE_REASONS_H

/* X(NAME, "word", "its meaning") */
#define TRACE_REASONS(X)                                                                      \
    X(ERROR, "error", "an expression of a step failed")                                       \
    X(TOO_MANY_JOURNEYS, "too-many-journeys", "64 journeys run for this customer")            \
    X(TOO_MANY_MESSAGES, "too-many-messages",                                                 \
      "192 of the customer's messages wait, or limits and caps count as many")                \
    X(START_LOST, "start-lost", "the event that started a journey is not in Redis")           \
    X(PROFILE_TOO_LARGE, "profile-too-large",                                                 \
      "what is known of a customer would be over 16 KiB; the letter has what was not kept")   \
    X(FIELDS_TOO_LARGE, "fields-too-large",                                                   \
      "what rules set of a customer would be over 8 KiB; the letter has what was not kept")   \
    X(LOOP, "loop", "over 8 events in a chain: rules feed each other")                        \
    X(TOO_MANY_EVENTS, "too-many-events", "rules made 32 events of one")                      \
    X(LIQUID_RENDER, "liquid-render", "its template failed, or that of its gateway's body")   \
    X(LIQUID_LIMIT, "liquid-limit",                                                           \
      "its template took too many steps or too long, or made too much")                       \
    X(BAD_HEADER, "bad-header", "a header field has a value that none can hold")              \
    X(BAD_ADDRESS, "bad-address", "an address is not valid")                                  \
    X(BAD_MESSAGE, "bad-message", "it has no subject, or lacks what every message has")       \
    X(NO_TEMPLATE, "no-template", "its template is not there, or that of its gateway's body") \
    X(LOST_ATTACHMENTS, "lost-attachments",                                                   \
      "the body of its gateway's requests leaves out what is attached")                       \
    X(HTML_TEXT, "html-text", "no text can be made of its HTML")                              \
    X(TOO_LARGE, "too-large",                                                                 \
      "larger than a message may be; or the customer's document has no room for it")          \
    X(REFUSED, "refused", "its gateway will never take it, or it cannot be put to it")        \
    X(BOUNCED, "bounced", "there is no such address")                                         \
    X(GAVE_UP, "gave-up", "the rule's `give_up` came before a gateway had taken it")          \
    X(NO_GATEWAY, "no-gateway",                                                               \
      "`give_up` came, and the only gateway that may send it is not configured")              \
    X(NO_CHANNEL, "no-channel", "`give_up` came, and no daemon had its channel")              \
    X(NOT_WHOLE, "not-whole", "its record in Redis had lost fields")                          \
    X(DROPPED, "dropped", "it was dropped by `nudgectl outbox` or `uncertain`")

enum trace_reason {
#define TRACE_REASON(name, word, meaning) TRACE_REASON_##name,
    TRACE_REASONS(TRACE_REASON)
#undef TRACE_REASON
        TRACE_REASON_COUNT
};

/* The reason of that word; TRACE_REASON_REFUSED where there is none of it. */
enum trace_reason trace_reason_of(const char *word);

/* The word as it is written. */
const char *trace_reason_word(enum trace_reason reason);

#endif
