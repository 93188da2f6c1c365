#include "rules/rule_looks_back.h"

#include "rules/condition_reads.h"

/* What is asked or kept at whatever step a journey goes on. */
static bool is_rule_looking(const struct rule *rule)
{
    return rule->per || rule->again == RULE_COLLECT ||
           condition_reads_events(rule->while_condition) ||
           condition_reads_past(rule->until_condition);
}

static bool is_step_looking(const struct rule_step *step)
{
    bool looks = step->kind == RULE_STEP_EMIT || /* what it makes says how many hops there were */
                 condition_reads_events(step->condition) ||
                 condition_reads_events(step->wait_until) || condition_reads_events(step->to) ||
                 condition_reads_events(step->from);
    for (const struct rule_data *data = step->data; data && data->name && !looks; data++)
        looks = condition_reads_events(data->program);
    return looks;
}

/* Whether nobody comes past it in one go. */
static bool is_end(const struct rule_step *step)
{
    if (step->within >= 0)
        return false;
    return step->kind == RULE_STEP_STOP ||
           (step->kind == RULE_STEP_WAIT &&
            (step->wait == RULE_WAIT_CLOCK || (step->wait == RULE_WAIT_FOR && step->wait_ms > 0)));
}

/* Where a wait that was past goes on may lie behind an end. */
static bool skips_to_look(const struct rule *rule, const struct rule_step *step)
{
    return step->skips && step->target < rule->step_count && rule->steps[step->target].looks_back;
}

/* Jumps lead forward, and none out of a branch past an end that stands in no branch. Who goes on
 * within a branch asks its condition again. */
void rule_looks_back_note(struct rule *rule)
{
    bool always = is_rule_looking(rule), looks = false;
    for (uint32_t at = rule->step_count; at-- > 0;) {
        struct rule_step *step = &rule->steps[at];
        looks = is_step_looking(step) || skips_to_look(rule, step) || (looks && !is_end(step));
        step->looks_back = always || looks || step->within >= 0;
    }
}
