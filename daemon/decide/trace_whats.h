/* What the daemon did: the words of a trace line's "what". */
#ifndef NUDGED_DECIDE_TRACE_WHATS_H
#define NUDGED_DECIDE_TRACE_WHATS_H

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
    X(BRANCH, "branch", "a branch's `if` is false: on at its `else`, or behind it")                \
    X(SHARE, "share", "the customer's share of a split")                                           \
    X(STAYS, "stays",                                                                              \
      "an event of the journey's `until` or `or` came, and its condition is false")                \
    X(MATCHED, "matched", "the rule matched, and there was nothing for it to do")                  \
    X(SENDS, "sends", "a message of this template was put into the outbox")                        \
    X(SETS, "sets", "a field of the customer became this: by the rule, or, without one, computed") \
    X(EMITS, "emits", "the rule made an event of this type")                                       \
    X(REFUSED, "refused", "a message, a journey, a field or an event was not made or kept")        \
    X(ENDED, "ended", "the journey is over before its last step")                                  \
    X(SAYS_NO, "says-no", "the customer wants no marketing of this topic, or of `all`")            \
    X(SAYS_YES, "says-yes", "the customer wants marketing of this topic, or of `all`")             \
    X(WATCHES, "watches", "the customer wants to hear of this product")                            \
    X(WATCHES_NO_MORE, "watches-no-more", "the customer does not want to hear of it any more")     \
    X(WATCH_DROPPED, "watch-dropped",                                                              \
      "the customer watches more than 100 products: of this one they said so longest ago")         \
    X(TOLD_OF, "told-of", "the event is about this product, which the customer watches")           \
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
    X(CUT, "cut",                                                                                  \
      "given back unsent: the daemon stops, has lost its lease, or no connection got free")        \
    X(RESENT, "resent", "an uncertain message goes out once more")                                 \
    X(DROPPED, "dropped", "a message became a dead letter by an operator's word")                  \
    X(SUPPRESSED, "suppressed", "an address of the customer must not be written to")               \
    X(UNSUPPRESSED, "unsuppressed", "an address of the customer may be written to again")          \
    X(REQUEUED, "requeued", "a dead letter went back into the outbox")                             \
    X(RETURNED, "returned", "a bounce of the mail came later")                                     \
    X(DELAYED, "delayed", "a server on the way tells that it goes on trying")                      \
    X(COMPLAINED, "complained", "its recipient called it spam: a no to all, and it is suppressed")

#endif
