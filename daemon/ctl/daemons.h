/* What the daemons that live say of themselves and their gateways (store/bulletins), read. */
#ifndef NUDGED_CTL_DAEMONS_H
#define NUDGED_CTL_DAEMONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/value.h"
#include "redis/session.h"

struct daemons_item {
    const char *name;
    bool speaks;           /* it has said something within the last ten seconds */
    struct value said;     /* an object; empty where it speaks not, or is of the last release */
    struct value gateways; /* a list; may be empty */
};

/* By name, in the arena. */
bool daemons_read(struct session *session, const char *prefix, struct arena *arena,
                  struct daemons_item **items, size_t *count, struct diag *diag);

/* What it says of the gateway; NULL: it does not have it. */
const struct value *daemons_gateway(const struct daemons_item *daemon, const char *gateway);

/* A number of what it says; 0 where it is not there. */
int64_t daemons_number(const struct value *said, const char *name);
/* A time in ms: a number, or, of the last release, a text. 0: it is not there. */
int64_t daemons_time(const struct value *said, const char *name);

#endif
