/*
 * What a commit carries, and what it relies on: an item of each list of commit.lua.
 */
#ifndef NUDGED_STORE_COMMIT_ITEMS_H
#define NUDGED_STORE_COMMIT_ITEMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "customer/customer_record.h"

struct commit_message {
    const char *mid;
    const char *channel; /* "email" */
    const char *class_;  /* "transactional" or "marketing" */
    const char *body;    /* what the sender needs, as JSON */
    size_t length;
    const char *on_uncertain; /* "resend" or "hold" */
    int64_t give_up_ms;       /* since 1970 */
    /* What whoever takes it asks once more, "" for nothing: the hashes of its address in
     * P:suppressed and P:said, and its topic. */
    const char *hash, *said, *topic;
    const char *domain; /* of its mailbox, lower case and ASCII; "": none */
    /* Of a mail whose bounce may come later: "<hops> <rule> <channel>" (shared_returns.lua); ""
     * or NULL of others. */
    const char *returns;
    const char *gateway; /* of this daemon's, that is free to begin it at once; NULL: none */
};

/* A topic assumed not to be declined under the hash of a mailbox. */
struct commit_undeclined {
    const char *hash, *topic;
};

struct commit_withdrawal {
    const char *mid;
    enum customer_place place; /* where it is assumed to be; GONE: it is only looked at */
    const char *why;           /* a word of the trace, for the mark of one in a sender's hand */
};

/* A message in P:later that must not be tried before. */
struct commit_postponed {
    const char *mid;
    int64_t at_ms; /* since 1970 */
};

/* What P:said learns under a name, the short hash of a key or of a mailbox. */
struct commit_said {
    const char *name;
    const char *word;  /* "no", "yes", "erased", or "record" */
    const char *topic; /* "all" is all; of an erasure the identity of its event; what stands of the
                          name in another shard's P:said */
    int64_t at_ms;
};

/* A key under which the customer was known: all that stands under it goes. */
struct commit_erased {
    const char *key, *hash; /* the short hash */
};

/* An event that nudged makes, of the customer with that key. */
struct commit_emit {
    const char *key;    /* assumed to be known: a document stands under it, unless it is … */
    bool abroad;        /* … another shard's: there it is seen whether anybody knows it */
    struct slice event; /* empty: none is made, and only that is asked */
};

/* Since when the customer waits for room for messages of a class; 0: they do not. */
struct commit_full {
    const char *class_;
    int64_t since_ms;
};

struct commit_dead {
    const char *kind;   /* "event", "journey" */
    const char *reason; /* "json", "poison", "loop" */
    const char *detail; /* for people; "" */
    const char *body;   /* as it came: any bytes */
    size_t length;
    const char *own; /* of an event that nudged made: the key of its customer; else NULL */
};

/* The document of another key that is this customer's too. */
struct commit_join {
    const char *key;
    const char *seen; /* its version as it was read; "" where there was none */
};

/* Where a key led when it was decided, by its hash. */
struct commit_relied {
    const char *hash, *target; /* "": nowhere */
};

/* A key that is to lead to the customer. */
struct commit_redirect {
    const char *hash;
    const char *from; /* only if it leads to that key now; "": in any case */
    const char *key;  /* which it is; "": one that no other shard is told of */
    bool strong;      /* an event names them by it and by their id */
};

/* Where a customer stands in the index of clocks, and is to stand; "" without a document. */
struct commit_zone {
    const char *key;
    const char *before, *after;
    int64_t place_before, place_after;
};

/* The event that started what waits; it stands in P:starts:<customer>. */
struct commit_start {
    const char *origin;
    struct slice event; /* JSON */
};

#endif
