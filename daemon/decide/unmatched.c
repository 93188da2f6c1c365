/*
 * Whose `if` is looked into: first the rules that came nearest to matching, as the index has found
 * them and asked; then others, in the rules' order.
 */
#include "decide/unmatched.h"

#include "decide/because.h"

static void tell_failed(struct deciding *d, const struct rule_answer *answers, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (answers[i].answer != CONDITION_FAILED)
            continue;
        d->decision->counts.failed++;
        trace_add_no_match(&d->trace, answers[i].rule->name, answers[i].fault);
    }
}

static void look_into(struct deciding *d, const struct rule *rule,
                      const struct condition_view *view)
{
    because_view(d, trace_add_false(&d->trace, rule->name), rule->condition, view, false);
}

static bool is_near(const struct rule_near *near, const struct rule *rule)
{
    for (uint32_t i = 0; i < near->count; i++)
        if (near->rules[i] == rule)
            return true;
    return false;
}

void unmatched_tell(struct deciding *d, const struct rule_index *index,
                    const struct condition_view *view, const struct rule_answer *answers,
                    uint32_t count, const struct rule_near *near)
{
    const char *why = trace_why_word(TRACE_WHY_IF);
    if (d->trace.silent) {
        tell_failed(d, answers, count);
        return;
    }
    uint32_t all, named = 0, next = 0, told = near->count;
    const struct rule *const *rules = rule_index_rules(index, &all);
    uint32_t left = all - count - near->count; /* whose conditions are false */
    for (uint32_t i = 0; i < near->count; i++)
        look_into(d, near->rules[i], view);
    for (; left > 0 && named < TRACE_NAMES_MOST; rules++) {
        if (next < count && answers[next].rule == *rules) { /* answers stand in the rules' order */
            next++;
            continue;
        }
        if (is_near(near, *rules))
            continue;
        left--;
        if (told++ < UNMATCHED_TOLD_MOST) {
            look_into(d, *rules, view);
            continue;
        }
        trace_add_no_match(&d->trace, (*rules)->name, why);
        named++;
    }
    trace_add_more(&d->trace, why, left);
    tell_failed(d, answers, count);
}
