#include "decide/ahead.h"

void ahead_of_steps(struct deciding *d, const struct rule *rule,
                    const struct customer_journey *journey)
{
    if (!rule->lookups || d->lookups->tables || d->lookups->last)
        return;
    const struct condition_scene scene = deciding_scene(d, journey);
    for (const struct cel_program *const *program = rule->lookups; *program; program++)
        condition_foresee(*program, &scene, d->arena);
    if (rule->class == RULE_MARKETING && d->policy->consent)
        condition_foresee(d->policy->consent, &scene, d->arena);
}

void ahead_of_matches(struct deciding *d, const struct rule_answers *answers)
{
    const struct customer_journey journey = {.start = d->event->document};
    for (uint32_t i = 0; i < answers->count && d->lookups->needed; i++)
        if (answers->items[i].answer == CONDITION_FAILED)
            ahead_of_steps(d, answers->items[i].rule, &journey);
}

void ahead_tell(struct deciding *d)
{
    if (!d->lookups->needed)
        return;
    d->decision->lookups = d->lookups->questions;
    d->decision->lookup_count = d->lookups->question_count;
}
