#include "customer/customer_join.h"

#include <string.h>

#include "customer/customer_ends.h"
#include "customer/customer_fields.h"
#include "customer/customer_profile.h"
#include "customer/customer_starts.h"
#include "customer/said.h"

/* Two lists in the order of a time become one, of which the newest `most` are kept. */
#define MERGE(arena, list, other, time, most)                                                \
    do {                                                                                     \
        uint32_t count_ = (list).count + (other).count, mine_ = 0, theirs_ = 0;              \
        __typeof__((list).items) items_ = arena_alloc(arena, sizeof *items_ * (count_ + 1)); \
        for (uint32_t i_ = 0; i_ < count_; i_++)                                             \
            items_[i_] = theirs_ == (other).count ||                                         \
                                 (mine_ < (list).count &&                                    \
                                  (list).items[mine_].time <= (other).items[theirs_].time)   \
                             ? (list).items[mine_++]                                         \
                             : (other).items[theirs_++];                                     \
        (list).count = (list).capacity = count_ < (most) ? count_ : (most);                  \
        (list).items = items_ + (count_ - (list).count);                                     \
    } while (0)

/* ---- Counts ---- */

static void join_times(struct customer_count *count, const struct customer_count *other)
{
    int64_t times[2 * CUSTOMER_TIMES_MOST];
    uint32_t all = count->time_count + other->time_count, mine = 0, theirs = 0;
    for (uint32_t i = 0; i < all; i++)
        times[i] = theirs == other->time_count ||
                           (mine < count->time_count && count->times[mine] <= other->times[theirs])
                       ? count->times[mine++]
                       : other->times[theirs++];
    count->time_count = all < CUSTOMER_TIMES_MOST ? all : CUSTOMER_TIMES_MOST;
    memcpy(count->times, times + all - count->time_count, sizeof *times * count->time_count);
}

static void join_count(struct customer_count *count, const struct customer_count *other)
{
    count->count += other->count;
    if (other->first_ms < count->first_ms)
        count->first_ms = other->first_ms;
    if (other->last_ms > count->last_ms)
        count->last_ms = other->last_ms;
    join_times(count, other);
}

static void join_counts(struct arena *arena, struct customer *customer,
                        const struct customer *other)
{
    for (uint32_t i = 0; i < other->counts.count; i++) {
        const struct customer_count *theirs = &other->counts.items[i];
        struct customer_count *mine =
            (struct customer_count *)customer_find_count(customer, theirs->type);
        if (mine)
            join_count(mine, theirs);
        else
            CUSTOMER_LIST_PUSH(arena, customer->counts, *theirs);
    }
}

static void join_totals(struct arena *arena, struct customer *customer,
                        const struct customer *other)
{
    for (uint32_t i = 0; i < other->totals.count; i++) {
        const struct customer_total *theirs = &other->totals.items[i];
        struct customer_total *mine =
            (struct customer_total *)customer_find_total(customer, theirs->rule);
        if (!mine) {
            CUSTOMER_LIST_PUSH(arena, customer->totals, *theirs);
            continue;
        }
        mine->count += theirs->count;
        if (theirs->last_ms > mine->last_ms)
            mine->last_ms = theirs->last_ms;
    }
}

/* ---- Journeys, keys ---- */

/* The older one's stays; one of unknown age is older than any other. */
static void join_first(struct customer *customer, const struct customer *other)
{
    if (other->first.at_ms < customer->first.at_ms)
        customer->first = (struct customer_first){customer_first_key(other), other->first.at_ms};
}

static bool has_open(const struct customer *customer, const char *mid)
{
    for (uint32_t i = 0; i < customer->open.count; i++)
        if (strcmp(customer->open.items[i].mid, mid) == 0)
            return true;
    return false;
}

/* A message is one, whoever lists it. */
static void join_open(struct arena *arena, struct customer *customer, const struct customer *other)
{
    struct customer theirs = {0};
    for (uint32_t i = 0; i < other->open.count; i++)
        if (!has_open(customer, other->open.items[i].mid))
            CUSTOMER_LIST_PUSH(arena, theirs.open, other->open.items[i]);
    MERGE(arena, customer->open, theirs.open, started_ms, UINT32_MAX);
}

static bool has_journey(const struct customer *customer, const struct customer_journey *journey)
{
    for (uint32_t i = 0; i < customer->journeys.count; i++)
        if (strcmp(customer->journeys.items[i].rule, journey->rule) == 0 &&
            strcmp(customer->journeys.items[i].origin, journey->origin) == 0)
            return true;
    return false;
}

static void join_journeys(struct arena *arena, struct customer *customer,
                          const struct customer *other)
{
    for (uint32_t i = 0; i < other->journeys.count; i++)
        if (!has_journey(customer, &other->journeys.items[i]))
            CUSTOMER_LIST_PUSH(arena, customer->journeys, other->journeys.items[i]);
}

static void join_starts(struct arena *arena, struct customer *customer,
                        const struct customer *other)
{
    for (uint32_t i = 0; i < other->starts.count; i++)
        if (!customer_starts_find(customer, other->starts.items[i].origin))
            CUSTOMER_LIST_PUSH(arena, customer->starts, other->starts.items[i]);
}

/* Those of the other are older: they are this person's from now on only. */
static void join_keys(struct arena *arena, struct customer *customer, const struct customer *other)
{
    struct customer joined = {.key = customer->key};
    for (uint32_t i = 0; i < other->keys.count; i++)
        customer_add_key(arena, &joined, other->keys.items[i]);
    customer_add_key(arena, &joined, other->key);
    for (uint32_t i = 0; i < customer->keys.count; i++)
        customer_add_key(arena, &joined, customer->keys.items[i]);
    customer->keys = joined.keys;
}

void customer_join(struct arena *arena, struct customer *customer, const struct customer *other)
{
    customer_profile_join(arena, customer, other);
    customer_fields_join(arena, customer, other);
    said_join(arena, customer, other);
    join_counts(arena, customer, other);
    join_totals(arena, customer, other);
    MERGE(arena, customer->sends, other->sends, at_ms, UINT32_MAX); /* pruned by what counts them */
    join_open(arena, customer, other);
    for (uint32_t i = 0; i < other->ends.count; i++)
        customer_ends_add(arena, customer, &other->ends.items[i]);
    MERGE(arena, customer->seen, other->seen, at_ms, CUSTOMER_SEEN_MOST);
    MERGE(arena, customer->ring, other->ring, at_ms, CUSTOMER_RING_MOST);
    MERGE(arena, customer->moments, other->moments, entry_ms, CUSTOMER_MOMENTS_MOST);
    join_journeys(arena, customer, other);
    join_starts(arena, customer, other);
    customer->bytes += other->bytes;
    join_first(customer, other);
    join_keys(arena, customer, other);
}
