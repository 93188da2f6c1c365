/*
 * journey_move goes from step to step; at a wait it leaves the journey standing at the step behind,
 * with the time at which it goes on (wait_until), and the events of its `or`. Below stands where a
 * journey goes on (journey_lost, journey_is_left), and what is asked again then
 * (journey_ask_branches).
 */
#include "decide/journey.h"

#include "base/share.h"
#include "base/zone.h"

enum { UNHEARD_MS = 60 * 1000 /* a journey is left to rules of which nothing is heard */ };

void journey_wait_at(struct customer_journey *journey, const struct rule_step *step,
                     int64_t until_ms, bool imposed)
{
    journey->step = step->id;
    journey->deadline_ms = until_ms;
    journey->clock_ms = until_ms;
    journey->imposed = imposed;
    journey->or_ = (struct customer_until){0};
    journey->since_ms = 0;
}

/* ---- Waits ---- */

/* The customer's zone, or the shop's where theirs is none. */
static struct zone *zone_of(const struct condition_scene *scene, struct arena *arena)
{
    struct zone *zone = zone_get(condition_zone(scene->customer, scene->zone, arena));
    return zone ? zone : zone_or_utc(scene->zone);
}

static bool read_moment(const struct rule_step *wait, const struct condition_scene *scene,
                        struct arena *arena, int64_t *until_ms, const char **fault)
{
    struct value moment;
    if (!condition_value(wait->wait_until, scene, arena, &moment, fault))
        return false;
    if (moment.kind != VALUE_TIMESTAMP) {
        *fault = arena_printf(arena, "a wait's `until` must be a timestamp, and this is %s",
                              value_kind_name((enum value_kind)moment.kind));
        return false;
    }
    *until_ms = moment.integer * 1000 + moment.length / 1000000;
    return true;
}

/* When the wait is over; false with the reason in *fault. */
static bool wait_until(const struct rule_step *wait, const struct customer_journey *journey,
                       const struct condition_scene *scene, struct arena *arena, int64_t *until_ms,
                       const char **fault)
{
    struct rule_tick tick;
    switch (wait->wait) {
    case RULE_WAIT_UNTIL:
        return read_moment(wait, scene, arena, until_ms, fault);
    case RULE_WAIT_CLOCK:
        if (rule_clock_next(&wait->wait_clock, zone_of(scene, arena), journey->clock_ms, &tick)) {
            *until_ms = tick.time_ms;
            return true;
        }
        break;
    case RULE_WAIT_FOR:
        break;
    }
    *until_ms = journey->clock_ms + wait->wait_ms;
    return true;
}

/* Whatever becomes of the branch that is jumped over, the journey waits for the step behind. */
static uint32_t behind_jumps(const struct rule *rule, uint32_t at)
{
    while (at < rule->step_count && rule->steps[at].kind == RULE_STEP_JUMP)
        at = rule->steps[at].target;
    return at;
}

const struct rule_share *journey_share(const struct rule_step *split,
                                       const struct customer *customer, uint32_t *place)
{
    const struct rule_share *share = split->shares;
    *place = share_place("split", split->split, customer_first_key(customer));
    while (*place >= share->upto)
        share++;
    return share;
}

/* At the wait before step number *at. */
static enum journey_move wait(const struct rule *rule, uint32_t *at,
                              struct customer_journey *journey, const struct condition_scene *scene,
                              struct arena *arena, const char **fault)
{
    const struct rule_step *wait = &rule->steps[*at - 1];
    int64_t since_ms = journey->clock_ms, until_ms;
    if (!wait_until(wait, journey, scene, arena, &until_ms, fault))
        return JOURNEY_FAILS;
    if (wait->wait == RULE_WAIT_UNTIL && until_ms <= scene->now_ms) {
        journey->past_ms = until_ms;
        if (wait->skips)
            *at = wait->target;
        return JOURNEY_PASSES;
    }
    *at = behind_jumps(rule, *at);
    if (*at == rule->step_count)
        return JOURNEY_ENDS; /* nothing to wait for */
    journey_wait_at(journey, &rule->steps[*at], until_ms, false);
    if (wait->or_ && wait->or_[0]) {
        journey->or_ = (struct customer_until){
            .types = wait->or_, .condition = wait->or_if ? cel_text(wait->or_if) : NULL};
        journey->since_ms = since_ms;
        journey->waited = false;
    }
    return JOURNEY_WAITS;
}

