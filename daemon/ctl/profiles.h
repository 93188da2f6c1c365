/*
 * A shop's existing customers, for `nudgectl customer import`: each is pushed as an event
 * `customer.updated`, of which daemons make what they make of any. Pushed twice it is the same
 * event, by what it says.
 */
#ifndef NUDGED_CTL_PROFILES_H
#define NUDGED_CTL_PROFILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctl/shards.h"
#include "customer/shop_event.h"

struct profiles {
    const struct shards *shards;
    struct shop_event_form form; /* by which it is looked at whether they can be named */
    uint64_t pushed, failed;
    struct diag fault; /* the first one of Redis */
};

/* One, a map of fields of the customer such as {"id": 7, "email": "…"}. False with `diag`: it has
 * no key by which a customer is known, or is too large. */
bool profiles_push(struct profiles *profiles, const struct value *profile, struct arena *arena,
                   struct diag *diag);

/* A record of a CSV, under the names of its header, as such a map: empty fields are left out,
 * `true` and `false` are no texts. */
struct value profiles_of_record(struct arena *arena, const char *const *names, size_t name_count,
                                const char *const *fields, size_t count);

/* Waits until all are pushed. False: some failed (`fault`). */
bool profiles_finish(struct profiles *profiles);

#endif
