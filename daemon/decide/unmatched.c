/*
 * Whose `if` is looked into: first the rules that came nearest to matching, as the index has found
 * them and asked; then others, in the rules' order.
 */
#include "decide/unmatched.h"

#include "decide/because.h"

_Static_assert(RULE_FALSES_MOST - RULE_NEAR_MOST == TRACE_NAMES_MOST, "as many as a trace names");

static void tell_failed(struct deciding *d, const struct rule_answers *answers)
{
    for (uint32_t i = 0; i < answers->count; i++) {
        if (answers->items[i].answer != CONDITION_FAILED)
            continue;
        d->decision->counts.failed++;
        trace_add_no_match(&d->trace, answers->items[i].rule->name, answers->items[i].fault);
    }
    for (uint32_t i = 0; i < answers->failure_count; i++) {
        const struct rule_failures *alike = &answers->failures[i];
        uint32_t named = alike->count < TRACE_NAMES_MOST ? alike->count : TRACE_NAMES_MOST;
        d->decision->counts.failed += alike->count;
        for (uint32_t rule = 0; rule < named; rule++)
            trace_add_no_match(&d->trace, alike->rules[rule]->name, alike->fault);
        trace_add_more(&d->trace, alike->fault, alike->count - named);
    }
}

static void look_into(struct deciding *d, const struct rule *rule,
                      const struct condition_view *view)
{
    because_view(d, trace_add_false(&d->trace, rule->name), rule->condition, view, false);
}

static void tell_false(struct deciding *d, const struct condition_view *view,
                       const struct rule_falses *falses)
{
    const char *why = trace_why_word(TRACE_WHY_IF);
    for (uint32_t i = 0; i < falses->count; i++) {
        if (i < RULE_NEAR_MOST)
            look_into(d, falses->rules[i], view);
        else
            trace_add_no_match(&d->trace, falses->rules[i]->name, why);
    }
    trace_add_more(&d->trace, why, falses->all - falses->count);
}

void unmatched_tell(struct deciding *d, const struct condition_view *view,
                    const struct rule_answers *answers, const struct rule_falses *falses)
{
    if (falses)
        tell_false(d, view, falses);
    tell_failed(d, answers);
}
