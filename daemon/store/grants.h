/*
 * What bounds a gateway over all daemons, where an installation has many shards: it is counted in
 * one of them. A grant is so many messages of any shard that it has let go: they are
 * taken where they stand (outbox_take), and begin within OUTBOX_TOKEN_MS of the grant. What is not
 * used is given back, or lost: never more goes than was granted.
 */
#ifndef NUDGED_STORE_GRANTS_H
#define NUDGED_STORE_GRANTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "redis/scripts.h"
#include "store/outbox_gateway.h"
#include "store/shard.h"

struct grants;

enum { COUNTING_SHARD = 0 };

/* `scripts` of the shard that counts; `shard` for whose messages it is asked: those that wait get
 * them in turn, and who listens to its scripts hears of errors. */
struct grants *grants_new(struct scripts *scripts, const struct shard *shard);
void grants_destroy(struct grants **grants);

struct grants_want {
    size_t most;
    bool probes; /* one more than domains have room for, as others may stand behind */
    const char *const *domains; /* of the messages as a take would meet them; "": of none */
    size_t domain_count;        /* may be more than `most`; 0: no domain matters */
};

struct grant_domain {
    const char *name;
    int64_t count;    /* of the messages granted so many may go to it */
    int64_t again_ms; /* ask again after so many for more; 0: it has enough */
};

struct grant {
    const struct diag *fault; /* NULL, or why there is no answer: then there is nothing else */
    int64_t at_ms;            /* by Redis' clock */
    int64_t token_ms;         /* likewise, clock_monotonic_ms() */
    size_t count;
    int64_t wait_ms; /* ask again after so many for the others; 0: there are none */
    int64_t held_ms; /* a domain has no room, and has some after so many; 0: none */
    bool crowded;    /* one waits for a connection to its domain */
    const struct grant_domain *domains; /* each that is bound and was asked for */
    size_t domain_count;
};

/* Gone when the callback returns. */
typedef void grants_on_granted(void *context, const struct grant *grant);
/* What it is given is read at once. */
void grants_ask(struct grants *grants, const struct outbox_gateway *gateway,
                const struct grants_want *want, grants_on_granted *callback, void *context);

/* So much of a grant (at_ms, count, domains) was not used, and never will be. */
void grants_give_back(struct grants *grants, const struct outbox_gateway *gateway,
                      const struct grant *unused);

#endif