/* ---- Moving ---- */

enum journey_move journey_move(const struct rule *rule, uint32_t *at,
                               struct customer_journey *journey,
                               const struct condition_scene *scene, struct arena *arena,
                               const struct rule_step **step, const char **fault)
{
    while (*at < rule->step_count) {
        const struct rule_step *now = &rule->steps[(*at)++];
        *step = now;
        switch (now->kind) {
        case RULE_STEP_SEND:
            return JOURNEY_SENDS;
        case RULE_STEP_SET:
            return JOURNEY_SETS;
        case RULE_STEP_EMIT:
            return JOURNEY_EMITS;
        case RULE_STEP_WAIT:
            return wait(rule, at, journey, scene, arena, fault);
        case RULE_STEP_UNLESS: {
            enum condition_answer answer = condition_ask(now->condition, scene, arena, fault);
            if (answer == CONDITION_FAILED)
                return JOURNEY_FAILS;
            if (answer == CONDITION_TRUE)
                break;
            *at = now->target;
            return JOURNEY_SKIPS;
        }
        case RULE_STEP_SPLIT: {
            uint32_t place;
            *at = journey_share(now, scene->customer, &place)->target;
            return JOURNEY_SHARES;
        }
        case RULE_STEP_JUMP:
            *at = now->target;
            break;
        case RULE_STEP_STOP:
            return JOURNEY_ENDS;
        }
    }
    return JOURNEY_ENDS;
}

enum trace_why journey_lost(const struct ruleset *rules, const struct customer_journey *journey,
                            const struct rule **rule, uint32_t *at)
{
    *rule = ruleset_find(rules, journey->rule);
    if (!*rule)
        return TRACE_WHY_RULE_REMOVED;
    if (!(*rule)->enabled)
        return TRACE_WHY_DISABLED;
    const struct rule_step *step = rule_find_step(*rule, journey->step);
    if (!step)
        return TRACE_WHY_RULE_CHANGED;
    *at = (uint32_t)(step - (*rule)->steps);
    return TRACE_WHY_NONE;
}

/* By a daemon that began after this one last heard of the others, who do so every few seconds. */
static bool is_of_unheard(const struct other_sets *others, const struct customer_journey *journey,
                          int64_t now_ms)
{
    return others->last && journey->rules > others->last &&
           now_ms < journey->deadline_ms + UNHEARD_MS;
}

bool journey_is_left(const struct ruleset *rules, const struct other_sets *others,
                     const struct customer_journey *journey, int64_t now_ms)
{
    const struct rule *rule;
    uint32_t at;
    if (!others)
        return false;
    if (journey_lost(rules, journey, &rule, &at))
        return is_of_unheard(others, journey, now_ms) ||
               other_sets_have(others, journey->rule, journey->step, -1);
    return journey->rules > others->number &&
           other_sets_have(others, journey->rule, journey->step, others->number);
}

bool journey_is_late(const struct customer_journey *journey, int64_t now_ms)
{
    return now_ms - journey->clock_ms > JOURNEY_LATE_MS;
}

enum condition_answer journey_ask_branches(const struct rule *rule, uint32_t *at,
                                           const struct condition_scene *scene, struct arena *arena,
                                           const struct rule_step **step, const char **fault)
{
    const struct rule_step *inner = &rule->steps[*at];
    if (inner->within < 0)
        return CONDITION_TRUE;
    uint32_t number = (uint32_t)inner->within, outer = number;
    const struct rule_step *branch = &rule->steps[number];
    enum condition_answer answer = journey_ask_branches(rule, &outer, scene, arena, step, fault);
    if (answer == CONDITION_FALSE)
        *at = outer;
    if (answer != CONDITION_TRUE || branch->kind == RULE_STEP_SPLIT)
        return answer;
    *step = branch;
    answer = condition_ask(branch->condition, scene, arena, fault);
    if (answer == CONDITION_FAILED)
        return answer;
    if ((answer == CONDITION_TRUE) != inner->otherwise)
        return CONDITION_TRUE;
    *at = branch->behind;
    return CONDITION_FALSE;
}
