/*
 * The words by which the daemon tells what it did, each with its meaning: "what" and "why" of a
 * line of a customer's trace (decide/trace). All that stand there are in these tables, which
 * docs/reference.md prints; those that a script writes too.
 *
 * Where `why` is no word it is a text: what failed in an expression, the template that is sent, a
 * gateway's answer; or it is the reason of a dead letter (decide/trace_reasons).
 */
#ifndef NUDGED_DECIDE_TRACE_WORDS_H
#define NUDGED_DECIDE_TRACE_WORDS_H

/* X(NAME, "word", "its meaning") */
#define TRACE_WHATS(X)                                                                             \
    X(NO_MATCH, "no-match", "the rule's `if` is not true")                                         \
    X(PASSED_OVER, "passed-over", "nothing was done: about the event, or by the rule")             \
    X(IGNORED, "ignored", "the rule matched, and its running journey goes on instead")             \
    X(COLLECTED, "collected", "the event joined the running journey of its rule")                  \
    X(WAITS, "waits", "the journey goes on at that time")                                          \
    X(WAITS_FOR, "waits-for", "the journey goes on at an event of its `or`, or at that time")      \
    X(GOES_ON, "goes-on", "the journey waits no longer, or not at all")                            \
    X(QUIET_HOURS, "quiet-hours", "a send waits for the end of the customer's quiet hours")        \
    X(OUTBOX_FULL, "outbox-full", "a send waits for room in the outbox, until that time at most")  \
    X(PAUSED, "paused", "a send waits until its rule is resumed")                                  \
    X(SENDS, "sends", "a message of this template was put into the outbox")                        \
    X(SETS, "sets", "a field of the customer became this: by the rule, or, without one, computed") \
    X(EMITS, "emits", "the rule made an event of this type")                                       \
    X(REFUSED, "refused", "a message, a journey, a field or an event was not made or kept")        \
    X(ENDED, "ended", "the journey is over before its last step")                                  \
    X(JOINED, "joined", "what was known under that key is known of this customer now")             \
    X(WITHDRAWN, "withdrawn", "a message was taken back out of the outbox")                        \
    X(WITHDRAWN_LATE, "withdrawn, may have arrived",                                               \
      "a message was taken back that a gateway may have taken before: it counts as sent")          \
    X(MARKED, "marked",                                                                            \
      "a message should be taken back, and a sender has it: it is, unless that delivers it")       \
    X(TOO_LATE, "too-late",                                                                        \
      "a message should have been taken back, and was delivered, or gone otherwise")               \
    X(ERROR, "error", "an expression of a step failed, and the journey is over")                   \
    X(TIMER_GIVEN_UP, "timer given up", "a dead letter: the customer's document cannot be read")   \
    X(SENT, "sent", "the gateway took the message")                                                \
    X(RETRY, "retry", "the gateway did not take it now: again later")                              \
    X(UNAVAILABLE, "unavailable", "the gateway could not be used: by the next one, or later")      \
    X(UNCERTAIN, "uncertain",                                                                      \
      "a gateway may have taken it: its answer was lost, or its daemon ended")                     \
    X(BOUNCED, "bounced", "there is no such address: it is suppressed from now on")                \
    X(DEAD, "dead", "the message will never be taken: a dead letter")                              \
    X(GATEWAY_FAULT, "gateway-fault", "the fault is the gateway's own: later, or by the next one") \
    X(CUT, "cut", "given back unsent: the daemon stops, or has lost its lease")                    \
    X(RESENT, "resent", "an uncertain message goes out once more")                                 \
    X(DROPPED, "dropped", "a message became a dead letter by an operator's word")                  \
    X(SUPPRESSED, "suppressed", "an address of the customer must not be written to")               \
    X(UNSUPPRESSED, "unsuppressed", "an address of the customer may be written to again")          \
    X(REQUEUED, "requeued", "a dead letter went back into the outbox")                             \
    X(RETURNED, "returned", "a bounce of the mail came later")                                     \
    X(DELAYED, "delayed", "a server on the way tells that it goes on trying")                      \
    X(COMPLAINED, "complained", "its recipient called it spam: a no to all, and it is suppressed")

