/*
 * What a provider of mail tells of a message that we sent through it: as a row of its mapping
 * reads it, and as it goes to the daemon, which looks at all of it again.
 */
#ifndef NUDGED_WEB_HOOK_NEWS_H
#define NUDGED_WEB_HOOK_NEWS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/value.h"

enum hook_news_kind {
    HOOK_NEWS_BOUNCED,      /* the provider says that there is no such mailbox */
    HOOK_NEWS_FAILED,       /* it was refused: what the server's words mean decides */
    HOOK_NEWS_DELAYED,      /* it is tried again */
    HOOK_NEWS_COMPLAINED,   /* its recipient calls it spam */
    HOOK_NEWS_UNSUBSCRIBED, /* its recipient wants no more, by the provider's own link */
};

/* By kind; NULL-terminated. */
extern const char *const hook_news_kinds[];

enum { HOOK_NEWS_MID_SIZE = 33, HOOK_NEWS_WORDS_SIZE = 256, HOOK_NEWS_ENHANCED_SIZE = 12 };

struct hook_news {
    enum hook_news_kind kind;
    char mid[HOOK_NEWS_MID_SIZE];           /* 32 hex digits */
    char words[HOOK_NEWS_WORDS_SIZE];       /* one line, UTF-8; "" */
    char enhanced[HOOK_NEWS_ENHANCED_SIZE]; /* "5.1.1"; "" */
    int code;                               /* SMTP, 200 to 599; 0: none */
};

/* What the expressions of a row gave; NULL for those that it has not. */
struct hook_news_parts {
    const struct value *message, *code, *enhanced, *words;
};

/* False where `message` is no id of ours: 32 hex digits, or a Message-ID that begins with them. A
 * code or an enhanced code that is not given is looked for in the words, where servers say it
 * first: "smtp; 550 5.1.1 no such user". */
bool hook_news_make(enum hook_news_kind kind, const struct hook_news_parts *parts,
                    struct hook_news *feedback);

/* Whether the fields are such as hook_news_make() makes: what came over a socket. */
bool hook_news_is_whole(const struct hook_news *feedback);

#endif
