/*
 * The policy of failure, the only place that has it: what an attempt means
 * (docs/delivery.md, "What a result means"), and when the next one is. Pure.
 */
#ifndef NUDGED_SEND_RETRY_H
#define NUDGED_SEND_RETRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "send/outcome.h"

/* How far an attempt came: the step that it was in when it ended. In the order of time. */
enum retry_phase {
    RETRY_CONNECT,  /* name, TCP, TLS from the first byte */
    RETRY_GREETING, /* SMTP's banner and EHLO */
    RETRY_TLS,      /* STARTTLS */
    RETRY_AUTH,
    RETRY_MAIL,
    RETRY_RCPT,
    RETRY_DATA,
    RETRY_BODY,  /* not all of the body went out: nothing can have been taken */
    RETRY_ANSWER /* all went out: it may have been taken */
};

/* How it ended where no reply decided. */
enum retry_failure {
    RETRY_NONE,        /* by a reply: `code` */
    RETRY_UNRESOLVED,  /* DNS */
    RETRY_REFUSED,     /* no connection */
    RETRY_NO_SOCKET,   /* this machine has no descriptor left: nothing against the gateway */
    RETRY_TLS_FAILED,  /* handshake */
    RETRY_CERTIFICATE, /* not trusted, wrong name, expired */
    RETRY_NO_TLS,      /* not offered, and required */
    RETRY_LOGIN,       /* no way to log in, or no password at hand */
    RETRY_NO_AUTH,     /* a user is configured, and no AUTH is offered */
    RETRY_NO_UTF8,     /* the address needs SMTPUTF8, which is not offered */
    RETRY_TOO_BIG,     /* the mail is longer than the server says that it takes (5.3.4) */
    RETRY_TIMEOUT,
    RETRY_LOST,    /* the connection */
    RETRY_FLOODED, /* the server said more than 64 KiB */
    RETRY_GARBLED, /* what it said is no reply */
    RETRY_CUT_OFF, /* by us: draining, or the lease has passed */
    RETRY_MISCONFIGURED
};

/* What the answer to a request says by itself, where the gateway's `answers` tell: then the status
 * does not decide. */
enum retry_said {
    RETRY_SAID_NOTHING,
    RETRY_SAID_SENT,
    RETRY_SAID_UNAVAILABLE,
    RETRY_SAID_RETRY,
    RETRY_SAID_BOUNCED,
    RETRY_SAID_GATEWAY,
    RETRY_SAID_REFUSED,
    RETRY_SAID_NOT_SENT /* nothing of these, so a 2xx is no answer that can be understood */
};

struct retry_attempt {
    enum retry_phase phase;
    enum retry_failure failure;
    int code;               /* the reply to this phase's command, or the HTTP status; 0: none came.
                               Where there is one it decides, whatever `failure` says */
    const char *enhanced;   /* "5.1.1"; "" or NULL: none */
    enum retry_said said;   /* http */
    bool idempotent;        /* http: a second copy is recognised by its key */
    int64_t retry_after_ms; /* retry_after(); 0: none */
};

/* Set all but the text; the code is 0 where it decided nothing. */
void retry_smtp(const struct retry_attempt *attempt, struct outcome *outcome);
void retry_http(const struct retry_attempt *attempt, struct outcome *outcome);

/* A Retry-After (RFC 9110, 10.2.3) in seconds or as one of the three forms of date:
 * milliseconds from `now_ms` (wall clock), held to 1 s … 1 h; 0 where it is neither. */
int64_t retry_after(const char *text, int64_t now_ms);

/* Likewise of a number of seconds in an answer's body; 0 where it is not above 0. */
int64_t retry_wait(double seconds);

/* The enhanced status code (RFC 3463) at the start of a reply's text, into `out`; ""
 * where there is none or its class is not that of `code`. */
void retry_enhanced(int code, const char *text, size_t length, char out[OUTCOME_ENHANCED_SIZE]);

enum {
    RETRY_FIRST_MS = 60000,
    RETRY_MOST_MS = 14400000,
    RETRY_BEFORE_END_MS = 1000, /* from its give_up on a message is begun no more */
};

/* The time of the next attempt, by the clock of `now_ms`: after `attempts` (1 after the
 * first) within 1 min doubled each time, at most 4 h, with full jitter from `random` (at
 * least 1 s); not before a Retry-After. The last one is RETRY_BEFORE_END_MS before `give_up_ms`.
 * False where that has come: a dead letter. */
bool retry_next(uint32_t attempts, int64_t retry_after_ms, int64_t now_ms, int64_t give_up_ms,
                uint64_t random, int64_t *next_ms);

#endif
