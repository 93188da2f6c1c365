#include "decide/room.h"

bool room_is_there(const struct room *rooms, enum rule_class class, uint32_t used,
                   const struct customer_journey *journey)
{
    if (!rooms)
        return true;
    bool first = journey->full_ms || !rooms[class].queued;
    return first && rooms[class].left > (int64_t)used;
}

void room_wait(struct customer_journey *journey, const struct rule *rule,
               const struct rule_step *step, int64_t now_ms)
{
    if (!journey->full_ms)
        journey->full_ms = now_ms;
    journey->step = step->id;
    journey->deadline_ms = room_give_up_ms(journey, rule, now_ms);
    journey->marketing = rule->class == RULE_MARKETING;
    journey->imposed = true;
}

void room_leave(struct customer_journey *journey)
{
    journey->full_ms = 0;
    journey->marketing = false;
}

bool room_gave_up(const struct customer_journey *journey, int64_t now_ms)
{
    return journey->full_ms && now_ms >= journey->deadline_ms;
}

int64_t room_give_up_ms(const struct customer_journey *journey, const struct rule *rule,
                        int64_t now_ms)
{
    return (journey->full_ms ? journey->full_ms : now_ms) + rule->give_up_ms;
}

uint32_t room_running(const struct customer *customer)
{
    uint32_t running = 0;
    for (uint32_t i = 0; i < customer->journeys.count; i++)
        running += !customer->journeys.items[i].full_ms;
    return running;
}

int64_t room_since(const struct customer *customer, enum rule_class class)
{
    int64_t since_ms = 0;
    for (uint32_t i = 0; i < customer->journeys.count; i++) {
        const struct customer_journey *journey = &customer->journeys.items[i];
        if (journey->full_ms && journey->marketing == (class == RULE_MARKETING) &&
            (!since_ms || journey->full_ms < since_ms))
            since_ms = journey->full_ms;
    }
    return since_ms;
}
