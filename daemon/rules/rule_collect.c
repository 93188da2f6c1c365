#include "rules/rule_collect.h"

#include "rules/condition_reads.h"

struct walk {
    const struct rule *rule;
    bool *behind; /* of each step: whether a journey may come to it behind a send */
};

static void go(struct walk *walk, uint32_t at);

/* Wherever a journey may go on from this step. */
static void go_on(struct walk *walk, uint32_t at)
{
    const struct rule_step *step = &walk->rule->steps[at];
    switch (step->kind) {
    case RULE_STEP_STOP:
        break;
    case RULE_STEP_JUMP:
        go(walk, step->target);
        break;
    case RULE_STEP_SPLIT:
        for (const struct rule_share *share = step->shares; share->name; share++)
            go(walk, share->target);
        break;
    case RULE_STEP_UNLESS:
        go(walk, step->target);
        go(walk, at + 1);
        break;
    case RULE_STEP_WAIT:
        if (step->skips)
            go(walk, step->target);
        go(walk, at + 1);
        break;
    default:
        go(walk, at + 1);
        break;
    }
}

static void go(struct walk *walk, uint32_t at)
{
    if (at >= walk->rule->step_count || walk->behind[at])
        return;
    walk->behind[at] = true;
    go_on(walk, at);
}

void rule_collect_refuse(const struct rule_reader *reader, const struct value *place,
                         const struct cel_program *program)
{
    if (program && condition_reads_collected(program, NULL, reader->arena))
        diag_hint(settings_fault(reader->diags, reader->source, place, DIAG_ERROR,
                                 "nothing is collected yet when this is asked: a journey begins"),
                  "ask it in a step, or in `while`");
}

void rule_collect_check(const struct rule_reader *reader, const struct rule *rule)
{
    struct walk walk = {.rule = rule,
                        .behind = arena_zero(reader->arena, sizeof(bool) * (rule->step_count + 1))};
    for (uint32_t i = 0; i < rule->step_count; i++)
        if (rule->steps[i].kind == RULE_STEP_SEND)
            go(&walk, i + 1);
    for (uint32_t i = 0; i < rule->step_count; i++) {
        struct value place = {.flags = VALUE_PLACED,
                              .place = {rule->steps[i].line, rule->steps[i].column}};
        if (rule->steps[i].kind != RULE_STEP_WAIT || !walk.behind[i])
            continue;
        diag_hint(settings_fault(reader->diags, reader->source, &place, DIAG_ERROR,
                                 "under `again: collect` nothing may wait behind a send"),
                  "what joins later would be in no message: wait first, then send; or emit an "
                  "event that starts another rule");
        return;
    }
}
