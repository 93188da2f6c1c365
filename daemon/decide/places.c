#include "decide/places.h"

#include <stdlib.h>
#include <string.h>

static int by_time(const void *a, const void *b)
{
    const struct customer_send *one = *(const struct customer_send *const *)a;
    const struct customer_send *two = *(const struct customer_send *const *)b;
    return one->at_ms < two->at_ms ? -1 : one->at_ms > two->at_ms;
}

static struct places begin(const struct customer *customer, struct setting_rate rate,
                           struct arena *arena)
{
    return (struct places){
        .sends = arena_alloc(arena, sizeof(struct customer_send *) * (customer->sends.count + 1)),
        .rate = rate};
}

/* One has a place as soon as so many have left that fewer than the rate's are there. */
static struct places finish(struct places places)
{
    if (places.count)
        qsort(places.sends, places.count, sizeof(struct customer_send *), by_time);
    if (places.rate.count && places.count >= places.rate.count)
        places.free_ms =
            places.sends[places.count - (uint32_t)places.rate.count]->at_ms + places.rate.per_ms;
    return places;
}

/* Of a run that is there already, the newer message counts. */
static void add_run(struct places *places, const struct customer_send *send)
{
    uint32_t i = 0;
    while (i < places->count && strcmp(places->sends[i]->run, send->run) != 0)
        i++;
    if (i == places->count)
        places->sends[places->count++] = send;
    else if (send->at_ms > places->sends[i]->at_ms)
        places->sends[i] = send;
}

struct places places_of_limit(const struct rule *rule, const struct customer *customer,
                              const char *run, int64_t now_ms, struct arena *arena)
{
    struct places places = begin(customer, rule->limit, arena);
    for (uint32_t i = 0; i < customer->sends.count; i++) {
        const struct customer_send *send = &customer->sends.items[i];
        if (policy_limit_counts(rule, send, now_ms) && strcmp(send->run, run) != 0)
            add_run(&places, send);
    }
    return finish(places);
}

struct places places_of_cap(const struct policy *policy, const struct customer *customer,
                            int64_t now_ms, struct arena *arena)
{
    struct places places = begin(customer, policy->cap, arena);
    for (uint32_t i = 0; i < customer->sends.count; i++) {
        const struct customer_send *send = &customer->sends.items[i];
        if (send->marketing && send->at_ms > now_ms - policy->cap.per_ms)
            places.sends[places.count++] = send;
    }
    return finish(places);
}
