/* Why it did: the words of a trace line's "why". */
#ifndef NUDGED_DECIDE_TRACE_WHYS_H
#define NUDGED_DECIDE_TRACE_WHYS_H

/* X(NAME, "word", "its meaning") */
#define TRACE_WHYS(X)                                                                         \
    X(IF, "if", "the condition is false")                                                     \
    X(OTHER_REASONS, "other reasons", "more of them than one line tells apart")               \
    X(DUPLICATE, "duplicate", "the event has been here before")                               \
    X(DUPLICATE_DIFFERS, "duplicate-differs",                                                 \
      "the event has been here before, and says something else now: the first counts")        \
    X(DISABLED, "disabled", "the rule says `enabled: false`")                                 \
    X(PER, "per", "the rule's `per` failed, or is neither a text nor a number")               \
    X(MAX_AGE, "max-age", "the event is older than the rule's `max_age`")                     \
    X(UNTIL, "until", "an event of the rule's `until` came")                                  \
    X(AGAIN, "again", "the rule says `again: ignore`")                                        \
    X(OLDER, "older",                                                                         \
      "a newer event has begun a run that goes on or has sent, or a newer word stands")       \
    X(RESTART, "restart",                                                                     \
      "the rule matched anew, and says `again: restart`, or waits by quiet hours alone")      \
    X(NO_LONGER, "no-longer",                                                                 \
      "its `while` is not true, or, under `again: restart`, its `if` became false")           \
    X(UNSUBSCRIBED, "unsubscribed", "the customer has unsubscribed")                          \
    X(JOINED, "joined", "the customer has another one: two keys proved to be one person")     \
    X(ERASURE, "erasure", "the customer was erased")                                          \
    X(RULE_REMOVED, "rule-removed", "there is no rule of that name any more")                 \
    X(RULE_CHANGED, "rule-changed", "the rule no longer has the step that it waited for")     \
    X(TOO_MANY_JOURNEYS, "too-many-journeys", "64 journeys run for this customer")            \
    X(TOO_MANY_MESSAGES, "too-many-messages",                                                 \
      "192 of the customer's messages wait, or limits and caps count as many")                \
    X(BRANCH, "branch",                                                                       \
      "the branch's `if` was asked again after a wait, and its answer is another now")        \
    X(MET, "met", "an event of the wait's `or` came")                                         \
    X(OR, "or", "the condition of the wait's `or` is false")                                  \
    X(PAST, "past", "the time that it should have waited for has passed")                     \
    X(SENT, "sent",                                                                           \
      "the run has sent it before: an edit has moved the step behind where it waits")         \
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
      "with it in hand; behind it the rule's `on_uncertain`; `sent`: it had gone before")     \
    X(REDIS_LOST, "Redis lost it",                                                            \
      "what became of it; it had died, or a replica took over. Behind it `on_uncertain`")     \
    X(BY_HAND, "by hand", "by `nudgectl dead`, `outbox` or `uncertain`")                      \
    X(DROPPED, "dropped", "an operator dropped it while a sender had it")                     \
    X(SUSPECTED, "gateway suspected", "its gateway was to blame, not the message")

#endif
