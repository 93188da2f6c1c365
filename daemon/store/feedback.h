/*
 * What came back of a mail that was sent: whom it is about, and what is written of it
 * (feedback.lua). For nudgectl, which waits for Redis.
 */
#ifndef NUDGED_STORE_FEEDBACK_H
#define NUDGED_STORE_FEEDBACK_H

#include <stdbool.h>
#include <stdint.h>

#include "redis/session.h"

struct feedback_mail {
    const char *customer; /* as it was sent; NULL: nothing is known of the mail, any more */
    int64_t day_ms;       /* when the day began on which it was sent; 0: it is on the way */
};

enum feedback_verb { FEEDBACK_BOUNCED, FEEDBACK_FAILED, FEEDBACK_DELAYED, FEEDBACK_COMPLAINED };

struct feedback_news {
    enum feedback_verb verb;
    const char *person; /* the key under which the customer stands now; "": they were erased, and
                           nobody is told */
    bool suppress;
    const char *words; /* one line */
    const char *enhanced;
    int code; /* 0: none */
    int64_t trace_keep_ms;
};

enum feedback_verdict {
    FEEDBACK_DONE,
    FEEDBACK_TWICE, /* that was known */
    FEEDBACK_GONE,
};

/* Texts lie in the arena. False where Redis did not answer. */
bool feedback_find(struct session *session, const char *prefix, const char *mid,
                   struct arena *arena, struct feedback_mail *mail, struct diag *diag);
bool feedback_apply(struct session *session, const char *prefix, const char *mid,
                    const struct feedback_news *news, enum feedback_verdict *verdict,
                    struct diag *diag);

/* Suppresses the address of this hash, for which nothing vouches but an operator. */
bool feedback_suppress(struct session *session, const char *prefix, const char *hash, int64_t at_ms,
                       struct diag *diag);

#endif
