/*
 * What is remembered of a customer, list by list: counts of events, messages that were sent
 * (customer_add_send, customer_may_count) and those that may still be withdrawn, ids of events,
 * keys. What grows is bounded where it is added, or where its time is over (customer_prune).
 * Their document: customer_document reads it, customer_print prints it; its profile:
 * customer_profile; remembered ends: customer_ends; what started what runs: customer_starts.
 */
#include "customer/customer.h"

#include <string.h>

#include "base/bytes.h"
#include "customer/customer_ends.h"
#include "customer/customer_order.h"

enum { DAY_MS = 24 * 60 * 60 * 1000 };

/* Adds an item to a list that is full with `most`: then the oldest goes. */
#define PUSH_NEWEST(arena, list, most, item)   \
    do {                                       \
        if ((list).count >= (most))            \
            CUSTOMER_LIST_DROP(list, 0);       \
        CUSTOMER_LIST_PUSH(arena, list, item); \
    } while (0)

struct customer *customer_new(struct arena *arena, const char *key)
{
    struct customer *customer = arena_zero(arena, sizeof *customer);
    customer->key = key;
    customer->version = "";
    customer->profile = value_new_map(arena, 0);
    customer->fields = value_new_map(arena, 0);
    customer->fields_at = value_new_map(arena, 0);
    return customer;
}

/* Adds what the map does not have. What is to be added has no key twice. */
static void add_missing(struct arena *arena, struct value map, const struct value *more)
{
    const uint64_t marks = map.map->count && !map.map->marks ? UINT64_MAX : map.map->marks;
    for (uint32_t i = 0; i < value_count(more); i++) {
        const struct value_member *member = &more->map->members[i];
        if (!(marks & bytes_mark(member->key.string, member->key.length)) ||
            !value_find(&map, member->key.string, member->key.length))
            value_add(arena, map, member->key, member->value);
    }
}

/* What was made of which maps: whoever changes one of them makes it anew. */
struct customer_known {
    const struct value_map *fields, *defaults, *profile;
    struct value all;
};

void customer_keep_value(struct arena *arena, struct customer *customer)
{
    customer->known = arena_zero(arena, sizeof *customer->known);
}

static const struct value_map *map_of(const struct value *value)
{
    return value->kind == VALUE_MAP ? value->map : NULL;
}

static struct value merge_all(struct arena *arena, const struct customer *customer)
{
    const struct value *maps[] = {&customer->fields, &customer->defaults, &customer->profile};
    if (value_count(&customer->fields) + value_count(&customer->defaults) == 0)
        return customer->profile;
    struct value all = value_new_map(arena, value_count(maps[0]) + value_count(maps[2]) + 4);
    for (size_t i = 0; i < sizeof maps / sizeof *maps; i++)
        add_missing(arena, all, maps[i]);
    return all;
}

struct value customer_value(struct arena *arena, const struct customer *customer)
{
    const struct value_map *fields = map_of(&customer->fields),
                           *profile = map_of(&customer->profile),
                           *defaults = map_of(&customer->defaults);
    struct customer_known *known = customer->known;
    if (!known)
        return merge_all(arena, customer);
    if (known->all.kind == VALUE_NULL || known->fields != fields || known->profile != profile ||
        known->defaults != defaults)
        *known = (struct customer_known){fields, defaults, profile, merge_all(arena, customer)};
    return known->all;
}

const struct value *customer_get(const struct customer *customer, const char *name)
{
    const struct value *value = value_get(&customer->fields, name);
    if (!value)
        value = value_get(&customer->defaults, name);
    return value ? value : value_get(&customer->profile, name);
}

const char *customer_first_key(const struct customer *customer)
{
    return customer->first.key ? customer->first.key : customer->key;
}

const struct customer_count *customer_find_count(const struct customer *customer, const char *type)
{
    for (uint32_t i = 0; i < customer->counts.count; i++)
        if (bytes_same_text(customer->counts.items[i].type, type))
            return &customer->counts.items[i];
    return NULL;
}

