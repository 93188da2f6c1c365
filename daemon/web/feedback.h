/*
 * What a provider of mail tells of a message that we sent through it: as a row of its mapping
 * reads it, and as it goes to the daemon, which looks at all of it again.
 */
#ifndef NUDGED_WEB_FEEDBACK_H
#define NUDGED_WEB_FEEDBACK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/value.h"

enum feedback_kind {
    FEEDBACK_BOUNCED,      /* the provider says that there is no such mailbox */
    FEEDBACK_FAILED,       /* it was refused: what the server's words mean decides */
    FEEDBACK_DELAYED,      /* it is tried again */
    FEEDBACK_COMPLAINED,   /* its recipient calls it spam */
    FEEDBACK_UNSUBSCRIBED, /* its recipient wants no more, by the provider's own link */
};

/* By kind; NULL-terminated. */
extern const char *const feedback_kinds[];

enum { FEEDBACK_MID_SIZE = 33, FEEDBACK_WORDS_SIZE = 256, FEEDBACK_ENHANCED_SIZE = 12 };

struct feedback {
    enum feedback_kind kind;
    char mid[FEEDBACK_MID_SIZE];           /* 32 hex digits */
    char words[FEEDBACK_WORDS_SIZE];       /* one line, UTF-8; "" */
    char enhanced[FEEDBACK_ENHANCED_SIZE]; /* "5.1.1"; "" */
    int code;                              /* SMTP, 200 to 599; 0: none */
};

/* What the expressions of a row gave; NULL for those that it has not. */
struct feedback_parts {
    const struct value *message, *code, *enhanced, *words;
};

/* False where `message` is no id of ours: 32 hex digits, or a Message-ID that begins with them. A
 * code or an enhanced code that is not given is looked for in the words, where servers say it
 * first: "smtp; 550 5.1.1 no such user". */
bool feedback_make(enum feedback_kind kind, const struct feedback_parts *parts,
                   struct feedback *feedback);

/* Whether the fields are such as feedback_make() makes: what came over a socket. */
bool feedback_is_whole(const struct feedback *feedback);

#endif
