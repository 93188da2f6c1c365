/* What became of a message that was taken, as it is told to store/outbox, and what that says. */
#ifndef NUDGED_STORE_OUTBOX_RESULT_H
#define NUDGED_STORE_OUTBOX_RESULT_H

#include <stdbool.h>
#include <stdint.h>

struct diag;

enum outbox_verdict {
    OUTBOX_DONE,    /* accepted: the message is deleted */
    OUTBOX_LATER,   /* again, through any gateway */
    OUTBOX_RESEND,  /* uncertain: again, through the same gateway */
    OUTBOX_HOLD,    /* uncertain, and stays so: into P:uncertain */
    OUTBOX_DEAD,    /* given up: into P:dead with `reason`, `detail` and the body */
    OUTBOX_LACKING, /* again by who has its template, at once; by this daemon as LATER */
    OUTBOX_RELEASE, /* never begun: back into the outbox at once */
};

struct outbox_result {
    const char *entry, *queue, *mid, *channel, *class_; /* as taken */
    enum outbox_verdict verdict;
    int64_t load;                /* LACKING: as taken, of the daemon's files */
    int64_t at_ms;               /* LATER, LACKING, RESEND: since 1970; or 0 and */
    int64_t after_ms;            /* so long after Redis' TIME when it is settled */
    bool charge;                 /* LATER, RESEND: counts as an attempt */
    bool may_have_arrived;       /* DEAD: by this attempt, whose answer was lost */
    const char *reason, *detail; /* DEAD; NULL else */
    const char *trace;           /* JSON lines for the customer's trace, by \n, or NULL */
    const char *event;           /* a JSON event for P:events, or NULL */
    const char *suppress;        /* the hash of an address to be suppressed, or NULL */
    const char *suppress_reason;
};

const char *outbox_verdict_name(enum outbox_verdict verdict); /* "done", "later", … */

enum outbox_settled {
    OUTBOX_NOT_OURS, /* or settled by an earlier run: nothing was written */
    OUTBOX_SETTLED,
    OUTBOX_VANISHED, /* its hash was deleted by hand; now its entry is too */
    OUTBOX_ENDED,    /* it was withdrawn meanwhile: it ended, whatever the verdict */
    OUTBOX_SPOILT,   /* what stands under its name is no message: its entry is deleted */
};

struct outbox_answer {
    enum outbox_settled settled;
    const char *letter; /* the id in P:dead of the dead letter that this made, or NULL */
};

/* What a pass says: outbox_pass(). Unless it is PASSED nothing was written. */
enum outbox_pass_verdict {
    OUTBOX_PASSED,         /* it may begin there now */
    OUTBOX_PASS_WAIT,      /* no token, or it is paused, for so long */
    OUTBOX_PASS_HELD,      /* its domain has no room there, for so long */
    OUTBOX_PASS_WITHDRAWN, /* it must not be sent any more: settle it as RELEASE, which ends it */
    OUTBOX_PASS_GONE,      /* no longer this daemon's, or bound to another gateway */
};

struct outbox_passed {
    const struct diag *fault; /* NULL, or why there is no answer: ask again, or settle it */
    enum outbox_pass_verdict verdict;
    int64_t wait_ms; /* WAIT, HELD: ask again after so many */
    const char *why; /* WITHDRAWN: "until", "suppressed", "unsubscribed", …; NULL else */
    int64_t token_ms, granted_ms; /* PASSED: as of a message that was taken */
};

#endif