#define TRACE_WHYS(X)                                                                         \
    X(IF, "if", "the condition is false")                                                     \
    X(OTHER_REASONS, "other reasons", "more of them than one line tells apart")               \
    X(DUPLICATE, "duplicate", "the event has been here before")                               \
    X(DISABLED, "disabled", "the rule says `enabled: false`")                                 \
    X(PER, "per", "the rule's `per` failed, or is no text and no number")                     \
    X(MAX_AGE, "max-age", "the event is older than the rule's `max_age`")                     \
    X(UNTIL, "until", "an event of the rule's `until` came")                                  \
    X(AGAIN, "again", "the rule says `again: ignore`")                                        \
    X(OLDER, "older", "the event is older than the start of the running journey")             \
    X(RESTART, "restart",                                                                     \
      "the rule matched anew, and says `again: restart`, or waits by quiet hours alone")      \
    X(NO_LONGER, "no-longer",                                                                 \
      "its `while` is not true, or, under `again: restart`, its `if` became false")           \
    X(UNSUBSCRIBED, "unsubscribed", "the customer has unsubscribed")                          \
    X(JOINED, "joined", "the customer has another one: two keys proved to be one person")     \
    X(ERASURE, "erasure", "the customer was erased")                                          \
    X(RULE_REMOVED, "rule-removed", "there is no rule of that name any more")                 \
    X(RULE_CHANGED, "rule-changed", "the rule has no longer the step that it waited for")     \
    X(TOO_MANY_JOURNEYS, "too-many-journeys", "64 journeys run for this customer")            \
    X(TOO_MANY_MESSAGES, "too-many-messages",                                                 \
      "192 of the customer's messages wait, or limits and caps count as many")                \
    X(BRANCH, "branch", "the branch's `if` was asked again after a wait, and is other now")   \
    X(MET, "met", "an event of the wait's `or` came")                                         \
    X(PAST, "past", "the time that it should have waited for has passed")                     \
    X(START_LOST, "start-lost", "the event that started the journey is not in Redis")         \
    X(TOO_LARGE, "too-large", "the customer's document has no room for it")                   \
    X(PROFILE_TOO_LARGE, "profile-too-large",                                                 \
      "what the event says of the customer is not kept: it would be over 16 KiB")             \
    X(FIELD, "field", "an expression of a computed field failed: it stays as it is")          \
    X(FIELD_JOINED, "field-joined",                                                           \
      "two keys proved to be one person: the other's word on this field is newer")            \
    X(FIELDS_TOO_LARGE, "fields-too-large",                                                   \
      "a field is not kept: what rules set would be over 8 KiB")                              \
    X(NO_SUCH_CUSTOMER, "no-such-customer",                                                   \
      "an event for another customer was dropped: nobody is known by that id")                \
    X(LOOP, "loop", "an event was not made: over 8 in a chain, rules feed each other")        \
    X(TOO_MANY_EVENTS, "too-many-events", "an event was not made: over 32 of one")            \
    X(NO_ADDRESS, "no-address", "the customer has no address for the channel")                \
    X(SUPPRESSED, "suppressed", "the address must not be written to")                         \
    X(LIMIT, "limit", "the rule's `limit` is reached")                                        \
    X(ONLY, "only", "no pattern of `deliver.only` fits the address")                          \
    X(NO_CONSENT, "no-consent", "the customer does not want marketing, or not of this topic") \
    X(CAP, "cap", "`policy.cap` is reached")                                                  \
    X(NO_CODE, "no-code", "no code is left in the list that the send takes one from")         \
    X(BRAKE, "brake", "`policy.brake` has paused the rule")                                   \
    X(PAUSED, "paused", "the rule is paused: `nudgectl rule`")                                \
    X(OUTBOX_FULL, "outbox-full", "no room in the outbox until the rule's `give_up`")         \
    X(HOLDOUT, "holdout", "the customer is one of the rule's `holdout`, who never get it")    \
    X(DAEMON_ENDED, "its daemon ended",                                                       \
      "while a sender had it; behind it the rule's `on_uncertain`")                           \
    X(BY_HAND, "by hand", "by `nudgectl dead`, `outbox` or `uncertain`")                      \
    X(DROPPED, "dropped", "an operator dropped it while a sender had it")                     \
    X(SUSPECTED, "gateway suspected", "its gateway was to blame, not the message")

enum trace_what {
#define TRACE_WHAT(name, word, meaning) TRACE_##name,
    TRACE_WHATS(TRACE_WHAT)
#undef TRACE_WHAT
        TRACE_WHAT_COUNT
};

enum trace_why {
    TRACE_WHY_NONE, /* no word: nothing speaks against it */
#define TRACE_WHY(name, word, meaning) TRACE_WHY_##name,
    TRACE_WHYS(TRACE_WHY)
#undef TRACE_WHY
        TRACE_WHY_COUNT
};

/* The word as it is written; of TRACE_WHY_NONE "". */
const char *trace_what_word(enum trace_what what);
const char *trace_why_word(enum trace_why why);

#endif
