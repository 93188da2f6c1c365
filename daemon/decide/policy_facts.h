/*
 * Facts: what decide() would have had to look up. It assumes the usual case; whoever commits checks
 * it, and where it was wrong, tells, and it is decided again.
 */
#ifndef NUDGED_DECIDE_POLICY_FACTS_H
#define NUDGED_DECIDE_POLICY_FACTS_H

#include <stdbool.h>
#include <stddef.h>

#include "customer/customer.h"
#include "decide/room.h"

/* An address that is to be written to, as it may be suppressed, or have declined. */
struct policy_address {
    const char *hash;        /* NULL: there is no address */
    const char *old_hash;    /* NULL: the same */
    const char *said;        /* the short hash of its mailbox, in P:said */
    const char *former_said; /* NULL: the same */
    const char *domain;      /* mailbox_domain() of it */
    const char *text;        /* as it is written to */
};

/* Of a message that must not be sent any more, or that is forgotten: where it was when a commit
 * looked. */
struct policy_place {
    const char *mid;
    enum customer_place place;
};

/* Of a rule: whether it is paused, and by whom. */
struct policy_halt {
    const char *rule;
    const char *by; /* "" or NULL: it is not paused; "brake"; else it was paused by hand */
    int64_t at_ms;  /* since when; 0: not known */
};

/* What decide() would have had to look up. Whoever commits checks it, and where it
 * was wrong, tells, and it is decided again. */
struct policy_facts {
    const char *const *suppressed; /* hashes of addresses; NULL-terminated */
    const char *const
        *suppressions;           /* what stands of each of them (JSON, docs/redis.md); or NULL */
    const char *const *declined; /* "<short hash of a mailbox>=<topic>"; NULL-terminated */
    const char *const *noes;     /* by which each of them is, "<ms>=<topic>"; or NULL */
    const struct policy_place *places; /* of messages; of one that comes twice the last is true */
    size_t place_count;
    bool sent; /* each message of an earlier decision is gone, but for those of `places` */
    const char *const *unknown;      /* keys of customers that there are none of; NULL-terminated */
    const struct policy_halt *halts; /* of a rule that comes twice the last is true */
    size_t halt_count;
    const char *const *codeless; /* mids for which no code was left; NULL-terminated */
    const char *const *braked;   /* mids that policy.brake lets go no more; NULL-terminated */
    const struct room *rooms;    /* in the outbox, by enum rule_class; NULL: for all */
};

#endif
