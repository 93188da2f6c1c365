/*
 * A branch becomes a step that skips, and one that jumps over the other side:
 *
 *   - if: c            0 unless c, go on at 3
 *     then: [a]        1 a
 *                      2 go on at 4
 *     else: [b]        3 b
 *   - d                4 d
 */
#include "rules/rule_expression.h"
#include "rules/rule_step_kinds.h"

const struct shape rule_step_branch_shape = {.kind = SHAPE_TEXT};

/* The steps of one side of the branch number `test`. */
static void read_side(struct rule_step_reader *steps, uint32_t test, bool otherwise,
                      const struct value *list)
{
    const struct rule_step_reader outer = *steps;
    steps->within = (int32_t)test;
    steps->otherwise = otherwise;
    steps->read_list(steps, list);
    steps->within = outer.within;
    steps->otherwise = outer.otherwise;
}

/* if … then … else …: skips the one branch or the other. */
void rule_step_branch_read(struct rule_step_reader *steps, const struct value *step_value,
                           const struct value *condition)
{
    const struct rule_reader *reader = steps->reader;
    const struct value *then = value_get(step_value, "then");
    const struct value *otherwise = value_get(step_value, "else");
    uint32_t test = steps->rule->step_count;
    struct rule_step *step = rule_step_reader_add(steps, RULE_STEP_UNLESS, step_value);
    step->id = rule_step_reader_id(steps, value_get(step_value, "id"), "if", condition);
    step->condition = rule_condition(reader, condition, steps->types);
    if (condition->kind != VALUE_STRING)
        settings_fault(reader->diags, reader->source, condition, DIAG_ERROR,
                       "`if` must be an expression: write it in quotes");
    if (then)
        read_side(steps, test, false, then);
    else if (!value_get(step_value, "do") && !value_get(step_value, "steps"))
        settings_fault(reader->diags, reader->source, step_value, DIAG_ERROR,
                       "`then` is missing: what to do if it is true");
    if (otherwise) {
        uint32_t jump = steps->rule->step_count;
        rule_step_reader_add(steps, RULE_STEP_JUMP, step_value)->id =
            rule_step_reader_id(steps, NULL, "else", otherwise);
        steps->rule->steps[test].target = steps->rule->step_count;
        read_side(steps, test, true, otherwise);
        steps->rule->steps[jump].target = steps->rule->step_count;
    } else {
        steps->rule->steps[test].target = steps->rule->step_count;
    }
    steps->rule->steps[test].behind = steps->rule->step_count;
    rule_step_wait_check(steps, condition, test, steps->rule->step_count);
}
