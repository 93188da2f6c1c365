/* What a decision of a replay leaves to be kept: what a commit would have written. */
#ifndef NUDGED_DECIDE_REPLAY_COMMIT_H
#define NUDGED_DECIDE_REPLAY_COMMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "customer/customer.h"
#include "customer/shop_event.h"
#include "decide/decision.h"
#include "decide/person.h"

/* What commit.lua would write: the document, the keys, the starts, what was said. */
struct replay_commit {
    const struct person *person;
    struct customer *customer;
    const struct customer *const *joined;
    size_t joined_count;
    struct decision *decision;
    bool live;                      /* they may be so from then on */
    const struct shop_event *event; /* NULL: a deadline */
    struct slice text;              /* it, as it was pushed */
    int64_t now_ms;
};

#endif