void customer_add_count(struct arena *arena, struct customer *customer, const char *type,
                        int64_t at_ms)
{
    struct customer_count *count = (struct customer_count *)customer_find_count(customer, type);
    if (!count) {
        struct customer_count fresh = {.type = type, .first_ms = at_ms, .last_ms = at_ms};
        CUSTOMER_LIST_PUSH(arena, customer->counts, fresh); /* the rules' types bound it */
        count = &customer->counts.items[customer->counts.count - 1];
    }
    count->count++;
    if (at_ms < count->first_ms)
        count->first_ms = at_ms;
    if (at_ms > count->last_ms)
        count->last_ms = at_ms;
    if (count->time_count == CUSTOMER_TIMES_MOST)
        memmove(count->times, count->times + 1, sizeof *count->times * --count->time_count);
    /* Events may arrive out of order; the times stand in theirs. */
    uint32_t at = count->time_count++;
    for (; at > 0 && count->times[at - 1] > at_ms; at--)
        count->times[at] = count->times[at - 1];
    count->times[at] = at_ms;
}

const struct customer_total *customer_find_total(const struct customer *customer, const char *rule)
{
    for (uint32_t i = 0; i < customer->totals.count; i++)
        if (bytes_same_text(customer->totals.items[i].rule, rule))
            return &customer->totals.items[i];
    return NULL;
}

static struct customer_total *need_total(struct arena *arena, struct customer *customer,
                                         const char *rule)
{
    struct customer_total *total = (struct customer_total *)customer_find_total(customer, rule);
    if (total)
        return total;
    struct customer_total fresh = {.rule = rule};
    CUSTOMER_LIST_PUSH(arena, customer->totals, fresh); /* one for each rule at most */
    return &customer->totals.items[customer->totals.count - 1];
}

void customer_add_send(struct arena *arena, struct customer *customer,
                       const struct customer_open *message, int64_t until_ms, int64_t now_ms)
{
    struct customer_send send = {.mid = message->mid,
                                 .rule = message->rule,
                                 .run = message->origin,
                                 .per = message->per,
                                 .at_ms = now_ms,
                                 .started_ms = message->started_ms,
                                 .until_ms = until_ms,
                                 .marketing = message->marketing};
    CUSTOMER_LIST_PUSH(arena, customer->sends, send);
    struct customer_total *total = need_total(arena, customer, message->rule);
    total->count++;
    total->last_ms = now_ms;
}

void customer_add_run(struct arena *arena, struct customer *customer,
                      const struct customer_journey *journey, int64_t until_ms, int64_t now_ms)
{
    const struct customer_send run = {.mid = "",
                                      .rule = journey->rule,
                                      .run = journey->origin,
                                      .per = journey->per,
                                      .at_ms = now_ms,
                                      .started_ms = journey->started_ms,
                                      .until_ms = until_ms};
    for (uint32_t i = customer->sends.count; i-- > 0;)
        if (!customer->sends.items[i].mid[0] &&
            bytes_same_text(customer->sends.items[i].rule, run.rule) &&
            bytes_same_text(customer->sends.items[i].run, run.run))
            CUSTOMER_LIST_DROP(customer->sends, i);
    CUSTOMER_LIST_PUSH(arena, customer->sends, run);
}

void customer_add_open(struct arena *arena, struct customer *customer,
                       const struct customer_open *message)
{
    CUSTOMER_LIST_PUSH(arena, customer->open, *message);
}

bool customer_may_count(const struct customer *customer, int64_t until_ms, int64_t now_ms)
{
    uint32_t counted = 0;
    for (uint32_t i = 0; i < customer->sends.count; i++)
        counted += customer->sends.items[i].until_ms > now_ms;
    return until_ms <= now_ms || counted < CUSTOMER_SENDS_MOST;
}

