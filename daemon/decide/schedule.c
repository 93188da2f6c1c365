#include "decide/schedule.h"

#include "decide/journey.h"
#include "decide/room.h"

enum { LEFT_MS = 1000 }; /* until the daemon that it is left to has had its turn */

void schedule_set_full(struct decision *decision, const struct customer *customer, bool before)
{
    decision->full = before;
    for (int class = 0; class < ROOM_CLASSES; class ++) {
        decision->full_ms[class] = room_since(customer, (enum rule_class) class);
        decision->full = decision->full || decision->full_ms[class];
    }
}

void schedule_set_deadlines(struct decision *decision, const struct customer *customer,
                            const struct ruleset *rules, const struct other_sets *others,
                            int64_t now_ms)
{
    for (uint32_t i = 0; i < customer->journeys.count; i++) {
        const struct customer_journey *journey = &customer->journeys.items[i];
        int64_t deadline_ms = journey->deadline_ms;
        if (deadline_ms < now_ms + LEFT_MS && journey_is_left(rules, others, journey, now_ms)) {
            decision->left = decision->left || deadline_ms <= now_ms;
            deadline_ms = now_ms + LEFT_MS;
        }
        if (!decision->deadline_ms || deadline_ms < decision->deadline_ms)
            decision->deadline_ms = deadline_ms;
        if (deadline_ms > decision->last_deadline_ms)
            decision->last_deadline_ms = deadline_ms;
    }
}
