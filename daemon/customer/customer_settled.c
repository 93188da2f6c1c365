/*
 * customer_settle makes of a customer who was decided what would be read of their document;
 * customer_settled_again gives them once more, to be changed.
 */
#include "customer/customer_settled.h"

#include <stddef.h>
#include <string.h>

#include "base/image.h"
#include "customer/customer_alike.h"
#include "customer/customer_profile.h"
#include "customer/customer_starts.h"

enum { SPARE = 2 };

/* ---- Settling ---- */

static void settle_until(struct customer_until *until)
{
    if (!until->types || !until->types[0])
        *until = (struct customer_until){0};
}

/* As put_reads has it. */
static void settle_reads(struct arena *arena, struct value *reads)
{
    const struct value *data = value_get(reads, "data");
    if (reads->kind == VALUE_NULL)
        return;
    if (reads->kind == VALUE_BOOL) {
        *reads = value_bool(true);
    } else if (!value_count(data)) {
        *reads = value_null();
    } else {
        const struct value kept = image_as_read(arena, data);
        if (value_count(reads) == 1 && kept.map == data->map)
            return;
        *reads = value_new_map(arena, 1);
        value_add(arena, *reads, value_text("data"), kept);
    }
}

static void settle_some(struct arena *arena, struct value *value)
{
    *value = value_count(value) ? image_as_read(arena, value) : value_null();
}

static void settle_open(struct arena *arena, struct customer *customer)
{
    for (uint32_t i = 0; i < customer->open.count; i++) {
        settle_until(&customer->open.items[i].until);
        settle_reads(arena, &customer->open.items[i].reads);
    }
}

static void settle_journeys(struct arena *arena, struct customer *customer)
{
    for (uint32_t i = 0; i < customer->journeys.count; i++) {
        struct customer_journey *journey = &customer->journeys.items[i];
        journey->start = journey->met_event = value_null();
        settle_some(arena, &journey->given);
        settle_some(arena, &journey->sent);
        settle_until(&journey->until);
        settle_until(&journey->or_);
        settle_reads(arena, &journey->reads);
    }
}

static void settle_ends(struct arena *arena, struct customer *customer)
{
    for (uint32_t i = 0; i < customer->ends.count; i++)
        customer->ends.items[i].event = image_as_read(arena, &customer->ends.items[i].event);
}

/* What is as it was is settled. */
bool customer_settle(struct customer *customer, const struct customer *was, struct arena *arena)
{
    const struct customer none = {0};
    const bool same_profile = was && customer_alike_profile(was, customer);
    was = was ? was : &none;
    if (!CUSTOMER_ALIKE(was->open, customer->open))
        settle_open(arena, customer);
    if (!CUSTOMER_ALIKE(was->journeys, customer->journeys))
        settle_journeys(arena, customer);
    if (!CUSTOMER_ALIKE(was->ends, customer->ends))
        settle_ends(arena, customer);
    if (!same_profile)
        customer_profile_fold(arena, customer);
    return same_profile && customer_alike_fields(was, customer) &&
           customer_alike_keys(was, customer);
}

/* ---- Once more ---- */

/* A copy of the list, with a little room. */
#define COPY(arena, list)                                                          \
    do {                                                                           \
        const void *from_ = (list).items;                                          \
        (list).capacity = (list).count + SPARE;                                    \
        (list).items = arena_alloc(arena, sizeof *(list).items * (list).capacity); \
        if ((list).count)                                                          \
            memcpy((list).items, from_, sizeof *(list).items *(list).count);       \
    } while (0)

/* As customer_read notes them. */
static void note_starts(struct arena *arena, struct customer *customer)
{
    for (uint32_t i = 0; i < customer->open.count; i++)
        if (customer->open.items[i].reads.kind != VALUE_NULL)
            customer_starts_note(arena, customer, customer->open.items[i].origin);
    for (uint32_t i = 0; i < customer->journeys.count; i++) {
        struct customer_journey *journey = &customer->journeys.items[i];
        customer_starts_note(arena, customer, journey->origin);
        if (journey->collected.count)
            COPY(arena, journey->collected);
        for (uint32_t c = 0; c < journey->collected.count; c++)
            customer_starts_note(arena, customer, journey->collected.items[c].origin);
        if (journey->met)
            customer_starts_note(arena, customer, journey->met);
    }
}

void customer_settled_copy_lists(struct customer *customer, struct arena *arena)
{
    COPY(arena, customer->layers);
    COPY(arena, customer->sends);
    COPY(arena, customer->totals);
    COPY(arena, customer->open);
    COPY(arena, customer->journeys);
    COPY(arena, customer->ends);
    COPY(arena, customer->seen);
    COPY(arena, customer->ring);
    COPY(arena, customer->keys);
    COPY(arena, customer->said);
    note_starts(arena, customer);
}

/* Of a count no more times than there are. */
static void copy_counts(struct arena *arena, struct customer *customer)
{
    const struct customer_count *from = customer->counts.items;
    const uint32_t capacity = customer->counts.count + SPARE;
    struct customer_count *counts = arena_alloc(arena, sizeof *counts * capacity);
    for (uint32_t i = 0; i < customer->counts.count; i++)
        memcpy(&counts[i], &from[i],
               offsetof(struct customer_count, times) + sizeof *from->times * from[i].time_count);
    customer->counts.items = counts;
    customer->counts.capacity = capacity;
}

struct customer *customer_settled_again(const struct customer *settled, struct arena *arena)
{
    const struct customer none = {0};
    struct customer *customer = arena_alloc(arena, sizeof *customer);
    *customer = *settled;
    customer->known = NULL;
    memcpy(&customer->moments, &none.moments, sizeof none.moments);
    memcpy(&customer->starts, &none.starts, sizeof none.starts);
    customer->said_unrecorded = false;
    copy_counts(arena, customer);
    customer_settled_copy_lists(customer, arena);
    return customer;
}