void customer_drop_send(struct customer *customer, const char *mid)
{
    uint32_t sends = 0; /* of this mid: one that had ended was decided again */
    for (uint32_t i = 0; i < customer->sends.count; i++)
        sends += bytes_same_text(customer->sends.items[i].mid, mid);
    for (uint32_t i = 0; i < customer->open.count && sends < 2; i++)
        if (bytes_same_text(customer->open.items[i].mid, mid)) {
            customer_drop_open(customer, i);
            break;
        }
    for (uint32_t i = 0; i < customer->sends.count; i++) {
        if (!bytes_same_text(customer->sends.items[i].mid, mid))
            continue;
        struct customer_total *total =
            (struct customer_total *)customer_find_total(customer, customer->sends.items[i].rule);
        if (total && total->count > 0)
            total->count--;
        CUSTOMER_LIST_DROP(customer->sends, i);
        return;
    }
}

const struct customer_send *customer_find_send(const struct customer *customer, const char *mid)
{
    for (uint32_t i = 0; i < customer->sends.count; i++)
        if (bytes_same_text(customer->sends.items[i].mid, mid))
            return &customer->sends.items[i];
    return NULL;
}

void customer_drop_open(struct customer *customer, uint32_t index)
{
    CUSTOMER_LIST_DROP(customer->open, index);
}

void customer_drop_journey(struct customer *customer, uint32_t index)
{
    CUSTOMER_LIST_DROP(customer->journeys, index);
}

const struct customer_seen *customer_find_seen(const struct customer *customer,
                                               const char *identity, int64_t since_ms)
{
    for (uint32_t i = 0; i < customer->seen.count; i++)
        if (customer->seen.items[i].at_ms >= since_ms &&
            bytes_same_text(customer->seen.items[i].identity, identity))
            return &customer->seen.items[i];
    for (uint32_t i = 0; i < customer->ring.count; i++)
        if (customer->ring.items[i].at_ms >= since_ms &&
            bytes_same_text(customer->ring.items[i].identity, identity))
            return &customer->ring.items[i];
    return NULL;
}

void customer_add_seen(struct arena *arena, struct customer *customer, const char *identity,
                       const char *content, int64_t at_ms, bool effect)
{
    struct customer_seen seen = {.at_ms = at_ms};
    memcpy(seen.identity, identity, sizeof seen.identity);
    memcpy(seen.content, content, strlen(content) + 1);
    if (effect)
        PUSH_NEWEST(arena, customer->seen, CUSTOMER_SEEN_MOST, seen);
    else
        PUSH_NEWEST(arena, customer->ring, CUSTOMER_RING_MOST, seen);
}

void customer_forget_seen(struct customer *customer, const char *identity)
{
    for (uint32_t i = customer->seen.count; i-- > 0;)
        if (bytes_same_text(customer->seen.items[i].identity, identity))
            CUSTOMER_LIST_DROP(customer->seen, i);
    for (uint32_t i = customer->ring.count; i-- > 0;)
        if (bytes_same_text(customer->ring.items[i].identity, identity))
            CUSTOMER_LIST_DROP(customer->ring, i);
}

void customer_add_key(struct arena *arena, struct customer *customer, const char *key)
{
    if (bytes_same_text(key, customer->key))
        return;
    for (uint32_t i = customer->keys.count; i-- > 0;)
        if (bytes_same_text(customer->keys.items[i], key))
            CUSTOMER_LIST_DROP(customer->keys, i);
    PUSH_NEWEST(arena, customer->keys, CUSTOMER_KEYS_MOST, key);
}

/* What a limit or a cap counts stays; of the rest the newest messages of a day, which may still
 * fail. */
static void prune_sends(struct customer *customer, int64_t now_ms)
{
    uint32_t past = 0;
    for (uint32_t i = customer->sends.count; i-- > 0;) {
        const struct customer_send *send = &customer->sends.items[i];
        if (send->until_ms <= now_ms &&
            (!send->mid[0] || ++past > CUSTOMER_PAST_MOST || send->at_ms < now_ms - DAY_MS))
            CUSTOMER_LIST_DROP(customer->sends, i);
    }
}

void customer_prune(struct customer *customer, int64_t now_ms, int64_t seen_ms)
{
    prune_sends(customer, now_ms);
    customer_ends_prune(customer, now_ms);
    customer_order_prune(customer, now_ms);
    while (customer->seen.count && customer->seen.items[0].at_ms < seen_ms)
        CUSTOMER_LIST_DROP(customer->seen, 0);
}
