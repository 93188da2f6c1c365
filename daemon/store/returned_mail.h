/*
 * What came back of a mail that was sent: whom it is about, and what is written of it
 * (feedback.lua). For nudgectl, which waits for Redis; what the daemon needs of it stands below.
 */
#ifndef NUDGED_STORE_RETURNED_MAIL_H
#define NUDGED_STORE_RETURNED_MAIL_H

#include <stdbool.h>
#include <stdint.h>

#include "redis/arguments.h"
#include "redis/session.h"

struct returned_mail {
    const char *customer; /* as it was sent; NULL: nothing is known of the mail, any more */
    const char *hash;     /* of its address */
    int64_t day_ms;       /* when the day began on which it was sent; 0: it is on the way */
};

enum returned_mail_verb {
    RETURNED_MAIL_BOUNCED,
    RETURNED_MAIL_FAILED,
    RETURNED_MAIL_DELAYED,
    RETURNED_MAIL_COMPLAINED,
    RETURNED_MAIL_UNSUBSCRIBED, /* by the provider's own link: a no to all, nothing of the address
                                 */
};

struct returned_mail_news {
    enum returned_mail_verb verb;
    const char *person; /* the key under which the customer stands now; "": they were erased, and
                           nobody is told */
    bool suppress;
    const char *words; /* one line */
    const char *enhanced;
    int code; /* 0: none */
    int64_t trace_keep_ms;
};

enum returned_mail_verdict {
    RETURNED_MAIL_DONE,
    RETURNED_MAIL_TWICE, /* that was known */
    RETURNED_MAIL_GONE,
    RETURNED_MAIL_SPENT, /* somebody else told the delivery, which may be told once */
};

/* A delivery that may be told once. */
struct returned_mail_once {
    const char *name;   /* any text: its hash is kept */
    int64_t keep_ms;    /* how long it is remembered */
    const char *teller; /* a word: who tells it may do so again */
};

/* Texts lie in the arena. False where Redis did not answer. */
bool returned_mail_find(struct session *session, const char *prefix, const char *mid,
                        struct arena *arena, struct returned_mail *mail, struct diag *diag);
bool returned_mail_apply(struct session *session, const char *prefix, const char *mid,
                         const struct returned_mail_news *news, enum returned_mail_verdict *verdict,
                         struct diag *diag);

/* ---- For who does not wait: host/host_feedback ---- */

/* What feedback.lua takes, but for P. */
void returned_mail_put_find(struct arguments *arguments, const char *mid);
void returned_mail_put_news(struct arguments *arguments, const char *mid,
                            const struct returned_mail_news *news);
/* Behind the news, in the step that takes it; or by itself, with no news: put_spending. */
void returned_mail_put_once(struct arguments *arguments, const struct returned_mail_once *once);
void returned_mail_put_spending(struct arguments *arguments, const struct returned_mail_once *once);
/* What it answered. */
bool returned_mail_read_found(const struct reply *reply, struct arena *arena,
                              struct returned_mail *mail, struct diag *diag);
bool returned_mail_read_verdict(const struct reply *reply, enum returned_mail_verdict *verdict,
                                struct diag *diag);

/* Suppresses the address of this hash, for which nothing vouches but an operator. */
bool returned_mail_suppress(struct session *session, const char *prefix, const char *hash,
                            int64_t at_ms, struct diag *diag);

#endif
