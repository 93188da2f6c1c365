#include "decide/withdraw.h"

#include <string.h>

/* It is no rule's any more, but an erasure finds it until its give_up. */
static void leave_to_erasure(struct customer_open *open)
{
    *open = (struct customer_open){
        .mid = open->mid, .rule = "", .origin = "", .topic = "", .give_up_ms = open->give_up_ms};
}

struct value withdraw_message(struct deciding *d, uint32_t index, enum trace_why why)
{
    static const enum trace_what whats[] = {
        [CUSTOMER_PLACE_WAITS] = TRACE_WITHDRAWN,
        [CUSTOMER_PLACE_HAND] = TRACE_MARKED,
        [CUSTOMER_PLACE_UNCERTAIN] = TRACE_WITHDRAWN_LATE,
        [CUSTOMER_PLACE_GONE] = TRACE_TOO_LATE,
    };
    struct customer_open open = d->customer->open.items[index];
    enum customer_place place = policy_place(d->facts, open.mid, CUSTOMER_PLACE_WAITS);
    bool taken_back = decision_take_back(d->decision, open.mid);
    if (taken_back && place != CUSTOMER_PLACE_HAND)
        place = CUSTOMER_PLACE_WAITS;
    else if (place != CUSTOMER_PLACE_GONE)
        decision_withdraw(d->decision, d->arena, open.mid, place, why);
    if (place == CUSTOMER_PLACE_HAND || place == CUSTOMER_PLACE_UNCERTAIN)
        leave_to_erasure(&d->customer->open.items[index]);
    else
        customer_drop_open(d->customer, index);
    if (place == CUSTOMER_PLACE_WAITS) /* else it keeps its place: somebody may get it yet */
        customer_drop_send(d->customer, open.mid);
    d->effect = d->effect || place != CUSTOMER_PLACE_GONE;
    return trace_add_withdrawal(&d->trace, open.rule, whats[place], why, open.mid);
}

bool withdraw_is_too_late(const struct deciding *d, const struct customer_open *open)
{
    const struct rule *rule = d->turn_ms ? ruleset_find(d->rules, open->rule) : NULL;
    return rule && open->give_up_ms - rule->give_up_ms >= d->turn_ms;
}

void withdraw_run(struct deciding *d, const char *rule, const char *origin, enum trace_why why)
{
    for (uint32_t i = d->customer->open.count; i-- > 0;)
        if (strcmp(d->customer->open.items[i].rule, rule) == 0 &&
            strcmp(d->customer->open.items[i].origin, origin) == 0 &&
            !withdraw_is_too_late(d, &d->customer->open.items[i]))
            withdraw_message(d, i, why);
}

void withdraw_declined(struct deciding *d)
{
    const struct customer *customer = d->customer;
    for (uint32_t i = customer->open.count; i-- > 0;)
        if (customer->open.items[i].marketing &&
            said_declined(customer, customer->open.items[i].topic))
            withdraw_message(d, i, TRACE_WHY_UNSUBSCRIBED);
}

/* Most have been delivered long since: those whose time is over, and of many the older ones, are
 * assumed to be gone, and the commit looks. Those that are not stay: one that is held may yet be
 * sent, however late. */
void withdraw_let_go(struct deciding *d)
{
    struct customer *customer = d->customer;
    const uint32_t count = customer->open.count;
    const uint32_t old = count > CUSTOMER_OPEN_ASKED ? count - CUSTOMER_OPEN_ASKED / 2 : 0;
    for (uint32_t i = count; i-- > 0;) {
        const struct customer_open *open = &customer->open.items[i];
        if ((i >= old && open->give_up_ms > d->now_ms) ||
            policy_place(d->facts, open->mid, CUSTOMER_PLACE_GONE) != CUSTOMER_PLACE_GONE)
            continue;
        decision_withdraw(d->decision, d->arena, open->mid, CUSTOMER_PLACE_GONE, TRACE_WHY_NONE);
        customer_drop_open(customer, i);
    }
}
