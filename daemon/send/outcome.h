/*
 * What came of one attempt to hand a message over. Made by a gateway (the kind
 * by send/retry alone), carried to the loop by send/senders, settled by
 * delivery/delivery.
 */
#ifndef NUDGED_SEND_OUTCOME_H
#define NUDGED_SEND_OUTCOME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum outcome_kind {
    OUTCOME_SENT,        /* the gateway took it and said so */
    OUTCOME_RETRY,       /* not taken now: again later, the attempt counts */
    OUTCOME_UNAVAILABLE, /* the gateway did not come as far as to look at the message: no attempt is
                            charged, the channel's next gateway takes it at once */
    OUTCOME_UNCERTAIN,   /* it may have been taken, the answer is lost (RFC 1047) */
    OUTCOME_BOUNCED,     /* there is no such address: suppress it */
    OUTCOME_DEAD,        /* this message will never be taken: a dead letter */
    OUTCOME_GATEWAY_FAULT, /* the gateway's fault, not the message's: no attempt is charged, the
                              breaker opens, the channel's next gateway takes it at once */
    OUTCOME_CUT,           /* given back unsent: draining, or the daemon's lease has passed; no
                              attempt is charged */
    OUTCOME_KINDS
};

/* What a message that was refused for good says against its gateway. Where many are in a row, it
 * may be the gateway that is wrong, and not each of them: send/suspicion. */
enum outcome_suspect {
    OUTCOME_UNSUSPECTED,
    OUTCOME_SUSPECT_MAILBOX, /* no such mailbox, it seems, but no code says so */
    OUTCOME_SUSPECT_REFUSAL, /* policy, or whatever else the message was refused for */
};

enum { OUTCOME_TEXT_SIZE = 256, OUTCOME_ENHANCED_SIZE = 12, OUTCOME_ID_SIZE = 128 };

struct outcome {
    enum outcome_kind kind;
    int code;                             /* SMTP reply or HTTP status; 0 where there was none */
    char enhanced[OUTCOME_ENHANCED_SIZE]; /* RFC 3463, "5.1.1"; "" where there was none */
    /* The server's own words, or ours; one line of valid UTF-8. May hold an address: not for the
     * log, but for the dead letter. */
    char text[OUTCOME_TEXT_SIZE];
    char id[OUTCOME_ID_SIZE]; /* of a message that was sent: by what the gateway knows it; "" where
                                 it said nothing. One line of valid UTF-8 */
    int64_t retry_after_ms;   /* what the server asked for, 1 s to 1 h; 0: nothing */
    bool slow_down;           /* 421, 429, 503 with a Retry-After: fewer connections for a while */
    bool unhealthy;           /* it says that the gateway does not work, as send/health counts */
    enum outcome_suspect suspect; /* DEAD only */
};

/* Empties it and sets its kind. */
void outcome_set(struct outcome *outcome, enum outcome_kind kind);

/* What it said of the message is the gateway's own fault: code and words stay. */
void outcome_blame(struct outcome *outcome);

/* Sets the text: utf8_one_line(), cut at a character's boundary. */
void outcome_words(struct outcome *outcome, const char *bytes, size_t length);
void outcome_printf(struct outcome *outcome, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Likewise the id; "" for one that is too long: a part of an id is none. */
void outcome_id(struct outcome *outcome, const char *id);

#endif
