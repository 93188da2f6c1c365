/*
 * A link that a customer was mailed, as nudged-web reads it: what it is for, by its path, and whose
 * and about what, by its token.
 */
#ifndef NUDGED_WEB_LINK_H
#define NUDGED_WEB_LINK_H

#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"
#include "mail/token_keys.h"

enum link_kind {
    LINK_UNSUBSCRIBE, /* only takes away: a topic, or all */
    LINK_PREFERENCES, /* takes away; what it switches on has to be confirmed */
    LINK_CONFIRM,     /* a yes to one topic, or several */
    LINK_KIND_COUNT,
};

/* The paths, which are what follows `public_url`: "/u/", "/p/", "/c/"; the token behind. */
extern const char *const link_paths[LINK_KIND_COUNT];

enum link_verdict {
    LINK_GOOD,
    LINK_VOID,    /* no token of this kind */
    LINK_EXPIRED, /* it was one */
    LINK_FOREIGN, /* of a key that is not here: the daemon may know it */
};

struct link {
    enum link_kind kind;
    const char *customer; /* the key */
    const char *topic;    /* folded; LINK_CONFIRM: with commas between; "" where it has none */
    int64_t asked_ms;     /* LINK_CONFIRM: when the confirmation was asked for; else 0 */
};

/* What is said lies in the arena; nothing is unless it is GOOD. */
enum link_verdict link_read(struct arena *arena, const struct token_keys *keys, enum link_kind kind,
                            struct slice token, int64_t now_ms, struct link *link);

#endif
